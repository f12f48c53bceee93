"""Checking history against itself and against the present: what was changed, is missing or out of order.

The chain shows tampering by whoever cannot compute it again. Against somebody who can, note the fingerprint
that `manage.py verify_history` prints, and keep it elsewhere.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

from django.core.files.storage import default_storage

from tracker.actions.history import event_hash
from tracker.actions.nodes import listed
from tracker.filetypes import digest
from tracker.models import (
    Assignment,
    Evidence,
    Filing,
    Letter,
    Node,
    ProgressReport,
    TargetReading,
    Task,
    TaskEvent,
)
from tracker.models.files import KeptFile
from tracker.targets import figure
from tracker.workflow import EventKind, Status

BATCH = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written. `sequence` is the event, where there is one to name."""

    task_id: int
    number: str
    words: str
    sequence: int | None = None

    def __str__(self) -> str:
        place = f"第{self.sequence}条：" if self.sequence else ""
        return f"任务 {self.number}（{self.task_id}）{place}{self.words}"


@dataclass(slots=True)
class Replayed:
    """What the history says of a share."""

    status: str = Status.PENDING
    percent: int = 0
    due_date: date | None = None


def chain_findings(task: Task, events: Iterable[TaskEvent]) -> Iterator[Finding]:
    """Each break in the chain of one task; `events` come in order."""
    expected, previous = 1, ""
    for event in events:
        if event.sequence != expected:
            yield Finding(task.pk, task.number, f"第{expected}条至第{event.sequence - 1}条缺失")
        elif event.previous_hash != previous:
            yield Finding(task.pk, task.number, "与前一条不相连，前一条被替换或者次序有变", event.sequence)
        if event_hash(event) != event.hash:
            yield Finding(task.pk, task.number, "内容被改动", event.sequence)
        expected, previous = event.sequence + 1, event.hash
    if previous != task.history_head:
        yield Finding(task.pk, task.number, f"第{expected - 1}条之后的记录缺失，或者末条被替换")


def replay(events: Iterable[TaskEvent], first_dates: dict[int, date | None]) -> dict[int, Replayed]:
    """Where each share stands after these events, by what they say alone."""
    shares = {pk: Replayed(due_date=day) for pk, day in first_dates.items()}
    for event in events:
        share = shares.get(event.assignment_id or 0)
        if share is None:
            continue
        if event.to_status:
            share.status = event.to_status
        if "percent" in event.data:
            share.percent = event.data["percent"]
        if event.kind == EventKind.GRANT_EXTENSION:
            share.due_date = date.fromisoformat(event.data["to_date"])
        if event.kind == EventKind.TAKE_OVER:
            share.due_date = _day(event.data["due_date"])
        if event.kind == EventKind.NEW_EDITION and "to_date" in event.data:
            share.due_date = _day(event.data["to_date"])
    return shares


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None


def state_findings(
    task: Task, events: Iterable[TaskEvent], assignments: Iterable[Assignment]
) -> Iterator[Finding]:
    """Each share that does not stand where its history leads."""
    assignments = list(assignments)
    said = replay(events, {share.pk: share.first_due_date for share in assignments})
    for share in assignments:
        then = said[share.pk]
        pairs: list[tuple[str, Any, Any]] = [
            ("状态", then.status, share.status),
            ("进度", then.percent, share.percent),
            ("时限", then.due_date, share.due_date),
        ]
        for name, expected, found in pairs:
            if expected != found:
                words = f"责任 {share.pk} 的{name}与记录不符：记录为 {expected}，现为 {found}"
                yield Finding(task.pk, task.number, words)


def edition_findings(task: Task, events: Iterable[TaskEvent]) -> Iterator[Finding]:
    """Whether the task stands under the edition of its plan, and in the place there, that it was taken to."""
    moves = [
        event.data for event in events if event.kind == EventKind.NEW_EDITION and "to_plan" in event.data
    ]
    if moves and (moves[-1]["to_plan"], moves[-1]["to_number"]) != (task.plan_id, task.number):
        yield Finding(task.pk, task.number, "所属方案或编号与记录不符")


def node_findings(task: Task, events: Iterable[TaskEvent], nodes: Iterable[Node]) -> Iterator[Finding]:
    """Whether the nodes are those that were set last."""
    said = [event.data.get("to") for event in events if event.kind == EventKind.NODES]
    found = listed(nodes)
    if found != (said[-1] if said else []):
        yield Finding(task.pk, task.number, "节点与记录不符")


