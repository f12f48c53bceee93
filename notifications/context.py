"""What the header says of reminders."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from notifications.models import Message

# Enough to know that there are many; the count never walks further.
COUNTED = 100


def inbox(request: HttpRequest) -> dict[str, object]:
    """How many digests the person has not opened. Counted only where a template prints it."""
    return {"unread_count": SimpleLazyObject(lambda: _unread(request))}


def _unread(request: HttpRequest) -> int:
    return Message.objects.unread_by(request.user)[:COUNTED].count()
