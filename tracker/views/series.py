"""Ending a series before its time."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest, posted
from tracker import clock
from tracker.actions.series import end_series
from tracker.forms.series import EndSeriesForm
from tracker.models import Task
from tracker.permissions import can_end_series, get_series_for
from tracker.views.answers import carry_out


def end(request: SignedInRequest, pk: int) -> HttpResponse:
    """Make no further periods of a recurring clause, with a reason. What was made stays to be done."""
    series = get_series_for(request.user, pk)
    newest = Task.objects.newest_of([series.pk]).get()
    form = EndSeriesForm(posted(request))
    if carry_out(form, end_series, pk, by=request.user, now=clock.now()):
        messages.success(request, _("已停止，不再生成新的任务；已生成的各期照常办理。"))
        return redirect("task", pk=newest.pk)
    if not form.is_bound and not can_end_series(request.user, series):
        messages.info(request, _("这项周期任务已经结束，不再生成新的任务。"))
        return redirect("task", pk=newest.pk)
    context = {"series": series, "newest": newest, "form": form}
    return render(request, "tracker/series_end.html", context)
