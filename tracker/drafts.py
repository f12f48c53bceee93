"""What the draft page shows: each measure's source beside what was read from it. Reads only, plain data."""

from collections import defaultdict
from dataclasses import dataclass, field

from accounts.directory import Directory, Suggestion
from tracker.highlight import Segment, segments
from tracker.models import Clause, Doubt, Measure, Plan, PlanUnit, UnitMention


@dataclass(slots=True)
class MeasureDraft:
    """One measure with its marked source, clauses, units and doubts."""

    measure: Measure
    source: list[Segment]
    clauses: list[Clause]
    units: list[UnitMention] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)


@dataclass(slots=True)
class UnknownUnit:
    """A printed name nobody has matched yet, and the departments it may mean."""

    unit: PlanUnit
    suggestions: list[Suggestion]


@dataclass(slots=True)
class Draft:
    """A whole draft, in a fixed number of queries whatever its length."""

    measures: list[MeasureDraft]
    default_units: list[UnitMention]
    unknown_units: list[UnknownUnit]
    other_doubts: list[Doubt]
    clause_count: int
    task_count: int
    doubt_count: int
    has_series: bool


def read_draft(plan: Plan, *, only_doubtful: bool = False) -> Draft:
    """The draft of `plan`; `only_doubtful` leaves out measures without an open doubt."""
    clauses: dict[int, list[Clause]] = defaultdict(list)
    found = Clause.objects.filter(measure__plan=plan).prefetch_related(
        "targets", "mentions__unit__department"
    )
    for clause in found.order_by("measure_id", "position"):
        clauses[clause.measure_id].append(clause)
    doubts: dict[int | None, list[Doubt]] = defaultdict(list)
    for doubt in plan.doubts.open().order_by("start", "pk"):
        doubts[doubt.measure_id].append(doubt)
    mentions: dict[int | None, list[UnitMention]] = defaultdict(list)
    for mention in plan.mentions.filter(clause=None).select_related("unit__department").order_by("pk"):
        mentions[mention.measure_id].append(mention)
    drafts = [
        MeasureDraft(
            measure=measure,
            source=segments(
                measure.text, measure.start, [(c.start, c.end, c.position) for c in clauses[measure.pk]]
            ),
            clauses=clauses[measure.pk],
            units=mentions[measure.pk],
            doubts=doubts[measure.pk],
        )
        for measure in plan.measures.order_by("position")
        if doubts[measure.pk] or not only_doubtful
    ]
    every_clause = [clause for group in clauses.values() for clause in group]
    return Draft(
        measures=drafts,
        default_units=mentions[None],
        unknown_units=_unknown_units(plan),
        other_doubts=doubts[None],
        clause_count=len(every_clause),
        task_count=sum(not clause.is_skipped for clause in every_clause),
        doubt_count=sum(map(len, doubts.values())),
        has_series=any(clause.makes_series and not clause.is_skipped for clause in every_clause),
    )


def _unknown_units(plan: Plan) -> list[UnknownUnit]:
    unknown = list(plan.units.filter(resolution=PlanUnit.Resolution.UNKNOWN).order_by("pk"))
    if not unknown:
        return []
    directory = Directory(plan.region)
    return [UnknownUnit(unit, directory.suggest(unit.name)) for unit in unknown]
