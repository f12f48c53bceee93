"""More time: a unit asks, the coordinator grants or refuses. Only here does a due date move."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from tracker import permissions
from tracker.actions.history import Change, finished_late, record
from tracker.actions.work import MoveRefused, check_version, locked
from tracker.clock import day_of
from tracker.models import Assignment, ExtensionRequest
from tracker.workflow import EventKind


@transaction.atomic
def ask_extension(
    assignment_id: int,
    *,
    new_date: date,
    reason: str,
    form_key: UUID,
    by: User,
    now: datetime,
    version: int | None = None,
) -> ExtensionRequest:
    """Ask for a later due date. After expiry the request is marked, and judged on the first date.

    The same `form_key` a second time returns the first request. Raises MoveRefused or StaleVersion.
    """
    assignment = locked(assignment_id)
    if existing := assignment.extension_requests.filter(form_key=form_key).first():
        return existing
    check_version(assignment, version)
    due = assignment.due_date
    if due is None or not permissions.can_ask_extension(by, assignment):
        status = assignment.get_status_display()
        raise MoveRefused(_("当前状态为“%(status)s”，不能申请延期。") % {"status": status})
    if assignment.extension_requests.open().exists():
        raise MoveRefused(_("已有一份延期申请待审批，审批之后才能再次申请。"))
    if not reason.strip():
        raise MoveRefused(_("请写明延期理由。"))
    if new_date <= max(due, day_of(now)):
        raise MoveRefused(_("新的时限要晚于原时限，也要晚于今天。"))
    request = ExtensionRequest.objects.create(
        assignment=assignment,
        old_date=due,
        new_date=new_date,
        is_late=due < day_of(now),
        reason=reason,
        created_at=now,
        created_by=by,
        form_key=form_key,
    )
    assignment.version += 1
    assignment.save(update_fields=["version"])
    _record(request, assignment, EventKind.ASK_EXTENSION, new_date, note=reason, by=by, now=now)
    return request


@transaction.atomic
def grant_extension(
    request_id: int, *, due_date: date, answer: str = "", by: User, now: datetime
) -> ExtensionRequest:
    """Move the due date to `due_date`, which may be earlier than was asked. Raises MoveRefused.

    The first date stays. Reminders know an occasion by its due date, so they arm themselves again.
    """
    request, assignment = _to_decide(request_id, by=by)
    if due_date <= request.old_date:
        raise MoveRefused(_("批准的时限要晚于原时限。"))
    _decide(request, ExtensionRequest.State.GRANTED, answer=answer, granted_date=due_date, by=by, now=now)
    if request.is_late:
        assignment.judged_date = assignment.first_due_date
    elif not assignment.is_judged_on_first_date:
        assignment.judged_date = due_date
    late = finished_late(assignment)
    assignment.unit_late_days, assignment.reviewer_late_days = late.unit, late.reviewer
    assignment.due_date = due_date
    assignment.extension_count += 1
    assignment.behind_from = assignment.first_day_behind(assignment.task.nodes.steps())
    assignment.version += 1
    dates = ["due_date", "judged_date", "extension_count", "behind_from"]
    assignment.save(update_fields=[*dates, "unit_late_days", "reviewer_late_days", "version"])
    _record(request, assignment, EventKind.GRANT_EXTENSION, due_date, note=answer, by=by, now=now)
    return request


@transaction.atomic
def refuse_extension(request_id: int, *, answer: str, by: User, now: datetime) -> ExtensionRequest:
    """Leave the due date where it is, and say why. Raises MoveRefused."""
    request, assignment = _to_decide(request_id, by=by)
    if not answer.strip():
        raise MoveRefused(_("不批准的，请写明理由。"))
    _decide(request, ExtensionRequest.State.REFUSED, answer=answer, granted_date=None, by=by, now=now)
    assignment.version += 1
    assignment.save(update_fields=["version"])
    _record(request, assignment, EventKind.REFUSE_EXTENSION, None, note=answer, by=by, now=now)
    return request


def _to_decide(request_id: int, *, by: User) -> tuple[ExtensionRequest, Assignment]:
    """The open request and its assignment, locked in the order of every move: the task first."""
    assignment = locked(ExtensionRequest.objects.values_list("assignment_id", flat=True).get(pk=request_id))
    request = ExtensionRequest.objects.for_page().get(pk=request_id)
    if not request.is_open:
        raise MoveRefused(
            _("这份延期申请已有结果：%(state)s（%(person)s）。")
            % {"state": request.get_state_display(), "person": request.decided_by or _("系统")}
        )
    if not permissions.can_decide_extension(by, request):
        raise MoveRefused(_("您没有权限审批这份延期申请。"))
    return request, assignment


def _decide(
    request: ExtensionRequest, state: str, *, answer: str, granted_date: date | None, by: User, now: datetime
) -> None:
    request.state = state
    request.answer = answer
    request.granted_date = granted_date
    request.decided_by = by
    request.decided_at = now
    request.save(update_fields=["state", "answer", "granted_date", "decided_by", "decided_at"])


def _record(
    request: ExtensionRequest,
    assignment: Assignment,
    kind: str,
    to_date: date | None,
    *,
    note: str,
    by: User,
    now: datetime,
) -> None:
    data = {
        "request": request.pk,
        "from_date": request.old_date.isoformat(),
        "to_date": to_date.isoformat() if to_date else None,
        "is_late": request.is_late,
    }
    record([Change(assignment.task, kind, assignment, note=note, data=data)], by=by, now=now)
