"""Expected progress (序时进度): how far a share ought to be by a day. Pure.

The course runs from nothing on the start to 100 % on the due date, straight from each node (节点) to the
next; without nodes it is one straight line. A day's expectation is rounded up to whole percent, so that "more
than the margin behind" can be read off the two printed figures (docs/decisions/0011-nodes.md).
"""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from tracker.workflow import BEHIND_MARGIN, MAX_NODES


class Step(NamedTuple):
    """A node as the arithmetic knows it: at the end of `day`, `percent` of the whole should be done."""

    day: date
    percent: int


def _course(start: date, due: date | None, steps: Iterable[Step]) -> list[Step]:
    """The corners of the course, first the start. Nodes from the due date on say nothing: it asks for all."""
    inner = sorted(step for step in steps if start < step.day and (due is None or step.day < due))
    if due is not None and due <= start:
        return [Step(start, 0)]
    return [Step(start, 0), *inner, *([Step(due, 100)] if due else [])]


def expected_percent(day: date, *, start: date, due: date | None, steps: Iterable[Step] = ()) -> int | None:
    """How many percent ought to be done by `day`, rounded up; None where nothing says so."""
    corners = _course(start, due, steps)
    if len(corners) < 2:
        return None
    for before, after in pairwise(corners):
        if day <= after.day:
            rise = (after.percent - before.percent) * max(0, (day - before.day).days)
            return before.percent - (-rise // (after.day - before.day).days)
    return corners[-1].percent


def behind_from(*, start: date, due: date | None, percent: int, steps: Iterable[Step] = ()) -> date | None:
    """First day on which expected progress exceeds `percent` by more than the margin.

    None where nothing is expected, or where so much is done that the day would lie past the course's end.
    """
    enough = percent + BEHIND_MARGIN
    for before, after in pairwise(_course(start, due, steps)):
        if after.percent > enough:
            days = (after.day - before.day).days
            passed = (enough - before.percent) * days // (after.percent - before.percent)
            return before.day + timedelta(days=passed + 1)
    return None


def spread(*, start: date, due: date) -> list[Step]:
    """The whole in even parts on the month ends after `start`, the last on the due date (分解目标至每月).

    Where the months are more than MAX_NODES, every second (third, ...) of them, back from the due date.
    """
    ends: list[date] = []
    day = _month_end(start)
    while day < due:
        if day > start:
            ends.append(day)
        day = _month_end(day + timedelta(days=1))
    stride = -(-(len(ends) + 1) // MAX_NODES)
    days = [*ends[::-1][stride - 1 :: stride][::-1], *([due] if due > start else [])]
    return [Step(day, _rounded(100 * number, len(days))) for number, day in enumerate(days, start=1)]


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _rounded(value: int, parts: int) -> int:
    """`value / parts`, half up."""
    return (2 * value + parts) // (2 * parts)
