"""The pages about mails: who sees which, what they say, and how many queries they take."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from notifications.actions import delivery, planning
from notifications.models import CalendarDay, Message, Reminder, Run
from tests.factories import NOW, TODAY, Cast, make_assignment


@pytest.fixture(autouse=True)
def demo_date(settings: Any) -> None:
    settings.DUBAN_TODAY = TODAY


@pytest.fixture
def mails(cast: Cast) -> dict[str, Message]:
    """Digests for the bureau, and for another city's bureau."""
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    make_assignment(cast.county_bureau, due_date=date(2024, 10, 18))
    make_assignment(cast.foreign_bureau, plan=cast.foreign_plan, due_date=date(2024, 10, 18))
    planning.plan_reminders(today=TODAY, now=NOW)
    return {mail.recipient.username: mail for mail in Message.objects.select_related("recipient")}


def open_page(client: Client, user: User, *, status: int = 200, **query: str) -> str:
    client.force_login(user)
    response = client.get(reverse("notifications:mail"), query)
    assert response.status_code == status
    return response.content.decode()


@pytest.mark.parametrize(
    ("reader", "seen"),
    [
        ("reporter", {"wangfang"}),
        ("outsider", set()),
        ("leader", set()),
        ("coordinator", {"wangfang", "lina", "zhangwei", "chenjing"}),
        ("county_coordinator", {"chenjing"}),
        ("foreign_coordinator", {"zhaolei"}),
        ("administrator", {"wangfang", "lina", "zhangwei", "chenjing", "zhaolei"}),
    ],
)
def test_who_sees_which(
    client: Client, cast: Cast, mails: dict[str, Message], reader: str, seen: set[str]
) -> None:
    user = getattr(cast, reader)
    text = open_page(client, user)
    assert {name for name in mails if f"{name}@example.cn" in text} == seen
    for name, mail in mails.items():
        response = client.get(reverse("notifications:message", args=[mail.pk]))
        assert response.status_code == (200 if name in seen else 404), name
    assert ("自动提醒运行情况" in text) == (user.is_coordinator or user.is_administrator)


def test_sign_in_is_needed(client: Client, db: None) -> None:
    assert client.get(reverse("notifications:mail")).status_code == 302


@pytest.mark.parametrize("number", [1, 3])
def test_list_takes_the_same_queries(
    client: Client, cast: Cast, mails: dict[str, Message], number: int, django_assert_num_queries: Any
) -> None:
    kept = [mail.pk for mail in mails.values()][:number]
    Reminder.objects.exclude(message__in=kept).delete()
    Message.objects.exclude(pk__in=kept).delete()
    client.force_login(cast.administrator)
    # Session, user; digests by state, their number, the page; two runs; today's by state and the oldest
    # unsent; refused addresses and mailboxes; regions' unreachable units; the own unread ones.
    with django_assert_num_queries(13):
        client.get(reverse("notifications:mail"))


@pytest.mark.parametrize("number", [1, 3])
def test_mail_takes_the_same_queries(
    client: Client, cast: Cast, number: int, django_assert_num_queries: Any
) -> None:
    for _ in range(number):
        make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    planning.plan_reminders(today=TODAY, now=NOW)
    client.force_login(cast.reporter)
    mail = Message.objects.get(recipient=cast.reporter)
    # Session, user; the digest with its recipient; its lines with their tasks, and how many it overtook; the
    # header's region and unit, and the own unread digests.
    with django_assert_num_queries(8):
        client.get(reverse("notifications:message", args=[mail.pk]))


