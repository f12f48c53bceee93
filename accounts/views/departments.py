"""单位: the units of the keeper's regions, with how many people each has."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.actions import MembersChanged, set_members
from accounts.forms import DepartmentFilter, MembersForm
from accounts.lists import departments_found
from accounts.permissions import get_collective_for, kept_departments, require_keeper
from accounts.requests import SignedInRequest, origin_of, posted
from accounts.views.exports import exported

DEPARTMENTS_PER_PAGE = 50


def departments(request: SignedInRequest) -> HttpResponseBase:
    """Units by region and name; one without people cannot sign for anything, and says so."""
    require_keeper(request.user)
    if answer := exported(request, "departments"):
        return answer
    form = DepartmentFilter(request.GET, by=request.user)
    rows = departments_found(form, kept_departments(request.user)).for_list()
    page = Paginator(rows, DEPARTMENTS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "is_narrowed": any(request.GET.get(name) for name in form.fields),
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
    }
    return render(request, "accounts/departments.html", context)


def members(request: SignedInRequest, pk: int) -> HttpResponse:
    """Which units a collective stands for. What a change means for work is shown on the collective's page."""
    collective = get_collective_for(request.user, pk)
    form = MembersForm(posted(request), collective=collective)
    if form.is_valid():
        try:
            set_members(pk, form.chosen, shown=form.cleaned_data["shown"], origin=origin_of(request))
        except MembersChanged:
            data = request.POST.copy()
            data["shown"] = form.initial["shown"]
            form = MembersForm(data, collective=collective)
            names = "、".join(unit.short_name for unit in collective.members.by_name())
            form.add_error(
                None,
                _("您打开页面之后，成员已有变化（现为：%(names)s）。请核对后再保存。")
                % {"names": names or _("没有成员")},
            )
        else:
            messages.success(request, _("成员已保存。新成员未派的任务，请在下面补派。"))
            return redirect("collective", pk=pk)
    return render(request, "accounts/members.html", {"collective": collective, "form": form})
