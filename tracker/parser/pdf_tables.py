"""Tables of a PDF page, by their ruled lines: rules to a grid, characters to its cells."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from . import grids
from .pdf_pages import Mark, Page

_NEAR = 3.0  # points: rules this close are one, and meet
_MOST_PAIRS = 400_000
_MOST_CELLS = 20_000  # of the grid of one table on one page
_ENDS = "。;；!！?？:：."
_WORD = re.compile(
    r"(?:[!-'*-~]{1,24}|[(（《“‘〈「〔]*.(?:[(（《“‘〈「〔]+.)?)[、，。；：？！）》”’〉」〕),.;:!?]*"
)
# Two units on lines of their own: a list that goes on has its 、 at the end of the line.
_LIST_OF_UNITS = re.compile(r"[局委办府院部厅会社司]\|(?:市|县|区|各|省|国)")

Interval = tuple[float, float]


@dataclass(slots=True)
class Table:
    """A table, or the part of it on one page. Rows hold cells in the order of columns, merged ones once."""

    x0: float
    x1: float
    top: float
    bottom: float
    columns: list[float]
    rows: list[list[grids.Cell]]
    starts: list[list[int]]  # the column of each cell
    cut: set[int]  # columns whose last cell ends in a full line and in no full stop

    def lines(self, allowance: grids.Allowance) -> list[str]:
        """The rows as `grids.lines` writes them."""
        return grids.lines(self.rows, allowance)


@dataclass(slots=True)
class Drawn:
    """Rules on one line of the page: where, and the stretches that are drawn."""

    at: float
    drawn: list[Interval] = field(default_factory=list)

    def covers(self, place: float) -> bool:
        return any(low - _NEAR <= place <= high + _NEAR for low, high in self.drawn)


def cut_tables(page: Page) -> tuple[list[Table], list[Mark]]:
    """The tables of a page, and the characters outside of them."""
    levels = gathered((rule.y0, rule.x0, rule.x1) for rule in page.rules if rule.y1 - rule.y0 < 1)
    uprights = gathered((rule.x0, rule.y0, rule.y1) for rule in page.rules if rule.x1 - rule.x0 < 1)
    tables: list[Table] = []
    left = page.marks
    for rows, columns in _frames(levels, uprights):
        box = (columns[0].at, rows[0].at, columns[-1].at, rows[-1].at)
        inside = [mark for mark in left if _is_in(mark, box)]
        table = _table(rows, columns, inside) if inside else None
        if table:
            tables.append(table)
            taken = {id(mark) for mark in inside}
            left = [mark for mark in left if id(mark) not in taken]
    return tables, left


def _is_in(mark: Mark, box: tuple[float, float, float, float]) -> bool:
    middle, height = (mark.x0 + mark.x1) / 2, mark.y - 0.35 * mark.size
    return box[0] <= middle <= box[2] and box[1] <= height <= box[3]


def gathered(drawn: Iterable[tuple[float, float, float]]) -> list[Drawn]:
    """Rules gathered by where they stand, their stretches joined."""
    found: list[Drawn] = []
    for at, low, high in sorted(drawn):
        if not found or at - found[-1].at > _NEAR:
            found.append(Drawn(at))
        found[-1].drawn.append((low, high))
    for line in found:
        joined: list[Interval] = []
        for low, high in sorted(line.drawn):
            if joined and low <= joined[-1][1] + _NEAR:
                joined[-1] = (joined[-1][0], max(joined[-1][1], high))
            else:
                joined.append((low, high))
        line.drawn = joined
    return found


def _frames(levels: list[Drawn], uprights: list[Drawn]) -> list[tuple[list[Drawn], list[Drawn]]]:
    """Groups of level and upright rules that meet one another, each the frame of one table."""
    flat = [(line.at, low, high) for line in levels for low, high in line.drawn]
    tall = [(line.at, low, high) for line in uprights for low, high in line.drawn]
    if len(flat) * len(tall) > _MOST_PAIRS:
        return []
    group = list(range(len(flat) + len(tall)))

    def root(one: int) -> int:
        while group[one] != one:
            group[one] = group[group[one]]
            one = group[one]
        return one

    for one, (y, left, right) in enumerate(flat):
        for other, (x, top, bottom) in enumerate(tall, len(flat)):
            if left - _NEAR <= x <= right + _NEAR and top - _NEAR <= y <= bottom + _NEAR:
                group[root(other)] = root(one)
    members: dict[int, tuple[list[tuple[float, float, float]], list[tuple[float, float, float]]]] = {}
    for one, rule in enumerate(flat):
        members.setdefault(root(one), ([], []))[0].append(rule)
    for other, rule in enumerate(tall, len(flat)):
        members.setdefault(root(other), ([], []))[1].append(rule)
    frames = [(gathered(rows), gathered(columns)) for rows, columns in members.values()]
    return [
        (rows, columns)
        for rows, columns in frames
        if len(rows) > 1 and len(columns) > 2 and (len(rows) - 1) * (len(columns) - 1) <= _MOST_CELLS
    ]


def _table(rows: list[Drawn], columns: list[Drawn], marks: list[Mark]) -> Table | None:
    high, wide = len(rows) - 1, len(columns) - 1
    group = list(range(high * wide))

    def root(one: int) -> int:
        while group[one] != one:
            group[one] = group[group[one]]
            one = group[one]
        return one

    for row in range(high):
        middle = (rows[row].at + rows[row + 1].at) / 2
        for column in range(wide):
            centre = (columns[column].at + columns[column + 1].at) / 2
            here = row * wide + column
            if column + 1 < wide and not columns[column + 1].covers(middle):
                group[root(here + 1)] = root(here)
            if row + 1 < high and not rows[row + 1].covers(centre):
                group[root(here + wide)] = root(here)
    held: dict[int, list[Mark]] = {}
    edges_y, edges_x = [line.at for line in rows], [line.at for line in columns]
    for mark in marks:
        row = min(max(bisect_right(edges_y, mark.y - 0.35 * mark.size) - 1, 0), high - 1)
        column = min(max(bisect_right(edges_x, (mark.x0 + mark.x1) / 2) - 1, 0), wide - 1)
        held.setdefault(root(row * wide + column), []).append(mark)
    boxes: dict[int, list[int]] = {}  # by cell: first and last row, first and last column
    for one in range(high * wide):
        row, column = divmod(one, wide)
        box = boxes.setdefault(root(one), [row, row, column, column])
        box[:] = [box[0], row, min(box[2], column), max(box[3], column)]
    if len(boxes) < 2:
        return None
    written: list[list[grids.Cell]] = [[] for _ in range(high)]
    starts: list[list[int]] = [[] for _ in range(high)]
    cut = set()
    for cell, (first, last, left, right) in sorted(boxes.items(), key=lambda item: (item[1][0], item[1][2])):
        text, is_open = cell_text(held.get(cell, []), edges_x[right + 1], edges_y[last + 1])
        if is_open and last == high - 1:
            cut.add(left)
        written[first].append(grids.Cell(text, right - left + 1, last - first + 1))
        starts[first].append(left)
    return Table(edges_x[0], edges_x[-1], edges_y[0], edges_y[-1], edges_x, written, starts, cut)


def baselines(marks: Sequence[Mark]) -> list[list[Mark]]:
    """Characters by the line they stand on, top to bottom, raised and lowered ones with the rest."""
    found: list[list[Mark]] = []
    first = 0.0
    for mark in sorted(marks, key=lambda one: one.y):
        sizes = sorted((mark.size, found[-1][0].size)) if found else [0.0, 0.0]
        if found and mark.y - first <= (0.45 if sizes[0] > 0.8 * sizes[1] else 0.6) * sizes[1]:
            found[-1].append(mark)
        else:
            found.append([mark])
            first = mark.y
    return [sorted(line, key=lambda one: one.x0) for line in found]


def spelled(line: Sequence[Mark], *, is_stretched: bool = False) -> str:
    """The characters of one line as text: wide gaps are blanks, a note's raised figure is left out.

    In a line that is stretched to the width of its cell, gaps say nothing.
    """
    size = max((mark.size for mark in line), default=1.0)
    usual = sorted(mark.y for mark in line if mark.size > 0.8 * size)
    baseline = usual[len(usual) // 2] if usual else 0.0
    text = ""
    last: Mark | None = None
    for mark in line:
        if last is not None and last.text == mark.text and mark.x0 - last.x0 < 0.3 * (last.x1 - last.x0):
            continue  # drawn twice, to look bold
        raised = mark.size < 0.8 * size and baseline - mark.y > 0.15 * size
        if raised and (mark.text.isdigit() or mark.text in "*[]〔〕①②③") and text[-1:] >= "\u3000":
            continue
        if last is not None and mark.text != " " and last.text != " ":
            gap = mark.x0 - last.x1
            if gap > 1.2 * size and not is_stretched:
                text += "  "
            elif gap > 0.25 * size and last.text.isascii() and mark.text.isascii():
                text += " "
        text += mark.text
        last = mark
    return text.strip()


def cell_text(marks: Sequence[Mark], right: float, bottom: float) -> tuple[str, bool]:
    """The text of a cell with these edges, and whether it seems to be cut off by the bottom edge.

    Lines broken for want of room are joined; others are apart by a blank.
    """
    text = ""
    last: list[Mark] | None = None
    for line in baselines(marks):
        words = spelled(line, is_stretched=_is_full(line, "", right))
        if not words:
            continue
        if last is not None and _is_full(last, words, right) and not _LIST_OF_UNITS.search(f"{text}|{words}"):
            text = joined(text, words, last[-1].text == " ")
        else:
            text = f"{text} {words}"
        last = line
    text = grids.flat(text)
    is_open = (
        last is not None
        and text[-1] not in _ENDS
        and _is_full(last, "字", right)
        and bottom - last[0].y < 2 * last[0].size
    )
    return text, is_open


def _is_full(line: Sequence[Mark], following: str, right: float) -> bool:
    size = max(mark.size for mark in line)
    return right - _end(line) < first_word(following) * size + 0.9 * size


def first_word(text: str) -> float:
    """How wide the part of a line is that cannot be broken from its beginning, in widths of a character."""
    word = _WORD.match(text)
    return sum(1.0 if letter >= "\u2e80" else 0.55 for letter in word[0]) if word else 0.0


def joined(text: str, more: str, apart: bool = False) -> str:
    """Two lines of one paragraph; a blank between foreign words, and where one was printed."""
    words = text[-1:].isascii() and more[:1].isascii() and text[-1:].isalpha() and more[:1].isalpha()
    return text + (" " if words or apart else "") + more


def _end(line: Sequence[Mark]) -> float:
    return max((mark.x1 for mark in line if mark.text != " "), default=line[-1].x1)


def goes_on(above: Table, below: Table) -> bool:
    """Whether the table at the head of a page has the columns of the one at the foot of the page before."""
    return len(above.columns) == len(below.columns) and all(
        abs((one - above.x0) - (other - below.x0)) < 2 * _NEAR
        for one, other in zip(above.columns, below.columns, strict=True)
    )


def append(above: Table, below: Table) -> None:
    """Add the rows of the next page.

    A repeated head goes; a row or a merged cell that was cut by the end of the page is whole again.
    """
    skipped = 0
    while skipped < min(3, len(below.rows), len(above.rows)) and below.rows[skipped] == above.rows[skipped]:
        skipped += 1
    rows, starts = below.rows[skipped:], below.starts[skipped:]
    if rows and above.rows:
        last = _last_cells(above)
        if _is_cut(last, above.cut, rows[0], starts[0]):
            _join(above, last, rows, starts)
        else:
            rows[0] = [
                _carried(above, last[at], cell, at in above.cut) if at in last else cell
                for cell, at in zip(rows[0], starts[0], strict=True)
            ]
    above.rows += rows
    above.starts += starts
    above.cut = below.cut


_Place = tuple[int, int]


def _last_cells(table: Table) -> dict[int, tuple[_Place, grids.Cell]]:
    """By column: the cell that reaches the last row, and where it stands."""
    found: dict[int, tuple[_Place, grids.Cell]] = {}
    last = len(table.rows) - 1
    for row in range(max(0, last - grids.MOST_SPANNED), last + 1):
        for order, (cell, at) in enumerate(zip(table.rows[row], table.starts[row], strict=True)):
            if row + cell.down - 1 >= last:
                found[at] = ((row, order), cell)
    return found


def _is_cut(
    last: dict[int, tuple[_Place, grids.Cell]], cut: set[int], row: list[grids.Cell], starts: list[int]
) -> bool:
    """Whether a row only goes on with the one before: words cut off above, and no number of its own."""
    pairs = [
        (at, last[at][1], cell)
        for cell, at in zip(row, starts, strict=True)
        if at in last and cell.down == 1 and last[at][1].down == 1
    ]
    split = [(at, one, other) for at, one, other in pairs if at in cut and other.text]
    if not split or pairs[0][2].text.isdecimal():
        return False
    if any(one.text and not other.text for _, one, other in pairs):
        return True
    return max(pairs, key=lambda pair: len(pair[1].text))[0] in cut


def _join(
    above: Table,
    last: dict[int, tuple[_Place, grids.Cell]],
    rows: list[list[grids.Cell]],
    starts: list[list[int]],
) -> None:
    """Add the first of `rows` to the last row above; its cells merged downwards stay, one row shorter."""
    kept: list[tuple[int, grids.Cell]] = []
    for cell, at in zip(rows[0], starts[0], strict=True):
        if at not in last:
            continue
        (row, order), one = last[at]
        whole = replace(one, text=one.text + cell.text)
        above.rows[row][order] = whole
        if cell.down > 1:
            kept.append((at, replace(cell, text=whole.text, down=cell.down - 1)))
    del rows[0], starts[0]
    if rows:
        line = sorted(kept + list(zip(starts[0], rows[0], strict=True)), key=lambda pair: pair[0])
        starts[0], rows[0] = [at for at, _ in line], [cell for _, cell in line]


def _carried(above: Table, last: tuple[_Place, grids.Cell], cell: grids.Cell, is_cut: bool) -> grids.Cell:
    """A cell at the head of the page; one that only goes on with a merged cell says the same words."""
    (row, order), one = last
    if one.down == 1 and cell.down == 1:
        return cell
    if not cell.text:
        return replace(cell, text=one.text)
    if is_cut:
        above.rows[row][order] = whole = replace(one, text=one.text + cell.text)
        return replace(cell, text=whole.text)
    return cell


__all__ = [
    "Drawn",
    "Table",
    "append",
    "baselines",
    "cell_text",
    "cut_tables",
    "gathered",
    "goes_on",
    "joined",
    "spelled",
]
