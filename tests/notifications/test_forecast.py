"""The forecast: it tells what the planner then does, to those who may know it, and writes nothing."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from notifications.actions import planning
from notifications.forecast import Forecast, first_planning_day, forecast
from notifications.models import Message, Reminder, Run
from notifications.policy import Audience
from tests.factories import NOW, TODAY, Cast, make_assignment, make_task
from tracker.actions.extensions import ask_extension
from tracker.actions.orders import nudge
from tracker.clock import SHANGHAI
from tracker.models import Assignment
from tracker.workflow import Status

LONG_AGO = datetime(2024, 7, 1, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def demo_date(settings: Any) -> None:
    settings.DUBAN_TODAY = TODAY


@pytest.fixture(autouse=True)
def morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.clock.now", lambda: NOW.astimezone(SHANGHAI))


def old(cast: Cast, due_date: date | None, **fields: Any) -> Assignment:
    """Given out to the bureau in July and signed."""
    task = make_task(cast.plan, due_date=due_date)
    return make_assignment(cast.bureau, task=task, created_at=LONG_AGO, **fields)


def ahead(**options: Any) -> Forecast:
    return forecast(Assignment.objects.all(), first=TODAY, **options)


def lines(found: Forecast) -> list[tuple[str, str, str]]:
    return [(f"{one.day:%m-%d}", one.stage_label, one.names) for one in found.expected]


def test_who_gets_what_on_which_day_and_why(cast: Cast) -> None:
    old(cast, date(2024, 11, 4))
    found = ahead(days=18)
    unit = "王芳、李娜、张伟"
    assert lines(found) == [
        ("10-21", "到期前15天", unit),
        ("10-28", "到期前7天", unit),
        ("11-01", "到期前1天", unit),
        ("11-04", "到期当天", unit),
        ("11-05", "逾期第1天", unit),
        ("11-07", "逾期3个工作日，报督办员", "周敏"),
    ]
    reasons = [one.due.reason_zh for one in found.expected]
    assert reasons[0] == "还有14天到期"
    assert reasons[-2:] == ["逾期1天", "逾期3天，责任单位仍在办理"]
    assert (Reminder.objects.count(), Message.objects.count(), Run.objects.count()) == (0, 0, 0)


def every_kind(cast: Cast) -> None:
    """Shares in every state that calls for something."""
    for due in (date(2024, 9, 20), date(2024, 10, 18), date(2024, 10, 26), date(2024, 12, 10), None):
        old(cast, due)
        old(cast, due, status=Status.PENDING, signed_at=None)
    old(cast, date(2024, 10, 25), status=Status.SUBMITTED, handed_in_on=date(2024, 10, 17))
    old(cast, None, returned_at=NOW - timedelta(days=1))
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 10), status=Status.PENDING)
    old(cast, date(2024, 11, 8), status=Status.SUSPENDED)
    asking, nudged = old(cast, date(2024, 11, 20)), old(cast, date(2025, 6, 30))
    ask_extension(
        asking.pk, new_date=date(2025, 1, 31), reason="雨季", form_key=uuid4(), by=cast.reporter, now=NOW
    )
    nudge(nudged.pk, form_key=uuid4(), by=cast.coordinator, now=NOW)


@pytest.mark.parametrize("told_before", [0, 2], ids=["nothing told yet", "some told already"])
def test_the_planner_then_does_what_was_foretold(cast: Cast, told_before: int) -> None:
    every_kind(cast)
    for day in range(told_before, 0, -1):
        planning.plan_reminders(today=TODAY - timedelta(days=day), now=NOW - timedelta(days=day))
    found = ahead(days=45)
    foretold = {
        (one.day, reader.id, one.matter.assignment_id, one.due.stage)
        for one in found.expected
        for reader in one.recipients
    }

    for day in range(45):
        planning.plan_reminders(today=TODAY + timedelta(days=day), now=NOW + timedelta(days=day))

    rows = Reminder.objects.filter(state="PLANNED", planned_on__gte=TODAY)
    assert foretold == set(rows.values_list("planned_on", "recipient", "assignment", "stage"))
    assert len({stage.partition("_")[0] for *_, stage in foretold}) >= 8


def test_whoever_has_a_mail_today_gets_the_rest_tomorrow(cast: Cast) -> None:
    old(cast, date(2024, 10, 18))
    planning.plan_reminders(today=TODAY, now=NOW)
    late = old(cast, date(2024, 10, 17))
    assert lines(ahead(days=2, task=late.task)) == [
        ("10-22", "逾期第1天", "王芳、李娜、张伟"),
        ("10-22", "逾期3个工作日，报督办员", "周敏"),
    ]


def test_nobody_to_reach_is_said_once(cast: Cast) -> None:
    User.objects.filter(department=cast.bureau).update(is_active=False)
    old(cast, date(2024, 10, 22))
    assert lines(ahead(days=2)) == [("10-21", "到期前1天", ""), ("10-22", "到期当天", "")]


def test_whom_no_mail_reaches_is_told_in_the_application(cast: Cast) -> None:
    User.objects.filter(department=cast.bureau).exclude(pk=cast.reporter.pk).update(is_active=False)
    User.objects.filter(pk=cast.reporter.pk).update(email="")
    old(cast, date(2024, 10, 22))
    assert lines(ahead(days=1)) == [("10-21", "到期前1天", "王芳（仅站内）")]
    planning.plan_reminders(today=TODAY, now=NOW)
    assert lines(ahead(days=2)) == [("10-22", "到期当天", "王芳（仅站内）")]


def test_narrowed_to_a_person_only_that_person_is_named(cast: Cast) -> None:
    late, _ = old(cast, date(2024, 9, 20)), old(cast, date(2024, 10, 22))
    assert lines(ahead(days=1, person=cast.leader)) == [("10-21", "逾期10个工作日，报领导", "孙建国")]
    assert {one.names for one in ahead(days=1, person=cast.reporter).expected} == {"王芳"}
    assert ahead(person=cast.outsider).expected == ()
    assert {one.matter.task_id for one in ahead(days=1, task=late.task).expected} == {late.task_id}
    assert ahead(unit=cast.other_bureau).expected == ()
    assert {one.due.audience for one in ahead(audiences=(Audience.UNIT,)).expected} == {Audience.UNIT}


def test_too_many_are_cut_off_and_said(cast: Cast) -> None:
    dates = [date(2024, 10, 22), date(2024, 10, 23), date(2024, 10, 24)]
    for due in reversed(dates):
        old(cast, due)
    found = ahead(limit=2)
    assert (found.found, found.taken) == (3, 2)
    assert {one.matter.due_date for one in found.expected} == set(dates[:2])
    assert (ahead(limit=3).found, ahead(limit=3).taken) == (3, 3)


@pytest.mark.parametrize(
    ("moment", "first"),
    [
        ("20:04", date(2024, 10, 21)),
        ("20:05", date(2024, 10, 22)),
    ],
)
def test_after_the_last_run_of_a_day_tomorrow_comes_first(moment: str, first: date) -> None:
    assert first_planning_day(datetime.combine(TODAY, time.fromisoformat(moment), SHANGHAI)) == first


def open_page(client: Client, user: User, **query: Any) -> str:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    response = client.get(reverse("notifications:forecast"), query)
    assert response.status_code == 200
    return str(response.content.decode())


@pytest.fixture
def shares(cast: Cast) -> dict[str, Assignment]:
    """Due tomorrow: of the bureau, of its neighbour, of a county below, of another city."""
    due = date(2024, 10, 22)
    return {
        "own": old(cast, due),
        "neighbour": make_assignment(cast.other_bureau, plan=cast.plan, due_date=due),
        "county": make_assignment(cast.county_bureau, due_date=due),
        "foreign": make_assignment(cast.foreign_bureau, plan=cast.foreign_plan, due_date=due),
    }


@pytest.mark.parametrize(
    ("reader", "seen"),
    [
        ("reporter", {"own"}),
        ("head", {"own"}),
        ("outsider", {"neighbour"}),
        ("coordinator", {"own", "neighbour", "county"}),
        ("leader", {"own", "neighbour", "county"}),
        ("county_coordinator", {"county"}),
        ("foreign_leader", {"foreign"}),
        ("administrator", {"own", "neighbour", "county", "foreign"}),
    ],
)
def test_who_sees_whose(
    client: Client, cast: Cast, shares: dict[str, Assignment], reader: str, seen: set[str]
) -> None:
    user = getattr(cast, reader)
    text = open_page(client, user)
    assert {name for name, share in shares.items() if f"/tasks/{share.task_id}/" in text} == seen
    for name, share in shares.items():
        narrowed = open_page(client, user, task=share.task_id)
        assert (f"/tasks/{share.task_id}/" in narrowed) == (name in seen)
        assert ("没有这样的任务" in narrowed) == (name not in seen)


def test_a_unit_is_not_shown_what_is_told_above_it(client: Client, cast: Cast) -> None:
    old(cast, date(2024, 9, 20))
    assert "周敏" in open_page(client, cast.coordinator)
    assert "周敏" not in open_page(client, cast.reporter)
    assert "没有这样的任务" in open_page(client, cast.reporter, person=cast.coordinator.pk)
    assert "没有这样的任务" not in open_page(client, cast.reporter, person=cast.head.pk)


@pytest.mark.parametrize("name", ["task", "unit", "person"])
@pytest.mark.parametrize("value", ["0", "-1", "9" * 30, "x", "\0", "1.5"])
def test_what_makes_no_sense_shows_nothing(
    client: Client, cast: Cast, shares: dict[str, Assignment], name: str, value: str
) -> None:
    text = open_page(client, cast.coordinator, **{name: value})
    assert "没有这样的任务、单位或收件人" in text
    assert "到期前1天" not in text


def test_filters_by_unit_and_person(client: Client, cast: Cast, shares: dict[str, Assignment]) -> None:
    text = open_page(client, cast.coordinator, unit=cast.other_bureau.pk, person=cast.outsider.pk)
    assert f"/tasks/{shares['neighbour'].task_id}/" in text
    assert f"/tasks/{shares['own'].task_id}/" not in text
    assert ">王芳</option>" not in text, "people of the unit chosen, and those above"
    assert ">周敏</option>" in text
    assert "没有这样的任务" in open_page(client, cast.coordinator, unit=cast.foreign_bureau.pk)
    assert "没有这样的任务" in open_page(client, cast.coordinator, person=cast.foreigner.pk)
    quiet = open_page(client, cast.coordinator, person=cast.leader.pk, task=make_task(cast.plan).pk)
    assert "这段时间没有提醒" in quiet


@pytest.mark.parametrize("number", [1, 3])
def test_number_of_queries(client: Client, cast: Cast, number: int, django_assert_num_queries: Any) -> None:
    for _ in range(number):
        old(cast, date(2024, 10, 18))
    client.force_login(cast.coordinator, backend="django.contrib.auth.backends.ModelBackend")
    # Session, user, region; units and people to choose; assignments, who asked for time, who was answered;
    # calendar, directory, ledger, today's mails.
    with django_assert_num_queries(16):
        client.get(reverse("notifications:forecast"))


def test_pages_lead_there(client: Client, cast: Cast, shares: dict[str, Assignment]) -> None:
    client.force_login(cast.reporter, backend="django.contrib.auth.backends.ModelBackend")
    address = reverse("notifications:forecast")
    task = shares["own"].task_id
    page = client.get(reverse("task", args=[task])).content.decode()
    assert f'href="{address}?task={task}"' in page
    assert f'href="{reverse("notifications:told", args=[task])}"' in page
    assert f'href="{address}"' in client.get(reverse("unit", args=[cast.bureau.pk])).content.decode()


def test_command_shows_and_writes_nothing(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    late = old(cast, date(2024, 10, 22))
    unit = ["--region", "新乡市", "--unit", "市生态环境局"]
    call_command("forecast_reminders", *unit, "--task", str(late.task_id), "--days", "2")
    shown = capsys.readouterr().out
    assert f"2024-10-21（周一） | 王芳、李娜、张伟 | {late.task.number} " in shown
    assert "到期前1天 | 还有1天到期" in shown
    assert "2024-10-21 至 2024-10-22：2条。未写入，未发送。" in shown
    call_command("forecast_reminders", "--person", "sunjianguo")
    assert "孙建国" in capsys.readouterr().out
    assert Run.objects.count() == 0


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (["--unit", "市生态环境局"], "不止一个"),
        (["--unit", "无此局"], "没有名为"),
        (["--task", "99999999999999999999"], "没有序号"),
        (["--task", "0"], "没有序号"),
        (["--person", "nobody"], "没有账号"),
        (["--region", "无此市"], "没有名为"),
        (["--days", "0"], "1到366"),
        (["--days", "367"], "1到366"),
    ],
)
def test_command_refuses_what_it_does_not_know(cast: Cast, options: list[str], answer: str) -> None:
    with pytest.raises(CommandError, match=answer):
        call_command("forecast_reminders", *options)
