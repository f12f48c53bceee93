"""A draft beside the plan whose new edition it is: clause by clause, what differs and what was decided.

Read anew each time from both as they stand, so that whatever happens to either is judged by the present.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from django.db.models import Count

from accounts.models import Department
from tracker.alignment import ALIKE, Item, align, are_titles_alike
from tracker.models import Assignment, Clause, EditionChoice, Plan, Series, Target, Task, TaskEvent
from tracker.shares import Share, shares_by_clause
from tracker.worddiff import Piece, word_diff
from tracker.workflow import Status

Action = EditionChoice.Action

# Plans of a region that are looked at, and clauses in common below which a likeness says nothing.
LOOKED_AT = 300
LEAST_IN_COMMON = 3
SUGGESTED = 3
EVENTS_SHOWN = 5


class Kind(StrEnum):
    """What became of a clause."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    VANISHED = "vanished"


class State(StrEnum):
    """What there is of the old clause's work."""

    NONE = "none"  # it never made a task
    OPEN = "open"
    CLOSED = "closed"


@dataclass(slots=True)
class Side:
    """A clause of one edition, with what it asks of whom."""

    clause: Clause
    roles: dict[int, str]
    targets: list[str]
    asked: list[Target]  # the same as rows, in the same order, for the page

    @property
    def schedule(self) -> tuple[str, str | None, str | None, str]:
        clause = self.clause
        return (clause.kind, _iso(clause.due_date), _iso(clause.start_date), clause.every)


