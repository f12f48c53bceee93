"""Forms for tasks that are one duty."""

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.forms.work import NOTE_LENGTH, SharesField


class LinkForm(forms.Form):
    """Why tasks are one duty. Which ones is ticked in the list."""

    reason = forms.CharField(
        label=_("关联理由"),
        max_length=NOTE_LENGTH,
        help_text=_(
            "记入每项任务的办理过程。关联之后，同一单位填报一次，各项任务都计入；办结仍逐项申请、逐项审核。"
        ),
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": _("请写明关联的理由。"),
            "max_length": _("理由最多 %(limit_value)d 字，现有 %(show_value)d 字。"),
        },
    )


class UnlinkForm(forms.Form):
    """Why a task is a duty of its own again."""

    reason = forms.CharField(
        label=_("解除理由"),
        max_length=NOTE_LENGTH,
        help_text=_("记入每项任务的办理过程。此前的填报仍计入各项任务，今后各报各的。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _("请写明解除的理由。"),
            "max_length": _("理由最多 %(limit_value)d 字，现有 %(show_value)d 字。"),
        },
    )


class SubmitForm(forms.Form):
    """Applying for closure of one share, and of those of the same duty that are ticked."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    also = SharesField(
        label=_("一并申请办结"),
        required=False,
        error_messages={"invalid_choice": _("一并申请办结的任务有误，请重新勾选。")},
    )
