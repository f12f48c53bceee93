"""Reporting from another system: by the same door as the page, once for each key."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from tests.api.conftest import Visitor
from tests.factories import NOW, Cast, make_assignment
from tracker.actions.work import move_assignment, report_progress
from tracker.models import Assignment, ProgressReport, TaskEvent
from tracker.workflow import Status


@pytest.fixture
def row(cast: Cast) -> Assignment:
    return make_assignment(cast.bureau, plan=cast.plan, status=Status.PENDING)


def test_a_report_is_kept_as_from_the_page(cast: Cast, api: Visitor, row: Assignment) -> None:
    response = api(cast.reporter).report(row.pk, percent=60.0, note=" 已完成12家 ")
    said = response.json()
    assert response.status_code == 201
    assert (said["report"]["percent"], said["report"]["note"]) == (60, "已完成12家")
    assert (said["assignment"]["status"], said["assignment"]["version"]) == ("ACTIVE", 2)
    row.refresh_from_db()
    assert (row.status, row.percent, row.version) == (Status.ACTIVE, 60, 2)
    assert row.signed_at is not None
    event = TaskEvent.objects.get()
    assert (event.kind, event.actor, event.note) == ("REPORT", cast.reporter, "已完成12家")


def test_the_same_key_again_does_nothing(cast: Cast, api: Visitor, row: Assignment) -> None:
    """Nor after the share was changed, nor when it was closed meanwhile: the answer is the first report."""
    visit, key = api(cast.reporter), uuid4()
    first = visit.report(row.pk, key)
    Assignment.objects.filter(pk=row.pk).update(version=9, status=Status.SUSPENDED)
    again = visit.report(row.pk, key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["report"] == first.json()["report"]
    assert ProgressReport.objects.count() == TaskEvent.objects.count() == 1

    other = visit.report(row.pk, key, percent=70)
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    assert ProgressReport.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_key_twice_at_once_makes_one_report(cast: Cast, api: Visitor) -> None:
    row = make_assignment(cast.bureau, plan=cast.plan)
    visits, key = [api(cast.reporter) for _ in range(4)], uuid4()

    def send(visit: Any) -> int:
        try:
            return int(visit.report(row.pk, key).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, visits)) if connection.vendor == "postgresql" else map(send, visits)
    assert sorted(answers) == [200, 200, 200, 201]
    assert ProgressReport.objects.count() == 1


def test_an_old_version_is_told_what_changed(cast: Cast, api: Visitor) -> None:
    row = make_assignment(cast.bureau, plan=cast.plan)
    report_progress(row.pk, percent=40, note="同事已填", form_key=uuid4(), by=cast.colleague, now=NOW)
    response = api(cast.reporter).report(row.pk, version=1)
    said = response.json()
    assert (response.status_code, said["code"]) == (409, "changed")
    assert (said["current"]["version"], said["current"]["percent"]) == (2, 40)
    assert [(change["name"], change["by"], change["note"]) for change in said["changes"]] == [
        ("填报进展", "李娜", "同事已填")
    ]
    assert ProgressReport.objects.count() == 1
    assert api(cast.reporter).report(row.pk, version=2).status_code == 201


def test_where_nothing_is_to_be_reported(cast: Cast, api: Visitor) -> None:
    visit = api(cast.reporter)
    for status in (Status.SUBMITTED, Status.SUSPENDED, Status.CLOSED, Status.WAIVED):
        row = make_assignment(cast.bureau, plan=cast.plan, status=status)
        response = visit.report(row.pk)
        said = response.json()
        assert (response.status_code, said["code"]) == (409, "refused"), status
        assert str(status.label) in said["message"]
        assert (said["current"]["status"], said["changes"]) == (status.value, [])


def test_a_returned_share_is_reported_on(cast: Cast, api: Visitor) -> None:
    row = make_assignment(cast.bureau, plan=cast.plan, status=Status.SUBMITTED, percent=100)
    move_assignment(row.pk, "RETURN", by=cast.coordinator, now=NOW, note="缺少清单")
    assert api(cast.reporter).report(row.pk, version=2).status_code == 201


GOOD = {"percent": 60, "note": "已完成12家", "version": 1}


WRONG: list[tuple[Any, list[str]]] = [
    ({}, ["percent", "note", "version"]),
    (GOOD | {"percent": "60"}, ["percent"]),
    (GOOD | {"percent": True}, ["percent"]),
    (GOOD | {"percent": 60.5}, ["percent"]),
    (GOOD | {"percent": 101}, ["percent"]),
    (GOOD | {"percent": 10**30}, ["percent"]),
    (GOOD | {"percent": -1}, ["percent"]),
    (GOOD | {"percent": None}, ["percent"]),
    (GOOD | {"note": ""}, ["note"]),
    (GOOD | {"note": " \n"}, ["note"]),
    (GOOD | {"note": "a\0b"}, ["note"]),
    (GOOD | {"note": "\ud800"}, ["note"]),
    (GOOD | {"note": "长" * 4001}, ["note"]),
    (GOOD | {"version": 0}, ["version"]),
    (GOOD | {"version": 2**31}, ["version"]),
    (GOOD | {"hand_in": True}, ["hand_in"]),
    ([], ["body"]),
    ("x", ["body"]),
    (None, ["body"]),
]


def test_what_is_written_wrongly_is_said_by_name(cast: Cast, api: Visitor, row: Assignment) -> None:
    visit, wrong = api(cast.reporter), []
    for body, fields in WRONG:
        response = visit.send(row.pk, json.dumps(body))
        said = response.json()
        named = [one["field"] for one in said["fields"]]
        if (response.status_code, said["code"], named) != (422, "invalid", fields):
            wrong.append((body, response.status_code, said))
    assert wrong == []
    assert not ProgressReport.objects.exists()


BODIES: list[tuple[bytes, str, tuple[int, str]]] = [
    (b"{", "application/json", (400, "bad_json")),
    (b"\xff\xfe\xff", "application/json", (400, "bad_json")),
    (b"[" * 60_000, "application/json", (400, "bad_json")),
    (b'{"percent": ' + b"9" * 5000 + b"}", "application/json", (400, "bad_json")),
    (json.dumps(GOOD).encode(), "text/plain", (415, "unsupported_media_type")),
    (
        b"percent=60&note=x&version=1",
        "application/x-www-form-urlencoded",
        (415, "unsupported_media_type"),
    ),
    (b" " * 65_537, "application/json", (413, "too_large")),
    (b" " * 7_000_000, "application/json", (413, "too_large")),
    (b"", "application/json", (422, "invalid")),
]


def test_bodies_that_are_none(cast: Cast, api: Visitor, row: Assignment) -> None:
    visit = api(cast.reporter)
    for body, content_type, answer in BODIES:
        response = visit.send(row.pk, body, content_type=content_type)
        assert (response.status_code, response.json()["code"]) == answer, body[:20]


def test_a_report_wants_a_key(cast: Cast, api: Visitor, row: Assignment) -> None:
    visit = api(cast.reporter)
    for key in ("", "x", "1", "9" * 400):
        response = visit.send(row.pk, json.dumps(GOOD), key=key)
        assert response.status_code == 422
        assert [one["field"] for one in response.json()["fields"]] == ["Idempotency-Key"]


def test_the_longest_note_fits_however_it_is_escaped(cast: Cast, api: Visitor, row: Assignment) -> None:
    response = api(cast.reporter).report(row.pk, note="𠀀" * 4000)
    assert response.status_code == 201
