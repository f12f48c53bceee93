"""Whose turn it was (the clock changes hands): late days split between the unit and the reviewer. Pure.

Each day after the judged date belongs to whoever held the share: the unit while it works, the reviewer while
it waits for an answer, nobody while it is suspended, closed or no longer in force. Handing in on day D ends
the unit's turn and begins the reviewer's on D, so that the parts add up to the whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tracker.workflow import Status


@dataclass(frozen=True, slots=True)
class LateDays:
    """Days after the judged date, by who held the share."""

    unit: int = 0
    reviewer: int = 0

    def __add__(self, other: "LateDays") -> "LateDays":
        return LateDays(self.unit + other.unit, self.reviewer + other.reviewer)


@dataclass(frozen=True, slots=True)
class Passing:
    """A change of status, and the day on which it happened."""

    day: date
    from_status: str
    to_status: str


def changes_hands(from_status: str, to_status: str) -> bool:
    return _holder(from_status) != _holder(to_status)


def late_days(*, status: str, since: date, until: date, judged_date: date | None) -> LateDays:
    """The late days of one turn: held in `status` from `since` until `until`."""
    if judged_date is None:
        return LateDays()
    days = max(0, (until - max(since, judged_date)).days)
    holder = _holder(status)
    return LateDays(unit=days if holder == "unit" else 0, reviewer=days if holder == "reviewer" else 0)


def finished_late_days(
    passings: Iterable[Passing], *, created_on: date, judged_date: date | None
) -> LateDays:
    """The late days of all turns that have ended, from the history of a share."""
    total, since = LateDays(), created_on
    for passing in passings:
        if changes_hands(passing.from_status, passing.to_status):
            total += late_days(
                status=passing.from_status, since=since, until=passing.day, judged_date=judged_date
            )
            since = passing.day
    return total


def _holder(status: str) -> str:
    if status in Status.with_unit:
        return "unit"
    return "reviewer" if status == Status.SUBMITTED else "nobody"
