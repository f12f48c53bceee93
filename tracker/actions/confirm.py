"""Confirming a draft: each clause becomes a task, each responsible unit gets its assignment."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Department, User
from tracker.actions.history import Change, record
from tracker.actions.plans import NotADraft
from tracker.models import Assignment, Clause, Plan, PlanUnit, Task, UnitMention
from tracker.workflow import EventKind, Role


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


@dataclass(frozen=True, slots=True)
class _Share:
    """One department's part in one clause: its strongest role, and the collective it came through."""

    department_id: int
    role: str
    via_id: int | None


def blocking_reasons(plan: Plan) -> list[str]:
    """Why the draft cannot be confirmed yet; empty when it can."""
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
    return reasons


@transaction.atomic
def confirm_plan(plan_id: int, *, by: User | None, now: datetime) -> ConfirmResult:
    """Make the tasks and assignments of a draft and set the plan live, all in one transaction.

    Collective and blanket units fan out to their members (design section 1.3). Raises NotADraft for a plan
    that is live already, and ConfirmRefused while units or measures are unsettled.
    """
    plan = Plan.objects.select_for_update(of=("self",)).select_related("region").get(pk=plan_id)
    if not plan.is_draft:
        raise NotADraft
    if reasons := blocking_reasons(plan):
        raise ConfirmRefused(reasons)
    shares = _shares_by_clause(plan)
    clauses = list(
        Clause.objects.filter(measure__plan=plan)
        .select_related("measure")
        .order_by("measure__position", "position")
    )
    wanted = [clause for clause in clauses if not clause.is_skipped]
    tasks = Task.objects.bulk_create(
        [_task(plan, clause, now=now) for clause in wanted if shares[clause.pk]], batch_size=200
    )
    assignments = [
        _assignment(plan, task, share, now=now) for task in tasks for share in shares[task.clause_id]
    ]
    if not assignments:
        raise ConfirmRefused([_("没有一条子句可以生成任务。")])
    Assignment.objects.bulk_create(assignments, batch_size=500)
    record([Change(task, EventKind.CREATED) for task in tasks], by=by, now=now)
    plan.status = Plan.Status.LIVE
    plan.confirmed_at = now
    plan.confirmed_by = by
    plan.version += 1
    plan.save(update_fields=["status", "confirmed_at", "confirmed_by", "version"])
    return ConfirmResult(
        tasks=len(tasks),
        assignments=len(assignments),
        departments=len({assignment.department_id for assignment in assignments}),
        skipped=len(clauses) - len(wanted),
        unassigned=len(wanted) - len(tasks),
    )


def _shares_by_clause(plan: Plan) -> dict[int, list[_Share]]:
    """Who answers for each clause: its own units, else its measure's; and the plan's default units."""
    by_clause: dict[int, list[UnitMention]] = defaultdict(list)
    by_measure: dict[int, list[UnitMention]] = defaultdict(list)
    by_default: list[UnitMention] = []
    mentions = UnitMention.objects.filter(plan=plan, unit__department__isnull=False)
    for mention in mentions.select_related("unit__department").order_by("pk"):
        if mention.clause_id:
            by_clause[mention.clause_id].append(mention)
        elif mention.measure_id:
            by_measure[mention.measure_id].append(mention)
        else:
            by_default.append(mention)
    members = _members(plan)
    clauses = Clause.objects.filter(measure__plan=plan).values_list("pk", "measure_id", "measure__kind")
    return {
        clause: _merge(
            [
                *(by_clause[clause] or by_measure[measure]),
                # A row of the annexed list names all its units itself.
                *(by_default if kind == "PROSE" else []),
            ],
            members,
        )
        for clause, measure, kind in clauses
    }


def _members(plan: Plan) -> dict[int, list[int]]:
    """The active members of each collective that the plan names."""
    members: dict[int, list[int]] = defaultdict(list)
    through = Department.members.through.objects.filter(
        from_department__in=plan.units.values("department"), to_department__is_active=True
    )
    for collective, member in through.order_by("to_department_id").values_list(
        "from_department_id", "to_department_id"
    ):
        members[collective].append(member)
    return members


def _merge(mentions: list[UnitMention], members: dict[int, list[int]]) -> list[_Share]:
    """One share per department, in its strongest role; a department named itself is not "via" anything."""
    strength = list(Role.values)
    shares: dict[int, _Share] = {}
    for mention in mentions:
        department = mention.unit.department
        if department is None:
            continue
        if department.kind == Department.Kind.COLLECTIVE:
            found = [_Share(member, mention.role, department.pk) for member in members[department.pk]]
        else:
            found = [_Share(department.pk, mention.role, None)]
        for share in found:
            held = shares.get(share.department_id)
            if held is None or strength.index(share.role) < strength.index(held.role):
                shares[share.department_id] = share
    return list(shares.values())


def _task(plan: Plan, clause: Clause, *, now: datetime) -> Task:
    return Task(
        region=plan.region,
        plan=plan,
        measure=clause.measure,
        clause=clause,
        number=f"{clause.measure.position}-{clause.position}",
        text=clause.text,
        kind=clause.kind,
        due_date=clause.due_date,
        first_due_date=clause.due_date,
        start_date=clause.start_date,
        every=clause.every,
        quote=clause.quote,
        precision=clause.precision,
        rule=clause.rule,
        implied=clause.implied,
        created_at=now,
    )


def _assignment(plan: Plan, task: Task, share: _Share, *, now: datetime) -> Assignment:
    assignment = Assignment(
        task=task,
        region=plan.region,
        plan=plan,
        department_id=share.department_id,
        via_id=share.via_id,
        role=share.role,
        due_date=task.due_date,
        first_due_date=task.due_date,
        judged_date=task.due_date,
        created_at=now,
    )
    assignment.behind_from = assignment.first_day_behind([])  # a new task has no nodes yet
    return assignment
