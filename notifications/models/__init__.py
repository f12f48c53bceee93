"""The working calendar's local days, the policies, the ledger, the mails made of it, and the runs."""

from notifications.models.calendar import CalendarDay
from notifications.models.messages import Message
from notifications.models.policies import ReminderPolicy
from notifications.models.reminders import Reminder
from notifications.models.runs import Run

__all__ = ["CalendarDay", "Message", "Reminder", "ReminderPolicy", "Run"]
