"""From a parsed plan to a draft."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.directory import Directory
from accounts.models import Region, User
from tracker.actions.settling import BLOCKING_CODES
from tracker.models import Clause, Doubt, Measure, Plan, PlanUnit, Target, UnitMention
from tracker.parser import ParsedPlan, types

# What the columns hold: longer names are cut, larger numbers are left to a person.
NAME_LENGTH = 120
TARGET_LIMIT = 10**14


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did. `is_new` is False when the region already has this very text."""

    plan: Plan
    is_new: bool
    measures: int
    clauses: int
    skipped: int
    matched_units: int
    unknown_units: int
    doubts: int


def content_hash(text: str) -> str:
    """The fingerprint by which the same plan is recognised: white space does not count."""
    return hashlib.sha256(re.sub(r"\s+", "", text).encode()).hexdigest()


@transaction.atomic
def import_plan(parsed: ParsedPlan, *, region: Region, by: User | None, now: datetime) -> ImportResult:
    """Store a parsed plan as a draft of `region`; the same text a second time changes nothing."""
    fingerprint = content_hash(parsed.source_text)
    header = parsed.header
    plan, is_new = Plan.objects.get_or_create(
        region=region,
        content_hash=fingerprint,
        defaults={
            "title": (header.title or parsed.file or _("未命名方案"))[:300],
            "document_number": (header.document_number or "")[:80],
            "issuer": (header.issuer or "")[:120],
            "issued_on": header.issued_on,
            "published_on": header.published_on,
            "file_name": parsed.file[:255],
            "source_text": parsed.source_text,
            "created_at": now,
            "created_by": by,
        },
    )
    if is_new:
        _DraftWriter(plan, Directory(region)).write(parsed)
    return _result(plan, is_new=is_new)


def _result(plan: Plan, *, is_new: bool) -> ImportResult:
    clauses = Clause.objects.filter(measure__plan=plan)
    units = plan.units.all()
    unknown = units.filter(resolution=PlanUnit.Resolution.UNKNOWN).count()
    return ImportResult(
        plan=plan,
        is_new=is_new,
        measures=plan.measures.count(),
        clauses=clauses.count(),
        skipped=clauses.filter(is_skipped=True).count(),
        matched_units=units.count() - unknown,
        unknown_units=unknown,
        doubts=plan.doubts.open().count(),
    )


def _bare(text: str) -> str:
    """Text without white space and punctuation, to compare wording."""
    return re.sub(r"[\W_]+", "", text)


