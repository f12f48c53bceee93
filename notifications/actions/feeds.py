"""Calendar feeds: making and revoking their tokens, and what a feed holds."""

from datetime import date, datetime

from dateutil.relativedelta import relativedelta
from django.db.models import Max

from accounts.models import User
from accounts.passwords import hash_token, new_token
from notifications.channels import ics
from notifications.models import CalendarFeed
from notifications.permissions import feed_assignments
from tracker.models import Assignment, TaskEvent

EVENT_LIMIT = 1000
MONTHS_AHEAD = 12


def make_feed(*, of_unit: bool, by: User, now: datetime) -> str:
    """A new token for the person's own calendar, or for that of the person's unit; the former one is dead."""
    token = new_token()
    values = {"token_hash": hash_token(token), "created_at": now, "owner": by}
    # update_or_create is told by the unique keys when two make one at once: the later one holds.
    if of_unit:
        CalendarFeed.objects.update_or_create(department=by.department, defaults=values)
    else:
        CalendarFeed.objects.update_or_create(owner=by, department=None, defaults=values)
    return token


def revoke_feed(*, of_unit: bool, by: User) -> bool:
    """Make the address of the person's own calendar, or of the unit's, dead. False if there was none."""
    feeds = CalendarFeed.objects
    rows = feeds.of_unit(by.department_id) if of_unit else feeds.own(by)
    return bool(rows.delete()[0])


def feed_calendar(feed: CalendarFeed, *, today: date) -> bytes:
    """The feed as an iCalendar file: open work with a date, overdue or due within a year.

    Of more than EVENT_LIMIT, those nearest to today. Three queries, however many there are.
    """
    open_work = feed_assignments(feed).open().for_list()
    last = today + relativedelta(months=MONTHS_AHEAD)
    ahead = open_work.filter(due_date__range=(today, last)).order_by("due_date", "pk")[:EVENT_LIMIT]
    past = open_work.filter(due_date__lt=today).order_by("-due_date", "-pk")[:EVENT_LIMIT]
    found = [(_distance(row, today), row.pk, row) for rows in (ahead, past) for row in rows]
    rows = [row for *_, row in sorted(found, key=lambda entry: entry[:2])[:EVENT_LIMIT]]
    events = TaskEvent.objects.filter(assignment__in=[row.pk for row in rows]).order_by()
    changed_at = dict(events.values_list("assignment_id").annotate(Max("created_at")))
    return ics.render(f"督办 {feed}", rows, changed_at, today=today)


def _distance(row: Assignment, today: date) -> int:
    return abs((row.due_date - today).days) if row.due_date else 0
