"""Who asks, when and from where: LoginRequiredMiddleware lets nobody else reach the views."""

from django.http import HttpRequest

from accounts import clock
from accounts.actions import Origin
from accounts.addresses import client_address
from accounts.models import User


class SignedInRequest(HttpRequest):
    """A request whose user is a person of ours, for the type checker."""

    user: User


def origin_of(request: SignedInRequest) -> Origin:
    """What the audit is told about this request. Asks the clock."""
    return Origin(by=request.user, now=clock.now(), address=client_address(request))
