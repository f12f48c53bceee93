"""Settling a draft: what printed names mean, who answers for what, which doubts and measures were looked at.

Each function is one change on record (draft_record). `version` is the plan's version the person saw; without
it nobody is asked whether the page was stale.
"""

from contextlib import AbstractContextManager
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.actions import AliasTaken, add_alias
from accounts.models import Department, User
from tracker.actions.draft_record import DOUBT, MEASURE, UNIT, Editing, SettleRefused, editing
from tracker.models import Clause, Doubt, DraftEdit, Measure, Plan, PlanUnit, UnitMention
from tracker.workflow import Role

# A doubt about who answers cannot be left open: a task without a unit is nobody's (design section 8).
BLOCKING_CODES = frozenset({"unit-missing"})
Kind = DraftEdit.Kind


def settle_unit(
    plan_unit_id: int, *, department: Department, remember: bool, by: User | None, now: datetime
) -> None:
    """Say which department a printed name means; `remember` makes the name an alias for later plans.

    Raises SettleRefused for a department of another region, a name that is another department's alias, and a
    name that a person has settled already.
    """
    unit = PlanUnit.objects.get(pk=plan_unit_id)
    with editing(unit.plan_id, Kind.UNIT, [(UNIT, unit.pk)], by=by, now=now) as draft:
        _settle(draft.plan, unit.pk, department=department, remember=remember)


def create_department_for(
    plan_unit_id: int, *, name: str, kind: str, by: User | None, now: datetime
) -> Department:
    """Make the department that a printed name means. Raises SettleRefused when it exists already.

    Undoing leaves the department: it may have people by then.
    """
    unit = PlanUnit.objects.get(pk=plan_unit_id)
    with editing(unit.plan_id, Kind.UNIT, [(UNIT, unit.pk)], by=by, now=now) as draft:
        region = draft.plan.region
        if Department.objects.in_region(region).filter(name=name).exists():
            raise SettleRefused(_("本地区已有“%(name)s”，请直接选择。") % {"name": name})
        department = Department.objects.create(region=region, name=name, short_name=unit.name[:60], kind=kind)
        _settle(draft.plan, unit.pk, department=department, remember=True)
        return department


def waive_unit(plan_unit_id: int, *, by: User | None, now: datetime) -> None:
    """Say that a printed name is no unit to be held to anything."""
    unit = PlanUnit.objects.get(pk=plan_unit_id)
    with editing(unit.plan_id, Kind.UNIT, [(UNIT, unit.pk)], by=by, now=now):
        unit = _unsettled(unit.pk)
        unit.department = None
        unit.resolution = PlanUnit.Resolution.WAIVED
        unit.save(update_fields=["department", "resolution"])


def _settle(plan: Plan, plan_unit_id: int, *, department: Department, remember: bool) -> None:
    unit = _unsettled(plan_unit_id)
    _of_region(department, plan)
    if remember:
        try:
            add_alias(department, unit.name)
        except AliasTaken:
            raise SettleRefused(_("“%(name)s”已是另一个单位的别名。") % {"name": unit.name}) from None
    unit.department = department
    unit.resolution = PlanUnit.Resolution.SETTLED
    unit.save(update_fields=["department", "resolution"])


def _unsettled(plan_unit_id: int) -> PlanUnit:
    """The row as it is now: whom a person settled, a second person does not settle unawares."""
    unit = PlanUnit.objects.select_related("department").get(pk=plan_unit_id)
    if unit.resolution in (PlanUnit.Resolution.SETTLED, PlanUnit.Resolution.WAIVED):
        said = unit.department or PlanUnit.Resolution.WAIVED.label
        raise SettleRefused(
            _("“%(name)s”已经处理过：%(said)s。要改，请先在改动记录里撤销。")
            % {"name": unit.name, "said": said}
        )
    return unit


def _of_region(department: Department, plan: Plan) -> None:
    if department.region_id != plan.region_id:
        raise SettleRefused(_("只能选择本地区的单位。"))


def settle_doubt(doubt_id: int, *, by: User | None, now: datetime) -> None:
    """Say that a doubt was looked at; a measure without a unit then makes tasks only for default units."""
    doubt = Doubt.objects.get(pk=doubt_id)
    subject = (MEASURE, doubt.measure_id) if doubt.measure_id else (DOUBT, doubt.pk)
    with editing(doubt.plan_id, Kind.DOUBT, [subject], by=by, now=now):
        Doubt.objects.open().filter(pk=doubt.pk).update(settled_at=now, settled_by=by)


