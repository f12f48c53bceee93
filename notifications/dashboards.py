"""Is the scheduler alive, and whom can no mail reach: plain data for pages, probes and metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import Department, Region, User
from accounts.permissions import can_keep
from notifications.hours import FIRST_HOUR, LAST_HOUR
from notifications.models import Message, Run
from notifications.models.messages import MessageQuerySet
from tracker.clock import SHANGHAI
from tracker.models import Assignment

# Planning runs hourly by day, the sweep every five minutes day and night (CELERY_BEAT_SCHEDULE). Longer than
# two turns of the one, or three of the other, means that nobody is at work.
FIRST_PLANNING, LAST_PLANNING = time(FIRST_HOUR, 5), time(LAST_HOUR, 5)
PLAN_SILENCE = timedelta(hours=2)
SWEEP_SILENCE = timedelta(minutes=15)
REFUSED_SHOWN = 100


def planning_expected_since(now: datetime) -> datetime:
    """No planning run since then means trouble. Nights do not count: until two hours after the first run of
    a day it is enough that the last of the day before took place.
    """
    local = now.astimezone(SHANGHAI)
    day = local.date()
    if local - PLAN_SILENCE < _at(day, FIRST_PLANNING):
        return _at(day - timedelta(days=1), LAST_PLANNING) - PLAN_SILENCE
    return min(local, _at(day, LAST_PLANNING)) - PLAN_SILENCE


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, tzinfo=SHANGHAI)


def is_planning_late(now: datetime) -> bool:
    """The one question behind the banner on every page: one look into an index."""
    return not Run.objects.plans().filter(started_at__gte=planning_expected_since(now)).exists()


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

    @property
    def held_plan(self) -> Run | None:
        """The last planning run if it waits for somebody to let it go."""
        run = self.last_plan
        return run if run is not None and run.is_held and run.released_at is None else None


def scheduler_state(now: datetime) -> SchedulerState:
    last_plan = Run.objects.plans().with_outcomes().latest_first().first()
    last_sweep = Run.objects.sweeps().latest_first().first()
    return SchedulerState(
        last_plan=last_plan,
        last_sweep=last_sweep,
        is_plan_late=last_plan is None or last_plan.started_at < planning_expected_since(now),
        is_sweep_late=last_sweep is None or now - last_sweep.started_at > SWEEP_SILENCE,
    )


@dataclass(frozen=True)
class DeliveryState:
    """How the digests of a day stand, and what has waited longest of all days."""

    planned: int
    counts: Mapping[str, int]
    oldest_unsent: Message | None

    @property
    def sent(self) -> int:
        return self.counts.get(Message.State.SENT, 0)

    @property
    def failed(self) -> int:
        return self.counts.get(Message.State.DEAD, 0)


def delivery_state(messages: MessageQuerySet, today: date) -> DeliveryState:
    counts = state_counts(messages.filter(day=today))
    waiting = messages.unsent().order_by("created_at", "pk")
    oldest = waiting.select_related("recipient").defer("text", "html").first()
    return DeliveryState(planned=sum(counts.values()), counts=counts, oldest_unsent=oldest)


def state_counts(messages: QuerySet[Message]) -> Mapping[str, int]:
    """How many of these digests stand in each state."""
    return dict(messages.order_by().values_list("state").annotate(Count("pk")))


@dataclass(frozen=True)
class RefusedPeople:
    """Whose address the mail server refuses, the latest first, and whether the reader may correct it; then
    the units whose own mailbox it refuses.
    """

    shown: list[tuple[User, bool]]
    mailboxes: list[Department]
    has_more: bool


def refused_people(regions: QuerySet[Region], *, by: User) -> RefusedPeople:
    """In these regions; for administrators also people of no region."""
    found = User.objects.all().refused()
    if not by.is_administrator:
        found = found.filter(region__in=regions)
    rows = found.select_related("region", "department").order_by("-email_refused_at", "pk")
    people = list(rows[: REFUSED_SHOWN + 1])
    shown = [(person, can_keep(by, person)) for person in people[:REFUSED_SHOWN]]
    units = Department.objects.mailbox_refused().filter(region__in=regions).select_related("region")
    mailboxes = list(units.order_by("-mailbox_refused_at", "pk")[: REFUSED_SHOWN + 1])
    return RefusedPeople(
        shown,
        mailboxes=mailboxes[:REFUSED_SHOWN],
        has_more=max(len(people), len(mailboxes)) > REFUSED_SHOWN,
    )


def unreachable_departments(regions: QuerySet[Region]) -> QuerySet[Department]:
    """Units with open work of whom nobody active has a mail address, nor the unit a mailbox to stand in."""
    unit_roles = (User.Role.REPORTER, User.Role.HEAD)
    people = User.objects.all().filter(department=OuterRef("pk"), is_active=True, role__in=unit_roles)
    open_work = Assignment.objects.open().filter(department=OuterRef("pk"))
    return Department.objects.filter(
        ~Exists(people.reachable()),
        ~Exists(people) | Q(mailbox="") | Q(mailbox_refused_at__isnull=False),
        Exists(open_work),
        Q(region__in=regions),
    ).order_by("name", "pk")
