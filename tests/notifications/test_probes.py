"""What machines are told: alive, ready or not and why, and the gauges; numbers and times, no names."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from notifications import probes
from notifications.actions import delivery, planning
from notifications.models import Message, Run
from tests.factories import NOW, TODAY, Cast, make_assignment
from tracker.clock import SHANGHAI


@pytest.fixture(autouse=True)
def at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is half past nine, and the broker answers."""
    monkeypatch.setattr("tracker.clock.now", lambda: NOW.astimezone(SHANGHAI))
    monkeypatch.setattr("notifications.workers.queue_answers", lambda: True)


@pytest.fixture
def working(cast: Cast) -> Cast:
    """Planned and swept a moment ago; three digests wait."""
    make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY)
    planning.plan_reminders(today=TODAY, now=NOW - timedelta(minutes=5))
    delivery.sweep(now=NOW)
    return cast


def ask(client: Client) -> tuple[int, dict[str, Any]]:
    response = client.get(reverse("health"))
    return response.status_code, response.json()


def test_all_is_well(client: Client, working: Cast) -> None:
    assert ask(client) == (
        200,
        {
            "ready": True,
            "database": True,
            "queue": True,
            "planning": True,
            "last_planning": "2024-10-21T01:25:00Z",
            "planning_held": False,
            "sweeping": True,
            "last_sweep": "2024-10-21T01:30:00Z",
            "delivering": True,
            "unsent": 3,
            "oldest_unsent": "2024-10-21T01:25:00Z",
        },
    )


def test_each_thing_that_stops_is_named(
    client: Client, working: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    Message.objects.filter(recipient=working.reporter).update(
        state="CLAIMED", claimed_until=NOW - timedelta(hours=1)
    )
    status, answer = ask(client)
    assert (status, answer["delivering"]) == (503, False)
    Message.objects.all().update(state="DEAD", claimed_until=None)
    assert ask(client)[0] == 200
    Run.objects.sweeps().update(started_at=NOW - timedelta(minutes=16))
    assert (ask(client)[0], ask(client)[1]["sweeping"]) == (503, False)
    Run.objects.sweeps().update(started_at=NOW)
    Run.objects.plans().update(started_at=NOW - timedelta(hours=3))
    assert (ask(client)[0], ask(client)[1]["planning"]) == (503, False)
    Run.objects.plans().update(started_at=NOW)
    monkeypatch.setattr("notifications.workers.queue_answers", lambda: False)
    assert (ask(client)[0], ask(client)[1]["queue"]) == (503, False)


def test_a_busy_mailbox_is_no_trouble(client: Client, working: Cast) -> None:
    Message.objects.all().update(state="RETRY", next_attempt_at=NOW + timedelta(hours=6))
    assert ask(client)[0] == 200


def test_before_anything_ran(client: Client, db: None) -> None:
    status, answer = ask(client)
    assert (status, answer["last_planning"], answer["oldest_unsent"]) == (503, None, None)
    assert client.get(reverse("metrics")).status_code == 200


def test_without_a_database_it_still_answers(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(now: object) -> None:
        raise DatabaseError("password=secret")

    monkeypatch.setattr(probes, "scheduler_state", fail)
    assert ask(client) == (503, {"ready": False, "database": False, "queue": True})
    assert client.get(reverse("health_live")).json() == {"alive": True}
    assert "duban_database_up 0\n" in client.get(reverse("metrics")).content.decode()


def test_metrics_are_in_the_text_format(client: Client, working: Cast) -> None:
    Message.objects.filter(recipient=working.reporter).update(state="SENT", sent_at=NOW)
    response = client.get(reverse("metrics"))
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    text = response.content.decode()
    assert text.endswith("\n")
    sample = re.compile(r'[a-z_]+(\{state="[A-Z]+"\})? -?\d+(\.\d+)?')
    comment = re.compile(r"# (HELP [a-z_]+ .+|TYPE [a-z_]+ gauge)")
    for line in text.splitlines():
        assert (comment if line.startswith("#") else sample).fullmatch(line), line
    for line in (
        "duban_database_up 1",
        "duban_queue_up 1",
        f"duban_last_planning_timestamp_seconds {int(NOW.timestamp()) - 300}",
        f"duban_last_sweep_timestamp_seconds {int(NOW.timestamp())}",
        f"duban_oldest_unsent_timestamp_seconds {int(NOW.timestamp()) - 300}",
        "duban_planning_late 0",
        "duban_planning_held 0",
        "duban_delivery_stuck 0",
        "duban_unsent_messages 2",
        'duban_messages_today{state="SENT"} 1',
        'duban_messages_today{state="DEAD"} 0',
    ):
        assert f"\n{line}\n" in f"\n{text}", line
    assert "王芳" not in text


@pytest.mark.parametrize(
    ("address", "token", "header", "status"),
    [
        ("127.0.0.1", "", "", 200),
        ("10.1.1.7", "", "", 403),
        ("10.1.1.7", "", "Bearer ", 403),
        ("10.1.1.7", "s3cret", "Bearer wrong", 403),
        ("10.1.1.7", "s3cret", "Bearer 密", 403),
        ("10.1.1.7", "s3cret", "Bearer s3cret", 200),
        ("10.1.1.8", "", "", 200),
    ],
)
def test_who_may_read_metrics(
    client: Client, db: None, settings: Any, address: str, token: str, header: str, status: int
) -> None:
    settings.METRICS_TOKEN = token
    settings.METRICS_ADDRESSES = ["127.0.0.1", "10.1.1.8"]
    answer = client.get(reverse("metrics"), REMOTE_ADDR=address, HTTP_AUTHORIZATION=header)
    assert answer.status_code == status


def test_behind_nginx_the_visitor_counts_not_nginx(client: Client, db: None, settings: Any) -> None:
    settings.PRODUCTION = True
    answer = client.get(reverse("metrics"), headers={"x-real-ip": "10.1.1.7"})
    assert answer.status_code == 403


def test_number_of_queries(client: Client, working: Cast, django_assert_num_queries: Any) -> None:
    # Two runs; today's by state, the oldest, how many, whether one is stuck.
    with django_assert_num_queries(6):
        ask(client)
    with django_assert_num_queries(6):
        client.get(reverse("metrics"))
