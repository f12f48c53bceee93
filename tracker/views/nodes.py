"""The nodes of a task: a table to fill in by hand, or with the months spread evenly."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest
from tracker import clock
from tracker.actions.nodes import Planned, fingerprint, last_due_date, set_nodes
from tracker.actions.work import MoveRefused, StaleVersion
from tracker.forms.nodes import NodeFormSet, planned_in, rows_of
from tracker.models import Node, Target, Task, TaskEvent
from tracker.permissions import can_set_nodes, get_task_for, plans_work
from tracker.progress import spread
from tracker.targets import part_of
from tracker.workflow import EventKind


def nodes(request: SignedInRequest, pk: int) -> HttpResponse:
    """Replace the nodes of a task. `?spread=1` fills the table with months, to be saved or changed."""
    task = get_task_for(request.user, pk)
    if not plans_work(request.user, task):
        raise Http404
    present, last_due = list(task.nodes.in_order()), last_due_date(task)
    shown, refusal, last_change = fingerprint(present), "", None
    may_spread = last_due is not None and last_due > task.begins_on
    is_spread = may_spread and request.method == "GET" and "spread" in request.GET
    if request.method == "POST":
        formset = NodeFormSet(request.POST, prefix="node")
        shown = request.POST.get("shown", "")
        if formset.is_valid():
            try:
                set_nodes(pk, planned_in(formset), shown=shown, by=request.user, now=clock.now())
            except MoveRefused as error:
                refusal = str(error)
                if isinstance(error, StaleVersion):
                    present = list(task.nodes.in_order())
                    shown = fingerprint(present)
                    last_change = _last_change(task)
            else:
                messages.success(request, _("节点已保存，序时进度按新的节点计算。"))
                return redirect("task", pk=pk)
    elif not can_set_nodes(request.user, task):
        messages.info(request, _("任务已办结，不能再调整节点。"))
        return redirect("task", pk=pk)
    else:
        beginning = _by_month(task) if is_spread else present
        formset = NodeFormSet(initial=rows_of(beginning), prefix="node")
    context = {
        "today": clock.today(),
        "task": task,
        "formset": formset,
        "present": present,
        "shown": shown,
        "refusal": refusal,
        "last_change": last_change,
        "last_due": last_due,
        "may_spread": may_spread,
        "is_spread": is_spread,
    }
    return render(request, "tracker/nodes.html", context)


def _last_change(task: Task) -> TaskEvent | None:
    return task.events.filter(kind=EventKind.NODES).newest_first().first()


def _by_month(task: Task) -> Iterable[Planned | Node]:
    """The whole spread over the months, named as plans name them: 10月：累计完成33%（1,000套）."""
    due = last_due_date(task)
    targets = list(task.clause.targets.in_order()[:2])
    counted: Target | None = targets[0] if len(targets) == 1 else None
    for step in spread(start=task.begins_on, due=due) if due else []:
        words = _("%(month)d月：累计完成%(percent)d%%") % {"month": step.day.month, "percent": step.percent}
        amount = counted and part_of(counted.op, counted.value, counted.unit, step.percent)
        yield Planned(step.day, step.percent, f"{words}（{amount}）" if amount else words)
