"""Deciding who is told what, and delivering it: the only writers of this app.

Two steps, each safe to repeat. `plan_reminders` writes the ledger and one digest per person and day; the
unique keys make a second planner add nothing. `deliver_one` claims a digest, sends it and records the end.
docs/operations.md says which failures are chosen.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Count, F

from accounts.models import Region, User
from notifications.candidates import Candidate, candidates, load_calendar, told_of
from notifications.channels import mail
from notifications.digest import Digest, Matter, compose
from notifications.models import Message, Preference, Reminder, ReminderPolicy, Run
from notifications.policy import Audience, Due, Policies, stages_due
from notifications.recipients import Directory, Recipient
from notifications.workdays import WorkingCalendar, zh_date
from tracker.clock import day_of
from tracker.models import Assignment

logger = logging.getLogger(__name__)

RECIPIENT_BATCH = 200
# A run that would send more than this stops and asks a person (manage.py remind --no-limit).
MESSAGE_LIMIT = 1000
SWEEP_LIMIT = 1000
SWEEPS_KEPT = timedelta(days=7)
# Longer than the job may take that holds the claim (notifications/jobs.py): only the dead lose it.
LEASE = 2 * timedelta(seconds=settings.DELIVERY_SECONDS)
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 180, 360, 720, 1440))
MAX_ATTEMPTS = len(BACK_OFF) + 1


@dataclass(frozen=True)
class Unreachable:
    """A unit, or the coordinators or leaders of a region, of whom nobody active has a mail address."""

    name: str
    region_id: int
    audience: Audience
    count: int

    def __str__(self) -> str:
        return f"{self.name}（涉及{self.count}项）"


@dataclass(frozen=True)
class PlannedDigest:
    """Who will get what."""

    recipient: Recipient
    digest: Digest


@dataclass(frozen=True)
class PlanResult:
    """What a planning run found and, unless it was dry or held, wrote."""

    digests: tuple[PlannedDigest, ...] = ()
    message_ids: tuple[int, ...] = ()
    unreachable: tuple[Unreachable, ...] = ()
    is_held: bool = False
    is_provisional: bool = False


def plan_reminders(
    *,
    today: date,
    now: datetime,
    region: Region | None = None,
    dry_run: bool = False,
    limit: int | None = MESSAGE_LIMIT,
    policies: Policies | None = None,
) -> PlanResult:
    """Decide who is to be told what today, and write it down as one digest per person.

    Steps: read the open assignments in batches, ask the policy of each (the nearest, unless `policies` are
    given), gather by person, write ledger and digests. Whoever has a digest of today already gets the rest
    tomorrow; the ledger forgets nothing. With `dry_run` nothing is written. A run of more than `limit`
    digests is held: nothing is written but the run itself, until a person releases it (release_run).
    Owns its transactions, one for each batch of people; after a crash in between the next run goes on.
    """
    calendar = load_calendar()
    is_provisional = calendar.is_provisional(today.year)
    # Written first, so that a run that breaks off can be seen.
    run = None if dry_run else Run.objects.create(kind=Run.Kind.PLAN, started_at=now)
    if policies is None:
        policies = ReminderPolicy.objects.policies()
    found, unreachable = _gather(today, region, policies, calendar)
    if run is None:
        digests = tuple(PlannedDigest(person, compose(dues, today)) for person, dues in found)
        return PlanResult(digests, unreachable=unreachable, is_provisional=is_provisional)

    if limit is not None and len(found) > limit and not Run.objects.has_release(now):
        run.is_held = True
        _finish_run(run, planned=0, notes=[f"本次将发送{len(found)}封，超过上限{limit}封，已暂停。"])
        logger.warning("run %s held: %s digests, limit %s", run.pk, len(found), limit)
        return PlanResult(unreachable=unreachable, is_held=True, is_provisional=is_provisional)

    written: list[tuple[PlannedDigest, int]] = []
    for start in range(0, len(found), RECIPIENT_BATCH):
        chunk = found[start : start + RECIPIENT_BATCH]
        written += _write_digests(run=run, chunk=chunk, unreachable=unreachable, today=today, now=now)
    notes = [f"无法送达：{line}" for line in unreachable]
    if is_provisional:
        notes.append(f"{today.year}年节假日安排尚未公布，按周末推算。")
    _finish_run(run, planned=len(written), notes=notes)
    logger.info("run %s planned %s digests, %s unreachable", run.pk, len(written), len(unreachable))
    return PlanResult(
        digests=tuple(planned for planned, _ in written),
        message_ids=tuple(pk for _, pk in written),
        unreachable=unreachable,
        is_provisional=is_provisional,
    )


Dues = list[tuple[Matter, Due]]


def _gather(
    today: date, region: Region | None, policies: Policies, calendar: WorkingCalendar
) -> tuple[list[tuple[Recipient, Dues]], tuple[Unreachable, ...]]:
    """What each person is to be told, and what cannot be told to anybody."""
    if not calendar.is_working(today) and not Preference.objects.wanting_rest_days().exists():
        return [], ()
    directory = Directory(calendar)
    told_today = set(Message.objects.filter(day=today).values_list("recipient_id", flat=True))
    found: dict[Recipient, Dues] = defaultdict(list)
    nobody: dict[tuple[str, int, Audience], int] = defaultdict(int)
    among = Assignment.objects.all() if region is None else Assignment.objects.in_region(region.pk)
    for batch in candidates(among, policies.all, today):
        ledger = told_of([candidate.facts.id for candidate in batch])
        for candidate in batch:
            policy = policies.of(candidate.plan_id, candidate.region_id)
            fresh = stages_due(candidate.facts, policy, calendar, today, frozenset())
            for audience in dict.fromkeys(due.audience for due in fresh):
                people = directory.of(audience, candidate, today)
                if not people:
                    nobody[_name_of(audience, candidate), candidate.region_id, audience] += 1
                for person in people:
                    if person.id in told_today or directory.rests(person, today):
                        continue
                    # Each kind of stage has one audience, so a person's rows can all be taken as of this one.
                    rows = ledger.get((candidate.facts.id, person.id), ())
                    already = {(audience.value, stage, day) for stage, day in rows}
                    dues = stages_due(candidate.facts, policy, calendar, today, already) if rows else fresh
                    found[person] += [
                        (candidate.matter, due)
                        for due in dues
                        if due.audience is audience and directory.wants(person, due)
                    ]
    people_with_news = [(person, dues) for person, dues in found.items() if dues]
    return (
        sorted(people_with_news, key=lambda pair: pair[0].id),
        tuple(Unreachable(*key, count) for key, count in sorted(nobody.items())),
    )


def _name_of(audience: Audience, candidate: Candidate) -> str:
    if audience is Audience.UNIT:
        return candidate.matter.unit
    return candidate.region_name + ("督办员" if audience is Audience.COORDINATOR else "领导")


@transaction.atomic(durable=True)
def _write_digests(
    *,
    run: Run,
    chunk: Sequence[tuple[Recipient, Dues]],
    unreachable: Sequence[Unreachable],
    today: date,
    now: datetime,
) -> list[tuple[PlannedDigest, int]]:
    """Write the digests and ledger rows of some people; what another planner wrote first is left out.

    Whose digest of the day it is is settled first; another planner waits here for our commit. Then the ledger
    decides what stands in it.
    """
    digests = {person.id: PlannedDigest(person, compose(dues, today)) for person, dues in chunk}
    Message.objects.bulk_create(
        [_new_message(planned, run, unreachable, today, now) for planned in digests.values()],
        ignore_conflicts=True,
    )
    made = dict(Message.objects.filter(run=run, recipient__in=digests).values_list("recipient_id", "pk"))
    rows = [
        Reminder(
            run_id=run.pk,
            assignment_id=matter.assignment_id,
            recipient_id=person.id,
            stage=stage,
            occasion_date=due.occasion_date,
            planned_on=today,
            state=Reminder.State.PLANNED if stage == due.stage else Reminder.State.SUPERSEDED,
            message_id=made[person.id],
        )
        for person, dues in chunk
        if person.id in made
        for matter, due in dues
        for stage in (*due.superseded, due.stage)
    ]
    Reminder.objects.bulk_create(rows, ignore_conflicts=True)
    wanted = Counter(row.message_id for row in rows)
    entered = (
        Reminder.objects.filter(message__in=made.values()).values_list("message").annotate(n=Count("pk"))
    )
    entered_numbers = dict(entered)
    written = []
    for person, dues in chunk:
        message_id = made.get(person.id)
        if message_id is None:
            continue
        planned: PlannedDigest | None = digests[person.id]
        if entered_numbers.get(message_id) != wanted[message_id]:
            # Another planner, of another day, was faster with some of it.
            planned = _rewrite(message_id, person, dues, unreachable, today)
        if planned is not None:
            written.append((planned, message_id))
    return written


def _rewrite(
    message_id: int, person: Recipient, dues: Dues, unreachable: Sequence[Unreachable], today: date
) -> PlannedDigest | None:
    """Let a digest say only what the ledger holds of it; None, and no digest, where that is nothing."""
    message = Message.objects.get(pk=message_id)
    ours = message.reminders.filter(state=Reminder.State.PLANNED)
    entered = set(ours.values_list("assignment_id", "stage"))
    left = [(matter, due) for matter, due in dues if (matter.assignment_id, due.stage) in entered]
    if not left:
        message.reminders.all().delete()
        message.delete()
        return None
    planned = PlannedDigest(person, compose(left, today))
    message.subject = planned.digest.subject_line
    message.text, message.html = _render(planned, unreachable)
    message.save(update_fields=["subject", "text", "html"])
    return planned


def _render(planned: PlannedDigest, unreachable: Sequence[Unreachable]) -> tuple[str, str]:
    person = planned.recipient
    silent_units = tuple(
        str(line)
        for line in unreachable
        if line.audience is Audience.UNIT and line.region_id == person.coordinates
    )
    return mail.render(planned.digest, name=person.name, unreachable=silent_units)


def _new_message(
    planned: PlannedDigest, run: Run, unreachable: Sequence[Unreachable], today: date, now: datetime
) -> Message:
    person = planned.recipient
    text, html = _render(planned, unreachable)
    return Message(
        run=run,
        recipient_id=person.id,
        address=person.address,
        day=today,
        subject=planned.digest.subject_line,
        text=text,
        html=html,
        # Named after what makes the row unique, so that a mail doubled by a crash is recognised as one.
        message_id=f"<digest-{person.id}-{today:%Y%m%d}@{mail.sender_domain()}>",
        created_at=now,
        next_attempt_at=now,
    )


def _finish_run(run: Run, *, planned: int, notes: Sequence[str]) -> None:
    run.planned = planned
    run.note = "\n".join(notes)
    run.is_finished = True
    run.save(update_fields=["planned", "note", "is_finished", "is_held"])


@transaction.atomic
def release_run(*, run_id: int, by: User, now: datetime) -> bool:
    """Let a held run go: the next run plans whatever the number. False if none waits to be let go."""
    run = Run.objects.releasable(now).select_for_update().filter(pk=run_id).first()
    if run is None:
        return False
    run.released_by, run.released_at = by, now
    run.note += f"\n{zh_date(day_of(now))}由{by}放行。"
    run.save(update_fields=["released_by", "released_at", "note"])
    return True


def sweep(*, now: datetime) -> list[int]:
    """Keys of the digests that wait to be sent. Leaves a trace of having looked, so that silence shows."""
    waiting = Message.objects.claimable(now).order_by("next_attempt_at", "pk")
    message_ids = list(waiting.values_list("pk", flat=True)[:SWEEP_LIMIT])
    Run.objects.create(kind=Run.Kind.SWEEP, started_at=now, planned=len(message_ids), is_finished=True)
    Run.objects.sweeps().filter(started_at__lt=now - SWEEPS_KEPT).delete()
    return message_ids


def claim_message(*, message_id: int, now: datetime) -> Message | None:
    """Take the digest for sending, or None if it is done, not yet due, or another's."""
    claimed = Message.objects.claimable(now).filter(pk=message_id)
    count = claimed.update(state=Message.State.CLAIMED, claimed_until=now + LEASE, attempts=F("attempts") + 1)
    return Message.objects.select_related("recipient").get(pk=message_id) if count else None


