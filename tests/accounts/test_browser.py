"""A coordinator makes a person by file, and the person comes in: in Chromium, at the desk and on a phone."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.contrib.sessions.models import Session
from openpyxl import load_workbook

from tests.accounts.test_sheets import xlsx
from tests.browsing import fits
from tests.factories import PASSWORD, make_cast

if TYPE_CHECKING:
    from playwright.sync_api import Page

OWN = "xin-mi-ma-2024-yun"


def _enter(page: "Page", username: str, password: str) -> None:
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码", exact=True).fill(password)
    page.get_by_role("button", name="登录").click()


@pytest.mark.parametrize("device", ["page", "phone_page"])
def test_person_from_a_file_chooses_a_password_and_comes_back_after_a_break(
    transactional_db: None,
    request: pytest.FixtureRequest,
    device: str,
    tmp_path: Path,
    console_errors: list[str],
) -> None:
    page: Page = request.getfixturevalue(device)
    make_cast()
    file = tmp_path / "people.xlsx"
    file.write_bytes(
        xlsx(("用户名", "姓名", "角色", "单位"), ("heping", "何平", "填报员", "市工业和信息化局"))
    )

    page.goto("/people/import/")
    _enter(page, "zhoumin", PASSWORD)
    page.get_by_label("Excel 文件").set_input_files(file)
    page.get_by_role("button", name="上传并预览").click()
    page.get_by_role("heading", name="导入预览").wait_for()
    assert fits(page)
    page.get_by_role("button", name="确认导入").click()
    page.get_by_role("heading", name="已导入").wait_for()
    assert fits(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="下载密码清单").click()
    download.value.save_as(tmp_path / "words.xlsx")
    [row] = load_workbook(tmp_path / "words.xlsx").worksheets[0].iter_rows(min_row=2, values_only=True)
    assert row[:3] == ("市工业和信息化局", "何平", "heping")
    for address in ("/people/", "/departments/", "/audit/", "/people/new/", "/account/"):
        page.goto(address)
        assert fits(page), address
    page.get_by_role("button", name="退出").click()

    _enter(page, "heping", str(row[3]))
    page.get_by_role("heading", name="先设定自己的密码").wait_for()
    page.get_by_label("现在的密码").fill(str(row[3]))
    page.get_by_label("新密码", exact=True).fill(OWN)
    page.get_by_label("再输入一遍新密码").fill(OWN)
    page.get_by_role("button", name="保存新密码").click()
    page.get_by_role("heading", name="我的任务").wait_for()
    page.goto("/ledger/?status=PENDING")

    Session.objects.all().delete()  # what the clock does after two hours
    page.reload()
    page.get_by_text("登录已超时").wait_for()
    _enter(page, "heping", OWN)
    page.wait_for_url("**/ledger/?status=PENDING")
    assert console_errors == []
