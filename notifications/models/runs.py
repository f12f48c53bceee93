"""The times at which the scheduler did its work."""

from typing import Self

from django.db import models
from django.db.models import Count, Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _


class RunQuerySet(models.QuerySet["Run"]):
    def plans(self) -> Self:
        return self.filter(kind=Run.Kind.PLAN)

    def sweeps(self) -> Self:
        return self.filter(kind=Run.Kind.SWEEP)

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

    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = _("运行记录")
        verbose_name_plural = _("运行记录")
        # "The last run of this kind" is asked by each page that shows whether the scheduler is alive.
        indexes = [models.Index(fields=["kind", "-started_at"], name="run_latest_by_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {localtime(self.started_at):%Y-%m-%d %H:%M}"
