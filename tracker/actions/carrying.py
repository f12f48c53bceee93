"""Carrying work over to a new edition of its plan: what was decided is done, on record.

A carried task moves: plan, clause and number are the new edition's, so that every list, figure and letter
that goes by plan stays true; reports, files, nodes, filings and requests hang on the task and come along.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from accounts.models import User
from tracker.actions.clause_index import index_clauses
from tracker.actions.history import Change, record
from tracker.actions.series import end_series, set_end
from tracker.actions.tasks import Share, new_assignment
from tracker.actions.work import lock_tasks, move_assignment, settle_task
from tracker.clock import day_of
from tracker.comparison import Action, Comparison, Kind, Row, State, compare
from tracker.models import (
    Assignment,
    Clause,
    ClauseGram,
    ExtensionRequest,
    Node,
    Plan,
    Series,
    Target,
    TargetReading,
    Task,
)
from tracker.progress import Step
from tracker.shares import shares_by_clause
from tracker.workflow import EventKind, Move, Status

SCHEDULE = ("kind", "start_date", "due_date", "every", "quote", "precision", "rule", "implied")


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of the old edition's work. `clauses` of the new one go on with a task they already have."""

    clauses: frozenset[int] = frozenset()
    replaces: tuple[tuple[int, str], ...] = ()  # new clause and the number of the task it stands for
    tasks: int = 0
    ended: int = 0
    kept: int = 0


def lock_edition(plan: Plan) -> Comparison:
    """Lock the old plan, its series and its tasks, and compare with what stands there now.

    Series before tasks, as whoever makes their next periods does. The plan without its key, which everybody
    needs who holds one of its tasks and makes a share.
    """
    old = Plan.objects.select_for_update(of=("self",), no_key=True).get(pk=plan.previous_edition_id or 0)
    plan.previous_edition = old
    list(Series.objects.select_for_update().filter(plan=old).order_by("pk").values_list("pk"))
    lock_tasks(Task.objects.filter(plan=old).values("pk"))
    return compare(plan)


def carry_over(plan: Plan, comparison: Comparison, *, by: User, now: datetime) -> Carried:
    """Do what was decided, in the caller's transaction with everything locked and nothing left to decide."""
    return _Carrying(plan, comparison, by=by, now=now).run()


