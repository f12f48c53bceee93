"""The progress form, as a page and in the unit's list, and the draft of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.kept import keeps_words, take_words, writer_of
from accounts.requests import SignedInRequest, is_in_place
from tracker import clock, duties
from tracker.actions.report_drafts import discard_report_draft, save_report_draft
from tracker.actions.work import MoveRefused, SomeRefused, StaleVersion, lacks_evidence, report_together
from tracker.forms.work import ALSO_LIMIT, DRAFT_LENGTH, DraftForm, ReportForm
from tracker.models import Assignment, ProgressReport, ReportDraft, TaskEvent
from tracker.permissions import (
    belongs_to_unit,
    can_move,
    get_assignment_for,
    visible_assignments,
    visible_report_drafts,
)
from tracker.views.my_work import list_again
from tracker.views.stale import changes_since, with_version
from tracker.workflow import Move

TYPED = {"percent": 10, "note": DRAFT_LENGTH}


@dataclass(frozen=True, slots=True)
class Companion:
    """Another assignment that the same report may answer."""

    assignment: Assignment
    version: int  # the one that the person has seen
    is_chosen: bool


@keeps_words(TYPED)
def report(request: SignedInRequest, pk: int) -> HttpResponse:
    """The progress form of one assignment. Somebody else's change in between loses nothing that was typed."""
    assignment = get_assignment_for(request.user, pk)
    if not belongs_to_unit(request.user, assignment):
        raise Http404
    if request.method == "POST":
        return _sent(request, assignment)
    if not can_move(request.user, assignment, Move.REPORT):
        status = assignment.get_status_display()
        messages.info(request, _("当前状态为“%(status)s”，不用填报。") % {"status": status})
        if is_in_place(request):
            return list_again(request, focus=pk)
        return redirect("task", pk=assignment.task_id)
    if words := take_words(request, request.user, pk):
        _save(request, assignment, DraftForm(words))
    draft = visible_report_drafts(request.user).of(assignment).first()
    return _page(request, assignment, _fresh_form(assignment, draft), draft=draft)


def _fresh_form(assignment: Assignment, draft: ReportDraft | None) -> ReportForm:
    return ReportForm.for_assignment(assignment, draft, lacks_evidence=lacks_evidence(assignment))


def _sent(request: SignedInRequest, assignment: Assignment) -> HttpResponse:
    lacking = lacks_evidence(assignment)
    form = ReportForm(request.POST, request.FILES, lacks_evidence=lacking)
    changes: Iterable[TaskEvent] = []
    is_valid = form.is_valid()
    answer = form.cleaned_data
    also = {pk: version for pk, version in answer.get("also", {}).items() if pk != assignment.pk}
    linked = answer.get("hand_in_linked", {})
    if is_valid:
        if visible_assignments(request.user).filter(pk__in=also).count() != len(also):
            form.add_error(None, _("勾选的任务中有不再属于本单位的，请重新勾选。"))
            return _page(request, assignment, form, also=also, linked=linked)
        try:
            kept = report_together(
                {assignment.pk: answer["version"], **also},
                percent=answer["percent"],
                note=answer["note"],
                form_key=answer["form_key"],
                hand_in=answer["hand_in"],
                hand_in_linked=answer["hand_in_linked"],
                by=request.user,
                now=clock.now(),
                uploads=answer["evidence"],
            )
        except MoveRefused as refusal:
            assignment.refresh_from_db()
            refusals = refusal.refusals if isinstance(refusal, SomeRefused) else {assignment.pk: refusal}
            if isinstance(refusals.get(assignment.pk), StaleVersion):
                changes = changes_since(assignment, answer["version"])
            form = ReportForm(with_version(request.POST, assignment.version), lacks_evidence=lacking)
            for sentence in _reasons(assignment, refusals):
                form.add_error(None, sentence)
            # What was refused has been said: sent again, the form knows the present state.
            also = dict.fromkeys(also, 0)
            linked = dict.fromkeys(linked, 0)
        else:
            return _done(request, assignment, kept, handed_in=answer["hand_in"])
    return _page(request, assignment, form, also=also, linked=linked, changes=changes)


def _reasons(assignment: Assignment, refusals: Mapping[int, MoveRefused]) -> Iterable[str]:
    """Why the form was refused: of the others with their numbers."""
    numbers = dict(Assignment.objects.filter(pk__in=refusals).values_list("pk", "task__number"))
    for pk, refusal in refusals.items():
        yield str(refusal) if pk == assignment.pk else f"{numbers[pk]}：{refusal}"


def _done(
    request: SignedInRequest, assignment: Assignment, reports: list[ProgressReport], *, handed_in: bool
) -> HttpResponse:
    said = {"count": len(reports), "number": assignment.task.number}
    if len(reports) > 1:
        done = _("已申请办结 %(count)d 项。") if handed_in else _("已填报 %(count)d 项。")
    else:
        done = _("%(number)s 已申请办结。") if handed_in else _("%(number)s 已填报。")
    messages.success(request, done % said)
    _say_shared(request, reports)
    for file in reports[0].evidence.with_origin():
        if file.same_as:
            earlier = {"name": file.name, "day": clock.day_of(file.same_as.report.created_at)}
            messages.info(request, _("“%(name)s”与 %(day)s 填报时上传的文件相同。") % earlier)
    if is_in_place(request):
        return list_again(request, done=[row.assignment_id for row in reports], focus=assignment.pk)
    return redirect("task", pk=assignment.task_id)


