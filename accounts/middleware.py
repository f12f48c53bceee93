"""Between sign-in and the pages: sessions that end when nobody works, one-time passwords."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, resolve_url
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import clock
from accounts.kept import keep_words
from accounts.requests import is_in_place

SEEN = "seen"  # in the session: when its end was last moved
TOUCH_AFTER = 60  # seconds: a page view within them writes nothing

# What is open to a person who still has a one-time password.
BEFORE_OWN_PASSWORD = {"accounts:password", "logout", "admin:logout", "set_language"}


def keep_session(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: whoever works stays signed in; a session ends SESSION_IDLE_MINUTES after the last page.

    SESSION_SAVE_EVERY_REQUEST would do the same with a write for each page; one a minute is enough.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            moment = clock.now().timestamp()
            if not 0 <= moment - request.session.get(SEEN, 0) < TOUCH_AFTER:
                request.session[SEEN] = moment
        return get_response(request)

    return middleware


def lead_whole_page(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: where htmx asked for a piece of a page, a redirect is for the whole page.

    Left alone, htmx follows the redirect and puts the sign-in page, or any other, into the list.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if is_in_place(request) and 300 <= response.status_code < 400 and "Location" in response:
            response.status_code = 200
            response["HX-Redirect"] = response["Location"]
            del response["Location"]
        # One address answers with a page or a piece of it: the browser must not take one for the other.
        patch_vary_headers(response, ["HX-Request"])
        return response

    return middleware


class RequireSignIn(LoginRequiredMiddleware):
    """Sends everybody else to sign in, says so when a session has ended, and leads back to the page.

    Words that were on their way are kept where the view asks for it; then it leads to their form.
    """

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseRedirect:
        address = resolve_url(self.get_login_url(view_func))
        if request.COOKIES.get(settings.SESSION_COOKIE_NAME):
            address += "?expired=1"
        page = request.path if keep_words(request, view_func) else _page_of(request)
        return redirect_to_login(page, address, self.get_redirect_field_name(view_func))


def _page_of(request: HttpRequest) -> str:
    """The page to come back to: for a form sent too late, or a piece of a page, the one it stands on."""
    if request.method in ("GET", "HEAD") and not is_in_place(request):
        return request.get_full_path()
    referer = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure()):
        parts = urlsplit(referer)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return request.get_full_path()


class RequireOwnPassword:
    """Whoever signed in with a one-time password chooses an own one before anything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], *called_with: Any
    ) -> HttpResponse | None:
        # What is open to everybody is open to them, too: it does not go by who is signed in.
        is_open = not getattr(view_func, "login_required", True)
        if is_open or not getattr(request.user, "must_change_password", False):
            return None
        match = request.resolver_match
        return None if match and match.view_name in BEFORE_OWN_PASSWORD else redirect("accounts:password")
