"""What pages read of tasks that are one duty: clauses that are much alike, shares that one report answers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from accounts.models import User
from tracker.dashboards import PeriodLine, series_periods
from tracker.highlight import Segment
from tracker.models import Assignment, Clause, Task
from tracker.models.assignments import AssignmentQuerySet
from tracker.permissions import can_link, visible_assignments, visible_grams, visible_tasks
from tracker.similarity import FLOOR, common_parts, likeness, sketch
from tracker.workflow import Role, Status

SHOWN = 10
CANDIDATES = 150  # clauses that are compared in full
LEADS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class OtherTask:
    """A task of another plan beside the one on the page: who leads it, how it stands, what both say."""

    task: Task
    line: PeriodLine | None  # None where the person sees the task but none of its shares
    leads: list[str]
    more_leads: int
    words: list[Segment]
    percent_alike: int
    is_linked: bool  # of the same duty as the one on the page
    may_link: bool


def similar_tasks(user: User, task: Task, today: date) -> list[OtherTask]:
    """The tasks of other plans that this person may see and whose clauses are most like this one's.

    The index names the few clauses that can be meant; only these are compared in full.
    """
    grams = visible_grams(user).exclude(plan=task.plan_id)
    near = grams.clauses_with_most_of(sketch(task.text), limit=CANDIDATES)
    texts = Clause.objects.filter(pk__in=near).values_list("pk", "text")
    scored = ((likeness(task.text, text), pk) for pk, text in texts)
    best = sorted((pair for pair in scored if pair[0] >= FLOOR), key=lambda pair: (-pair[0], pair[1]))[:SHOWN]
    place = {pk: number for number, (_score, pk) in enumerate(best)}
    found = visible_tasks(user).newest_of_clauses(list(place)).for_beside()
    return _beside(user, task, sorted(found, key=lambda other: place[other.clause_id]), today)


def mentioning(user: User, task: Task, words: str, today: date) -> list[OtherTask]:
    """The newest tasks of other plans with all of these words, for one that says the same in other ones."""
    found = visible_tasks(user).exclude(plan=task.plan_id).mentioning(words).for_beside()
    return _beside(user, task, found.order_by("-pk")[:SHOWN], today)


def of_same_duty(user: User, task: Task, today: date) -> list[OtherTask]:
    """The other tasks of its duty that this person may see; without a query where it has none."""
    if task.duty_id is None:
        return []
    others = visible_tasks(user).of_duties([task.duty_id]).exclude(pk=task.pk).for_beside()
    return _beside(user, task, others.order_by("pk"), today)


def _beside(user: User, task: Task, others: Iterable[Task], today: date) -> list[OtherTask]:
    others = list(others)
    if not others:
        return []
    lines = {line.task.pk: line for line in series_periods(others, visible_assignments(user), today)}
    leads: dict[int, list[str]] = defaultdict(list)
    shares = Assignment.objects.in_force().filter(task__in=others, role=Role.LEAD)
    for pk, name in shares.order_by("pk").values_list("task", "department__short_name"):
        leads[pk].append(name)
    return [
        OtherTask(
            task=other,
            line=lines.get(other.pk),
            leads=leads[other.pk][:LEADS_SHOWN],
            more_leads=max(0, len(leads[other.pk]) - LEADS_SHOWN),
            words=common_parts(other.text, task.text),
            percent_alike=round(100 * likeness(task.text, other.text)),
            is_linked=other.duty_id is not None and other.duty_id == task.duty_id,
            may_link=can_link(user, other) and can_link(user, task),
        )
        for other in others
    ]


@dataclass(frozen=True, slots=True)
class LinkedShare:
    """The unit's share of another task of the same duty, beside the one that is reported on or handed in."""

    assignment: Assignment
    counts: bool  # whether a report counts for it too
    version: int  # the one that the person has seen
    is_chosen: bool


def linked_shares(assignment: Assignment, chosen: Mapping[int, int] | None = None) -> list[LinkedShare]:
    """The unit's shares of the same duty; `chosen` are those ticked in a form, with their versions."""
    chosen = chosen or {}
    return [
        LinkedShare(
            assignment=row,
            counts=row.status in Status.with_unit,
            version=chosen.get(row.pk) or row.version,
            is_chosen=row.pk in chosen,
        )
        for row in Assignment.objects.sharing_duty(assignment).for_list()
    ]


def ready_with(assignment: Assignment) -> AssignmentQuerySet:
    """The unit's shares of the same duty that could be handed in as well: reported as done."""
    done = Assignment.objects.sharing_duty(assignment).filter(status=Status.ACTIVE, percent=100)
    return done.filter(last_reported_at__isnull=False).for_list()


def with_companions(rows: Iterable[Assignment]) -> None:
    """Say in each of these shares of one unit which others one report counts for as well.

    One query where any of their tasks has a duty, none where no task has.
    """
    by_duty: dict[int, list[Assignment]] = defaultdict(list)
    linked = [row for row in rows if row.task.duty_id is not None]
    if not linked:
        return
    units = {row.department_id for row in linked}
    tasks = Task.objects.of_duties({row.task.duty_id for row in linked})
    found = Assignment.objects.for_departments(units).filter(task__in=tasks, status__in=Status.with_unit)
    for share in found.for_list().order_by("pk"):
        by_duty[share.task.duty_id or 0].append(share)
    for row in linked:
        row.same_duty = [share for share in by_duty[row.task.duty_id or 0] if share.pk != row.pk]
