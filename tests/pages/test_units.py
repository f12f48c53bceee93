"""The page of a unit: its figures, its latest work, its last reports."""

from datetime import datetime, timedelta
from random import Random
from uuid import uuid4

import pytest
from django.urls import reverse

from tests.factories import NOW, TODAY, Cast, make_assignment, make_department, make_plan
from tracker.actions.work import report_progress
from tracker.clock import SHANGHAI
from tracker.models import Assignment
from tracker.turns import LateDays
from tracker.workflow import Status


def _at(unit) -> str:
    return reverse("unit", args=[unit.pk])


def test_figures_are_of_this_unit_alone(cast, browser) -> None:
    for status in (Status.PENDING, Status.ACTIVE, Status.SUBMITTED, Status.CLOSED):
        make_assignment(cast.bureau, plan=cast.plan, status=status, due_date=TODAY)
    make_assignment(cast.bureau, plan=make_plan(cast.city, "次要方案"), due_date=TODAY - timedelta(days=3))
    make_assignment(cast.other_bureau, plan=cast.plan, due_date=TODAY - timedelta(days=3))

    context = browser(cast.leader).get(_at(cast.bureau)).context

    numbers = context["numbers"]
    assert (numbers.total, numbers.overdue, numbers.due_soon, numbers.unsigned) == (5, 1, 2, 1)
    assert (numbers.awaiting_review, numbers.closed, numbers.closed_rate) == (1, 1, 20)
    assert {(plan.title, tally.total, tally.overdue) for plan, tally in context["lines"]} == {
        (cast.plan.title, 4, 0),
        ("次要方案", 1, 1),
    }


def test_most_overdue_come_first_and_the_rest_is_a_link(cast, browser) -> None:
    for days in range(1, 13):
        make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY - timedelta(days=days))

    response = browser(cast.leader).get(_at(cast.bureau))

    assert [row.days_late(TODAY) for row in response.context["overdue"]] == list(range(12, 2, -1))
    assert "查看全部 12 项" in response.content.decode()


def test_last_reports_are_shown_without_those_taken_back(cast, browser) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan)
    other = make_assignment(cast.other_bureau, task=share.task)
    for number in range(12):
        report = report_progress(
            share.pk, percent=5, note=f"第{number}次", form_key=uuid4(), by=cast.reporter, now=NOW
        )
    report_progress(other.pk, percent=5, note="别家的", form_key=uuid4(), by=cast.outsider, now=NOW)
    report.withdrawn_at, report.withdrawn_by = NOW, cast.reporter
    report.save()

    reports = browser(cast.reporter).get(_at(cast.bureau)).context["reports"]

    assert [report.note for report in reports] == [f"第{number}次" for number in range(10, 0, -1)]


def test_units_own_people_read_their_own_unit_only(cast, browser) -> None:
    make_assignment(cast.bureau, plan=cast.plan)

    assert browser(cast.reporter).get(_at(cast.bureau)).status_code == 200
    assert browser(cast.reporter).get(_at(cast.other_bureau)).status_code == 404
    assert f'href="{_at(cast.bureau)}">' in browser(cast.reporter).get(reverse("my_work")).content.decode()


def test_unit_without_work_says_what_would_be_here(cast, browser) -> None:
    page = browser(cast.coordinator).get(_at(cast.bureau)).content.decode()

    assert "还没有下达给这个单位的任务" in page
    assert reverse("ledger") + "?" not in page


def test_work_for_another_region_is_seen_from_there_and_its_plan_by_the_unit(cast, browser) -> None:
    """A county unit with a share of the city plan: its own coordinator sees the unit, but not the share."""
    make_assignment(cast.county_bureau, plan=cast.plan)

    assert browser(cast.county_coordinator).get(_at(cast.county_bureau)).context["numbers"].total == 0
    assert browser(cast.coordinator).get(_at(cast.county_bureau)).context["numbers"].total == 1
    client = browser(cast.county_reporter)
    assert [plan for plan, _ in client.get(_at(cast.county_bureau)).context["lines"]] == [cast.plan]
    assert client.get(reverse("plan", args=[cast.plan.pk])).status_code == 200
    assert browser(cast.foreigner).get(reverse("plan", args=[cast.plan.pk])).status_code == 404


def test_late_days_summed_by_the_database_are_those_of_the_rows(cast) -> None:
    """Every status, with and without dates and turns, and one made late in the evening."""
    chance = Random(3)
    for status in Status.values * 12:
        due = chance.choice([None, *(TODAY - timedelta(days=days) for days in (-5, 0, 1, 9, 40))])
        judged = chance.choice([due, due - timedelta(days=6)]) if due else None
        share = make_assignment(cast.bureau, plan=cast.plan, status=status, due_date=due)
        Assignment.objects.filter(pk=share.pk).update(
            first_due_date=judged,
            judged_date=judged,
            held_since=chance.choice([None, *(TODAY - timedelta(days=days) for days in (0, 3, 20))]),
            unit_late_days=chance.randint(0, 9),
            reviewer_late_days=chance.randint(0, 9),
            created_at=datetime(2024, 9, 30, 23, 30, tzinfo=SHANGHAI),
        )
    rows = Assignment.objects.all()

    assert rows.late_days(TODAY) == sum((row.late_days(TODAY) for row in rows), LateDays())
    assert rows.none().late_days(TODAY) == LateDays()
    assert rows.late_days(TODAY).unit > 0


def test_late_days_are_on_the_page(cast, browser) -> None:
    make_assignment(
        cast.bureau, plan=cast.plan, due_date=TODAY - timedelta(days=4), created_at=NOW - timedelta(9)
    )
    make_assignment(
        cast.bureau,
        plan=cast.plan,
        due_date=TODAY - timedelta(days=6),
        status=Status.SUBMITTED,
        handed_in_on=TODAY - timedelta(days=5),
    )

    page = browser(cast.leader).get(_at(cast.bureau)).content.decode()

    assert "单位占 5 天，审核占 5 天" in page


@pytest.mark.parametrize("count", [1, 3])
def test_number_of_queries_does_not_grow(cast: Cast, browser, count, django_assert_num_queries) -> None:
    unit = make_department(cast.city, "市水利局")
    for number in range(count):
        plan = make_plan(cast.city, f"方案{number}")
        share = make_assignment(unit, plan=plan, due_date=TODAY - timedelta(days=2))
        share.reports.create(
            percent=5, note="进展", form_key=uuid4(), created_by=cast.reporter, created_at=NOW
        )
    client = browser(cast.leader)

    with django_assert_num_queries(12):
        client.get(_at(unit))
