"""An old ledger in a real browser: from the file as an office keeps it to tasks, its jobs run in-process."""

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests import ledgers
from tests.browsing import fits, sign_in
from tests.factories import TODAY, Cast, make_cast, make_department
from tracker.celery import app
from tracker.models import Assignment

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

FILE: "FilePayload" = {
    "name": "2024年攻坚台账.xlsx",
    "mimeType": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "buffer": ledgers.county(),
}


@pytest.fixture
def cast(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Cast:
    settings.DUBAN_TODAY = TODAY
    # The worker is as quick as the form: no page is waited for.
    monkeypatch.setitem(app.conf, "task_always_eager", True)
    return make_cast()


def test_an_old_ledger_on_a_phone_from_upload_to_tasks(
    phone_page: "Page", cast: Cast, live_server: Any, console_errors: list[str]
) -> None:
    for name in ("市交通运输局", "市财政局"):
        make_department(cast.city, name)
    police = make_department(cast.city, "市公安局")
    page = phone_page
    sign_in(page, live_server.url, cast.coordinator)
    page.goto("/plans/")
    page.get_by_role("link", name="导入旧台账").click()
    page.get_by_label("台账文件").set_input_files(FILE)
    page.get_by_role("button", name="上传并核对").click()

    expect(page.get_by_role("heading", name="核对列")).to_be_visible()
    assert fits(page)
    page.get_by_label("要干的事").select_option("任务内容")
    page.get_by_label("新方案的标题").fill("2024年攻坚任务")
    page.get_by_role("button", name="逐行核对").click()

    expect(page.get_by_role("heading", name="逐行核对")).to_be_visible()
    assert fits(page)
    page.get_by_label("市发改局").fill(cast.other_bureau.name)
    page.get_by_label("市交通局").fill(police.name)
    page.get_by_role("button", name="指定并重新核对").click()

    expect(page.get_by_text("确认后新建 4 项任务")).to_be_visible()
    assert fits(page)
    assert not Assignment.objects.exists()
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_text("已导入：新建 4 项任务")).to_be_visible()
    page.get_by_role("link", name="查看方案").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2024年攻坚任务")
    assert fits(page)
    shares = Assignment.objects.filter(plan__title="2024年攻坚任务", department=police)
    assert [share.percent for share in shares] == [0]
    assert console_errors == []
