"""Live work: tasks, who answers for them, what they report, and the history of it all."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Self

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, Region
from tracker.models.plans import Clause, Measure, Plan, Schedule
from tracker.workflow import YELLOW_DAYS, EventKind, Light, Role, Status

SORT_KEYS = {"due": "due_date", "percent": "percent", "unit": "department__short_name", "plan": "plan__title"}


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


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    """Filters with the names people use. `today` is always given; nothing here asks the clock."""

    @staticmethod
    def overdue_q(today: date) -> Q:
        """The one definition of overdue: the unit's clock runs and the due date has passed.

        Due today is not overdue; without a due date nothing ever is; what was handed in waits for the
        reviewer, not for the unit (design section 4).
        """
        return Q(status__in=Status.with_unit, due_date__lt=today)

    def overdue(self, today: date) -> Self:
        return self.filter(self.overdue_q(today))

    def not_overdue(self, today: date) -> Self:
        return self.exclude(self.overdue_q(today))

    @staticmethod
    def due_within_q(today: date, days: int) -> Q:
        """With the unit, and due today or in the next `days` days."""
        last = today + timedelta(days=days)
        return Q(status__in=Status.with_unit, due_date__gte=today, due_date__lte=last)

    def due_within(self, today: date, days: int) -> Self:
        return self.filter(self.due_within_q(today, days))

    def due_after(self, today: date, days: int) -> Self:
        """With the unit, and due later than in the next `days` days."""
        return self.filter(status__in=Status.with_unit, due_date__gt=today + timedelta(days=days))

    def not_urgent(self, today: date, days: int) -> Self:
        """Not finished, and neither overdue nor due in the next `days` days."""
        return self.open().exclude(self.overdue_q(today) | self.due_within_q(today, days))

    def due_in_month(self, first: date) -> Self:
        """Due in the month that begins on `first`, whatever the status."""
        return self.filter(due_date__range=(first, first + relativedelta(day=31)))

    def undated(self) -> Self:
        return self.filter(due_date__isnull=True)

    def open(self) -> Self:
        return self.filter(status__in=Status.open)

    def unsigned(self) -> Self:
        return self.filter(status=Status.PENDING)

    def active(self) -> Self:
        return self.filter(status=Status.ACTIVE)

    def suspended(self) -> Self:
        return self.filter(status=Status.SUSPENDED)

    def awaiting_review(self) -> Self:
        return self.filter(status=Status.SUBMITTED)

    def closed(self) -> Self:
        return self.filter(status=Status.CLOSED)

    def in_regions(self, regions: models.QuerySet[Region]) -> Self:
        return self.filter(region__in=regions)

    def for_department(self, department: Department | int) -> Self:
        return self.filter(department=department)

    def for_departments(self, departments: Iterable[int]) -> Self:
        return self.filter(department__in=departments)

    def mentioning(self, words: str) -> Self:
        """Whose task contains each of the words, or has the whole as its number."""
        said = Q()
        for word in words.split():
            said &= Q(task__text__icontains=word)
        return self.filter(said | Q(task__number=words.strip()))

    def of_plans(self, plans: Iterable[Plan]) -> Self:
        return self.filter(plan__in=plans)

    def with_light(self, today: date) -> Self:
        """Annotate `light` (workflow.Light): what Assignment.light says, as SQL, so that lists can filter."""
        warned = Q(due_date__lte=today + timedelta(days=YELLOW_DAYS)) | Q(behind_from__lte=today)
        return self.annotate(
            light=Case(
                When(due_date__isnull=True, then=Value(Light.GREY.value)),
                When(self.overdue_q(today), then=Value(Light.RED.value)),
                When(Q(status=Status.CLOSED, handed_in_on__gt=F("due_date")), then=Value(Light.YELLOW.value)),
                When(Q(status=Status.CLOSED), then=Value(Light.GREEN.value)),
                When(Q(status__in=Status.with_unit) & warned, then=Value(Light.YELLOW.value)),
                When(
                    Q(status=Status.SUBMITTED, handed_in_on__gt=F("due_date")), then=Value(Light.YELLOW.value)
                ),
                default=Value(Light.GREEN.value),
                output_field=models.CharField(),
            )
        )

    def lit(self, today: date, light: str) -> Self:
        """Those that show this light. Red and grey are said without the annotation: indexes serve them."""
        if light == Light.RED:
            return self.overdue(today)
        if light == Light.GREY:
            return self.undated()
        return self.with_light(today).filter(light=light)

    def by_urgency(self) -> Self:
        """Nearest due date first, undated last; the key ends it so that pages never overlap."""
        return self.order_by(F("due_date").asc(nulls_last=True), "pk")

    def sorted_by(self, key: str) -> Self:
        """In the order of one of SORT_KEYS; a minus sign turns it round."""
        field = SORT_KEYS[key.removeprefix("-")]
        first = F(field).desc(nulls_last=True) if key.startswith("-") else F(field).asc(nulls_last=True)
        return self.order_by(first, F("due_date").asc(nulls_last=True), "pk")

    def for_page(self) -> Self:
        """With what the page of a task prints of each unit."""
        return self.select_related("department", "via", "region")

    def for_list(self) -> Self:
        """With what a row of a list prints, and without the long texts behind it."""
        return self.select_related("task", "plan", "department", "region").defer("plan__source_text")


class Assignment(models.Model):
    """One department's share of a task (责任). Carries what lists filter on, copied from its task."""

    task = models.ForeignKey(
        Task, verbose_name=_("任务"), on_delete=models.PROTECT, related_name="assignments"
    )
    region = models.ForeignKey(Region, verbose_name=_("地区"), on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(
        Plan, verbose_name=_("方案"), on_delete=models.PROTECT, related_name="assignments"
    )
    department = models.ForeignKey(
        Department, verbose_name=_("责任单位"), on_delete=models.PROTECT, related_name="assignments"
    )
    via = models.ForeignKey(
        Department,
        verbose_name=_("所属统称"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    role = models.CharField(_("角色"), max_length=9, choices=Role.choices)
    status = models.CharField(_("状态"), max_length=9, choices=Status.choices, default=Status.PENDING)
    due_date = models.DateField(_("完成时限"), null=True, blank=True)
    # The first day on which the reported percentage is too far behind expected progress; moved by each
    # report and each change of dates, so that "behind" is a comparison with today and never stored.
    behind_from = models.DateField(_("滞后起算日"), null=True, blank=True)
    percent = models.PositiveSmallIntegerField(_("进度（%）"), default=0, validators=[MaxValueValidator(100)])
    created_at = models.DateTimeField(_("下达时间"))
    signed_at = models.DateTimeField(_("签收时间"), null=True, blank=True)
    last_reported_at = models.DateTimeField(_("最近填报"), null=True, blank=True)
    handed_in_on = models.DateField(_("申请办结日"), null=True, blank=True)
    returned_at = models.DateTimeField(_("退回时间"), null=True, blank=True)
    closed_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    version = models.PositiveIntegerField(_("版本"), default=1)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("责任")
        verbose_name_plural = _("责任")
        constraints = [
            models.UniqueConstraint(fields=["task", "department"], name="assignment_unique_per_department"),
            models.CheckConstraint(condition=Q(percent__lte=100), name="assignment_percent_at_most_100"),
            models.CheckConstraint(
                condition=~Q(status__in=["SUBMITTED"]) | Q(handed_in_on__isnull=False),
                name="submitted_has_hand_in_day",
            ),
            models.CheckConstraint(
                condition=(Q(status="CLOSED") & Q(closed_at__isnull=False))
                | (~Q(status="CLOSED") & Q(closed_at__isnull=True)),
                name="closed_has_time_and_only_closed",
            ),
        ]
        indexes = [
            # The ledger and the overdue list of a region, the work of a department, the page of a plan.
            models.Index(fields=["region", "status", "due_date"], name="assignment_by_region"),
            models.Index(fields=["department", "status", "due_date"], name="assignment_by_department"),
            models.Index(fields=["plan", "status", "due_date"], name="assignment_by_plan"),
        ]

    if TYPE_CHECKING:
        task_id: int
        region_id: int
        plan_id: int
        department_id: int

    def __str__(self) -> str:
        return f"{self.department}：{self.task}"

    def is_overdue(self, today: date) -> bool:
        """The same definition as AssignmentQuerySet.overdue, for one row in hand."""
        return self.status in Status.with_unit and self.due_date is not None and self.due_date < today

    def days_late(self, today: date) -> int:
        """Whole days past the due date; 0 when not overdue."""
        return (today - self.due_date).days if self.is_overdue(today) and self.due_date else 0

    def is_behind(self, today: date) -> bool:
        """Whether reported progress has fallen too far behind expected progress (序时进度)."""
        return self.status in Status.with_unit and self.behind_from is not None and self.behind_from <= today

    def light_on(self, today: date) -> Light:
        """The same as the annotation of AssignmentQuerySet.with_light, for one row in hand."""
        if self.due_date is None:
            return Light.GREY
        if self.is_overdue(today):
            return Light.RED
        if self.status in (Status.CLOSED, Status.SUBMITTED):
            late = self.handed_in_on is not None and self.handed_in_on > self.due_date
            return Light.YELLOW if late else Light.GREEN
        near = self.due_date <= today + timedelta(days=YELLOW_DAYS)
        warned = near or self.is_behind(today)
        return Light.YELLOW if self.status in Status.with_unit and warned else Light.GREEN


class ProgressReportQuerySet(models.QuerySet["ProgressReport"]):
    def of_task(self, task: Task) -> Self:
        return self.filter(assignment__task=task)

    def for_department(self, department: int | None) -> Self:
        return self.filter(assignment__department=department)

    def newest_first(self) -> Self:
        return self.select_related("created_by", "assignment__department").order_by("-created_at", "-pk")


class ProgressReport(models.Model):
    """What a unit reported (填报): how far, in percent, and in words."""

    assignment = models.ForeignKey(
        Assignment, verbose_name=_("责任"), on_delete=models.PROTECT, related_name="reports"
    )
    percent = models.PositiveSmallIntegerField(_("进度（%）"), validators=[MaxValueValidator(100)])
    note = models.TextField(_("进展说明"), max_length=4000)
    created_at = models.DateTimeField(_("填报时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("填报人"), on_delete=models.PROTECT, related_name="+"
    )
    # One form sent twice makes one report: the key is drawn when the form is shown.
    form_key = models.UUIDField(_("表单标识"), unique=True, editable=False)

    objects = ProgressReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("填报")
        verbose_name_plural = _("填报")
        constraints = [
            models.CheckConstraint(condition=Q(percent__lte=100), name="report_percent_at_most_100")
        ]

    def __str__(self) -> str:
        return f"{self.percent}% {self.note[:30]}"


class TaskEventQuerySet(models.QuerySet["TaskEvent"]):
    def newest_first(self) -> Self:
        return self.select_related("actor", "assignment__department").order_by("-created_at", "-sequence")


class TaskEvent(models.Model):
    """One line of a task's history (留痕). Append-only: `hash` covers the row and the hash before it."""

    task = models.ForeignKey(Task, verbose_name=_("任务"), on_delete=models.PROTECT, related_name="events")
    assignment = models.ForeignKey(
        Assignment,
        verbose_name=_("责任"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="events",
    )
    sequence = models.PositiveIntegerField(_("序号"))
    kind = models.CharField(_("事项"), max_length=20, choices=EventKind.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("经办人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    from_status = models.CharField(_("原状态"), max_length=9, choices=Status.choices, blank=True)
    to_status = models.CharField(_("新状态"), max_length=9, choices=Status.choices, blank=True)
    note = models.TextField(_("说明"), blank=True)
    data = models.JSONField(_("数据"), default=dict, blank=True)
    created_at = models.DateTimeField(_("时间"))
    previous_hash = models.CharField(max_length=64, blank=True, editable=False)
    hash = models.CharField(max_length=64, editable=False)

    objects = TaskEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("留痕")
        verbose_name_plural = _("留痕")
        constraints = [models.UniqueConstraint(fields=["task", "sequence"], name="event_sequence_unique")]

    if TYPE_CHECKING:
        assignment_id: int | None
        task_id: int
        actor_id: int | None

    def __str__(self) -> str:
        return f"{self.sequence}. {self.get_kind_display()}"
