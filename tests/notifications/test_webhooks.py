"""Posting digests to a real HTTP server on loopback: signed, once each, tried again, apart from the mail."""

import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from notifications import claims, jobs
from notifications.actions import planning, webhooks
from notifications.channels import webhook as channel
from notifications.forms.webhooks import WebhookForm
from notifications.models import Message, Webhook, WebhookDelivery
from tests.factories import NOW, TODAY, Cast, make_assignment
from tests.services import SmtpSink, free_port
from tracker.models import Assignment
from tracker.workflow import Status

SECRET = "lan-tian-bai-yun-lü-shui-qing-shan-2024"


@dataclass
class Post:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class GatewaySink:
    """Keeps what is posted; answers with `statuses` one after the other, then with 204."""

    port: int
    statuses: list[int] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    answer: bytes = b""
    is_silent: bool = False
    released: Event = field(default_factory=Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/duban?from=xx"


@pytest.fixture
def gateway() -> Iterator[GatewaySink]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sink.posts.append(Post(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            if sink.is_silent:
                sink.released.wait(30)
                return
            self.send_response(sink.statuses.pop(0) if sink.statuses else 204)
            self.send_header("Location", f"http://127.0.0.1:{sink.port}/elsewhere")
            self.end_headers()
            self.wfile.write(sink.answer)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sink = GatewaySink(server.server_address[1])
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield sink
    sink.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def hook(cast: Cast, gateway: GatewaySink) -> Webhook:
    return Webhook.objects.create(
        region=cast.city, name="政务微信", url=gateway.url, secret=SECRET, created_at=NOW
    )


@pytest.fixture
def digests(cast: Cast) -> dict[str, Message]:
    """Three of the city's bureau, by user name; one each in the county and in another city."""
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    make_assignment(cast.county_bureau, due_date=date(2024, 10, 18))
    make_assignment(cast.foreign_bureau, plan=cast.foreign_plan, due_date=date(2024, 10, 18))
    planning.plan_reminders(today=TODAY, now=NOW)
    return {row.recipient.username: row for row in Message.objects.select_related("recipient")}


def post_all(now: Any = NOW) -> list[str | None]:
    return [webhooks.post_one(delivery_id=pk, now=now) for pk in webhooks.queue_deliveries(now=now)]


def one(hook: Webhook, digests: dict[str, Message]) -> int:
    """The only posting that is still to be done: that of the reporter's digest."""
    webhooks.queue_deliveries(now=NOW)
    WebhookDelivery.objects.exclude(message=digests["wangfang"]).update(state="SENT", sent_at=NOW)
    return WebhookDelivery.objects.get(message=digests["wangfang"]).pk


def test_signature_verifies_and_content_is_as_documented(
    hook: Webhook, gateway: GatewaySink, digests: dict[str, Message]
) -> None:
    row = digests["wangfang"]
    assert webhooks.post_one(delivery_id=one(hook, digests), now=NOW) == "SENT"

    [post] = gateway.posts
    timestamp = post.headers["x-duban-timestamp"]
    signed = hmac.new(SECRET.encode(), f"{timestamp}.".encode() + post.body, hashlib.sha256).hexdigest()
    assert post.headers["x-duban-signature"] == f"sha256={signed}"
    assert timestamp == str(int(NOW.timestamp()))
    assert post.headers["idempotency-key"] == row.message_id
    assert post.headers["content-type"] == "application/json; charset=utf-8"
    assert post.path == "/duban?from=xx"
    assert json.loads(post.body) == {
        "version": 1,
        "id": row.message_id,
        "day": "2024-10-21",
        "region": "新乡市",
        "recipient": {"username": "wangfang", "name": "王芳"},
        "subject": "【督办】逾期1项",
        "text": row.text,
        "link": f"https://duban.example.cn/notifications/{row.pk}/",
    }


def test_only_the_regions_own_people_and_each_once(
    hook: Webhook, gateway: GatewaySink, digests: dict[str, Message]
) -> None:
    assert post_all() == ["SENT"] * 3
    assert post_all(NOW + timedelta(hours=1)) == []
    people = [json.loads(post.body)["recipient"]["username"] for post in gateway.posts]
    assert sorted(people) == ["lina", "wangfang", "zhangwei"]


def test_mail_is_not_touched(hook: Webhook, gateway: GatewaySink, digests: dict[str, Message]) -> None:
    before = list(Message.objects.order_by("pk").values())
    gateway.statuses = [500, 410, 500]
    assert sorted(map(str, post_all())) == ["DEAD", "RETRY", "RETRY"]
    assert list(Message.objects.order_by("pk").values()) == before


def test_gateway_in_trouble_is_tried_again(
    hook: Webhook, gateway: GatewaySink, digests: dict[str, Message]
) -> None:
    gateway.statuses, gateway.answer = [500], "网关繁忙\x00".encode() + b"x" * 100_000
    key = one(hook, digests)
    assert webhooks.post_one(delivery_id=key, now=NOW) == "RETRY"
    row = WebhookDelivery.objects.get(pk=key)
    assert row.error.startswith("500 网关繁忙x")
    assert len(row.error) <= 4 + channel.ANSWER_LIMIT
    assert timedelta(minutes=5) <= row.next_attempt_at - NOW <= timedelta(minutes=6)
    assert webhooks.post_one(delivery_id=key, now=NOW) is None

    assert webhooks.post_one(delivery_id=key, now=row.next_attempt_at) == "SENT"

    row.refresh_from_db()
    assert (row.attempts, row.error, row.claimed_until) == (2, "", None)
    first, second = gateway.posts
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.headers["x-duban-signature"] != second.headers["x-duban-signature"]


@pytest.mark.parametrize(
    ("status", "state"),
    [(200, "SENT"), (400, "DEAD"), (422, "DEAD"), (401, "RETRY"), (404, "RETRY"), (429, "RETRY")],
)
def test_what_an_answer_means(
    hook: Webhook, gateway: GatewaySink, digests: dict[str, Message], status: int, state: str
) -> None:
    gateway.statuses = [status]
    assert webhooks.post_one(delivery_id=one(hook, digests), now=NOW) == state


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(
    hook: Webhook, gateway: GatewaySink, digests: dict[str, Message], status: int
) -> None:
    gateway.statuses = [status]
    assert webhooks.post_one(delivery_id=one(hook, digests), now=NOW) == "RETRY"
    assert [post.path for post in gateway.posts] == ["/duban?from=xx"]


def test_silent_gateway_is_left_after_the_time_out(
    hook: Webhook, gateway: GatewaySink, digests: dict[str, Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "TIMEOUT", 0.2)
    gateway.is_silent = True
    key = one(hook, digests)
    assert webhooks.post_one(delivery_id=key, now=NOW) == "RETRY"
    assert "TimeoutError" in WebhookDelivery.objects.get(pk=key).error


def test_gateway_that_is_not_there_is_given_up_in_the_end(hook: Webhook, digests: dict[str, Message]) -> None:
    Webhook.objects.update(url=f"http://127.0.0.1:{free_port()}/")
    key, now, states = one(hook, digests), NOW, []
    for _ in range(claims.MAX_ATTEMPTS):
        states.append(webhooks.post_one(delivery_id=key, now=now))
        now = WebhookDelivery.objects.get(pk=key).next_attempt_at
    assert states == ["RETRY"] * len(claims.BACK_OFF) + ["DEAD"]
    assert "已尝试8次，不再重试：ConnectionRefusedError" in WebhookDelivery.objects.get(pk=key).error


def test_something_else_than_http_is_survived(hook: Webhook, digests: dict[str, Message]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        Webhook.objects.update(url=f"http://127.0.0.1:{server.getsockname()[1]}/")

        def babble() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 mail.example.cn ESMTP\r\n")

        thread = Thread(target=babble)
        thread.start()
        key = one(hook, digests)
        assert webhooks.post_one(delivery_id=key, now=NOW) == "RETRY"
        thread.join()
    assert "BadStatusLine" in WebhookDelivery.objects.get(pk=key).error


def test_name_that_does_not_resolve_is_tried_again(hook: Webhook, digests: dict[str, Message]) -> None:
    Webhook.objects.update(url="http://gateway.invalid/")
    assert webhooks.post_one(delivery_id=one(hook, digests), now=NOW) == "RETRY"


def test_claim_is_a_lease(hook: Webhook, gateway: GatewaySink, digests: dict[str, Message]) -> None:
    key = one(hook, digests)
    assert claims.claim(WebhookDelivery.objects.claimable(NOW), pk=key, now=NOW) is not None
    assert webhooks.post_one(delivery_id=key, now=NOW) is None
    late = NOW + claims.LEASE + timedelta(seconds=1)
    assert webhooks.post_one(delivery_id=key, now=late) == "SENT"
    assert webhooks.post_one(delivery_id=4711, now=NOW) is None


def test_what_was_switched_off_is_not_posted_to(
    hook: Webhook, gateway: GatewaySink, digests: dict[str, Message], cast: Cast
) -> None:
    waiting = webhooks.queue_deliveries(now=NOW)
    User.objects.filter(pk=cast.reporter.pk).update(is_active=False)
    assert webhooks.post_one(delivery_id=one(hook, digests), now=NOW) == "DEAD"
    WebhookDelivery.objects.update(state="PLANNED", sent_at=None)
    Webhook.objects.update(is_active=False)
    assert [webhooks.post_one(delivery_id=pk, now=NOW) for pk in waiting] == ["DEAD"] * 3
    assert gateway.posts == []


def test_what_was_settled_meanwhile_is_not_posted(
    hook: Webhook, gateway: GatewaySink, digests: dict[str, Message]
) -> None:
    key = one(hook, digests)
    Assignment.objects.update(status=Status.SUBMITTED, handed_in_on=TODAY)
    assert webhooks.post_one(delivery_id=key, now=NOW) == "DEAD"
    assert gateway.posts == []
    assert "均已办结或变更" in WebhookDelivery.objects.get(pk=key).error


def test_digests_of_days_past_and_from_before_the_gateway_are_left(
    hook: Webhook, digests: dict[str, Message]
) -> None:
    assert webhooks.queue_deliveries(now=NOW + timedelta(days=2)) == []
    Webhook.objects.update(created_at=NOW + timedelta(seconds=1))
    assert webhooks.queue_deliveries(now=NOW) == []
    Webhook.objects.update(created_at=NOW, is_active=False)
    assert webhooks.queue_deliveries(now=NOW) == []


def test_who_has_no_address_is_told_by_the_gateway(
    hook: Webhook, gateway: GatewaySink, cast: Cast, smtp_sink: SmtpSink, settings: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(jobs.post_delivery, "delay_on_commit", jobs.post_delivery)
    settings.DUBAN_TODAY = TODAY
    Webhook.objects.update(created_at=NOW - timedelta(days=1))
    User.objects.filter(department=cast.bureau).exclude(pk=cast.head.pk).update(is_active=False)
    User.objects.filter(pk=cast.head.pk).update(email="")
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    planning.plan_reminders(today=TODAY, now=NOW)
    jobs.post_due()
    [post] = gateway.posts
    assert json.loads(post.body)["recipient"] == {"username": "zhangwei", "name": "张伟"}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://10.1.1.7/",
        "file:///etc/passwd",
        "//10.1.1.7/",
        "http://",
        "http://user:word@10.1.1.7/",
        "http://10.1.1.7:99999/",
        "http://10.1.1.7:x/",
        "http://[::1/",
        "http://10.1.1.7/a b",
        "http://10.1.1.7/\r\nX-Evil: 1",
        "http://网关.example.cn/",
        "http://10.1.1.7/\x00",
    ],
)
def test_addresses_that_are_not_posted_to(cast: Cast, url: str) -> None:
    with pytest.raises(channel.BadTarget):
        channel.target_of(url)
    data = {"region": cast.city.pk, "name": "网关", "url": url, "new_secret": SECRET}
    assert "url" in WebhookForm(data).errors


@pytest.mark.parametrize(
    "url", ["http://10.1.1.7:8080/push", "https://wx.example.gov.cn", "http://[::1]:80/"]
)
def test_addresses_that_are(url: str) -> None:
    assert channel.target_of(url).host


def test_secret_is_written_and_never_shown(client: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.administrator.pk).update(is_staff=True, is_superuser=True)
    client.force_login(cast.administrator)
    add = reverse("admin:notifications_webhook_add")
    data = {"region": cast.city.pk, "name": "短信", "url": "http://10.1.1.7/", "is_active": "on"}
    assert "请填写签名密钥" in client.post(add, data).content.decode()
    assert client.post(add, data | {"new_secret": "short"}).status_code == 200
    assert client.post(add, data | {"new_secret": SECRET}).status_code == 302
    row = Webhook.objects.get()
    change = reverse("admin:notifications_webhook_change", args=[row.pk])
    assert SECRET not in client.get(change).content.decode()
    assert client.post(change, data | {"name": "短信网关", "new_secret": ""}).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.secret) == ("短信网关", SECRET)
    assert client.post(reverse("admin:notifications_webhook_delete", args=[row.pk])).status_code == 403
    assert client.get(reverse("admin:notifications_webhookdelivery_changelist")).status_code == 200
    assert client.get(reverse("admin:notifications_webhookdelivery_add")).status_code == 403
