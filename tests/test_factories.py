"""The factories obey what the database and the models demand."""

import pytest

from tests.factories import TODAY, make_assignment, make_cast
from tracker.workflow import Status


@pytest.mark.django_db
@pytest.mark.parametrize("status", Status.values)
def test_make_assignment_in_every_status_is_valid(status: str) -> None:
    cast = make_cast()

    assignment = make_assignment(cast.bureau, status=status, due_date=TODAY)

    assignment.full_clean()
    clause = assignment.task.clause
    assert assignment.plan.source_text[clause.start : clause.end] == assignment.task.text
