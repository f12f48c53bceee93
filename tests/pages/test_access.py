"""Who may open what: every page, by people of the region, of a unit, of elsewhere, and nobody."""

import pytest
from django.urls import reverse

from tests.factories import TODAY, Cast, make_assignment
from tracker.models import Assignment
from tracker.workflow import Status


@pytest.fixture
def assignment(cast: Cast) -> Assignment:
    return make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY)


def _urls(assignment: Assignment) -> dict[str, str]:
    return {
        "my_work": reverse("my_work"),
        "ledger": reverse("ledger"),
        "overview": reverse("overview"),
        "overdue": reverse("overdue"),
        "plans": reverse("plans"),
        "plan": reverse("plan", args=[assignment.plan_id]),
        "task": reverse("task", args=[assignment.task_id]),
        "report": reverse("report", args=[assignment.pk]),
    }


UNIT = {"my_work", "ledger", "plans", "plan", "task", "report"}
REGION = {"ledger", "overview", "overdue", "plans", "plan", "task"}
MAY_OPEN = {
    "reporter": UNIT,
    "colleague": UNIT,
    "head": UNIT,
    "outsider": {"my_work", "ledger", "plans", "plan"},
    "county_reporter": {"my_work", "ledger", "plans"},
    "foreigner": {"my_work", "ledger", "plans"},
    "coordinator": REGION,
    "leader": REGION,
    "administrator": REGION,
    "county_coordinator": {"ledger", "overview", "overdue", "plans"},
    "foreign_coordinator": {"ledger", "overview", "overdue", "plans"},
    "foreign_leader": {"ledger", "overview", "overdue", "plans"},
}


@pytest.mark.parametrize("person", MAY_OPEN)
def test_each_person_opens_own_pages_and_gets_404_for_the_rest(cast, browser, assignment, person) -> None:
    client = browser(getattr(cast, person))

    statuses = {name: client.get(url).status_code for name, url in _urls(assignment).items()}

    assert statuses == {name: 200 if name in MAY_OPEN[person] else 404 for name in statuses}


def test_anonymous_visitor_is_sent_to_sign_in(browser, assignment) -> None:
    client = browser(None)

    for url in [reverse("home"), *_urls(assignment).values(), reverse("move", args=[assignment.pk])]:
        response = client.get(url)
        assert (response.status_code, response["Location"]) == (302, f"{reverse('login')}?next={url}")


@pytest.mark.parametrize(
    "person", ["outsider", "foreigner", "leader", "foreign_coordinator", "administrator"]
)
def test_nobody_else_moves_or_reports(cast, browser, assignment, person) -> None:
    client = browser(getattr(cast, person))
    answers = {
        "percent": "90",
        "note": "x",
        "form_key": "6f1b6a34-8f0f-4f6e-9a5c-111111111111",
        "version": "1",
    }

    for move in ("SUBMIT", "SUSPEND"):
        client.post(reverse("move", args=[assignment.pk]), {"move": move, "version": "1", "note": "理由"})
    client.post(reverse("report", args=[assignment.pk]), answers)

    assignment.refresh_from_db()
    assert (assignment.status, assignment.version, assignment.percent) == (Status.ACTIVE, 1, 0)


@pytest.mark.parametrize(
    ("person", "page"),
    [
        ("reporter", "my_work"),
        ("coordinator", "overview"),
        ("leader", "overview"),
        ("administrator", "overview"),
    ],
)
def test_home_leads_to_the_page_of_the_role(cast, browser, person, page) -> None:
    response = browser(getattr(cast, person)).get(reverse("home"))

    assert response["Location"] == reverse(page)


def test_rows_of_another_region_never_show(cast, browser, assignment) -> None:
    make_assignment(cast.foreign_bureau, plan=cast.foreign_plan, text="开封的任务不给新乡看", due_date=TODAY)

    for person in (cast.reporter, cast.coordinator, cast.leader):
        client = browser(person)
        for name in ("ledger", "plans"):
            assert "开封" not in client.get(reverse(name)).content.decode()


def test_leader_of_the_city_sees_the_county_below(cast, browser) -> None:
    make_assignment(cast.county_bureau, text="卫辉的任务")

    assert "卫辉的任务" in browser(cast.leader).get(reverse("ledger")).content.decode()
    assert "卫辉的任务" in browser(cast.county_coordinator).get(reverse("ledger")).content.decode()


def test_draft_is_seen_only_by_coordinators_of_its_region(cast, browser) -> None:
    plan = cast.plan
    plan.status, plan.confirmed_at = "DRAFT", None
    plan.save(update_fields=["status", "confirmed_at"])

    opened = {
        name: browser(getattr(cast, name)).get(reverse("plan", args=[plan.pk])).status_code
        for name in ("coordinator", "leader", "reporter", "foreign_coordinator")
    }

    assert opened == {"coordinator": 200, "leader": 404, "reporter": 404, "foreign_coordinator": 404}
