"""Who will get what, on which day, and why, if nobody does anything until then. Writes nothing.

The decision is the planner's own: each coming day is put to `policy.stages_due`, and what it calls for counts
as told from then on. New work, reports and moved dates change the picture; so it is a forecast.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from accounts.models import Department, User
from notifications.candidates import Candidate, candidate_rows, load_calendar, read_candidates, told_of
from notifications.dashboards import LAST_PLANNING
from notifications.digest import Matter
from notifications.models import Message, ReminderPolicy
from notifications.policy import Audience, Due, Policies, stage_label, stages_due
from notifications.recipients import Directory, Recipient
from notifications.workdays import WorkingCalendar
from tracker.models import Task
from tracker.models.assignments import AssignmentQuerySet

FORECAST_DAYS = 30
# A forecast of more assignments than this is cut off, nearest due date kept, and says so.
ASSIGNMENT_LIMIT = 200

# Stage and occasion: what one person was told of one assignment.
Told = AbstractSet[tuple[str, date]]


@dataclass(frozen=True)
class ExpectedReminder:
    """One stage that will come. Without recipients there is nobody to tell."""

    day: date
    matter: Matter
    due: Due
    recipients: tuple[Recipient, ...]

    @property
    def stage_label(self) -> str:
        return stage_label(self.due.stage)

    @property
    def names(self) -> str:
        return "、".join(_name_of(person) for person in self.recipients)


@dataclass(frozen=True)
class Forecast:
    """The reminders of the coming days; `found` assignments could call for some, `taken` were asked."""

    expected: tuple[ExpectedReminder, ...]
    first: date
    days: int
    found: int
    taken: int
    is_provisional: bool

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.days - 1)


def _name_of(person: Recipient) -> str:
    """With what is special: no mail, an hour of the own choice."""
    words = [] if person.address else [_("仅站内")]
    if person.hour is not None:
        words.append(f"{person.hour}:00")
    return f"{person.name}（{'，'.join(words)}）" if words else person.name


def first_planning_day(now: datetime) -> date:
    """Today as long as it is still planned for, else tomorrow. `now` is local."""
    return now.date() if now.time() < LAST_PLANNING else now.date() + timedelta(days=1)


def forecast(
    assignments: AssignmentQuerySet,
    *,
    first: date,
    days: int = FORECAST_DAYS,
    task: Task | None = None,
    unit: Department | None = None,
    person: User | None = None,
    audiences: Sequence[Audience] = tuple(Audience),
    limit: int = ASSIGNMENT_LIMIT,
) -> Forecast:
    """What these assignments will call for from `first` on, for so many days.

    `task`, `unit`, `person` and `audiences` narrow it. The number of queries is fixed.
    """
    last = first + timedelta(days=days - 1)
    policies = ReminderPolicy.objects.policies()
    rows = candidate_rows(assignments, policies.all, last)
    if task is not None:
        rows = rows.filter(task=task)
    if unit is not None:
        rows = rows.filter(department=unit)
    if person is not None:
        # A unit's people hear of the unit's work, the others of their region's.
        own = {"department": person.department_id} if person.is_unit_person else {"region": person.region_id}
        rows = rows.filter(**own)
    taken = read_candidates(rows.by_urgency()[:limit], policies.all, last)
    calendar = load_calendar()
    directory = Directory(calendar)
    told: dict[int, dict[int, Told]] = defaultdict(dict)
    for (assignment_id, person_id), told_rows in told_of([one.facts.id for one in taken]).items():
        told[assignment_id][person_id] = frozenset(told_rows)
    has_mail = frozenset(Message.objects.filter(day=first).values_list("recipient_id", flat=True))
    expected: list[ExpectedReminder] = []
    for candidate in taken:
        expected += project(
            candidate,
            directory,
            told[candidate.facts.id],
            has_mail,
            audiences=audiences,
            policies=policies,
            calendar=calendar,
            first=first,
            days=days,
        )
    if person is not None:
        expected = [
            ExpectedReminder(one.day, one.matter, one.due, mine)
            for one in expected
            if (mine := tuple(reader for reader in one.recipients if reader.id == person.pk))
        ]
    return Forecast(
        expected=tuple(
            sorted(expected, key=lambda one: (one.day, one.matter.unit, one.matter.assignment_id))
        ),
        first=first,
        days=days,
        found=len(taken) if len(taken) < limit else rows.count(),
        taken=len(taken),
        is_provisional=any(calendar.is_provisional(year) for year in {first.year, last.year}),
    )


def project(
    candidate: Candidate,
    directory: Directory,
    ledger: Mapping[int, Told],
    has_mail: AbstractSet[int],
    *,
    audiences: Sequence[Audience],
    policies: Policies,
    calendar: WorkingCalendar,
    first: date,
    days: int,
) -> Iterator[ExpectedReminder]:
    """One assignment, day by day, without a query.

    `ledger` holds what each person was told before. Whoever is in `has_mail` has a digest of the first day
    already and gets the rest on the next.
    """
    policy = policies.of(candidate.plan_id, candidate.region_id)
    told: dict[int, set[tuple[str, date]]] = defaultdict(
        set, {key: set(rows) for key, rows in ledger.items()}
    )
    nobody: set[tuple[str, date]] = set()
    for offset in range(days):
        day = first + timedelta(days=offset)
        # With an empty ledger: what was told before is left out for each person, as the policy would.
        for due in stages_due(candidate.facts, policy, calendar, day, frozenset()):
            if due.audience not in audiences:
                continue
            key = (due.stage, due.occasion_date)
            readers = directory.of(due.audience, candidate, day)
            fresh = tuple(
                one
                for one in readers
                if key not in told[one.id]
                and not (offset == 0 and one.id in has_mail)
                and not directory.rests(one, day)
                and directory.wants(one, due)
            )
            for one in fresh:
                told[one.id] |= {key, *((stage, due.occasion_date) for stage in due.superseded)}
            is_lost = not readers and key not in nobody and calendar.is_working(day)
            if is_lost:
                nobody.add(key)
            if fresh or is_lost:
                yield ExpectedReminder(day, candidate.matter, due, fresh)
