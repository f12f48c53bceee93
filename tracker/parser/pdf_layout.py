"""Pages of a PDF to text in reading order: furniture off, columns in turn, paragraphs whole again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from . import grids, pdf_tables, pdf_unruled
from .pdf_pages import Mark, Page, Rule
from .pdf_tables import Table, baselines, first_word, joined, spelled

_PAGE_NUMBER = re.compile(
    r"[-–—―─－·.\s]*(?:第\s*)?\d{1,4}(?:\s*页)?(?:\s*[/／,，]?\s*(?:共\s*)?\d{1,4}\s*页?)?[-–—―─－·.\s]*|第[一二三四五六七八九十百]+页"
)
_STARTS = re.compile(
    r"[一二三四五六七八九十百]{1,4}[、.．]|[(（][一二三四五六七八九十]{1,3}[)）]|\d{1,3}[、.．](?!\d)|[(（]\d{1,3}[)）]"
    r"|(?:主要)?(?:牵头|责任|配合|主办|协办|主责|落实|督办)(?:领导|单位|部门|主体)\s*[:：]"
    r"|[①-⑳]|第[一二三四五六七八九十百\d]{1,4}[章节条]|附\s*件?\s*\d*\s*[:：]|附件\s*\d*$"
)
_ENDS = "。;；:：!！?？"
_MOST_LEVEL = 2000  # rules of a page
_NOTE = re.compile(r"(?:[①-⑳*]|\[\d+\]|〔\d+〕|\d{1,2}(?![\d.、年月]))")


@dataclass(slots=True)
class _Line:
    """A line of one column: its words and place, and the edges of the text it stands in."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    ends_apart: bool = False  # a blank is printed behind the last character
    left: float = 0.0
    right: float = 0.0

    @property
    def middle(self) -> float:
        return (self.x0 + self.x1) / 2

    @property
    def is_centred(self) -> bool:
        aside = abs(self.middle - (self.left + self.right) / 2)
        return min(self.x0 - self.left, self.right - self.x1) > 0.5 * self.size and aside < self.size

    def is_full(self, after: _Line) -> bool:
        """Whether the line ends only because the first word of the next had no room."""
        room = max(1.7, first_word(after.text) + 0.5) * self.size
        return self.x1 > self.right - room


@dataclass(slots=True)
class _Sheet:
    """One page while it is put in order."""

    tables: list[Table]
    rows: list[list[Mark]]  # by baseline, all columns together
    rules: list[Rule]  # those that are level
    flow: list[_Line | Table] = field(default_factory=list)


def text_of(pages: Iterable[Page]) -> str:
    """All pages as lines: one for each paragraph and each table row. Raises `grids.TooLarge`."""
    sheets = []
    for page in pages:
        tables, marks = pdf_tables.cut_tables(page)
        sheets.append(_Sheet(tables, [line for line in baselines(marks) if spelled(line)], _level(page)))
    _drop_furniture(sheets)
    _cut_unruled(sheets)
    body = _body_size(sheets)
    for sheet in sheets:
        _drop_notes(sheet, body)
        _put_in_order(sheet, body)
    _set_edges(sheets)
    return "\n".join(_paragraphs([one for sheet in sheets for one in sheet.flow], body))


def _level(page: Page) -> list[Rule]:
    """The level rules of a page; none of a drawing, which has too many to keep."""
    level = [rule for rule in page.rules if rule.y1 - rule.y0 < 1]
    return level if len(level) <= _MOST_LEVEL else []


