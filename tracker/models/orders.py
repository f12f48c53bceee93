"""Orders from above: what a leader instructed on a task, and when a coordinator nudged a unit."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tracker.models.assignments import Assignment
from tracker.models.tasks import Task


class InstructionQuerySet(models.QuerySet["Instruction"]):
    def newest_first(self) -> Self:
        return self.select_related("created_by").order_by("-created_at", "-pk")


class Instruction(models.Model):
    """What a leader wrote on a task (批示), for every unit with a share in it; never changed."""

    task = models.ForeignKey(
        Task, verbose_name=_("任务"), on_delete=models.PROTECT, related_name="instructions"
    )
    text = models.TextField(_("批示内容"), max_length=4000)
    created_at = models.DateTimeField(_("批示时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("批示人"), on_delete=models.PROTECT, related_name="+"
    )
    # One form sent twice makes one instruction.
    form_key = models.UUIDField(_("表单标识"), editable=False)

    objects = InstructionQuerySet.as_manager()

    class Meta:
        verbose_name = _("批示")
        verbose_name_plural = _("批示")
        constraints = [models.UniqueConstraint(fields=["task", "form_key"], name="instruction_once_per_form")]

    if TYPE_CHECKING:
        task_id: int

    def __str__(self) -> str:
        return self.text[:30]


class NudgeQuerySet(models.QuerySet["Nudge"]):
    def newest_first(self) -> Self:
        return self.select_related("created_by").order_by("-created_at", "-pk")


class Nudge(models.Model):
    """A coordinator urges a unit to get on with its share (催办), with or without words."""

    assignment = models.ForeignKey(
        Assignment, verbose_name=_("责任"), on_delete=models.PROTECT, related_name="nudges"
    )
    note = models.TextField(_("催办内容"), max_length=4000, blank=True)
    created_at = models.DateTimeField(_("催办时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("催办人"), on_delete=models.PROTECT, related_name="+"
    )
    # One form sent twice makes one nudge of each share; a form may name many shares.
    form_key = models.UUIDField(_("表单标识"), editable=False)

    objects = NudgeQuerySet.as_manager()

    class Meta:
        verbose_name = _("催办")
        verbose_name_plural = _("催办")
        constraints = [
            models.UniqueConstraint(fields=["assignment", "form_key"], name="nudge_once_per_form"),
        ]

    if TYPE_CHECKING:
        assignment_id: int

    def __str__(self) -> str:
        return self.note[:30]
