"""通报: how a region stood at the end of a month, from the history of its shares."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db.models import Min

from accounts.actions import printed
from accounts.models import Region, User
from tracker.clock import day_of, start_of
from tracker.letters import day_words, time_words
from tracker.models import Assignment, TaskEvent
from tracker.papers.bars import bar
from tracker.past import as_of
from tracker.workflow import EventKind, Light, Status

TREND_MONTHS = 6
LATE_ROWS = 50  # of the late list; how many more there are is said
NAMED = 3  # units named as the best, and as the worst
ENOUGH = 3  # shares a unit needs to be named as one of the best
MONTHS_TO_CHOOSE = 36
BATCH = 500


@dataclass(slots=True)
class UnitMonth:
    """One unit's figures on a day, or with no name those of the region. Only shares in force count."""

    name: str = ""
    total: int = 0
    closed: int = 0
    lights: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Light.values, 0))
    longest: int = 0  # days of the most overdue share

    @property
    def overdue(self) -> int:
        return self.lights[Light.RED]

    @property
    def rate(self) -> int:
        """Whole percent closed, rounded down."""
        return self.closed * 100 // self.total if self.total else 0

    def count(self, share: Assignment, day: date) -> None:
        self.total += 1
        self.closed += share.status == Status.CLOSED
        self.lights[share.light_on(day)] += 1
        self.longest = max(self.longest, share.days_late(day))


@dataclass(slots=True)
class Bulletin:
    """A region at the end of a month, or today within it."""

    region: Region
    first: date
    day: date
    total: UnitMonth = field(default_factory=UnitMonth)
    units: list[UnitMonth] = field(default_factory=list)
    late: list[Assignment] = field(default_factory=list)
    trend: list[tuple[date, UnitMonth]] = field(default_factory=list)

    @property
    def month(self) -> str:
        return f"{self.first.year}年{self.first.month}月"

    @property
    def late_hidden(self) -> int:
        return self.total.overdue - len(self.late)

    @property
    def best(self) -> list[UnitMonth]:
        """Units with enough work and nothing overdue, of which the largest part is closed."""
        good = [unit for unit in self.units if unit.total >= ENOUGH and unit.closed and not unit.overdue]
        return sorted(good, key=lambda unit: (-unit.rate, -unit.closed, unit.name))[:NAMED]

    @property
    def worst(self) -> list[UnitMonth]:
        """Units with the most overdue, the longest first among equals."""
        bad = [unit for unit in self.units if unit.overdue]
        return sorted(bad, key=lambda unit: (-unit.overdue, -unit.longest, unit.name))[:NAMED]


def months_of(region: Region, today: date) -> list[date]:
    """First days of the months there can be a bulletin of, the newest first."""
    began = Assignment.objects.in_region(region.pk).aggregate(began=Min("created_at"))["began"]
    if began is None:
        return []
    first, earliest = today.replace(day=1), day_of(began).replace(day=1)
    months: list[date] = []
    while first >= earliest and len(months) < MONTHS_TO_CHOOSE:
        months.append(first)
        first -= relativedelta(months=1)
    return months


def bulletin(region: Region, first: date, today: date) -> Bulletin:
    """The month that begins on `first`, as of its last day, or of today while it runs.

    The trend are the month ends before it. Each share is read with its history, in batches: a city with
    10,000 of them takes seconds.
    """
    day = min(first + relativedelta(day=31), today)
    found = Bulletin(region, first, day)
    ends = [first - relativedelta(months=back) + relativedelta(day=31) for back in range(1, TREND_MONTHS)]
    days = [*reversed(ends), day]
    trend = {each: UnitMonth() for each in days}
    units: dict[int, UnitMonth] = {}
    for share, events, node_events in _with_history(region, day):
        for each in days:
            then = as_of(share, events, node_events, each)
            if then is None or not then.is_in_force:
                continue
            trend[each].count(then, each)
            if each == day:
                unit = units.setdefault(share.department_id, UnitMonth(share.department.short_name))
                unit.count(then, day)
                if then.is_overdue(day):
                    found.late.append(then)
    found.total = trend[day]
    found.units = sorted(
        units.values(), key=lambda unit: (-unit.overdue, -unit.longest, -unit.total, unit.name)
    )
    found.late.sort(key=lambda share: (share.due_date or date.max, share.pk))
    del found.late[LATE_ROWS:]
    found.trend = [(each, trend[each]) for each in days if trend[each].total]
    return found


def _with_history(region: Region, day: date) -> Iterator[tuple[Assignment, list[TaskEvent], list[TaskEvent]]]:
    """Each share given out by then, with its events and those that set its task's nodes."""
    shares = Assignment.objects.in_region(region.pk).filter(created_at__lt=start_of(day + timedelta(days=1)))
    keys = list(shares.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        batch = list(Assignment.objects.filter(pk__in=keys[start : start + BATCH]).for_list().order_by("pk"))
        own: dict[int | None, list[TaskEvent]] = defaultdict(list)
        for event in TaskEvent.objects.filter(assignment__in=batch).order_by("task_id", "sequence"):
            own[event.assignment_id].append(event)
        nodes: dict[int, list[TaskEvent]] = defaultdict(list)
        tasks = {share.task_id for share in batch}
        for event in TaskEvent.objects.of_tasks(tasks).filter(kind=EventKind.NODES):
            nodes[event.task_id].append(event)
        for share in batch:
            yield share, own[share.pk], nodes[share.task_id]


def bulletin_data(found: Bulletin, by: User) -> dict[str, Any]:
    """All that a template of a bulletin may print. A bar is a run of strokes (papers/bars.py)."""
    longest = max((unit.total for unit in found.units), default=0)
    highest = max((figures.overdue for _, figures in found.trend), default=0)
    with printed():
        late = [
            {
                "place": place,
                "unit": share.department.short_name,
                "number": share.task.number,
                "text": share.task.text,
                "due": share.due_date.isoformat() if share.due_date else "",
                "late": time_words(share, found.day),
                "percent": f"{share.percent}%",
            }
            for place, share in enumerate(found.late, start=1)
        ]
    return {
        "title": "督办工作通报",
        "region": found.region.name,
        "month": found.month,
        "day": day_words(found.day),
        "office": by.department.name if by.department else found.region.name,
        "person": str(by),
        **_figures(found.total),
        "units": [_figures(unit) | _bars(unit, longest) for unit in found.units],
        "late": late,
        "late_hidden": found.late_hidden,
        "trend": [
            _figures(figures) | {"month": f"{day.year}年{day.month}月", "bar": bar(figures.overdue, highest)}
            for day, figures in found.trend
        ],
        "best": [_figures(unit) for unit in found.best],
        "worst": [_figures(unit) for unit in found.worst],
    }


def _figures(unit: UnitMonth) -> dict[str, Any]:
    return {
        "name": unit.name,
        "total": unit.total,
        "closed": unit.closed,
        "rate": f"{unit.rate}%",
        "red": unit.lights[Light.RED],
        "yellow": unit.lights[Light.YELLOW],
        "green": unit.lights[Light.GREEN],
        "grey": unit.lights[Light.GREY],
        "longest": unit.longest,
    }


def _bars(unit: UnitMonth, longest: int) -> dict[str, str]:
    return {f"{light.lower()}_bar": bar(unit.lights[light], longest) for light in Light.values}
