"""What a coordinator decides for one clause when a new edition of a plan is compared with the old."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tracker.models.plans import Clause, Plan


class EditionChoice(models.Model):
    """One decision (新版本逐条决定): of an old clause, and of the clause of the draft that is its successor.

    It holds as long as `mark` is that of what it was made on (tracker.comparison): whatever changes in
    either clause, or a task that is closed meanwhile, asks for a new decision.
    """

    class Action(models.TextChoices):
        CARRY = "CARRY", _("沿用原任务，改为新内容")
        REOPEN = "REOPEN", _("沿用原任务，重新开启")
        REPLACE = "REPLACE", _("另立新任务，停办原任务")
        KEEP = "KEEP", _("保留，按原要求继续办")
        WAIVE = "WAIVE", _("不再要求")

    plan = models.ForeignKey(
        Plan, verbose_name=_("方案"), on_delete=models.CASCADE, related_name="edition_choices"
    )
    old_clause = models.ForeignKey(
        Clause, verbose_name=_("原子句"), on_delete=models.PROTECT, related_name="+"
    )
    # No key of the table it points into: undoing an edit of the draft puts the clause back under its number.
    new_clause_id = models.PositiveBigIntegerField(_("新子句编号"), null=True, blank=True)
    action = models.CharField(_("处理"), max_length=7, choices=Action.choices)
    takes_date = models.BooleanField(_("时限按新版本"), default=True)
    takes_units = models.BooleanField(_("责任单位按新版本"), default=True)
    note = models.CharField(_("说明"), max_length=400, blank=True)
    mark = models.CharField(max_length=64, editable=False)
    decided_at = models.DateTimeField(_("决定时间"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("决定人"), on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("新版本逐条决定")
        verbose_name_plural = _("新版本逐条决定")
        constraints = [
            models.UniqueConstraint(fields=["plan", "old_clause"], name="edition_choice_once_per_clause"),
            models.CheckConstraint(
                condition=Q(action__in=["CARRY", "REOPEN", "REPLACE", "KEEP", "WAIVE"]),
                name="edition_choice_action_known",
            ),
        ]

    if TYPE_CHECKING:
        plan_id: int
        old_clause_id: int

    def __str__(self) -> str:
        return f"{self.old_clause}：{self.get_action_display()}"
