"""The cast, the demo's date, and a client per person."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import TODAY, Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture(autouse=True)
def fixed_date(settings) -> None:
    settings.DUBAN_TODAY = TODAY


@pytest.fixture
def browser() -> Callable[[User | None], Client]:
    """A client signed in as the person given; anonymous for None."""

    def sign_in(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in
