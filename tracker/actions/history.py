"""Writing history. Called inside the transaction of the change that it records."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.db.models import OuterRef, Subquery

from accounts.models import User
from tracker.clock import day_of
from tracker.models import Assignment, Task, TaskEvent
from tracker.turns import LateDays, Passing, finished_late_days
from tracker.workflow import EventKind


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a task or to one assignment of it, before it has a place in the history."""

    task: Task
    kind: str
    assignment: Assignment | None = None
    from_status: str = ""
    to_status: str = ""
    note: str = ""
    data: dict[str, Any] = field(default_factory=dict)


def event_hash(event: TaskEvent) -> str:
    """SHA-256 over the event's content and the hash before it, in a fixed form."""
    content = [
        event.previous_hash,
        event.task_id,
        event.assignment_id,
        event.sequence,
        event.kind,
        event.actor_id,
        event.from_status,
        event.to_status,
        event.note,
        event.data,
        event.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
    ]
    packed = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(packed.encode()).hexdigest()


def passings_of(assignment: Assignment, *, after: int = 0) -> list[Passing]:
    """The assignment's changes of status in order, from its history; only those `after` that event."""
    found = TaskEvent.objects.filter(assignment=assignment, sequence__gt=after)
    events = found.exclude(to_status="").order_by("sequence")
    return [
        Passing(day_of(moment), from_status, to_status)
        for moment, from_status, to_status in events.values_list("created_at", "from_status", "to_status")
    ]


def finished_late(assignment: Assignment) -> LateDays:
    """The late days of all turns that have ended, by the date it is judged by now.

    A new edition that moved its dates closes the account: what was late by then stays as it was written,
    and only what came after is counted by the new date.
    """
    moved = TaskEvent.objects.filter(
        assignment=assignment, kind=EventKind.NEW_EDITION, data__has_key="late"
    ).order_by("-sequence")
    last = moved.first()
    since = day_of(last.created_at if last else assignment.created_at)
    passings = passings_of(assignment, after=last.sequence if last else 0)
    kept = LateDays(*last.data["late"]) if last else LateDays()
    return kept + finished_late_days(passings, created_on=since, judged_date=assignment.judged_date)


def record(changes: Sequence[Change], *, by: User | None, now: datetime) -> None:
    """Append one event per change, each chained to the last one of its task.

    The caller holds the tasks' rows (locked or just made), so that no two writers take one sequence number;
    the unique constraint on (task, sequence) is the last word.
    """
    tasks = {change.task.pk for change in changes}
    newest = TaskEvent.objects.filter(task=OuterRef("task")).order_by("-sequence").values("sequence")[:1]
    found = TaskEvent.objects.filter(task__in=tasks, sequence=Subquery(newest))
    last = {event.task_id: event for event in found}
    events = []
    for change in changes:
        previous = last.get(change.task.pk)
        event = TaskEvent(
            task=change.task,
            assignment=change.assignment,
            sequence=previous.sequence + 1 if previous else 1,
            kind=change.kind,
            actor=by,
            from_status=change.from_status,
            to_status=change.to_status,
            note=change.note,
            data=change.data,
            created_at=now,
            previous_hash=previous.hash if previous else "",
        )
        event.hash = event_hash(event)
        last[change.task.pk] = event
        events.append(event)
    TaskEvent.objects.bulk_create(events, batch_size=500)
    # Read back rather than sent: a case for each of hundreds of tasks takes longer than all the rest.
    head = TaskEvent.objects.filter(task=OuterRef("pk")).order_by("-sequence").values("hash")[:1]
    keys = iter(last)
    while some := list(islice(keys, 500)):
        Task.objects.filter(pk__in=some).update(history_head=Subquery(head))
