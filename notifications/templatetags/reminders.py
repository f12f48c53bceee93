"""What a page of the tracker prints of reminders; the tracker itself knows nothing of them."""

from typing import Any

from django import template

from accounts.models import User
from notifications.models import Reminder
from notifications.permissions import visible_reminders
from tracker.models import Task

register = template.Library()
LATEST = 5


@register.inclusion_tag("notifications/_latest.html")
def latest_reminders(user: User, task: Task) -> dict[str, Any]:
    """The last few things that were told of a task, as far as the person may know. One query."""
    told = visible_reminders(user, task).exclude(state=Reminder.State.SUPERSEDED)
    return {"reminders": told.for_page().newest_first()[:LATEST]}
