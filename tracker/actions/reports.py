"""Taking a report back. What it said, and its files, stay for the audit."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from tracker import permissions
from tracker.actions.evidence import for_history
from tracker.actions.history import Change, record
from tracker.actions.work import MoveRefused, lock_tasks, locked
from tracker.models import Assignment, ProgressReport
from tracker.workflow import EventKind


@transaction.atomic
def withdraw_report(report_id: int, *, reason: str, by: User, now: datetime) -> ProgressReport:
    """Mark a report as withdrawn; the share stands again where the report before left it.

    With it go its counterparts in other tasks of the same duty, but for shares that were handed in or
    closed with it meanwhile. With a counterpart nothing else goes.
    Raises MoveRefused. Nothing is deleted: row, evidence and files stay, and the history names them.
    """
    mine = ProgressReport.objects.with_mirrors(report_id)
    lock_tasks(mine.values("assignment__task"))
    assignment = locked(ProgressReport.objects.values_list("assignment_id", flat=True).get(pk=report_id))
    report = ProgressReport.objects.select_related("assignment").get(pk=report_id)
    if report.is_withdrawn:
        raise MoveRefused(_("这次填报已经撤回。"))
    if not permissions.can_withdraw(by, report):
        status = assignment.get_status_display()
        raise MoveRefused(_("当前状态为“%(status)s”，不能撤回填报。") % {"status": status})
    if not reason.strip():
        raise MoveRefused(_("请写明撤回的理由。"))
    changes = [_withdraw(report, assignment, reason=reason, by=by, now=now)]
    for mirror in report.mirrors.standing().select_related("assignment").order_by("pk"):
        if permissions.can_withdraw(by, mirror):
            changes.append(_withdraw(mirror, locked(mirror.assignment_id), reason=reason, by=by, now=now))
    record(changes, by=by, now=now)
    return report


def _withdraw(
    report: ProgressReport, assignment: Assignment, *, reason: str, by: User, now: datetime
) -> Change:
    report.withdraw(reason=reason, by=by, now=now)
    was_percent = assignment.percent
    last = assignment.reports.standing().newest_first().first()
    assignment.percent = last.percent if last else 0
    assignment.last_reported_at = last.created_at if last else None
    assignment.behind_from = assignment.first_day_behind(assignment.task.nodes.steps())
    assignment.version += 1
    assignment.save(update_fields=["percent", "last_reported_at", "behind_from", "version"])
    data = {
        "report": report.pk,
        "percent": assignment.percent,
        "was_percent": was_percent,
        "evidence": for_history(report.evidence.order_by("pk")),
    }
    return Change(assignment.task, EventKind.WITHDRAW_REPORT, assignment, note=reason, data=data)
