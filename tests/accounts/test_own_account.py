"""One's own account, sessions that end, and what a thief of a session or a guesser comes up against."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import clock
from accounts.models import AuditEvent
from tests.factories import PASSWORD

OWN = "xin-mi-ma-2024-yun"


def _enter(username: str, password: str = PASSWORD, **options) -> Client:
    client = Client(**options)
    client.post(reverse("login"), {"username": username, "password": password})
    return client


def _signed_in(client: Client) -> bool:
    return client.get(reverse("accounts:account")).status_code == 200


def _change(client: Client, new: str, *, old: str = PASSWORD, again: str | None = None):
    data = {"password": old, "new": new, "again": new if again is None else again}
    return client.post(reverse("accounts:password"), data)


def test_own_password_is_changed_and_other_sessions_end(cast) -> None:
    here, elsewhere = _enter("wangfang"), _enter("wangfang")

    assert _change(here, OWN)["Location"] == reverse("accounts:account")

    assert _signed_in(here)
    assert not _signed_in(elsewhere)
    assert _signed_in(_enter("wangfang", OWN))
    assert not _signed_in(_enter("wangfang", PASSWORD))


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("duanmima1", "至少"),
        ("1234567890123", "数字"),
        ("password123", "常见"),
        ("wangfang2024", "相似"),
        (PASSWORD, "新密码要与现在的密码不同"),
        ("", "请输入新密码"),
    ],
)
def test_weak_password_is_refused_in_words(cast, browser, new, words) -> None:
    client = browser(cast.reporter)

    page = _change(client, new).content.decode()

    assert "密码没有修改" in page
    assert words in page
    cast.reporter.refresh_from_db()
    assert cast.reporter.check_password(PASSWORD)


def test_two_different_new_passwords_are_refused(cast, browser) -> None:
    page = _change(browser(cast.reporter), OWN, again=OWN + "x").content.decode()

    assert "两次输入的新密码不一样" in page


def test_typed_passwords_never_come_back_in_the_page(cast, browser) -> None:
    page = _change(browser(cast.reporter), "yi-ge-xin-mi-ma", again="ling-yi-ge").content.decode()

    assert "yi-ge-xin-mi-ma" not in page
    assert PASSWORD not in page


def test_own_address_is_changed_with_the_password_only(cast, browser) -> None:
    client = browser(cast.reporter)
    refused = client.post(reverse("accounts:email"), {"email": "new@example.cn", "password": "x"})
    assert "现在的密码不对" in refused.content.decode()

    client.post(reverse("accounts:email"), {"email": "new@example.cn", "password": PASSWORD})

    cast.reporter.refresh_from_db()
    assert cast.reporter.email == "new@example.cn"
    event = AuditEvent.objects.get(kind="EMAIL_CHANGED")
    assert event.detail == {"email": ["wangfang@example.cn", "new@example.cn"]}


@pytest.mark.parametrize("address", ["", "x", "a@b@c", "a@example.cn\nBcc: b@example.cn"])
def test_broken_address_is_refused(cast, browser, address) -> None:
    client = browser(cast.reporter)

    page = client.post(reverse("accounts:email"), {"email": address, "password": PASSWORD}).content.decode()

    assert "邮箱没有修改" in page


def test_guessing_the_password_of_an_open_session_locks_too(cast, browser, settings) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    client = browser(cast.reporter)

    statuses = [_change(client, OWN, old=f"guess-{n}").status_code for n in range(4)]

    assert statuses == [200, 200, 429, 429]
    assert _change(client, OWN).status_code == 429
    cast.reporter.refresh_from_db()
    assert cast.reporter.check_password(PASSWORD)


def _let_idle(minutes: int) -> None:
    """As if nobody had used the sessions for so long."""
    for session in Session.objects.all():
        session.expire_date -= timedelta(minutes=minutes)
        session.save()


def test_idle_session_ends_with_a_word_and_leads_back(cast, settings) -> None:
    client = _enter("wangfang")
    _let_idle(settings.SESSION_IDLE_MINUTES + 1)
    page = f"{reverse('ledger')}?status=PENDING"

    response = client.get(page)
    signing_in = client.get(response["Location"])
    back = client.post(
        reverse("login"),
        {"username": "wangfang", "password": PASSWORD, "next": signing_in.context["next"]},
    )

    assert "expired=1" in response["Location"]
    assert "登录已超时" in signing_in.content.decode()
    assert back["Location"] == page


def test_form_sent_too_late_leads_back_to_its_page(cast, settings) -> None:
    client = _enter("wangfang")
    _let_idle(settings.SESSION_IDLE_MINUTES + 1)
    headers = {"referer": "http://testserver/my-work/?from=mail"}

    late = client.post(reverse("sign_for_all"), headers=headers)

    assert "next=/my-work/%3Ffrom%3Dmail" in late["Location"]


@pytest.mark.parametrize("referer", ["https://evil.example/x", "//evil.example/", "javascript:alert(1)", ""])
def test_foreign_referer_leads_nowhere(cast, settings, referer) -> None:
    client = _enter("wangfang")
    _let_idle(settings.SESSION_IDLE_MINUTES + 1)

    late = client.post(reverse("sign_for_all"), headers={"referer": referer})

    assert "next=/my-work/sign/" in late["Location"]


def test_first_visit_is_not_called_expired(cast) -> None:
    response = Client().get(reverse("ledger"))

    assert response["Location"] == f"{reverse('login')}?next={reverse('ledger')}"
    assert "登录已超时" not in Client().get(response["Location"]).content.decode()


def test_signing_out_is_not_called_expired(cast) -> None:
    client = _enter("wangfang")
    client.post(reverse("logout"))

    assert "expired" not in client.get(reverse("ledger"))["Location"]


def test_working_moves_the_end_of_the_session_once_a_minute(
    cast, monkeypatch, django_assert_num_queries
) -> None:
    client = _enter("wangfang")
    ends = Session.objects.get().expire_date
    client.get(reverse("accounts:account"))
    assert Session.objects.get().expire_date == ends

    later = clock.now() + timedelta(minutes=30)
    monkeypatch.setattr(clock, "now", lambda: later)
    Session.objects.update(expire_date=ends - timedelta(minutes=30))
    client.get(reverse("accounts:account"))

    assert Session.objects.get().expire_date > ends - timedelta(minutes=1)
    assert Session.objects.get().expire_date > timezone.now()


def test_session_ends_with_the_browser(cast) -> None:
    client = _enter("wangfang")

    cookie = client.cookies["sessionid"]
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == ("", True, "Lax")


def test_lock_is_for_one_account_from_one_address(cast, settings) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    here, elsewhere = "10.0.0.7", "10.0.0.8"

    def attempt(username: str, password: str, address: str) -> int:
        data = {"username": username, "password": password}
        return Client(REMOTE_ADDR=address).post(reverse("login"), data).status_code

    assert [attempt("wangfang", "x", here) for _ in range(3)] == [200, 200, 429]
    assert attempt("wangfang", PASSWORD, here) == 429
    assert attempt("lina", PASSWORD, here) == 302
    assert attempt("wangfang", PASSWORD, elsewhere) == 302
    assert AuditEvent.objects.filter(kind="LOCKED_OUT").count() == 1
    assert AuditEvent.objects.filter(kind="SIGN_IN_FAILED").count() == 3
    locked = AuditEvent.objects.get(kind="LOCKED_OUT")
    assert (locked.subject, locked.region, locked.address) == (cast.reporter, cast.city, "10.0.0.7")


@pytest.mark.parametrize("variant", [" wangfang", "wangfang ", "ｗａｎｇｆａｎｇ"])
def test_writing_the_name_differently_does_not_open_the_lock(cast, settings, variant) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    for _ in range(3):
        Client().post(reverse("login"), {"username": "wangfang", "password": "x"})

    response = Client().post(reverse("login"), {"username": variant, "password": PASSWORD})

    assert response.status_code == 429


def test_other_browser_or_forged_address_does_not_open_the_lock(cast, settings) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    for number in range(3):
        Client(headers={"user-agent": f"b{number}", "x-forwarded-for": f"10.9.9.{number}"}).post(
            reverse("login"), {"username": "wangfang", "password": "x"}
        )

    response = Client(headers={"user-agent": "new", "x-real-ip": "10.9.9.9"}).post(
        reverse("login"), {"username": "wangfang", "password": PASSWORD}
    )

    assert response.status_code == 429
    assert "登录已暂停" in response.content.decode()


def test_back_office_door_is_behind_the_same_rules(cast, browser) -> None:
    cast.administrator.is_staff = cast.administrator.is_superuser = True
    cast.administrator.must_change_password = True
    cast.administrator.save(update_fields=["is_staff", "is_superuser", "must_change_password"])
    client = _enter("guanliyuan")

    for name in ("index", "accounts_user_changelist", "password_change", "jsi18n"):
        assert client.get(reverse(f"admin:{name}"))["Location"] == reverse("accounts:password")
    cast.administrator.must_change_password = False
    cast.administrator.save(update_fields=["must_change_password"])
    assert client.get(reverse("admin:password_change"))["Location"] == reverse("accounts:password")
