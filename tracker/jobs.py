"""What the scheduler and the workers run. Named jobs, because Task is our noun."""

import logging

from celery import shared_task

from tracker import clock
from tracker.actions.series import extend_series

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def make_due_tasks() -> None:
    """Make the tasks of the periods that have come into reach. Running twice makes nothing twice."""
    now = clock.now()
    made = extend_series(today=now.date(), now=now)
    if made.tasks or made.joined:
        logger.info("periods: %s tasks, %s shares, %s joined", made.tasks, made.assignments, made.joined)
