"""What a forecast of reminders may be narrowed by; it lives in the address, to be sent to a colleague."""

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, User
from notifications.permissions import visible_recipients
from tracker.forms.keys import key_of
from tracker.forms.widgets import PlainSelect
from tracker.models import Task
from tracker.permissions import visible_assignments, visible_tasks


class ForecastFilter(forms.Form):
    """One task, one unit, one person; choices offer only what the person who asks may see."""

    task = forms.ModelChoiceField(queryset=Task.objects.none(), required=False, widget=forms.HiddenInput)
    unit = forms.ModelChoiceField(
        label=_("责任单位"),
        queryset=Department.objects.none(),
        required=False,
        empty_label=_("全部"),
        widget=PlainSelect,
    )
    person = forms.ModelChoiceField(
        label=_("收件人"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("全部"),
        widget=PlainSelect,
    )

    def __init__(self, data: QueryDict, *, by: User) -> None:
        super().__init__(data, label_suffix="")
        self._choose("task", visible_tasks(by))
        people = visible_recipients(by)
        if by.is_unit_person:
            del self.fields["unit"]
        else:
            with_work = visible_assignments(by).filter(department=OuterRef("pk"))
            self._choose("unit", Department.objects.filter(Exists(with_work)).by_name())
            # A region has hundreds of people: those of the unit chosen, those above it, and who is asked for.
            above = Q(role__in=(User.Role.COORDINATOR, User.Role.LEADER))
            unit, person = key_of(data.get("unit", "")), key_of(data.get("person", ""))
            people = people.filter(above | Q(department=unit, department__isnull=False) | Q(pk=person))
        self._choose("person", people.order_by("full_name", "pk"))

    def _choose(self, name: str, choices: object) -> None:
        self.fields[name].queryset = choices  # type: ignore[attr-defined]  # one of our ModelChoiceFields
