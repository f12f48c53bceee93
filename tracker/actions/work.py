"""What people do to an assignment. `move_assignment` is the one door for each change of status."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from tracker import permissions
from tracker.actions.history import Change, record
from tracker.clock import SHANGHAI
from tracker.models import Assignment, ProgressReport, Task
from tracker.progress import behind_from
from tracker.workflow import EventKind, Move, Role, Status, next_status


class MoveRefused(Exception):
    """The move is not allowed; the text says why, for a person."""


class StaleVersion(MoveRefused):
    """Somebody else changed the assignment after this person's page was shown."""


def _expected_start(task: Task) -> date:
    return task.start_date or task.created_at.astimezone(SHANGHAI).date()


def _locked(assignment_id: int) -> Assignment:
    """The assignment with its task's row locked: moves of one task follow one another."""
    task_id = Assignment.objects.values_list("task_id", flat=True).get(pk=assignment_id)
    Task.objects.select_for_update().get(pk=task_id)
    return (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("task", "department", "region")
        .get(pk=assignment_id)
    )


def _check(assignment: Assignment, move: str, *, by: User | None, note: str, version: int | None) -> str:
    """The status the move leads to. Raises MoveRefused or StaleVersion with a reason for a person."""
    if version is not None and version != assignment.version:
        raise StaleVersion(
            _("您打开页面之后，这项任务已有变化（现为“%(status)s”）。请核对后再提交。")
            % {"status": assignment.get_status_display()}
        )
    to_status = next_status(move, assignment.status)
    if to_status is None:
        raise MoveRefused(
            _("当前状态为“%(status)s”，不能%(move)s。")
            % {"status": assignment.get_status_display(), "move": Move(move).label}
        )
    if by is not None and not permissions.can_move(by, assignment, move):
        raise MoveRefused(_("您没有权限%(move)s。") % {"move": Move(move).label})
    if move in Move.needs_reason and not note.strip():
        raise MoveRefused(_("请写明%(move)s的理由。") % {"move": Move(move).label})
    if move == Move.SUBMIT and assignment.last_reported_at is None:
        raise MoveRefused(_("请先填报进展，再申请办结。"))
    if move == Move.SUBMIT and assignment.percent != 100:
        raise MoveRefused(_("申请办结的，完成进度要填 100。"))
    return to_status


def _change(assignment: Assignment, move: str, to_status: str, *, now: datetime) -> list[str]:
    """Set the new status and the times that belong to the move; the names of the fields set."""
    assignment.status = to_status
    assignment.version += 1
    fields = ["status", "version"]
    if move in (Move.SIGN, Move.REPORT) and assignment.signed_at is None:
        assignment.signed_at = now
        fields.append("signed_at")
    if move == Move.SUBMIT:
        assignment.handed_in_on = now.date()
        fields.append("handed_in_on")
    if move in (Move.RETURN, Move.REOPEN):
        assignment.returned_at = now
        assignment.handed_in_on = None
        fields += ["returned_at", "handed_in_on"]
    if to_status == Status.CLOSED:
        assignment.closed_at = now
        fields.append("closed_at")
    elif assignment.closed_at is not None:
        assignment.closed_at = None
        fields.append("closed_at")
    return fields


def _settle_task(task: Task, *, now: datetime) -> list[Change]:
    """Close the task when every lead and implement share is closed, or open it again when one is not."""
    if task.assignments.filter(role__in=Role.answering).exclude(status=Status.CLOSED).exists():
        if task.closed_at is not None:
            task.closed_at = None
            task.save(update_fields=["closed_at"])
        return []
    if task.closed_at is not None:
        return []
    task.closed_at = now
    task.save(update_fields=["closed_at"])
    changes = []
    for share in task.assignments.exclude(status=Status.CLOSED).order_by("pk"):
        before = share.status
        share.save(update_fields=_change(share, Move.CLOSE_WITH_TASK, Status.CLOSED, now=now))
        changes.append(
            Change(task, EventKind.CLOSE_WITH_TASK, share, from_status=before, to_status=Status.CLOSED)
        )
    return [*changes, Change(task, EventKind.TASK_CLOSED)]


