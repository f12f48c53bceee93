"""The one door through which tasks come into being, each with the shares of those who answer for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from accounts.models import User
from tracker.actions.clause_index import index_clauses
from tracker.actions.history import Change, record
from tracker.models import Assignment, Clause, Plan, Series, Task
from tracker.periods import Period
from tracker.progress import Step
from tracker.shares import Share as Share
from tracker.workflow import EventKind


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to be made. With a period it is that period's of the series; `shares` are never empty."""

    plan: Plan
    clause: Clause
    shares: Sequence[Share]
    series: Series | None = None
    period: Period | None = None
    given_number: str = ""  # of a task that came with one; otherwise it follows from the plan
    note: str = ""  # what the history says beside its making

    @property
    def number(self) -> str:
        if self.given_number:
            return self.given_number
        number = f"{self.clause.measure.position}-{self.clause.position}"
        return f"{number}/{self.period.code}" if self.period else number

    @property
    def dates(self) -> tuple[date | None, date | None]:
        """From when, and until when."""
        if self.period:
            return self.period.first, self.period.last
        return self.clause.start_date, self.clause.due_date

    @property
    def origin(self) -> dict[str, Any]:
        """What the history says of where it comes from."""
        return {"series": self.series.pk, "period": self.period.code} if self.series and self.period else {}


def make_tasks(wanted: Sequence[NewTask], *, by: User | None, now: datetime) -> list[Assignment]:
    """Make these tasks with their shares and the first line of their history; `by` is None for the system.

    Called inside the transaction of whoever gives them out, in a number of queries that does not grow with
    the tasks (but for the size of a batch).
    """
    tasks = Task.objects.bulk_create([_task(new, now=now) for new in wanted], batch_size=200)
    assignments = Assignment.objects.bulk_create(
        [
            new_assignment(task, share, due_date=task.due_date, now=now)
            for task, new in zip(tasks, wanted, strict=True)
            for share in new.shares
        ],
        batch_size=500,
    )
    changes = [
        Change(task, EventKind.CREATED, note=new.note, data=new.origin)
        for task, new in zip(tasks, wanted, strict=True)
    ]
    record(changes, by=by, now=now)
    # A later period's clause is in already.
    index_clauses(
        new.clause
        for new in wanted
        if new.period is None or new.series is None or new.dates[0] == new.series.starts_on
    )
    return assignments


def _task(new: NewTask, *, now: datetime) -> Task:
    clause = new.clause
    start_date, due_date = new.dates
    return Task(
        region_id=new.plan.region_id,
        plan=new.plan,
        measure=clause.measure,
        clause=clause,
        series=new.series,
        number=new.number,
        text=clause.text,
        kind=clause.kind,
        due_date=due_date,
        first_due_date=due_date,
        start_date=start_date,
        every=clause.every,
        quote=clause.quote,
        precision=clause.precision,
        rule=clause.rule,
        implied=clause.implied,
        created_at=now,
    )


def new_assignment(
    task: Task, share: Share, *, due_date: date | None, steps: Iterable[Step] = (), now: datetime
) -> Assignment:
    """A department's assignment as it begins, not saved yet; `steps` are the task's nodes."""
    assignment = Assignment(
        task=task,
        region_id=task.region_id,
        plan_id=task.plan_id,
        department_id=share.department_id,
        via_id=share.via_id,
        role=share.role,
        due_date=due_date,
        first_due_date=due_date,
        judged_date=due_date,
        created_at=now,
    )
    assignment.behind_from = assignment.first_day_behind(steps)
    return assignment
