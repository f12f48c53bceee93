"""What the scheduler and the workers run. Named jobs, because Task is our noun."""

import logging

from celery import shared_task

from tracker import clock
from tracker.actions.series import extend_series
from tracker.actions.sheet_jobs import sweep
from tracker.exchange import run_job

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def make_due_tasks() -> None:
    """Make the tasks of the periods that have come into reach. Running twice makes nothing twice."""
    now = clock.now()
    made = extend_series(today=now.date(), now=now)
    if made.tasks or made.joined:
        logger.info("periods: %s tasks, %s shares, %s joined", made.tasks, made.assignments, made.joined)


# What waits longer than the next sweep is queued again by it: the old job lapses.
@shared_task(ignore_result=True, expires=580)
def run_sheet_job(*, job_id: int) -> None:
    """Make one file, or read one. Nothing to do is normal: it was done, or another worker has it."""
    state = run_job(job_id, now=clock.now)
    logger.info("sheet job %s: %s", job_id, state or "nothing to do")


@shared_task(ignore_result=True)
def sweep_sheet_jobs() -> None:
    """Delete files whose days are over, and queue again what waits or was left by a dead worker."""
    for job_id in sweep(now=clock.now()):
        run_sheet_job.delay_on_commit(job_id=job_id)  # type: ignore[attr-defined]  # Celery's for Django
