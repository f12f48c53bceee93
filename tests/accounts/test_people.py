"""人员: coordinators and administrators make, change, reset, disable and enable accounts."""

import re

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from accounts.passwords import one_time_password
from tests.factories import NOW, PASSWORD, make_department, make_user

NEW = {"username": "sunli", "full_name": "孙丽", "role": "REPORTER", "email": "sunli@example.cn"}
OWN = "xin-mi-ma-2024-yun"


def _word(response) -> str:
    """The one-time password that the page shows."""
    found = re.search(r"[a-z0-9]{4}(-[a-z0-9]{4}){3}", response.content.decode())
    assert found
    return found[0]


def _kinds(person: User) -> list[str]:
    return list(AuditEvent.objects.filter(subject=person).order_by("pk").values_list("kind", flat=True))


def _enter(username: str, password: str) -> Client:
    client = Client()
    client.post(reverse("login"), {"username": username, "password": password})
    return client


def test_new_person_gets_a_password_once_and_must_change_it(cast, browser) -> None:
    made = browser(cast.coordinator).post(
        reverse("accounts:new_person"), NEW | {"department": cast.bureau.pk}
    )
    person = User.objects.get(username="sunli")
    word = _word(made)

    assert (person.region, person.department, person.role) == (cast.city, cast.bureau, "REPORTER")
    assert "no-store" in made["Cache-Control"]
    assert word not in str(list(AuditEvent.objects.values_list("detail", flat=True)))

    client = _enter("sunli", word)
    for name in ("home", "my_work", "ledger", "accounts:account", "notifications:mail"):
        assert client.get(reverse(name))["Location"] == reverse("accounts:password")
    assert client.post(reverse("sign_for_all"))["Location"] == reverse("accounts:password")
    assert "先设定自己的密码" in client.get(reverse("accounts:password")).content.decode()

    answer = client.post(reverse("accounts:password"), {"password": word, "new": OWN, "again": OWN})
    assert answer["Location"] == reverse("home")
    assert client.get(reverse("my_work")).status_code == 200
    assert client.get(reverse("accounts:account")).status_code == 200
    assert "_auth_user_id" not in _enter("sunli", word).session
    assert _kinds(person) == ["CREATED", "SIGN_IN", "PASSWORD_CHANGED", "SIGN_IN_FAILED"]


def test_one_time_password_lets_out_again(cast, browser) -> None:
    cast.reporter.must_change_password = True
    cast.reporter.save(update_fields=["must_change_password"])

    response = browser(cast.reporter).post(reverse("logout"), follow=True)

    assert response.redirect_chain[-1][0] == reverse("login")


def test_one_time_passwords_pass_the_rules_and_differ() -> None:
    words = {one_time_password() for _ in range(200)}

    assert len(words) == 200
    assert all(re.fullmatch(r"[a-z34679]{4}(-[a-z34679]{4}){3}", word) for word in words)
    assert not any(word.replace("-", "").isalpha() for word in words)


def test_real_passwords_are_argon2(cast, browser, settings) -> None:
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[1:]

    browser(cast.coordinator).post(reverse("accounts:new_person"), NEW | {"department": cast.bureau.pk})

    assert identify_hasher(User.objects.get(username="sunli").password).algorithm == "argon2"


@pytest.mark.parametrize("role", ["COORDINATOR", "LEADER", "ADMINISTRATOR"])
def test_coordinator_makes_no_coordinators_leaders_or_administrators(cast, browser, role) -> None:
    client = browser(cast.coordinator)
    data = NEW | {"role": role, "department": cast.bureau.pk, "region": cast.city.pk}

    made = client.post(reverse("accounts:new_person"), data)
    raised = client.post(reverse("accounts:person", args=[cast.reporter.pk]), data)

    assert "账号没有建成" in made.content.decode()
    assert "没有保存" in raised.content.decode()
    assert not User.objects.filter(username="sunli").exists()
    cast.reporter.refresh_from_db()
    assert (cast.reporter.role, cast.reporter.is_superuser) == ("REPORTER", False)


@pytest.mark.parametrize("unit", ["county_bureau", "foreign_bureau"])
def test_coordinator_places_nobody_in_another_region(cast, browser, unit) -> None:
    data = NEW | {"department": getattr(cast, unit).pk, "region": cast.foreign.pk}

    browser(cast.coordinator).post(reverse("accounts:new_person"), data)
    browser(cast.coordinator).post(reverse("accounts:person", args=[cast.reporter.pk]), data)

    assert not User.objects.filter(username="sunli").exists()
    cast.reporter.refresh_from_db()
    assert (cast.reporter.department, cast.reporter.region) == (cast.bureau, cast.city)


