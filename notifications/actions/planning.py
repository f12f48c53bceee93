"""Deciding who is told what, and writing it down: ledger and one digest per person and day.

Safe to repeat: the unique keys make a second planner add nothing.
"""

import gc
import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count

from accounts.models import Department, Region, User
from notifications.candidates import Candidate, candidates, load_calendar, told_of
from notifications.channels import mail
from notifications.digest import SECTION_LIMIT, Digest, Matter, compose
from notifications.hours import comes_later
from notifications.models import MailTemplate, Message, Preference, Reminder, ReminderPolicy, Run
from notifications.models.reminders import REASON_LENGTH, Line
from notifications.policy import Audience, Due, Policies, stages_due
from notifications.recipients import Directory, Recipient
from notifications.wording import Wordings
from notifications.workdays import WorkingCalendar, zh_date
from tracker.clock import day_of
from tracker.models import Assignment

logger = logging.getLogger(__name__)

PLANNED, SUPERSEDED = Reminder.State.PLANNED.value, Reminder.State.SUPERSEDED.value
RECIPIENT_BATCH = 200
# A run that would send more than this stops and asks a person (manage.py remind --no-limit).
MESSAGE_LIMIT = 1000


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
class Surroundings:
    """What a mail says beside its reminders: whom no mail reaches, and the words of its region."""

    unreachable: Sequence[Unreachable]
    refused: Mapping[int, Sequence[str]]
    wordings: Wordings

    def silent_units(self, region_id: int | None) -> list[str]:
        lines = [line for line in self.unreachable if line.audience is Audience.UNIT]
        return [str(line) for line in lines if line.region_id == region_id]


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
    # How many digests are left to a later hour of the day, which their recipients chose.
    later: int = 0


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Not to look for cycles, which the many objects of a run do not make: it took a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_collector_paused()
def plan_reminders(
    *,
    today: date,
    now: datetime,
    region: Region | None = None,
    dry_run: bool = False,
    limit: int | None = MESSAGE_LIMIT,
    policies: Policies | None = None,
    any_hour: bool = False,
) -> PlanResult:
    """Decide who is to be told what today, and write it down as one digest per person.

    Steps: read the open assignments in batches, ask the policy of each (the nearest, unless `policies` are
    given), gather by person, write ledger and digests. Whoever has a digest of today already gets the rest
    tomorrow; the ledger forgets nothing. With `dry_run` nothing is written. A run of more than `limit`
    digests is held: nothing is written but the run itself, until a person releases it (release_run).
    Whose chosen hour has not come is left to a later run, but counts for the limit: people's hours must not
    let a storm through in parts. A released run tells everybody, and so does `any_hour`.
    Owns its transactions, one for each batch of people; after a crash in between the next run goes on.
    """
    calendar = load_calendar()
    is_provisional = calendar.is_provisional(today.year)
    # Written first, so that a run that breaks off can be seen.
    run = None if dry_run else Run.objects.create(kind=Run.Kind.PLAN, started_at=now)
    if policies is None:
        policies = ReminderPolicy.objects.policies()
    found, unreachable = _gather(today, region, policies, calendar)
    of_now = found if any_hour else _of_this_hour(found, today, now)
    later = len(found) - len(of_now)
    if run is None:
        digests = tuple(PlannedDigest(person, compose(dues, today)) for person, dues in of_now)
        return PlanResult(digests, unreachable=unreachable, is_provisional=is_provisional, later=later)

    is_over_limit = limit is not None and len(found) > limit
    if is_over_limit and not Run.objects.has_release(now):
        run.is_held = True
        among = f"（含选定时刻未到的{later}封）" if later else ""
        _finish_run(run, planned=0, notes=[f"本次将发送{len(found)}封{among}，超过上限{limit}封，已暂停。"])
        logger.warning("run %s held: %s digests, limit %s", run.pk, len(found), limit)
        return PlanResult(unreachable=unreachable, is_held=True, is_provisional=is_provisional)

    if is_over_limit:
        of_now, later = found, 0
    surroundings = Surroundings(unreachable, _refused_addresses(), MailTemplate.objects.wordings())
    written: list[tuple[PlannedDigest, int]] = []
    for start in range(0, len(of_now), RECIPIENT_BATCH):
        chunk = of_now[start : start + RECIPIENT_BATCH]
        written += _write_digests(run=run, chunk=chunk, surroundings=surroundings, today=today, now=now)
    notes = [f"无法送达：{line}" for line in unreachable]
    if number := User.objects.all().refused().count():
        notes.append(f"{number}人的邮箱被拒收，改正前不发。")
    if later:
        notes.append(f"{later}人选定的时刻未到，到时再发。")
    if is_provisional:
        notes.append(f"{today.year}年节假日安排尚未公布，按周末推算。")
    _finish_run(run, planned=len(written), notes=notes)
    logger.info("run %s planned %s digests, %s unreachable", run.pk, len(written), len(unreachable))
    return PlanResult(
        digests=tuple(planned for planned, _ in written),
        message_ids=tuple(pk for planned, pk in written if planned.recipient.address),
        unreachable=unreachable,
        is_provisional=is_provisional,
        later=later,
    )


