"""Sending the digests and recording how each ended. docs/operations.md says which failures are chosen."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import random
from typing import Any

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from accounts.actions import Origin, refuse_email, refuse_mailbox, trust_email, trust_mailbox
from accounts.models import User
from notifications.channels import mail
from notifications.claims import MAX_ATTEMPTS, after_failure, claim, claim_many, settle
from notifications.models import Message, Reminder, Run

logger = logging.getLogger(__name__)

# So many are claimed at once: more would wait for the lease when their worker dies.
BATCH = 20
# How long after its first mail a batch may begin another, so that its job ends long before its claims do.
BATCH_TIME = timedelta(seconds=settings.DELIVERY_SECONDS) / 2
# A digest is held against the present state right before it is sent: at most so long.
SITUATION_TIME = timedelta(seconds=1)
SWEEP_LIMIT = 1000
SWEEPS_KEPT = timedelta(days=7)


def sweep(*, now: datetime) -> list[int]:
    """Keys of the digests that wait to be sent, those to a corrected address among them.

    Leaves a trace of having looked, so that silence shows.
    """
    Message.objects.corrected().update(**_fresh(now))
    waiting = Message.objects.claimable(now).order_by("next_attempt_at", "pk")
    message_ids = list(waiting.values_list("pk", flat=True)[:SWEEP_LIMIT])
    Run.objects.create(kind=Run.Kind.SWEEP, started_at=now, planned=len(message_ids), is_finished=True)
    Run.objects.sweeps().filter(started_at__lt=now - SWEEPS_KEPT).delete()
    return message_ids


def claim_message(*, message_id: int, now: datetime) -> Message | None:
    """Take the digest for sending, or None if it is done, not yet due, or another's."""
    return claim(Message.objects.claimable(now), pk=message_id, now=now)


def deliver_many(*, message_ids: Iterable[int], now: Callable[[], datetime]) -> list[str | None]:
    """Send digests one after the other over one connection; the states as of `deliver_one`.

    `now` is asked before each, because many mails take longer than a claim lasts.
    """
    in_order = list(message_ids)
    states: dict[int, str | None] = {}
    with mail.open_line() as line:
        while left := [pk for pk in in_order if pk not in states][:BATCH]:
            states |= deliver_batch(message_ids=left, now=now, line=line)
    return [states[message_id] for message_id in in_order]


def deliver_batch(
    *, message_ids: Sequence[int], now: Callable[[], datetime], line: BaseEmailBackend
) -> dict[int, str | None]:
    """Send a few digests; the states as of `deliver_one`. At least one, and so many as BATCH_TIME allows.

    They are claimed together, but sent and recorded each by itself. What was tried before is claimed by
    itself as well: a mail that takes its worker down takes its neighbours with it once, not eight times.
    """
    begun = now()
    first_time = Message.objects.claimable(begun).filter(attempts=0)
    claimed = {row.pk: row for row in claim_many(first_time, pks=message_ids, now=begun)}
    states: dict[int, str | None] = {}
    situation: Situation | None = None
    for message_id in message_ids:
        moment = now() if states else begun
        message = claimed.pop(message_id, None)
        if states and moment - begun > BATCH_TIME:
            if message is not None:  # given back as it was
                settle(message, Message.State.PLANNED, attempts=0)
        elif message is None:
            states[message_id] = deliver_one(message_id=message_id, now=moment, line=line)
        else:
            if situation is None or moment - situation.seen_at > SITUATION_TIME:
                situation = _look([message, *claimed.values()], moment)
            states[message_id] = _deliver(message, situation, moment, line, random)
    return states


def deliver_one(
    *,
    message_id: int,
    now: datetime,
    line: BaseEmailBackend | None = None,
    spread: Callable[[], float] = random,
) -> str | None:
    """Send one digest and record how it ended; returns the state, or None when there was nothing to do.

    A digest whose every matter was settled since it was planned is dropped. `spread` is that of
    `claims.after_failure`.
    The network is used outside any transaction. A crash between sending and recording sends the mail again
    after the lease: doubled (with the same Message-ID) is chosen over lost.
    """
    message = claim_message(message_id=message_id, now=now)
    return None if message is None else _deliver(message, _look([message], now), now, line, spread)


@dataclass(frozen=True)
class Situation:
    """Whom some digests are for, and which of them still have something to say, as of a moment ago."""

    people: Mapping[int, User]
    called_for: Set[int]
    seen_at: datetime


def _look(messages: Sequence[Message], now: datetime) -> Situation:
    """Two queries, however many digests."""
    rows = Reminder.objects.filter(message__in=messages).still_called_for()
    return Situation(
        people=User.objects.select_related("department").in_bulk([row.recipient_id for row in messages]),
        called_for=set(rows.values_list("message_id", flat=True).distinct()),
        seen_at=now,
    )


