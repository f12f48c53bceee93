"""The calendar feed: open assignments as all-day events on their due dates, by RFC 5545."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from icalendar import Calendar, Event

from notifications.channels.mail import task_url
from notifications.workdays import zh_date
from tracker.clock import start_of
from tracker.models import Assignment
from tracker.workflow import Status

# How often a program may well ask again.
REFRESH = timedelta(hours=6)
SUMMARY_LIMIT = 60
TEXT_LIMIT = 500
_EVENTS = UUID("13c88f48-e438-4e5b-b18d-9f3d226fb698")
# What RFC 5545 allows in no text.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def render(
    name: str, assignments: Sequence[Assignment], changed_at: Mapping[int, datetime], *, today: date
) -> bytes:
    """The calendar as a file. `changed_at` says by key when an assignment last changed; all need a due date.

    The same assignment is the same event for ever (UID). Whatever changes it, its date above all, raises its
    version and so SEQUENCE, by which programs know that theirs is old.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Duban//Duban//ZH")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _plain(name))
    calendar.add("x-wr-timezone", "Asia/Shanghai")
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")
    for row in assignments:
        calendar.add_component(_event(row, changed_at.get(row.pk, row.created_at), today))
    return bytes(calendar.to_ical())


def event_uid(row: Assignment) -> str:
    """The same for ever, whatever the settings (RFC 7986, 5.3), and another in each office with a Duban."""
    return str(uuid5(_EVENTS, f"{row.pk} {row.created_at.astimezone(UTC).isoformat()}"))


def _event(row: Assignment, changed_at: datetime, today: date) -> Event:
    due_date = row.due_date
    assert due_date is not None
    if row.is_overdue(today):
        # It became overdue by the mere passing of time.
        changed_at = max(changed_at, start_of(due_date + timedelta(days=1)))
    changed_at = changed_at.astimezone(UTC).replace(microsecond=0)
    event = Event()
    event.add("uid", event_uid(row))
    event.add("dtstamp", changed_at)
    event.add("last-modified", changed_at)
    event.add("sequence", row.version)
    event.add("dtstart", due_date)
    event.add("dtend", due_date + timedelta(days=1))
    # A deadline takes up no time of the day.
    event.add("transp", "TRANSPARENT")
    event.add("status", "TENTATIVE" if row.status == Status.SUSPENDED else "CONFIRMED")
    event.add("summary", _plain(_summary(row, today)))
    event.add("description", _plain(_description(row, due_date)))
    event.add("url", task_url(row.task_id))
    return event


def _summary(row: Assignment, today: date) -> str:
    if row.is_overdue(today):
        mark = "【逾期】"
    elif row.status in (Status.SUBMITTED, Status.SUSPENDED):
        mark = f"【{Status(row.status).label}】"
    else:
        mark = ""
    return f"{mark}{row.department.short_name}：{row.task.number} {_cut(row.task.text, SUMMARY_LIMIT)}"


def _description(row: Assignment, due_date: date) -> str:
    lines = [
        _cut(row.task.text, TEXT_LIMIT),
        f"时限：{zh_date(due_date)}",
        f"责任单位：{row.department.name}",
        f"状态：{Status(row.status).label}，进度{row.percent}%",
        f"方案：{row.plan.title}",
        task_url(row.task_id),
    ]
    return "\n".join(lines)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _plain(text: str) -> str:
    return _CONTROL.sub("", text)
