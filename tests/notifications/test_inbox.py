"""The inbox in the application: what is unread, who leaves a trace by opening, and who has nothing else."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from notifications.actions import delivery, inbox, planning
from notifications.models import Message
from tests.factories import NOW, TODAY, Cast, make_assignment
from tests.services import SmtpSink


@pytest.fixture(autouse=True)
def demo_date(settings: Any) -> None:
    settings.DUBAN_TODAY = TODAY


@pytest.fixture
def told(cast: Cast) -> Message:
    """The reporter's digest of today; the colleagues and the county have theirs."""
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    make_assignment(cast.county_bureau, due_date=date(2024, 10, 18))
    planning.plan_reminders(today=TODAY, now=NOW)
    return Message.objects.get(recipient=cast.reporter)


def page(client: Client, user: User, name: str = "notifications:mail", **query: str) -> str:
    client.force_login(user)
    return client.get(reverse(name), query).content.decode()


def is_read(message: Message) -> bool:
    return Message.objects.get(pk=message.pk).read_at is not None


def test_opening_marks_read_and_looking_does_not(client: Client, cast: Cast, told: Message) -> None:
    assert "我的未读 1" in " ".join(page(client, cast.reporter).split())
    assert client.get(reverse("notifications:message", args=[told.pk])).status_code == 200
    assert not is_read(told), "a GET leaves no trace"

    response = client.post(reverse("notifications:open", args=[told.pk]), follow=True)

    assert is_read(told)
    assert response.redirect_chain[-1][0] == reverse("notifications:message", args=[told.pk])
    assert " 打开</dd>" in response.content.decode()
    assert "未读" not in page(client, cast.reporter)


def test_first_opening_counts(cast: Cast, told: Message) -> None:
    assert inbox.mark_read(told, by=cast.reporter, now=NOW)
    assert not inbox.mark_read(told, by=cast.reporter, now=NOW + timedelta(hours=1))
    assert Message.objects.get(pk=told.pk).read_at == NOW


def test_only_the_recipient_leaves_a_trace(client: Client, cast: Cast, told: Message) -> None:
    for person, status in (
        (cast.coordinator, 302),
        (cast.administrator, 302),
        (cast.colleague, 404),
        (cast.county_coordinator, 404),
        (cast.foreign_coordinator, 404),
    ):
        client.force_login(person)
        assert client.post(reverse("notifications:open", args=[told.pk])).status_code == status, person
    assert client.post(reverse("notifications:open", args=[4711])).status_code == 404
    assert not is_read(told)


def test_all_at_once_are_ones_own(client: Client, cast: Cast, told: Message) -> None:
    client.force_login(cast.coordinator)
    client.post(reverse("notifications:read_all"))
    assert not is_read(told)
    client.force_login(cast.reporter)
    client.post(reverse("notifications:read_all"))
    assert is_read(told)
    assert Message.objects.unread_by(cast.colleague).count() == 1


def test_coordinator_finds_the_own_among_many(client: Client, cast: Cast, told: Message) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 10))
    planning.plan_reminders(today=TODAY + timedelta(days=7), now=NOW + timedelta(days=7))
    [own] = Message.objects.filter(recipient=cast.coordinator)
    text = page(client, cast.coordinator, state="UNREAD")
    assert own.subject in text
    assert "wangfang@example.cn" not in text
    assert "没有这种状态的提醒邮件" in page(client, cast.leader, state="UNREAD")


@pytest.mark.parametrize(("name", "reader"), [("my_work", "reporter"), ("overview", "coordinator")])
def test_number_stands_in_the_header(
    client: Client, cast: Cast, told: Message, name: str, reader: str
) -> None:
    user = getattr(cast, reader)
    Message.objects.filter(pk=told.pk).update(recipient=user)
    assert 'class="unread-count" aria-label="未读">1' in page(client, user, name)
    run = told.run
    Message.objects.bulk_create(
        Message(
            run=run,
            recipient=user,
            day=TODAY - timedelta(days=days),
            message_id=f"<{days}>",
            created_at=NOW,
            next_attempt_at=NOW,
        )
        for days in range(1, 120)
    )
    assert 'class="unread-count" aria-label="未读">99+' in page(client, user, name)
    assert "unread-count" not in page(client, user, "ledger"), "counted where one begins, not on every page"
    Message.objects.update(read_at=NOW)
    assert "unread-count" not in page(client, user, name)


def test_who_has_no_address_is_told_in_the_application(
    client: Client, cast: Cast, smtp_sink: SmtpSink
) -> None:
    User.objects.filter(pk=cast.reporter.pk).update(email="")
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    result = planning.plan_reminders(today=TODAY, now=NOW)
    assert result.unreachable == (), "the colleagues of the unit have addresses"

    for message_id in delivery.sweep(now=NOW):
        delivery.deliver_one(message_id=message_id, now=NOW)

    assert sorted(smtp_sink.recipients) == ["lina@example.cn", "zhangwei@example.cn"]
    own = Message.objects.get(recipient=cast.reporter)
    assert (own.state, own.address, own.attempts) == ("INBOX", "", 0)
    assert own.pk not in result.message_ids
    assert delivery.deliver_one(message_id=own.pk, now=NOW) is None
    text = page(client, cast.reporter)
    assert "没有能用的邮箱，只在系统里查看" in text
    assert own.subject in text
    assert planning.plan_reminders(today=TODAY, now=NOW).digests == ()
