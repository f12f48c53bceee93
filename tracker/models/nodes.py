"""Dated steps inside a task."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tracker.models.tasks import Task
from tracker.progress import Step


class NodeQuerySet(models.QuerySet["Node"]):
    def in_order(self) -> Self:
        return self.order_by("due_date")

    def due_by(self, day: date) -> Self:
        return self.filter(due_date__lte=day)

    def steps(self) -> list[Step]:
        """As the arithmetic of expected progress takes them."""
        return [node.step for node in self.in_order()]

    def steps_by_task(self, tasks: Iterable[Task] | Iterable[int]) -> dict[int, list[Step]]:
        """The same for many tasks in one query; an empty list for a task without nodes."""
        found: dict[int, list[Step]] = defaultdict(list)
        for node in self.filter(task__in=tasks).in_order():
            found[node.task_id].append(node.step)
        return found


class Node(models.Model):
    """By the end of a day so much of a task should be done (节点, 倒排工期). Replaced as a whole set."""

    task = models.ForeignKey(Task, verbose_name=_("任务"), on_delete=models.PROTECT, related_name="nodes")
    due_date = models.DateField(_("节点日期"))
    title = models.CharField(_("节点内容"), max_length=80, blank=True)
    percent = models.PositiveSmallIntegerField(
        _("累计完成（%）"), validators=[MinValueValidator(1), MaxValueValidator(100)]
    )

    objects = NodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("节点")
        verbose_name_plural = _("节点")
        constraints = [
            models.UniqueConstraint(fields=["task", "due_date"], name="node_one_a_day"),
            models.CheckConstraint(condition=Q(percent__range=(1, 100)), name="node_percent_from_1_to_100"),
        ]

    if TYPE_CHECKING:
        task_id: int

    def __str__(self) -> str:
        return f"{self.due_date} {self.percent}% {self.title}".strip()

    @property
    def step(self) -> Step:
        return Step(self.due_date, self.percent)
