"""Is the scheduler alive, and whom can no mail reach: plain data for the page of mails."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import Department, Region, User
from accounts.permissions import can_keep
from notifications.models import Message, Run
from tracker.models import Assignment

# Planning runs hourly by day, the sweep every five minutes day and night. Longer than a night, or than
# three turns of the sweep, means that nobody is at work.
PLAN_SILENCE = timedelta(hours=12)
SWEEP_SILENCE = timedelta(minutes=15)
REFUSED_SHOWN = 100


@dataclass(frozen=True)
class SchedulerState:
    """The last run of each kind, and whether either has been silent for too long."""

    last_plan: Run | None
    last_sweep: Run | None
    is_plan_late: bool
    is_sweep_late: bool

    @property
    def is_alive(self) -> bool:
        return not (self.is_plan_late or self.is_sweep_late)


def scheduler_state(now: datetime) -> SchedulerState:
    last_plan = Run.objects.plans().with_outcomes().latest_first().first()
    last_sweep = Run.objects.sweeps().latest_first().first()
    return SchedulerState(
        last_plan=last_plan,
        last_sweep=last_sweep,
        is_plan_late=last_plan is None or now - last_plan.started_at > PLAN_SILENCE,
        is_sweep_late=last_sweep is None or now - last_sweep.started_at > SWEEP_SILENCE,
    )


def state_counts(messages: QuerySet[Message]) -> Mapping[str, int]:
    """How many of these digests stand in each state."""
    return dict(messages.order_by().values_list("state").annotate(Count("pk")))


@dataclass(frozen=True)
class RefusedPeople:
    """Whose address the mail server refuses, the latest first, and whether the reader may correct it."""

    shown: list[tuple[User, bool]]
    has_more: bool


def refused_people(regions: QuerySet[Region], *, by: User) -> RefusedPeople:
    """In these regions; for administrators also people of no region."""
    found = User.objects.all().refused()
    if not by.is_administrator:
        found = found.filter(region__in=regions)
    rows = found.select_related("region", "department").order_by("-email_refused_at", "pk")
    people = list(rows[: REFUSED_SHOWN + 1])
    shown = [(person, can_keep(by, person)) for person in people[:REFUSED_SHOWN]]
    return RefusedPeople(shown, has_more=len(people) > REFUSED_SHOWN)


def unreachable_departments(regions: QuerySet[Region]) -> QuerySet[Department]:
    """Units with open work of whom nobody active has a mail address."""
    unit_roles = (User.Role.REPORTER, User.Role.HEAD)
    with_address = User.objects.all().reachable().filter(department=OuterRef("pk"), role__in=unit_roles)
    open_work = Assignment.objects.open().filter(department=OuterRef("pk"))
    return Department.objects.filter(
        ~Exists(with_address), Exists(open_work), Q(region__in=regions)
    ).order_by("name", "pk")
