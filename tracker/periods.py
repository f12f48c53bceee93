"""The periods of a recurring clause: weeks from Monday, months, quarters, half-years and years. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from django.utils.translation import gettext as _

from tracker.workflow import REACH_DAYS

# Months of a period that begins with a month. A week is the one that does not.
MONTHS = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}


@dataclass(frozen=True, slots=True)
class Period:
    """One period of the calendar, or what the beginning or the end of a series leaves of it."""

    every: str
    first: date
    last: date

    @property
    def code(self) -> str:
        """Its name in the number of a task: 2024-10, 2024-Q4, 2024-H2, 2024, 2024-W42."""
        year, number = self._place
        match self.every:
            case "week":
                return f"{year}-W{number:02}"
            case "month":
                return f"{year}-{number:02}"
            case "quarter":
                return f"{year}-Q{number}"
            case "half-year":
                return f"{year}-H{number}"
            case _:
                return f"{year}"

    @property
    def label(self) -> str:
        """Its name for people: 2024年10月, 2024年第4季度, 2024年下半年, 2024年, 2024年第42周."""
        year, number = self._place
        words = {
            "week": _("%(year)d年第%(number)d周"),
            "month": _("%(year)d年%(number)d月"),
            "quarter": _("%(year)d年第%(number)d季度"),
            "half-year": _("%(year)d年下半年") if number == 2 else _("%(year)d年上半年"),
            "year": _("%(year)d年"),
        }
        return words[self.every] % {"year": year, "number": number}

    @property
    def reach_day(self) -> date:
        """The day on which its task is made: when reminding begins, but never before the period does."""
        return self.last - timedelta(days=min(REACH_DAYS, (self.last - self.first).days))

    @property
    def _place(self) -> tuple[int, int]:
        """The year and the number in it. The days about New Year belong to the year of most of their week."""
        if self.every == "week":
            year, week, _day = self.first.isocalendar()
            return year, week
        return self.first.year, (self.first.month - 1) // MONTHS[self.every] + 1


def period_of(every: str, day: date, *, starts_on: date, ends_on: date | None = None) -> Period:
    """The period that contains `day`, cut to the days on which the series runs."""
    first, last = _whole(every, day)
    return Period(every, max(first, starts_on), min(last, ends_on or last))


def period_after(period: Period, *, ends_on: date | None = None) -> Period | None:
    """The next period, cut like period_of; None once the series has run out (or the calendar)."""
    if period.last >= (ends_on or date.max):
        return None
    day = period.last + timedelta(days=1)
    return period_of(period.every, day, starts_on=day, ends_on=ends_on)


def _whole(every: str, day: date) -> tuple[date, date]:
    if every == "week":
        first = day - timedelta(days=day.weekday())
        return first, first + min(timedelta(days=6), date.max - first)
    months = MONTHS[every]
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return first, first + relativedelta(months=months - 1, day=31)
