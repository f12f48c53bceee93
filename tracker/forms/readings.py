"""A figure of a day for one of the task's targets."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.forms.extensions import DATE_ERRORS, DAY
from tracker.forms.keys import FormKeyField
from tracker.models import Target
from tracker.models.plans import TargetQuerySet


class FigureField(forms.DecimalField):
    """A number that may be typed as it is printed: 1,234.5 and its full-width forms."""

    def clean(self, value: Any) -> Any:
        return super().clean(value.replace(",", "").replace("，", "") if value else value)


class ReadingForm(forms.Form):
    """Which target, how much, on which day; a `form_key` sent twice makes one reading."""

    target = forms.ModelChoiceField(
        Target.objects.none(),
        label=_("指标"),
        empty_label=None,
        error_messages={"required": _("请选择指标。"), "invalid_choice": _("请选择这项任务的指标。")},
    )
    value = FigureField(
        label=_("数值"),
        max_digits=15,
        decimal_places=4,
        help_text=_(
            "按指标的单位填写数字。指标写增长、下降多少的，填累计增减的幅度；写建成多少的，填累计完成数。"
        ),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "short", "autocomplete": "off"}),
        error_messages={
            "required": _("请填写数值。"),
            "invalid": _("数值要填数字，例如 95.5。"),
            "max_digits": _("数值太大。"),
            "max_whole_digits": _("数值太大。"),
            "max_decimal_places": _("数值最多 4 位小数。"),
        },
    )
    read_on = forms.DateField(
        label=_("数值日期"),
        help_text=_("统计到哪一天。同一天再次登记的，以后一次为准。"),
        widget=DAY,
        error_messages=DATE_ERRORS,
    )
    note = forms.CharField(
        label=_("说明"),
        required=False,
        max_length=400,
        help_text=_("数据来源、统计口径等，可以不填。"),
        error_messages={"max_length": _("说明最多 %(limit_value)d 字，现有 %(show_value)d 字。")},
    )
    form_key = FormKeyField()

    def __init__(self, *args: Any, targets: TargetQuerySet, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["target"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = targets

    @classmethod
    def begun(cls, targets: TargetQuerySet, *, today: date, target: int | None) -> "ReadingForm":
        """An empty form, for one of the targets where it was come for."""
        return cls(targets=targets, initial={"target": target, "read_on": today})