def reading_findings(
    task: Task, events: Iterable[TaskEvent], readings: Iterable[TargetReading]
) -> Iterator[Finding]:
    """Each figure that is not what was given, or was not given at all."""
    given: dict[int, dict[str, Any]] = {}
    withdrawn: set[int] = set()
    for event in events:
        if event.kind == EventKind.READING:
            given[event.data["reading"]] = event.data
        elif event.kind == EventKind.WITHDRAW_READING:
            withdrawn.add(event.data["reading"])
    found = {reading.pk: reading for reading in readings}
    for pk in sorted(given.keys() | found.keys()):
        reading, said = found.get(pk), given.get(pk)
        if reading is None or said is None:
            yield Finding(task.pk, task.number, f"指标数值 {pk} " + ("缺失" if said else "没有记录"))
        elif (said["figure"], said["read_on"], pk in withdrawn) != (
            figure(reading.value, reading.target.unit),
            reading.read_on.isoformat(),
            reading.is_withdrawn,
        ):
            yield Finding(task.pk, task.number, f"指标数值 {pk} 与记录不符")


def duty_findings(task: Task, events: Iterable[TaskEvent]) -> Iterator[Finding]:
    """Whether the task is of the duty that was said last."""
    kinds = (EventKind.LINK_DUTY, EventKind.UNLINK_DUTY)
    said = [event.data.get("duty") for event in events if event.kind in kinds]
    if task.duty_id != (said[-1] if said else None):
        yield Finding(task.pk, task.number, "同一职责的关联与记录不符")


def mirror_findings(task: Task, mirrors: Iterable[ProgressReport]) -> Iterator[Finding]:
    """Each report counted for this task that does not say what it said in the task it came from."""
    for mirror in mirrors:
        origin = mirror.shared_from
        if origin and (mirror.percent, mirror.note) != (origin.percent, origin.note):
            yield Finding(task.pk, task.number, f"填报 {mirror.pk} 与同一职责下的原填报 {origin.pk} 不符")


def verify(tasks: Iterable[int]) -> Iterator[Finding]:
    """All findings of these tasks, in batches."""
    keys = list(tasks)
    for start in range(0, len(keys), BATCH):
        batch = keys[start : start + BATCH]
        events: dict[int, list[TaskEvent]] = defaultdict(list)
        for event in TaskEvent.objects.of_tasks(batch):
            events[event.task_id].append(event)
        shares: dict[int, list[Assignment]] = defaultdict(list)
        for share in Assignment.objects.filter(task__in=batch).order_by("pk"):
            shares[share.task_id].append(share)
        nodes: dict[int, list[Node]] = defaultdict(list)
        for node in Node.objects.filter(task__in=batch).in_order():
            nodes[node.task_id].append(node)
        readings: dict[int, list[TargetReading]] = defaultdict(list)
        # By the shares in hand, not by a join: PostgreSQL without statistics plans that for minutes.
        task_of = {share.pk: task for task, found in shares.items() for share in found}
        for reading in TargetReading.objects.filter(assignment__in=task_of).select_related("target"):
            readings[task_of[reading.assignment_id]].append(reading)
        mirrors: dict[int, list[ProgressReport]] = defaultdict(list)
        shared = ProgressReport.objects.filter(assignment__in=task_of, shared_from__isnull=False)
        for mirror in shared.select_related("shared_from").order_by("pk"):
            mirrors[task_of[mirror.assignment_id]].append(mirror)
        for task in Task.objects.filter(pk__in=batch).order_by("pk"):
            yield from chain_findings(task, events[task.pk])
            yield from state_findings(task, events[task.pk], shares[task.pk])
            yield from edition_findings(task, events[task.pk])
            yield from node_findings(task, events[task.pk], nodes[task.pk])
            yield from reading_findings(task, events[task.pk], readings[task.pk])
            yield from duty_findings(task, events[task.pk])
            yield from mirror_findings(task, mirrors[task.pk])


def file_findings() -> Iterator[str]:
    """Each stored file that is missing or not what was uploaded."""
    evidence = Evidence.objects.filter(same_as__isnull=True).order_by("pk").iterator(BATCH)
    filings = Filing.objects.order_by("pk").iterator(BATCH)
    for row in chain[KeptFile](evidence, filings, Letter.objects.order_by("pk").iterator(BATCH)):
        title = f"{row._meta.verbose_name} {row.pk}《{row.name}》"
        name = str(row.file.name)
        if not default_storage.exists(name):
            yield f"{title}：文件缺失"
            continue
        with default_storage.open(name) as content:
            if digest(content) != row.sha256:
                yield f"{title}：内容被改动"


def fingerprint() -> str:
    """One hash over the heads of all tasks: it changes when anything in any history does."""
    found = hashlib.sha256()
    for pk, head in Task.objects.order_by("pk").values_list("pk", "history_head").iterator():
        found.update(f"{pk}:{head}\n".encode())
    return found.hexdigest()
