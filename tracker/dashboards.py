"""What leaders and units read at a glance: plain frozen data, each number counting the rows of one list.

Every function takes the assignments the person may see, so that a number and the list behind it start from
the same rows and use the same definitions (AssignmentQuerySet).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.db.models import Count, F, Min, Q, Window
from django.db.models.functions import RowNumber

from tracker.models import Assignment, Measure, Plan
from tracker.models.assignments import AssignmentQuerySet
from tracker.workflow import YELLOW_DAYS, Status, WorkState

GROUP_LIMIT = 50
SIGN_LIMIT = 1000  # rows of one press: a form has a limit of fields, and a person of attention
OVERDUE_ROWS_PER_UNIT = 20


def _counts(today: date) -> dict[str, Count]:
    overdue = AssignmentQuerySet.overdue_q(today)
    soon = AssignmentQuerySet.due_within_q(today, YELLOW_DAYS)
    return {
        "total": Count("pk"),
        "closed": Count("pk", filter=Q(status=Status.CLOSED)),
        "overdue": Count("pk", filter=overdue),
        "due_soon": Count("pk", filter=soon),
    }


@dataclass(frozen=True, slots=True)
class Numbers:
    """The figures at the top of a page."""

    total: int
    closed: int
    overdue: int
    due_soon: int
    unsigned: int
    awaiting_review: int

    @property
    def closed_rate(self) -> int | None:
        """Whole percent closed, rounded down: 100 only when nothing is left. None where there is nothing."""
        return self.closed * 100 // self.total if self.total else None


def _numbers(today: date) -> dict[str, Count]:
    return _counts(today) | {
        "unsigned": Count("pk", filter=Q(status=Status.PENDING)),
        "awaiting_review": Count("pk", filter=Q(status=Status.SUBMITTED)),
    }


def numbers(assignments: AssignmentQuerySet, today: date) -> Numbers:
    """Count once what the tiles show."""
    return Numbers(**assignments.aggregate(**_numbers(today)))


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One unit's bar: how its assignments stand, and how late the latest is."""

    department: int
    name: str
    region: str
    total: int
    closed: int
    overdue: int
    due_soon: int
    days_late: int

    @property
    def rest(self) -> int:
        """What AssignmentQuerySet.not_urgent finds."""
        return self.total - self.closed - self.overdue - self.due_soon


def _by_lateness(line: UnitLine) -> tuple[int, int, int, int, str, int]:
    """Most overdue first, then longest overdue, then most due soon, then most left to do; the key ends it."""
    left = line.total - line.closed
    return -line.overdue, -line.days_late, -line.due_soon, -left, line.name, line.department


def units(assignments: AssignmentQuerySet, today: date) -> list[UnitLine]:
    """Each unit with its figures, the latest first."""
    rows: Any = assignments.values(
        "department", name=F("department__short_name"), area=F("department__region__name")
    ).annotate(
        **_counts(today),
        earliest=Min("due_date", filter=AssignmentQuerySet.overdue_q(today)),
    )
    lines = [
        UnitLine(
            department=row["department"],
            name=row["name"],
            region=row["area"],
            total=row["total"],
            closed=row["closed"],
            overdue=row["overdue"],
            due_soon=row["due_soon"],
            days_late=(today - row["earliest"]).days if row["earliest"] else 0,
        )
        for row in rows
    ]
    return sorted(lines, key=_by_lateness)


@dataclass(frozen=True, slots=True)
class UnitRows:
    """A unit's worst overdue assignments; `line.overdue` says how many there are in all."""

    line: UnitLine
    rows: list[Assignment]

    @property
    def hidden(self) -> int:
        return self.line.overdue - len(self.rows)


def overdue_rows(
    assignments: AssignmentQuerySet,
    lines: Iterable[UnitLine],
    today: date,
    *,
    limit: int = OVERDUE_ROWS_PER_UNIT,
) -> list[UnitRows]:
    """For each of the units its `limit` most overdue assignments, in one query."""
    lines = list(lines)
    place = Window(RowNumber(), partition_by=F("department"), order_by=[F("due_date").asc(), F("pk").asc()])
    found = (
        assignments.overdue(today)
        .for_departments([line.department for line in lines])
        .annotate(place=place)
        .filter(place__lte=limit)
        .for_list()
        .order_by("department", "place")
    )
    by_unit = {key: list(rows) for key, rows in groupby(found, key=lambda row: row.department_id)}
    return [UnitRows(line, by_unit.get(line.department, [])) for line in lines]


