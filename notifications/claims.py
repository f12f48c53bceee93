"""Sending each row once, whatever the channel: claims with a lease, and what a failure leads to.

For rows with `state`, `next_attempt_at`, `claimed_until` and `attempts`: digests, and what goes to gateways.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import random
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import F, QuerySet

from notifications.channels.base import Channel
from notifications.models import Message, WebhookDelivery

# Longer than any job may take that holds a claim (notifications/jobs.py): only the dead lose it.
LEASE = 2 * timedelta(seconds=settings.DELIVERY_SECONDS)
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 180, 360, 720, 1440))
MAX_ATTEMPTS = len(BACK_OFF) + 1
# A wait is made longer by up to this part of it, so that what failed together does not come back together.
JITTER = 0.2

Row = TypeVar("Row", Message, WebhookDelivery)


def claim(claimable: QuerySet[Row], *, pk: int, now: datetime, related: Sequence[str] = ()) -> Row | None:
    """Take the row for sending, or None if it is done, not yet due, or another's.

    `related` is read with it, as by select_related.
    """
    rows = claimable.filter(pk=pk)
    count = rows.update(state="CLAIMED", claimed_until=now + LEASE, attempts=F("attempts") + 1)
    if not count:
        return None
    return rows.model._default_manager.select_related(*related).get(pk=pk)


def settle(row: Row, state: str, **changes: Any) -> bool:
    """End a claim. False, and without effect, when the lease ran out and another holds it now."""
    rows = type(row)._default_manager.filter(pk=row.pk, state="CLAIMED", claimed_until=row.claimed_until)
    return bool(rows.update(state=state, claimed_until=None, **changes))


def after_failure(
    channel: Channel[Row],
    row: Row,
    error: Exception,
    now: datetime,
    spread: Callable[[], float] = random,
) -> dict[str, Any]:
    """State and reason of a row that could not be sent: given up, or tried again when its time comes.

    `spread` gives the share, from 0 to 1, of JITTER by which the wait grows.
    """
    reason = channel.describe(error)
    if channel.is_permanent(error):
        return {"state": "DEAD", "error": reason}
    if row.attempts >= MAX_ATTEMPTS:
        return {"state": "DEAD", "error": f"已尝试{row.attempts}次，不再重试：{reason}"}
    wait = BACK_OFF[row.attempts - 1] * (1 + JITTER * spread())
    return {"state": "RETRY", "error": reason, "next_attempt_at": now + wait}
