"""What people do to an assignment. `move_assignment` is the one door for each change of status."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from tracker import permissions
from tracker.actions.evidence import files_undone_on_failure, for_history, keep_evidence
from tracker.actions.history import Change, record
from tracker.clock import day_of
from tracker.filetypes import Upload
from tracker.models import Assignment, ExtensionRequest, Plan, ProgressReport, Task
from tracker.turns import changes_hands
from tracker.workflow import EventKind, Move, Role, Status, next_status


class MoveRefused(Exception):
    """The move is not allowed; the text says why, for a person."""


class StaleVersion(MoveRefused):
    """Somebody else changed the assignment after this person's page was shown."""


class SomeRefused(MoveRefused):
    """One form for several assignments, and some of them refused: nothing was kept."""

    def __init__(self, refusals: Mapping[int, MoveRefused]) -> None:
        super().__init__(" ".join(str(refusal) for refusal in refusals.values()))
        self.refusals = refusals


def lock_tasks(keys: Collection[int] | QuerySet[Any]) -> None:
    """Lock these tasks' rows, in one order for everybody: two who want several never wait for each other."""
    list(Task.objects.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk"))


def locked(assignment_id: int) -> Assignment:
    """The assignment with its task's row locked: moves of one task follow one another."""
    task_id = Assignment.objects.values_list("task_id", flat=True).get(pk=assignment_id)
    Task.objects.select_for_update().get(pk=task_id)
    return (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("task", "department", "region")
        .get(pk=assignment_id)
    )


def check_version(assignment: Assignment, version: int | None) -> None:
    """Raises StaleVersion when the form is older than the assignment; None is not compared."""
    if version is not None and version != assignment.version:
        raise StaleVersion(
            _("您打开页面之后，这项任务已有变化（现为“%(status)s”）。请核对后再提交。")
            % {"status": assignment.get_status_display()}
        )


def _check(assignment: Assignment, move: str, *, by: User | None, note: str, version: int | None) -> str:
    """The status the move leads to. Raises MoveRefused or StaleVersion with a reason for a person."""
    check_version(assignment, version)
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
    if move == Move.SUBMIT and lacks_evidence(assignment):
        raise MoveRefused(_("本方案要求办结须附佐证材料：请在填报时上传材料，再申请办结。"))
    if move == Move.REOPEN and not assignment.is_in_force and _has_another(assignment):
        raise MoveRefused(_("这个单位在本任务中已另有责任，不能重新开启。"))
    return to_status


def lacks_evidence(assignment: Assignment) -> bool:
    """Whether the plan asks for a file before handing in, and no standing report of the share has one."""
    asked = Plan.objects.asking_evidence().filter(pk=assignment.plan_id).exists()
    return asked and not assignment.evidence.standing().exists()


def _has_another(assignment: Assignment) -> bool:
    """Whether the unit has a share in force beside this one: the task came back to it meanwhile."""
    shares = assignment.task.assignments.in_force().for_department(assignment.department_id)
    return shares.exclude(pk=assignment.pk).exists()


def _pass_on(assignment: Assignment, to_status: str, *, day: date) -> list[str]:
    """Where the clock changes hands: add the late days of the turn that ends; the names of the fields set."""
    if not changes_hands(assignment.status, to_status):
        return []
    late = assignment.late_days(day)
    assignment.unit_late_days, assignment.reviewer_late_days = late.unit, late.reviewer
    assignment.held_since = day
    return ["unit_late_days", "reviewer_late_days", "held_since"]


def _change(assignment: Assignment, move: str, to_status: str, *, now: datetime) -> list[str]:
    """Set the new status and the times that belong to the move; the names of the fields set."""
    fields = ["status", "version", *_pass_on(assignment, to_status, day=day_of(now))]
    assignment.status = to_status
    assignment.version += 1
    if move in (Move.SIGN, Move.REPORT) and assignment.signed_at is None:
        assignment.signed_at = now
        fields.append("signed_at")
    if move == Move.SUBMIT:
        assignment.handed_in_on = day_of(now)
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


def _lapse_requests(shares: Sequence[Assignment], *, now: datetime) -> list[Change]:
    """Close what these shares still ask for: nobody needs the answer any more."""
    changes = []
    for request in ExtensionRequest.objects.open().filter(assignment__in=shares).order_by("pk"):
        request.state = ExtensionRequest.State.LAPSED
        request.decided_at = now
        request.save(update_fields=["state", "decided_at"])
        share = next(share for share in shares if share.pk == request.assignment_id)
        changes.append(Change(share.task, EventKind.LAPSE_EXTENSION, share, data={"request": request.pk}))
    return changes


def settle_task(task: Task, *, now: datetime) -> list[Change]:
    """Close the task when no answering share is open any more, or open it again when one is.

    Those that were waived or reassigned hold nothing up: the successor does. A task that nobody leads or
    implements goes by its supporting shares.
    """
    answering = task.assignments.filter(role__in=Role.answering)
    deciding = answering if answering.exists() else task.assignments.all()
    if deciding.open().exists():
        if task.closed_at is not None:
            task.closed_at = None
            task.save(update_fields=["closed_at"])
        return []
    if task.closed_at is not None:
        return []
    task.closed_at = now
    task.save(update_fields=["closed_at"])
    changes = []
    support = list(task.assignments.open().order_by("pk"))
    for share in support:
        before = share.status
        share.save(update_fields=_change(share, Move.CLOSE_WITH_TASK, Status.CLOSED, now=now))
        changes.append(
            Change(task, EventKind.CLOSE_WITH_TASK, share, from_status=before, to_status=Status.CLOSED)
        )
    return [*changes, *_lapse_requests(support, now=now), Change(task, EventKind.TASK_CLOSED)]


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
    system itself. Raises MoveRefused, or StaleVersion when the form is older than the assignment. Reassigning
    needs a unit to go to and is refused here: actions.reassign does it.
    """
    if move == Move.REASSIGN:
        raise MoveRefused(_("转办要选择新的责任单位，请在转办页面办理。"))
    assignment = locked(assignment_id)
    changes = make_move(assignment, move, by=by, now=now, note=note, version=version)
    record([*changes, *settle_task(assignment.task, now=now)], by=by, now=now)
    return assignment


def make_move(
    assignment: Assignment,
    move: str,
    *,
    by: User | None,
    now: datetime,
    note: str,
    version: int | None,
    data: Mapping[str, Any] | None = None,
) -> list[Change]:
    """Check one move of a locked assignment and write it; returns what the caller has to record.

    For actions that do more than the move in the same transaction. Raises as move_assignment does.
    """
    to_status = _check(assignment, move, by=by, note=note, version=version)
    before = assignment.status
    assignment.save(update_fields=_change(assignment, move, to_status, now=now))
    change = Change(assignment.task, move, assignment, before, to_status, note, dict(data or {}))
    return [change, *([] if to_status in Status.open else _lapse_requests([assignment], now=now))]


@transaction.atomic
def sign_all(assignment_ids: Sequence[int], *, by: User, now: datetime) -> int:
    """Sign for those of the assignments that still wait for it; returns how many were signed.

    The same move as move_assignment makes, for many rows in a fixed number of queries.
    """
    waiting = Assignment.objects.unsigned().filter(pk__in=assignment_ids)
    lock_tasks(waiting.values("task"))
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


def report_progress(
    assignment_id: int,
    *,
    percent: int,
    note: str,
    form_key: UUID,
    by: User,
    now: datetime,
    version: int | None = None,
    uploads: Sequence[Upload] = (),
    hand_in: bool = False,
    from_sheet: bool = False,
    answered: Collection[int] = (),
) -> ProgressReport:
    """Keep a progress report and move the assignment's percentage; the first one signs for it too.

    It counts for the unit's shares of the same duty too, as report_together says, but for the `answered`,
    which are reported on in words of their own. With `hand_in` it applies for closure in the same step: both
    or neither. What a unit filled in offline (`from_sheet`) a coordinator may bring in for it, and the report
    says so.
    The same `form_key` a second time (a double click, a re-sent form) returns the first report and changes
    nothing. Raises MoveRefused or StaleVersion as move_assignment does; then no file is left behind either.
    """
    [report] = report_together(
        {assignment_id: version},
        percent=percent,
        note=note,
        form_key=form_key,
        by=by,
        now=now,
        uploads=uploads,
        hand_in=hand_in,
        from_sheet=from_sheet,
        answered=answered,
    )
    return report


@dataclass(frozen=True, slots=True)
class _Said:
    """What a progress form says."""

    percent: int
    note: str
    form_key: UUID
    uploads: Sequence[Upload]
    from_sheet: bool = False
    # Where the uploads were stored, by fingerprint: the same for all that one form answers.
    places: dict[str, str] = field(default_factory=dict)


def report_together(
    versions: Mapping[int, int | None],
    *,
    percent: int,
    note: str,
    form_key: UUID,
    by: User,
    now: datetime,
    hand_in: bool = False,
    hand_in_linked: Mapping[int, int | None] | None = None,
    uploads: Sequence[Upload] = (),
    from_sheet: bool = False,
    answered: Collection[int] = (),
) -> list[ProgressReport]:
    """One form as a report of each of these assignments, given with the version the form was shown with.

    It counts for the unit's shares of the same duties too, as far as they may be reported on: each gets a
    report of its own with the same words and files, which knows from which one it came. With `hand_in`,
    those of `hand_in_linked` apply for closure too.
    All or none; the form sent again does nothing twice. Raises SomeRefused, which says of each refused one
    why; or, of a single one, its own MoveRefused or StaleVersion. Returns the reports of the given ones.
    """
    linked = (hand_in_linked or {}) if hand_in else {}
    refusals: dict[int, MoveRefused] = {}
    reports, made = [], []
    said = _Said(percent, note, form_key, uploads, from_sheet)
    with files_undone_on_failure() as stored, transaction.atomic():
        lock_tasks(Task.objects.answered_with(versions).values("pk"))
        for pk, version in versions.items():
            try:
                report, is_new = _report_once(
                    locked(pk), said, stored, hand_in, by=by, now=now, version=version
                )
                reports.append(report)
                made += [report] if is_new else []
            except MoveRefused as refusal:
                refusals[pk] = refusal
        # What was made before was shared then; a task that was linked since has no part in it.
        for report in [] if refusals else made:
            refusals |= _share(report, said, stored, linked, answered, by=by, now=now)
        if refusals:
            is_alone = len(versions) == 1 and refusals.keys() == versions.keys()
            raise next(iter(refusals.values())) if is_alone else SomeRefused(refusals)
    return reports


def _share(
    report: ProgressReport,
    said: _Said,
    stored: list[str],
    hand_in: Mapping[int, int | None],
    answered: Collection[int],
    *,
    by: User,
    now: datetime,
) -> dict[int, MoveRefused]:
    """Count the report for the unit's shares of the same duty, but for those that are answered already.

    What is closed, handed in, suspended or not in force is left alone. Returns why some refused.
    """
    refusals = {}
    shares = Assignment.objects.sharing_duty(report.assignment).filter(status__in=Status.with_unit)
    for share in shares.exclude(pk__in=answered):
        if share.reports.filter(form_key=said.form_key).exists():
            continue
        is_handed_in = share.pk in hand_in
        try:
            _report_once(
                locked(share.pk),
                said,
                stored,
                is_handed_in,
                by=by,
                now=now,
                version=hand_in.get(share.pk),
                shared_from=report,
            )
        except MoveRefused as refusal:
            refusals[share.pk] = refusal
    return refusals


def _report_once(
    assignment: Assignment,
    said: _Said,
    stored: list[str],
    hand_in: bool,
    *,
    by: User,
    now: datetime,
    version: int | None,
    shared_from: ProgressReport | None = None,
) -> tuple[ProgressReport, bool]:
    """The report that this form has made already, or a new one; and whether it is new."""
    if existing := assignment.reports.filter(form_key=said.form_key).first():
        return existing, False
    report = _report(assignment, said, stored, shared_from, by=by, now=now, version=version)
    if hand_in:
        move_assignment(assignment.pk, Move.SUBMIT, by=by, now=now)
    return report, True


def _report(
    assignment: Assignment,
    said: _Said,
    stored: list[str],
    shared_from: ProgressReport | None,
    *,
    by: User,
    now: datetime,
    version: int | None,
) -> ProgressReport:
    if said.from_sheet and not permissions.can_report_for(by, assignment):
        raise MoveRefused(_("您没有权限%(move)s。") % {"move": Move.REPORT.label})
    to_status = _check(
        assignment, Move.REPORT, by=None if said.from_sheet else by, note=said.note, version=version
    )
    report = ProgressReport.objects.create(
        assignment=assignment,
        percent=said.percent,
        note=said.note,
        created_at=now,
        created_by=by,
        form_key=said.form_key,
        is_on_behalf=not permissions.belongs_to_unit(by, assignment),
        shared_from=shared_from,
    )
    evidence = keep_evidence(report, said.uploads, stored=stored, places=said.places)
    # What its writer began on the page is not what came in by a sheet, and what was begun for another task of
    # the duty may say something else.
    if shared_from is None and not said.from_sheet:
        permissions.visible_report_drafts(by).of(assignment).delete()
    before = assignment.status
    was_percent = assignment.percent
    assignment.percent = said.percent
    assignment.last_reported_at = now
    assignment.behind_from = assignment.first_day_behind(assignment.task.nodes.steps())
    fields = _change(assignment, Move.REPORT, to_status, now=now)
    assignment.save(update_fields=["percent", "last_reported_at", "behind_from", *fields])
    data: dict[str, Any] = {"percent": said.percent, "was_percent": was_percent, "report": report.pk}
    if evidence:
        data["evidence"] = for_history(evidence)
    if said.from_sheet:
        data["from_sheet"] = True
    if shared_from is not None:
        data["shared_from"] = shared_from.pk
    change = Change(
        assignment.task,
        EventKind.REPORT,
        assignment,
        from_status=before,
        to_status=to_status,
        note=said.note,
        data=data,
    )
    record([change], by=by, now=now)
    return report
