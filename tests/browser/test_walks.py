"""The three walks of the README, in a real browser, on the real data of one city."""

import json
import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.actions import load_aliases, load_demo_users, load_regions
from accounts.models import Region
from tests.browsing import fits
from tracker import clock, documents
from tracker.actions.confirm import confirm_plan
from tracker.actions.plans import import_plan
from tracker.models import Assignment, Clause, Plan, Task
from tracker.workflow import Status

ROOT = Path(__file__).parent.parent.parent
TODAY = date(2024, 10, 21)
PASSWORD = "walk-through-2024"


def _read(name: str) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads((ROOT / "fixtures" / name).read_text(encoding="utf-8"))
    return records


@pytest.fixture
def city(transactional_db: None, settings: Any) -> Region:
    """新乡市 with its departments and people, no plan yet; the date is the demo's."""
    settings.DUBAN_TODAY = TODAY
    load_aliases(_read("aliases.json"))
    load_regions(r for r in _read("regions.json") if r["code"] == "410700")
    load_demo_users((u for u in _read("users.json") if u["region"] == "410700"), password=PASSWORD)
    return Region.objects.get(code="410700")


@pytest.fixture
def live_plan(city: Region) -> Plan:
    """The sixth plan, settled and live since 2024-08-01, so that its first date has passed on one task."""
    confirmed = datetime.combine(TODAY - timedelta(days=80), datetime.min.time(), tzinfo=clock.SHANGHAI)
    text = (ROOT / "tests/samples/sixth_plan.txt").read_text(encoding="utf-8")
    text = text.replace("、引黄工程管理中心", "").replace("2024年12月15日前", "2024年9月30日前")
    parsed = documents.parse_pasted(text, reference_date=TODAY)
    plan = import_plan(parsed, region=city, by=None, now=confirmed).plan
    plan.doubts.update(settled_at=confirmed)
    confirm_plan(plan.pk, by=None, now=confirmed)
    return plan


def _sign_in(page: Page, username: str) -> None:
    page.goto("/")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


def test_a_coordinator_imports_a_plan_and_confirms_it(
    city: Region, page: Page, console_errors: list[str]
) -> None:
    _sign_in(page, "xx-duban")
    page.get_by_role("link", name="导入方案").click()
    page.get_by_label("方案文件").set_input_files(ROOT / "tests/samples/sixth_plan.txt")
    page.get_by_role("button", name="读取方案").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("新乡市2024年冬春农田水利建设实施方案")
    expect(page.locator("mark", has_text="完成机井通电改造300眼")).to_be_visible()
    expect(page.get_by_role("button", name="确认并下达")).to_have_count(0)

    unknown = page.locator(".unknown", has_text="引黄工程管理中心")
    unknown.get_by_label("新建单位").check()
    unknown.get_by_role("button", name="确定").click()
    measure = page.locator(".measure", has_text="加强组织领导")
    measure.get_by_role("link", name="编辑本条").click()
    units = page.get_by_role("region", name="本条的责任单位")
    units.get_by_label("单位").select_option(label="新乡市农业农村局")
    units.get_by_role("button", name="添加单位").click()
    page.get_by_role("link", name="新乡市2024年冬春农田水利建设实施方案").click()
    wired = page.locator(".measure", has_text="强化用电保障")
    wired.get_by_role("link", name="编辑本条").click()
    page.get_by_role("region", name="时限和取舍").get_by_label("完成时限").fill("2025-02-28")
    page.get_by_role("button", name="保存本条").click()
    page.get_by_role("link", name="看将要生成什么，然后下达").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("将要生成什么，通知谁")
    page.get_by_role("button", name="确认并下达").click()

    expect(page.get_by_text("已下达：任务")).to_be_visible()
    assert Task.objects.get(text__contains="机井通电").due_date == date(2025, 2, 28)
    assert console_errors == []


@pytest.fixture
def draft(city: Region) -> Plan:
    text = (ROOT / "tests/samples/sixth_plan.txt").read_text(encoding="utf-8")
    return import_plan(
        documents.parse_pasted(text, reference_date=TODAY), region=city, by=None, now=clock.now()
    ).plan


