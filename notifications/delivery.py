"""Sending each row once, whatever the channel: claims with a lease, and what a failure leads to.

For rows with `state`, `next_attempt_at`, `claimed_until` and `attempts`: digests, and what goes to gateways.
"""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import F, QuerySet

from notifications.channels.base import Channel
from notifications.models import Message, WebhookDelivery

# Far longer than any channel's time-out: only the dead lose their claim.
LEASE = timedelta(minutes=10)
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 180, 360, 720, 1440))
MAX_ATTEMPTS = len(BACK_OFF) + 1

Row = TypeVar("Row", Message, WebhookDelivery)


def claim(claimable: QuerySet[Row], *, pk: int, now: datetime) -> Row | None:
    """Take the row for sending, or None if it is done, not yet due, or another's."""
    rows = claimable.filter(pk=pk)
    count = rows.update(state="CLAIMED", claimed_until=now + LEASE, attempts=F("attempts") + 1)
    return rows.model._default_manager.get(pk=pk) if count else None


def settle(row: Row, state: str, **changes: Any) -> bool:
    """End a claim. False, and without effect, when the lease ran out and another holds it now."""
    rows = type(row)._default_manager.filter(pk=row.pk, state="CLAIMED", claimed_until=row.claimed_until)
    return bool(rows.update(state=state, claimed_until=None, **changes))


def after_failure(channel: Channel[Row], row: Row, error: Exception, now: datetime) -> dict[str, Any]:
    """State and reason of a row that could not be sent: given up, or tried again when its time comes."""
    reason = channel.describe(error)
    if channel.is_permanent(error):
        return {"state": "DEAD", "error": reason}
    if row.attempts >= MAX_ATTEMPTS:
        return {"state": "DEAD", "error": f"已尝试{row.attempts}次，不再重试：{reason}"}
    return {"state": "RETRY", "error": reason, "next_attempt_at": now + BACK_OFF[row.attempts - 1]}
