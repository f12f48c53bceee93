"""Orders from above: a leader instructs on a task, a coordinator nudges a unit. Neither moves anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from tracker import permissions
from tracker.actions.history import Change, record
from tracker.actions.work import MoveRefused, lock_tasks, locked
from tracker.clock import day_of
from tracker.models import Assignment, Instruction, Nudge, Task
from tracker.workflow import EventKind, Status


@transaction.atomic
def instruct(task_id: int, *, text: str, form_key: UUID, by: User, now: datetime) -> Instruction:
    """Leave a leader's words on a task that is not closed, for all units with a share in it.

    The same `form_key` a second time returns the first instruction. Raises MoveRefused.
    """
    task = Task.objects.select_for_update().get(pk=task_id)
    if existing := task.instructions.filter(form_key=form_key).first():
        return existing
    if task.closed_at is not None:
        raise MoveRefused(_("任务已办结，不能再批示。需要继续办理的，请先由督办员重新开启。"))
    if not permissions.can_instruct(by, task):
        raise MoveRefused(_("您没有权限批示这项任务。"))
    if not text.strip():
        raise MoveRefused(_("请写明批示内容。"))
    instruction = Instruction.objects.create(
        task=task, text=text, created_at=now, created_by=by, form_key=form_key
    )
    task.instructed_at = now
    task.instruction_count += 1
    task.save(update_fields=["instructed_at", "instruction_count"])
    change = Change(task, EventKind.INSTRUCT, note=text, data={"instruction": instruction.pk})
    record([change], by=by, now=now)
    return instruction


@transaction.atomic
def nudge(assignment_id: int, *, note: str = "", form_key: UUID, by: User, now: datetime) -> Nudge:
    """Urge the unit on, at most once in NUDGE_COOLDOWN_DAYS whoever does it.

    The same `form_key` a second time returns the first nudge. Raises MoveRefused.
    """
    assignment = locked(assignment_id)
    if existing := assignment.nudges.filter(form_key=form_key).first():
        return existing
    if assignment.status not in Status.with_unit:
        status = assignment.get_status_display()
        raise MoveRefused(_("当前状态为“%(status)s”，不用催办。") % {"status": status})
    if not permissions.can_nudge(by, assignment):
        raise MoveRefused(_("您没有权限催办。"))
    if assignment.rests_on(day_of(now)):
        last = assignment.nudges.newest_first()[0]
        raise MoveRefused(
            _("%(person)s已于 %(day)s 催办，%(next)s 起可以再次催办。")
            % {
                "person": last.created_by,
                "day": day_of(last.created_at),
                "next": assignment.nudge_allowed_from,
            }
        )
    [made] = _nudge([assignment], note=note, form_key=form_key, by=by, now=now)
    return made


@dataclass(frozen=True, slots=True)
class Nudged:
    """What became of many: nudged by this form, and left in peace because the last nudge is too recent."""

    done: int
    resting: int


@transaction.atomic
def nudge_all(assignment_ids: Sequence[int], *, form_key: UUID, by: User, now: datetime) -> Nudged:
    """Nudge those of the shares that this person may nudge now, in a fixed number of queries.

    The same `form_key` a second time nudges nobody twice and returns the first answer.
    """
    shares = Assignment.objects.filter(pk__in=assignment_ids)
    lock_tasks(shares.values("task"))
    before = set(
        Nudge.objects.filter(assignment__in=assignment_ids, form_key=form_key).values_list(
            "assignment_id", flat=True
        )
    )
    asked = [
        share
        for share in shares.exclude(pk__in=before).select_related("task", "department").order_by("pk")
        if permissions.can_nudge(by, share)
    ]
    ready = [share for share in asked if not share.rests_on(day_of(now))]
    _nudge(ready, note="", form_key=form_key, by=by, now=now)
    return Nudged(done=len(before) + len(ready), resting=len(asked) - len(ready))


def _nudge(
    shares: Sequence[Assignment], *, note: str, form_key: UUID, by: User, now: datetime
) -> list[Nudge]:
    """Write it down; the shares are locked and checked."""
    nudges = Nudge.objects.bulk_create(
        [
            Nudge(assignment=share, note=note, created_at=now, created_by=by, form_key=form_key)
            for share in shares
        ]
    )
    for share in shares:
        share.nudged_at = now
        share.nudge_count += 1
    Assignment.objects.bulk_update(shares, ["nudged_at", "nudge_count"], batch_size=200)
    changes = [
        Change(made.assignment.task, EventKind.NUDGE, made.assignment, note=note, data={"nudge": made.pk})
        for made in nudges
    ]
    record(changes, by=by, now=now)
    return nudges
