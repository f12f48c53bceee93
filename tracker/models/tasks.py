"""One clause to be carried out."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Exists, Max, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from tracker.clock import day_of
from tracker.highlight import Segment, marked
from tracker.models.duties import Duty
from tracker.models.plans import Clause, Every, Measure, Plan, Schedule, ScheduleKind
from tracker.models.series import Series
from tracker.periods import period_of


class TaskQuerySet(models.QuerySet["Task"]):
    def of_series_newest_first(self, series: Series) -> Self:
        """Periods are made in order, so the newest is the last made."""
        return self.filter(series=series).order_by("-pk")

    def of_plan(self, plan_id: int) -> Self:
        return self.filter(plan=plan_id)

    def in_region(self, region_id: int) -> Self:
        return self.filter(region=region_id)

    def due_between(self, first: date | None, last: date | None) -> Self:
        """Given out for one of these days; an end that is not given is open."""
        rows = self.filter(due_date__gte=first) if first else self
        return rows.filter(due_date__lte=last) if last else rows

    def with_event(self, events: models.QuerySet[Any]) -> Self:
        """Tasks to which some of the events belong."""
        return self.filter(Exists(events.filter(task=OuterRef("pk"))))

    def for_list(self) -> Self:
        """With the names that a row prints, and without the long text behind them."""
        return self.select_related("plan", "region").defer("plan__source_text")

    def newest_of(self, series: Iterable[int]) -> Self:
        """The task of the newest period of each of these series."""
        newest = Task.objects.filter(series__in=series).values("series").annotate(newest=Max("pk"))
        return self.filter(pk__in=newest.values("newest"))

    def _with_following(self) -> Self:
        later = Task.objects.filter(series=OuterRef("series"), pk__gt=OuterRef("pk")).order_by("pk")
        return self.annotate(following=Subquery(later.values("pk")[:1]))

    def followed_by(self, tasks: Iterable[int]) -> Self:
        """The tasks of series after which one of these is the next period's."""
        return self._with_following().filter(following__in=tasks)

    def duties_and_following(self) -> list[tuple[int, int]]:
        """Of each that is of a duty and of a series, and has a next period: its duty, and that one's task."""
        found: models.QuerySet[Any, Any] = self.filter(duty__isnull=False)._with_following()
        found = found.exclude(following=None)
        return list(found.values_list("duty", "following"))

    def newest_of_clauses(self, clauses: Iterable[int]) -> Self:
        """Of each of these clauses the task that was made last: the others are its earlier periods."""
        newest = self.filter(clause__in=clauses).values("clause").annotate(newest=Max("pk"))
        return self.filter(pk__in=newest.values("newest"))

    def mentioning(self, words: str) -> Self:
        """Whose text contains each of the words."""
        said = Q()
        for word in words.split():
            said &= Q(text__icontains=word)
        return self.filter(said)

    def for_beside(self) -> Self:
        """With what a line beside another task prints."""
        return self.select_related("plan", "measure", "region").defer("plan__source_text")

    def of_duties(self, duties: Iterable[int | None]) -> Self:
        return self.filter(duty__in=[duty for duty in duties if duty is not None])

    def answered_with(self, assignments: Iterable[int]) -> Self:
        """The tasks of these shares and those of the same duties: all that a report of them concerns."""
        tasks = Task.objects.filter(assignments__in=assignments)
        return self.filter(Q(pk__in=tasks.values("pk")) | Q(duty__in=tasks.values("duty")))

    def without_series(self, today: date) -> Self:
        """Of recurring clauses that go on, but given out before there were series."""
        recurring = self.filter(kind=ScheduleKind.RECURRING, every__in=Every.in_series)
        alone = recurring.filter(series=None, clause__series=None)
        return alone.exclude(clause__due_date__lt=today).exclude(plan__ends_on__lt=today)


class Task(Schedule):
    """One clause to be carried out (任务), with the units that answer for it."""

    region = models.ForeignKey(Region, verbose_name=_("地区"), on_delete=models.PROTECT, related_name="tasks")
    plan = models.ForeignKey(Plan, verbose_name=_("方案"), on_delete=models.PROTECT, related_name="tasks")
    measure = models.ForeignKey(
        Measure, verbose_name=_("条目"), on_delete=models.PROTECT, related_name="tasks"
    )
    clause = models.ForeignKey(Clause, verbose_name=_("子句"), on_delete=models.PROTECT, related_name="tasks")
    # Where it is one period of a recurring clause: start_date and due_date are that period's.
    series = models.ForeignKey(
        Series,
        verbose_name=_("周期任务"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="tasks",
    )
    # Where other plans ask for the same: what a unit reports for one of the tasks counts for all of them.
    duty = models.ForeignKey(
        Duty,
        verbose_name=_("同一职责"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="tasks",
    )
    number = models.CharField(_("编号"), max_length=30)
    text = models.TextField(_("任务内容"))
    first_due_date = models.DateField(_("首定时限"), null=True, blank=True)
    created_at = models.DateTimeField(_("下达时间"))
    closed_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    # The last of the leaders' instructions and how many there are, for lists and reminders.
    instructed_at = models.DateTimeField(_("最近批示"), null=True, blank=True)
    instruction_count = models.PositiveIntegerField(_("批示次数"), default=0)
    # The hash of the newest event, so that one cut off at the end is missed.
    history_head = models.CharField(max_length=64, blank=True, editable=False)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("任务")
        verbose_name_plural = _("任务")
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="task_number_unique_in_plan"),
            models.UniqueConstraint(fields=["series", "start_date"], name="task_unique_per_period"),
        ]

    if TYPE_CHECKING:
        region_id: int
        plan_id: int
        clause_id: int
        measure_id: int
        series_id: int | None
        duty_id: int | None

    def __str__(self) -> str:
        return f"{self.number} {self.text[:30]}"

    @property
    def period(self) -> str:
        """The period it is for, as people say it (2024年10月); empty where it is not one of a series."""
        if self.series_id is None or self.start_date is None:
            return ""
        return period_of(self.every, self.start_date, starts_on=self.start_date).label

    @property
    def begins_on(self) -> date:
        """The day from which progress is expected: the plan's start date, or the day it was given out."""
        return self.start_date or day_of(self.created_at)

    def passage(self) -> list[Segment]:
        """The paragraph of the plan with this task's clause marked; wants plan, measure and clause loaded."""
        paragraph, words = (self.measure.start, self.measure.end), (self.clause.start, self.clause.end)
        return marked(self.plan.source_text, paragraph, words)
