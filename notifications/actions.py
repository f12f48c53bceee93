"""Deciding who is told what, and delivering it: the only writers of this app.

Two steps, each safe to repeat. `plan_reminders` writes the ledger and one digest per person and day; the
unique keys make a second planner add nothing. `deliver_one` claims a digest, sends it and records the end.
docs/operations.md says which failures are chosen.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from accounts.models import Region, User
from notifications.channels import mail
from notifications.delivery import MAX_ATTEMPTS, after_failure, claim, settle
from notifications.digest import TEXT_LIMIT, Digest, Matter, compose
from notifications.models import CalendarDay, Message, Reminder, Run
from notifications.policy import DEFAULT_POLICY, AssignmentFacts, Audience, Due, Policy, stages_due
from notifications.workdays import WorkingCalendar
from tracker.clock import day_of
from tracker.models import Assignment, ExtensionRequest
from tracker.workflow import Status

logger = logging.getLogger(__name__)

ASSIGNMENT_BATCH = 2000
RECIPIENT_BATCH = 200
# A run that would send more than this stops and asks a person (manage.py remind --no-limit).
MESSAGE_LIMIT = 1000
SWEEP_LIMIT = 1000
SWEEPS_KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Recipient:
    """A person who is told, by mail where there is an address, else in the application only."""

    id: int
    name: str
    address: str
    coordinates: int | None  # the region of a coordinator, who is also told which units cannot be reached


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


@dataclass(frozen=True)
class _Candidate:
    """An open assignment as the planner reads it."""

    facts: AssignmentFacts
    matter: Matter
    department_id: int
    region_id: int
    region_name: str


class _Directory:
    """Who is told of what: active people, by unit and by region."""

    def __init__(self) -> None:
        self._people: dict[tuple[Audience, int], list[Recipient]] = defaultdict(list)
        for user in User.objects.filter(is_active=True).order_by("pk"):
            recipient = Recipient(
                user.pk, str(user), user.email, user.region_id if user.is_coordinator else None
            )
            if user.is_unit_person and user.department_id:
                self._people[Audience.UNIT, user.department_id].append(recipient)
            elif user.region_id and user.is_coordinator:
                self._people[Audience.COORDINATOR, user.region_id].append(recipient)
            elif user.region_id and user.is_leader:
                self._people[Audience.LEADER, user.region_id].append(recipient)

    def of(self, audience: Audience, candidate: _Candidate) -> Sequence[Recipient]:
        place = candidate.department_id if audience is Audience.UNIT else candidate.region_id
        return self._people.get((audience, place), ())


def load_calendar() -> WorkingCalendar:
    """The working calendar with this installation's own days."""
    return WorkingCalendar(dict(CalendarDay.objects.values_list("date", "is_workday")))


def plan_reminders(
    *,
    today: date,
    now: datetime,
    region: Region | None = None,
    dry_run: bool = False,
    limit: int | None = MESSAGE_LIMIT,
    policy: Policy = DEFAULT_POLICY,
) -> PlanResult:
    """Decide who is to be told what today, and write it down as one digest per person.

    Steps: read the open assignments in batches, ask the policy, gather by person, write ledger and digests.
    Whoever has a digest of today already gets the rest tomorrow; the ledger forgets nothing. With `dry_run`
    nothing is written. A run of more than `limit` digests is held: nothing is written but the run itself.
    Owns its transactions, one for each batch of people; after a crash in between the next run goes on.
    """
    calendar = load_calendar()
    is_provisional = calendar.is_provisional(today.year)
    # Written first, so that a run that breaks off can be seen.
    run = None if dry_run else Run.objects.create(kind=Run.Kind.PLAN, started_at=now)
    found, unreachable = _gather(today, region, policy, calendar)
    if run is None:
        digests = tuple(PlannedDigest(person, compose(dues, today)) for person, dues in found)
        return PlanResult(digests, unreachable=unreachable, is_provisional=is_provisional)

    if limit is not None and len(found) > limit:
        note = f"本次将发送{len(found)}封，超过上限{limit}封，已暂停。"
        _finish_run(run, planned=0, notes=[note + "请核对后由管理员执行 manage.py remind --no-limit。"])
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
        message_ids=tuple(pk for planned, pk in written if planned.recipient.address),
        unreachable=unreachable,
        is_provisional=is_provisional,
    )


