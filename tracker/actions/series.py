"""Series: a recurring clause makes an ordinary task for each period, when it comes into reach."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from tracker import permissions
from tracker.actions.duties import carry_on_duties, lock_for_next_periods
from tracker.actions.history import Change, record
from tracker.actions.tasks import NewTask, Share, make_tasks
from tracker.actions.work import MoveRefused
from tracker.clock import day_of
from tracker.models import Assignment, Clause, Plan, Series, Task
from tracker.periods import Period, period_after, period_of
from tracker.workflow import EventKind

logger = logging.getLogger(__name__)

SERIES_BATCH = 50
# Tasks that one run makes: far more than any day asks for, few enough to end after a year's outage.
TASKS_PER_RUN = 5000


@dataclass(frozen=True, slots=True)
class ExtendResult:
    """What a run made. `is_complete` is False where it stopped at its limit: the next run goes on."""

    tasks: int = 0
    assignments: int = 0
    joined: int = 0
    is_complete: bool = True


def start_series(plan: Plan, clauses: Iterable[Clause], *, now: datetime) -> dict[int, Series]:
    """A series for each of these clauses that recurs, by clause; the caller makes the first task of each.

    It begins on the clause's own first day, but not before today, and ends with the clause or with the plan.
    A clause that is over already makes none: it stays one task, late from the beginning.
    """
    found = [_series(plan, clause, now=now) for clause in clauses if clause.makes_series]
    running = [series for series in found if series.ends_on is None or series.starts_on <= series.ends_on]
    made = Series.objects.bulk_create(running, batch_size=200)
    return {series.clause_id: series for series in made}


def first_period(series: Series) -> Period:
    return period_of(series.every, series.starts_on, starts_on=series.starts_on, ends_on=series.ends_on)


def extend_series(*, today: date, now: datetime, limit: int = TASKS_PER_RUN) -> ExtendResult:
    """Make the tasks of all periods that have come into reach, those missed by an outage included.

    Safe to repeat and to run twice at once: a series is locked while its next period is made, and a period's
    task is unique. Each batch is a transaction of its own, after which nothing of it is made again.
    """
    joined = _join_earlier_tasks(today=today, now=now)
    tasks = assignments = 0
    while tasks < limit:
        taken, made, shares = _make_next_periods(today=today, now=now, count=min(SERIES_BATCH, limit - tasks))
        if not taken:
            return ExtendResult(tasks, assignments, joined)
        tasks, assignments = tasks + made, assignments + shares
    logger.warning("periods: stopped at %s tasks, the next run goes on", tasks)
    return ExtendResult(tasks, assignments, joined, is_complete=False)


@transaction.atomic
def end_series(series_id: int, *, reason: str, by: User, now: datetime) -> Series:
    """Make no further periods; those that exist stay as they are. Raises MoveRefused with a reason."""
    series = Series.objects.select_for_update(of=("self",)).for_page().get(pk=series_id)
    if series.ended_at is not None:
        person = {"person": series.ended_by or _("系统")}
        raise MoveRefused(_("这项周期任务已经停止（%(person)s）。") % person)
    if not series.goes_on:
        raise MoveRefused(_("这项周期任务已到截止日期，不再生成新的任务。"))
    if not permissions.can_end_series(by, series):
        raise MoveRefused(_("您没有权限停止这项周期任务。"))
    if not reason.strip():
        raise MoveRefused(_("请写明停止的理由。"))
    series.ended_at = now
    series.ended_by = by
    series.end_reason = reason
    series.next_first = series.next_on = None
    series.save(update_fields=["ended_at", "ended_by", "end_reason", "next_first", "next_on"])
    newest = Task.objects.newest_of([series.pk]).select_for_update().get()
    record([Change(newest, EventKind.END_SERIES, note=reason, data={"series": series.pk})], by=by, now=now)
    return series


def _series(plan: Plan, clause: Clause, *, now: datetime) -> Series:
    """Not saved yet. The end that comes first is the one that counts."""
    today = day_of(now)
    ends = [day for day in (clause.due_date, plan.ends_on) if day is not None]
    series = Series(
        region_id=plan.region_id,
        plan=plan,
        clause=clause,
        every=clause.every,
        starts_on=max(clause.start_date or today, today),
        ends_on=min(ends, default=None),
        created_at=now,
    )
    _await(series, period_after(first_period(series), ends_on=series.ends_on))
    return series


def set_end(series: Series, ends: Iterable[date | None]) -> None:
    """Let a series in hand end with the earliest of these days, or go on. What a person ended stays ended."""
    ends_on = min((day for day in ends if day is not None), default=None)
    if ends_on == series.ends_on or series.ended_at is not None:
        return
    series.ends_on = max(ends_on, series.starts_on) if ends_on else None
    newest = Task.objects.newest_of([series.pk]).values_list("start_date", flat=True).get()
    last = period_of(series.every, newest or series.starts_on, starts_on=newest or series.starts_on)
    _await(series, period_after(last, ends_on=series.ends_on))


def _await(series: Series, period: Period | None) -> None:
    series.next_first = period.first if period else None
    series.next_on = period.reach_day if period else None


@transaction.atomic
def _make_next_periods(*, today: date, now: datetime, count: int) -> tuple[int, int, int]:
    """Make one period's task for each of some series: how many series were taken, tasks and shares made.

    In the order of keys, so that two runs at once wait for each other and never stand crosswise.
    """
    taken = list(
        Series.objects.in_reach(today)
        .select_for_update(of=("self",))
        .select_related("plan", "clause__measure")
        .defer("plan__source_text")
        .order_by("pk")[:count]
    )
    shares = _shares_of_newest(taken)
    wanted = []
    for series in taken:
        assert series.next_first is not None  # the database holds this for every series in reach
        first, ends_on = series.next_first, series.ends_on
        period = period_of(series.every, first, starts_on=first, ends_on=ends_on)
        _await(series, period_after(period, ends_on=ends_on))
        if shares[series.pk]:
            wanted.append(NewTask(series.plan, series.clause, shares[series.pk], series, period))
    Series.objects.bulk_update(taken, ["next_first", "next_on"])
    assignments = make_tasks(wanted, by=None, now=now)
    carry_on_duties({share.task_id for share in assignments}, now=now)
    return len(taken), len(wanted), len(assignments)


def _shares_of_newest(series: Sequence[Series]) -> dict[int, list[Share]]:
    """Who answers for the next period of each: whoever answers for the newest one now.

    The newest tasks are locked, so that nobody is put in another's place meanwhile.
    """
    newest = Task.objects.newest_of([one.pk for one in series])
    series_of = {pk: of for pk, of in newest.values_list("pk", "series_id") if of is not None}
    lock_for_next_periods(series_of)
    shares: dict[int, dict[int, Share]] = defaultdict(dict)
    # A unit that was let off and got the task back has two shares of it: the one in force is carried on.
    found = Assignment.objects.filter(task__in=series_of).carried_on()
    for share in sorted(found, key=lambda share: share.is_in_force):
        again = Share(share.department_id, share.role, share.via_id)
        shares[series_of[share.task_id]][share.department_id] = again
    return {one.pk: list(shares[one.pk].values()) for one in series}


def _join_earlier_tasks(*, today: date, now: datetime) -> int:
    """Give a series to each recurring clause that was given out before there were series.

    Its one task stays as it is, with its dates, shares and history, and stands for the present period; the
    series goes on with the period after. Nothing becomes late that was not.
    """
    joined = 0
    last = 0
    while batch := list(
        Task.objects.without_series(today)
        .filter(pk__gt=last)
        .order_by("pk")
        .values_list("pk", flat=True)[:SERIES_BATCH]
    ):
        last = batch[-1]
        joined += _join(batch, today=today, now=now)
    return joined


@transaction.atomic
def _join(keys: Sequence[int], *, today: date, now: datetime) -> int:
    found = Task.objects.without_series(today).filter(pk__in=keys).select_for_update(of=("self",))
    changes = []
    for task in found.select_related("plan", "clause").defer("plan__source_text").order_by("pk"):
        task.series = start_series(task.plan, [task.clause], now=now).get(task.clause_id)
        if task.series is None:
            continue
        task.save(update_fields=["series"])
        changes.append(Change(task, EventKind.JOIN_SERIES, data={"series": task.series.pk}))
    record(changes, by=None, now=now)
    return len(changes)
