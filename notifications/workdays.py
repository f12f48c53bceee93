"""The working calendar: which days people are at their desks. Pure; overrides are handed in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, lru_cache

import chinese_calendar

WEEKDAYS_ZH = "一二三四五六日"
ONE_DAY = timedelta(days=1)
SATURDAY = 5
# Month and day of the holidays that every year's arrangement has on the same day: New Year, Labour Day and
# National Day. Source: 《全国年节及纪念日放假办法》.
FIXED_HOLIDAYS = ((1, 1), (5, 1), (10, 1))


@cache
def _announced(day: date) -> bool | None:
    """What the State Council's published arrangement says of the day, or None for a year without one.

    Cached because the package scans its whole table on each question.
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


def is_announced(year: int) -> bool:
    """Whether the installed package knows the year's arrangement."""
    return _announced(date(year, 1, 1)) is not None


@cache
def holiday_name(day: date) -> str:
    """The holiday that an announced day is free for, or is worked to make up for; empty for a plain day."""
    try:
        name = chinese_calendar.get_holiday_detail(day)[1]
    except NotImplementedError:
        return ""
    return str(chinese_calendar.Holiday(name).chinese) if name else ""


@lru_cache(maxsize=4096)  # a run prints the same few days thousands of times
def zh_date(day: date) -> str:
    """A date as mails and pages print it: 2024-10-31（周四）."""
    return f"{day:%Y-%m-%d}（周{WEEKDAYS_ZH[day.weekday()]}）"


@dataclass(
    frozen=True, eq=False
)  # one calendar for a run: what was asked of it is remembered by its identity
class WorkingCalendar:
    """Announced years from `chinese_calendar`, local overrides on top, plain weekends where nothing is known.

    A year without an announcement is *provisional*. It never raises: a plan runs to 2027 long before the
    holidays of 2027 are decided.
    """

    overrides: Mapping[date, bool] = field(default_factory=dict)

    def is_working(self, day: date) -> bool:
        if day in self.overrides:
            return self.overrides[day]
        announced = _announced(day)
        return day.weekday() < SATURDAY if announced is None else announced

    def is_provisional(self, year: int) -> bool:
        """Whether the year's arrangement is not known, so that its weekends stand in for it.

        Days of one's own make a year known once they have its fixed holidays free, as every arrangement has;
        a single local holiday says nothing of the rest of the year.
        """
        fixed = (date(year, month, day) for month, day in FIXED_HOLIDAYS)
        return not is_announced(year) and not all(self.overrides.get(day) is False for day in fixed)

    def on_or_before(self, day: date) -> date:
        """The day itself if it is a working day, else the last working day before it."""
        while not self.is_working(day):
            day -= ONE_DAY
        return day

    def on_or_after(self, day: date) -> date:
        """The day itself if it is a working day, else the next working day."""
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def add_working_days(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`; `day` itself is never counted."""
        for _ in range(count):
            day = self.on_or_after(day + ONE_DAY)
        return day

    def working_days_since(self, day: date, until: date) -> int:
        """Working days after `day`, up to and with `until`."""
        span = range(1, (until - day).days + 1)
        return sum(self.is_working(day + timedelta(days=offset)) for offset in span)
