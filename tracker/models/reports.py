"""What a unit reported."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from tracker.models.assignments import Assignment, AssignmentQuerySet
from tracker.models.withdrawals import Withdrawable, WithdrawableQuerySet


class ProgressReportQuerySet(WithdrawableQuerySet["ProgressReport"]):
    def of_assignments(self, assignments: AssignmentQuerySet) -> Self:
        return self.filter(assignment__in=assignments)

    def of(self, assignment: Assignment) -> Self:
        return self.filter(assignment=assignment)

    def for_page(self) -> Self:
        return self.select_related(
            "assignment__task",
            "assignment__plan",
            "assignment__department",
            "assignment__region",
            "created_by",
        ).with_origin()

    def newest_first(self) -> Self:
        people = ("created_by", "withdrawn_by", "assignment__department")
        return self.select_related(*people).with_origin().order_by("-created_at", "-pk")

    def with_mirrors(self, report: int) -> Self:
        """This report and its counterparts in other tasks of the same duty."""
        return self.filter(Q(pk=report) | Q(shared_from=report))

    def mirroring(self, reports: Iterable["ProgressReport"]) -> Self:
        """The counterparts of these in other tasks of the same duty."""
        return self.filter(shared_from__in=list(reports))

    def with_origin(self) -> Self:
        """With the task for which it was given first, where it counts for this one by their common duty."""
        origin = "shared_from__assignment"
        found = self.select_related(f"{origin}__task", f"{origin}__plan")
        return found.defer(f"{origin}__plan__source_text")


class ProgressReport(Withdrawable):
    """What a unit reported (填报): how far, in percent, and in words."""

    assignment = models.ForeignKey(
        Assignment, verbose_name=_("责任"), on_delete=models.PROTECT, related_name="reports"
    )
    percent = models.PositiveSmallIntegerField(_("进度（%）"), validators=[MaxValueValidator(100)])
    note = models.TextField(_("进展说明"), max_length=4000)
    created_at = models.DateTimeField(_("填报时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("填报人"), on_delete=models.PROTECT, related_name="+"
    )
    # Filled in by the unit without network, and brought in by a coordinator.
    is_on_behalf = models.BooleanField(_("代填报"), default=False)
    # The same unit's report for another task of the same duty, of which this is the counterpart here: one
    # form, one text, counted for each of the tasks (actions.work).
    shared_from = models.ForeignKey(
        "self",
        verbose_name=_("同一职责下的原填报"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="mirrors",
    )
    # One form sent twice makes one report: the key is drawn when the form is shown.
    form_key = models.UUIDField(_("表单标识"), editable=False)
    # Taken over from an old ledger by a coordinator: not the unit's own words.
    is_carried = models.BooleanField(_("台账导入"), default=False, editable=False)

    objects = ProgressReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("填报")
        verbose_name_plural = _("填报")
        constraints = [
            models.UniqueConstraint(fields=["assignment", "form_key"], name="report_made_once_per_form"),
            models.CheckConstraint(condition=Q(percent__lte=100), name="report_percent_at_most_100"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="report_withdrawn_by_somebody",
            ),
        ]

    if TYPE_CHECKING:
        assignment_id: int
        shared_from_id: int | None

    def __str__(self) -> str:
        return f"{self.percent}% {self.note[:30]}"


def with_newest_report(shares: AssignmentQuerySet) -> AssignmentQuerySet:
    """Annotate the newest report that stands: its key as `newest_report`, its words as `newest_note`."""
    standing = ProgressReport.objects.standing().filter(assignment=OuterRef("pk"))
    newest = standing.order_by("-created_at", "-pk")
    return shares.annotate(  # type: ignore[no-redef]
        newest_report=Subquery(newest.values("pk")[:1]), newest_note=Subquery(newest.values("note")[:1])
    )
