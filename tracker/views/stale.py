"""A form that is older than what it changes: what happened since, and sending the same answers again."""

from collections.abc import Iterable

from django.http import QueryDict

from tracker.models import Assignment, TaskEvent
from tracker.workflow import EventKind


def changes_since(assignment: Assignment, version: int) -> Iterable[TaskEvent]:
    """What happened to the assignment after the version a form was shown with: each change adds one to it."""
    changes = assignment.events.exclude(kind__in=EventKind.beside).newest_first()
    return changes[: max(assignment.version - version, 0)]


def with_version(data: QueryDict, version: int) -> QueryDict:
    """The same answers, to be sent again knowing the present state."""
    data = data.copy()
    data["version"] = str(version)
    return data
