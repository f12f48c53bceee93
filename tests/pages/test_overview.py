"""The leaders' figures, over many kinds of rows. That each opens what it counts: see test_numbers.py."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Department
from tests.factories import NOW, TODAY, Cast, make_assignment, make_department, make_plan
from tracker import dashboards
from tracker.models import Assignment
from tracker.permissions import visible_assignments
from tracker.workflow import Status


@pytest.fixture
def mixed(cast: Cast) -> None:
    """Every status with every interesting due date, in two units of the city and one of the county."""
    for unit in (cast.bureau, cast.other_bureau, cast.county_bureau):
        plan = make_plan(unit.region, f"{unit}方案")
        for status in Status.values:
            for offset in (None, -40, -1, 0, 1, 7, 8):
                due = None if offset is None else TODAY + timedelta(days=offset)
                make_assignment(unit, plan=plan, status=status, due_date=due)
    make_assignment(cast.foreign_bureau, due_date=TODAY - timedelta(days=9))


def _total(client: Client, href: str) -> int:
    count: int = client.get(href.replace("&amp;", "&")).context["page"].paginator.count
    return count


def _numbers(page: str) -> list[tuple[str, int]]:
    """Each linked whole number of a page with its address."""
    links = re.findall(r'<a[^>]*href="([^"]*/ledger/\?[^"]*)"[^>]*>\s*(\d+)\s*</a>', page)
    tiles = re.findall(
        r'<a href="([^"]*/ledger/\?[^"]*)"><span class="tile-name">.*?<strong[^>]*>(\d+)<', page
    )
    bars = re.findall(r'<a href="([^"]*/ledger/\?[^"]*)"><title>\S+ (\d+)</title>', page)
    return [(href, int(number)) for href, number in links + tiles + bars]


@pytest.mark.usefixtures("mixed")
def test_my_work_numbers_and_groups_equal_the_list_they_open(cast, browser) -> None:
    client = browser(cast.reporter)
    response = client.get(reverse("my_work"))

    for href, number in _numbers(response.content.decode()):
        if "status=CLOSED" not in href:
            assert (href, _total(client, href)) == (href, number)
    unfinished = visible_assignments(cast.reporter).open().count()
    assert sum(group.count for group in response.context["work"].groups) == unfinished
    shown = [row.pk for group in response.context["work"].groups for row in group.rows]
    assert len(shown) == len(set(shown)) == unfinished


@pytest.mark.usefixtures("mixed")
def test_rate_of_closed_opens_the_closed_rows(cast, browser) -> None:
    client = browser(cast.leader)
    numbers = client.get(reverse("overview")).context["numbers"]

    assert (numbers.closed, numbers.total) == (21, 105)
    assert numbers.closed_rate == 20
    assert _total(client, f"{reverse('ledger')}?status=CLOSED") == 21
    assert _total(client, reverse("ledger")) == 105


def test_rate_is_rounded_down_and_absent_without_rows() -> None:
    def rate(closed: int, total: int) -> int | None:
        return dashboards.Numbers(total, closed, 0, 0, 0, 0).closed_rate

    assert [rate(999, 1000), rate(1000, 1000), rate(0, 3), rate(0, 0)] == [99, 100, 0, None]


def test_units_are_sorted_by_lateness(cast) -> None:
    plan = cast.plan
    for name, offsets in {"甲": [-1], "乙": [-2, -3], "丙": [-30], "丁": [3], "戊": [90]}.items():
        unit = make_department(cast.city, name)
        for offset in offsets:
            make_assignment(unit, plan=plan, due_date=TODAY + timedelta(days=offset))

    lines = dashboards.units(visible_assignments(cast.leader), TODAY)

    assert [(line.name, line.overdue, line.days_late) for line in lines] == [
        ("乙", 2, 3),
        ("丙", 1, 30),
        ("甲", 1, 1),
        ("丁", 0, 0),
        ("戊", 0, 0),
    ]


def test_overdue_page_says_how_late_each_row_is(cast, browser) -> None:
    make_assignment(cast.bureau, due_date=TODAY - timedelta(days=12), percent=40)
    make_assignment(cast.bureau, due_date=TODAY, text="今天到期的不算")

    page = browser(cast.leader).get(reverse("overdue")).content.decode()

    assert "逾期12天" in page
    assert "今天到期的不算" not in page
    assert "共 <strong>1</strong> 项逾期" in page


def test_overdue_page_shows_the_worst_of_a_unit_and_counts_the_rest(cast, browser) -> None:
    for days in range(1, 24):
        make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY - timedelta(days=days))

    response = browser(cast.leader).get(reverse("overdue"))

    [group] = response.context["groups"]
    assert [row.days_late(TODAY) for row in group.rows] == list(range(23, 3, -1))
    assert group.hidden == 3
    assert "查看全部 23 项" in response.content.decode()


def test_suspended_and_handed_in_work_is_not_overdue(cast) -> None:
    late = TODAY - timedelta(days=5)
    make_assignment(cast.bureau, due_date=late, status=Status.SUSPENDED)
    make_assignment(cast.bureau, due_date=late, status=Status.SUBMITTED, handed_in_on=late)

    assert dashboards.numbers(Assignment.objects.all(), TODAY).overdue == 0


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("page", "queries"), [("overview", 9), ("overdue", 6)])
def test_number_of_queries_does_not_grow(
    cast, browser, count, page, queries, django_assert_num_queries
) -> None:
    for number in range(count):
        unit = make_department(cast.city, f"单位{number}")
        make_assignment(unit, due_date=TODAY - timedelta(days=3), created_at=NOW)
    client = browser(cast.leader)

    with django_assert_num_queries(queries):
        client.get(reverse(page))


@pytest.mark.parametrize("count", [1, 3])
def test_coordinator_asks_a_fixed_number_more_for_late_members(
    cast, browser, count, django_assert_num_queries
) -> None:
    for number in range(count):
        collective = make_department(cast.city, f"统称{number}", kind=Department.Kind.COLLECTIVE)
        unit = make_department(cast.city, f"单位{number}")
        collective.members.add(unit, make_department(cast.city, f"新单位{number}"))
        make_assignment(unit, plan=cast.plan, via=collective)
    client = browser(cast.coordinator)

    with django_assert_num_queries(14):
        response = client.get(reverse("overview"))
    assert response.context["lacking"] == count
