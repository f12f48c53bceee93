"""任务卡: all of one task on a sheet."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from accounts.actions import printed
from tracker.clock import day_of
from tracker.letters import day_words, time_words
from tracker.models import Assignment, Node, ProgressReport, Task

REPORTS = 5  # the newest
INSTRUCTIONS = 5


def card_data(
    task: Task,
    shares: Iterable[Assignment],
    reports: Iterable[ProgressReport],
    today: date,
) -> dict[str, Any]:
    """All that a template of a card may print; shares and reports are those that the person may read."""
    with printed():
        units = [_unit(share, today) for share in shares]
        schedule = task.get_kind_display()
    return {
        "number": task.number,
        "text": task.text,
        "region": task.region.name,
        "plan": task.plan.title,
        "headings": " › ".join([*task.measure.path, str(task.measure)]),
        "source": task.measure.text,
        "schedule": schedule,
        "due": task.due_date.isoformat() if task.due_date else "无期限",
        "quote": task.quote,
        "first_due": task.first_due_date.isoformat() if task.first_due_date else "",
        "period": task.period,
        "given": day_words(day_of(task.created_at)),
        "closed": day_words(day_of(task.closed_at)) if task.closed_at else "",
        "day": day_words(today),
        "units": units,
        "nodes": [_node(node) for node in task.nodes.in_order()],
        "reports": [_report(report) for report in reports],
        "instructions": [
            {"day": day_words(day_of(each.created_at)), "person": str(each.created_by), "text": each.text}
            for each in task.instructions.newest_first()[:INSTRUCTIONS]
        ],
    }


def _unit(share: Assignment, today: date) -> dict[str, Any]:
    return {
        "name": share.department.short_name,
        "role": share.get_role_display(),
        "due": share.due_date.isoformat() if share.due_date else "无期限",
        "late": time_words(share, today) if share.is_in_force else "",
        "light": str(share.light_on(today).label) if share.is_in_force else share.get_status_display(),
        "status": share.get_status_display(),
        "percent": f"{share.percent}%",
    }


def _node(node: Node) -> dict[str, Any]:
    return {"day": node.due_date.isoformat(), "percent": f"{node.percent}%", "title": node.title}


def _report(report: ProgressReport) -> dict[str, Any]:
    return {
        "unit": report.assignment.department.short_name,
        "day": day_words(day_of(report.created_at)),
        "person": str(report.created_by),
        "percent": f"{report.percent}%",
        "note": report.note,
    }
