"""One clause to be carried out."""

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from tracker.highlight import Segment, marked
from tracker.models.plans import Clause, Measure, Plan, Schedule


class Task(Schedule):
    """One clause to be carried out (任务), with the units that answer for it."""

    region = models.ForeignKey(Region, verbose_name=_("地区"), on_delete=models.PROTECT, related_name="tasks")
    plan = models.ForeignKey(Plan, verbose_name=_("方案"), on_delete=models.PROTECT, related_name="tasks")
    measure = models.ForeignKey(
        Measure, verbose_name=_("条目"), on_delete=models.PROTECT, related_name="tasks"
    )
    clause = models.ForeignKey(Clause, verbose_name=_("子句"), on_delete=models.PROTECT, related_name="tasks")
    number = models.CharField(_("编号"), max_length=30)
    text = models.TextField(_("任务内容"))
    first_due_date = models.DateField(_("首定时限"), null=True, blank=True)
    created_at = models.DateTimeField(_("下达时间"))
    closed_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    # The hash of the newest event, so that one cut off at the end is missed.
    history_head = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = _("任务")
        verbose_name_plural = _("任务")
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="task_number_unique_in_plan"),
        ]

    if TYPE_CHECKING:
        region_id: int
        plan_id: int
        clause_id: int
        measure_id: int

    def __str__(self) -> str:
        return f"{self.number} {self.text[:30]}"

    def passage(self) -> list[Segment]:
        """The paragraph of the plan with this task's clause marked; wants plan, measure and clause loaded."""
        paragraph, words = (self.measure.start, self.measure.end), (self.clause.start, self.clause.end)
        return marked(self.plan.source_text, paragraph, words)
