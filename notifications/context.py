"""What the head of every page says about reminders."""

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from notifications.dashboards import is_planning_late
from notifications.models import Message
from tracker import clock

STANDSTILL_KEY = "reminders-standstill"
STANDSTILL_KEPT = 60  # seconds
# Enough to know that there are many; the count never walks further.
COUNTED = 100


def _is_standstill() -> bool:
    """Whether planning has stopped; each process asks the database once a minute."""
    known: bool | None = cache.get(STANDSTILL_KEY)
    if known is None:
        known = is_planning_late(clock.now())
        cache.set(STANDSTILL_KEY, known, STANDSTILL_KEPT)
    return known


def reminders(request: HttpRequest) -> dict[str, object]:
    """Asked only by a template that is about to print it, and a standstill only for those who can act on it.

    `unread_count` is how many digests the person has not opened.
    """
    return {
        "reminders_stand_still": _is_standstill,
        "unread_count": SimpleLazyObject(lambda: _unread(request)),
    }


def _unread(request: HttpRequest) -> int:
    return Message.objects.unread_by(request.user)[:COUNTED].count()
