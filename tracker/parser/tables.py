"""Annexed tables: rows of cells separated by |, box-drawn tables, and tables flattened to one cell a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from . import clauses, schedule, units
from .clauses import Text
from .lexicon import FURNITURE
from .outline import Line
from .rules import Context
from .types import Clause, Doubt, Person, Row, Span, Unit

# What a column holds, by the words of its head.
_COLUMNS: tuple[tuple[str, str], ...] = (
    ("number", r"序号|编号|序|No\.?"),
    ("past", r".*(?:完成情况|推进情况|进展|落实情况|存在问题|备注|整改情况|进度|得分|分值)"),
    ("people", r".*(?:领导|责任人|负责人|联系人|联络员|电话)"),
    ("lead", r".*牵头.*"),
    ("support", r".*(?:配合|协办|协同|参与|协助).*"),
    ("time", r".*(?:时限|时间|期限|节点|进度安排|完成日期)"),
    ("duty", r".*(?:责任|负责|承办|实施|主管|落实|分工).*?(?:单位|部门|主体|处室|科室)?|责任单位|单位|部门"),
    (
        "content",
        r".*(?:类别|领域|分类|方面|任务|工作|措施|内容|举措|项目|事项|目标|指标|要求|问题|名称|类型|板块|条款|要点|环节)",
    ),
)
_HEAD_CELL = re.compile("|".join(f"(?P<{kind}>{words})" for kind, words in _COLUMNS))
_BOX = re.compile("[\u2502\u2503\u2551]")
_BORDER = re.compile("^[\u2500-\u257f \\-|+]+$")


SECTION = re.compile(r"^[(]?[一二三四五六七八九十]+[)、]")


# A table whose columns are only set apart by blanks: its head, and one row.
_COLLAPSED_HEAD = re.compile(
    r"^序 *号 +[^。:;]*(?:责任|牵头|负责|承办|主办|配合)[^。:;]*(?:单位|部门)[^。:;]*$"
)
_COLLAPSED_ROW = re.compile(r"^\d{1,3}[.、]? +(?P<rest>.+)$")


@dataclass(slots=True)
class Cell:
    start: int
    end: int
    text: str


@dataclass(slots=True)
class Found:
    """The rows of a document, their default units and doubts, and the lines that were used up."""

    rows: list[Row] = field(default_factory=list)
    used: set[int] = field(default_factory=set)


def unbox(text: str) -> str:
    """A text with its box-drawn tables redrawn as lines of cells joined by |; other text is untouched."""
    if not _BOX.search(text):
        return text
    out: list[str] = []
    row: list[str] = []

    def flush() -> None:
        if row:
            out.append(" | ".join(cell.strip() for cell in row) + " |")
            row.clear()

    lines = text.split("\n")
    ruled = any(_BORDER.match(line.strip()) and line.strip()[0] >= "\u2500" for line in lines if line.strip())
    for line in lines:
        stripped = line.strip()
        if (
            stripped
            and _BORDER.match(stripped)
            and any("\u2500" <= char <= "\u257f" for char in stripped)
            and not re.search(r"\w", stripped)
        ):
            flush()
        elif _BOX.search(stripped):
            cells = _BOX.split(stripped.strip("\u2502\u2503\u2551"))
            if row and len(row) == len(cells) and ruled:
                row[:] = [above + cell.strip() for above, cell in zip(row, cells, strict=True)]
            else:
                flush()
                row[:] = [cell.strip() for cell in cells]
        else:
            flush()
            out.append(line)
    flush()
    return "\n".join(out)


def head_kind(text: str) -> str | None:
    """The kind of a column by the words of its head, or None where the words are no head."""
    squeezed = re.sub(r"\s|\([^()]*\)", "", text)
    if not 0 < len(squeezed) <= 12:
        return None
    match = _HEAD_CELL.fullmatch(squeezed)
    return match.lastgroup if match else None


def _cells(line: Line) -> list[Cell]:
    cells, start = [], 0
    for part in line.text.split("|"):
        left = len(part) - len(part.lstrip(" "))
        text = part.strip(" ")
        cells.append(Cell(line.start + start + left, line.start + start + left + len(text), text))
        start += len(part) + 1
    if cells and not cells[-1].text:
        cells.pop()
    if cells and not cells[0].text and line.text.startswith("|"):
        cells.pop(0)
    return cells


def find(text: Text, lines: list[Line], context: Context, first_leads: bool, doubts: list[Doubt]) -> Found:
    """All tables among the lines."""
    found = Found()
    index = 0
    while index < len(lines):
        if "|" in lines[index].text:
            stop = index
            while stop < len(lines) and "|" in lines[stop].text:
                stop += 1
            block = [_cells(line) for line in lines[index:stop]]
            rows = _read_block(text, block, context, first_leads, doubts)
            if rows:
                found.rows += rows
                found.used.update(line.start for line in lines[index:stop])
            index = stop
            continue
        if _COLLAPSED_HEAD.match(lines[index].text) and len(lines[index].text) < 60:
            rows, stop = _read_collapsed(text, lines, index + 1, context, first_leads, doubts)
            if rows:
                found.rows += rows
                found.used.update(line.start for line in lines[index:stop])
                index = stop
                continue
        run = index
        while run < len(lines) and run - index < 12 and head_kind(lines[run].text):
            run += 1
        kinds = [head_kind(line.text) or "" for line in lines[index:run]]
        if len(kinds) >= 3 and len(set(kinds)) >= 3 and {"lead", "duty", "time", "number"} & set(kinds):
            rows, stop = _read_flat(text, lines, run, kinds, context, first_leads, doubts)
            if rows:
                found.rows += rows
                found.used.update(line.start for line in lines[index:stop])
                index = stop
                continue
        index += 1
    return found


def _read_block(
    text: Text, block: list[list[Cell]], context: Context, first_leads: bool, doubts: list[Doubt]
) -> list[Row]:
    head = next((i for i, cells in enumerate(block) if len(cells) >= 2 and _is_head(cells)), None)
    if head is None:
        width = max(len(cells) for cells in block)
        if width < 3 or len(block) < 2:
            return []
        kinds = _guess_kinds(block, width)
        if not kinds:
            return []
        body = block
    else:
        kinds = [head_kind(cell.text) or "content" for cell in block[head]]
        body = block[head + 1 :]
    rows: list[Row] = []
    above: dict[int, Cell] = {}
    for cells in body:
        if not any(cell.text for cell in cells) or (len(cells) >= 2 and _is_head(cells)):
            continue
        placed = _align(cells, kinds)
        row = _row(text, placed, kinds, above, context, first_leads, doubts)
        if row:
            rows.append(row)
    return rows


def _is_head(cells: list[Cell]) -> bool:
    kinds = [head_kind(cell.text) for cell in cells if cell.text]
    return len(kinds) >= 2 and all(kinds) and len(set(kinds)) >= 2


def _guess_kinds(block: list[list[Cell]], width: int) -> list[str]:
    """Columns of a table without a head, by what most of their cells look like."""
    kinds = []
    for column in range(width):
        cells = [cells[column].text for cells in block if len(cells) == width and cells[column].text]
        if cells and sum(units.is_unit_list(cell) for cell in cells) * 2 > len(cells):
            kinds.append("lead" if "lead" not in kinds and "duty" not in kinds else "support")
        elif cells and all(cell.isdecimal() for cell in cells):
            kinds.append("number")
        else:
            kinds.append("content")
    if "lead" not in kinds:
        return []
    return ["duty" if kind == "lead" and "support" not in kinds else kind for kind in kinds]


def _align(cells: list[Cell], kinds: list[str]) -> list[Cell | None]:
    """Cells put into columns. Where a row leaves out inherited cells, the rest stand at the right."""
    width = len(kinds)
    filled = list(cells)
    while filled and not filled[-1].text:
        filled.pop()
    left: list[Cell | None] = [*cells[:width], *([None] * (width - len(cells)))]
    right: list[Cell | None] = [*([None] * (width - len(filled))), *filled[-width:]]

    def fit(placed: list[Cell | None]) -> int:
        score = 0
        for cell, kind in zip(placed, kinds, strict=True):
            if cell is None or not cell.text:
                continue
            named = units.is_unit_list(cell.text)
            if kind in ("lead", "duty", "support"):
                score += 3 if named else -3
            elif kind == "content":
                score += -2 if named and len(cell.text) > 2 else 1
            elif kind == "number":
                score += 2 if re.fullmatch(r"[\d.\-()一二三四五六七八九十]+", cell.text) else -2
        return score

    return right if fit(right) > fit(left) else left


def _row(
    text: Text,
    placed: list[Cell | None],
    kinds: list[str],
    above: dict[int, Cell],
    context: Context,
    first_leads: bool,
    doubts: list[Doubt],
) -> Row | None:
    content = [index for index, kind in enumerate(kinds) if kind == "content"]
    filled = [cell for cell in placed if cell and cell.text]
    if not content or (len(filled) == 1 and FURNITURE.match(filled[0].text)):
        return None
    if len(filled) == 1 and len(kinds) > 2 and SECTION.match(filled[0].text):
        above.clear()
        above[content[0]] = filled[0]
        return None
    for order, index in enumerate(content):
        cell = placed[index]
        if cell and cell.text:
            above[index] = cell
            for lower in content[order + 1 :]:
                above.pop(lower, None)
    main = content[-1]
    own = placed[main]
    if own is None or not own.text:
        own = next((cell for index in reversed(content) if (cell := placed[index]) and cell.text), None)
        if own is None:
            return None
    higher = [
        text.source[above[i].start : above[i].end] for i in content if i in above and above[i] is not own
    ]
    readings: list[units.Reading] = []
    people: list[Person] = []
    times: list[Span] = []
    for cell, kind in zip(placed, kinds, strict=True):
        if cell is None or not cell.text:
            continue
        source = text.source[cell.start : cell.end]
        if kind in ("lead", "duty", "support"):
            label = "responsible" if kind == "duty" else kind
            reading = units.read(cell.text, source, label=label)
            readings.append(reading)
            if reading.open:
                doubts.append(Doubt("unit-list-open", f"“{source}”的单位没有列全", (cell.start, cell.end)))
        elif kind == "people":
            people += [
                Person("责任人", name)
                for name in re.split(r"[、,; ]+", source)
                if name and name not in ("无",)
            ]
        elif kind == "time":
            times.append((cell.start, cell.end))
    units.inherit_prefix(readings)
    made = clauses.make(text, own.start, own.end, [], context, doubts)
    for span in times:
        made = date_all(text, made, span, context, doubts)
    everyone: list[Unit] = units.resolve(readings, first_leads=first_leads)
    people += [person for reading in readings for person in reading.people]
    category, work = (higher[0], higher[-1]) if len(higher) > 1 else ("", higher[0] if higher else "")
    return Row(
        category,
        work,
        text.source[own.start : own.end],
        (own.start, own.end),
        tuple(everyone),
        tuple(people),
        tuple(made),
    )


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
    return [
        replace(clause, schedule=when, targets=tuple(replace(t, due=when.due) for t in clause.targets))
        if clause.schedule.rule == "unstated"
        else clause
        for clause in made
    ]


def _read_flat(
    text: Text,
    lines: list[Line],
    start: int,
    kinds: list[str],
    context: Context,
    first_leads: bool,
    doubts: list[Doubt],
) -> tuple[list[Row], int]:
    """Rows of a table that was flattened to one cell a line; returns them and the index behind the table."""
    rows: list[Row] = []
    above: dict[int, Cell] = {}
    stop = start
    for group, behind in _groups(lines, start, kinds):
        stop = behind
        placed = _place_flat(group, kinds)
        row = _row(text, placed, kinds, above, context, first_leads, doubts)
        if row:
            rows.append(row)
    return rows, stop


def _read_collapsed(
    text: Text, lines: list[Line], start: int, context: Context, first_leads: bool, doubts: list[Doubt]
) -> tuple[list[Row], int]:
    """Rows of a table without separators: a serial number, the words, and behind a blank the units (and a time)."""
    rows: list[Row] = []
    index = start
    while index < len(lines) and (match := _COLLAPSED_ROW.match(lines[index].text)):
        at = lines[index].start + match.start("rest")
        cells = [
            Cell(at + part.start(), at + part.end(), part[0]) for part in re.finditer(r"\S+", match["rest"])
        ]
        last: list[Cell] = []
        kinds: list[str] = []
        while len(cells) > 1 and (
            units.is_unit_list(cells[-1].text)
            or (len(cells[-1].text) < 16 and schedule.HINT.search(cells[-1].text))
        ):
            kinds.insert(0, "duty" if units.is_unit_list(cells[-1].text) else "time")
            last.insert(0, cells.pop())
        words = Cell(cells[0].start, cells[-1].end, text.folded[cells[0].start : cells[-1].end])
        if kinds.count("duty") > 1:
            kinds = [
                "lead"
                if kind == "duty" and order == kinds.index("duty")
                else "support"
                if kind == "duty"
                else kind
                for order, kind in enumerate(kinds)
            ]
        row = _row(text, [words, *last], ["content", *kinds], {}, context, first_leads, doubts)
        if row:
            rows.append(row)
        index += 1
    return rows, index


def _groups(lines: list[Line], start: int, kinds: list[str]) -> Iterator[tuple[list[Cell], int]]:
    """The cells of each row: from one serial number to the next, or as many as there are columns."""
    index, serial = start, 0
    if kinds[0] != "number":
        while index + len(kinds) <= len(lines):
            yield (
                [Cell(line.start, line.end, line.text) for line in lines[index : index + len(kinds)]],
                index + len(kinds),
            )
            index += len(kinds)
        return
    while index < len(lines):
        group: list[Line] = []
        at = index
        while at < len(lines) and len(group) < 3 * len(kinds):
            if (lines[at].text == str(serial + 2) and group) or (
                head_kind(lines[at].text) and group and lines[at].text.startswith("序")
            ):
                break
            group.append(lines[at])
            at += 1
        if not any(line.text == str(serial + 1) for line in group):
            return
        if at >= len(lines) or len(group) >= 3 * len(kinds):
            group = group[: len(kinds)]
            at = index + len(group)
        serial += 1
        yield [Cell(line.start, line.end, line.text) for line in group], at
        index = at


def _place_flat(group: list[Cell], kinds: list[str]) -> list[Cell | None]:
    if len(group) == len(kinds):
        return list(group)
    placed: list[Cell | None] = [None] * len(kinds)
    free = list(range(len(kinds)))
    rest: list[Cell] = []
    for cell in group:
        wanted = (
            ("number",)
            if cell.text.isdecimal()
            else ("lead", "duty", "support")
            if units.is_unit_list(cell.text)
            else ("time",)
            if len(cell.text) < 24 and schedule.HINT.search(cell.text) and not re.search("[。;]", cell.text)
            else ()
        )
        column = next((index for index in free if kinds[index] in wanted), None)
        if column is None:
            rest.append(cell)
        else:
            placed[column] = cell
            free.remove(column)
    slots = [index for index in free if kinds[index] in ("content", "people", "past")]
    content = [index for index in slots if kinds[index] == "content"]
    for cell, index in zip(reversed(rest), reversed(content), strict=False):
        placed[index] = cell
    return placed
