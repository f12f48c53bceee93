"""A unit's own work: what lies before it, signing for it, reporting on it; and the reviewer's answer."""

from collections.abc import Iterable

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest
from tracker import clock, dashboards
from tracker.actions.work import (
    MoveRefused,
    StaleVersion,
    move_assignment,
    report_and_hand_in,
    report_progress,
    sign_all,
)
from tracker.filings import REQUESTS_SHOWN
from tracker.forms.keys import key_of
from tracker.forms.work import MoveForm, ReportForm
from tracker.models import Assignment, FilingRequest, ProgressReport, TaskEvent
from tracker.permissions import belongs_to_unit, can_move, get_assignment_for, visible_assignments
from tracker.views.stale import changes_since, with_version
from tracker.workflow import Move


def my_work(request: SignedInRequest) -> HttpResponse:
    """The unit's unfinished assignments in groups, the overdue first."""
    if not request.user.is_unit_person:
        raise Http404
    today = clock.today()
    assignments = visible_assignments(request.user)
    filings_due = list(
        FilingRequest.objects.not_filed_by(request.user.department_id).by_urgency()[: REQUESTS_SHOWN + 1]
    )
    context = {
        "today": today,
        "filings_due": filings_due[:REQUESTS_SHOWN],
        "more_filings_due": len(filings_due) > REQUESTS_SHOWN,
        "numbers": dashboards.numbers(assignments, today),
        "groups": dashboards.my_work(assignments, today),
        "unsigned": list(
            assignments.unsigned().by_urgency().values_list("pk", flat=True)[: dashboards.SIGN_LIMIT]
        ),
    }
    return render(request, "tracker/my_work.html", context)


def sign_for_all(request: SignedInRequest) -> HttpResponse:
    """Sign for the assignments that the page listed; what came in since then waits for a look."""
    if not request.user.is_unit_person:
        raise Http404
    # Signing in again after a time-out leads here by GET: back to the page with the button.
    if request.method == "POST":
        ids = [key_of(pk) for pk in request.POST.getlist("assignment")]
        if None in ids:
            raise BadRequest
        signed = sign_all([pk for pk in ids if pk is not None], by=request.user, now=clock.now())
        messages.success(request, _("已签收 %(count)d 项。") % {"count": signed})
    return redirect("my_work")


def report(request: SignedInRequest, pk: int) -> HttpResponse:
    """The progress form of one assignment. Somebody else's change in between loses nothing that was typed."""
    assignment = get_assignment_for(request.user, pk)
    if not belongs_to_unit(request.user, assignment):
        raise Http404
    changes: Iterable[TaskEvent] = []
    if request.method == "POST":
        form = ReportForm(request.POST, request.FILES)
        if form.is_valid():
            answer = form.cleaned_data
            write = report_and_hand_in if answer["hand_in"] else report_progress
            try:
                kept = write(
                    assignment.pk,
                    percent=answer["percent"],
                    note=answer["note"],
                    form_key=answer["form_key"],
                    by=request.user,
                    now=clock.now(),
                    version=answer["version"],
                    uploads=answer["evidence"],
                )
            except MoveRefused as refusal:
                assignment.refresh_from_db()
                if isinstance(refusal, StaleVersion):
                    changes = changes_since(assignment, answer["version"])
                    form = ReportForm(with_version(request.POST, assignment.version))
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("已申请办结。") if answer["hand_in"] else _("已填报。"))
                _say_what_was_there_before(request, kept)
                return redirect("task", pk=assignment.task_id)
    elif can_move(request.user, assignment, Move.REPORT):
        form = ReportForm.for_assignment(assignment)
    else:
        status = assignment.get_status_display()
        messages.info(request, _("当前状态为“%(status)s”，不用填报。") % {"status": status})
        return redirect("task", pk=assignment.task_id)
    context = {
        "today": clock.today(),
        "assignment": assignment,
        "form": form,
        "changes": changes,
        "last_report": assignment.reports.standing().newest_first().first(),
    }
    return render(request, "tracker/report.html", context)


def _say_what_was_there_before(request: SignedInRequest, report: ProgressReport) -> None:
    for file in report.evidence.with_origin():
        if file.same_as:
            earlier = {"name": file.name, "day": clock.day_of(file.same_as.report.created_at)}
            messages.info(request, _("“%(name)s”与 %(day)s 填报时上传的文件相同。") % earlier)


def move(request: SignedInRequest, pk: int) -> HttpResponse:
    """Make one move of an assignment. A refusal is shown with the form, ready to be sent again."""
    assignment = get_assignment_for(request.user, pk)
    # Signing in again after a time-out leads here by GET: back to the page with the buttons.
    if request.method != "POST":
        return redirect("task", pk=assignment.task_id)
    form = MoveForm(request.POST)
    changes: Iterable[TaskEvent] = []
    if form.is_valid():
        answer = form.cleaned_data
        try:
            move_assignment(
                assignment.pk,
                answer["move"],
                by=request.user,
                now=clock.now(),
                note=answer["note"],
                version=answer["version"],
            )
        except MoveRefused as refusal:
            assignment.refresh_from_db()
            if isinstance(refusal, StaleVersion):
                changes = changes_since(assignment, answer["version"])
                form = MoveForm(with_version(request.POST, assignment.version))
            form.add_error(None, str(refusal))
        else:
            done = {"unit": assignment.department, "move": Move(answer["move"]).label}
            messages.success(request, _("%(unit)s：%(move)s，已记录。") % done)
            return redirect(_way_back(request, assignment))
    if request.POST.get("move") not in Move.by_button or "version" in form.errors:
        raise BadRequest
    context = {
        "today": clock.today(),
        "assignment": assignment,
        "form": form,
        "move": Move(request.POST["move"]),
        "needs_reason": request.POST["move"] in Move.needs_reason,
        "changes": changes,
    }
    return render(request, "tracker/move.html", context)


def _way_back(request: SignedInRequest, assignment: Assignment) -> str:
    """The page the button stood on, if it is one of ours; else the task."""
    page = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(
        page, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return page
    return reverse("task", args=[assignment.task_id])
