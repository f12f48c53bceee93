"""Members of a collective: who changes them, what is refused, and what the audit tells."""

import pytest
from django.urls import reverse

from accounts.models import AuditEvent, Department
from tests.factories import Cast, make_department


@pytest.fixture
def collective(cast: Cast) -> Department:
    collective = make_department(cast.city, "各有关部门", kind=Department.Kind.COLLECTIVE)
    collective.members.set([cast.bureau])
    return collective


def _url(collective: Department) -> str:
    return reverse("accounts:members", args=[collective.pk])


@pytest.mark.parametrize("person", ["coordinator", "administrator"])
def test_members_are_added_and_audited(cast, browser, collective, person) -> None:
    client = browser(getattr(cast, person))
    listed = client.get(reverse("accounts:departments")).content.decode()
    form = client.get(_url(collective)).content.decode()

    answers = {"members": [cast.bureau.pk, cast.other_bureau.pk], "shown": str(cast.bureau.pk)}
    response = client.post(_url(collective), answers)

    assert _url(collective) in listed
    assert form.count(" checked") == 1
    assert response["Location"] == reverse("collective", args=[collective.pk])
    assert set(collective.members.all()) == {cast.bureau, cast.other_bureau}
    event = AuditEvent.objects.get(kind="UNIT_CHANGED")
    assert (event.actor, event.region) == (getattr(cast, person), cast.city)
    assert event.detail == {
        "unit": "各有关部门",
        "members": ["市生态环境局", "市工业和信息化局、市生态环境局"],
    }
    assert ("成员单位", "市生态环境局", "市工业和信息化局、市生态环境局") in event.lines


def test_all_members_may_go(cast, browser, collective) -> None:
    browser(cast.coordinator).post(_url(collective), {"shown": str(cast.bureau.pk)})
    assert not collective.members.exists()
    assert AuditEvent.objects.get(kind="UNIT_CHANGED").detail["members"] == ["市生态环境局", ""]


def test_saving_without_a_change_writes_no_event(cast, browser, collective) -> None:
    answers = {"members": [cast.bureau.pk], "shown": str(cast.bureau.pk)}
    browser(cast.coordinator).post(_url(collective), answers)
    assert not AuditEvent.objects.filter(kind="UNIT_CHANGED").exists()


def test_somebody_elses_change_is_told_and_loses_no_tick(cast, browser, collective) -> None:
    late = make_department(cast.city, "市林业局")
    client = browser(cast.coordinator)
    answers = {"members": [cast.bureau.pk, late.pk], "shown": str(cast.bureau.pk)}
    collective.members.add(cast.other_bureau)

    refused = client.post(_url(collective), answers)
    page = refused.content.decode()

    assert "成员已有变化" in page
    assert set(collective.members.all()) == {cast.bureau, cast.other_bureau}
    form = refused.context["form"]
    assert [int(pk) for pk in form["members"].value()] == [cast.bureau.pk, late.pk]
    client.post(_url(collective), answers | {"shown": form["shown"].value()})
    assert set(collective.members.all()) == {cast.bureau, late}


@pytest.mark.parametrize("unit", ["county_bureau", "foreign_bureau", "collective", "idle"])
def test_only_units_of_the_region_that_can_answer(cast, browser, collective, unit) -> None:
    idle = make_department(cast.city, "已撤销的局", is_active=False)
    other = {"collective": collective, "idle": idle}.get(unit) or getattr(cast, unit)
    answers = {"members": [cast.bureau.pk, other.pk], "shown": str(cast.bureau.pk)}
    page = browser(cast.coordinator).post(_url(collective), answers).content.decode()
    assert "请重新选择" in page
    assert list(collective.members.all()) == [cast.bureau]


def test_member_no_longer_in_use_may_stay(cast, browser, collective) -> None:
    cast.bureau.is_active = False
    cast.bureau.save()
    answers = {"members": [cast.bureau.pk, cast.other_bureau.pk], "shown": str(cast.bureau.pk)}
    browser(cast.coordinator).post(_url(collective), answers)
    assert collective.members.count() == 2


@pytest.mark.parametrize(
    "answers",
    [
        {"members": "x", "shown": ""},
        {"members": "9" * 40, "shown": ""},
        {"members": "1\x00", "shown": ""},
        {"members": "", "shown": "x"},
        {"members": "", "shown": "٣"},
        {"members": "", "shown": "9" * 20},
        {"members": "", "shown": "\x00"},
        {"members": "", "shown": ",".join(["1"] * 15_000)},
        {},
    ],
)
def test_crafted_answers_change_nothing(cast, browser, collective, answers) -> None:
    response = browser(cast.coordinator).post(_url(collective), answers)
    assert response.status_code == 200
    assert list(collective.members.all()) == [cast.bureau]


@pytest.mark.parametrize(
    "person", ["reporter", "head", "leader", "county_coordinator", "foreign_coordinator", "foreign_leader"]
)
def test_page_is_404_to_everybody_else(cast, browser, collective, person) -> None:
    client = browser(getattr(cast, person))
    assert client.get(_url(collective)).status_code == 404
    assert client.post(_url(collective), {"shown": str(cast.bureau.pk)}).status_code == 404
    assert collective.members.count() == 1


def test_unit_that_is_no_collective_has_no_members_page(cast, browser) -> None:
    assert browser(cast.coordinator).get(_url(cast.bureau)).status_code == 404
