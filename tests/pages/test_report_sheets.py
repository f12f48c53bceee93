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
from tests.factories import NOW, TODAY, Cast, make_assignment, make_plan
from tracker import audit, roundtrip
from tracker.actions.duties import link_duty
from tracker.actions.report_sheets import Filled, take_in
from tracker.actions.reports import withdraw_report
from tracker.actions.work import SomeRefused, move_assignment, report_progress
from tracker.forms import report_sheets
from tracker.models import Assignment, ProgressReport, ReportDraft, TaskEvent
from tracker.workflow import Move

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
    draft = ReportDraft.objects.create(
        assignment=shares[0], user=cast.reporter, note="写了一半", saved_at=NOW
    )
    first, second, _third = numbers(shares)

    data = filled(taken(client, cast.bureau), {first: (60, "完成设备安装"), second: (None, "已开标")})
    preview = look(client, cast.bureau, data)

    assert kinds(preview) == ["take", "take", "empty"]
    assert "冲突的行" not in preview.content.decode()
    assert "不能导入的行" not in preview.content.decode()
    assert ProgressReport.objects.count() == 1
    done = confirm(client, cast.bureau, preview)
    assert "已填报 2 项" in done.content.decode()
    told = [(row.percent, row.note, row.created_by) for row in ProgressReport.objects.order_by("pk")[1:]]
    assert told == [(60, "完成设备安装", cast.reporter), (40, "已开标", cast.reporter)]
    assert [Assignment.objects.get(pk=share.pk).percent for share in shares] == [60, 40, 0]
    assert TaskEvent.objects.filter(data__from_sheet=True).count() == 2

    assert list(ReportDraft.objects.all()) == [draft]

    again = look(client, cast.bureau, data)
    assert kinds(again) == ["same", "same", "empty"]
    assert "rows" not in again.context
    confirm(client, cast.bureau, preview)  # the confirmation sent twice
    assert ProgressReport.objects.count() == 3


def test_only_two_columns_are_open_and_the_rest_reads_as_the_list(cast, browser, shares) -> None:
    move_assignment(shares[2].pk, Move.SUSPEND, by=cast.coordinator, now=NOW, note="等批复")
    make_assignment(cast.other_bureau, plan=cast.plan, due_date=TODAY)
    sheet = load_workbook(BytesIO(taken(browser(cast.reporter), cast.bureau))).worksheets[0]
    at = {cell.value: cell for cell in sheet[HEAD]}

    rows = list(sheet.iter_rows(min_row=HEAD + 1))
    assert [row[at["编号"].column - 1].value for row in rows] == numbers(shares)[:2]
    assert (sheet.protection.sheet, sheet.protection.password) == (True, None)
    unlocked = {cell.column for row in rows for cell in row if not cell.protection.locked}
    assert unlocked == {at[roundtrip.PERCENT].column, at[roundtrip.NOTE].column}
    assert [str(check.sqref) for check in sheet.data_validations.dataValidation] == ["J4:J5"]
    assert sheet.column_dimensions[at[roundtrip.MARK].column_letter].hidden


TYPED = [
    (60, 60),
    ("60", 60),
    ("60%", 60),
    (0.6, 60),
    (0.29, 29),
    (" ６０％ ", 60),
    ("60.0", 60),
    ("100", 100),
]
TYPED += [("0", 0), ("007", 7)]


@pytest.mark.parametrize(("typed", "percent"), TYPED)
def test_percent_is_read_as_offices_type_it(cast, browser, shares, typed, percent) -> None:
    client = browser(cast.reporter)
    data = filled(taken(client, cast.bureau), {shares[0].task.number: (typed, "有进展")})

    preview = look(client, cast.bureau, data)

    assert next((line.kind, line.percent) for line in preview.context["look"].lines) == ("take", percent)


REFUSED = [
    ("六成", "有进展", "不是进度"),
    ("百分之六十", "有进展", "不是进度"),
    ("约60%", "有进展", "不是进度"),
    ("0.6", "有进展", "不是进度"),
    ("-5", "有进展", "不是进度"),
    (33.3, "有进展", "不是进度"),
    (101, "有进展", "不能大于 100"),
    ("9" * 40, "有进展", "不是进度"),
    (60, None, "请填写进展说明"),
    (60, "长" * 4001, "最多 4000 字，现有 4001 字"),
    (60, "=1+1", "“进展说明”是公式"),
    ("=30*2", "有进展", "“本次进度%”是公式"),
]


