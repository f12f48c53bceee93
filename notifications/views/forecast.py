"""接下来的提醒: who will get what, on which day, and why."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import SignedInRequest
from notifications.forecast import FORECAST_DAYS, first_planning_day, forecast
from notifications.forms.forecast import ForecastFilter
from notifications.policy import Audience
from tracker import clock
from tracker.permissions import visible_assignments

LINES_PER_PAGE = 100


@require_safe
def forecast_page(request: SignedInRequest) -> HttpResponse:
    """The coming 30 days. A unit's people see what their own unit will be told, the others all of theirs."""
    user = request.user
    form = ForecastFilter(request.GET, by=user)
    # What makes no sense is answered with nothing, never with everything.
    asked = form.cleaned_data if form.is_valid() else {}
    assignments = visible_assignments(user)
    found = forecast(
        assignments if form.is_valid() else assignments.none(),
        first=first_planning_day(clock.now()),
        task=asked.get("task"),
        unit=asked.get("unit"),
        person=asked.get("person"),
        audiences=(Audience.UNIT,) if user.is_unit_person else tuple(Audience),
    )
    page = Paginator(found.expected, LINES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "task": asked.get("task"),
        "forecast": found,
        "days": FORECAST_DAYS,
        "is_narrowed": any(asked.values()),
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
    }
    return render(request, "notifications/forecast.html", context)
