"""One task: where it comes from, who answers for it, and what has happened."""

from uuid import uuid4

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import render

from accounts.models import User
from accounts.requests import SignedInRequest
from tracker import clock, collectives, dashboards, duties, filings
from tracker.models import Evidence, Task, TaskEvent
from tracker.permissions import (
    can_ask_filing,
    can_end_series,
    can_instruct,
    can_link,
    can_read_words,
    can_withdraw,
    get_task_for,
    visible_assignments,
    visible_extensions,
    visible_filing_requests,
    visible_reports,
    visible_tasks,
)
from tracker.views.figures import node_table, target_panels
from tracker.views.shares import in_order, share_lines

INSTRUCTIONS_SHOWN = 20  # the older ones stand in the history


def _periods(user: User, task: Task) -> list[dashboards.PeriodLine]:
    """The newest periods of the task's series that the person may see."""
    if task.series is None:
        return []
    newest = visible_tasks(user).of_series_newest_first(task.series)[: dashboards.PERIODS_SHOWN]
    return dashboards.series_periods(newest, visible_assignments(user), clock.today())


def task(request: SignedInRequest, pk: int) -> HttpResponse:
    """The page of a task, with only the actions this person may take."""
    found = get_task_for(request.user, pk)
    assignments = in_order(found.assignments.for_page())
    requests = list(visible_extensions(request.user).of_task(found).newest_first())
    reports = (
        visible_reports(request.user, found)
        .newest_first()
        .prefetch_related(Prefetch("evidence", queryset=Evidence.objects.with_origin()))
    )
    events: list[tuple[TaskEvent, bool]] = [
        (event, can_read_words(request.user, event)) for event in found.events.newest_first()
    ]
    today = clock.today()
    nodes = list(found.nodes.in_order())
    steps = [node.step for node in nodes]
    shares = share_lines(request.user, found, assignments, requests, reports, steps, today)
    context = {
        "today": today,
        "task": found,
        "shares": shares,
        "own_shares": [share for share in shares if share.is_own],
        "other_shares": [share for share in shares if not share.is_own],
        "in_force": sum(assignment.is_in_force for assignment in assignments),
        "instructions": list(found.instructions.newest_first()[:INSTRUCTIONS_SHOWN])
        if found.instruction_count
        else [],
        "may_instruct": can_instruct(request.user, found),
        "form_key": uuid4(),  # of whichever form on the page is sent: one nudge of each share
        "nodes": node_table(request.user, found, nodes, assignments, today),
        "targets": target_panels(request.user, found, assignments, today),
        "collectives": collectives.summaries(assignments, today),
        "filings": filings.progress(visible_filing_requests(request.user).of_task(found), assignments),
        "may_ask_filing": can_ask_filing(request.user, found),
        "requests": requests,
        "periods": _periods(request.user, found),
        "may_end_series": found.series is not None and can_end_series(request.user, found.series),
        "duty": duties.of_same_duty(request.user, found, today),
        "may_link": can_link(request.user, found),
        "reports": [(report, can_withdraw(request.user, report)) for report in reports],
        "events": events,
    }
    return render(request, "tracker/task.html", context)
