"""Plans and what has become of each of their measures."""

from django.core.paginator import Paginator
from django.http.response import HttpResponseBase
from django.shortcuts import render

from accounts.requests import SignedInRequest
from accounts.views.exports import exported
from tracker import clock, dashboards
from tracker.permissions import can_set_rules, get_plan_for, visible_assignments, visible_plans

PLANS_PER_PAGE = 25


def plans(request: SignedInRequest) -> HttpResponseBase:
    """The plans the person may read, the newest first."""
    if answer := exported(request, "plans"):
        return answer
    today = clock.today()
    rows = visible_plans(request.user).select_related("region").without_source().newest_first()
    page = Paginator(rows, PLANS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "lines": dashboards.plan_tallies(page.object_list, visible_assignments(request.user), today),
    }
    return render(request, "tracker/plans.html", context)


def plan(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """One plan: its measures under their headings, each with its figures."""
    found = get_plan_for(request.user, pk)
    if answer := exported(request, "plan", pk):
        return answer
    today = clock.today()
    assignments = visible_assignments(request.user)
    of_plan = assignments.of_plans([found])
    [(_, tally)] = dashboards.plan_tallies([found], assignments, today)
    units = [] if request.user.is_unit_person else dashboards.units(of_plan, today)
    context = {
        "plan": found,
        "next_editions": found.next_editions.given_out().without_source() if found.is_superseded else [],
        "scope": f"plan={found.pk}&",
        "tally": tally,
        "may_set_rules": can_set_rules(request.user, found),
        "numbers": dashboards.numbers(of_plan, today),
        "units": units,
        "longest": max((line.total for line in units), default=0),
        "sections": dashboards.plan_sections(found, assignments, today),
    }
    return render(request, "tracker/plan.html", context)
