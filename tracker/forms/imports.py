"""The form by which a plan comes in."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from tracker import documents
from tracker.documents import Document
from tracker.forms.keys import FormKeyField
from tracker.parser import UnreadableDocument


class PlanImportForm(forms.Form):
    """A plan as a file or as pasted text: exactly one of the two. The file is looked at, and not yet read."""

    file = forms.FileField(
        label=_("方案文件"),
        required=False,
        allow_empty_file=True,  # the refusal that says what to do is ours
        max_length=None,
        help_text=_(
            "Word（docx）、PDF、网页（html）或 txt，不超过 20 MB，txt 和网页不超过 5 MB。"
            "标有密级（绝密、机密、秘密）或“内部”的文件不得上传。"
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".docx,.pdf,.html,.htm,.txt"}),
    )
    text = forms.CharField(
        label=_("或粘贴方案全文"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("从标题到最后一条，连同责任单位一起粘贴。"),
    )
    # A page from before there were keys may still be open somewhere: its form is one of its own.
    form_key = FormKeyField(required=False)

    def clean_file(self) -> Document | None:
        upload: UploadedFile[bytes] | None = self.cleaned_data["file"]
        if not upload:
            return None
        assert upload.file is not None
        try:
            return documents.examine(upload.file, name=upload.name or "", size=upload.size or 0)
        except UnreadableDocument as refused:
            raise forms.ValidationError(refused.reason) from None

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if len(text.encode(errors="replace")) > settings.PLAN_TEXT_LIMIT:
            raise forms.ValidationError(_("粘贴的文字超过 5 MB，请只粘贴正文。"))
        return text

    def clean_form_key(self) -> UUID:
        return self.cleaned_data["form_key"] or uuid4()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        has_file, has_text = bool(cleaned.get("file")), bool(cleaned.get("text", "").strip())
        if has_file == has_text:
            raise forms.ValidationError(
                _("请只选一种方式：选择文件，或者粘贴全文。")
                if has_file
                else _("请选择文件，或者粘贴方案全文。")
            )
        return cleaned
