"""Does the broker answer, and do workers through it? With short time-outs, for people who wait."""

import logging
from collections.abc import Callable
from threading import Thread
from typing import Any

from kombu import Connection

from tracker.celery import app

logger = logging.getLogger(__name__)

ANSWER_WITHIN = 0.4  # seconds, for each step of asking
PAGE_WAITS = 0.9  # seconds that a page waits in all


def queue_answers() -> bool:
    """Whether the broker takes connections."""
    return _within(PAGE_WAITS, _reach) is True


def workers_alive() -> int | None:
    """How many workers answer; None where that is unknown, because the broker does not."""
    answer: int | None = _within(PAGE_WAITS, _count_workers)
    return answer


def _connection() -> Connection:
    limits = {"socket_connect_timeout": ANSWER_WITHIN, "socket_timeout": ANSWER_WITHIN}
    return app.connection_for_write(transport_options={**app.conf.broker_transport_options, **limits})


def _reach() -> bool:
    with _connection() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0)
    return True


def _count_workers() -> int:
    with _connection() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0)
        return len(app.control.ping(timeout=ANSWER_WITHIN, connection=connection) or ())


def _within(seconds: float, ask: Callable[[], Any]) -> Any:
    """What `ask` returns; None if it fails or takes longer. Whatever a network does, the page goes on."""
    answers: list[Any] = []

    def run() -> None:
        try:
            answers.append(ask())
        except Exception as error:
            logger.warning("the broker does not answer: %s", error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else None
