"""The calendar feed: what is in the file, who reads it, and when its address dies."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from icalendar import Calendar, Event

from accounts.actions import Origin, disable_person
from accounts.models import User
from notifications.actions import feeds
from notifications.actions.feeds import make_feed
from notifications.channels.ics import event_uid
from notifications.models import CalendarFeed
from tests.factories import NOW, TODAY, Cast, make_assignment, make_department
from tracker.actions.extensions import ask_extension, grant_extension
from tracker.models import Assignment
from tracker.workflow import Status

LATER = NOW + timedelta(hours=2)


@pytest.fixture(autouse=True)
def demo_date(settings: Any) -> None:
    settings.DUBAN_TODAY = TODAY


def read(client: Client, token: str) -> bytes:
    response = client.get(reverse("calendar:feed", args=[token]))
    assert response.status_code == 200
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    return response.content


def is_dead(client: Client, token: str) -> bool:
    return client.get(reverse("calendar:feed", args=[token])).status_code == 404


def events(body: bytes) -> dict[str, Any]:
    """By UID, each once."""
    found = [entry for entry in Calendar.from_ical(body).walk("VEVENT") if isinstance(entry, Event)]
    by_uid = {str(event["uid"]): event for event in found}
    assert len(by_uid) == len(found)
    return by_uid


def shown(client: Client, token: str) -> set[int]:
    keys = {event_uid(row): row.pk for row in Assignment.objects.all()}
    return {keys[uid] for uid in events(read(client, token))}


def lines_of(body: bytes) -> Iterator[bytes]:
    assert body.endswith(b"\r\n")
    yield from body[:-2].split(b"\r\n")


def test_event_says_what_is_due(client: Client, cast: Cast) -> None:
    row = make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 31), percent=40)
    token = make_feed(of_unit=False, by=cast.reporter, now=NOW)

    [event] = events(read(client, token)).values()

    assert event["uid"] == event_uid(row)
    assert event["dtstart"].dt == date(2024, 10, 31)
    assert event["dtend"].dt == date(2024, 11, 1)
    assert str(event["summary"]).startswith(f"市生态环境局：{row.task.number} 2024年10月底前")
    assert "时限：2024-10-31（周四）" in event["description"]
    assert "状态：推进中，进度40%" in event["description"]
    assert event["url"] == f"https://duban.example.cn/tasks/{row.task_id}/"
    assert (event["status"], event["transp"], event["sequence"]) == ("CONFIRMED", "TRANSPARENT", 1)
    assert event["last-modified"].dt == event["dtstamp"].dt == NOW


def test_file_is_folded_and_escaped(client: Client, cast: Cast) -> None:
    """RFC 5545, 3.1: lines end with CRLF and have at most 75 octets, never cutting a character."""
    text = "一、治理“散乱污”;依法关停,限期整改\\不留死角\x0b" * 20
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 31), text=text)
    body = read(client, make_feed(of_unit=False, by=cast.reporter, now=NOW))

    for line in lines_of(body):
        assert len(line) <= 75
        assert b"\n" not in line
        assert b"\r" not in line
        line.decode()
    assert b"\x0b" not in body
    [event] = events(body).values()
    assert text.replace("\x0b", "")[:400] in event["description"]
    calendar = Calendar.from_ical(body)
    head = [str(calendar[name]) for name in ("version", "method", "x-wr-calname")]
    assert head == ["2.0", "PUBLISH", "督办 王芳"]


@pytest.mark.parametrize(
    ("status", "due_date", "mark", "state"),
    [
        (Status.ACTIVE, date(2024, 10, 20), "【逾期】", "CONFIRMED"),
        (Status.PENDING, date(2024, 10, 20), "【逾期】", "CONFIRMED"),
        (Status.ACTIVE, date(2024, 10, 21), "市", "CONFIRMED"),
        (Status.SUBMITTED, date(2024, 10, 20), "【待审核】", "CONFIRMED"),
        (Status.SUSPENDED, date(2024, 10, 20), "【已中止】", "TENTATIVE"),
    ],
)
def test_summary_says_how_it_stands(
    client: Client, cast: Cast, status: str, due_date: date, mark: str, state: str
) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=due_date, status=status)
    [event] = events(read(client, make_feed(of_unit=False, by=cast.reporter, now=NOW))).values()
    assert str(event["summary"]).startswith(mark)
    assert event["status"] == state


def test_event_keeps_its_name_when_the_sender_changes(client: Client, cast: Cast, settings: Any) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 25))
    token = make_feed(of_unit=False, by=cast.reporter, now=NOW)
    [uid] = events(read(client, token))
    settings.DEFAULT_FROM_EMAIL = "duban@other.example.cn"
    settings.SITE_URL = "https://other.example.cn"
    assert set(events(read(client, token))) == {uid}


def test_becoming_overdue_is_a_change(client: Client, cast: Cast, settings: Any) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 25))
    token = make_feed(of_unit=False, by=cast.reporter, now=NOW)
    settings.DUBAN_TODAY = date(2024, 10, 28)
    [event] = events(read(client, token)).values()
    assert event["last-modified"].dt == datetime(2024, 10, 25, 16, tzinfo=UTC), "midnight in Shanghai"


def test_moved_date_moves_the_same_event(client: Client, cast: Cast) -> None:
    row = make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 31))
    token = make_feed(of_unit=False, by=cast.reporter, now=NOW)
    [(uid, before)] = events(read(client, token)).items()
    asked = ask_extension(
        row.pk, new_date=date(2024, 12, 31), reason="雨季", form_key=uuid4(), by=cast.reporter, now=NOW
    )
    grant_extension(asked.pk, due_date=date(2024, 11, 30), by=cast.coordinator, now=LATER)

    [(same, after)] = events(read(client, token)).items()

    assert same == uid
    assert after["dtstart"].dt == date(2024, 11, 30)
    assert after["sequence"] > before["sequence"]
    assert after["last-modified"].dt == LATER > before["last-modified"].dt


def test_only_open_work_with_a_date_within_reach(client: Client, cast: Cast) -> None:
    kept = {
        make_assignment(cast.bureau, plan=cast.plan, due_date=day).pk
        for day in (date(2020, 1, 1), TODAY, date(2025, 10, 21))
    }
    make_assignment(cast.bureau, plan=cast.plan)
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2025, 10, 22))
    make_assignment(cast.bureau, plan=cast.plan, due_date=date.max)
    for status in (Status.CLOSED, Status.WAIVED, Status.REASSIGNED):
        make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY, status=status)
    assert shown(client, make_feed(of_unit=False, by=cast.reporter, now=NOW)) == kept


def test_of_too_many_the_nearest_are_shown(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "EVENT_LIMIT", 3)
    rows = {
        days: make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY + timedelta(days=days)).pk
        for days in (-90, -5, -1, 2, 60, 80)
    }
    token = make_feed(of_unit=False, by=cast.reporter, now=NOW)
    assert shown(client, token) == {rows[-5], rows[-1], rows[2]}


@pytest.mark.parametrize("number", [1, 3])
def test_queries_do_not_grow(client: Client, cast: Cast, number: int, django_assert_num_queries: Any) -> None:
    for _ in range(number):
        make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 31))
        make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    token = make_feed(of_unit=False, by=cast.coordinator, now=NOW)
    # The feed with its owner; what is ahead, what is past, when each last changed.
    with django_assert_num_queries(4):
        read(client, token)


def test_each_sees_their_own_unit_or_region(client: Client, cast: Cast) -> None:
    ours = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY)
    theirs = make_assignment(cast.other_bureau, plan=cast.plan, due_date=TODAY)
    county = make_assignment(cast.county_bureau, due_date=TODAY)
    # A county's bureau answers for a share of the city's task.
    shared = make_assignment(cast.county_bureau, plan=cast.plan, due_date=TODAY)
    foreign = make_assignment(cast.foreign_bureau, plan=cast.foreign_plan, due_date=TODAY)
    seen = {
        cast.reporter: {ours},
        cast.head: {ours},
        cast.outsider: {theirs},
        cast.county_reporter: {county, shared},
        cast.foreigner: {foreign},
        cast.coordinator: {ours, theirs, shared},
        cast.leader: {ours, theirs, shared},
        cast.county_coordinator: {county},
        cast.foreign_leader: {foreign},
    }
    for person, rows in seen.items():
        token = make_feed(of_unit=False, by=person, now=NOW)
        assert shown(client, token) == {row.pk for row in rows}, person
    token = make_feed(of_unit=True, by=cast.county_reporter, now=NOW)
    assert shown(client, token) == {county.pk, shared.pk}


def test_feed_of_a_disabled_person_is_dead(client: Client, cast: Cast) -> None:
    own = make_feed(of_unit=False, by=cast.reporter, now=NOW)
    shared = make_feed(of_unit=True, by=cast.reporter, now=NOW)
    assert not is_dead(client, own)
    assert not is_dead(client, shared)
    disable_person(cast.reporter, successor=None, origin=Origin(cast.coordinator, NOW))
    assert is_dead(client, own)
    assert is_dead(client, shared)


def test_feed_goes_with_a_person_who_changes_unit(client: Client, cast: Cast) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY)
    theirs = make_assignment(cast.other_bureau, plan=cast.plan, due_date=TODAY)
    own = make_feed(of_unit=False, by=cast.reporter, now=NOW)
    shared = make_feed(of_unit=True, by=cast.reporter, now=NOW)
    User.objects.filter(pk=cast.reporter.pk).update(department=cast.other_bureau)
    assert shown(client, own) == {theirs.pk}
    assert is_dead(client, shared)
    # A colleague who stayed makes it anew; who left has no hand in it any more.
    again = make_feed(of_unit=True, by=cast.colleague, now=NOW)
    cast.reporter.refresh_from_db()
    assert not feeds.revoke_feed(of_unit=True, by=cast.reporter)
    assert not is_dead(client, again)


def test_feed_of_a_dissolved_unit_or_a_new_administrator_is_dead(client: Client, cast: Cast) -> None:
    own = make_feed(of_unit=False, by=cast.coordinator, now=NOW)
    User.objects.filter(pk=cast.coordinator.pk).update(role=User.Role.ADMINISTRATOR)
    assert is_dead(client, own)
    shared = make_feed(of_unit=True, by=cast.reporter, now=NOW)
    cast.bureau.is_active = False
    cast.bureau.save()
    assert is_dead(client, shared)


@pytest.mark.parametrize("token", ["x", "wrong" * 20, "%00", "a%2Fb", "%FF%FE", "令牌", "x" * 5000])
def test_wrong_token_is_not_found(client: Client, cast: Cast, token: str) -> None:
    make_feed(of_unit=False, by=cast.reporter, now=NOW)
    assert client.get(f"/calendar/{token}.ics").status_code == 404


def test_token_is_not_stored(client: Client, cast: Cast) -> None:
    token = make_feed(of_unit=False, by=cast.reporter, now=NOW)
    row = CalendarFeed.objects.get()
    assert token not in str(vars(row))
    assert is_dead(client, row.token_hash)


def press(client: Client, person: User, of: str, name: str = "calendar_feed") -> Any:
    client.force_login(person)
    return client.post(reverse(f"notifications:{name}"), {"of": of})


def test_address_is_shown_once_and_replaced_by_the_next(client: Client, cast: Cast) -> None:
    text = press(client, cast.reporter, "own").content.decode()
    [first] = [part.partition(".ics")[0] for part in text.split("https://duban.example.cn/calendar/")[1:]]
    assert shown(client, first) == set()
    page = client.get(reverse("notifications:calendar_feed"))
    assert first not in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert "王芳于 2024-10-21" in page.content.decode()

    press(client, cast.reporter, "own")
    assert is_dead(client, first)
    assert CalendarFeed.objects.count() == 1


def test_unit_shares_one_address(client: Client, cast: Cast) -> None:
    press(client, cast.reporter, "unit")
    press(client, cast.head, "unit")
    assert CalendarFeed.objects.get().owner == cast.head
    press(client, cast.outsider, "unit", "calendar_feed_revoke")
    assert CalendarFeed.objects.count() == 1
    assert press(client, cast.colleague, "unit", "calendar_feed_revoke").status_code == 302
    assert not CalendarFeed.objects.exists()


def test_revoking_leaves_the_calendars_of_others(client: Client, cast: Cast) -> None:
    own = make_feed(of_unit=False, by=cast.reporter, now=NOW)
    kept = [make_feed(of_unit=of_unit, by=cast.head, now=NOW) for of_unit in (False, True)]
    press(client, cast.reporter, "own", "calendar_feed_revoke")
    assert is_dead(client, own)
    assert not any(is_dead(client, token) for token in kept)
    assert press(client, cast.reporter, "own", "calendar_feed_revoke").status_code == 302


@pytest.mark.parametrize("of", ["", "all", "unit\x00", "1"])
def test_crafted_forms_make_nothing(client: Client, cast: Cast, of: str) -> None:
    for name in ("calendar_feed", "calendar_feed_revoke"):
        assert press(client, cast.reporter, of, name).status_code == 404
        assert press(client, cast.coordinator, "unit", name).status_code == 404
        assert press(client, cast.administrator, "own", name).status_code == 404
    assert not CalendarFeed.objects.exists()


def test_dead_address_of_the_unit_is_shown_as_such(client: Client, cast: Cast) -> None:
    make_feed(of_unit=True, by=cast.reporter, now=NOW)
    disable_person(cast.reporter, successor=None, origin=Origin(cast.coordinator, NOW))
    client.force_login(cast.head)
    assert "生成人王芳已离开本单位" in client.get(reverse("notifications:calendar_feed")).content.decode()


def test_shares_outside_a_region_stay_out(client: Client, cast: Cast) -> None:
    """A coordinator's calendar is of the own region's work, not of what its units do for others."""
    elsewhere = make_department(cast.foreign, "开封市公安局")
    row = make_assignment(elsewhere, plan=cast.plan, due_date=TODAY)
    token = make_feed(of_unit=False, by=cast.foreign_coordinator, now=NOW)
    assert shown(client, token) == set()
    assert Assignment.objects.get(pk=row.pk).region == cast.city
