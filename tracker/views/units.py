"""One unit: how its work stands, plan by plan."""

from django.core.paginator import Paginator
from django.http.response import HttpResponseBase
from django.shortcuts import render

from accounts.requests import SignedInRequest
from accounts.views.exports import exported
from tracker import clock, dashboards
from tracker.models import Plan, ProgressReport
from tracker.permissions import can_write_letter, get_unit_for, visible_assignments, visible_letters

PLANS_PER_PAGE = 25
OVERDUE_ROWS = 10
REPORTS_SHOWN = 10
LETTERS_SHOWN = 10


def unit(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """The figures of one unit, its most overdue work and its last reports."""
    found = get_unit_for(request.user, pk)
    if answer := exported(request, "unit", pk):
        return answer
    today = clock.today()
    assignments = visible_assignments(request.user).for_department(found)
    plans = Plan.objects.in_use(assignments.in_force()).with_work(assignments).without_source().newest_first()
    page = Paginator(plans, PLANS_PER_PAGE).get_page(request.GET.get("page"))
    reports = ProgressReport.objects.of_assignments(assignments).standing()
    context = {
        "today": today,
        "unit": found,
        # A unit's own people have no choice of units in the ledger: all of it is theirs.
        "scope": "" if request.user.is_unit_person else f"unit={found.pk}&",
        "numbers": dashboards.numbers(assignments, today),
        "late": assignments.late_days(today),
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "lines": dashboards.plan_tallies(page.object_list, assignments, today),
        "overdue": assignments.overdue(today).for_list().by_urgency()[:OVERDUE_ROWS],
        "letters": visible_letters(request.user)
        .to_department(found)
        .select_related("issued_by")
        .newest_first()
        .defer("data")[:LETTERS_SHOWN],
        "may_write_letter": (may_write := can_write_letter(request.user, found)),
        "may_report": request.user.is_unit_person or may_write,
        "reports": reports.for_page().newest_first()[:REPORTS_SHOWN],
    }
    return render(request, "tracker/unit.html", context)
