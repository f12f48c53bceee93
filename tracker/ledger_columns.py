"""Which column of a strange ledger means what: by name, by likeness, and by the look of the values.

The row of the heads is found, not assumed; heads may stand in two rows.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from django.db import models
from django.utils.translation import gettext_lazy as _
from rapidfuzz import fuzz, process

from accounts.sheets import SheetRow
from tracker.loose_sheets import LooseSheet
from tracker.parser.cells import looks_like
from tracker.parser.columns import head_kind
from tracker.parser.folding import fold

HEAD_WITHIN = 20  # rows that are not blank, in which the heads are looked for
SAMPLES = 60  # values of a column that its look is judged by
SHOWN = 3
_LIKE = 68  # of 100: below, two heads have nothing to do with each other


class Field(models.TextChoices):
    """What a column of a ledger may mean."""

    TEXT = "text", _("任务内容")
    NUMBER = "number", _("序号、编号")
    WORK = "work", _("重点任务（上一级）")
    GROUP = "group", _("类别")
    DUE = "due", _("完成时限")
    LEAD = "lead", _("牵头单位")
    DUTY = "duty", _("责任单位")
    SUPPORT = "support", _("配合单位")
    PEOPLE = "people", _("责任人")
    PROGRESS = "progress", _("进展情况")
    PERCENT = "percent", _("完成进度（%）")
    STATUS = "status", _("完成状态")
    NOTE = "note", _("备注")
    SKIP = "", _("不导入")


UNIT_FIELDS = (Field.LEAD, Field.DUTY, Field.SUPPORT)
# Several columns may mean these; of the others there is one.
SEVERAL = (*UNIT_FIELDS, Field.NOTE, Field.SKIP)

_NAMES: dict[Field, str] = {
    Field.TEXT: "任务内容 工作任务 具体任务 工作措施 具体措施 任务 工作内容 措施 督办事项 工作举措 主要措施"
    " 整改措施 目标任务 具体内容 工作要求 任务要求 事项 任务分解 具体工作 工作安排 改革举措 任务措施 推进举措"
    " 整改任务",
    Field.NUMBER: "序号 编号 任务编号 项次 序 任务序号",
    Field.WORK: "重点任务 重点工作 任务名称 工作名称 项目名称 主要任务 重点项目 工作项目",
    Field.GROUP: "类别 领域 分类 任务类别 工作类别 板块 任务分类 工作领域 专项",
    Field.DUE: "完成时限 时限 完成时间 时间节点 整改时限 完成期限 时限要求 时间要求 计划完成时间 完成日期"
    " 截止时间 截止日期 办结时限 期限 要求完成时间",
    Field.LEAD: "牵头单位 牵头部门 主办单位 主责单位 牵头 牵头责任单位 主办 市牵头单位",
    Field.DUTY: "责任单位 责任部门 承办单位 落实单位 单位 部门 负责单位 责任主体 实施单位 承办部门",
    Field.SUPPORT: "配合单位 协办单位 参与单位 配合部门 配合 协助单位 协办 协同单位 参加单位",
    Field.PEOPLE: "责任人 负责人 联系人 责任领导 分管领导 具体责任人 责任人员 牵头领导 包保领导",
    Field.PROGRESS: "进展情况 工作进展 落实情况 推进情况 目前进展 当前进展 工作进展情况 最新进展"
    " 完成情况说明 进展 整改情况",
    Field.PERCENT: "完成进度 完成率 完成比例 完成百分比 进度百分比 工作进度 形象进度",
    Field.STATUS: "状态 完成状态 是否完成 办理状态 办结情况 是否办结 办理结果 任务状态 销号情况 是否销号",
    Field.NOTE: "备注 说明 备注说明 其他",
}
_BY_NAME = {name: meant for meant, names in _NAMES.items() for name in names.split()}
# Heads that say too little alone: the values decide.
_OPEN = {"完成情况", "进度", "进度情况", "情况", "时间进度", "完成情况及进度", "办理情况"}
_KINDS = {
    "number": Field.NUMBER,
    "past": Field.PROGRESS,
    "aside": Field.NOTE,
    "duty": Field.DUTY,
    "people": Field.PEOPLE,
    "lead": Field.LEAD,
    "support": Field.SUPPORT,
    "time": Field.DUE,
    "group": Field.GROUP,
    "content": Field.TEXT,
}
_LOOKS = {"time": Field.DUE, "units": Field.DUTY, "percent": Field.PERCENT, "words": Field.TEXT}
_DONE = re.compile(
    r"(?:已|均已|全部|已全部|按期|按时|如期|提前|已按期|已按时)?"
    r"(?:完成|办结|销号|结项|竣工|完结|办理完毕|完成整改)(?:整改|任务|目标任务)?[。!]?|[√✓✔]|是|100%"
)
_UNDER_WAY = re.compile(
    r"(?:正在|持续|有序|稳步|加快|已|尚)?"
    r"(?:未完成|未办结|进行中|推进中?|在办|办理中|未启动|未开工|基本完成|部分完成|序时推进|按序时进度推进|滞后"
    r"|逾期|正常|未销号|长期坚持|落实)[。]?|[×xX✗]|否"
)
_FURNITURE = re.compile(
    r"(?:填报|填表|制表|报送|上报|编制|审核|责任)?(?:单位|日期|时间|人)(?:\(.{0,8}\))?:"
    r"|(?:备?注|说明)\d{0,2}[:、.]|附件\d*[:、]|(?:本页|全[省市县区])?[合小总共] *计(?:$|[:\d])"
)
_YEAR = re.compile(r"20\d\d(?=年|-|—|\D|$)")


@dataclass(frozen=True, slots=True)
class Match:
    """What a column is taken for; `is_sure` where its name says so."""

    field: str
    is_sure: bool
    how: str = ""  # "name", "like", "look", or "" of what nothing spoke for


@dataclass(slots=True)
class ColumnLook:
    """A column as the page shows it: its place in the row, its head, and its first values."""

    at: int
    head: str
    values: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Ledger:
    """A sheet whose heads are found: what stands above, the columns, and the rows below, to be read once."""

    above: list[str]
    head_row: int
    columns: list[ColumnLook]
    rows: Iterator[SheetRow]


def bare(head: str) -> str:
    """A head without blanks, brackets and marks: how heads are compared."""
    return re.sub(r"\([^()]*\)|[\s*:;、,。/]", "", fold(head))


def is_done(text: str) -> bool:
    """Whether the words of a state say that the task is finished."""
    return _DONE.fullmatch("".join(fold(text).split())) is not None


def is_state(text: str) -> bool:
    """Whether the words are nothing but a state."""
    words = "".join(fold(text).split())
    return _DONE.fullmatch(words) is not None or _UNDER_WAY.fullmatch(words) is not None


def is_furniture(texts: Iterable[str]) -> bool:
    """Whether a row is a sum, a remark or a line to sign on, and no task."""
    filled = [fold(text).strip() for text in texts if text]
    return bool(filled) and _FURNITURE.match(filled[0].lstrip("*★ ")) is not None


def find_ledger(sheet: LooseSheet, head_row: int | None = None) -> Ledger | None:
    """The heads and what stands round them; None where no row looks like heads.

    `head_row` is where a person says that they are.
    """
    first: list[SheetRow] = []
    for row in sheet.rows:
        first.append(row)
        if len(first) >= HEAD_WITHIN and (head_row is None or row.number > head_row):
            break
    best = _head_at(first, head_row)
    if best is None:
        return None
    heads, used = _heads(first, best, sheet)
    below = first[best + used :]
    above = [text for row in first[:best] for text in dict.fromkeys(row.cells) if text]
    columns = [ColumnLook(at, head) for at, head in enumerate(heads) if head]
    return Ledger(above, first[best].number, columns, _chained(below, sheet.rows))


def _head_at(first: Sequence[SheetRow], head_row: int | None) -> int | None:
    if head_row is not None:
        return next((at for at, row in enumerate(first) if row.number == head_row), None)
    scores = [_head_score(row) for row in first]
    best = max(range(len(first)), key=lambda at: (scores[at], -at), default=None)
    if best is None or scores[best] < 2:
        return next((at for at, row in enumerate(first) if _could_be_heads(row)), None)
    if best and _shared(first[best - 1], first[best]) > 1:
        return best - 1  # the lower of two rows of heads; most of its cells are merged with those above
    return best


def _shared(upper: SheetRow, lower: SheetRow) -> int:
    pairs = zip(upper.cells, lower.cells, strict=False)
    return sum(1 for one, other in pairs if one and one == other)


def _could_be_heads(row: SheetRow) -> bool:
    """A row of short different words: heads that nobody has heard of."""
    filled = [text for text in row.cells if text]
    words = [text for text in filled if len(text) <= 12 and not any(mark.isdigit() for mark in text)]
    return len(filled) > 2 and len(words) == len(set(filled)) == len(filled) and not is_furniture(filled)


def _chained(first: Sequence[SheetRow], rest: Iterator[SheetRow]) -> Iterator[SheetRow]:
    yield from first
    yield from rest


def _known(head: str) -> bool:
    name = bare(head)
    return name in _BY_NAME or name in _OPEN or (len(name) > 1 and head_kind(fold(head)) is not None)


def _head_score(row: SheetRow) -> int:
    """How many different known heads a row has; a row of sentences has none."""
    filled = [text for text in row.cells if text]
    if len(filled) < 2 or any(len(text) > 30 for text in filled):
        return 0
    known = {bare(text) for text in filled if _known(text)}
    return len(known) if len(known) * 2 >= len(set(filled)) else 0


def _heads(first: Sequence[SheetRow], at: int, sheet: LooseSheet) -> tuple[list[str], int]:
    """The heads of each column, and in how many rows they stand: 责任单位 over 牵头 and 配合 is two."""
    row = first[at]
    upper = [_one_line(text) for text in row.cells]
    if at + 1 == len(first):
        return upper, 1
    lower = first[at + 1]
    spread = list(upper)
    for column, text in enumerate(upper, start=1):
        for right in range(column + 1, sheet.layout.across.get((row.number, column), column) + 1):
            spread += [""] * (right - len(spread))
            spread[right - 1] = spread[right - 1] or text
    own = {
        column: text
        for column, text in enumerate(lower.cells)
        if text and (column >= len(upper) or text != row.cells[column])
    }
    is_second = bool(own) and all(
        len(text) <= 12
        and (_known(text) or bare(text) in _SECOND)
        and (column >= len(upper) or not upper[column] or _spans(sheet, row.number, column + 1))
        for column, text in own.items()
    )
    if not is_second:
        return upper, 1
    if not sheet.layout.across:  # csv has lost what was merged
        last = ""
        for column, text in enumerate(spread):
            last = text or last
            spread[column] = text or (last if column in own else "")
    spread += [""] * (max(own) + 1 - len(spread))
    heads = [
        _joined(spread[column], _one_line(own[column])) if column in own else text
        for column, text in enumerate(spread)
    ]
    return heads, 2


_SECOND = {
    "牵头",
    "配合",
    "主办",
    "协办",
    "起",
    "止",
    "市级",
    "县级",
    "百分比",
    "文字",
    "姓名",
    "职务",
    "电话",
}


def _spans(sheet: LooseSheet, row: int, column: int) -> bool:
    return (row, column) in sheet.layout.across or not sheet.layout.across


def _joined(upper: str, lower: str) -> str:
    return f"{upper}/{lower}" if upper and upper != lower else lower


def _one_line(text: str) -> str:
    return "".join(text.split())[:60]


def match_columns(columns: Sequence[ColumnLook], values: Sequence[Sequence[str]]) -> list[Match]:
    """What each column means, given some of its values. Of what there is one only, the likeliest keeps it."""
    found = [_match(column.head, seen) for column, seen in zip(columns, values, strict=True)]
    _settle_words(found, values)
    ranks = {"name": 0, "like": 1, "look": 2, "": 3}
    for meant in Field:
        if meant in SEVERAL:
            continue
        claims = [at for at, match in enumerate(found) if match.field == meant]
        for at in sorted(claims, key=lambda at: (not found[at].is_sure, ranks[found[at].how], at))[1:]:
            found[at] = Match(Field.SKIP, False)
    return found


def _match(head: str, values: Sequence[str]) -> Match:
    name = bare(head.rsplit("/", 1)[-1]) or bare(head)
    look = looks_like(values)
    if "%" in fold(head):
        return Match(Field.PERCENT, True, "name")
    if name in _OPEN:
        return Match(_open_head(values, look), bool(values), "look")
    if meant := _BY_NAME.get(name) or _BY_NAME.get(bare(head)):
        if meant == Field.STATUS or meant == Field.PERCENT:
            return Match(_open_head(values, look, meant), True, "name")
        return Match(meant, True, "name")
    if not name:
        return Match(_LOOKS.get(look, Field.SKIP), False, "look")
    like = process.extractOne(name, _BY_NAME.keys(), scorer=fuzz.ratio, score_cutoff=_LIKE)
    kind = head_kind(fold(head))
    if kind == "goal":
        return Match(Field.SKIP, False, "like")
    if kind:
        return Match(_KINDS[kind], like is not None and _BY_NAME[like[0]] == _KINDS[kind], "like")
    if like:
        return Match(_BY_NAME[like[0]], False, "like")
    if look in ("time", "units", "percent"):
        return Match(_LOOKS[look], False, "look")
    return Match(Field.SKIP, False)


def _open_head(values: Sequence[str], look: str, otherwise: str = Field.PROGRESS) -> str:
    if look == "percent":
        return Field.PERCENT
    texts = [value for value in values if value]
    if texts and sum(is_state(text) for text in texts) * 2 > len(texts):
        return Field.STATUS
    return Field.PROGRESS if look == "words" else otherwise


def _settle_words(found: list[Match], values: Sequence[Sequence[str]]) -> None:
    """Of several columns of words the one with the longest says what to do; the others stand above it."""

    def length(at: int) -> float:
        texts = [value for value in values[at] if value]
        return sum(map(len, texts)) / len(texts) if texts else 0

    words = [at for at, match in enumerate(found) if match.field in (Field.TEXT, Field.WORK)]
    if not words:
        # Nothing is called a task: the longest words are, for a person to look at.
        free = [at for at, match in enumerate(found) if not match.field and looks_like(values[at]) == "words"]
        if free:
            found[max(free, key=length)] = Match(Field.TEXT, False, "look")
        return
    said = [at for at in words if found[at].field == Field.TEXT and found[at].is_sure]
    main = said[0] if len(said) == 1 else max(said or words, key=length)
    for at in words:
        meant = Field.TEXT if at == main else Field.WORK
        found[at] = Match(
            meant, found[at].is_sure and (meant == found[at].field or at == main), found[at].how
        )


def title_of(above: Iterable[str], file_name: str) -> str:
    """What the ledger calls itself: the longest of the first lines above the heads, else the file."""
    lines = [text.strip() for text in above]
    titles = [line for line in lines if 5 < len(line) <= 100 and not is_furniture([line])]
    found = max(titles[:4], key=len, default="") or re.sub(r"\.[A-Za-z]{2,4}$", "", file_name)
    return re.sub(r"\s+", "", found)[:300]


def year_of(texts: Iterable[str]) -> int | None:
    """The year that the first of these texts names."""
    for text in texts:
        if found := _YEAR.search(fold(text)):
            return int(found[0])
    return None