def _refused_addresses() -> dict[int, list[str]]:
    """By region, whose address the mail server refuses; administrators belong to none and see the page."""
    found: dict[int, list[str]] = defaultdict(list)
    people = User.objects.all().refused().filter(region__isnull=False).select_related("department")
    for person in people.order_by("pk"):
        place = person.department.short_name if person.department else person.get_role_display()
        found[person.region_id or 0].append(f"{person}（{place}）{person.email}：{person.email_refusal}")
    for unit in Department.objects.mailbox_refused().order_by("pk"):
        found[unit.region_id].append(f"{unit}（单位邮箱）{unit.mailbox}：{unit.mailbox_refusal}")
    return {region: _cut(lines) for region, lines in found.items()}


def _cut(lines: list[str]) -> list[str]:
    more = len(lines) - SECTION_LIMIT
    return lines if more <= 0 else [*lines[:SECTION_LIMIT], f"另有{more}个，见“提醒邮件”页。"]


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
                if not any(person.address for person in people):
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


def _of_this_hour(
    found: list[tuple[Recipient, Dues]], today: date, now: datetime
) -> list[tuple[Recipient, Dues]]:
    """Without those who are to be told at a later hour of the day."""
    if all(person.hour is None for person, _ in found):
        return found
    last_run = Run.objects.last_planning()
    return [
        (person, dues)
        for person, dues in found
        if not comes_later(person.hour, today=today, now=now, last_run=last_run)
    ]


def _name_of(audience: Audience, candidate: Candidate) -> str:
    if audience is Audience.UNIT:
        return candidate.matter.unit
    return candidate.region_name + ("督办员" if audience is Audience.COORDINATOR else "领导")


@transaction.atomic(durable=True)
def _write_digests(
    *,
    run: Run,
    chunk: Sequence[tuple[Recipient, Dues]],
    surroundings: Surroundings,
    today: date,
    now: datetime,
) -> list[tuple[PlannedDigest, int]]:
    """Write the digests and ledger rows of some people; what another planner wrote first is left out.

    Whose digest of the day it is is settled first; another planner waits here for our commit. Then the ledger
    decides what stands in it.
    """
    digests = {person.id: PlannedDigest(person, compose(dues, today)) for person, dues in chunk}
    Message.objects.bulk_create(
        [_new_message(planned, run, surroundings, today, now) for planned in digests.values()],
        ignore_conflicts=True,
    )
    made = dict(Message.objects.filter(run=run, recipient__in=digests).values_list("recipient_id", "pk"))
    lines = [
        Line(
            run_id=run.pk,
            assignment_id=matter.assignment_id,
            recipient_id=person.id,
            stage=stage,
            occasion_date=due.occasion_date,
            planned_on=today,
            state=PLANNED if stage == due.stage else SUPERSEDED,
            message_id=made[person.id],
            reason=due.reason_zh[:REASON_LENGTH] if stage == due.stage else "",
        )
        for person, dues in chunk
        if person.id in made
        for matter, due in dues
        for stage in (*due.superseded, due.stage)
    ]
    Reminder.objects.enter(lines)
    wanted = Counter(line.message_id for line in lines)
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
            planned = _rewrite(message_id, person, dues, surroundings, today)
        if planned is not None:
            written.append((planned, message_id))
    return written


def _rewrite(
    message_id: int, person: Recipient, dues: Dues, surroundings: Surroundings, today: date
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
    rendered = _render(planned, surroundings)
    message.subject, message.text, message.html = rendered.subject, rendered.text, rendered.html
    message.save(update_fields=["subject", "text", "html"])
    return planned


def _render(planned: PlannedDigest, surroundings: Surroundings) -> mail.Rendered:
    person = planned.recipient
    return mail.render(
        planned.digest,
        name=person.name,
        region=person.region_name,
        wording=surroundings.wordings.of(person.region_id),
        unreachable=surroundings.silent_units(person.coordinates),
        refused=surroundings.refused.get(person.coordinates or 0, ()),
    )


def _new_message(
    planned: PlannedDigest, run: Run, surroundings: Surroundings, today: date, now: datetime
) -> Message:
    person, rendered = planned.recipient, _render(planned, surroundings)
    return Message(
        run=run,
        recipient_id=person.id,
        address=person.address,
        day=today,
        state=Message.State.PLANNED if person.address else Message.State.INBOX,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
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
