"""What the head of every page says about reminders."""

from collections.abc import Callable

from django.core.cache import cache
from django.http import HttpRequest

from notifications.dashboards import is_planning_late
from tracker import clock

STANDSTILL_KEY = "reminders-standstill"
STANDSTILL_KEPT = 60  # seconds


def _is_standstill() -> bool:
    """Whether planning has stopped; each process asks the database once a minute."""
    known: bool | None = cache.get(STANDSTILL_KEY)
    if known is None:
        known = is_planning_late(clock.now())
        cache.set(STANDSTILL_KEY, known, STANDSTILL_KEPT)
    return known


def reminders(request: HttpRequest) -> dict[str, Callable[[], bool]]:
    """Asked only by a template that is about to show it, and only for those who can act on it."""
    return {"reminders_stand_still": _is_standstill}
