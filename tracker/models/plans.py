"""A plan as the parser read it and the coordinator settled it: the draft from which tasks are made."""

from collections.abc import Iterable
from enum import nonmember
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, Region
from tracker.workflow import Role


class ScheduleKind(models.TextChoices):
    """Kinds of SCHEDULE of the parser contract."""

    DEADLINE = "deadline", _("限期")
    WINDOW = "window", _("期间")
    START = "start", _("起始")
    RECURRING = "recurring", _("周期")
    ONGOING = "ongoing", _("持续")


class Every(models.TextChoices):
    """Periods of a recurring clause."""

    DAY = "day", _("每日")
    WEEK = "week", _("每周")
    MONTH = "month", _("每月")
    QUARTER = "quarter", _("每季度")
    HALF_YEAR = "half-year", _("每半年")
    YEAR = "year", _("每年")

    # What is done every day stays one task: nobody is asked to report on each day.
    in_series = nonmember(("week", "month", "quarter", "half-year", "year"))


class Schedule(models.Model):
    """When something is to be done: what was said (quote), what it means, and what was implied."""

    kind = models.CharField(
        _("时限类型"), max_length=10, choices=ScheduleKind.choices, default=ScheduleKind.ONGOING
    )
    due_date = models.DateField(_("完成时限"), null=True, blank=True)
    start_date = models.DateField(_("起始日期"), null=True, blank=True)
    every = models.CharField(_("周期"), max_length=10, choices=Every.choices, blank=True)
    quote = models.CharField(_("时限原文"), max_length=200, blank=True)
    precision = models.CharField(_("精度"), max_length=10, blank=True)
    rule = models.CharField(_("识别规则"), max_length=60, blank=True)
    implied = models.JSONField(_("推定内容"), default=list, blank=True)

    class Meta:
        abstract = True


class PlanQuerySet(models.QuerySet["Plan"]):
    def in_regions(self, regions: models.QuerySet[Region]) -> Self:
        return self.filter(region__in=regions)

    def in_region(self, region_id: int) -> Self:
        return self.filter(region=region_id)

    def live(self) -> Self:
        return self.filter(status=Plan.Status.LIVE)

    def drafts(self) -> Self:
        return self.filter(status=Plan.Status.DRAFT)

    def given_out(self) -> Self:
        """Live ones, and those that were live until a new edition took their place."""
        return self.filter(confirmed_at__isnull=False)

    def never_given_out(self) -> Self:
        """Drafts, and those that were replaced by a new edition as drafts."""
        return self.filter(confirmed_at__isnull=True)

    def in_use(self, assignments: models.QuerySet[Any]) -> Self:
        """Live ones, and superseded ones under which some of the assignments still stand."""
        stays = Q(status=Plan.Status.SUPERSEDED) & Exists(assignments.filter(plan=OuterRef("pk")))
        return self.filter(Q(status=Plan.Status.LIVE) | stays)

    def with_work(self, assignments: models.QuerySet[Any]) -> Self:
        """Plans to which some of the assignments belong."""
        return self.filter(Exists(assignments.filter(plan=OuterRef("pk"))))

    def editions(self) -> list[tuple[int, int]]:
        """Each plan that took the place of another, with that one: earlier editions before later ones."""
        given_out = self.given_out().order_by("confirmed_at", "pk")
        pairs = given_out.exclude(previous_edition=None).values_list("pk", "previous_edition")
        return [(pk, before) for pk, before in pairs if before is not None]

    def newest_first(self) -> Self:
        return self.order_by(F("issued_on").desc(nulls_last=True), "-pk")

    def asking_evidence(self) -> Self:
        """Those under which nothing is handed in without a file."""
        return self.filter(asks_evidence=True)

    def without_source(self) -> Self:
        """For lists: the whole text of a plan is only read on its own pages."""
        return self.defer("source_text")


