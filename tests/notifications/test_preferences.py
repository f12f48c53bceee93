"""What people say about their own reminders: leave with a deputy, rest days, kinds they do without."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from notifications.actions import planning
from notifications.actions.rules import RuleRefused, keep_preference
from notifications.models import CalendarDay, Message, Preference, Reminder
from notifications.policy import Kind
from tests.factories import NOW, TODAY, Cast, make_assignment, make_task, make_user
from tracker.actions.orders import nudge
from tracker.models import Assignment

LONG_AGO = datetime(2024, 7, 1, 2, 0, tzinfo=UTC)
SATURDAY = date(2024, 10, 26)
URL = "notifications:preferences"
NOTHING: dict[str, Any] = {
    "paused_from": None,
    "paused_until": None,
    "deputy": None,
    "on_rest_days": False,
    "hour": None,
    "muted": [],
}


@pytest.fixture(autouse=True)
def demo_date(settings: Any) -> None:
    settings.DUBAN_TODAY = TODAY


def plan(today: date = TODAY) -> dict[str, str]:
    """Who is told what that day."""
    planning.plan_reminders(today=today, now=NOW + (today - TODAY))
    mails = Message.objects.filter(day=today).select_related("recipient")
    return {mail.recipient.full_name: mail.subject for mail in mails}


def share(cast: Cast, due_date: date | None, **fields: Any) -> Assignment:
    task = make_task(cast.plan, due_date=due_date)
    return make_assignment(cast.bureau, task=task, created_at=LONG_AGO, signed_at=LONG_AGO, **fields)


def leave(person: User, deputy: User, first: date = TODAY, last: date = TODAY) -> None:
    pause = {"paused_from": first, "paused_until": last, "deputy": deputy}
    keep_preference(person, **(NOTHING | pause))


def test_somebody_on_leave_is_left_in_peace_and_the_deputy_gets_one_mail(cast: Cast) -> None:
    share(cast, date(2024, 10, 18))
    leave(cast.reporter, cast.head)
    assert plan() == {"李娜": "【督办】逾期1项", "张伟": "【督办】逾期1项"}
    assert set(plan(TODAY + timedelta(days=1))) == {"王芳"}, "back at work, told where things stand"


def test_a_coordinators_deputy_is_told_in_her_place(cast: Cast) -> None:
    other = make_user("hexin", User.Role.COORDINATOR, region=cast.city, full_name="何欣")
    User.objects.filter(pk=other.pk).update(email="")
    share(cast, date(2024, 10, 10))
    leave(cast.coordinator, other)
    assert "周敏" in plan(), "a deputy without an address is none"
    User.objects.filter(pk=other.pk).update(email="hexin@example.cn")
    Reminder.objects.all().delete()
    Message.objects.all().delete()
    assert "何欣" in plan()


@pytest.mark.parametrize("gone", ["paused", "disabled", "moved", "no address"])
def test_nothing_is_lost_when_the_deputy_is_not_there(cast: Cast, gone: str) -> None:
    share(cast, date(2024, 10, 18))
    leave(cast.reporter, cast.head)
    if gone == "paused":
        leave(cast.head, cast.colleague)
    changes: dict[str, dict[str, Any]] = {
        "paused": {"is_active": True},
        "disabled": {"is_active": False},
        "moved": {"department": cast.other_bureau},
        "no address": {"email": ""},
    }
    User.objects.filter(pk=cast.head.pk).update(**changes[gone])
    assert {"王芳", "李娜"} <= set(plan())


def test_two_on_leave_for_each_other_are_both_told(cast: Cast) -> None:
    share(cast, date(2024, 10, 18))
    leave(cast.reporter, cast.head)
    leave(cast.head, cast.reporter)
    assert set(plan()) == {"王芳", "李娜", "张伟"}


def test_leave_ends_by_itself(cast: Cast) -> None:
    share(cast, date(2024, 10, 18))
    leave(cast.reporter, cast.head, first=TODAY - timedelta(days=9), last=TODAY - timedelta(days=1))
    assert "王芳" in plan()


def test_nothing_on_a_rest_day_but_to_those_who_asked(cast: Cast) -> None:
    nudged = share(cast, date(2025, 6, 30))
    nudge(nudged.pk, note="抓紧", form_key=uuid4(), by=cast.coordinator, now=NOW + timedelta(days=5))
    assert plan(SATURDAY) == {}
    keep_preference(cast.reporter, **(NOTHING | {"on_rest_days": True}))
    assert plan(SATURDAY) == {"王芳": "【督办】催办1项"}
    assert set(plan(SATURDAY + timedelta(days=2))) == {"李娜", "张伟"}
    assert Reminder.objects.filter(stage="NUDGED_1").count() == 3


def test_a_make_up_saturday_is_no_rest_day(cast: Cast) -> None:
    CalendarDay.objects.create(date=SATURDAY, is_workday=True, name="调休")
    share(cast, date(2024, 10, 18))
    assert {"王芳", "李娜", "张伟"} <= set(plan(SATURDAY))


def test_what_a_person_does_without(cast: Cast) -> None:
    share(cast, TODAY + timedelta(days=20))
    share(cast, None)
    keep_preference(cast.reporter, **(NOTHING | {"muted": ["EARLY", "SILENT"]}))
    assert set(plan()) == {"李娜", "张伟"}
    assert plan(date(2024, 11, 4))["王芳"] == "【督办】7日内到期1项"


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in (Kind.BEFORE, Kind.NODE, Kind.SILENT)])
def test_nobody_switches_off_the_rest(kind: Kind) -> None:
    everything = Preference(muted=[*Preference.Mutable.values, *Kind])
    assert not everything.mutes(f"{kind}_30", kind)


@pytest.mark.parametrize(("stage", "muted"), [("BEFORE_30", True), ("BEFORE_8", True), ("BEFORE_7", False)])
def test_early_is_more_than_a_week(stage: str, muted: bool) -> None:
    assert Preference(muted=["EARLY"]).mutes(stage, Kind.BEFORE) is muted


def test_the_number_of_queries_does_not_grow(cast: Cast, django_assert_num_queries: Any) -> None:
    for count in (1, 20):
        for _ in range(count):
            share(cast, date(2024, 10, 18))
        leave(cast.reporter, cast.head)
        # Calendar, policies, preferences, people, today's mails; assignments, requests, nodes and ledger; the
        # end of the assignments.
        with django_assert_num_queries(11):
            planning.plan_reminders(today=TODAY, now=NOW, dry_run=True)


def test_the_page_keeps_ones_own(client: Client, cast: Cast) -> None:
    client.force_login(cast.reporter, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse(URL)).content.decode()
    assert ("张伟" in page, "李娜" in page, "刘洋" in page) == (True, True, False)
    data = {
        "paused_from": "2024-10-21",
        "paused_until": "2024-10-25",
        "deputy": str(cast.head.pk),
        "hour": "14",
        "muted": ["SILENT", "EARLY"],
    }
    for _ in range(2):
        assert client.post(reverse(URL), data).status_code == 302
    kept = Preference.objects.get()
    assert (kept.user, kept.deputy, kept.muted) == (cast.reporter, cast.head, ["EARLY", "SILENT"])
    assert kept.hour == 14
    assert '<option value="14" selected>14:00</option>' in client.get(reverse(URL)).content.decode()
    assert "到 2024-10-25 为止由 张伟 代收" in client.get(reverse(URL)).content.decode()
    assert client.post(reverse(URL), {}).status_code == 302
    assert not Preference.objects.get().is_paused(TODAY)
    assert Preference.objects.get().hour is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"deputy": ""}, "请选择代收人"),
        ({"paused_from": ""}, "请填写暂停的开始日期"),
        ({"paused_until": ""}, "请填写暂停的结束日期"),
        ({"paused_until": "2024-10-20"}, "结束日期不能早于开始日期"),
        ({"paused_until": "2034-10-20"}, "暂停最长一年"),
        ({"paused_from": "\x00"}, "日期请写成"),
        ({"deputy": "\x00"}, "没有保存"),
        ({"deputy": "9" * 30}, "请从列出的人员中选择"),
        ({"deputy": "{outsider}"}, "请从列出的人员中选择"),
        ({"deputy": "{reporter}"}, "请从列出的人员中选择"),
        ({"deputy": "{coordinator}"}, "请从列出的人员中选择"),
        ({"hour": "7"}, "请从列出的时刻中选择"),
        ({"hour": "21"}, "请从列出的时刻中选择"),
        ({"hour": "-8"}, "请从列出的时刻中选择"),
        ({"hour": "8.0"}, "请从列出的时刻中选择"),
        ({"hour": "9" * 30}, "请从列出的时刻中选择"),
        ({"hour": "\x00"}, "请从列出的时刻中选择"),
        ({"muted": "OVERDUE"}, "请从列出的种类中选择"),
        ({"muted": "RETURNED"}, "请从列出的种类中选择"),
    ],
)
def test_what_the_page_refuses(client: Client, cast: Cast, changes: dict[str, str], said: str) -> None:
    client.force_login(cast.reporter, backend="django.contrib.auth.backends.ModelBackend")
    data = {"paused_from": "2024-10-21", "paused_until": "2024-10-25", "deputy": str(cast.head.pk)} | changes
    keys = {name: str(user.pk) for name, user in vars(cast).items() if isinstance(user, User)}
    response = client.post(reverse(URL), {name: value.format(**keys) for name, value in data.items()})
    assert said in response.content.decode()
    assert not Preference.objects.exists()


@pytest.mark.parametrize("deputy", ["outsider", "reporter", "coordinator", "foreigner"])
def test_the_writer_refuses_a_deputy_who_is_no_colleague(cast: Cast, deputy: str) -> None:
    with pytest.raises(RuleRefused):
        leave(cast.reporter, getattr(cast, deputy))


def test_the_writer_refuses_half_a_pause(cast: Cast) -> None:
    for half in ({"deputy": cast.head}, {"paused_from": TODAY}, {"paused_until": TODAY}):
        with pytest.raises(RuleRefused):
            keep_preference(cast.reporter, **(NOTHING | half))
    with pytest.raises(RuleRefused):
        leave(cast.reporter, cast.head, last=TODAY - timedelta(days=1))
    with pytest.raises(IntegrityError), transaction.atomic():
        Preference.objects.create(user=cast.reporter, paused_from=TODAY, paused_until=TODAY)
