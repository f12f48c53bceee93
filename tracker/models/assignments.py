"""Who answers for a task, until when, and how it stands: the rows that every list is made of."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Self

from dateutil.relativedelta import relativedelta
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, Region
from tracker.clock import day_of
from tracker.models.plans import Plan
from tracker.models.tasks import Task
from tracker.turns import LateDays, late_days
from tracker.workflow import YELLOW_DAYS, Light, Role, Status

SORT_KEYS = {"due": "due_date", "percent": "percent", "unit": "department__short_name", "plan": "plan__title"}


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

    def in_force(self) -> Self:
        """For which a unit answers, or has answered."""
        return self.filter(status__in=Status.in_force)

    @staticmethod
    def never_reported_q() -> Q:
        """Not finished, and without any report that stands."""
        return Q(status__in=Status.open, last_reported_at__isnull=True)

    def never_reported(self) -> Self:
        return self.filter(self.never_reported_q())

    def through(self, collective: Department | int) -> Self:
        """Those that came to their units through this collective."""
        return self.filter(via=collective)

    def asking_for_time(self) -> Self:
        """With an extension request that nobody has answered yet; there is at most one of each."""
        return self.filter(extension_requests__state="OPEN")

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
        soon = Q(due_date__lte=today + timedelta(days=YELLOW_DAYS))
        warned = soon | Q(behind_from__lte=today) | Q(judged_date__lt=today)
        return self.annotate(
            light=Case(
                When(due_date__isnull=True, then=Value(Light.GREY.value)),
                When(self.overdue_q(today), then=Value(Light.RED.value)),
                When(Q(unit_late_days__gt=0), then=Value(Light.YELLOW.value)),
                When(Q(status__in=Status.with_unit) & warned, then=Value(Light.YELLOW.value)),
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
    # The date it was given out with, kept for ever; and the date by which lateness is judged: the due date,
    # or for ever the first one once an extension was asked for after expiry.
    first_due_date = models.DateField(_("首定时限"), null=True, blank=True)
    judged_date = models.DateField(_("考核时限"), null=True, blank=True)
    extension_count = models.PositiveSmallIntegerField(_("延期次数"), default=0)
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
    # Whose turn it is since when, and the late days of the turns that have ended (tracker/turns.py): the
    # history says the same, these let lists filter by it.
    held_since = models.DateField(_("接手日"), null=True, blank=True)
    unit_late_days = models.PositiveIntegerField(_("单位逾期天数"), default=0)
    reviewer_late_days = models.PositiveIntegerField(_("审核占用天数"), default=0)
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
            models.CheckConstraint(
                condition=Q(due_date__isnull=True, first_due_date__isnull=True, judged_date__isnull=True)
                | Q(
                    due_date__gte=F("judged_date"),
                    judged_date__gte=F("first_due_date"),
                    first_due_date__isnull=False,
                ),
                name="first_judged_and_due_date_in_order",
            ),
        ]
        indexes = [
            # The ledger and the overdue list of a region, the work of a department, the page of a plan.
            models.Index(fields=["region", "status", "due_date"], name="assignment_by_region"),
            models.Index(fields=["department", "status", "due_date"], name="assignment_by_department"),
            models.Index(fields=["plan", "status", "due_date"], name="assignment_by_plan"),
            # Whether a task came through a collective: what a late member lacks is counted by it.
            models.Index(fields=["via", "task"], name="assignment_by_collective"),
        ]

    if TYPE_CHECKING:
        task_id: int
        region_id: int
        plan_id: int
        department_id: int
        via_id: int | None

    def __str__(self) -> str:
        return f"{self.department}：{self.task}"

    @property
    def is_in_force(self) -> bool:
        """The same as AssignmentQuerySet.in_force, for one row in hand."""
        return self.status in Status.in_force

    @property
    def is_never_reported(self) -> bool:
        """The same as AssignmentQuerySet.never_reported, for one row in hand."""
        return self.status in Status.open and self.last_reported_at is None

    @property
    def is_judged_on_first_date(self) -> bool:
        """Whether an extension was asked for too late to count."""
        return self.judged_date != self.due_date

    def is_overdue(self, today: date) -> bool:
        """The same definition as AssignmentQuerySet.overdue, for one row in hand."""
        return self.status in Status.with_unit and self.due_date is not None and self.due_date < today

    def days_late(self, today: date) -> int:
        """Whole days past the due date; 0 when not overdue."""
        return (today - self.due_date).days if self.is_overdue(today) and self.due_date else 0

    @property
    def present_turn_since(self) -> date:
        """The day on which whoever has the share now got it."""
        return self.held_since or day_of(self.created_at)

    def late_days(self, today: date) -> LateDays:
        """Days after the judged date up to today, split by who held the share."""
        present = late_days(
            status=self.status, since=self.present_turn_since, until=today, judged_date=self.judged_date
        )
        return LateDays(self.unit_late_days, self.reviewer_late_days) + present

    def is_behind(self, today: date) -> bool:
        """Whether reported progress has fallen too far behind expected progress (序时进度)."""
        return self.status in Status.with_unit and self.behind_from is not None and self.behind_from <= today

    def light_on(self, today: date) -> Light:
        """The same as the annotation of AssignmentQuerySet.with_light, for one row in hand."""
        if self.due_date is None:
            return Light.GREY
        if self.is_overdue(today):
            return Light.RED
        if self.unit_late_days > 0:
            # The light's memory: a red that was repaired never turns green.
            return Light.YELLOW
        near = self.due_date <= today + timedelta(days=YELLOW_DAYS)
        judged_late = self.judged_date is not None and self.judged_date < today
        warned = near or judged_late or self.is_behind(today)
        return Light.YELLOW if self.status in Status.with_unit and warned else Light.GREEN