class Plan(models.Model):
    """One plan document (方案) of a region: a draft until a coordinator confirms it."""

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("草稿")
        LIVE = "LIVE", _("已下达")
        SUPERSEDED = "SUPERSEDED", _("已被新版本取代")

    region = models.ForeignKey(Region, verbose_name=_("地区"), on_delete=models.PROTECT, related_name="plans")
    title = models.CharField(_("标题"), max_length=300)
    document_number = models.CharField(_("文号"), max_length=80, blank=True)
    issuer = models.CharField(_("发文机关"), max_length=120, blank=True)
    issued_on = models.DateField(_("成文日期"), null=True, blank=True)
    published_on = models.DateField(_("发布日期"), null=True, blank=True)
    # Said by the coordinator at confirming; recurring clauses without an end of their own run until then.
    ends_on = models.DateField(_("执行截止日期"), null=True, blank=True)
    file_name = models.CharField(_("文件名"), max_length=255)
    source_text = models.TextField(_("原文"))
    content_hash = models.CharField(_("内容指纹"), max_length=64)
    status = models.CharField(_("状态"), max_length=10, choices=Status.choices, default=Status.DRAFT)
    # The edition that this one takes the place of (or, as a draft, is compared with).
    previous_edition = models.ForeignKey(
        "self",
        verbose_name=_("原版本"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="next_editions",
    )
    created_at = models.DateTimeField(_("导入时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("导入人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    confirmed_at = models.DateTimeField(_("下达时间"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("下达人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    asks_evidence = models.BooleanField(_("办结须附佐证材料"), default=False)
    version = models.PositiveIntegerField(_("版本"), default=1)

    objects = PlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("方案")
        verbose_name_plural = _("方案")
        constraints = [
            models.UniqueConstraint(fields=["region", "content_hash"], name="plan_unique_by_content"),
            models.CheckConstraint(
                condition=~Q(status="LIVE") | Q(confirmed_at__isnull=False), name="live_plan_has_confirmation"
            ),
            # Several drafts may be compared with one plan; one of them takes its place.
            models.UniqueConstraint(
                fields=["previous_edition"],
                condition=Q(confirmed_at__isnull=False),
                name="plan_has_one_next_edition",
            ),
        ]

    if TYPE_CHECKING:
        region_id: int
        previous_edition_id: int | None

    def __str__(self) -> str:
        return self.title

    @property
    def is_superseded(self) -> bool:
        return self.status == self.Status.SUPERSEDED

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT


class MeasureQuerySet(models.QuerySet["Measure"]):
    def in_plans(self, plans: PlanQuerySet | Iterable[int]) -> Self:
        return self.filter(plan__in=plans)

    def in_order(self) -> Self:
        return self.order_by("plan", "position")


class Measure(models.Model):
    """A numbered paragraph (条目) of a plan, or one row of its annexed table."""

    class Kind(models.TextChoices):
        PROSE = "PROSE", _("条目")
        ROW = "ROW", _("责任清单")

    plan = models.ForeignKey(Plan, verbose_name=_("方案"), on_delete=models.CASCADE, related_name="measures")
    position = models.PositiveIntegerField(_("顺序"))
    kind = models.CharField(_("来源"), max_length=5, choices=Kind.choices, default=Kind.PROSE)
    path = models.JSONField(_("所属章节"), default=list)
    number = models.CharField(_("编号"), max_length=20, blank=True)
    title = models.CharField(_("标题"), max_length=300)
    text = models.TextField(_("原文"))
    start = models.PositiveIntegerField(_("起"))
    end = models.PositiveIntegerField(_("止"))
    people = models.JSONField(_("责任人"), default=list, blank=True)
    # A coordinator went through it in the draft.
    checked_at = models.DateTimeField(_("核对时间"), null=True, blank=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("核对人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = MeasureQuerySet.as_manager()

    class Meta:
        verbose_name = _("条目")
        verbose_name_plural = _("条目")
        constraints = [
            models.UniqueConstraint(fields=["plan", "position"], name="measure_position_unique"),
            models.CheckConstraint(condition=Q(start__lte=F("end")), name="measure_span_in_order"),
        ]

    if TYPE_CHECKING:
        plan_id: int
        checked_by_id: int | None

    def __str__(self) -> str:
        return f"{self.number}{self.title}"


class Clause(Schedule):
    """One obligation of a measure, with its place in the source. Each becomes a task unless skipped."""

    measure = models.ForeignKey(
        Measure, verbose_name=_("条目"), on_delete=models.CASCADE, related_name="clauses"
    )
    position = models.PositiveIntegerField(_("顺序"))
    text = models.TextField(_("任务内容"))
    start = models.PositiveIntegerField(_("起"))
    end = models.PositiveIntegerField(_("止"))
    is_skipped = models.BooleanField(_("不生成任务"), default=False)
    is_due_edited = models.BooleanField(_("时限经人工修改"), default=False)

    class Meta:
        verbose_name = _("子句")
        verbose_name_plural = _("子句")
        constraints = [
            models.UniqueConstraint(fields=["measure", "position"], name="clause_position_unique"),
            models.CheckConstraint(condition=Q(start__lt=F("end")), name="clause_span_in_order"),
        ]

    if TYPE_CHECKING:
        measure_id: int

    def __str__(self) -> str:
        return self.text[:40]

    @property
    def makes_series(self) -> bool:
        """Whether it comes round again; a due date is then where that ends."""
        return self.kind == ScheduleKind.RECURRING and self.every in Every.in_series


class PlanUnit(models.Model):
    """A unit's name as the plan prints it, and the department it was found or settled to be."""

    class Resolution(models.TextChoices):
        UNKNOWN = "UNKNOWN", _("待确认")
        MATCHED = "MATCHED", _("自动匹配")
        SETTLED = "SETTLED", _("人工确认")
        WAIVED = "WAIVED", _("不作为责任单位")

    plan = models.ForeignKey(Plan, verbose_name=_("方案"), on_delete=models.CASCADE, related_name="units")
    name = models.CharField(_("方案中的名称"), max_length=120)
    department = models.ForeignKey(
        Department,
        verbose_name=_("对应单位"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    resolution = models.CharField(
        _("确认情况"), max_length=8, choices=Resolution.choices, default=Resolution.UNKNOWN
    )

    class Meta:
        verbose_name = _("方案中的单位")
        verbose_name_plural = _("方案中的单位")
        constraints = [
            models.UniqueConstraint(fields=["plan", "name"], name="plan_unit_unique"),
            models.CheckConstraint(
                condition=Q(resolution__in=["MATCHED", "SETTLED"], department__isnull=False)
                | Q(resolution__in=["UNKNOWN", "WAIVED"], department__isnull=True),
                name="plan_unit_department_fits_resolution",
            ),
        ]

    if TYPE_CHECKING:
        plan_id: int
        department_id: int | None

    def __str__(self) -> str:
        return self.name


class UnitMention(models.Model):
    """A unit named with a role: for one clause, for a whole measure, or (neither) for all of the plan."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="mentions")
    measure = models.ForeignKey(
        Measure, null=True, blank=True, on_delete=models.CASCADE, related_name="mentions"
    )
    clause = models.ForeignKey(
        Clause, null=True, blank=True, on_delete=models.CASCADE, related_name="mentions"
    )
    unit = models.ForeignKey(
        PlanUnit, verbose_name=_("单位"), on_delete=models.CASCADE, related_name="mentions"
    )
    role = models.CharField(_("角色"), max_length=9, choices=Role.choices)

    class Meta:
        verbose_name = _("责任分工")
        verbose_name_plural = _("责任分工")

    if TYPE_CHECKING:
        plan_id: int
        unit_id: int
        measure_id: int | None
        clause_id: int | None

    def __str__(self) -> str:
        return f"{self.unit}（{self.get_role_display()}）"


class TargetQuerySet(models.QuerySet["Target"]):
    def in_order(self) -> Self:
        return self.order_by("pk")


class Target(models.Model):
    """A quantified commitment (指标): of one clause, or of the plan as a whole (its goals)."""

    plan = models.ForeignKey(Plan, verbose_name=_("方案"), on_delete=models.CASCADE, related_name="targets")
    clause = models.ForeignKey(
        Clause,
        verbose_name=_("子句"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="targets",
    )
    quote = models.CharField(_("原文"), max_length=300)
    indicator = models.CharField(_("指标"), max_length=200)
    op = models.CharField(_("关系"), max_length=2)
    value = models.DecimalField(_("数值"), max_digits=18, decimal_places=4)
    unit = models.CharField(_("单位"), max_length=40, blank=True)
    due_date = models.DateField(_("期限"), null=True, blank=True)

    objects = TargetQuerySet.as_manager()

    class Meta:
        verbose_name = _("指标")
        verbose_name_plural = _("指标")
        constraints = [
            models.CheckConstraint(
                condition=Q(op__in=[">=", "<=", "=", ">", "<", "+", "-"]), name="target_op_known"
            )
        ]

    def __str__(self) -> str:
        return self.quote


class DoubtQuerySet(models.QuerySet["Doubt"]):
    def open(self) -> Self:
        return self.filter(settled_at__isnull=True)

    def blocking(self) -> Self:
        return self.open().filter(is_blocking=True)


class Doubt(models.Model):
    """Something the parser would not decide alone, with its place in the source."""

    plan = models.ForeignKey(Plan, verbose_name=_("方案"), on_delete=models.CASCADE, related_name="doubts")
    measure = models.ForeignKey(
        Measure,
        verbose_name=_("条目"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="doubts",
    )
    code = models.CharField(_("代码"), max_length=40)
    message = models.CharField(_("说明"), max_length=300)
    start = models.PositiveIntegerField(_("起"))
    end = models.PositiveIntegerField(_("止"))
    is_blocking = models.BooleanField(_("须先处理"), default=False)
    settled_at = models.DateTimeField(_("处理时间"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("处理人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = DoubtQuerySet.as_manager()

    class Meta:
        verbose_name = _("疑点")
        verbose_name_plural = _("疑点")

    if TYPE_CHECKING:
        plan_id: int
        measure_id: int | None

    def __str__(self) -> str:
        return self.message
