"""What leaders and units read at a glance: plain frozen data, each number counting the rows of one list.

Every function takes the assignments the person may see, so that a number and the list behind it start from
the same rows and use the same definitions (AssignmentQuerySet). What is no longer in force is in no number.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.db.models import Count, F, Max, Min, Q, Window
from django.db.models.functions import Coalesce, RowNumber

from accounts.models import Department
from tracker.models import Assignment, Measure, Plan, Task
from tracker.models.assignments import AssignmentQuerySet
from tracker.workflow import YELLOW_DAYS, Light, Status, WorkState

GROUP_LIMIT = 50
SIGN_LIMIT = 1000  # rows of one press: a form has a limit of fields, and a person of attention
OVERDUE_ROWS_PER_UNIT = 20
PERIODS_SHOWN = 12  # the newest of a series on the page of a task; the ledger has them all
QUEUE_ROWS = 50


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
    return Numbers(**assignments.in_force().aggregate(**_numbers(today)))


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
    rows: Any = (
        assignments.in_force()
        .values("department")
        .annotate(
            **_counts(today),
            earliest=Min("due_date", filter=AssignmentQuerySet.overdue_q(today)),
        )
    )
    # Names come by themselves: grouping everything by them as well takes twice the time.
    named = Department.objects.select_related("region").in_bulk([row["department"] for row in rows])
    lines = [
        UnitLine(
            department=row["department"],
            name=named[row["department"]].short_name,
            region=named[row["department"]].region.name,
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
        .for_short_list()
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
    stated = assignments.in_force().with_work_state(today)
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
class PeriodLine:
    """One period of a series, and how the shares that the person may see stand in it.

    What left force is in no figure; where all of them did, `status` says what became of them.
    """

    task: Task
    total: int
    closed: int
    overdue: int
    light: Light
    status: Status | None  # where all of them have the same

    @property
    def name(self) -> str:
        return self.task.period or self.task.number


def series_periods(tasks: Iterable[Task], assignments: AssignmentQuerySet, today: date) -> list[PeriodLine]:
    """These tasks with the worst light among their shares, in one query."""
    tasks = list(tasks)
    lights = {light.value: Count("pk", filter=Q(light=light)) for light in Light}
    in_force = ~Q(status__in=Status.out_of_force)
    rows: Any = (
        assignments.filter(task__in=tasks)
        .with_light(today)
        .values("task")
        .annotate(
            **lights,
            total=Count("pk", filter=in_force),
            closed=Count("pk", filter=Q(status=Status.CLOSED)),
            low=Coalesce(Min("status", filter=in_force), Min("status")),
            high=Coalesce(Max("status", filter=in_force), Max("status")),
        )
    )
    found = {row["task"]: row for row in rows}
    return [
        PeriodLine(
            task=task,
            total=row["total"],
            closed=row["closed"],
            overdue=row[Light.RED.value],
            light=next(light for light in Light if row[light.value]),
            status=Status(row["low"]) if row["low"] == row["high"] else None,
        )
        for task in tasks
        if (row := found.get(task.pk))
    ]


@dataclass(frozen=True, slots=True)
class Place:
    """Where one submission stands in its reviewer's queue, with those around it."""

    position: int
    total: int
    previous: Assignment | None
    next: Assignment | None
    rows: list[Assignment]
    before: int  # how many come before and after `rows`
    after: int


def place_in_queue(queue: AssignmentQuerySet, item: Assignment) -> Place:
    """The place of `item`, and the QUEUE_ROWS submissions among which it is shown."""
    total, earlier = queue.count(), queue.handed_in_before(item).count()
    before = earlier // QUEUE_ROWS * QUEUE_ROWS
    first = max(before - 1, 0)  # one more on either side, for the neighbours
    found = list(queue.for_list().oldest_first()[first : before + QUEUE_ROWS + 1])
    at, rows = earlier - first, found[before - first :][:QUEUE_ROWS]
    return Place(
        position=earlier + 1,
        total=total,
        previous=found[at - 1] if at else None,
        next=next(iter(found[at + 1 :]), None),
        rows=rows,
        before=before,
        after=total - before - len(rows),
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
    rows: Any = assignments.in_force().values(key=F(key)).annotate(**counts)
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
