"""The calendar feed: its page, and the address that calendar programs ask."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import SignedInRequest
from notifications.actions.feeds import EVENT_LIMIT, MONTHS_AHEAD, feed_calendar, make_feed, revoke_feed
from notifications.models import CalendarFeed
from notifications.permissions import can_share_calendar, can_subscribe, feed_holds, get_feed_by_token
from tracker import clock


@never_cache
def calendar_feed(request: SignedInRequest) -> HttpResponse:
    """日历订阅: which calendars there are, and a new address for one, shown in the answer and not again."""
    user = request.user
    if not can_subscribe(user):
        raise Http404
    context: dict[str, object] = {"event_limit": EVENT_LIMIT, "months_ahead": MONTHS_AHEAD}
    if request.method == "POST":
        of_unit = _of_unit(request)
        token = make_feed(of_unit=of_unit, by=user, now=clock.now())
        path = reverse("calendar:feed", args=[token])
        context |= {"address": f"{settings.SITE_URL.rstrip('/')}{path}", "is_unit_address": of_unit}
    own = CalendarFeed.objects.own(user).first()
    calendars: list[dict[str, object]] = [{"of": "own", "unit": None, "feed": own, "holds": own is not None}]
    if can_share_calendar(user):
        feeds = CalendarFeed.objects.of_unit(user.department_id).select_related("owner", "department")
        shared = feeds.first()
        holds = shared is not None and feed_holds(shared)
        calendars.append({"of": "unit", "unit": user.department, "feed": shared, "holds": holds})
    return render(request, "notifications/calendar_feed.html", context | {"calendars": calendars})


@require_POST
def revoke(request: SignedInRequest) -> HttpResponse:
    """Make an address dead."""
    if not can_subscribe(request.user):
        raise Http404
    if revoke_feed(of_unit=_of_unit(request), by=request.user):
        messages.success(request, _("订阅地址已停用，用它的日历不再更新。"))
    return redirect("notifications:calendar_feed")


def _of_unit(request: SignedInRequest) -> bool:
    """Whether the unit's calendar is meant. Raises Http404 for anything that this person cannot have."""
    of = request.POST.get("of")
    if of == "own" or (of == "unit" and can_share_calendar(request.user)):
        return of == "unit"
    raise Http404


@login_not_required
@never_cache
@require_safe
def ics(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar itself, for whoever has the token."""
    feed = get_feed_by_token(token)
    body = feed_calendar(feed, today=clock.today())
    return HttpResponse(
        body,
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="duban.ics"', "X-Robots-Tag": "noindex"},
    )
