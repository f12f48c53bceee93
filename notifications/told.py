"""What was sent about a task, beside when each unit signed for it: plain data for its page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Max, Min, Q
from django.utils.translation import gettext as _

from notifications.models import Reminder
from notifications.models.reminders import ReminderQuerySet
from notifications.policy import Kind
from tracker.models import Assignment


@dataclass(frozen=True)
class UnitTold:
    """One unit's share, when it was signed for, and when its people were written to."""

    assignment: Assignment
    first_sent: datetime | None
    last_sent: datetime | None
    failed: int
    in_application: int  # digests that were never to be mailed, for want of an address


def units_told(assignments: Iterable[Assignment], reminders: ReminderQuerySet) -> list[UnitTold]:
    """A line for each share. Counts only what its unit's own people were sent."""
    sums = {
        row["assignment_id"]: (row["first"], row["last"], row["failed"], row["in_application"])
        for row in reminders.told_to_units()
        .filter(state=Reminder.State.PLANNED)
        .order_by()
        .values("assignment_id")
        .annotate(
            first=Min("message__sent_at"),
            last=Max("message__sent_at"),
            failed=Count("message", filter=Q(message__state="DEAD"), distinct=True),
            in_application=Count("message", filter=Q(message__state="INBOX"), distinct=True),
        )
    }
    return [UnitTold(assignment, *sums.get(assignment.pk, (None, None, 0, 0))) for assignment in assignments]


def occasion_words(reminder: Reminder) -> str:
    """What the day in a line of the ledger is: the due date, or when the state began."""
    return _occasion(Kind(reminder.stage.rpartition("_")[0]), reminder.occasion_date)


def _occasion(kind: Kind, day: date) -> str:
    match kind:
        case Kind.NEW | Kind.UNSIGNED:
            return _("%(day)s 下达") % {"day": day}
        case Kind.RETURNED:
            return _("%(day)s 退回或重新开启") % {"day": day}
        case Kind.INSTRUCTED:
            return _("%(day)s 批示") % {"day": day}
        case Kind.NUDGED:
            return _("%(day)s 催办") % {"day": day}
        case Kind.SILENT:
            return _("%(day)s 以来未填报") % {"day": day}
        case Kind.REVIEW:
            return _("%(day)s 提交") % {"day": day}
        case Kind.EXTENSION:
            return _("%(day)s 申请延期") % {"day": day}
        case Kind.ANSWERED:
            return _("%(day)s 审批延期") % {"day": day}
        case _:
            return _("时限 %(day)s") % {"day": day}


@dataclass(frozen=True)
class ToldLine:
    """One line of the ledger as the page prints it; `overtaken_by` is the stage that made it pointless."""

    reminder: Reminder
    occasion: str
    may_open: bool
    overtaken_by: str


def told_lines(reminders: Sequence[Reminder], openable: Iterable[int]) -> list[ToldLine]:
    """`openable` are the keys of the mails that the person may read. One query."""
    keys = set(openable)
    overtaking = _overtaking([one for one in reminders if one.is_superseded])
    return [
        ToldLine(
            one,
            occasion_words(one),
            one.message_id in keys,
            overtaking.get(step_of(one), "") if one.is_superseded else "",
        )
        for one in reminders
    ]


# Stages that come one after the other, as the policy has them; all others stand alone or overtake their like.
LADDERS = (
    (Kind.NEW, Kind.UNSIGNED, Kind.NO_REPORT),
    (Kind.BEFORE, Kind.OVERDUE),
    (Kind.NODE, Kind.NODE_LATE),
)
# The mail, the assignment, the ladder and its occasion: of these but one stage is told.
Step = tuple[int | None, int, tuple[Kind, ...], date]


def step_of(reminder: Reminder) -> Step:
    kind = Kind(reminder.stage.rpartition("_")[0])
    ladder = next((ladder for ladder in LADDERS if kind in ladder), (kind,))
    return reminder.message_id, reminder.assignment_id, ladder, reminder.occasion_date


def _overtaking(superseded: Sequence[Reminder]) -> dict[Step, str]:
    """The stage that was told in the place of each. Not stored: the ledger has it."""
    told = Reminder.objects.that_overtook(superseded) if superseded else ()
    return {step_of(one): one.stage_label for one in told}
