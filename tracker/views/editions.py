"""A draft compared with the plan whose new edition it is, and what is decided clause by clause."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest
from tracker import clock
from tracker.actions import draft_record, editions
from tracker.actions.clauses import edit_clauses
from tracker.comparison import Comparison, Kind, Row, compare, likely_editions, with_news
from tracker.forms.editions import DecideForm, EditionForm
from tracker.models import Clause, Plan
from tracker.views.drafts import settles
from tracker.worddiff import Piece
from tracker.workflow import Role

ROWS_PER_PAGE = 40
UNITS_NAMED = 6
WAITING, DIFFERENT, ALL = "waiting", "different", "all"
SHOWN: dict[str, Callable[[Row], bool]] = {
    WAITING: lambda row: row.is_waiting,
    DIFFERENT: lambda row: row.kind != Kind.SAME,
    Kind.CHANGED.value: lambda row: row.kind == Kind.CHANGED,
    Kind.ADDED.value: lambda row: row.kind == Kind.ADDED,
    Kind.VANISHED.value: lambda row: row.kind == Kind.VANISHED,
    Kind.SAME.value: lambda row: row.kind == Kind.SAME,
    ALL: lambda row: True,
}


@dataclass(slots=True)
class Line:
    """A row as the page prints it; `form` where there is something to decide."""

    row: Row
    words: list[Piece]
    old_units: str
    new_units: str
    form: DecideForm | None
    wrong: str = ""

    @property
    def anchor(self) -> str:
        side = self.row.old or self.row.new
        return f"row-{side.clause.pk}" if side else ""


@dataclass(slots=True)
class Sent:
    """A decision that was sent and not kept: what was typed, and why not."""

    typed: dict[str, str]
    old_clause: int
    words: str


@settles
def edition(request: SignedInRequest, plan: Plan) -> HttpResponse:
    """The comparison; by POST, decide a line, agree to all proposals, or leave a new clause without task."""
    if plan.previous_edition_id is None:
        return _choose_page(request, plan, EditionForm(plan=plan))
    if request.method != "POST":
        return _page(request, plan)
    do = request.POST.get("do", "")
    if do == "decide":
        return _decide(request, plan)
    if do == "agree":
        return _agree(request, plan)
    if do == "skip":
        return _skip(request, plan)
    raise BadRequest


@settles
def edition_choose(request: SignedInRequest, plan: Plan) -> HttpResponse:
    """Say of which plan the draft is a new edition, or that it is none."""
    if request.method != "POST":
        return _choose_page(request, plan, EditionForm(plan=plan, initial={"old": plan.previous_edition_id}))
    form = EditionForm(request.POST, plan=plan)
    if not form.is_valid():
        return _choose_page(request, plan, form)
    old = form.cleaned_data["old"]
    if old is None and plan.previous_edition_id is None:
        form.add_error("old", _("请选择与哪份方案比对。"))
        return _choose_page(request, plan, form)
    try:
        editions.choose_edition(plan.pk, old_id=old.pk if old else None)
    except draft_record.SettleRefused as refused:
        form.add_error("old", str(refused))
        return _choose_page(request, plan, form)
    if old is None:
        messages.success(request, _("不再作为新版本。下达后全部生成新任务。"))
        return redirect("draft", plan.pk)
    return redirect("edition", plan.pk)


def _choose_page(request: SignedInRequest, plan: Plan, form: EditionForm) -> HttpResponse:
    context = {"plan": plan, "form": form, "likely": likely_editions(plan)}
    return render(request, "tracker/edition_choose.html", context, status=400 if form.errors else 200)


def _decide(request: SignedInRequest, plan: Plan) -> HttpResponse:
    form = DecideForm(request.POST)
    typed = {name: str(request.POST[name]) for name in request.POST}
    if not form.is_valid():
        key = request.POST.get("old_clause", "")
        if not (key.isascii() and key.isdecimal() and len(key) <= 15):
            raise BadRequest
        words = " ".join(str(error) for group in form.errors.values() for error in group)
        return _page(request, plan, sent=Sent(typed, int(key), words))
    answer = form.cleaned_data
    try:
        row = editions.decide(plan.pk, **answer, by=request.user, now=clock.now())
    except draft_record.SettleRefused as refused:
        return _page(request, plan, sent=Sent(typed, answer["old_clause"], str(refused)))
    assert row.old is not None
    return _back(request, plan, f"row-{row.old.clause.pk}")


def _agree(request: SignedInRequest, plan: Plan) -> HttpResponse:
    try:
        done = editions.agree_to_all(
            plan.pk, seen=request.POST.get("seen", ""), by=request.user, now=clock.now()
        )
    except draft_record.SettleRefused as refused:
        return _page(request, plan, error=str(refused))
    messages.success(request, _("已按建议决定 %(n)d 条。如有不妥，可以逐条改。") % {"n": done})
    return _back(request, plan, "content")


def _skip(request: SignedInRequest, plan: Plan) -> HttpResponse:
    """Through the same door as on the draft, where it can be undone."""
    key = request.POST.get("clause", "")
    if not (key.isascii() and key.isdecimal() and len(key) <= 15):
        raise BadRequest
    clause = Clause.objects.filter(pk=int(key), measure__plan=plan).first()
    if clause is None:
        raise BadRequest
    wanted = {clause.pk: (clause.due_date, request.POST.get("skip") == "yes")}
    try:
        edit_clauses(wanted, by=request.user, now=clock.now())
    except draft_record.SettleRefused as refused:
        return _page(request, plan, error=str(refused))
    return _back(request, plan, f"row-{clause.pk}")


def _show(request: SignedInRequest) -> str:
    asked = request.GET.get("show", "")
    return asked if asked in SHOWN else DIFFERENT


def _back(request: SignedInRequest, plan: Plan, anchor: str) -> HttpResponse:
    given = {name: request.GET[name] for name in ("show", "page") if name in request.GET}
    query = f"?{urlencode(given)}" if given else ""
    return redirect(f"{reverse('edition', args=[plan.pk])}{query}#{anchor}")


def _page(request: SignedInRequest, plan: Plan, *, sent: Sent | None = None, error: str = "") -> HttpResponse:
    comparison = compare(plan)
    show = _show(request)
    rows = [row for row in comparison.rows if SHOWN[show](row)]
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    if sent is not None and not any(_is_of(row, sent) for row in shown):
        # What was typed stays in sight, whatever became of the row meanwhile.
        shown = [row for row in comparison.rows if _is_of(row, sent)] + shown
    with_news(shown)
    names = comparison.units.values()
    counts: dict[str, int] = {name: sum(map(wanted, comparison.rows)) for name, wanted in SHOWN.items()}
    query = urlencode({"show": show, "page": page.number})
    context: dict[str, Any] = {
        "plan": plan,
        "comparison": comparison,
        "lines": [_line(row, comparison, names, sent) for row in shown],
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "show": show,
        "filters": [(name, label, counts[name]) for name, label in _labels()],
        "query": query,
        "error": sent.words if sent else error,
        "error_at": f"row-{sent.old_clause}" if sent else "agree",
        "unsettled": editions.reasons_against(plan, comparison),
    }
    return render(request, "tracker/edition.html", context, status=400 if context["error"] else 200)


def _labels() -> list[tuple[str, str]]:
    return [
        (DIFFERENT, _("有变化的")),
        (WAITING, _("待决定")),
        (Kind.CHANGED.value, _("变更")),
        (Kind.ADDED.value, _("新增")),
        (Kind.VANISHED.value, _("取消")),
        (Kind.SAME.value, _("相同")),
        (ALL, _("全部")),
    ]


def _is_of(row: Row, sent: Sent) -> bool:
    return row.old is not None and row.old.clause.pk == sent.old_clause


def _line(row: Row, comparison: Comparison, names: Any, sent: Sent | None) -> Line:
    form = DecideForm.of(row) if row.offers else None
    wrong = ""
    if sent is not None and _is_of(row, sent):
        wrong = sent.words
        if form is not None:
            # What was typed, to be sent again knowing what stands here now.
            data = {**sent.typed, "mark": row.mark}
            form = DecideForm(data, auto_id=f"row-{sent.old_clause}-%s")
            form.offer(row)
    old = row.old.roles if row.old else {}
    new = row.new.roles if row.new else {}
    if row.have_units_changed:
        old, new = _apart(old, new), _apart(new, old)
    return Line(row, row.diff(names), _units(old, comparison), _units(new, comparison), form, wrong)


def _units(roles: dict[int, str], comparison: Comparison) -> str:
    """Units by role, as a plan prints them; of many only the first."""
    found = []
    for role in Role:
        with_role = [pk for pk, held in sorted(roles.items()) if held == role]
        names = [comparison.units[pk] for pk in with_role if pk in comparison.units]
        more = _("等 %(n)d 个单位") % {"n": len(names)} if len(names) > UNITS_NAMED else ""
        if names:
            found.append(f"{role.label}：{'、'.join(names[:UNITS_NAMED])}{more}")
    return "；".join(found)


def _apart(roles: dict[int, str], others: dict[int, str]) -> dict[int, str]:
    """Those that are not the same in the other edition."""
    return {pk: role for pk, role in roles.items() if others.get(pk) != role}
