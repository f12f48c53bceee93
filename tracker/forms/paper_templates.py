"""The form of a paper's template."""

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from tracker.papers.templates import TEMPLATE_LIMIT


class PaperTemplateForm(forms.Form):
    """A Word file, and the version of the template the page was shown with."""

    file = forms.FileField(
        label=_("模板文件"),
        required=False,
        help_text=_("Word 文件（docx），不超过 1 MB。先下载现在的模板，在 Word 里改好再上传。"),
        widget=forms.FileInput(attrs={"accept": ".docx"}),
        error_messages={"empty": _("文件是空的。")},
    )
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    def clean_file(self) -> "UploadedFile[bytes] | None":
        upload: UploadedFile[bytes] | None = self.cleaned_data["file"]
        if upload and (upload.size or 0) > TEMPLATE_LIMIT:
            raise forms.ValidationError(_("模板不能超过 1 MB。"))
        return upload
