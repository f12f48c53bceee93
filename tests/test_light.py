"""One definition each of light and overdue: what SQL says of a row, the row says of itself."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import TODAY, make_assignment, make_cast
from tracker.models import Assignment
from tracker.workflow import Light, Status

OFFSETS = (None, -400, -1, 0, 1, 7, 8, 400)


@pytest.mark.django_db
def test_annotation_equals_the_light_of_the_row_in_every_case() -> None:
    cast = make_cast()
    plan = cast.plan
    for status in Status.values:
        for due in OFFSETS:
            for behind in (None, -1, 0, 1):
                for handed_in in (-1, 0, 1):
                    make_assignment(
                        cast.bureau,
                        plan=plan,
                        status=status,
                        due_date=_day(due),
                        behind_from=_day(behind),
                        handed_in_on=_handed_in(status, due, handed_in),
                    )

    rows = list(Assignment.objects.with_light(TODAY))

    assert len(rows) == len(Status.values) * len(OFFSETS) * 12
    assert [vars(row)["light"] for row in rows] == [row.light_on(TODAY).value for row in rows]
    overdue = set(Assignment.objects.overdue(TODAY))
    assert overdue == {row for row in rows if row.is_overdue(TODAY)}
    assert overdue == {row for row in rows if row.light_on(TODAY) == Light.RED}
    for light in Light:
        assert set(Assignment.objects.lit(TODAY, light)) == {
            row for row in rows if row.light_on(TODAY) == light
        }


def _day(offset: int | None) -> date | None:
    return None if offset is None else TODAY + timedelta(days=offset)


def _handed_in(status: str, due: int | None, late: int) -> date | None:
    return _day((due or 0) + late) if status in (Status.SUBMITTED, Status.CLOSED) else None


@given(
    status=st.sampled_from(Status.values),
    due=st.none() | st.dates(date(2023, 1, 1), date(2026, 12, 31)),
    today=st.dates(date(2023, 1, 1), date(2026, 12, 31)),
)
def test_days_late_is_positive_exactly_when_overdue(status: str, due: date | None, today: date) -> None:
    assignment = Assignment(status=status, due_date=due)

    assert (assignment.days_late(today) > 0) == assignment.is_overdue(today)
    assert not (assignment.is_overdue(today) and (due is None or due >= today))