@pytest.mark.parametrize(("percent", "note", "reason"), REFUSED)
def test_row_that_the_form_would_refuse_is_refused_and_holds_up_no_other(
    cast, browser, shares, percent, note, reason
) -> None:
    client = browser(cast.reporter)
    first, second, _third = numbers(shares)
    data = filled(taken(client, cast.bureau), {first: (percent, note), second: (10, "已启动")})

    preview = look(client, cast.bureau, data)

    assert kinds(preview) == ["refused", "take", "empty"]
    assert reason in preview.content.decode()
    confirm(client, cast.bureau, preview)
    assert [(row.assignment_id, row.percent) for row in ProgressReport.objects.all()] == [(shares[1].pk, 10)]


def _with_marks(data: bytes, change: Callable[[list[str]], list[str]]) -> bytes:
    book = load_workbook(BytesIO(data))
    sheet = book.worksheets[0]
    cells = [row[-1] for row in sheet.iter_rows(min_row=HEAD + 1)]
    for cell, mark in zip(cells, change([cell.value for cell in cells]), strict=True):
        cell.value = mark
    return saved(book)


def test_foreign_repeated_unknown_and_changed_marks_are_errors(cast, browser, shares) -> None:
    client = browser(cast.reporter)
    foreign = make_assignment(cast.other_bureau, task=shares[0].task)
    passed_on = make_assignment(cast.other_bureau, plan=cast.plan)
    filled_in = dict.fromkeys(numbers(shares), (60, "有进展"))
    data = filled(taken(client, cast.bureau), filled_in)

    def marks(*given: str) -> list[str]:
        found = look(client, cast.bureau, _with_marks(data, lambda old: [*given, *old[len(given) :]]))
        assert found.context["look"].can_go_on == ("take" in kinds(found))
        return [line.reason[:12] for line in found.context["look"].lines]

    own = roundtrip.Mark(shares[0].pk, cast.bureau.pk, 0, 0).signed()
    assert (
        marks(roundtrip.Mark(foreign.pk, cast.other_bureau.pk, 0, 0).signed())[0]
        == "这一行是别的单位的任务，"
    )
    # Signed by us, but of a share that this unit has not: another unit's pages stay another unit's.
    assert marks(roundtrip.Mark(passed_on.pk, cast.bureau.pk, 0, 0).signed())[0] == "这项任务不归您填报。"
    assert marks(roundtrip.Mark(10**17, cast.bureau.pk, 0, 0).signed())[0] == "这项任务不归您填报。"
    assert marks(own.replace("R", "R1"))[0] == "标识被改动过，或不是本系"
    assert marks("")[0] == "没有标识：这一行不是从系"
    assert marks(own, own)[:2] == ["这项任务在表里有几行，不"] * 2
    assert ProgressReport.objects.count() == 0


def test_rows_moved_and_deleted_columns_moved_and_lines_added_are_forgiven(cast, browser, shares) -> None:
    client = browser(cast.reporter)
    first, _second, third = numbers(shares)
    data = filled(taken(client, cast.bureau), {first: ("６０", "甲"), third: ("70%", "丙\r\n二")})
    rows = [
        [cell.value for cell in row] for row in load_workbook(BytesIO(data)).worksheets[0].iter_rows(HEAD)
    ]
    book = Workbook()
    for row in (rows[0], rows[3], rows[1]):  # the second deleted, the first last
        book.worksheets[0].append(row[::-1])
    book.worksheets[0].append([None] * 4 + ["填表人：王芳"])
    book.worksheets[0].cell(2, len(rows[0]) - 1).value = "2026-01-01"

    preview = look(client, cast.bureau, saved(book))

    assert kinds(preview) == ["take", "take"]
    confirm(client, cast.bureau, preview)
    assert {(row.assignment_id, row.percent, row.note) for row in ProgressReport.objects.all()} == {
        (shares[0].pk, 60, "甲"),
        (shares[2].pk, 70, "丙\n二"),
    }


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_csv_comes_back_as_excel_and_wps_save_it(cast, browser, shares, encoding) -> None:
    client = browser(cast.reporter)
    lines = taken(client, cast.bureau, "csv").decode("utf-8-sig").splitlines()
    assert lines[1].split(",")[9:11] == ["", ""]
    mark = lines[1].rpartition(",")[2]
    text = f"{roundtrip.NOTE},{roundtrip.PERCENT},{roundtrip.MARK}\r\n'-已招标,60,{mark}\r\n"
    text = text.replace(",", "\t") if encoding == "utf-16" else text

    preview = look(client, cast.bureau, text.encode(encoding), "a.csv")

    [line] = preview.context["look"].lines
    assert (line.kind, line.percent, line.note) == ("take", 60, "-已招标")


