"""Forms of a new edition: of which plan it is one, and what becomes of each clause."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tracker.comparison import Row
from tracker.models import EditionChoice, Plan


class _PlanChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic when it runs
    """Plans under their titles, with what tells two of one title apart."""

    def label_from_instance(self, obj: Plan) -> str:
        day = obj.issued_on.isoformat() if obj.issued_on else ""
        known = [str(obj.get_status_display()), obj.document_number or day]
        return f"{obj.title}（{'，'.join(filter(None, known))}）"


class EditionForm(forms.Form):
    """The plan that a draft is compared with; left empty, none."""

    old = _PlanChoice(
        label=_("与哪份方案比对"),
        queryset=Plan.objects.none(),
        required=False,
        empty_label=_("请选择方案"),
        error_messages={"invalid_choice": _("请选择本地区已下达的方案，或者另一份草稿。")},
    )

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plans = Plan.objects.filter(region=plan.region_id).exclude(Q(pk=plan.pk) | Q(status="SUPERSEDED"))
        self.fields["old"].queryset = plans.without_source().newest_first()  # type: ignore[attr-defined]


class DecideForm(forms.Form):
    """What is decided for one clause, and on what."""

    old_clause = forms.IntegerField(min_value=1, max_value=2**53, widget=forms.HiddenInput)
    mark = forms.CharField(max_length=64, widget=forms.HiddenInput)
    action = forms.ChoiceField(
        label=_("怎样处理"),
        choices=EditionChoice.Action.choices,
        error_messages={"required": _("请选择怎样处理。"), "invalid_choice": _("请选择怎样处理。")},
    )
    takes_date = forms.BooleanField(label=_("时限按新版本"), required=False)
    takes_units = forms.BooleanField(label=_("责任单位按新版本"), required=False)
    note = forms.CharField(label=_("说明（可不填）"), max_length=400, required=False)

    @classmethod
    def of(cls, row: Row) -> "DecideForm":
        """The form as the page shows it: with the decision that holds, else with the proposal."""
        assert row.old is not None
        key = row.old.clause.pk
        choice = row.choice
        values = {
            "old_clause": key,
            "mark": row.mark,
            "action": choice.action if choice else row.proposal,
            "takes_date": choice.takes_date if choice else True,
            "takes_units": choice.takes_units if choice else True,
            "note": choice.note if choice else "",
        }
        form = cls(initial=values, auto_id=f"row-{key}-%s")
        form.offer(row)
        return form

    def offer(self, row: Row) -> None:
        """Only what can be decided for this row."""
        self.fields["action"].choices = [(one.value, one.label) for one in row.offers]  # type: ignore[attr-defined]
        if not (row.has_date_changed and row.new):
            self.fields["takes_date"].widget = forms.HiddenInput()
        if not (row.have_units_changed and row.new):
            self.fields["takes_units"].widget = forms.HiddenInput()
