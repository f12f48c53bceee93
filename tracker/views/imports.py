"""Importing a plan: at once where that is quick, by a worker otherwise, with a page of how far it is."""

from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest, is_in_place
from tracker import clock, documents, permissions
from tracker.actions import imports, plans
from tracker.documents import Document
from tracker.forms.imports import PlanImportForm
from tracker.jobs import read_plan
from tracker.models import Plan, PlanImport
from tracker.parser import ParsedPlan, UnreadableDocument

SHOWN = 10  # imports that are listed beside the form
# Seconds since the upload: until when the page looks often, until when now and then. A page that is left
# open does not look for ever, because each look keeps its session alive.
LOOKS_OFTEN, LOOKS_AT_ALL = 60, 900
# Seconds after which waiting is no longer what a worker at work explains.
WAITS_LONG = 20


def plan_import(request: SignedInRequest) -> HttpResponse:
    """Upload or paste a plan; what could be read becomes a draft."""
    if not permissions.can_import_plan(request.user):
        raise PermissionDenied
    form = PlanImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        field = "file" if form.cleaned_data["file"] else "text"
        try:
            return _take(request, form)
        except UnreadableDocument as error:
            form.add_error(field, error.reason)
        except imports.ImportRefused as refused:
            form.add_error(field, str(refused))
    rows = permissions.visible_imports(request.user).unsettled().for_page().newest_first()
    context = {"form": form, "imports": rows[:SHOWN]}
    return render(request, "tracker/plan_import.html", context, status=400 if form.errors else 200)


def _take(request: SignedInRequest, form: PlanImportForm) -> HttpResponse:
    """Raises UnreadableDocument and ImportRefused."""
    now = clock.now()
    document: Document | None = form.cleaned_data["file"]
    if document is None:
        parsed = documents.parse_pasted(form.cleaned_data["text"], reference_date=now.date())
    elif document.is_quick:
        parsed = documents.parse_upload(document.read(), document.name, reference_date=now.date())
    else:
        row = imports.enter_import(document, form_key=form.cleaned_data["form_key"], by=request.user, now=now)
        # Without a broker the file waits all the same, until the sweep queues it.
        transaction.on_commit(lambda: read_plan.delay(import_id=row.pk), robust=True)
        return redirect("import_progress", row.pk)
    if reason := documents.nothing_found(parsed):
        raise UnreadableDocument("", reason)
    return _imported(request, parsed, now)


def _imported(request: SignedInRequest, parsed: ParsedPlan, now: datetime) -> HttpResponse:
    user = request.user
    assert user.region is not None  # the database holds this for every coordinator
    result = plans.import_plan(parsed, region=user.region, by=user, now=now)
    return _lead_to(request, result.plan, was_known=not result.is_new)


def _lead_to(request: SignedInRequest, plan: Plan, *, was_known: bool) -> HttpResponse:
    if was_known:
        messages.info(request, _("这份方案此前已经导入过，内容相同，没有重复导入。"))
    return redirect("draft" if plan.is_draft else "plan", plan.pk)


def progress(request: SignedInRequest, pk: int) -> HttpResponse:
    """How far an import is; one that is done leads to its draft. A piece of the page where htmx asks."""
    row = permissions.get_import_for(request.user, pk)
    if row.plan is not None:
        return _lead_to(request, row.plan, was_known=row.was_known)
    if is_in_place(request) and not row.is_open:
        return redirect("import_progress", pk)  # of the whole page: nothing is left to cancel
    age = (clock.now() - row.created_at).total_seconds()
    context = {
        "import": row,
        "look_every": _look_every(age) if row.is_open else None,
        "waits_long": row.state == PlanImport.State.WAITING and age > WAITS_LONG,
    }
    template = "tracker/_import_state.html" if is_in_place(request) else "tracker/import_progress.html"
    return render(request, template, context)


def _look_every(age: float) -> int | None:
    """Seconds until the page looks again; None where it no longer does by itself."""
    if age < LOOKS_OFTEN:
        return 2
    return 10 if age < LOOKS_AT_ALL else None


def cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    """Stop an import; one that was quicker says so. Signing in again after a time-out leads here by GET."""
    row = permissions.get_import_for(request.user, pk)
    if request.method != "POST":
        return redirect("import_progress", pk)
    if imports.cancel_import(row.pk, now=clock.now()):
        messages.success(request, _("已取消导入“%(name)s”，没有存入任何内容。") % {"name": row.name})
        return redirect("plan_import")
    messages.warning(request, _("没有取消：导入已经结束。"))
    return redirect("import_progress", pk)
