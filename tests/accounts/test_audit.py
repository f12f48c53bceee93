"""The audit: what is in it, who reads it, and that nobody changes it."""

import pytest
from django.db.models import ProtectedError
from django.test import Client
from django.urls import reverse

from accounts.models import AppendOnly, AuditEvent, User
from tests.factories import NOW, PASSWORD


@pytest.fixture
def event(cast) -> AuditEvent:
    return AuditEvent.objects.create(
        kind="CREATED", created_at=NOW, actor=cast.coordinator, subject=cast.reporter, region=cast.city
    )


@pytest.fixture
def root(cast, browser) -> Client:
    person = cast.administrator
    person.is_staff = person.is_superuser = True
    person.save(update_fields=["is_staff", "is_superuser"])
    client: Client = browser(person)
    return client


def test_sign_in_failure_and_sign_out_are_in_it(cast) -> None:
    client = Client(REMOTE_ADDR="10.0.0.7")
    client.post(reverse("login"), {"username": "wangfang", "password": "x"})
    client.post(reverse("login"), {"username": "wangfang", "password": PASSWORD})
    client.post(reverse("logout"))

    events = AuditEvent.objects.order_by("pk")
    assert [(event.kind, event.subject, event.address) for event in events] == [
        (kind, cast.reporter, "10.0.0.7") for kind in ("SIGN_IN_FAILED", "SIGN_IN", "SIGN_OUT")
    ]
    assert {event.region for event in events} == {cast.city}


def test_what_may_be_a_password_in_the_wrong_box_is_not_kept(cast) -> None:
    Client().post(reverse("login"), {"username": "Wo-de-mi-ma-2024", "password": "x"})

    event = AuditEvent.objects.get()
    assert (event.subject, event.region, event.detail) == (None, None, {"username": "Wo***"})


@pytest.mark.parametrize(
    "change",
    [
        lambda event: event.save(),
        lambda event: event.delete(),
        lambda event: AuditEvent.objects.update(kind="DISABLED"),
        lambda event: AuditEvent.objects.all().delete(),
        lambda event: AuditEvent.objects.bulk_update([event], ["kind"]),
        lambda event: event.subject.delete(),
    ],
)
def test_nothing_in_it_changes(event, change) -> None:
    with pytest.raises((AppendOnly, ProtectedError)):
        change(event)

    assert AuditEvent.objects.get().kind == "CREATED"


def test_back_office_only_shows_it(event, root) -> None:
    name = "admin:accounts_auditevent"

    assert root.get(reverse(f"{name}_changelist")).status_code == 200
    assert root.get(reverse(f"{name}_change", args=[event.pk])).status_code == 200
    assert root.get(reverse(f"{name}_add")).status_code == 403
    assert root.post(reverse(f"{name}_change", args=[event.pk]), {"kind": "MOVED"}).status_code == 403
    assert root.post(reverse(f"{name}_delete", args=[event.pk]), {"post": "yes"}).status_code == 403


def test_coordinator_reads_the_own_region_only(cast, browser, event) -> None:
    AuditEvent.objects.create(kind="CREATED", created_at=NOW, subject=cast.foreigner, region=cast.foreign)
    AuditEvent.objects.create(
        kind="CREATED", created_at=NOW, subject=cast.county_reporter, region=cast.county
    )
    AuditEvent.objects.create(kind="SIGN_IN_FAILED", created_at=NOW, detail={"username": "zz***"})

    page = browser(cast.coordinator).get(reverse("accounts:audit")).content.decode()
    everything = browser(cast.administrator).get(reverse("accounts:audit")).content.decode()

    assert "王芳" in page
    assert not any(words in page for words in ("赵磊", "陈静", "zz***"))
    assert all(words in everything for words in ("王芳", "赵磊", "陈静", "zz***"))


def test_audit_is_narrowed_by_kind_and_person(cast, browser, event) -> None:
    client = browser(cast.coordinator)

    def total(query: str) -> int:
        return int(client.get(f"{reverse('accounts:audit')}?{query}").context["page"].paginator.count)

    assert total("kind=CREATED") == 1
    assert total(f"person={cast.reporter.pk}") == 1
    assert total(f"person={cast.foreigner.pk}") == 0  # not of this region: no answer, no hint
    assert total("kind=nonsense") == 0


def test_changes_in_the_back_office_are_in_it_too(cast, root) -> None:
    person = cast.reporter
    data = {
        "username": person.username,
        "full_name": person.full_name,
        "email": person.email,
        "role": "HEAD",
        "region": cast.city.pk,
        "department": cast.bureau.pk,
    }

    root.post(reverse("admin:accounts_user_change", args=[person.pk]), data)
    root.post(
        reverse("admin:auth_user_password_change", args=[person.pk]),
        {"usable_password": "true", "password1": "ling-yi-ge-mi-ma", "password2": "ling-yi-ge-mi-ma"},
    )

    person.refresh_from_db()
    assert (person.role, person.must_change_password, person.is_active) == ("HEAD", True, True)
    kinds = AuditEvent.objects.filter(subject=person).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["ROLE_CHANGED", "PASSWORD_RESET"]


def test_back_office_gives_the_rights_of_the_role_and_deletes_nobody(cast, root) -> None:
    person = cast.reporter
    data = {
        "username": person.username,
        "full_name": person.full_name,
        "email": person.email,
        "role": "REPORTER",
        "region": cast.city.pk,
        "department": cast.bureau.pk,
        "is_superuser": "on",
        "is_staff": "on",
    }

    root.post(reverse("admin:accounts_user_change", args=[person.pk]), data)
    refused = root.post(reverse("admin:accounts_user_delete", args=[person.pk]), {"post": "yes"})

    person.refresh_from_db()
    assert (person.is_staff, person.is_superuser, refused.status_code) == (False, False, 403)
    assert User.objects.count() == 12
