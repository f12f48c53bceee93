"""A unit's list in a real browser: reporting in it, without JavaScript, and after a session ended."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.sessions.models import Session

from tests import files
from tests.factories import PASSWORD, TODAY, Cast, make_assignment, make_cast
from tracker.models import Assignment, Evidence, ProgressReport, ReportDraft
from tracker.workflow import Status

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload, Locator, Page

PHOTO: "FilePayload" = {"name": "现场照片.png", "mimeType": "image/png", "buffer": files.PNG}
WORDS = "完成12家企业改造，剩余3家月底前完成。"


@pytest.fixture
def cast(transactional_db: None, settings: Any) -> Cast:
    settings.DUBAN_TODAY = TODAY
    return make_cast()


@pytest.fixture
def share(cast: Cast) -> Assignment:
    return make_assignment(cast.bureau, plan=cast.plan, text="企业改造", due_date=TODAY + timedelta(days=3))


@pytest.fixture
def other(cast: Cast) -> Assignment:
    return make_assignment(cast.bureau, plan=cast.plan, text="扬尘治理", due_date=TODAY + timedelta(days=90))


@pytest.fixture
def plain_page(chromium: "Browser", live_server: Any) -> Iterator["Page"]:
    """A browser in which no script runs."""
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def _enter(page: "Page", username: str = "wangfang") -> None:
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


def _open(page: "Page", share: Assignment) -> "Locator":
    link = page.get_by_role("link", name=f"填报 {share.task.number}")
    link.wait_for()
    page.wait_for_load_state()  # pressed before the script is there, the link leads to the page
    link.click()
    form = page.locator(f"#form-{share.pk}")
    form.get_by_role("button", name="提交").wait_for()
    return form


def _fits(page: "Page") -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def _wait_focused(page: "Page", words: str) -> None:
    """Until what has the focus bears this name or these words; a script moves it, after the content."""
    page.wait_for_function(
        "words => document.activeElement !== document.body"
        " && `${document.activeElement.name} ${document.activeElement.innerText}`.includes(words)",
        arg=words,
    )


@pytest.mark.parametrize("device", ["page", "phone_page"])
def test_report_with_a_photograph_without_leaving_the_list(
    request: pytest.FixtureRequest,
    device: str,
    share: Assignment,
    other: Assignment,
    console_errors: list[str],
) -> None:
    page: Page = request.getfixturevalue(device)
    page.goto("/")
    _enter(page)
    beside = _open(page, other)
    beside.get_by_label("进展说明").fill("另一项，还没写完")
    beside.get_by_text("已自动保存").wait_for()
    form = _open(page, share)
    _wait_focused(page, "percent")
    assert _fits(page)

    form.get_by_label("佐证材料").set_input_files([PHOTO])
    form.get_by_label("完成进度").fill("160")
    form.get_by_label("进展说明").fill(WORDS)
    form.get_by_role("button", name="提交").click()
    form.get_by_text("没有提交成功").wait_for()
    _wait_focused(page, "没有提交成功")
    assert form.get_by_label("进展说明").input_value() == WORDS
    assert ProgressReport.objects.count() == 0

    form.get_by_label("完成进度").fill("60")
    form.get_by_role("button", name="提交").click()
    page.get_by_role("status").get_by_text(f"{share.task.number} 已填报").wait_for()

    assert page.url.endswith("/my-work/")
    assert form.get_by_role("button").count() == 0
    assert page.locator(f"#share-{share.pk}").get_by_text("60%").is_visible()
    _wait_focused(page, "填报")
    assert beside.get_by_label("进展说明").input_value() == "另一项，还没写完"
    report = ProgressReport.objects.get()
    assert (report.percent, report.note, report.evidence.get().name) == (60, WORDS, "现场照片.png")
    assert _fits(page)
    assert console_errors == []


def test_signing_in_the_list_moves_the_row_and_keeps_the_open_form(
    cast: Cast, page: "Page", share: Assignment, console_errors: list[str]
) -> None:
    new = make_assignment(cast.bureau, plan=cast.plan, status=Status.PENDING)
    page.goto("/")
    _enter(page)
    form = _open(page, share)
    form.get_by_label("佐证材料").set_input_files([PHOTO])

    page.get_by_role("button", name=f"签收 {new.task.number}").click()
    page.get_by_role("status").get_by_text("签收，已记录").wait_for()

    assert page.get_by_role("heading", name=re.compile("待签收")).count() == 0
    assert page.get_by_role("link", name=f"填报 {new.task.number}").is_visible()
    assert form.get_by_label("佐证材料").evaluate("input => input.files.length") == 1
    assert console_errors == []


def test_draft_outlives_the_session_and_so_do_words_sent_too_late(
    page: "Page", share: Assignment, console_errors: list[str]
) -> None:
    page.goto("/")
    _enter(page)
    form = _open(page, share)
    form.get_by_label("进展说明").fill("先记一句")
    form.get_by_text(re.compile(r"已自动保存 \d\d:\d\d")).wait_for()
    assert ReportDraft.objects.get().note == "先记一句"

    Session.objects.all().delete()  # what the clock does after two hours
    page.reload()
    page.get_by_text("登录已超时").wait_for()
    _enter(page)
    page.get_by_text("有草稿").wait_for()
    form = _open(page, share)
    form.get_by_text("没有提交的草稿").wait_for()
    assert form.get_by_label("进展说明").input_value() == "先记一句"

    page.route("**/report/draft/", lambda route: route.fulfill(body=""))  # the form itself comes too late
    Session.objects.all().delete()
    form.get_by_label("完成进度").fill("45")
    form.get_by_label("进展说明").fill(WORDS)
    form.get_by_role("button", name="提交").click()
    page.get_by_text("刚才填写的进度和说明已经保留").wait_for()
    assert ProgressReport.objects.count() == 0
    _enter(page)
    page.wait_for_url(f"**/assignments/{share.pk}/report/")
    assert page.get_by_label("完成进度").input_value() == "45"
    assert page.get_by_label("进展说明").input_value() == WORDS
    page.get_by_role("button", name="提交").click()
    page.wait_for_url(f"**/tasks/{share.task_id}/")

    assert ProgressReport.objects.get().note == WORDS
    assert ReportDraft.objects.count() == 0
    assert console_errors == []


def test_one_form_answers_several(
    page: "Page", cast: Cast, share: Assignment, console_errors: list[str]
) -> None:
    near = make_assignment(cast.bureau, plan=cast.plan, text="除尘改造", due_date=TODAY + timedelta(days=9))
    page.goto("/")
    _enter(page)
    form = _open(page, share)
    form.get_by_text("同时填报本单位的其他任务").click()
    form.get_by_label(re.compile("除尘改造")).check()
    form.get_by_label("完成进度").fill("60")
    form.get_by_label("进展说明").fill(WORDS)
    form.get_by_label("佐证材料").set_input_files([PHOTO])
    form.get_by_role("button", name="提交").click()
    page.get_by_role("status").get_by_text("已填报 2 项").wait_for()

    assert set(ProgressReport.objects.values_list("assignment", "percent")) == {(share.pk, 60), (near.pk, 60)}
    assert Evidence.objects.values("file").distinct().count() == 1
    assert console_errors == []


def test_lost_connection_is_said_and_the_form_stays(page: "Page", share: Assignment) -> None:
    page.goto("/")
    _enter(page)
    form = _open(page, share)
    form.get_by_label("进展说明").fill(WORDS)
    page.context.set_offline(True)
    form.get_by_role("button", name="提交").click()

    page.get_by_text("网络不通").first.wait_for()
    assert form.get_by_label("进展说明").input_value() == WORDS


def test_error_page_is_said_above_the_list_and_the_form_stays(page: "Page", share: Assignment) -> None:
    page.goto("/")
    _enter(page)
    form = _open(page, share)
    form.get_by_label("进展说明").fill(WORDS)
    form.get_by_text("已自动保存").wait_for()
    page.context.clear_cookies(name="csrftoken")
    form.get_by_role("button", name="提交").click()

    page.get_by_role("status").get_by_text("页面已失效").wait_for()
    assert form.get_by_label("进展说明").input_value() == WORDS


def test_report_and_draft_without_javascript(plain_page: "Page", share: Assignment) -> None:
    page = plain_page
    page.goto("/")
    _enter(page)
    page.get_by_role("link", name=f"填报 {share.task.number}").click()
    page.wait_for_url(f"**/assignments/{share.pk}/report/")
    page.get_by_label("进展说明").fill("先记一句")
    page.get_by_role("button", name="暂存").click()
    page.get_by_text("已暂存").wait_for()
    assert page.get_by_label("进展说明").input_value() == "先记一句"
    page.get_by_role("button", name="放弃草稿").click()
    page.get_by_text("草稿已放弃").wait_for()

    page.get_by_label("完成进度").fill("60")
    page.get_by_label("进展说明").fill(WORDS)
    page.get_by_label("佐证材料").set_input_files([PHOTO])
    page.get_by_role("button", name="提交").click()
    page.wait_for_url(f"**/tasks/{share.task_id}/")

    assert ProgressReport.objects.get().evidence.get().name == "现场照片.png"
    assert ReportDraft.objects.count() == 0