class _DraftWriter:
    """Writes one parsed plan: measures and rows, clauses, units with roles, targets and doubts, in bulk."""

    def __init__(self, plan: Plan, directory: Directory) -> None:
        self._plan = plan
        self._directory = directory
        self._units: dict[str, PlanUnit] = {}
        self._mentions: list[UnitMention] = []
        self._targets: list[Target] = []
        self._oversized: list[Doubt] = []

    def write(self, parsed: ParsedPlan) -> None:
        listed = "".join(_bare(row.text) for row in parsed.table)
        items: list[tuple[Measure, types.Measure | types.Row]] = [
            *self._measures(parsed),
            *self._rows(parsed),
        ]
        measures = Measure.objects.bulk_create([measure for measure, _source in items])
        pairs = []
        for (_measure, source), measure in zip(items, measures, strict=True):
            for position, clause in enumerate(source.clauses, start=1):
                row = self._clause(measure, position, clause)
                # The annexed list names a unit for each sentence; where it repeats a clause of the text
                # word for word, the row makes the task and the clause does not make a second one.
                row.is_skipped = measure.kind == Measure.Kind.PROSE and _bare(clause.text) in listed
                pairs.append((row, clause))
        clauses = Clause.objects.bulk_create([row for row, _source in pairs])
        for unit in parsed.default_units:
            self._mention(unit)
        for (_measure, source), measure in zip(items, measures, strict=True):
            for unit in source.units:
                self._mention(unit, measure=measure)
        for (_row, clause), row in zip(pairs, clauses, strict=True):
            for unit in clause.units:
                self._mention(unit, measure=row.measure, clause=row)
            for target in clause.targets:
                self._target(target, clause=row)
        for target in parsed.goals:
            self._target(target, clause=None)
        UnitMention.objects.bulk_create(self._mentions)
        Target.objects.bulk_create(self._targets)
        Doubt.objects.bulk_create([*self._doubts(parsed, measures), *self._oversized])

    def _measures(self, parsed: ParsedPlan) -> Iterator[tuple[Measure, types.Measure]]:
        for position, source in enumerate(parsed.measures, start=1):
            yield (
                Measure(
                    plan=self._plan,
                    position=position,
                    path=list(source.path),
                    number=source.number[:20],
                    title=source.title[:300],
                    text=source.text,
                    start=source.span[0],
                    end=source.span[1],
                    people=[person.to_dict() for person in source.people],
                ),
                source,
            )

    def _rows(self, parsed: ParsedPlan) -> Iterator[tuple[Measure, types.Row]]:
        for position, source in enumerate(parsed.table, start=len(parsed.measures) + 1):
            yield (
                Measure(
                    plan=self._plan,
                    position=position,
                    kind=Measure.Kind.ROW,
                    path=[source.category] if source.category else [],
                    title=(source.work or source.text)[:300],
                    text=source.text,
                    start=source.span[0],
                    end=source.span[1],
                    people=[person.to_dict() for person in source.people],
                ),
                source,
            )

    def _clause(self, measure: Measure, position: int, source: types.Clause) -> Clause:
        schedule = source.schedule
        return Clause(
            measure=measure,
            position=position,
            text=source.text,
            start=source.span[0],
            end=source.span[1],
            kind=schedule.kind,
            due_date=schedule.due,
            start_date=schedule.start,
            every=schedule.every or "",
            quote=(schedule.quote or "")[:200],
            precision=schedule.precision or "",
            rule=schedule.rule,
            implied=list(schedule.implied),
        )

    def _unit(self, printed: str) -> PlanUnit:
        name = printed[:NAME_LENGTH]
        if name not in self._units:
            department = self._directory.match(name)
            self._units[name] = PlanUnit.objects.create(
                plan=self._plan,
                name=name,
                department=department,
                resolution=PlanUnit.Resolution.MATCHED if department else PlanUnit.Resolution.UNKNOWN,
            )
        return self._units[name]

    def _mention(
        self, unit: types.Unit, *, measure: Measure | None = None, clause: Clause | None = None
    ) -> None:
        self._mentions.append(
            UnitMention(
                plan=self._plan,
                measure=measure,
                clause=clause,
                unit=self._unit(unit.name),
                role=unit.role.upper(),
            )
        )

    def _target(self, source: types.Target, *, clause: Clause | None) -> None:
        if abs(source.value) >= TARGET_LIMIT:
            message = _("指标“%(quote)s”的数值过大，没有记录，请核对。") % {"quote": source.quote[:100]}
            self._oversized.append(
                Doubt(
                    plan=self._plan,
                    measure=clause.measure if clause else None,
                    code="target-too-large",
                    message=message,
                    start=clause.start if clause else 0,
                    end=clause.end if clause else 0,
                )
            )
            return
        self._targets.append(
            Target(
                plan=self._plan,
                clause=clause,
                quote=source.quote[:300],
                indicator=source.indicator[:200],
                op=source.op,
                value=source.value,
                unit=source.unit[:40],
                due_date=source.due,
            )
        )

    def _doubts(self, parsed: ParsedPlan, measures: list[Measure]) -> Iterator[Doubt]:
        for source in parsed.warnings:
            start, end = source.span
            measure = next((m for m in measures if m.start <= start < m.end), None)
            # Default units answer for every measure, so that one without its own is not nobody's.
            blocking = source.code in BLOCKING_CODES and measure is not None and not parsed.default_units
            yield Doubt(
                plan=self._plan,
                measure=measure,
                code=source.code,
                message=source.message[:300],
                start=start,
                end=end,
                is_blocking=blocking,
            )
