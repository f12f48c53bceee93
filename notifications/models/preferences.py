"""What each person says about the own reminders."""

from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from notifications.hours import FIRST_HOUR, LAST_HOUR
from notifications.policy import Kind

# How many days before the due date a reminder still counts as an early one.
EARLY_FROM = 8


class PreferenceQuerySet(models.QuerySet["Preference"]):
    def by_person(self) -> dict[int, "Preference"]:
        """Of the people in use, by key. One query."""
        return {row.user_id: row for row in self.filter(user__is_active=True)}

    def wanting_rest_days(self) -> Self:
        return self.filter(on_rest_days=True, user__is_active=True)


class Preference(models.Model):
    """When and of what a person is reminded (提醒设置).

    Without a row: on working days, by the first run, of everything.
    """

    class Mutable(models.TextChoices):
        """What a person may do without. All else is told: work returned, overdue, ordered, or given out."""

        EARLY = "EARLY", _("到期前8天及更早的提醒")
        NODE = "NODE", _("节点临近的提醒（节点过后的仍会提醒）")
        SILENT = "SILENT", _("无期限任务久未填报的提醒")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("人员"), on_delete=models.PROTECT, related_name="+"
    )
    paused_from = models.DateField(_("暂停自"), null=True, blank=True)
    paused_until = models.DateField(_("暂停至"), null=True, blank=True)
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("代收人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    on_rest_days = models.BooleanField(_("休息日也接收提醒"), default=False)
    # Local, from 8 to 20; none for the first run of the day.
    hour = models.PositiveSmallIntegerField(_("提醒时刻"), null=True, blank=True)
    muted = models.JSONField(_("不接收"), default=list, blank=True)

    objects = PreferenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("提醒设置")
        verbose_name_plural = _("提醒设置")
        constraints = [
            models.CheckConstraint(
                condition=Q(paused_from__isnull=True, paused_until__isnull=True, deputy__isnull=True)
                | Q(paused_until__gte=F("paused_from"), deputy__isnull=False),
                name="preference_pause_has_days_and_deputy",
            ),
            models.CheckConstraint(
                condition=Q(hour__isnull=True) | Q(hour__gt=FIRST_HOUR, hour__lte=LAST_HOUR),
                name="preference_hour_is_one_of_the_runs",
            ),
        ]

    if TYPE_CHECKING:
        user_id: int
        deputy_id: int | None

    def __str__(self) -> str:
        return str(self.user)

    def is_paused(self, today: date) -> bool:
        if self.paused_from is None or self.paused_until is None:
            return False
        return self.paused_from <= today <= self.paused_until

    def mutes(self, stage: str, kind: Kind) -> bool:
        """Whether the person does without this reminder."""
        if kind is Kind.BEFORE:
            return self.Mutable.EARLY in self.muted and int(stage.rpartition("_")[2]) >= EARLY_FROM
        return kind in (Kind.NODE, Kind.SILENT) and kind in self.muted
