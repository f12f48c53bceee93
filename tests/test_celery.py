"""The settings of Celery hold together: no job waits where nobody reads, or runs twice for being slow."""

from itertools import pairwise
from typing import Any

import pytest
from django.conf import settings

from notifications import claims
from notifications.actions import delivery
from notifications.channels import webhook
from tests.services import ROOT
from tracker.actions import imports
from tracker.celery import app

BEAT: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE
VISIBILITY = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]


def jobs() -> list[Any]:
    app.loader.import_default_modules()
    return [job for name, job in sorted(app.tasks.items()) if not name.startswith("celery.")]


def seconds_between(schedule: Any) -> int:
    """The shortest time between two beats of an entry, over a day."""
    minutes: list[int] = sorted(hour * 60 + minute for hour in schedule.hour for minute in schedule.minute)
    return 60 * min(later - earlier for earlier, later in pairwise(minutes))


@pytest.mark.parametrize("name", BEAT)
def test_what_beat_sends_lapses_before_its_successor(name: str) -> None:
    entry = BEAT[name]
    assert entry["task"] in {job.name for job in jobs()}
    assert 0 < entry["options"]["expires"] < seconds_between(entry["schedule"])


def test_each_job_has_a_queue_that_the_workers_read() -> None:
    known = {queue.name for queue in settings.CELERY_TASK_QUEUES}
    routes = settings.CELERY_TASK_ROUTES
    assert {job.name for job in jobs()} == set(routes)
    assert {route["queue"] for route in routes.values()} == known
    assert settings.CELERY_TASK_DEFAULT_QUEUE in known
    for file in ("deploy/run.py", "deploy/systemd/duban-worker.service"):
        assert f"worker --queues {','.join(sorted(known))} " in (ROOT / file).read_text()
    assert app.amqp.router.route({}, "notifications.jobs.deliver_messages")["queue"].name == "deliver"


def test_redis_waits_longer_than_any_job_may_take() -> None:
    for job in jobs():
        soft = job.soft_time_limit or app.conf.task_soft_time_limit
        hard = job.time_limit or app.conf.task_time_limit
        assert 0 < soft < hard < VISIBILITY, job.name


def test_jobs_are_acknowledged_late_and_keep_nothing() -> None:
    assert app.conf.worker_prefetch_multiplier == 1
    for job in jobs():
        assert (job.acks_late, job.reject_on_worker_lost, job.ignore_result) == (True, True, True), job.name


@pytest.mark.parametrize(
    ("name", "time_out", "sweep"),
    [
        ("deliver_messages", settings.EMAIL_TIMEOUT, "deliver-due"),
        ("post_delivery", webhook.TIMEOUT, "post-due"),
    ],
)
def test_a_claim_outlives_the_job_that_holds_it(name: str, time_out: int, sweep: str) -> None:
    [job] = [job for job in jobs() if job.name == f"notifications.jobs.{name}"]
    assert time_out < job.soft_time_limit < job.time_limit < claims.LEASE.total_seconds()
    assert job.expires < seconds_between(BEAT[sweep]["schedule"])


def test_a_batch_ends_before_its_job_is_told_to() -> None:
    [deliver] = [job for job in jobs() if job.name == "notifications.jobs.deliver_messages"]
    assert delivery.BATCH_TIME.total_seconds() < deliver.soft_time_limit


def test_a_claim_outlives_the_reading_that_holds_it() -> None:
    [job] = [job for job in jobs() if job.name == "tracker.jobs.read_plan"]
    assert job.soft_time_limit < job.time_limit < imports.LEASE.total_seconds()
    assert job.expires < seconds_between(BEAT["read-due"]["schedule"])
