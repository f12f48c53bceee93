"""Local days, policies, preferences, the ledger, the digests made of it, the runs, feeds and gateways."""

from notifications.models.calendar import CalendarDay
from notifications.models.calendar_changes import CalendarChange, CalendarMove
from notifications.models.feeds import CalendarFeed
from notifications.models.messages import Message
from notifications.models.policies import ReminderPolicy
from notifications.models.preferences import Preference
from notifications.models.reminders import Reminder
from notifications.models.runs import Run
from notifications.models.templates import MailTemplate
from notifications.models.webhooks import Webhook, WebhookDelivery

__all__ = [
    "CalendarChange",
    "CalendarDay",
    "CalendarFeed",
    "CalendarMove",
    "MailTemplate",
    "Message",
    "Preference",
    "Reminder",
    "ReminderPolicy",
    "Run",
    "Webhook",
    "WebhookDelivery",
]
