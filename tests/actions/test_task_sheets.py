"""Tasks from a sheet: row by row new, same or refused; all of it or nothing; run twice, made once."""

import os
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from accounts.tables import make_table
from tests.accounts.test_sheets import repacked, xlsx
from tests.factories import (
    NOW,
    TODAY,
    Cast,
    make_assignment,
    make_cast,
    make_department,
    make_plan,
    make_task,
)
from tracker import exchange
from tracker.actions import sheet_jobs, sheet_plans, task_sheets
from tracker.actions.sheet_jobs import ask_export, ask_import, cancel, claim, confirm_import, sweep
from tracker.actions.tasks import make_tasks
from tracker.actions.work import MoveRefused
from tracker.exchange import run_job
from tracker.models import Assignment, Measure, Plan, SheetJob, Task, TaskEvent
from tracker.models.sheet_jobs import sheets_dir
from tracker.workflow import Role, Status

HEADS = ("方案", "编号", "任务内容", "责任单位", "角色", "完成时限")
Row = tuple[object, ...]


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def now() -> datetime:
    return NOW


def _ask(cast: Cast, data: bytes) -> SheetJob:
    return ask_import(file=BytesIO(data), name="任务.xlsx", form_key=uuid4(), by=cast.coordinator, now=NOW)


def _look(cast: Cast, *rows: Row, heads: Row = HEADS) -> SheetJob:
    job = _ask(cast, xlsx(("任务清单台账",), ("截至 2024-10-21",), heads, *rows))
    run_job(job.pk, now=now)
    job.refresh_from_db()
    return job


def _take_in(cast: Cast, *rows: Row, heads: Row = HEADS) -> SheetJob:
    job = _look(cast, *rows, heads=heads)
    assert job.state == SheetJob.State.CHECKED, (job.error, job.report)
    assert confirm_import(job.pk, by=cast.coordinator, now=NOW)
    run_job(job.pk, now=now)
    job.refresh_from_db()
    return job


def _reasons(job: SheetJob) -> list[str]:
    return [line["reason"] for line in job.report["reasons"]]


ROWS: tuple[Row, ...] = (
    ("秋冬攻坚方案", "1-1", "完成锅炉改造", "市生态环境局", "牵头", date(2024, 12, 31)),
    ("秋冬攻坚方案", "1-1", "完成锅炉改造", "市工业和信息化局", "配合", "2024-12-31"),
    ("秋冬攻坚方案", None, "开展执法检查", "市生态环境局", "落实", None),
    ("秋冬攻坚方案", None, "开展执法检查", "市工业和信息化局", "落实", None),
)


def test_a_new_plan_with_its_tasks(cast: Cast) -> None:
    job = _take_in(cast, *ROWS)

    assert job.state == SheetJob.State.DONE
    plan = Plan.objects.get()
    assert (plan.title, plan.status, plan.region, plan.confirmed_by) == (
        "秋冬攻坚方案",
        Plan.Status.LIVE,
        cast.city,
        cast.coordinator,
    )
    tasks = {task.number: task for task in Task.objects.all()}
    assert {number: task.due_date for number, task in tasks.items()} == {
        "1-1": date(2024, 12, 31),
        "2-1": None,
    }
    shares = Assignment.objects.values_list("task__number", "department__name", "role", "status", "due_date")
    assert set(shares) == {
        ("1-1", "市生态环境局", Role.LEAD, Status.PENDING, date(2024, 12, 31)),
        ("1-1", "市工业和信息化局", Role.SUPPORT, Status.PENDING, date(2024, 12, 31)),
        ("2-1", "市生态环境局", Role.IMPLEMENT, Status.PENDING, None),
        ("2-1", "市工业和信息化局", Role.IMPLEMENT, Status.PENDING, None),
    }
    # Each passage is marked where it stands in the plan's text.
    for task in Task.objects.select_related("plan", "measure", "clause"):
        assert plan.source_text[task.clause.start : task.clause.end] == task.text
        assert plan.source_text[task.measure.start : task.measure.end] == task.measure.text


