"""Who answers for each clause, by what the plan says: units with their roles, collectives fanned out."""

from collections import defaultdict
from dataclasses import dataclass

from accounts.models import Department
from tracker.models import Clause, Plan, UnitMention
from tracker.workflow import Role


@dataclass(frozen=True, slots=True)
class Share:
    """One department's part in a task: its role, and the collective it came through."""

    department_id: int
    role: str
    via_id: int | None


def shares_by_clause(plan: Plan) -> dict[int, list[Share]]:
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


def _merge(mentions: list[UnitMention], members: dict[int, list[int]]) -> list[Share]:
    """One share per department, in its strongest role; a department named itself is not "via" anything."""
    strength = list(Role.values)
    shares: dict[int, Share] = {}
    for mention in mentions:
        department = mention.unit.department
        if department is None:
            continue
        if department.kind == Department.Kind.COLLECTIVE:
            found = [Share(member, mention.role, department.pk) for member in members[department.pk]]
        else:
            found = [Share(department.pk, mention.role, None)]
        for share in found:
            held = shares.get(share.department_id)
            if held is None or strength.index(share.role) < strength.index(held.role):
                shares[share.department_id] = share
    return list(shares.values())
