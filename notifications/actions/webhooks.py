"""Posting digests to the gateways: which are to be posted, and one at a time. Never touches the mails."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q

from notifications.channels.webhook import Gateway
from notifications.claims import MAX_ATTEMPTS, after_failure, claim, settle
from notifications.models import Message, Webhook, WebhookDelivery
from tracker.clock import day_of

logger = logging.getLogger(__name__)

# A gateway that was switched off for longer gets no digests of days past.
REACH = timedelta(days=1)
SWEEP_LIMIT = 1000


def queue_deliveries(*, now: datetime) -> list[int]:
    """Enter the new digests for each gateway in use, and say which postings wait. Safe to repeat."""
    for webhook in Webhook.objects.filter(is_active=True).select_related("region"):
        done = WebhookDelivery.objects.filter(webhook=webhook, message=OuterRef("pk"))
        fresh = Message.objects.filter(
            ~Exists(done),
            ~Q(state=Message.State.DROPPED),
            recipient__region=webhook.region_id,
            day__gte=day_of(now - REACH),
            created_at__gte=webhook.created_at,
        )
        keys = fresh.order_by("pk").values_list("pk", flat=True)[:SWEEP_LIMIT]
        WebhookDelivery.objects.bulk_create(
            [WebhookDelivery(webhook=webhook, message_id=pk, next_attempt_at=now) for pk in keys],
            ignore_conflicts=True,
        )
    waiting = WebhookDelivery.objects.claimable(now).order_by("next_attempt_at", "pk")
    return list(waiting.values_list("pk", flat=True)[:SWEEP_LIMIT])


def post_one(*, delivery_id: int, now: datetime) -> str | None:
    """Post one digest and record how it ended; the state, or None when there was nothing to do.

    As with mail: a crash between posting and recording posts again, with the same Idempotency-Key.
    """
    rows = WebhookDelivery.objects.claimable(now)
    delivery = claim(rows, pk=delivery_id, now=now, related=["webhook__region", "message__recipient"])
    if delivery is None:
        return None
    if not delivery.webhook.is_active:
        changes = {"state": "DEAD", "error": "网关已停用，未推送。"}
    elif not delivery.message.recipient.is_active:
        changes = {"state": "DEAD", "error": "收件人账号已停用，未推送。"}
    elif not delivery.message.reminders.still_called_for().exists():
        # As a mail that has nothing left to say is dropped (delivery.deliver_one).
        changes = {"state": "DEAD", "error": "列入的事项在推送前均已办结或变更，未推送。"}
    elif delivery.attempts > MAX_ATTEMPTS:
        changes = {"state": "DEAD", "error": "多次推送均中断，未能完成，不再重试。"}
    else:
        changes = _post(delivery, now)
    if not settle(delivery, **changes):
        logger.warning("delivery %s: the claim was lost before the end was recorded", delivery.pk)
        return None
    return str(changes["state"])


def _post(delivery: WebhookDelivery, now: datetime) -> dict[str, Any]:
    gateway = Gateway(now)
    try:
        gateway.send(delivery)
    except Exception as error:  # whatever happens to one posting stays with it
        logger.warning("delivery %s attempt %s failed: %s", delivery.pk, delivery.attempts, error)
        return after_failure(gateway, delivery, error, now)
    return {"state": "SENT", "sent_at": now, "error": ""}
