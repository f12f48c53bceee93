"""Pages for machines: is the process alive, is everything at work, and the numbers for Prometheus."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.addresses import client_address
from notifications import probes
from tracker import clock

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@login_not_required
@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked. For load balancers."""
    return JsonResponse({"alive": True})


@login_not_required
@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Whether reminders go out: 200, or 503 with what does not. For whoever is on duty."""
    found = probes.probe(clock.now())
    return JsonResponse(probes.as_json(found), status=200 if found.is_ready else 503)


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The gauges, for the addresses in METRICS_ADDRESSES and whoever knows METRICS_TOKEN."""
    if not _may_scrape(request):
        return HttpResponseForbidden()
    return HttpResponse(probes.as_metrics(probes.probe(clock.now())), content_type=METRICS_TYPE)


def _may_scrape(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    knows = bool(token) and constant_time_compare(given, f"Bearer {token}")
    return knows or client_address(request) in settings.METRICS_ADDRESSES
