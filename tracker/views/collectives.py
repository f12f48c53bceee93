"""Collectives: how their members stand, and the shares of a member that came late."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.permissions import keeps_unit
from accounts.requests import SignedInRequest
from accounts.views.exports import exported
from tracker import clock
from tracker import collectives as figures
from tracker.actions.collectives import add_shares
from tracker.actions.work import MoveRefused
from tracker.forms.keys import keys_of
from tracker.permissions import can_add_shares, can_see_overview, get_collective_for, visible_assignments

ROWS_PER_PAGE = 50


def collectives(request: SignedInRequest) -> HttpResponse:
    """The collectives through which work came to the units of the person's regions."""
    if not can_see_overview(request.user):
        raise Http404
    today = clock.today()
    offered_in = request.user.region_id if request.user.is_coordinator else None
    lines = figures.lines(visible_assignments(request.user), today, offered_in=offered_in)
    page = Paginator(lines, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "today": today,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
    }
    return render(request, "tracker/collectives.html", context)


def collective(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """One collective, a row for each unit; its coordinator sees what a late member lacks."""
    found = get_collective_for(request.user, pk)
    if answer := exported(request, "collective", pk):
        return answer
    today = clock.today()
    lines = figures.member_lines(found, visible_assignments(request.user), today)
    page = Paginator(lines, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "today": today,
        "collective": found,
        "members": sum(line.is_member for line in lines),
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "offers": figures.offers(found) if can_add_shares(request.user, found) else [],
        "limit": figures.OFFERS_AT_ONCE,
        "may_edit": keeps_unit(request.user, found),
    }
    return render(request, "tracker/collective.html", context)


def add(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give late members the shares that were ticked."""
    found = get_collective_for(request.user, pk)
    if not can_add_shares(request.user, found):
        raise Http404
    # Signing in again after a time-out leads here by GET: back to the page with the button.
    if request.method != "POST":
        return redirect("collective", pk=pk)
    pairs = {_pair(text) for text in request.POST.getlist("share")}
    try:
        made = add_shares(pk, pairs, by=request.user, now=clock.now())
    except MoveRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("collective", pk=pk)
    if not pairs:
        messages.error(request, _("没有勾选任务，未补派。"))
    elif made:
        messages.success(request, _("已补派 %(count)d 项任务，等待单位签收。") % {"count": made})
    if len(pairs) > made:
        passed = {"count": len(pairs) - made}
        messages.info(request, _("%(count)d 项已经派出、已经办结或者不在统称内，没有重复补派。") % passed)
    return redirect("collective", pk=pk)


def _pair(text: str) -> tuple[int, int]:
    """Keys of task and member, written as 12-34. Raises BadRequest."""
    task, _dash, member = text.partition("-")
    task_key, member_key = keys_of([task, member])
    return task_key, member_key