def _cut_unruled(sheets: Sequence[_Sheet]) -> None:
    """Take the tables without ruled columns out of the lines.

    Where one is not clear its lines stay, the head on one line, so that it is read as text with wide gaps.
    """
    taken = [[(table.top, table.bottom) for table in sheet.tables] for sheet in sheets]
    pages = [list(sheet.rows) for sheet in sheets]
    gone: list[set[int]] = [set() for _ in sheets]
    for chain in pdf_unruled.find_chains(pages, taken):
        made = pdf_unruled.tables_of(chain, pages, [sheet.rules for sheet in sheets])
        if made is None:
            part = chain.parts[0]
            sheets[part.sheet].rows[part.first] = pdf_unruled.head_line(chain.head)
            gone[part.sheet].update(range(part.first + 1, part.body))
            continue
        for part, table in zip(chain.parts, made, strict=True):
            sheets[part.sheet].tables.append(table)
            gone[part.sheet].update(range(part.first, part.behind))
    for sheet, lines in zip(sheets, gone, strict=True):
        sheet.rows = [line for at, line in enumerate(sheet.rows) if at not in lines]


def _size(line: Sequence[Mark]) -> float:
    """The size of print of a line, by its Chinese characters where it has any."""
    sizes = [mark.size for mark in line if mark.text >= "\u2e80"] or [mark.size for mark in line]
    return median(sizes)


def _body_size(sheets: Sequence[_Sheet]) -> float:
    sizes: Counter[float] = Counter()
    for sheet in sheets:
        for line in sheet.rows:
            sizes[round(_size(line), 1)] += len(line)
    return max(sizes.most_common(1)[0][0], 1.0) if sizes else 10.0


def _drop_furniture(sheets: Sequence[_Sheet]) -> None:
    """Headers, footers and page numbers: what stands at the same height of the page again and again."""
    seen: Counter[tuple[str, int]] = Counter()
    edges: list[list[tuple[str, int, int]]] = []  # by sheet: words without figures, height, index
    for sheet in sheets:
        last = len(sheet.rows) - 1
        at = sorted({0, 1, 2, last - 2, last - 1, last} & set(range(last + 1)))
        words = [(_plain(spelled(sheet.rows[one])), round(sheet.rows[one][0].y / 4), one) for one in at]
        edges.append(words)
        seen.update({(text, high) for text, high, _ in words})
    least = max(2, len(sheets) * 0.3)
    for sheet, words in zip(sheets, edges, strict=True):
        gone = set()
        inner = _inner(sheet)
        heads = {one for head in pdf_unruled.find_heads(sheet.rows) for one in range(head.first, head.behind)}
        for text, high, one in words:
            if one in heads:
                continue  # repeated on each page, but it names the columns
            repeated = max(seen[text, high - 1] + seen[text, high], seen[text, high] + seen[text, high + 1])
            number = one == inner[0] or one == inner[1]
            if repeated >= least or (number and _PAGE_NUMBER.fullmatch(spelled(sheet.rows[one]))):
                gone.add(one)
        sheet.rows = [line for one, line in enumerate(sheet.rows) if one not in gone]


def _inner(sheet: _Sheet) -> tuple[int, int]:
    """The first and the last line of a sheet; no line where a table stands above or below it."""
    tops, bottoms = [table.top for table in sheet.tables], [table.bottom for table in sheet.tables]
    if not sheet.rows:
        return -1, -1
    first = 0 if not tops or sheet.rows[0][0].y < min(tops) else -1
    last = len(sheet.rows) - 1 if not bottoms or sheet.rows[-1][0].y > max(bottoms) else -1
    return first, last


def _plain(text: str) -> str:
    """A line without blanks and, where it is no numbered heading, without its figures, which count pages."""
    text = "".join(text.split())
    return text if _STARTS.match(text) else re.sub(r"\d+", "#", text)


def _drop_notes(sheet: _Sheet, body: float) -> None:
    """Footnotes: lines in smaller print at the foot of a page, from the first that begins with a mark."""
    foot = len(sheet.rows)
    while foot and _size(sheet.rows[foot - 1]) < 0.92 * body:
        foot -= 1
    for one in range(foot, len(sheet.rows)):
        below = all(sheet.rows[one][0].y > table.bottom for table in sheet.tables)
        if below and one and _NOTE.match(spelled(sheet.rows[one])):
            del sheet.rows[one:]
            return