def check_measure(
    measure_id: int, *, checked: bool, by: User, now: datetime, version: int | None = None
) -> None:
    """Say that the measure was gone through, or take that back. Raises SettleRefused while it has doubts."""
    with measure_editing(measure_id, Kind.CHECK, by=by, now=now, version=version):
        measure = Measure.objects.get(pk=measure_id)
        if checked and measure.doubts.open().exists():
            raise SettleRefused(_("这一条还有疑点没有处理，处理之后才算核对完。"))
        if checked == (measure.checked_at is not None):
            return
        measure.checked_at, measure.checked_by = (now, by) if checked else (None, None)
        measure.save(update_fields=["checked_at", "checked_by"])


def add_unit(
    measure_id: int,
    *,
    department: Department,
    role: str,
    clause_id: int | None = None,
    by: User,
    now: datetime,
    version: int | None = None,
) -> None:
    """Make a department answer for a measure, or for one clause of it; settles doubts about a missing unit.

    A clause with units of its own no longer takes those of its measure.
    """
    with measure_editing(measure_id, Kind.UNITS, by=by, now=now, version=version) as draft:
        _of_region(department, draft.plan)
        clause = clause_of(measure_id, clause_id) if clause_id else None
        named = UnitMention.objects.filter(measure=measure_id, clause=clause, unit__department=department)
        if named.exists():
            raise SettleRefused(_("“%(name)s”已经在责任单位里，可以直接改它的角色。") % {"name": department})
        UnitMention.objects.create(
            plan=draft.plan,
            measure_id=measure_id,
            clause=clause,
            unit=_plan_unit(draft, department),
            role=Role(role),
        )
        doubts = Doubt.objects.open().filter(measure=measure_id, code__in=BLOCKING_CODES)
        doubts.update(settled_at=now, settled_by=by)


def change_role(
    measure_id: int, *, mention_id: int, role: str, by: User, now: datetime, version: int | None = None
) -> None:
    """Give a unit of a measure or clause another role."""
    with measure_editing(measure_id, Kind.UNITS, by=by, now=now, version=version):
        mention = _mention_of(measure_id, mention_id)
        mention.role = Role(role)
        mention.save(update_fields=["role"])


def remove_unit(
    measure_id: int, *, mention_id: int, by: User, now: datetime, version: int | None = None
) -> None:
    """Take a unit off a measure or clause."""
    with measure_editing(measure_id, Kind.UNITS, by=by, now=now, version=version):
        _mention_of(measure_id, mention_id).delete()


def measure_editing(
    measure_id: int, kind: str, *, by: User | None, now: datetime, version: int | None
) -> AbstractContextManager[Editing]:
    """One change of a measure and what belongs to it."""
    plan_id = Measure.objects.values_list("plan", flat=True).get(pk=measure_id)
    return editing(plan_id, kind, [(MEASURE, measure_id)], by=by, now=now, version=version)


def clause_of(measure_id: int, clause_id: int) -> Clause:
    """The clause as it is now. Raises SettleRefused when it is no longer there."""
    clause = Clause.objects.filter(measure=measure_id, pk=clause_id).first()
    if clause is None:
        raise SettleRefused(_("这条子句已经不在了：可能被合并，或拆分被撤销。"))
    return clause


def _mention_of(measure_id: int, mention_id: int) -> UnitMention:
    mention = UnitMention.objects.filter(measure=measure_id, pk=mention_id).first()
    if mention is None:
        raise SettleRefused(_("这个单位已经不在责任单位里。"))
    return mention


def _plan_unit(draft: Editing, department: Department) -> PlanUnit:
    """The plan's name for the department; the plan may print the very name for something else."""
    plan = draft.plan
    unit = plan.units.filter(department=department).order_by("pk").first()
    if unit is not None:
        return unit
    names = (department.short_name, department.name, f"{department.name[:100]}（{department.pk}）")
    taken = set(plan.units.filter(name__in=names).values_list("name", flat=True))
    unit = PlanUnit.objects.create(
        plan=plan,
        name=next(name for name in names if name not in taken),
        department=department,
        resolution=PlanUnit.Resolution.SETTLED,
    )
    draft.made((UNIT, unit.pk))
    return unit
