"""What the scheduler and the workers run. Named jobs, because Task is our noun."""

import logging

from celery import shared_task

from notifications import actions, webhooks
from tracker import clock

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def run_reminders() -> None:
    """Plan today's reminders and queue their delivery. What the queue loses, the sweep finds again."""
    now = clock.now()
    result = actions.plan_reminders(today=now.date(), now=now)
    for message_id in result.message_ids:
        deliver_message.delay(message_id=message_id)


@shared_task(ignore_result=True)
def deliver_message(*, message_id: int) -> None:
    """Send one digest. Nothing to do is normal: it was sent, or another worker has it."""
    state = actions.deliver_one(message_id=message_id, now=clock.now())
    logger.info("message %s: %s", message_id, state or "nothing to do")


@shared_task(ignore_result=True)
def deliver_due() -> None:
    """Queue what still waits: never queued, back-off over, or its worker died."""
    for message_id in actions.sweep(now=clock.now()):
        deliver_message.delay(message_id=message_id)


# A gateway that answers byte by byte resets every time-out of the socket; this one it does not.
@shared_task(ignore_result=True, soft_time_limit=60)
def post_delivery(*, delivery_id: int) -> None:
    """Post one digest to one gateway."""
    state = webhooks.post_one(delivery_id=delivery_id, now=clock.now())
    logger.info("delivery %s: %s", delivery_id, state or "nothing to do")


@shared_task(ignore_result=True)
def post_due() -> None:
    """Enter new digests for the gateways, and queue every posting that waits."""
    for delivery_id in webhooks.queue_deliveries(now=clock.now()):
        post_delivery.delay(delivery_id=delivery_id)
