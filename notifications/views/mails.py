"""Pages about reminder mails: what was planned and sent, to whom, when, or why not."""

from csp.decorators import csp_update
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import SignedInRequest, origin_of
from accounts.views.exports import exported
from notifications.actions import inbox
from notifications.actions.delivery import address_of, resend_message
from notifications.dashboards import (
    delivery_state,
    refused_people,
    scheduler_state,
    state_counts,
    unreachable_departments,
)
from notifications.lists import mails_found
from notifications.models import Message, Reminder
from notifications.permissions import (
    can_release,
    can_resend,
    can_see_scheduler,
    get_message_for,
    visible_messages,
)
from notifications.workers import workers_alive
from tracker import clock
from tracker.permissions import visible_regions

PAGE_SIZE = 50
REMINDERS_SHOWN = 200


@require_safe
def mail_list(request: SignedInRequest) -> HttpResponseBase:
    """提醒邮件: the digests this person may read, newest first; for coordinators also the scheduler."""
    if answer := exported(request, "mails"):
        return answer
    user = request.user
    visible = visible_messages(user)
    state = request.GET.get("state", "")
    rows = mails_found(user, state)
    counts = state_counts(visible)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "state": state,
        "states": [(choice, counts.get(choice.value, 0)) for choice in Message.State],
        "total": sum(counts.values()),
    }
    if can_see_scheduler(user):
        now = clock.now()
        context["scheduler"] = scheduler = scheduler_state(now)
        context["delivery"] = delivery_state(visible, now.date())
        context["workers"] = workers_alive()
        context["may_release"] = scheduler.held_plan is not None and can_release(user)
        context["refused"] = refused_people(visible_regions(user), by=user)
        context["unreachable"] = unreachable_departments(visible_regions(user))
    return render(request, "notifications/mail_list.html", context)


# The mail is shown in a sandboxed frame that inherits this page's policy; a mail carries its styles in
# attributes, and those alone are let through: no script, no style sheet, no address but our own.
@csp_update({"style-src-attr": ["'unsafe-inline'"]})  # type: ignore[arg-type]  # its hints forget arguments
@require_safe
def mail_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """One mail as it was sent, how it fared, and which lines of the ledger it carries."""
    user = request.user
    message = get_message_for(user, pk)
    told = message.reminders.exclude(state=Reminder.State.SUPERSEDED)
    reminders = told.select_related("assignment__task").order_by("assignment_id", "pk")
    superseded = Count("pk", filter=Q(state=Reminder.State.SUPERSEDED))
    counts = message.reminders.aggregate(lines=Count("pk"), superseded=superseded)
    context = {
        "mail": message,
        "reminders": reminders[:REMINDERS_SHOWN],
        "more_reminders": max(0, counts["lines"] - counts["superseded"] - REMINDERS_SHOWN),
        "superseded_count": counts["superseded"],
        "resend_to": address_of(message) if can_resend(user, message) else "",
    }
    return render(request, "notifications/mail_detail.html", context)


@require_POST
def open_mail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Open a digest, or say that it was read. A POST, because it leaves the trace that a GET must not."""
    message = get_message_for(request.user, pk)
    inbox.mark_read(message, by=request.user, now=clock.now())
    return redirect("notifications:message", pk=pk)


@require_POST
def read_all(request: SignedInRequest) -> HttpResponse:
    """Say that one has read all one's digests."""
    inbox.mark_all_read(by=request.user, now=clock.now())
    return redirect("notifications:mail")


@require_POST
def resend(request: SignedInRequest, pk: int) -> HttpResponse:
    """Queue a failed mail again; the next sweep sends it."""
    user = request.user
    message = get_message_for(user, pk)
    if not can_resend(user, message):
        raise Http404
    if resend_message(message=message, origin=origin_of(request)):
        messages.success(request, _("已重新列入发送，几分钟内发出。"))
    return redirect("notifications:message", pk=pk)
