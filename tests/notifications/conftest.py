"""The cast, and addresses that a mail can be checked against."""

from typing import Any

import pytest

from tests.factories import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture(autouse=True)
def addresses(settings: Any) -> None:
    settings.SITE_URL = "https://duban.example.cn"
    settings.DEFAULT_FROM_EMAIL = "督办台账 <duban@xinxiang.example.cn>"
