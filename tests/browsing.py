"""What every test in a real browser needs: a person signed in, and whether a page fits its screen."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client

from accounts.models import User

if TYPE_CHECKING:
    from playwright.sync_api import Page


def sign_in(page: "Page", address: str, user: User) -> None:
    """Put the person's session into the browser; whoever was signed in there is no longer."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    name = settings.SESSION_COOKIE_NAME
    host = urlsplit(address).hostname or ""
    page.context.add_cookies(
        [{"name": name, "value": client.cookies[name].value, "domain": host, "path": "/"}]
    )


def fits(page: "Page") -> bool:
    """Whether nothing sticks out to the right."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