@pytest.mark.parametrize(
    ("role", "region", "flags"),
    [("COORDINATOR", True, False), ("LEADER", True, False), ("ADMINISTRATOR", False, True)],
)
def test_administrator_makes_every_role(cast, browser, role, region, flags) -> None:
    data = NEW | {"role": role, "region": cast.foreign.pk, "department": cast.bureau.pk}

    browser(cast.administrator).post(reverse("accounts:new_person"), data)

    person = User.objects.get(username="sunli")
    assert (person.region, person.department) == (cast.foreign if region else None, None)
    assert (person.is_staff, person.is_superuser) == (flags, flags)


@pytest.mark.parametrize("username", ["wangfang", "WangFang", "zhaolei", "王 芳", ""])
def test_taken_or_impossible_user_name_is_explained(cast, browser, username) -> None:
    page = browser(cast.coordinator).post(
        reverse("accounts:new_person"), NEW | {"username": username, "department": cast.bureau.pk}
    )

    assert "账号没有建成" in page.content.decode()
    assert User.objects.count() == 12


def test_missing_department_is_explained(cast, browser) -> None:
    page = browser(cast.coordinator).post(reverse("accounts:new_person"), NEW).content.decode()

    assert page.count("填报员和单位负责人要属于一个单位，请选择单位。") == 2  # summary and field


def test_changes_are_told_in_the_audit(cast, browser) -> None:
    data = {
        "full_name": "王芳芳",
        "role": "HEAD",
        "department": cast.other_bureau.pk,
        "email": "w@example.cn",
    }

    browser(cast.coordinator).post(reverse("accounts:person", args=[cast.reporter.pk]), data)

    told = {
        event.kind: event.detail for event in AuditEvent.objects.filter(subject=cast.reporter).order_by("pk")
    }
    assert told == {
        "CHANGED": {"full_name": ["王芳", "王芳芳"]},
        "ROLE_CHANGED": {"role": ["填报员", "单位负责人"]},
        "MOVED": {"department": ["市生态环境局", "市工业和信息化局"]},
        "EMAIL_CHANGED": {"email": ["wangfang@example.cn", "w@example.cn"]},
    }
    assert {event.actor for event in AuditEvent.objects.filter(subject=cast.reporter)} == {cast.coordinator}


def test_person_who_leaves_a_region_shows_in_both_audits(cast, browser) -> None:
    data = {"full_name": "王芳", "role": "REPORTER", "department": cast.foreign_bureau.pk, "email": ""}

    browser(cast.administrator).post(reverse("accounts:person", args=[cast.reporter.pk]), data)

    moved = AuditEvent.objects.filter(kind="MOVED", subject=cast.reporter)
    assert {event.region for event in moved} == {cast.city, cast.foreign}


def test_saving_without_a_change_writes_no_event(cast, browser) -> None:
    person = cast.reporter
    data = {
        "full_name": person.full_name,
        "role": person.role,
        "department": cast.bureau.pk,
        "email": person.email,
    }

    browser(cast.coordinator).post(reverse("accounts:person", args=[person.pk]), data)

    assert _kinds(person) == []


def test_reset_ends_sessions_and_old_password_and_lifts_the_lock(cast, browser, settings) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    working = _enter("wangfang", PASSWORD)
    assert working.get(reverse("my_work")).status_code == 200
    for _ in range(3):
        Client().post(reverse("login"), {"username": "wangfang", "password": "x"})

    word = _word(browser(cast.coordinator).post(reverse("accounts:reset", args=[cast.reporter.pk])))

    assert "expired=1" in working.get(reverse("my_work"))["Location"]
    assert "_auth_user_id" not in _enter("wangfang", PASSWORD).session
    assert _enter("wangfang", word).get(reverse("my_work"))["Location"] == reverse("accounts:password")


def test_reset_by_get_does_nothing(cast, browser) -> None:
    response = browser(cast.coordinator).get(reverse("accounts:reset", args=[cast.reporter.pk]))

    assert response["Location"] == reverse("accounts:person", args=[cast.reporter.pk])
    assert _kinds(cast.reporter) == []


def test_disabled_person_is_out_at_once_and_keeps_her_name(cast, browser) -> None:
    working = browser(cast.reporter)
    assert working.get(reverse("my_work")).status_code == 200

    browser(cast.coordinator).post(
        reverse("accounts:disable", args=[cast.reporter.pk]), {"successor": cast.colleague.pk}
    )

    cast.reporter.refresh_from_db()
    assert (cast.reporter.is_active, cast.reporter.successor) == (False, cast.colleague)
    assert working.get(reverse("my_work")).status_code == 302
    assert "_auth_user_id" not in _enter("wangfang", PASSWORD).session
    assert AuditEvent.objects.get(kind="DISABLED").detail == {"successor": "李娜"}


def test_enabled_person_comes_back(cast, browser) -> None:
    client = browser(cast.coordinator)
    client.post(reverse("accounts:disable", args=[cast.reporter.pk]), {"successor": cast.colleague.pk})

    client.post(reverse("accounts:enable", args=[cast.reporter.pk]))

    cast.reporter.refresh_from_db()
    assert (cast.reporter.is_active, cast.reporter.successor) == (True, None)
    assert _enter("wangfang", PASSWORD).get(reverse("my_work")).status_code == 200