def test_a_draft_is_worked_off_with_the_keyboard(draft: Plan, page: Page, console_errors: list[str]) -> None:
    draft.doubts.update(settled_at=clock.now())
    first, second = draft.measures.order_by("position")[:2]
    _sign_in(page, "xx-duban")
    page.goto(f"/plans/{draft.pk}/draft/")
    expect(page.get_by_label("快捷键")).to_be_visible()  # shown by the script once it listens
    page.keyboard.press("j")
    expect(page.locator(f"#measure-{first.pk}")).to_be_focused()
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile(f"#measure-{second.pk}$"))
    expect(page.locator(f"#measure-{first.pk} .badge-done")).to_be_visible()
    expect(page.get_by_label("快捷键")).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_role("heading", level=1)).to_have_text(str(second))
    page.get_by_role("link", name=draft.title).click()
    page.get_by_label("快捷键").uncheck()
    page.keyboard.press("e")
    page.keyboard.press("j")
    expect(page.locator(".measure:focus")).to_have_count(0)
    assert console_errors == []


def test_a_clause_is_split_where_the_caret_stands(draft: Plan, page: Page, console_errors: list[str]) -> None:
    clause = Clause.objects.filter(measure__plan=draft).order_by("measure__position", "position")[0]
    _sign_in(page, "xx-duban")
    page.goto(f"/plans/{draft.pk}/draft/measures/{clause.measure_id}/?clause={clause.pk}#edit")
    words = page.locator("[data-caret]")
    words.focus()
    page.keyboard.press("Control+Home")
    for _character in range(4):
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="拆成两条").click()
    expect(page.get_by_text("已保存")).to_be_visible()
    assert Clause.objects.get(pk=clause.pk).text == clause.text[:4]
    assert console_errors == []


def test_the_pages_of_a_draft_fit_a_phone(draft: Plan, phone_page: Page, console_errors: list[str]) -> None:
    clause = Clause.objects.filter(measure__plan=draft).order_by("pk")[0]
    _sign_in(phone_page, "xx-duban")
    for path in ("", "edits/", "confirm/", f"measures/{clause.measure_id}/?clause={clause.pk}"):
        phone_page.goto(f"/plans/{draft.pk}/draft/{path}")
        assert fits(phone_page), path
    assert console_errors == []


def test_a_reporter_signs_reports_and_hands_in_on_a_phone(
    live_plan: Plan, phone_page: Page, console_errors: list[str]
) -> None:
    page = phone_page
    _sign_in(page, "xx-nyj")
    expect(page.get_by_role("heading", level=1)).to_have_text("我的任务")
    assert fits(page)
    page.get_by_role("button", name=re.compile("全部签收")).click()
    expect(page.get_by_role("button", name=re.compile("全部签收"))).to_have_count(0)
    assert not Assignment.objects.filter(department__users__username="xx-nyj", status=Status.PENDING).exists()

    page.get_by_role("link", name=re.compile("项目初步设计批复")).first.click()
    page.get_by_role("link", name=re.compile("填报")).first.click()
    page.get_by_label(re.compile("进度|完成")).first.fill("100")
    page.get_by_label(re.compile("说明")).fill("九个项目的初步设计已全部批复，批文已归档。")
    page.get_by_label(re.compile("申请办结")).check()
    assert fits(page)
    page.get_by_role("button", name="提交").click()

    share = Assignment.objects.get(
        department__users__username="xx-nyj", task__text__contains="项目初步设计批复"
    )
    assert (share.status, share.percent) == (Status.SUBMITTED, 100)
    assert console_errors == []


def test_a_leader_follows_a_number_to_its_rows_and_a_row_to_its_words(
    live_plan: Plan, page: Page, console_errors: list[str]
) -> None:
    _sign_in(page, "xx-leader")
    tile = page.locator(".tiles a", has_text="逾期")
    number = int(tile.locator("strong").inner_text())
    assert number == Assignment.objects.overdue(TODAY).count() > 0
    tile.click()
    expect(page.get_by_text(re.compile(rf"共\s*{number}\s*项"))).to_be_visible()
    expect(page.get_by_text("逾期21天").first).to_be_visible()

    page.get_by_role("link", name=re.compile("项目初步设计批复")).first.click()
    expect(page.locator("mark")).to_have_text(re.compile("2024年9月30日前,各县完成项目初步设计批复"))
    expect(page.get_by_text("2024-09-30").first).to_be_visible()
    assert console_errors == []
