"""Webhook: a digest as signed JSON for a gateway (政务微信, 钉钉, SMS). docs/operations.md has the format."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from notifications.channels.mail import message_url
from notifications.models import Message, WebhookDelivery

TIMEOUT = 10  # seconds, for connecting and for each answer of the socket
ANSWER_LIMIT = 200  # bytes of an unfriendly answer that are read and kept
# What the gateway says of this very digest. All else may be our set-up, and hits every digest: tried again.
REFUSED = {400, 410, 413, 415, 422}


class BadTarget(ValueError):
    """The address is none that is posted to."""


class GatewayRefused(Exception):
    """The gateway answered, but not with success. Redirections are answers, too: none is followed."""

    def __init__(self, status: int, answer: str) -> None:
        super().__init__(f"{status} {answer}".strip())
        self.status = status


@dataclass(frozen=True)
class Target:
    """Where to connect, and what to ask for there."""

    is_secure: bool
    host: str
    port: int | None
    path: str


def target_of(url: str) -> Target:
    """The parts of an http or https address. Raises BadTarget for any other, or one with a password in it.

    Private addresses are allowed: the gateway mostly stands in the same machine room.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadTarget(url) from error
    is_plain = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or not is_plain:
        raise BadTarget(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme == "https", host, port, path)


def body_of(message: Message, region: str) -> bytes:
    """What is posted. A field may be added, none is renamed or removed while `version` stays 1."""
    person = message.recipient
    content = {
        "version": 1,
        "id": message.message_id,
        "day": message.day.isoformat(),
        "region": region,
        "recipient": {"username": person.username, "name": str(person)},
        "subject": message.subject,
        "text": message.text,
        "link": message_url(message.pk),
    }
    return json.dumps(content, ensure_ascii=False).encode()


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over timestamp, full stop and body, so that neither can be exchanged."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Gateway:
    """The channel, at a moment: the signature carries the time of the attempt."""

    now: datetime

    def send(self, row: WebhookDelivery, /) -> None:
        """Post one digest. Raises GatewayRefused, BadTarget, or what the network raised."""
        webhook, message = row.webhook, row.message
        target = target_of(webhook.url)
        body = body_of(message, webhook.region.name)
        timestamp = str(int(self.now.timestamp()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Duban",
            "Idempotency-Key": message.message_id,
            "X-Duban-Timestamp": timestamp,
            "X-Duban-Signature": sign(webhook.secret, timestamp, body),
        }
        kind = HTTPSConnection if target.is_secure else HTTPConnection
        connection = kind(target.host, target.port, timeout=TIMEOUT)
        try:
            connection.request("POST", target.path, body, headers)
            response = connection.getresponse()
            if not 200 <= response.status < 300:
                answer = response.read(ANSWER_LIMIT).decode("utf-8", "replace").replace("\x00", "")
                raise GatewayRefused(response.status, answer)
        finally:
            connection.close()

    def is_permanent(self, error: Exception, /) -> bool:
        return isinstance(error, GatewayRefused) and error.status in REFUSED

    def describe(self, error: Exception, /) -> str:
        if isinstance(error, GatewayRefused):
            return str(error)
        if isinstance(error, HTTPException):
            return f"不是HTTP应答：{type(error).__name__}"
        return f"{type(error).__name__}: {error}"[:ANSWER_LIMIT]
