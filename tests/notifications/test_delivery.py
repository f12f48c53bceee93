"""Delivery over real SMTP: what arrives, what is tried again, what is given up, and that each fails alone."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from notifications import actions, jobs
from notifications.channels import mail
from notifications.models import Message, Run
from tests.factories import NOW, TODAY, Cast, make_assignment
from tests.notifications.conftest import Post, free_port
from tracker.celery import app


@pytest.fixture
def planned(cast: Cast) -> dict[str, Message]:
    """One digest each for the three people of the bureau."""
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    actions.plan_reminders(today=TODAY, now=NOW)
    return {digest.address: digest for digest in Message.objects.all()}


def deliver_all(now: datetime = NOW) -> list[str | None]:
    return [actions.deliver_one(message_id=pk, now=now) for pk in actions.sweep(now=now)]


def test_what_arrives(planned: dict[str, Message], post: Post) -> None:
    assert deliver_all() == ["SENT", "SENT", "SENT"]
    [arrived] = [found for found in post.mails if found["To"] == "wangfang@example.cn"]
    assert arrived["Subject"] == "【督办】逾期1项"
    row = Message.objects.get(address="wangfang@example.cn")
    assert (
        arrived["Message-ID"] == row.message_id == f"<digest-{row.recipient_id}-20241021@xinxiang.example.cn>"
    )
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["List-Id"] == "<reminders.xinxiang.example.cn>"
    text, html = arrived.get_body(("plain",)), arrived.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == row.text.splitlines()
    assert "<h2" in html.get_content()
    assert (row.sent_at, row.attempts, row.claimed_until) == (NOW, 1, None)
    assert Run.objects.plans().values_list("planned", "sent", "failed").get() == (3, 3, 0)


def test_delivering_twice_sends_once(planned: dict[str, Message], post: Post) -> None:
    message_id = planned["wangfang@example.cn"].pk
    assert actions.deliver_one(message_id=message_id, now=NOW) == "SENT"
    assert actions.deliver_one(message_id=message_id, now=NOW) is None
    assert post.receivers == ["wangfang@example.cn"]


def test_missing_row_is_normal(db: None) -> None:
    assert actions.deliver_one(message_id=4711, now=NOW) is None


def test_busy_mailbox_is_tried_again(planned: dict[str, Message], post: Post) -> None:
    post.answers["wangfang@example.cn"] = ["451 4.3.0 try later"]
    assert sorted(map(str, deliver_all())) == ["RETRY", "SENT", "SENT"]
    row = Message.objects.get(address="wangfang@example.cn")
    assert (row.error, row.next_attempt_at) == ("451 4.3.0 try later", NOW + timedelta(minutes=5))
    assert deliver_all(NOW + timedelta(minutes=4)) == []
    assert deliver_all(NOW + timedelta(minutes=5)) == ["SENT"]
    row.refresh_from_db()
    assert (row.error, row.attempts) == ("", 2)


def test_refused_recipient_is_dead_and_alone(planned: dict[str, Message], post: Post) -> None:
    post.answers["lina@example.cn"] = ["550 5.1.1 no such user"]
    deliver_all()
    assert post.receivers == ["wangfang@example.cn", "zhangwei@example.cn"]
    row = Message.objects.get(address="lina@example.cn")
    assert (row.state, row.error) == ("DEAD", "550 5.1.1 no such user")
    assert Run.objects.plans().values_list("sent", "failed").get() == (2, 1)
    assert deliver_all(NOW + timedelta(days=3)) == []


def test_server_away_is_tried_again_and_given_up_in_the_end(
    planned: dict[str, Message], settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    message_id = planned["lina@example.cn"].pk
    now, states = NOW, []
    for _ in range(len(actions.BACK_OFF) + 1):
        states.append(actions.deliver_one(message_id=message_id, now=now))
        now = Message.objects.get(pk=message_id).next_attempt_at
    assert states == ["RETRY"] * len(actions.BACK_OFF) + ["DEAD"]
    assert "已尝试8次" in Message.objects.get(pk=message_id).error
    assert "ConnectionRefusedError" in Message.objects.get(pk=message_id).error


def test_our_own_wrong_password_buries_nobody(planned: dict[str, Message], post: Post, settings: Any) -> None:
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = "wrong"
    assert deliver_all() == ["RETRY", "RETRY", "RETRY"]


def test_address_that_cannot_be_written_is_dead(planned: dict[str, Message], post: Post) -> None:
    Message.objects.filter(address="lina@example.cn").update(address="lina@example.cn\nBcc: all@example.cn")
    assert sorted(map(str, deliver_all())) == ["DEAD", "SENT", "SENT"]


def test_claim_is_a_lease(planned: dict[str, Message], post: Post) -> None:
    """A worker that dies after claiming is replaced; one that merely waits in vain gets nothing."""
    message_id = planned["lina@example.cn"].pk
    assert actions.claim_message(message_id=message_id, now=NOW) is not None
    assert actions.claim_message(message_id=message_id, now=NOW) is None
    assert message_id not in actions.sweep(now=NOW + actions.LEASE)
    late = NOW + actions.LEASE + timedelta(seconds=1)
    assert message_id in actions.sweep(now=late)
    assert actions.deliver_one(message_id=message_id, now=late) == "SENT"


def test_end_of_a_lost_claim_is_not_recorded(
    planned: dict[str, Message], post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """We were so slow that another claimed and sent it: its record stands, ours is dropped."""
    message_id = planned["lina@example.cn"].pk
    really_send = mail.send

    def slow(message: Message) -> None:
        monkeypatch.setattr(mail, "send", really_send)
        later = NOW + actions.LEASE + timedelta(seconds=1)
        assert actions.deliver_one(message_id=message_id, now=later) == "SENT"
        raise TimeoutError

    monkeypatch.setattr(mail, "send", slow)
    assert actions.deliver_one(message_id=message_id, now=NOW) is None
    assert Message.objects.get(pk=message_id).state == "SENT"


def test_failed_digest_goes_to_the_corrected_address(
    cast: Cast, planned: dict[str, Message], post: Post
) -> None:
    post.answers["lina@example.cn"] = ["550 5.1.1 no such user"]
    deliver_all()
    cast.colleague.email = "li.na@example.cn"
    cast.colleague.save(update_fields=["email"])
    dead = Message.objects.get(state="DEAD")
    assert actions.resend_message(message=dead, now=NOW)
    assert not actions.resend_message(message=dead, now=NOW)
    assert deliver_all() == ["SENT"]
    assert "li.na@example.cn" in post.receivers
    assert Run.objects.plans().values_list("sent", "failed").get() == (3, 0)


def test_old_sweeps_are_forgotten_and_plans_kept(planned: dict[str, Message]) -> None:
    actions.sweep(now=NOW)
    actions.sweep(now=NOW + timedelta(days=8))
    assert list(Run.objects.order_by("pk").values_list("kind", flat=True)) == ["PLAN", "SWEEP"]


@pytest.fixture
def eager() -> Iterator[None]:
    """Jobs run where they are queued."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def test_jobs_plan_queue_and_deliver(cast: Cast, post: Post, eager: None, settings: Any) -> None:
    settings.DUBAN_TODAY = TODAY
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    post.answers["wangfang@example.cn"] = ["451 later"]
    jobs.run_reminders()
    assert post.receivers == ["lina@example.cn", "zhangwei@example.cn"]
    Message.objects.filter(state="RETRY").update(next_attempt_at=NOW - timedelta(days=1))
    jobs.deliver_due()
    assert post.receivers == ["lina@example.cn", "wangfang@example.cn", "zhangwei@example.cn"]
