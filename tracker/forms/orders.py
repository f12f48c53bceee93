"""Forms of those who urge on: a leader's instruction, a coordinator's nudge."""

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.forms.keys import FormKeyField
from tracker.forms.work import NOTE_LENGTH


class InstructForm(forms.Form):
    """What a leader says about a task; a `form_key` sent twice makes one instruction."""

    text = forms.CharField(
        label=_("批示内容"),
        max_length=NOTE_LENGTH,
        help_text=_("这项任务的各责任单位都能看到，在办的会收到提醒邮件。提交后不能修改。"),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={
            "required": _("请写明批示内容。"),
            "max_length": _("批示内容最多 %(limit_value)d 字，现有 %(show_value)d 字。"),
        },
    )
    form_key = FormKeyField()


class NudgeForm(forms.Form):
    """Urge one unit on; words are welcome and not asked for."""

    note = forms.CharField(
        label=_("催办内容"),
        required=False,
        max_length=NOTE_LENGTH,
        help_text=_("可以不填。责任单位能看到，并收到提醒邮件。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": _("催办内容最多 %(limit_value)d 字，现有 %(show_value)d 字。")},
    )
    form_key = FormKeyField()


class NudgeManyForm(forms.Form):
    """The key of a press that nudges all rows of a list; the rows are read as they come."""

    form_key = forms.UUIDField()
