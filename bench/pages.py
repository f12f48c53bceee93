"""How fast the pages are through the real server, on PostgreSQL and on SQLite, with 20,000 assignments.

Usage: python bench/pages.py [--rows 20000] [--requests 50] [--rounds 3] [--database sqlite|postgres|both].
Each database gets a home of its own under the system's temporary directory, the rows of bench/dataset.py, and
gunicorn as deploy/systemd starts it. A person signs in and asks for each page over one kept-alive connection,
one request after the other, after ten requests that do not count. Queries are counted in this process, on the
same database. All that was started is stopped at the end, also on Ctrl-C, and nothing is left behind.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from bench.dataset import Cast

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SERVICE = ROOT / "deploy" / "systemd" / "duban-web.service"
DEMO_DATE = "2024-10-21"
WARM_UP = 10


@dataclass(frozen=True, slots=True)
class Page:
    """A page and who opens it; `row` is what each of its rows has once."""

    name: str
    address: str
    username: str
    row: str = '<a href="/tasks/'


@dataclass(frozen=True, slots=True)
class Timing:
    """One round, in milliseconds: half of the requests were faster than the median, 19 of 20 than p95."""

    median: float
    p95: float
    least: float


def pages_of(cast: Cast) -> list[Page]:
    office, unit = cast.coordinator.username, cast.reporter.username
    return [
        Page("ledger", "/ledger/", office),
        Page("ledger, overdue only", "/ledger/?due=overdue", office),
        Page("overdue list by unit", "/overdue/", office),
        Page("overview", "/overview/", office),
        Page("my work", "/my-work/", unit),
        Page("task", f"/tasks/{cast.task}/", office, row="<time "),
    ]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], *, stop: signal.Signals = signal.SIGTERM, **options: Any) -> Iterator[None]:
    """A server that is gone when the block ends."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    try:
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(answers: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Try until it no longer raises."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answers()
        except Exception as error:
            if time.monotonic() > deadline:
                sys.exit(f"{what} did not start: {error}")
            time.sleep(0.1)
        else:
            return


def postgres_program(name: str) -> str:
    """Debian keeps the server's programs out of the PATH; the newest version wins."""
    places = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    found = shutil.which(name) or max(places, key=lambda place: float(place.parts[4]), default=None)
    if found is None:
        sys.exit(f"PostgreSQL's {name} is not installed: install it, or measure with --database sqlite.")
    return str(found)


@contextmanager
def postgres(home: Path) -> Iterator[str]:
    """The address of an empty PostgreSQL with its default settings."""
    import psycopg

    initdb, server = postgres_program("initdb"), postgres_program("postgres")
    place, port = home / "postgres", free_port()
    place.mkdir()
    owner: dict[str, Any] = {}
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        owner = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        home.chmod(0o755)
        shutil.chown(place, "nobody", "nogroup")
    data = str(place / "data")
    make = [initdb, "-D", data, "-U", "duban", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8"]
    made = subprocess.run(make, capture_output=True, text=True, cwd=place, **owner)
    if made.returncode:
        sys.exit(f"initdb failed: {made.stderr}")
    options = [f"--port={port}", "--listen_addresses=127.0.0.1", "--unix_socket_directories="]
    address = f"postgres://duban@127.0.0.1:{port}/postgres"
    # SIGINT ends it at once; SIGTERM would wait for every connection.
    with running(
        [server, "-D", data, *options], stop=signal.SIGINT, stderr=subprocess.DEVNULL, cwd=place, **owner
    ):
        wait_for(lambda: psycopg.connect(address).close(), "PostgreSQL")
        yield address


@contextmanager
def sqlite(home: Path) -> Iterator[str]:
    """The address of an SQLite that does not exist yet."""
    yield f"sqlite:///{home / 'duban.sqlite3'}"


def web_command(port: int) -> list[str]:
    """What deploy/systemd starts, with this Python and on a port of our own."""
    lines = SERVICE.read_text(encoding="utf-8").splitlines()
    start = next(line for line in lines if line.startswith("ExecStart="))
    command = shlex.split(start.removeprefix("ExecStart="))
    command[0] = sys.executable
    command[command.index("--bind") + 1] = f"127.0.0.1:{port}"
    return [*command, "--log-level", "warning"]


class Browser:
    """One person's browser, as far as the server can tell: cookies, and a connection kept alive."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}

    def open(self, address: str, form: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Status and body, read to the end."""
        headers = {
            "Accept": "text/html,application/xhtml+xml",
            "Accept-Language": "zh-CN,zh;q=0.9",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": "Mozilla/5.0",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Referer"] = f"http://127.0.0.1:{self.connection.port}{address}"
        self.connection.request("GET" if form is None else "POST", address, urlencode(form or {}), headers)
        response = self.connection.getresponse()
        body = response.read()
        for line in response.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: cookie.value for name, cookie in SimpleCookie(line).items()}
        return response.status, body

    def sign_in(self, username: str, password: str) -> None:
        _, body = self.open("/login/")
        token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', body)
        form = {"csrfmiddlewaretoken": token[1].decode() if token else "", "username": username}
        status, _ = self.open("/login/", form | {"password": password})
        if status != 302:
            sys.exit(f"{username} could not sign in: status {status}")

    def fetch(self, page: Page) -> bytes:
        status, body = self.open(page.address)
        if status != 200 or page.row.encode() not in body:
            sys.exit(f"{page.address} for {page.username}: status {status}, {len(body)} bytes, no rows")
        return body


def time_page(browser: Browser, page: Page, requests: int) -> Timing:
    browser.connection.close()  # the server closes what is idle for long
    for _ in range(WARM_UP):
        browser.fetch(page)
    times = []
    for _ in range(requests):
        begin = time.perf_counter()
        browser.fetch(page)
        times.append((time.perf_counter() - begin) * 1000)
    times.sort()
    return Timing(statistics.median(times), times[math.ceil(len(times) * 0.95) - 1], times[0])


def count_queries(page: Page) -> int:
    """How many SQL statements the page takes, session and person included."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from accounts.models import User

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(username=page.username))
    client.get(page.address)  # notes when the session was seen, once a minute
    with CaptureQueriesContext(
        connection,
    ) as captured:
        client.get(page.address)
    return len(captured)


def machine() -> str:
    """Cores, their model and how busy they were, memory, and the Python."""
    model = "unknown processor"
    with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
        model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), model)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    version = sys.version.split()[0]
    cores = f"{os.cpu_count()} cores of {model} under a load of {os.getloadavg()[1]:.1f} in five minutes"
    return f"{cores}, {memory:.0f} GB of memory, Python {version}"


def database_version() -> str:
    from django.db import connection

    statement = "SHOW server_version" if connection.vendor == "postgresql" else "SELECT sqlite_version()"
    with connection.cursor() as cursor:
        cursor.execute(statement)
        (version,) = cursor.fetchone()
    return f"{connection.display_name} {version.split()[0]}"


def measure(options: argparse.Namespace) -> None:
    """Fill, serve and time one database; print its table."""
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    from bench.dataset import make_city

    call_command("migrate", verbosity=0)
    password = secrets.token_urlsafe(12)
    begin = time.monotonic()
    cast = make_city(options.rows, password=password)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # what its own housekeeping does within minutes
    print(f"{options.rows:,} assignments made in {time.monotonic() - begin:.0f} s", file=sys.stderr)
    pages = pages_of(cast)
    queries = {page: count_queries(page) for page in pages}
    connection.close()
    port = free_port()
    rounds: dict[Page, list[Timing]] = {page: [] for page in pages}
    sizes: dict[Page, tuple[int, int]] = {}
    with running(web_command(port), cwd=ROOT):
        browsers = {page.username: Browser(port) for page in pages}
        wait_for(lambda: Browser(port).open("/login/"), "gunicorn")
        for username, browser in browsers.items():
            browser.sign_in(username, password)
        for number in range(1, options.rounds + 1):
            for page in pages:
                rounds[page].append(time_page(browsers[page.username], page, options.requests))
            print(f"round {number} of {options.rounds} done", file=sys.stderr)
        for page in pages:
            browsers[page.username].connection.close()
            body = browsers[page.username].fetch(page)
            sizes[page] = body.count(page.row.encode()), len(body)
    print(
        f"\n{database_version()}, {options.rows:,} assignments, {options.rounds} rounds of {options.requests}"
    )
    print(f"requests. {machine()}; {date.today().isoformat()}.\n")  # noqa: DTZ011  (of this machine)
    columns = ["page", "rows", "KB", "queries", "median ms", "p95 ms", "fastest ms"]
    for cells in (columns, ["---"] * len(columns)):
        print(f"| {' | '.join(cells)} |")
    for page in pages:
        times, (rows, size) = rounds[page], sizes[page]
        figures = [
            statistics.median(timing.median for timing in times),
            statistics.median(timing.p95 for timing in times),
            min(timing.least for timing in times),
        ]
        cells = [page.name, rows, round(size / 1024), queries[page], *(f"{figure:.1f}" for figure in figures)]
        print("| " + " | ".join(map(str, cells)) + " |")
    connection.close()


def measure_in_own_home(options: argparse.Namespace) -> None:
    """One database from beginning to end, in a directory that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="duban-bench-") as directory:
        home = Path(directory)
        with (postgres if options.database == "postgres" else sqlite)(home) as address:
            for name in ("DEBUG", "EMAIL_URL"):
                os.environ.pop(name, None)
            os.environ |= {
                "DJANGO_SETTINGS_MODULE": "tracker.settings",
                "DUBAN_ENV": "embedded",
                "DUBAN_HOME": directory,
                "DUBAN_TODAY": DEMO_DATE,
                "DATABASE_URL": address,
                "LOG_LEVEL": "WARNING",
                "SECRET_KEY": secrets.token_urlsafe(50),
            }
            (home / "var" / "static").mkdir(parents=True)
            measure(options)


