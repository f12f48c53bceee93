"""The working calendar's local days, the ledger of reminders, the mails made of them, and the runs."""

from notifications.models.calendar import CalendarDay
from notifications.models.messages import Message
from notifications.models.reminders import Reminder
from notifications.models.runs import Run
from notifications.models.templates import MailTemplate

__all__ = ["CalendarDay", "MailTemplate", "Message", "Reminder", "Run"]
