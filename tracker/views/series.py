"""Ending a series before its time."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest
from tracker import clock
from tracker.actions.series import end_series
from tracker.actions.work import MoveRefused
from tracker.forms.series import EndSeriesForm
from tracker.models import Task
from tracker.permissions import can_end_series, get_series_for


def end(request: SignedInRequest, pk: int) -> HttpResponse:
    """Make no further periods of a recurring clause, with a reason. What was made stays to be done."""
    series = get_series_for(request.user, pk)
    newest = Task.objects.newest_of([series.pk]).get()
    form = EndSeriesForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            end_series(pk, reason=form.cleaned_data["reason"], by=request.user, now=clock.now())
        except MoveRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已停止，不再生成新的任务；已生成的各期照常办理。"))
            return redirect("task", pk=newest.pk)
    elif request.method != "POST" and not can_end_series(request.user, series):
        messages.info(request, _("这项周期任务已经结束，不再生成新的任务。"))
        return redirect("task", pk=newest.pk)
    context = {"series": series, "newest": newest, "form": form}
    return render(request, "tracker/series_end.html", context)
