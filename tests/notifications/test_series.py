"""What is said of a period's task, which may be made after its own due date."""

from datetime import date, timedelta

from notifications.actions.planning import plan_reminders
from notifications.models import Message, Reminder
from tests.factories import NOW, TODAY, Cast, make_assignment, make_series, make_task
from tracker.actions.series import extend_series
from tracker.models import Assignment, Task


def _run(day: date) -> None:
    now = NOW + (day - TODAY)
    extend_series(today=day, now=now)
    plan_reminders(today=day, now=now)


def _series(cast: Cast) -> None:
    """Its October is closed, so that only what follows is spoken of."""
    task = make_task(cast.plan, due_date=date(2024, 10, 31), number="1-1/2024-10")
    make_assignment(cast.bureau, task=task, status="CLOSED")
    make_series(task)


def _stages(period: str) -> set[tuple[str, str]]:
    rows = Reminder.objects.filter(assignment__task__number=f"1-1/{period}", recipient__username="wangfang")
    return set(rows.values_list("stage", "state"))


def test_a_period_is_announced_on_the_day_it_is_made(cast: Cast) -> None:
    _series(cast)
    _run(date(2024, 11, 1))
    assert Message.objects.get(recipient=cast.reporter).subject == "【督办】新下达任务1项"
    assert _stages("2024-11") == {("NEW_0", "PLANNED"), ("BEFORE_30", "PLANNED")}


def test_a_period_missed_by_an_outage_is_one_line_and_late_from_that_day(cast: Cast) -> None:
    """No stage from before it was there counts as missed, and nobody is called to account at once."""
    _series(cast)
    back = date(2024, 12, 16)

    _run(back)

    assert Task.objects.count() == 3
    assert Message.objects.get(recipient=cast.reporter).subject == "【督办】新下达任务2项"
    assert {state for _, state in _stages("2024-11")} == {"PLANNED"}
    assert not Reminder.objects.filter(stage__startswith="ESCALATE").exists()
    missed = Assignment.objects.get(task__number="1-1/2024-11")
    assert missed.late_days(back).unit == 0
    _run(back + timedelta(days=3))
    escalated = Reminder.objects.filter(recipient=cast.coordinator)
    assert [(row.stage, row.assignment) for row in escalated] == [("ESCALATE_3", missed)]
