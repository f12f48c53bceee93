"""Pages made to be printed: the overdue list, and the sheets of the day."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from tests.factories import NOW, TODAY, make_assignment, make_department
from tracker import dailies
from tracker.models import Assignment
from tracker.workflow import Status, WorkState


def test_printed_overdue_list_is_the_overdue_list(cast, browser) -> None:
    for unit in (cast.bureau, cast.other_bureau, cast.county_bureau):
        for days in range(3):
            make_assignment(unit, plan=cast.plan, due_date=TODAY - timedelta(days=days))
    client = browser(cast.leader)

    printed = client.get(reverse("overdue_print")).context
    listed = client.get(reverse("overdue")).context

    assert {row.pk for row in printed["rows"]} == {row.pk for group in listed["groups"] for row in group.rows}
    assert printed["total"] == listed["total"] == 6


def test_long_overdue_list_is_cut_and_says_so(cast, browser, monkeypatch) -> None:
    monkeypatch.setattr(dailies, "OVERDUE_PRINTED", 2)
    for _ in range(3):
        make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY - timedelta(days=1))

    response = browser(cast.leader).get(reverse("overdue_print"))

    assert len(response.context["rows"]) == 2
    assert "这里只印前 2 项" in response.content.decode()


def test_sheet_has_what_is_urgent_each_once(cast, browser) -> None:
    def share(days: int | None, **fields: Any) -> Assignment:
        due = None if days is None else TODAY + timedelta(days=days)
        return make_assignment(cast.bureau, plan=cast.plan, due_date=due, **fields)

    returned = share(-3, returned_at=NOW)
    late, unsigned, soon = share(-1), share(60, status=Status.PENDING), share(7)
    share(60)
    share(None)
    share(-1, status=Status.SUBMITTED)

    [sheet] = browser(cast.reporter).get(reverse("unit_sheet", args=[cast.bureau.pk])).context["sheets"]

    assert [(group.state, group.rows) for group in sheet.groups] == [
        (WorkState.RETURNED, [returned]),
        (WorkState.OVERDUE, [late]),
        (WorkState.UNSIGNED, [unsigned]),
        (WorkState.SOON, [soon]),
    ]


def test_sheets_of_all_units_are_those_with_something_to_do_in_the_own_region(cast, browser) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY)
    make_assignment(cast.other_bureau, plan=cast.plan, due_date=TODAY + timedelta(days=60))
    make_assignment(cast.foreign_bureau, plan=cast.foreign_plan, due_date=TODAY)

    context = browser(cast.coordinator).get(reverse("daily_sheets")).context

    assert [sheet.unit for sheet in context["sheets"]] == [cast.bureau]


def test_many_units_are_printed_in_parts(cast, browser, monkeypatch) -> None:
    monkeypatch.setattr("tracker.views.printing.SHEETS_PER_PRINT", 2)
    for number in range(3):
        make_assignment(make_department(cast.city, f"市{number}局"), plan=cast.plan, due_date=TODAY)
    client = browser(cast.coordinator)

    assert len(client.get(reverse("daily_sheets")).context["sheets"]) == 2
    assert len(client.get(reverse("daily_sheets") + "?page=2").context["sheets"]) == 1


def test_long_group_says_how_many_more(cast, browser, monkeypatch) -> None:
    monkeypatch.setattr(dailies, "SHEET_ROWS", 2)
    for _ in range(3):
        make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY)

    page = browser(cast.reporter).get(reverse("unit_sheet", args=[cast.bureau.pk]))

    assert "还有 1 项" in page.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow(cast, browser, django_assert_num_queries, count) -> None:
    for number in range(count):
        unit = make_department(cast.city, f"市{number}局")
        make_assignment(unit, plan=cast.plan, due_date=TODAY - timedelta(days=1))
        make_assignment(unit, plan=cast.plan, due_date=TODAY)
    client = browser(cast.coordinator)
    client.get(reverse("daily_sheets"))
    with django_assert_num_queries(7):
        client.get(reverse("daily_sheets"))
    with django_assert_num_queries(5):
        client.get(reverse("overdue_print"))
