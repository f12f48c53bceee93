"""What a reviewer answers to a submission."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tracker.forms.work import NOTE_LENGTH
from tracker.models import Assignment

# What most returns say. A tick is a reason by itself; what is written beside it is added.
PHRASES = [
    ("evidence", _("佐证材料不全")),
    ("mismatch", _("材料与进展说明不符")),
    ("figures", _("数据需要核实")),
    ("target", _("尚未达到任务要求")),
]


class ApproveForm(forms.Form):
    """Approving a submission; what is said with it is kept."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("审核意见（可不填）"),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _("意见最多 %(limit_value)d 字，现有 %(show_value)d 字。")},
    )

    name = "approve"  # two of these forms stand on one page

    def __init__(self, data: QueryDict | None = None, **options: Any) -> None:
        super().__init__(data, auto_id=f"{self.name}_%s", **options)

    @classmethod
    def for_assignment(cls, assignment: Assignment) -> "ApproveForm":
        """An empty form that knows which state of the assignment it was shown with."""
        return cls(initial={"version": assignment.version})


class ReturnForm(ApproveForm):
    """Returning a submission: with a reason, ticked or written."""

    name = "return"

    phrases = forms.MultipleChoiceField(
        label=_("常用理由"), required=False, choices=PHRASES, widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(
        label=_("退回的理由"),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "aria-keyshortcuts": "r"}),
        error_messages={"max_length": _("理由最多 %(limit_value)d 字，现有 %(show_value)d 字。")},
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "note" in data and "phrases" in data:
            ticked = [str(words) for code, words in PHRASES if code in data["phrases"]]
            data["note"] = "；".join(filter(None, [*ticked, data["note"]]))
            if not data["note"]:
                self.add_error("note", ValidationError(_("请写明退回的理由。"), code="required"))
        return data
