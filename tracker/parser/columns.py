"""The columns of a table: what they hold, by their heads, and which cell of a row stands in which."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from . import schedule, units
from .lexicon import NOBODY

# What a column holds, by the words of its head; the first that fits.
_COLUMNS: tuple[tuple[str, str], ...] = (
    ("number", r"序号|编号|项次|序|No\.?"),
    (
        "past",
        r".*(?:完成情况|推进情况|进展(?:情况)?|落实情况|整改情况|成效|得分|分值|现状|评分标准|完成率)|是否.*",
    ),
    ("aside", r"备注|说明|.*(?:依据|来源|资金|投资|估算|属性)|数量|规模|单位\(|金额"),
    ("duty", r"(?:责任|牵头|承办|主办)(?:单位|部门)(?:及|和|与|/|、)(?:责任人|负责人|联系人)"),
    ("people", r".*(?:领导|责任人|负责人|联系人|联络员|电话|包保人|市长|县长|区长|省长|联系方式)"),
    ("lead", r".*(?:牵头|主办|主责|主体责任).*|.*第一责任(?:单位|部门)"),
    ("support", r".*(?:配合|协办|协同|参与|协助|参加|会办|协作).*"),
    (
        "time",
        r".*(?:时限|时间|期限|节点|进度|日期|频次)(?:要求|安排|节点|计划)?|完成(?:时期|年限)|时限|期限",
    ),
    (
        "duty",
        r".*(?:责任|负责|承办|实施|主管|落实|分工|执行|承担|督办|监管).*?(?:单位|部门|主体|处室|科室|股室|机关|机构|地区|分工)"
        r"|责任|责任落实|部门分工|职责分工|单位|部门|科室|处室|股室|.{0,4}(?:单位|部门|机关|处室|科室)",
    ),
    ("group", r".*(?:类别|领域|分类|方面|类型|板块|名称|环节|阶段|类|面向|条线|一级指标|专项)"),
    (
        "goal",
        r"(?:.*[^务作])?(?:目标|指标|目标值|标准|成果|成果形式|产出|效果|问题|问题清单|问题表现)(?:\(.*\))?|目标要求|验收标准",
    ),
    (
        "content",
        r".*(?:任务|工作|措施|内容|举措|项目|事项|目标|要求|问题|条款|要点|行动|清单|安排|做法|改革|重点|职责|实事|工程)(?:描述|分解|明细)?",
    ),
)
_HEAD_CELL = re.compile("|".join(f"(?P<k{index}>{words})" for index, (_, words) in enumerate(_COLUMNS)))
_BLANKS = re.compile(r"\s|\([^()]*\)|\*")
_NUMBER = re.compile(r"[(]?(?:\d{1,4}(?:[.-]\d{1,3})?|[一二三四五六七八九十]{1,3})[.、)]{0,2}")
_TIME_WORDS = re.compile(
    r"(?:前|底|末|完成|推进|坚持|长期|全年|年内|常态化?|经常性?(?:办理|开展)?|按月|按季|开展|实施)$"
)
_STOPS = re.compile("[。;]")

UNIT_KINDS = frozenset(("lead", "support", "duty"))
WORDS = frozenset(("group", "goal", "content"))


@dataclass(slots=True)
class Cell:
    """A cell: offsets into the document and its folded text. What it looks like is found out once."""

    start: int
    end: int
    text: str
    _units: bool | None = field(default=None, repr=False)
    _time: bool | None = field(default=None, repr=False)

    @property
    def units(self) -> bool:
        """Whether it holds nothing but units, or says that there are none."""
        if self._units is None:
            self._units = units.is_unit_list(self.text)
        return self._units

    @property
    def nobody(self) -> bool:
        return self.text in NOBODY

    @property
    def time(self) -> bool:
        """Whether it holds time words and little else."""
        if self._time is None:
            self._time = (
                0 < len(self.text) < 26
                and not _STOPS.search(self.text)
                and bool(schedule.HINT.search(self.text) or _TIME_WORDS.search(self.text))
            )
        return self._time

    @property
    def number(self) -> bool:
        return bool(_NUMBER.fullmatch(self.text))


def head_kind(text: str) -> str | None:
    """The kind of a column by the words of its head, or None where the words are no head."""
    if "(" not in text and (":" in text or "。" in text or "," in text):
        return None
    squeezed = _BLANKS.sub("", text) if "(" in text else "".join(text.split()).replace("*", "")
    if not 0 < len(squeezed) <= 14 or ":" in squeezed or "。" in squeezed or "," in squeezed:
        return None
    match = _HEAD_CELL.fullmatch(squeezed)
    return _COLUMNS[int((match.lastgroup or "k0")[1:])][0] if match else None


def is_head(cells: list[Cell]) -> bool:
    """Whether a row is the head of a table: all its cells are words for columns, or all but one of many."""
    filled = [cell for cell in cells if cell.text]
    kinds = [head_kind(cell.text) for cell in filled]
    known = [kind for kind in kinds if kind]
    if len(filled) < 2 or len(set(known)) < 2:
        return False
    if len(known) == len(filled):
        return True
    short = all(len(cell.text) <= 14 for cell in filled)
    telling = "number" in known[:1] or (UNIT_KINDS & set(known) and len(set(known)) > 2)
    return short and bool(telling) and len(known) * 4 >= len(filled) * 3


def kinds_of(cells: list[Cell]) -> list[str]:
    """The kinds of the columns under a head."""
    return [
        "aside" if cell.text and not (kind := head_kind(cell.text)) else kind or "aside" for cell in cells
    ]


def main_column(kinds: list[str]) -> int | None:
    """The column that says what is to be done: the last of words, before goals and names."""
    for kind in ("content", "goal", "group"):
        found = [index for index, each in enumerate(kinds) if each == kind]
        if found:
            return found[-1]
    return None


def guess_kinds(rows: list[list[Cell]], width: int) -> list[str]:
    """Columns of a table without a head, by what most cells look like; [] where nobody is responsible."""
    kinds: list[str] = []
    for column in range(width):
        cells = [cells[column] for cells in rows if len(cells) == width and cells[column].text]
        if cells and all(cell.text.isdecimal() for cell in cells):
            kinds.append("number")
        elif cells and sum(cell.units for cell in cells) * 2 > len(cells):
            kinds.append("support" if "lead" in kinds else "lead")
        elif cells and sum(cell.time for cell in cells) * 2 > len(cells):
            kinds.append("time")
        else:
            kinds.append("content")
    if "lead" not in kinds:
        return []
    return ["duty" if kind == "lead" and "support" not in kinds else kind for kind in kinds]


def _fit(cell: Cell, kind: str) -> float:
    """How well a cell fits a column."""
    text = cell.text
    if not text:
        return 0
    if kind in UNIT_KINDS:
        return 3 if cell.units else -3
    if kind == "number":
        return 3 if cell.number else -4
    if cell.nobody:
        return 1 if kind == "time" else -1 if kind in WORDS else 0
    if kind == "time":
        return 3 if cell.time else -2
    if kind in WORDS:
        strange = cell.units and len(text) > 2
        longer = 0.5 if kind == "content" and len(text) > 12 else 0.0
        return -2 if strange else -1 if cell.number else 0.5 if cell.time and len(text) < 10 else 1 + longer
    if kind == "people":
        return 1 if len(text) <= 12 and not cell.units and not cell.time else -1
    return 0 if kind == "past" else -0.25


def fit(placed: list[Cell | None], kinds: list[str]) -> float:
    """How well the cells of a row fit its columns."""
    return sum(_fit(cell, kind) for cell, kind in zip(placed, kinds, strict=True) if cell)


_MOST = 20_000  # cells by columns: beyond, a row is no row of a plan
_ORDER = {"drop": 0, "skip": 1, "join": 2, "put": 3, "": 0}  # which way is taken where two are as good


def align(text: str, cells: list[Cell], kinds: list[str], *, join: bool = False) -> list[Cell | None]:
    """Put the cells of a row into columns, in order, leaving out the columns that do without.

    `join` lets neighbours share a column: a cell over several lines, or words with a blank between them.
    """
    width = len(kinds)
    filled = list(cells)
    while len(filled) > width or (filled and not filled[-1].text and len(filled) == width):
        if filled[-1].text:
            break
        filled.pop()
    if len(filled) == len(cells) == width:
        return list(cells)
    if len(filled) * width > _MOST:
        return [*filled[:width], *([None] * (width - len(filled)))]
    main = main_column(kinds)
    # best[i][j]: the best sum for the first i cells in the first j columns.
    skip = [0.0 if kind in ("group", "aside", "past") else -0.4 if kind in WORDS else -0.8 for kind in kinds]
    if main is not None:
        skip[main] = -3
    worst = float("-inf")
    best = [[worst] * (width + 1) for _ in range(len(filled) + 1)]
    step = [[""] * (width + 1) for _ in range(len(filled) + 1)]
    best[0][0] = 0
    for column in range(width):
        best[0][column + 1] = best[0][column] + skip[column]
        step[0][column + 1] = "skip"
    for row, cell in enumerate(filled, 1):
        for column in range(width + 1):
            options = [(best[row - 1][column] - 2.5, "drop")]
            if column:
                kind = kinds[column - 1]
                options.append((best[row][column - 1] + skip[column - 1], "skip"))
                options.append((best[row - 1][column - 1] + _fit(cell, kind), "put"))
                if join and step[row - 1][column] in ("put", "join") and kind not in ("number", "past"):
                    both = _fit(cell, kind)
                    options.append((best[row - 1][column] + min(both, 0.4), "join"))
            best[row][column], step[row][column] = max(options, key=lambda way: (way[0], _ORDER[way[1]]))
    placed: list[Cell | None] = [None] * width
    row, column = len(filled), width
    last: Cell | None = None
    while row or column:
        move = step[row][column]
        if move == "skip":
            column -= 1
        elif move == "drop":
            row -= 1
        else:
            cell = filled[row - 1]
            last = _joined(text, cell, last) if last else cell
            row -= 1
            if move == "put":
                column -= 1
                placed[column] = last
                last = None
    return placed


def _joined(text: str, first: Cell, second: Cell) -> Cell:
    return Cell(first.start, second.end, text[first.start : second.end])