Dues = list[tuple[Matter, Due]]


def _gather(
    today: date, region: Region | None, policy: Policy, calendar: WorkingCalendar
) -> tuple[list[tuple[Recipient, Dues]], tuple[Unreachable, ...]]:
    """What each person is to be told, and what cannot be told to anybody."""
    directory = _Directory()
    told_today = set(Message.objects.filter(day=today).values_list("recipient_id", flat=True))
    found: dict[Recipient, Dues] = defaultdict(list)
    nobody: dict[tuple[str, int, Audience], int] = defaultdict(int)
    for batch in _candidates(today, region, policy):
        ledger = _ledger([candidate.facts.id for candidate in batch])
        for candidate in batch:
            fresh = stages_due(candidate.facts, policy, calendar, today, frozenset())
            for audience in dict.fromkeys(due.audience for due in fresh):
                people = directory.of(audience, candidate)
                if not any(person.address for person in people):
                    nobody[_name_of(audience, candidate), candidate.region_id, audience] += 1
                for person in people:
                    if person.id in told_today:
                        continue
                    # Each kind of stage has one audience, so a person's rows can all be taken as of this one.
                    rows = ledger.get((candidate.facts.id, person.id), ())
                    already = {(audience.value, stage, day) for stage, day in rows}
                    dues = stages_due(candidate.facts, policy, calendar, today, already) if rows else fresh
                    found[person] += [(candidate.matter, due) for due in dues if due.audience is audience]
    people_with_news = [(person, dues) for person, dues in found.items() if dues]
    return (
        sorted(people_with_news, key=lambda pair: pair[0].id),
        tuple(Unreachable(*key, count) for key, count in sorted(nobody.items())),
    )


def _candidates(today: date, region: Region | None, policy: Policy) -> Iterator[list[_Candidate]]:
    """Open assignments that can call for a reminder at all, in batches by key."""
    with_unit = Q(status__in=Status.with_unit) & (
        Q(due_date__isnull=True)
        | Q(due_date__lte=today + policy.horizon)
        | Q(status=Status.PENDING)
        | Q(returned_at__isnull=False)
        | Q(nudged_at__isnull=False)
        | Q(task__instructed_at__isnull=False)
    )
    unanswered = ExtensionRequest.objects.open()
    is_asking = Exists(unanswered.filter(assignment=OuterRef("pk")))
    rows = Assignment.objects.open().filter(with_unit | Q(status=Status.SUBMITTED) | is_asking)
    if region is not None:
        rows = rows.filter(region=region)
    rows = rows.select_related("task", "department", "region")
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:ASSIGNMENT_BATCH]):
        last = batch[-1].pk
        asked = dict(unanswered.filter(assignment__in=batch).values_list("assignment_id", "created_at"))
        yield [
            _Candidate(
                facts=AssignmentFacts(
                    id=row.pk,
                    status=row.status,
                    due_date=row.due_date,
                    created_on=day_of(row.created_at),
                    signed_on=_day(row.signed_at),
                    last_reported_on=_day(row.last_reported_at),
                    handed_in_on=row.handed_in_on,
                    returned_on=_day(row.returned_at),
                    instructed_on=_day(row.task.instructed_at) if row.is_instruction_unanswered else None,
                    instruction_count=row.task.instruction_count,
                    nudged_on=_day(row.nudged_at) if row.is_nudge_unanswered else None,
                    nudge_count=row.nudge_count,
                    extension_asked_on=_day(asked.get(row.pk)),
                ),
                matter=Matter(
                    assignment_id=row.pk,
                    task_id=row.task_id,
                    number=row.task.number,
                    text=row.task.text[: TEXT_LIMIT + 1],
                    unit=row.department.short_name,
                    due_date=row.due_date,
                ),
                department_id=row.department_id,
                region_id=row.region_id,
                region_name=row.region.name,
            )
            for row in batch
        ]


def _day(moment: datetime | None) -> date | None:
    return day_of(moment) if moment else None


def _ledger(assignment_ids: list[int]) -> dict[tuple[int, int], list[tuple[str, date]]]:
    """What each person was told of these assignments: stage and occasion."""
    rows = Reminder.objects.filter(assignment__in=assignment_ids)
    ledger: dict[tuple[int, int], list[tuple[str, date]]] = defaultdict(list)
    for assignment, recipient, stage, day in rows.values_list(
        "assignment_id", "recipient_id", "stage", "occasion_date"
    ):
        ledger[assignment, recipient].append((stage, day))
    return ledger


