"""账号审计: who signed in, who failed to, and who changed what about whom."""

from django.core.paginator import Paginator
from django.http.response import HttpResponseBase
from django.shortcuts import render

from accounts.forms import AuditFilter
from accounts.lists import audit_found
from accounts.permissions import require_keeper, visible_audit
from accounts.requests import SignedInRequest
from accounts.views.exports import exported

EVENTS_PER_PAGE = 50


def audit(request: SignedInRequest) -> HttpResponseBase:
    """The audit that this person may read, newest first."""
    require_keeper(request.user)
    if answer := exported(request, "audit"):
        return answer
    form = AuditFilter(request.GET, by=request.user)
    events = audit_found(form, visible_audit(request.user))
    page = Paginator(events.latest_first(), EVENTS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "is_narrowed": any(request.GET.get(name) for name in form.fields),
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
    }
    return render(request, "accounts/audit.html", context)
