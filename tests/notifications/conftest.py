"""The cast, the pages' addresses, and a real SMTP server that refuses what it is told to refuse."""

import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.factories import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture(autouse=True)
def addresses(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.notifications.urls"
    # A bare page to stand in for the project's own where the tests run without it.
    options = {key: value for key, value in settings.TEMPLATES[0]["OPTIONS"].items() if key != "loaders"}
    page = "{% block title %}{% endblock %}{% block content %}{% endblock %}"
    options["loaders"] = [
        "django.template.loaders.app_directories.Loader",
        ("django.template.loaders.locmem.Loader", {"base.html": page}),
    ]
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"APP_DIRS": False, "OPTIONS": options}]
    settings.SITE_URL = "https://duban.example.cn"
    settings.DEFAULT_FROM_EMAIL = "督办台账 <duban@xinxiang.example.cn>"


class Post:
    """What arrived, and what is to be answered to whom: {"wangfang@example.cn": ["451 later", ...]}."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answers: dict[str, list[str]] = {}

    async def handle_RCPT(  # noqa: N802  # the name is aiosmtpd's
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.answers.get(address):
            return self.answers[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(message_from_bytes(envelope.content, policy=modern))
        return "250 OK"

    @property
    def receivers(self) -> list[str]:
        return sorted(mail["To"] for mail in self.mails)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def post(settings: Any) -> Iterator[Post]:
    """A real SMTP server on this machine, which Django sends to."""
    handler = Post()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    yield handler
    controller.stop()
