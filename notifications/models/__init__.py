"""Local days of the calendar, policies, people's preferences, the ledger, the mails made of it, the runs."""

from notifications.models.calendar import CalendarDay
from notifications.models.messages import Message
from notifications.models.policies import ReminderPolicy
from notifications.models.preferences import Preference
from notifications.models.reminders import Reminder
from notifications.models.runs import Run
from notifications.models.templates import MailTemplate

__all__ = ["CalendarDay", "MailTemplate", "Message", "Preference", "Reminder", "ReminderPolicy", "Run"]
