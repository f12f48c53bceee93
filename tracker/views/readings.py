"""A unit's figures against the targets of a task: giving one, taking one back."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest, posted
from tracker import clock
from tracker.actions.readings import record_reading, withdraw_reading
from tracker.forms.keys import key_of
from tracker.forms.readings import ReadingForm
from tracker.forms.work import WithdrawForm
from tracker.permissions import (
    belongs_to_unit,
    can_record_reading,
    can_withdraw,
    get_assignment_for,
    get_reading_for,
)
from tracker.views.answers import carry_out


def record(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give a figure for one target of the assignment's task."""
    assignment = get_assignment_for(request.user, pk)
    if not belongs_to_unit(request.user, assignment):
        raise Http404
    targets = assignment.task.clause.targets.in_order()
    if request.method == "POST":
        form = ReadingForm(request.POST, targets=targets)
        if carry_out(form, record_reading, pk, by=request.user, now=clock.now()):
            messages.success(request, _("已登记指标数值。"))
            return redirect("task", pk=assignment.task_id)
    elif not can_record_reading(request.user, assignment):
        status = assignment.get_status_display()
        messages.info(request, _("当前状态为“%(status)s”，不能登记指标数值。") % {"status": status})
        return redirect("task", pk=assignment.task_id)
    elif not targets:
        messages.info(request, _("这项任务没有量化指标，不用登记数值。"))
        return redirect("task", pk=assignment.task_id)
    else:
        asked = key_of(request.GET.get("target", ""))
        form = ReadingForm.begun(targets, today=clock.today(), target=asked or targets[0].pk)
    context = {"today": clock.today(), "assignment": assignment, "form": form}
    return render(request, "tracker/reading.html", context)


def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take back one figure of the person's own unit, with a reason."""
    reading = get_reading_for(request.user, pk)
    form = WithdrawForm(posted(request))
    if carry_out(form, withdraw_reading, pk, by=request.user, now=clock.now()):
        messages.success(request, _("已撤回指标数值。"))
        return redirect("task", pk=reading.assignment.task_id)
    if not form.is_bound and not can_withdraw(request.user, reading):
        messages.info(request, _("这个数值不能撤回：已经撤回，或者任务不在推进中。"))
        return redirect("task", pk=reading.assignment.task_id)
    context = {
        "today": clock.today(),
        "reading": reading,
        "assignment": reading.assignment,
        "form": form,
    }
    return render(request, "tracker/reading_withdraw.html", context)