def test_history_is_written_and_holds(cast: Cast) -> None:
    _take_in(cast, *ROWS)
    events = TaskEvent.objects.values_list("sequence", "kind", "actor", "note")
    assert list(events) == [(1, "CREATED", cast.coordinator.pk, "由表格导入：任务.xlsx")] * 2
    assert set(Task.objects.values_list("history_head", flat=True)) == set(
        TaskEvent.objects.values_list("hash", flat=True)
    )
    call_command("verify_history")


def test_tasks_are_added_to_a_plan_that_is_live(cast: Cast) -> None:
    plan = make_plan(cast.city, "秋冬攻坚方案")
    old = make_task(plan, text="已有的任务", number="1-1")
    text, version = plan.source_text, Plan.objects.get().version

    _take_in(cast, ("秋冬攻坚方案", None, "新增的任务", "市生态环境局", "牵头", None))

    plan.refresh_from_db()
    assert plan.source_text.startswith(text)
    assert plan.version == version + 1
    new = Task.objects.exclude(pk=old.pk).get()
    assert (new.plan, new.number, new.measure.position) == (plan, "2-1", 2)
    assert plan.source_text[new.clause.start : new.clause.end] == "新增的任务"
    old.refresh_from_db()
    assert plan.source_text[old.clause.start : old.clause.end] == old.clause.text


def test_nothing_is_added_to_a_plan_whose_place_another_took(cast: Cast) -> None:
    _take_in(cast, *ROWS)
    Plan.objects.update(status=Plan.Status.SUPERSEDED)
    job = _look(cast, *ROWS, ("秋冬攻坚方案", None, "新增的任务", "市生态环境局", "牵头", None))
    assert (job.report["same"], job.report["refused"]) == (4, 1)
    assert _reasons(job) == ["这份方案已被新版本取代，不再增加任务。请写新版本的标题。"]


def test_the_same_sheet_again_brings_nothing(cast: Cast) -> None:
    _take_in(cast, *ROWS)
    job = _look(cast, *ROWS)
    assert (job.state, job.report["same"], job.report["new"]) == (SheetJob.State.DONE, 4, 0)
    assert (Plan.objects.count(), Task.objects.count(), Assignment.objects.count()) == (1, 2, 4)


def test_the_ledger_as_exported_comes_back_as_the_same(cast: Cast) -> None:
    for days, role in ((3, Role.LEAD), (-9, Role.IMPLEMENT), (None, Role.SUPPORT)):
        due = TODAY + timedelta(days=days) if days else None
        make_assignment(cast.bureau, plan=cast.plan, due_date=due, role=role, text=f"=1+{days} 的任务")
    exported = ask_export(
        list_name="ledger", list_key=None, query="", kind="xlsx", title="台账", total=0,
        form_key=uuid4(), by=cast.coordinator, now=NOW,
    )  # fmt: skip
    run_job(exported.pk, now=now)
    exported.refresh_from_db()

    job = _ask(cast, (sheets_dir() / exported.result).read_bytes())
    run_job(job.pk, now=now)

    job.refresh_from_db()
    assert (job.state, job.report["same"], job.report["refused"]) == (SheetJob.State.DONE, 3, 0), job.report


