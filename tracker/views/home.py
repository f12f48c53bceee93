"""The first page after sign-in."""

from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.requests import SignedInRequest
from tracker.permissions import can_see_overview


def home(request: SignedInRequest) -> HttpResponse:
    """A unit's people go to their own work; everyone else to the figures of the region."""
    return redirect("overview" if can_see_overview(request.user) else "my_work")
