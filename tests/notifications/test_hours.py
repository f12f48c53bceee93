"""The hour from which a person wants to be told: nothing earlier, nothing lost, and no storm let through."""

from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from notifications.actions import delivery, planning
from notifications.actions.planning import PlanResult
from notifications.actions.rules import RuleRefused, keep_preference
from notifications.dashboards import is_planning_late
from notifications.hours import CHOSEN_HOURS, FIRST_HOUR, LAST_HOUR, comes_later
from notifications.models import Message, Preference, Reminder, Run
from tests.factories import NOW, TODAY, Cast, make_assignment, make_task
from tracker.actions.extensions import ask_extension
from tracker.clock import SHANGHAI
from tracker.models import Assignment

TOMORROW = TODAY + timedelta(days=1)
LONG_AGO = NOW - timedelta(days=110)
NOTHING_KEY = UUID(int=1)
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


def at(hour: int, minute: int = 5, day: date = TODAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


def choose(person: User, hour: int | None, **more: Any) -> None:
    keep_preference(person, **(NOTHING | {"hour": hour} | more))


def run(now: datetime, **options: Any) -> PlanResult:
    return planning.plan_reminders(today=now.astimezone(SHANGHAI).date(), now=now, **options)


def told(now: datetime, **options: Any) -> set[str]:
    return {planned.recipient.name for planned in run(now, **options).digests}


def overdue(cast: Cast, due_date: date = date(2024, 10, 18)) -> Assignment:
    task = make_task(cast.plan, due_date=due_date)
    return make_assignment(cast.bureau, task=task, created_at=LONG_AGO)


@pytest.mark.parametrize(
    ("hour", "now", "last_run", "later"),
    [
        pytest.param(None, at(7), None, False, id="no hour of the own choice"),
        pytest.param(None, at(0, 1), None, False, id="by hand in the night"),
        pytest.param(14, at(7), None, True, id="in the morning"),
        pytest.param(14, at(13, 59), at(13), True, id="a minute before"),
        pytest.param(14, at(14, 0), at(13), False, id="on the stroke"),
        pytest.param(14, at(15), at(13), False, id="its run was missed: the next one tells"),
        pytest.param(20, at(20), at(19), False, id="the last run of the day"),
        pytest.param(20, at(7, day=TOMORROW), at(20), True, id="served yesterday"),
        pytest.param(20, at(7, day=TOMORROW), at(19), False, id="not served yesterday: made up for"),
        pytest.param(14, at(7, day=TOMORROW), at(20), True, id="the morning after an ordinary day"),
        pytest.param(14, at(7, day=date(2024, 10, 25)), at(20), False, id="after three days of outage"),
        pytest.param(14, at(8, day=date(2024, 10, 25)), at(7, day=date(2024, 10, 25)), True,
                     id="but only the first run after it"),
    ],
)  # fmt: skip
def test_whether_somebody_is_left_to_a_later_run(
    hour: int | None, now: datetime, last_run: datetime | None, later: bool
) -> None:
    assert comes_later(hour, today=now.date(), now=now, last_run=last_run) is later


def test_a_day_planned_for_afterwards_or_beforehand() -> None:
    assert not comes_later(14, today=TODAY, now=at(7, day=TOMORROW), last_run=None)
    assert comes_later(14, today=TOMORROW, now=at(15), last_run=None)


def test_hours_are_those_of_the_schedule() -> None:
    schedule: Any = configured.CELERY_BEAT_SCHEDULE["run-reminders"]["schedule"]
    hours: set[int] = schedule.hour
    assert (min(hours), max(hours)) == (FIRST_HOUR, LAST_HOUR)
    assert [*CHOSEN_HOURS] == sorted(hours - {FIRST_HOUR})


def test_told_at_the_own_hour_once(cast: Cast) -> None:
    overdue(cast)
    choose(cast.reporter, 14)
    assert told(at(7)) == {"李娜", "张伟"}
    assert told(at(13)) == set()
    assert told(at(14)) == {"王芳"}
    assert told(at(15)) == set()
    assert Reminder.objects.planned().filter(recipient=cast.reporter).count() == 1
    assert told(at(7, day=TOMORROW)) == set()


def test_what_she_hears_is_true_at_her_hour(cast: Cast) -> None:
    """What was settled before her hour is not told; what came up before it is."""
    settled = overdue(cast)
    choose(cast.reporter, 14)
    run(at(7))
    Assignment.objects.filter(pk=settled.pk).update(due_date=date(2025, 6, 30))
    assert told(at(14)) == set()
    overdue(cast)
    assert told(at(15)) == {"王芳"}


def test_every_hour_is_reached_in_a_day(cast: Cast) -> None:
    overdue(cast)
    for hour in CHOSEN_HOURS:
        Preference.objects.all().delete()
        Reminder.objects.all().delete()
        Message.objects.all().delete()
        choose(cast.reporter, hour)
        reached = [now for now in range(FIRST_HOUR, LAST_HOUR + 1) if "王芳" in told(at(now))]
        assert reached == [hour]


def test_a_server_that_is_off_in_the_evening_loses_nothing(cast: Cast) -> None:
    overdue(cast)
    choose(cast.reporter, 19)
    for hour in range(7, 18):
        assert "王芳" not in told(at(hour))
    assert told(at(7, day=TOMORROW)) == {"王芳"}, "yesterday's evening was missed"
    overdue(cast)
    assert "王芳" not in told(at(8, day=TOMORROW)), "one digest a day"


def test_a_held_or_broken_run_does_not_count_as_hers(cast: Cast) -> None:
    overdue(cast)
    choose(cast.reporter, 19)
    run(at(18))
    Run.objects.create(kind=Run.Kind.PLAN, started_at=at(19), is_finished=True, is_held=True)
    Run.objects.create(kind=Run.Kind.PLAN, started_at=at(20))
    Run.objects.create(kind=Run.Kind.SWEEP, started_at=at(20, 10), is_finished=True)
    assert told(at(7, day=TOMORROW)) == {"王芳"}


def test_an_hour_moved_on_the_same_day(cast: Cast) -> None:
    overdue(cast)
    choose(cast.reporter, 14)
    run(at(7))
    choose(cast.reporter, 18)
    assert told(at(15)) == set()
    choose(cast.reporter, None)
    assert told(at(16)) == {"王芳"}


def test_a_deputy_hears_at_the_deputys_hour(cast: Cast) -> None:
    overdue(cast)
    choose(cast.reporter, 8, paused_from=TODAY, paused_until=TODAY, deputy=cast.head)
    choose(cast.head, 16)
    assert told(at(8)) == {"李娜"}
    assert told(at(16)) == {"张伟"}
    assert "王芳" in told(at(8, day=TOMORROW))


def test_a_deputy_does_not_wait_for_the_absent_ones_hour(cast: Cast) -> None:
    overdue(cast)
    choose(cast.reporter, 16, paused_from=TODAY, paused_until=TODAY, deputy=cast.head)
    assert told(at(7)) == {"李娜", "张伟"}


def test_rest_days_and_hours_together(cast: Cast) -> None:
    overdue(cast, date(2024, 10, 25))
    saturday = date(2024, 10, 26)
    request = overdue(cast, date(2025, 6, 30))
    ask_extension(
        request.pk, new_date=date(2025, 9, 30), reason="雨季", form_key=NOTHING_KEY, by=cast.reporter,
        now=at(9, day=saturday),
    )  # fmt: skip
    choose(cast.coordinator, 10, on_rest_days=True)
    assert told(at(9, 30, day=saturday)) == set()
    assert told(at(10, day=saturday)) == {"周敏"}


def test_the_banner_is_not_confused_by_it(cast: Cast) -> None:
    overdue(cast)
    for person in (cast.reporter, cast.colleague, cast.head):
        choose(person, 20)
    for hour in range(7, 20):
        run(at(hour))
    assert Message.objects.count() == 0
    assert not is_planning_late(at(20, 0))
    last = Run.objects.latest_first().first()
    assert last is not None
    assert (last.planned, last.note) == (0, "3人选定的时刻未到，到时再发。")


# The brake


def test_the_limit_counts_those_of_later_hours(cast: Cast) -> None:
    overdue(cast)
    choose(cast.reporter, 14)
    result = run(at(7), limit=2)
    assert result.is_held
    assert Run.objects.get().note == "本次将发送3封（含选定时刻未到的1封），超过上限2封，已暂停。"
    assert Message.objects.count() == 0


def test_a_released_run_tells_everybody_at_once(cast: Cast) -> None:
    overdue(cast)
    choose(cast.reporter, 14)
    run(at(7), limit=2)
    held = Run.objects.get()
    assert planning.release_run(run_id=held.pk, by=cast.administrator, now=at(7, 30))
    result = run(at(8), limit=2)
    assert {one.recipient.name for one in result.digests} == {"王芳", "李娜", "张伟"}
    assert (result.later, result.is_held) == (0, False)
    assert "时刻" not in Run.objects.latest_first()[0].note
    assert not run(at(14), limit=2).is_held


def test_hours_do_not_let_a_storm_through_in_parts(cast: Cast) -> None:
    """Two now and one later is over the limit, at either hour; within it nothing is asked."""
    overdue(cast)
    choose(cast.reporter, 14)
    assert not run(at(7), limit=3).is_held
    for unit in (cast.other_bureau, cast.county_bureau, cast.foreign_bureau):
        make_assignment(unit, due_date=TODAY, created_at=LONG_AGO)
    assert run(at(8), limit=3).is_held, "one left from the morning and three new ones"


def test_a_limit_taken_off_respects_the_hour(cast: Cast) -> None:
    overdue(cast)
    choose(cast.reporter, 14)
    assert told(at(7), limit=None) == {"李娜", "张伟"}
    assert told(at(8), limit=None, any_hour=True) == {"王芳"}


# By hand


def remind(*arguments: str) -> str:
    out = StringIO()
    call_command("remind", *arguments, stdout=out)
    return out.getvalue()


def test_command_leaves_out_whose_hour_has_not_come(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    overdue(cast)
    choose(cast.reporter, 14)
    monkeypatch.setattr("tracker.clock.now", lambda: at(9))
    shown = remind("--dry-run")
    assert "王芳" not in shown
    assert "将发送2封" in shown
    assert "另有1人选定的时刻未到" in shown
    assert "王芳" in remind("--dry-run", "--any-hour")
    assert "已发送2封" in remind()
    assert "另有1人" in remind("--no-limit")
    everybody = remind("--any-hour")
    assert "已发送1封" in everybody
    assert "另有" not in everybody


def test_command_holds_at_the_same_number(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    overdue(cast)
    choose(cast.reporter, 14)
    monkeypatch.setattr("tracker.clock.now", lambda: at(9))
    monkeypatch.setattr("notifications.management.commands.remind.MESSAGE_LIMIT", 2)
    with pytest.raises(CommandError, match="已暂停"):
        remind()


def test_the_demo_sends_whatever_the_hour(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody in a fresh demo has chosen an hour (deploy/run.py starts it with `remind`)."""
    overdue(cast)
    monkeypatch.setattr("tracker.clock.now", lambda: at(3))
    assert "已发送3封" in remind()


# Delivering and looking ahead


def test_delivery_does_not_ask_for_the_hour(cast: Cast) -> None:
    """It is decided when the digest is planned; what failed is tried again whatever the hour."""
    overdue(cast)
    run(at(7))
    choose(cast.reporter, 14)
    message = Message.objects.get(recipient=cast.reporter)
    assert delivery.deliver_one(message_id=message.pk, now=at(7, 6)) == "SENT"


def test_the_forecast_names_the_hour(client: Client, cast: Cast) -> None:
    overdue(cast, date(2024, 10, 24))
    choose(cast.reporter, 14)
    choose(cast.colleague, 9)
    User.objects.filter(pk=cast.colleague.pk).update(email="")
    client.force_login(cast.reporter, backend="django.contrib.auth.backends.ModelBackend")
    text = client.get(reverse("notifications:forecast")).content.decode()
    assert "王芳（14:00）、李娜（仅站内，9:00）、张伟" in text


def test_the_writer_and_the_database_refuse_other_hours(cast: Cast) -> None:
    for hour in (-1, 0, 7, 21, 24):
        with pytest.raises(RuleRefused):
            choose(cast.reporter, hour)
    assert not Preference.objects.exists()
    for hour in (7, 21):
        with pytest.raises(IntegrityError), transaction.atomic():
            Preference.objects.create(user=cast.reporter, hour=hour)


def test_the_hour_costs_one_query_and_only_where_there_is_one(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    for _ in range(3):
        overdue(cast)
    with django_assert_num_queries(11):
        run(at(7), dry_run=True)
    for person in (cast.reporter, cast.colleague, cast.head):
        choose(person, 14)
    with django_assert_num_queries(12):
        run(at(7), dry_run=True)
