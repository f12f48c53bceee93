"""单位: the units of the keeper's regions, with how many people each has."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from accounts.forms import DepartmentFilter
from accounts.models import DepartmentQuerySet
from accounts.permissions import kept_departments, require_keeper
from accounts.requests import SignedInRequest

DEPARTMENTS_PER_PAGE = 50


def _found(form: DepartmentFilter, departments: DepartmentQuerySet) -> DepartmentQuerySet:
    if not form.is_valid():
        return departments.none()
    asked = form.cleaned_data
    if asked["q"]:
        departments = departments.matching(asked["q"].strip())
    if asked.get("region"):
        departments = departments.in_region(asked["region"])
    if asked["kind"]:
        departments = departments.of_kind(asked["kind"])
    return departments


def departments(request: SignedInRequest) -> HttpResponse:
    """Units by region and name; one without people cannot sign for anything, and says so."""
    require_keeper(request.user)
    form = DepartmentFilter(request.GET, by=request.user)
    rows = _found(form, kept_departments(request.user)).for_list()
    page = Paginator(rows, DEPARTMENTS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "is_narrowed": any(request.GET.get(name) for name in form.fields),
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
    }
    return render(request, "accounts/departments.html", context)
