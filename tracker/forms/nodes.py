"""The table of a task's nodes: a row each, an emptied row is a node taken out."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tracker.actions.nodes import Planned
from tracker.forms.extensions import DATE_ERRORS, DAY
from tracker.forms.plans import DueDateField
from tracker.models import Node
from tracker.workflow import MAX_NODES

EMPTY_ROWS = 3
PERCENT_ERROR = _("累计完成要填 1 到 100 的整数。")


class NodeForm(forms.Form):
    """One row. Nothing in it is required, but a row begun has to have its date and its percentage."""

    due_date = DueDateField(label=_("节点日期"), required=False, widget=DAY, error_messages=DATE_ERRORS)
    percent = forms.IntegerField(
        label=_("累计完成（%）"),
        required=False,
        min_value=1,
        max_value=100,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "short"}),
        error_messages={"invalid": PERCENT_ERROR, "min_value": PERCENT_ERROR, "max_value": PERCENT_ERROR},
    )
    title = forms.CharField(
        label=_("节点内容"),
        required=False,
        max_length=80,
        error_messages={"max_length": _("节点内容最多 %(limit_value)d 字，现有 %(show_value)d 字。")},
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if any(data.get(name) for name in self.fields):
            if not data.get("due_date") and "due_date" not in self.errors:
                self.add_error("due_date", ValidationError(_("请填写日期。"), code="required"))
            if not data.get("percent") and "percent" not in self.errors:
                self.add_error("percent", ValidationError(PERCENT_ERROR, code="required"))
        return data


NodeFormSet = forms.formset_factory(
    NodeForm,
    extra=EMPTY_ROWS,
    max_num=MAX_NODES,
    absolute_max=MAX_NODES + EMPTY_ROWS,
    validate_max=True,
)


def planned_in(formset: "forms.BaseFormSet[NodeForm]") -> list[Planned]:
    """The rows that are filled in, once all of them are valid."""
    rows = [form.cleaned_data for form in formset.forms]
    return [Planned(row["due_date"], row["percent"], row["title"]) for row in rows if row.get("due_date")]


def rows_of(nodes: Iterable[Node | Planned]) -> list[dict[str, Any]]:
    """What the table begins with."""
    return [{"due_date": node.due_date, "percent": node.percent, "title": node.title} for node in nodes]
