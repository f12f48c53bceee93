"""A recurring clause: where its periods begin and end, and when the next one is due to be made."""

from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from tracker.models.plans import Clause, Every, Plan
from tracker.periods import period_of


class SeriesQuerySet(models.QuerySet["Series"]):
    def in_plans(self, plans: models.QuerySet[Plan]) -> Self:
        return self.filter(plan__in=plans)

    def in_reach(self, today: date) -> Self:
        """Whose next period is to have its task by now."""
        return self.filter(next_on__lte=today)

    def for_page(self) -> Self:
        return self.select_related("region", "plan", "ended_by", "clause__measure")


class Series(models.Model):
    """A recurring clause of a live plan (周期任务): it makes an ordinary task for each period."""

    region = models.ForeignKey(
        Region, verbose_name=_("地区"), on_delete=models.PROTECT, related_name="series"
    )
    plan = models.ForeignKey(Plan, verbose_name=_("方案"), on_delete=models.PROTECT, related_name="series")
    clause = models.OneToOneField(
        Clause, verbose_name=_("子句"), on_delete=models.PROTECT, related_name="series"
    )
    every = models.CharField(_("周期"), max_length=10, choices=Every.choices)
    starts_on = models.DateField(_("起始日期"))
    # The end that the clause or its plan states; without one it goes on.
    ends_on = models.DateField(_("截止日期"), null=True, blank=True)
    # What comes next: the first day of the period, and the day on which its task is made.
    next_first = models.DateField(_("下一周期首日"), null=True, blank=True)
    next_on = models.DateField(_("下次生成日"), null=True, blank=True)
    created_at = models.DateTimeField(_("建立时间"))
    # Ended by a person before its time.
    ended_at = models.DateTimeField(_("停止时间"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("停止人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    end_reason = models.TextField(_("停止理由"), max_length=4000, blank=True)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name = _("周期任务")
        verbose_name_plural = _("周期任务")
        constraints = [
            models.CheckConstraint(
                condition=Q(every__in=["week", "month", "quarter", "half-year", "year"]),
                name="series_every_makes_periods",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="series_dates_in_order",
            ),
            models.CheckConstraint(
                condition=Q(next_on__isnull=True, next_first__isnull=True)
                | Q(
                    next_on__isnull=False,
                    next_first__isnull=False,
                    next_on__gte=F("next_first"),
                    ended_at__isnull=True,
                ),
                name="ended_series_makes_nothing",
            ),
        ]
        indexes = [
            # What the daily job asks: few of the rows are ever due.
            models.Index(fields=["next_on"], condition=Q(next_on__isnull=False), name="series_by_next_day"),
        ]

    if TYPE_CHECKING:
        region_id: int
        plan_id: int
        clause_id: int

    def __str__(self) -> str:
        return f"{self.get_every_display()} {self.clause}"

    @property
    def goes_on(self) -> bool:
        """Whether another period will be made."""
        return self.next_on is not None

    @property
    def next_period(self) -> str:
        """The period whose task is made next, as people say it; empty when none is."""
        if self.next_first is None:
            return ""
        return period_of(self.every, self.next_first, starts_on=self.next_first).label
