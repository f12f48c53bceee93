"""What the decision reads: the open assignments that can call for a reminder, the ledger, the calendar.

In batches by key, each with the same few queries, however many assignments there are.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q

from notifications.digest import TEXT_LIMIT, Matter
from notifications.models import CalendarDay, Reminder
from notifications.policy import AssignmentFacts, Policy
from notifications.workdays import WorkingCalendar
from tracker.clock import day_of
from tracker.models import Assignment, ExtensionRequest, Node
from tracker.models.assignments import AssignmentQuerySet
from tracker.progress import Step
from tracker.workflow import Status

ASSIGNMENT_BATCH = 2000


@dataclass(frozen=True)
class Candidate:
    """An open assignment as the decision reads it."""

    facts: AssignmentFacts
    matter: Matter
    plan_id: int
    department_id: int
    region_id: int
    region_name: str


def load_calendar() -> WorkingCalendar:
    """The working calendar with this installation's own days."""
    return WorkingCalendar(dict(CalendarDay.objects.values_list("date", "is_workday")))


def candidates(
    among: AssignmentQuerySet, policies: Collection[Policy], today: date
) -> Iterator[list[Candidate]]:
    """Of these, what can call for a reminder under any of the policies, in batches by key."""
    nodes = Node.objects.due_by(today + max(policy.node_horizon for policy in policies))
    with_unit = Q(status__in=Status.with_unit) & (
        Q(due_date__isnull=True)
        | Q(due_date__lte=today + max(policy.horizon for policy in policies))
        | Q(status=Status.PENDING)
        | Q(returned_at__isnull=False)
        | Q(nudged_at__isnull=False)
        | Q(task__instructed_at__isnull=False)
        # Not by a question to each row: the tasks with nodes are few, and the facts say which still matter.
        | Q(task__in=nodes.values("task"))
    )
    if any(policy.first_report_after is not None for policy in policies):
        with_unit |= Q(status__in=Status.with_unit, last_reported_at__isnull=True)
    unanswered = ExtensionRequest.objects.open()
    is_asking = Exists(unanswered.filter(assignment=OuterRef("pk")))
    rows = among.open().filter(with_unit | Q(status=Status.SUBMITTED) | is_asking)
    rows = rows.select_related("task", "department", "region")
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:ASSIGNMENT_BATCH]):
        last = batch[-1].pk
        asked = dict(unanswered.filter(assignment__in=batch).values_list("assignment_id", "created_at"))
        steps = nodes.steps_by_task({row.task for row in batch})
        yield [_candidate(row, asked.get(row.pk), steps.get(row.task_id, ())) for row in batch]


def _candidate(row: Assignment, asked_at: datetime | None, steps: Collection[Step]) -> Candidate:
    return Candidate(
        facts=AssignmentFacts(
            id=row.pk,
            status=row.status,
            due_date=row.due_date,
            created_on=day_of(row.created_at),
            signed_on=_day(row.signed_at),
            last_reported_on=_day(row.last_reported_at),
            handed_in_on=row.handed_in_on,
            returned_on=_day(row.returned_at),
            instructed_on=_day(row.task.instructed_at) if row.is_instruction_unanswered else None,
            instruction_count=row.task.instruction_count,
            nudged_on=_day(row.nudged_at) if row.is_nudge_unanswered else None,
            nudge_count=row.nudge_count,
            extension_asked_on=_day(asked_at),
            percent=row.percent,
            nodes=tuple(steps),
        ),
        matter=Matter(
            assignment_id=row.pk,
            task_id=row.task_id,
            number=row.task.number,
            text=row.task.text[: TEXT_LIMIT + 1],
            unit=row.department.short_name,
            due_date=row.due_date,
        ),
        plan_id=row.plan_id,
        department_id=row.department_id,
        region_id=row.region_id,
        region_name=row.region.name,
    )


def _day(moment: datetime | None) -> date | None:
    return day_of(moment) if moment else None


def told_of(assignment_ids: list[int]) -> dict[tuple[int, int], list[tuple[str, date]]]:
    """What each person was told of these assignments: stage and occasion."""
    rows = Reminder.objects.filter(assignment__in=assignment_ids)
    ledger: dict[tuple[int, int], list[tuple[str, date]]] = defaultdict(list)
    for assignment, recipient, stage, day in rows.values_list(
        "assignment_id", "recipient_id", "stage", "occasion_date"
    ):
        ledger[assignment, recipient].append((stage, day))
    return ledger
