"""What belongs to a report: handing out its files, taking it back."""

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest, posted
from tracker import clock
from tracker.actions.reports import withdraw_report
from tracker.forms.work import WithdrawForm
from tracker.permissions import can_withdraw, get_evidence_for, get_report_for
from tracker.views.answers import carry_out
from tracker.views.files import hand_out


def evidence(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """One file of a report."""
    return hand_out(get_evidence_for(request.user, pk))


def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take back one report of the person's own unit, with a reason."""
    report = get_report_for(request.user, pk)
    form = WithdrawForm(posted(request))
    if carry_out(form, withdraw_report, pk, by=request.user, now=clock.now()):
        messages.success(request, _("已撤回填报，进度退回到上一次填报。"))
        return redirect("task", pk=report.assignment.task_id)
    if not form.is_bound and not can_withdraw(request.user, report):
        messages.info(request, _("这次填报不能撤回：已经撤回，或者任务不在推进中。"))
        return redirect("task", pk=report.assignment.task_id)
    context = {
        "today": clock.today(),
        "report": report,
        "assignment": report.assignment,
        "files": report.evidence.with_origin(),
        "mirrors": [
            (mirror, can_withdraw(request.user, mirror)) for mirror in report.mirrors.standing().for_page()
        ],
        "form": form,
    }
    return render(request, "tracker/report_withdraw.html", context)