@dataclass(frozen=True, slots=True)
class WorkGroup:
    """A heading of a unit's own page with its first rows; `query` opens all of them in the ledger."""

    state: WorkState
    count: int
    rows: list[Assignment]

    @property
    def query(self) -> str:
        return f"work={self.state.value}"

    @property
    def hidden(self) -> int:
        return self.count - len(self.rows)


@dataclass(frozen=True, slots=True)
class Work:
    """A unit's page: its figures, its unfinished assignments in groups, and what one press signs for."""

    numbers: Numbers
    groups: list[WorkGroup]
    unsigned: list[int]


def my_work(assignments: AssignmentQuerySet, today: date) -> Work:
    """A unit's unfinished assignments, each in one group (workflow.WorkState); empty groups are left out."""
    stated = assignments.with_work_state(today)
    counts = {state.name: Count("pk", filter=Q(work_state=state.value)) for state in WorkState}
    found: dict[str, int] = stated.aggregate(**_numbers(today), **counts)
    count = {state: found.pop(state.name) for state in WorkState}
    urgency = [F("due_date").asc(nulls_last=True), F("pk").asc()]
    place = Window(RowNumber(), partition_by=F("work_state"), order_by=urgency)
    first = stated.open().annotate(place=place).filter(place__lte=GROUP_LIMIT).for_list().order_by("place")
    rows: dict[str, list[Assignment]] = {state.value: [] for state in WorkState}
    for row in first:
        rows[row.work_state].append(row)
    unsigned = assignments.unsigned().by_urgency().values_list("pk", flat=True)[:SIGN_LIMIT]
    return Work(
        numbers=Numbers(**found),
        groups=[WorkGroup(state, count[state], rows[state.value]) for state in WorkState if count[state]],
        unsigned=list(unsigned) if found["unsigned"] else [],
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """How many assignments a plan or a measure has, and how they stand."""

    tasks: int = 0
    total: int = 0
    closed: int = 0
    overdue: int = 0

    @property
    def closed_rate(self) -> int | None:
        return self.closed * 100 // self.total if self.total else None


def _tallies(assignments: AssignmentQuerySet, key: str, today: date) -> dict[int, Tally]:
    counts = _counts(today) | {"tasks": Count("task", distinct=True)}
    del counts["due_soon"]
    rows: Any = assignments.values(key=F(key)).annotate(**counts)
    return {row.pop("key"): Tally(**row) for row in rows}


def plan_tallies(
    plans: Iterable[Plan], assignments: AssignmentQuerySet, today: date
) -> list[tuple[Plan, Tally]]:
    """Each plan with its figures."""
    plans = list(plans)
    found = _tallies(assignments.of_plans(plans), "plan", today)
    return [(plan, found.get(plan.pk, Tally())) for plan in plans]


@dataclass(frozen=True, slots=True)
class Section:
    """Measures under one path of headings; `headings`, with their depth, are new since the section before."""

    headings: list[tuple[int, str]]
    measures: list[tuple[Measure, Tally]]


def plan_sections(plan: Plan, assignments: AssignmentQuerySet, today: date) -> list[Section]:
    """The plan's measures in order, under their headings, each with its figures."""
    found = _tallies(assignments.of_plans([plan]), "task__measure", today)
    sections: list[Section] = []
    previous: list[str] = []
    for path, measures in groupby(plan.measures.in_order(), key=lambda measure: measure.path):
        shared = 0
        while shared < min(len(path), len(previous)) and path[shared] == previous[shared]:
            shared += 1
        lines = [(measure, found.get(measure.pk, Tally())) for measure in measures]
        headings = list(enumerate(path[shared:], start=shared + 1))
        sections.append(Section(headings=headings, measures=lines))
        previous = path
    return sections
