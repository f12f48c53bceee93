"""How a share stood on a day that is past: read off its history, and nothing that is not written there.

Exact, not estimated: status, percentage, dates and nodes are what the events say up to the end of that day,
and late days and "behind" are computed from them as they are for today. On the present day it is the present.
"""

from collections.abc import Iterable
from copy import copy
from datetime import date, timedelta

from tracker.clock import day_of, start_of
from tracker.models import Assignment, TaskEvent
from tracker.progress import Step
from tracker.turns import LateDays, Passing, finished_late_days
from tracker.workflow import EventKind, Status


def as_of(
    share: Assignment, events: Iterable[TaskEvent], node_events: Iterable[TaskEvent], day: date
) -> Assignment | None:
    """A copy of the share, never to be saved, as it stood at the end of `day`; None before it was given out.

    `events` are the share's own and `node_events` those that set its task's nodes, both in order.
    """
    end = start_of(day + timedelta(days=1))
    if share.created_at >= end:
        return None
    then = copy(share)
    then.status, then.percent = Status.PENDING, 0
    events = list(events)
    then.first_due_date = _first_date_at_all(share, events)
    then.due_date = then.judged_date = then.first_due_date
    kept, since = LateDays(), day_of(share.created_at)
    passings: list[Passing] = []
    for event in events:
        if event.created_at >= end:
            break
        if event.kind == EventKind.NEW_EDITION and "late" in event.data:
            _change_edition(then, event)
            kept, since, passings = LateDays(*event.data["late"]), day_of(event.created_at), []
        if event.to_status:
            passings.append(Passing(day_of(event.created_at), event.from_status, event.to_status))
            then.status = event.to_status
        if "percent" in event.data:
            then.percent = event.data["percent"]
        if event.kind == EventKind.GRANT_EXTENSION:
            _extend(then, event)
    late = kept + finished_late_days(passings, created_on=since, judged_date=then.judged_date)
    then.unit_late_days, then.reviewer_late_days = late.unit, late.reviewer
    then.behind_from = then.first_day_behind(_steps(node_events, day))
    return then


def _extend(then: Assignment, event: TaskEvent) -> None:
    """What actions.extensions.grant_extension does to the dates."""
    granted = date.fromisoformat(event.data["to_date"])
    if event.data["is_late"]:
        then.judged_date = then.first_due_date
    elif not then.is_judged_on_first_date:
        then.judged_date = granted
    then.due_date = granted


def _first_date_at_all(share: Assignment, events: Iterable[TaskEvent]) -> date | None:
    """The date it was given out with, whatever new editions said since."""
    for event in events:
        if event.kind == EventKind.NEW_EDITION and "late" in event.data:
            return _day(event.data["from_first"])
    return share.first_due_date


def _change_edition(then: Assignment, event: TaskEvent) -> None:
    """What actions.carrying does to the dates."""
    then.first_due_date = _day(event.data["to_first"])
    then.due_date = _day(event.data["to_date"])
    then.judged_date = _day(event.data["to_judged"])


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None


def _steps(node_events: Iterable[TaskEvent], day: date) -> list[Step]:
    set_by_then = [event for event in node_events if day_of(event.created_at) <= day]
    if not set_by_then:
        return []
    return [Step(date.fromisoformat(on), percent) for on, percent, _title in set_by_then[-1].data["to"]]
