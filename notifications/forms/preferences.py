"""What a person says about the own reminders."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from notifications.hours import CHOSEN_HOURS
from notifications.models import Preference
from tracker.forms.extensions import DATE_ERRORS, DAY

LONGEST_PAUSE_DAYS = 366


class PreferenceForm(forms.Form):
    """Leave with a deputy, rest days, the hour, and what to do without."""

    paused_from = forms.DateField(label=_("暂停自"), required=False, widget=DAY, error_messages=DATE_ERRORS)
    paused_until = forms.DateField(
        label=_("暂停至"),
        required=False,
        widget=DAY,
        help_text=_("含这一天。不暂停的，两个日期和代收人都不填。"),
        error_messages=DATE_ERRORS,
    )
    deputy = forms.ModelChoiceField(
        label=_("代收人"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("（不暂停）"),
        help_text=_("暂停期间，您的提醒发给代收人。代收人也暂停或已停用的，仍发给您本人。"),
        error_messages={"invalid_choice": _("请从列出的人员中选择。")},
    )
    on_rest_days = forms.BooleanField(
        label=_("休息日也接收提醒"),
        required=False,
        help_text=_("不选的，节假日和周末不发，下一个工作日一并提醒。"),
    )
    hour = forms.TypedChoiceField(
        label=_("提醒时刻"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[
            ("", _("每天首次（7:05）")),
            *((hour, f"{hour}:00") for hour in CHOSEN_HOURS),
        ],
        help_text=_("每天到这个时刻后发给您；当时没有发成的，下一次生成提醒时补发。"),
        error_messages={"invalid_choice": _("请从列出的时刻中选择。")},
    )
    muted = forms.MultipleChoiceField(
        label=_("不接收"),
        required=False,
        choices=Preference.Mutable.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("请从列出的种类中选择。")},
    )

    def __init__(self, *args: Any, person: User, **options: Any) -> None:
        super().__init__(*args, **options)
        deputies = User.objects.all().could_succeed(person).exclude(email="").order_by("full_name", "pk")
        field = self.fields["deputy"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = deputies

    @classmethod
    def for_person(cls, person: User, preference: Preference | None) -> "PreferenceForm":
        names = ("paused_from", "paused_until", "deputy", "on_rest_days", "hour", "muted")
        return cls(initial={name: getattr(preference, name, None) for name in names}, person=person)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        pause = [data.get(name) for name in ("paused_from", "paused_until", "deputy")]
        first, last, deputy = pause
        if any(pause) and not self.errors:
            if not first:
                self.add_error("paused_from", _("请填写暂停的开始日期。"))
            if not last:
                self.add_error("paused_until", _("请填写暂停的结束日期。"))
            if not deputy:
                self.add_error("deputy", _("请选择代收人，免得无人收到提醒。"))
            if first and last and not 0 <= (last - first).days <= LONGEST_PAUSE_DAYS:
                self.add_error("paused_until", _("结束日期不能早于开始日期，暂停最长一年。"))
        return data
