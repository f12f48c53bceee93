"""Who asks: LoginRequiredMiddleware lets nobody else reach these views."""

from django.http import HttpRequest

from accounts.models import User


class SignedInRequest(HttpRequest):
    """A request whose user is a person of ours, for the type checker."""

    user: User
