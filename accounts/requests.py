"""Who asks, when and from where: LoginRequiredMiddleware lets nobody else reach the views."""

from django.http import HttpRequest, QueryDict
from django_htmx.middleware import HtmxDetails

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


def posted(request: HttpRequest) -> QueryDict | None:
    """The data of a form that was sent, even an empty one; None where it is only asked for."""
    return request.POST if request.method == "POST" else None


def is_in_place(request: HttpRequest) -> bool:
    """Whether htmx asks for a piece of the page it stands on, rather than the browser for a whole page."""
    return bool(HtmxDetails(request))