class _Carrying:
    def __init__(self, plan: Plan, comparison: Comparison, *, by: User, now: datetime) -> None:
        self._plan = plan
        self._old = comparison.old
        self._rows = comparison.rows
        self._by = by
        self._now = now
        self._shares = shares_by_clause(plan)
        self._changes: list[Change] = []
        self._said = _("新版本《%(title)s》") % {"title": plan.title}

    def run(self) -> Carried:
        carried = [row for row in self._rows if row.is_carried]
        self._keep_settled_times(carried)
        for row in carried:
            if row.action == Action.REOPEN:
                self._reopen(row)
        self._move(carried)
        self._follow(carried)
        replaced = [row for row in self._rows if row.action == Action.REPLACE]
        waived = [row for row in self._rows if row.action == Action.WAIVE]
        for row in replaced:
            words = _("%(edition)s另立新任务，本任务停办。")
            if row.state == State.CLOSED:
                words = _("%(edition)s另立新任务，本任务已办结，不再变动。")
            self._stop(row, words % {"edition": self._said})
        for row in waived:
            self._stop(row, _("%(edition)s不再要求。") % {"edition": self._said})
        self._index(carried, [*carried, *replaced, *waived])
        kept = [row for row in self._rows if row.action == Action.KEEP]
        for row in kept:
            self._note(row, _("%(edition)s没有这一句，按原要求继续办。") % {"edition": self._said})
        self._old.status = Plan.Status.SUPERSEDED
        self._old.version += 1
        self._old.save(update_fields=["status", "version"])
        return Carried(
            clauses=frozenset(row.new.clause.pk for row in carried if row.new),
            replaces=tuple((row.new.clause.pk, row.tasks[-1].number) for row in replaced if row.new),
            tasks=sum(len(row.tasks) for row in carried),
            ended=len(replaced) + len(waived),
            kept=len(kept),
        )

    def _keep_settled_times(self, rows: Iterable[Row]) -> None:
        """Write into the new clauses what a coordinator had settled for the same words in the old edition."""
        clauses = []
        for row in rows:
            if row.keeps_settled_time and row.old and row.new:
                for name in SCHEDULE:
                    setattr(row.new.clause, name, getattr(row.old.clause, name))
                clauses.append(row.new.clause)
        for clause in clauses:
            clause.is_due_edited = True
        Clause.objects.bulk_update(clauses, [*SCHEDULE, "is_due_edited"], batch_size=100)

    def _reason(self, row: Row, words: str) -> str:
        return f"{words}{row.choice.note}" if row.choice and row.choice.note else words

    def _reopen(self, row: Row) -> None:
        reason = self._reason(row, _("%(edition)s改变了要求，重新开启。") % {"edition": self._said})
        for share in row.shares:
            if share.status == Status.CLOSED:
                move_assignment(share.pk, Move.REOPEN, by=self._by, now=self._now, note=reason)
        row.tasks = list(Task.objects.filter(pk__in=[task.pk for task in row.tasks]).order_by("pk"))

    def _move(self, rows: Sequence[Row]) -> None:
        """Put the tasks of these rows under their new clauses, in a number of queries that does not grow."""
        tasks, changes, series = [], [], []
        for row in rows:
            assert row.new is not None
            clause = row.new.clause
            for task in row.tasks:
                changes.append(self._moved(task, row))
                tasks.append(task)
            if row.series is not None:
                row.series.plan, row.series.clause = self._plan, clause
                if not row.has_date_changed or _takes_date(row):
                    set_end(row.series, [clause.due_date, self._plan.ends_on])
                series.append(row.series)
        wanted = ["plan", "measure", "clause", "number", "text", "first_due_date", *SCHEDULE]
        Task.objects.bulk_update(tasks, wanted, batch_size=100)
        Series.objects.bulk_update(
            series, ["plan", "clause", "ends_on", "next_first", "next_on"], batch_size=100
        )
        keys = [task.pk for task in tasks]
        for start in range(0, len(keys), 500):
            Assignment.objects.filter(task__in=keys[start : start + 500]).update(plan=self._plan)
        self._move_readings(rows)
        record(changes, by=self._by, now=self._now)

    def _moved(self, task: Task, row: Row) -> Change:
        """Change the task in hand; returns what its history says of that."""
        assert row.new is not None
        clause = row.new.clause
        before = (task.number, task.text, task.due_date)
        _head, slash, period = task.number.partition("/")
        task.plan, task.measure, task.clause = self._plan, clause.measure, clause
        task.number = f"{clause.measure.position}-{clause.position}{slash}{period if slash else ''}"
        is_open = task.closed_at is None
        if is_open:
            task.text = clause.text
        if is_open and task.series_id is None and _takes_date(row):
            for name in SCHEDULE:
                setattr(task, name, getattr(clause, name))
            task.first_due_date = clause.due_date
        words = _("%(edition)s沿用本任务。") % {"edition": self._said}
        if not is_open and row.kind == Kind.CHANGED:
            words = _("%(edition)s有改动，本任务已办结，保持办结。") % {"edition": self._said}
        data = {
            "from_plan": self._old.pk,
            "to_plan": self._plan.pk,
            "from_number": before[0],
            "to_number": task.number,
        }
        if before[1] != task.text:
            data |= {"from_text": before[1], "to_text": task.text}
        if before[2] != task.due_date:
            data |= {"from_date": _iso(before[2]), "to_date": _iso(task.due_date)}
        return Change(task, EventKind.NEW_EDITION, note=self._reason(row, words), data=data)

    def _index(self, carried: Iterable[Row], left: Iterable[Row]) -> None:
        """Let like clauses of other plans find the work where it is now."""
        ClauseGram.objects.filter(clause__in=[row.old.clause.pk for row in left if row.old]).delete()
        index_clauses(row.new.clause for row in carried if row.new)

    def _move_readings(self, rows: Sequence[Row]) -> None:
        """Figures go on against the target of the same name and unit; those without one stay with the old."""
        clauses = {row.old.clause.pk: row.new.clause.pk for row in rows if row.old and row.new}
        targets = Target.objects.filter(clause__in=[*clauses, *clauses.values()]).order_by("pk")
        known: dict[tuple[int | None, str, str], Target] = {}
        read: list[Target] = []
        with_readings = set(TargetReading.objects.filter(target__in=targets).values_list("target", flat=True))
        for target in targets:
            known.setdefault((target.clause_id, target.indicator, target.unit), target)
            if target.pk in with_readings:
                read.append(target)
        for target in read:
            new = known.get((clauses.get(target.clause_id or 0), target.indicator, target.unit))
            if new is not None:
                TargetReading.objects.filter(target=target).update(target=new)

    def _follow(self, rows: Iterable[Row]) -> None:
        """Let dates and units follow where they changed and it was decided so."""
        rows = [row for row in rows if _takes_units(row) or _takes_date(row)]
        steps = Node.objects.steps_by_task([task for row in rows for task in row.tasks])
        for row in rows:
            for task in row.tasks:
                if task.closed_at is None:
                    self._follow_task(row, task, steps[task.pk])

    def _follow_task(self, row: Row, task: Task, steps: Sequence[Step]) -> None:
        shares = list(task.assignments.select_related("department").order_by("pk"))
        changes: list[Change] = []
        if _takes_date(row) and task.series_id is None:
            changes += self._move_dates([s for s in shares if s.status in Status.open], task, steps)
        dropped: list[Assignment] = []
        if _takes_units(row):
            changes += self._change_roles(row, task, shares)
            changes += self._add_units(row, task, shares, steps)
            dropped = [share for share in shares if share.status in Status.open and row.is_dropped(share)]
        record(changes, by=self._by, now=self._now)
        reason = self._reason(row, _("%(edition)s不再由本单位承担。") % {"edition": self._said})
        self._waive(dropped, reason)
        record(settle_task(task, now=self._now), by=self._by, now=self._now)

    def _move_dates(self, shares: Sequence[Assignment], task: Task, steps: Sequence[Step]) -> list[Change]:
        changes = []
        for share in shares:
            share.task = task
            before = (share.due_date, share.first_due_date, share.judged_date)
            late = share.late_days(day_of(self._now))
            _set_dates(share, task.due_date)
            # Where only its beginning moved, progress is expected from another day all the same.
            share.behind_from = share.first_day_behind(steps)
            if before == (share.due_date, share.first_due_date, share.judged_date):
                continue
            # What was late by now stays as it is; the new date is judged from today.
            share.unit_late_days, share.reviewer_late_days = late.unit, late.reviewer
            share.held_since = day_of(self._now)
            share.version += 1
            data = {
                "from_date": _iso(before[0]),
                "to_date": _iso(share.due_date),
                "from_first": _iso(before[1]),
                "to_first": _iso(share.first_due_date),
                "to_judged": _iso(share.judged_date),
                "late": [late.unit, late.reviewer],
            }
            note = _("%(edition)s改变了完成时限。") % {"edition": self._said}
            changes.append(Change(task, EventKind.NEW_EDITION, share, note=note, data=data))
        moved = [change.assignment for change in changes if change.assignment]
        dates = ["due_date", "first_due_date", "judged_date", "behind_from"]
        Assignment.objects.bulk_update(
            shares, [*dates, "unit_late_days", "reviewer_late_days", "held_since", "version"], batch_size=200
        )
        return [*changes, *self._answer_requests(moved)]

    def _answer_requests(self, shares: Sequence[Assignment]) -> list[Change]:
        """A request for no more time than there is now lapses; the others are asked against the new date."""
        changes = []
        by_key = {share.pk: share for share in shares}
        for request in ExtensionRequest.objects.open().filter(assignment__in=by_key).order_by("pk"):
            share = by_key[request.assignment_id]
            if share.due_date is not None and request.new_date > share.due_date:
                request.old_date = share.due_date
                request.save(update_fields=["old_date"])
                continue
            request.state = ExtensionRequest.State.LAPSED
            request.decided_at = self._now
            request.save(update_fields=["state", "decided_at"])
            changes.append(Change(share.task, EventKind.LAPSE_EXTENSION, share, data={"request": request.pk}))
        return changes

    def _change_roles(self, row: Row, task: Task, shares: Sequence[Assignment]) -> list[Change]:
        assert row.old is not None
        assert row.new is not None
        changes = []
        for share in shares:
            role = row.new.roles.get(share.department_id)
            said_before = row.old.roles.get(share.department_id)
            if not share.is_in_force or role in (None, said_before, share.role):
                continue
            before, share.role = share.role, role
            share.version += 1
            share.save(update_fields=["role", "version"])
            data = {"from_role": before, "to_role": role}
            note = _("%(edition)s改变了责任角色。") % {"edition": self._said}
            changes.append(Change(task, EventKind.NEW_EDITION, share, note=note, data=data))
        return changes

    def _add_units(
        self, row: Row, task: Task, shares: Sequence[Assignment], steps: Sequence[Step]
    ) -> list[Change]:
        assert row.old is not None
        assert row.new is not None
        held = {share.department_id for share in shares if share.is_in_force}
        wanted = [
            share
            for share in self._shares[row.new.clause.pk]
            if share.department_id not in held and share.department_id not in row.old.roles
        ]
        new = [self._added(task, share, steps) for share in wanted]
        Assignment.objects.bulk_create(new, batch_size=200)
        note = _("%(edition)s增加的责任单位。") % {"edition": self._said}
        return [
            Change(
                task,
                EventKind.ADD_SHARE,
                share,
                note=note,
                data={"via": share.via_id, "role": share.role, "due_date": _iso(share.due_date)},
            )
            for share in new
        ]

    def _added(self, task: Task, share: Share, steps: Sequence[Step]) -> Assignment:
        return new_assignment(task, share, due_date=task.due_date, steps=steps, now=self._now)

    def _stop(self, row: Row, words: str) -> None:
        """End what is still open of a row's work. What was closed stays closed, and where it is."""
        reason = self._reason(row, words)
        self._note(row, reason)
        if row.series is not None and row.series.goes_on:
            end_series(row.series.pk, reason=reason, by=self._by, now=self._now)
        self._waive(row.shares, reason)

    def _waive(self, shares: Iterable[Assignment], reason: str) -> None:
        for share in shares:
            # Waiving the last answering share closes those that support it.
            if Assignment.objects.open().filter(pk=share.pk).exists():
                move_assignment(share.pk, Move.WAIVE, by=self._by, now=self._now, note=reason)

    def _note(self, row: Row, words: str) -> None:
        data = {"next_plan": self._plan.pk}
        record(
            [Change(task, EventKind.NEW_EDITION, note=words, data=data) for task in row.tasks],
            by=self._by,
            now=self._now,
        )


def _takes_date(row: Row) -> bool:
    return row.has_date_changed and row.choice is not None and row.choice.takes_date


def _takes_units(row: Row) -> bool:
    return row.have_units_changed and row.choice is not None and row.choice.takes_units


def _set_dates(share: Assignment, due: date | None) -> None:
    """The new date is the share's first; an extension granted beyond it is not taken away."""
    extended = share.due_date if share.extension_count else None
    was_asked_late = share.is_judged_on_first_date
    share.first_due_date = share.judged_date = share.due_date = due
    if due is not None and extended is not None and extended > due:
        share.due_date = extended
        share.judged_date = due if was_asked_late else extended


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
