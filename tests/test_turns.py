"""Whose late days they are: the parts add up, whatever was handed in and returned how often."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.turns import LateDays, Passing, finished_late_days, late_days
from tracker.workflow import Status

DUE = date(2024, 10, 10)
PENDING, ACTIVE, SUBMITTED, SUSPENDED, CLOSED, WAIVED = (
    Status.PENDING,
    Status.ACTIVE,
    Status.SUBMITTED,
    Status.SUSPENDED,
    Status.CLOSED,
    Status.WAIVED,
)


def _october(*steps: tuple[int, str, str]) -> list[Passing]:
    return [Passing(date(2024, 10, day), before, after) for day, before, after in steps]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([], LateDays(0, 0), id="nothing_ended"),
        pytest.param([(10, ACTIVE, SUBMITTED)], LateDays(0, 0), id="on_the_last_day"),
        pytest.param([(12, ACTIVE, SUBMITTED)], LateDays(2, 0), id="two_days_late"),
        pytest.param([(9, ACTIVE, SUBMITTED), (20, SUBMITTED, CLOSED)], LateDays(0, 10), id="slow_reviewer"),
        pytest.param(
            [(9, ACTIVE, SUBMITTED), (20, SUBMITTED, ACTIVE), (22, ACTIVE, SUBMITTED)],
            LateDays(2, 10),
            id="returned_late",
        ),
        pytest.param(
            [
                (12, ACTIVE, SUBMITTED),
                (15, SUBMITTED, ACTIVE),
                (15, ACTIVE, SUBMITTED),
                (18, SUBMITTED, CLOSED),
            ],
            LateDays(2, 6),
            id="returned_and_sent_again_the_same_day",
        ),
        pytest.param(
            [(5, ACTIVE, SUSPENDED), (20, SUSPENDED, ACTIVE), (21, ACTIVE, SUBMITTED)],
            LateDays(1, 0),
            id="suspended_days_are_nobodys",
        ),
        pytest.param(
            [(8, ACTIVE, SUBMITTED), (9, SUBMITTED, CLOSED), (25, CLOSED, ACTIVE), (28, ACTIVE, SUBMITTED)],
            LateDays(3, 0),
            id="closed_days_are_nobodys",
        ),
        pytest.param([(13, PENDING, Status.REASSIGNED)], LateDays(3, 0), id="passed_on_late"),
        pytest.param(
            [(12, ACTIVE, WAIVED), (20, WAIVED, ACTIVE), (21, ACTIVE, SUBMITTED)],
            LateDays(3, 0),
            id="waived_days_are_nobodys",
        ),
        pytest.param(
            [(3, PENDING, ACTIVE), (12, ACTIVE, SUBMITTED)], LateDays(2, 0), id="signing_is_no_change"
        ),
    ],
)
def test_late_days_belong_to_whoever_held_the_share(steps, expected: LateDays) -> None:
    assert finished_late_days(_october(*steps), created_on=date(2024, 9, 1), judged_date=DUE) == expected


def test_nobody_is_late_with_what_was_not_yet_theirs() -> None:
    steps = _october((22, ACTIVE, SUBMITTED))

    assert finished_late_days(steps, created_on=date(2024, 10, 20), judged_date=DUE) == LateDays(2, 0)


def test_without_a_date_nobody_is_late() -> None:
    late = late_days(status=ACTIVE, since=date(2020, 1, 1), until=DUE, judged_date=None)

    assert late == LateDays()


@given(
    gaps=st.lists(st.integers(0, 15), min_size=1, max_size=12),
    first=st.integers(-30, 30),
)
def test_unit_and_reviewer_together_have_every_day_after_the_date(gaps: list[int], first: int) -> None:
    created_on = DUE + timedelta(days=first)
    day, status, passings = created_on, ACTIVE, []
    for gap in gaps:
        day += timedelta(days=gap)
        after = SUBMITTED if status == ACTIVE else ACTIVE
        passings.append(Passing(day, status, after))
        status = after

    late = finished_late_days(passings, created_on=created_on, judged_date=DUE)

    assert late.unit + late.reviewer == max(0, (day - max(created_on, DUE)).days)
