"""Digests are claimed a few at a time, and yet each is sent, recorded and given up by itself."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications import claims, jobs
from notifications.actions import delivery, planning
from notifications.channels import mail
from notifications.models import Message
from tests.factories import NOW, TODAY, Cast, make_assignment
from tests.services import SmtpSink
from tracker.models import Assignment
from tracker.workflow import Status

SECOND = timedelta(seconds=1)


@pytest.fixture
def planned(cast: Cast) -> list[int]:
    """One digest each for the three people of the bureau."""
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    planning.plan_reminders(today=TODAY, now=NOW)
    return list(Message.objects.order_by("pk").values_list("pk", flat=True))


class Clock:
    """A clock that goes on by so much with each mail sent."""

    def __init__(self, step: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moment = NOW
        really_send = mail.send

        def send(message: Message, line: Any) -> None:
            self.moment += step
            really_send(message, line)

        monkeypatch.setattr(mail, "send", send)

    def __call__(self) -> datetime:
        return self.moment


def states() -> list[tuple[str, int]]:
    return list(Message.objects.order_by("pk").values_list("state", "attempts"))


def deliver_batch(message_ids: list[int], now: Any) -> dict[int, str | None]:
    with mail.open_line() as line:
        return delivery.deliver_batch(message_ids=message_ids, now=now, line=line)


def test_batch_takes_few_queries(planned: list[int], smtp_sink: SmtpSink) -> None:
    def number(message_ids: list[int]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            deliver_batch(message_ids, lambda: NOW)
        return len([query for query in queries if not query["sql"].startswith(("SAVE", "RELEASE", "SET"))])

    alone, both = number(planned[:1]), number(planned[1:])
    assert (alone, both) == (5, 6), "one more for recording the end of one more"
    assert states() == [("SENT", 1)] * 3


def test_worker_that_dies_leaves_the_rest_to_the_lease(planned: list[int], smtp_sink: SmtpSink) -> None:
    class PowerCut(BaseException):
        pass

    def die(message: Message, line: Any) -> None:
        raise PowerCut

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mail, "send", die)
        with pytest.raises(PowerCut):
            deliver_batch(planned, lambda: NOW)
    assert states() == [("CLAIMED", 1)] * 3
    assert delivery.sweep(now=NOW + claims.LEASE) == []
    late = NOW + claims.LEASE + SECOND
    assert delivery.sweep(now=late) == planned
    assert deliver_batch(planned, lambda: late) == dict.fromkeys(planned, "SENT")
    assert states() == [("SENT", 2)] * 3
    assert len(smtp_sink.recipients) == 3


def test_mail_that_kills_its_workers_takes_no_neighbour_with_it_twice(
    planned: list[int], smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OutOfMemory(BaseException):
        pass

    really_send, now = mail.send, NOW

    def deadly(message: Message, line: Any) -> None:
        if message.pk == planned[0]:
            raise OutOfMemory
        really_send(message, line)

    monkeypatch.setattr(mail, "send", deadly)
    for _ in range(claims.MAX_ATTEMPTS):
        with pytest.raises(OutOfMemory):
            deliver_batch(planned, lambda moment=now: moment)
        now += claims.LEASE + SECOND
    assert states() == [("CLAIMED", claims.MAX_ATTEMPTS), ("CLAIMED", 1), ("CLAIMED", 1)]
    assert list(deliver_batch(planned, lambda: now).values()) == ["DEAD", "SENT", "SENT"]


def test_slow_batch_gives_back_what_it_has_no_time_for(
    planned: list[int], smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Clock(delivery.BATCH_TIME + SECOND, monkeypatch)
    assert deliver_batch(planned, slow) == {planned[0]: "SENT"}
    assert states() == [("SENT", 1), ("PLANNED", 0), ("PLANNED", 0)]
    assert delivery.sweep(now=slow()) == planned[1:]
    assert delivery.deliver_many(message_ids=planned, now=slow) == [None, "SENT", "SENT"]


def test_what_was_settled_while_the_batch_went_out_is_not_sent(
    planned: list[int], smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Clock(2 * delivery.SITUATION_TIME, monkeypatch)
    really_send = mail.send

    def send_and_suspend(message: Message, line: Any) -> None:
        really_send(message, line)
        Assignment.objects.update(status=Status.SUSPENDED)

    monkeypatch.setattr(mail, "send", send_and_suspend)
    assert list(deliver_batch(planned, slow).values()) == ["SENT", "DROPPED", "DROPPED"]
    assert len(smtp_sink.recipients) == 1


def test_a_claim_leaves_out_what_others_have(planned: list[int]) -> None:
    rows = Message.objects.claimable(NOW)
    assert [row.pk for row in claims.claim_many(rows, pks=planned[:2], now=NOW)] == planned[:2]
    assert [row.pk for row in claims.claim_many(rows, pks=planned, now=NOW)] == planned[2:]
    assert claims.claim_many(rows, pks=[*planned, 4711], now=NOW) == []


def test_jobs_are_queued_for_a_few_digests_each(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    queued: list[list[int]] = []
    monkeypatch.setattr(delivery, "sweep", lambda *, now: list(range(45)))
    monkeypatch.setattr(
        jobs.deliver_messages, "delay_on_commit", lambda *, message_ids: queued.append(message_ids)
    )
    jobs.deliver_due()
    assert [len(batch) for batch in queued] == [20, 20, 5]
    assert [pk for batch in queued for pk in batch] == list(range(45))
