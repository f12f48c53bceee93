"""The record of a task's reminders: what became of each, beside when the unit signed for it."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from notifications.actions import delivery, planning
from notifications.models import Message, Reminder
from notifications.models.reminders import REASON_LENGTH
from notifications.policy import PRESETS, AssignmentFacts, Policy, stages_due
from notifications.told import step_of
from notifications.workdays import WorkingCalendar
from tests.factories import NOW, TODAY, Cast, make_assignment, make_task
from tracker.models import Task
from tracker.progress import Step
from tracker.workflow import Status


@pytest.fixture(autouse=True)
def demo_date(settings: Any) -> None:
    settings.DUBAN_TODAY = TODAY


@pytest.fixture
def task(cast: Cast) -> Task:
    """Two bureaus share it, long overdue; one has not signed for it."""
    made = make_task(cast.plan, due_date=date(2024, 9, 20))
    before = NOW - timedelta(days=90)
    make_assignment(cast.bureau, task=made, created_at=before, signed_at=before + timedelta(days=1))
    make_assignment(cast.other_bureau, task=made, created_at=before, status=Status.PENDING)
    planning.plan_reminders(today=TODAY, now=NOW)
    mine = Message.objects.filter
    mine(recipient=cast.reporter).update(state="SENT", sent_at=NOW + timedelta(minutes=1))
    mine(recipient=cast.colleague).update(state="DEAD", error="550 no such user")
    mine(recipient=cast.outsider).update(state="SENT", sent_at=NOW + timedelta(minutes=2))
    return made


def open_page(client: Client, user: User, task: Task, **query: str) -> str:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    response = client.get(reverse("notifications:told", args=[task.pk]), query)
    assert response.status_code == 200
    return str(response.content.decode())


def test_what_was_told_in_the_application_counts_as_told(client: Client, cast: Cast, task: Task) -> None:
    Message.objects.filter(recipient=cast.outsider).update(state="INBOX", sent_at=None, address="")
    text = open_page(client, cast.coordinator, task)
    assert ("仅站内1封" in text, "尚未发出" in text, "，还没有打开" in text) == (True, False, True)
    Message.objects.filter(recipient=cast.outsider).update(read_at=NOW)
    assert "，2024-10-21 09:30 打开" in open_page(client, cast.coordinator, task)


def test_what_became_of_each_and_when_it_was_signed_for(client: Client, cast: Cast, task: Task) -> None:
    text = open_page(client, cast.coordinator, task)
    for word in (
        "王芳",
        "wangfang@example.cn",
        "逾期第29天",
        "时限 2024-09-20",
        "逾期31天 <",
        "逾期31天，责任单位尚未签收",
        "2024-10-21 09:31",
        "550 no such user",
        "2024-10-21 09:30起发送",
        "未单独发送，由同一封中的“逾期第29天”代替",
        "未单独发送，由同一封中的“下达1个工作日未签收”代替",
        "1封发送失败",
        "2024-07-24 09:30",  # signed for
        "未签收",
        "逾期10个工作日，报领导",
        "孙建国",
    ):
        assert word in text, word


@pytest.mark.parametrize(
    ("reader", "seen"),
    [
        ("reporter", {"王芳", "李娜", "张伟"}),
        ("outsider", {"刘洋"}),
        ("coordinator", {"王芳", "李娜", "张伟", "刘洋", "周敏", "孙建国"}),
        ("leader", {"王芳", "李娜", "张伟", "刘洋", "周敏", "孙建国"}),
        ("administrator", {"王芳", "李娜", "张伟", "刘洋", "周敏", "孙建国"}),
    ],
)
def test_who_sees_what(client: Client, cast: Cast, task: Task, reader: str, seen: set[str]) -> None:
    user = getattr(cast, reader)
    text = open_page(client, user, task)
    rows = text.partition('id="told"')[2]
    assert {name for name in ("王芳", "李娜", "张伟", "刘洋", "周敏", "孙建国") if name in rows} == seen
    # A link only to mails that open.
    for mail in Message.objects.all():
        address = reverse("notifications:message", args=[mail.pk])
        assert (address in rows) == (
            client.get(address).status_code == 200 and mail.recipient.full_name in seen
        )


def test_a_unit_still_sees_what_went_to_somebody_who_left(client: Client, cast: Cast, task: Task) -> None:
    User.objects.filter(pk=cast.colleague.pk).update(department=cast.other_bureau)
    assert "李娜" in open_page(client, cast.reporter, task)
    assert "李娜" not in open_page(client, cast.outsider, task)


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("reporter", {"王芳", "李娜", "张伟"}),
        ("coordinator", {"王芳", "李娜", "张伟", "刘洋", "周敏", "孙建国"}),
    ],
)
def test_the_page_of_the_task_shows_the_latest(
    client: Client, cast: Cast, task: Task, who: str, seen: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.templatetags.reminders.LATEST", 20)
    client.force_login(getattr(cast, who), backend="django.contrib.auth.backends.ModelBackend")
    text = client.get(reverse("task", args=[task.pk])).content.decode()
    told = text.partition('<h2 id="reminders">')[2].partition("</section>")[0]
    assert {
        name for name in ("王芳", "李娜", "张伟", "刘洋", "周敏", "孙建国") if f"{name}：" in told
    } == seen
    assert "王芳：已发送 2024-10-21 09:31" in told
    assert "李娜：发送失败 550 no such user" in told


def test_a_task_of_which_nobody_was_told(client: Client, cast: Cast) -> None:
    quiet = make_assignment(cast.bureau, plan=cast.plan, due_date=date(2025, 6, 30)).task
    text = open_page(client, cast.reporter, quiet)
    assert "这项任务还没有提醒过" in text
    assert "尚未发出" in text


def test_it_is_cut_into_pages(
    client: Client, cast: Cast, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.views.told.LINES_PER_PAGE", 2)
    assert 'rel="next" href="?page=2"' in open_page(client, cast.coordinator, task)
    assert 'aria-current="page">' in open_page(client, cast.coordinator, task, page="99")


@pytest.mark.parametrize("number", [1, 3])
def test_number_of_queries(client: Client, cast: Cast, number: int, django_assert_num_queries: Any) -> None:
    task = make_task(cast.plan, due_date=date(2024, 10, 18))
    for department in (cast.bureau, cast.other_bureau, cast.county_bureau)[:number]:
        make_assignment(department, task=task)
    planning.plan_reminders(today=TODAY, now=NOW)
    client.force_login(cast.coordinator, backend="django.contrib.auth.backends.ModelBackend")
    # Session, user, region; the task; its lines counted and read, which mails open; shares, when told.
    with django_assert_num_queries(10):
        client.get(reverse("notifications:told", args=[task.pk]))


def overdue(cast: Cast) -> Task:
    """Given out long ago and overdue: the nearest stage is told, those before it are overtaken."""
    task = make_task(cast.plan, due_date=date(2024, 10, 18))
    make_assignment(cast.bureau, task=task, created_at=NOW - timedelta(days=90), signed_at=NOW)
    planning.plan_reminders(today=TODAY, now=NOW)
    return task


@pytest.mark.parametrize("number", [1, 3])
def test_what_overtook_takes_one_query(
    client: Client, cast: Cast, number: int, django_assert_num_queries: Any
) -> None:
    task = overdue(cast)
    others = [user.pk for user in (cast.reporter, cast.colleague, cast.head)][number:]
    Reminder.objects.filter(recipient__in=others).delete()
    client.force_login(cast.coordinator, backend="django.contrib.auth.backends.ModelBackend")
    with django_assert_num_queries(11):
        client.get(reverse("notifications:told", args=[task.pk]))


def test_lines_from_before_reasons_were_kept(client: Client, cast: Cast) -> None:
    task = overdue(cast)
    Reminder.objects.update(reason="")
    rows = open_page(client, cast.coordinator, task).partition('id="told"')[2]
    assert "时限 2024-10-18" in rows
    assert "由同一封中的“逾期第1天”代替" in rows, "known from the ledger"
    Reminder.objects.filter(state="PLANNED").delete()
    assert "已被后续提醒取代" in open_page(client, cast.coordinator, task)


def test_what_was_dropped_says_why(client: Client, cast: Cast) -> None:
    task = overdue(cast)
    task.assignments.update(due_date=date(2024, 12, 31))
    for message in Message.objects.all():
        assert delivery.deliver_one(message_id=message.pk, now=NOW + timedelta(minutes=1)) == "DROPPED"
    rows = open_page(client, cast.coordinator, task).partition('id="told"')[2]
    assert "逾期3天" in rows
    assert "列入的事项在发送前均已办结或变更，未发送。" in rows
    assert "由同一封中的“逾期第1天”代替" in rows


def test_a_long_reason_is_cut_not_refused(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifications.policy._reason", lambda *_: "因" * 500)
    overdue(cast)
    assert {len(row.reason) for row in Reminder.objects.planned()} == {REASON_LENGTH}
    assert {row.reason for row in Reminder.objects.filter(state="SUPERSEDED")} == {""}


@pytest.mark.parametrize("policy", PRESETS.values(), ids=PRESETS)
@pytest.mark.parametrize("status", [Status.PENDING, Status.ACTIVE, Status.SUBMITTED])
@pytest.mark.parametrize("due_date", [None, date(2024, 10, 31), date(2024, 10, 1)])
def test_a_stage_is_overtaken_on_its_own_ladder(policy: Policy, status: str, due_date: date | None) -> None:
    """What the page finds by the kind of a line is what the policy put in its place."""
    facts = AssignmentFacts(
        id=1,
        status=status,
        due_date=due_date,
        created_on=date(2024, 1, 15),
        handed_in_on=date(2024, 9, 2) if status == Status.SUBMITTED else None,
        extension_asked_on=date(2024, 9, 2),
        nodes=(Step(date(2024, 9, 20), 50), Step(date(2024, 10, 23), 80)),
    )
    dues = stages_due(facts, policy, WorkingCalendar(), TODAY, frozenset())
    assert any(due.superseded for due in dues)
    for due in dues:
        rows = [
            Reminder(stage=stage, occasion_date=due.occasion_date, assignment_id=1, message_id=1)
            for stage in (*due.superseded, due.stage)
        ]
        assert len({step_of(row) for row in rows}) == 1
    steps = [step_of(Reminder(stage=due.stage, occasion_date=due.occasion_date)) for due in dues]
    assert len(steps) == len(set(steps)), "and no other reminder of the mail is taken for it"
