"""Forms about documents that a task asks of its units."""

from typing import Any, cast

from django import forms
from django.db.models import Count, F
from django.utils.translation import gettext_lazy as _

from accounts.models import Department
from tracker.filetypes import Upload
from tracker.forms.extensions import DATE_ERRORS, DAY
from tracker.forms.keys import FormKeyField
from tracker.forms.plans import DueDateField
from tracker.forms.work import NOTE_LENGTH, EvidenceField
from tracker.models import Assignment, Task
from tracker.models.filings import TITLE_LENGTH


class AskFilingForm(forms.Form):
    """Which document, of whom, until when; a `form_key` sent twice asks once."""

    title = forms.CharField(
        label=_("材料名称"),
        max_length=TITLE_LENGTH,
        help_text=_("例如“本县（市、区）实施方案”。"),
        error_messages={
            "required": _("请写明材料名称。"),
            "max_length": _("材料名称最多 %(limit_value)d 字，现有 %(show_value)d 字。"),
        },
    )
    via = forms.ModelChoiceField(
        label=_("由谁报送"),
        queryset=Department.objects.none(),
        required=False,
        empty_label=_("这项任务的全部责任单位"),
        error_messages={"invalid_choice": _("这项任务没有派给这个统称，请重新选择。")},
    )
    due_date = DueDateField(
        label=_("报送时限"),
        required=False,
        help_text=_("可以不填。"),
        widget=DAY,
        error_messages=DATE_ERRORS,
    )
    form_key = FormKeyField()

    def __init__(self, *args: Any, task: Task, **given: Any) -> None:
        super().__init__(*args, **given)
        came = Assignment.objects.in_force().filter(task=task)
        collectives = Department.objects.filter(pk__in=came.values("via"))
        cast(Any, self.fields["via"]).queryset = collectives.by_name()

    @classmethod
    def for_task(cls, task: Task) -> "AskFilingForm":
        """An empty form. Where most units came through one collective, it is they who are meant."""
        came = Assignment.objects.in_force().filter(task=task)
        counts = came.values_list("via").annotate(count=Count("pk"))
        most = counts.order_by("-count", F("via").asc(nulls_first=True))[:1]
        return cls(task=task, initial={"via": most[0][0] if most else None})


class DocumentField(forms.FileField):
    """One file, looked at as evidence is before anything is stored."""

    widget = forms.FileInput

    def clean(self, data: Any, initial: Any = None) -> Upload:
        [upload] = EvidenceField(error_messages=self.error_messages).clean([data])
        return upload


class FileDocumentForm(forms.Form):
    """The document itself; a `form_key` sent twice files once."""

    file = DocumentField(
        label=_("备案材料"),
        help_text=_("一个文件：PDF、OFD、Word、Excel、PowerPoint 或者照片，不超过 50 MB。"),
        error_messages={"required": _("请选择文件。"), "empty": _("文件是空的。")},
    )
    form_key = FormKeyField()


class CancelFilingForm(forms.Form):
    """Why the document is no longer asked for."""

    reason = forms.CharField(
        label=_("取消理由"),
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _("请写明取消的理由。"),
            "max_length": _("理由最多 %(limit_value)d 字，现有 %(show_value)d 字。"),
        },
    )
