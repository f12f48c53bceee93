"""What the pages of a draft show: each measure's source beside what was read from it. Plain data."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from accounts.directory import Directory, Suggestion
from tracker.draft_changes import differences
from tracker.highlight import Segment, segments
from tracker.models import Clause, Doubt, DraftEdit, Measure, Plan, PlanUnit, UnitMention
from tracker.models.plans import ScheduleKind

# A short plan stands on one page; a longer one has a page for each chapter, and a long chapter several.
ONE_PAGE = 40  # clauses
LONGEST = 60  # clauses
DOUBTS, UNCHECKED = "doubts", "unchecked"


@dataclass(slots=True)
class MeasureDraft:
    """One measure with its marked source, clauses, units and doubts."""

    measure: Measure
    source: list[tuple[Segment, Clause | None]]
    clauses: list[Clause]
    units: list[UnitMention] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)

    @property
    def is_settled(self) -> bool:
        return self.measure.checked_at is not None and not self.doubts


@dataclass(slots=True)
class UnknownUnit:
    """A printed name nobody has matched yet, and the departments it may mean."""

    unit: PlanUnit
    suggestions: list[Suggestion]


@dataclass(slots=True)
class Chapter:
    """Measures under the same headings, in the order of the plan. Settled: looked at, and no doubt open."""

    number: int
    path: list[str]
    measures: list[Measure]
    clause_count: int = 0
    settled_count: int = 0
    ongoing_count: int = 0
    wanted: set[int] = field(default_factory=set)  # keys of the measures that the filter shows

    @property
    def key(self) -> int:
        """Names the chapter in a form: its first measure."""
        return self.measures[0].pk


@dataclass(slots=True)
class Section:
    """A chapter, or what a filter leaves of it, as it is shown."""

    chapter: Chapter
    measures: list[MeasureDraft]


@dataclass(slots=True)
class Draft:
    """A draft or one chapter of it, in a fixed number of queries whatever its length."""

    sections: list[Section]
    chapters: list[Chapter]
    chapter: Chapter | None  # the one shown; None for a plan on one page
    default_units: list[UnitMention]
    unknown_units: list[UnknownUnit]
    other_doubts: list[Doubt]
    clause_count: int
    task_count: int
    doubt_count: int
    settled_count: int
    has_series: bool


def read_draft(plan: Plan, *, show: str = "", chapter: int = 0) -> Draft:
    """The draft of `plan`: the chapter of that number, or the first with something to show.

    `show` is DOUBTS for measures with an open doubt, UNCHECKED for those not settled yet.
    """
    facts = list(Clause.objects.filter(measure__plan=plan).order_by("pk"))
    doubts: dict[int | None, list[Doubt]] = defaultdict(list)
    for doubt in plan.doubts.open().order_by("start", "pk"):
        doubts[doubt.measure_id].append(doubt)
    chapters = _chapters(plan, facts, doubts, show)
    shown = chapters
    if len(facts) > ONE_PAGE and chapters:
        by_number = {found.number: found for found in chapters}
        first = next((found for found in chapters if found.wanted), chapters[0])
        shown = [by_number.get(chapter, first)]
    drafts = _measures([m for found in shown for m in found.measures if m.pk in found.wanted], doubts)
    return Draft(
        sections=[
            Section(found, [drafts[m.pk] for m in found.measures if m.pk in found.wanted])
            for found in shown
            if found.wanted
        ],
        chapters=chapters,
        chapter=shown[0] if len(facts) > ONE_PAGE and chapters else None,
        default_units=list(
            plan.mentions.filter(measure=None, clause=None).select_related("unit__department").order_by("pk")
        ),
        unknown_units=_unknown_units(plan),
        other_doubts=doubts[None],
        clause_count=len(facts),
        task_count=sum(not clause.is_skipped for clause in facts),
        doubt_count=sum(map(len, doubts.values())),
        settled_count=sum(found.settled_count for found in chapters),
        has_series=any(clause.makes_series and not clause.is_skipped for clause in facts),
    )


def read_measure(measure: Measure) -> MeasureDraft:
    """One measure of a draft."""
    doubts: dict[int | None, list[Doubt]] = defaultdict(list)
    doubts[measure.pk] = list(measure.doubts.open().order_by("start", "pk"))
    return _measures([measure], doubts)[measure.pk]


def chapters_of(plan: Plan) -> list[Chapter]:
    """The chapters with what is still open in them."""
    facts = Clause.objects.filter(measure__plan=plan).order_by("pk")
    doubts: dict[int | None, list[Doubt]] = defaultdict(list)
    for doubt in plan.doubts.open():
        doubts[doubt.measure_id].append(doubt)
    return _chapters(plan, facts, doubts, UNCHECKED)


def next_open(chapters: Sequence[Chapter], measure: Measure) -> tuple[Chapter, Measure] | None:
    """The first measure after this one that is not settled, from the start again after the last."""
    open_ones = [(c, m) for c in chapters for m in c.measures if m.pk in c.wanted and m.pk != measure.pk]
    later = [pair for pair in open_ones if pair[1].position > measure.position]
    return next(iter(later or open_ones), None)


def _chapters(
    plan: Plan, facts: Iterable[Clause], doubts: dict[int | None, list[Doubt]], show: str
) -> list[Chapter]:
    clauses: dict[int, list[Clause]] = defaultdict(list)
    for clause in facts:
        clauses[clause.measure_id].append(clause)
    found: list[Chapter] = []
    measures = plan.measures.select_related("checked_by").order_by("position")
    for _headings, group in groupby(measures, key=lambda m: (m.kind, m.path)):
        fresh: Chapter | None = None
        for measure in group:
            own = clauses[measure.pk]
            if fresh is None or fresh.clause_count + len(own) > LONGEST:
                fresh = Chapter(len(found) + 1, measure.path, [])
                found.append(fresh)
            _count(fresh, measure, own, bool(doubts[measure.pk]), show)
    return found


def _count(chapter: Chapter, measure: Measure, clauses: list[Clause], is_doubtful: bool, show: str) -> None:
    is_settled = measure.checked_at is not None and not is_doubtful
    chapter.measures.append(measure)
    chapter.clause_count += len(clauses)
    chapter.settled_count += len(clauses) if is_settled else 0
    chapter.ongoing_count += sum(c.kind == ScheduleKind.ONGOING and not c.is_skipped for c in clauses)
    if {DOUBTS: is_doubtful, UNCHECKED: not is_settled}.get(show, True):
        chapter.wanted.add(measure.pk)


def _measures(
    measures: Collection[Measure], doubts: dict[int | None, list[Doubt]]
) -> dict[int, MeasureDraft]:
    clauses: dict[int, list[Clause]] = defaultdict(list)
    found = Clause.objects.filter(measure__in=measures).prefetch_related(
        "targets", "mentions__unit__department"
    )
    for clause in found.order_by("measure_id", "position"):
        clauses[clause.measure_id].append(clause)
    mentions: dict[int | None, list[UnitMention]] = defaultdict(list)
    own = UnitMention.objects.filter(measure__in=measures, clause=None)
    for mention in own.select_related("unit__department").order_by("pk"):
        mentions[mention.measure_id].append(mention)
    return {
        measure.pk: MeasureDraft(
            measure=measure,
            source=_marked(measure, clauses[measure.pk]),
            clauses=clauses[measure.pk],
            units=mentions[measure.pk],
            doubts=doubts[measure.pk],
        )
        for measure in measures
    }


def _marked(measure: Measure, clauses: Sequence[Clause]) -> list[tuple[Segment, Clause | None]]:
    by_position = {clause.position: clause for clause in clauses}
    spans = [(clause.start, clause.end, clause.position) for clause in clauses]
    return [
        (segment, by_position.get(segment.key or 0))
        for segment in segments(measure.text, measure.start, spans)
    ]


def _unknown_units(plan: Plan) -> list[UnknownUnit]:
    unknown = list(plan.units.filter(resolution=PlanUnit.Resolution.UNKNOWN).order_by("pk"))
    if not unknown:
        return []
    directory = Directory(plan.region)
    return [UnknownUnit(unit, directory.suggest(unit.name)) for unit in unknown]


@dataclass(slots=True)
class Edit:
    """One action on a draft as the record tells it; `can_undo` while nothing it touched was changed since."""

    number: int
    rows: list[DraftEdit]
    lines: list[str]
    can_undo: bool

    @property
    def first(self) -> DraftEdit:
        return self.rows[0]


def read_edits(plan: Plan, edits: Iterable[DraftEdit]) -> list[Edit]:
    """These rows of the plan's record in words, by action and in the order given."""
    rows = list(edits)
    if not rows:
        return []
    names = dict(plan.units.values_list("pk", "name"))
    keys = {row.subject_id for row in rows if row.subject == DraftEdit.Subject.MEASURE}
    titles: dict[tuple[str, int], str] = {
        (DraftEdit.Subject.MEASURE, m.pk): str(m) for m in Measure.objects.filter(pk__in=keys).defer("text")
    }
    newest = DraftEdit.objects.filter(plan=plan).newest_standing_numbers()
    found = []
    for number, group in groupby(rows, key=lambda row: row.number):
        own = list(group)
        lines = [
            "：".join(filter(None, [titles.get((row.subject, row.subject_id)), line]))
            for row in own
            for line in differences(row.before, row.after, names)
        ]
        can_undo = all(newest.get((row.subject, row.subject_id)) == number for row in own)
        found.append(Edit(number, own, lines, can_undo))
    return found
