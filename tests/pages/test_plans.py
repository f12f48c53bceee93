"""Plans and the outline of one plan."""

import pytest
from django.urls import reverse

from tests.factories import Cast, make_assignment, make_measure, make_plan, make_task
from tracker.models import Plan


@pytest.fixture
def plan(cast: Cast) -> Plan:
    plan = cast.plan
    for path in (["二、甲", "(一)子"], ["二、甲", "(一)子"], ["二、甲", "(二)丑"], ["三、乙", "(一)寅"]):
        make_measure(plan, path=path)
    make_task_of_first = plan.measures.in_order().first()
    assert make_task_of_first is not None
    task = make_task(plan, measure=make_task_of_first, clause=make_task_of_first.clauses.get())
    for unit in (cast.bureau, cast.other_bureau):
        make_assignment(unit, task=task)
    return plan


def test_headings_are_printed_once_where_they_begin(cast, browser, plan) -> None:
    sections = browser(cast.leader).get(reverse("plan", args=[plan.pk])).context["sections"]

    assert [(section.headings, len(section.measures)) for section in sections] == [
        ([(1, "二、甲"), (2, "(一)子")], 2),
        ([(2, "(二)丑")], 1),
        ([(1, "三、乙"), (2, "(一)寅")], 1),
    ]


def test_figures_are_of_what_the_person_may_see(cast, browser, plan) -> None:
    def totals(user) -> tuple[int, int]:
        context = browser(user).get(reverse("plan", args=[plan.pk])).context
        return context["tally"].tasks, context["tally"].total

    assert totals(cast.leader) == (1, 2)
    assert totals(cast.reporter) == (1, 1)


def test_empty_list_says_what_to_do(cast, browser) -> None:
    assert "导入一份方案" in browser(cast.coordinator).get(reverse("plans")).content.decode()
    assert "督办员下达方案后" in browser(cast.reporter).get(reverse("plans")).content.decode()


def test_draft_leads_to_its_own_page(cast, browser) -> None:
    draft = make_plan(cast.city, status=Plan.Status.DRAFT, confirmed_at=None)

    assert (
        reverse("draft", args=[draft.pk]) in browser(cast.coordinator).get(reverse("plans")).content.decode()
    )


@pytest.mark.parametrize("count", [1, 3])
def test_number_of_queries_does_not_grow(cast, browser, count, django_assert_num_queries) -> None:
    for number in range(count):
        make_assignment(cast.bureau, plan=make_plan(cast.city, f"方案{number}"))
    plan = make_plan(cast.city)
    for _ in range(count):
        make_assignment(cast.bureau, plan=plan)
    client = browser(cast.leader)

    with django_assert_num_queries(6):
        client.get(reverse("plans"))
    with django_assert_num_queries(10):
        client.get(reverse("plan", args=[plan.pk]))
