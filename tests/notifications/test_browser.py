"""The mail as a person sees it in the application, in a real browser."""

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from notifications.actions import planning
from notifications.models import Message
from tests.browsing import fits, sign_in
from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast
from tracker.workflow import Status

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture
def told(transactional_db: None, settings: Any) -> Cast:
    settings.DUBAN_TODAY = TODAY
    cast = make_cast()
    for due, status in ((18, Status.PENDING), (10, Status.ACTIVE), (24, Status.ACTIVE), (31, Status.ACTIVE)):
        made_on = date(2024, 7, 1)
        make_assignment(
            cast.bureau,
            plan=cast.plan,
            due_date=date(2024, 10, due),
            status=status,
            created_at=NOW - (TODAY - made_on),
        )
    planning.plan_reminders(today=TODAY, now=NOW)
    return cast


@pytest.mark.browser
def test_mail_is_readable_on_a_phone(
    told: Cast, phone_page: "Page", live_server: Any, console_errors: list[str]
) -> None:
    sign_in(phone_page, live_server.url, told.reporter)
    phone_page.goto("/notifications/")
    phone_page.get_by_role("button", name="【督办】逾期2项").click()
    mail = phone_page.frame_locator("iframe")
    mail.get_by_text("逾期（2项）").wait_for()
    mail.get_by_text("2024-10-18（周五）").first.wait_for()
    heading_border = mail.locator("h2").first.evaluate("node => getComputedStyle(node).borderBottomWidth")
    assert heading_border == "2px", "the mail's own styles are let through"
    assert fits(phone_page)
    assert console_errors == []


@pytest.mark.browser
def test_coordinator_sees_the_scheduler(
    told: Cast, page: "Page", live_server: Any, console_errors: list[str]
) -> None:
    Message.objects.filter(recipient=told.reporter).update(state="DEAD", error="550 5.1.1 no such user")
    sign_in(page, live_server.url, told.coordinator)
    page.goto("/notifications/?state=DEAD")
    page.get_by_role("heading", name="自动提醒运行情况").wait_for()
    page.get_by_role("link", name="【督办】逾期2项").click()
    page.get_by_role("button", name="重新发送").click()
    page.get_by_text("已重新列入发送").wait_for()
    assert console_errors == []