UNREADABLE = {
    "not a table": (b"%PDF-1.7 \x00\x01", "这不是 xlsx 或 csv 文件"),
    "an old xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "旧的 xls 格式"),
    "a broken zip": (b"PK\x03\x04" + b"x" * 100, "这不是 xlsx 文件"),
    "other columns": ("编号,进展说明\n1,好\n".encode(), "缺少列：本次进度%、标识"),
    "a column twice": (
        f"{roundtrip.PERCENT},{roundtrip.NOTE},{roundtrip.NOTE},{roundtrip.MARK}\n".encode(),
        "有两列都叫“进展说明”",
    ),
    "nothing": (b"", "文件是空的"),
    "an endless cell": (b'"' + b"x" * 200_000, "打不开或已损坏"),
}


@pytest.mark.parametrize(("data", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable_file_is_told_in_words(cast, browser, shares, data, reason) -> None:
    assert reason in look(browser(cast.reporter), cast.bureau, data).content.decode()


def test_conflict_keeps_what_stands_unless_chosen_otherwise(cast, browser, shares) -> None:
    client = browser(cast.reporter)
    report(shares[0], 20, "下载前", cast.colleague)
    data = filled(taken(client, cast.bureau), dict.fromkeys(numbers(shares)[:2], (60, "表里")))
    for share in shares[:2]:
        report(share, 30, "网页上", cast.colleague)

    preview = look(client, cast.bureau, data)
    page = preview.content.decode()
    assert kinds(preview) == ["conflict", "conflict", "empty"]
    assert all(words in page for words in ("下载前", "网页上", "表里"))

    confirm(client, cast.bureau, preview)
    assert ProgressReport.objects.filter(note="表里").count() == 0
    confirm(client, cast.bureau, preview, **{f"take-{shares[1].pk}": "sheet", f"take-{shares[0].pk}": "x"})
    assert [row.assignment_id for row in ProgressReport.objects.filter(note="表里")] == [shares[1].pk]
    assert ProgressReport.objects.filter(note="网页上").count() == 2


def test_change_between_preview_and_confirmation_is_told_and_nothing_lost(cast, browser, shares) -> None:
    client = browser(cast.reporter)
    data = filled(taken(client, cast.bureau), dict.fromkeys(numbers(shares), (60, "表里")))
    preview = look(client, cast.bureau, data)
    report(shares[0], 30, "网页上", cast.colleague)
    move_assignment(shares[1].pk, Move.SUSPEND, by=cast.coordinator, now=NOW, note="等批复")

    again = confirm(client, cast.bureau, preview)

    assert "一行也没有填报" in again.content.decode()
    assert kinds(again) == ["conflict", "refused", "take"]
    assert again.content.decode().count("表里") >= 3
    assert ProgressReport.objects.count() == 1
    confirm(client, cast.bureau, again, **{f"take-{shares[0].pk}": "sheet"})
    assert list(ProgressReport.objects.filter(note="表里").values_list("assignment", flat=True)) == [
        shares[2].pk,
        shares[0].pk,
    ]


def test_what_was_brought_in_and_withdrawn_does_not_come_back_by_itself(cast, browser, shares) -> None:
    client = browser(cast.reporter)
    data = filled(taken(client, cast.bureau), {shares[0].task.number: (60, "表里")})
    confirm(client, cast.bureau, look(client, cast.bureau, data))
    withdraw_report(ProgressReport.objects.get().pk, reason="填错了", by=cast.colleague, now=NOW)

    preview = look(client, cast.bureau, data)

    assert kinds(preview)[0] == "refused"
    assert "后来撤回了" in preview.content.decode()


def test_coordinator_brings_a_sheet_in_for_a_unit_and_the_report_says_so(cast, browser, shares) -> None:
    client = browser(cast.coordinator)
    elsewhere = make_assignment(cast.bureau, plan=cast.foreign_plan)
    words = (60, "U盘交来")
    answers = {shares[0].task.number: words, elsewhere.task.number: words}
    data = filled(taken(browser(cast.reporter), cast.bureau), answers)

    preview = look(client, cast.bureau, data)
    assert kinds(preview) == ["take", "empty", "empty", "refused"]
    confirm(client, cast.bureau, preview)

    made = ProgressReport.objects.get()
    assert (made.created_by, made.is_on_behalf, made.assignment_id) == (cast.coordinator, True, shares[0].pk)
    page = browser(cast.reporter).get(reverse("task", args=[shares[0].task_id])).content.decode()
    assert "督办员代填报" in page
    assert "由填报表导入" in page
    assert list(audit.verify([shares[0].task_id])) == []


def test_other_columns_are_never_taken_and_it_is_said(cast, browser, shares) -> None:
    client = browser(cast.reporter)
    book = load_workbook(BytesIO(taken(client, cast.bureau)))
    sheet = book.worksheets[0]
    at = {cell.value: cell.column for cell in sheet[HEAD]}
    sheet.cell(5, at["完成时限"]).value = "2026-12-31"
    sheet.cell(5, at["任务内容"]).value = "另一件事"
    sheet.cell(4, at["完成时限"]).value = "2024年10月31日"  # the same day in other words
    before = list(Assignment.objects.order_by("pk").values())

    page = look(client, cast.bureau, saved(book)).content.decode()

    assert "第 5 行：任务内容与系统里的不同，未采用" in page
    assert "第 5 行：完成时限与系统里的不同，未采用" in page
    assert "第 4 行" not in page
    assert list(Assignment.objects.order_by("pk").values()) == before


def test_crafted_confirmations(cast, browser, shares) -> None:
    client = browser(cast.reporter)
    good = look(
        client, cast.bureau, filled(taken(client, cast.bureau), {shares[0].task.number: (60, "好")})
    ).context["rows"]
    make_assignment(cast.other_bureau, plan=cast.plan)

    for rows in ("", "x", good[:-1], good + "x", "a\0b"):
        assert client.post(address(cast.bureau), {"rows": rows}).status_code == 400
    # Signed for one unit, sent to another.
    assert browser(cast.outsider).post(address(cast.other_bureau), {"rows": good}).status_code == 400
    assert browser(cast.outsider).post(address(cast.bureau), {"rows": good}).status_code == 404
    assert ProgressReport.objects.count() == 0


def test_old_preview_asks_for_the_file_again(cast, browser, shares, monkeypatch) -> None:
    client = browser(cast.reporter)
    preview = look(
        client, cast.bureau, filled(taken(client, cast.bureau), {shares[0].task.number: (60, "好")})
    )
    monkeypatch.setattr(report_sheets, "PREVIEW_AGE", -1)

    assert "请重新上传" in confirm(client, cast.bureau, preview).content.decode()
    assert ProgressReport.objects.count() == 0


def test_one_refusal_keeps_all_back(cast, shares) -> None:
    """Where something changes in the very moment, between the look and the lock."""
    rows = [Filled(share.pk, share.version, 60, "表里", uuid4()) for share in shares]
    move_assignment(shares[1].pk, Move.SUSPEND, by=cast.coordinator, now=NOW, note="等批复")

    with pytest.raises(SomeRefused) as refused:
        take_in(rows, by=cast.reporter, now=NOW)
    assert set(refused.value.refusals) == {shares[1].pk}
    with pytest.raises(SomeRefused):
        take_in(rows[:1], by=cast.outsider, now=NOW)
    assert ProgressReport.objects.count() == 0


@pytest.mark.parametrize("rows", [1, 3])
def test_queries_do_not_grow_with_rows(cast, browser, rows) -> None:
    for _ in range(rows):
        report(make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY), 10, "前次", cast.colleague)
    client = browser(cast.reporter)
    with CaptureQueriesContext(connection) as export:
        data = taken(client, cast.bureau)
    answers = {task.number: (60, "好") for task in cast.plan.tasks.all()}
    data = filled(data, answers)
    with CaptureQueriesContext(connection) as preview:
        assert kinds(look(client, cast.bureau, data)) == ["take"] * rows
    with CaptureQueriesContext(connection) as page:
        client.get(address(cast.bureau))
    assert (len(export), len(preview), len(page)) == (10, 8, 6)


def test_rows_of_one_duty_are_reported_each_in_its_own_words(cast, browser, shares) -> None:
    """What the sheet leaves empty gets the report of the other task of its duty, what it answers does not."""
    elsewhere = [make_assignment(cast.bureau, plan=make_plan(cast.city, title=title)) for title in "甲乙"]
    tasks = [share.task_id for share in (shares[0], *elsewhere)]
    link_duty(tasks[0], others=tasks[1:], reason="同一件事", by=cast.coordinator, now=NOW)
    client = browser(cast.reporter)
    answers = {shares[0].task.number: (60, "已安装"), elsewhere[0].task.number: (70, "已调试")}

    done = confirm(
        client, cast.bureau, look(client, cast.bureau, filled(taken(client, cast.bureau), answers))
    )

    assert "已填报 2 项" in done.content.decode()
    own = ProgressReport.objects.filter(assignment__in=[shares[0], elsewhere[0]])
    assert sorted(own.values_list("percent", "note")) == [(60, "已安装"), (70, "已调试")]
    assert not own.exclude(shared_from=None).exists()
    assert set(ProgressReport.objects.mirroring(own).values_list("assignment", flat=True)) == {
        elsewhere[1].pk
    }
    assert list(audit.verify(tasks)) == []


def test_a_row_that_is_to_stay_is_not_answered_by_another_of_its_duty(cast, browser, shares) -> None:
    """Neither one whose conflict keeps what stands, nor one that says what stands already."""
    elsewhere = [make_assignment(cast.bureau, plan=make_plan(cast.city, title=title)) for title in "甲乙"]
    report(elsewhere[1], 30, "动工", cast.colleague)
    tasks = [share.task_id for share in (shares[0], *elsewhere)]
    client = browser(cast.reporter)
    answers = {
        shares[0].task.number: (60, "已安装"),
        elsewhere[0].task.number: (70, "已调试"),
        elsewhere[1].task.number: (30, None),
    }
    data = filled(taken(client, cast.bureau), answers)
    report(elsewhere[0], 45, "同事已填", cast.colleague)
    link_duty(tasks[0], others=tasks[1:], reason="同一件事", by=cast.coordinator, now=NOW)

    preview = look(client, cast.bureau, data)
    assert sorted(kinds(preview)) == ["conflict", "empty", "empty", "same", "take"]
    confirm(client, cast.bureau, preview)

    now = [Assignment.objects.get(pk=share.pk).percent for share in (shares[0], *elsewhere)]
    assert now == [60, 45, 30]


def test_conflicts_kept_beside_rows_brought_in_before_are_said_so(cast, browser, shares) -> None:
    client = browser(cast.reporter)
    first, second, _third = numbers(shares)
    data = filled(taken(client, cast.bureau), {first: (60, "已安装"), second: (30, "动工")})
    report(shares[1], 45, "同事已填", cast.colleague)
    confirm(client, cast.bureau, look(client, cast.bureau, data))
    done = confirm(client, cast.bureau, preview := look(client, cast.bureau, data))

    assert kinds(preview) == ["same", "conflict", "empty"]
    assert "冲突的行都保留了现在的填报" in done.content.decode()


def test_counterpart_taken_back_alone_says_nothing_of_the_row_it_came_from(cast, browser, shares) -> None:
    other = make_assignment(cast.bureau, plan=make_plan(cast.city, title="甲"))
    link_duty(shares[0].task_id, others=[other.task_id], reason="同一件事", by=cast.coordinator, now=NOW)
    client = browser(cast.reporter)
    data = filled(taken(client, cast.bureau), {shares[0].task.number: (60, "已安装")})
    confirm(client, cast.bureau, look(client, cast.bureau, data))
    mirror = ProgressReport.objects.get(assignment=other)
    withdraw_report(mirror.pk, reason="不是一回事", by=cast.reporter, now=NOW)
    report(shares[0], 70, "又有进展", cast.colleague)

    [line] = [line for line in look(client, cast.bureau, data).context["look"].lines if line.row.note]
    assert (line.kind, line.is_made) == ("same", True)
