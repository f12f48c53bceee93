"""Bringing an old ledger, from the file to the tasks: looked at row by row, written whole or not at all."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from openpyxl import load_workbook

from accounts.models import Department
from tests import ledgers
from tests.accounts.test_sheets import xlsx
from tests.factories import NOW, Cast, make_cast, make_department, make_plan
from tracker import audit
from tracker.actions import old_ledgers, sheet_plans
from tracker.actions.sheet_jobs import ask_import, cancel
from tracker.actions.work import MoveRefused, report_progress
from tracker.exchange import run_job
from tracker.models import Assignment, LedgerProfile, Plan, ProgressReport, SheetJob, Task, TaskEvent
from tracker.models.sheet_jobs import sheets_dir
from tracker.old_ledgers import page_of_rows
from tracker.workflow import Role, Status

HEADS = ("序号", "工作任务", "完成时限", "责任单位", "进度", "进展情况")
ROW_1 = (1, "关停2条生产线", "2024年10月底前", "市工信局(牵头),市生态环境局", "40%", "已关停1条。")
ROW_2 = (2, "编制扬尘治理方案", "长期", "市生态环境局", None, None)
ROW_3 = (3, "淘汰国三车", "2024年12月", "市生态环境局", "100%", "已完成")
TITLE = "新乡市2024年大气污染防治工作台账"


@pytest.fixture
def cast(db: None) -> Cast:
    cast = make_cast()
    Department.objects.filter(pk=cast.other_bureau.pk).update(short_name="市工信局")
    return cast


def _fresh(job: SheetJob) -> SheetJob:
    return SheetJob.objects.get(pk=job.pk)


def _upload(cast: Cast, data: bytes, name: str = "台账.xlsx", by: Any = None) -> SheetJob:
    job = ask_import(
        kind=SheetJob.Kind.LEDGER,
        file=[data],
        name=name,
        form_key=uuid4(),
        by=by or cast.coordinator,
        now=NOW,
    )
    run_job(job.pk, now=lambda: NOW)
    return _fresh(job)


def _look(cast: Cast, job: SheetJob, **said: Any) -> SheetJob:
    values: dict[str, Any] = {
        "columns": [column["field"] for column in job.report["columns"]],
        "year": 2024,
        "plan": None,
        "title": TITLE,
        "finished": "review",
        "takes": False,
        "save_as": "",
    }
    old_ledgers.set_columns(job.pk, **(values | said), by=cast.coordinator, now=NOW)
    run_job(job.pk, now=lambda: NOW)
    return _fresh(job)


def _looked(cast: Cast, *rows: tuple[object, ...], **said: Any) -> SheetJob:
    return _look(cast, _upload(cast, xlsx((TITLE,), HEADS, *rows)), **said)


def _confirm(cast: Cast, job: SheetJob, *, skips: bool = False) -> SheetJob:
    old_ledgers.confirm_ledger(job.pk, look=job.report["look"], skips=skips, by=cast.coordinator, now=NOW)
    run_job(job.pk, now=lambda: NOW)
    return _fresh(job)


def _counts(job: SheetJob) -> tuple[int, ...]:
    return tuple(job.report[kind] for kind in ("new", "changed", "same", "refused", "passed"))


def _everything() -> tuple[int, ...]:
    models = (Plan, Task, Assignment, ProgressReport, TaskEvent)
    return tuple(model._default_manager.count() for model in models)


def test_from_the_file_to_the_tasks(cast: Cast) -> None:
    job = _looked(cast, ROW_1, ROW_2, ROW_3, ("合计", "3项"))
    assert (job.state, _counts(job)) == ("CHECKED", (3, 0, 0, 0, 1))
    assert _everything() == (0, 0, 0, 0, 0)

    job = _confirm(cast, job)

    assert job.state == "DONE"
    plan = Plan.objects.get()
    assert (plan.title, plan.status, plan.region) == (TITLE, "LIVE", cast.city)
    found = Assignment.objects.order_by("task__number", "role", "pk").values_list(
        "task__number", "department__name", "role", "status", "percent", "due_date"
    )
    assert list(found) == [
        ("1", "市工业和信息化局", Role.LEAD, Status.ACTIVE, 40, date(2024, 10, 31)),
        ("1", "市生态环境局", Role.SUPPORT, Status.PENDING, 0, date(2024, 10, 31)),
        ("2", "市生态环境局", Role.LEAD, Status.PENDING, 0, None),
        ("3", "市生态环境局", Role.LEAD, Status.SUBMITTED, 100, date(2024, 12, 31)),
    ]
    report = ProgressReport.objects.get(percent=40)
    assert (report.is_carried, report.created_by, report.created_at) == (True, cast.coordinator, NOW)
    assert report.note == "【台账导入】已关停1条。"
    task = Task.objects.get(number="1")
    assert (task.quote, task.rule, task.clause.due_date) == ("2024年10月底前", "month_end", task.due_date)
    assert [event.kind for event in task.events.order_by("sequence")] == ["CREATED", "CARRY"]
    assert not list(audit.verify(Task.objects.values_list("pk", flat=True)))
    share = Assignment.objects.get(percent=40)
    assert share.version == 1 + share.events.count()


def test_the_same_file_a_second_time_does_nothing(cast: Cast) -> None:
    _confirm(cast, _looked(cast, ROW_1, ROW_2, ROW_3))
    before = _everything()

    job = _looked(cast, ROW_1, ROW_2, ROW_3, plan=Plan.objects.get().pk)

    assert _counts(job) == (0, 0, 3, 0, 0)
    with pytest.raises(MoveRefused, match="没有要导入的内容"):
        _confirm(cast, job)
    assert _everything() == before


def test_a_finished_row_comes_in_as_its_coordinator_says(cast: Cast) -> None:
    job = _confirm(cast, _looked(cast, ROW_3, finished="active"))
    assert Assignment.objects.values_list("status", "percent").get() == (Status.ACTIVE, 100)

    job = _looked(cast, ROW_1, ROW_3, title="另一份", finished="skip")
    assert _counts(job) == (1, 0, 0, 0, 1)


def test_a_row_that_cannot_come_in_stops_the_whole_unless_it_is_skipped(cast: Cast) -> None:
    job = _looked(cast, ROW_1, (2, "没人认得的", "长期", "市某某办"), (3, "坏日期", "2月30日前", "市工信局"))
    assert _counts(job) == (1, 0, 0, 2, 0)
    reasons = [row["reason"] for row in page_of_rows(job, "refused", 1)]
    assert "市某某办" in reasons[0]
    assert "不存在" in reasons[1]

    with pytest.raises(MoveRefused, match="还有不能导入的行"):
        _confirm(cast, job)
    assert _everything() == (0, 0, 0, 0, 0)

    assert _confirm(cast, job, skips=True).state == "DONE"
    assert Task.objects.count() == 1


def test_an_unknown_name_is_settled_once_for_the_sheet_and_remembered(cast: Cast) -> None:
    rows = [(number, f"任务{number}的内容", "长期", "蓝天办") for number in range(1, 5)]
    job = _look(cast, _upload(cast, xlsx((TITLE,), HEADS, *rows)), save_as="大气台账")
    assert job.report["unknown"] == [["蓝天办", 4]]

    old_ledgers.name_units(job.pk, {"蓝天办": cast.bureau.pk}, by=cast.coordinator, now=NOW)
    run_job(job.pk, now=lambda: NOW)

    assert _counts(_fresh(job)) == (4, 0, 0, 0, 0)
    assert LedgerProfile.objects.get().units == {"蓝天办": cast.bureau.pk}
    again = _upload(cast, xlsx(("别的标题",), HEADS, *rows))
    assert again.options["profile"] == "大气台账"
    assert {column["how"] for column in again.report["columns"]} == {"profile"}
    assert _counts(_look(cast, again, title="再来一份")) == (4, 0, 0, 0, 0)


def test_what_is_no_unit_is_left_out(cast: Cast) -> None:
    job = _looked(cast, (1, "任务一的内容", "长期", "市工信局、某某专班"))
    old_ledgers.name_units(job.pk, {"市某某专班": 0, "某某专班": 0}, by=cast.coordinator, now=NOW)
    run_job(job.pk, now=lambda: NOW)
    assert _counts(_fresh(job)) == (1, 0, 0, 0, 0)


def test_a_collective_goes_to_its_members(cast: Cast) -> None:
    everyone = make_department(cast.city, "各有关市直部门", kind="COLLECTIVE")
    everyone.members.set([cast.bureau, cast.other_bureau])

    _confirm(cast, _looked(cast, (1, "任务一的内容", "长期", "各有关市直部门")))

    assert set(Assignment.objects.values_list("department", "via")) == {
        (cast.bureau.pk, everyone.pk),
        (cast.other_bureau.pk, everyone.pk),
    }


def test_what_differs_is_shown_and_left_as_it_is(cast: Cast) -> None:
    _confirm(cast, _looked(cast, ROW_1, ROW_2))
    plan = Plan.objects.get()
    before = list(Assignment.objects.order_by("pk").values()), _everything()

    changed = (1, "关停2条落后生产线", "2024年11月底前", "市工信局、市生态环境局(牵头)", "60%", "快了")
    job = _looked(cast, changed, ROW_2, plan=plan.pk)

    assert _counts(job) == (0, 1, 1, 0, 0)
    [row] = page_of_rows(job, "changed", 1)
    assert [(one["field"], one["can"]) for one in row["changes"]] == [
        ("任务内容", False),
        ("完成时限", False),
        ("角色（市生态环境局）", False),
        ("角色（市工信局）", False),
        ("完成进度", False),
    ]
    assert all(one["why"] for one in row["changes"])
    assert before == (list(Assignment.objects.order_by("pk").values()), _everything())


def test_a_changed_unit_is_reassigned_only_when_asked(cast: Cast) -> None:
    _confirm(cast, _looked(cast, (2, "编制扬尘治理方案", "2024年12月", "市生态环境局", None, None)))
    plan, row = Plan.objects.get(), (2, "编制扬尘治理方案", "2024年12月", "市工信局", None, None)
    assert (_looked(cast, row, plan=plan.pk)).report["taken"] == 0

    job = _confirm(cast, _looked(cast, row, plan=plan.pk, takes=True))

    assert job.state == "DONE"
    assert list(Assignment.objects.order_by("pk").values_list("department__name", "status")) == [
        ("市生态环境局", Status.REASSIGNED),
        ("市工业和信息化局", Status.PENDING),
    ]
    assert not list(audit.verify(Task.objects.values_list("pk", flat=True)))
    assert _counts(_looked(cast, row, plan=plan.pk)) == (0, 0, 1, 0, 0)


def test_what_changed_between_look_and_writing_is_looked_at_again(cast: Cast) -> None:
    _confirm(cast, _looked(cast, ROW_1))
    plan = Plan.objects.get()
    job = _looked(cast, ROW_1, ROW_2, plan=plan.pk)
    share = Assignment.objects.get(department=cast.other_bureau)
    report_progress(share.pk, percent=70, note="又关停", form_key=uuid4(), by=cast.outsider, now=NOW)
    before = _everything()

    job = _confirm(cast, job)

    assert (job.state, job.confirmed_at, _counts(job)) == ("CHECKED", None, (1, 1, 0, 0, 0))
    assert "有了变化" in job.report["said"]
    assert _everything() == before
    assert _confirm(cast, job).state == "DONE"


def test_two_coordinators_at_once_make_one_plan(cast: Cast) -> None:
    first, second = _looked(cast, ROW_1), _looked(cast, ROW_1)
    assert _confirm(cast, first).state == "DONE"
    before = _everything()

    second = _confirm(cast, second)

    assert second.state in ("CHECKED", "FAILED")
    assert "已经有方案" in (second.error or second.report["said"])
    assert _everything() == before


@pytest.mark.parametrize("other", ["SUPERSEDED", "DRAFT"])
def test_of_editions_with_one_title_the_live_one_is_meant(cast: Cast, other: str) -> None:
    make_plan(cast.city, TITLE, status=other)
    live = make_plan(cast.city, TITLE)
    assert _upload(cast, xlsx((TITLE,), HEADS, ROW_1)).report["plan"] == live.pk
    live.delete()
    assert _upload(cast, xlsx((TITLE,), HEADS, ROW_1)).report["plan"] is None


def test_an_old_page_cannot_confirm_what_it_did_not_show(cast: Cast) -> None:
    job = _looked(cast, ROW_1)
    seen = job.report["look"]
    _look(cast, job, year=2023)
    with pytest.raises(MoveRefused, match="又核对过一遍"):
        old_ledgers.confirm_ledger(job.pk, look=seen, skips=True, by=cast.coordinator, now=NOW)
    with pytest.raises(MoveRefused, match="不在这一步"):
        old_ledgers.confirm_ledger(job.pk, look=seen, skips=True, by=cast.county_coordinator, now=NOW)


def test_dying_while_writing_leaves_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    job = _looked(cast, ROW_1, ROW_2, ROW_3)

    def die(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(old_ledgers, "carry_progress", die)
        with pytest.raises(KeyboardInterrupt):
            _confirm(cast, job)
    assert _everything() == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((1, "", "长期", "市工信局"), "没有填写"),
        ((1, "任务一的内容", "尽快", "市工信局"), "看不懂时限"),
        ((1, "任务一的内容", "长期", None), "没有写责任单位"),
        ((1, "任务一的内容", "长期", "=A1"), "是公式"),
        ((1, "任务一的内容", "长期", "市工信局", "120%"), "不是 0 到 100"),
        ((1, "长" * 2001, "长期", "市工信局"), "超过 2000 个字"),
        (("9" * 31, "任务一的内容", "长期", "市工信局"), "超过 30 个字"),
        ((1, "任务一的内容", "1888年5月", "市工信局"), "看不懂|年份不对|不存在"),
    ],
)
def test_why_a_row_is_refused(cast: Cast, row: tuple[object, ...], words: str) -> None:
    columns = ["number", "text", "due", "duty", "percent", "progress"]
    job = _looked(cast, ROW_2, row, columns=columns)
    assert job.report["refused"] == 1, page_of_rows(job, "new", 1)
    [found] = page_of_rows(job, "refused", 1)
    assert any(word in found["reason"] for word in words.split("|"))


def test_rows_of_one_number_agree_or_are_refused(cast: Cast) -> None:
    rows = (
        (1, "任务一的内容", "长期", "市工信局"),
        (1, "另一个任务的内容", "长期", "市工信局"),
        (1, "任务一的内容", "长期", "市工信局"),
        (1, "任务一的内容", "年底前", "市生态环境局"),
    )
    job = _looked(cast, *rows)
    reasons = [row["reason"] for row in page_of_rows(job, "refused", 1)]
    assert [reason[:8].rstrip("。") for reason in reasons] == [
        "编号1在表里有两",
        "与第 3 行重复",
        "同一项任务在表里",
    ]


def test_a_plan_takes_so_many_tasks(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.actions.ledger_comparison.TASKS_PER_PLAN", 1)
    assert _counts(_looked(cast, ROW_1, ROW_2)) == (1, 0, 0, 1, 0)


def test_recurring_work_of_a_past_year_makes_no_series(cast: Cast) -> None:
    rows = ((1, "每月通报一次情况", "每月", "市工信局"),)
    _confirm(cast, _looked(cast, *rows, year=2023))
    _confirm(cast, _looked(cast, *rows, title="今年的"))
    assert list(Task.objects.order_by("pk").values_list("kind", "every")) == [
        ("ongoing", ""),
        ("recurring", "month"),
    ]


@pytest.mark.parametrize("name", sorted(ledgers.ALL))
def test_the_samples_come_to_their_rows(cast: Cast, name: str) -> None:
    """Whatever the units of this region make of them: every row is told, none lost."""
    job = _upload(cast, ledgers.ALL[name](), name)
    job = _look(cast, job, title="旧台账")
    assert job.state == "CHECKED", job.error
    assert sum(_counts(job)) == job.report["rows"]


def test_the_outcome_can_be_taken_away(cast: Cast) -> None:
    job = _looked(cast, ROW_1, (2, "=SUM(A1)", "长期", "市工信局"))
    with (sheets_dir() / job.result).open("rb") as file:
        sheet = load_workbook(file).worksheets[0]
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value]
    assert {"新增", "不能导入"} <= set(texts)
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_pages_of_rows_begin_where_they_should(cast: Cast, tmp_path: Path) -> None:
    job = _looked(cast, *((n, f"第{n}项任务的内容", "长期", "市工信局") for n in range(1, 121)))
    found = [[row["task"] for row in page_of_rows(job, "new", page)] for page in (1, 2, 3, 4)]
    assert [len(rows) for rows in found] == [50, 50, 20, 0]
    assert [task for page in found for task in page] == [str(n) for n in range(1, 121)]


def test_it_can_be_given_up_and_is_only_its_owners(cast: Cast) -> None:
    job = _upload(cast, xlsx(HEADS, ROW_1))
    assert not cancel(job.pk, by=cast.county_coordinator, now=NOW)
    assert cancel(job.pk, by=cast.coordinator, now=NOW)
    with pytest.raises(MoveRefused, match="不在这一步"):
        _look(cast, job)


def test_a_ledger_with_a_mark_of_secrecy_is_deleted(cast: Cast) -> None:
    job = _upload(cast, xlsx(("秘密★1年",), (TITLE,), HEADS, ROW_1))
    assert (job.state, "秘密" in job.error) == ("FAILED", True)
    assert not (sheets_dir() / job.source).exists()


def test_who_no_longer_coordinates_brings_nothing(cast: Cast) -> None:
    job = _looked(cast, ROW_1)
    old_ledgers.confirm_ledger(job.pk, look=job.report["look"], skips=False, by=cast.coordinator, now=NOW)
    cast.coordinator.is_active = False
    cast.coordinator.save()
    assert run_job(job.pk, now=lambda: NOW) == "FAILED"
    assert _everything() == (0, 0, 0, 0, 0)


def test_profiles_are_the_regions_own(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    save: Callable[..., None] = old_ledgers.save_profile
    for name in ("甲", "乙", "甲"):
        save(name, heads={"工作任务": "text"}, units={}, by=cast.coordinator, now=NOW)
    assert sorted(LedgerProfile.objects.values_list("name", flat=True)) == ["乙", "甲"]
    assert old_ledgers.profile_for(cast.foreign.pk, ["工作任务"]) is None
    assert old_ledgers.profile_for(cast.city.pk, ["别的"]) is None
    monkeypatch.setattr(old_ledgers, "PROFILES_OF_REGION", 2)
    with pytest.raises(MoveRefused, match="最多保存 2 份"):
        save("丙", heads={}, units={}, by=cast.coordinator, now=NOW)


def test_the_tasks_of_sheets_are_written_in_batches(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_plans, "BATCH", 1)
    _confirm(cast, _looked(cast, ROW_1, ROW_2))
    texts = [
        task.passage() for task in Task.objects.select_related("plan", "measure", "clause").order_by("pk")
    ]
    assert ["".join(segment.text for segment in parts if segment.key is not None) for parts in texts] == [
        "关停2条生产线",
        "编制扬尘治理方案",
    ]
