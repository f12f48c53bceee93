"""Addresses that the mail server refuses for good: marked, told, left alone, tried again once corrected."""

import smtplib
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client
from django.urls import reverse

from accounts.actions import Origin, change_email, change_person, disable_person, snapshot
from accounts.models import AuditEvent, User
from notifications.actions import delivery, planning
from notifications.channels import mail
from notifications.models import Message
from tests.factories import NOW, PASSWORD, TODAY, Cast, make_assignment
from tests.services import SmtpSink

NO_SUCH_USER = "550 5.1.1 no such user"
NEXT_WEEK = timedelta(days=7)


@pytest.fixture
def refused(cast: Cast, smtp_sink: SmtpSink, settings: Any) -> User:
    """Li Na, whose address was refused; her two colleagues have their mail."""
    settings.DUBAN_TODAY = TODAY
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    smtp_sink.replies["lina@example.cn"] = NO_SUCH_USER
    planning.plan_reminders(today=TODAY, now=NOW)
    deliver_all()
    smtp_sink.replies.clear()
    smtp_sink.recipients.clear()
    cast.colleague.refresh_from_db()
    return cast.colleague


def deliver_all(now: datetime = NOW) -> list[str | None]:
    return [delivery.deliver_one(message_id=pk, now=now) for pk in delivery.sweep(now=now)]


def test_refused_address_is_marked_with_the_servers_words(refused: User) -> None:
    assert (refused.email_refused_at, refused.email_refusal) == (NOW, NO_SUCH_USER)
    event = AuditEvent.objects.get(kind="EMAIL_REFUSED")
    assert (event.subject, event.actor, event.region_id) == (refused, None, refused.region_id)
    assert [line[2] for line in event.lines] == ["lina@example.cn", NO_SUCH_USER]
    assert User.objects.all().refused().count() == 1, "her colleagues are not"
    dead = Message.objects.get(state="DEAD")
    assert (dead.recipient, dead.error, dead.is_address_refused) == (refused, NO_SUCH_USER, True)


def test_meanwhile_the_application_alone_tells(cast: Cast, refused: User, smtp_sink: SmtpSink) -> None:
    assert deliver_all() == []
    found = planning.plan_reminders(today=TODAY + NEXT_WEEK, now=NOW + NEXT_WEEK, dry_run=True)
    addresses = {planned.recipient.id: planned.recipient.address for planned in found.digests}
    assert addresses[refused.pk] == ""
    assert "" not in (addresses[cast.reporter.pk], addresses[cast.head.pk])
    assert found.unreachable == ()


def test_unit_of_whom_all_are_refused_is_unreachable(client: Client, cast: Cast, refused: User) -> None:
    User.objects.filter(department=cast.bureau).update(email_refused_at=NOW, email_refusal=NO_SUCH_USER)
    found = planning.plan_reminders(today=TODAY + NEXT_WEEK, now=NOW + NEXT_WEEK, dry_run=True)
    assert [str(line) for line in found.unreachable] == ["市生态环境局（涉及1项）"]
    client.force_login(cast.coordinator)
    assert "<li>市生态环境局</li>" in client.get(reverse("notifications:mail")).content.decode()


def test_what_was_waiting_for_a_refused_address_is_not_tried(
    cast: Cast, refused: User, smtp_sink: SmtpSink
) -> None:
    """A mail of the next day, planned before the refusal was known."""
    waiting = Message.objects.get(recipient=refused)
    Message.objects.filter(pk=waiting.pk).update(state="RETRY", is_address_refused=False)
    assert deliver_all() == ["DEAD"]
    waiting.refresh_from_db()
    assert (waiting.error, waiting.is_address_refused) == (NO_SUCH_USER, True)
    assert smtp_sink.recipients == []


def test_coordinator_is_told_in_the_digest_and_on_the_page(
    client: Client, cast: Cast, refused: User, smtp_sink: SmtpSink
) -> None:
    later = TODAY + NEXT_WEEK
    planning.plan_reminders(today=later, now=NOW + NEXT_WEEK)
    line = f"李娜（市生态环境局）lina@example.cn：{NO_SUCH_USER}"
    digest = Message.objects.get(recipient=cast.coordinator, day=later)
    assert line in digest.text
    assert line in digest.html
    assert line not in Message.objects.get(recipient=cast.reporter, day=later).text
    for person, seen in (
        (cast.coordinator, True),
        (cast.administrator, True),
        (cast.foreign_coordinator, False),
        (cast.reporter, False),
    ):
        client.force_login(person)
        text = client.get(reverse("notifications:mail")).content.decode()
        assert ("被拒收的邮箱" in text and NO_SUCH_USER in text) == seen, person
    client.force_login(cast.coordinator)
    for name, args in (("accounts:people", []), ("accounts:person", [refused.pk])):
        assert "拒收" in client.get(reverse(name, args=args)).content.decode()


def test_she_is_told_and_her_correction_sends_what_was_kept_back(
    client: Client, refused: User, smtp_sink: SmtpSink
) -> None:
    client.force_login(refused)
    assert NO_SUCH_USER in client.get(reverse("accounts:account")).content.decode()
    assert "收不到提醒邮件" in client.get(reverse("notifications:mail")).content.decode()
    sent = {"email": "li.na@example.cn", "password": PASSWORD}
    assert client.post(reverse("accounts:email"), sent).status_code == 302
    refused.refresh_from_db()
    assert (refused.email_refused_at, refused.email_refusal) == (None, "")
    assert AuditEvent.objects.filter(kind="EMAIL_TRUSTED", actor=refused).count() == 1
    assert deliver_all() == ["SENT"]
    assert smtp_sink.recipients == ["li.na@example.cn"]
    assert deliver_all() == []


