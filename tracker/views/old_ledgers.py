"""Bringing an old ledger: sending it, correcting its columns, seeing what becomes of each row, confirming."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import SignedInRequest, posted
from tracker import clock
from tracker.actions import old_ledgers as actions
from tracker.actions import sheet_jobs
from tracker.actions.ledger_rows import KINDS, LedgerRow
from tracker.actions.sheet_plans import TASKS_PER_PLAN
from tracker.actions.task_sheets import ROW_LIMIT
from tracker.actions.work import MoveRefused
from tracker.filetypes import clean_name
from tracker.forms.old_ledgers import (
    ColumnsForm,
    ConfirmForm,
    LedgerFileForm,
    SheetChoiceForm,
    UnknownUnitsForm,
)
from tracker.models import LedgerProfile, Plan, SheetJob
from tracker.old_ledgers import ROWS_A_PAGE, page_of_rows
from tracker.permissions import can_import_plan, get_ledger_profile_for, get_old_ledger_for
from tracker.views.sheets import start_job

State = SheetJob.State


@never_cache
def old_ledger_new(request: SignedInRequest) -> HttpResponse:
    """Send the file of an old ledger; its heads are looked for in the background."""
    if not can_import_plan(request.user) or request.user.region is None:
        raise Http404
    form = LedgerFileForm(posted(request), request.FILES or None)
    if form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            job = sheet_jobs.ask_import(
                kind=SheetJob.Kind.LEDGER,
                file=upload.file,
                name=clean_name(upload.name),
                form_key=form.cleaned_data["form_key"],
                by=request.user,
                now=clock.now(),
            )
        except MoveRefused as refusal:
            form.add_error("file", str(refusal))
        else:
            if job.state == State.QUEUED:
                start_job(job)
            return redirect("old_ledger", pk=job.pk)
    profiles = LedgerProfile.objects.of_region(request.user.region).select_related("saved_by")
    context = {
        "form": form,
        "profiles": profiles[: actions.PROFILES_OF_REGION],
        "limit": ROW_LIMIT,
        "plan_limit": TASKS_PER_PLAN,
    }
    return render(request, "tracker/old_ledger_new.html", context)


@require_safe
@never_cache
def old_ledger(request: SignedInRequest, pk: int) -> HttpResponse:
    """Where the ledger stands: being read, at its columns, at its rows, or brought in."""
    job = get_old_ledger_for(request.user, pk)
    if job.state == State.COLUMNS:
        return redirect("old_ledger_columns", pk=pk)
    return render(request, "tracker/old_ledger.html", _rows_context(request, job, _units_form(job)))


def _units_form(job: SheetJob, data: Any = None) -> UnknownUnitsForm | None:
    unknown = [(str(name), int(count)) for name, count in job.report.get("unknown", [])]
    region = job.owner.region
    if job.state != State.CHECKED or not unknown or region is None:
        return None
    return UnknownUnitsForm(data, region=region, unknown=unknown)


def _rows_context(
    request: SignedInRequest, job: SheetJob, units_form: UnknownUnitsForm | None
) -> dict[str, Any]:
    report = job.report
    kind = request.GET.get("kind", "")
    found = [one for one in KINDS if report.get(one)]
    if kind not in found:
        kind = LedgerRow.REFUSED if LedgerRow.REFUSED in found else found[0] if found else LedgerRow.NEW
    pages = Paginator(range(report.get(kind, 0)), ROWS_A_PAGE)
    page = pages.get_page(request.GET.get("page"))
    labels = {
        LedgerRow.NEW: _("新增"),
        LedgerRow.CHANGED: _("有变化"),
        LedgerRow.SAME: _("无变化"),
        LedgerRow.REFUSED: _("不能导入"),
        LedgerRow.PASSED: _("略过"),
    }
    return {
        "job": job,
        "report": report,
        "days": sheet_jobs.KEEP.days,
        "tabs": [(one, label, report.get(one, 0)) for one, label in labels.items()],
        "kind": kind,
        "rows": page_of_rows(job, kind, page.number) if "look" in report and job.result else [],
        "page": page,
        "pages": pages.get_elided_page_range(page.number),
        "units_form": units_form,
        "plan": _plan_of(job) if job.state == State.DONE else None,
        "may_correct": _may_correct(job),
    }


def _plan_of(job: SheetJob) -> Plan | None:
    """The plan under which its tasks are now."""
    if job.owner.region is None:
        return None
    if (chosen := job.options.get("plan")) is not None:
        return Plan.objects.live().filter(pk=chosen, region=job.owner.region).without_source().first()
    return actions.plan_named(job.owner.region.pk, job.options.get("title", ""))


def _may_correct(job: SheetJob) -> bool:
    """Whether its columns can be said, or said again."""
    return job.confirmed_at is None and "columns" in job.report and job.state in actions.BEFORE_ROWS


@never_cache
def old_ledger_columns(request: SignedInRequest, pk: int) -> HttpResponse:
    """What each column means, corrected where the guess was wrong; or another worksheet."""
    job = get_old_ledger_for(request.user, pk)
    region = request.user.region
    if region is None or not _may_correct(job):
        return redirect("old_ledger", pk=pk)
    if "sheet" in request.POST:
        return _other_sheet(request, job)
    form = ColumnsForm(posted(request), region=region, report=job.report, options=job.options)
    if form.is_valid():
        try:
            actions.set_columns(pk, **form.cleaned_data, by=request.user, now=clock.now())
        except MoveRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            start_job(job)
            return redirect("old_ledger", pk=pk)
    context = {"job": job, "report": job.report, "form": form}
    return render(request, "tracker/old_ledger_columns.html", context)


def _other_sheet(request: SignedInRequest, job: SheetJob) -> HttpResponse:
    form = SheetChoiceForm(request.POST)
    if not form.is_valid():
        raise BadRequest
    try:
        actions.choose_sheet(job.pk, **form.cleaned_data, by=request.user)
    except MoveRefused as refusal:
        messages.info(request, str(refusal))
    else:
        start_job(job)
    return redirect("old_ledger", pk=job.pk)


@require_POST
def old_ledger_units(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say which units the unknown names are, for the whole sheet; the rows are looked at again."""
    job = get_old_ledger_for(request.user, pk)
    form = _units_form(job, request.POST)
    if form is None:
        messages.info(request, _("这份台账已经不在这一步，请看页面上现在的状态。"))
        return redirect("old_ledger", pk=pk)
    if form.is_valid():
        try:
            actions.name_units(pk, form.cleaned_data["chosen"], by=request.user, now=clock.now())
        except MoveRefused as refusal:
            messages.info(request, str(refusal))
        else:
            start_job(job)
        return redirect("old_ledger", pk=pk)
    return render(request, "tracker/old_ledger.html", _rows_context(request, job, form))


@require_POST
def old_ledger_confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take in what was looked at, all or nothing."""
    job = get_old_ledger_for(request.user, pk)
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        raise BadRequest
    try:
        actions.confirm_ledger(pk, **form.cleaned_data, by=request.user, now=clock.now())
    except MoveRefused as refusal:
        messages.error(request, str(refusal))
    else:
        start_job(job)
    return redirect("old_ledger", pk=pk)


@require_POST
def ledger_profile_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    """Forget a saved reading of heads."""
    profile = get_ledger_profile_for(request.user, pk)
    actions.delete_profile(profile)
    messages.success(request, _("已删除列对照“%(name)s”。") % {"name": profile.name})
    return redirect("old_ledger_new")
