"""人员: the accounts that a coordinator or administrator keeps."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts import actions
from accounts.actions import PersonRefused
from accounts.forms import DisableForm, PeopleFilter, PersonForm
from accounts.lists import people_found
from accounts.models import User
from accounts.permissions import can_keep, get_person_for, require_keeper, visible_audit, visible_people
from accounts.requests import SignedInRequest, origin_of, posted
from accounts.views.exports import exported

PEOPLE_PER_PAGE = 50
EVENTS_SHOWN = 20


def people(request: SignedInRequest) -> HttpResponseBase:
    """Everybody in the keeper's regions, those in use first."""
    require_keeper(request.user)
    if answer := exported(request, "people"):
        return answer
    form = PeopleFilter(request.GET, by=request.user)
    rows = people_found(form, visible_people(request.user)).for_list()
    page = Paginator(rows, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "is_narrowed": any(request.GET.get(name) for name in form.fields),
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "lines": [(person, can_keep(request.user, person)) for person in page.object_list],
    }
    return render(request, "accounts/people.html", context)


@never_cache
def new_person(request: SignedInRequest) -> HttpResponse:
    """Make an account. The answer shows the one-time password: it is nowhere else, and not shown again."""
    require_keeper(request.user)
    form = PersonForm(posted(request), by=request.user)
    if form.is_valid():
        made = form.save(commit=False)
        try:
            word = actions.create_person(made, origin_of(request))
        except PersonRefused as refusal:
            form.add_error("username", str(refusal))
        else:
            return render(request, "accounts/one_time.html", {"person": made, "word": word, "is_new": True})
    return render(request, "accounts/new_person.html", {"form": form})


def person(request: SignedInRequest, pk: int) -> HttpResponse:
    """One account: change what it says; what may be done with it; what happened to it."""
    found = get_person_for(request.user, pk)
    before = actions.snapshot(found)
    form = PersonForm(posted(request), instance=found, by=request.user)
    if form.is_valid():
        actions.change_person(form.save(commit=False), before, origin_of(request))
        messages.success(request, _("已保存。"))
        return redirect("accounts:person", pk=pk)
    events = visible_audit(request.user).about(found).latest_first()[:EVENTS_SHOWN]
    context = {"person": User.objects.select_related("successor").get(pk=pk), "form": form, "events": events}
    return render(request, "accounts/person.html", context)


@never_cache
def reset(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give a new one-time password, shown in the answer and not again."""
    found = get_person_for(request.user, pk)
    # Signing in again after a time-out leads here by GET: back to the page with the button.
    if request.method != "POST":
        return redirect("accounts:person", pk=pk)
    word = actions.reset_password(found, origin_of(request))
    return render(request, "accounts/one_time.html", {"person": found, "word": word, "is_new": False})


def disable(request: SignedInRequest, pk: int) -> HttpResponse:
    """End an account and name who takes over. Nothing is ever deleted."""
    found = get_person_for(request.user, pk)
    if not found.is_active:
        messages.info(request, _("这个账号已经停用。"))
        return redirect("accounts:person", pk=pk)
    form = DisableForm(posted(request), person=found)
    if form.is_valid():
        successor = form.cleaned_data["successor"]
        try:
            actions.disable_person(found, successor=successor, origin=origin_of(request))
        except PersonRefused as refusal:
            form.add_error("successor", str(refusal))
        else:
            messages.success(request, _("%(name)s的账号已停用。") % {"name": found})
            return redirect("accounts:person", pk=pk)
    colleagues = User.objects.all().could_succeed(found).count()
    return render(request, "accounts/disable.html", {"person": found, "form": form, "colleagues": colleagues})


def enable(request: SignedInRequest, pk: int) -> HttpResponse:
    """Open a disabled account again."""
    found = get_person_for(request.user, pk)
    if request.method == "POST":
        try:
            actions.enable_person(found, origin_of(request))
        except PersonRefused as refusal:
            messages.info(request, str(refusal))
        else:
            messages.success(request, _("%(name)s的账号已启用。") % {"name": found})
    return redirect("accounts:person", pk=pk)
