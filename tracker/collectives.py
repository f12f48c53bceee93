"""What pages show of collectives (统称): how their members stand, and what a member that came late lacks.

Plain data, made from the assignments that a person may see. A share knows the collective it came through
(`via`) for ever; who is a member is asked anew each time.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from accounts.models import Department
from tracker.models import Assignment, Task
from tracker.models.assignments import AssignmentQuerySet
from tracker.workflow import Light, Status

Memberships = Department.members.through
OFFERS_AT_ONCE = 500
NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Figures:
    """How the shares of one unit, or of all members of a collective, stand. Each opens a list."""

    total: int = 0
    unsigned: int = 0
    never_reported: int = 0
    overdue: int = 0
    closed: int = 0
    yellow: int = 0
    green: int = 0

    @property
    def light(self) -> Light:
        """The worst light among them."""
        if self.overdue:
            return Light.RED
        if self.yellow:
            return Light.YELLOW
        return Light.GREEN if self.green else Light.GREY


def _figures(assignments: AssignmentQuerySet, key: str, today: date) -> dict[int, Figures]:
    rows: Any = (
        assignments.in_force()
        .with_light(today)
        .values(key=F(key))
        .annotate(
            total=Count("pk"),
            unsigned=Count("pk", filter=Q(status=Status.PENDING)),
            never_reported=Count("pk", filter=AssignmentQuerySet.never_reported_q()),
            overdue=Count("pk", filter=AssignmentQuerySet.overdue_q(today)),
            closed=Count("pk", filter=Q(status=Status.CLOSED)),
            yellow=Count("pk", filter=Q(light=Light.YELLOW)),
            green=Count("pk", filter=Q(light=Light.GREEN)),
        )
    )
    return {row.pop("key"): Figures(**row) for row in rows}


def members_of(collectives: Collection[int]) -> dict[int, list[int]]:
    """The units that each of these collectives stands for now, and that can answer for a task."""
    members: dict[int, list[int]] = defaultdict(list)
    through = Memberships.objects.filter(
        from_department__in=collectives,
        to_department__in=Department.objects.answerable(),
        to_department__region=F("from_department__region"),
    )
    for collective, member in through.order_by("pk").values_list("from_department_id", "to_department_id"):
        members[collective].append(member)
    return members


@dataclass(frozen=True, slots=True)
class CollectiveLine:
    """One collective in the list. `lacking` is how many shares its members have yet to be given."""

    collective: Department
    members: int
    figures: Figures
    lacking: int

    @property
    def query(self) -> str:
        """What opens in the ledger the rows that the figures count."""
        return f"via={self.collective.pk}"


def lines(
    assignments: AssignmentQuerySet, today: date, *, offered_in: int | None = None
) -> list[CollectiveLine]:
    """Each collective through which work came, those with most overdue first.

    What members lack is counted for the collectives of the region `offered_in` only.
    """
    figures = _figures(assignments.filter(via__isnull=False), "via", today)
    collectives = Department.objects.filter(pk__in=figures).select_related("region")
    members = members_of(figures)
    lacking = lacks([unit.pk for unit in collectives if unit.region_id == offered_in])
    found = [
        CollectiveLine(
            collective=unit,
            members=len(members[unit.pk]),
            figures=figures[unit.pk],
            lacking=sum(lacking.get(unit.pk, {}).values()),
        )
        for unit in collectives
    ]
    return sorted(
        found, key=lambda line: (-line.figures.overdue, line.collective.short_name, line.collective.pk)
    )


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One unit of a collective. One that left keeps its shares and is no member any more."""

    collective: Department
    department: Department
    is_member: bool
    figures: Figures

    @property
    def query(self) -> str:
        """What opens in the ledger the rows that the figures count."""
        return f"via={self.collective.pk}&unit={self.department.pk}"


def member_lines(collective: Department, assignments: AssignmentQuerySet, today: date) -> list[MemberLine]:
    """The members, and whoever got work through the collective; those with most overdue first."""
    figures = _figures(assignments.through(collective), "department", today)
    members = set(members_of([collective.pk])[collective.pk])
    found = [
        MemberLine(collective, unit, unit.pk in members, figures.get(unit.pk, Figures()))
        for unit in Department.objects.filter(pk__in=members | figures.keys())
    ]
    return sorted(
        found,
        key=lambda line: (
            -line.figures.overdue,
            -line.figures.never_reported,
            line.department.short_name,
            line.department.pk,
        ),
    )


