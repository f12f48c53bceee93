"""A unit's own work: what lies before it, and signing for all of it."""

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django_htmx.http import reswap, retarget

from accounts.requests import SignedInRequest, is_in_place
from accounts.views.exports import exported
from tracker import clock, dashboards, duties
from tracker.actions.work import sign_all
from tracker.filings import REQUESTS_SHOWN
from tracker.forms.keys import key_of, keys_of
from tracker.models import FilingRequest
from tracker.permissions import visible_assignments, visible_report_drafts


def my_work(request: SignedInRequest) -> HttpResponseBase:
    """The unit's unfinished assignments in groups; `close` names a form in the list that is put away."""
    if not request.user.is_unit_person:
        raise Http404
    if answer := exported(request, "my_work"):
        return answer
    if is_in_place(request):
        closed = key_of(request.GET.get("close", ""))
        return list_again(request, done=[closed], focus=closed)
    filings_due = list(
        FilingRequest.objects.not_filed_by(request.user.department_id).by_urgency()[: REQUESTS_SHOWN + 1]
    )
    context = {
        "filings_due": filings_due[:REQUESTS_SHOWN],
        "more_filings_due": len(filings_due) > REQUESTS_SHOWN,
    }
    return render(request, "tracker/my_work.html", _context(request) | context)


def list_again(
    request: SignedInRequest, *, done: Collection[int | None] = (), focus: int | None = None
) -> HttpResponse:
    """The list as it stands now, for a page that shows it: htmx puts it in the place of the old one.

    Forms that are open in the old one stay as they are, but for those of `done`. The keyboard goes on at
    `focus`, or at the message where that row is no longer listed.
    """
    context = _context(request) | {"done": done, "focus": focus}
    listed = {row.pk for group in context["work"].groups for row in group.rows}
    context["focus_on_message"] = focus not in listed
    response = render(request, "tracker/_my_work_again.html", context)
    return reswap(retarget(response, "#work"), "outerHTML")


def _context(request: SignedInRequest) -> dict[str, Any]:
    today = clock.today()
    work = dashboards.my_work(visible_assignments(request.user), today)
    rows = [row for group in work.groups for row in group.rows]
    duties.with_companions(rows)
    listed = [row.pk for row in rows]
    drafts = visible_report_drafts(request.user).filter(assignment__in=listed)
    return {"today": today, "work": work, "drafts": set(drafts.values_list("assignment_id", flat=True))}


def sign_for_all(request: SignedInRequest) -> HttpResponse:
    """Sign for the assignments that the page listed; what came in since then waits for a look."""
    if not request.user.is_unit_person:
        raise Http404
    # Signing in again after a time-out leads here by GET: back to the page with the button.
    if request.method == "POST":
        keys = keys_of(request.POST.getlist("assignment"))
        signed = sign_all(keys, by=request.user, now=clock.now())
        messages.success(request, _("已签收 %(count)d 项。") % {"count": signed})
        if is_in_place(request):
            return list_again(request)
    return redirect("my_work")
