"""The cast, and a client for each of them that knows nothing but a token."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.actions import Origin
from accounts.models import User
from tests.factories import NOW, TODAY, Cast, make_cast
from tracker.actions.api_tokens import make_api_token

Visitor = Callable[..., "Api"]


class Api:
    """What a program does with a token."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.client = Client(headers={"Authorization": f"Bearer {token}"} if token else None)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query)

    def report(self, pk: int, key: object = None, **body: Any) -> Any:
        words = {"percent": 60, "note": "已完成12家", "version": 1} | body
        return self.send(pk, json.dumps(words), key=str(key or uuid4()))

    def send(
        self, pk: int, body: str | bytes, *, content_type: str = "application/json", key: str | None = None
    ) -> Any:
        headers = {"Idempotency-Key": str(uuid4()) if key is None else key}
        path = f"/api/v1/assignments/{pk}/reports"
        return self.client.post(path, body, content_type=content_type, headers=headers if key != "" else None)

    def ids(self, path: str, **query: Any) -> list[int]:
        response = self.get(path, **query)
        assert response.status_code == 200, response.content.decode()
        return [item["id"] for item in response.json()["items"]]


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture(autouse=True)
def fixed_date(settings: Any) -> None:
    settings.DUBAN_TODAY = TODAY


@pytest.fixture
def api() -> Visitor:
    """A program with a token of this person's; None has none."""

    def visit(user: User | None, scope: str = "REPORT", expires_on: date = TODAY) -> Api:
        if user is None:
            return Api("")
        origin = Origin(by=user, now=NOW)
        token = make_api_token(name=str(uuid4()), scope=scope, expires_on=expires_on, origin=origin)
        return Api(token)

    return visit