def lacks(collectives: Collection[int]) -> dict[int, dict[int, int]]:
    """For each collective the members that lack a share of its open tasks, and of how many.

    A member that has or had any share of a task lacks none of it: who was let off is not asked again.
    """
    came = _came_through().filter(via__in=collectives, task__closed_at__isnull=True).order_by()
    distinct = Count("task", distinct=True)
    tasks: dict[int, int] = dict(came.values_list("via").annotate(tasks=distinct))
    if not tasks:
        return {}
    counts = came.values_list("via", "department").annotate(tasks=distinct)
    through = {(collective, member): count for collective, member, count in counts}
    # Who has all of them through the collective, as nearly everybody does, need not be looked at closely.
    doubtful = [
        (collective, member)
        for collective, members in members_of(tasks).items()
        for member in members
        if through.get((collective, member), 0) < tasks[collective]
    ]
    held = _held(
        {collective for collective, _member in doubtful}, {member for _collective, member in doubtful}
    )
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for collective, member in doubtful:
        if lacking := tasks[collective] - held.get((collective, member), 0):
            found[collective][member] = lacking
    return dict(found)


def _held(collectives: Collection[int], members: Collection[int]) -> dict[tuple[int, int], int]:
    """Of how many open tasks of each collective a member has or had a share, by whatever way."""
    counts = (
        Assignment.objects.filter(department__in=members, task__closed_at__isnull=True)
        .annotate(collective=F("department__collectives"))
        .filter(collective__in=collectives)
        .filter(Exists(_came_through().filter(task=OuterRef("task"), via=OuterRef("collective"))))
        .order_by()
        .values_list("collective", "department")
        .annotate(tasks=Count("task", distinct=True))
    )
    return {(collective, member): count for collective, member, count in counts}


def _came_through() -> AssignmentQuerySet:
    """The shares by which a task counts as one of its collective, in the collective's own region."""
    return Assignment.objects.in_force().filter(region=F("via__region"))


def open_tasks_of(collective: Department | int) -> QuerySet[Task]:
    """Tasks that are not closed and came to units through this collective."""
    came = _came_through().through(collective).filter(task=OuterRef("pk"))
    return Task.objects.filter(Exists(came), closed_at__isnull=True)


@dataclass(frozen=True, slots=True)
class Offer:
    """A member that came late: the first of the tasks whose share it lacks, and how many there are."""

    member: Department
    tasks: Sequence[Task]
    count: int


def offers(collective: Department) -> list[Offer]:
    """What the members of a collective lack, at most OFFERS_AT_ONCE shares in all."""
    counts = lacks([collective.pk]).get(collective.pk, {})
    if not counts:
        return []
    members = list(Department.objects.filter(pk__in=counts).by_name())
    have = Count("assignments__department", filter=Q(assignments__department__in=members), distinct=True)
    tasks = list(
        open_tasks_of(collective)
        .annotate(have=have)
        .filter(have__lt=len(members))
        .select_related("plan")
        .defer("plan__source_text")
        .order_by(F("due_date").asc(nulls_last=True), "pk")[:OFFERS_AT_ONCE]
    )
    held = set(
        Assignment.objects.filter(task__in=tasks, department__in=members).values_list("department", "task")
    )
    found, left = [], OFFERS_AT_ONCE
    for member in members:
        lacking = [task for task in tasks if (member.pk, task.pk) not in held][:left]
        left -= len(lacking)
        found.append(Offer(member, lacking, counts[member.pk]))
    return [offer for offer in found if offer.tasks]


@dataclass(frozen=True, slots=True)
class Names:
    """Units in one state: the first of them, and those that wait behind a fold."""

    key: str
    shares: Sequence[Assignment]

    @property
    def first(self) -> Sequence[Assignment]:
        return self.shares[:NAMES_SHOWN]

    @property
    def rest(self) -> Sequence[Assignment]:
        return self.shares[NAMES_SHOWN:]


@dataclass(frozen=True, slots=True)
class Summary:
    """How the units that got one task through a collective stand."""

    collective: Department
    total: int
    groups: list[Names]


def summaries(assignments: Iterable[Assignment], today: date) -> list[Summary]:
    """For each collective of one task: who has not signed or reported, is late, is done, has left."""
    by_collective: dict[Department, list[Assignment]] = defaultdict(list)
    for share in assignments:
        if share.via is not None and share.is_in_force:
            by_collective[share.via].append(share)
    if not by_collective:
        return []
    members = members_of([collective.pk for collective in by_collective])
    return [
        Summary(collective, len(shares), _groups(shares, members[collective.pk], today))
        for collective, shares in by_collective.items()
    ]


def _groups(shares: list[Assignment], members: Collection[int], today: date) -> list[Names]:
    return [
        Names("unsigned", [share for share in shares if share.status == Status.PENDING]),
        Names("never_reported", [share for share in shares if share.is_never_reported]),
        Names("overdue", [share for share in shares if share.is_overdue(today)]),
        Names("closed", [share for share in shares if share.status == Status.CLOSED]),
        Names("left", [share for share in shares if share.department_id not in members]),
    ]


def lacking_in(region: int | None) -> int:
    """How many shares the members of this region's collectives have yet to be given."""
    collectives = Department.objects.of_kind(Department.Kind.COLLECTIVE).filter(region=region)
    counts = lacks(list(collectives.values_list("pk", flat=True)))
    return sum(sum(members.values()) for members in counts.values())
