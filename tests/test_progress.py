"""Expected progress: the first day on which a share counts as behind."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tracker.progress import behind_from
from tracker.workflow import BEHIND_MARGIN

START = date(2024, 1, 1)


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


def test_nothing_without_a_due_date_is_behind() -> None:
    assert behind_from(start=START, due=None, percent=0) is None


def test_a_due_date_at_or_before_the_start_expects_nothing_by_the_day() -> None:
    assert behind_from(start=START, due=START, percent=0) is None
