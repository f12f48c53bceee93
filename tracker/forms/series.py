"""Forms for recurring clauses."""

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.forms.work import NOTE_LENGTH


class EndSeriesForm(forms.Form):
    """Why no further periods are wanted."""

    reason = forms.CharField(
        label=_("停止理由"),
        max_length=NOTE_LENGTH,
        help_text=_("记入办理过程。停止之后不能恢复，已生成的各期照常办理、照常考核。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _("请写明停止的理由。"),
            "max_length": _("理由最多 %(limit_value)d 字，现有 %(show_value)d 字。"),
        },
    )
