"""What a unit's figures were, day by day, against the targets of its task."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext_lazy as _

from tracker.models.assignments import Assignment
from tracker.models.plans import Target
from tracker.models.withdrawals import Withdrawable, WithdrawableQuerySet


class TargetReadingQuerySet(WithdrawableQuerySet["TargetReading"]):
    def counting(self) -> Self:
        """Of each day the one given last: a reading is corrected by another of the same day."""
        later = TargetReading.objects.standing().filter(
            target=OuterRef("target"),
            assignment=OuterRef("assignment"),
            read_on=OuterRef("read_on"),
            pk__gt=OuterRef("pk"),
        )
        return self.standing().filter(~Exists(later))

    def newest(self, count: int) -> Self:
        """The last `count` of each unit and target."""
        place = Window(
            RowNumber(),
            partition_by=[F("target"), F("assignment")],
            order_by=[F("read_on").desc(), F("pk").desc()],
        )
        return self.annotate(place=place).filter(place__lte=count)

    def in_order(self) -> Self:
        return self.order_by("read_on", "pk")

    def for_page(self) -> Self:
        return self.select_related(
            "target", "created_by", "assignment__task", "assignment__department", "assignment__region"
        )


class TargetReading(Withdrawable):
    """A figure of one unit for one target on a day (指标数值). Corrected by a later one, never changed."""

    target = models.ForeignKey(
        Target, verbose_name=_("指标"), on_delete=models.PROTECT, related_name="readings"
    )
    assignment = models.ForeignKey(
        Assignment, verbose_name=_("责任"), on_delete=models.PROTECT, related_name="readings"
    )
    # As many digits as SQLite keeps exactly: it stores decimals as binary fractions.
    value = models.DecimalField(_("数值"), max_digits=15, decimal_places=4)
    read_on = models.DateField(_("数值日期"))
    note = models.CharField(_("说明"), max_length=400, blank=True)
    created_at = models.DateTimeField(_("登记时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("登记人"), on_delete=models.PROTECT, related_name="+"
    )
    # One form sent twice makes one reading.
    form_key = models.UUIDField(_("表单标识"), editable=False)

    objects = TargetReadingQuerySet.as_manager()

    class Meta:
        verbose_name = _("指标数值")
        verbose_name_plural = _("指标数值")
        constraints = [
            models.UniqueConstraint(fields=["assignment", "form_key"], name="reading_form_kept_once"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="reading_withdrawn_by_somebody",
            ),
        ]
        indexes = [
            # What a task's page and the correction of a day look up.
            models.Index(fields=["assignment", "target", "read_on"], name="reading_by_share_and_target")
        ]

    if TYPE_CHECKING:
        target_id: int
        assignment_id: int

    def __str__(self) -> str:
        return f"{self.read_on} {self.value.normalize():f}"
