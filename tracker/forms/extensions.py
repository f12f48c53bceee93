"""Forms for more time: what a unit asks, what a coordinator answers."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tracker.forms.keys import FormKeyField
from tracker.forms.plans import DueDateField
from tracker.forms.work import NOTE_LENGTH
from tracker.models import Assignment, ExtensionRequest

UNLIKELY_YEAR = _("年份请填 2000 到 2099。")
DATE_ERRORS = {
    "required": _("请填写日期。"),
    "invalid": _("日期请写成 2024-12-31 的样子。"),
    "min_value": UNLIKELY_YEAR,
    "max_value": UNLIKELY_YEAR,
}
DAY = forms.DateInput(attrs={"type": "date", "class": "day"}, format="%Y-%m-%d")


class AskExtensionForm(forms.Form):
    """A later date and why; a `form_key` sent twice makes one request."""

    new_date = DueDateField(label=_("申请延至"), widget=DAY, error_messages=DATE_ERRORS)
    reason = forms.CharField(
        label=_("延期理由"),
        max_length=NOTE_LENGTH,
        help_text=_("写清为什么完不成、已做到哪一步、新的时限怎样保证。"),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={
            "required": _("请写明延期理由。"),
            "max_length": _("理由最多 %(limit_value)d 字，现有 %(show_value)d 字。"),
        },
    )
    form_key = FormKeyField()
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    @classmethod
    def for_assignment(cls, assignment: Assignment) -> "AskExtensionForm":
        return cls(initial={"version": assignment.version})


class DecideExtensionForm(forms.Form):
    """Yes, until when; or no, and why."""

    class Decision:
        GRANT = "grant"
        REFUSE = "refuse"

    decision = forms.ChoiceField(
        label=_("审批结果"),
        choices=[(Decision.GRANT, _("批准延期")), (Decision.REFUSE, _("不批准"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择批准或不批准。")},
    )
    due_date = DueDateField(
        label=_("批准延至"),
        required=False,
        help_text=_("可以早于申请的日期。不批准的不用填。"),
        widget=DAY,
        error_messages=DATE_ERRORS,
    )
    answer = forms.CharField(
        label=_("审批意见"),
        required=False,
        max_length=NOTE_LENGTH,
        help_text=_("不批准的，要写明理由。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": _("意见最多 %(limit_value)d 字，现有 %(show_value)d 字。")},
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        decision = data.get("decision")
        if decision == self.Decision.GRANT and not data.get("due_date") and "due_date" not in self.errors:
            self.add_error("due_date", ValidationError(_("请填写批准延至哪一天。"), code="required"))
        if decision == self.Decision.REFUSE and not data.get("answer"):
            self.add_error("answer", ValidationError(_("不批准的，请写明理由。"), code="required"))
        return data

    @classmethod
    def for_request(cls, request: ExtensionRequest) -> "DecideExtensionForm":
        return cls(initial={"due_date": request.new_date})