REFUSALS: list[tuple[Row, str]] = [
    (("", "9", "内容", "市生态环境局", "牵头", None), "“方案”没有填写。"),
    (("方案甲", "9", "", "市生态环境局", "牵头", None), "“任务内容”没有填写。"),
    (("方案甲", "9", "内容", "", "牵头", None), "“责任单位”没有填写。"),
    (("方案甲", "9", "内容", "市生态环境局", "", None), "“角色”没有填写。"),
    (("方案甲", "9", "内容", "市生态环境局", "主办", None), "角色“主办”不对，只能是：牵头、落实、配合。"),
    (("方案甲", "9", "内容", "市环保厅", "牵头", None), "新乡市没有单位“市环保厅”。"),
    (("方案甲", "9", "内容", "开封市生态环境局", "牵头", None), "新乡市没有单位“开封市生态环境局”。"),
    (("方案甲", "9", "内容", "各有关部门", "牵头", None), "“各有关部门”是统称，请每个单位写一行。"),
    (("方案甲", "9", "内容", "市生态环境局", "牵头", "年底前"), "完成时限“年底前”不是日期"),
    (("方案甲", "9", "内容", "市生态环境局", "牵头", "2024-13-01"), "完成时限“2024-13-01”不是日期"),
    (("方案甲", "9", "内容", "市生态环境局", "牵头", 45657), "完成时限“45657”不是日期"),
    (("方案甲", "9", "内容", "市生态环境局", "牵头", date(2124, 1, 1)), "完成时限“2124-01-01"),
    (("方案甲", "9" * 31, "内容", "市生态环境局", "牵头", None), "“编号”超过 30 个字。"),
    (("长" * 301, "9", "内容", "市生态环境局", "牵头", None), "“方案”超过 300 个字。"),
    (("方案甲", "9", "长" * 2001, "市生态环境局", "牵头", None), "“任务内容”超过 2000 个字。"),
    (("方案甲", "9", "=1+1", "市生态环境局", "牵头", None), "“任务内容”是公式"),
    (("草稿", "9", "内容", "市生态环境局", "牵头", None), "这份方案还是草稿"),
    (("同名", "9", "内容", "市生态环境局", "牵头", None), "有几份同名的方案"),
    (("方案乙", "1", "别的内容", "市生态环境局", "牵头", None), "编号1在系统里是另一项任务。"),
    (("方案乙", "1", "老任务", "市工业和信息化局", "配合", None), "不能用表格增加责任单位"),
    (("方案乙", "1", "老任务", "市生态环境局", "落实", None), "不能用表格修改角色"),
    (("方案乙", "1", "老任务", "市生态环境局", "牵头", "2025-01-01"), "完成时限是无期限，不能用表格修改"),
]


@pytest.mark.parametrize(("row", "reason"), REFUSALS)
def test_what_is_refused_and_why(cast: Cast, row: Row, reason: str) -> None:
    make_department(cast.city, "各有关部门", kind="COLLECTIVE")
    make_department(cast.foreign, "开封市生态环境局")
    make_plan(cast.city, "草稿", status="DRAFT", confirmed_at=None)
    make_plan(cast.city, "同名"), make_plan(cast.city, "同名")
    task = make_task(make_plan(cast.city, "方案乙"), text="老任务", number="1")
    make_assignment(cast.bureau, task=task)
    before = Task.objects.count()

    job = _look(cast, *ROWS, row)

    assert job.state == SheetJob.State.REFUSED
    assert (job.report["refused"], job.report["new"]) == (1, 4)
    [line] = job.report["reasons"]
    assert line["row"] == 8
    assert reason in line["reason"]
    # All or nothing: the good rows do not come in either, and there is nothing to confirm.
    assert not confirm_import(job.pk, by=cast.coordinator, now=NOW)
    assert run_job(job.pk, now=now) is None
    assert Task.objects.count() == before


def test_rows_that_contradict_each_other(cast: Cast) -> None:
    job = _look(
        cast,
        *ROWS[:1],
        ROWS[0],
        ("秋冬攻坚方案", "1-1", "别的内容", "市工业和信息化局", "配合", date(2024, 12, 31)),
        ("秋冬攻坚方案", "1-1", "完成锅炉改造", "市工业和信息化局", "配合", date(2024, 11, 30)),
    )
    assert _reasons(job) == [
        "与第 4 行重复。",
        "编号1-1在表里有两种任务内容。",
        "同一项任务在表里有两种完成时限。",
    ]


def test_another_regions_row_is_refused(cast: Cast) -> None:
    job = _look(cast, (*ROWS[0], "开封市"), (*ROWS[2], "新乡市"), heads=(*HEADS, "地区"))
    assert _reasons(job) == ["地区“开封市”不在您的管理范围内。"]


