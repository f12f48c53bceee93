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
                for unit_late_days, judged_earlier in ((0, 0), (0, 3), (2, 0)):
                    make_assignment(
                        cast.bureau,
                        plan=plan,
                        status=status,
                        due_date=_day(due),
                        first_due_date=_day(due, -judged_earlier),
                        judged_date=_day(due, -judged_earlier),
                        behind_from=_day(behind),
                        unit_late_days=unit_late_days,
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


def _day(offset: int | None, more: int = 0) -> date | None:
    return None if offset is None else TODAY + timedelta(days=offset + more)


@given(
    status=st.sampled_from(Status.values),
    due=st.none() | st.dates(date(2023, 1, 1), date(2026, 12, 31)),
    today=st.dates(date(2023, 1, 1), date(2026, 12, 31)),
)
def test_days_late_is_positive_exactly_when_overdue(status: str, due: date | None, today: date) -> None:
    assignment = Assignment(status=status, due_date=due)

    assert (assignment.days_late(today) > 0) == assignment.is_overdue(today)
    assert not (assignment.is_overdue(today) and (due is None or due >= today))
