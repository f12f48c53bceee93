"""Periods of a recurring clause: where they begin and end, what they are called, when their task is made."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tracker.models.plans import Every
from tracker.periods import MONTHS, Period, period_after, period_of
from tracker.workflow import REACH_DAYS

EVERY = sorted(Every.in_series)
DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))

CASES = [
    # every, day, first, last, code, label
    ("week", "2024-10-21", "2024-10-21", "2024-10-27", "2024-W43", "2024年第43周"),
    ("week", "2024-10-20", "2024-10-14", "2024-10-20", "2024-W42", "2024年第42周"),
    ("week", "2024-12-31", "2024-12-30", "2025-01-05", "2025-W01", "2025年第1周"),
    ("week", "2027-01-01", "2026-12-28", "2027-01-03", "2026-W53", "2026年第53周"),
    ("month", "2024-10-21", "2024-10-01", "2024-10-31", "2024-10", "2024年10月"),
    ("month", "2024-02-29", "2024-02-01", "2024-02-29", "2024-02", "2024年2月"),
    ("month", "2025-02-01", "2025-02-01", "2025-02-28", "2025-02", "2025年2月"),
    ("quarter", "2024-10-01", "2024-10-01", "2024-12-31", "2024-Q4", "2024年第4季度"),
    ("quarter", "2024-03-31", "2024-01-01", "2024-03-31", "2024-Q1", "2024年第1季度"),
    ("half-year", "2024-06-30", "2024-01-01", "2024-06-30", "2024-H1", "2024年上半年"),
    ("half-year", "2024-07-01", "2024-07-01", "2024-12-31", "2024-H2", "2024年下半年"),
    ("year", "2024-10-21", "2024-01-01", "2024-12-31", "2024", "2024年"),
]


def _period(every: str, day: date, **bounds: date) -> Period:
    return period_of(every, day, **{"starts_on": date.min} | bounds)


@pytest.mark.parametrize(("every", "day", "first", "last", "code", "label"), CASES)
def test_the_period_of_a_day(every, day, first, last, code, label) -> None:
    found = _period(every, date.fromisoformat(day))
    assert (str(found.first), str(found.last), found.code) == (first, last, code)
    with translation.override("zh-hans"):
        assert found.label == label
    with translation.override("en"):
        assert found.label.isascii()


@pytest.mark.parametrize(
    ("every", "first", "last", "reach_day"),
    [
        # A month and a week are there when they begin; what is longer, 30 days before it ends.
        ("week", "2024-10-21", "2024-10-27", "2024-10-21"),
        ("month", "2024-10-01", "2024-10-31", "2024-10-01"),
        ("month", "2024-02-01", "2024-02-29", "2024-02-01"),
        ("quarter", "2024-10-01", "2024-12-31", "2024-12-01"),
        ("half-year", "2024-01-01", "2024-06-30", "2024-05-31"),
        ("year", "2025-01-01", "2025-12-31", "2025-12-01"),
        ("quarter", "2024-12-20", "2024-12-31", "2024-12-20"),
    ],
)
def test_the_day_on_which_the_task_is_made(every, first, last, reach_day) -> None:
    day = date.fromisoformat(reach_day)
    period = Period(every, date.fromisoformat(first), date.fromisoformat(last))
    assert period.reach_day == day


def test_first_and_last_period_are_cut_to_the_days_of_the_series() -> None:
    starts_on, ends_on = date(2024, 9, 9), date(2024, 11, 20)
    first = period_of("month", starts_on, starts_on=starts_on, ends_on=ends_on)
    second = period_after(first, ends_on=ends_on)
    assert second is not None
    third = period_after(second, ends_on=ends_on)
    assert third is not None
    assert [(str(p.first), str(p.last)) for p in (first, second, third)] == [
        ("2024-09-09", "2024-09-30"),
        ("2024-10-01", "2024-10-31"),
        ("2024-11-01", "2024-11-20"),
    ]
    assert first.code == "2024-09"
    assert period_after(third, ends_on=ends_on) is None


@pytest.mark.parametrize("every", EVERY)
def test_the_end_of_the_calendar_is_an_end(every) -> None:
    last = _period(every, date.max)
    assert last.last == date.max
    assert period_after(last) is None
    assert _period(every, date.min).first == date.min


@given(every=st.sampled_from(EVERY), day=DAYS, starts_on=DAYS, length=st.integers(0, 900))
def test_periods_follow_one_another_without_a_gap(every, day, starts_on, length) -> None:
    ends_on = starts_on + timedelta(days=length)
    found = [period_of(every, starts_on, starts_on=starts_on, ends_on=ends_on)]
    while following := period_after(found[-1], ends_on=ends_on):
        found.append(following)

    assert (found[0].first, found[-1].last) == (starts_on, ends_on)
    for before, after in pairwise(found):
        assert after.first == before.last + timedelta(days=1)
        assert after.reach_day > before.reach_day
    assert len({period.code for period in found}) == len(found)
    for period in found[1:-1]:
        assert period == _period(every, period.first)
        assert every == "week" or period.first.day == 1
    for period in found:
        assert period.first <= period.reach_day <= period.last
        assert (period.last - period.reach_day).days <= REACH_DAYS


@given(every=st.sampled_from(EVERY), day=DAYS)
def test_a_day_lies_in_its_period_and_every_day_of_it_in_the_same(every, day) -> None:
    period = _period(every, day)
    assert period.first <= day <= period.last
    assert _period(every, period.first) == _period(every, period.last) == period
    if every in MONTHS:
        assert (period.last + timedelta(days=1)).day == 1
    else:
        assert (period.first.weekday(), (period.last - period.first).days) == (0, 6)