def _say_shared(request: SignedInRequest, reports: list[ProgressReport]) -> None:
    """For which tasks of the same duty it counts too, and for which not, and why."""
    answered = {report.assignment_id for report in reports}
    linked = [
        row for report in reports for row in Assignment.objects.sharing_duty(report.assignment).for_list()
    ]
    shares = {row.pk: row for row in linked if row.pk not in answered}
    counted = (
        set(ProgressReport.objects.mirroring(reports).values_list("assignment_id", flat=True))
        if shares
        else ()
    )
    told = [_name(row) for row in shares.values() if row.pk in counted]
    left = [f"{_name(row)}（{row.get_status_display()}）" for row in shares.values() if row.pk not in counted]
    if told:
        messages.success(request, _("同一职责，同时计入：%(tasks)s。") % {"tasks": "、".join(told)})
    if left:
        messages.info(
            request, _("同一职责，但不在填报状态，没有计入：%(tasks)s。") % {"tasks": "、".join(left)}
        )


def _name(row: Assignment) -> str:
    return f"《{row.plan}》{row.task.number}"


def _page(
    request: SignedInRequest,
    assignment: Assignment,
    form: ReportForm,
    *,
    draft: ReportDraft | None = None,
    also: Mapping[int, int] | None = None,
    linked: Mapping[int, int] | None = None,
    changes: Iterable[TaskEvent] = (),
) -> HttpResponse:
    in_place = is_in_place(request)
    shares = duties.linked_shares(assignment, linked)
    context: dict[str, Any] = {
        "today": clock.today(),
        "assignment": assignment,
        "form": form.put_in_list(assignment) if in_place else form,
        "draft": draft,
        "companions": _companions(request, assignment, also),
        "also_chosen": bool(also),
        "linked": shares,
        "hand_in_offered": any(share.counts for share in shares),
        "changes": changes,
        "last_report": assignment.reports.standing().newest_first().first(),
        "writer": writer_of(request.user),
        "in_place": in_place,
    }
    return render(request, "tracker/_report_in_list.html" if in_place else "tracker/report.html", context)


def _companions(
    request: SignedInRequest, assignment: Assignment, also: Mapping[int, int] | None
) -> list[Companion]:
    """What is offered to be answered too: chosen ones as they were seen, others as they are."""
    chosen = also or {}
    others = visible_assignments(request.user).going_with(assignment)
    if assignment.task.duty_id is not None:
        # It counts for those of the same duty anyway.
        others = others.exclude(task__duty=assignment.task.duty_id)
    offered = others.for_list()[:ALSO_LIMIT]
    return [
        Companion(row, version=chosen.get(row.pk) or row.version, is_chosen=row.pk in chosen)
        for row in offered
    ]


@keeps_words(TYPED)
def report_draft(request: SignedInRequest, pk: int) -> HttpResponse:
    """Keep or throw away what was typed so far: by itself while typing, and by a button."""
    assignment = get_assignment_for(request.user, pk)
    if not belongs_to_unit(request.user, assignment):
        raise Http404
    # Signing in again after a time-out leads here by GET: back to the form.
    if request.method != "POST":
        return redirect("report", pk=pk)
    if request.POST.get("discard"):
        discard_report_draft(pk, by=request.user)
        if is_in_place(request):
            return _page(request, assignment, _fresh_form(assignment, None))
        messages.success(request, _("草稿已放弃。"))
        return redirect("report", pk=pk)
    said, problem = _save(request, assignment, DraftForm(request.POST))
    if is_in_place(request):
        return render(request, "tracker/_draft_saved.html", {"said": said, "problem": problem})
    (messages.warning if problem else messages.success)(request, said or _("还没有填写内容，没有草稿。"))
    return redirect("report", pk=pk)


def _save(request: SignedInRequest, assignment: Assignment, form: DraftForm) -> tuple[str, bool]:
    """Keep what the form holds, if anything; what to say about it, and whether that is a problem."""
    form.is_valid()
    if "note" in form.errors:
        return str(form.errors["note"][0]), True
    answer, now = form.cleaned_data, clock.now()
    try:
        draft = save_report_draft(
            assignment.pk,
            percent=answer.get("percent"),
            note=answer["note"],
            form_key=answer.get("form_key"),
            by=request.user,
            now=now,
        )
    except MoveRefused as refusal:
        return str(refusal), True
    if draft is None:
        return "", False
    done = _("已暂存 %(time)s") if request.POST.get("keep") else _("已自动保存 %(time)s")
    return done % {"time": f"{now:%H:%M}"}, False