def deliver_many(*, message_ids: Iterable[int], now: Callable[[], datetime]) -> list[str | None]:
    """Send digests one after the other over one connection; the states as of `deliver_one`.

    `now` is asked before each, because many mails take longer than a claim lasts.
    """
    with mail.open_line() as line:
        return [deliver_one(message_id=message_id, now=now(), line=line) for message_id in message_ids]


def deliver_one(*, message_id: int, now: datetime, line: BaseEmailBackend | None = None) -> str | None:
    """Send one digest and record how it ended; returns the state, or None when there was nothing to do.

    The network is used outside any transaction. A crash between sending and recording sends the mail again
    after the lease: doubled (with the same Message-ID) is chosen over lost.
    """
    message = claim_message(message_id=message_id, now=now)
    if message is None:
        return None
    if message.attempts > MAX_ATTEMPTS:
        # Only leases that ran out lead here: this mail takes its worker down each time.
        return _settle(message, Message.State.DEAD, error="多次发送均中断，未能完成，不再重试。")
    address = _address_now(message)
    if address is None:
        return _settle(
            message, Message.State.DEAD, error="收件人账号已停用，没有接手人或接手人没有邮箱，未发送。"
        )
    message.address = address
    try:
        mail.send(message, line)
    except Exception as error:  # whatever happens to one recipient stays with that recipient
        return _record_failure(message, error, now)
    return _settle(message, Message.State.SENT, sent_at=now, error="", address=address)


