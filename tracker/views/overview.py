"""The leaders' pages: how the region stands, and what is overdue."""

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from accounts.requests import SignedInRequest
from accounts.views.exports import exported
from tracker import clock, collectives, dashboards
from tracker.permissions import (
    can_see_overview,
    decidable_extensions,
    reviewable_assignments,
    visible_assignments,
)

UNITS_ON_OVERVIEW = 6
ROWS_PER_UNIT_ON_OVERVIEW = 3
UNITS_PER_PAGE = 20


def overview(request: SignedInRequest) -> HttpResponse:
    """Four numbers, the worst of what is overdue, and a bar for each unit."""
    if not can_see_overview(request.user):
        raise Http404
    today = clock.today()
    user = request.user
    assignments = visible_assignments(user)
    numbers = dashboards.numbers(assignments, today)
    # Coordinators are told of what they can answer themselves, the others of all that they see.
    asking = decidable_extensions(user) if user.is_coordinator else assignments.asking_for_time()
    units = dashboards.units(assignments, today)
    late = [line for line in units if line.overdue]
    worst = dashboards.overdue_rows(
        assignments, late[:UNITS_ON_OVERVIEW], today, limit=ROWS_PER_UNIT_ON_OVERVIEW
    )
    context = {
        "today": today,
        "numbers": numbers,
        "waiting": reviewable_assignments(user).count() if user.is_coordinator else numbers.awaiting_review,
        "asking": asking.count(),
        "lacking": collectives.lacking_in(user.region_id) if user.is_coordinator else 0,
        "units": units,
        "longest": max((line.total for line in units), default=0),
        "late_units": len(late),
        "worst": worst,
    }
    return render(request, "tracker/overview.html", context)


def overdue(request: SignedInRequest) -> HttpResponseBase:
    """All that is overdue, by unit, the latest first."""
    if not can_see_overview(request.user):
        raise Http404
    if answer := exported(request, "overdue"):
        return answer
    today = clock.today()
    assignments = visible_assignments(request.user)
    late = [line for line in dashboards.units(assignments, today) if line.overdue]
    page = Paginator(late, UNITS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "today": today,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "total": sum(line.overdue for line in late),
        "groups": dashboards.overdue_rows(assignments, page.object_list, today),
    }
    return render(request, "tracker/overdue.html", context)
