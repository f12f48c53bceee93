"""What the page of a task shows of its nodes and of its targets."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from accounts.models import User
from tracker.models import Assignment, Node, Target, TargetReading, Task
from tracker.permissions import can_record_reading, can_set_nodes, can_withdraw, visible_readings
from tracker.targets import Chart, Goal, Point, Standing, chart, standing
from tracker.workflow import Light, Role, Status

# Readings that a page shows of one unit and target: two years of months.
READINGS_SHOWN = 24


@dataclass(frozen=True, slots=True)
class NodeTable:
    """The nodes by whether their day has passed, and where they do not fit the dates that hold."""

    nodes: list[Node]
    next_node: Node | None
    may_set: bool
    ends_early: date | None
    cut_off: date | None


def node_table(
    user: User, task: Task, nodes: list[Node], shares: Iterable[Assignment], today: date
) -> NodeTable:
    """`ends_early`: a unit has time until then, but the last node is before it. `cut_off`: the other way."""
    dates = [share.due_date for share in shares if share.due_date and share.status in Status.open]
    last = nodes[-1].due_date if nodes else None
    return NodeTable(
        nodes=nodes,
        next_node=next((node for node in nodes if node.due_date >= today), None),
        may_set=can_set_nodes(user, task),
        ends_early=max(dates) if dates and last and nodes[-1].percent == 100 and max(dates) > last else None,
        cut_off=min(dates) if dates and last and min(dates) < last else None,
    )


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """One unit's readings of a target, newest first, and what they come to."""

    assignment: Assignment
    readings: list[tuple[TargetReading, bool]]
    standing: Standing
    chart: Chart | None
    may_record: bool

    @property
    def is_missed(self) -> bool:
        """Whether somebody else's figure is missing: support and closed shares owe none."""
        answers = self.assignment.role in Role.answering and self.assignment.status in Status.open
        return answers and not self.readings and not self.may_record

    @property
    def newest(self) -> TargetReading | None:
        return self.readings[0][0] if self.readings else None


@dataclass(frozen=True, slots=True)
class TargetPanel:
    """A target, and each unit that this person may read of: with figures, or `silent` so far."""

    target: Target
    units: list[UnitFigures]
    silent: dict[Standing, list[UnitFigures]]

    @property
    def has_readings(self) -> bool:
        return any(unit.readings for unit in self.units)


def target_panels(user: User, task: Task, shares: Sequence[Assignment], today: date) -> list[TargetPanel]:
    """The clause's targets with the figures against them; one query for each of the two."""
    targets = list(task.clause.targets.in_order())
    if not targets:
        return []
    found: dict[tuple[int, int], list[TargetReading]] = defaultdict(list)
    readings = visible_readings(user).of_task(task).counting().newest(READINGS_SHOWN)
    for reading in readings.select_related("created_by").in_order():
        found[reading.target_id, reading.assignment_id].append(reading)
    seen = [row for row in shares if not user.is_unit_person or row.department_id == user.department_id]
    panels = []
    for target in targets:
        units = [_figures(user, target, row, found[target.pk, row.pk], today) for row in seen]
        silent: dict[Standing, list[UnitFigures]] = defaultdict(list)
        for unit in units:
            if unit.is_missed:
                silent[unit.standing].append(unit)
        spoken = [unit for unit in units if unit.readings or unit.may_record]
        panels.append(TargetPanel(target, spoken, dict(silent)))
    return panels


def _goal(target: Target, share: Assignment) -> Goal:
    """With the date by which this share has to reach it: dated like its task, it moves with the share."""
    moves = target.due_date in (None, share.first_due_date)
    return Goal(target.op, target.value, target.unit, share.due_date if moves else target.due_date)


def _figures(
    user: User, target: Target, share: Assignment, readings: list[TargetReading], today: date
) -> UnitFigures:
    goal = _goal(target, share)
    gone = Standing(Light.GREY, share.get_status_display())
    points = [Point(reading.read_on, reading.value) for reading in readings]
    for reading in readings:
        reading.assignment = share
    return UnitFigures(
        assignment=share,
        readings=[(reading, can_withdraw(user, reading)) for reading in reversed(readings)],
        # What left force is judged no more: its figures stay to be read.
        standing=standing(goal, points, today) if share.is_in_force else gone,
        chart=chart(goal, points),
        may_record=can_record_reading(user, share),
    )
