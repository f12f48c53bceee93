"""The form by which a person makes a token for the API."""

from collections.abc import Iterable

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tracker.forms.widgets import PlainSelect
from tracker.models import ApiToken


class ApiTokenForm(forms.Form):
    """What the token is for, what it opens, and how long."""

    name = forms.CharField(
        label=_("名称"),
        max_length=60,
        help_text=_("写明哪个系统用它，例如“市政务数据平台”。"),
        error_messages={
            "required": _("请写明哪个系统用它。"),
            "max_length": _("名称最多 %(limit_value)d 字，现有 %(show_value)d 字。"),
        },
    )
    scope = forms.ChoiceField(label=_("权限"), widget=PlainSelect)
    days = forms.TypedChoiceField(
        label=_("有效期"),
        choices=[(30, _("30天")), (90, _("90天")), (180, _("180天")), (365, _("一年"))],
        coerce=int,
        initial=90,
        help_text=_("到期自动失效，最长一年。"),
        widget=PlainSelect,
    )

    def __init__(self, data: QueryDict | None, *, scopes: Iterable[ApiToken.Scope]) -> None:
        super().__init__(data)
        self.fields["scope"].choices = [(scope.value, scope.label) for scope in scopes]  # type: ignore[attr-defined]

    def refuse(self, reason: str) -> None:
        """Show the sentence with what was typed."""
        self.add_error(None, ValidationError(reason, code="refused"))