def test_a_collective_is_kept_with_the_share(cast: Cast) -> None:
    collective = make_department(cast.city, "各有关部门", kind="COLLECTIVE")
    _take_in(cast, (*ROWS[0], "各有关部门"), heads=(*HEADS, "所属统称"))
    assert Assignment.objects.get().via == collective


def test_a_plan_has_so_many_tasks_at_the_most(cast: Cast, monkeypatch) -> None:
    monkeypatch.setattr(task_sheets, "TASKS_PER_PLAN", 1)
    assert _reasons(_look(cast, *ROWS)) == ["一份方案最多 1 项任务。"] * 2


def test_a_sheet_has_so_many_rows_at_the_most(cast: Cast, monkeypatch) -> None:
    monkeypatch.setattr(exchange, "ROW_LIMIT", 3)
    job = _look(cast, *ROWS)
    assert (job.state, job.error) == (SheetJob.State.FAILED, "一次最多导入 3 行。请分成几个文件上传。")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"%PDF-1.7", "这不是 xlsx 文件"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "旧的 xls 格式"),
        (xlsx(("姓名", "方案")), "缺少列：任务内容、责任单位、角色。请用系统下载的表格填写"),
        (xlsx(HEADS), "表里没有要导入的内容"),
        (repacked(xlsx(HEADS, *ROWS), xl__worksheets__sheet1=b"<worksheet><sheetData><row"), "文件打不开"),
        (repacked(xlsx(HEADS, *ROWS), xl__sharedStrings=b" " * (65 * 1024 * 1024)), "文件内容过大"),
        (repacked(xlsx(HEADS, *ROWS), xl__media=b" " * (40 * 1024 * 1024)), "文件内容过大"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(cast: Cast, data: bytes, why: str) -> None:
    job = _ask(cast, data)
    run_job(job.pk, now=now)
    job.refresh_from_db()
    assert job.state == SheetJob.State.FAILED
    assert why in job.error
    assert [file.name for file in sheets_dir().iterdir()] == [job.source]


def test_row_by_row_results_can_be_taken_away(cast: Cast) -> None:
    job = _look(cast, *ROWS, ("方案甲", "9", "=1+1", "没有的单位", "牵头", None))
    sheet = load_workbook(BytesIO((sheets_dir() / job.result).read_bytes())).worksheets[0]
    lines = [[cell.value for cell in row[:3]] for row in sheet.iter_rows(min_row=4)]
    assert [line[:2] for line in lines] == [[number, "新增"] for number in range(4, 8)] + [[8, "不能导入"]]
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}


def _counts() -> tuple[int, ...]:
    return Plan.objects.count(), Measure.objects.count(), Task.objects.count(), Assignment.objects.count()


