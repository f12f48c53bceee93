"""The rows of a table without lines between its columns: by its level rules, else by how its text stands.

Text stands either at the top of its row or in the middle of it. Both are tried, and the rows are taken under
which the cells of a row stand together best: one number each, no holes in a cell, no line broken before it
is full.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from . import grids, pdf_tables
from .columns import UNIT_KINDS, WORDS, main_column
from .folding import fold
from .pdf_pages import Mark, Rule
from .pdf_tables import Drawn, Table, baselines, spelled

_NUMBER = re.compile(r"[(]?(?:\d{1,4}|[一二三四五六七八九十]{1,3})[)、.]?")
_ENDS = "。;；!！?？"
_MOST_LEVELS = 60  # of one row
_MOST_LINES = 8  # of a cell that reaches over several rows
_AWAY = 1.5  # what a cell that stands elsewhere costs at most: it may be merged downwards
_HOLE, _ROW, _NO_NUMBER, _NO_WORK, _EMPTY = 1.5, 0.3, 1.5, 3.0, 0.3
_SHORT, _SHORT_WORK, _SPLIT, _REACH = 0.2, 1.0, 0.8, 0.15
_SURE = 1.2  # what a row may cost on the average


@dataclass(slots=True)
class Piece:
    """A line of one cell."""

    marks: list[Mark]
    text: str
    x1: float
    y: float
    size: float

    @property
    def top(self) -> float:
        return self.y - 0.88 * self.size

    @property
    def bottom(self) -> float:
        return self.y + 0.12 * self.size


@dataclass(slots=True)
class _Row:
    """The lines of each cell of a row; a cell that reaches down from above holds None."""

    cells: list[list[Piece] | None]
    top: float
    bottom: float
    down: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Ground:
    """What does not change while the rows of one stretch of a table are looked for."""

    columns: list[list[Piece]]
    kinds: Sequence[str]
    edges: Sequence[float]
    rules: list[Drawn]
    main: int
    leading: float
    numbered: bool
    goes_on: bool
    own: list[int]  # the columns that show where a row is

    def is_full(self, piece: Piece, column: int) -> bool:
        return self.edges[column + 1] - piece.x1 < 2.2 * piece.size


def table_of(
    lines: Sequence[Sequence[Mark]],
    head: int,
    across: set[int],
    edges: Sequence[float],
    kinds: Sequence[str],
    rules: Iterable[Rule],
    *,
    goes_on: bool,
) -> Table | None:
    """A table, or its part on a page, with these edges between its columns; None where its rows are unclear.

    `head`: how many lines the head takes, `across`: which lines go across the columns; `goes_on`: the table
    began on a page before.
    """
    main = main_column(list(kinds))
    if main is None or not lines:
        return None
    rows: list[list[grids.Cell]] = [[grids.Cell("")] * len(kinds)] if head else []
    starts = [list(range(len(kinds)))] if head else []
    cut: set[int] = set()
    drawn = pdf_tables.gathered((rule.y0, rule.x0, rule.x1) for rule in rules)
    at = head
    while at < len(lines):
        if at in across:
            heading = grids.Cell(grids.flat(spelled(lines[at])))
            rows.append([heading, *[grids.Cell("")] * (len(kinds) - 1)])
            starts.append(list(range(len(kinds))))
            cut = set()
            at += 1
            continue
        stop = next((one for one in range(at, len(lines)) if one in across), len(lines))
        ground = _ground(lines[at:stop], kinds, edges, drawn, main, goes_on=goes_on and at == head)
        made = _rows(ground)
        if made is None:
            return None
        cut = _write(made, edges, rows, starts)
        if main not in cut:
            cut &= set(ground.own)  # a cell that only reaches far down is not cut by the end of the page
        at = stop
    marks = [mark for line in lines for mark in line]
    return Table(
        edges[0],
        edges[-1],
        min(mark.y - mark.size for mark in marks),
        max(mark.y for mark in marks),
        list(edges),
        rows,
        starts,
        cut,
    )


def _ground(
    lines: Sequence[Sequence[Mark]],
    kinds: Sequence[str],
    edges: Sequence[float],
    drawn: Sequence[Drawn],
    main: int,
    *,
    goes_on: bool,
) -> _Ground:
    held: list[list[Mark]] = [[] for _ in kinds]
    for line in lines:
        for mark in line:
            middle = (mark.x0 + mark.x1) / 2
            held[min(max(bisect_right(edges, middle) - 1, 0), len(kinds) - 1)].append(mark)
    columns = [[_piece(line) for line in baselines(marks) if spelled(line)] for marks in held]
    pieces = [piece for column in columns for piece in column]
    top, bottom = min(one.top for one in pieces), max(one.bottom for one in pieces)
    steps = sorted(
        other.y - one.y
        for column in columns
        for one, other in pairwise(column)
        if other.y - one.y > 0.8 * one.size
    )
    leading = steps[len(steps) // 40] if steps else 1.5 * pieces[0].size
    centre = (edges[main] + edges[main + 1]) / 2
    rules = [rule for rule in drawn if top < rule.at < bottom and rule.covers(centre)]
    return _Ground(
        columns,
        kinds,
        edges,
        rules,
        main,
        leading,
        any(_is_number(piece) for at, kind in enumerate(kinds) if kind == "number" for piece in columns[at]),
        goes_on,
        [at for at, kind in enumerate(kinds) if at == main or kind not in WORDS],
    )


def _piece(line: list[Mark]) -> Piece:
    printed = [mark for mark in line if mark.text != " "]
    ys = sorted(mark.y for mark in printed)
    return Piece(
        line, spelled(line), max(m.x1 for m in printed), ys[len(ys) // 2], max(m.size for m in printed)
    )


def _is_number(piece: Piece) -> bool:
    return bool(_NUMBER.fullmatch(fold(piece.text)))


def _rows(ground: _Ground) -> list[_Row] | None:
    if ground.rules:
        bands = _bands(ground)
        if all(_numbers(ground, row) < 2 for row in bands):
            return _ruled(ground, bands)
    levels = _levels(ground)
    if not levels:
        return None
    tried = [(*_divide(ground, levels, in_middle=way), way) for way in (False, True)]
    cost, groups, in_middle = min(tried, key=lambda one: one[0])
    if cost > _SURE * len(groups):
        return None
    found = []
    for low, high in groups:
        cells: list[list[Piece] | None] = [
            [one for one in column if levels[low] - 1 <= one.y <= levels[high - 1] + 1]
            if at in ground.own
            else []
            for at, column in enumerate(ground.columns)
        ]
        inside = [one for cell in cells for one in cell or ()]
        found.append(_Row(cells, min(one.top for one in inside), max(one.bottom for one in inside)))
    for one, other in pairwise(found):
        one.bottom = other.top = (one.bottom + other.top) / 2 if in_middle else other.top
    for at, column in enumerate(ground.columns):
        if at not in ground.own and column:
            _spread(ground, at, column, found, in_middle=in_middle)
    return found


# --- rows that are ruled


def _bands(ground: _Ground) -> list[_Row]:
    """The stretches between the rules, with the lines in each."""
    ats = [rule.at for rule in ground.rules]
    found = []
    for low, high in pairwise([float("-inf"), *ats, float("inf")]):
        cells: list[list[Piece] | None] = [
            [one for one in column if low < one.y - 0.35 * one.size <= high] for column in ground.columns
        ]
        if any(cells):
            found.append(_Row(cells, low, high))
    return found


def _numbers(ground: _Ground, row: _Row) -> int:
    return sum(
        _is_number(one)
        for at, kind in enumerate(ground.kinds)
        if kind == "number"
        for one in row.cells[at] or ()
    )


def _ruled(ground: _Ground, bands: list[_Row]) -> list[_Row]:
    """Bands as rows; a cell goes on where the rule between two bands leaves its column out."""
    above = {rule.at: rule for rule in ground.rules}
    for column in range(len(ground.kinds)):
        centre = (ground.edges[column] + ground.edges[column + 1]) / 2
        first = 0
        for order in range(1, len(bands)):
            rule = above.get(bands[order].top)
            if rule is None or rule.covers(centre):
                first = order
                continue
            upper, here = bands[first].cells[column], bands[order].cells[column]
            bands[first].cells[column] = [*(upper or []), *(here or [])]
            bands[first].down[column] = order - first + 1
            bands[order].cells[column] = None
    return bands


# --- rows by how the text stands


def _levels(ground: _Ground) -> list[float]:
    """The heights at which lines stand."""
    found: list[float] = []
    for y in sorted(one.y for at in ground.own for one in ground.columns[at]):
        if not found or y - found[-1] > 1:
            found.append(y)
    return found


def _divide(
    ground: _Ground, levels: Sequence[float], *, in_middle: bool
) -> tuple[float, list[tuple[int, int]]]:
    """The cheapest way to part the levels into rows, and what it costs."""
    count = len(levels)
    best: list[tuple[float, int]] = [(0.0, 0)] + [(float("inf"), 0)] * count
    ats = [rule.at for rule in ground.rules]
    ys = {at: [one.y for one in ground.columns[at]] for at in ground.own}
    for low in range(count):
        if best[low][0] == float("inf"):
            continue
        for high in range(low + 1, min(low + _MOST_LEVELS, count) + 1):
            if bisect_left(ats, levels[low]) != bisect_left(ats, levels[high - 1]):
                break
            cells = {
                at: ground.columns[at][
                    bisect_left(ys[at], levels[low] - 1) : bisect_right(ys[at], levels[high - 1] + 1)
                ]
                for at in ground.own
            }
            numbers = sum(
                _is_number(one) for at, cell in cells.items() if ground.kinds[at] == "number" for one in cell
            )
            if numbers > 1:
                break
            cost = best[low][0] + _cost(ground, cells, numbers, in_middle, low == 0, high == count)
            if cost < best[high][0]:
                best[high] = (cost, low)
    groups: list[tuple[int, int]] = []
    at = count
    while at:
        groups.append((best[at][1], at))
        at = best[at][1]
    return best[count][0], groups[::-1]


def _cost(
    ground: _Ground,
    cells: dict[int, list[Piece]],
    numbers: int,
    in_middle: bool,
    is_first: bool,
    is_last: bool,
) -> float:
    """How little these cells look like a row."""
    filled = [cell for cell in cells.values() if cell]
    top, bottom = min(cell[0].top for cell in filled), max(cell[-1].bottom for cell in filled)
    first = min(cell[0].y for cell in filled)
    cost = _ROW
    if ground.numbered and not numbers:
        cost += 0.5 if is_first and ground.goes_on else _NO_NUMBER
    for at, cell in cells.items():
        is_main = at == ground.main
        if not cell:
            cost += _NO_WORK if is_main else _EMPTY if ground.kinds[at] in UNIT_KINDS else 0.0
            continue
        place = (cell[0].top + cell[-1].bottom - top - bottom) / 2 if in_middle else cell[0].y - first
        cost += min(abs(place) / ground.leading, _AWAY)
        for one, other in pairwise(cell):
            cost += _HOLE if other.y - one.y > 1.2 * ground.leading else 0.0
            if not ground.is_full(one, at):
                cost += _SHORT_WORK if is_main else _SHORT
        if is_main and not is_last and ground.is_full(cell[-1], at) and cell[-1].text[-1] not in _ENDS:
            cost += _SPLIT
    return cost


def _spread(ground: _Ground, at: int, column: list[Piece], rows: list[_Row], *, in_middle: bool) -> None:
    """Give the lines of a column whose cells may reach over several rows to these rows."""
    count, lines = len(rows), len(column)
    worst = float("inf")
    best = [[(worst, 0, 0)] * (lines + 1) for _ in range(count + 1)]
    best[0][0] = (0.0, 0, 0)
    room = 0.6 * ground.leading
    for row in range(count):
        for line in range(lines + 1):
            so_far = best[row][line][0]
            if so_far == worst:
                continue
            # A row without a cell of its own: at the top of a page it goes on with the page before.
            alone = so_far + (_EMPTY if ground.goes_on and not line else _NO_NUMBER)
            if alone < best[row + 1][line][0]:
                best[row + 1][line] = (alone, row, line)
            for end in range(row + 1, count + 1):
                for used in range(line + 1, min(line + _MOST_LINES, lines) + 1):
                    cell = column[line:used]
                    if cell[-1].bottom > rows[end - 1].bottom + room and end < count:
                        break
                    if cell[0].top < rows[row].top - room and row:
                        break
                    cost = so_far + _misfit(ground, at, cell, rows[row:end], in_middle)
                    if cost < best[end][used][0]:
                        best[end][used] = (cost, row, line)
    row, line = count, lines
    if best[row][line][0] == worst:  # each line to the row it stands in
        for piece in column:
            home = min(rows, key=lambda one: max(one.top - piece.y, piece.y - one.bottom, 0.0))
            home.cells[at] = [*(home.cells[at] or []), piece]
        return
    while row:
        _, first, start = best[row][line]
        if start != line:
            rows[first].cells[at] = column[start:line]
            if row - first > 1:
                rows[first].down[at] = row - first
                for other in rows[first + 1 : row]:
                    other.cells[at] = None
        row, line = first, start


def _misfit(ground: _Ground, at: int, cell: Sequence[Piece], rows: Sequence[_Row], in_middle: bool) -> float:
    """How badly the lines stand for a cell over these rows."""
    if in_middle:
        place = (cell[0].top + cell[-1].bottom - rows[0].top - rows[-1].bottom) / 2
    else:
        place = cell[0].y - min(one.y for each in rows[0].cells for one in (each or ())[:1])
    cost = abs(place) / ground.leading + _REACH * (len(rows) - 1)
    for one, other in pairwise(cell):
        cost += _HOLE if other.y - one.y > 1.2 * ground.leading else 0.0
        cost += 0.0 if ground.is_full(one, at) else _SHORT_WORK
    return cost


def _write(
    made: Sequence[_Row], edges: Sequence[float], rows: list[list[grids.Cell]], starts: list[list[int]]
) -> set[int]:
    """Add the cells of these rows; the columns whose last cell is cut by the end of the page."""
    cut: set[int] = set()
    foot = max(one.bottom for row in made for cell in row.cells for one in cell or ())
    for order, row in enumerate(made):
        line: list[grids.Cell] = []
        start: list[int] = []
        for at, cell in enumerate(row.cells):
            if cell is None:
                continue
            marks = [mark for piece in cell for mark in piece.marks]
            text, is_open = pdf_tables.cell_text(marks, edges[at + 1], foot) if marks else ("", False)
            down = row.down.get(at, 1)
            line.append(grids.Cell(text, 1, down))
            start.append(at)
            if is_open and order + down == len(made):
                cut.add(at)
        rows.append(line)
        starts.append(start)
    return cut
