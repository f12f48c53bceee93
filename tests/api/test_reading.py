"""What is read: the same rows, the same definitions as the pages; pages by key; a fixed number of queries."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import QueryDict

from tests.api.conftest import Visitor
from tests.factories import NOW, TODAY, Cast, make_assignment, make_plan
from tracker.actions.duties import link_duty
from tracker.actions.history import Change, record
from tracker.actions.orders import nudge
from tracker.actions.work import move_assignment, report_progress
from tracker.forms.ledger import LedgerFilter
from tracker.models import Assignment
from tracker.workflow import EventKind, Light, Status

YESTERDAY = TODAY - timedelta(days=1)
BEFORE = NOW - timedelta(days=5)


def _world(cast: Cast) -> list[Assignment]:
    """One of each status, late and not, of two units, two plans and two regions."""
    other = make_plan(cast.city, "新乡市水污染防治方案")
    rows = [
        make_assignment(cast.bureau, plan=cast.plan, status=status, due_date=due)
        for status in Status
        for due in (YESTERDAY, TODAY, TODAY + timedelta(days=60), None)
    ]
    rows.append(make_assignment(cast.bureau, plan=other, due_date=YESTERDAY))
    rows.append(make_assignment(cast.other_bureau, plan=cast.plan, due_date=YESTERDAY))
    rows.append(make_assignment(cast.county_bureau, due_date=TODAY))
    rows.append(make_assignment(cast.foreign_bureau, plan=cast.foreign_plan, due_date=YESTERDAY))
    return rows


def test_rows_and_filters_are_those_of_the_ledger(cast: Cast, api: Visitor) -> None:
    _world(cast)
    people = [cast.reporter, cast.coordinator, cast.county_coordinator, cast.leader, cast.administrator]
    asked = ["", *(f"light={light}" for light in Light), *(f"status={status}" for status in Status)]
    asked += [f"plan={cast.plan.pk}", f"plan={cast.plan.pk}&light=RED&status=ACTIVE"]
    for person in people:
        visit = api(person)
        for query in asked:
            ledger = LedgerFilter(QueryDict(query), user=person, today=TODAY).rows
            expected = sorted(ledger.values_list("pk", flat=True))
            got = visit.ids("assignments", **QueryDict(query).dict())
            assert got == expected, (person.username, query)
    assert api(cast.coordinator).ids("assignments", light="RED")


def test_every_filter_narrows(cast: Cast, api: Visitor) -> None:
    rows = _world(cast)
    visit = api(cast.administrator)
    county = next(row for row in rows if row.department == cast.county_bureau)
    by_unit = [row.pk for row in rows if row.department == cast.other_bureau]
    assert visit.ids("assignments", department=cast.other_bureau.pk) == by_unit
    assert visit.ids("assignments", region=cast.county.pk) == [county.pk]
    assert visit.ids("assignments", task=county.task_id) == [county.pk]
    assert visit.ids("tasks", region=cast.county.pk) == [county.task_id]
    assert visit.ids("tasks", plan=county.plan_id) == [county.task_id]
    assert visit.ids("plans", region=cast.county.pk) == [county.plan_id]
    due = [row.pk for row in rows if row.due_date == TODAY and row.is_in_force]
    assert visit.ids("assignments", due_from="2024-10-21", due_to="2024-10-21") == due
    tasks = [row.task_id for row in rows if row.due_date and row.due_date <= YESTERDAY]
    assert visit.ids("tasks", due_to=YESTERDAY.isoformat()) == tasks
    # Of what nobody can see there is nothing, and nothing is said of why.
    assert api(cast.reporter).ids("assignments", department=cast.foreign_bureau.pk) == []
    assert api(cast.reporter).ids("assignments", plan=cast.foreign_plan.pk) == []


def test_what_changed_since_a_moment(cast: Cast, api: Visitor) -> None:
    """New, moved, or touched beside; also what left the ledger, or a copy would keep it."""
    rows = [make_assignment(cast.bureau, plan=cast.plan, created_at=BEFORE) for _ in range(4)]
    still, waived, reported, nudged = rows
    new = make_assignment(cast.bureau, plan=cast.plan)
    move_assignment(waived.pk, "WAIVE", by=cast.coordinator, now=NOW, note="职责调整")
    report_progress(reported.pk, percent=10, note="动工", form_key=uuid4(), by=cast.reporter, now=NOW)
    nudge(nudged.pk, note="", form_key=uuid4(), by=cast.coordinator, now=NOW)
    visit = api(cast.coordinator)

    changed = [waived.pk, reported.pk, nudged.pk, new.pk]
    assert visit.ids("assignments", changed_since="2024-10-21T09:30:00+08:00") == changed
    assert visit.ids("assignments", changed_since="2024-10-21T01:30:00Z") == changed
    assert visit.ids("assignments", changed_since="2024-10-21T09:30:01+08:00") == []
    assert visit.ids("assignments", changed_since="2024-10-21T21:18:00+19:48") == changed
    for far in ("9999-12-31T23:59:59-19:48", "3550-11-01T07:15:45+19:48"):
        assert visit.ids("assignments", changed_since=far) == []
    assert len(visit.ids("assignments", changed_since="0001-01-01T00:00:00+21:06")) == 5
    assert visit.ids("assignments") == [still.pk, reported.pk, nudged.pk, new.pk]
    tasks = [row.task_id for row in (waived, reported, nudged)]
    assert visit.ids("tasks", changed_since="2024-10-21T09:30:00+08:00") == tasks


def test_what_went_on_under_a_new_edition_has_changed(cast: Cast, api: Visitor) -> None:
    """Its plan, number and words are others now, though nothing happened to the share itself."""
    still, moved = (make_assignment(cast.bureau, plan=cast.plan, created_at=BEFORE) for _ in range(2))
    record([Change(moved.task, EventKind.NEW_EDITION)], by=cast.coordinator, now=NOW)
    record([Change(still.task, EventKind.INSTRUCT)], by=cast.leader, now=NOW)

    assert api(cast.reporter).ids("assignments", changed_since="2024-10-21T09:30:00+08:00") == [moved.pk]


def test_pages_by_key_neither_double_nor_leave_out(cast: Cast, api: Visitor) -> None:
    rows = [make_assignment(cast.bureau, plan=cast.plan) for _ in range(5)]
    visit, got = api(cast.coordinator), list[int]()
    after: int | None = 0
    while after is not None:
        page = visit.get("assignments", limit=2, after=after).json()
        got += [item["id"] for item in page["items"]]
        after = page["next"]
        if len(got) == 2:
            rows.append(make_assignment(cast.bureau, plan=cast.plan))
    assert got == [row.pk for row in rows]


def test_a_report_says_whose_words_it_brings(cast: Cast, api: Visitor) -> None:
    row, other = (make_assignment(cast.bureau, plan=make_plan(cast.city, title)) for title in "甲乙")
    link_duty(row.task_id, others=[other.task_id], reason="同一件事", by=cast.coordinator, now=NOW)
    brought: dict[str, Any] = {"percent": 60, "note": "U盘交来", "from_sheet": True}
    made = report_progress(row.pk, **brought, form_key=uuid4(), by=cast.coordinator, now=NOW)
    carried: dict[str, Any] = {"percent": 40, "note": "【台账导入】", "is_carried": True}
    row.reports.create(**carried, form_key=uuid4(), created_by=cast.coordinator, created_at=NOW)
    visit = api(cast.reporter)

    def origins(of: Assignment) -> list[tuple[bool, bool, int | None]]:
        items = visit.get(f"assignments/{of.pk}/reports").json()["items"]
        return [(item["on_behalf"], item["carried"], item["shared_from"]) for item in items]

    assert origins(row) == [(True, False, None), (False, True, None)]
    assert origins(other) == [(True, False, made.pk)]


def test_what_a_row_says(cast: Cast, api: Visitor) -> None:
    row = make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 9))
    made = report_progress(row.pk, percent=30, note="动工", form_key=uuid4(), by=cast.reporter, now=NOW)
    visit = api(cast.leader)
    said = visit.get(f"assignments/{row.pk}").json()
    assert said == visit.get("assignments").json()["items"][0]
    assert (said["light"], said["days_late"], said["percent"], said["version"]) == ("RED", 12, 30, 2)
    assert said["department"] == {"id": cast.bureau.pk, "name": "市生态环境局"}
    assert said["created_at"] == "2024-10-21T09:30:00+08:00"
    plan = visit.get(f"plans/{row.plan_id}").json()
    assert plan["figures"] == {"tasks": 1, "assignments": 1, "closed": 0, "overdue": 1}
    assert visit.get("plans").json()["items"] == [plan]
    task = visit.get(f"tasks/{row.task_id}").json()
    assert (task["schedule"], task["due_date"]) == ("2024年10月底前", "2024-10-09")
    assert visit.get("tasks").json()["items"] == [task]
    [report] = visit.get(f"assignments/{row.pk}/reports").json()["items"]
    assert (report["id"], report["percent"], report["note"]) == (made.pk, 30, "动工")
    assert report["reported_by"] == "王芳"
    assert (report["on_behalf"], report["carried"], report["shared_from"]) == (False, False, None)


@pytest.mark.parametrize(
    ("path", "queries"), [("plans", 4), ("tasks", 3), ("assignments", 3), ("assignments/{pk}/reports", 4)]
)
def test_a_list_takes_as_many_queries_for_three(
    cast: Cast, api: Visitor, path: str, queries: int, django_assert_num_queries: Any
) -> None:
    visit = api(cast.coordinator)
    visit.get("token")
    row = make_assignment(cast.bureau, plan=cast.plan)
    for number in (1, 3):
        for _ in range(number - 1):
            make_assignment(cast.bureau, plan=make_plan(cast.city, f"方案{uuid4()}"))
        for person in (cast.reporter, cast.colleague, cast.head)[:number]:
            report_progress(row.pk, percent=9, note="动工", form_key=uuid4(), by=person, now=NOW)
        with django_assert_num_queries(queries):
            items = visit.get(path.format(pk=row.pk)).json()["items"]
        assert len(items) >= number


NONSENSE = {
    "assignments?due_from=2024-13-01": "due_from",
    "assignments?due_from=1729440000": "due_from",
    "assignments?due_from=2024-10-21T00:00:00": "due_from",
    "assignments?changed_since=2024-10-21": "changed_since",
    "assignments?changed_since=2024-10-21T09:30:00": "changed_since",
    "assignments?changed_since=2024-02-30T09:30:00Z": "changed_since",
    "assignments?status=OVERDUE": "status",
    "assignments?light=red": "light",
    "assignments?stauts=ACTIVE": "stauts",
    "assignments?limit=201": "limit",
    "assignments?limit=0": "limit",
    "assignments?after=-1": "after",
    "assignments?after=99999999999999999999": "after",
    "assignments?plan=%00": "plan",
    "plans?plan=1": "plan",
    "plans/1?x=1": "x",
    "token?x=1": "x",
    "plans/0": "plan_id",
    "plans/9999999999999999999999999": "plan_id",
}


def test_what_makes_no_sense_is_said_by_name(cast: Cast, api: Visitor) -> None:
    plan = make_assignment(cast.bureau, plan=cast.plan).plan_id
    visit, wrong = api(cast.coordinator), list[Any]()
    for path, field in NONSENSE.items():
        for language, word in (("zh-CN,zh", "参数或内容"), ("en-US,en", "parameter")):
            where = f"/api/v1/{path.replace('plans/1', f'plans/{plan}')}"
            response = visit.client.get(where, headers={"Accept-Language": language})
            problem = response.json()
            named = [one["field"] for one in problem["fields"] if one["message"]]
            if (response.status_code, problem["code"], named) != (422, "invalid", [field]):
                wrong.append((path, language, response.status_code, problem))
            if word not in problem["message"]:
                wrong.append((path, language, problem["message"]))
    assert wrong == []


def test_every_other_address_is_not_found(cast: Cast, api: Visitor) -> None:
    visit = api(cast.coordinator)
    for path in (
        "",
        "plans/",
        "plans/x",
        "plans/１",
        "plan",
        "plans/1/x",
        "a%0Ab",
        "%00",
        "docs",
        "a" * 3000,
    ):
        response = visit.client.get(f"/api/v1/{path}")
        assert (response.status_code, response.json()["code"]) == (404, "not_found"), path


def test_methods_that_are_not_taken(cast: Cast, api: Visitor) -> None:
    visit = api(cast.coordinator)
    for method in ("post", "put", "patch", "delete", "options", "head", "trace"):
        response = getattr(visit.client, method)("/api/v1/plans")
        assert (response.status_code, response["Allow"]) == (405, "GET"), method
        assert method == "head" or response.json()["code"] == "method_not_allowed"
    assert visit.client.post("/api/v1/openapi.json")["Allow"] == "GET"
    assert visit.client.put("/api/v1/assignments/1/reports")["Allow"] == "GET, POST"


def test_what_is_our_fault_is_said_in_the_same_shape(
    cast: Cast, api: Visitor, monkeypatch: Any, caplog: Any
) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("磁盘满")

    monkeypatch.setattr("tracker.api.operations.visible_plans", broken)
    response = api(cast.coordinator).get("plans")
    assert (response.status_code, response.json()["code"]) == (500, "server_error")
    assert "磁盘满" not in response.content.decode()
    assert "RuntimeError: 磁盘满" in caplog.text
