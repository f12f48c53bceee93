"""The history of a task: written once, read for ever."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tracker.models.assignments import Assignment
from tracker.models.tasks import Task
from tracker.workflow import EventKind, Status, label_of


class HistoryIsAppendOnly(Exception):
    """Somebody tried to change or delete what happened."""


class TaskEventQuerySet(models.QuerySet["TaskEvent"]):
    """Rows are added (actions.history.record) and read; every other way in is shut."""

    def update(self, **values: Any) -> NoReturn:
        raise HistoryIsAppendOnly

    def bulk_update(self, *args: Any, **options: Any) -> NoReturn:
        raise HistoryIsAppendOnly

    def delete(self) -> NoReturn:
        raise HistoryIsAppendOnly

    def bulk_create(self, *args: Any, **options: Any) -> list["TaskEvent"]:
        if options.get("update_conflicts"):
            raise HistoryIsAppendOnly
        return super().bulk_create(*args, **options)

    def of_tasks(self, tasks: Iterable[int]) -> Self:
        """In the order in which they were written, task by task."""
        return self.filter(task__in=tasks).order_by("task_id", "sequence")

    def since(self, moment: datetime) -> Self:
        return self.filter(created_at__gte=moment)

    def changes_since(self, assignment: Assignment, version: int) -> Self:
        """What happened to it after that version, the newest first: each change adds one to the version."""
        changes = self.filter(assignment=assignment).exclude(kind__in=EventKind.beside).newest_first()
        return changes[: max(assignment.version - version, 0)]

    def newest_first(self) -> Self:
        return self.select_related("actor", "assignment__department").order_by("-created_at", "-sequence")


class TaskEvent(models.Model):
    """One line of a task's history (留痕). Append-only: `hash` covers the row and the hash before it."""

    task = models.ForeignKey(Task, verbose_name=_("任务"), on_delete=models.PROTECT, related_name="events")
    assignment = models.ForeignKey(
        Assignment,
        verbose_name=_("责任"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="events",
    )
    sequence = models.PositiveIntegerField(_("序号"))
    kind = models.CharField(_("事项"), max_length=20, choices=EventKind.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("经办人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    from_status = models.CharField(_("原状态"), max_length=10, choices=Status.choices, blank=True)
    to_status = models.CharField(_("新状态"), max_length=10, choices=Status.choices, blank=True)
    note = models.TextField(_("说明"), blank=True)
    data = models.JSONField(_("数据"), default=dict, blank=True)
    created_at = models.DateTimeField(_("时间"))
    previous_hash = models.CharField(max_length=64, blank=True, editable=False)
    hash = models.CharField(max_length=64, editable=False)

    objects = TaskEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("留痕")
        verbose_name_plural = _("留痕")
        constraints = [models.UniqueConstraint(fields=["task", "sequence"], name="event_sequence_unique")]

    if TYPE_CHECKING:
        assignment_id: int | None
        task_id: int
        actor_id: int | None

    def __str__(self) -> str:
        return f"{self.sequence}. {self.get_kind_display()}"

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise HistoryIsAppendOnly
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        raise HistoryIsAppendOnly

    def get_kind_display(self) -> str:  # type: ignore[no-redef]
        return label_of(EventKind, self.kind)

    def get_from_status_display(self) -> str:  # type: ignore[no-redef]
        return label_of(Status, self.from_status)

    def get_to_status_display(self) -> str:  # type: ignore[no-redef]
        return label_of(Status, self.to_status)
