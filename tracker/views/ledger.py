"""The ledger: every assignment the person may see, narrowed by what stands in the address."""

from django.core.paginator import Paginator
from django.http.response import HttpResponseBase
from django.shortcuts import render

from accounts.requests import SignedInRequest
from accounts.views.exports import exported
from tracker import clock
from tracker.forms.ledger import LedgerFilter

ROWS_PER_PAGE = 25


def ledger(request: SignedInRequest) -> HttpResponseBase:
    """List assignments; the total above the list is what every linked number promised."""
    if answer := exported(request, "ledger"):
        return answer
    today = clock.today()
    filters = LedgerFilter(request.GET, user=request.user, today=today)
    page = Paginator(filters.rows.for_list(), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "today": today,
        "filters": filters,
        "form": filters.form,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
    }
    return render(request, "tracker/ledger.html", context)
