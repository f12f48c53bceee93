"""Tasks of other plans that ask for the same: finding them, linking them, handing them in together."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest, posted
from tracker import clock, duties
from tracker.actions.duties import link_duty, submit_together, unlink_duty
from tracker.actions.work import MoveRefused, SomeRefused
from tracker.forms.duties import LinkForm, SubmitForm, UnlinkForm
from tracker.forms.keys import keys_of
from tracker.models import Assignment
from tracker.permissions import belongs_to_unit, can_link, can_move, get_assignment_for, get_task_for
from tracker.views.answers import carry_out
from tracker.views.stale import with_version
from tracker.workflow import Move

WORDS_LENGTH = 100


def similar(request: SignedInRequest, pk: int) -> HttpResponse:
    """The tasks of other plans most like this one, or with given words; a coordinator links them to it."""
    task = get_task_for(request.user, pk)
    may_link = can_link(request.user, task)
    if request.method == "POST" and not may_link:
        raise Http404
    form = LinkForm(posted(request))
    chosen = keys_of(request.POST.getlist("task"))
    if carry_out(form, link_duty, pk, others=chosen, by=request.user, now=clock.now()):
        messages.success(request, _("已关联为同一职责：今后同一单位填报一次，各项任务都计入。"))
        return redirect("task", pk=pk)
    words = request.GET.get("q", "").replace("\0", "").strip()[:WORDS_LENGTH]
    today = clock.today()
    found = (
        duties.mentioning(request.user, task, words, today)
        if words
        else duties.similar_tasks(request.user, task, today)
    )
    context = {
        "today": today,
        "task": task,
        "words": words,
        "found": found,
        "may_link": may_link,
        "is_linkable": any(other.may_link and not other.is_linked for other in found),
        "chosen": chosen,
        "form": form,
    }
    return render(request, "tracker/similar.html", context)


def unlink(request: SignedInRequest, pk: int) -> HttpResponse:
    """Make a task a duty of its own again, with a reason."""
    task = get_task_for(request.user, pk)
    if not can_link(request.user, task):
        raise Http404
    form = UnlinkForm(posted(request))
    if carry_out(form, unlink_duty, pk, by=request.user, now=clock.now()):
        messages.success(request, _("已解除关联，今后各报各的。"))
        return redirect("task", pk=pk)
    if not form.is_bound and task.duty_id is None:
        messages.info(request, _("这项任务没有关联其他任务。"))
        return redirect("task", pk=pk)
    others = duties.of_same_duty(request.user, task, clock.today())
    return render(request, "tracker/duty_unlink.html", {"task": task, "duty": others, "form": form})


def submit_linked(request: SignedInRequest, pk: int) -> HttpResponse:
    """Apply for closure of a share, and of the unit's other shares of the same duty that are done as well."""
    assignment = get_assignment_for(request.user, pk)
    if not belongs_to_unit(request.user, assignment):
        raise Http404
    form = SubmitForm(posted(request), initial={"version": assignment.version})
    chosen: dict[int, int] = {}
    if form.is_valid():
        chosen = form.cleaned_data["also"]
        known = set(duties.ready_with(assignment).values_list("pk", flat=True))
        try:
            if not chosen.keys() <= known:
                raise MoveRefused(_("勾选的任务中有现在不能申请办结的，请重新勾选。"))
            versions = {pk: form.cleaned_data["version"]} | chosen
            done = submit_together(versions, by=request.user, now=clock.now())
        except MoveRefused as refusal:
            assignment.refresh_from_db()
            _say_why(form, refusal)
            form.data = with_version(request.POST, assignment.version)
        else:
            messages.success(request, _("已申请办结 %(count)d 项。") % {"count": len(done)})
            return redirect("task", pk=assignment.task_id)
    if not can_move(request.user, assignment, Move.SUBMIT):
        status = assignment.get_status_display()
        messages.info(request, _("当前状态为“%(status)s”，不能申请办结。") % {"status": status})
        return redirect("task", pk=assignment.task_id)
    context = {
        "today": clock.today(),
        "assignment": assignment,
        "form": form,
        "ready": [(row, row.pk in chosen) for row in duties.ready_with(assignment)],
    }
    return render(request, "tracker/submit_linked.html", context)


def _say_why(form: SubmitForm, refusal: MoveRefused) -> None:
    refusals = refusal.refusals if isinstance(refusal, SomeRefused) else {0: refusal}
    numbers = dict(Assignment.objects.filter(pk__in=refusals).values_list("pk", "task__number"))
    for pk, why in refusals.items():
        form.add_error(None, f"{numbers[pk]}：{why}" if pk in numbers else str(why))
