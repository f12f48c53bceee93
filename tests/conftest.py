"""Real services for the tests that ask for them. Where one is not installed its tests are skipped, with the
reason; with REQUIRE_SERVICES=1, as in CI, they fail instead."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import pytest

from tests import services

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

Service = TypeVar("Service")


BROWSER = {"chromium"}
SERVICES = {"redis_url", "_smtp", "celery_worker", "own_redis", "office"}


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """A test is marked by what it asks for: -m "not browser and not services and not slow"."""
    for item in items:
        asked_for = set(getattr(item, "fixturenames", ()))
        if asked_for & BROWSER:
            item.add_marker("browser")
        if asked_for & SERVICES:
            item.add_marker("services")


@contextmanager
def service(start: AbstractContextManager[Service]) -> Iterator[Service]:
    try:
        started = start.__enter__()
    except services.ServiceMissing as missing:
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))
    try:
        yield started
    finally:
        start.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def own_directories(settings: Any, tmp_path: Path) -> None:
    """No test writes to the checkout's var/."""
    settings.VAR_DIR = tmp_path
    settings.MAIL_DIR = tmp_path / "mail"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture(autouse=True)
def planning_goes_on() -> None:
    """The banner on every page is asked for once a minute; tests that want it forget this answer."""
    from django.core.cache import cache

    from notifications.context import STANDSTILL_KEY

    cache.set(STANDSTILL_KEY, False, None)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with service(services.redis_server()) as url:
        yield url


@pytest.fixture(scope="session")
def _smtp() -> Iterator[services.SmtpSink]:
    with service(services.smtp_server()) as sink:
        yield sink


@pytest.fixture
def smtp_sink(_smtp: services.SmtpSink, settings: Any) -> services.SmtpSink:
    """A real SMTP server that Django sends to; empty at the start of each test."""
    _smtp.clear()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = _smtp.host, _smtp.port
    return _smtp


@pytest.fixture
def celery_worker(transactional_db: None, redis_url: str, tmp_path: Path, settings: Any) -> Iterator[None]:
    """A real worker on the test's database; jobs are sent to it with delay(). Needs PostgreSQL."""
    from django.db import connection

    from tracker.celery import app

    def use_broker(url: str) -> None:
        app.conf.update(broker_url=url)
        app._after_fork()  # type: ignore[attr-defined]  # how Celery itself forgets connections

    place = connection.settings_dict
    database_url = f"postgres://{place['USER']}@{place['HOST']}:{place['PORT']}/{place['NAME']}"

    @contextmanager
    def worker() -> Iterator[None]:
        if connection.vendor != "postgresql":
            raise services.ServiceMissing("a worker cannot see an SQLite in memory: DUBAN_TEST_DB=postgres")
        use_broker(redis_url)
        try:
            with services.celery_worker_process(database_url, redis_url, DUBAN_HOME=str(tmp_path)):
                yield
        finally:
            use_broker(settings.REDIS_URL)

    with service(worker()):
        yield


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """One real Chromium for the session."""
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync"]

    @contextmanager
    def launch() -> Iterator["Browser"]:
        program = services.chromium_program()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=quiet)
            yield browser
            browser.close()

    with service(launch()) as browser:
        # Playwright runs an event loop in this thread, which Django takes for asynchronous code.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        yield browser
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def console_errors() -> list[str]:
    """What the pages of this test complained about in their console."""
    return []


@contextmanager
def _page(chromium: "Browser", address: str, errors: list[str], **options: Any) -> Iterator["Page"]:
    """A page that talks to the live server only: any other request is stopped and fails the test."""
    foreign: list[str] = []

    def guard(route: "Route") -> None:
        url = urlsplit(route.request.url)
        if url.scheme in ("data", "blob") or url.netloc == urlsplit(address).netloc:
            route.continue_()
        else:
            foreign.append(route.request.url)
            route.abort()

    context = chromium.new_context(base_url=address, locale="zh-CN", timezone_id="Asia/Shanghai", **options)
    context.set_default_timeout(15_000)
    context.route("**/*", guard)
    page = context.new_page()
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    assert foreign == [], "the pages must work without the internet"


@pytest.fixture
def page(chromium: "Browser", live_server: Any, console_errors: list[str]) -> Iterator["Page"]:
    """A desk screen on the live server: page.goto("/")."""
    with _page(chromium, live_server.url, console_errors, viewport={"width": 1280, "height": 900}) as page:
        yield page


@pytest.fixture
def phone_page(chromium: "Browser", live_server: Any, console_errors: list[str]) -> Iterator["Page"]:
    """A phone in the hand."""
    options: dict[str, Any] = {
        "viewport": {"width": 390, "height": 844},
        "is_mobile": True,
        "has_touch": True,
    }
    with _page(chromium, live_server.url, console_errors, **options) as page:
        yield page
