"""Giving one share to another unit."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest
from tracker import clock
from tracker.actions.reassign import reassign as reassign_share
from tracker.actions.work import MoveRefused
from tracker.forms.reassign import ReassignForm
from tracker.models import TaskEvent
from tracker.permissions import can_move, coordinates, get_assignment_for
from tracker.views.answers import say_refusal
from tracker.workflow import Move


def reassign(request: SignedInRequest, pk: int) -> HttpResponse:
    """Choose the unit that goes on with a share."""
    assignment = get_assignment_for(request.user, pk)
    if not coordinates(request.user, assignment):
        raise Http404
    today = clock.today()
    changes: Iterable[TaskEvent] = []
    if request.method == "POST":
        form = ReassignForm(request.POST, assignment=assignment, today=today)
        if form.is_valid():
            try:
                new = reassign_share(pk, by=request.user, now=clock.now(), **form.cleaned_data)
            except MoveRefused as refusal:
                changes = say_refusal(refusal, form, assignment)
            else:
                units = {"old": assignment.department, "new": new.department}
                messages.success(request, _("已由%(old)s转给%(new)s，等待新单位签收。") % units)
                return redirect("task", pk=assignment.task_id)
    elif can_move(request.user, assignment, Move.REASSIGN):
        form = ReassignForm.for_assignment(assignment, today=today)
    else:
        status = assignment.get_status_display()
        messages.info(request, _("当前状态为“%(status)s”，不能转办。") % {"status": status})
        return redirect("task", pk=assignment.task_id)
    context = {"today": today, "assignment": assignment, "form": form, "changes": changes}
    return render(request, "tracker/reassign.html", context)
