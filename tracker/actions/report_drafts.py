"""Keeping what a person has typed and not yet sent. A draft is no part of the record: it makes no history."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from tracker import permissions
from tracker.actions.work import MoveRefused, locked
from tracker.models import ReportDraft
from tracker.workflow import Move


@transaction.atomic
def save_report_draft(
    assignment_id: int,
    *,
    percent: int | None,
    note: str,
    by: User,
    now: datetime,
    form_key: UUID | None = None,
) -> ReportDraft | None:
    """Keep the person's own draft, one for each assignment; without news it is none. Raises MoveRefused.

    `form_key` is the form's: once its report is in, what a late automatic saving brings is not kept again.
    The lock lets the two follow one another.
    """
    assignment = locked(assignment_id)
    if not permissions.can_move(by, assignment, Move.REPORT):
        status = assignment.get_status_display()
        raise MoveRefused(_("当前状态为“%(status)s”，不能填报，没有暂存。") % {"status": status})
    drafts = permissions.visible_report_drafts(by).of(assignment)
    if form_key is not None and assignment.reports.filter(form_key=form_key).exists():
        return None
    if not note.strip() and percent in (None, assignment.percent):
        drafts.delete()
        return None
    draft, _made = ReportDraft.objects.update_or_create(
        assignment=assignment, user=by, defaults={"percent": percent, "note": note, "saved_at": now}
    )
    return draft


def discard_report_draft(assignment_id: int, *, by: User) -> None:
    """Throw the person's own draft away."""
    permissions.visible_report_drafts(by).filter(assignment=assignment_id).delete()
