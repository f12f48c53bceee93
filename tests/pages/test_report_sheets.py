"""离线填报: a sheet taken away, filled in, brought back: looked at row by row, taken in all or nothing."""

from collections.abc import Callable, Mapping
from datetime import date
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from accounts.models import Department
from tests.factories import NOW, TODAY, Cast, make_assignment
from tracker import roundtrip
from tracker.actions.work import move_assignment, report_progress
from tracker.models import Assignment, ProgressReport, TaskEvent
from tracker.workflow import Move, Status

Browser = Callable[[Any], Client]
HEAD = 3  # the row of the heads in a workbook


def address(unit: Department) -> str:
    return reverse("report_sheet", args=[unit.pk])


def taken(client: Client, unit: Department, kind: str = "xlsx") -> bytes:
    response = client.get(address(unit) + f"?export={kind}")
    assert response.status_code == 200
    return b"".join(response)


def filled(data: bytes, answers: Mapping[str, tuple[Any, Any]]) -> bytes:
    """The workbook with percent and note typed into the rows of these numbers."""
    book = load_workbook(BytesIO(data))
    sheet = book.worksheets[0]
    at = {cell.value: cell.column for cell in sheet[HEAD]}
    for row in range(HEAD + 1, sheet.max_row + 1):
        if answer := answers.get(sheet.cell(row, at["编号"]).value):
            for head, value in zip((roundtrip.PERCENT, roundtrip.NOTE), answer, strict=True):
                sheet.cell(row, at[head]).value = value
                if isinstance(value, float):
                    sheet.cell(row, at[head]).number_format = "0%"
    return saved(book)


def saved(book: Workbook) -> bytes:
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def look(client: Client, unit: Department, data: bytes, name: str = "a.xlsx"):
    return client.post(address(unit), {"file": SimpleUploadedFile(name, data)})


def confirm(client: Client, unit: Department, preview, **choices: str):
    return client.post(address(unit), {"rows": preview.context["rows"], **choices}, follow=True)


def kinds(preview) -> list[str]:
    return [line.kind for line in preview.context["look"].lines]


def report(share: Assignment, percent: int, note: str, by) -> ProgressReport:
    return report_progress(share.pk, percent=percent, note=note, form_key=uuid4(), by=by, now=NOW)


@pytest.fixture
def shares(cast: Cast) -> list[Assignment]:
    """Three shares of the bureau, in the order of the sheet."""
    due = (date(2024, 10, 31), date(2024, 11, 30), date(2024, 12, 31))
    return [make_assignment(cast.bureau, plan=cast.plan, due_date=day) for day in due]


def numbers(shares: list[Assignment]) -> list[str]:
    return [share.task.number for share in shares]


def test_the_sheet_goes_out_and_comes_back(cast, browser, shares) -> None:
    client = browser(cast.reporter)
    report(shares[1], 40, "已招标", cast.colleague)
    first, second, third = numbers(shares)

    data = filled(taken(client, cast.bureau), {first: (60, "完成设备安装"), second: (None, "已开标")})
    preview = look(client, cast.bureau, data)

    assert kinds(preview) == ["take", "take", "empty"]
    assert ProgressReport.objects.count() == 1
    done = confirm(client, cast.bureau, preview)
    assert "已填报 2 项" in done.content.decode()
    told = [(row.percent, row.note, row.created_by) for row in ProgressReport.objects.order_by("pk")[1:]]
    assert told == [(60, "完成设备安装", cast.reporter), (40, "已开标", cast.reporter)]
    assert [Assignment.objects.get(pk=share.pk).percent for share in shares] == [60, 40, 0]
    assert TaskEvent.objects.filter(data__from_sheet=True).count() == 2

    again = look(client, cast.bureau, data)
    assert kinds(again) == ["same", "same", "empty"]
    assert "rows" not in again.context
    confirm(client, cast.bureau, preview)  # the confirmation sent twice
    assert ProgressReport.objects.count() == 3
