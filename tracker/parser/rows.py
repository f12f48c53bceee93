"""Rows of a table: from cells in their columns to a `Row` with its units, people and clauses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from . import clauses, schedule, units
from .clauses import Text
from .columns import UNIT_KINDS, WORDS, Cell, main_column
from .lexicon import FURNITURE, NOBODY
from .rules import Context
from .types import Clause, Doubt, Person, Role, Row, Span

SECTION = re.compile(
    r"^(?:[(]?[一二三四五六七八九十]+[)、.]|第[一二三四五六七八九十]+[部章节类]|[(]\d+[)]|\d{1,2}、)"
)
_CN_SERIAL = re.compile("[(]?[一二三四五六七八九十]{1,3}[)、.]?")
_RULE = re.compile(r"[-:=_ ]{2,}")
_NOTE = re.compile(r"(?:备?注|说明)[\d一二三]?:|合计|总计|小计|单位:|填报(?:单位|人)|审核人")


@dataclass(slots=True)
class Table:
    """A table that is being read: its columns, the cells that rows below inherit, and its rows."""

    text: Text
    context: Context
    first_leads: Role | None
    doubts: list[Doubt]
    kinds: list[str]
    rows: list[Row] = field(default_factory=list)
    above: dict[int, Cell] = field(default_factory=dict)
    section: Cell | None = None
    duties: list[tuple[Cell, str]] = field(default_factory=list)
    times: list[Span] = field(default_factory=list)
    told: tuple[str, str] = ("", "")

    def start_section(self, cell: Cell) -> None:
        """A line between the rows that says what the rows below are about."""
        self.above.clear()
        self.duties = []
        self.section = cell

    def add(self, placed: list[Cell | None], *, merged: bool = False) -> bool:
        """Add a row, or note the section it names; whether it was either.

        `merged`: empty cells of units are the lower parts of the cell above.
        """
        filled = [cell for cell in placed if cell and cell.text]
        main = main_column(self.kinds)
        if not filled or main is None or all(_RULE.fullmatch(cell.text) for cell in filled):
            return False
        if FURNITURE.match(filled[0].text) or _NOTE.match(filled[0].text):
            return False
        if len({cell.text for cell in filled}) == 1 and len(self.kinds) > 2:
            only = filled[0]
            if SECTION.match(only.text) or (len(only.text) < 40 and not re.search("[。;]$", only.text)):
                self.start_section(only)
                return True
        numbered = len(filled) == 2 and len(self.kinds) > 3 and _CN_SERIAL.fullmatch(filled[0].text)
        if numbered and not filled[1].units and len(filled[1].text) < 40:
            self.start_section(filled[1])
            return True
        words = [index for index, kind in enumerate(self.kinds) if kind in WORDS]
        for order, index in enumerate(words):
            cell = placed[index]
            if cell and cell.text and not cell.nobody:
                self.above[index] = cell
                for lower in words[order + 1 :]:
                    self.above.pop(lower, None)
        own = placed[main]
        if own is None or not own.text:
            ordered = [main, *[index for index in reversed(words) if index != main]]
            own = next((cell for index in ordered if (cell := placed[index]) and cell.text), None)
        if own is None:
            return False
        self._read(own, placed, main, merged)
        return True

    def _read(self, own: Cell, placed: list[Cell | None], main: int, merged: bool) -> None:
        text = self.text
        inherited = [
            index
            for index, kind in enumerate(self.kinds)
            if (kind in ("group", "content") or (kind == "goal" and index < main))
            and index in self.above
            and self.above[index] is not own
        ]
        higher = [text.source[slice(*_span(self.above[index]))] for index in inherited]
        grouped = bool(inherited) and self.kinds[inherited[0]] == "group"
        if self.section and not grouped:
            category, work = text.source[slice(*_span(self.section))], higher[-1] if higher else ""
        elif len(higher) > 1 or grouped:
            category, work = higher[0], higher[-1] if len(higher) > 1 else ""
        else:
            category, work = "", higher[0] if higher else ""
        readings: list[units.Reading] = []
        people: list[Person] = []
        times: list[Span] = []
        pairs = list(zip(placed, self.kinds, strict=True))
        duties = [(cell, kind) for cell, kind in pairs if cell and cell.text and kind in UNIT_KINDS]
        if duties:
            self.duties = duties
        elif merged:
            duties = self.duties
        for cell, kind in duties:
            label = "responsible" if kind == "duty" else kind
            reading = units.read(_listed(cell.text), _listed(text.source[cell.start : cell.end]), label=label)
            readings.append(reading)
            if reading.open:
                printed = text.source[cell.start : cell.end]
                self.doubts.append(
                    Doubt("unit-list-open", f"“{printed}”的单位没有列全", (cell.start, cell.end))
                )
        for told, kind in pairs:
            if told is None or not told.text:
                continue
            if kind == "people":
                names = _persons(text.source[told.start : told.end])
                people += [Person("责任人", name) for name in names if name and name not in NOBODY]
            elif kind == "time":
                times.append((told.start, told.end))
        units.inherit_prefix(readings)
        if merged and not times and duties and not any(cell is each for cell, _ in duties for each in placed):
            times = self.times
        self.times = times
        heard = len(self.doubts)
        made = clauses.make(_unwrapped(text, own), own.start, own.end, [], self.context, self.doubts)
        made = [replace(clause, text=text.source[slice(*clause.span)]) for clause in made]
        for span in times:
            made = date_all(text, made, span, self.context, self.doubts)
        settled = {clause.span[0] for clause in made if clause.schedule.quote}
        self.doubts[heard:] = [
            doubt
            for doubt in self.doubts[heard:]
            if doubt.code != "deadline-missing" or doubt.span[0] not in settled
        ]
        everyone = units.resolve(readings, first_leads=self.first_leads)
        people += [person for reading in readings for person in reading.people]
        number = next((cell.text for cell, kind in pairs if cell and kind == "number"), "")
        if (
            number and self.rows and (number, own.text) == self.told
        ):  # a task merged over several rows of units
            last = self.rows[-1]
            known = {unit.name for unit in last.units}
            added = tuple(unit for unit in everyone if unit.name not in known)
            self.rows[-1] = replace(last, units=(*last.units, *added), people=(*last.people, *people))
            return
        self.told = (number, own.text)
        row = Row(
            category,
            work,
            text.source[own.start : own.end],
            (own.start, own.end),
            tuple(everyone),
            tuple(people),
            tuple(made),
        )
        self.rows.append(row)


_SPACED_NAME = re.compile(
    r"(?<![\u4e00-\u9fff])([\u4e00-\u9fff])[ \u3000]+([\u4e00-\u9fff])(?![\u4e00-\u9fff])"
)
_SPACED_NAMES = re.compile(r"\s*(?:([\u4e00-\u9fff])[ \u3000]+([\u4e00-\u9fff])[、,;\s]*)+")


def _persons(printed: str) -> list[str]:
    """The names in a cell. Names of two characters are printed with a blank between: 俞 悦."""
    if _SPACED_NAMES.fullmatch(printed):
        return [
            "".join(pair) for pair in re.findall(r"([\u4e00-\u9fff])[ \u3000]+([\u4e00-\u9fff])", printed)
        ]
    return re.split(r"[、,;/\s]+", _SPACED_NAME.sub(r"\1\2", printed))


def _span(cell: Cell) -> Span:
    return cell.start, cell.end


_WRAP = re.compile(r"(?<![。;:\n])\n(?! *(?:\d{1,2}[.、)]|\(|[\u2460-\u2473-]))")


def _unwrapped(text: Text, cell: Cell) -> Text:
    """The document with the line breaks of a cell taken as blanks, where they break no list."""
    if "\n" not in cell.text:
        return text
    words = _WRAP.sub(" ", text.folded[cell.start : cell.end])
    return Text(text.source, text.folded[: cell.start] + words + text.folded[cell.end :])


def _listed(text: str) -> str:
    """Units in lines of their own as a list."""
    return re.sub(r"(?<=[^、,;:\n])\n(?=[^、,;\n])", "、", text)


def date_all(
    text: Text, made: list[Clause], span: Span, context: Context, doubts: list[Doubt]
) -> list[Clause]:
    """Give the time of a field to the clauses that state none."""
    found = list(schedule.search(text.folded, *span, replace(context, field=True)))
    for item in found:
        if item.schedule is None:
            doubts.append(
                Doubt("date-impossible", f"日期“{text.source[slice(*item.span)]}”不存在,请核对", item.span)
            )
    dated = [item for item in found if item.schedule]
    if not dated:
        return made
    first = next((item for item in dated if item.schedule and item.schedule.kind != "ongoing"), dated[0])
    assert first.schedule is not None
    when = replace(first.schedule, quote=text.source[slice(*first.span)])
    ends = [item for item in dated if item.schedule and item.schedule.kind == "deadline"]
    if len(made) == 1 and len(ends) == len(dated) > 1 and made[0].schedule.rule == "unstated":
        said = [replace(end.schedule, quote=text.source[slice(*end.span)]) for end in ends if end.schedule]
        goals = tuple(replace(target, due=said[-1].due) for target in made[0].targets)
        return [
            *(replace(made[0], schedule=each, targets=()) for each in said[:-1]),
            replace(made[0], schedule=said[-1], targets=goals),
        ]  # 9月底前开工,12月底前完成
    return [
        replace(clause, schedule=when, targets=tuple(replace(t, due=when.due) for t in clause.targets))
        if clause.schedule.rule == "unstated"
        else clause
        for clause in made
    ]
