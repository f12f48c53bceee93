"""Who answers for a task, until when, and how it stands: the rows that every list is made of."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from dateutil.relativedelta import relativedelta
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Case, Exists, ExpressionWrapper, F, OuterRef, Q, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest, TruncDate
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, Region
from tracker.clock import SHANGHAI, day_of, start_of
from tracker.models.plans import Plan
from tracker.models.tasks import Task
from tracker.progress import Step, behind_from, expected_percent
from tracker.turns import LateDays, late_days
from tracker.workflow import (
    NUDGE_COOLDOWN_DAYS,
    YELLOW_DAYS,
    EventKind,
    Light,
    Role,
    Status,
    WorkState,
    label_of,
    silent_since,
)

# Shares of one plan whose due dates lie no further apart are offered to be answered by one report.
GOING_WITH_DAYS = 15
SORT_KEYS = {"due": "due_date", "percent": "percent", "unit": "department__short_name", "plan": "plan__title"}


def _is_after(moment: datetime | None, other: datetime) -> bool:
    return moment is not None and moment > other


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

    def due_between(self, first: date | None, last: date | None) -> Self:
        """Due on one of these days; an end that is not given is open."""
        rows = self.filter(due_date__gte=first) if first else self
        return rows.filter(due_date__lte=last) if last else rows

    def changed_since(self, moment: datetime, events: models.QuerySet[Any]) -> Self:
        """Given out since that moment, or with one of these events, or of a task that went on under a new
        edition by one of them: that changes what each of its shares says of plan, number and words.
        """
        own = Exists(events.filter(assignment=OuterRef("pk")))
        moved = events.filter(task=OuterRef("task"), assignment=None, kind=EventKind.NEW_EDITION)
        return self.filter(Q(created_at__gte=moment) | own | Exists(moved))

    def undated(self) -> Self:
        return self.filter(due_date__isnull=True)

    def open(self) -> Self:
        return self.filter(status__in=Status.open)

    def with_unit(self) -> Self:
        """The unit's turn: what it may report on."""
        return self.filter(status__in=Status.with_unit)

    def in_force(self) -> Self:
        """Those that a unit answers for or has done. Every figure and every list starts from these."""
        return self.exclude(status__in=Status.out_of_force)

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

    def nudged(self) -> Self:
        return self.filter(nudged_at__isnull=False)

    def instructed(self) -> Self:
        return self.filter(task__instructed_at__isnull=False)

    def unanswered(self) -> Self:
        """With the unit, which has done nothing since the last nudge or instruction."""
        silent = Q(last_reported_at__isnull=True)
        nudge = (silent | Q(last_reported_at__lte=F("nudged_at"))) & (
            Q(returned_at__isnull=True) | Q(returned_at__lte=F("nudged_at"))
        )
        instruction = silent | Q(last_reported_at__lte=F("task__instructed_at"))
        return self.filter(
            Q(nudged_at__isnull=False) & nudge | Q(task__instructed_at__isnull=False) & instruction,
            status__in=Status.with_unit,
        )

    def with_status(self, status: str) -> Self:
        return self.filter(status=status)

    def unsigned(self) -> Self:
        return self.filter(status=Status.PENDING)

    def awaiting_review(self) -> Self:
        return self.filter(status=Status.SUBMITTED)

    def handed_in_before(self, other: "Assignment") -> Self:
        """What came into the reviewer's queue before this submission."""
        earlier = Q(handed_in_on__lt=other.handed_in_on)
        return self.filter(earlier | Q(handed_in_on=other.handed_in_on, pk__lt=other.pk))

    def handed_in_after(self, other: "Assignment") -> Self:
        """What came into the reviewer's queue after this submission."""
        later = Q(handed_in_on__gt=other.handed_in_on)
        return self.filter(later | Q(handed_in_on=other.handed_in_on, pk__gt=other.pk))

    def oldest_first(self) -> Self:
        """In the order in which they were handed in."""
        return self.order_by("handed_in_on", "pk")

    def late_days(self, today: date) -> LateDays:
        """What Assignment.late_days says, summed over the rows by the database."""
        held = Coalesce("held_since", TruncDate("created_at", tzinfo=SHANGHAI))
        turn = ExpressionWrapper(
            Value(today, models.DateField()) - Greatest(held, "judged_date"), models.DurationField()
        )
        rows = self.annotate(turn=Greatest(turn, Value(timedelta()), output_field=models.DurationField()))
        dated = Q(judged_date__isnull=False)
        sums = rows.aggregate(
            unit=Sum("unit_late_days"),
            reviewer=Sum("reviewer_late_days"),
            unit_now=Sum("turn", filter=dated & Q(status__in=Status.with_unit)),
            reviewer_now=Sum("turn", filter=dated & Q(status=Status.SUBMITTED)),
        )
        return LateDays(
            (sums["unit"] or 0) + (sums["unit_now"] or timedelta()).days,
            (sums["reviewer"] or 0) + (sums["reviewer_now"] or timedelta()).days,
        )

    def of_task(self, task_id: int) -> Self:
        return self.filter(task=task_id)

    def of_plan(self, plan_id: int) -> Self:
        return self.filter(plan=plan_id)

    def in_regions(self, regions: models.QuerySet[Region]) -> Self:
        return self.filter(region__in=regions)

    def in_region(self, region_id: int | None) -> Self:
        return self.filter(region=region_id)

    def for_department(self, department: Department | int) -> Self:
        return self.filter(department=department)

    def for_departments(self, departments: Iterable[int]) -> Self:
        return self.filter(department__in=departments)

    def carried_on(self) -> Self:
        """What the next period of a series takes over, in the order in which it was given out.

        What was closed, missed, suspended or waived comes round again; what was reassigned goes on with the
        unit that took it over.
        """
        return self.exclude(status=Status.REASSIGNED).order_by("pk")

    def mentioning(self, words: str) -> Self:
        """Whose task contains each of the words, or has the whole as its number, whatever the period."""
        said = Q()
        for word in words.split():
            said &= Q(task__text__icontains=word)
        number = words.strip()
        return self.filter(said | Q(task__number=number) | Q(task__number__startswith=f"{number}/"))

    def of_plans(self, plans: Iterable[Plan]) -> Self:
        return self.filter(plan__in=plans)

    @staticmethod
    def unlit_q() -> Q:
        """Without a date to be late for, or without anybody who could be."""
        return Q(due_date__isnull=True) | Q(status__in=Status.out_of_force)

    def with_light(self, today: date) -> Self:
        """Annotate `light` (workflow.Light): what Assignment.light says, as SQL, so that lists can filter."""
        soon = Q(due_date__lte=today + timedelta(days=YELLOW_DAYS))
        warned = soon | Q(behind_from__lte=today) | Q(judged_date__lt=today)
        return self.annotate(
            light=Case(
                When(self.unlit_q(), then=Value(Light.GREY.value)),
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
            return self.filter(self.unlit_q())
        return self.with_light(today).filter(light=light)

    @staticmethod
    def returned_q() -> Q:
        """Returned or opened again by the coordinator, and nothing reported since."""
        reported_before = Q(last_reported_at__isnull=True) | Q(last_reported_at__lte=F("returned_at"))
        return Q(status=Status.ACTIVE, returned_at__isnull=False) & reported_before

    @staticmethod
    def silent_q(today: date) -> Q:
        """With the unit, without a due date, and no sign of life for a quarter: given out, signed for,
        reported, returned. A report starts the quarter anew.

        Days as in notifications.policy; a mail whose day is no working day goes out on the one before.
        """
        silent = Q(status__in=Status.with_unit, due_date__isnull=True)
        after = start_of(silent_since(today) + timedelta(days=1))
        for sign in ("signed_at", "last_reported_at", "returned_at"):
            silent &= Q(**{f"{sign}__isnull": True}) | Q(**{f"{sign}__lt": after})
        return silent & Q(created_at__lt=after)

    def with_work_state(self, today: date) -> Self:
        """Annotate `work_state` (workflow.WorkState); empty for what is finished."""
        conditions = {
            WorkState.RETURNED: self.returned_q(),
            WorkState.OVERDUE: self.overdue_q(today),
            WorkState.UNSIGNED: Q(status=Status.PENDING),
            WorkState.SOON: self.due_within_q(today, YELLOW_DAYS),
            WorkState.SILENT: self.silent_q(today),
            WorkState.LATER: Q(status=Status.ACTIVE, due_date__isnull=False),
            WorkState.REVIEW: Q(status=Status.SUBMITTED),
            WorkState.UNDATED: Q(status=Status.ACTIVE),
            WorkState.SUSPENDED: Q(status=Status.SUSPENDED),
        }
        cases = [When(conditions[state], then=Value(state.value)) for state in WorkState]
        return self.annotate(work_state=Case(*cases, default=Value(""), output_field=models.CharField()))

    def in_work_state(self, today: date, state: str) -> Self:
        """The rows of one group of "my work"."""
        return self.in_work_states(today, [state])

    def in_work_states(self, today: date, states: Iterable[str]) -> Self:
        """The rows of some groups of "my work", annotated with the group they are in."""
        return self.open().with_work_state(today).filter(work_state__in=list(states))

    def going_with(self, assignment: "Assignment") -> Self:
        """The unit's other shares that one report may well answer too: with the unit, of the same plan, and
        of the same measure, due about the same time, or both without a date. Those of the measure first.
        """
        if assignment.due_date is None:
            near = Q(due_date__isnull=True)
        else:
            day, reach = assignment.due_date.toordinal(), GOING_WITH_DAYS
            first = date.fromordinal(max(day - reach, date.min.toordinal()))
            last = date.fromordinal(min(day + reach, date.max.toordinal()))
            near = Q(due_date__range=(first, last))
        same_measure = Q(task__measure=assignment.task.measure_id)
        found = self.filter(same_measure | near, status__in=Status.with_unit, plan=assignment.plan_id)
        closeness = Case(When(same_measure, then=0), default=1, output_field=models.IntegerField())
        return (
            found.filter(department=assignment.department_id)
            .exclude(pk=assignment.pk)
            .order_by(closeness, F("due_date").asc(nulls_last=True), "pk")
        )

    def sharing_duty(self, assignment: "Assignment") -> Self:
        """The unit's shares in force of the other tasks of the same duty."""
        if assignment.task.duty_id is None:
            return self.none()
        shares = self.in_force().filter(
            task__duty=assignment.task.duty_id, department=assignment.department_id
        )
        return shares.exclude(pk=assignment.pk).order_by("pk")

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
        return self.select_related("department", "via", "region", "taken_over_from__department")

    def for_list(self) -> Self:
        """With what a row of a list prints, and without the long texts behind it."""
        return self.select_related("task", "plan", "department", "region").defer("plan__source_text")

    def for_short_list(self) -> Self:
        """With what a line under its unit's heading prints: the overdue list has hundreds of them."""
        return self.select_related("task")


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
    # The share it was made from when that was reassigned (转办): once, and for good.
    taken_over_from = models.OneToOneField(
        "self",
        verbose_name=_("转办自"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="taken_over_by",
    )
    role = models.CharField(_("角色"), max_length=9, choices=Role.choices)
    status = models.CharField(_("状态"), max_length=10, choices=Status.choices, default=Status.PENDING)
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
    nudged_at = models.DateTimeField(_("最近催办"), null=True, blank=True)
    nudge_count = models.PositiveIntegerField(_("催办次数"), default=0)
    version = models.PositiveIntegerField(_("版本"), default=1)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("责任")
        verbose_name_plural = _("责任")
        constraints = [
            # A unit that was let off or passed its share on may get the task back.
            models.UniqueConstraint(
                fields=["task", "department"],
                condition=~Q(status__in=["WAIVED", "REASSIGNED"]),
                name="assignment_unique_per_department",
            ),
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
            # The order of by_urgency: PostgreSQL reads the first page of a wide list off it, instead of
            # joining and sorting everything a city has.
            models.Index(fields=["due_date", "id"], name="assignment_by_urgency"),
            # Whether a task came through a collective: what a late member lacks is counted by it.
            models.Index(fields=["via", "task"], name="assignment_by_collective"),
        ]

    if TYPE_CHECKING:
        work_state: str  # where with_work_state was asked for
        newest_report: int | None  # where with_newest_report was asked for
        newest_note: str | None
        same_duty: list["Assignment"]  # where duties.with_companions was asked for
        task_id: int
        region_id: int
        plan_id: int
        department_id: int
        taken_over_from_id: int | None
        via_id: int | None

    def __str__(self) -> str:
        return f"{self.department}：{self.task}"

    def get_role_display(self) -> str:  # type: ignore[no-redef]
        return label_of(Role, self.role)

    def get_status_display(self) -> str:  # type: ignore[no-redef]
        return label_of(Status, self.status)

    @property
    def is_in_force(self) -> bool:
        """The same definition as AssignmentQuerySet.in_force, for one row in hand."""
        return self.status not in Status.out_of_force

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

    @property
    def begins_on(self) -> date:
        """The day from which progress is expected: the task's, but never before this unit could know of it.

        A unit that came in later, and the task of a period, begin on the day on which they were given out.
        """
        given_on = day_of(self.created_at)
        if self.task.series_id is not None or given_on > day_of(self.task.created_at):
            return max(given_on, self.task.start_date or given_on)
        return self.task.begins_on

    def expected_percent(self, today: date, steps: Iterable[Step]) -> int | None:
        """How far it should be by today (序时进度), given its task's nodes; None where nothing says so."""
        return expected_percent(today, start=self.begins_on, due=self.due_date, steps=steps)

    def first_day_behind(self, steps: Iterable[Step]) -> date | None:
        """What `behind_from` has to be, given the task's nodes: set by whatever moves percentage or dates."""
        return behind_from(start=self.begins_on, due=self.due_date, percent=self.percent, steps=steps)

    def is_behind(self, today: date) -> bool:
        """Whether reported progress has fallen too far behind expected progress (序时进度)."""
        return self.status in Status.with_unit and self.behind_from is not None and self.behind_from <= today

    @property
    def nudge_allowed_from(self) -> date | None:
        """The first day on which a nudge may follow the last one; None where there was none."""
        return day_of(self.nudged_at) + timedelta(days=NUDGE_COOLDOWN_DAYS) if self.nudged_at else None

    def rests_on(self, day: date) -> bool:
        """Whether the last nudge is too recent for another one on that day."""
        return self.nudge_allowed_from is not None and day < self.nudge_allowed_from

    @property
    def is_nudge_unanswered(self) -> bool:
        """Whether the unit has neither reported nor handed in since the last nudge.

        What was returned or reopened afterwards had been handed in afterwards. As SQL, this and the next
        one are AssignmentQuerySet.unanswered.
        """
        moment = self.nudged_at
        return (
            moment is not None and self._is_silent_since(moment) and not _is_after(self.returned_at, moment)
        )

    @property
    def is_instruction_unanswered(self) -> bool:
        """Whether the unit has not reported since the last instruction on the task."""
        moment = self.task.instructed_at
        return moment is not None and self._is_silent_since(moment)

    def _is_silent_since(self, moment: datetime) -> bool:
        return self.status in Status.with_unit and not _is_after(self.last_reported_at, moment)

    def light_on(self, today: date) -> Light:
        """The same as the annotation of AssignmentQuerySet.with_light, for one row in hand."""
        if self.due_date is None or not self.is_in_force:
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
