"""Forms of the people who report and of those who check."""

from typing import Any, Self

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracker.filetypes import FileRefused, Upload, clean_name, examine
from tracker.forms.keys import FormKeyField, key_of
from tracker.models import Assignment, ReportDraft
from tracker.workflow import Move

NOTE_LENGTH = 4000
DRAFT_LENGTH = 2 * NOTE_LENGTH  # a text that is still to be cut down is kept, too
ALSO_LIMIT = 20


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class EvidenceField(forms.FileField):
    """Several files, each looked at before anything is stored; what is wrong is said of each by name."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Upload]:
        files = [super(EvidenceField, self).clean(file, initial) for file in data or []]
        limit = settings.EVIDENCE_FILES_PER_REPORT
        if len(files) > limit:
            message = _("一次最多上传 %(limit)d 个文件，现有 %(count)d 个。")
            raise ValidationError(message, code="too-many", params={"limit": limit, "count": len(files)})
        uploads, errors = [], []
        for file in files:
            try:
                uploads.append(self._examine(file))
            except FileRefused as refusal:
                errors.append(ValidationError(f"{clean_name(file.name)}：{refusal}", code="refused"))
        if errors:
            raise ValidationError(errors)
        return uploads

    def _examine(self, file: "UploadedFile[Any]") -> Upload:
        size, limit = file.size or 0, settings.EVIDENCE_FILE_LIMIT
        if size > limit:
            raise FileRefused(gettext("超过 %(limit)d MB。") % {"limit": limit // 1024**2})
        return examine(file, name=file.name or "", size=size)


class SharesField(forms.MultipleChoiceField):
    """Assignments with the versions they were shown with, sent as "12:3"; the value is {12: 3}.

    Whose they are, and whether they may be reported on, is for the caller and the action to say.
    """

    def valid_value(self, value: str) -> bool:
        key, _colon, version = value.partition(":")
        return key_of(key) is not None and len(version) < 10 and key_of(version) is not None

    def clean(self, value: Any) -> dict[int, int]:
        chosen = [text.split(":") for text in super().clean(value)]
        if len(chosen) > ALSO_LIMIT:
            raise ValidationError(_("一次最多同时填报 %(limit)d 项。"), params={"limit": ALSO_LIMIT})
        return {int(key): int(version) for key, version in chosen}


class ReportForm(forms.Form):
    """Progress of one assignment, and of those that the same words answer.

    A `form_key` sent twice makes one report, an old `version` is noticed.
    """

    percent = forms.IntegerField(
        label=_("完成进度（%）"),
        min_value=0,
        max_value=100,
        help_text=_("0 到 100 的整数，填累计进度。"),
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "short"}),
        error_messages={
            "required": _("请填写完成进度。"),
            "invalid": _("完成进度要填整数，例如 60。"),
            "min_value": _("完成进度不能小于 0。"),
            "max_value": _("完成进度不能大于 100。"),
        },
    )
    note = forms.CharField(
        label=_("进展说明"),
        max_length=NOTE_LENGTH,
        help_text=_("写清已做什么、数量多少、还差什么。"),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={
            "required": _("请填写进展说明。"),
            "max_length": _("进展说明最多 %(limit_value)d 字，现有 %(show_value)d 字。"),
        },
    )
    evidence = EvidenceField(
        label=_("佐证材料"),
        required=False,
        help_text=_(
            "照片、PDF、OFD、Word、Excel、PowerPoint 或 MP4 视频，可以多选；"
            "一次最多 10 个，每个不超过 50 MB。压缩包请解开后上传。"
        ),
        error_messages={"empty": _("文件是空的。")},
    )
    also = SharesField(
        label=_("同时填报"),
        required=False,
        error_messages={"invalid_choice": _("同时填报的任务有误，请重新勾选。")},
    )
    hand_in = forms.BooleanField(
        label=_("已完成，申请办结"),
        required=False,
        help_text=_("勾选后提交督办员审核，审核期间不再催办，也不能再填报。同时填报的任务一并申请办结。"),
    )
    hand_in_linked = SharesField(
        label=_("一并申请办结"),
        required=False,
        error_messages={"invalid_choice": _("一并申请办结的任务有误，请重新勾选。")},
    )
    form_key = FormKeyField()
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, lacks_evidence: bool = False, **kwargs: Any) -> None:
        """`lacks_evidence`: the plan asks for a file before handing in, and none has come yet."""
        super().__init__(*args, **kwargs)
        self.lacks_evidence = lacks_evidence
        if lacks_evidence:
            self.fields["hand_in"].help_text = _(
                "勾选后提交督办员审核，审核期间不再催办，也不能再填报。同时填报的任务一并申请办结。"
                "本方案要求办结须附佐证材料，申请办结时请至少上传一个文件。"
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("hand_in") and data.get("percent", 100) != 100:
            self.add_error("percent", ValidationError(_("申请办结的，完成进度要填 100。"), code="not-done"))
        if data.get("hand_in") and self.lacks_evidence and data.get("evidence") == []:
            reason = _("本方案要求办结须附佐证材料，请至少上传一个文件。")
            self.add_error("evidence", ValidationError(reason, code="no-evidence"))
        return data

    @classmethod
    def for_assignment(cls, assignment: Assignment, draft: ReportDraft | None, **options: Any) -> Self:
        """A form that knows which state of the assignment it was shown with, and goes on from a draft."""
        initial: dict[str, Any] = {"percent": assignment.percent, "version": assignment.version}
        if draft is not None:
            initial["note"] = draft.note
            if draft.percent is not None:
                initial["percent"] = draft.percent
        return cls(initial=initial, **options)

    def put_in_list(self, assignment: Assignment) -> Self:
        """Make it one of several forms on a page; a file that was chosen outlasts an answer with errors."""
        self.auto_id = f"share{assignment.pk}_%s"
        self.fields["evidence"].widget.attrs["hx-preserve"] = "true"
        self.fields["percent"].widget.attrs["autofocus"] = not self.errors
        return self


class DraftForm(forms.Form):
    """What a progress form holds so far. A percentage that is none yet is left out."""

    percent = forms.IntegerField(required=False, min_value=0, max_value=100)
    note = forms.CharField(
        required=False,
        strip=False,
        max_length=DRAFT_LENGTH,
        error_messages={"max_length": _("进展说明太长（%(show_value)d 字），没有暂存。")},
    )
    form_key = forms.UUIDField(required=False)


class MoveForm(forms.Form):
    """One move of an assignment; some of them need a reason."""

    move = forms.ChoiceField(
        choices=[(move.value, move.label) for move in Move if move in Move.by_button],
        widget=forms.HiddenInput,
    )
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("理由"),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": _("理由最多 %(limit_value)d 字，现有 %(show_value)d 字。")},
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("move") in Move.needs_reason and not data.get("note"):
            reason = _("请写明%(move)s的理由。")
            label = Move(data["move"]).label
            self.add_error("note", ValidationError(reason, code="required", params={"move": label}))
        return data


class WithdrawForm(forms.Form):
    """Why a report is taken back."""

    reason = forms.CharField(
        label=_("撤回理由"),
        max_length=NOTE_LENGTH,
        help_text=_("撤回的填报和材料不再计入进度，但会留在办理过程里备查。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _("请写明撤回的理由。"),
            "max_length": _("理由最多 %(limit_value)d 字，现有 %(show_value)d 字。"),
        },
    )
