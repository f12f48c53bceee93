"""The ledger of reminders."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.models.messages import Message
from notifications.models.runs import Run
from notifications.policy import Kind, stage_label
from tracker.models import Assignment, Task

# Told to coordinators and leaders; ESCALATE_LEADER begins like ESCALATE.
ABOVE_THE_UNIT = (Kind.REVIEW, Kind.EXTENSION, Kind.ESCALATE)


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def of_task(self, task: Task) -> Self:
        return self.filter(assignment__task=task)

    def told_to_units(self) -> Self:
        """What the units' own people were told, not the coordinators and leaders above them."""
        above = Q()
        for kind in ABOVE_THE_UNIT:
            above |= Q(stage__startswith=f"{kind}_")
        return self.exclude(above)

    def about_unit(self, department_id: int | None) -> Self:
        return self.filter(assignment__department=department_id)

    def for_page(self) -> Self:
        """With what a line of a list prints, and without the long bodies of the mails."""
        rows = self.select_related("assignment__department", "recipient", "message")
        return rows.defer("message__text", "message__html")

    def newest_first(self) -> Self:
        return self.order_by("-planned_on", "-pk")


class Reminder(models.Model):
    """One line of the reminder ledger: a person was told a stage of an assignment, or it was overtaken.

    The key is what makes planning safe to repeat. `occasion_date` is the due date, or the day the state began
    (given out, handed in, returned, nudged, last heard of): move the date, and the stages are armed again.
    """

    class State(models.TextChoices):
        PLANNED = "PLANNED", _("已列入邮件")
        SUPERSEDED = "SUPERSEDED", _("已被后续提醒取代")

    run = models.ForeignKey(Run, verbose_name=_("运行"), on_delete=models.PROTECT, related_name="reminders")
    assignment = models.ForeignKey(
        Assignment, verbose_name=_("责任"), on_delete=models.PROTECT, related_name="reminders"
    )
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("收件人"), on_delete=models.PROTECT, related_name="reminders"
    )
    stage = models.CharField(_("提醒节点"), max_length=24)
    occasion_date = models.DateField(_("对应日期"))
    planned_on = models.DateField(_("列入日期"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.PLANNED)
    message = models.ForeignKey(
        Message,
        verbose_name=_("邮件"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="reminders",
    )

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("提醒台账")
        verbose_name_plural = _("提醒台账")
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "recipient", "stage", "occasion_date"],
                name="reminder_once_per_occasion",
            )
        ]

    if TYPE_CHECKING:
        assignment_id: int
        recipient_id: int
        message_id: int | None

    def __str__(self) -> str:
        return f"{self.stage_label}（{self.occasion_date}）"

    @property
    def stage_label(self) -> str:
        return stage_label(self.stage)
