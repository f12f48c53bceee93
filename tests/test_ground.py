"""The ground: production refuses unsafe settings, and the services that other tests stand on are real."""

import gettext
import os
import re
import shutil
import smtplib
import subprocess
import sys
from datetime import date
from email.message import EmailMessage
from typing import Any

import pytest
import redis
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import send_mail

from accounts.models import User
from tests.services import ROOT, SmtpSink
from tracker.checks import demo_accounts, production_settings, require_safe_production

SAFE: dict[str, Any] = {
    "PRODUCTION": True,
    "DEBUG": False,
    "SECRET_KEY": "x" * 60,
    "ALLOWED_HOSTS": ["duban.example.gov.cn"],
    "DUBAN_TODAY": None,
}


def use(settings: Any, engine: str = "postgresql", **changes: Any) -> None:
    settings.DATABASES["default"]["ENGINE"] = f"django.db.backends.{engine}"
    for name, value in (SAFE | changes).items():
        setattr(settings, name, value)


@pytest.fixture(autouse=True)
def own_engine(settings, monkeypatch):
    """The engine that a check reads; the connection in use is not touched by it."""
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")


def ids(errors: list[Any]) -> list[str]:
    return [error.id for error in errors]


def test_safe_production_settings_pass(settings):
    use(settings)
    assert production_settings(None) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"DEBUG": True}, "duban.E001"),
        ({"SECRET_KEY": "embedded-default-not-for-production-use-0123456789-abcdefghij"}, "duban.E002"),
        ({"ALLOWED_HOSTS": []}, "duban.E003"),
        ({"ALLOWED_HOSTS": ["*"]}, "duban.E003"),
        ({"engine": "sqlite3"}, "duban.E004"),
        ({"DUBAN_TODAY": date(2024, 10, 21)}, "duban.E005"),
    ],
)
def test_production_refuses(settings, changes, expected):
    use(settings, **changes)
    assert ids(production_settings(None)) == [expected]
    with pytest.raises(ImproperlyConfigured, match=expected):
        require_safe_production()


def test_embedded_allows_everything(settings):
    use(settings, PRODUCTION=False, DEBUG=True, ALLOWED_HOSTS=["*"])
    assert production_settings(None) == []


@pytest.mark.django_db
def test_production_refuses_a_demo_account(settings):
    use(settings)
    User.objects.create(username="demo", role=User.Role.ADMINISTRATOR, is_demo=True)
    assert ids(demo_accounts(None, databases=["default"])) == ["duban.E006"]
    assert "duban.E006" in ids(run_checks(databases=["default"], tags=["database"]))


@pytest.mark.django_db
def test_demo_accounts_are_looked_for_in_production_only(settings):
    use(settings, PRODUCTION=False)
    User.objects.create(username="demo", role=User.Role.ADMINISTRATOR, is_demo=True)
    assert demo_accounts(None, databases=["default"]) == []


@pytest.mark.django_db
def test_production_starts_without_demo_accounts(settings, monkeypatch):
    use(settings)
    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.close", lambda self: None)
    User.objects.create(username="admin", role=User.Role.ADMINISTRATOR)
    require_safe_production()


def guess(client: Any, address: str) -> int:
    answer = client.post(
        "/admin/login/",
        {"username": "xx-duban", "password": "wrong"},
        headers={"x-real-ip": address},
    )
    return int(answer.status_code)


@pytest.mark.django_db
def test_guessing_passwords_locks_the_guesser_only(client, settings):
    settings.PRODUCTION = True
    statuses = [guess(client, "10.1.1.7") for _ in range(settings.AXES_FAILURE_LIMIT)]
    assert statuses[-1] == 429
    assert guess(client, "10.1.1.8") == 200


@pytest.mark.django_db
def test_outside_production_nobody_names_his_own_address(client, settings):
    statuses = [guess(client, f"10.1.1.{n}") for n in range(settings.AXES_FAILURE_LIMIT)]
    assert statuses[-1] == 429


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ["-c", "import tracker.wsgi"],
        ["-m", "celery", "--app", "tracker.celery", "worker"],
        ["-m", "celery", "--app", "tracker.celery", "beat"],
        ["manage.py", "migrate"],
    ],
    ids=["web", "worker", "beat", "migrate"],
)
def test_unsafe_production_does_not_start(command, tmp_path):
    environment = {
        "PATH": os.environ["PATH"],
        "DUBAN_ENV": "production",
        "DUBAN_HOME": str(tmp_path),
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    run = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert run.returncode != 0
    assert "duban.E002" in run.stdout + run.stderr


def test_a_misspelt_environment_is_refused(tmp_path):
    """It would run as a trial: debug allowed, a known key, every host."""
    environment = {"PATH": os.environ["PATH"], "DUBAN_ENV": "Production", "DUBAN_HOME": str(tmp_path)}
    command = [sys.executable, "-c", "import tracker.settings"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert run.returncode != 0
    assert "DUBAN_ENV=Production 无效" in run.stderr


def test_redis_answers(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()


def test_smtp_sink_keeps_mail(smtp_sink: SmtpSink):
    send_mail("逾期提醒", "您有1项任务逾期。", None, ["fgw@example.cn"])
    (message,) = smtp_sink.messages
    assert message["Subject"] == "逾期提醒"
    assert message.get_content().strip() == "您有1项任务逾期。"
    assert smtp_sink.recipients == ["fgw@example.cn"]


def test_smtp_sink_refuses_as_told(smtp_sink: SmtpSink):
    smtp_sink.replies["busy@example.cn"] = "450 4.2.1 mailbox busy"
    message = EmailMessage()
    with smtplib.SMTP(smtp_sink.host, smtp_sink.port) as client:
        refused = client.send_message(message, "a@example.cn", ["busy@example.cn", "fine@example.cn"])
    assert refused == {"busy@example.cn": (450, b"4.2.1 mailbox busy")}
    assert smtp_sink.recipients == ["fine@example.cn"]


def test_chromium_opens_a_page(page):
    page.goto("/admin/login/")
    assert page.locator("input[name=username]").is_visible()
    assert page.viewport_size == {"width": 1280, "height": 900}


def test_worker_knows_each_scheduled_job(celery_worker):
    from tracker.celery import app

    registered = app.control.inspect(timeout=1).registered()
    assert registered
    (tasks,) = registered.values()
    assert all(entry["task"] in tasks for entry in app.conf.beat_schedule.values())


def test_each_dependency_has_its_reason():
    page = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    required: list[str] = []
    for name in ("requirements.txt", "requirements-dev.txt"):
        required += re.findall(r"^([\w-]+)(?=[\[=])", (ROOT / name).read_text(encoding="utf-8"), re.M)
    reasons = re.findall(r"^\| (\w[\w-]*) \|", page, re.M)
    assert sorted(reasons) == sorted([*required, "package", "package"])


def test_compiled_messages_are_those_of_the_source(tmp_path):
    source = ROOT / "tracker/locale/en/LC_MESSAGES/django.po"
    if shutil.which("msgfmt") is None:
        pytest.skip("gettext's msgfmt is not installed")
    fresh = tmp_path / "django.mo"
    subprocess.run(["msgfmt", "--check-format", "-o", fresh, source], check=True)
    with fresh.open("rb") as expected, source.with_suffix(".mo").open("rb") as committed:
        catalogs = [dict(gettext.GNUTranslations(file)._catalog) for file in (expected, committed)]  # type: ignore[attr-defined]
    for catalog in catalogs:
        catalog.pop("")  # the header names the day it was made
    assert catalogs[0] == catalogs[1], "run make messages"