def _name_of(audience: Audience, candidate: _Candidate) -> str:
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
    """Write the ledger rows and digests of some people; what another planner wrote first is left out.

    The ledger goes first and decides: a mail holds only what this run itself could enter.
    """
    Reminder.objects.bulk_create(
        [
            Reminder(
                run=run,
                assignment_id=matter.assignment_id,
                recipient_id=person.id,
                stage=stage,
                occasion_date=due.occasion_date,
                planned_on=today,
                state=Reminder.State.PLANNED if stage == due.stage else Reminder.State.SUPERSEDED,
            )
            for person, dues in chunk
            for matter, due in dues
            for stage in (*due.superseded, due.stage)
        ],
        ignore_conflicts=True,
    )
    people = [person.id for person, _ in chunk]
    ours = Reminder.objects.filter(run=run, recipient__in=people)
    entered = set(
        ours.filter(state=Reminder.State.PLANNED).values_list("recipient_id", "assignment_id", "stage")
    )
    digests = []
    for person, dues in chunk:
        new = [(m, due) for m, due in dues if (person.id, m.assignment_id, due.stage) in entered]
        if new:
            digests.append(PlannedDigest(person, compose(new, today)))
    Message.objects.bulk_create(
        [_new_message(planned, run, unreachable, today, now) for planned in digests], ignore_conflicts=True
    )
    made = dict(Message.objects.filter(run=run, recipient__in=people).values_list("recipient_id", "pk"))
    # Another planner's digest of today took the place of ours: give the stages back, they go tomorrow.
    ours.exclude(recipient__in=made).delete()
    own_message = Message.objects.filter(run=run, recipient=OuterRef("recipient"))
    ours.update(message=Subquery(own_message.values("pk")[:1]))
    return [(planned, made[planned.recipient.id]) for planned in digests if planned.recipient.id in made]


def _new_message(
    planned: PlannedDigest, run: Run, unreachable: Sequence[Unreachable], today: date, now: datetime
) -> Message:
    person = planned.recipient
    silent_units = tuple(
        str(line)
        for line in unreachable
        if line.audience is Audience.UNIT and line.region_id == person.coordinates
    )
    text, html = mail.render(planned.digest, name=person.name, unreachable=silent_units)
    return Message(
        run=run,
        recipient_id=person.id,
        address=person.address,
        day=today,
        state=Message.State.PLANNED if person.address else Message.State.INBOX,
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
    run.save(update_fields=["planned", "note", "is_finished"])


def sweep(*, now: datetime) -> list[int]:
    """Keys of the digests that wait to be sent. Leaves a trace of having looked, so that silence shows."""
    waiting = Message.objects.claimable(now).order_by("next_attempt_at", "pk")
    message_ids = list(waiting.values_list("pk", flat=True)[:SWEEP_LIMIT])
    Run.objects.create(kind=Run.Kind.SWEEP, started_at=now, planned=len(message_ids), is_finished=True)
    Run.objects.sweeps().filter(started_at__lt=now - SWEEPS_KEPT).delete()
    return message_ids


def claim_message(*, message_id: int, now: datetime) -> Message | None:
    """Take the digest for sending, or None if it is done, not yet due, or another's."""
    return claim(Message.objects.claimable(now), pk=message_id, now=now)


def deliver_one(*, message_id: int, now: datetime) -> str | None:
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
        mail.send(message)
    except Exception as error:  # whatever happens to one recipient stays with that recipient
        return _record_failure(message, error, now)
    return _settle(message, Message.State.SENT, sent_at=now, error="", address=address)


def _address_now(message: Message) -> str | None:
    """Where the digest goes: to its recipient, or to whoever took over since it was planned; None for nobody.

    A successor who has left the unit as well does not get its mail.
    """
    person, seen = User.objects.get(pk=message.recipient_id), {message.recipient_id}
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
    logger.warning("message %s attempt %s failed: %s", message.pk, message.attempts, mail.describe(error))
    return _settle(message, **after_failure(mail, message, error, now))


def _settle(message: Message, state: str, **changes: Any) -> str | None:
    """End a claim. Without effect when the lease ran out and another holds it now."""
    if not settle(message, state, **changes):
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
