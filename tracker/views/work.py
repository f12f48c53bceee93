"""The moves of an assignment that are made by a button."""

from collections.abc import Iterable

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest, is_in_place
from tracker import clock
from tracker.actions.work import MoveRefused, move_assignment
from tracker.duties import ready_with
from tracker.forms.work import MoveForm
from tracker.models import TaskEvent
from tracker.permissions import can_move, get_assignment_for
from tracker.views.answers import say_refusal
from tracker.views.back import way_back
from tracker.views.my_work import list_again
from tracker.workflow import Move


def move(request: SignedInRequest, pk: int) -> HttpResponse:
    """Make one move of an assignment. A refusal is shown with the form, ready to be sent again.

    In a unit's own list, where a move has nothing to fill in, the answer is the list as it stands now.
    """
    assignment = get_assignment_for(request.user, pk)
    # Signing in again after a time-out leads here by GET: back to the page with the buttons.
    if request.method != "POST":
        return redirect("task", pk=assignment.task_id)
    form = MoveForm(request.POST)
    changes: Iterable[TaskEvent] = []
    if form.is_valid():
        answer = form.cleaned_data
        may = answer["move"] == Move.SUBMIT and can_move(request.user, assignment, Move.SUBMIT)
        if may and ready_with(assignment).exists():
            return redirect("submit_linked", pk=pk)
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
            if is_in_place(request) and request.user.is_unit_person:
                messages.warning(request, str(refusal))
                return list_again(request, focus=assignment.pk)
            changes = say_refusal(refusal, form, assignment)
        else:
            done = {"unit": assignment.department, "move": Move(answer["move"]).label}
            messages.success(request, _("%(unit)s：%(move)s，已记录。") % done)
            if is_in_place(request) and request.user.is_unit_person:
                return list_again(request, focus=assignment.pk)
            return redirect(way_back(request, reverse("task", args=[assignment.task_id])))
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
