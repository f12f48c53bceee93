"""A form that was sent: doing what it asks, or saying in it why not."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from django import forms
from django.http import QueryDict

from tracker.actions.work import MoveRefused, StaleVersion
from tracker.models import Assignment, TaskEvent
from tracker.views.stale import changes_since, with_version

Result = TypeVar("Result")


def carry_out(form: forms.Form, action: Callable[..., Result], pk: int, **given: Any) -> Result | None:
    """Call `action` with the form's answers, by the names of its fields, and return what it made.

    None where nothing was sent, or the form is not in order, or the action refused; then the form says why.
    """
    if not form.is_valid():
        return None
    try:
        return action(pk, **form.cleaned_data, **given)
    except MoveRefused as refusal:
        form.add_error(None, str(refusal))
        return None


def say_refusal(refusal: MoveRefused, form: forms.Form, assignment: Assignment) -> Iterable[TaskEvent]:
    """Say in the form why it was refused, beside the assignment as it stands now.

    A form that was too old is ready to be sent again: returns what happened after it was shown.
    """
    assignment.refresh_from_db()
    form.add_error(None, str(refusal))
    if not isinstance(refusal, StaleVersion):
        return []
    form.data = with_version(cast(QueryDict, form.data), assignment.version)
    return changes_since(assignment, form.cleaned_data["version"])