@dataclass(slots=True)
class Row:
    """One line of the comparison. With no choice that holds, `choice` is None."""

    kind: Kind
    old: Side | None = None
    new: Side | None = None
    likeness: float = 1.0
    is_moved: bool = False
    tasks: list[Task] = field(default_factory=list)
    series: Series | None = None
    shares: list[Assignment] = field(default_factory=list)  # in force
    origins: dict[int, int] = field(default_factory=dict)  # by share the unit that had it first
    choice: EditionChoice | None = None
    is_outdated: bool = False  # there is a decision, but on something else than what stands here now
    since: list[TaskEvent] = field(default_factory=list)

    @property
    def state(self) -> State:
        if not self.tasks:
            return State.NONE
        goes_on = self.series is not None and self.series.goes_on
        return State.OPEN if goes_on or any(task.closed_at is None for task in self.tasks) else State.CLOSED

    @property
    def has_text_changed(self) -> bool:
        return self._differs(lambda side: side.clause.text)

    @property
    def keeps_settled_time(self) -> bool:
        """The old time was set by a coordinator, and the same words are read anew: it still holds."""
        if self.old is None or self.new is None or self.has_text_changed:
            return False
        was_settled = self.old.clause.is_due_edited and not self.new.clause.is_due_edited
        return was_settled and self.old.schedule != self.new.schedule

    @property
    def has_date_changed(self) -> bool:
        return self._differs(lambda side: side.schedule) and not self.keeps_settled_time

    @property
    def have_units_changed(self) -> bool:
        return self._differs(lambda side: side.roles)

    @property
    def have_targets_changed(self) -> bool:
        return self._differs(lambda side: side.targets)

    def _differs(self, of: Callable[[Side], object]) -> bool:
        return self.old is not None and self.new is not None and of(self.old) != of(self.new)

    @property
    def is_dropped_by_skip(self) -> bool:
        """The words stand in the new edition, but make no task there."""
        return self.kind == Kind.VANISHED and self.new is not None

    @property
    def makes_task(self) -> bool:
        """Whether the new clause would give somebody work."""
        return self.new is not None and not self.new.clause.is_skipped and bool(self.new.roles)

    @property
    def offers(self) -> list[Action]:
        """What can be decided, what is proposed first; empty where there is nothing to decide."""
        if self.state == State.NONE or self.old is None:
            return []
        if self.kind == Kind.VANISHED:
            return [Action.WAIVE, Action.KEEP] if self.state == State.OPEN else []
        if self.kind != Kind.CHANGED or self.new is None:
            return []
        goes_round = self.keeps_settled_time or self.new.clause.makes_series
        is_same_round = self.keeps_settled_time or self.old.clause.every == self.new.clause.every
        if self.series is not None and goes_round and is_same_round:
            # Another task beside the period that runs would be asked for twice.
            return [Action.CARRY]
        if self.series is not None or (goes_round and not self.keeps_settled_time):
            return [Action.REPLACE]
        if self.state == State.CLOSED:
            return [Action.CARRY, Action.REOPEN, Action.REPLACE]
        return [Action.CARRY, Action.REPLACE]

    @property
    def proposal(self) -> Action | None:
        return self.offers[0] if self.offers else None

    @property
    def is_waiting(self) -> bool:
        """Somebody has to decide before the new edition can be given out."""
        return bool(self.offers) and self.choice is None

    @property
    def action(self) -> Action | None:
        """What becomes of the old work: as decided, or without a question where nothing changed."""
        if self.choice is not None:
            return Action(self.choice.action)
        return Action.CARRY if self.kind == Kind.SAME and self.state != State.NONE else None

    @property
    def is_carried(self) -> bool:
        """Whether the new clause goes on with the old one's task instead of making one."""
        return self.action in (Action.CARRY, Action.REOPEN)

    @property
    def dropped_units(self) -> set[int]:
        if self.old is None or self.new is None:
            return set()
        return self.old.roles.keys() - self.new.roles.keys()

    @property
    def unanswered(self) -> list[Assignment]:
        """Shares handed in for review that the decision would end: they are answered first."""
        handed_in = [share for share in self.shares if share.status == Status.SUBMITTED]
        if self.action in (Action.REPLACE, Action.WAIVE):
            return handed_in
        if self.is_carried and self.choice is not None and self.choice.takes_units:
            return [share for share in handed_in if self.is_dropped(share)]
        return []

    def is_dropped(self, share: Assignment) -> bool:
        """Whether its unit, or the one whose share it took over, was named and is named no more."""
        is_named = self.new is not None and share.department_id in self.new.roles
        return self.origins[share.pk] in self.dropped_units and not is_named

    @property
    def mark(self) -> str:
        """A short name for what stands here: a decision holds as long as it is the same."""
        facts = [
            self.kind,
            self.state,
            *(
                [
                    side.clause.pk,
                    side.clause.text,
                    side.schedule,
                    sorted(side.roles.items()),
                    side.targets,
                    side.clause.is_skipped,
                ]
                for side in (self.old, self.new)
                if side is not None
            ),
        ]
        return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()

    def diff(self, names: Collection[str]) -> list[Piece]:
        return word_diff(
            self.old.clause.text if self.old else "", self.new.clause.text if self.new else "", list(names)
        )


@dataclass(slots=True)
class Comparison:
    """All clauses of both editions, in the order of the new one; what vanished stands where it stood."""

    old: Plan
    rows: list[Row]
    units: dict[int, str]  # short names of the departments that are named

    @property
    def asked(self) -> list[Row]:
        """Those that need a decision, made or not."""
        return [row for row in self.rows if row.offers]

    @property
    def waiting(self) -> list[Row]:
        return [row for row in self.rows if row.is_waiting]

    @property
    def decided_count(self) -> int:
        return len(self.asked) - len(self.waiting)

    @property
    def carried(self) -> list[Row]:
        return [row for row in self.rows if row.is_carried]

    @property
    def ended(self) -> list[Row]:
        """Those whose old work ends: asked for no more, or by another task in its place."""
        return [row for row in self.rows if row.action in (Action.REPLACE, Action.WAIVE)]

    @property
    def kept(self) -> list[Row]:
        return [row for row in self.rows if row.action == Action.KEEP]

    @property
    def seen(self) -> str:
        """A short name for what waits: who agrees to all proposals agrees to these."""
        return hashlib.sha256("".join(row.mark for row in self.waiting).encode()).hexdigest()[:16]

    def count(self, kind: str) -> int:
        return sum(row.kind == kind for row in self.rows)

    def row_of(self, old_clause: int) -> Row | None:
        return next((row for row in self.asked if row.old and row.old.clause.pk == old_clause), None)


