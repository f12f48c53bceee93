"""The monthly 通报 of a region: look at it, take it as a Word file."""

import re
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.models import Region
from accounts.requests import SignedInRequest
from tracker import clock
from tracker.bulletins import Bulletin, bulletin_data, months_of
from tracker.bulletins import bulletin as make_bulletin
from tracker.forms.keys import key_of
from tracker.letters import make_paper
from tracker.models import Plan
from tracker.papers.kinds import Paper
from tracker.permissions import can_see_overview, visible_regions
from tracker.views.files import hand_out_made

MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


def _regions(request: SignedInRequest) -> list[Region]:
    """Those that the person may read and that have given work out. Raises Http404 for a unit's people."""
    if not can_see_overview(request.user):
        raise Http404
    working = visible_regions(request.user).filter(pk__in=Plan.objects.live().values("region"))
    return list(working.order_by("code"))


def _chosen(request: SignedInRequest, regions: list[Region]) -> tuple[Region | None, list[date], date | None]:
    """Region, the months to choose from, and the month; nonsense in the address is the default."""
    by_key = {region.pk: region for region in regions}
    own = by_key.get(request.user.region_id or 0) or next(iter(regions), None)
    region = by_key.get(key_of(request.GET.get("region", "")) or 0) or own
    months = months_of(region, clock.today()) if region else []
    said = MONTH.fullmatch(request.GET.get("month", ""))
    asked = date(int(said[1]), int(said[2]), 1) if said else None
    return region, months, asked if asked in months else next(iter(months), None)


def _found(request: SignedInRequest, region: Region | None, month: date | None) -> Bulletin | None:
    return make_bulletin(region, month, clock.today()) if region and month else None


def bulletin(request: SignedInRequest) -> HttpResponse:
    """One month of one region on the screen."""
    regions = _regions(request)
    region, months, month = _chosen(request, regions)
    found = _found(request, region, month)
    context: dict[str, Any] = {"regions": regions, "region": region, "months": months, "month": month}
    if found:
        context |= {
            "bulletin": found,
            "data": bulletin_data(found, request.user),
            "longest": max((unit.total for unit in found.units), default=0),
            "highest": max((figures.overdue for _day, figures in found.trend), default=0),
        }
    return render(request, "tracker/bulletin.html", context)


def bulletin_file(request: SignedInRequest) -> HttpResponse:
    """The same as a Word file."""
    region, _months, month = _chosen(request, _regions(request))
    found = _found(request, region, month)
    if found is None:
        raise Http404
    made = make_paper(found.region, Paper.BULLETIN, bulletin_data(found, request.user))
    if made.problem:
        messages.warning(request, _("本地区自己的模板没有用上，改用默认模板：%s") % made.problem)
    return hand_out_made(made.content, f"{found.region.name}督办工作通报 {found.month}")
