"""The reviewer's inbox: what was handed in, one at a time, the oldest first; and who asks for more time."""

from collections.abc import Iterable

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest
from tracker import clock, dashboards, duties
from tracker.actions.work import MoveRefused, move_assignment
from tracker.forms.review import ApproveForm, ReturnForm
from tracker.models import Assignment, Evidence, TaskEvent
from tracker.permissions import (
    can_review,
    coordinates,
    decidable_extensions,
    get_assignment_for,
    get_task_for,
    reviewable_assignments,
)
from tracker.views.answers import say_refusal
from tracker.workflow import Move, Status

REPORTS_SHOWN = 5
REQUESTS_PER_PAGE = 25
FORMS: dict[str, type[ApproveForm]] = {Move.APPROVE: ApproveForm, Move.RETURN: ReturnForm}


def review(request: SignedInRequest) -> HttpResponse:
    """The submission that has waited longest."""
    if not can_review(request.user):
        raise Http404
    oldest = reviewable_assignments(request.user).for_list().oldest_first().first()
    if oldest is not None:
        return _page(request, oldest)
    context = {"waiting": 0, "asking": decidable_extensions(request.user).count()}
    return render(request, "tracker/review.html", context)


def review_item(request: SignedInRequest, pk: int) -> HttpResponse:
    """One submission; once it is answered, the next oldest opens."""
    item = get_assignment_for(request.user, pk)
    if not coordinates(request.user, item):
        raise Http404
    answered: tuple[str, ApproveForm] | None = None
    changes: Iterable[TaskEvent] = []
    if request.method == "POST" and item.status == Status.SUBMITTED:
        move = request.POST.get("move", "")
        if move not in FORMS:
            raise BadRequest
        form = FORMS[move](request.POST)
        if form.is_valid():
            answer = form.cleaned_data
            try:
                move_assignment(
                    pk,
                    move,
                    by=request.user,
                    now=clock.now(),
                    note=answer["note"],
                    version=answer["version"],
                )
            except MoveRefused as refusal:
                changes = say_refusal(refusal, form, item)
            else:
                said = _("%(unit)s：%(move)s，已记录。")
                done = {"unit": item.department, "move": Move(move).label}
                messages.success(request, _with_link(said % done, item))
                return _next(request, item)
        elif "version" in form.errors:
            raise BadRequest
        answered = move, form
    if item.status != Status.SUBMITTED:
        _say_who_was_first(request, item)
        return _next(request, item)
    return _page(request, item, answered=answered, changes=changes)


def _with_link(words: str, item: Assignment) -> str:
    address = reverse("task", args=[item.task_id])
    return format_html('{} <a href="{}">{} {}</a>', words, address, item.task.number, item.task.text[:30])


def _say_who_was_first(request: SignedInRequest, item: Assignment) -> None:
    last, status = item.events.newest_first().first(), item.get_status_display()
    if last is None:
        said = _("这一项已经处理，现为“%(status)s”。") % {"status": status}
    else:
        said = _("这一项已由%(person)s处理（%(what)s），现为“%(status)s”。") % {
            "person": last.actor or _("系统"),
            "what": last.get_kind_display(),
            "status": status,
        }
    messages.info(request, _with_link(said, item))


def _next(request: SignedInRequest, item: Assignment) -> HttpResponse:
    """On to what was handed in next after `item`; after the last one, back to the oldest."""
    queue = reviewable_assignments(request.user)
    following = queue.handed_in_after(item).oldest_first().first() if item.handed_in_on else None
    return redirect("review_item", following.pk) if following else redirect("review")


def _page(
    request: SignedInRequest,
    item: Assignment,
    *,
    answered: tuple[str, ApproveForm] | None = None,
    changes: Iterable[TaskEvent] = (),
) -> HttpResponse:
    """The page of one submission; `answered` is the form that was sent and refused."""
    forms = {move: form.for_assignment(item) for move, form in FORMS.items()}
    if answered:
        forms |= dict([answered])
    evidence = Prefetch("evidence", queryset=Evidence.objects.with_origin())
    reports = item.reports.standing().newest_first().prefetch_related(evidence)
    newest = list(reports[: REPORTS_SHOWN + 1])
    place = dashboards.place_in_queue(reviewable_assignments(request.user), item)
    task = get_task_for(request.user, item.task_id)
    context = {
        "today": clock.today(),
        "item": item,
        "task": task,
        "duty": duties.of_same_duty(request.user, task, clock.today()),
        "reports": newest[:REPORTS_SHOWN],
        "has_more_reports": len(newest) > REPORTS_SHOWN,
        "place": place,
        "waiting": place.total,
        "asking": decidable_extensions(request.user).count(),
        "form": answered and answered[1],
        "approve": forms[Move.APPROVE],
        "give_back": forms[Move.RETURN],
        "changes": changes,
    }
    return render(request, "tracker/review.html", context)


def review_extensions(request: SignedInRequest) -> HttpResponse:
    """Who asks for more time, the oldest request first; each opens the page on which it is answered."""
    if not can_review(request.user):
        raise Http404
    requests = decidable_extensions(request.user).for_page().oldest_first()
    page = Paginator(requests, REQUESTS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "today": clock.today(),
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "waiting": reviewable_assignments(request.user).count(),
        "asking": page.paginator.count,
    }
    return render(request, "tracker/review_extensions.html", context)
