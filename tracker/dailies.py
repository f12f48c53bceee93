"""今日单: what each unit has to do now, for a sheet of paper. Works when mail does not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber

from accounts.models import Department
from tracker.models import Assignment
from tracker.models.assignments import AssignmentQuerySet
from tracker.workflow import WorkState

# What a sheet tells of, in the order in which it does: each share stands in one group, as in "my work".
URGENT = (WorkState.RETURNED, WorkState.OVERDUE, WorkState.UNSIGNED, WorkState.SOON)
SHEET_ROWS = 25  # of one group; how many more there are is said
SHEET_ROWS_OF_MANY = 7  # where a sheet is one of many, so that few units need a second page
OVERDUE_PRINTED = 1000  # rows of a printed overdue list


@dataclass(frozen=True, slots=True)
class SheetGroup:
    """Shares of one state: the first of them, and how many there are."""

    state: WorkState
    count: int
    rows: list[Assignment]

    @property
    def hidden(self) -> int:
        return self.count - len(self.rows)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One unit's sheet; without groups there is nothing to do today."""

    unit: Department
    groups: list[SheetGroup]

    @property
    def count(self) -> int:
        return sum(group.count for group in self.groups)


def urgent(assignments: AssignmentQuerySet, today: date) -> AssignmentQuerySet:
    """What the sheets are made of."""
    return assignments.in_work_states(today, [state.value for state in URGENT])


def units_with_work(assignments: AssignmentQuerySet, today: date) -> list[int]:
    """Keys of the units that have something to do today, by region and name."""
    units = Department.objects.filter(pk__in=urgent(assignments, today).values("department"))
    return list(units.order_by("region__code", "short_name", "pk").values_list("pk", flat=True))


def sheets(
    assignments: AssignmentQuerySet, units: Iterable[Department], today: date, *, limit: int
) -> list[Sheet]:
    """A sheet for each of the units with `limit` rows of each group, in two queries."""
    units = list(units)
    found = urgent(assignments.for_departments([unit.pk for unit in units]), today)
    counts: Any = found.values("department", state=F("work_state")).annotate(count=Count("pk"))
    count = {(row["department"], row["state"]): row["count"] for row in counts}
    urgency = [F("due_date").asc(nulls_last=True), F("pk").asc()]
    place = Window(RowNumber(), partition_by=[F("department"), F("work_state")], order_by=urgency)
    rows: dict[tuple[int, str], list[Assignment]] = {key: [] for key in count}
    for row in found.annotate(place=place).filter(place__lte=limit).for_list().order_by("place"):
        rows[row.department_id, row.work_state].append(row)
    return [
        Sheet(
            unit,
            [
                SheetGroup(state, count[unit.pk, state.value], rows[unit.pk, state.value])
                for state in URGENT
                if (unit.pk, state.value) in count
            ],
        )
        for unit in units
    ]
