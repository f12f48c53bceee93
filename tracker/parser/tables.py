"""Annexed tables: cells joined by |, box-drawn, one cell a line, or set apart by blanks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from . import glued
from .clauses import Text
from .columns import UNIT_KINDS, Cell, align, fit, guess_kinds, head_kind, is_head, kinds_of, main_column
from .lexicon import FURNITURE
from .outline import AUTHORITY, SIGNED, Line
from .rows import SECTION, Table
from .rules import Context
from .types import Doubt, Role, Row

_BOX = re.compile("[\u2502\u2503\u2551]")
_BORDER = re.compile("^[\u2500-\u257f \\-|+]+$")
_PARTLY = re.compile("[\u251c\u253c]\u2500{2,}[\u2524\u253c]")  # a rule under some of the cells only
_EDGES = re.compile("[\u2502\u2503\u2551\u251c\u2524\u253c\u252c\u2534]")
_PLUS_BORDER = re.compile(r"^\+[-=+]{3,}\+$")
_SERIAL = re.compile(r"^(?:第?(?P<serial>\d{1,4})[.、]?|\((?P<inner>\d{1,3})\))$")
_ROW_START = re.compile(r"^(?P<serial>\d{1,3})(?:[.、] *| +)(?=\D)(?P<rest>.+)$")
_END = re.compile(r"^(?:备?注[\d一二三]?:|说明:|附件?\d*[:：]?|联系人|\(此件|抄送|填报)")
_MANY = 400  # rows of a flat table are looked for in so many cells behind the last serial number


@dataclass(slots=True)
class Found:
    """The rows of a document and the lines that were used up."""

    rows: list[Row] = field(default_factory=list)
    used: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Place:
    """What every reader of tables is given."""

    text: Text
    lines: list[Line]
    context: Context
    first_leads: Role | None
    doubts: list[Doubt]
    single: int = 0  # up to this line no | parts any cells

    def table(self, kinds: list[str]) -> Table:
        return Table(self.text, self.context, self.first_leads, self.doubts, kinds)


def unbox(text: str) -> str:
    """A text with its box-drawn tables redrawn as lines of cells joined by |; other text is untouched."""
    if "\n+-" in text or text.startswith("+-"):
        text = _drawn(text)
    if not _BOX.search(text):
        return text
    out: list[str] = []
    row: list[str] = []
    above: list[list[str]] = []  # rows of the same block, parted from this one by a rule under some cells
    owner: list[list[str]] = []  # for each column, the row in which its cell began
    fresh: list[set[int]] = []  # for each row but the first, the columns in which a cell begins

    def flush() -> None:
        if row:
            rows = _said_again([*above, row], fresh)
            out.extend(" | ".join(cell.strip() for cell in cells) + " |" for cells in rows)
        for held in (row, above, owner, fresh):
            held.clear()

    def cut(cells: list[str]) -> None:
        above.append(list(row))
        owner[:] = [above[-1] if each is row else each for each in owner or [row] * len(row)]
        row[:] = [""] * len(row)
        fresh.append(
            {column for column, cell in enumerate(cells) if cell.strip() and not cell.strip(" \u2500")}
        )
        for column, cell in enumerate(cells):
            if cell.strip(" \u2500"):
                owner[column][column] += cell.strip()
            elif cell.strip():
                owner[column] = row

    lines = text.split("\n")
    ruled = any(_BORDER.match(line.strip()) and line.strip()[0] >= "\u2500" for line in lines if line.strip())
    for line in lines:
        stripped = line.strip()
        if (
            stripped
            and _BORDER.match(stripped)
            and any("\u2500" <= char <= "\u257f" for char in stripped)
            and not re.search(r"\w", stripped)
            and not (set(stripped) <= set("\u2502\u2503\u2551 "))
        ):
            flush()
        elif _BOX.search(stripped):
            cells = _BOX.split(stripped.strip("\u2502\u2503\u2551"))
            if row and _PARTLY.search(stripped):
                edge = stripped[1:] if stripped[0] in "\u251c\u2502" else stripped
                cells = _EDGES.split(edge[:-1] if _EDGES.match(edge[-1]) else edge)
                if len(cells) == len(row):
                    cut(cells)
                    continue
            if owner and len(row) == len(cells):
                for column, cell in enumerate(cells):
                    owner[column][column] += cell.strip()
            elif row and len(row) == len(cells) and ruled:
                row[:] = [upper + cell.strip() for upper, cell in zip(row, cells, strict=True)]
            else:
                flush()
                row[:] = [cell.strip() for cell in cells]
        else:
            flush()
            out.append(line)
    flush()
    return "\n".join(out)


def _said_again(rows: list[list[str]], fresh: list[set[int]]) -> list[list[str]]:
    """Merged cells said again in each row they cover; what parts no text of the work joins the row above."""
    kept = rows[:1]
    widest = max(range(len(rows[0])), key=lambda column: max(len(cells[column]) for cells in rows))
    for cells, begun in zip(rows[1:], fresh, strict=True):
        last = kept[-1]
        if widest in begun:
            kept.append([cell if column in begun else last[column] for column, cell in enumerate(cells)])
        else:
            for column in begun:
                last[column] += "\u3001" + cells[column]
    return kept


def _drawn(text: str) -> str:
    """Tables drawn with + - | in the characters of boxes."""
    lines = text.split("\n")
    inside = False
    for index, line in enumerate(lines):
        stripped = line.strip()
        if _PLUS_BORDER.match(stripped):
            inside = True
            lines[index] = "\u2500" * 3
        elif inside and stripped.startswith("|"):
            lines[index] = line.replace("|", "\u2502")
        else:
            inside = False
    return "\n".join(lines)


def find(
    text: Text, lines: list[Line], context: Context, first_leads: Role | None, doubts: list[Doubt]
) -> Found:
    """All tables among the lines."""
    found = Found()
    place = _Place(text, lines, context, first_leads, doubts)
    index = 0
    while index < len(lines):
        for reader in _READERS:
            before = len(doubts)
            result = reader(place, index)
            if result is None:
                continue
            rows, stop = result
            if rows:
                found.rows += rows
                found.used.update(line.start for line in lines[index:stop])
            else:
                del doubts[before:]
            index = stop
            break
        else:
            index += 1
    return found


# --- cells joined by |


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


def _read_pipes(place: _Place, index: int) -> tuple[list[Row], int] | None:
    lines = place.lines
    if "|" not in lines[index].text or index < place.single:
        return None
    stop = index
    while stop < len(lines) and "|" in lines[stop].text:
        stop += 1
    block = [_cells(line) for line in lines[index:stop]]
    if max(len(cells) for cells in block) <= 1:
        place.single = stop
        return None
    head = next((i for i, cells in enumerate(block) if is_head(cells)), None)
    if head is None:
        width = max(len(cells) for cells in block)
        kinds = guess_kinds(block, width) if width > 2 and len(block) > 1 else []
        if not kinds:
            return [], stop
        table = place.table(kinds)
    else:
        width = len(block[head])
        stop = _take_broken(place, block, index, stop, width)
        kinds = kinds_of(block[head])
        table = place.table(kinds)
        if _plain(kinds):
            return [], stop
    if main_column(table.kinds) is None:
        return [], stop
    for at, cells in enumerate(block if head is None else block[head + 1 :]):
        if len(cells) >= 2 and is_head(cells):
            table.kinds = _second_head(table.kinds, cells, first=at == 0)
            continue
        single = len(cells) == 1 and len(table.kinds) > 2
        if single and cells[0].text:
            if len(cells[0].text) < 60 and not _END.match(cells[0].text):
                table.add([cells[0], *[None] * (len(table.kinds) - 1)])
            continue
        full = len(cells) >= len(table.kinds)
        table.add(align(place.text.folded, cells, table.kinds), merged=full)
    return table.rows, stop


def _plain(kinds: list[str]) -> bool:
    """Whether a head speaks of no duty and no time: a list of names or numbers, not of tasks."""
    return not (UNIT_KINDS & set(kinds)) and not ({"time", "people"} & set(kinds))


def _second_head(kinds: list[str], cells: list[Cell], *, first: bool) -> list[str]:
    """The columns under a head of two lines (责任单位 above 牵头单位, 配合单位), or said again."""
    below = kinds_of(cells)
    if len(below) == len(kinds):
        return [new if cell.text else old for new, old, cell in zip(below, kinds, cells, strict=True)]
    duties = [index for index, kind in enumerate(kinds) if kind in UNIT_KINDS]
    if first and len(duties) == 1 and len(below) < len(kinds) and set(below) <= UNIT_KINDS | {"people"}:
        return [*kinds[: duties[0]], *below, *kinds[duties[0] + 1 :]]
    return kinds


def _take_broken(place: _Place, block: list[list[Cell]], index: int, stop: int, width: int) -> int:
    """Join the rows whose cells run over several lines; returns the new end of the block."""
    lines = place.lines
    if any(line.text.endswith("|") for line in lines[index : index + 3]) and not lines[index].text.startswith(
        "|"
    ):
        closed = True
    else:
        closed = lines[index].text.startswith("|")
    at = 0
    while at < len(block):
        cells, line = block[at], index + at
        broken = closed and not lines[line].text.endswith("|") and len(cells) < width
        serial = not closed and len(cells) < width and bool(cells) and cells[0].number
        if not (broken or serial):
            at += 1
            continue
        joined, behind = list(cells), line + 1
        while behind < len(lines) and behind - line < 8 and len(joined) < width + 1:
            more = _cells(lines[behind])
            if not more or (len(more) > 1 and (more[0].number or len(joined) + len(more) - 1 > width)):
                break
            if len(joined) == width and (len(more) > 1 or not closed):
                break
            first = joined[-1]
            joined[-1] = Cell(first.start, more[0].end, place.text.folded[first.start : more[0].end])
            joined += more[1:]
            behind += 1
            if len(joined) == width and (not closed or lines[behind - 1].text.endswith("|")):
                break
        if len(joined) != width:
            at += 1
            continue
        if behind > stop:  # lines without any | were taken
            extra = behind
            while extra < len(lines) and "|" in lines[extra].text:
                extra += 1
            block += [_cells(each) for each in lines[behind:extra]]
            block[at : stop - index] = [joined]
            stop = extra
        else:
            block[at : at + behind - line] = [joined]
        index += behind - line - 1
        at += 1
    return stop


# --- one cell a line


def _cell(line: Line) -> Cell:
    return Cell(line.start, line.end, line.text)


def _barred(lines: list[Line], index: int, most: int) -> tuple[list[Cell], list[int]] | None:
    """The first `most` cells of a table whose | stand at the ends of lines or alone, and where each ends."""
    cells: list[Cell] = []
    ends: list[int] = []
    at = index
    pending: list[Line] = []
    while at < len(lines) and len(pending) < 12 and len(cells) < most and (cells or at < index + 40):
        line = lines[at]
        bars = line.text.count("|")
        if bars > 1 or (bars == 1 and not line.text.endswith("|")):
            break
        if bars:
            words = line.text[:-1].rstrip(" ")
            if words:
                pending.append(Line(line.start, line.start + len(words), words))
            if pending:
                text = "\n".join(each.text for each in pending)
                cells.append(Cell(pending[0].start, pending[-1].end, text))
                ends.append(at + 1)
            pending = []
        else:
            pending.append(line)
        at += 1
    return (cells, ends) if len(cells) >= 6 else None


def _read_flat(place: _Place, index: int) -> tuple[list[Row], int] | None:
    lines = place.lines
    ends: list[int] | None = None
    bar = lines[index].text.endswith("|") or (index + 1 < len(lines) and lines[index + 1].text == "|")
    if bar and (barred := _barred(lines, index, 14)):
        cells, ends = barred
    elif "|" in lines[index].text or not head_kind(lines[index].text):
        return None
    else:
        cells = [_cell(line) for line in lines[index : index + 14]]
    run = 0
    while run < min(len(cells), 14) and head_kind(cells[run].text):
        run += 1
    kinds = kinds_of(cells[:run])
    if len(kinds) < 3 or len(set(kinds)) < 3 or not ({"number", "time"} | UNIT_KINDS) & set(kinds):
        return None
    if main_column(kinds) is None or _plain(kinds):
        return None
    if ends is not None and (whole := _barred(lines, index, len(lines))):
        cells, ends = whole
    if ends is None:
        cells = []
        for line in lines[index:]:
            if "|" in line.text:
                break
            cells.append(_cell(line))
        ends = list(range(index + 1, index + 1 + len(cells)))
    table, used = _flat_rows(place, cells, run, kinds)
    return (table.rows, ends[used - 1]) if table.rows else None


def _serial(cell: Cell) -> int | None:
    match = _SERIAL.match(cell.text)
    return int(match["serial"] or match["inner"]) if match else None


def _flat_rows(place: _Place, cells: list[Cell], start: int, kinds: list[str]) -> tuple[Table, int]:
    """The rows of a flat table whose head ends at `start`, and where its last row ends."""
    if "number" not in kinds:
        at = next(
            (i for i in range(start, min(start + len(kinds), len(cells))) if _serial(cells[i]) == 1), None
        )
        if at is None:
            return _by_width(place, cells, start, kinds)
        kinds = [*kinds[: at - start], "number", *kinds[at - start :]]
    table = place.table(kinds)
    before = kinds.index("number")
    behind = len(kinds) - before - 1
    serials = _serials(cells, start, behind)
    if not serials:
        return table, start
    leading = list(cells[start : serials[0]])
    used = start
    told = (*UNIT_KINDS, "time")
    for order, at in enumerate(serials):
        last = order + 1 == len(serials)
        stop = len(cells) if last else serials[order + 1]
        tail = cells[at + 1 : stop]
        if last:
            tail = _end_of(tail, kinds[before + 1 :])
        while leading and (len(leading) > before):
            table.start_section(leading.pop(0))
        spare: list[Cell] = []
        if not last:
            surplus = len(tail) - behind
            if before:
                spare = tail[len(tail) - max(0, min(surplus, before)) :] if surplus > 0 else []
            elif (surplus > 0 and kinds[-1] in told and not (tail[-1].units or tail[-1].time)) or (
                len(tail) > 2 and SECTION.match(tail[-1].text) and not tail[-1].units
            ):
                spare = tail[-1:]
            tail = tail[: len(tail) - len(spare)]
        row = [*leading, cells[at], *tail]
        placed = align(place.text.folded, row, kinds, join=True)
        table.add(placed)
        leading = spare
        used = at + 1 + len(tail)
    return table, used


def _serials(cells: list[Cell], start: int, behind: int) -> list[int]:
    """Where the serial numbers stand: each larger than the one before, the very next if there is one."""
    found: list[int] = []
    value = -1
    at = start
    least = min(behind, 2)
    limit = start + behind + 6
    while at < min(len(cells), limit):
        number = _serial(cells[at])
        near = not found or at - found[-1] > least
        if number is None or not near or number <= value:
            at += 1
            continue
        if found and number != value + 1:
            ahead = range(at + 1, min(len(cells), at + 2 * behind + 4))
            if any(_serial(cells[later]) == value + 1 for later in ahead) or at - found[-1] < behind:
                at += 1
                continue
        found.append(at)
        value = number
        limit = at + 4 * behind + 8
        at += 1
    return found


def _end_of(tail: list[Cell], kinds: list[str]) -> list[Cell]:
    """The cells of the last row: no more than there are columns, and none of what follows the table."""
    taken: list[Cell] = []
    for cell in tail:
        if len(taken) >= len(kinds) and not (cell.units and taken[-1].units):
            break
        over = len(taken) >= 2 and (
            SIGNED.match(cell.text) or (AUTHORITY.match(cell.text) and not cell.units)
        )
        if _END.match(cell.text) or FURNITURE.match(cell.text) or over:
            break
        taken.append(cell)
    return taken


def _by_width(place: _Place, cells: list[Cell], start: int, kinds: list[str]) -> tuple[Table, int]:
    """Rows without serial numbers: as many cells as there are columns, while they look like their columns."""
    table = place.table(kinds)
    at = start
    while at + len(kinds) <= len(cells):
        group = cells[at : at + len(kinds)]
        if SECTION.match(group[0].text) and len(group[0].text) < 40 and kinds[0] not in UNIT_KINDS:
            shifted = cells[at + 1 : at + 1 + len(kinds)]
            if len(shifted) == len(kinds) and fit(list(shifted), kinds) > fit(list(group), kinds):
                table.start_section(group[0])
                at += 1
                continue
        if fit(list(group), kinds) < 1 or _END.match(group[0].text):
            break
        table.add(list(group))
        at += len(kinds)
    return table, at


# --- columns set apart by blanks or tabs


def _tokens(place: _Place, line: Line) -> list[Cell]:
    """The cells of a line: between tabs or wide gaps where it has them, else between blanks."""
    source = place.text.source[line.start : line.end]
    for gap in ("\t", r"[ \u3000\xa0]{2,}|\u3000", r"[ \u3000\xa0]+"):
        if re.search(gap, source):
            return list(_split(place, line, gap))
    return [_cell(line)]


def _split(place: _Place, line: Line, gap: str) -> Iterator[Cell]:
    source = place.text.source[line.start : line.end]
    start = 0
    for stop, behind in [*((m.start(), m.end()) for m in re.finditer(gap, source)), (len(source), 0)]:
        part = source[start:stop]
        left = len(part) - len(part.lstrip())
        begin, end = line.start + start + left, line.start + start + len(part.rstrip())
        yield Cell(min(begin, end), end, place.text.folded[min(begin, end) : end])
        start = behind


def _blank_head(place: _Place, line: Line) -> list[Cell]:
    """The cells of a head whose words are set apart by blanks; single characters belong together (任 务)."""
    if len(line.text) > 80 or not re.search(r"[ ]", line.text) or re.search("[。:;,|]", line.text):
        return []
    tokens = [cell for cell in _tokens(place, line) if cell.text]
    joined: list[Cell] = []
    for cell in tokens:
        if joined and len(cell.text) == 1 and not head_kind(joined[-1].text):
            last = joined[-1]
            joined[-1] = Cell(last.start, cell.end, place.text.folded[last.start : cell.end])
        else:
            joined.append(cell)
    kinds = [head_kind(cell.text) for cell in joined]
    good = len(joined) >= 3 and all(kinds) and len(set(kinds)) >= 3 and UNIT_KINDS & set(kinds)
    return joined if good else []


def _read_blanks(place: _Place, index: int) -> tuple[list[Row], int] | None:
    lines = place.lines
    head = _blank_head(place, lines[index])
    kinds = kinds_of(head)
    if not head or main_column(kinds) is None:
        return None
    tabs = "\t" in place.text.source[lines[index].start : lines[index].end]
    if not tabs:
        words = (lines[index].start, lines[index].end)
        place.doubts.append(Doubt("table-unruled", "表格没有框线,列可能没有分对,请核对", words))
    if "number" not in kinds:
        return _blank_rows_by_line(place, index, kinds)
    table = place.table(kinds)
    at = index + 1
    while at < len(lines):
        line = lines[at]
        if not _ROW_START.match(line.text):
            section = SECTION.match(line.text) and len(line.text) < 40 and at + 1 < len(lines)
            if not section or not _ROW_START.match(lines[at + 1].text):
                break
            table.start_section(_cell(line))
            at += 1
            continue
        row = _row_tokens(place, line, tabs)
        at += 1
        while at < len(lines) and not any(cell.units or cell.time for cell in row[2:]):
            more = lines[at]
            if _ROW_START.match(more.text) or _END.match(more.text) or len(row) > 40:
                break
            row += [cell for cell in _tokens(place, more) if cell.text]
            at += 1
        table.add(align(place.text.folded, row, kinds, join=True))
    return (table.rows, at) if table.rows else None


def _row_tokens(place: _Place, line: Line, tabs: bool) -> list[Cell]:
    match = _ROW_START.match(line.text)
    tokens = _tokens(place, line) if tabs else [cell for cell in _tokens(place, line) if cell.text]
    if match and not tokens[0].number:  # 1.摸清底数 市公安局
        first = line.start + match.start("rest")
        number = Cell(line.start, line.start + match.end("serial"), match["serial"])
        rest = Cell(first, tokens[0].end, place.text.folded[first : tokens[0].end])
        return [number, rest, *tokens[1:]]
    return tokens


def _blank_rows_by_line(place: _Place, index: int, kinds: list[str]) -> tuple[list[Row], int] | None:
    """Rows without serial numbers: one a line, as long as a cell of units stands in its column."""
    lines = place.lines
    table = place.table(kinds)
    at = index + 1
    while at < len(lines):
        tokens = _tokens(place, lines[at])
        placed = align(place.text.folded, tokens, kinds, join=len(tokens) > len(kinds))
        named = any(
            cell and cell.units for cell, kind in zip(placed, kinds, strict=True) if kind in UNIT_KINDS
        )
        if len(tokens) < 2 or not named or fit(placed, kinds) < 1:
            break
        table.add(placed)
        at += 1
    return (table.rows, at) if table.rows else None


# --- no separators at all


def _read_glued(place: _Place, index: int) -> tuple[list[Row], int] | None:
    line = place.lines[index]
    if "序号" not in line.text or len(line.text) < 24:
        return None
    result = glued.read(place.text.folded, line.start, line.text)
    if result is None:
        return None
    kinds, rows = result
    table = place.table(kinds)
    for row in rows:
        table.add(list(row))
    return table.rows, index + 1


_READERS: tuple[Callable[[_Place, int], tuple[list[Row], int] | None], ...] = (
    _read_pipes,
    _read_flat,
    _read_blanks,
    _read_glued,
)
