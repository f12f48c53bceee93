"""Which reminders a change of the working calendar puts on another day. Writes nothing.

The decision itself is asked, day by day under either calendar, as if nobody did anything meanwhile. People
who want reminders on rest days, and who is on leave, are left aside: what moves is the day of a stage.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from notifications.candidates import candidates, told_of
from notifications.digest import Matter
from notifications.models import ReminderPolicy
from notifications.policy import (
    AssignmentFacts,
    Audience,
    Key,
    Kind,
    Policy,
    stage_label,
    stages_due,
)
from notifications.workdays import WorkingCalendar
from tracker.models import Assignment

MOVES_DAYS = 60
# No holiday is longer: so far before a changed day a stage can be put, so far behind the end it is sought.
REACH = timedelta(days=15)
# Assignments alike are asked once. These many are looked at, and so many unlike ones: it takes some seconds.
ASSIGNMENTS_LIMIT = 20_000
CASES_LIMIT = 400
MOVES_LIMIT = 5000


@dataclass(frozen=True)
class Move:
    """A stage of an assignment that comes on another day; None for a stage that only one calendar has."""

    matter: Matter
    stage: str
    from_day: date | None
    to_day: date | None

    @property
    def stage_label(self) -> str:
        return stage_label(self.stage)

    @property
    def is_escalation(self) -> bool:
        return self.stage.startswith(Kind.ESCALATE)


@dataclass(frozen=True)
class Moves:
    """The first MOVES_LIMIT of `count` moves, by day; `escalations` of all go to coordinator and leader."""

    first: date
    last: date
    listed: tuple[Move, ...] = ()
    count: int = 0
    escalations: int = 0
    looked_at: int = 0
    is_cut: bool = False  # there is more work than was looked at


Days = Mapping[Key, date]
Case = tuple[AssignmentFacts, Policy, frozenset[tuple[str, date]]]


def moves_between(
    present: WorkingCalendar, wanted: WorkingCalendar, changed: Collection[date], *, first: date
) -> Moves:
    """What the `changed` days move in the MOVES_DAYS days from `first` on, over all open assignments."""
    last = first + timedelta(days=MOVES_DAYS - 1)
    # Until shortly before the first changed day both calendars say the same.
    start = max(first, min(changed) - REACH)
    if start > last:
        return Moves(first, last)
    policies = ReminderPolicy.objects.policies()
    seen: dict[Case, Sequence[tuple[str, date | None, date | None]]] = {}
    moves: list[Move] = []
    looked_at, is_cut = 0, False
    for batch in candidates(Assignment.objects.all(), policies.all, last + REACH):
        if looked_at >= ASSIGNMENTS_LIMIT:
            is_cut = True
            break
        told: dict[int, set[tuple[str, date]]] = defaultdict(set)
        for (assignment_id, _), rows in told_of([one.facts.id for one in batch]).items():
            told[assignment_id].update(rows)
        for one in batch:
            policy = policies.of(one.plan_id, one.region_id)
            case = (_plain(one.facts), policy, frozenset(told[one.facts.id]))
            if case not in seen:
                if len(seen) >= CASES_LIMIT:
                    is_cut = True
                    continue
                before, after = (_days_of(case, calendar, start, last) for calendar in (present, wanted))
                seen[case] = _differences(before, after, last)
            looked_at += 1
            moves += [Move(one.matter, *difference) for difference in seen[case]]
    moves.sort(key=lambda move: (_earliest(move), move.matter.unit, move.matter.assignment_id, move.stage))
    return Moves(
        first,
        last,
        listed=tuple(moves[:MOVES_LIMIT]),
        count=len(moves),
        escalations=sum(move.is_escalation for move in moves),
        looked_at=looked_at,
        is_cut=is_cut,
    )


def _plain(facts: AssignmentFacts) -> AssignmentFacts:
    """The facts without those that no stage looks at, so that more work is alike."""
    facts = replace(facts, id=0, percent=facts.percent if facts.nodes else 0)
    if facts.due_date is None or facts.returned_on is not None:
        return facts
    # With a due date silence counts nothing, and without a return only whether there was any report.
    return replace(facts, signed_on=None, last_reported_on=facts.last_reported_on and facts.created_on)


def _days_of(case: Case, calendar: WorkingCalendar, start: date, last: date) -> Days:
    """The day on which each stage of the case is told, up to REACH behind the last."""
    facts, policy, ledger = case
    # Each kind of stage has one audience, so what was told to anybody counts for all.
    told: set[Key] = {(audience.value, *row) for row in ledger for audience in Audience}
    days: dict[Key, date] = {}
    for offset in range((last + REACH - start).days + 1):
        day = start + timedelta(days=offset)
        if not calendar.is_working(day):
            continue
        for due in stages_due(facts, policy, calendar, day, told):
            days[due.audience.value, due.stage, due.occasion_date] = day
            told |= {(due.audience.value, stage, due.occasion_date) for stage in (due.stage, *due.superseded)}
    return days


def _differences(before: Days, after: Days, last: date) -> list[tuple[str, date | None, date | None]]:
    """Stages with another day. What lies behind the last day under both is not looked at."""
    found = []
    for key in {**before, **after}:
        pair = before.get(key), after.get(key)
        if pair[0] != pair[1] and any(day is not None and day <= last for day in pair):
            found.append((key[1], *pair))
    return found


def _earliest(move: Move) -> date:
    return min(day for day in (move.from_day, move.to_day) if day is not None)
