"""What was changed in a draft: who, what, before and after. The answer to "who changed the extraction"."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from tracker.models.plans import Plan


class DraftEditQuerySet(models.QuerySet["DraftEdit"]):
    def of_measure(self, measure_id: int) -> Self:
        return self.filter(subject=DraftEdit.Subject.MEASURE, subject_id=measure_id)

    def since(self, version: int) -> Self:
        """What came after the version of the plan that a page was shown with."""
        return self.filter(number__gt=version)

    def standing(self) -> Self:
        """What holds: neither undone nor itself an undoing."""
        return self.filter(undone_at__isnull=True).exclude(kind=DraftEdit.Kind.UNDO)

    def newest_first(self) -> Self:
        return self.order_by("-number", "-pk")

    def oldest_first(self) -> Self:
        return self.order_by("number", "pk")

    def newest_standing_numbers(self) -> dict[tuple[str, int], int]:
        """For each thing edited the number of the last edit that holds: only that one can be undone."""
        rows = self.standing().order_by().values_list("subject", "subject_id")
        return {(subject, pk): number for subject, pk, number in rows.annotate(last=Max("number"))}


class DraftEdit(models.Model):
    """One change of one part of a draft; rows of one action share their number, the plan's version after it.

    Rows are only added. `before` and `after` are that part's stored rows (tracker.actions.draft_record), null
    where it did not exist.
    """

    class Subject(models.TextChoices):
        MEASURE = "MEASURE", _("条目")
        UNIT = "UNIT", _("单位名称")
        DOUBT = "DOUBT", _("疑点")

    class Kind(models.TextChoices):
        UNIT = "UNIT", _("确认单位名称")
        DATES = "DATES", _("改时限或取舍")
        SCHEDULE = "SCHEDULE", _("改时限类型")
        SPLIT = "SPLIT", _("拆分子句")
        MERGE = "MERGE", _("合并子句")
        UNITS = "UNITS", _("改责任单位")
        TARGETS = "TARGETS", _("改指标")
        DOUBT = "DOUBT", _("处理疑点")
        CHECK = "CHECK", _("核对完毕")
        SKIP_ONGOING = "SKIP_ONGOING", _("本章持续性子句不生成任务")
        QUARTERLY = "QUARTERLY", _("本章持续性子句改为每季度")
        UNDO = "UNDO", _("撤销")

    plan = models.ForeignKey(
        Plan, verbose_name=_("方案"), on_delete=models.CASCADE, related_name="draft_edits"
    )
    number = models.PositiveIntegerField(_("版本"))
    kind = models.CharField(_("改动"), max_length=12, choices=Kind.choices)
    subject = models.CharField(_("对象"), max_length=7, choices=Subject.choices)
    # No key of the table it points into: a unit that an edit made is gone once that is undone.
    subject_id = models.PositiveBigIntegerField(_("对象编号"))
    before = models.JSONField(_("改动前"), null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("改动后"), null=True, encoder=DjangoJSONEncoder)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("改动人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    created_at = models.DateTimeField(_("改动时间"))
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)

    objects = DraftEditQuerySet.as_manager()

    class Meta:
        verbose_name = _("草稿改动")
        verbose_name_plural = _("草稿改动")
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "number", "subject", "subject_id"], name="draft_edit_once_per_subject"
            )
        ]
        indexes = [
            models.Index(fields=["plan", "subject", "subject_id", "number"], name="draft_edit_by_subject")
        ]

    if TYPE_CHECKING:
        plan_id: int

    def __str__(self) -> str:
        return f"{self.number} {self.get_kind_display()}"
