"""A reminder policy as a coordinator writes it."""

import hashlib
import json
import re
from dataclasses import asdict
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from notifications.models.policies import label_of
from notifications.policy import Policy

MOST_STAGES = 10
LONGEST_DAYS = 365
LONGEST_WORKDAYS = 60
LONGEST_MONTHS = 60
BETWEEN = re.compile(r"[\s,，、;；]+")
NUMBER_ERRORS = {
    "required": _("请填写。"),
    "invalid": _("请填写整数。"),
    "min_value": _("最少填 %(limit_value)d。"),
    "max_value": _("最多填 %(limit_value)d。"),
}


def fingerprint(policy: Policy) -> str:
    """A short name for a policy: the form carries that of the one whose effect was shown."""
    return hashlib.sha256(json.dumps(asdict(policy), sort_keys=True).encode()).hexdigest()[:16]


class DaysField(forms.CharField):
    """Days as people write them: 30、15、7; clean() gives a tuple, the farthest first."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=200, **options)
        self.error_messages["max_length"] = _("最多 %(limit_value)d 字，现有 %(show_value)d 字。")

    def prepare_value(self, value: Any) -> Any:
        return "、".join(map(str, value)) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> Any:
        words = [word for word in BETWEEN.split(super().clean(value)) if word]
        if wrong := next((word for word in words if not re.fullmatch(r"\d{1,3}", word)), None):
            raise ValidationError(_("“%(word)s”不是天数。请填写整数，用顿号隔开。") % {"word": wrong[:20]})
        days = {int(word) for word in words}
        if any(number > LONGEST_DAYS for number in days):
            raise ValidationError(_("每个天数要在 0 到 %(most)d 之间。") % {"most": LONGEST_DAYS})
        if len(days) > MOST_STAGES:
            raise ValidationError(
                _("最多 %(most)d 个，现有 %(count)d 个。") % {"most": MOST_STAGES, "count": len(days)}
            )
        return tuple(sorted(days, reverse=True))


def _number(name: str, most: int, help_text: Any = "", required: bool = True) -> forms.IntegerField:
    return forms.IntegerField(
        label=label_of(name),
        min_value=1,
        max_value=most,
        required=required,
        help_text=help_text,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "short"}),
        error_messages=NUMBER_ERRORS,
    )


class PolicyForm(forms.Form):
    """The fields of policy.Policy, by the same names."""

    before = DaysField(
        label=label_of("before"), help_text=_("到期前第几天各提醒一次，0 是到期当天。不填就不提前提醒。")
    )
    overdue_first = _number("overdue_first", LONGEST_DAYS, _("逾期几天后第一次提醒。"))
    overdue_repeat = _number("overdue_repeat", LONGEST_DAYS, _("此后每隔几天再提醒一次，直到办结。"))
    unsigned_after = _number("unsigned_after", LONGEST_WORKDAYS, _("下达几个工作日后仍未签收，提醒。"))
    first_report_after = _number(
        "first_report_after",
        LONGEST_WORKDAYS,
        _("下达几个工作日后一次也没有填报，提醒。不填就不提醒。"),
        required=False,
    )
    node_before = DaysField(
        label=label_of("node_before"),
        help_text=_("节点前第几天提醒进度还没有达到的单位；节点过后只提醒一次。"),
    )
    silent_months = _number("silent_months", LONGEST_MONTHS, _("没有期限的任务，几个月未填报就提醒。"))
    review_after = _number("review_after", LONGEST_WORKDAYS, _("提交几个工作日后仍未审核，提醒督办员。"))
    review_repeat = _number("review_repeat", LONGEST_WORKDAYS, _("此后每隔几个工作日再提醒一次。"))
    escalate_after = _number("escalate_after", LONGEST_WORKDAYS, _("逾期几个工作日报督办员。"))
    escalate_leader_after = _number(
        "escalate_leader_after", LONGEST_WORKDAYS, _("逾期几个工作日报领导，不早于督办员。")
    )

    @classmethod
    def for_policy(cls, policy: Policy) -> "PolicyForm":
        return cls(initial=asdict(policy))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, leader = data.get("escalate_after"), data.get("escalate_leader_after")
        if first and leader and leader < first:
            self.add_error("escalate_leader_after", _("报领导不能早于报督办员。"))
        return data

    @property
    def policy(self) -> Policy:
        """What was filled in, once it is valid."""
        return Policy(**self.cleaned_data)