def test_saving_the_same_address_again_says_that_it_is_right(refused: User, smtp_sink: SmtpSink) -> None:
    change_email(refused, refused.email, Origin(refused, NOW))
    assert deliver_all() == ["SENT"]
    assert smtp_sink.recipients == ["lina@example.cn"]


def test_keepers_correction_counts_and_other_changes_do_not(cast: Cast, refused: User) -> None:
    origin = Origin(cast.coordinator, NOW)
    before = snapshot(refused)
    refused.full_name = "李娜娜"
    change_person(refused, before, origin)
    assert User.objects.all().refused().count() == 1
    assert deliver_all() == []
    before = snapshot(refused)
    refused.email = "li.na@example.cn"
    change_person(refused, before, origin)
    assert User.objects.all().refused().count() == 0
    assert deliver_all() == ["SENT"]


def test_correction_in_the_back_office_counts(client: Client, cast: Cast, refused: User) -> None:
    User.objects.filter(pk=cast.administrator.pk).update(is_staff=True, is_superuser=True)
    client.force_login(cast.administrator)
    data = {"username": "lina", "full_name": "李娜", "email": "li.na@example.cn", "role": "REPORTER"}
    data |= {"region": str(cast.city.pk), "department": str(cast.bureau.pk)}
    response = client.post(reverse("admin:accounts_user_change", args=[refused.pk]), data)
    assert response.status_code == 302, response.content.decode()
    assert User.objects.all().refused().count() == 0


def test_sending_again_by_hand_says_that_the_address_is_right(
    client: Client, cast: Cast, refused: User, smtp_sink: SmtpSink
) -> None:
    client.force_login(cast.coordinator)
    client.post(reverse("notifications:resend", args=[Message.objects.get(recipient=refused).pk]))
    refused.refresh_from_db()
    assert refused.email_refused_at is None
    assert deliver_all(NOW + timedelta(days=1)) == ["SENT"]


def test_address_refused_again_is_marked_again(refused: User, smtp_sink: SmtpSink) -> None:
    change_email(refused, "li.na@example.cn", Origin(refused, NOW))
    smtp_sink.replies["li.na@example.cn"] = "551 moved away"
    assert deliver_all() == ["DEAD"]
    assert deliver_all() == []
    refused.refresh_from_db()
    assert refused.email_refusal == "551 moved away"


def test_address_corrected_while_the_mail_was_out_stays_unmarked(
    cast: Cast, refused: User, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_email(refused, "wrong@example.cn", Origin(refused, NOW))
    really_send = mail.send

    def slow(message: Message, line: BaseEmailBackend | None = None) -> None:
        change_email(refused, "li.na@example.cn", Origin(refused, NOW))
        really_send(message, line)

    monkeypatch.setattr(mail, "send", slow)
    smtp_sink.replies["wrong@example.cn"] = NO_SUCH_USER
    assert deliver_all() == ["DEAD"]
    monkeypatch.setattr(mail, "send", really_send)
    assert User.objects.all().refused().count() == 0
    assert deliver_all() == ["SENT"]
    assert smtp_sink.recipients == ["li.na@example.cn"]


def test_refused_successor_is_the_one_marked(cast: Cast, refused: User, smtp_sink: SmtpSink) -> None:
    change_email(refused, "li.na@example.cn", Origin(refused, NOW))
    disable_person(refused, successor=cast.head, origin=Origin(cast.coordinator, NOW))
    Message.objects.filter(recipient=refused).update(state="PLANNED", is_address_refused=False)
    smtp_sink.replies["zhangwei@example.cn"] = NO_SUCH_USER
    assert deliver_all() == ["DEAD"]
    assert list(User.objects.all().refused()) == [cast.head]
    assert deliver_all() == [], "the disabled have nothing waiting for a correction"


@pytest.mark.parametrize(
    ("answer", "is_marked", "state"),
    [
        ("550 5.1.1 no such user", True, "DEAD"),
        ("550 no such user here", True, "DEAD"),
        ("553 5.1.3 bad address syntax", True, "DEAD"),
        ("550 5.2.1 mailbox disabled", True, "DEAD"),
        ("552 5.2.2 mailbox full", False, "DEAD"),
        ("550 5.7.1 relaying denied", False, "RETRY"),
        ("550 relay access denied", False, "RETRY"),
        ("553 5.1.8 sender address rejected", False, "RETRY"),
        ("530 authentication required", False, "RETRY"),
        ("450 4.2.1 busy", False, "RETRY"),
    ],
)
def test_only_what_is_about_the_address_marks_it(
    cast: Cast, smtp_sink: SmtpSink, answer: str, is_marked: bool, state: str
) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    smtp_sink.replies["lina@example.cn"] = answer
    planning.plan_reminders(today=TODAY, now=NOW)
    deliver_all()
    cast.colleague.refresh_from_db()
    assert (cast.colleague.email_refused_at is not None) == is_marked
    assert Message.objects.get(recipient=cast.colleague).state == state


@pytest.mark.parametrize(
    ("error", "is_refused"),
    [
        (smtplib.SMTPDataError(554, b"5.6.0 content rejected"), False),
        (smtplib.SMTPDataError(550, b"this looks like spam"), False),
        (smtplib.SMTPDataError(550, b"5.1.1 no such user"), True),
        (smtplib.SMTPSenderRefused(550, b"5.1.8 bad sender", "duban@example.cn"), False),
        (smtplib.SMTPAuthenticationError(535, b"5.7.8 bad credentials"), False),
        (ConnectionRefusedError("down"), False),
        (ValueError("Header values can't contain newlines"), False),
    ],
)
def test_refused_content_sender_or_sign_in_is_not_the_address(error: Exception, is_refused: bool) -> None:
    assert mail.refuses_address(error) == is_refused
