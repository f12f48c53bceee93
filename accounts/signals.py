"""Sign-in, sign-out, failures and lock-outs go into the audit: Django and axes announce them."""

from typing import Any

from axes.signals import user_locked_out  # importing it first lets axes count a failure before us
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import clock
from accounts.actions import Origin, record
from accounts.addresses import client_address
from accounts.kept import drop_words_of_others
from accounts.middleware import SEEN
from accounts.models import AuditEvent, User

Kind = AuditEvent.Kind


def _origin(request: HttpRequest | None, by: User | None = None) -> Origin:
    return Origin(by=by, now=clock.now(), address=client_address(request) if request else "")


@receiver(user_logged_in)
def signed_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    origin = _origin(request, user)
    request.session[SEEN] = origin.now.timestamp()
    drop_words_of_others(request, user)
    record(Kind.SIGN_IN, origin, subject=user)


@receiver(user_logged_out)
def signed_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        record(Kind.SIGN_OUT, _origin(request, user), subject=user)


@receiver(user_login_failed)
def failed(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """What is refused unseen during a lock-out is not written down: a script could fill the table with it."""
    if getattr(request, "axes_failures_since_start", 0) <= settings.AXES_FAILURE_LIMIT:
        _record_stranger(Kind.SIGN_IN_FAILED, str(credentials.get("username") or ""), request)


@receiver(user_locked_out)
def locked_out(request: HttpRequest, username: str | None, **kwargs: Any) -> None:
    """Axes announces each attempt of a locked account; only the one that locked it is an event."""
    if getattr(request, "axes_failures_since_start", 0) == settings.AXES_FAILURE_LIMIT:
        _record_stranger(Kind.LOCKED_OUT, username or "", request)


def _record_stranger(kind: str, typed: str, request: HttpRequest | None) -> None:
    """The account that was tried. A name that nobody has may be a password typed into the wrong box."""
    person = User.objects.filter(username=typed).first()
    detail = {} if person else {"username": f"{typed[:2]}***"}
    record(kind, _origin(request), subject=person, detail=detail)
