"""A year of the working calendar as a page prints it: holidays, make-up days and own days. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from notifications.notices import Said
from notifications.workdays import ONE_DAY, SATURDAY, WorkingCalendar, holiday_name, is_announced

# Plans run some years ahead, and lateness is counted in those that passed.
YEARS_BACK, YEARS_AHEAD = 3, 10


class Source(StrEnum):
    """Who says what a day is: the national arrangement, or this installation, alike or against it."""

    ANNOUNCED = "ANNOUNCED"
    OWN = "OWN"
    OWN_ALIKE = "OWN_ALIKE"
    OWN_AGAINST = "OWN_AGAINST"


@dataclass(frozen=True)
class Stretch:
    """Days in a row that are alike."""

    first: date
    last: date
    is_workday: bool
    name: str
    source: Source

    @property
    def length(self) -> int:
        return (self.last - self.first + ONE_DAY).days

    @property
    def is_own(self) -> bool:
        return self.source is not Source.ANNOUNCED

    @property
    def restoring(self) -> str:
        """The line that gives these days back."""
        days = f"{self.first}" if self.first == self.last else f"{self.first} 至 {self.last}"
        return f"{days} 恢复"


def years_shown(today: date) -> range:
    """The years that can be looked at and changed."""
    return range(today.year - YEARS_BACK, today.year + YEARS_AHEAD + 1)


def stretches(year: int, own: Mapping[date, Said]) -> list[Stretch]:
    """Named holidays, make-up days and the own days of the year, in order."""
    found: list[Stretch] = []
    for one in _days(year, own):
        last = found[-1] if found else None
        if last and (last.last + ONE_DAY, last.is_workday, last.name, last.source) == (
            one.first,
            one.is_workday,
            one.name,
            one.source,
        ):
            found[-1] = Stretch(last.first, one.last, last.is_workday, last.name, last.source)
        else:
            found.append(one)
    return found


def _days(year: int, own: Mapping[date, Said]) -> Iterator[Stretch]:
    national = WorkingCalendar()
    for offset in range((date(year + 1, 1, 1) - date(year, 1, 1)).days):
        day = date(year, 1, 1) + timedelta(days=offset)
        said = own.get(day)
        if said is not None and said.is_workday is not None:
            yield Stretch(day, day, said.is_workday, said.name, _source(day, said.is_workday))
        elif (name := holiday_name(day)) or national.is_working(day) != (day.weekday() < SATURDAY):
            yield Stretch(day, day, national.is_working(day), name, Source.ANNOUNCED)


def _source(day: date, is_workday: bool) -> Source:
    if not is_announced(day.year):
        return Source.OWN
    return Source.OWN_ALIKE if WorkingCalendar().is_working(day) == is_workday else Source.OWN_AGAINST
