"""Which database the tests run on: a pytest plugin, loaded before Django reads its settings.

DUBAN_TEST_DB=postgres starts a PostgreSQL of our own, sqlite (the default) stays in memory, and auto takes
PostgreSQL where it is installed. `make test` says auto; DATABASE_URL, where given, wins.

Jobs go to a broker in memory, where nobody works them off, so that no test talks to a Redis that happens to
run on this machine.
"""

import os
from contextlib import ExitStack

import pytest

from tests.services import ServiceMissing, postgres_server

_servers = ExitStack()
os.environ["REDIS_URL"] = "memory://"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    choice = os.environ.get("DUBAN_TEST_DB", "sqlite")
    if choice not in ("postgres", "sqlite", "auto"):
        raise pytest.UsageError(f"DUBAN_TEST_DB={choice}: say postgres, sqlite or auto")
    if choice == "sqlite" or os.environ.get("DATABASE_URL"):
        return
    try:
        os.environ["DATABASE_URL"] = _servers.enter_context(postgres_server())
    except ServiceMissing as missing:
        if choice == "postgres" or os.environ.get("REQUIRE_SERVICES") == "1":
            raise pytest.UsageError(f"DUBAN_TEST_DB={choice}: {missing}") from None


def pytest_report_header() -> str:
    from django.db import connection

    return f"database: {connection.display_name}"


def pytest_unconfigure() -> None:
    _servers.close()
