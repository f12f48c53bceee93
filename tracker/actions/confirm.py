"""Confirming a draft: each clause becomes a task, each responsible unit gets its assignment."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Department, User
from tracker.actions.carrying import Carried, carry_over, lock_edition
from tracker.actions.draft_record import StaleDraft, locked_draft
from tracker.actions.editions import reasons_against
from tracker.actions.series import first_period, start_series
from tracker.actions.tasks import NewTask, Share, make_tasks
from tracker.clock import day_of
from tracker.comparison import Comparison, compare
from tracker.models import Clause, Plan, PlanUnit, Series
from tracker.shares import shares_by_clause
from tracker.workflow import Role


class ConfirmRefused(Exception):
    """The draft cannot go live yet; `reasons` says why, each for a person."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("；".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class ConfirmResult:
    """What confirming made. `unassigned` clauses name no unit and made no task."""

    tasks: int
    assignments: int
    departments: int
    skipped: int
    unassigned: int
    carried: int = 0  # tasks of the old edition that go on under this one
    ended: int = 0  # clauses of the old edition whose work was ended


def blocking_reasons(plan: Plan, comparison: Comparison | None = None) -> list[str]:
    """Why the draft cannot be confirmed yet; empty when it can. `comparison` where it was read already."""
    reasons = []
    unknown = plan.units.filter(resolution=PlanUnit.Resolution.UNKNOWN).count()
    if unknown:
        reasons.append(
            ngettext("还有%(n)d个单位名称没有确认。", "还有%(n)d个单位名称没有确认。", unknown)
            % {"n": unknown}
        )
    doubts = plan.doubts.blocking().count()
    if doubts:
        reasons.append(
            ngettext("还有%(n)d个条目没有责任单位。", "还有%(n)d个条目没有责任单位。", doubts) % {"n": doubts}
        )
    settled = Department.objects.filter(pk__in=plan.units.values("department"))
    empty = settled.filter(kind=Department.Kind.COLLECTIVE).exclude(members__is_active=True)
    reasons += [_("统称“%(name)s”还没有成员单位。") % {"name": department} for department in empty]
    return [*reasons, *reasons_against(plan, comparison)]


@dataclass(frozen=True, slots=True)
class UnitToBe:
    """One unit's part of what confirming would make, and how its people would be told."""

    department: Department
    lead: int
    implement: int
    support: int
    people: int  # who would find it in the application
    mailed: int  # mails that would go out: to people, else to the unit's mailbox

    @property
    def total(self) -> int:
        return self.lead + self.implement + self.support


@dataclass(frozen=True, slots=True)
class Preview:
    """What confirming would make."""

    tasks: int
    assignments: int
    skipped: int
    units: list[UnitToBe]
    unassigned: list[Clause]
    series: list[Clause]
    comparison: Comparison | None = None  # with the old edition, where there is one

    @property
    def asks_for_end(self) -> bool:
        """Whether something comes round, until a day that is to be said: new series, and carried ones."""
        carried = self.comparison.carried if self.comparison else ()
        return bool(self.series) or any(row.series is not None for row in carried)

    @property
    def unreachable(self) -> list[Department]:
        """Units in which nobody would be told by mail."""
        return [unit.department for unit in self.units if not unit.mailed]


@dataclass(frozen=True, slots=True)
class _Coming:
    """The clauses of a draft by what becomes of them, in the order of the plan."""

    shares: dict[int, list[Share]]
    clauses: list[Clause]
    assigned: list[Clause]
    unassigned: list[Clause]

    @property
    def skipped(self) -> int:
        return len(self.clauses) - len(self.assigned) - len(self.unassigned)


def _coming(plan: Plan, carried: Collection[int] = ()) -> _Coming:
    """Without the clauses that go on with a task of the old edition."""
    shares = shares_by_clause(plan)
    found = Clause.objects.filter(measure__plan=plan).select_related("measure")
    clauses = list(found.order_by("measure__position", "position"))
    clauses = [clause for clause in clauses if clause.pk not in carried]
    wanted = [clause for clause in clauses if not clause.is_skipped]
    return _Coming(
        shares,
        clauses,
        [clause for clause in wanted if shares[clause.pk]],
        [clause for clause in wanted if not shares[clause.pk]],
    )


