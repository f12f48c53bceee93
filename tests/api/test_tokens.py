"""Which token lets in, for how long, how often; and what is kept and told of it."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actions import Origin, disable_person, enable_person, reset_password
from accounts.models import AuditEvent
from accounts.passwords import hash_token
from tests.api.conftest import Api, Visitor
from tests.factories import NOW, TODAY, Cast, make_assignment
from tracker import clock
from tracker.actions.api_tokens import TOKENS_PER_PERSON, TokenRefused, make_api_token, revoke_api_token
from tracker.models import ApiToken
from tracker.models.api_tokens import ApiTokenQuerySet

PAGE = reverse("api_tokens")


def _origin(cast: Cast) -> Origin:
    return Origin(by=cast.coordinator, now=NOW)


def test_a_token_is_shown_once_and_kept_as_a_hash(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.reporter, backend="django.contrib.auth.backends.ModelBackend")
    page = client.post(PAGE, {"name": "数据平台", "scope": "REPORT", "days": "365"})
    token, row = page.context["token"], ApiToken.objects.get()

    assert token.startswith("duban_")
    assert token in page.content.decode()
    assert page["Cache-Control"].count("no-store") == 1
    assert token not in client.get(PAGE).content.decode()
    assert row.token_hash == hash_token(token)
    assert row.expires_on == TODAY + timedelta(days=365)
    told = Api(token).get("token").json()
    assert (told["username"], told["scope"], told["today"]) == ("wangfang", "REPORT", "2024-10-21")
    row.refresh_from_db()
    assert row.last_used_on == TODAY


def test_the_form_sent_twice_makes_one_token(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.reporter, backend="django.contrib.auth.backends.ModelBackend")
    for _ in range(2):
        page = client.post(PAGE, {"name": "数据平台", "scope": "READ", "days": "30"})
    assert "已有同名的令牌" in page.content.decode()
    assert ApiToken.objects.count() == 1


def test_a_form_with_something_else_in_it_makes_none(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.reporter, backend="django.contrib.auth.backends.ModelBackend")
    for wrong in (
        {"scope": "ALL"},
        {"days": "9999"},
        {"days": "0"},
        {"name": " "},
        {"name": "a\0"},
        {"name": "长" * 61},
    ):
        page = client.post(PAGE, {"name": "数据平台", "scope": "READ", "days": "30"} | wrong)
        assert page.context["form"].errors, wrong
    assert not ApiToken.objects.exists()


def test_only_units_people_are_offered_reporting(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.leader, backend="django.contrib.auth.backends.ModelBackend")
    page = client.post(PAGE, {"name": "数据平台", "scope": "REPORT", "days": "30"})
    assert page.context["form"].errors["scope"]


def test_a_person_has_so_many_at_most(cast: Cast, api: Visitor) -> None:
    visits = [api(cast.reporter) for _ in range(TOKENS_PER_PERSON)]
    with pytest.raises(TokenRefused, match="最多有"):
        api(cast.reporter)
    row = ApiToken.objects.get(token_hash=hash_token(visits[0].token))
    revoke_api_token(row.pk, Origin(by=cast.reporter, now=NOW))
    assert api(cast.reporter).get("token").status_code == 200


def test_what_ends_a_token(cast: Cast, api: Visitor, settings: Any) -> None:
    visit = api(cast.reporter)
    row = ApiToken.objects.get()
    assert visit.get("plans").status_code == 200

    disable_person(cast.reporter, successor=None, origin=_origin(cast))
    assert visit.get("plans").status_code == 401
    cast.reporter.refresh_from_db()
    enable_person(cast.reporter, _origin(cast))
    assert visit.get("plans").status_code == 200
    reset_password(cast.reporter, _origin(cast))
    assert visit.get("plans").status_code == 401
    type(cast.reporter).objects.update(must_change_password=False)

    settings.DUBAN_TODAY = TODAY + timedelta(days=1)
    assert visit.get("plans").status_code == 401
    settings.DUBAN_TODAY = TODAY
    assert revoke_api_token(row.pk, Origin(by=cast.administrator, now=NOW))
    assert not revoke_api_token(row.pk, Origin(by=cast.reporter, now=NOW))
    assert visit.get("plans").status_code == 401


def test_what_is_no_token(cast: Cast, api: Visitor) -> None:
    token = api(cast.reporter).token
    for words in (
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        f"Basic {token}",
        token,
        f"Bearer\xa0{token}",
        "Bearer é\xff",
    ):
        response = Client().get("/api/v1/plans", headers={"Authorization": words})
        assert response.status_code == 401, words
        assert response["WWW-Authenticate"].startswith("Bearer")
        assert response.json()["code"] == "unauthorized"
    assert Client().get("/api/v1/plans", {"token": token}).status_code == 401


def test_a_session_neither_lets_in_nor_stands_in_the_way(cast: Cast, api: Visitor) -> None:
    """The token's owner asks, whoever is signed in; also where that person has still a one-time password."""
    own = make_assignment(cast.bureau, plan=cast.plan)
    visit = api(cast.reporter)
    cast.foreigner.must_change_password = True
    cast.foreigner.save(update_fields=["must_change_password"])
    visit.client.force_login(cast.foreigner, backend="django.contrib.auth.backends.ModelBackend")
    assert visit.ids("assignments") == [own.pk]
    del visit.client.defaults["HTTP_AUTHORIZATION"]
    assert visit.get("assignments").status_code == 401


