"""What the scheduler and the workers run. Named jobs, because Task is our noun."""

import logging
from collections.abc import Iterable

from celery import shared_task
from django.conf import settings

from notifications.actions import delivery, planning
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
def deliver_message(*, message_id: int) -> None:
    """Send one digest. Nothing to do is normal: it was sent, or another worker has it."""
    state = delivery.deliver_one(message_id=message_id, now=clock.now())
    logger.info("message %s: %s", message_id, state or "nothing to do")


@shared_task(ignore_result=True)
def deliver_due() -> None:
    """Queue what still waits: never queued, back-off over, or its worker died."""
    _queue(delivery.sweep(now=clock.now()))


def _queue(message_ids: Iterable[int]) -> None:
    for message_id in message_ids:
        deliver_message.delay_on_commit(message_id=message_id)  # type: ignore[attr-defined]  # Celery's for Django
