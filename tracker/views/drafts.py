"""The pages of a draft, up to confirming it."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Department
from accounts.requests import SignedInRequest, posted
from tracker import clock, permissions
from tracker.actions import clauses, confirm, draft_record, settling
from tracker.comparison import likely_editions
from tracker.drafts import DOUBTS, UNCHECKED, chapters_of, read_draft, read_edits
from tracker.forms.drafts import BulkForm
from tracker.forms.plans import ConfirmForm, UnitForm
from tracker.models import Doubt, DraftEdit, Plan, PlanUnit

EDITS_PER_PAGE = 30
LISTED = 30  # clauses named on the page before confirming
UNITS_LISTED = 200


def draft(request: SignedInRequest, pk: int) -> HttpResponse:
    """The draft: source and result side by side, with all that is still to be settled."""
    plan = permissions.get_draft_for(request.user, pk)
    return _draft_page(request, plan)


def _draft_page(
    request: SignedInRequest, plan: Plan, *, errors: list[tuple[str, str]] | None = None
) -> HttpResponse:
    show = _show(request)
    chapter = request.GET.get("chapter", "")
    found = read_draft(plan, show=show, chapter=int(chapter) if chapter.isdecimal() else 0)
    edits = DraftEdit.objects.filter(plan=plan)
    last = edits.standing().newest_first().select_related("by").first()
    context: dict[str, Any] = {
        "plan": plan,
        "draft": found,
        "show": show,
        # Forms keep filter and chapter in their address, so that a person stays on the list being worked off.
        "shown": address_of(show=show, chapter=found.chapter.number if found.chapter else 0),
        "departments": list(Department.objects.choosable_in(plan.region)) if found.unknown_units else [],
        "kinds": Department.Kind.choices,
        "blocking": confirm.blocking_reasons(plan),
        "errors": errors or [],
        "last_edit": last,
        "likely": [] if plan.previous_edition_id else likely_editions(plan),
    }
    return render(request, "tracker/draft.html", context, status=400 if errors else 200)


def _show(request: SignedInRequest) -> str:
    asked = request.GET.get("show", "")
    return asked if asked in (DOUBTS, UNCHECKED) else ""


def address_of(*, show: str = "", chapter: int = 0) -> str:
    """The query of a page of the draft, empty for the plain one."""
    query = urlencode({name: value for name, value in {"show": show, "chapter": chapter}.items() if value})
    return f"?{query}" if query else ""


def settles(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page or form of a draft: load it with permission, and answer a plan that went live meanwhile."""

    @wraps(view)
    def wrapper(request: SignedInRequest, pk: int, **kwargs: int) -> HttpResponse:
        user = request.user
        plan = permissions.get_plan_for(user, pk)
        if not permissions.can_set_rules(user, plan):
            raise Http404
        try:
            if not plan.is_draft:
                raise draft_record.NotADraft
            return view(request, plan, **kwargs)
        except draft_record.NotADraft:
            messages.error(request, _("这份方案已经下达，草稿不能再改。"))
            return redirect("plan", pk)

    return wrapper


