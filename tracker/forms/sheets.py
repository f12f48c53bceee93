"""Asking for a background file, and sending a file of tasks."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.table_files import FORMATS
from accounts.tables import known


class ExportForm(forms.Form):
    """What the page of a list that is too long sends on; nobody types it."""

    list = forms.CharField(max_length=20)
    pk = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    query = forms.CharField(required=False, max_length=4000)
    format = forms.ChoiceField(choices=[(kind, kind) for kind in FORMATS])
    form_key = forms.UUIDField()

    def clean_list(self) -> str:
        name: str = self.cleaned_data["list"]
        if not known(name):
            raise ValidationError("unknown list", code="invalid")
        return name


class TaskFileForm(forms.Form):
    """An Excel file of tasks."""

    file = forms.FileField(label=_("Excel 文件（xlsx）"), max_length=200, allow_empty_file=False)
    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.LEDGER_UPLOAD_LIMIT:
            limit = settings.LEDGER_UPLOAD_LIMIT // 1024 // 1024
            raise ValidationError(
                _("文件超过 %(limit)d MB。请分成几个文件上传。") % {"limit": limit}, code="large"
            )
        return file