def compare(plan: Plan) -> Comparison:
    """The draft and the plan it is compared with; `plan` has one. A fixed number of queries."""
    old = plan.previous_edition
    assert old is not None
    work = _Work(old)
    olds = _sides(old, work.present_roles)
    news = _sides(plan, {})
    found = align(
        [_item(side, bool(work.tasks[side.clause.pk])) for side in olds],
        [_item(side, not side.clause.is_skipped and bool(side.roles)) for side in news],
    )
    by_old = {side.clause.pk: side for side in olds}
    by_new = {side.clause.pk: side for side in news}
    places = {key: place for place, key in enumerate(by_new)}
    rows = [(places[key], 1, 0, Row(Kind.ADDED, new=by_new[key])) for key in found.added]
    beside: dict[int, int] = {}
    for pair in found.pairs:
        left, right = by_old[pair.old], by_new[pair.new]
        row = Row(Kind.SAME, left, right, pair.likeness, pair.is_moved)
        beside[pair.old] = places[pair.new]
        rows.append((places[pair.new], 1, 0, row))
    gone = set(found.vanished)
    last = -1
    for at, key in enumerate(by_old):
        if key in gone:
            rows.append((last, 2, at, Row(Kind.VANISHED, old=by_old[key])))
        else:
            last = beside[key]
    comparison = Comparison(old, [row for *_place, row in sorted(rows, key=lambda entry: entry[:3])], {})
    for row in comparison.rows:
        _add_work(row, work)
    _add_choices(plan, comparison.rows)
    named = {pk for side in (*olds, *news) for pk in side.roles}
    names = Department.objects.filter(pk__in=named).values_list("pk", "short_name")
    comparison.units = dict(names)
    return comparison


def with_news(rows: Iterable[Row]) -> None:
    """Add to these rows what happened to the old work after it was decided on; one query."""
    decided = {task.pk: row for row in rows if row.choice is not None for task in row.tasks}
    if not decided:
        return
    first = min(row.choice.decided_at for row in decided.values() if row.choice)
    events = TaskEvent.objects.filter(task__in=decided, created_at__gt=first).newest_first()
    for event in events[:200]:
        row = decided[event.task_id]
        if row.choice and event.created_at > row.choice.decided_at and len(row.since) < EVENTS_SHOWN:
            row.since.append(event)


@dataclass(frozen=True, slots=True)
class Likely:
    """A plan of which a draft may be a new edition."""

    plan: Plan
    percent: int  # of the shorter one's clauses that stand in the other word for word


def likely_editions(plan: Plan) -> list[Likely]:
    """Plans of the region that this draft may be a new edition of, the likest first. A few queries."""
    others = Plan.objects.filter(region=plan.region_id).exclude(pk=plan.pk)
    others = others.exclude(status=Plan.Status.SUPERSEDED).exclude(previous_edition=plan).without_source()
    near = {other.pk: other for other in others.newest_first()[:LOOKED_AT]}
    own = Clause.objects.filter(measure__plan=plan)
    in_common = dict(
        Clause.objects.filter(measure__plan__in=near, text__in=own.values("text"))
        .values_list("measure__plan")
        .annotate(n=Count("text", distinct=True))
    )
    wanted = [
        pk
        for pk, other in near.items()
        if in_common.get(pk, 0) >= LEAST_IN_COMMON or are_titles_alike(other.title, plan.title)
    ]
    if not wanted:
        return []
    sizes = dict(
        Clause.objects.filter(measure__plan__in=[*wanted, plan.pk])
        .values_list("measure__plan")
        .annotate(n=Count("text", distinct=True))
    )
    found = []
    for pk in wanted:
        shorter = min(sizes.get(pk, 0), sizes.get(plan.pk, 0))
        share = in_common.get(pk, 0) / shorter if shorter else 0.0
        if share >= ALIKE or are_titles_alike(near[pk].title, plan.title):
            found.append(Likely(near[pk], round(share * 100)))
    return sorted(found, key=lambda one: (-one.percent, -one.plan.pk))[:SUGGESTED]


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _item(side: Side, works: bool) -> Item:
    return Item(side.clause.pk, side.clause.text, side.clause.measure.title, works)