def measure_in_processes(options: argparse.Namespace) -> None:
    """Both databases, one after the other: Django keeps to one for as long as a process lives."""
    for database in ("sqlite", "postgres"):
        figures = [f"--{name}={getattr(options, name)}" for name in ("rows", "requests", "rounds")]
        process = subprocess.Popen([sys.executable, __file__, *figures, f"--database={database}"])
        try:
            failed = process.wait()
        except KeyboardInterrupt:
            process.terminate()  # it stops what it started; a second signal is nothing to it
            process.wait()
            raise
        if failed:
            sys.exit(failed)


def stop_once(*_: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=20_000, help="assignments in the ledger, at least 30")
    arguments.add_argument("--requests", type=int, default=50, help="of each page in a round")
    arguments.add_argument("--rounds", type=int, default=3, help="the median of their medians is printed")
    arguments.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    options = arguments.parse_args()
    if options.rows < 30 or options.requests < 1 or options.rounds < 1:
        arguments.error("at least 30 rows, one request and one round")
    signal.signal(signal.SIGINT, stop_once)
    signal.signal(signal.SIGTERM, stop_once)
    try:
        measure_in_processes(options) if options.database == "both" else measure_in_own_home(options)
    except KeyboardInterrupt:
        sys.exit("stopped")


if __name__ == "__main__":
    main()
