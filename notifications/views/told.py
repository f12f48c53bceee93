"""提醒记录 of a task: what was sent to whom, when, or why not, beside when it was signed for."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import SignedInRequest
from notifications.permissions import visible_messages, visible_reminders
from notifications.told import told_lines, units_told
from tracker.permissions import get_task_for, visible_assignments

LINES_PER_PAGE = 100


@require_safe
def task_reminders(request: SignedInRequest, pk: int) -> HttpResponse:
    """A unit sees what its own people were sent; coordinators, leaders and administrators see all."""
    user = request.user
    task = get_task_for(user, pk)
    reminders = visible_reminders(user, task)
    page = Paginator(reminders.for_page().newest_first(), LINES_PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    mails = {line.message_id for line in rows if line.message_id is not None}
    openable = visible_messages(user).filter(pk__in=mails).values_list("pk", flat=True)
    shares = visible_assignments(user).filter(task=task).for_page().order_by("pk")
    context = {
        "task": task,
        "units": units_told(shares, reminders),
        "lines": told_lines(rows, openable),
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
    }
    return render(request, "notifications/task.html", context)
