"""Settling the draft of a plan, up to confirming it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Department
from accounts.requests import SignedInRequest
from tracker import clock, permissions
from tracker.actions import confirm, plans
from tracker.drafts import read_draft
from tracker.forms.plans import ClauseForm, ConfirmForm, MeasureUnitForm, UnitForm
from tracker.models import Doubt, Measure, Plan, PlanUnit
from tracker.workflow import Role


def draft(request: SignedInRequest, pk: int) -> HttpResponse:
    """The draft: source and result side by side, with all that is still to be settled."""
    plan = permissions.get_draft_for(request.user, pk)
    return _draft_page(request, plan)


def _draft_page(
    request: SignedInRequest, plan: Plan, *, errors: list[tuple[str, str]] | None = None
) -> HttpResponse:
    only_doubtful = request.GET.get("show") == "doubts"
    context: dict[str, Any] = {
        "plan": plan,
        "draft": read_draft(plan, only_doubtful=only_doubtful),
        "only_doubtful": only_doubtful,
        # Forms keep the filter in their address, so that a person stays on the list being worked off.
        "shown": "?show=doubts" if only_doubtful else "",
        "departments": list(Department.objects.choosable_in(plan.region)),
        "kinds": Department.Kind.choices,
        "roles": Role.choices,
        "blocking": confirm.blocking_reasons(plan),
        "errors": errors or [],
        "confirm_form": ConfirmForm(),
    }
    return render(request, "tracker/draft.html", context, status=400 if errors else 200)


def _settles(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A POST on a draft: load it with permission, and answer a plan that went live meanwhile."""

    @wraps(view)
    def wrapper(request: SignedInRequest, pk: int, **kwargs: int) -> HttpResponse:
        user = request.user
        plan = permissions.get_plan_for(user, pk)
        if not (user.is_coordinator and plan.region_id == user.region_id):
            raise Http404
        try:
            if not plan.is_draft:
                raise plans.NotADraft
            # Signing in again after a time-out leads here by GET: back to the page with the forms.
            return view(request, plan, **kwargs) if request.method == "POST" else redirect("draft", pk)
        except plans.NotADraft:
            messages.error(request, _("这份方案已经下达，草稿不能再改。"))
            return redirect("plan", pk)

    return wrapper


def _back(request: SignedInRequest, plan: Plan, anchor: str) -> HttpResponse:
    shown = "?show=doubts" if request.GET.get("show") == "doubts" else ""
    return redirect(f"{reverse('draft', args=[plan.pk])}{shown}#{anchor}")


@_settles
def draft_unit(request: SignedInRequest, plan: Plan, unit_pk: int) -> HttpResponse:
    """Settle what a printed unit name means."""
    unit = get_object_or_404(PlanUnit, pk=unit_pk, plan=plan)
    form = UnitForm(request.POST, region=plan.region)
    anchor = f"unit-{unit.pk}"
    if not form.is_valid():
        return _draft_page(request, plan, errors=_form_errors(form, anchor, prefix=unit.name))
    data = form.cleaned_data
    try:
        if data["choice"] == UnitForm.Choice.MATCH:
            plans.settle_unit(unit.pk, department=data["department"], remember=data["remember"])
        elif data["choice"] == UnitForm.Choice.CREATE:
            plans.create_department_for(unit.pk, name=data["name"].strip(), kind=data["kind"])
        else:
            plans.waive_unit(unit.pk)
    except plans.SettleRefused as refused:
        return _draft_page(request, plan, errors=[(anchor, str(refused))])
    messages.success(request, _("“%(name)s”已处理。") % {"name": unit.name})
    return _back(request, plan, "units")


@_settles
def draft_measure(request: SignedInRequest, plan: Plan, measure_pk: int) -> HttpResponse:
    """Save the due dates and skips of one measure's clauses: all of them or, with an error, none."""
    measure = get_object_or_404(Measure, pk=measure_pk, plan=plan)
    forms = {
        clause.pk: ClauseForm(request.POST, prefix=f"c{clause.pk}")
        for clause in measure.clauses.order_by("position")
    }
    errors = [
        error
        for pk, form in forms.items()
        if not form.is_valid()
        for error in _form_errors(form, f"clause-{pk}", prefix=str(measure))
    ]
    if errors:
        return _draft_page(request, plan, errors=errors)
    plans.edit_clauses(
        {pk: (form.cleaned_data["due_date"], form.cleaned_data["is_skipped"]) for pk, form in forms.items()}
    )
    messages.success(request, _("“%(measure)s”已保存。") % {"measure": measure})
    return _back(request, plan, f"measure-{measure.pk}")


@_settles
def draft_add_unit(request: SignedInRequest, plan: Plan, measure_pk: int) -> HttpResponse:
    """Name a unit for a measure that has none."""
    measure = get_object_or_404(Measure, pk=measure_pk, plan=plan)
    form = MeasureUnitForm(request.POST, measure=measure, region=plan.region)
    if not form.is_valid():
        return _draft_page(
            request, plan, errors=_form_errors(form, f"measure-{measure.pk}", prefix=str(measure))
        )
    plans.add_unit(
        measure.pk,
        department=form.cleaned_data["department"],
        role=form.cleaned_data["role"],
        by=request.user,
        now=clock.now(),
    )
    return _back(request, plan, f"measure-{measure.pk}")


@_settles
def draft_doubt(request: SignedInRequest, plan: Plan, doubt_pk: int) -> HttpResponse:
    """Say that a doubt was looked at."""
    doubt = get_object_or_404(Doubt, pk=doubt_pk, plan=plan)
    plans.settle_doubt(doubt.pk, by=request.user, now=clock.now())
    return _back(request, plan, f"measure-{doubt.measure_id}" if doubt.measure_id else "doubts")


@_settles
def draft_confirm(request: SignedInRequest, plan: Plan) -> HttpResponse:
    """Make the tasks."""
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        return _draft_page(request, plan, errors=_form_errors(form, "confirm", prefix=_("方案执行到哪一天")))
    ends_on = form.cleaned_data["ends_on"]
    try:
        made = confirm.confirm_plan(plan.pk, by=request.user, now=clock.now(), ends_on=ends_on)
    except confirm.ConfirmRefused as refused:
        return _draft_page(request, plan, errors=[("units", reason) for reason in refused.reasons])
    messages.success(
        request,
        _("已下达：任务 %(tasks)d 项，责任 %(assignments)d 项，涉及单位 %(departments)d 个。")
        % {"tasks": made.tasks, "assignments": made.assignments, "departments": made.departments},
    )
    if made.unassigned:
        messages.warning(request, _("有 %(n)d 条子句没有责任单位，没有生成任务。") % {"n": made.unassigned})
    return redirect("plan", plan.pk)


def _form_errors(form: Any, anchor: str, *, prefix: str) -> list[tuple[str, str]]:
    """The form's errors as (anchor, sentence) for the summary at the top of the page."""
    return [(anchor, f"{prefix}：{error}") for group in form.errors.values() for error in group]
