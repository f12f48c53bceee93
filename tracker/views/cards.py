"""任务卡: one task as a sheet to print, and as a Word file."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest
from tracker import clock
from tracker.cards import REPORTS, card_data
from tracker.letters import make_paper
from tracker.models import Task
from tracker.papers.kinds import Paper
from tracker.permissions import get_task_for, visible_reports
from tracker.views.files import hand_out_made
from tracker.views.shares import in_order


def _data(request: SignedInRequest, task: Task) -> dict[str, Any]:
    shares = in_order(task.assignments.in_force().for_page())
    reports = visible_reports(request.user, task).standing().newest_first()[:REPORTS]
    return card_data(task, shares, reports, clock.today())


def card(request: SignedInRequest, pk: int) -> HttpResponse:
    """One task on a sheet of paper."""
    task = get_task_for(request.user, pk)
    return render(request, "tracker/card.html", {"task": task, "card": _data(request, task)})


def card_file(request: SignedInRequest, pk: int) -> HttpResponse:
    """The same as a Word file."""
    task = get_task_for(request.user, pk)
    made = make_paper(task.region, Paper.CARD, _data(request, task))
    if made.problem:
        messages.warning(request, _("本地区自己的模板没有用上，改用默认模板：%s") % made.problem)
    return hand_out_made(made.content, f"任务卡 {task.number.replace('/', '-')}")
