"""A form that is older than what it changes: what happened since, and sending the same answers again."""

from collections.abc import Iterable

from django.http import QueryDict

from tracker.models import Assignment, TaskEvent


def changes_since(assignment: Assignment, version: int) -> Iterable[TaskEvent]:
    """What happened to the assignment after the version a form was shown with."""
    return TaskEvent.objects.changes_since(assignment, version)


def with_version(data: QueryDict, version: int) -> QueryDict:
    """The same answers, to be sent again knowing the present state."""
    data = data.copy()
    data["version"] = str(version)
    return data
