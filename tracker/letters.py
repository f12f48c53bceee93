"""What a letter to a unit says, and the paper made of it. Papers are Chinese, whoever asks for them."""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from accounts.actions import printed
from accounts.models import Department, Region, User
from tracker.models import Assignment, PaperTemplate
from tracker.models.assignments import AssignmentQuerySet
from tracker.papers.kinds import Paper
from tracker.papers.templates import TemplateBroken, make_default, make_own
from tracker.workflow import YELLOW_DAYS, Light, Status

logger = logging.getLogger(__name__)

ITEMS = 100  # of one letter; what is more goes into another one
NOTICE_DAYS = (YELLOW_DAYS, 15, 30)  # how far ahead a notice may look
OUR_TEMPLATE = "默认模板"


def triggering(assignments: AssignmentQuerySet, paper: str, today: date, *, days: int) -> AssignmentQuerySet:
    """What a letter of this kind is about, the most urgent first.

    A 督办单: what is overdue. A 提示单: what is with the unit and not overdue, and due within `days` days or
    yellow (behind, or late by its first date).
    """
    if paper == Paper.SUPERVISION:
        found = assignments.overdue(today)
    else:
        near = AssignmentQuerySet.due_within_q(today, days)
        yellow = Q(light=Light.YELLOW, status__in=Status.with_unit)
        found = assignments.not_overdue(today).with_light(today).filter(near | yellow)
    return found.for_list().by_urgency()


def time_words(row: Assignment, today: date) -> str:
    """How a share stands to its date: 逾期12天, 今天到期, 还有5天, 进度滞后."""
    if row.due_date is None:
        return "进度滞后" if row.is_behind(today) else "无期限"
    if row.is_overdue(today):
        return f"逾期{row.days_late(today)}天"
    if row.status not in Status.with_unit:
        late = row.late_days(today).unit
        return f"迟交{late}天" if late else ""
    left = (row.due_date - today).days
    words = ["今天到期" if left == 0 else f"还有{left}天"]
    if row.late_days(today).unit:
        words.append("超首定时限")
    if row.is_behind(today):
        words.append("进度滞后")
    return "，".join(words)


def day_words(day: date) -> str:
    """A date as official papers write it: 2024年10月21日."""
    return f"{day.year}年{day.month}月{day.day}日"


def item(place: int, row: Assignment, today: date) -> dict[str, Any]:
    """A share as a line of a paper's table; called within accounts.actions.printed."""
    return {
        "place": place,
        "number": row.task.number,
        "text": row.task.text,
        "plan": row.plan.title,
        "due": row.due_date.isoformat() if row.due_date else "无期限",
        "quote": row.task.quote,
        "late": time_words(row, today),
        "light": str(row.light_on(today).label),
        "status": row.get_status_display(),
        "percent": f"{row.percent}%",
    }


def letter_data(
    paper: str,
    rows: Sequence[Assignment],
    *,
    region: Region,
    unit: Department,
    by: User,
    today: date,
    note: str = "",
    reply_by: date | None = None,
    number: str = "",
) -> dict[str, Any]:
    """All that a template of a letter may print."""
    with printed():
        items = [item(place, row, today) for place, row in enumerate(rows, start=1)]
    return {
        "title": {Paper.NOTICE: "提示单", Paper.SUPERVISION: "督办单"}[Paper(paper)],
        "number": number,
        "region": region.name,
        "unit": unit.name,
        "day": day_words(today),
        "office": by.department.name if by.department else region.name,
        "person": str(by),
        "count": len(rows),
        "note": note,
        "reply_by": day_words(reply_by) if reply_by else "",
        "items": items,
    }


def fingerprint(data: dict[str, Any]) -> str:
    """Tells whether a letter would still say what its preview said."""
    packed = json.dumps(data, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(packed.encode(errors="surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Made:
    """A paper as a Word file, and which template made it."""

    content: bytes
    made_with: str
    problem: str = ""  # why the office's own template was not used


def make_paper(region: Region, paper: str, data: dict[str, Any]) -> Made:
    """The paper from the template that holds for the region; where that fails, from ours, and says so."""
    template = PaperTemplate.objects.holding_for(region, paper)
    if template is None:
        return Made(make_default(paper, data), OUR_TEMPLATE)
    try:
        made = make_own(bytes(template.content), paper, data)
    except TemplateBroken as broken:
        logger.error("template %s of %s failed: %s", template.pk, region, broken)
        return Made(make_default(paper, data), OUR_TEMPLATE, problem=str(broken))
    return Made(made, f"{template.name}（{template.sha256[:12]}）")
