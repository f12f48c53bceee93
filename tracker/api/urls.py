"""Addresses of the API; the project includes them at api/v1/. Each goes through the door."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path

from tracker.api.description import openapi
from tracker.api.door import api_door
from tracker.api.errors import not_found
from tracker.api.operations import api


def nowhere(request: HttpRequest) -> HttpResponse:
    """Every other address under it: JSON, too."""
    raise not_found()


app_name = "api"
urlpatterns = [
    *(
        path(str(pattern.pattern), api_door(pattern.callback), name=pattern.name)
        for pattern in api.urls[0]
        if isinstance(pattern, URLPattern) and pattern.name != "api-root"
    ),
    path("openapi.json", api_door(openapi), name="openapi"),
    # Also what has a line break in it, which a dot would pass over.
    re_path(r"^[\s\S]*$", api_door(nowhere), name="nowhere"),
]
