"""How the reminders stand, for machines that watch: as JSON and as Prometheus text. No names, no errors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError

from notifications import workers
from notifications.dashboards import DeliveryState, SchedulerState, delivery_state, scheduler_state
from notifications.models import Message

# A mail that should have gone so long ago is nobody's retry: delivery itself stands still.
STUCK_AFTER = timedelta(minutes=30)


@dataclass(frozen=True)
class Probe:
    """Everything that is asked at once. Without an answer of the database the rest is unknown."""

    queue: bool
    scheduler: SchedulerState | None = None
    delivery: DeliveryState | None = None
    unsent: int = 0
    is_delivery_stuck: bool = False

    @property
    def is_ready(self) -> bool:
        alive = self.scheduler is not None and self.scheduler.is_alive
        return alive and self.queue and not self.is_delivery_stuck


def probe(now: datetime) -> Probe:
    """`now` is local: it decides which day is today."""
    queue = workers.queue_answers()
    try:
        return Probe(
            queue=queue,
            scheduler=scheduler_state(now),
            delivery=delivery_state(Message.objects.all(), now.date()),
            unsent=Message.objects.unsent().count(),
            is_delivery_stuck=Message.objects.stuck(now - STUCK_AFTER).exists(),
        )
    except DatabaseError:
        return Probe(queue=queue)


def as_json(found: Probe) -> Mapping[str, object]:
    database = found.scheduler is not None
    answer: dict[str, object] = {"ready": found.is_ready, "database": database, "queue": found.queue}
    if found.scheduler is None or found.delivery is None:
        return answer
    plan, sweep = found.scheduler.last_plan, found.scheduler.last_sweep
    oldest = found.delivery.oldest_unsent
    return answer | {
        "planning": not found.scheduler.is_plan_late,
        "last_planning": plan.started_at if plan else None,
        "planning_held": found.scheduler.held_plan is not None,
        "sweeping": not found.scheduler.is_sweep_late,
        "last_sweep": sweep.started_at if sweep else None,
        "delivering": not found.is_delivery_stuck,
        "unsent": found.unsent,
        "oldest_unsent": oldest.created_at if oldest else None,
    }


def as_metrics(found: Probe) -> str:
    """The text format of Prometheus, version 0.0.4. What has never happened has no line."""
    return "".join(_lines(found))


def _lines(found: Probe) -> Iterator[str]:
    yield _gauge("duban_database_up", "Whether the database answers.", found.scheduler is not None)
    yield _gauge("duban_queue_up", "Whether the broker takes connections.", found.queue)
    if found.scheduler is None or found.delivery is None:
        return
    plan, sweep = found.scheduler.last_plan, found.scheduler.last_sweep
    if plan:
        name, text = "duban_last_planning_timestamp_seconds", "When the last planning run began."
        yield _gauge(name, text, plan.started_at.timestamp())
    if sweep:
        name, text = "duban_last_sweep_timestamp_seconds", "When unsent mail was last looked for."
        yield _gauge(name, text, sweep.started_at.timestamp())
    late = found.scheduler
    yield _gauge("duban_planning_late", "Whether planning has been silent for too long.", late.is_plan_late)
    yield _gauge("duban_sweep_late", "Whether the sweep has been silent for too long.", late.is_sweep_late)
    yield _gauge("duban_planning_held", "Whether a run waits to be released.", late.held_plan is not None)
    yield _gauge("duban_delivery_stuck", "Whether mail that is due stays unsent.", found.is_delivery_stuck)
    yield _gauge("duban_unsent_messages", "Digests neither sent nor given up.", found.unsent)
    oldest = found.delivery.oldest_unsent
    if oldest:
        name, text = "duban_oldest_unsent_timestamp_seconds", "When the oldest unsent digest was written."
        yield _gauge(name, text, oldest.created_at.timestamp())
    yield "# HELP duban_messages_today Digests of today by state.\n# TYPE duban_messages_today gauge\n"
    for state in Message.State.values:
        yield f'duban_messages_today{{state="{state}"}} {found.delivery.counts.get(state, 0)}\n'


def _gauge(name: str, text: str, value: float) -> str:
    return f"# HELP {name} {text}\n# TYPE {name} gauge\n{name} {float(value):.15g}\n"
