"""Figures against targets: given once, corrected by a later one of the same day, or taken back."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from tracker import permissions
from tracker.actions.history import Change, record
from tracker.actions.work import MoveRefused, locked
from tracker.clock import day_of
from tracker.models import Assignment, Target, TargetReading, Task
from tracker.targets import figure
from tracker.workflow import EventKind


def first_reading_day(task: Task) -> date:
    """A figure is of a day of the task: from its start, or from the day it was given out if earlier."""
    return min(task.begins_on, day_of(task.created_at))


@transaction.atomic
def record_reading(
    assignment_id: int,
    *,
    target: Target,
    value: Decimal,
    read_on: date,
    note: str,
    form_key: UUID,
    by: User,
    now: datetime,
) -> TargetReading:
    """Keep a unit's figure of a day. The same `form_key` again returns the first one. Raises MoveRefused."""
    assignment = locked(assignment_id)
    if existing := assignment.readings.filter(form_key=form_key).first():
        return existing
    if not permissions.can_record_reading(by, assignment):
        raise MoveRefused(
            _("当前状态为“%(status)s”，不能登记指标数值。") % {"status": assignment.get_status_display()}
        )
    if target.clause_id != assignment.task.clause_id:
        raise MoveRefused(_("这项任务没有这个指标。"))
    first = first_reading_day(assignment.task)
    if read_on < first:
        raise MoveRefused(_("数值日期不能早于任务开始的 %(day)s。") % {"day": first})
    if read_on > day_of(now):
        raise MoveRefused(_("数值日期不能晚于今天。"))
    was = _counting_on(assignment, target, read_on)
    reading = TargetReading.objects.create(
        assignment=assignment,
        target=target,
        value=value,
        read_on=read_on,
        note=note,
        created_at=now,
        created_by=by,
        form_key=form_key,
    )
    data = _for_history(reading) | ({"was": figure(was.value, target.unit)} if was else {})
    record([Change(assignment.task, EventKind.READING, assignment, note=note, data=data)], by=by, now=now)
    return reading


@transaction.atomic
def withdraw_reading(reading_id: int, *, reason: str, by: User, now: datetime) -> TargetReading:
    """Mark a reading as taken back; it stays for the audit. Raises MoveRefused."""
    assignment = locked(TargetReading.objects.values_list("assignment_id", flat=True).get(pk=reading_id))
    reading = TargetReading.objects.for_page().get(pk=reading_id)
    if reading.is_withdrawn:
        raise MoveRefused(_("这个数值已经撤回。"))
    if not permissions.can_withdraw(by, reading):
        status = assignment.get_status_display()
        raise MoveRefused(_("当前状态为“%(status)s”，不能撤回指标数值。") % {"status": status})
    if not reason.strip():
        raise MoveRefused(_("请写明撤回的理由。"))
    reading.withdraw(reason=reason, by=by, now=now)
    data = _for_history(reading)
    change = Change(assignment.task, EventKind.WITHDRAW_READING, assignment, note=reason, data=data)
    record([change], by=by, now=now)
    return reading


def _counting_on(assignment: Assignment, target: Target, day: date) -> TargetReading | None:
    return assignment.readings.counting().filter(target=target, read_on=day).first()


def _for_history(reading: TargetReading) -> dict[str, int | str]:
    return {
        "reading": reading.pk,
        "target": reading.target_id,
        "indicator": reading.target.indicator or reading.target.quote,
        "figure": figure(reading.value, reading.target.unit),
        "read_on": reading.read_on.isoformat(),
    }
