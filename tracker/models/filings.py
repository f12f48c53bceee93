"""Documents that a task asks of its units (备案): what was asked for, and what each of them handed in."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, Region
from tracker.models.assignments import Assignment, AssignmentQuerySet
from tracker.models.files import KeptFile
from tracker.models.tasks import Task
from tracker.workflow import Status

TITLE_LENGTH = 100


class FilingRequestQuerySet(models.QuerySet["FilingRequest"]):
    def open(self) -> Self:
        return self.filter(cancelled_at__isnull=True)

    def of_task(self, task: Task) -> Self:
        return self.filter(task=task)

    def in_regions(self, regions: models.QuerySet[Region]) -> Self:
        return self.filter(task__region__in=regions)

    def asked_of(self, department: int | None) -> Self:
        """Those that want a document from this department's share."""
        shares = Assignment.objects.in_force().filter(task=OuterRef("task"), department=department)
        everybody = Q(via__isnull=True) & Exists(shares)
        return self.filter(everybody | Exists(shares.filter(via=OuterRef("via"))))

    def not_filed_by(self, department: int | None) -> Self:
        """Those of which this department owes the document still."""
        filed = Filing.objects.of_shares_in_force().for_department(department)
        filed = filed.filter(request=OuterRef("pk"))
        return self.open().asked_of(department).exclude(Exists(filed))

    def for_page(self) -> Self:
        return self.select_related("task__region", "via", "created_by", "cancelled_by")

    def in_order(self) -> Self:
        return self.select_related("via").order_by("created_at", "pk")

    def by_urgency(self) -> Self:
        return self.select_related("task").order_by(models.F("due_date").asc(nulls_last=True), "pk")


class FilingRequest(models.Model):
    """A document that the units of a task are to hand in (备案要求)."""

    task = models.ForeignKey(
        Task, verbose_name=_("任务"), on_delete=models.PROTECT, related_name="filing_requests"
    )
    title = models.CharField(_("材料名称"), max_length=TITLE_LENGTH)
    # Whose shares are asked: those that came through this collective; all of the task where it is empty.
    via = models.ForeignKey(
        Department,
        verbose_name=_("报送单位"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    due_date = models.DateField(_("报送时限"), null=True, blank=True)
    created_at = models.DateTimeField(_("提出时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("提出人"), on_delete=models.PROTECT, related_name="+"
    )
    cancelled_at = models.DateTimeField(_("取消时间"), null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("取消人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    cancel_reason = models.TextField(_("取消理由"), blank=True)
    # One form sent twice asks once.
    form_key = models.UUIDField(_("表单标识"), editable=False)

    objects = FilingRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("备案要求")
        verbose_name_plural = _("备案要求")
        constraints = [
            models.UniqueConstraint(fields=["task", "form_key"], name="filing_asked_once_per_form"),
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True, cancelled_by__isnull=True)
                | Q(cancelled_at__isnull=False, cancelled_by__isnull=False),
                name="filing_cancelled_by_somebody",
            ),
        ]

    if TYPE_CHECKING:
        task_id: int
        via_id: int | None

    def __str__(self) -> str:
        return self.title

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled_at is not None

    def asks(self, assignment: Assignment) -> bool:
        """Whether this share is to hand the document in; the same as `asked`, for one row in hand."""
        return (
            assignment.task_id == self.task_id
            and assignment.is_in_force
            and self.via_id in (None, assignment.via_id)
        )

    @property
    def asked(self) -> AssignmentQuerySet:
        """The shares that are to hand the document in."""
        shares = Assignment.objects.in_force().filter(task=self.task_id)
        return shares if self.via_id is None else shares.through(self.via_id)


class FilingQuerySet(models.QuerySet["Filing"]):
    def for_department(self, department: int | None) -> Self:
        return self.filter(assignment__department=department)

    def in_regions(self, regions: models.QuerySet[Region]) -> Self:
        return self.filter(assignment__region__in=regions)

    def of_shares_in_force(self) -> Self:
        return self.exclude(assignment__status__in=Status.out_of_force)

    def newest_first(self) -> Self:
        return self.select_related("filed_by").order_by("-pk")

    def newest_of_each(self) -> Self:
        """Of each share and request the one that holds; those before it are kept for reading."""
        later = Filing.objects.filter(
            request=OuterRef("request"), assignment=OuterRef("assignment"), pk__gt=OuterRef("pk")
        )
        return self.exclude(Exists(later))


class Filing(KeptFile):
    """A document that a unit handed in (备案材料). The newest of a share holds."""

    request = models.ForeignKey(
        FilingRequest, verbose_name=_("备案要求"), on_delete=models.PROTECT, related_name="filings"
    )
    assignment = models.ForeignKey(
        Assignment, verbose_name=_("责任"), on_delete=models.PROTECT, related_name="filings"
    )
    filed_at = models.DateTimeField(_("报送时间"))
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("报送人"), on_delete=models.PROTECT, related_name="+"
    )
    # One form sent twice files once.
    form_key = models.UUIDField(_("表单标识"), editable=False)

    objects = FilingQuerySet.as_manager()

    class Meta:
        verbose_name = _("备案材料")
        verbose_name_plural = _("备案材料")
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "request", "form_key"], name="filing_filed_once_per_form"
            ),
        ]

    if TYPE_CHECKING:
        request_id: int
        assignment_id: int
