"""What a person has typed into a progress form and not yet sent."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tracker.models.assignments import Assignment


class ReportDraftQuerySet(models.QuerySet["ReportDraft"]):
    def by(self, user: int) -> Self:
        return self.filter(user=user)

    def for_department(self, department: int | None) -> Self:
        return self.filter(assignment__department=department)

    def of(self, assignment: Assignment) -> Self:
        return self.filter(assignment=assignment)


class ReportDraft(models.Model):
    """A progress form that was begun (填报草稿): its writer's alone, not on record, gone once sent."""

    assignment = models.ForeignKey(
        Assignment, verbose_name=_("责任"), on_delete=models.CASCADE, related_name="report_drafts"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("填写人"), on_delete=models.CASCADE, related_name="+"
    )
    percent = models.PositiveSmallIntegerField(
        _("进度（%）"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    note = models.TextField(_("进展说明"), blank=True)
    saved_at = models.DateTimeField(_("保存时间"))

    objects = ReportDraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("填报草稿")
        verbose_name_plural = _("填报草稿")
        constraints = [
            models.UniqueConstraint(fields=["assignment", "user"], name="report_draft_one_per_person"),
            models.CheckConstraint(condition=Q(percent__lte=100), name="report_draft_percent_at_most_100"),
        ]

    if TYPE_CHECKING:
        assignment_id: int
        user_id: int

    def __str__(self) -> str:
        return self.note[:30]
