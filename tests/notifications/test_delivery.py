"""Delivery over real SMTP: what arrives, what is tried again, what is given up, and that each fails alone."""

import time
from datetime import date, datetime, timedelta
from socket import SHUT_RDWR
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.mail.backends.smtp import EmailBackend
from django.db import connection, connections

from accounts.actions import Origin, disable_person
from accounts.models import User
from notifications import claims, jobs
from notifications.actions import delivery, planning
from notifications.channels import mail
from notifications.models import Message, Preference, Run
from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast
from tests.services import SmtpSink, free_port


@pytest.fixture
def planned(cast: Cast) -> dict[str, Message]:
    """One digest each for the three people of the bureau."""
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    planning.plan_reminders(today=TODAY, now=NOW)
    return {digest.address: digest for digest in Message.objects.all()}


def deliver_all(now: datetime = NOW) -> list[str | None]:
    return [
        delivery.deliver_one(message_id=pk, now=now, spread=lambda: 0.0) for pk in delivery.sweep(now=now)
    ]


def outcome() -> tuple[int, int, int]:
    """Planned, sent and failed digests of the only planning run."""
    run = vars(Run.objects.plans().with_outcomes().get())
    return run["planned"], run["sent"], run["failed"]


def test_what_arrives(planned: dict[str, Message], smtp_sink: SmtpSink) -> None:
    assert deliver_all() == ["SENT", "SENT", "SENT"]
    [arrived] = [found for found in smtp_sink.messages if found["To"] == "wangfang@example.cn"]
    assert arrived["Subject"] == "【督办】逾期1项"
    row = Message.objects.get(address="wangfang@example.cn")
    assert (
        arrived["Message-ID"] == row.message_id == f"<digest-{row.recipient_id}-20241021@xinxiang.example.cn>"
    )
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["X-Auto-Response-Suppress"] == "All"
    assert arrived["X-Duban-Message"] == str(row.pk)
    assert arrived["List-Id"] == "<reminders.xinxiang.example.cn>"
    text, html = arrived.get_body(("plain",)), arrived.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == row.text.splitlines()
    assert "<h2" in html.get_content()
    assert (row.sent_at, row.attempts, row.claimed_until) == (NOW, 1, None)
    assert outcome() == (3, 3, 0)


def test_delivering_twice_sends_once(planned: dict[str, Message], smtp_sink: SmtpSink) -> None:
    message_id = planned["wangfang@example.cn"].pk
    assert delivery.deliver_one(message_id=message_id, now=NOW) == "SENT"
    assert delivery.deliver_one(message_id=message_id, now=NOW) is None
    assert sorted(smtp_sink.recipients) == ["wangfang@example.cn"]


def test_missing_row_is_normal(db: None) -> None:
    assert delivery.deliver_one(message_id=4711, now=NOW) is None


def test_busy_mailbox_is_tried_again(planned: dict[str, Message], smtp_sink: SmtpSink) -> None:
    smtp_sink.replies["wangfang@example.cn"] = "451 4.3.0 try later"
    assert sorted(map(str, deliver_all())) == ["RETRY", "SENT", "SENT"]
    row = Message.objects.get(address="wangfang@example.cn")
    assert (row.error, row.next_attempt_at) == ("451 4.3.0 try later", NOW + timedelta(minutes=5))
    smtp_sink.replies.clear()
    assert deliver_all(NOW + timedelta(minutes=4)) == []
    assert deliver_all(NOW + timedelta(minutes=5)) == ["SENT"]
    row.refresh_from_db()
    assert (row.error, row.attempts) == ("", 2)


def test_refused_recipient_is_dead_and_alone(planned: dict[str, Message], smtp_sink: SmtpSink) -> None:
    smtp_sink.replies["lina@example.cn"] = "550 5.1.1 no such user"
    deliver_all()
    assert sorted(smtp_sink.recipients) == ["wangfang@example.cn", "zhangwei@example.cn"]
    row = Message.objects.get(address="lina@example.cn")
    assert (row.state, row.error) == ("DEAD", "550 5.1.1 no such user")
    assert outcome() == (3, 2, 1)
    assert deliver_all(NOW + timedelta(days=3)) == []


