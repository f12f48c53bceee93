"""The ledger of reminders."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, Self

from django.conf import settings
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Case, Exists, ExpressionWrapper, F, OuterRef, Q, Value, When
from django.utils.translation import gettext_lazy as _

from notifications.models.messages import Message
from notifications.models.runs import Run
from notifications.policy import Kind, stage_label
from tracker.models import Assignment, ExtensionRequest, Node, Task
from tracker.workflow import Status

REASON_LENGTH = 80
# Told to coordinators and leaders; ESCALATE_LEADER begins like ESCALATE.
ABOVE_THE_UNIT = (Kind.REVIEW, Kind.EXTENSION, Kind.ESCALATE)


def _called_for() -> dict[Kind, Q]:
    """For each kind the state of the assignment in which a reminder of it still has something to say."""
    with_unit = Q(assignment__status__in=Status.with_unit)
    unsigned = Q(assignment__status=Status.PENDING)
    same_date = with_unit & Q(assignment__due_date=F("occasion_date"))
    never_reported = Q(assignment__last_reported_at__isnull=True)
    handed_in = Q(assignment__status=Status.SUBMITTED, assignment__handed_in_on=F("occasion_date"))

    def unanswered(moment: str) -> Q:
        return with_unit & (never_reported | Q(assignment__last_reported_at__lte=F(f"assignment__{moment}")))

    not_returned = Q(assignment__returned_at__isnull=True)
    not_returned |= Q(assignment__returned_at__lte=F("assignment__nudged_at"))
    silent = never_reported | Q(assignment__last_reported_at__date__lte=F("occasion_date"))
    asking = ExtensionRequest.objects.open().filter(assignment=OuterRef("assignment"))
    unmet = Node.objects.filter(
        task=OuterRef("assignment__task"),
        due_date=OuterRef("occasion_date"),
        percent__gt=OuterRef("assignment__percent"),
    )
    return {
        Kind.NEW: unsigned,
        Kind.UNSIGNED: unsigned,
        Kind.NO_REPORT: with_unit & never_reported,
        Kind.RETURNED: unanswered("returned_at"),
        Kind.INSTRUCTED: unanswered("task__instructed_at"),
        Kind.NUDGED: unanswered("nudged_at") & not_returned,
        Kind.BEFORE: same_date,
        Kind.OVERDUE: same_date,
        Kind.NODE: with_unit & Q(Exists(unmet)),
        Kind.NODE_LATE: with_unit & Q(Exists(unmet)),
        Kind.SILENT: with_unit & Q(assignment__due_date__isnull=True) & silent,
        Kind.REVIEW: handed_in,
        Kind.EXTENSION: Q(assignment__status__in=Status.open) & Q(Exists(asking)),
        Kind.ANSWERED: with_unit,
        Kind.ESCALATE: same_date,
        Kind.ESCALATE_LEADER: same_date,
    }


class Line(NamedTuple):
    """A line of the ledger before it is entered, by its columns."""

    run_id: int
    assignment_id: int
    recipient_id: int
    stage: str
    occasion_date: date
    planned_on: date
    state: str
    message_id: int
    reason: str


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def enter(self, lines: Sequence[Line]) -> None:
        """Enter lines, in the caller's transaction. Those that the ledger has already are left out."""
        if connection.vendor == "postgresql":
            # Much faster than INSERT, but all or none; only a planner of another day can have been faster
            # with some of them.
            with suppress(IntegrityError), transaction.atomic():
                _copy(lines)
                return
        self.bulk_create([Reminder(**line._asdict()) for line in lines], ignore_conflicts=True)

    def of_task(self, task: Task) -> Self:
        return self.filter(assignment__task=task)

    def told_to_units(self) -> Self:
        """What the units' own people were told, not the coordinators and leaders above them."""
        above = Q()
        for kind in ABOVE_THE_UNIT:
            above |= Q(stage__startswith=f"{kind}_")
        return self.exclude(above)

    def about_unit(self, department_id: int | None) -> Self:
        return self.filter(assignment__department=department_id)

    def for_page(self) -> Self:
        """With what a line of a list prints, and without the long bodies of the mails."""
        rows = self.select_related("assignment__department", "recipient", "message")
        return rows.defer("message__text", "message__html")

    def newest_first(self) -> Self:
        return self.order_by("-planned_on", "-pk")

    def that_overtook(self, superseded: Iterable["Reminder"]) -> Self:
        """The other lines, of the same mails and assignments, as these superseded ones."""
        keys = {(one.message_id, one.assignment_id) for one in superseded}
        rows = self.filter(message__in={key[0] for key in keys}, assignment__in={key[1] for key in keys})
        return rows.exclude(state=Reminder.State.SUPERSEDED)

    def planned(self) -> Self:
        return self.filter(state=Reminder.State.PLANNED)

    def binding(self) -> Self:
        """What counts as told: all but what was dropped before it went out."""
        return self.exclude(state=Reminder.State.DROPPED)

    def still_called_for(self) -> Self:
        """Planned reminders whose matter is not settled; of a kind without a rule of its own, all."""
        # CASE rather than OR: PostgreSQL takes a tenth of a second to plan an OR of so many branches.
        rules = [
            When(stage__startswith=f"{kind}_", then=ExpressionWrapper(rule, models.BooleanField()))
            for kind, rule in _called_for().items()
        ]
        return self.planned().filter(Case(*rules, default=Value(True)))


def _copy(lines: Sequence[Line]) -> None:
    table, columns = Reminder._meta.db_table, ", ".join(Line._fields)
    statement = f"COPY {table} ({columns}) FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for line in lines:
            copy.write_row(line)


class Reminder(models.Model):
    """One line of the reminder ledger: a person was told a stage of an assignment, or it was overtaken.

    The key is what makes planning safe to repeat. `occasion_date` is the due date, or the day the state began
    (given out, handed in, returned, nudged, last heard of): move the date, and the stages are armed again.
    What was DROPPED was never told, and does not stand in the way of telling it when it comes up again.
    """

    class State(models.TextChoices):
        PLANNED = "PLANNED", _("已列入邮件")
        SUPERSEDED = "SUPERSEDED", _("已被后续提醒取代")
        DROPPED = "DROPPED", _("发送前已办结或变更")

    run = models.ForeignKey(Run, verbose_name=_("运行"), on_delete=models.PROTECT, related_name="reminders")
    assignment = models.ForeignKey(
        Assignment, verbose_name=_("责任"), on_delete=models.PROTECT, related_name="reminders"
    )
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("收件人"), on_delete=models.PROTECT, related_name="reminders"
    )
    stage = models.CharField(_("提醒节点"), max_length=24)
    occasion_date = models.DateField(_("对应日期"))
    planned_on = models.DateField(_("列入日期"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.PLANNED)
    # Why, in the words of the mail. Empty for what was overtaken, and before this was kept.
    reason = models.CharField(_("原因"), max_length=REASON_LENGTH, blank=True)
    message = models.ForeignKey(
        Message,
        verbose_name=_("邮件"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="reminders",
    )

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("提醒台账")
        verbose_name_plural = _("提醒台账")
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "recipient", "stage", "occasion_date"],
                condition=~Q(state="DROPPED"),
                name="reminder_once_per_occasion",
            )
        ]

    if TYPE_CHECKING:
        assignment_id: int
        recipient_id: int
        message_id: int | None

    def __str__(self) -> str:
        return f"{self.stage_label}（{self.occasion_date}）"

    @property
    def is_superseded(self) -> bool:
        return self.state == self.State.SUPERSEDED

    @property
    def stage_label(self) -> str:
        return stage_label(self.stage)
