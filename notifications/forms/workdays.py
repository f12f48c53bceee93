"""Days of the working calendar as an administrator types or pastes them."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from notifications.notices import NOTICE_LIMIT, Line, Said, days_said, read_notice


def fingerprint(lines: Sequence[str]) -> str:
    """A short name for a change: the form carries that of the one whose effect was shown."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


class NoticeForm(forms.Form):
    """Lines of a notice. All are understood, or nothing is done."""

    text = forms.CharField(
        label=_("放假、上班的日期"),
        help_text=_(
            "粘贴国务院办公厅通知的原文，或一行写一段：%(year)d-10-01 至 %(year)d-10-07 放假；"
            "%(year)d-02-20 上班；自治州成立纪念日：5月20日放假；%(year)d-05-20 恢复"
            "（删去自行录入的，按公布的办）。"
        ),
        max_length=NOTICE_LIMIT,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={
            "required": _("请写明哪几天放假、哪几天上班。"),
            "max_length": _("最多 %(limit_value)d 字，现有 %(show_value)d 字。"),
        },
    )

    def __init__(self, *args: Any, year: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.year = year
        self.fields["text"].help_text %= {"year": year}
        self.lines: list[Line] = []
        self.said: Mapping[date, Said] = {}

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        self.lines = read_notice(text, self.year)
        refused = sum(1 for line in self.lines if line.refusal)
        if refused:
            told = ngettext(
                "有%(n)d行看不懂，原因见下。一行都没有录入。",
                "有%(n)d行看不懂，原因见下。一行都没有录入。",
                refused,
            )
            raise ValidationError(told % {"n": refused})
        self.said = days_said(self.lines)
        if not self.said:
            raise ValidationError(_("没有看到日期。请写明哪几天放假、哪几天上班。"))
        return text
