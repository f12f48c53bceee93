"""Shares for a unit that became a member of a collective after its plans went live."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Department, User
from tracker import permissions
from tracker.actions.history import Change, record
from tracker.actions.tasks import Share, new_assignment
from tracker.actions.work import MoveRefused, lock_tasks
from tracker.collectives import OFFERS_AT_ONCE, members_of, open_tasks_of
from tracker.models import Assignment, Node, Task
from tracker.workflow import EventKind, Role


@transaction.atomic
def add_shares(collective_id: int, pairs: Collection[tuple[int, int]], *, by: User, now: datetime) -> int:
    """Give members of a collective their shares of its open tasks; `pairs` are keys of task and member.

    Returns how many were made. What is no longer lacking is passed over: the share was given meanwhile, the
    task was closed, the unit is no member. Raises MoveRefused.
    """
    collective = Department.objects.get(pk=collective_id)
    if not permissions.can_add_shares(by, collective):
        raise MoveRefused(_("您没有权限补派这个统称的任务。"))
    wanted = set(pairs)
    if len(wanted) > OFFERS_AT_ONCE:
        raise MoveRefused(_("一次最多补派 %(limit)d 项。") % {"limit": OFFERS_AT_ONCE})
    keys = {task for task, _member in wanted}
    # Locked first and looked at afterwards: who waited for the lock sees what the other one made.
    lock_tasks(keys)
    tasks = list(open_tasks_of(collective).filter(pk__in=keys).order_by("pk"))
    members = set(members_of([collective.pk])[collective.pk])
    held = set(Assignment.objects.filter(task__in=tasks).values_list("task_id", "department_id"))
    roles, steps = _roles(collective, tasks), Node.objects.steps_by_task(tasks)
    shares = [
        new_assignment(
            task,
            Share(member, roles[task.pk], collective.pk),
            due_date=task.due_date,
            steps=steps[task.pk],
            now=now,
        )
        for task in tasks
        for member in sorted(members)
        if (task.pk, member) in wanted - held
    ]
    Assignment.objects.bulk_create(shares, batch_size=200)
    record([_added(share) for share in shares], by=by, now=now)
    return len(shares)


def _roles(collective: Department, tasks: Collection[Task]) -> dict[int, str]:
    """The strongest role in which units have each task through the collective."""
    came = Assignment.objects.in_force().through(collective).filter(task__in=tasks)
    roles: dict[int, set[str]] = defaultdict(set)
    for task, role in came.values_list("task_id", "role"):
        roles[task].add(role)
    return {task: min(found, key=list(Role.values).index) for task, found in roles.items()}


def _added(share: Assignment) -> Change:
    data = {
        "via": share.via_id,
        "role": share.role,
        "due_date": share.due_date.isoformat() if share.due_date else None,
    }
    return Change(share.task, EventKind.ADD_SHARE, share, data=data)
