"""Saying that tasks of several plans are one duty, taking one out again, and handing several in together."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from tracker import permissions
from tracker.actions.history import Change, record
from tracker.actions.work import MoveRefused, SomeRefused, lock_tasks, move_assignment
from tracker.models import Assignment, Duty, Task
from tracker.workflow import EventKind, Move

DUTY_LIMIT = 20  # tasks of one duty: more plans than ask one unit for the same thing


@transaction.atomic
def link_duty(task_id: int, *, others: Collection[int], reason: str, by: User, now: datetime) -> Duty:
    """Make this task and the others one duty, with all that were one duty with any of them before.

    What is one duty already stays so, and nothing is written. Raises MoveRefused.
    """
    tasks = _locked_with_their_duties([task_id, *others])
    if not {task_id, *others} <= tasks.keys() or not all(
        permissions.can_link(by, task) for task in tasks.values()
    ):
        raise MoveRefused(_("只能关联本地区的任务，请重新选择。"))
    if len(tasks) < 2:
        raise MoveRefused(_("请勾选要关联的任务。"))
    duties = {task.duty_id for task in tasks.values()}
    known = min((duty for duty in duties if duty is not None), default=None)
    if len(duties) == 1 and known is not None:
        return Duty.objects.get(pk=known)
    if not reason.strip():
        raise MoveRefused(_("请写明关联的理由。"))
    return _unite(tasks.values(), reason=reason, by=by, created_by=by, now=now)


def _unite(tasks: Collection[Task], *, reason: str, by: User | None, created_by: User, now: datetime) -> Duty:
    """Make these locked tasks one duty; they are all of the duties of any of them. Raises MoveRefused."""
    if len(tasks) > DUTY_LIMIT:
        raise MoveRefused(_("一项职责最多关联 %(limit)d 项任务。") % {"limit": DUTY_LIMIT})
    series = [task.series_id for task in tasks if task.series_id is not None]
    if len(set(series)) < len(series):
        raise MoveRefused(_("同一周期任务的两期不能关联：各期要分别填报。"))
    duties = {task.duty_id for task in tasks if task.duty_id is not None}
    if duties:
        duty = Duty.objects.get(pk=min(duties))
    else:
        region = min(tasks, key=lambda task: task.pk).region
        duty = Duty.objects.create(region=region, created_at=now, created_by=created_by)
    for task in tasks:
        task.duty = duty
    Task.objects.filter(pk__in=[task.pk for task in tasks]).update(duty=duty)
    Duty.objects.filter(pk__in=duties - {duty.pk}).delete()
    data = {"duty": duty.pk, "tasks": sorted(task.pk for task in tasks)}
    record([Change(task, EventKind.LINK_DUTY, note=reason, data=data) for task in tasks], by=by, now=now)
    return duty


def lock_for_next_periods(newest: Collection[int]) -> None:
    """Lock these newest tasks of series, and whatever carry_on_duties may link with the tasks after them."""
    keys = set(newest)
    duties = set(Task.objects.filter(pk__in=keys, duty__isnull=False).values_list("duty", flat=True))
    if duties:
        following = {pk for _duty, pk in Task.objects.of_duties(duties).duties_and_following()}
        after = Task.objects.filter(pk__in=following)
        with_those = Task.objects.filter(Q(pk__in=after) | Q(duty__in=after.values("duty")))
        keys |= set(with_those.values_list("pk", flat=True))
    lock_tasks(keys)


def carry_on_duties(made: Collection[int], *, now: datetime) -> None:
    """Let tasks of new periods be one duty as the tasks of the periods before them are.

    Of the tasks of a duty that recur, those that follow them become one duty where they begin on the same day
    and recur as often; each joins as it is made. Nobody's other link of them is undone. Called inside the
    transaction that made them, after lock_for_next_periods. Raises MoveRefused where somebody changed a link
    meanwhile: the next run makes them.
    """
    linked = Task.objects.filter(series__tasks__in=made, duty__isnull=False)
    duties = set(linked.followed_by(made).values_list("duty", flat=True))
    pairs = Task.objects.of_duties(duties).duties_and_following()
    if not pairs:
        return
    tasks = _locked_with_their_duties([pk for _duty, pk in pairs])
    old = Duty.objects.select_related("created_by").in_bulk([duty for duty, _pk in pairs])
    alike: dict[tuple[int, str, date | None], set[int]] = defaultdict(set)
    for duty, pk in pairs:
        alike[duty, tasks[pk].every, tasks[pk].start_date].add(pk)
    for (duty, _every, _first), keys in alike.items():
        held = {tasks[pk].duty_id for pk in keys if tasks[pk].duty_id is not None}
        if len(keys) < 2 or keys.isdisjoint(made) or len(held) > 1:
            continue
        together = [task for task in tasks.values() if task.pk in keys or task.duty_id in held]
        try:
            _unite(together, reason=_("沿用上一期的关联"), by=None, created_by=old[duty].created_by, now=now)
        except MoveRefused:
            continue  # with what else was linked since, it would be too many, or two periods of one series


@transaction.atomic
def unlink_duty(task_id: int, *, reason: str, by: User, now: datetime) -> Task:
    """Take one task out of its duty; of a duty of which one task is left, nothing is left.

    What was reported before stays with each of them. Raises MoveRefused.
    """
    tasks = _locked_with_their_duties([task_id])
    task = tasks[task_id]
    if not permissions.can_link(by, task):
        raise MoveRefused(_("您没有权限解除这项关联。"))
    if task.duty_id is None:
        raise MoveRefused(_("这项任务没有关联其他任务。"))
    if not reason.strip():
        raise MoveRefused(_("请写明解除的理由。"))
    left = task.duty_id if len(tasks) > 2 else None
    Task.objects.filter(pk__in=[task_id] if left else list(tasks)).update(duty=None)
    if left is None:
        Duty.objects.filter(pk=task.duty_id).delete()
    changes = [
        Change(
            each,
            EventKind.UNLINK_DUTY,
            note=reason,
            data={"duty": None if each.pk == task_id else left, "out": task_id},
        )
        for each in tasks.values()
    ]
    record(changes, by=by, now=now)
    return task


def _locked_with_their_duties(keys: Collection[int]) -> dict[int, Task]:
    """These tasks and those of the same duties, as they are once nobody else can change them.

    Looked up twice: a duty may have grown while the lock was waited for. Raises MoveRefused then.
    """
    asked = Task.objects.filter(pk__in=keys)
    together = Task.objects.filter(Q(pk__in=keys) | Q(duty__in=asked.values("duty")))
    wanted = set(together.values_list("pk", flat=True))
    lock_tasks(wanted)
    found = {task.pk: task for task in together.select_related("region").order_by("pk")}
    if not found.keys() <= wanted:
        raise MoveRefused(_("刚才有人改动了关联，请核对后再提交。"))
    return found


def submit_together(versions: Mapping[int, int | None], *, by: User, now: datetime) -> list[Assignment]:
    """Apply for the closure of each of these shares, given with the version they were shown with.

    All or none; each goes to its own reviewer. Raises SomeRefused, which says why of each refused one.
    """
    refusals: dict[int, MoveRefused] = {}
    done = []
    with transaction.atomic():
        lock_tasks(Assignment.objects.filter(pk__in=versions).values("task"))
        for pk, version in versions.items():
            try:
                done.append(move_assignment(pk, Move.SUBMIT, by=by, now=now, version=version))
            except MoveRefused as refusal:
                refusals[pk] = refusal
        if refusals:
            raise SomeRefused(refusals)
    return done
