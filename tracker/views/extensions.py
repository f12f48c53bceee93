"""More time: the unit's page for asking, the coordinator's for answering."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest
from tracker import clock
from tracker.actions.extensions import ask_extension, grant_extension, refuse_extension
from tracker.actions.work import MoveRefused
from tracker.forms.extensions import AskExtensionForm, DecideExtensionForm
from tracker.models import TaskEvent
from tracker.permissions import (
    belongs_to_unit,
    can_ask_extension,
    can_decide_extension,
    coordinates,
    get_assignment_for,
    get_extension_for,
)
from tracker.views.answers import say_refusal


def ask(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask for a later due date of one assignment."""
    assignment = get_assignment_for(request.user, pk)
    if not belongs_to_unit(request.user, assignment):
        raise Http404
    changes: Iterable[TaskEvent] = []
    if request.method == "POST":
        form = AskExtensionForm(request.POST)
        if form.is_valid():
            try:
                ask_extension(pk, by=request.user, now=clock.now(), **form.cleaned_data)
            except MoveRefused as refusal:
                changes = say_refusal(refusal, form, assignment)
            else:
                messages.success(request, _("延期申请已提交，等待督办员审批。批准之前，时限不变。"))
                return redirect("task", pk=assignment.task_id)
    elif not can_ask_extension(request.user, assignment):
        status = assignment.get_status_display()
        messages.info(request, _("当前状态为“%(status)s”，不能申请延期。") % {"status": status})
        return redirect("task", pk=assignment.task_id)
    elif assignment.extension_requests.open().exists():
        messages.info(request, _("已有一份延期申请待审批，审批之后才能再次申请。"))
        return redirect("task", pk=assignment.task_id)
    else:
        form = AskExtensionForm.for_assignment(assignment)
    context = {"today": clock.today(), "assignment": assignment, "form": form, "changes": changes}
    return render(request, "tracker/extension_ask.html", context)


def decide(request: SignedInRequest, pk: int) -> HttpResponse:
    """Grant or refuse one request for more time."""
    asked = get_extension_for(request.user, pk)
    if not coordinates(request.user, asked.assignment):
        raise Http404
    if request.method == "POST":
        form = DecideExtensionForm(request.POST)
        if form.is_valid():
            answer = form.cleaned_data
            try:
                if answer["decision"] == form.Decision.GRANT:
                    grant_extension(
                        pk,
                        due_date=answer["due_date"],
                        answer=answer["answer"],
                        by=request.user,
                        now=clock.now(),
                    )
                    done = _("已批准延期，时限已顺延。")
                else:
                    refuse_extension(pk, answer=answer["answer"], by=request.user, now=clock.now())
                    done = _("已答复：不批准延期，时限不变。")
            except MoveRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, done)
                return redirect("task", pk=asked.assignment.task_id)
    elif not can_decide_extension(request.user, asked):
        state = asked.get_state_display()
        messages.info(request, _("这份延期申请已有结果：%(state)s。") % {"state": state})
        return redirect("task", pk=asked.assignment.task_id)
    else:
        form = DecideExtensionForm.for_request(asked)
    context = {"today": clock.today(), "asked": asked, "assignment": asked.assignment, "form": form}
    return render(request, "tracker/extension_decide.html", context)
