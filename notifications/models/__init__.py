"""Local days, the ledger of reminders, digests, runs, calendar feeds and gateways."""

from notifications.models.calendar import CalendarDay
from notifications.models.feeds import CalendarFeed
from notifications.models.messages import Message
from notifications.models.reminders import Reminder
from notifications.models.runs import Run
from notifications.models.webhooks import Webhook, WebhookDelivery

__all__ = ["CalendarDay", "CalendarFeed", "Message", "Reminder", "Run", "Webhook", "WebhookDelivery"]
