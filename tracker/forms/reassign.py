"""Which unit goes on with a share, until when, and why."""

from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Department
from tracker.actions.reassign import units_to_choose
from tracker.forms.extensions import DATE_ERRORS, DAY
from tracker.forms.keys import FormKeyField
from tracker.forms.plans import DueDateField
from tracker.forms.work import NOTE_LENGTH
from tracker.models import Assignment


class ReassignForm(forms.Form):
    """A unit, its date and the reason; a `form_key` sent twice reassigns once."""

    department = forms.ModelChoiceField(
        label=_("转给哪个单位"),
        queryset=Department.objects.none(),
        empty_label=_("请选择"),
        help_text=_("只列本地区在用、在本任务中还没有责任的单位；角色不变。"),
        error_messages={
            "required": _("请选择单位。"),
            "invalid_choice": _("不能转给这个单位：不是本地区在用的单位。"),
        },
    )
    due_date = DueDateField(
        label=_("新单位的完成时限"),
        required=False,
        widget=DAY,
        error_messages=DATE_ERRORS,
    )
    reason = forms.CharField(
        label=_("转办理由"),
        max_length=NOTE_LENGTH,
        help_text=_("原单位和新单位都能看到。"),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": _("请写明转办的理由。"),
            "max_length": _("理由最多 %(limit_value)d 字，现有 %(show_value)d 字。"),
        },
    )
    form_key = FormKeyField()
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, assignment: Assignment, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.old_date = assignment.due_date
        department = cast("forms.ModelChoiceField[Department]", self.fields["department"])
        # Offered is who has no share yet. But a form sent twice names the unit that has it since the first
        # time, and the action knows it again.
        department.queryset = Department.objects.answering_for(assignment.region)
        offered = [(unit.pk, str(unit)) for unit in units_to_choose(assignment)]
        department.widget.choices = [("", department.empty_label), *offered]
        if self.old_date is None:
            self.fields["due_date"].help_text = _("原来没有时限；不填，新单位也没有时限。")
        elif self.old_date > today:
            self.fields["due_date"].help_text = _("不填就沿用原时限。要晚于今天，新单位只按这个时限考核。")
        else:
            self.fields["due_date"].help_text = _("原时限已到，请另定，要晚于今天。新单位只按这个时限考核。")

    def clean_due_date(self) -> date | None:
        """Raises ValidationError where the unit would get what is due today or late already."""
        chosen: date | None = self.cleaned_data["due_date"]
        day = chosen or self.old_date
        if day is not None and day <= self.today:
            words = _("新单位的时限要晚于今天。") if chosen else _("原时限已到，请给新单位另定时限。")
            raise ValidationError(words, code="not-ahead")
        return chosen

    @classmethod
    def for_assignment(cls, assignment: Assignment, *, today: date) -> "ReassignForm":
        """With the date that holds, as long as it lies ahead."""
        ahead = assignment.due_date if assignment.due_date and assignment.due_date > today else None
        initial = {"due_date": ahead, "version": assignment.version}
        return cls(initial=initial, assignment=assignment, today=today)