def _deliver(
    message: Message,
    situation: Situation,
    now: datetime,
    line: BaseEmailBackend | None,
    spread: Callable[[], float],
) -> str | None:
    if message.attempts > MAX_ATTEMPTS:
        # Only leases that ran out lead here: this mail takes its worker down each time.
        return _settle(message, Message.State.DEAD, error="多次发送均中断，未能完成，不再重试。")
    if message.pk not in situation.called_for:
        return _drop(message)
    reader = _reader_now(situation.people[message.recipient_id])
    if reader is None:
        error = "收件人账号已停用，没有接手人，未发送。"
        return _settle(message, Message.State.DEAD, error=error)
    message.address, refusal = _address_now(message, reader)
    if not message.address:
        return _settle(message, Message.State.DEAD, error=f"{reader}没有登记邮箱，未发送。")
    if refusal:
        return _give_up_address(message, refusal)
    try:
        mail.send(message, line)
    except Exception as error:  # whatever happens to one recipient stays with that recipient
        return _record_failure(message, reader, error, now, spread)
    return _settle(message, Message.State.SENT, sent_at=now, error="", address=message.address)


def _drop(message: Message) -> str | None:
    """End a digest that has nothing left to say. Its stages were not told, and may be again."""
    with transaction.atomic():
        ended = _settle(message, Message.State.DROPPED, error="列入的事项在发送前均已办结或变更，未发送。")
        if ended:
            message.reminders.planned().update(state=Reminder.State.DROPPED)
    return ended


def _reader_now(person: User) -> User | None:
    """Who gets the person's digest: the same, or whoever took over since it was planned; None for nobody.

    A successor who has left the unit as well does not get its mail.
    """
    seen = {person.pk}
    if person.is_active:
        return person
    while person.successor_id and person.successor_id not in seen:
        seen.add(person.successor_id)
        before, person = person, User.objects.get(pk=person.successor_id)
        if person.is_active:
            return person if _is_colleague(before, person) else None
    return None


def _address_now(message: Message, reader: User) -> tuple[str, str]:
    """Where it goes, empty for nowhere, and in which words the mail server refused that address.

    What was planned for another address than the reader's goes to the unit's own mailbox, whatever that is
    by now, as long as its reader has no address.
    """
    unit = reader.department
    is_own = reader.is_reachable or message.address == reader.email
    if is_own or unit is None or not unit.mailbox:
        return reader.email, reader.email_refusal
    return unit.mailbox, unit.mailbox_refusal


def _is_colleague(before: User, successor: User) -> bool:
    return User.objects.all().could_succeed(before).filter(pk=successor.pk).exists()


def _record_failure(
    message: Message, reader: User, error: Exception, now: datetime, spread: Callable[[], float]
) -> str | None:
    reason = mail.describe(error)
    logger.warning("message %s attempt %s failed: %s", message.pk, message.attempts, reason)
    if mail.refuses_address(error):
        # Whose it is: nothing is marked where the address is another.
        refuse_email(reader.pk, address=message.address, reason=reason, now=now)
        if reader.department_id:
            refuse_mailbox(reader.department_id, address=message.address, reason=reason, now=now)
        return _give_up_address(message, reason)
    return _settle(message, **after_failure(mail, message, error, now, spread))


def _give_up_address(message: Message, reason: str) -> str | None:
    """End a digest until somebody corrects the address; then the sweep takes it up."""
    address, state = message.address, Message.State.DEAD
    return _settle(message, state, error=reason, address=address, is_address_refused=True)


def _settle(message: Message, state: str, **changes: Any) -> str | None:
    """End a claim. Without effect when the lease ran out and another holds it now."""
    if not settle(message, state, **changes):
        logger.warning("message %s: the claim was lost before the end was recorded", message.pk)
        return None
    return state


@transaction.atomic
def resend_message(*, message: Message, origin: Origin) -> bool:
    """Queue a failed digest again, to the address it has now. False if it has not failed.

    Whoever does so says that the address is right: its mark is taken away.
    """
    failed = Message.objects.filter(pk=message.pk, state=Message.State.DEAD)
    person, address = message.recipient, address_of(message)
    if not failed.update(address=address, **_fresh(origin.now)):
        return False
    if address == person.email:
        trust_email(person, origin)
    if person.department and address == person.department.mailbox:
        trust_mailbox(person.department, origin)
    return True


def address_of(message: Message) -> str:
    """Where a failed digest would be sent again; empty for nowhere."""
    return _address_now(message, message.recipient)[0]


def _fresh(now: datetime) -> dict[str, Any]:
    """What a digest that was given up gets to start again."""
    return {
        "state": Message.State.PLANNED,
        "next_attempt_at": now,
        "attempts": 0,
        "error": "",
        "is_address_refused": False,
    }
