"""Giving a share to another unit (转办): the old share ends with its history, a new one begins."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Department, DepartmentQuerySet, User
from tracker.actions.history import Change, record
from tracker.actions.tasks import Share, new_assignment
from tracker.actions.work import MoveRefused, locked, make_move
from tracker.clock import day_of
from tracker.models import Assignment
from tracker.workflow import EventKind, Move


def units_to_choose(assignment: Assignment) -> DepartmentQuerySet:
    """Units that may get the share: they can work for its region, and have no share in force in its task."""
    taken = assignment.task.assignments.in_force().values("department")
    units = Department.objects.answering_for(assignment.region)
    return units.exclude(Q(pk__in=taken) | Q(pk=assignment.department_id)).by_name()


@transaction.atomic
def reassign(
    assignment_id: int,
    *,
    department: Department,
    due_date: date | None,
    reason: str,
    form_key: UUID,
    by: User,
    now: datetime,
    version: int | None = None,
) -> Assignment:
    """End the share as reassigned and make one of the same role for `department`; returns the new one.

    `due_date` is the new unit's, None for that of the old share; it lies after today, so that nobody is
    given what is late already. The new unit begins unsigned, at 0 percent, and is judged by its own date
    alone: late days stay with who had them. The same `form_key` a second time returns the first result.
    Raises MoveRefused or StaleVersion.
    """
    old = locked(assignment_id)
    if done := _done_before(old, form_key):
        return done
    data = {
        "form_key": str(form_key),
        "to_department": department.pk,
        "to_unit": department.short_name,
    }
    changes = make_move(old, Move.REASSIGN, by=by, now=now, note=reason, version=version, data=data)
    if not units_to_choose(old).filter(pk=department.pk).exists():
        raise MoveRefused(
            _("不能转给“%(unit)s”：不是本地区在用的单位，或者在本任务中已有责任。") % {"unit": department}
        )
    due_date = due_date or old.due_date
    if due_date is not None and due_date <= day_of(now):
        raise MoveRefused(_("新单位的时限要晚于今天。"))
    new = _successor(old, department, due_date=due_date, now=now)
    taken = {
        "from_assignment": old.pk,
        "from_department": old.department_id,
        "from_unit": old.department.short_name,
        "due_date": new.due_date.isoformat() if new.due_date else None,
    }
    changes.append(Change(old.task, EventKind.TAKE_OVER, new, note=reason, data=taken))
    record(changes, by=by, now=now)
    return new


def _done_before(old: Assignment, form_key: UUID) -> Assignment | None:
    """What this very form made already; a share is reassigned only once."""
    event = old.events.filter(kind=EventKind.REASSIGN).first()
    if event is None or event.data["form_key"] != str(form_key):
        return None
    return Assignment.objects.select_related("department").get(taken_over_from=old)


def _successor(
    old: Assignment, department: Department, *, due_date: date | None, now: datetime
) -> Assignment:
    is_member = old.via is not None and old.via.members.filter(pk=department.pk).exists()
    share = Share(department.pk, old.role, old.via_id if is_member else None)
    new = new_assignment(old.task, share, due_date=due_date, steps=old.task.nodes.steps(), now=now)
    new.taken_over_from = old
    new.save(force_insert=True)
    return new
