"""Each operation by each person's token: own unit, other unit, other region, the regions above and below."""

from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Region, User
from tests.api.conftest import Visitor
from tests.factories import NOW, Cast, make_assignment, make_plan, make_region, make_user
from tracker.actions.work import report_progress
from tracker.api.description import document
from tracker.models import ProgressReport

OWN_UNIT = {"reporter", "colleague", "head"}
READERS = {"coordinator", "leader", "province_coordinator", "province_leader", "administrator"}
PEOPLE = OWN_UNIT | READERS
PEOPLE |= {"outsider", "county_reporter", "foreigner"}
PEOPLE |= {"county_coordinator", "foreign_coordinator", "foreign_leader"}

# Who reads what: each list holds the objects of the own unit's share for these, and for nobody else.
SEES = {
    "plans": OWN_UNIT | READERS | {"outsider"},  # a unit's people read the live plans of their region
    "tasks": OWN_UNIT | READERS,
    "assignments": OWN_UNIT | READERS,
}


@pytest.fixture
def people(cast: Cast) -> dict[str, User]:
    province = make_region("河南省", level=Region.Level.PROVINCE)
    cast.city.parent = province
    cast.city.save()
    found = {name: value for name, value in vars(cast).items() if isinstance(value, User)}
    found["province_coordinator"] = make_user("p1", User.Role.COORDINATOR, region=province)
    found["province_leader"] = make_user("p2", User.Role.LEADER, region=province)
    assert set(found) == PEOPLE
    return found


def test_every_operation_is_in_here() -> None:
    asked = {(method, path) for path, methods in document()["paths"].items() for method in methods}
    lists = {("get", f"/api/v1/{name}") for name in SEES}
    ones = {("get", f"/api/v1/{name}/{{{name[:-1]}_id}}") for name in SEES}
    reports = "/api/v1/assignments/{assignment_id}/reports"
    assert asked == lists | ones | {("get", reports), ("post", reports), ("get", "/api/v1/token")}


def test_who_reads_what(cast: Cast, api: Visitor, people: dict[str, User]) -> None:
    row = make_assignment(cast.bureau, plan=cast.plan)
    make_assignment(cast.foreign_bureau, plan=cast.foreign_plan)
    report_progress(row.pk, percent=9, note="动工", form_key=uuid4(), by=cast.reporter, now=NOW)
    keys = {"plans": row.plan_id, "tasks": row.task_id, "assignments": row.pk}
    wrong: list[Any] = []
    for person, user in people.items():
        visit = api(user, scope="READ")
        for name, key in keys.items():
            may = person in SEES[name]
            if visit.get(f"{name}/{key}").status_code != (200 if may else 404):
                wrong.append((person, f"{name}/{key}"))
            if (key in visit.ids(name)) != may:
                wrong.append((person, name))
        if visit.get(f"assignments/{row.pk}/reports").status_code != (
            200 if person in SEES["tasks"] else 404
        ):
            wrong.append((person, "reports"))
        if visit.get("token").json()["username"] != user.username:
            wrong.append((person, "token"))
    assert wrong == []


@pytest.mark.parametrize("scope", ["READ", "REPORT"])
def test_who_reports(cast: Cast, api: Visitor, people: dict[str, User], scope: str) -> None:
    """Own unit's people with a token for it; who may only read is told so, to others there is nothing."""
    wrong = []
    for person, user in people.items():
        row = make_assignment(cast.bureau, plan=cast.plan)
        response = api(user, scope=scope).report(row.pk)
        expected: tuple[int, str | None]
        if scope == "READ":
            expected = (403, "scope")
        elif person in OWN_UNIT:
            expected = (201, None)
        else:
            expected = (403, "not_own_unit") if person in READERS else (404, "not_found")
        if (response.status_code, response.json().get("code")) != expected:
            wrong.append((person, response.status_code, response.json()))
    assert wrong == []
    assert ProgressReport.objects.count() == (len(OWN_UNIT) if scope == "REPORT" else 0)


def test_a_draft_is_its_coordinators_alone(cast: Cast, api: Visitor, people: dict[str, User]) -> None:
    draft = make_plan(cast.city, "草稿", status="DRAFT", confirmed_at=None)
    seen = {person for person, user in people.items() if draft.pk in api(user).ids("plans")}
    assert seen == {"coordinator"}


def test_without_a_token_nothing_is_said(cast: Cast, api: Visitor) -> None:
    row = make_assignment(cast.bureau, plan=cast.plan)
    paths = [
        path.format(plan_id=row.plan_id, task_id=row.task_id, assignment_id=row.pk)
        for path in document()["paths"]
    ]
    for path in [*paths, "/api/v1/openapi.json", "/api/v1/", "/api/v1/nothing", "/api/v1/plans/99999"]:
        for method in ("get", "post", "delete"):
            response = getattr(api(None).client, method)(path)
            assert (response.status_code, response.json()["code"]) == (401, "unauthorized"), (method, path)
