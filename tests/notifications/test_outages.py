"""Days as the runs see them: nights, year ends, holidays, years not announced, and days without a run."""

from datetime import UTC, date, datetime, timedelta

import pytest

from notifications import jobs
from notifications.actions import planning
from notifications.models import CalendarDay, Message, Reminder, Run
from notifications.workdays import WorkingCalendar
from tests.factories import Cast, make_assignment, make_task
from tracker.clock import SHANGHAI
from tracker.models import Assignment

LONG_AGO = datetime(2023, 11, 1, 2, 0, tzinfo=UTC)


def signed(cast: Cast, due_date: date) -> Assignment:
    task = make_task(cast.plan, due_date=due_date)
    return make_assignment(cast.bureau, task=task, created_at=LONG_AGO)


def run_at(moment: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the hourly job does at that moment. Its clock is that of Xinxiang, wherever the server stands."""
    monkeypatch.setattr("tracker.clock.now", lambda: moment.astimezone(SHANGHAI))
    jobs.run_reminders()


def run_on(day: date) -> list[str]:
    """Run at nine in the morning; the stages that go to the bureau's reporter by it."""
    now = datetime(day.year, day.month, day.day, 9, tzinfo=SHANGHAI)
    planning.plan_reminders(today=day, now=now)
    rows = Reminder.objects.filter(planned_on=day, recipient__username="wangfang", state="PLANNED")
    return sorted(rows.values_list("stage", flat=True))


def test_half_past_eleven_at_night_in_utc_is_the_next_day(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(cast, date(2024, 10, 22))
    run_at(datetime(2024, 10, 21, 23, 30, tzinfo=UTC), monkeypatch)
    assert set(Message.objects.values_list("day", flat=True)) == {date(2024, 10, 22)}
    text = Message.objects.get(recipient=cast.reporter).text
    assert "今天到期" in text
    run_at(datetime(2024, 10, 22, 15, 59, tzinfo=UTC), monkeypatch)  # 23:59 of the same day
    assert Message.objects.count() == 3
    run_at(datetime(2024, 10, 22, 16, 0, tzinfo=UTC), monkeypatch)  # midnight: it is overdue
    assert set(Message.objects.filter(day=date(2024, 10, 23)).values_list("subject", flat=True)) == {
        "【督办】逾期1项"
    }


def test_due_today_is_not_overdue(cast: Cast) -> None:
    signed(cast, date(2024, 10, 21))
    assert run_on(date(2024, 10, 21)) == ["BEFORE_0"]
    assert Message.objects.get(recipient=cast.reporter).subject == "【督办】7日内到期1项"
    assert run_on(date(2024, 10, 22)) == ["OVERDUE_1"]


def test_over_the_end_of_the_year(cast: Cast) -> None:
    """31 December is a Tuesday, New Year's Day a holiday: overdue is said on the second."""
    signed(cast, date(2024, 12, 31))
    assert run_on(date(2024, 12, 31)) == ["BEFORE_0"]
    assert run_on(date(2025, 1, 1)) == []
    assert run_on(date(2025, 1, 2)) == ["OVERDUE_1"]


def test_national_day_and_its_working_saturdays(cast: Cast) -> None:
    """2024: free from 1 to 7 October; Sunday 29 September and Saturday 12 October are worked."""
    signed(cast, date(2024, 10, 7))
    assert run_on(date(2024, 9, 27)) == ["BEFORE_15"]
    assert run_on(date(2024, 9, 28)) == []  # a Saturday like any other
    assert run_on(date(2024, 9, 29)) == []
    # Seven days before is the 30th; three, one and none fall into the holiday and come before it, in one.
    assert run_on(date(2024, 9, 30)) == ["BEFORE_0"]
    assert Reminder.objects.filter(recipient=cast.reporter, stage="BEFORE_7", state="SUPERSEDED").exists()
    for day in range(1, 8):
        assert run_on(date(2024, 10, day)) == []
    assert run_on(date(2024, 10, 8)) == ["OVERDUE_1"]
    # Three working days overdue: the 8th, 9th and 10th; five of a due date on the 7th would take in the 12th.
    assert run_on(date(2024, 10, 10)) == []
    assert Reminder.objects.get(recipient=cast.coordinator).planned_on == date(2024, 10, 10)
    calendar = WorkingCalendar()
    assert calendar.add_working_days(date(2024, 10, 7), 5) == date(2024, 10, 12)


def test_a_year_that_nobody_has_announced_counts_weekends(cast: Cast) -> None:
    signed(cast, date(2031, 10, 1))
    assert run_on(date(2031, 10, 1)) == ["BEFORE_0"]  # a Wednesday; the holiday is not known
    assert "按周末推算" in Run.objects.get().note
    CalendarDay.objects.create(date=date(2031, 10, 2), is_workday=False, name="国庆")
    # What is entered later moves what is still to come: overdue goes out after the entered day.
    assert run_on(date(2031, 10, 2)) == []
    assert run_on(date(2031, 10, 3)) == ["OVERDUE_1"]


def test_three_days_without_a_run_over_a_stage(cast: Cast) -> None:
    """One mail, of the nearest stage; the ledger names those that it overtook."""
    signed(cast, date(2024, 10, 24))
    assert run_on(date(2024, 10, 17)) == ["BEFORE_7"]
    # Nothing runs from the 18th on, past the third day before (the 21st).
    assert run_on(date(2024, 10, 22)) == ["BEFORE_3"]
    assert run_on(date(2024, 10, 22)) == ["BEFORE_3"], "asked again, it is not sent again"
    assert Message.objects.filter(recipient=cast.reporter).count() == 2
    # Nor from then on, past one day before, the day itself and the first of overdue.
    assert run_on(date(2024, 10, 25) + timedelta(days=3)) == ["OVERDUE_1"]
    assert Message.objects.filter(recipient=cast.reporter).count() == 3
    overtaken = Reminder.objects.filter(recipient=cast.reporter, planned_on=date(2024, 10, 28))
    assert set(overtaken.filter(state="SUPERSEDED").values_list("stage", flat=True)) == {
        "BEFORE_1",
        "BEFORE_0",
    }
