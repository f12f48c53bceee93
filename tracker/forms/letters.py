"""Forms of letters to units: what goes into one, and why one is taken back."""

from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tracker.forms.extensions import DATE_ERRORS, DAY
from tracker.forms.keys import FormKeyField
from tracker.forms.plans import DueDateField
from tracker.forms.work import NOTE_LENGTH
from tracker.letters import NOTICE_DAYS
from tracker.papers.kinds import Paper

LETTER_NOTE_LENGTH = 500


class ChooseLetterForm(forms.Form):
    """Which letter, and how far ahead a notice looks. Nonsense in the address is the default."""

    paper = forms.ChoiceField(choices=[(paper, Paper(paper).label) for paper in Paper.letters])
    days = forms.TypedChoiceField(choices=[(days, days) for days in NOTICE_DAYS], coerce=int)

    @classmethod
    def chosen(cls, given: QueryDict) -> tuple[str, int]:
        form = cls(given)
        form.is_valid()
        paper = form.cleaned_data.get("paper") or Paper.SUPERVISION
        return str(paper), int(form.cleaned_data.get("days") or NOTICE_DAYS[0])


class LetterForm(forms.Form):
    """What the coordinator adds to the items; a `form_key` sent twice makes one letter."""

    note = forms.CharField(
        label=_("督办意见"),
        required=False,
        max_length=LETTER_NOTE_LENGTH,
        help_text=_("可以不填，印在清单下面，最多500字。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": _("最多 %(limit_value)d 字，现有 %(show_value)d 字。")},
    )
    reply_by = DueDateField(
        label=_("反馈期限"),
        required=False,
        help_text=_("可以不填。"),
        widget=DAY,
        error_messages=DATE_ERRORS,
    )
    form_key = FormKeyField()
    shown = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)

    def showing(self, shown: str) -> None:
        """Let the form carry the fingerprint of the preview that it is shown with."""
        data = cast(QueryDict, self.data).copy()
        data["shown"] = shown
        self.data = data

    @property
    def words(self) -> dict[str, Any]:
        """What is printed of it."""
        return {"note": self.cleaned_data["note"], "reply_by": self.cleaned_data["reply_by"]}


class WithdrawLetterForm(forms.Form):
    """Why a letter is taken back."""

    reason = forms.CharField(
        label=_("撤回理由"),
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _("请写明撤回的理由。"),
            "max_length": _("理由最多 %(limit_value)d 字，现有 %(show_value)d 字。"),
        },
    )
