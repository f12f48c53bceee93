"""How a reading stands to its target: met, short by how much, or late. Pure.

The relation is the one the plan's words were read as. A reading is given in the target's own terms:

    >= >   at least, more than           the figure itself
    <= <   at most, less than            the figure itself
    =      so many of something (建设5座)  how many so far; more than asked is met too
    + -    a rise or a fall by so much    the size of the rise or fall so far, not the figure that moved
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from tracker.workflow import YELLOW_DAYS, Light

AT_MOST = ("<=", "<")
STRICT = (">", "<")


class Point(NamedTuple):
    """A figure on a day."""

    day: date
    value: Decimal


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be reached: relation, figure, unit, and until when."""

    op: str
    value: Decimal
    unit: str = ""
    due: date | None = None

    def is_met(self, value: Decimal) -> bool:
        return self.gap(value) == 0 and not (self.op in STRICT and value == self.value)

    def gap(self, value: Decimal) -> Decimal:
        """How much is missing, or too much where the relation is "at most"; never negative."""
        missing = value - self.value if self.op in AT_MOST else self.value - value
        return max(Decimal(0), missing)


@dataclass(frozen=True, slots=True)
class Standing:
    """A unit's verdict for one target: colour and shape (light) and words."""

    light: Light
    words: str


def standing(goal: Goal, points: Sequence[Point], today: date) -> Standing:
    """Where the newest of `points`, given in the order of their days, leaves the unit on `today`.

    Green: met. Yellow: met, but only after the due date; or short with the due date near. Red: past the due
    date and not met. Grey: short or without a figure while there is time.
    """
    late = goal.due is not None and goal.due < today
    if points and goal.is_met(points[-1].value):
        then = [point for point in points if goal.due is None or point.day <= goal.due]
        if late and not (then and goal.is_met(then[-1].value)):
            return Standing(Light.YELLOW, _("逾期后达标"))
        return Standing(Light.GREEN, _("达标"))
    words = _missing(goal, points[-1].value) if points else _("尚无数值")
    if late:
        return Standing(Light.RED, _("逾期未达标，%(missing)s") % {"missing": words})
    near = goal.due is not None and goal.due <= today + timedelta(days=YELLOW_DAYS)
    return Standing(Light.YELLOW if near else Light.GREY, words)


def _missing(goal: Goal, value: Decimal) -> str:
    gap = goal.gap(value)
    if not gap:
        words = _("正好 %(figure)s，须低于它") if goal.op in AT_MOST else _("正好 %(figure)s，须高于它")
        return words % {"figure": figure(value, goal.unit)}
    words = _("超 %(figure)s") if goal.op in AT_MOST else _("差 %(figure)s")
    # Two rates differ by points, not by percent.
    return words % {"figure": figure(gap, _("个百分点") if goal.unit == "%" else goal.unit)}


def figure(value: Decimal, unit: str = "") -> str:
    """A number as it is printed: thousands apart, no zeros at the end, the unit behind it."""
    return f"{value.normalize() + 0:,f}{unit}"


# The chart's own coordinates; the style sheet says how large it is drawn.
WIDTH, HEIGHT = 240, 64


@dataclass(frozen=True, slots=True)
class Chart:
    """A line of readings beside the target's line, in the coordinates of its drawing (y grows downwards)."""

    line: str
    dots: list[tuple[float, float]]
    target_y: float
    low: Decimal
    high: Decimal
    first: date
    last: date


def chart(goal: Goal, points: Sequence[Point]) -> Chart | None:
    """The drawing of at least two readings in the order of their days; None for fewer."""
    if len(points) < 2:
        return None
    low = min(goal.value, *(point.value for point in points))
    high = max(goal.value, *(point.value for point in points))
    first, last = points[0].day, points[-1].day
    days, height = (last - first).days or 1, (high - low) or Decimal(1)

    def y(value: Decimal) -> float:
        return round(float((high - value) / height) * HEIGHT, 1)

    dots = [(round((point.day - first).days / days * WIDTH, 1), y(point.value)) for point in points]
    line = " ".join(f"{x},{y}" for x, y in dots)
    return Chart(line, dots, y(goal.value), low, high, first, last)


def part_of(op: str, value: Decimal, unit: str, percent: int) -> str:
    """So many percent of a counted amount, in its own precision; "" where parts say nothing, as of a rate."""
    is_rate = any(sign in unit for sign in ("%", "‰", "百分点", "/")) or not unit
    if op not in (">=", "=", "+") or value <= 0 or is_rate:
        return ""
    places = Decimal(1).scaleb(min(0, int(value.normalize().as_tuple().exponent)))
    return figure((value * percent / 100).quantize(places, ROUND_HALF_UP), unit)
