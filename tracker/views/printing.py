"""Pages to print: the overdue list, and what each unit has to do today."""

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render

from accounts.models import Department
from accounts.requests import SignedInRequest
from tracker import clock, dailies
from tracker.permissions import (
    can_print_all_sheets,
    can_see_overview,
    get_unit_for,
    visible_assignments,
)

SHEETS_PER_PRINT = 40


def overdue(request: SignedInRequest) -> HttpResponse:
    """All that is overdue as a table, by unit, for paper."""
    if not can_see_overview(request.user):
        raise Http404
    today = clock.today()
    found = visible_assignments(request.user).overdue(today)
    by_unit = found.for_list().order_by("region__code", "department__short_name", "due_date", "pk")
    rows = list(by_unit[: dailies.OVERDUE_PRINTED])
    context = {"today": today, "rows": rows, "total": found.count(), "most": dailies.OVERDUE_PRINTED}
    return render(request, "tracker/print_overdue.html", context)


def sheet(request: SignedInRequest, pk: int) -> HttpResponse:
    """One unit's sheet of the day."""
    unit = get_unit_for(request.user, pk)
    today = clock.today()
    found = dailies.sheets(visible_assignments(request.user), [unit], today, limit=dailies.SHEET_ROWS)
    return render(request, "tracker/print_sheets.html", {"today": today, "sheets": found, "unit": unit})


def sheets(request: SignedInRequest) -> HttpResponse:
    """The sheets of all units of the coordinator's region that have something to do, each on its own page."""
    if not can_print_all_sheets(request.user):
        raise Http404
    today = clock.today()
    assignments = visible_assignments(request.user).in_region(request.user.region_id)
    units = dailies.units_with_work(assignments, today)
    page = Paginator(units, SHEETS_PER_PRINT).get_page(request.GET.get("page"))
    named = Department.objects.select_related("region").in_bulk(list(page.object_list))
    found = dailies.sheets(
        assignments, [named[key] for key in page.object_list], today, limit=dailies.SHEET_ROWS_OF_MANY
    )
    context = {
        "today": today,
        "sheets": found,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
    }
    return render(request, "tracker/print_sheets.html", context)