def _put_in_order(sheet: _Sheet, body: float) -> None:
    """Lines and tables as they are read: a line across the page, then the columns below it, left to right."""
    gutter = _gutter(sheet.rows, body)
    blocks: list[tuple[float, _Line | Table, int]] = []  # where, what, column; 0: across the page
    sides: dict[int, list[Mark]] = {1: [], 2: []}
    for row in sheet.rows:
        for column, marks in _by_column(row, gutter, body):
            if column:
                sides[column] += marks
            else:
                blocks.append((row[0].y, _line(marks), 0))
    # The lines of two columns need not stand at the same height: each column has lines of its own.
    for column, marks in sides.items():
        blocks += [(line[0].y, _line(line), column) for line in baselines(marks) if spelled(line)]
    for table in sheet.tables:
        column = 0 if gutter is None or table.x0 < gutter < table.x1 else (1 if table.x1 <= gutter else 2)
        blocks.append((table.top, table, column))
    blocks.sort(key=lambda block: block[0])
    held: dict[int, list[_Line | Table]] = {1: [], 2: []}
    for _, block, column in blocks:
        if column:
            held[column].append(block)
            continue
        sheet.flow += held[1] + held[2]
        held = {1: [], 2: []}
        sheet.flow.append(block)
    sheet.flow += held[1] + held[2]


