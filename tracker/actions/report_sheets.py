"""What a unit filled in offline becomes its reports: all rows or none, by the one door of reports."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from tracker.actions.work import MoveRefused, SomeRefused, lock_tasks, report_progress
from tracker.models import ProgressReport, Task


@dataclass(frozen=True, slots=True)
class Filled:
    """One row of a sheet that is to become a report; `version` is the share's as its bringer saw it."""

    assignment: int
    version: int
    percent: int
    note: str
    form_key: UUID


@transaction.atomic
def take_in(
    rows: Sequence[Filled], *, answered: Collection[int] = (), by: User, now: datetime
) -> list[ProgressReport]:
    """Make a report of each row, and of no two rows one. The same rows again do nothing twice.

    No row counts for the share of another row, nor for the `answered`: of these the sheet says that they
    stay as they are. Raises SomeRefused, which says of each refused share why, and then keeps none.
    """
    answered = {*answered, *(row.assignment for row in rows)}
    lock_tasks(Task.objects.answered_with([row.assignment for row in rows]).values("pk"))
    refusals: dict[int, MoveRefused] = {}
    reports = []
    for row in rows:
        try:
            report = report_progress(
                row.assignment,
                percent=row.percent,
                note=row.note,
                form_key=row.form_key,
                version=row.version,
                from_sheet=True,
                answered=answered,
                by=by,
                now=now,
            )
        except MoveRefused as refusal:
            refusals[row.assignment] = refusal
        else:
            reports.append(report)
    if refusals:
        raise SomeRefused(refusals)
    return reports
