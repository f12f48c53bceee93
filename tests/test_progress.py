"""Expected progress: the course through the nodes, the first day behind, and spreading over the months."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.progress import Step, behind_from, expected_percent, spread
from tracker.workflow import BEHIND_MARGIN, MAX_NODES

START = date(2024, 1, 1)
DUE = date(2024, 12, 31)


@st.composite
def courses(draw: st.DrawFn) -> tuple[date | None, list[Step]]:
    """A due date or none, and nodes that rise with the days; some lie past the due date."""
    due = draw(st.none() | st.integers(1, 400).map(lambda n: START + timedelta(days=n)))
    count = draw(st.integers(0, 6))
    days = sorted(draw(st.sets(st.integers(1, 450), min_size=count, max_size=count)))
    percents = sorted(draw(st.sets(st.integers(1, 100), min_size=count, max_size=count)))
    return due, [Step(START + timedelta(days=day), p) for day, p in zip(days, percents, strict=True)]


@given(days=st.integers(1, 800), percent=st.integers(0, 100))
def test_behind_begins_on_the_first_day_expectation_exceeds_report_and_margin(
    days: int, percent: int
) -> None:
    due = START + timedelta(days=days)
    expected = [100 * n / days for n in range(days + 1)]
    first = next((n for n, e in enumerate(expected) if e > percent + BEHIND_MARGIN), None)
    assert behind_from(start=START, due=due, percent=percent) == (
        None if first is None else START + timedelta(days=first)
    )


@given(course=courses(), percent=st.integers(0, 100))
def test_who_is_behind_can_be_read_off_the_two_printed_figures(
    course: tuple[date | None, list[Step]], percent: int
) -> None:
    due, steps = course
    end = due or (steps[-1].day if steps else START)
    days = [START + timedelta(days=n) for n in range((end - START).days + 1)]
    expected = [expected_percent(day, start=START, due=due, steps=steps) or 0 for day in days]
    first = next((day for day, e in zip(days, expected, strict=True) if e > percent + BEHIND_MARGIN), None)
    assert behind_from(start=START, due=due, percent=percent, steps=steps) == first


@given(course=courses())
def test_expectation_never_falls_and_meets_each_node_before_the_due_date(
    course: tuple[date | None, list[Step]],
) -> None:
    due, steps = course
    days = [START + timedelta(days=n) for n in range(-3, 460)]
    found = [expected_percent(day, start=START, due=due, steps=steps) for day in days]
    if due is None and not steps:
        assert set(found) == {None}
        return
    expected = [value for value in found if value is not None]
    assert len(expected) == len(days)
    assert expected == sorted(expected)
    assert expected[:4] == [0, 0, 0, 0]
    by_day = dict(zip(days, expected, strict=True))
    for step in steps:
        assert by_day[step.day] == (100 if due and step.day >= due else step.percent)
    assert due is None or by_day[due] == 100


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2023, 12, 1), 0),
        (date(2024, 1, 1), 0),
        (date(2024, 7, 1), 50),
        (date(2024, 12, 30), 100),
        (date(2025, 6, 1), 100),
    ],
)
def test_without_nodes_straight_by_time(day: date, expected: int) -> None:
    assert expected_percent(day, start=START, due=DUE) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2024, 4, 30), 1),
        (date(2024, 6, 30), 10),
        (date(2024, 7, 1), 11),
        (date(2024, 9, 30), 80),
        (date(2024, 12, 31), 100),
    ],
)
def test_with_nodes_straight_from_each_to_the_next(day: date, expected: int) -> None:
    steps = [Step(date(2024, 4, 30), 1), Step(date(2024, 6, 30), 10), Step(date(2024, 9, 30), 80)]
    assert expected_percent(day, start=START, due=DUE, steps=steps) == expected


def test_nothing_without_a_due_date_is_behind() -> None:
    assert behind_from(start=START, due=None, percent=0) is None
    assert expected_percent(DUE, start=START, due=None) is None


def test_nodes_give_a_task_without_due_date_its_course() -> None:
    steps = [Step(date(2024, 1, 11), 50)]
    assert behind_from(start=START, due=None, percent=0, steps=steps) == date(2024, 1, 6)
    assert expected_percent(DUE, start=START, due=None, steps=steps) == 50


@pytest.mark.parametrize("steps", [[], [Step(date(2024, 6, 30), 50)]])
def test_a_due_date_at_or_before_the_start_expects_nothing_by_the_day(steps: list[Step]) -> None:
    assert behind_from(start=START, due=START, percent=0, steps=steps) is None
    assert expected_percent(START, start=START, due=START, steps=steps) is None


@pytest.mark.parametrize(
    ("start", "due", "expected"),
    [
        (
            date(2024, 10, 21),
            date(2024, 12, 20),
            [(date(2024, 10, 31), 33), (date(2024, 11, 30), 67), (date(2024, 12, 20), 100)],
        ),
        (
            date(2024, 10, 31),
            date(2024, 12, 31),
            [(date(2024, 11, 30), 50), (date(2024, 12, 31), 100)],
        ),
        (date(2024, 10, 1), date(2024, 10, 31), [(date(2024, 10, 31), 100)]),
        (date(2024, 2, 1), date(2024, 3, 15), [(date(2024, 2, 29), 50), (date(2024, 3, 15), 100)]),
        (date(2024, 12, 10), date(2025, 1, 2), [(date(2024, 12, 31), 50), (date(2025, 1, 2), 100)]),
        (date(2024, 10, 1), date(2024, 10, 1), []),
        (date(2024, 10, 2), date(2024, 10, 1), []),
    ],
)
def test_spreading_over_the_month_ends(start: date, due: date, expected: list[tuple[date, int]]) -> None:
    assert spread(start=start, due=due) == expected


@given(start=st.dates(date(2000, 1, 1)), days=st.integers(1, 20_000))
def test_spread_rises_to_the_due_date_in_a_number_of_nodes_that_can_be_kept(start: date, days: int) -> None:
    due = min(start.toordinal() + days, date.max.toordinal())
    steps = spread(start=start, due=date.fromordinal(due))
    if due == start.toordinal():
        assert steps == []
        return
    assert steps[-1] == (date.fromordinal(due), 100)
    assert len(steps) <= MAX_NODES
    assert all(a.day < b.day and a.percent < b.percent for a, b in pairwise(steps))
    assert start < steps[0].day
    assert steps[0].percent >= 1
