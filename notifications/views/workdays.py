"""工作日历: which days of a year are worked, days entered with a look at what moves, and what moved."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import SignedInRequest, origin_of
from notifications.actions.calendar import (
    CalendarRefused,
    calendar_of,
    keep_days,
    look_ahead,
    own_days,
)
from notifications.calendar_year import stretches, years_shown
from notifications.forecast import first_planning_day
from notifications.forms.workdays import NoticeForm, fingerprint
from notifications.models import CalendarChange
from notifications.permissions import (
    can_set_calendar,
    get_calendar_change_for,
    require_calendar,
    visible_moves,
)
from notifications.workdays import is_announced
from tracker import clock

MOVES_SHOWN = 100
CHANGES_SHOWN = 10
PAGE_SIZE = 100


def workdays(request: SignedInRequest) -> HttpResponse:
    """One year (`?year=`); a POST shows what would move, and saves only what was shown so."""
    require_calendar(request.user)
    may_set = can_set_calendar(request.user)
    if request.method == "POST" and not may_set:
        raise Http404
    today = clock.today()
    years = years_shown(today)
    year = _number(request.GET.get("year", ""), today.year)
    if year not in years:
        raise Http404
    context: dict[str, object] = {"year": year, "may_set": may_set}
    version = CalendarChange.objects.version()
    if request.method == "POST":
        form = NoticeForm(request.POST, year=year)
        seen = _number(request.POST.get("version", ""), -1)
        if form.is_valid() and _save(request, form, seen, context):
            return redirect(f"{request.path}?year={year}")
        if seen != version:
            context["changed_since"] = CalendarChange.objects.since(seen).latest_first()[:CHANGES_SHOWN]
    else:
        form = NoticeForm(year=year, initial={"text": request.GET.get("line", "")[:200]})
    own = own_days()
    context |= {
        "form": form,
        "version": version,
        "stretches": stretches(year, own),
        "is_announced": is_announced(year),
        "is_provisional": calendar_of(own).is_provisional(year),
        "before": year - 1 if year - 1 in years else None,
        "after": year + 1 if year + 1 in years else None,
        "changes": CalendarChange.objects.latest_first()[:CHANGES_SHOWN],
    }
    return render(request, "notifications/workdays.html", context)


def _save(request: SignedInRequest, form: NoticeForm, seen: int, context: dict[str, object]) -> bool:
    """Save what was shown; else put into the context what saving would do. Whether it is done."""
    first = first_planning_day(clock.now())
    wanted = look_ahead(form.said, first=first)
    is_save = request.POST.get("do") == "save"
    if is_save and not wanted.changes:
        messages.success(request, _("这些日期早已如此，没有变化。"))
        return True
    if is_save and request.POST.get("previewed") == fingerprint(wanted.lines):
        try:
            keep_days(wanted, version=seen, origin=origin_of(request))
        except CalendarRefused as refusal:
            context["refusal"] = str(refusal)
        else:
            messages.success(request, _("已保存，下一次生成提醒时起执行。"))
            return True
    context |= {
        "wanted": wanted,
        "shown": wanted.moves.listed[:MOVES_SHOWN],
        "previewed": fingerprint(wanted.lines),
        "is_unseen": is_save and "refusal" not in context,
    }
    return False


@require_safe
def calendar_change(request: SignedInRequest, pk: int) -> HttpResponse:
    """What a change moved, of the work that the reader may see."""
    change = get_calendar_change_for(request.user, pk)
    moves = visible_moves(request.user, change).for_page()
    page = Paginator(moves, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "change": change,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
    }
    return render(request, "notifications/calendar_change.html", context)


def _number(text: str, otherwise: int) -> int:
    """A number as an address or a form carries it."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise
