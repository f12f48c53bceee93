"""Sending each row once, whatever the channel: claims with a lease, and what a failure leads to.

For rows with `state`, `next_attempt_at`, `claimed_until` and `attempts`: digests, and what goes to gateways.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import random
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection, transaction
from django.db.models import BooleanField, F, Func, QuerySet

from notifications.channels.base import Channel
from notifications.models import Message, WebhookDelivery

# Longer than any job may take that holds a claim (notifications/jobs.py): only the dead lose it.
LEASE = 2 * timedelta(seconds=settings.DELIVERY_SECONDS)
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 180, 360, 720, 1440))
MAX_ATTEMPTS = len(BACK_OFF) + 1
# A wait is made longer by up to this part of it, so that what failed together does not come back together.
JITTER = 0.2

Row = TypeVar("Row", Message, WebhookDelivery)


def claim_many(
    claimable: QuerySet[Row], *, pks: Sequence[int], now: datetime, related: Sequence[str] = ()
) -> list[Row]:
    """Take the rows for sending, in the order given, but those that are done, not yet due, or another's.

    `related` is read with them, as by select_related.
    """
    with transaction.atomic():
        locked = claimable.select_related(*related).select_for_update(skip_locked=True, of=("self",))
        rows = locked.in_bulk(pks)
        changes = {"state": "CLAIMED", "claimed_until": now + LEASE}
        if rows:
            taken = _quickly(claimable.model._default_manager.filter(pk__in=rows))
            taken.update(attempts=F("attempts") + 1, **changes)
    for row in rows.values():
        row.state, row.claimed_until, row.attempts = "CLAIMED", now + LEASE, row.attempts + 1
    return [rows[pk] for pk in pks if pk in rows]


def claim(claimable: QuerySet[Row], *, pk: int, now: datetime, related: Sequence[str] = ()) -> Row | None:
    """One row, as by claim_many, or None."""
    return next(iter(claim_many(claimable, pks=[pk], now=now, related=related)), None)


class _NotWaitingForTheDisk(Func):
    """A condition that always holds, by which PostgreSQL ends the transaction before it is on its disk.

    Everybody sees it at once all the same. As a condition it needs no statement, and no transaction, of its
    own. A crash of the database (none of ours) takes back what it did in its last 0.6 seconds at most: what
    was claimed is claimed again, and what was sent goes out again, as the same mail.
    Waiting for the disk would take most of the time of sending.
    """

    template = "set_config('synchronous_commit', 'off', true) = 'off'"
    output_field = BooleanField()


def _quickly(rows: QuerySet[Row]) -> QuerySet[Row]:
    return rows.filter(_NotWaitingForTheDisk()) if connection.vendor == "postgresql" else rows


def settle(row: Row, state: str, **changes: Any) -> bool:
    """End a claim. False, and without effect, when the lease ran out and another holds it now."""
    rows = type(row)._default_manager.filter(pk=row.pk, state="CLAIMED", claimed_until=row.claimed_until)
    return bool(_quickly(rows).update(state=state, claimed_until=None, **changes))


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
