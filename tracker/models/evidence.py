"""Files that show what was reported."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tracker.models.assignments import Assignment
from tracker.models.files import KeptFile, unguessable_path
from tracker.models.reports import ProgressReport

# A migration knows the path by this module.
__all__ = ["Evidence", "EvidenceQuerySet", "unguessable_path"]


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def for_department(self, department: int | None) -> Self:
        return self.filter(assignment__department=department)

    def standing(self) -> Self:
        """Of reports that were not taken back."""
        return self.filter(report__withdrawn_at__isnull=True)

    def with_origin(self) -> Self:
        """In the order of the form, with the report that brought the same file before."""
        return self.select_related("same_as__report").order_by("pk")


class Evidence(KeptFile):
    """One file of one report (佐证材料). It is never changed and never deleted, nor is its file."""

    report = models.ForeignKey(
        ProgressReport, verbose_name=_("填报"), on_delete=models.PROTECT, related_name="evidence"
    )
    assignment = models.ForeignKey(
        Assignment, verbose_name=_("责任"), on_delete=models.PROTECT, related_name="evidence"
    )
    # The same content came with an earlier report of this share: one file on disk serves both.
    same_as = models.ForeignKey(
        "self", verbose_name=_("相同文件"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("佐证材料")
        verbose_name_plural = _("佐证材料")
        constraints = [
            models.UniqueConstraint(fields=["report", "sha256"], name="evidence_once_per_report"),
            models.UniqueConstraint(
                fields=["assignment", "sha256"],
                condition=Q(same_as__isnull=True),
                name="evidence_stored_once_per_assignment",
            ),
        ]

    if TYPE_CHECKING:
        assignment_id: int
        report_id: int