def preview_confirm(plan: Plan) -> Preview:
    """What confirming the draft as it stands would make, and who would be told. Changes nothing."""
    comparison = compare(plan) if plan.previous_edition_id else None
    coming = _coming(plan, {row.new.clause.pk for row in comparison.carried if row.new} if comparison else ())
    roles: dict[int, Counter[str]] = defaultdict(Counter)
    for clause in coming.assigned:
        for share in coming.shares[clause.pk]:
            roles[share.department_id][share.role] += 1
    people: dict[int, list[User]] = defaultdict(list)
    working = User.objects.filter(
        department__in=roles, is_active=True, role__in=[User.Role.REPORTER, User.Role.HEAD]
    )
    for user in working:
        people[user.department_id or 0].append(user)
    units = [
        UnitToBe(
            department=department,
            lead=roles[department.pk][Role.LEAD],
            implement=roles[department.pk][Role.IMPLEMENT],
            support=roles[department.pk][Role.SUPPORT],
            people=len(people[department.pk]),
            mailed=_mails(department, people[department.pk]),
        )
        for department in Department.objects.filter(pk__in=roles).order_by("name", "pk")
    ]
    return Preview(
        tasks=len(coming.assigned),
        assignments=sum(unit.total for unit in units),
        skipped=coming.skipped,
        units=sorted(units, key=lambda unit: -unit.total),
        unassigned=coming.unassigned,
        series=[clause for clause in coming.assigned if clause.makes_series],
        comparison=comparison,
    )


def _mails(department: Department, people: Sequence[User]) -> int:
    """One to each person with an address; where none has one, one to the unit's mailbox."""
    reachable = sum(user.is_reachable for user in people)
    return reachable or int(bool(people and department.reachable_mailbox))


@transaction.atomic
def confirm_plan(
    plan_id: int,
    *,
    by: User | None,
    now: datetime,
    ends_on: date | None = None,
    version: int | None = None,
) -> ConfirmResult:
    """Make the tasks and assignments of a draft and set the plan live, all in one transaction.

    Collective and blanket units fan out to their members (design section 1.3). A recurring clause makes a
    series with the task of its first period; `ends_on` is the plan's own end, after which none goes on.
    Raises NotADraft for a plan that is live already, ConfirmRefused while units or measures are unsettled,
    and StaleDraft when the draft was changed after the `version` that the person saw.
    """
    plan = locked_draft(plan_id)
    if version is not None and version != plan.version:
        raise StaleDraft(_("您打开页面之后，草稿又有改动。下面是现在将要生成的内容，请重新核对。"))
    if ends_on is not None and ends_on < day_of(now):
        raise ConfirmRefused([_("方案执行的最后一天不能早于今天。")])
    comparison = lock_edition(plan) if plan.previous_edition_id else None
    if reasons := blocking_reasons(plan, comparison):
        raise ConfirmRefused(reasons)
    plan.ends_on = ends_on
    carried = _carry(plan, comparison, by=by, now=now) if comparison else Carried()
    coming = _coming(plan, carried.clauses)
    if not coming.assigned and not carried.clauses:
        raise ConfirmRefused([_("没有一条子句可以生成任务。")])
    series = start_series(plan, coming.assigned, now=now)
    replaced = dict(carried.replaces)
    assignments = make_tasks(
        [
            _new_task(
                plan,
                clause,
                coming.shares[clause.pk],
                series.get(clause.pk),
                _("接替原版本的任务%(number)s。") % {"number": replaced[clause.pk]}
                if clause.pk in replaced
                else "",
            )
            for clause in coming.assigned
        ],
        by=by,
        now=now,
    )
    plan.status = Plan.Status.LIVE
    plan.confirmed_at = now
    plan.confirmed_by = by
    plan.version += 1
    plan.save(update_fields=["status", "confirmed_at", "confirmed_by", "ends_on", "version"])
    return ConfirmResult(
        tasks=len(coming.assigned),
        assignments=len(assignments),
        departments=len({assignment.department_id for assignment in assignments}),
        skipped=coming.skipped,
        unassigned=len(coming.unassigned),
        carried=carried.tasks,
        ended=carried.ended,
    )


def _carry(plan: Plan, comparison: Comparison, *, by: User | None, now: datetime) -> Carried:
    if by is None:
        raise ConfirmRefused([_("新版本要由督办员本人下达。")])
    return carry_over(plan, comparison, by=by, now=now)


def _new_task(
    plan: Plan, clause: Clause, shares: Sequence[Share], series: Series | None, note: str
) -> NewTask:
    return NewTask(plan, clause, shares, series, first_period(series) if series else None, note=note)
