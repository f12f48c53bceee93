"""make run, for real: everything starts, one Ctrl-C leaves nothing behind, the data stays."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest

from tests.services import ROOT, free_port

pytestmark = pytest.mark.slow

# The Python under this environment: run.py finds its own way from there.
SYSTEM_PYTHON = f"{sys.base_prefix}/bin/python3.11"


def environment(home: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return {**kept, "DUBAN_HOME": str(home), "PORT": str(port), "DUBAN_VENV": sys.prefix}


class Run:
    """One `deploy/run.py` that has said where it is."""

    def __init__(self, home: Path, **variables: str) -> None:
        self.port, self.output = free_port(), ""
        self.process = subprocess.Popen(
            [SYSTEM_PYTHON, "deploy/run.py"],
            cwd=ROOT,
            env=environment(home, self.port) | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout
        for line in self.process.stdout:
            self.output += line
            if "Ctrl-C" in line:
                break
        assert self.process.poll() is None, self.output
        self.family = psutil.Process(self.process.pid).children(recursive=True)

    def commands(self) -> str:
        return " ".join(word for process in self.family for word in process.cmdline())

    def ends(self) -> int:
        """The exit status, once every process that it started has gone."""
        output, _ = self.process.communicate(timeout=30)
        self.output += output
        _, alive = psutil.wait_procs(self.family, timeout=5)
        assert alive == [], self.output
        return self.process.returncode


@contextmanager
def started(home: Path, **variables: str) -> Iterator[Run]:
    run = Run(home, **variables)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.process.terminate()
            run.process.wait(timeout=30)


def test_run_stop_and_run_again(tmp_path):
    database = tmp_path / "var" / "duban.sqlite3"

    with started(tmp_path) as run:
        assert [int(n) for n in re.findall(r"^\[(\d)/6\]", run.output, re.M)] == [1, 2, 3, 4, 5, 6]
        assert "载入演示数据" in run.output
        assert "duban-demo-2024" in run.output
        with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/admin/login/", timeout=10) as answer:
            assert answer.status == 200
        assert all(name in run.commands() for name in ("redis-server", "gunicorn", "worker", "beat"))
        run.process.send_signal(signal.SIGINT)
        assert run.ends() == 0, run.output

    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE accounts_user SET full_name = '改过' WHERE username = 'xx-duban'")

    before = time.monotonic()
    with started(tmp_path) as run:
        assert time.monotonic() - before < 15
        assert "保留已有数据" in run.output

        second = subprocess.run(
            [SYSTEM_PYTHON, "deploy/run.py"],
            cwd=ROOT,
            env=environment(tmp_path, free_port()),
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert second.returncode != 0
        assert "正由另一个 make run 使用" in second.stderr

        # The end of one is the end of all.
        beat = next(p for p in run.family if "beat" in p.cmdline())
        beat.kill()
        assert run.ends() == 1, run.output
        assert "意外结束" in run.output

    with closing(sqlite3.connect(database)) as connection:
        names_kept = connection.execute("SELECT full_name FROM accounts_user WHERE username = 'xx-duban'")
        assert names_kept.fetchall() == [("改过",)]


def test_terminate_stops_all(tmp_path):
    with started(tmp_path, DUBAN_DEMO="0") as run:
        run.process.send_signal(signal.SIGTERM)
        assert run.ends() == 0, run.output


def test_a_closed_terminal_stops_all_but_a_redis_of_others(tmp_path, redis_url):
    with started(tmp_path, REDIS_URL=redis_url, DUBAN_DEMO="0") as run:
        assert "使用 REDIS_URL" in run.output
        assert "redis-server" not in run.commands()
        assert "未载入演示数据" in run.output
        assert "duban-demo-2024" not in run.output
        run.process.send_signal(signal.SIGHUP)
        assert run.ends() == 0, run.output


def test_a_taken_port_is_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = subprocess.run(
            [SYSTEM_PYTHON, "deploy/run.py"],
            cwd=ROOT,
            env=environment(tmp_path, port),
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert run.returncode != 0
    assert run.stdout == ""
    assert re.fullmatch(rf"端口 {port} .*被占用.*PORT=8001。\n", run.stderr)


def test_production_is_sent_elsewhere(tmp_path):
    run = subprocess.run(
        [SYSTEM_PYTHON, "deploy/run.py"],
        cwd=ROOT,
        env=environment(tmp_path, free_port()) | {"DUBAN_ENV": "production"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert run.returncode != 0
    assert "docs/zh/安装.md" in run.stderr
