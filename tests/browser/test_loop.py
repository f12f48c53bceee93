"""The accountability loop in a real browser: from signing to closing, more time, two people at once."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from accounts.models import User
from tests import files
from tests.browsing import fits, sign_in
from tests.factories import TODAY, Cast, make_assignment, make_cast
from tracker.models import Assignment
from tracker.workflow import Status

if TYPE_CHECKING:
    from playwright.sync_api import Page

DUE = TODAY + timedelta(days=10)


@pytest.fixture
def cast(transactional_db: None, settings: Any) -> Cast:
    settings.DUBAN_TODAY = TODAY
    return make_cast()


class Desk:
    """One screen at which people sign in one after the other."""

    def __init__(self, page: "Page", address: str) -> None:
        self.page = page
        self.address = address

    def open(self, person: User, path: str) -> "Page":
        sign_in(self.page, self.address, person)
        self.page.goto(path)
        assert fits(self.page), path
        return self.page


@pytest.mark.parametrize("device", ["page", "phone_page"])
def test_from_signing_to_closing_with_a_return_in_between(
    cast: Cast,
    request: pytest.FixtureRequest,
    live_server: Any,
    device: str,
    tmp_path: Path,
    console_errors: list[str],
) -> None:
    shares = [
        make_assignment(cast.bureau, plan=cast.plan, due_date=DUE, status=Status.PENDING) for _ in range(3)
    ]
    share = shares[0]
    photograph = tmp_path / "除尘设施.png"
    photograph.write_bytes(files.PNG)
    desk = Desk(request.getfixturevalue(device), live_server.url)

    page = desk.open(cast.reporter, "/my-work/")
    page.get_by_role("button", name="全部签收（3 项）").click()
    expect(page.get_by_text("已签收 3 项")).to_be_visible()
    assert not Assignment.objects.unsigned().exists()

    page.goto(f"/assignments/{share.pk}/report/")
    assert fits(page)
    page.get_by_label("完成进度（%）").fill("100")
    page.get_by_label("进展说明").fill("三台除尘设施已改造完毕。")
    page.get_by_label("佐证材料").set_input_files(photograph)
    page.get_by_label("已完成，申请办结").check()
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_role("link", name="除尘设施.png")).to_be_visible()
    share.refresh_from_db()
    assert share.status == Status.SUBMITTED

    page = desk.open(cast.coordinator, f"/tasks/{share.task_id}/")
    page.locator("summary", has_text="退回").click()
    page.get_by_label("退回的理由").fill("照片看不出改造后的设备。")
    page.get_by_role("button", name="确定退回").click()
    share.refresh_from_db()
    assert share.status == Status.ACTIVE

    page = desk.open(cast.reporter, f"/tasks/{share.task_id}/")
    expect(page.get_by_text("照片看不出改造后的设备。")).to_be_visible()
    page.get_by_role("button", name=re.compile("申请办结")).click()
    share.refresh_from_db()
    assert share.status == Status.SUBMITTED

    page = desk.open(cast.coordinator, f"/tasks/{share.task_id}/")
    page.get_by_role("button", name=re.compile("审核通过")).click()
    share.refresh_from_db()
    share.task.refresh_from_db()
    assert share.status == Status.CLOSED
    assert share.task.closed_at is not None
    assert fits(page)
    assert console_errors == []


def test_more_time_is_asked_for_and_granted_and_the_date_moves(
    cast: Cast, page: "Page", live_server: Any, console_errors: list[str]
) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=DUE)
    desk = Desk(page, live_server.url)

    desk.open(cast.reporter, f"/tasks/{share.task_id}/")
    page.get_by_role("link", name="申请延期").click()
    page.get_by_label("申请延至").fill("2024-12-20")
    page.get_by_label("延期理由").fill("设备招标流标，重新招标需要一个半月。")
    page.get_by_role("button", name=re.compile("提交")).click()
    expect(page.get_by_text("延期待审批")).to_be_visible()
    share.refresh_from_db()
    assert share.due_date == DUE

    desk.open(cast.coordinator, f"/tasks/{share.task_id}/")
    page.get_by_role("link", name=re.compile("审批延期")).click()
    page.get_by_label("批准延期").check()
    page.get_by_label("批准延至").fill("2024-12-10")
    page.get_by_role("button", name="确定", exact=True).click()
    expect(page.get_by_text("首定 2024-10-31，延期 1 次")).to_be_visible()
    share.refresh_from_db()
    assert (share.due_date, share.first_due_date) == (date(2024, 12, 10), DUE)
    assert console_errors == []


def test_the_second_of_two_people_is_told_and_loses_nothing(
    cast: Cast, page: "Page", phone_page: "Page", live_server: Any, console_errors: list[str]
) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=DUE)
    address = f"/assignments/{share.pk}/report/"
    first = Desk(page, live_server.url).open(cast.reporter, address)
    second = Desk(phone_page, live_server.url).open(cast.colleague, address)
    for screen, percent, words in ((first, "40", "完成第一台。"), (second, "60", "第二台正在安装。")):
        screen.get_by_label("完成进度（%）").fill(percent)
        screen.get_by_label("进展说明").fill(words)

    first.get_by_role("button", name="提交", exact=True).click()
    expect(first.get_by_text("已填报。")).to_be_visible()
    second.get_by_role("button", name="提交", exact=True).click()
    expect(second.get_by_text("0% → 40%")).to_be_visible()
    expect(second.get_by_label("进展说明")).to_have_value("第二台正在安装。")
    assert share.reports.count() == 1
    assert fits(second)

    second.get_by_role("button", name="提交", exact=True).click()
    expect(second.get_by_text("已填报。")).to_be_visible()
    share.refresh_from_db()
    assert (share.percent, share.reports.count()) == (60, 2)
    assert console_errors == []
