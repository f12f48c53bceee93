"""What the decision reads: the open assignments that can call for a reminder, the ledger, the calendar.

In batches by key, each with the same few queries, however many assignments there are.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Left

from notifications.digest import TEXT_LIMIT, Matter
from notifications.models import CalendarDay, Reminder
from notifications.policy import AssignmentFacts, Policy
from notifications.workdays import WorkingCalendar
from tracker.clock import day_of
from tracker.models import Assignment, ExtensionRequest, Node
from tracker.models.assignments import AssignmentQuerySet
from tracker.models.extensions import ExtensionRequestQuerySet
from tracker.models.nodes import NodeQuerySet
from tracker.progress import Step
from tracker.workflow import Status

ASSIGNMENT_BATCH = 2000
# Further back than an answer is news (policy.NEWS), counted from the last day that a forecast looks at.
ANSWERS_READ = timedelta(days=130)


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


def candidate_rows(
    among: AssignmentQuerySet, policies: Collection[Policy], until: date
) -> AssignmentQuerySet:
    """Of these, the open ones that can call for a reminder under one of the policies up to that day."""
    with_unit = Q(status__in=Status.with_unit) & (
        Q(due_date__isnull=True)
        | Q(due_date__lte=until + max(policy.horizon for policy in policies))
        | Q(status=Status.PENDING)
        | Q(returned_at__isnull=False)
        | Q(nudged_at__isnull=False)
        | Q(task__instructed_at__isnull=False)
        # Not by a question to each row: the tasks with nodes are few, and the facts say which still matter.
        | Q(task__in=_nodes(policies, until).values("task"))
    )
    if any(policy.first_report_after is not None for policy in policies):
        with_unit |= Q(status__in=Status.with_unit, last_reported_at__isnull=True)
    with_unit |= Q(status__in=Status.with_unit, pk__in=_answers(until).values("assignment"))
    is_asking = Exists(ExtensionRequest.objects.open().filter(assignment=OuterRef("pk")))
    return among.open().filter(with_unit | Q(status=Status.SUBMITTED) | is_asking)


def _nodes(policies: Collection[Policy], until: date) -> NodeQuerySet:
    return Node.objects.due_by(until + max(policy.node_horizon for policy in policies))


def _answers(until: date) -> ExtensionRequestQuerySet:
    """Answers that may be news on a day that somebody looks at; the policy knows for how long."""
    return ExtensionRequest.objects.answered_since(until - ANSWERS_READ)


def candidates(
    among: AssignmentQuerySet, policies: Collection[Policy], today: date
) -> Iterator[list[Candidate]]:
    """What can call for a reminder today, in batches by key."""
    rows = candidate_rows(among, policies, today)
    last = 0
    while batch := read_candidates(
        rows.filter(pk__gt=last).order_by("pk")[:ASSIGNMENT_BATCH], policies, today
    ):
        last = batch[-1].facts.id
        yield batch


def read_candidates(rows: AssignmentQuerySet, policies: Collection[Policy], until: date) -> list[Candidate]:
    """The facts of these assignments, in their order and in at most five queries."""
    # Plain values, because building model instances would take most of the time.
    values = rows.annotate(words=Left("task__text", TEXT_LIMIT + 1)).values_list(
        "pk",
        "status",
        "due_date",
        "created_at",
        "signed_at",
        "last_reported_at",
        "handed_in_on",
        "returned_at",
        "nudged_at",
        "percent",
        "task__instructed_at",
        "task_id",
        "task__number",
        "words",
        "plan_id",
        "department_id",
        "department__short_name",
        "region_id",
        "region__name",
        named=True,
    )
    found = list(values)
    unanswered = ExtensionRequest.objects.open().filter(assignment__in=[row.pk for row in found])
    asked_at = dict(unanswered.values_list("assignment_id", "created_at"))
    pressed = [row.pk for row in found if row.nudged_at or row.task__instructed_at]
    orders = Assignment.objects.select_related("task").in_bulk(pressed)
    answers: dict[int, list[ExtensionRequest]] = defaultdict(list)
    for answer in (
        _answers(until).filter(assignment__in=[row.pk for row in found]).order_by("decided_at", "pk")
    ):
        answers[answer.assignment_id].append(answer)
    steps = _nodes(policies, until).steps_by_task({row.task_id for row in found})
    return [
        _candidate(
            row, asked_at.get(row.pk), answers.get(row.pk, ()), orders.get(row.pk), steps.get(row.task_id, ())
        )
        for row in found
    ]


def _candidate(
    row: Any,
    asked_at: datetime | None,
    answers: Sequence[ExtensionRequest],
    ordered: Assignment | None,
    steps: Collection[Step],
) -> Candidate:
    """`ordered` is the assignment itself where there was a nudge or an instruction, which may be answered."""
    facts = AssignmentFacts(
        id=row.pk,
        status=row.status,
        due_date=row.due_date,
        created_on=day_of(row.created_at),
        signed_on=_day(row.signed_at),
        last_reported_on=_day(row.last_reported_at),
        handed_in_on=row.handed_in_on,
        returned_on=_day(row.returned_at),
        extension_asked_on=_day(asked_at),
        percent=row.percent,
        nodes=tuple(steps),
    )
    if answers:
        answered_on = _day(answers[-1].decided_at)
        facts = replace(
            facts,
            extension_answered_on=answered_on,
            extension_answers=sum(_day(one.decided_at) == answered_on for one in answers),
            extended_to=answers[-1].granted_date,
        )
    if ordered is not None:
        is_instructed, is_nudged = ordered.is_instruction_unanswered, ordered.is_nudge_unanswered
        facts = replace(
            facts,
            instructed_on=_day(ordered.task.instructed_at) if is_instructed else None,
            instruction_count=ordered.task.instruction_count,
            nudged_on=_day(ordered.nudged_at) if is_nudged else None,
            nudge_count=ordered.nudge_count,
        )
    matter = Matter(
        assignment_id=row.pk,
        task_id=row.task_id,
        number=row.task__number,
        text=row.words,
        unit=row.department__short_name,
        due_date=row.due_date,
    )
    return Candidate(facts, matter, row.plan_id, row.department_id, row.region_id, row.region__name)


def _day(moment: datetime | None) -> date | None:
    return day_of(moment) if moment else None


def told_of(assignment_ids: list[int]) -> dict[tuple[int, int], list[tuple[str, date]]]:
    """What each person was told of these assignments: stage and occasion."""
    rows = Reminder.objects.binding().filter(assignment__in=assignment_ids)
    ledger: dict[tuple[int, int], list[tuple[str, date]]] = defaultdict(list)
    for assignment, recipient, stage, day in rows.values_list(
        "assignment_id", "recipient_id", "stage", "occasion_date"
    ):
        ledger[assignment, recipient].append((stage, day))
    return ledger
