"""What a change of the rules would do to real work: the decision is asked twice, and nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from notifications.candidates import ASSIGNMENT_BATCH, Candidate, candidates, load_calendar, told_of
from notifications.digest import Matter
from notifications.policy import Audience, Key, Policy, stage_label, stages_due
from tracker.models.assignments import AssignmentQuerySet

SHIFTS_SHOWN = 20


@dataclass(frozen=True)
class Shift:
    """An assignment of which something else would be said."""

    matter: Matter
    now: Sequence[str]
    then: Sequence[str]


@dataclass(frozen=True)
class Effect:
    """How many reminders the next working day brings under either policy, and the first that differ."""

    day: date
    now: int
    then: int
    changed: int
    shifts: Sequence[Shift]
    looked_at: int
    is_cut: bool  # more assignments than one look takes in


def effect_of(among: AssignmentQuerySet, present: Policy, wanted: Policy, today: date) -> Effect:
    """Compare two policies over these assignments, the first ASSIGNMENT_BATCH of them.

    What anybody was already told of an assignment is not told again, under either.
    """
    calendar = load_calendar()
    day = calendar.on_or_after(today)
    batch: list[Candidate] = next(candidates(among, (present, wanted), day), [])
    told: dict[int, set[Key]] = {}
    for (assignment_id, _), rows in told_of([candidate.facts.id for candidate in batch]).items():
        keys = {(audience.value, stage, on) for stage, on in rows for audience in Audience}
        told.setdefault(assignment_id, set()).update(keys)
    now = then = 0
    shifts = []
    for candidate in batch:
        already = told.get(candidate.facts.id, set())
        before, after = (
            [stage_label(due.stage) for due in stages_due(candidate.facts, policy, calendar, day, already)]
            for policy in (present, wanted)
        )
        now, then = now + len(before), then + len(after)
        if before != after:
            shifts.append(Shift(candidate.matter, before, after))
    return Effect(
        day=day,
        now=now,
        then=then,
        changed=len(shifts),
        shifts=shifts[:SHIFTS_SHOWN],
        looked_at=len(batch),
        is_cut=len(batch) == ASSIGNMENT_BATCH,
    )
