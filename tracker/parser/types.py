"""What the parser returns: frozen records whose `to_dict` is the parser contract.

Spans are half-open (start, end) code-point offsets into `ParsedPlan.source_text`; dates are `datetime.date`
in the records and ISO 8601 text in the dictionaries.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

Span = tuple[int, int]
Role = Literal["lead", "support", "implement"]
Kind = Literal["deadline", "window", "start", "recurring", "ongoing"]
Every = Literal["day", "week", "month", "quarter", "half-year", "year"]
Precision = Literal["day", "month", "quarter", "half", "year"]
Op = Literal[">=", "<=", "=", ">", "<", "+", "-"]


class UnreadableDocument(Exception):
    """A document that cannot be read: `file` names it, `reason` says why, in Chinese, for the user."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}:{reason}")
        self.file = file
        self.reason = reason


def _plain(value: object) -> Any:
    """A record, tuple or date as JSON types."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    to_dict = getattr(value, "to_dict", None)
    return to_dict() if to_dict else value


@dataclass(frozen=True, slots=True)
class Unit:
    """A responsible unit as printed, with the administrative prefix it inherits from its list."""

    name: str
    role: Role

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "role": self.role}


@dataclass(frozen=True, slots=True)
class Person:
    """A leader named beside the units: the label as printed (分管领导) and the name or post."""

    label: str
    name: str

    def to_dict(self) -> dict[str, Any]:
        return {"label": self.label, "name": self.name}


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a clause falls due. `rule` is the rule that read `quote`; `implied` lists what it had to add."""

    kind: Kind
    rule: str
    quote: str | None = None
    due: date | None = None
    start: date | None = None
    every: Every | None = None
    precision: Precision | None = None
    implied: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "quote": self.quote,
            "due": _plain(self.due),
            "start": _plain(self.start),
            "every": self.every,
            "precision": self.precision,
            "rule": self.rule,
            "implied": list(self.implied),
        }


UNSTATED = Schedule("ongoing", "unstated")


@dataclass(frozen=True, slots=True)
class Target:
    """A number someone can be held to; `due` is the due date of the clause it stands in."""

    quote: str
    indicator: str
    op: Op
    value: float
    unit: str
    due: date | None = None

    def to_dict(self) -> dict[str, Any]:
        value = int(self.value) if self.value == int(self.value) else self.value
        return {
            "quote": self.quote,
            "indicator": self.indicator,
            "op": self.op,
            "value": value,
            "unit": self.unit,
            "due": _plain(self.due),
        }


@dataclass(frozen=True, slots=True)
class Clause:
    """One obligation: what becomes one task. `units` only where the clause names its own."""

    text: str
    span: Span
    schedule: Schedule = UNSTATED
    targets: tuple[Target, ...] = ()
    units: tuple[Unit, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        plain: dict[str, Any] = {
            "text": self.text,
            "span": list(self.span),
            "schedule": self.schedule.to_dict(),
            "targets": _plain(self.targets),
        }
        if self.units:
            plain["units"] = _plain(self.units)
        return plain


@dataclass(frozen=True, slots=True)
class Measure:
    """A numbered paragraph that orders something, with the headings above it."""

    path: tuple[str, ...]
    number: str
    title: str
    text: str
    span: Span
    units: tuple[Unit, ...] = ()
    people: tuple[Person, ...] = ()
    clauses: tuple[Clause, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "path": list(self.path),
            "number": self.number,
            "title": self.title,
            "text": self.text,
            "span": list(self.span),
            "units": _plain(self.units),
            "people": _plain(self.people),
            "clauses": _plain(self.clauses),
        }


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an annexed table; category and work come from above where the row leaves them out."""

    category: str
    work: str
    text: str
    span: Span
    units: tuple[Unit, ...] = ()
    people: tuple[Person, ...] = ()
    clauses: tuple[Clause, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "category": self.category,
            "work": self.work,
            "text": self.text,
            "span": list(self.span),
            "units": _plain(self.units),
            "people": _plain(self.people),
            "clauses": _plain(self.clauses),
        }


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something a person must look at: a stable code, a Chinese message and the words it is about."""

    code: str
    message: str
    span: Span

    def to_dict(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "span": list(self.span)}


@dataclass(frozen=True, slots=True)
class Header:
    """What the document says about itself."""

    title: str | None = None
    document_number: str | None = None
    issuer: str | None = None
    issued_on: date | None = None
    published_on: date | None = None


@dataclass(frozen=True, slots=True)
class ParsedPlan:
    """A whole plan, as read. `file` is a bare file name, empty for pasted text."""

    source_text: str
    file: str = ""
    header: Header = field(default_factory=Header)
    default_units: tuple[Unit, ...] = ()
    goals: tuple[Target, ...] = ()
    measures: tuple[Measure, ...] = ()
    table: tuple[Row, ...] = ()
    warnings: tuple[Doubt, ...] = ()

    def to_dict(self, *, with_source: bool = False) -> dict[str, Any]:
        """The plan in the shape of the parser contract; `with_source` adds the text the spans point into."""
        plain: dict[str, Any] = {
            "file": self.file,
            "title": self.header.title,
            "document_number": self.header.document_number,
            "issuer": self.header.issuer,
            "issued_on": _plain(self.header.issued_on),
            "published_on": _plain(self.header.published_on),
            "default_units": _plain(self.default_units),
            "goals": _plain(self.goals),
            "measures": _plain(self.measures),
            "table": _plain(self.table),
            "warnings": _plain(self.warnings),
        }
        if with_source:
            plain["source_text"] = self.source_text
        return plain
