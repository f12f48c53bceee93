"""Orders from above: the leader's page for an instruction, the coordinator's for nudging one or many."""

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest, posted
from tracker import clock
from tracker.actions.orders import instruct as write_instruction
from tracker.actions.orders import nudge as write_nudge
from tracker.actions.orders import nudge_all
from tracker.forms.keys import keys_of
from tracker.forms.orders import InstructForm, NudgeForm, NudgeManyForm
from tracker.permissions import can_instruct, can_nudge, coordinates, get_assignment_for, get_task_for, leads
from tracker.views.answers import carry_out
from tracker.views.back import way_back
from tracker.workflow import NUDGE_COOLDOWN_DAYS


def instruct(request: SignedInRequest, pk: int) -> HttpResponse:
    """A leader leaves an instruction on a task."""
    task = get_task_for(request.user, pk)
    if not leads(request.user, task):
        raise Http404
    form = InstructForm(posted(request))
    if carry_out(form, write_instruction, pk, by=request.user, now=clock.now()):
        messages.success(request, _("批示已记录，在办的责任单位会收到提醒邮件。"))
        return redirect("task", pk=pk)
    if not form.is_bound and not can_instruct(request.user, task):
        messages.info(request, _("任务已办结，不能再批示。需要继续办理的，请先由督办员重新开启。"))
        return redirect("task", pk=pk)
    return render(request, "tracker/instruct.html", {"task": task, "form": form})


def nudge(request: SignedInRequest, pk: int) -> HttpResponse:
    """A coordinator nudges one unit. A refusal is shown with what was typed."""
    assignment = get_assignment_for(request.user, pk)
    if not coordinates(request.user, assignment):
        raise Http404
    form = NudgeForm(posted(request))
    if carry_out(form, write_nudge, pk, by=request.user, now=clock.now()):
        messages.success(request, _("已催办%(unit)s，提醒邮件随后发出。") % {"unit": assignment.department})
        return redirect("task", pk=assignment.task_id)
    if not form.is_bound and not can_nudge(request.user, assignment):
        status = assignment.get_status_display()
        messages.info(request, _("当前状态为“%(status)s”，不用催办。") % {"status": status})
        return redirect("task", pk=assignment.task_id)
    if form.errors:
        assignment.refresh_from_db()
    context = {"today": clock.today(), "assignment": assignment, "form": form}
    return render(request, "tracker/nudge.html", context)


def nudge_many(request: SignedInRequest) -> HttpResponse:
    """Nudge the rows that a list showed, leaving in peace those nudged lately."""
    if not request.user.is_coordinator:
        raise Http404
    # Signing in again after a time-out leads here by GET: to a page that has the buttons.
    if request.method != "POST":
        return redirect("overdue")
    form = NudgeManyForm(request.POST)
    if not form.is_valid():
        raise BadRequest
    found = nudge_all(
        keys_of(request.POST.getlist("assignment")),
        form_key=form.cleaned_data["form_key"],
        by=request.user,
        now=clock.now(),
    )
    words = {"done": found.done, "resting": found.resting, "days": NUDGE_COOLDOWN_DAYS}
    if found.done:
        messages.success(request, _("已催办 %(done)d 项，提醒邮件随后发出。") % words)
    if found.resting:
        messages.info(request, _("%(resting)d 项在 %(days)d 天内催办过，没有重复催办。") % words)
    if not found.done and not found.resting:
        messages.info(request, _("没有催办：这些任务已不在单位手里。"))
    return redirect(way_back(request, reverse("overdue")))
