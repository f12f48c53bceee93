"""The pages of bringing an old ledger: whose they are, what they say, and that nothing sent breaks them."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Department
from tests import ledgers
from tests.accounts.test_sheets import xlsx
from tests.factories import NOW, Cast, make_plan
from tracker.exchange import run_job
from tracker.models import Assignment, LedgerProfile, Plan, SheetJob, Task

Browser = Callable[..., Client]
HEADS = ("序号", "工作任务", "完成时限", "责任单位", "进展情况")


@pytest.fixture
def client(cast: Cast, browser: Browser) -> Client:
    Department.objects.filter(pk=cast.other_bureau.pk).update(short_name="市工信局")
    return browser(cast.coordinator)


def _send(client: Client, data: bytes, name: str = "台账.xlsx") -> Any:
    file = SimpleUploadedFile(name, data)
    return client.post(reverse("old_ledger_new"), {"file": file, "form_key": str(uuid4())})


def _work(*, count: int = 1) -> SheetJob:
    job = SheetJob.objects.order_by("-pk")[0]
    for _turn in range(count):
        run_job(job.pk, now=lambda: NOW)
    job.refresh_from_db()
    return job


def _brought(client: Client, *rows: tuple[object, ...]) -> SheetJob:
    assert _send(client, xlsx(("2024年台账清单",), HEADS, *rows)).status_code == 302
    return _work()


def _columns(job: SheetJob, **said: Any) -> dict[str, Any]:
    fields = {f"column_{n}": column["field"] for n, column in enumerate(job.report["columns"])}
    given = {"plan": "", "title": job.report["title"], "year": 2024, "finished": "review", "save_as": ""}
    return fields | given | said


def _text(response: Any) -> str:
    return str(response.content.decode())


def _page(client: Client, name: str, job: SheetJob, query: str = "") -> str:
    response = client.get(reverse(name, args=[job.pk]) + query)
    assert response.status_code == 200
    return _text(response)


def _looked(client: Client, *rows: tuple[object, ...], **said: Any) -> SheetJob:
    job = _brought(client, *rows)
    answer = client.post(reverse("old_ledger_columns", args=[job.pk]), _columns(job, **said))
    assert answer.status_code == 302, _text(answer)
    return _work()


def _row(number: int, unit: str = "市工信局") -> tuple[object, ...]:
    return number, f"完成第{number}项改造任务", "2024年12月底前", unit, "正在推进"


@pytest.mark.parametrize("page", ["old_ledger_new", "sheet_import"])
def test_a_marked_sheet_is_refused_on_the_page(client: Client, page: str) -> None:
    file = SimpleUploadedFile("台账.xlsx", xlsx(("机密★1年",), HEADS, _row(1)))
    answer = client.post(reverse(page), {"file": file, "form_key": str(uuid4())})
    assert answer.status_code == 200
    assert "文件标有“机密”，没有保存。涉密文件和内部资料不得在本系统处理" in _text(answer)
    assert not SheetJob.objects.exists()


def test_from_upload_to_tasks(client: Client) -> None:
    answer = _send(client, ledgers.city())
    job = SheetJob.objects.get()
    assert answer["Location"] == reverse("old_ledger", args=[job.pk])
    assert "正在排队" in _page(client, "old_ledger", job)
    job = _work()
    page = _page(client, "old_ledger_columns", job)
    assert "新乡市2024年大气污染防治工作台账" in page
    assert "责任单位/牵头" in page

    client.post(reverse("old_ledger_columns", args=[job.pk]), _columns(job, save_as="大气"))
    job = _work()
    page = _page(client, "old_ledger", job)
    assert "待确认的单位" in page
    assert "跳过不能导入的" in page
    look = {"look": job.report["look"]}
    refused = client.post(reverse("old_ledger_confirm", args=[job.pk]), look, follow=True)
    assert "还有不能导入的行" in _text(refused)
    assert not Task.objects.exists()

    names = [name for name, _count in job.report["unknown"]]
    chosen = {f"unit_{number}": "市生态环境局" for number in range(len(names))}
    client.post(reverse("old_ledger_units", args=[job.pk]), chosen)
    job = _work()
    assert job.report["refused"] == 0, job.report
    client.post(reverse("old_ledger_confirm", args=[job.pk]), {"look": job.report["look"]})
    job = _work()

    page = _page(client, "old_ledger", job)
    assert "已导入：新建 5 项任务" in page
    plan = Plan.objects.get(title="新乡市2024年大气污染防治工作台账")
    assert f'href="{reverse("plan", args=[plan.pk])}"' in page
    assert f'href="{reverse("review")}">去审核' in page
    share = Assignment.objects.filter(percent=100).first()
    assert share
    assert "台账导入" in _text(client.get(reverse("task", args=[share.task_id])))
    assert "大气" in _text(client.get(reverse("old_ledger_new")))


def test_what_is_no_sheet_is_refused_at_the_door(client: Client) -> None:
    for name, data in (("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), ("a.et", b"x"), ("a.wps", b"x")):
        answer = _send(client, data, name)
        assert answer.status_code == 200
        assert "另存为 xlsx" in _text(answer)
    assert not SheetJob.objects.exists()


def test_a_broken_file_fails_in_words(client: Client) -> None:
    _send(client, b"PK\x03\x04 nothing")
    job = _work()
    assert job.state == "FAILED"
    assert "不是 xlsx 文件" in _page(client, "old_ledger", job)


def test_the_same_form_twice_is_one_file(client: Client) -> None:
    form_key = str(uuid4())
    for _turn in range(2):
        file = SimpleUploadedFile("台账.xlsx", xlsx(HEADS, _row(1)))
        client.post(reverse("old_ledger_new"), {"file": file, "form_key": form_key})
    assert SheetJob.objects.count() == 1


def test_a_sheet_without_heads_says_so(client: Client) -> None:
    _send(client, xlsx(("只有一列字",), ("没有表头",)))
    assert "没有找到表头" in _page(client, "old_ledger_columns", _work())


def test_another_worksheet_is_read(client: Client) -> None:
    _send(client, ledgers.city())
    job = _work()
    client.post(reverse("old_ledger_columns", args=[job.pk]), {"sheet": "1", "head_row": ""})
    job = _work()
    assert (job.report["sheet"], job.report["columns"]) == (1, [])
    for wrong in ({"sheet": "x"}, {"sheet": "-1"}, {"sheet": "9" * 40}, {"sheet": "0", "head_row": "0"}):
        assert client.post(reverse("old_ledger_columns", args=[job.pk]), wrong).status_code == 400


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"column_1": ""}, "哪一列是“任务内容”"),
        ({"column_3": ""}, "哪一列是责任单位"),
        ({"column_4": "due"}, "指定了不止一列"),
        ({"column_1": "nonsense"}, "nonsense"),
        ({"title": ""}, "请填写新方案的标题"),
        ({"title": "长" * 301}, "300"),
        ({"title": "坏\0字"}, "不允许"),
        ({"title": "新乡市空气质量持续改善实施方案"}, "已经有方案"),
        ({"title": "草稿一份"}, "还是草稿"),
        ({"title": "征求意见稿"}, "已被新版本取代"),
        ({"plan": "999999"}, "999999"),
        ({"year": "99999"}, "2100"),
        ({"finished": "x"}, "x"),
        ({"save_as": "长" * 61}, "60"),
    ],
)
def test_wrong_columns_are_told(client: Client, cast: Cast, said: dict[str, str], words: str) -> None:
    assert cast.plan
    make_plan(cast.city, "草稿一份", status="DRAFT", confirmed_at=None)
    make_plan(cast.city, "征求意见稿", status="SUPERSEDED")
    job = _brought(client, _row(1))
    answer = client.post(reverse("old_ledger_columns", args=[job.pk]), _columns(job, **said))
    assert answer.status_code == 200
    assert words in _text(answer)
    job.refresh_from_db()
    assert job.state == "COLUMNS"


def test_a_foreign_plan_is_no_target(client: Client, cast: Cast) -> None:
    job = _brought(client, _row(1))
    url = reverse("old_ledger_columns", args=[job.pk])
    assert client.post(url, _columns(job, plan=str(cast.foreign_plan.pk))).status_code == 200
    assert client.post(url, _columns(job, plan=str(cast.plan.pk))).status_code == 302
    assert _work().options["title"] == cast.plan.title


@pytest.mark.parametrize("typed", ["", "没有这个单位", "坏\0字", "长" * 121])
def test_a_unit_that_is_none_is_told(client: Client, typed: str) -> None:
    job = _looked(client, _row(1, "某某办"))
    answer = client.post(reverse("old_ledger_units", args=[job.pk]), {"unit_0": typed})
    assert answer.status_code == 200
    assert "没有保存" in _text(answer)
    job.refresh_from_db()
    assert job.state == "CHECKED"


def test_a_stale_or_crafted_confirmation_does_nothing(client: Client) -> None:
    job = _looked(client, _row(1))
    url = reverse("old_ledger_confirm", args=[job.pk])
    assert client.post(url, {}).status_code == 400
    assert client.post(url, {"look": "x" * 33}).status_code == 400
    assert "又核对过一遍" in _text(client.post(url, {"look": "b" * 32}, follow=True))
    sheet_confirm = reverse("sheet_confirm", args=[job.pk])
    assert "没有重复进行" in _text(client.post(sheet_confirm, follow=True))
    client.post(url, {"look": job.report["look"]})
    client.post(url, {"look": job.report["look"]})
    _work(count=2)
    client.post(url, {"look": job.report["look"]})
    assert Task.objects.count() == 1


def test_addresses_of_a_step_that_is_over_lead_back(client: Client) -> None:
    job = _brought(client, _row(1))
    assert client.get(reverse("old_ledger", args=[job.pk])).status_code == 302
    assert client.get(reverse("sheet", args=[job.pk]))["Location"] == reverse("old_ledger", args=[job.pk])
    client.post(reverse("sheet_cancel", args=[job.pk]))
    for name in ("old_ledger_columns", "old_ledger_units"):
        assert client.post(reverse(name, args=[job.pk]), {"unit_0": "x"}).status_code == 302
    assert "已取消" in _page(client, "old_ledger", job)


@pytest.mark.parametrize(
    "query", ["?kind=refused", "?kind=nonsense&page=x", "?page=99999", "?kind=same&page=0"]
)
def test_any_filter_is_answered(client: Client, query: str) -> None:
    _page(client, "old_ledger", _looked(client, _row(1)), query)


def test_pages_ask_the_same_however_many_rows(client: Client) -> None:
    asked = []
    for count in (1, 3):
        rows = [_row(number, f"某{'甲乙丙'[number - 1]}办") for number in range(1, count + 1)]
        job = _looked(client, *rows, title=f"清单{count}")
        for name in ("old_ledger", "old_ledger_columns"):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                _page(client, name, job)
            asked.append(len(queries))
    assert asked == [11, 5] * 2


def test_profiles_are_listed_in_one_query_and_deleted_by_the_region(
    client: Client, cast: Cast, browser: Browser
) -> None:
    asked = []
    for name in ("甲", "乙", "丙"):
        LedgerProfile.objects.create(region=cast.city, name=name, saved_at=NOW, saved_by=cast.coordinator)
        with CaptureQueriesContext(connection) as queries:
            assert name in _text(client.get(reverse("old_ledger_new")))
        asked.append(len(queries))
    assert len(set(asked)) == 1
    url = reverse("ledger_profile_delete", args=[LedgerProfile.objects.get(name="甲").pk])
    assert browser(cast.county_coordinator).post(url).status_code == 404
    client.post(url)
    assert sorted(LedgerProfile.objects.values_list("name", flat=True)) == ["丙", "乙"]


def test_a_saved_reading_is_recognised_and_says_so(client: Client) -> None:
    _looked(client, _row(1), save_as="每年的台账")
    page = _page(client, "old_ledger_columns", _brought(client, _row(2)))
    assert "“每年的台账”相同，已经套用" in page