def _settles_by_post(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The same for what has no page: signing in again after a time-out leads here by GET."""

    @wraps(view)
    def wrapper(request: SignedInRequest, plan: Plan, **kwargs: int) -> HttpResponse:
        return view(request, plan, **kwargs) if request.method == "POST" else redirect("draft", plan.pk)

    return settles(wrapper)


def _back(request: SignedInRequest, plan: Plan, anchor: str) -> HttpResponse:
    chapter = request.GET.get("chapter", "")
    query = address_of(show=_show(request), chapter=int(chapter) if chapter.isdecimal() else 0)
    return redirect(f"{reverse('draft', args=[plan.pk])}{query}#{anchor}")


@_settles_by_post
def draft_unit(request: SignedInRequest, plan: Plan, unit_pk: int) -> HttpResponse:
    """Settle what a printed unit name means."""
    unit = get_object_or_404(PlanUnit, pk=unit_pk, plan=plan)
    form = UnitForm(request.POST, region=plan.region)
    anchor = f"unit-{unit.pk}"
    if not form.is_valid():
        return _draft_page(request, plan, errors=form_errors(form, anchor, prefix=unit.name))
    data = form.cleaned_data
    who: dict[str, Any] = {"by": request.user, "now": clock.now()}
    try:
        if data["choice"] == UnitForm.Choice.MATCH:
            settling.settle_unit(unit.pk, department=data["department"], remember=data["remember"], **who)
        elif data["choice"] == UnitForm.Choice.CREATE:
            settling.create_department_for(unit.pk, name=data["name"].strip(), kind=data["kind"], **who)
        else:
            settling.waive_unit(unit.pk, **who)
    except draft_record.SettleRefused as refused:
        return _draft_page(request, plan, errors=[(anchor, str(refused))])
    messages.success(request, _("“%(name)s”已处理。") % {"name": unit.name})
    return _back(request, plan, "units")


@_settles_by_post
def draft_doubt(request: SignedInRequest, plan: Plan, doubt_pk: int) -> HttpResponse:
    """Say that a doubt was looked at."""
    doubt = get_object_or_404(Doubt, pk=doubt_pk, plan=plan)
    settling.settle_doubt(doubt.pk, by=request.user, now=clock.now())
    return _back(request, plan, f"measure-{doubt.measure_id}" if doubt.measure_id else "doubts")


@_settles_by_post
def draft_bulk(request: SignedInRequest, plan: Plan) -> HttpResponse:
    """Skip all ongoing clauses of a chapter, or have them reported each quarter."""
    form = BulkForm(request.POST)
    if not form.is_valid():
        return _draft_page(request, plan, errors=form_errors(form, "content", prefix=_("整章处理")))
    answer = form.cleaned_data
    chapter = next((found for found in chapters_of(plan) if found.key == answer["chapter"]), None)
    if chapter is None:
        raise Http404
    try:
        changed = clauses.change_ongoing(
            plan.pk,
            [measure.pk for measure in chapter.measures],
            kind=answer["kind"],
            by=request.user,
            now=clock.now(),
            version=answer["version"],
        )
    except draft_record.StaleDraft as refused:
        return _draft_page(request, plan, errors=[(f"chapter-{chapter.key}", str(refused))])
    messages.success(request, _("已处理 %(n)d 条持续性子句。如有不妥，可以撤销。") % {"n": changed})
    return _back(request, plan, f"chapter-{chapter.key}")


@settles
def draft_edits(request: SignedInRequest, plan: Plan) -> HttpResponse:
    """The record of what was changed in the draft, the newest first; by POST, undo one of them."""
    refused = ""
    if request.method == "POST":
        number = request.POST.get("number", "")
        if not number.isdecimal() or len(number) > 9:
            raise Http404
        try:
            draft_record.undo(plan.pk, int(number), by=request.user, now=clock.now())
        except draft_record.SettleRefused as error:
            refused = str(error)
        else:
            messages.success(request, _("已撤销。"))
            return redirect("draft_edits", plan.pk)
    before = request.GET.get("before", "")
    rows = DraftEdit.objects.filter(plan=plan).select_related("by").newest_first()
    if before.isdecimal() and len(before) <= 9:
        rows = rows.filter(number__lt=int(before))
    by_number = rows.order_by("-number").values_list("number", flat=True).distinct()
    numbers = list(by_number[: EDITS_PER_PAGE + 1])
    shown = numbers[:EDITS_PER_PAGE]
    context = {
        "plan": plan,
        "edits": read_edits(plan, rows.filter(number__in=shown)),
        "older": shown[-1] if len(numbers) > EDITS_PER_PAGE else None,
        "refused": refused,
    }
    return render(request, "tracker/draft_edits.html", context, status=400 if refused else 200)


@settles
def draft_confirm(request: SignedInRequest, plan: Plan) -> HttpResponse:
    """What confirming would make and who would be told; by POST, make it."""
    # The version was read before what is shown: a change in between makes the form stale, not the page wrong.
    initial = {"version": plan.version, "ends_on": plan.previous_edition and plan.previous_edition.ends_on}
    form = ConfirmForm(posted(request), initial=initial)
    errors: list[str] = []
    if form.is_valid():
        answer = form.cleaned_data
        try:
            made = confirm.confirm_plan(
                plan.pk,
                by=request.user,
                now=clock.now(),
                ends_on=answer["ends_on"],
                version=answer["version"],
            )
        except confirm.ConfirmRefused as refused:
            errors = refused.reasons
        except draft_record.StaleDraft as stale:
            errors = [str(stale)]
            plan.refresh_from_db(fields=["version"])
            form = ConfirmForm(initial={"version": plan.version, "ends_on": answer["ends_on"]})
        else:
            return _confirmed(request, plan, made)
    elif request.method == "POST":
        errors = [str(error) for group in form.errors.values() for error in group]
    preview = confirm.preview_confirm(plan)
    context = {
        "plan": plan,
        "form": form,
        "errors": errors,
        "blocking": confirm.blocking_reasons(plan),
        "preview": preview,
        "units": preview.units[:UNITS_LISTED],
        "more_units": max(0, len(preview.units) - UNITS_LISTED),
        "unassigned": preview.unassigned[:LISTED],
        "more_unassigned": max(0, len(preview.unassigned) - LISTED),
        "series": preview.series[:LISTED],
        "more_series": max(0, len(preview.series) - LISTED),
    }
    return render(request, "tracker/draft_confirm.html", context, status=400 if errors else 200)


def _confirmed(request: SignedInRequest, plan: Plan, made: confirm.ConfirmResult) -> HttpResponse:
    messages.success(
        request,
        _("已下达：任务 %(tasks)d 项，责任 %(assignments)d 项，涉及单位 %(departments)d 个。")
        % {"tasks": made.tasks, "assignments": made.assignments, "departments": made.departments},
    )
    if made.carried or made.ended:
        words = _("新版本：沿用原任务 %(carried)d 项，停办 %(ended)d 条。原版本留着可查。")
        messages.success(request, words % {"carried": made.carried, "ended": made.ended})
    if made.unassigned:
        messages.warning(request, _("有 %(n)d 条子句没有责任单位，没有生成任务。") % {"n": made.unassigned})
    return redirect("plan", plan.pk)


def form_errors(form: Any, anchor: str, *, prefix: str) -> list[tuple[str, str]]:
    """The form's errors as (anchor, sentence) for the summary at the top of the page."""
    return [(anchor, f"{prefix}：{error}") for group in form.errors.values() for error in group]