def _sides(plan: Plan, instead: Mapping[int, dict[int, str]]) -> list[Side]:
    """The clauses of a plan in order. What names no unit is asked of those who have it (`instead`)."""
    clauses = Clause.objects.filter(measure__plan=plan).select_related("measure")
    shares = shares_by_clause(plan)
    targets: dict[int | None, list[tuple[str, Target]]] = defaultdict(list)
    for target in Target.objects.filter(clause__measure__plan=plan).order_by("pk"):
        words = f"{target.indicator}{target.op}{target.value.normalize():f}{target.unit}"
        targets[target.clause_id].append((words, target))
    asked = {key: sorted(found, key=lambda pair: pair[0]) for key, found in targets.items()}
    return [
        Side(
            clause,
            _roles(shares[clause.pk]) or instead.get(clause.pk, {}),
            [words for words, _target in asked.get(clause.pk, [])],
            [target for _words, target in asked.get(clause.pk, [])],
        )
        for clause in clauses.order_by("measure__position", "position")
    ]


def _roles(shares: Sequence[Share]) -> dict[int, str]:
    return {share.department_id: share.role for share in shares}


class _Work:
    """What the old plan's clauses have become."""

    def __init__(self, plan: Plan) -> None:
        self.tasks: dict[int, list[Task]] = defaultdict(list)
        for task in Task.objects.filter(plan=plan).order_by("pk"):
            self.tasks[task.clause_id].append(task)
        self.series = {series.clause_id: series for series in Series.objects.filter(plan=plan)}
        self.shares: dict[int, list[Assignment]] = defaultdict(list)
        self.origins: dict[int, dict[int, int]] = defaultdict(dict)
        for share in Assignment.objects.filter(plan=plan).order_by("pk"):
            # Who takes a share over gets one that was made later.
            units = self.origins[share.task_id]
            units[share.pk] = units.get(share.taken_over_from_id or 0, share.department_id)
            if share.is_in_force:
                self.shares[share.task_id].append(share)

    @property
    def present_roles(self) -> dict[int, dict[int, str]]:
        return {
            clause: {share.department_id: share.role for share in self.shares[tasks[-1].pk]}
            for clause, tasks in self.tasks.items()
        }


def _add_work(row: Row, work: _Work) -> None:
    if row.old is None:
        return
    key = row.old.clause.pk
    row.tasks = work.tasks[key]
    row.series = work.series.get(key)
    row.shares = [share for task in row.tasks for share in work.shares[task.pk]]
    for task in row.tasks:
        row.origins |= work.origins[task.pk]
    if row.new is None:
        return
    if row.tasks and not row.makes_task:
        row.kind = Kind.VANISHED
    elif row.has_text_changed or row.has_date_changed or row.have_units_changed or row.have_targets_changed:
        row.kind = Kind.CHANGED


def _add_choices(plan: Plan, rows: Iterable[Row]) -> None:
    choices = {choice.old_clause_id: choice for choice in plan.edition_choices.select_related("decided_by")}
    for row in rows:
        choice = choices.get(row.old.clause.pk) if row.old and row.offers else None
        if choice is not None and choice.mark == row.mark and choice.action in row.offers:
            row.choice = choice
        elif choice is not None:
            row.is_outdated = True
