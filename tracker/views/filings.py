"""Documents that a task asks of its units: asking, handing in, reading, taking all at once."""

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest, posted
from tracker import clock
from tracker.actions.filings import ask_filing, cancel_filing, file_document
from tracker.filetypes import clean_name
from tracker.filings import archive, by_unit
from tracker.forms.filings import AskFilingForm, CancelFilingForm, FileDocumentForm
from tracker.models import FilingRequest
from tracker.models.assignments import AssignmentQuerySet
from tracker.permissions import (
    can_ask_filing,
    can_cancel_filing,
    can_download_filings,
    can_file,
    coordinates,
    get_filing_for,
    get_filing_request_for,
    get_task_for,
    visible_assignments,
    visible_filings,
)
from tracker.views.answers import carry_out
from tracker.views.files import hand_out


def ask(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask for a document of the units of one task."""
    task = get_task_for(request.user, pk)
    if not coordinates(request.user, task):
        raise Http404
    if request.method == "POST":
        form = AskFilingForm(request.POST, task=task)
        if asked := carry_out(form, ask_filing, pk, by=request.user, now=clock.now()):
            messages.success(request, _("已要求报送备案材料。"))
            return redirect("filing", pk=asked.pk)
    elif not can_ask_filing(request.user, task):
        messages.info(request, _("任务已办结，不能再要求备案。"))
        return redirect("task", pk=pk)
    else:
        form = AskFilingForm.for_task(task)
    return render(request, "tracker/filing_ask.html", {"task": task, "form": form})


def filing(request: SignedInRequest, pk: int) -> HttpResponse:
    """Who has filed, who has not. A unit's people see their own line, and hand the document in here."""
    asked = get_filing_request_for(request.user, pk)
    shares = list(_shares(request, asked))
    may_file = any(can_file(request.user, asked, share) for share in shares)
    form = FileDocumentForm(posted(request), request.FILES or None)
    if form.is_bound and not request.user.is_unit_person:
        raise Http404
    if carry_out(form, file_document, pk, by=request.user, now=clock.now()):
        messages.success(request, _("已报送备案。"))
        return redirect("filing", pk=pk)
    lines = by_unit(visible_filings(request.user).filter(request=asked), shares)
    context = {
        "today": clock.today(),
        "asked": asked,
        "lines": lines,
        "filed": sum(line.newest is not None for line in lines),
        "form": form,
        "may_file": may_file,
        "may_cancel": can_cancel_filing(request.user, asked),
        "may_download": can_download_filings(request.user),
    }
    return render(request, "tracker/filing.html", context)


def _shares(request: SignedInRequest, asked: FilingRequest) -> AssignmentQuerySet:
    """The shares that are asked and that this person may see, by unit."""
    shares = visible_assignments(request.user) & asked.asked
    return shares.for_page().order_by("department__short_name", "pk")


def cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    """No longer ask for a document, with a reason."""
    asked = get_filing_request_for(request.user, pk)
    if not coordinates(request.user, asked.task):
        raise Http404
    form = CancelFilingForm(posted(request))
    if carry_out(form, cancel_filing, pk, by=request.user, now=clock.now()):
        messages.success(request, _("已取消这项备案要求；已经报送的材料仍可查看。"))
        return redirect("filing", pk=pk)
    if not form.is_bound and not can_cancel_filing(request.user, asked):
        messages.info(request, _("这项备案要求已经取消。"))
        return redirect("filing", pk=pk)
    return render(request, "tracker/filing_cancel.html", {"asked": asked, "form": form})


def download(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """The newest document of each unit in one zip."""
    asked = get_filing_request_for(request.user, pk)
    if not can_download_filings(request.user):
        raise Http404
    filings = visible_filings(request.user).filter(request=asked, assignment__in=asked.asked)
    newest = filings.newest_of_each().select_related("assignment__department")
    packed = archive(newest.order_by("assignment__department__short_name", "pk"))
    name = clean_name(f"{asked.task.number}_{asked.title}".replace("/", "_").replace("\\", "_"))
    response = FileResponse(
        packed, as_attachment=True, filename=f"{name}.zip", content_type="application/zip"
    )
    response["Cache-Control"] = "private, no-store"
    return response


def filed_file(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """One filed document."""
    return hand_out(get_filing_for(request.user, pk))
