"""How a light, a date and lateness are printed, once for all pages."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tracker.dashboards import UnitLine
from tracker.models import Assignment, Clause, Task
from tracker.workflow import Status

register = template.Library()

NEAR_DAYS = 30  # a due date further off than this needs no countdown
IMPLIED = {"year": gettext_lazy("年份"), "month": gettext_lazy("月份"), "day": gettext_lazy("日期")}


@lru_cache(maxsize=2048)
def _printed(template_name: str, language: str | None, **context: Hashable) -> SafeString:
    """Printed once: the rows of a page have few different lights, bars and badges, and a template for each
    of them in each row is most of a page's time. What is printed must depend on the context alone."""
    return render_to_string(template_name, context)


@register.simple_tag
def light(assignment: Assignment, today: date) -> SafeString:
    """The light of one row: colour, shape and word. What is no longer in force is grey and says why."""
    found = assignment.light_on(today)
    words = str(found.label) if assignment.is_in_force else assignment.get_status_display()
    return _printed("tracker/_light.html", get_language(), light=found, words=words)


def _lateness(assignment: Assignment, today: date) -> str:
    due = assignment.due_date
    if due is None:
        return _("进度滞后") if assignment.is_behind(today) else ""
    if assignment.is_overdue(today):
        return _("逾期%(days)d天") % {"days": assignment.days_late(today)}
    late = assignment.late_days(today).unit
    if not assignment.is_in_force:
        return _("此前逾期%(days)d天") % {"days": late} if late else ""
    if assignment.status not in Status.with_unit:
        return _("迟交%(days)d天") % {"days": late} if late else ""
    days = (due - today).days
    words = [
        _("超首定时限%(days)d天") % {"days": late} if late else "",
        _("今天到期") if days == 0 else _("还有%(days)d天") % {"days": days} if days <= NEAR_DAYS else "",
        _("进度滞后") if assignment.is_behind(today) else "",
    ]
    return " · ".join(word for word in words if word)


@register.simple_tag
def lateness(assignment: Assignment, today: date) -> SafeString:
    """How far from its due date an assignment is, as a number with its words; nothing where nobody waits."""
    words = _lateness(assignment, today)
    return _printed("tracker/_late.html", get_language(), light=assignment.light_on(today), words=words)


@register.simple_tag
def progress(percent: int) -> SafeString:
    """The reported percentage as a bar and a number."""
    return _printed("tracker/_percent.html", get_language(), percent=percent)


@register.simple_tag
def unanswered(assignment: Assignment) -> SafeString:
    """Badges for an instruction or a nudge to which the unit has not reported yet."""
    is_instructed, is_nudged = assignment.is_instruction_unanswered, assignment.is_nudge_unanswered
    if not (is_instructed or is_nudged):
        return SafeString()
    return _printed(
        "tracker/_unanswered.html", get_language(), is_instructed=is_instructed, is_nudged=is_nudged
    )


@register.filter
def whose_days(assignment: Assignment, today: date) -> str:
    """How the late days divide, once the reviewer has had some of them."""
    late = assignment.late_days(today)
    if not late.reviewer:
        return ""
    return _("单位占%(unit)d天，审核占%(reviewer)d天") % {"unit": late.unit, "reviewer": late.reviewer}


@register.filter
def waiting(assignment: Assignment, today: date) -> str:
    """How long a submission has waited for its reviewer."""
    if assignment.handed_in_on is None:
        return ""
    return _("等待%(days)d天") % {"days": (today - assignment.handed_in_on).days}


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a unit's bar, in percent of the longest bar; `query` opens the rows it stands for."""

    key: str
    name: str
    count: int
    query: str
    start: float
    width: float


@register.simple_tag
def bar(line: UnitLine, longest: int) -> list[Segment]:
    """A unit's bar, the overdue first, so that red starts on one line and can be compared down the page."""
    pieces = [
        ("overdue", _("逾期"), line.overdue, "due=overdue"),
        ("soon", _("7日内到期"), line.due_soon, "due=week"),
        ("rest", _("其余未办结"), line.rest, "due=rest"),
        ("closed", _("已办结"), line.closed, "status=CLOSED"),
    ]
    segments: list[Segment] = []
    start = 0.0
    for key, name, count, query in pieces:
        width = round(100 * count / longest, 2)
        if count:
            segments.append(Segment(key, name, count, query, round(start, 2), width))
        start += width
    return segments


@register.filter
def with_words(schedule: Task | Clause) -> str:
    """The due date with the words it was read from: 2024-10-31 · 2024年10月底前."""
    parts = [schedule.due_date.isoformat() if schedule.due_date else _("无期限"), schedule.quote]
    return " · ".join(part for part in parts if part)


@register.filter
def implied_words(codes: list[str]) -> str:
    """What the plan did not say and the reader added."""
    return "、".join(str(IMPLIED.get(code, code)) for code in codes)
