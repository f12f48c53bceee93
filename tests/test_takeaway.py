"""Export from the back office: Chinese heads, no live text, nothing comes in, no question for each row."""

import csv
from datetime import date, timedelta
from io import BytesIO, StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from openpyxl import load_workbook

from accounts import takeaway
from accounts.models import DepartmentAlias, NationalAlias
from notifications.models import CalendarDay
from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast, make_department, make_plan
from tracker.models import ProgressReport

MODELS = (
    "accounts_department",
    "accounts_departmentalias",
    "accounts_nationalalias",
    "accounts_user",
    "tracker_plan",
    "tracker_task",
    "tracker_assignment",
    "tracker_progressreport",
    "notifications_calendarday",
)
XLSX, CSV = "0", "1"


@pytest.fixture
def cast(db: None, settings: Any) -> Cast:
    settings.DUBAN_TODAY = TODAY
    cast = make_cast()
    cast.administrator.is_staff = cast.administrator.is_superuser = True
    cast.administrator.save()
    return cast


@pytest.fixture
def administrator(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.administrator, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _fill(cast: Cast, number: int) -> None:
    """One row more of everything that is exported, each with rows of its own behind it."""
    unit = make_department(cast.city, f"=市第{number}局")
    DepartmentAlias.objects.create(region=cast.city, department=unit, alias=f"+{number}")
    NationalAlias.objects.create(alias=f"@{number}", name="局")
    row = make_assignment(
        unit, plan=make_plan(cast.city, f"-方案{number}"), due_date=TODAY, text=f"=1+{number}"
    )
    ProgressReport.objects.create(
        assignment=row, percent=1, note="=1", created_at=NOW, created_by=cast.reporter, form_key=uuid4()
    )
    CalendarDay.objects.create(date=TODAY + timedelta(days=number), is_workday=True, name="=1+1")


def _export(client: Client, model: str, kind: str) -> bytes:
    response = client.post(reverse(f"admin:{model}_export"), {"format": kind, "resource": "0"})
    assert response.status_code == 200
    assert "attachment" in response["Content-Disposition"], response.content.decode()[:3000]
    return bytes(response.content)


@pytest.mark.parametrize("model", MODELS)
def test_what_is_exported_is_not_live(cast: Cast, administrator: Client, model: str) -> None:
    _fill(cast, 1)
    sheet = load_workbook(BytesIO(_export(administrator, model, XLSX))).worksheets[0]
    cells = [cell for row in sheet.iter_rows(min_row=3) for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    heads = [cell.value for cell in sheet[3]]
    assert all(any("一" <= mark <= "鿿" for mark in str(head)) for head in heads), heads
    rows = list(csv.reader(StringIO(_export(administrator, model, CSV).decode("utf-8-sig"), newline="")))
    assert rows[0] == heads
    assert len(rows) > 1
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("model", MODELS)
def test_questions_do_not_grow_with_rows(cast: Cast, administrator: Client, model: str) -> None:
    asked = []
    for numbers in ((1,), (2, 3)):
        for number in numbers:
            _fill(cast, number)
        with CaptureQueriesContext(connection) as queries:
            _export(administrator, model, CSV)
        asked.append(len(queries))
    assert asked[0] == asked[1]


@pytest.mark.parametrize("model", MODELS)
def test_nothing_comes_in_through_the_back_office(cast: Cast, administrator: Client, model: str) -> None:
    for name in ("import", "process_import"):
        with pytest.raises(NoReverseMatch):
            reverse(f"admin:{model}_{name}")
    assert administrator.get(reverse(f"admin:{model}_changelist")).status_code == 200
    assert administrator.get(reverse(f"admin:{model}_export")).status_code == 200


def test_no_password_leaves(cast: Cast, administrator: Client) -> None:
    text = _export(administrator, "accounts_user", CSV).decode()
    assert "王芳" in text
    assert cast.reporter.password not in text
    assert "argon2" not in text


def test_dates_are_dates(cast: Cast, administrator: Client) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 31))
    sheet = load_workbook(BytesIO(_export(administrator, "tracker_assignment", XLSX))).worksheets[0]
    [cell] = [sheet.cell(4, head.column) for head in sheet[3] if head.value == "完成时限"]
    assert cell.is_date
    assert cell.value.date() == date(2024, 10, 31)


def test_the_filters_of_the_list_hold(cast: Cast, administrator: Client) -> None:
    make_assignment(cast.bureau, plan=cast.plan)
    make_assignment(cast.bureau, plan=cast.plan, status="CLOSED")
    address = reverse("admin:tracker_assignment_export") + "?status__exact=CLOSED"
    text = administrator.post(address, {"format": CSV, "resource": "0"}).content.decode("utf-8-sig")
    assert len(text.splitlines()) == 2


def test_too_many_rows_are_refused(cast: Cast, administrator: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(takeaway, "ROW_LIMIT", 1)
    response = administrator.post(reverse("admin:accounts_user_export"), {"format": CSV, "resource": "0"})
    assert response.status_code == 302
