"""The unit's own mailbox stands in where nobody of the unit has an address; and when it is refused itself."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actions import Origin, change_email, save_department, words_of_department
from accounts.models import AuditEvent, Department, Region, User
from notifications.actions import delivery, planning
from notifications.dashboards import unreachable_departments
from notifications.models import Message, Reminder
from tests.factories import NOW, PASSWORD, TODAY, Cast, make_assignment
from tests.services import SmtpSink

MAILBOX = "sthjj@example.cn"
NO_SUCH_USER = "550 5.1.1 no such user"
WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def demo_date(settings: Any) -> None:
    settings.DUBAN_TODAY = TODAY


@pytest.fixture
def silent(cast: Cast) -> Cast:
    """A bureau with overdue work and a mailbox, and nobody in it with an address."""
    User.objects.filter(department=cast.bureau).update(email="")
    Department.objects.filter(pk=cast.bureau.pk).update(mailbox=MAILBOX)
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    return cast


@pytest.fixture
def refused(silent: Cast, smtp_sink: SmtpSink) -> Cast:
    """And its mailbox was refused."""
    smtp_sink.replies[MAILBOX] = NO_SUCH_USER
    assert run() == ["DEAD"]
    smtp_sink.replies.clear()
    smtp_sink.recipients.clear()
    return silent


def run(after: timedelta = timedelta(0)) -> list[str | None]:
    """Plan and deliver: how each mail of that day ended."""
    planning.plan_reminders(today=TODAY + after, now=NOW + after)
    return deliver(after)


def deliver(after: timedelta = timedelta(0)) -> list[str | None]:
    return [delivery.deliver_one(message_id=pk, now=NOW + after) for pk in delivery.sweep(now=NOW + after)]


def set_mailbox(unit: Department, address: str, by: User) -> None:
    unit.refresh_from_db()
    before = words_of_department(unit)
    unit.mailbox = address
    save_department(unit, before=before, aliases=[], members=[], origin=Origin(by, NOW))


def test_it_gets_the_one_mail_of_the_unit(silent: Cast, smtp_sink: SmtpSink) -> None:
    assert run() == ["SENT"]
    assert smtp_sink.recipients == [MAILBOX]
    sent = Message.objects.get(state="SENT")
    assert (sent.recipient, sent.address) == (silent.head, MAILBOX), "in the name of the head"
    assert Message.objects.filter(state="INBOX").count() == 2, "the others read it in the application"


def test_it_gets_the_mail_when_the_only_address_was_refused(silent: Cast, smtp_sink: SmtpSink) -> None:
    User.objects.filter(pk=silent.head.pk).update(email="head@example.cn")
    smtp_sink.replies["head@example.cn"] = NO_SUCH_USER
    assert run() == ["DEAD"]
    assert deliver() == [], "what was hers waits until her address is corrected"
    run(WEEK)
    assert sorted(smtp_sink.recipients) == [MAILBOX, "zhoumin@example.cn"], "and the coordinator's"


def test_a_colleagues_later_address_is_used_instead(silent: Cast, smtp_sink: SmtpSink) -> None:
    assert run() == ["SENT"]
    change_email(silent.reporter, "wang.fang@example.cn", Origin(silent.reporter, NOW))
    smtp_sink.recipients.clear()
    run(WEEK)
    assert sorted(smtp_sink.recipients) == ["wang.fang@example.cn", "zhoumin@example.cn"]


def test_the_readers_own_later_address_is_used_at_delivery(silent: Cast, smtp_sink: SmtpSink) -> None:
    planning.plan_reminders(today=TODAY, now=NOW)
    change_email(silent.head, "head@example.cn", Origin(silent.head, NOW))
    assert deliver() == ["SENT"]
    assert smtp_sink.recipients == ["head@example.cn"]


def test_a_mailbox_corrected_before_delivery_is_used(silent: Cast, smtp_sink: SmtpSink) -> None:
    planning.plan_reminders(today=TODAY, now=NOW)
    set_mailbox(silent.bureau, "bgs@example.cn", silent.coordinator)
    assert deliver() == ["SENT"]
    assert smtp_sink.recipients == ["bgs@example.cn"]


def test_a_mailbox_taken_away_before_delivery_leaves_nowhere(silent: Cast, smtp_sink: SmtpSink) -> None:
    planning.plan_reminders(today=TODAY, now=NOW)
    set_mailbox(silent.bureau, "", silent.coordinator)
    assert deliver() == ["DEAD"]
    assert deliver() == []
    assert Message.objects.get(state="DEAD").error == "张伟没有登记邮箱，未发送。"


def test_a_refused_mailbox_is_marked_and_audited(refused: Cast) -> None:
    refused.bureau.refresh_from_db()
    assert (refused.bureau.mailbox_refused_at, refused.bureau.mailbox_refusal) == (NOW, NO_SUCH_USER)
    assert refused.bureau.reachable_mailbox == ""
    dead = Message.objects.get(state="DEAD")
    assert (dead.address, dead.is_address_refused) == (MAILBOX, True)
    event = AuditEvent.objects.get(kind="EMAIL_REFUSED")
    assert (event.actor, event.subject, event.region) == (None, None, refused.city)
    assert [line[2] for line in event.lines] == ["市生态环境局", MAILBOX, NO_SUCH_USER]
    assert User.objects.all().refused().count() == 0, "no person is"


def test_nothing_is_written_to_it_meanwhile(refused: Cast, smtp_sink: SmtpSink) -> None:
    assert deliver() == []
    planning.plan_reminders(today=TODAY + WEEK, now=NOW + WEEK)
    ours = Message.objects.filter(day=TODAY + WEEK, recipient__department=refused.bureau)
    assert set(ours.values_list("state", "address")) == {("INBOX", "")}
    regions = Region.objects.filter(pk=refused.city.pk)
    assert list(unreachable_departments(regions)) == [refused.bureau]
    deliver(WEEK)
    assert MAILBOX not in smtp_sink.recipients


def test_what_was_waiting_for_it_is_not_tried(refused: Cast, smtp_sink: SmtpSink) -> None:
    Message.objects.filter(address=MAILBOX).update(state="RETRY", is_address_refused=False)
    assert deliver() == ["DEAD"]
    waiting = Message.objects.get(address=MAILBOX)
    assert (waiting.error, waiting.is_address_refused) == (NO_SUCH_USER, True)
    assert smtp_sink.recipients == []


def test_coordinators_are_told(client: Client, refused: Cast) -> None:
    planning.plan_reminders(today=TODAY + WEEK, now=NOW + WEEK)
    digest = Message.objects.get(recipient=refused.coordinator, day=TODAY + WEEK)
    assert f"市生态环境局（单位邮箱）{MAILBOX}：{NO_SUCH_USER}" in digest.text
    for person, seen in (
        (refused.coordinator, True),
        (refused.administrator, True),
        (refused.county_coordinator, False),
        (refused.foreign_coordinator, False),
        (refused.reporter, False),
        (refused.leader, False),
    ):
        client.force_login(person)
        text = client.get(reverse("notifications:mail")).content.decode()
        assert ("被拒收的邮箱" in text and MAILBOX in text) == seen, person
    client.force_login(refused.coordinator)
    assert "被拒收" in client.get(reverse("accounts:departments")).content.decode()


def test_its_correction_sends_what_was_kept_back(refused: Cast, smtp_sink: SmtpSink) -> None:
    set_mailbox(refused.bureau, "bgs@example.cn", refused.coordinator)
    refused.bureau.refresh_from_db()
    assert refused.bureau.reachable_mailbox == "bgs@example.cn"
    assert AuditEvent.objects.get(kind="EMAIL_TRUSTED").actor == refused.coordinator
    assert deliver() == ["SENT"]
    assert smtp_sink.recipients == ["bgs@example.cn"]
    assert deliver() == []


def test_another_change_of_the_unit_corrects_nothing(refused: Cast) -> None:
    refused.bureau.refresh_from_db()
    before = words_of_department(refused.bureau)
    refused.bureau.short_name = "环境局"
    save_department(
        refused.bureau, before=before, aliases=[], members=[], origin=Origin(refused.coordinator, NOW)
    )
    assert Department.objects.mailbox_refused().count() == 1
    assert deliver() == []


def test_correction_in_the_back_office_counts(client: Client, refused: Cast) -> None:
    User.objects.filter(pk=refused.administrator.pk).update(is_staff=True, is_superuser=True)
    client.force_login(refused.administrator)
    data = {"name": "市生态环境局", "short_name": "市生态环境局", "kind": "BUREAU", "is_active": "on"}
    data |= {"aliases-TOTAL_FORMS": "0", "aliases-INITIAL_FORMS": "0"}
    address = reverse("admin:accounts_department_change", args=[refused.bureau.pk])
    assert client.post(address, data | {"mailbox": MAILBOX}).status_code == 302
    assert Department.objects.mailbox_refused().count() == 1, "saved unchanged, nothing was corrected"
    assert client.post(address, data | {"mailbox": "bgs@example.cn"}).status_code == 302
    assert Department.objects.mailbox_refused().count() == 0


def test_sent_again_by_a_coordinator_who_says_it_is_right(
    client: Client, refused: Cast, smtp_sink: SmtpSink
) -> None:
    dead = Message.objects.get(state="DEAD")
    client.force_login(refused.coordinator)
    page = client.get(reverse("notifications:message", args=[dead.pk])).content.decode()
    assert f"将发往现在登记的邮箱：{MAILBOX}" in page
    assert client.post(reverse("notifications:resend", args=[dead.pk])).status_code == 302
    assert Department.objects.mailbox_refused().count() == 0
    assert deliver(timedelta(days=1)) == ["SENT"]
    assert smtp_sink.recipients == [MAILBOX]


@pytest.mark.parametrize("who", ["foreign_coordinator", "county_coordinator", "reporter", "leader"])
def test_nobody_else_sends_it_again(client: Client, refused: Cast, who: str) -> None:
    dead = Message.objects.get(state="DEAD")
    client.force_login(getattr(refused, who))
    assert client.post(reverse("notifications:resend", args=[dead.pk])).status_code == 404
    assert Department.objects.mailbox_refused().count() == 1


def test_a_person_who_uses_the_units_mailbox(silent: Cast, smtp_sink: SmtpSink) -> None:
    """One address, refused once: both are marked, and one correction of either sends it."""
    User.objects.filter(pk=silent.head.pk).update(email=MAILBOX)
    smtp_sink.replies[MAILBOX] = NO_SUCH_USER
    assert run() == ["DEAD"]
    silent.head.refresh_from_db()
    silent.bureau.refresh_from_db()
    assert silent.head.email_refused_at == silent.bureau.mailbox_refused_at == NOW
    smtp_sink.replies.clear()
    assert deliver() == []
    change_email(silent.head, "head@example.cn", Origin(silent.head, NOW))
    assert deliver() == ["SENT"]


def test_corrected_mailbox_of_somebody_who_left_does_not_turn_in_circles(
    refused: Cast, smtp_sink: SmtpSink
) -> None:
    User.objects.filter(pk=refused.head.pk).update(is_active=False)
    set_mailbox(refused.bureau, "bgs@example.cn", refused.coordinator)
    assert deliver() == []
    assert smtp_sink.recipients == []


# People who are told in the application only


def test_settled_or_not_it_stays_in_the_inbox(cast: Cast, smtp_sink: SmtpSink) -> None:
    """Nothing goes out, so nothing is dropped: the line stays told, and is not told twice."""
    User.objects.filter(pk=cast.reporter.pk).update(email="")
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    planning.plan_reminders(today=TODAY, now=NOW)
    share.due_date = date(2024, 12, 31)
    share.save(update_fields=["due_date"])
    assert set(deliver()) == {"DROPPED"}
    own = Message.objects.get(recipient=cast.reporter)
    assert own.state == "INBOX"
    assert delivery.deliver_one(message_id=own.pk, now=NOW + timedelta(hours=1)) is None
    assert own.reminders.get(stage="OVERDUE_1").state == Reminder.State.PLANNED
    assert Message.objects.unread_by(cast.reporter).count() == 1
    assert Message.objects.unread_by(cast.head).count() == 0


def test_unread_ones_are_at_most_one_a_day(client: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.reporter.pk).update(email="")
    for _ in range(5):
        make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    for hours in range(0, 24 * 8, 3):
        now = NOW + timedelta(hours=hours)
        planning.plan_reminders(today=(TODAY + timedelta(hours=hours)), now=now)
    assert Message.objects.unread_by(cast.reporter).count() == 2, "overdue by one day, and by eight"


def test_a_corrected_address_gets_the_next_stages(cast: Cast, client: Client, smtp_sink: SmtpSink) -> None:
    User.objects.filter(pk=cast.reporter.pk).update(email="")
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    run()
    assert "wangfang@example.cn" not in smtp_sink.recipients
    client.force_login(cast.reporter)
    sent = {"email": "wang.fang@example.cn", "password": PASSWORD}
    assert client.post(reverse("accounts:email"), sent).status_code == 302
    smtp_sink.recipients.clear()
    assert run(timedelta(days=1)) == [], "what she read in the application is not mailed later"
    run(WEEK)
    assert smtp_sink.recipients.count("wang.fang@example.cn") == 1
    states = Message.objects.filter(recipient=cast.reporter).order_by("day").values_list("state", flat=True)
    assert list(states) == ["INBOX", "SENT"]
    told = Reminder.objects.planned().filter(recipient=cast.reporter).order_by("planned_on")
    assert [row.stage for row in told] == ["OVERDUE_1", "OVERDUE_8"]
