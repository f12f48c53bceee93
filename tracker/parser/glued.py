"""Tables whose cells were run together: 序号任务责任单位时限1建成…区交通局2025年底前2…"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .columns import UNIT_KINDS, Cell, head_kind, main_column

_HEADS = (
    "重点任务|工作任务|主要任务|目标任务|任务内容|任务名称|工作内容|工作措施|具体措施|主要措施|整改措施|工作事项"
    "|项目名称|具体内容|重点工作|工作目标|类别|领域|分类|任务|项目|事项|措施|内容|目标"
    "|牵头单位|牵头部门|主责单位|责任单位|责任部门|承办单位|配合单位|配合部门|协办单位|参与单位"
    "|完成时限|完成时间|时间节点|整改时限|时限"
)
_HEAD = re.compile(rf"序号(?P<heads>(?:{_HEADS}){{2,7}})(?=1[\u4e00-\u9fff“])")
_WORD = re.compile(_HEADS)
_TIME = re.compile(
    r"(?:(?:20\d\d|今|明)年)?(?:\d{1,2}月(?:\d{1,2}日)?|[一二三四]季度|[上下]半年|年)?(?:[上中下]旬|年?[底末])?(?:以?前)?$"
    r"|(?:长期|持续)(?:坚持|推进|开展)?$|每(?:年|半年|季度?|月|周|日)(?:末|底)?$|全年$|年内$"
)
_BEFORE_ROW = "前底末日月年旬进持展度期周无内局委办厅部处府会司团院社区县镇乡道-"


def read(text: str, start: int, line: str) -> tuple[list[str], list[list[Cell]]] | None:
    """The kinds of the columns and the rows of a line that holds a whole table; None where it holds none."""
    head = _HEAD.search(line)
    if not head:
        return None
    words = [match[0] for match in _WORD.finditer(head["heads"])]
    kinds = [head_kind(word) or "aside" for word in words]
    if not UNIT_KINDS & set(kinds) or main_column(kinds) is None:
        return None
    rows = []
    for left, right in _rows(line, head.end()):
        row = _cells(line, left, right, kinds)
        if row is None:
            return None
        rows.append([Cell(start + a, start + b, text[start + a : start + b]) for a, b in row])
    return (kinds, rows) if rows else None


def _rows(line: str, at: int) -> Iterator[tuple[int, int]]:
    """Where each row stands, without its serial number."""
    serial = 1
    while line.startswith(str(serial), at):
        left = at + len(str(serial))
        following = re.compile(rf"(?<=[{_BEFORE_ROW}]){serial + 1}(?=[\u4e00-\u9fff“])(?![年月日个]|季度)")
        found = following.search(line, left + 2)
        yield left, found.start() if found else len(line.rstrip())
        if not found:
            return
        at, serial = found.start(), serial + 1


def _cells(line: str, left: int, right: int, kinds: list[str]) -> list[tuple[int, int]] | None:
    """The cells of a row, cut off from its end: what is left over is what is to be done."""
    main = main_column(kinds)
    spans = [(left, left)] * len(kinds)
    for index in range(len(kinds) - 1, -1, -1):
        if kinds[index] == "time":
            found = _TIME.search(line, left, right)
            begin = found.start() if found else right
        elif kinds[index] in UNIT_KINDS:
            listed = _units_at_end(line, left, right)
            if listed is None:
                return None
            begin = listed
        else:
            break
        spans[index] = (begin, right)
        right = begin
    if main is None or right - left < 2:
        return None
    spans[main] = (left, right)
    return spans


def _units_at_end(line: str, left: int, right: int) -> int | None:
    """Where the list of units begins that ends a stretch of text: at 市, 县, 区…, going on behind 、."""
    if line.startswith("无", right - 1):
        return right - 1
    begin = right
    while True:
        starts = range(begin - 2, max(left, begin - 24), -1)
        found = next((at for at in starts if line[at] in "市县区省州镇各" and _whole(line, at, begin)), None)
        if found is None:
            return None if begin == right else begin + 1
        if line[found - 1] not in "、,":
            return found
        begin = found - 1


def _whole(line: str, at: int, end: int) -> bool:
    return end - at > 2 and line[at + 1] not in "、,委政" and Cell(at, end, line[at:end]).units
