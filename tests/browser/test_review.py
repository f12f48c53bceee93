"""A coordinator works off her inbox by keyboard, and on a phone without one."""

from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests import files
from tests.factories import NOW, PASSWORD, TODAY, Cast, make_assignment, make_cast
from tracker.actions.work import report_progress
from tracker.filetypes import examine
from tracker.models import Assignment, TaskEvent
from tracker.workflow import Move, Status


@pytest.fixture
def cast(transactional_db: None, settings: Any) -> Cast:
    settings.DUBAN_TODAY = TODAY
    return make_cast()


@pytest.fixture
def queue(cast: Cast) -> list[Assignment]:
    """Three submissions with a photograph each, handed in one day after another."""
    shares = []
    for number in range(3):
        share = make_assignment(cast.bureau, plan=cast.plan, text=f"第{number}项工作", due_date=TODAY)
        report_progress(
            share.pk,
            hand_in=True,
            percent=100,
            note="全部完成，现场已核实。",
            form_key=uuid4(),
            by=cast.reporter,
            now=NOW - timedelta(days=9 - number),
            uploads=[examine(BytesIO(files.PNG), name="现场照片.png", size=len(files.PNG))],
        )
        shares.append(share)
    return shares


def _open_inbox(page: Page, cast: Cast) -> None:
    page.goto("/review/")
    page.get_by_label("用户名").fill(cast.coordinator.username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="第0项工作")).to_be_visible()


def _listens(page: Page, heading: str) -> None:
    """The page of that submission is there, and its script, which shows the keys it listens to."""
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.locator(".keys")).to_be_visible()


def _statuses(queue: list[Assignment]) -> list[str]:
    return [Assignment.objects.get(pk=share.pk).status for share in queue]


def test_two_are_approved_and_one_returned_by_keyboard_alone(
    cast: Cast, queue: list[Assignment], page: Page, console_errors: list[str]
) -> None:
    _open_inbox(page, cast)
    keys = page.keyboard
    expect(page.locator(".keys")).to_be_visible()
    expect(page.locator(".previews img")).to_have_js_property("naturalWidth", 1)

    keys.press("j")
    _listens(page, "第1项工作")
    keys.press("k")
    _listens(page, "第0项工作")
    keys.press("a")
    assert _statuses(queue) == [Status.SUBMITTED] * 3, "the key only goes to the button"
    keys.press("Enter")
    expect(page.get_by_text("审核通过，已记录。")).to_be_visible()
    _listens(page, "第1项工作")

    keys.press("r")
    keys.type("jack: 缺验收单")  # letters that are keys elsewhere
    expect(page.get_by_label("退回的理由")).to_have_value("jack: 缺验收单")
    keys.press("Control+Enter")
    expect(page.get_by_text("退回，已记录。")).to_be_visible()

    _listens(page, "第2项工作")
    keys.press("r")
    keys.press("Escape")
    keys.press("a")
    keys.press("Enter")
    expect(page.get_by_text("没有等待审核的任务。")).to_be_visible()

    assert _statuses(queue) == [Status.CLOSED, Status.ACTIVE, Status.CLOSED]
    assert TaskEvent.objects.get(kind=Move.RETURN).note == "jack: 缺验收单"
    assert console_errors == []


def test_keys_can_be_switched_off_and_stay_off(
    cast: Cast, queue: list[Assignment], page: Page, console_errors: list[str]
) -> None:
    _open_inbox(page, cast)

    page.get_by_label("快捷键").uncheck()
    page.reload()
    page.keyboard.press("j")

    expect(page.get_by_label("快捷键")).not_to_be_checked()
    expect(page.get_by_role("heading", name="第0项工作")).to_be_visible()
    page.get_by_label("快捷键").check()
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="第1项工作")).to_be_visible()
    assert console_errors == []


def test_inbox_fits_a_phone_and_a_tick_returns(
    cast: Cast, queue: list[Assignment], phone_page: Page, console_errors: list[str]
) -> None:
    page = phone_page
    _open_inbox(page, cast)
    fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"

    assert page.evaluate(fits)
    page.get_by_label("佐证材料不全").check()
    page.get_by_role("button", name="退回").click()
    expect(page.get_by_role("heading", name="第1项工作")).to_be_visible()

    assert _statuses(queue) == [Status.ACTIVE, Status.SUBMITTED, Status.SUBMITTED]
    page.get_by_role("link", name=cast.bureau.name).first.click()
    expect(page.get_by_role("heading", level=1, name=cast.bureau.name)).to_be_visible()
    assert page.evaluate(fits)
    assert console_errors == []
