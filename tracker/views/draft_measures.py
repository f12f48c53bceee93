"""Editing one measure of a draft: a page of small forms, each a change of its own."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.kept import keeps_words, take_words, writer_of
from accounts.requests import SignedInRequest
from tracker import clock
from tracker.actions import clauses, draft_record, settling
from tracker.drafts import Edit, MeasureDraft, chapters_of, next_open, read_edits, read_measure
from tracker.forms.drafts import (
    AddUnitForm,
    CheckForm,
    DatesForm,
    EditForm,
    MergeForm,
    RemoveTargetForm,
    RemoveUnitForm,
    RoleForm,
    ScheduleForm,
    SkipForm,
    SplitForm,
    TargetForm,
)
from tracker.forms.plans import ClauseForm
from tracker.models import Clause, DraftEdit, Measure, Plan, UnitMention
from tracker.views.drafts import address_of, form_errors, settles
from tracker.views.stale import with_version

# What each form asks for, by the word in its field "do".
DOINGS: Mapping[str, tuple[type[EditForm], Callable[..., object]]] = {
    ScheduleForm.do: (ScheduleForm, clauses.set_schedule),
    SplitForm.do: (SplitForm, clauses.split_clause),
    MergeForm.do: (MergeForm, clauses.merge_clause),
    TargetForm.do: (TargetForm, clauses.save_target),
    RemoveTargetForm.do: (RemoveTargetForm, clauses.remove_target),
    AddUnitForm.do: (AddUnitForm, settling.add_unit),
    RoleForm.do: (RoleForm, settling.change_role),
    RemoveUnitForm.do: (RemoveUnitForm, settling.remove_unit),
    CheckForm.do: (CheckForm, settling.check_measure),
}
EDITS_SHOWN = 10
# What a person may have typed when the session ended, and what it belongs to.
TYPED = {
    **dict.fromkeys(("do", "version", "clause_id", "mention_id", "target_id"), 20),
    **dict.fromkeys(("kind", "due_date", "start_date", "every", "is_skipped"), 20),
    **dict.fromkeys(("place", "at", "department", "role", "op", "value"), 20),
    **dict.fromkeys(("indicator", "unit"), 200),
}
CHOSEN = ("do", "version", "clause_id", "mention_id", "target_id")


@dataclass(slots=True)
class Sent:
    """A form that was sent and not carried out, with the forms of its clauses where it has some."""

    form: EditForm
    dates: dict[int, ClauseForm]


@keeps_words(TYPED, key="measure_pk")
@settles
def draft_measure(request: SignedInRequest, plan: Plan, measure_pk: int) -> HttpResponse:
    """The forms of one measure; each is carried out alone. Who saves second is told what changed."""
    measure = get_object_or_404(Measure.objects.select_related("checked_by"), pk=measure_pk, plan=plan)
    if request.method == "POST":
        return _carry_out(request, plan, measure)
    words = take_words(request, request.user, measure.pk, "measure_pk")
    if not any(words.get(name) for name in words if name not in CHOSEN):
        return _page(request, plan, measure)
    data = QueryDict(mutable=True)
    data.update(words)
    messages.warning(request, _("登录超时前填写的内容还在下面，没有保存。核对后请再保存一次。"))
    return _page(request, plan, measure, sent=_sent(data, plan, measure))


def _sent(data: QueryDict, plan: Plan, measure: Measure) -> Sent:
    """The form that was sent, by its field "do"; without one it is about dates."""
    do = data.get("do", DatesForm.do)
    if do == DatesForm.do:
        forms = {c.pk: ClauseForm(data, prefix=f"c{c.pk}") for c in measure.clauses.order_by("position")}
        return Sent(DatesForm(data, auto_id="dates-%s"), forms)
    if do == SkipForm.do:
        return Sent(SkipForm(data), {})
    if do not in DOINGS:
        raise BadRequest
    form_class = DOINGS[do][0]
    given: dict[str, Any] = {"region": plan.region}
    if form_class is SplitForm:
        key = data.get("clause_id", "")
        given["clause"] = measure.clauses.filter(pk=int(key)).first() if _is_key(key) else None
    return Sent(form_class(data, auto_id=f"sent-{do}-%s", **given), {})


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 15


def _carry_out(request: SignedInRequest, plan: Plan, measure: Measure) -> HttpResponse:
    sent = _sent(request.POST, plan, measure)
    form = sent.form
    valid = [form.is_valid(), *(dates.is_valid() for dates in sent.dates.values())]
    if not all(valid):
        if "version" in form.errors:
            raise BadRequest
        errors = form_errors(form, f"measure-{measure.pk}", prefix=str(measure))
        for pk, dates in sent.dates.items():
            errors += form_errors(dates, f"clause-{pk}", prefix=str(measure))
        return _page(request, plan, measure, sent=sent, errors=errors)
    try:
        _do(request, measure, sent)
    except draft_record.StaleDraft as refused:
        seen = form.cleaned_data["version"]
        plan.refresh_from_db(fields=["version"])
        form.data = with_version(request.POST, plan.version)
        changes = DraftEdit.objects.filter(plan=plan).of_measure(measure.pk).since(seen)
        return _page(
            request,
            plan,
            measure,
            sent=sent,
            errors=[(f"measure-{measure.pk}", str(refused))],
            changes=read_edits(plan, changes.select_related("by").oldest_first()),
        )
    except draft_record.SettleRefused as refused:
        return _page(request, plan, measure, sent=sent, errors=[(f"measure-{measure.pk}", str(refused))])
    return _onward(request, plan, measure, form)


def _do(request: SignedInRequest, measure: Measure, sent: Sent) -> None:
    answer = dict(sent.form.cleaned_data)
    who: dict[str, Any] = {"by": request.user, "now": clock.now(), "version": answer.pop("version")}
    if isinstance(sent.form, DatesForm):
        edits = {
            pk: (dates.cleaned_data["due_date"], dates.cleaned_data["is_skipped"])
            for pk, dates in sent.dates.items()
        }
        clauses.edit_clauses(edits, **who)
    elif isinstance(sent.form, SkipForm):
        clause = settling.clause_of(measure.pk, answer["clause_id"])
        clauses.edit_clauses({clause.pk: (clause.due_date, answer["skipped"])}, **who)
    else:
        DOINGS[sent.form.do][1](measure.pk, **answer, **who)


def _onward(request: SignedInRequest, plan: Plan, measure: Measure, form: EditForm) -> HttpResponse:
    """After a check on to the next measure; after what is done from the list back to it; else stay."""
    show = request.GET.get("show", "")
    chapters = chapters_of(plan)
    chapter = next(found.number for found in chapters for m in found.measures if m.pk == measure.pk)
    anchor = f"measure-{measure.pk}"
    if isinstance(form, CheckForm) and form.cleaned_data["checked"]:
        following = next_open(chapters, measure)
        if following is None:
            messages.success(request, _("全部条目已经核对完。下一步：看将要生成什么，然后下达。"))
            anchor = "confirm"
        else:
            chapter, anchor = following[0].number, f"measure-{following[1].pk}"
    elif not isinstance(form, DatesForm | SkipForm | CheckForm):
        messages.success(request, _("“%(measure)s”已保存。") % {"measure": measure})
        clause = form.cleaned_data.get("clause_id") or request.GET.get("clause", "")
        query = f"?clause={clause}#clause-{clause}" if _is_key(str(clause)) else ""
        return redirect(reverse("draft_measure", args=[plan.pk, measure.pk]) + query)
    if isinstance(form, DatesForm):
        messages.success(request, _("“%(measure)s”已保存。") % {"measure": measure})
    return redirect(f"{reverse('draft', args=[plan.pk])}{address_of(show=show, chapter=chapter)}#{anchor}")


def _page(
    request: SignedInRequest,
    plan: Plan,
    measure: Measure,
    *,
    sent: Sent | None = None,
    errors: list[tuple[str, str]] | None = None,
    changes: Iterable[Edit] = (),
) -> HttpResponse:
    """The page; `sent` takes the place of the form it is, or is told where that is gone."""
    item = read_measure(measure)
    is_open = _open_clause(request, item, sent)
    forms = _Forms(plan, item, sent)
    own = DraftEdit.objects.filter(plan=plan).of_measure(measure.pk)
    numbers = own.newest_first().values_list("number", flat=True)[:EDITS_SHOWN]
    edits = own.filter(number__in=list(numbers)).select_related("by").newest_first()
    context = {
        "plan": plan,
        "item": item,
        "writer": writer_of(request.user),
        "dates": forms.dates(),
        "dates_version": sent.form["version"].value() if sent and sent.dates else plan.version,
        "check": CheckForm(
            initial={"version": plan.version, "checked": measure.checked_at is None}, auto_id=False
        ),
        "units": [(mention, forms.role(mention), forms.remove_unit(mention)) for mention in item.units],
        "add_unit": forms.add_unit(None),
        "open": is_open,
        "clause_forms": forms.of_clause(is_open) if is_open else None,
        "lost": [] if sent is None or sent.dates or forms.is_placed else sent.form.typed(),
        "errors": errors or [],
        "changes": changes,
        "edits": read_edits(plan, edits),
    }
    return render(request, "tracker/draft_measure.html", context, status=400 if errors else 200)


def _open_clause(request: SignedInRequest, item: MeasureDraft, sent: Sent | None) -> Clause | None:
    """Whose forms are shown: the clause asked for or answered about, or the only one."""
    asked = sent.form["clause_id"].value() if sent and "clause_id" in sent.form.fields else None
    wanted = str(asked or request.GET.get("clause", ""))
    found = next((clause for clause in item.clauses if str(clause.pk) == wanted), None)
    return found or (item.clauses[0] if len(item.clauses) == 1 else None)


class _Forms:
    """The forms of a measure as they are shown, the one that was sent with what was typed."""

    def __init__(self, plan: Plan, item: MeasureDraft, sent: Sent | None) -> None:
        self._plan = plan
        self._item = item
        self._sent = sent
        self.is_placed = False

    def _form(
        self, form_class: type[EditForm], prefix: str, initial: dict[str, Any], **given: Any
    ) -> EditForm:
        sent = self._sent.form if self._sent else None
        keys = [name for name in CHOSEN[2:] if name in form_class.base_fields]
        if isinstance(sent, form_class) and all(
            str(sent[name].value() or "") == str(initial.get(name) or "") for name in keys
        ):
            self.is_placed = True
            return sent
        initial = {"version": self._plan.version} | initial
        return form_class(initial=initial, auto_id=f"{form_class.do}-{prefix}-%s", **given)

    def dates(self) -> list[tuple[Clause, ClauseForm]]:
        sent = self._sent.dates if self._sent else {}
        return [
            (
                clause,
                sent.get(clause.pk)
                or ClauseForm(
                    prefix=f"c{clause.pk}",
                    initial={"due_date": clause.due_date, "is_skipped": clause.is_skipped},
                ),
            )
            for clause in self._item.clauses
        ]

    def role(self, mention: UnitMention) -> EditForm:
        return self._form(RoleForm, str(mention.pk), {"mention_id": mention.pk, "role": mention.role})

    def remove_unit(self, mention: UnitMention) -> EditForm:
        return self._form(RemoveUnitForm, str(mention.pk), {"mention_id": mention.pk})

    def add_unit(self, clause: Clause | None) -> EditForm:
        initial = {"clause_id": clause.pk if clause else None}
        return self._form(AddUnitForm, f"{clause and clause.pk}", initial, region=self._plan.region)

    def of_clause(self, clause: Clause) -> dict[str, Any]:
        own: dict[str, Any] = {"clause_id": clause.pk}
        times = {name: getattr(clause, name) for name in ("kind", "due_date", "start_date", "every")}
        is_last = clause.position == self._item.clauses[-1].position
        return {
            "schedule": self._form(ScheduleForm, str(clause.pk), own | times),
            "split": self._form(SplitForm, str(clause.pk), own, clause=clause),
            "merge": None if is_last else self._form(MergeForm, str(clause.pk), own),
            "units": [
                (mention, self.role(mention), self.remove_unit(mention)) for mention in clause.mentions.all()
            ],
            "add_unit": self.add_unit(clause),
            "targets": [
                (
                    self._form(TargetForm, str(target.pk), own | TargetForm.values_of(target)),
                    self._form(RemoveTargetForm, str(target.pk), own | {"target_id": target.pk}),
                )
                for target in clause.targets.all()
            ],
            "add_target": self._form(TargetForm, "new", own | {"op": ">="}),
        }
