"""Signing in and out, lock-out, language, and the pages for when something is wrong."""

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.defaults import server_error

from tests.factories import PASSWORD, TODAY


def test_sign_in_leads_home_and_signing_out_back(cast) -> None:
    client = Client()

    entered = client.post(reverse("login"), {"username": "wangfang", "password": PASSWORD}, follow=True)
    left = client.post(reverse("logout"), follow=True)

    assert entered.redirect_chain[-1][0] == reverse("my_work")
    assert "王芳" in entered.content.decode()
    assert left.redirect_chain[-1][0] == reverse("login")


def test_sign_in_keeps_where_one_was_going(cast) -> None:
    target = f"{reverse('ledger')}?status=PENDING"

    response = Client().post(reverse("login"), {"username": "wangfang", "password": PASSWORD, "next": target})

    assert response["Location"] == target


def test_wrong_password_is_explained_in_chinese(cast) -> None:
    response = Client().post(reverse("login"), {"username": "wangfang", "password": "x"})

    assert "没有提交成功" in response.content.decode()


def test_too_many_wrong_passwords_lock_out_with_a_page(cast, settings) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    client = Client()

    for _ in range(3):
        response = client.post(reverse("login"), {"username": "wangfang", "password": "x"})
    right = client.post(reverse("login"), {"username": "wangfang", "password": PASSWORD})

    assert response.status_code == right.status_code == 429
    assert "登录已暂停" in right.content.decode()


def test_page_is_chinese_for_an_english_browser(cast, browser) -> None:
    response = browser(cast.reporter).get(reverse("my_work"), headers={"accept-language": "en-US,en;q=0.9"})

    assert '<html lang="zh-hans">' in response.content.decode()
    assert response["Content-Language"] == "zh-hans"
    assert "Accept-Language" not in response.get("Vary", "")


def test_language_may_be_chosen_before_signing_in(db) -> None:
    client = Client()

    client.post(reverse("set_language"), {"language": "en", "next": reverse("login")})
    response = client.get(reverse("login"))

    assert '<html lang="en">' in response.content.decode()


@pytest.mark.parametrize("chosen", ["fr", "zh-hans'<script>", ""])
def test_unknown_language_cookie_is_ignored(db, chosen: str) -> None:
    client = Client()
    client.cookies["django_language"] = chosen

    assert '<html lang="zh-hans">' in client.get(reverse("login")).content.decode()


def test_header_says_region_date_person_and_that_it_is_a_demo(cast, browser) -> None:
    page = browser(cast.coordinator).get(reverse("ledger")).content.decode()

    for words in ("新乡市", f"截至 {TODAY}", f"演示数据，日期定为 {TODAY}", "周敏", "督办员"):
        assert words in page


def test_missing_page_is_said_in_chinese_with_and_without_signing_in(cast, browser) -> None:
    for user in (None, cast.reporter):
        response = browser(user).get("/no-such-page/")
        assert (response.status_code, "没有找到" in response.content.decode()) == (404, True)


def test_stale_form_token_is_said_in_chinese(cast) -> None:
    response = Client(enforce_csrf_checks=True).post(reverse("login"), {"username": "wangfang"})

    assert (response.status_code, "页面已失效" in response.content.decode()) == (403, True)


def test_error_page_needs_nothing_but_itself() -> None:
    response = server_error(RequestFactory().get("/"))

    assert (response.status_code, "系统出错" in response.content.decode()) == (500, True)


def test_no_page_reaches_outside_or_carries_inline_code(cast, browser) -> None:
    for name in ("ledger", "overview", "overdue", "plans"):
        response = browser(cast.coordinator).get(reverse(name))
        page = response.content.decode()
        assert "default-src 'self'" in response["Content-Security-Policy"]
        for forbidden in ("https://", "<script", "style=", "onclick"):
            assert forbidden not in page
