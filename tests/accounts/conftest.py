"""The cast and its browsers, and hashes that cost nothing: what is tested is who may do what."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import factories
from tests.pages.conftest import browser, cast, fixed_date

__all__ = ["browser", "cast", "fixed_date"]


@pytest.fixture(autouse=True)
def quick_hashes(settings: Any) -> Iterator[None]:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]
    factories._hashed_password.cache_clear()
    yield
    factories._hashed_password.cache_clear()  # other tests do not know this hasher
