"""Tables of a PDF that draw no lines between their columns, found by their head and the white between texts.

A head is a line, or some, whose words are all heads of columns (`columns.head_kind`); prose never has one.
The edge between two columns lies between their heads, in the widest white that as good as no line crosses.
The rows are the business of `pdf_rows`. Where columns, rows or cells are not clear, nothing is a table here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from . import grids, pdf_rows
from .columns import UNIT_KINDS, Cell, head_kind, main_column
from .folding import fold
from .pdf_pages import Mark, Rule
from .pdf_tables import Table, spelled
from .rows import SECTION

_MOST_HEAD_LINES = 4
_LONGEST = 14  # characters of the head of a column
_GAPS = (0.45, 0.9, 1.6, 2.6)  # what parts two heads, in characters; single characters are set apart (任 务)
_MORE_OF_A_HEAD = re.compile(
    r"(?:单位|部门|领导|时限|时间|期限|内容|任务|措施|要求|名称|人|号|\([^()]{1,8}\))"
)
_BEHIND = re.compile(r"备?注\d?[:：]|说明[:：]|附\s*件|附表|联系人|\(此件|抄送|填报")
_SPANNING = UNIT_KINDS | {"time", "people"}
_DASHES = re.compile(r"[-─━—–_=·.]{10,}")
_CROSSED = 0.1  # of the lines of a body: where more go across an edge, the columns are not known


@dataclass(frozen=True, slots=True)
class Run:
    """Words of one line with no gap between them."""

    text: str
    x0: float
    x1: float
    y: float
    size: float


@dataclass(slots=True)
class Head:
    """The heads of the columns, left to right, and which lines of the page they take."""

    first: int
    behind: int
    words: list[Run]
    kinds: list[str]

    @property
    def between(self) -> list[tuple[float, float]]:
        """Where the edges of columns lie: each from the end of a head to the beginning of the next."""
        return [(one.x1, other.x0) for one, other in pairwise(self.words)]


@dataclass(slots=True)
class Part:
    """The part of a table on one page: its lines, of which some go across the columns."""

    sheet: int
    first: int  # of the lines of the page
    behind: int
    body: int  # where the lines behind the head begin
    across: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Chain:
    """A table, over as many pages as it goes on."""

    head: Head
    parts: list[Part]


def is_rule(line: Sequence[Mark]) -> bool:
    """Whether a line of text is drawn from dashes."""
    return bool(_DASHES.fullmatch(spelled(line).replace(" ", "")))


def runs(line: Sequence[Mark], gap: float) -> list[Run]:
    """The words of a line, parted where nothing is printed for `gap` characters."""
    held: list[list[Mark]] = []
    for mark in line:
        if mark.text == " ":
            continue
        if held and mark.x0 - held[-1][-1].x1 <= gap * max(mark.size, held[-1][-1].size):
            held[-1].append(mark)
        else:
            held.append([mark])
    return [
        Run(spelled(one), one[0].x0, max(m.x1 for m in one), one[0].y, max(m.size for m in one))
        for one in held
    ]


def find_heads(rows: Sequence[Sequence[Mark]]) -> Iterator[Head]:
    """The heads of tables on a page, from the top."""
    at = 0
    while at < len(rows):
        head = _head_at(rows, at)
        if head is not None:
            yield head
            at = head.behind
        else:
            at += 1


def _head_at(rows: Sequence[Sequence[Mark]], first: int) -> Head | None:
    if _longest(rows[first]) > _LONGEST:
        return None
    for behind in range(first + 1, min(first + _MOST_HEAD_LINES, len(rows)) + 1):
        band = rows[first:behind]
        far = len(band) > 1 and band[-1][0].y - band[-2][0].y > 2.2 * band[-1][0].size
        if far or _longest(band[-1]) > _LONGEST:
            return None
        found = [words for gap in _GAPS if (words := _head_words([runs(line, gap) for line in band]))]
        if not found:
            continue
        words = max(found, key=len)
        while behind < min(first + _MOST_HEAD_LINES, len(rows)):
            longer = _longer(words, rows[behind])
            if not longer:
                break
            words, behind = longer, behind + 1
        return Head(first, behind, words, [head_kind(fold(word.text)) or "aside" for word in words])
    return None


def _longest(line: Sequence[Mark]) -> int:
    """How many characters of a line stand together without a gap; prose is told from heads by it."""
    most = length = 0
    end = 0.0
    for mark in line:
        if mark.text == " ":
            continue
        length = length + 1 if mark.x0 - end <= _GAPS[0] * mark.size else 1
        most, end = max(most, length), mark.x1
    return most


def _head_words(lines: Sequence[Sequence[Run]]) -> list[Run]:
    """The heads of the columns, their lines one below the other put together; [] where it is no head."""
    words: list[Run] = []
    for at, line in enumerate(lines):
        others = [one for other, each in enumerate(lines) if other != at for one in each]
        for run in line:
            below = {round(one.x0) for one in others if one.x1 > run.x0 and one.x0 < run.x1}
            if len(below) > 1 and head_kind(fold(run.text)) in _SPANNING:
                continue  # 责任单位 above 牵头单位 and 配合单位
            near = [one for one in words if one.x0 < run.x1 and one.x1 > run.x0]
            if len(near) > 1:
                return []
            words = [one for one in words if one not in near]
            words.append(_both(near[0], run) if near else run)
    words.sort(key=lambda one: one.x0)
    if any(len(part) > 1 for one in words if "  " in one.text for part in one.text.split("  ")):
        return []  # more than one head in a word
    kinds = [head_kind(fold(one.text)) for one in words]
    known = [kind for kind in kinds if kind]
    good = len(known) == len(words) >= 3 and len(set(known)) >= 3 and UNIT_KINDS & set(known)
    return words if good and main_column(known) is not None else []


def _both(one: Run, other: Run) -> Run:
    return Run(one.text + other.text, min(one.x0, other.x0), max(one.x1, other.x1), other.y, one.size)


def _longer(words: list[Run], line: Sequence[Mark]) -> list[Run]:
    """The heads with a line more, where that holds nothing but ends of heads; else []."""
    more = runs(line, 0.45)
    found = list(words)
    for run in more:
        at = [
            i for i, word in enumerate(found) if word.x0 - run.size < run.x1 and word.x1 + run.size > run.x0
        ]
        if (
            len(at) != 1
            or run.y - found[at[0]].y > 2.2 * run.size
            or not _MORE_OF_A_HEAD.fullmatch(fold(run.text))
        ):
            return []
        found[at[0]] = _both(found[at[0]], run)
        if not head_kind(fold(found[at[0]].text)):
            return []
    return found


def is_head(text: str) -> bool:
    """Whether a line of text is the head of a table, its words set apart by wide gaps."""
    words = text.split("  ")
    return len(words) > 2 and all(head_kind(fold(word)) for word in words)


def head_line(head: Head) -> list[Mark]:
    """The heads on one line, a wide gap between them, as a table is printed that is read as text."""
    y = head.words[-1].y
    line: list[Mark] = []
    for word in head.words:
        if line:
            line += [Mark(" ", line[-1].x1, line[-1].x1, y, word.size)] * 2
        wide = (word.x1 - word.x0) / len(word.text)
        line += [
            Mark(letter, word.x0 + at * wide, word.x0 + (at + 1) * wide, y, word.size)
            for at, letter in enumerate(word.text)
        ]
    return line


def find_chains(
    sheets: Sequence[Sequence[Sequence[Mark]]], taken: Sequence[Sequence[tuple[float, float]]]
) -> list[Chain]:
    """The tables of a document, from the lines of its pages.

    `taken`: by page, where ruled tables begin and end; no other table goes on behind them.
    """
    chains: list[Chain] = []
    last: Chain | None = None  # reaches the foot of the page before
    for order, rows in enumerate(sheets):
        heads = list(find_heads(rows))
        here: Chain | None = None
        if last is not None and rows and not (heads and heads[0].first == 0):
            part = _part(order, rows, 0, 0, last.head, heads, taken[order])
            if part is not None:
                last.parts.append(part)
                here = last if part.behind == len(rows) else None
        for head in heads:
            part = _part(order, rows, head.first, head.behind, head, heads, taken[order])
            if part is None and head.behind == len(rows):  # its rows begin on the next page
                part = Part(order, head.first, head.behind, head.behind)
            if part is None:
                continue
            if head.first == 0 and last is not None and _same(last.head, head):
                last.parts.append(part)
                here = last
            else:
                here = Chain(head, [part])
                chains.append(here)
            if part.behind < len(rows):
                here = None
        last = here
    return chains


def _same(one: Head, other: Head) -> bool:
    return one.kinds == other.kinds and all(
        abs(a.x0 - b.x0) < 3 and abs(a.x1 - b.x1) < 3 for a, b in zip(one.words, other.words, strict=True)
    )


def _part(
    sheet: int,
    rows: Sequence[Sequence[Mark]],
    first: int,
    body: int,
    head: Head,
    heads: Sequence[Head],
    taken: Sequence[tuple[float, float]],
) -> Part | None:
    """The lines below a head, or at the top of the next page, that keep to its columns; None for none."""
    stop = min((one.first for one in heads if one.first >= body and one is not head), default=len(rows))
    part = Part(sheet, first, body, body)
    widest = 0.0
    several = False
    for at in range(body, stop):
        step = rows[at][0].y - rows[at - 1][0].y if at else 0.0
        size = max(mark.size for mark in rows[at])
        words = spelled(rows[at])
        if at > body and step > max(3.2 * size, 1.7 * widest):
            break
        if at and any(rows[at - 1][0].y < top < rows[at][0].y for top, _ in taken):
            break
        if _BEHIND.match(fold(words)):
            break
        if not is_rule(rows[at]) and _crosses(rows[at], head):
            if not _is_section(rows, at, stop, head):
                break
            part.across.add(at)
        elif len(runs(rows[at], 0.45)) > 1:
            several = True
        if at > body:
            widest = max(widest, step)
        part.behind = at + 1
    while part.behind > body and part.behind - 1 in part.across:
        part.across.discard(part.behind - 1)
        part.behind -= 1
    return part if several else None


def _crosses(line: Sequence[Mark], head: Head) -> bool:
    """Whether words go on from the head of one column to that of the next."""
    return any(
        run.x0 < low + 1 and run.x1 > high - 1 for run in runs(line, 0.3) for low, high in head.between
    )


def _is_section(rows: Sequence[Sequence[Mark]], at: int, stop: int, head: Head) -> bool:
    """Whether a line across the columns is a heading between rows: short, alone, and rows follow."""
    words = spelled(rows[at])
    alone = len(runs(rows[at], 2.6)) == 1 and len(words) < 30 and words[-1] not in "。;；,，"
    wide = rows[at][-1].x1 - rows[at][0].x0 < 0.7 * (head.words[-1].x1 - head.words[0].x0)
    follows = at + 1 < stop and not _crosses(rows[at + 1], head)
    return alone and wide and follows and (bool(SECTION.match(fold(words))) or len(words) < 16)


def edges_of(chain: Chain, sheets: Sequence[Sequence[Sequence[Mark]]]) -> list[float] | None:
    """The left and right edge of the table with those between its columns; None where they are not clear."""
    lines = [
        line
        for part in chain.parts
        for at, line in enumerate(sheets[part.sheet][part.body : part.behind], part.body)
        if at not in part.across and not is_rule(line)
    ]
    marks = [mark for line in lines for mark in line if mark.text != " "]
    if not marks:
        return None
    size = max(mark.size for mark in marks)
    places = []
    for low, high in chain.head.between:
        place = _edge(lines, low, high, size)
        if place is None:
            return None
        places.append(place)
    left = min(chain.head.words[0].x0, *(mark.x0 for mark in marks))
    right = max(chain.head.words[-1].x1, *(mark.x1 for mark in marks))
    return [left - 0.3 * size, *places, right + 0.3 * size]


def _edge(lines: Sequence[Sequence[Mark]], low: float, high: float, size: float) -> float | None:
    """Where between two heads an edge stands: in the widest white that as good as no line crosses."""
    inside = [
        (max(run.x0, low), min(run.x1, high))
        for line in lines
        for run in runs(line, 0.3)
        if run.x1 > low and run.x0 < high
    ]
    steps: Counter[float] = Counter({low: 0, high: 0})  # how many more lines are crossed from here on
    for one, other in inside:
        steps[one] += 1
        steps[other] -= 1
    best: tuple[int, float, float] | None = None
    covered = 0
    for one, other in pairwise(sorted(steps)):
        covered += steps[one]
        rank = (-covered, other - one)
        if other - one > 0.15 * size and (best is None or rank > best[:2]):
            best = (*rank, one)
    if best is None or -best[0] > _CROSSED * len(lines):
        return None
    # The text of the left column is full where it ends at its edge.
    return best[2] + min(best[1] / 2, 0.5 * size)


def tables_of(
    chain: Chain, sheets: Sequence[Sequence[Sequence[Mark]]], rules: Sequence[Sequence[Rule]]
) -> list[Table] | None:
    """The table of each page of a chain; None where the columns or the cells do not fit their heads."""
    edges = edges_of(chain, sheets)
    if edges is None:
        return None
    main = main_column(chain.head.kinds)
    made: list[Table] = []
    for order, part in enumerate(chain.parts):
        lines = sheets[part.sheet][part.first : part.behind]
        drawn = list(rules[part.sheet])
        for line in lines:
            if is_rule(line):
                y = line[0].y - 0.35 * line[0].size
                drawn.append(Rule(line[0].x0, y, line[-1].x1, y))
        kept = [line for line in lines if not is_rule(line)]
        head = sum(not is_rule(line) for line in lines[: part.body - part.first])
        across = {sum(not is_rule(line) for line in lines[: at - part.first]) for at in part.across}
        table = pdf_rows.table_of(kept, head, across, edges, chain.head.kinds, drawn, goes_on=order > 0)
        if table is None:
            return None
        if head:
            table.rows[0] = [grids.Cell(word.text) for word in chain.head.words]
        made.append(table)
    for above, below in pairwise(made):
        # Full lines at the foot of a page go on only where the words of the work do, or have ended before.
        if main not in above.cut and _text_at(below, main):
            above.cut = set()
    return made if _fits(made, chain.head.kinds) else None


def _text_at(table: Table, column: int | None) -> str:
    """The words of the first row behind the head that stand in a column."""
    rows = zip(table.rows, table.starts, strict=True)
    row = next(
        ((cells, at) for cells, at in rows if not all(head_kind(fold(one.text)) for one in cells)), ([], [])
    )
    return next((cell.text for cell, at in zip(*row, strict=True) if at == column), "")


def _fits(made: Sequence[Table], kinds: Sequence[str]) -> bool:
    """Whether the cells hold what the heads say: units under units, times under times."""
    right = wrong = 0
    for table in made:
        for row, starts in zip(table.rows, table.starts, strict=True):
            for cell, at in zip(row, starts, strict=True):
                if cell.across > 1 or not cell.text or head_kind(fold(cell.text)):
                    continue
                words = Cell(0, len(cell.text), fold(cell.text))
                if kinds[at] in UNIT_KINDS:
                    good = words.units or words.nobody
                elif kinds[at] == "time":
                    good = words.time
                elif kinds[at] == "number":
                    good = words.number
                else:
                    continue
                right, wrong = right + good, wrong + (not good)
    return right > 0 and wrong <= 0.2 * (right + wrong)


__all__ = ["Chain", "find_chains", "find_heads", "head_line", "is_head", "tables_of"]