def test_a_token_asks_so_often_a_minute(cast: Cast, api: Visitor, settings: Any, monkeypatch: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    moments = [datetime(2024, 10, 21, 1, 30, second, tzinfo=UTC) for second in (0, 20, 50)]
    moments.append(datetime(2024, 10, 21, 1, 31, 1, tzinfo=UTC))
    visit, other = api(cast.reporter), api(cast.reporter)
    answers = []
    for moment in moments:
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        answers.append(visit.get("token"))
    assert [answer.status_code for answer in answers] == [200, 200, 429, 200]
    assert answers[2]["Retry-After"] == "10"
    assert other.get("token").status_code == 200


def test_a_minute_that_another_process_began_is_counted_on(
    cast: Cast, api: Visitor, monkeypatch: Any
) -> None:
    """Both find the old minute; the second to write must not be refused for it."""
    api(cast.reporter)
    row = ApiToken.objects.get()
    real, between = ApiTokenQuerySet.exclude, list[bool]()

    def exclude(self: ApiTokenQuerySet, *args: Any, **kwargs: Any) -> ApiTokenQuerySet:
        found = real(self, *args, **kwargs)
        if not between:
            between.append(True)
            assert ApiToken.objects.count_request(row.pk, now=now, today=TODAY, limit=5)
        return found

    now = NOW + timedelta(minutes=3)
    monkeypatch.setattr(ApiTokenQuerySet, "exclude", exclude)
    assert ApiToken.objects.count_request(row.pk, now=now, today=TODAY, limit=5)
    row.refresh_from_db()
    assert row.requests == 2


def test_the_audit_tells_of_making_and_revoking(cast: Cast) -> None:
    origin = Origin(by=cast.reporter, now=NOW, address="10.1.1.7")
    token = make_api_token(name="数据平台", scope="READ", expires_on=TODAY, origin=origin)
    revoke_api_token(ApiToken.objects.get().pk, Origin(by=cast.administrator, now=NOW))
    made, revoked = AuditEvent.objects.order_by("pk")
    assert (made.kind, made.actor, made.subject, made.address) == (
        "TOKEN_MADE",
        cast.reporter,
        cast.reporter,
        "10.1.1.7",
    )
    assert made.detail == {"接口令牌": "数据平台", "权限": "只读", "有效期至": "2024-10-21"}
    assert (revoked.kind, revoked.actor, revoked.subject) == (
        "TOKEN_REVOKED",
        cast.administrator,
        cast.reporter,
    )
    assert token not in str(list(AuditEvent.objects.values()))


def test_no_log_line_holds_a_token(cast: Cast, api: Visitor, caplog: Any, settings: Any) -> None:
    settings.DEBUG = True
    visit = api(cast.reporter)
    with caplog.at_level(logging.DEBUG):
        visit.get("plans/0")
        visit.get("nothing", token=visit.token[:5])
        Api(visit.token + "x").get("plans")
    assert caplog.records
    assert visit.token not in caplog.text


def test_administrators_revoke_everybodys(cast: Cast, api: Visitor) -> None:
    visit = api(cast.reporter)
    row = ApiToken.objects.get()
    client = Client()
    client.force_login(cast.colleague, backend="django.contrib.auth.backends.ModelBackend")
    assert row.name not in client.get(PAGE).content.decode()
    assert client.post(reverse("api_token_revoke", args=[row.pk])).status_code == 404
    client.force_login(cast.administrator, backend="django.contrib.auth.backends.ModelBackend")
    assert row.name in client.get(PAGE).content.decode()
    client.post(reverse("api_token_revoke", args=[row.pk]))
    assert visit.get("plans").status_code == 401


def test_the_list_of_tokens_takes_as_many_queries_for_three(
    cast: Cast, api: Visitor, django_assert_num_queries: Any
) -> None:
    client = Client()
    client.force_login(cast.administrator, backend="django.contrib.auth.backends.ModelBackend")
    client.get(PAGE)
    for people in ([cast.reporter], [cast.outsider, cast.leader]):
        for person in people:
            api(person)
        with django_assert_num_queries(4):
            client.get(PAGE)
