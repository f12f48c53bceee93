"""Changes of the working calendar, and what each of them moved."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from notifications.digest import Matter
from notifications.policy import Kind, stage_label
from tracker.models import Assignment
from tracker.models.assignments import AssignmentQuerySet


class CalendarChangeQuerySet(models.QuerySet["CalendarChange"]):
    def version(self) -> int:
        """The number of the last change; 0 for none."""
        return self.order_by("-number").values_list("number", flat=True).first() or 0

    def since(self, version: int) -> Self:
        return self.filter(number__gt=version)

    def latest_first(self) -> Self:
        return self.select_related("changed_by").order_by("-number")


class CalendarChange(models.Model):
    """Days that were entered or given back together. Written once.

    Its number is the version of the calendar: two people who change it at once meet at the same number.
    """

    number = models.PositiveIntegerField(_("序号"), unique=True)
    changed_at = models.DateTimeField(_("时间"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("修改人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    # Lines in the words that people read, as in the audit: days, what they were, what they are.
    days = models.JSONField(_("日期"), default=list)
    move_count = models.PositiveIntegerField(_("变动的提醒"), default=0)
    looked_at = models.PositiveIntegerField(_("核对的责任"), default=0)
    is_cut = models.BooleanField(_("没有全部核对"), default=False)

    objects = CalendarChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("日历修改")
        verbose_name_plural = _("日历修改")

    def __str__(self) -> str:
        return f"{self.number}"


class CalendarMoveQuerySet(models.QuerySet["CalendarMove"]):
    def of_work(self, assignments: AssignmentQuerySet) -> Self:
        return self.filter(assignment__in=assignments)

    def for_page(self) -> Self:
        return self.select_related("assignment__task", "assignment__department").order_by("pk")


class CalendarMove(models.Model):
    """A reminder that a change of the calendar put on another day, as it was foreseen at that time.

    Without `from_day` it came by itself before, without `to_day` it does no longer: another stage says it.
    """

    change = models.ForeignKey(
        CalendarChange, verbose_name=_("日历修改"), on_delete=models.PROTECT, related_name="moves"
    )
    assignment = models.ForeignKey(
        Assignment, verbose_name=_("责任"), on_delete=models.PROTECT, related_name="+"
    )
    stage = models.CharField(_("提醒节点"), max_length=24)
    from_day = models.DateField(_("原日期"), null=True)
    to_day = models.DateField(_("新日期"), null=True)

    objects = CalendarMoveQuerySet.as_manager()

    if TYPE_CHECKING:
        change_id: int
        assignment_id: int

    class Meta:
        verbose_name = _("提醒变动")
        verbose_name_plural = _("提醒变动")

    def __str__(self) -> str:
        return f"{self.stage} {self.from_day} {self.to_day}"

    @property
    def matter(self) -> Matter:
        task = self.assignment.task
        unit = self.assignment.department.short_name
        return Matter(self.assignment_id, task.pk, task.number, task.text, unit, self.assignment.due_date)

    @property
    def stage_label(self) -> str:
        return stage_label(self.stage)

    @property
    def is_escalation(self) -> bool:
        return self.stage.startswith(Kind.ESCALATE)
