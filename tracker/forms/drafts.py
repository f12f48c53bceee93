"""Forms of the draft: each changes one thing of one measure, and carries the version its person saw."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, Region
from tracker.actions.clauses import halves
from tracker.forms.plans import DueDateField
from tracker.models import Clause, Target
from tracker.models.plans import Every, ScheduleKind
from tracker.workflow import Role

LARGEST_KEY = 2**53
OPS = [(op, op) for op in (">=", "<=", "=", ">", "<", "+", "-")]
CUTS = re.compile(r"[，,；;、。：:]")
CUTS_SHOWN = 40
AROUND = 8  # characters shown on either side of a place to cut


def _key(*, required: bool = True) -> forms.IntegerField:
    return forms.IntegerField(min_value=1, max_value=LARGEST_KEY, required=required, widget=forms.HiddenInput)


class DepartmentField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A unit by its full name, as on the rest of the draft."""

    def label_from_instance(self, obj: Department) -> str:
        return obj.name


class EditForm(forms.Form):
    """One change of a measure; the fields are the names of its action's arguments."""

    do = ""
    button = _("保存")
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, region: Region | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if region is not None and "department" in self.fields:
            self.fields["department"].queryset = Department.objects.choosable_in(region)  # type: ignore[attr-defined]

    def typed(self) -> list[tuple[str, str]]:
        """What a person filled in, by label: for a page that no longer has the form."""
        shown = [(field.label, field.value()) for field in self if not field.is_hidden]
        return [(str(label), str(value)) for label, value in shown if value]


class DatesForm(EditForm):
    """Due dates and skips of all clauses of a measure: a ClauseForm stands in it for each."""

    do = "dates"


class CheckForm(EditForm):
    do = "check"
    checked = forms.BooleanField(required=False, widget=forms.HiddenInput)


class SkipForm(EditForm):
    do = "skip"
    clause_id = _key()
    skipped = forms.BooleanField(required=False, widget=forms.HiddenInput)


class ScheduleForm(EditForm):
    """What kind of time a clause has, and the dates that go with it."""

    do = "schedule"
    button = _("保存时限")
    clause_id = _key()
    kind = forms.ChoiceField(label=_("时限类型"), choices=ScheduleKind.choices)
    due_date = DueDateField(label=_("完成时限"), required=False)
    start_date = DueDateField(label=_("起始日期"), required=False)
    every = forms.ChoiceField(label=_("周期"), choices=[("", _("不重复")), *Every.choices], required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        kind, due, start = cleaned.get("kind"), cleaned.get("due_date"), cleaned.get("start_date")
        if kind in (ScheduleKind.DEADLINE, ScheduleKind.WINDOW) and not due and "due_date" in cleaned:
            self.add_error("due_date", _("限期或期间要写明完成时限；没有期限的，请选“持续”。"))
        if kind == ScheduleKind.START and not start and "start_date" in cleaned:
            self.add_error("start_date", _("请写明从哪一天起。"))
        if kind == ScheduleKind.ONGOING and due:
            self.add_error("kind", _("有完成时限的，请选“限期”；要持续的，请把日期清空。"))
        if kind == ScheduleKind.RECURRING and not cleaned.get("every"):
            self.add_error("every", _("请选择多久一次。"))
        if kind != ScheduleKind.RECURRING and cleaned.get("every"):
            self.add_error("every", _("只有“周期”才有多久一次；不重复的，请选“不重复”。"))
        if due and start and due < start:
            self.add_error("due_date", _("完成时限不能早于起始日期。"))
        return cleaned


class SplitForm(EditForm):
    """Where to cut a clause in two: at one of its marks, or after so many characters."""

    do = "split"
    button = _("拆成两条")
    clause_id = _key()
    place = forms.ChoiceField(label=_("在哪里断开"), required=False, choices=[], widget=forms.RadioSelect)
    at = forms.IntegerField(label=_("或者：第几个字之后"), required=False, min_value=1, max_value=10**6)

    def __init__(self, *args: Any, clause: Clause | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if clause is not None:
            self.fields["place"].choices = places(clause.text)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        chosen, typed = cleaned.pop("place", ""), cleaned.get("at")
        if not self.errors:
            cleaned["at"] = typed or int(chosen or 0)
            if not cleaned["at"]:
                raise forms.ValidationError(_("请选一处断开，或填第几个字之后。"))
        return cleaned


def places(text: str) -> list[tuple[str, str]]:
    """The places at a clause's own marks where it can be cut, with the words on either side."""
    found = []
    for mark in CUTS.finditer(text):
        left, right = halves(text, mark.end())
        if left and right < len(text):
            shown = f"…{text[max(0, left - AROUND) : left]} ｜ {text[right : right + AROUND]}…"
            found.append((str(mark.end()), shown))
    return found[:CUTS_SHOWN]


class MergeForm(EditForm):
    do = "merge"
    button = _("与下一条合并")
    clause_id = _key()


class AddUnitForm(EditForm):
    """A unit to answer for a measure, or for one clause."""

    do = "add_unit"
    button = _("添加单位")
    clause_id = _key(required=False)
    department = DepartmentField(label=_("单位"), queryset=Department.objects.none())
    role = forms.ChoiceField(label=_("角色"), choices=Role.choices)


class RoleForm(EditForm):
    do = "role"
    button = _("改角色")
    mention_id = _key()
    role = forms.ChoiceField(label=_("角色"), choices=Role.choices)


class RemoveUnitForm(EditForm):
    do = "remove_unit"
    button = _("去掉")
    mention_id = _key()


class TargetForm(EditForm):
    """A quantity to reach, changed or added."""

    do = "target"
    button = _("保存指标")
    clause_id = _key()
    target_id = _key(required=False)
    indicator = forms.CharField(label=_("指标"), max_length=200)
    op = forms.ChoiceField(label=_("关系"), choices=OPS)
    value = forms.DecimalField(label=_("数值"), max_digits=18, decimal_places=4)
    unit = forms.CharField(label=_("计量单位"), max_length=40, required=False)

    @staticmethod
    def values_of(target: Target) -> dict[str, Any]:
        """What the form begins with for a target."""
        return {
            "target_id": target.pk,
            "indicator": target.indicator,
            "op": target.op,
            "value": f"{target.value.normalize():f}",
            "unit": target.unit,
        }


class RemoveTargetForm(EditForm):
    do = "remove_target"
    button = _("去掉")
    clause_id = _key()
    target_id = _key()


class BulkForm(EditForm):
    """What becomes of all ongoing clauses of a chapter, named by its first measure."""

    chapter = _key()
    kind = forms.ChoiceField(choices=[("SKIP_ONGOING", ""), ("QUARTERLY", "")])
