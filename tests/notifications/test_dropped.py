"""A digest whose every matter was settled before it went out is dropped; and the wait between attempts."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from notifications.actions import delivery, planning
from notifications.models import Message, Reminder, Run
from tests.factories import NOW, PASSWORD, TODAY, Cast, make_assignment
from tests.services import SmtpSink
from tracker.actions.extensions import ask_extension, refuse_extension
from tracker.actions.orders import instruct, nudge
from tracker.models import Assignment
from tracker.workflow import Status

LONG_AGO = NOW - timedelta(days=110)
LATER = NOW + timedelta(minutes=5)
MINUTE = timedelta(minutes=1)


def deliver_to(person: Any) -> str | None:
    message = Message.objects.get(recipient=person)
    return delivery.deliver_one(message_id=message.pk, now=NOW + 10 * MINUTE)


def change(**fields: Any) -> Callable[[Assignment], None]:
    def do(share: Assignment) -> None:
        Assignment.objects.filter(pk=share.pk).update(**fields)

    return do


def handed_in(share: Assignment) -> None:
    change(status=Status.SUBMITTED, handed_in_on=TODAY, held_since=TODAY)(share)


UNSIGNED: dict[str, Any] = {"status": Status.PENDING}
OVERDUE: dict[str, Any] = {"due_date": date(2024, 10, 18), "created_at": LONG_AGO}


@pytest.mark.parametrize(
    ("fields", "settle"),
    [
        (OVERDUE, handed_in),
        (OVERDUE, change(due_date=date(2024, 12, 31))),
        (OVERDUE, change(status=Status.SUSPENDED)),
        ({"due_date": date(2024, 10, 24), "created_at": LONG_AGO}, handed_in),
        (UNSIGNED, change(status=Status.ACTIVE, signed_at=LATER)),
        ({"returned_at": NOW, "created_at": LONG_AGO}, change(last_reported_at=LATER)),
        ({"created_at": LONG_AGO, "signed_at": LONG_AGO}, change(last_reported_at=LATER)),
    ],
)
def test_unit_hears_nothing_of_what_was_settled_meanwhile(
    cast: Cast, smtp_sink: SmtpSink, fields: dict[str, Any], settle: Callable[[Assignment], None]
) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, **fields)
    planning.plan_reminders(today=TODAY, now=NOW)
    stands = deliver_to(cast.head)
    settle(share)
    assert (stands, deliver_to(cast.reporter)) == ("SENT", "DROPPED")
    assert smtp_sink.recipients == ["zhangwei@example.cn"]
    dropped = Message.objects.get(recipient=cast.reporter)
    assert (dropped.sent_at, dropped.claimed_until) == (None, None)
    assert "均已办结或变更" in dropped.error
    assert set(dropped.reminders.values_list("state", flat=True)) <= {"DROPPED", "SUPERSEDED"}
    run = vars(Run.objects.plans().with_outcomes().get())
    assert (run["planned"], run["sent"], run["failed"], run["dropped"]) == (3, 1, 0, 1)
    assert delivery.sweep(now=NOW + timedelta(days=2)) == [Message.objects.get(recipient=cast.colleague).pk]


@pytest.mark.parametrize("order", ["nudge", "instruct"])
def test_answered_order_is_not_told(cast: Cast, smtp_sink: SmtpSink, order: str) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=date(2025, 6, 30), created_at=LONG_AGO)
    if order == "nudge":
        nudge(share.pk, note="抓紧", form_key=uuid4(), by=cast.coordinator, now=NOW)
    else:
        instruct(share.task_id, text="抓紧", form_key=uuid4(), by=cast.leader, now=NOW)
    planning.plan_reminders(today=TODAY, now=NOW)
    assert deliver_to(cast.head) == "SENT"
    change(last_reported_at=LATER)(share)
    assert deliver_to(cast.reporter) == "DROPPED"


def test_coordinator_hears_nothing_of_what_was_answered(cast: Cast, smtp_sink: SmtpSink) -> None:
    share = make_assignment(
        cast.bureau,
        plan=cast.plan,
        status=Status.SUBMITTED,
        handed_in_on=date(2024, 10, 14),
        created_at=LONG_AGO,
    )
    asked = make_assignment(cast.bureau, plan=cast.plan, due_date=date(2025, 6, 30))
    request = ask_extension(
        asked.pk, new_date=date(2025, 12, 31), reason="雨季", form_key=uuid4(), by=cast.reporter, now=NOW
    )
    planning.plan_reminders(today=TODAY, now=NOW)
    refuse_extension(request.pk, answer="不同意", by=cast.coordinator, now=LATER)
    message = Message.objects.get(recipient=cast.coordinator)
    assert message.reminders.still_called_for().count() == 1, "the review"
    change(status=Status.CLOSED, closed_at=LATER)(share)
    assert deliver_to(cast.coordinator) == "DROPPED"


def test_digest_with_one_matter_left_is_sent(cast: Cast, smtp_sink: SmtpSink) -> None:
    settled, _ = (make_assignment(cast.bureau, plan=cast.plan, **OVERDUE) for _ in range(2))
    planning.plan_reminders(today=TODAY, now=NOW)
    handed_in(settled)
    assert deliver_to(cast.reporter) == "SENT"


def test_dropped_stage_is_told_when_it_comes_up_again(cast: Cast, smtp_sink: SmtpSink) -> None:
    """Suspended when the mail was to go out, resumed the next day: it was never told, so it is told now."""
    share = make_assignment(cast.bureau, plan=cast.plan, **OVERDUE)
    planning.plan_reminders(today=TODAY, now=NOW)
    change(status=Status.SUSPENDED)(share)
    assert deliver_to(cast.reporter) == "DROPPED"
    change(status=Status.ACTIVE)(share)
    assert planning.plan_reminders(today=TODAY, now=LATER).digests == (), "one digest a day"
    tomorrow = TODAY + timedelta(days=1)
    result = planning.plan_reminders(today=tomorrow, now=NOW + timedelta(days=1))
    told = {planned.recipient.name for planned in result.digests}
    assert "王芳" in told
    mine = Reminder.objects.filter(recipient=cast.reporter, stage="OVERDUE_1").order_by("pk")
    assert list(mine.values_list("state", flat=True)) == ["DROPPED", "PLANNED"]
    assert planning.plan_reminders(today=tomorrow, now=NOW + timedelta(days=1, hours=1)).digests == ()


def test_page_of_a_dropped_mail_says_why(client: Client, cast: Cast, smtp_sink: SmtpSink) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, **OVERDUE)
    planning.plan_reminders(today=TODAY, now=NOW)
    handed_in(share)
    deliver_to(cast.reporter)
    client.force_login(cast.coordinator)
    address = reverse("notifications:message", args=[Message.objects.get(state="DROPPED").pk])
    text = client.get(address).content.decode()
    assert "无需发送" in text
    assert "列入的事项在发送前均已办结或变更" in text
    assert "重新发送" not in text
    assert str(share.task) in text, "what it would have told"


@pytest.mark.parametrize(("spread", "minutes"), [(0.0, 5), (0.5, 5.5), (1.0, 6)])
def test_wait_grows_by_a_bounded_share(
    cast: Cast, smtp_sink: SmtpSink, spread: float, minutes: float
) -> None:
    make_assignment(cast.bureau, plan=cast.plan, **OVERDUE)
    planning.plan_reminders(today=TODAY, now=NOW)
    smtp_sink.replies["wangfang@example.cn"] = "451 later"
    pk = Message.objects.get(recipient=cast.reporter).pk
    assert delivery.deliver_one(message_id=pk, now=NOW, spread=lambda: spread) == "RETRY"
    assert Message.objects.get(pk=pk).next_attempt_at == NOW + timedelta(minutes=minutes)


def test_waits_of_many_are_not_the_same(cast: Cast, smtp_sink: SmtpSink) -> None:
    make_assignment(cast.bureau, plan=cast.plan, **OVERDUE)
    planning.plan_reminders(today=TODAY, now=NOW)
    waits: set[datetime] = set()
    for message in Message.objects.all():
        smtp_sink.replies[message.address] = "451 later"
        delivery.deliver_one(message_id=message.pk, now=NOW)
        waits.add(Message.objects.get(pk=message.pk).next_attempt_at)
    assert len(waits) == Message.objects.count() > 1
    assert all(5 * MINUTE <= wait - NOW <= 6 * MINUTE for wait in waits)


def test_link_of_a_task_leads_through_sign_in_to_its_page(client: Client, cast: Cast, settings: Any) -> None:
    settings.DUBAN_TODAY = TODAY
    share = make_assignment(cast.bureau, plan=cast.plan, **OVERDUE)
    planning.plan_reminders(today=TODAY, now=NOW)
    message = Message.objects.get(recipient=cast.reporter)
    address = f"https://duban.example.cn/tasks/{share.task_id}/"
    assert address in message.text
    assert f'href="{address}"' in message.html
    door = client.get(address.removeprefix("https://duban.example.cn"))
    assert door.status_code == 302
    signed_in = client.post(door["Location"], {"username": "wangfang", "password": PASSWORD})
    assert (signed_in.status_code, signed_in["Location"]) == (302, f"/tasks/{share.task_id}/")
    page = client.get(signed_in["Location"])
    assert share.task.text in page.content.decode()