@pytest.mark.parametrize("other", ["outsider", "foreigner", "reporter", "coordinator"])
def test_successor_is_an_active_colleague(cast, browser, other) -> None:
    response = browser(cast.coordinator).post(
        reverse("accounts:disable", args=[cast.reporter.pk]), {"successor": getattr(cast, other).pk}
    )

    assert "接手人要是同单位（或同地区同角色）的在用账号" in response.content.decode()
    cast.reporter.refresh_from_db()
    assert cast.reporter.is_active


def test_two_people_do_not_succeed_each_other(cast, browser) -> None:
    client = browser(cast.coordinator)
    client.post(reverse("accounts:disable", args=[cast.reporter.pk]), {"successor": cast.colleague.pk})

    client.post(reverse("accounts:disable", args=[cast.colleague.pk]), {"successor": cast.reporter.pk})

    cast.colleague.refresh_from_db()
    assert cast.colleague.is_active


def test_last_person_of_a_unit_is_warned_about(cast, browser) -> None:
    page = browser(cast.coordinator).get(reverse("accounts:disable", args=[cast.outsider.pk]))

    assert "市工业和信息化局没有其他在用账号" in page.content.decode()


def test_coordinator_is_succeeded_by_one_of_the_region(cast, browser) -> None:
    deputy = make_user("qianli", User.Role.COORDINATOR, region=cast.city)

    browser(cast.administrator).post(
        reverse("accounts:disable", args=[cast.coordinator.pk]), {"successor": deputy.pk}
    )

    cast.coordinator.refresh_from_db()
    assert cast.coordinator.successor == deputy


def test_nobody_keeps_the_own_account_or_a_super_user(cast, browser) -> None:
    odd = make_user("odd", User.Role.REPORTER, department=cast.bureau, is_superuser=True)

    for keeper, person in (
        (cast.administrator, cast.administrator),
        (cast.coordinator, cast.coordinator),
        (cast.coordinator, odd),
        (cast.coordinator, cast.leader),
        (cast.coordinator, cast.county_reporter),
        (cast.coordinator, cast.foreigner),
    ):
        for name in ("person", "reset", "disable", "enable"):
            address = reverse(f"accounts:{name}", args=[person.pk])
            assert browser(keeper).post(address).status_code == 404


def test_list_shows_the_own_region_only(cast, browser) -> None:
    page = browser(cast.coordinator).get(reverse("accounts:people")).content.decode()

    assert all(name in page for name in ("王芳", "刘洋", "孙建国"))
    assert not any(name in page for name in ("陈静", "赵磊", "吴强", "马林"))
    assert "赵磊" in browser(cast.administrator).get(reverse("accounts:people")).content.decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=王芳", {"wangfang"}),
        ("q=工业和信息化", {"liuyang"}),
        ("role=HEAD", {"zhangwei"}),
        ("state=disabled", {"lina"}),
        ("state=new", {"liuyang"}),
        ("state=nonsense", set()),
        ("role=x", set()),
    ],
)
def test_list_is_narrowed_by_the_address(cast, browser, query, expected) -> None:
    User.objects.filter(pk=cast.colleague.pk).update(is_active=False)
    User.objects.filter(pk=cast.outsider.pk).update(must_change_password=True)

    response = browser(cast.coordinator).get(f"{reverse('accounts:people')}?{query}")

    assert {person.username for person, _kept in response.context["lines"]} == expected


@pytest.mark.parametrize("more", [0, 2])
@pytest.mark.parametrize(("page", "queries"), [("people", 5), ("departments", 7)])
def test_lists_ask_as_often_for_one_row_as_for_three(
    cast, browser, django_assert_num_queries, more, page, queries
) -> None:
    for number in range(more):
        unit = make_department(cast.city, f"市第{number}局")
        make_user(f"u{number}", User.Role.REPORTER, department=unit)
    client = browser(cast.coordinator)
    client.get(reverse("home"))

    with django_assert_num_queries(queries):
        client.get(reverse(f"accounts:{page}"))


@pytest.mark.parametrize("more", [0, 2])
def test_audit_asks_as_often_for_one_row_as_for_three(cast, browser, django_assert_num_queries, more) -> None:
    for person in (cast.reporter, cast.colleague)[:more]:
        AuditEvent.objects.create(
            kind="CREATED", created_at=NOW, actor=cast.coordinator, subject=person, region=cast.city
        )
    client = browser(cast.coordinator)

    with django_assert_num_queries(5):
        client.get(reverse("accounts:audit"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [("q=生态", {"市生态环境局"}), ("kind=ENTERPRISE", set()), ("q=无此单位", set())],
)
def test_units_are_narrowed_by_the_address(cast, browser, query, expected) -> None:
    response = browser(cast.coordinator).get(f"{reverse('accounts:departments')}?{query}")

    assert {unit.name for unit in response.context["page"]} == expected