def _line(marks: Sequence[Mark]) -> _Line:
    printed = [mark for mark in marks if mark.text != " "] or list(marks)
    ys = sorted(mark.y for mark in printed)
    return _Line(
        spelled(marks),
        printed[0].x0,
        max(mark.x1 for mark in printed),
        ys[len(ys) // 2],
        _size(printed),
        marks[-1].text == " ",
    )


def _gutter(rows: Sequence[Sequence[Mark]], body: float) -> float | None:
    """Where the page is divided into two columns; None for a page that is not."""
    if len(rows) < 6:
        return None
    left = min(mark.x0 for row in rows for mark in row)
    right = max(mark.x1 for row in rows for mark in row)
    best: tuple[int, float] | None = None
    places = [left + (right - left) * (0.36 + 0.28 * step / 40) for step in range(41)]
    gaps = [_gaps(row, body) for row in rows]
    for place in sorted(places, key=lambda one: abs(one - (left + right) / 2)):
        both = sum(any(low < place < high for low, high in gap) for gap in gaps)
        aside = sum(row[0].x0 > place or row[-1].x1 < place for row in rows)
        enough = both + aside >= 0.75 * len(rows) and both >= max(4, 0.25 * len(rows))
        if enough and (best is None or both + aside > best[0]):
            best = (both + aside, place)
    return best[1] if best else None


def _gaps(row: Sequence[Mark], body: float) -> list[tuple[float, float]]:
    """The stretches inside a line that nothing is printed in."""
    printed = [mark for mark in row if mark.text != " "]
    return [(one.x1, other.x0) for one, other in pairwise(printed) if other.x0 - one.x1 > 0.9 * body]


def _by_column(
    row: Sequence[Mark], gutter: float | None, body: float
) -> Iterator[tuple[int, Sequence[Mark]]]:
    if gutter is None:
        yield 0, row
        return
    # A comma may hang out of the left column, so the gap counts, not the place.
    near = [(low, high) for low, high in _gaps(row, body) if low - 1.2 * body < gutter < high + 1.2 * body]
    if near:
        low, high = max(near, key=lambda gap: gap[1] - gap[0])
        gutter = (low + high) / 2
    elif row[0].x0 < gutter < row[-1].x1:
        yield 0, row
        return
    yield from (
        (1, [one for one in row if one.x1 <= gutter]),
        (2, [one for one in row if one.x1 > gutter]),
    )


def _set_edges(sheets: Sequence[_Sheet]) -> None:
    """The left and right edge of the text each line stands in: of its page, of all pages where it has few."""
    everywhere: dict[int, list[_Line]] = {}
    for sheet in sheets:
        for key, lines in _regions(sheet).items():
            everywhere.setdefault(key, []).extend(lines)
    whole = {key: _edges(lines) for key, lines in everywhere.items()}
    for sheet in sheets:
        for key, lines in _regions(sheet).items():
            left, right = _edges(lines) if len(lines) >= 10 else whole[key]
            for line in lines:
                line.left, line.right = min(left, line.x0), max(right, line.x1)


def _regions(sheet: _Sheet) -> dict[int, list[_Line]]:
    """The lines of a sheet by where on the page they stand: across, left or right."""
    lines = [one for one in sheet.flow if isinstance(one, _Line)]
    if not lines:
        return {}
    left, right = min(one.x0 for one in lines), max(one.x1 for one in lines)
    found: dict[int, list[_Line]] = {}
    two = _has_columns(lines, (left + right) / 2)
    for one in lines:
        key = 0
        if two and one.x1 - one.x0 < 0.55 * (right - left):
            key = 1 if one.middle < (left + right) / 2 else 2
        found.setdefault(key, []).append(one)
    return found


def _has_columns(lines: Sequence[_Line], middle: float) -> bool:
    return sum(one.x0 > middle for one in lines) >= 4 and sum(one.x1 < middle for one in lines) >= 4


def _edges(lines: Sequence[_Line]) -> tuple[float, float]:
    """Left and right, without the odd line that sticks out."""
    lefts, rights = sorted(one.x0 for one in lines), sorted(one.x1 for one in lines)
    return lefts[len(lefts) // 20], rights[-1 - len(rights) // 20]


def _paragraphs(flow: Sequence[_Line | Table], body: float) -> list[str]:
    """Lines of text, with what was broken for want of room joined, and the rows of tables."""
    indents = _are_indented([one for one in flow if isinstance(one, _Line)])
    leading = _leading([one for one in flow if isinstance(one, _Line)], body)
    written: list[str] = []
    open_table: Table | None = None
    allowance = grids.Allowance()
    last: _Line | None = None
    for one in flow:
        if isinstance(one, Table):
            if open_table is not None and pdf_tables.goes_on(open_table, one) and one.top <= open_table.top:
                pdf_tables.append(open_table, one)
            else:
                written += open_table.lines(allowance) if open_table is not None else []
                open_table = one
            last = None
            continue
        if open_table is not None:
            written += open_table.lines(allowance)
            open_table = None
        if last is not None and _runs_on(last, one, indents, leading):
            written[-1] = joined(written[-1], one.text, last.ends_apart)
        else:
            written.append(one.text)
        last = one
    return written + (open_table.lines(allowance) if open_table is not None else [])


def _are_indented(lines: Sequence[_Line]) -> bool:
    """Whether the paragraphs of this document begin further in than their other lines."""
    starts = [
        other.x0 - other.left > 1.2 * other.size
        for one, other in pairwise(lines)
        if one.x1 < one.right - 4 * one.size and not other.is_centred
    ]
    return len(starts) >= 3 and sum(starts) >= 0.5 * len(starts)


def _leading(lines: Sequence[_Line], body: float) -> float:
    """The usual distance from a line to the next."""
    steps = [other.y - one.y for one, other in pairwise(lines) if 0 < other.y - one.y < 4 * body]
    return median(steps) if steps else 2 * body


def _runs_on(one: _Line, other: _Line, indents: bool, leading: float) -> bool:
    """Whether the second line goes on with the paragraph of the first."""
    if pdf_unruled.is_head(one.text) or pdf_unruled.is_head(other.text):
        return False
    if not one.is_full(other) or abs(one.size - other.size) > 0.12 * one.size:
        return False
    if other.y - one.y > max(1.7 * leading, 2.2 * one.size):
        return False
    ended = one.text[-1:] in _ENDS
    if _STARTS.match(other.text) and (ended or other.x0 - other.left > 0.8 * other.size or not indents):
        return False
    if other.x0 - other.left <= 0.8 * other.size:
        return indents or not ended
    if other.is_centred and not ended:
        return one.x0 - one.left <= other.x0 - other.left + one.size
    return not (ended or indents) and abs((one.x0 - one.left) - (other.x0 - other.left)) < 0.5 * one.size