def test_mail_says_how_many_lines_it_leaves_out(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    planning.plan_reminders(today=TODAY, now=NOW)
    client.force_login(cast.reporter)
    address = reverse("notifications:message", args=[Message.objects.get(recipient=cast.reporter).pk])
    assert "没有列出" not in client.get(address).content.decode()
    monkeypatch.setattr("notifications.views.mails.REMINDERS_SHOWN", 1)
    assert "另有2条没有列出" in client.get(address).content.decode()


def test_states_without_mails_are_not_offered(client: Client, cast: Cast, mails: dict[str, Message]) -> None:
    page = open_page(client, cast.reporter)
    assert ("待发送 1" in page, "发送失败" in page) == (True, False)
    assert "发送失败 0" in open_page(client, cast.reporter, state="DEAD")


def test_list_says_when_or_why_not(client: Client, cast: Cast, mails: dict[str, Message]) -> None:
    set_state = Message.objects.filter
    set_state(pk=mails["wangfang"].pk).update(state="SENT", sent_at=NOW)
    set_state(pk=mails["lina"].pk).update(state="DEAD", error="550 no such user")
    set_state(pk=mails["zhangwei"].pk).update(state="RETRY", error="451 later", attempts=2)
    text = open_page(client, cast.coordinator)
    assert ">2024-10-21 09:30" in text
    assert "550 no such user" in text
    assert "451 later（已尝试2次，2024-10-21 09:30再试）" in text
    assert "2024-10-21 09:30起发送" in text
    assert "已发送 1</a>" in text
    failed = open_page(client, cast.coordinator, state="DEAD")
    assert "lina@example.cn" in failed
    assert "wangfang@example.cn" not in failed
    assert "没有这种状态的提醒邮件" in open_page(client, cast.coordinator, state="CLAIMED")
    assert "还没有提醒邮件" in open_page(client, cast.leader)


def test_list_is_cut_into_pages(
    client: Client, cast: Cast, mails: dict[str, Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.views.mails.PAGE_SIZE", 2)
    assert '<a rel="next" href="?page=2">下一页</a>' in open_page(client, cast.administrator)
    last = open_page(client, cast.administrator, page="99")
    assert '<span aria-current="page">3</span>' in last
    assert "下一页" not in last


def test_mail_is_shown_where_it_can_do_no_harm(client: Client, cast: Cast, mails: dict[str, Message]) -> None:
    Message.objects.filter(pk=mails["wangfang"].pk).update(html='<p>"</p><script>alert(1)</script>')
    client.force_login(cast.reporter)
    response = client.get(reverse("notifications:message", args=[mails["wangfang"].pk]))
    text = response.content.decode()
    assert 'sandbox="" srcdoc="&lt;p&gt;&quot;&lt;/p&gt;&lt;script&gt;' in text
    assert "<script>alert" not in text
    assert "逾期第1天" in text
    assert "的节点已被取代" not in text, "given out on the 21st, nothing before that was missed"
    assert "style-src-attr 'unsafe-inline'" in response["Content-Security-Policy"]
    assert "script-src" not in response["Content-Security-Policy"]


def test_scheduler_that_sleeps_is_shown(client: Client, cast: Cast, mails: dict[str, Message]) -> None:
    assert "超过15分钟没有检查待发邮件" in open_page(client, cast.coordinator)
    now = Run.objects.get().started_at
    Run.objects.all().update(started_at=now - timedelta(hours=30))
    assert "超过两小时没有生成提醒" in open_page(client, cast.coordinator)


def test_units_nobody_can_reach_are_shown(client: Client, cast: Cast, mails: dict[str, Message]) -> None:
    assert "提醒无法送达的单位" not in open_page(client, cast.coordinator)
    User.objects.filter(department=cast.bureau).update(email="")
    assert "<li>市生态环境局</li>" in open_page(client, cast.coordinator)
    assert "<li>市生态环境局</li>" not in open_page(client, cast.foreign_coordinator)


def test_failed_mail_is_sent_again_by_the_coordinator_alone(
    client: Client, cast: Cast, mails: dict[str, Message]
) -> None:
    dead = mails["lina"]
    Message.objects.filter(pk=dead.pk).update(state="DEAD", error="550 no such user")
    address = reverse("notifications:resend", args=[dead.pk])
    for person, status in (
        (cast.colleague, 404),
        (cast.foreign_coordinator, 404),
        (cast.administrator, 404),
        (cast.coordinator, 302),
        (cast.coordinator, 404),
    ):
        client.force_login(person)
        assert client.post(address).status_code == status, person
    assert client.get(address).status_code == 405
    dead.refresh_from_db()
    assert (dead.state, dead.error) == ("PLANNED", "")


def test_records_are_read_only_in_admin(client: Client, cast: Cast, mails: dict[str, Message]) -> None:
    User.objects.filter(pk=cast.administrator.pk).update(is_staff=True, is_superuser=True)
    client.force_login(cast.administrator)
    CalendarDay.objects.create(date=date(2027, 10, 1), is_workday=False, name="国庆节")
    for model in (CalendarDay, Reminder, Message, Run):
        name = f"admin:notifications_{model._meta.model_name}"
        assert client.get(reverse(f"{name}_changelist")).status_code == 200
        assert client.get(reverse(f"{name}_add")).status_code == 403
        row = model._default_manager.first()
        assert row is not None
        change = reverse(f"{name}_change", args=[row.pk])
        assert client.get(change).status_code == 200
        assert client.post(change, {}).status_code == 403


def test_mails_of_the_embedded_default_are_files(
    mails: dict[str, Message], settings: Any, tmp_path: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    assert delivery.deliver_one(message_id=mails["wangfang"].pk, now=NOW) == "SENT"
    assert [path.suffix for path in tmp_path.iterdir()] == [".log"]
