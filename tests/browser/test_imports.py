"""The page of an import in a real browser: it follows by itself, on a phone and without scripts."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browsing import fits, sign_in
from tests.factories import TODAY, Cast, make_cast, make_import
from tracker import clock
from tracker.actions.imports import read_import
from tracker.models import Plan, PlanImport

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload, Page

TEXT = (Path(__file__).parent.parent / "samples" / "sixth_plan.txt").read_text(encoding="utf-8")
LARGE: "FilePayload" = {
    "name": f"{'新乡市冬春农田水利建设实施方案' * 5}.txt",
    "mimeType": "text/plain",
    "buffer": TEXT.encode() + b"\n" * 1_100_000,
}
MARKED: "FilePayload" = {
    "name": "方案.txt",
    "mimeType": "text/plain",
    "buffer": f"机密★1年\n{TEXT}".encode(),
}


@pytest.fixture
def cast(transactional_db: None, settings: Any) -> Cast:
    settings.DUBAN_TODAY = TODAY
    return make_cast()


def _upload(page: "Page", file: "FilePayload") -> None:
    page.goto("/plans/import/")
    page.get_by_label("方案文件").set_input_files(file)
    page.get_by_role("button", name="读取方案").click()


def test_a_large_file_on_a_phone_from_upload_to_draft(
    phone_page: "Page", cast: Cast, live_server: Any, console_errors: list[str]
) -> None:
    sign_in(phone_page, live_server.url, cast.coordinator)
    _upload(phone_page, LARGE)
    phone_page.get_by_text("等待读取").wait_for()
    assert fits(phone_page)
    row = PlanImport.objects.get()

    until = clock.now()
    PlanImport.objects.filter(pk=row.pk).update(
        state="READING", claimed_until=until, attempts=1, done=37, total=154
    )
    phone_page.get_by_text("已读 37 页，共 154 页").wait_for()
    assert fits(phone_page)
    phone_page.get_by_role("button", name="取消导入").focus()
    PlanImport.objects.filter(pk=row.pk).update(done=38)
    phone_page.get_by_text("已读 38 页，共 154 页").wait_for()
    focused = phone_page.evaluate("document.activeElement.textContent")
    assert focused == "取消导入", "what a person is about to press stays where it is"

    PlanImport.objects.filter(pk=row.pk).update(state="WAITING", claimed_until=None)
    read_import(row.pk, now=clock.now())
    phone_page.wait_for_url("**/draft/")
    assert str(Plan.objects.get().pk) in phone_page.url
    assert console_errors == []


def test_failure_shows_by_itself_and_offers_the_form_again(
    page: "Page", cast: Cast, live_server: Any, console_errors: list[str]
) -> None:
    row = make_import(cast.coordinator, b"\0\0\0", created_at=clock.now())
    sign_in(page, live_server.url, cast.coordinator)
    page.goto(f"/plans/import/{row.pk}/")
    page.get_by_text("等待读取").wait_for()

    read_import(row.pk, now=clock.now())

    page.get_by_text("没有导入").wait_for()
    page.get_by_role("link", name="重新导入").click()
    page.get_by_role("heading", name="最近上传的文件").wait_for()
    assert fits(page)
    assert console_errors == []


def test_cancelling_on_the_page(phone_page: "Page", cast: Cast, live_server: Any) -> None:
    row = make_import(cast.coordinator, TEXT.encode(), created_at=clock.now())
    sign_in(phone_page, live_server.url, cast.coordinator)
    phone_page.goto(f"/plans/import/{row.pk}/")

    phone_page.get_by_role("button", name="取消导入").click()

    phone_page.get_by_text("没有存入任何内容").wait_for()
    row.refresh_from_db()
    assert row.state == PlanImport.State.CANCELLED


def test_marked_file_is_explained(page: "Page", cast: Cast, live_server: Any) -> None:
    sign_in(page, live_server.url, cast.coordinator)
    _upload(page, MARKED)

    page.get_by_role("alert").get_by_text("标有“机密”").wait_for()
    assert fits(page)
    assert not PlanImport.objects.exists()


def test_without_scripts_the_page_looks_again_by_itself(
    chromium: "Browser", cast: Cast, live_server: Any
) -> None:
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    context.set_default_timeout(15_000)
    page = context.new_page()
    sign_in(page, live_server.url, cast.coordinator)
    row = make_import(cast.coordinator, TEXT.encode(), created_at=clock.now())
    page.goto(f"/plans/import/{row.pk}/")
    page.get_by_text("等待读取").wait_for()

    read_import(row.pk, now=clock.now())

    page.wait_for_url("**/draft/")
    context.close()