def test_killed_while_writing_leaves_nothing(cast: Cast, monkeypatch) -> None:
    """The worker dies after the first batch; a later one does the whole of it, once."""
    job = _look(cast, *ROWS)
    confirm_import(job.pk, by=cast.coordinator, now=NOW)
    before = _counts()
    monkeypatch.setattr(sheet_plans, "BATCH", 1)
    made = make_tasks
    calls: list[int] = []

    def die(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return made(*args, **kwargs)

    monkeypatch.setattr(sheet_plans, "make_tasks", die)
    with pytest.raises(KeyboardInterrupt):
        run_job(job.pk, now=now)
    assert _counts() == before
    job.refresh_from_db()
    assert (job.state, job.is_writing, job.can_be_cancelled) == (SheetJob.State.RUNNING, True, False)
    assert run_job(job.pk, now=now) is None  # another's, as far as anybody knows

    later = NOW + sheet_jobs.WRITING_LEASE + timedelta(seconds=1)
    assert sweep(now=later) == [job.pk]
    assert run_job(job.pk, now=lambda: later) == SheetJob.State.DONE
    assert (Task.objects.count(), Assignment.objects.count()) == (2, 4)


def test_a_job_that_lost_its_lease_writes_nothing(cast: Cast, monkeypatch) -> None:
    job = _look(cast, *ROWS)
    confirm_import(job.pk, by=cast.coordinator, now=NOW)
    made = make_tasks

    def lose(*args: Any, **kwargs: Any) -> Any:
        SheetJob.objects.filter(pk=job.pk).update(claim=uuid4())
        return made(*args, **kwargs)

    monkeypatch.setattr(sheet_plans, "make_tasks", lose)
    assert run_job(job.pk, now=now) == "stopped"
    assert (Plan.objects.count(), Task.objects.count()) == (0, 0)


def test_a_plan_that_changed_since_the_look_refuses(cast: Cast, monkeypatch) -> None:
    plan = make_plan(cast.city, "秋冬攻坚方案")
    job = _look(cast, *ROWS)
    confirm_import(job.pk, by=cast.coordinator, now=NOW)
    write = task_sheets.TaskSheet.write

    def late(sheet: task_sheets.TaskSheet, **kwargs: Any) -> None:
        make_assignment(cast.bureau, plan=plan)
        write(sheet, **kwargs)

    monkeypatch.setattr(task_sheets.TaskSheet, "write", late)
    run_job(job.pk, now=now)
    job.refresh_from_db()
    assert (job.state, job.error) == (
        SheetJob.State.FAILED,
        "核对之后，方案《秋冬攻坚方案》有了变动，请重新上传。",
    )
    assert Task.objects.filter(number="1-1").count() == 0


def test_confirmed_twice_is_taken_in_once(cast: Cast) -> None:
    job = _look(cast, *ROWS)
    assert confirm_import(job.pk, by=cast.coordinator, now=NOW)
    assert not confirm_import(job.pk, by=cast.coordinator, now=NOW)
    assert [run_job(job.pk, now=now), run_job(job.pk, now=now)] == [SheetJob.State.DONE, None]
    assert Task.objects.count() == 2


def test_only_the_owner_confirms_and_cancels(cast: Cast) -> None:
    job = _look(cast, *ROWS)
    for other in (cast.county_coordinator, cast.administrator, cast.reporter):
        assert not confirm_import(job.pk, by=other, now=NOW)
        assert not cancel(job.pk, by=other, now=NOW)
    assert cancel(job.pk, by=cast.coordinator, now=NOW)
    assert not confirm_import(job.pk, by=cast.coordinator, now=NOW)


def test_a_coordinator_no_more_takes_nothing_in(cast: Cast) -> None:
    job = _look(cast, *ROWS)
    confirm_import(job.pk, by=cast.coordinator, now=NOW)
    cast.coordinator.role = "LEADER"
    cast.coordinator.save(update_fields=["role"])
    run_job(job.pk, now=now)
    job.refresh_from_db()
    assert (job.state, job.error, Task.objects.count()) == (SheetJob.State.FAILED, "您已经不能导入任务。", 0)


def _export(cast: Cast, **fields: Any) -> SheetJob:
    values: dict[str, Any] = {
        "list_name": "ledger", "list_key": None, "query": "", "kind": "csv", "title": "台账", "total": 1,
        "form_key": uuid4(), "by": cast.coordinator, "now": NOW,
    }  # fmt: skip
    return ask_export(**(values | fields))


def test_an_export_in_the_background_is_the_owners_list(cast: Cast) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY)
    make_assignment(cast.other_bureau, plan=cast.plan)
    job = _export(cast, by=cast.reporter, query="due=week")
    assert run_job(job.pk, now=now) == SheetJob.State.DONE
    job.refresh_from_db()
    text = (sheets_dir() / job.result).read_text("utf-8-sig")
    assert len(text.splitlines()) == 2
    assert "市工业和信息化局" not in text


def test_two_clicks_make_one_job(cast: Cast) -> None:
    key = uuid4()
    assert _export(cast, form_key=key).pk == _export(cast, form_key=key).pk
    assert _export(cast, form_key=key, by=cast.leader).pk != SheetJob.objects.of(cast.coordinator.pk).get().pk
    assert run_job(SheetJob.objects.of(cast.coordinator.pk).get().pk, now=now) == SheetJob.State.DONE
    assert _export(cast, form_key=key).state == SheetJob.State.DONE


