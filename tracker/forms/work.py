"""Forms of the people who report and of those who check."""

from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tracker.models import Assignment
from tracker.workflow import Move

NOTE_LENGTH = 4000


class ReportForm(forms.Form):
    """Progress of one assignment: a `form_key` sent twice makes one report, an old `version` is noticed."""

    percent = forms.IntegerField(
        label=_("完成进度（%）"),
        min_value=0,
        max_value=100,
        help_text=_("0 到 100 的整数，填累计进度。"),
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "short"}),
        error_messages={
            "required": _("请填写完成进度。"),
            "invalid": _("完成进度要填整数，例如 60。"),
            "min_value": _("完成进度不能小于 0。"),
            "max_value": _("完成进度不能大于 100。"),
        },
    )
    note = forms.CharField(
        label=_("进展说明"),
        max_length=NOTE_LENGTH,
        help_text=_("写清已做什么、数量多少、还差什么。"),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={
            "required": _("请填写进展说明。"),
            "max_length": _("进展说明最多 %(limit_value)d 字，现有 %(show_value)d 字。"),
        },
    )
    hand_in = forms.BooleanField(
        label=_("已完成，申请办结"),
        required=False,
        help_text=_("勾选后提交督办员审核，审核期间不再催办，也不能再填报。"),
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("hand_in") and data.get("percent", 100) != 100:
            self.add_error("percent", ValidationError(_("申请办结的，完成进度要填 100。"), code="not-done"))
        return data

    @classmethod
    def for_assignment(cls, assignment: Assignment) -> "ReportForm":
        """An empty form that knows which state of the assignment it was shown with."""
        return cls(
            initial={"percent": assignment.percent, "form_key": uuid4(), "version": assignment.version}
        )


class MoveForm(forms.Form):
    """One move of an assignment; some of them need a reason."""

    move = forms.ChoiceField(
        choices=[(move.value, move.label) for move in Move if move in Move.by_button],
        widget=forms.HiddenInput,
    )
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("理由"),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": _("理由最多 %(limit_value)d 字，现有 %(show_value)d 字。")},
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("move") in Move.needs_reason and not data.get("note"):
            reason = _("请写明%(move)s的理由。")
            label = Move(data["move"]).label
            self.add_error("note", ValidationError(reason, code="required", params={"move": label}))
        return data
