"""What the scheduler and the workers run. Named jobs, because Task is our noun."""

import logging
from collections.abc import Sequence

from celery import shared_task
from django.conf import settings

from notifications.actions import delivery, planning, webhooks
from notifications.channels import mail
from tracker import clock

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def run_reminders() -> None:
    """Plan today's reminders and queue their delivery. What the queue loses, the sweep finds again."""
    now = clock.now()
    result = planning.plan_reminders(today=now.date(), now=now)
    _queue(result.message_ids)


# What has waited until the next sweep is queued again by it, so the old job lapses: however slow the mail
# server is, the queue does not fill with doubles.
@shared_task(
    ignore_result=True,
    soft_time_limit=settings.DELIVERY_SECONDS,
    time_limit=settings.DELIVERY_SECONDS * 3 // 2,
    expires=280,
)
def deliver_messages(*, message_ids: list[int]) -> None:
    """Send a few digests. Nothing to do is normal: they were sent, or another worker has them."""
    with mail.open_line() as line:
        states = delivery.deliver_batch(message_ids=message_ids, now=clock.now, line=line)
    for message_id in message_ids:
        logger.info("message %s: %s", message_id, states.get(message_id) or "nothing to do")


@shared_task(ignore_result=True)
def deliver_due() -> None:
    """Queue what still waits: never queued, back-off over, or its worker died."""
    _queue(delivery.sweep(now=clock.now()))


def _queue(message_ids: Sequence[int]) -> None:
    for start in range(0, len(message_ids), delivery.BATCH):
        batch = list(message_ids[start : start + delivery.BATCH])
        deliver_messages.delay_on_commit(message_ids=batch)  # type: ignore[attr-defined]  # Celery's for Django


# A gateway that answers byte by byte resets every time-out of the socket; these limits it does not. The job
# lapses before the next of post_due, as that of a mail does.
@shared_task(ignore_result=True, soft_time_limit=60, time_limit=90, expires=280)
def post_delivery(*, delivery_id: int) -> None:
    """Post one digest to one gateway."""
    state = webhooks.post_one(delivery_id=delivery_id, now=clock.now())
    logger.info("delivery %s: %s", delivery_id, state or "nothing to do")


@shared_task(ignore_result=True)
def post_due() -> None:
    """Enter new digests for the gateways, and queue every posting that waits."""
    for delivery_id in webhooks.queue_deliveries(now=clock.now()):
        post_delivery.delay_on_commit(delivery_id=delivery_id)  # type: ignore[attr-defined]  # Celery's for Django