def test_a_person_has_so_many_jobs_at_once(cast: Cast) -> None:
    for _number in range(sheet_jobs.JOBS_AT_ONCE):
        _export(cast)
    with pytest.raises(MoveRefused):
        _export(cast)
    _export(cast, by=cast.leader)


def test_cancelled_in_the_middle_leaves_no_file(cast: Cast, monkeypatch) -> None:
    make_assignment(cast.bureau, plan=cast.plan)
    job = _export(cast)
    made = make_table

    def cancelled(*args: Any, **kwargs: Any) -> Any:
        assert cancel(job.pk, by=cast.coordinator, now=NOW)
        return made(*args, **kwargs)

    monkeypatch.setattr(exchange, "make_table", cancelled)
    assert run_job(job.pk, now=now) == "stopped"
    job.refresh_from_db()
    assert (job.state, job.result, list(sheets_dir().iterdir())) == (SheetJob.State.CANCELLED, "", [])


def test_a_list_that_the_owner_may_no_longer_see_fails(cast: Cast) -> None:
    job = _export(cast, list_name="people")
    cast.coordinator.role = "LEADER"
    cast.coordinator.save(update_fields=["role"])
    assert run_job(job.pk, now=now) == SheetJob.State.FAILED


def test_a_job_that_kills_its_workers_is_given_up(cast: Cast) -> None:
    job, moment = _export(cast), NOW
    for _attempt in range(sheet_jobs.MAX_ATTEMPTS):
        assert claim(job.pk, now=moment) is not None
        moment += sheet_jobs.LEASE + timedelta(seconds=1)
    assert claim(job.pk, now=moment) is None
    job.refresh_from_db()
    assert (job.state, job.error) == (SheetJob.State.FAILED, "多次中断，已放弃。请重新申请。")


def test_the_sweep_deletes_what_is_old_and_nothing_else(cast: Cast) -> None:
    old, kept = _export(cast), _export(cast, now=NOW + timedelta(days=2))
    for job in (old, kept):
        run_job(job.pk, now=now)
        job.refresh_from_db()
    orphan = sheets_dir() / "orphan"
    orphan.write_bytes(b"")
    ages = {orphan: -1, sheets_dir() / old.result: -1, sheets_dir() / kept.result: -1}
    for file, days in ages.items():
        moment = (NOW + timedelta(days=days)).timestamp()
        os.utime(file, (moment, moment))

    assert sweep(now=NOW + sheet_jobs.KEEP + timedelta(hours=1)) == []

    assert list(SheetJob.objects.all()) == [kept]
    assert [file.name for file in sheets_dir().iterdir()] == [kept.result]


def _many(count: int) -> Iterable[Row]:
    return [("大方案", f"{n}", f"任务{n}", "市生态环境局", "牵头", None) for n in range(count)]


def test_questions_to_the_database_do_not_grow_with_rows(cast: Cast) -> None:
    asked = []
    for number, count in enumerate((1, 3)):
        job = _look(cast, *((f"方案{number}", *row[1:]) for row in _many(count)))
        confirm_import(job.pk, by=cast.coordinator, now=NOW)
        with CaptureQueriesContext(connection) as queries:
            run_job(job.pk, now=now)
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_a_stranger_finds_neither_job_nor_file(cast: Cast, client: Any) -> None:
    job = _export(cast)
    run_job(job.pk, now=now)
    for person in (cast.coordinator, cast.leader, cast.administrator, cast.county_coordinator):
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        wanted = 200 if person == cast.coordinator else 404
        for name in ("sheet", "sheet_download"):
            assert client.get(reverse(name, args=[job.pk])).status_code == wanted
        if wanted == 404:
            for name in ("sheet_cancel", "sheet_confirm"):
                assert client.post(reverse(name, args=[job.pk])).status_code == 404


def test_a_file_that_is_gone_is_not_found(cast: Cast, client: Any) -> None:
    job = _export(cast)
    run_job(job.pk, now=now)
    job.refresh_from_db()
    (sheets_dir() / job.result).unlink()
    client.force_login(cast.coordinator, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("sheet_download", args=[job.pk])).status_code == 404