@transaction.atomic
def move_assignment(
    assignment_id: int,
    move: str,
    *,
    by: User | None,
    now: datetime,
    note: str = "",
    version: int | None = None,
) -> Assignment:
    """Make one move of workflow.TRANSITIONS and record it.

    `version` is the one the person's form was shown with; None skips the comparison. `by` is None for the
    system itself. Raises MoveRefused, or StaleVersion when the form is older than the assignment.
    """
    assignment = _locked(assignment_id)
    to_status = _check(assignment, move, by=by, note=note, version=version)
    before = assignment.status
    assignment.save(update_fields=_change(assignment, move, to_status, now=now))
    change = Change(assignment.task, move, assignment, from_status=before, to_status=to_status, note=note)
    record([change, *_settle_task(assignment.task, now=now)], by=by, now=now)
    return assignment


@transaction.atomic
def sign_all(assignment_ids: Sequence[int], *, by: User, now: datetime) -> int:
    """Sign for those of the assignments that still wait for it; returns how many were signed.

    The same move as move_assignment makes, for many rows in a fixed number of queries.
    """
    waiting = Assignment.objects.unsigned().filter(pk__in=assignment_ids)
    list(Task.objects.select_for_update().filter(assignments__in=waiting).order_by("pk").values_list("pk"))
    changes = []
    for assignment in waiting.select_related("task", "department", "region").order_by("pk"):
        if not permissions.can_move(by, assignment, Move.SIGN):
            continue
        _change(assignment, Move.SIGN, Status.ACTIVE, now=now)
        changes.append(
            Change(
                assignment.task,
                EventKind.SIGN,
                assignment,
                from_status=Status.PENDING,
                to_status=Status.ACTIVE,
            )
        )
    signed = [change.assignment for change in changes if change.assignment]
    Assignment.objects.bulk_update(signed, ["status", "version", "signed_at"], batch_size=200)
    record(changes, by=by, now=now)
    return len(signed)


@transaction.atomic
def report_progress(
    assignment_id: int,
    *,
    percent: int,
    note: str,
    form_key: UUID,
    by: User,
    now: datetime,
    version: int | None = None,
) -> ProgressReport:
    """Keep a progress report and move the assignment's percentage; the first one signs for it too.

    The same `form_key` a second time (a double click, a re-sent form) returns the first report and changes
    nothing. Raises MoveRefused or StaleVersion as move_assignment does.
    """
    assignment = _locked(assignment_id)
    if existing := ProgressReport.objects.filter(form_key=form_key, assignment=assignment).first():
        return existing
    to_status = _check(assignment, Move.REPORT, by=by, note=note, version=version)
    report = ProgressReport.objects.create(
        assignment=assignment, percent=percent, note=note, created_at=now, created_by=by, form_key=form_key
    )
    before = assignment.status
    was_percent = assignment.percent
    assignment.percent = percent
    assignment.last_reported_at = now
    assignment.behind_from = behind_from(
        start=_expected_start(assignment.task), due=assignment.due_date, percent=percent
    )
    fields = _change(assignment, Move.REPORT, to_status, now=now)
    assignment.save(update_fields=["percent", "last_reported_at", "behind_from", *fields])
    data = {"percent": percent, "was_percent": was_percent, "report": report.pk}
    change = Change(
        assignment.task,
        EventKind.REPORT,
        assignment,
        from_status=before,
        to_status=to_status,
        note=note,
        data=data,
    )
    record([change], by=by, now=now)
    return report


@transaction.atomic
def report_and_hand_in(
    assignment_id: int,
    *,
    percent: int,
    note: str,
    form_key: UUID,
    by: User,
    now: datetime,
    version: int | None = None,
) -> ProgressReport:
    """Report and apply for closure in one step: both or neither, and once for each `form_key`."""
    assignment = _locked(assignment_id)
    is_repeated = assignment.reports.filter(form_key=form_key).exists()
    report = report_progress(
        assignment_id, percent=percent, note=note, form_key=form_key, by=by, now=now, version=version
    )
    if not is_repeated:
        move_assignment(assignment_id, Move.SUBMIT, by=by, now=now)
    return report
