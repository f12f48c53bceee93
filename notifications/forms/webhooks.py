"""The form of the back office for gateways."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from notifications.channels.webhook import BadTarget, target_of
from notifications.models import Webhook

SECRET_LENGTH = 32


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The secret is written and never shown: left empty, the one there is stays."""

    new_secret = forms.CharField(
        label=_("签名密钥"),
        min_length=SECRET_LENGTH,
        max_length=200,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("至少32个字符，与网关上填的相同。保存后不再显示；不修改的请留空。"),
    )

    class Meta:
        model = Webhook
        fields = ("region", "name", "url", "is_active")

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            target_of(url)
        except BadTarget as error:
            raise forms.ValidationError(
                _("请填写以 http:// 或 https:// 开头的地址，不含用户名、密码和中文。")
            ) from error
        return url

    def clean_new_secret(self) -> str:
        secret: str = self.cleaned_data["new_secret"]
        if not secret and not self.instance.secret:
            raise forms.ValidationError(_("请填写签名密钥。"))
        return secret

    def save(self, commit: bool = True) -> Any:
        self.instance.secret = self.cleaned_data["new_secret"] or self.instance.secret
        return super().save(commit)
