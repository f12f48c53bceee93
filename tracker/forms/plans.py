"""Forms of the pages: one purpose each, with errors in words that say what to do."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, Region


class UnitForm(forms.Form):
    """What to do with a printed unit name: an existing department, a new one, or nothing."""

    class Choice:
        MATCH = "match"
        CREATE = "create"
        WAIVE = "waive"

    choice = forms.ChoiceField(
        choices=[
            (Choice.MATCH, _("对应已有单位")),
            (Choice.CREATE, _("新建单位")),
            (Choice.WAIVE, _("不作为责任单位")),
        ],
        error_messages={"required": _("请选择：对应已有单位、新建单位，或不作为责任单位。")},
    )
    department = forms.ModelChoiceField(label=_("单位"), queryset=Department.objects.none(), required=False)
    remember = forms.BooleanField(label=_("记为该单位的别名，以后自动识别"), required=False)
    name = forms.CharField(label=_("新单位全称"), max_length=120, required=False)
    kind = forms.ChoiceField(label=_("类别"), choices=Department.Kind.choices, required=False)

    def __init__(self, *args: Any, region: Region, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = Department.objects.choosable_in(region)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("choice") == self.Choice.MATCH and not cleaned.get("department"):
            self.add_error("department", _("请选择对应的单位。"))
        if cleaned.get("choice") == self.Choice.CREATE and not cleaned.get("name", "").strip():
            self.add_error("name", _("请填写新单位的全称。"))
        if cleaned.get("choice") == self.Choice.CREATE and not cleaned.get("kind"):
            self.add_error("kind", _("请选择新单位的类别。"))
        return cleaned


FIRST_DUE_DATE, LAST_DUE_DATE = date(2000, 1, 1), date(2099, 12, 31)
UNLIKELY_DATE = _("年份请填 2000 到 2099；没有期限的，请把日期清空。")


class DueDateField(forms.DateField):
    """A day that may be left empty. A year half typed (0024) or meant as "never" (9999) is no due date."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    default_error_messages = {"invalid": _("日期不存在或格式不对，请写成 2024-10-31。")}
    default_validators = [
        MinValueValidator(FIRST_DUE_DATE, UNLIKELY_DATE),
        MaxValueValidator(LAST_DUE_DATE, UNLIKELY_DATE),
    ]


class ConfirmForm(forms.Form):
    """The draft that was seen, and until when the plan runs where its recurring clauses need to know."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    ends_on = DueDateField(
        label=_("方案执行到哪一天"),
        required=False,
        help_text=_("可以不填。填了，每月、每季度这类周期任务到这一天为止；不填的一直生成，可以随时停止。"),
    )


class ClauseForm(forms.Form):
    """The due date of one clause and whether it makes a task."""

    due_date = DueDateField(label=_("完成时限"), required=False)
    is_skipped = forms.BooleanField(label=_("不生成任务"), required=False)
