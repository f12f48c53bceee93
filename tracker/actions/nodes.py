"""The nodes of a task (节点): its steps with dates, replaced as a whole."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import User
from tracker import permissions
from tracker.actions.history import Change, record
from tracker.actions.work import MoveRefused, StaleVersion
from tracker.models import Assignment, Node, Task
from tracker.progress import Step
from tracker.workflow import MAX_NODES, EventKind


@dataclass(frozen=True, slots=True, order=True)
class Planned:
    """A node as it is wanted."""

    due_date: date
    percent: int
    title: str = ""


def listed(nodes: Iterable[Node]) -> list[list[str | int]]:
    """Nodes as the history keeps them: date, percent, title."""
    return [[node.due_date.isoformat(), node.percent, node.title] for node in nodes]


def fingerprint(nodes: Iterable[Node]) -> str:
    """A short name for a set of nodes: a form carries the one that it was shown with."""
    packed = json.dumps(listed(nodes), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(packed.encode()).hexdigest()[:16]


def last_due_date(task: Task) -> date | None:
    """The latest date up to which any unit of the task has time: an extension moves one unit's alone."""
    found: date | None = task.assignments.in_force().aggregate(last=Max("due_date"))["last"]
    return found


@transaction.atomic
def set_nodes(
    task_id: int, wanted: Sequence[Planned], *, shown: str | None = None, by: User, now: datetime
) -> Task:
    """Put these in place of the task's nodes, and move the day from which each share counts as behind.

    `shown` is the fingerprint of the nodes the person saw; None skips the comparison. What is there already
    is not written again, so that a form sent twice does one thing. Raises MoveRefused or StaleVersion.
    """
    task = Task.objects.select_for_update(of=("self",)).get(pk=task_id)
    if not permissions.plans_work(by, task):
        raise MoveRefused(_("您没有权限调整这项任务的节点。"))
    if task.closed_at is not None:
        raise MoveRefused(_("任务已办结，不能再调整节点。"))
    wanted, present = sorted(wanted), list(task.nodes.in_order())
    nodes = [
        Node(task=task, due_date=planned.due_date, percent=planned.percent, title=planned.title)
        for planned in wanted
    ]
    if listed(nodes) == listed(present):
        return task
    if shown is not None and shown != fingerprint(present):
        raise StaleVersion(_("您打开页面之后，节点已被修改。请核对后再保存。"))
    _check(wanted, start=task.begins_on, last_due=last_due_date(task))
    task.nodes.all().delete()
    Node.objects.bulk_create(nodes)
    _move_behind(task, [Step(planned.due_date, planned.percent) for planned in wanted])
    data = {"from": listed(present), "to": listed(nodes)}
    record([Change(task, EventKind.NODES, data=data)], by=by, now=now)
    return task


def _check(wanted: Sequence[Planned], *, start: date, last_due: date | None) -> None:
    """Raises MoveRefused with the first thing that is wrong; `wanted` comes in the order of the days."""
    if len(wanted) > MAX_NODES:
        raise MoveRefused(
            _("节点最多 %(most)d 个，现有 %(count)d 个。") % {"most": MAX_NODES, "count": len(wanted)}
        )
    for planned in wanted:
        day = {"day": planned.due_date, "start": start, "due": last_due}
        if planned.due_date <= start:
            raise MoveRefused(_("节点 %(day)s 要晚于任务起始日 %(start)s。") % day)
        if last_due and planned.due_date > last_due:
            raise MoveRefused(_("节点 %(day)s 不能晚于完成时限 %(due)s。") % day)
        if planned.due_date == last_due and planned.percent != 100:
            raise MoveRefused(_("节点 %(day)s 就是完成时限，累计完成要填 100。") % day)
    for before, after in pairwise(wanted):
        day = {"day": after.due_date, "before": before.due_date}
        if after.due_date == before.due_date:
            raise MoveRefused(_("%(day)s 有两个节点，请合并为一个。") % day)
        if after.percent <= before.percent:
            raise MoveRefused(_("节点 %(day)s 的累计完成要高于前一个节点 %(before)s 的。") % day)


def _move_behind(task: Task, steps: Sequence[Step]) -> None:
    """For closed shares too: they may be opened again."""
    shares = list(task.assignments.select_related("task").order_by("pk"))
    for share in shares:
        share.behind_from = share.first_day_behind(steps)
    Assignment.objects.bulk_update(shares, ["behind_from"], batch_size=500)
