"""Local days, the ledger of reminders, the digests made of them, the runs, and calendar feeds."""

from notifications.models.calendar import CalendarDay
from notifications.models.feeds import CalendarFeed
from notifications.models.messages import Message
from notifications.models.reminders import Reminder
from notifications.models.runs import Run

__all__ = ["CalendarDay", "CalendarFeed", "Message", "Reminder", "Run"]