def _address_now(message: Message) -> str | None:
    """Where the digest goes: to its recipient, or to whoever took over since it was planned; None for nobody.

    A successor who has left the unit as well does not get its mail.
    """
    person, seen = message.recipient, {message.recipient_id}
    if person.is_active:
        return message.address
    while person.successor_id and person.successor_id not in seen:
        seen.add(person.successor_id)
        before, person = person, User.objects.get(pk=person.successor_id)
        if person.is_active:
            return person.email or None if _is_colleague(before, person) else None
    return None


def _is_colleague(before: User, successor: User) -> bool:
    return User.objects.all().could_succeed(before).filter(pk=successor.pk).exists()


def _record_failure(message: Message, error: Exception, now: datetime) -> str | None:
    reason = mail.describe(error)
    logger.warning("message %s attempt %s failed: %s", message.pk, message.attempts, reason)
    if mail.is_permanent(error):
        return _settle(message, Message.State.DEAD, error=reason)
    if message.attempts == MAX_ATTEMPTS:
        return _settle(message, Message.State.DEAD, error=f"已尝试{message.attempts}次，不再重试：{reason}")
    next_attempt_at = now + BACK_OFF[message.attempts - 1]
    return _settle(message, Message.State.RETRY, error=reason, next_attempt_at=next_attempt_at)


def _settle(message: Message, state: str, **changes: datetime | str) -> str | None:
    """End a claim. Without effect when the lease ran out and another holds it now."""
    held = Message.objects.filter(
        pk=message.pk, state=Message.State.CLAIMED, claimed_until=message.claimed_until
    )
    if not held.update(state=state, claimed_until=None, **changes):
        logger.warning("message %s: the claim was lost before the end was recorded", message.pk)
        return None
    return state


def resend_message(*, message: Message, now: datetime) -> bool:
    """Queue a failed digest again, to the address the person has now. False if it has not failed."""
    failed = Message.objects.filter(pk=message.pk, state=Message.State.DEAD)
    count = failed.update(
        state=Message.State.PLANNED,
        address=message.recipient.email,
        next_attempt_at=now,
        attempts=0,
        error="",
    )
    return bool(count)
