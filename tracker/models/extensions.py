"""Asking for more time: what a unit asked, and what the coordinator answered."""

from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tracker.models.assignments import Assignment
from tracker.models.tasks import Task


class ExtensionRequestQuerySet(models.QuerySet["ExtensionRequest"]):
    def open(self) -> Self:
        return self.filter(state=ExtensionRequest.State.OPEN)

    def answered_since(self, day: date) -> Self:
        """Granted or refused; what lapsed was answered by nobody."""
        states = (ExtensionRequest.State.GRANTED, ExtensionRequest.State.REFUSED)
        return self.filter(state__in=states, decided_at__date__gte=day)

    def of_task(self, task: Task) -> Self:
        return self.filter(assignment__task=task)

    def for_department(self, department: int | None) -> Self:
        return self.filter(assignment__department=department)

    def in_region(self, region_id: int | None) -> Self:
        return self.filter(assignment__region=region_id)

    def oldest_first(self) -> Self:
        return self.order_by("created_at", "pk")

    def for_page(self) -> Self:
        return self.select_related("assignment__department", "assignment__task", "created_by", "decided_by")

    def newest_first(self) -> Self:
        return self.select_related("assignment__department", "created_by", "decided_by").order_by(
            "-created_at", "-pk"
        )


class ExtensionRequest(models.Model):
    """A unit asks for another due date (延期申请). What was asked and answered never changes afterwards."""

    class State(models.TextChoices):
        OPEN = "OPEN", _("待审批")
        GRANTED = "GRANTED", _("已批准")
        REFUSED = "REFUSED", _("未批准")
        # The share was closed before anybody answered.
        LAPSED = "LAPSED", _("已失效")

    assignment = models.ForeignKey(
        Assignment, verbose_name=_("责任"), on_delete=models.PROTECT, related_name="extension_requests"
    )
    state = models.CharField(_("审批结果"), max_length=7, choices=State.choices, default=State.OPEN)
    old_date = models.DateField(_("原时限"))
    new_date = models.DateField(_("申请延至"))
    granted_date = models.DateField(_("批准延至"), null=True, blank=True)
    # Asked after the due date had passed: granted or not, the share is judged on its first date.
    is_late = models.BooleanField(_("逾期后提出"))
    reason = models.TextField(_("延期理由"), max_length=4000)
    created_at = models.DateTimeField(_("申请时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("申请人"), on_delete=models.PROTECT, related_name="+"
    )
    answer = models.TextField(_("审批意见"), blank=True)
    decided_at = models.DateTimeField(_("审批时间"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("审批人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    # One form sent twice makes one request.
    form_key = models.UUIDField(_("表单标识"), editable=False)

    objects = ExtensionRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("延期申请")
        verbose_name_plural = _("延期申请")
        constraints = [
            models.UniqueConstraint(fields=["assignment", "form_key"], name="extension_asked_once_per_form"),
            models.UniqueConstraint(
                fields=["assignment"], condition=Q(state="OPEN"), name="extension_one_open_per_assignment"
            ),
            models.CheckConstraint(condition=Q(new_date__gt=F("old_date")), name="extension_asks_for_later"),
            models.CheckConstraint(
                condition=(Q(state="GRANTED") & Q(granted_date__gt=F("old_date")))
                | (~Q(state="GRANTED") & Q(granted_date__isnull=True)),
                name="extension_granted_has_later_date",
            ),
            models.CheckConstraint(
                condition=(Q(state="OPEN") & Q(decided_at__isnull=True))
                | (~Q(state="OPEN") & Q(decided_at__isnull=False)),
                name="extension_decided_has_time",
            ),
        ]

    if TYPE_CHECKING:
        assignment_id: int

    def __str__(self) -> str:
        return f"{self.old_date} → {self.new_date}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def days(self) -> int:
        """How much more time was asked for."""
        return (self.new_date - self.old_date).days