def test_server_away_is_tried_again_and_given_up_in_the_end(
    planned: dict[str, Message], settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    message_id = planned["lina@example.cn"].pk
    now, states = NOW, []
    for _ in range(len(claims.BACK_OFF) + 1):
        states.append(delivery.deliver_one(message_id=message_id, now=now))
        now = Message.objects.get(pk=message_id).next_attempt_at
    assert states == ["RETRY"] * len(claims.BACK_OFF) + ["DEAD"]
    assert "已尝试8次" in Message.objects.get(pk=message_id).error
    assert "ConnectionRefusedError" in Message.objects.get(pk=message_id).error


def test_our_own_wrong_password_buries_nobody(
    planned: dict[str, Message], smtp_sink: SmtpSink, settings: Any
) -> None:
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = "wrong"
    assert deliver_all() == ["RETRY", "RETRY", "RETRY"]


def test_address_that_cannot_be_written_is_dead(planned: dict[str, Message], smtp_sink: SmtpSink) -> None:
    User.objects.filter(username="lina").update(email="lina@example.cn\nBcc: all@example.cn")
    assert sorted(map(str, deliver_all())) == ["DEAD", "SENT", "SENT"]


def test_many_go_over_one_line_which_may_break(
    planned: dict[str, Message], smtp_sink: SmtpSink, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is refused, and the server hangs up after the second: the third goes all the same."""
    lines = []
    really_open = EmailBackend.open

    def counted(self: EmailBackend) -> bool | None:
        made = really_open(self)
        lines.append(made)
        return made

    monkeypatch.setattr(EmailBackend, "open", counted)
    really_send = mail.send

    def send_and_hang_up(message: Message, line: Any) -> None:
        really_send(message, line)
        line.connection.sock.shutdown(SHUT_RDWR)

    smtp_sink.replies["wangfang@example.cn"] = "550 5.1.1 no such user"
    monkeypatch.setattr(mail, "send", send_and_hang_up)
    in_order = [planned[f"{name}@example.cn"].pk for name in ("wangfang", "lina", "zhangwei")]
    assert delivery.deliver_many(message_ids=in_order, now=lambda: NOW) == ["DEAD", "SENT", "SENT"]
    assert smtp_sink.recipients == ["lina@example.cn", "zhangwei@example.cn"]
    assert lines.count(True) == 3


def test_many_with_the_server_away_are_all_tried_again(planned: dict[str, Message], settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    message_ids = [message.pk for message in planned.values()]
    assert delivery.deliver_many(message_ids=message_ids, now=lambda: NOW) == ["RETRY"] * 3


def test_claim_is_a_lease(planned: dict[str, Message], smtp_sink: SmtpSink) -> None:
    """A worker that dies after claiming is replaced; one that merely waits in vain gets nothing."""
    message_id = planned["lina@example.cn"].pk
    assert delivery.claim_message(message_id=message_id, now=NOW) is not None
    assert delivery.claim_message(message_id=message_id, now=NOW) is None
    assert message_id not in delivery.sweep(now=NOW + claims.LEASE)
    late = NOW + claims.LEASE + timedelta(seconds=1)
    assert message_id in delivery.sweep(now=late)
    assert delivery.deliver_one(message_id=message_id, now=late) == "SENT"


def test_digest_that_kills_its_workers_is_given_up(planned: dict[str, Message]) -> None:
    message_id, now = planned["lina@example.cn"].pk, NOW
    for _ in range(claims.MAX_ATTEMPTS):
        assert delivery.claim_message(message_id=message_id, now=now) is not None
        now += claims.LEASE + timedelta(seconds=1)
    assert delivery.deliver_one(message_id=message_id, now=now) == "DEAD"


def test_end_of_a_lost_claim_is_not_recorded(
    planned: dict[str, Message], smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """We were so slow that another claimed and sent it: its record stands, ours is dropped."""
    message_id = planned["lina@example.cn"].pk
    really_send = mail.send

    def slow(message: Message, line: object) -> None:
        monkeypatch.setattr(mail, "send", really_send)
        later = NOW + claims.LEASE + timedelta(seconds=1)
        assert delivery.deliver_one(message_id=message_id, now=later) == "SENT"
        raise TimeoutError

    monkeypatch.setattr(mail, "send", slow)
    assert delivery.deliver_one(message_id=message_id, now=NOW) is None
    assert Message.objects.get(pk=message_id).state == "SENT"


def test_failed_digest_goes_to_the_corrected_address(
    cast: Cast, planned: dict[str, Message], smtp_sink: SmtpSink
) -> None:
    smtp_sink.replies["lina@example.cn"] = "550 5.1.1 no such user"
    deliver_all()
    cast.colleague.email = "li.na@example.cn"
    cast.colleague.save(update_fields=["email"])
    dead = Message.objects.get(state="DEAD")
    origin = Origin(cast.coordinator, NOW)
    assert delivery.resend_message(message=dead, origin=origin)
    assert not delivery.resend_message(message=dead, origin=origin)
    assert deliver_all() == ["SENT"]
    assert "li.na@example.cn" in sorted(smtp_sink.recipients)
    assert outcome() == (3, 3, 0)


def test_old_sweeps_are_forgotten_and_plans_kept(planned: dict[str, Message]) -> None:
    delivery.sweep(now=NOW)
    delivery.sweep(now=NOW + timedelta(days=8))
    assert list(Run.objects.order_by("pk").values_list("kind", flat=True)) == ["PLAN", "SWEEP"]


def test_jobs_plan_queue_and_deliver(
    cast: Cast, smtp_sink: SmtpSink, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs.deliver_messages, "delay_on_commit", jobs.deliver_messages)
    settings.DUBAN_TODAY = TODAY
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    smtp_sink.replies["wangfang@example.cn"] = "451 later"
    jobs.run_reminders()
    assert sorted(smtp_sink.recipients) == ["lina@example.cn", "zhangwei@example.cn"]
    smtp_sink.replies.clear()
    Message.objects.filter(state="RETRY").update(next_attempt_at=NOW - timedelta(days=1))
    jobs.deliver_due()
    assert sorted(smtp_sink.recipients) == ["lina@example.cn", "wangfang@example.cn", "zhangwei@example.cn"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_once(smtp_sink: SmtpSink) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("threads share no SQLite in memory")
    cast = make_cast()
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    planning.plan_reminders(today=TODAY, now=NOW)
    start = Barrier(4)

    def worker() -> None:
        start.wait()
        try:
            deliver_all()
        finally:
            connections.close_all()

    threads = [Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(smtp_sink.recipients) == ["lina@example.cn", "wangfang@example.cn", "zhangwei@example.cn"]
    assert outcome() == (3, 3, 0)


@pytest.mark.usefixtures("celery_worker")
def test_a_real_worker_plans_and_sends() -> None:
    """Queued through Redis, done in another process; its mails are files, by its own clock, Sunday or not."""
    cast = make_cast()
    Preference.objects.bulk_create(Preference(user=user, on_rest_days=True) for user in User.objects.all())
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    jobs.run_reminders.delay()
    deadline = time.monotonic() + 30
    while Message.objects.filter(state="SENT").count() < 5 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert list(Message.objects.values_list("state", flat=True)) == ["SENT"] * 5
    assert outcome() == (5, 5, 0)


def test_mail_of_a_disabled_person_goes_to_the_successor(
    planned: dict[str, Message], cast: Cast, smtp_sink: SmtpSink
) -> None:
    disable_person(cast.reporter, successor=cast.colleague, origin=Origin(cast.coordinator, NOW))
    disable_person(cast.head, successor=None, origin=Origin(cast.coordinator, NOW))

    assert sorted(map(str, deliver_all())) == ["DEAD", "SENT", "SENT"]

    assert sorted(smtp_sink.recipients) == ["lina@example.cn", "lina@example.cn"]
    handed_over = Message.objects.get(recipient=cast.reporter)
    assert (handed_over.state, handed_over.address) == ("SENT", "lina@example.cn")
    assert "账号已停用" in Message.objects.get(recipient=cast.head).error


def test_mail_is_not_handed_to_somebody_who_left_the_unit(
    planned: dict[str, Message], cast: Cast, smtp_sink: SmtpSink
) -> None:
    disable_person(cast.reporter, successor=cast.colleague, origin=Origin(cast.coordinator, NOW))
    User.objects.filter(pk=cast.colleague.pk).update(department=cast.other_bureau)

    delivery.deliver_one(message_id=Message.objects.get(recipient=cast.reporter).pk, now=NOW)

    assert (Message.objects.get(recipient=cast.reporter).state, smtp_sink.recipients) == ("DEAD", [])


def test_successor_of_a_successor_is_found_and_the_disabled_are_planned_nothing(
    cast: Cast, smtp_sink: SmtpSink
) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    planning.plan_reminders(today=TODAY, now=NOW)
    disable_person(cast.reporter, successor=cast.colleague, origin=Origin(cast.coordinator, NOW))
    disable_person(cast.colleague, successor=cast.head, origin=Origin(cast.coordinator, NOW))

    assert deliver_all() == ["SENT", "SENT", "SENT"]
    assert set(smtp_sink.recipients) == {"zhangwei@example.cn"}

    later = TODAY + timedelta(days=7)
    planning.plan_reminders(today=later, now=NOW + timedelta(days=7))
    told = {message.recipient for message in Message.objects.filter(day=later)}
    assert cast.head in told
    assert told.isdisjoint({cast.reporter, cast.colleague})
