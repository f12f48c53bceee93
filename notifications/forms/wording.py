"""The form of a mail template."""

from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from notifications.models import MailTemplate
from notifications.wording import BUILT_IN, LIMITS, Wording, problem_of

REQUIRED = {"required": _("不能为空；要恢复原来的写法，点“恢复默认”。")}


class WordingForm(forms.Form):
    """The words around a mail's reminders, and the version of the template the page was shown with."""

    subject_prefix = forms.CharField(
        label=_("主题开头"),
        help_text=_("后面是数字，例如“【督办】逾期2项，7日内到期3项”。最多20字。"),
        error_messages=REQUIRED,
    )
    greeting = forms.CharField(label=_("称呼"), help_text=_("一行，最多60字。"), error_messages=REQUIRED)
    intro = forms.CharField(
        label=_("开头语"),
        help_text=_("列出事项之前的话，最多300字。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages=REQUIRED,
    )
    closing = forms.CharField(
        label=_("落款"),
        help_text=_("邮件末尾的话，可以写联系人和电话，最多300字。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages=REQUIRED,
    )
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    @classmethod
    def showing(cls, template: MailTemplate | None, wording: Wording) -> "WordingForm":
        return cls(initial={**vars(wording), "version": template.version if template else 0})

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for field in LIMITS:
            if field in data:
                # A browser sends two marks for a new line; one is meant.
                data[field] = data[field].replace("\r\n", "\n")
                if found := problem_of(field, data[field]):
                    self.add_error(field, found)
        return data

    @property
    def wording(self) -> Wording:
        """What was typed. Where a field is wrong the built-in words stand in."""
        typed = {field: self.cleaned_data[field] for field in LIMITS if field in self.cleaned_data}
        return Wording(**{**vars(BUILT_IN), **cast(dict[str, str], typed)})

    def against(self, version: int) -> None:
        """Show the same words again beside what is stored now."""
        data = cast(QueryDict, self.data).copy()
        data["version"] = str(version)
        self.data = data
