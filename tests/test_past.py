"""A share as it stood on a day that is past, and the figures of a month made of that."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast, make_task
from tracker import bulletins, dashboards
from tracker.actions.extensions import ask_extension, grant_extension
from tracker.actions.nodes import Planned, set_nodes
from tracker.actions.work import move_assignment, report_progress
from tracker.models import Assignment, TaskEvent
from tracker.past import as_of
from tracker.workflow import Light, Move, Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def _on(day: date) -> datetime:
    return NOW + timedelta(days=(day - TODAY).days)


def _then(share: Assignment, day: date) -> Assignment | None:
    own = TaskEvent.objects.filter(assignment=share).order_by("sequence")
    nodes = TaskEvent.objects.filter(task=share.task_id, kind="NODES").order_by("sequence")
    return as_of(Assignment.objects.select_related("task").get(pk=share.pk), own, nodes, day)


def _begun(cast: Cast, due: date, **fields: Any) -> Assignment:
    """Given out on 1 June and not signed for."""
    given = _on(date(2024, 6, 1))
    task = make_task(cast.plan, due_date=due, created_at=given)
    return make_assignment(cast.bureau, task=task, status=Status.PENDING, created_at=given, **fields)


def test_each_day_is_read_off_the_history(cast) -> None:
    share = _begun(cast, date(2024, 8, 31))
    report_progress(
        share.pk, percent=40, note="一", form_key=uuid4(), by=cast.reporter, now=_on(date(2024, 7, 10))
    )
    report_progress(
        share.pk, percent=100, note="二", form_key=uuid4(), by=cast.reporter, now=_on(date(2024, 9, 20))
    )
    move_assignment(share.pk, Move.SUBMIT, by=cast.reporter, now=_on(date(2024, 9, 20)))
    move_assignment(share.pk, Move.APPROVE, by=cast.coordinator, now=_on(date(2024, 10, 5)))

    seen = {day: _then(share, day) for day in map(date.fromisoformat, DAYS)}

    assert [
        None if then is None else (then.status, then.percent, then.light_on(day))
        for day, then in seen.items()
    ] == [
        None,
        (Status.PENDING, 0, Light.GREEN),
        (Status.ACTIVE, 40, Light.YELLOW),
        (Status.ACTIVE, 40, Light.RED),
        (Status.SUBMITTED, 100, Light.YELLOW),
        (Status.CLOSED, 100, Light.YELLOW),
    ]


DAYS = ["2024-05-31", "2024-06-01", "2024-08-31", "2024-09-19", "2024-09-30", "2024-10-21"]


def test_an_extension_counts_from_the_day_it_was_granted(cast) -> None:
    share = _begun(cast, date(2024, 8, 31))
    asked = ask_extension(
        share.pk,
        new_date=date(2024, 12, 31),
        reason="雨季",
        form_key=uuid4(),
        by=cast.reporter,
        now=_on(date(2024, 8, 20)),
    )
    grant_extension(asked.pk, due_date=date(2024, 12, 31), by=cast.coordinator, now=_on(date(2024, 9, 10)))

    before, after = _then(share, date(2024, 9, 9)), _then(share, date(2024, 9, 10))

    assert before is not None
    assert after is not None
    assert (before.due_date, before.is_overdue(date(2024, 9, 9))) == (date(2024, 8, 31), True)
    assert (after.due_date, after.judged_date) == (date(2024, 12, 31), date(2024, 12, 31))


def test_nodes_set_later_do_not_make_an_earlier_day_behind(cast) -> None:
    share = _begun(cast, date(2024, 12, 31))
    set_nodes(
        share.task_id, [Planned(date(2024, 9, 30), 90, "")], by=cast.coordinator, now=_on(date(2024, 9, 15))
    )

    before, after = _then(share, date(2024, 9, 14)), _then(share, date(2024, 9, 15))

    assert before is not None
    assert after is not None
    assert before.behind_from != after.behind_from
    share.refresh_from_db()
    assert after.behind_from == share.behind_from


def test_a_day_ends_at_midnight_here(cast) -> None:
    share = _begun(cast, date(2024, 8, 31))
    at = datetime.fromisoformat("2024-09-30T23:59:59+08:00")
    report_progress(share.pk, percent=70, note="晚", form_key=uuid4(), by=cast.reporter, now=at)

    assert [then.percent for day in (29, 30) if (then := _then(share, date(2024, 9, day)))] == [0, 70]


def test_bulletin_of_today_says_what_the_pages_say(cast) -> None:
    _begun(cast, date(2024, 9, 30))
    _begun(cast, TODAY + timedelta(days=3))
    closed = _begun(cast, TODAY + timedelta(days=60))
    report_progress(closed.pk, percent=100, note="完", form_key=uuid4(), by=cast.reporter, now=NOW)
    move_assignment(closed.pk, Move.SUBMIT, by=cast.reporter, now=NOW)
    move_assignment(closed.pk, Move.APPROVE, by=cast.coordinator, now=NOW)
    waived = _begun(cast, date(2024, 9, 30))
    move_assignment(waived.pk, Move.WAIVE, note="不再办", by=cast.coordinator, now=NOW)

    found = bulletins.bulletin(cast.city, date(2024, 10, 1), TODAY)

    numbers = dashboards.numbers(Assignment.objects.all(), TODAY)
    assert (found.total.total, found.total.closed, found.total.overdue) == (
        numbers.total,
        numbers.closed,
        numbers.overdue,
    )
    shares = Assignment.objects.in_force()
    assert found.total.lights == {light: shares.lit(TODAY, light).count() for light in Light.values}
    assert [row.pk for row in found.late] == list(
        Assignment.objects.overdue(TODAY).by_urgency().values_list("pk", flat=True)
    )


def test_bulletin_of_a_past_month_does_not_know_what_came_after(cast) -> None:
    share = _begun(cast, date(2024, 8, 31))
    report_progress(
        share.pk, percent=100, note="完", form_key=uuid4(), by=cast.reporter, now=_on(date(2024, 10, 5))
    )
    move_assignment(share.pk, Move.SUBMIT, by=cast.reporter, now=_on(date(2024, 10, 5)))
    move_assignment(share.pk, Move.APPROVE, by=cast.coordinator, now=_on(date(2024, 10, 6)))

    september = bulletins.bulletin(cast.city, date(2024, 9, 1), TODAY)
    october = bulletins.bulletin(cast.city, date(2024, 10, 1), TODAY)

    assert (september.day, september.total.overdue, september.total.closed) == (date(2024, 9, 30), 1, 0)
    assert (october.day, october.total.overdue, october.total.closed) == (TODAY, 0, 1)
    assert [(day, unit.overdue) for day, unit in october.trend] == [
        (date(2024, 6, 30), 0),
        (date(2024, 7, 31), 0),
        (date(2024, 8, 31), 0),
        (date(2024, 9, 30), 1),
        (TODAY, 0),
    ]
    assert bulletins.months_of(cast.city, TODAY) == [date(2024, month, 1) for month in (10, 9, 8, 7, 6)]


def test_best_and_worst(cast) -> None:
    units = [
        bulletins.UnitMonth(name, total=total, closed=closed, lights={"RED": red}, longest=longest)
        for name, total, closed, red, longest in (
            ("甲", 10, 9, 0, 0),
            ("乙", 10, 5, 0, 0),
            ("丙", 2, 2, 0, 0),
            ("丁", 10, 0, 0, 0),
            ("戊", 10, 9, 1, 40),
            ("己", 10, 9, 1, 50),
            ("庚", 10, 9, 3, 2),
            ("辛", 10, 9, 1, 1),
        )
    ]
    found = bulletins.Bulletin(cast.city, TODAY.replace(day=1), TODAY, units=units)

    assert [unit.name for unit in found.best] == ["甲", "乙"]
    assert [unit.name for unit in found.worst] == ["庚", "己", "戊"]
