"""Pull any plug at any moment: afterwards every reminder that was due has reached its person, once.

Real workers, Redis, PostgreSQL and SMTP. PLUGS=full takes the numbers of a bad week instead of those of CI.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection, connections
from django.db.utils import load_backend
from environ import Env

from accounts.models import User
from notifications import jobs
from notifications.actions import delivery, planning
from notifications.models import Message, Reminder
from tests import services
from tests.conftest import service
from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast, make_task, make_user
from tests.services import SmtpSink
from tracker import clock
from tracker.celery import app

FULL = os.environ.get("PLUGS") == "full"
PEOPLE, KILLS, STOPS = (500, 20, 10) if FULL else (60, 3, 1)
# How long one mail may take in these workers; a claim lapses after twice as long.
DELIVERY_SECONDS = 3
DELAY = 0.05  # the mail server's, so that a plug finds mails on their way
# What the two processes of a worker can hand over in the 0.6 s that a crash of the database takes back, and
# the mail that each has in hand.
COPIES_A_STOP = 2 * (round(0.6 / DELAY) + 1)


class Workers:
    """Worker processes on the test's database that can be killed as a power cut would."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, number: int = 1) -> None:
        self.processes += [
            subprocess.Popen(
                services.worker_command(concurrency=2),
                cwd=services.ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            for _ in range(number)
        ]

    def kill(self) -> None:
        """Without a word, children and all."""
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.processes.clear()


@pytest.fixture
def own_redis() -> Iterator[ExitStack]:
    """A Redis of the test's own, which may close the stack to kill it."""
    with ExitStack() as stack:
        yield stack


@contextmanager
def workers_on(
    database_url: str, redis_url: str, sink: SmtpSink, home: Path, before: str
) -> Iterator[Workers]:
    """Workers to be started, and our own jobs sent to them; afterwards to the broker `before`."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "EMAIL_URL": sink.url,
        "DUBAN_HOME": str(home),
        "DUBAN_TODAY": TODAY.isoformat(),
        "DELIVERY_SECONDS": str(DELIVERY_SECONDS),
    }
    workers = Workers(environment)
    _use_broker(redis_url)
    try:
        yield workers
    finally:
        workers.kill()
        _use_broker(before)


@pytest.fixture
def plugs(
    transactional_db: None, own_redis: ExitStack, smtp_sink: SmtpSink, tmp_path: Path, settings: Any
) -> Iterator[Workers]:
    """Workers to be started, on servers that this test may treat as it likes, but for the database."""
    if connection.vendor != "postgresql":
        pytest.skip("a worker cannot see an SQLite in memory: DUBAN_TEST_DB=postgres")
    settings.DUBAN_TODAY = TODAY
    redis_url = own_redis.enter_context(services.redis_server())
    with workers_on(_database_url(), redis_url, smtp_sink, tmp_path, settings.REDIS_URL) as workers:
        yield workers


class OwnDatabase:
    """A PostgreSQL of one test's own, that may be stopped as a crash would and started again.

    The session's stays as it is for the tests beside and after: while this one is in use, the connection of
    this process is to it.
    """

    def __init__(self, home: Path) -> None:
        self.home, self.port, self.running = home, services.free_port(), ExitStack()
        self.address = self.start()

    def start(self) -> str:
        return self.running.enter_context(services.postgres_on(self.home, self.port, signal.SIGQUIT))

    def stop(self) -> None:
        connections["default"].close()
        self.running.close()

    @contextmanager
    def in_use(self, home: Path) -> Iterator[None]:
        environment = {**os.environ, "DATABASE_URL": self.address, "DUBAN_HOME": str(home)}
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=services.ROOT, env=environment, check=True)
        before = connections["default"]
        place = {**before.settings_dict, "OPTIONS": {}, **Env.db_url_config(self.address)}
        connections["default"] = load_backend(place["ENGINE"]).DatabaseWrapper(place, "default")
        try:
            yield
        finally:
            self.stop()
            connections["default"] = before


@pytest.fixture
def own_database(django_db_blocker: Any, tmp_path: Path) -> Iterator[OwnDatabase]:
    with service(services.postgres_home()) as home:
        database = OwnDatabase(home)
        with django_db_blocker.unblock(), database.in_use(tmp_path):
            yield database


def _database_url() -> str:
    place = connection.settings_dict
    return f"postgres://{place['USER']}@{place['HOST']}:{place['PORT']}/{place['NAME']}"


def _use_broker(url: str) -> None:
    app.conf.update(broker_url=url)
    app._after_fork()  # type: ignore[attr-defined]  # how Celery itself forgets connections


def people_with_something_late(number: int) -> Cast:
    """So many people of one bureau, each of whom is to get a digest of today."""
    cast = make_cast()
    User.objects.filter(region=cast.city).update(email="")
    for place in range(number):
        make_user(f"person{place:03}", User.Role.REPORTER, department=cast.bureau)
    make_assignment(cast.bureau, task=make_task(cast.plan, due_date=date(2024, 10, 18)))
    return cast


def wait_until(true: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, Counter(Message.objects.values_list("state", flat=True))
        time.sleep(0.05)


def unsent() -> int:
    """Digests that are still to be mailed; those of the cast, who have no address, never are."""
    return Message.objects.exclude(state__in=(Message.State.SENT, Message.State.INBOX)).count()


def _all_is_sent() -> bool:
    return unsent() == 0


def sweep_until(true: Callable[[], object], seconds: float = 120) -> None:
    """What beat does every five minutes, once a second; the time of a back-off passes at once."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, Counter(Message.objects.values_list("state", "error"))
        Message.objects.filter(state=Message.State.RETRY).update(next_attempt_at=clock.now())
        jobs.deliver_due.delay()
        time.sleep(1)


def copies(sink: SmtpSink) -> Counter[tuple[str, str]]:
    """How often each mail arrived: by address and Message-ID."""
    return Counter((str(found["To"]), str(found["Message-ID"])) for found in sink.messages)


def test_workers_killed_at_random_moments(
    plugs: Workers, smtp_sink: SmtpSink, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is lost. What was handed over and not yet recorded arrives again, under the same Message-ID."""
    people_with_something_late(PEOPLE)
    chance = Random(20241021)
    smtp_sink.delay = DELAY
    plugs.start()
    jobs.run_reminders.delay()
    killed_with_mail_to_send = 0
    for _ in range(KILLS):
        before = len(smtp_sink.messages)
        # With a sweep each second: what a killed worker had claimed may be all there is.
        sweep_until(partial(_something_arrived_since, before, smtp_sink))
        time.sleep(chance.uniform(0, 0.5))
        plugs.kill()
        killed_with_mail_to_send += _more_to_come()
        plugs.start()
        jobs.deliver_due.delay()
    smtp_sink.delay = 0
    sweep_until(_all_is_sent)

    arrived = copies(smtp_sink)
    doubled = {mail: number for mail, number in arrived.items() if number > 1}
    copied = sum(arrived.values()) - len(arrived)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{KILLS} kills, {killed_with_mail_to_send} of them with mail to send: {len(arrived)} of "
            f"{PEOPLE} people have their digest; {copied} copies too many, of {len(doubled)} mails\n"
        )
    assert_each_has_one_mail(arrived)
    assert killed_with_mail_to_send > 0
    # At most what the two processes of a worker had in hand when it was killed.
    assert copied <= 2 * KILLS


def _more_to_come() -> bool:
    return unsent() > 0 or not Message.objects.exists()


def _something_arrived_since(before: int, sink: SmtpSink) -> bool:
    return len(sink.messages) > before or not _more_to_come()


def test_two_schedulers_and_four_workers(plugs: Workers, smtp_sink: SmtpSink) -> None:
    """Two beats send each job twice; two workers of two processes each take them."""
    people_with_something_late(PEOPLE)
    for _ in range(2):
        jobs.run_reminders.delay()
    plugs.start(2)
    wait_until(lambda: Message.objects.exists())
    deadline = time.monotonic() + 120
    while unsent():
        assert time.monotonic() < deadline, Counter(Message.objects.values_list("state", "error"))
        for _ in range(2):
            jobs.run_reminders.delay()
            jobs.deliver_due.delay()
        time.sleep(0.5)

    arrived = copies(smtp_sink)
    assert_each_has_one_mail(arrived)
    assert max(arrived.values()) == 1
    assert Reminder.objects.filter(state="PLANNED", message__state="SENT").count() == PEOPLE


def test_redis_killed_and_empty_when_it_comes_back(
    plugs: Workers, smtp_sink: SmtpSink, own_redis: ExitStack
) -> None:
    people_with_something_late(PEOPLE)
    smtp_sink.delay = DELAY
    plugs.start()
    jobs.run_reminders.delay()
    wait_until(lambda: len(smtp_sink.messages) > 3)
    own_redis.close()
    time.sleep(0.5)
    assert _more_to_come()
    port = int(str(urlsplit(app.conf.broker_url).port))
    own_redis.enter_context(services.redis_server(port))
    smtp_sink.delay = 0
    sweep_until(_all_is_sent)

    arrived = copies(smtp_sink)
    assert_each_has_one_mail(arrived)
    assert max(arrived.values()) == 1, "who had a mail in hand went on without Redis"


def test_database_restarted_while_mails_go_out(
    own_database: OwnDatabase,
    own_redis: ExitStack,
    smtp_sink: SmtpSink,
    tmp_path: Path,
    settings: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Stopped without a word to anybody; what it had not recorded yet arrives again as the same mail."""
    settings.DUBAN_TODAY = TODAY
    redis_url = own_redis.enter_context(services.redis_server())
    people_with_something_late(PEOPLE)
    smtp_sink.delay = DELAY
    stopped_with_mail_to_send = 0
    with workers_on(own_database.address, redis_url, smtp_sink, tmp_path, settings.REDIS_URL) as workers:
        workers.start()
        jobs.run_reminders.delay()
        for _ in range(STOPS):
            wait_until(partial(_something_arrived_since, len(smtp_sink.messages), smtp_sink))
            stopped_with_mail_to_send += _more_to_come()
            own_database.stop()
            time.sleep(0.5)
            own_database.start()
            jobs.deliver_due.delay()
        smtp_sink.delay = 0
        sweep_until(_all_is_sent)
        arrived = copies(smtp_sink)
        assert_each_has_one_mail(arrived)

    copied = sum(arrived.values()) - len(arrived)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{STOPS} stops of the database, {stopped_with_mail_to_send} of them with mail to send: "
            f"{len(arrived)} of {PEOPLE} people have their digest; {copied} copies too many\n"
        )
    assert stopped_with_mail_to_send > 0
    assert copied <= STOPS * COPIES_A_STOP


def test_mail_server_away_then_busy_then_silent_then_refusing_one_then_back(
    cast: Cast, smtp_sink: SmtpSink, settings: Any
) -> None:
    """Each in its turn, with the time of the back-off between; at the end only the refused one is without."""
    make_assignment(cast.bureau, task=make_task(cast.plan, due_date=date(2024, 10, 18)))
    planning.plan_reminders(today=TODAY, now=NOW)
    here, now = smtp_sink.port, NOW

    def deliver() -> list[str]:
        nonlocal now
        now += timedelta(days=1)  # longer than any back-off
        for message_id in delivery.sweep(now=now):
            delivery.deliver_one(message_id=message_id, now=now)
        return [f"{row.state} {row.error[:16]}".strip() for row in Message.objects.order_by("recipient_id")]

    settings.EMAIL_PORT = services.free_port()
    assert deliver() == ["RETRY ConnectionRefuse"] * 3
    settings.EMAIL_PORT, smtp_sink.reply = here, "451 4.3.0 try later"
    assert deliver() == ["RETRY 451 4.3.0 try la"] * 3
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = silent.getsockname()[1], 0.3
        assert deliver() == ["RETRY SMTPServerDiscon"] * 3
    settings.EMAIL_PORT, settings.EMAIL_TIMEOUT, smtp_sink.reply = here, 20, ""
    smtp_sink.replies["lina@example.cn"] = "550 5.1.1 no such user"
    others = ["SENT", "DEAD 550 5.1.1 no suc", "SENT"]
    assert deliver() == others
    assert deliver() == others, "the refused one waits for a person"
    assert sorted(smtp_sink.recipients) == ["wangfang@example.cn", "zhangwei@example.cn"]
    assert list(Message.objects.failing().values_list("address", flat=True)) == ["lina@example.cn"]


def assert_each_has_one_mail(arrived: Counter[tuple[str, str]]) -> None:
    """Copies of a mail count as that mail, because they carry its Message-ID."""
    people = User.objects.filter(department__isnull=False).exclude(email="")
    due = set(people.filter(username__startswith="person").values_list("email", flat=True))
    assert len(due) == PEOPLE
    assert sorted(address for address, _ in arrived) == sorted(due)
