"""The times at which the scheduler did its work."""

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

# So long a released run is waited for: until the first planning of the next day, whatever the hour.
RELEASE_LASTS = timedelta(hours=24)


class RunQuerySet(models.QuerySet["Run"]):
    def plans(self) -> Self:
        return self.filter(kind=Run.Kind.PLAN)

    def sweeps(self) -> Self:
        return self.filter(kind=Run.Kind.SWEEP)

    def releasable(self, now: datetime) -> Self:
        """Held for their number and not yet let go; what was held days ago is no longer the question."""
        held = self.plans().filter(is_held=True, released_at__isnull=True)
        return held.filter(started_at__gt=now - RELEASE_LASTS)

    def has_release(self, now: datetime) -> bool:
        """Whether a person let a held run go, and no run has made use of it yet."""
        released = self.filter(released_at__gt=now - RELEASE_LASTS).order_by("-released_at").first()
        if released is None:
            return False
        sending = self.plans().filter(is_finished=True, is_held=False, planned__gt=0)
        return not sending.filter(started_at__gt=released.released_at).exists()

    def last_planning(self) -> datetime | None:
        """When the last planning that was neither held nor broken off began."""
        done = self.plans().filter(is_finished=True, is_held=False)
        return done.order_by("-started_at").values_list("started_at", flat=True).first()

    def with_outcomes(self) -> Self:
        """Annotate `sent`, `failed` and `dropped`: how many of the run's digests ended so."""
        return self.annotate(
            sent=Count("messages", filter=Q(messages__state="SENT")),
            failed=Count("messages", filter=Q(messages__state="DEAD")),
            dropped=Count("messages", filter=Q(messages__state="DROPPED")),
        )

    def latest_first(self) -> Self:
        return self.order_by("-started_at", "-pk")


class Run(models.Model):
    """One time the scheduler did its work: deciding who is told (PLAN), or looking for mail to send (SWEEP).

    What has become of a plan's digests is counted from them (with_outcomes), never stored.
    """

    class Kind(models.TextChoices):
        PLAN = "PLAN", _("生成提醒")
        SWEEP = "SWEEP", _("检查待发")

    kind = models.CharField(_("类别"), max_length=5, choices=Kind.choices)
    started_at = models.DateTimeField(_("开始时间"))
    is_finished = models.BooleanField(_("已完成"), default=False)
    planned = models.PositiveIntegerField(_("待发封数"), default=0)
    note = models.TextField(_("说明"), blank=True)
    # More digests than may go without asking: nothing was sent, a person lets it go or not.
    is_held = models.BooleanField(_("已暂停"), default=False)
    released_at = models.DateTimeField(_("放行时间"), null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("放行人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = _("运行记录")
        verbose_name_plural = _("运行记录")
        constraints = [
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, released_by__isnull=True)
                | Q(is_held=True, released_at__isnull=False, released_by__isnull=False),
                name="run_released_by_somebody_and_only_held",
            )
        ]
        indexes = [
            # "The last run of this kind" is asked by each page that shows whether the scheduler is alive.
            models.Index(fields=["kind", "-started_at"], name="run_latest_by_kind"),
            models.Index(
                fields=["-released_at"], name="run_released", condition=Q(released_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {localtime(self.started_at):%Y-%m-%d %H:%M}"
