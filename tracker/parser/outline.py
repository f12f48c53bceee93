"""The outline of a document: lines, numbered headings of every style, and the tree they make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from .lexicon import FURNITURE, GOAL_HEADING, IDLE_HEADING, to_int

_CN = "[一二三四五六七八九十百零]{1,4}"
# What a number counts: 4.6月底 is item 4, not section 4.6.
_COUNTED = "(?:年|月|日|个|万|亿|家|米|吨|元|倍|公里|平方|%|份|人|户|座|所|项|次|处|条|千|名|亩|台|天|小时)"
# (style, rank, pattern). A lower rank stands higher in the tree.
STYLES: tuple[tuple[str, int, str], ...] = (
    ("chapter", 0, rf"第(?P<chapter>{_CN}|\d{{1,2}})(?:章|编|篇|部分|节)[ 、:.]*"),
    ("article", 1, rf"第(?P<article>{_CN}|\d{{1,3}})条[ 、:.]*"),
    ("cn", 1, rf"(?P<cn>{_CN})(?:[、.,](?![一二三四五六七八九十\d]*期)| +(?=[\u4e00-\u9fff]))[ ]*"),
    ("paren_cn", 2, rf"\((?P<paren_cn>{_CN})\)[、. ]*"),
    (
        "decimal",
        3,
        rf"(?P<decimal>\d{{1,2}}(?:\.\d{{1,2}}){{1,3}})(?!\d|[xX\u00d7*]{{1,2}} ?年"
        rf"|[ ]*{_COUNTED}|[-~至]\d{{1,2}}[月日])[.、 ]*",
    ),
    (
        "num",
        3,
        r"(?P<num>\d{1,3})(?:[、](?!\d+[、,])|\.(?!\d)|\.(?=(?:19|20)(?:\d\d|[xX\u00d7*]{1,2}) ?年)"
        rf"|\.(?=\d{{1,4}}(?:[-~至.]\d{{1,2}})? *{_COUNTED})"
        r"| +(?=[\u4e00-\u9fff“《])(?![年月日号个项家万亿%点]))[ ]*",
    ),
    ("circled_cn", 2, r"(?P<circled_cn>[\u3220-\u3229])[、. ]*"),
    ("paren_num", 4, r"\((?P<paren_num>\d{1,2})\)[、. ]*"),
    ("half_paren", 5, r"(?P<half_paren>\d{1,2})\)[、. ]*"),
    ("circle", 6, r"(?P<circle>[\u2460-\u2473])[、. ]*"),
)
RANKS = {style: rank for style, rank, _ in STYLES} | {"unit": 2.5}
MARKER = re.compile("|".join(f"(?:{pattern})" for _, _, pattern in STYLES))
# The next number of a run-on paragraph: after a full stop, a closing bracket or a blank.
_INLINE = {
    "num": re.compile(r"(?<=[。;) ])(\d{1,3})[.、](?!\d)(?=[ ]*[\u4e00-\u9fff“《])"),
    "paren_cn": re.compile(rf"(?<=[。;) ])\(({_CN})\)(?=[ ]*[\u4e00-\u9fff“《])"),
    "cn": re.compile(rf"(?<=[。) ])({_CN})、(?=[\u4e00-\u9fff“《])"),
}
_NESTED = re.compile(r"(?<=[。 ])(?:\((?:一)\)|1[.、](?!\d))(?=[ ]*[\u4e00-\u9fff“《])")
_UNIT_LABEL = re.compile("(?:责任|牵头|负责|主办)(?:单位|部门|机关):")
_CONTENTS = re.compile(r"(?:\.{4,}|\u2026{2,}|\u00b7{4,}|-{4,})\s*\d*$")
_CONTENTS_ENDS = frozenset("0123456789.-\u2026\u00b7")
_CN_YEAR = "[一二][〇零一二三四五六七八九]{3}"
_ANNEXES = re.compile(r"附件? *:( *1[.、])?")
_ANNEX = re.compile(
    r"^[^。;]{2,60}(?:表|单|方案|计划|办法|细则|名单|目录|台账|图|说明|制度|样式|模板|格式|指标|要点|责任书|书|标准|规范|指南|[》)])$"
)
_HEADING_STOP = re.compile("[。:!?]")
SIGNED = re.compile(
    rf"\(?(?:(?:19|20)\d\d|{_CN_YEAR}) ?年 ?(?:\d{{1,2}}|[一二三四五六七八九十]{{1,2}}) ?月"
    r" ?(?:\d{1,2}|[一二三四五六七八九十]{1,3}) ?日\)?(?:印发)?$"
)
# A signature that runs on behind the last sentence.
_RUN_ON_SIGNED = re.compile(
    rf"(?<=[。!]) *\b((?:(?:19|20)\d\d|{_CN_YEAR})年(?:\d{{1,2}}|[一二三四五六七八九十]{{1,2}})月"
    r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})日)$"
)
_UNIT_HEADING = re.compile(
    r"^[\u4e00-\u9fff、()]{1,16}(?:局|委|委员会|办|办公室|厅|部|署|院|中心|政府|公司|集团|社|队|站|所|处|科|股|会|街道|镇|乡|学院)(?:\([^()]*\))?:?$"
)
_SEAL = re.compile(r"^\((?:代章|盖章|印章|公章|章)\)$")
AUTHORITY = re.compile(
    r"^[\u4e00-\u9fffA-Za-z\u00d7()、 ]{2,40}(?:人民政府|政府|办公室|办公厅|委员会|局|厅|部|院|指挥部"
    r"|领导小组|工作组|领导组|党组|委|署|总局|公司|管委会|会|中心|法院|联席会议|处|社)(?:办公室)?$"
)


@dataclass(slots=True)
class Line:
    """A stripped line: offsets into the document and its folded text."""

    start: int
    end: int
    text: str


@dataclass(slots=True)
class Node:
    """A numbered paragraph or heading with the lines that belong to it and the nodes below it."""

    style: str
    value: int
    start: int
    body: int  # where the text begins, behind the number
    lines: list[Line]
    heading: str = ""  # folded, without number, run-in text, blanks and final stop
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.lines[-1].end

    def ancestors(self) -> Iterator[Node]:
        node = self.parent
        while node is not None:
            yield node
            node = node.parent


@dataclass(slots=True)
class Outline:
    """`head`: lines before the first number. `nodes`: all in order. `tail`: lines behind the plan."""

    head: list[Line]
    nodes: list[Node]
    tail: list[Line]


def split_lines(folded: str) -> list[Line]:
    """The lines of a folded text that are not blank, with a run-on paragraph cut at its inner numbers."""
    lines: list[Line] = []
    position = 0
    for raw in folded.split("\n"):
        text = raw.strip(" ")
        if text:
            start = position + (len(raw) - len(raw.lstrip(" ")))
            day = _RUN_ON_SIGNED.search(text) if text[-1] == "日" else None
            lines.extend(_cut(start, text[: day.start(1)].rstrip(" ") if day else text))
            if day:
                lines.append(Line(start + day.start(1), start + len(text), day[1]))
        position += len(raw) + 1
    return lines


def _cut(start: int, text: str) -> Iterator[Line]:
    """One line, or several where it holds the following numbers of its own style."""
    if len(text) < 30 or "|" in text:
        yield Line(start, start + len(text), text)
        return
    cuts = [0]
    at = _preface(text)
    if at:
        cuts.append(at)
    while marker := MARKER.match(text, at):
        style = marker.lastgroup or ""
        value = _value(marker)
        inner = _INLINE.get(style)
        following = None
        if inner and (style != "num" or str(value + 1) in text):
            following = next(
                (m for m in inner.finditer(text, marker.end()) if to_int(m[1]) == value + 1), None
            )
        nested = None
        if style in ("cn", "paren_cn"):
            nested = _NESTED.search(text, marker.end(), following.start() if following else len(text))
        if nested and nested.start() - marker.end() < 60 and "(" not in text[marker.end() : nested.start()]:
            kind = MARKER.match(text, nested.start())
            if kind and RANKS[kind.lastgroup or "circle"] > RANKS[style]:
                following = nested
        if following is None:
            break
        cuts.append(following.start())
        at = following.start()
    for index, cut in enumerate(cuts):
        end = cuts[index + 1] if index + 1 < len(cuts) else len(text)
        piece = text[cut:end].rstrip(" ")
        yield Line(start + cut, start + cut + len(piece), piece)


def _preface(text: str) -> int:
    """Where number one begins behind a preface in its line, if the numbers there name their units; else 0."""
    if _UNIT_LABEL.search(text) is None or MARKER.match(text):
        return 0
    for style, inner in _INLINE.items():
        numbers = list(inner.finditer(text))
        if len(numbers) > 1 and [to_int(m[1]) for m in numbers[:2]] == [1, 2]:
            one, two = numbers[0].start(), numbers[1].start()
            if RANKS[style] and _UNIT_LABEL.search(text, one, two):
                return one
    return 0


def _value(marker: re.Match[str]) -> int:
    """The number a marker carries; the last part of a decimal number."""
    text = marker[marker.lastgroup or 0]
    if marker.lastgroup == "circled_cn":
        return ord(text) - 0x321F
    if marker.lastgroup == "circle":
        return ord(text) - 0x245F
    return to_int(text.rsplit(".", 1)[-1])


def _rank(node: Node) -> float:
    return RANKS.get(node.style.split(":")[0], 9) + (
        0.1 * int(node.style[8:]) if node.style.startswith("decimal:") else 0
    )


def build(lines: list[Line]) -> Outline:
    """The tree of the numbered lines. A table row (with |) and a line of contents carry no number."""
    outline = Outline([], [], [])
    stack: list[Node] = []
    ended = False
    units = _unit_headings(lines)
    attached = 0  # the number of the last annex in a list of them, else 0
    for line in lines:
        if line.text[-1] in _CONTENTS_ENDS and _CONTENTS.search(line.text):
            continue
        marker = MARKER.match(line.text) if "|" not in line.text else None
        if annex := _ANNEXES.match(line.text):
            attached = 1 if annex[1] else 0
        elif attached and marker and _value(marker) == attached + 1 and _ANNEX.search(line.text):
            attached += 1
            (outline.tail if outline.nodes else outline.head).append(line)
            continue
        else:
            attached = 0
        if marker and marker.end() < len(line.text):
            style = marker.lastgroup or ""
            if style == "decimal":
                style = f"decimal:{marker[0].strip(' .、').count('.')}"
            heading = _HEADING_STOP.split(line.text[marker.end() :], maxsplit=1)[0]
            if " " in heading and known_heading(first := heading.split(" ", 1)[0]):
                heading = first
            heading = "".join(heading.split())
            node = Node(style, _value(marker), line.start, line.start + marker.end(), [line], heading)
            _place(node, stack)
            outline.nodes.append(node)
            ended = False
            outline.tail.clear()
        elif line.start in units:
            node = Node("unit", 0, line.start, line.start, [line], line.text.rstrip(":"))
            _place(node, stack)
            outline.nodes.append(node)
            ended = False
            outline.tail.clear()
        elif line.text[-1] in "日发)" and (SIGNED.match(line.text) or _signed_by(line.text)):
            last = outline.nodes[-1].lines if outline.nodes else []
            while (
                not ended and len(last) > 1 and (AUTHORITY.match(last[-1].text) or _SEAL.match(last[-1].text))
            ):
                outline.tail.insert(0, last.pop())
            ended = bool(outline.nodes)
            (outline.tail if ended else outline.head).append(line)
        elif FURNITURE.match(line.text):
            ended = bool(outline.nodes)
            stack.clear()
            (outline.tail if ended else outline.head).append(line)
        elif ended:
            outline.tail.append(line)
        elif outline.nodes:
            outline.nodes[-1].lines.append(line)
        else:
            outline.head.append(line)
    return outline


def _unit_headings(lines: list[Line]) -> set[int]:
    """Where lines begin that only name a unit and stand before a number one, if there are several."""
    found = {
        line.start
        for line, below in pairwise(lines)
        if 2 < len(line.text) < 20
        and _UNIT_HEADING.match(line.text)
        and (marker := MARKER.match(below.text))
        and marker.lastgroup not in ("chapter", "cn")
        and _value(marker) == 1
    }
    return found if len(found) > 1 else set()


def _signed_by(text: str) -> bool:
    """Whether a line is an authority with the date of its signature behind it."""
    parts = text.split(" ", 1)
    return len(parts) > 1 and bool(AUTHORITY.match(parts[0]) and SIGNED.match(parts[1].strip(" ")))


def known_heading(text: str) -> bool:
    """Whether a text is a heading of goals or of paragraphs that order nothing."""
    return bool(GOAL_HEADING.match(text) or IDLE_HEADING.match(text))


def _place(node: Node, stack: list[Node]) -> None:
    """Hang `node` where its style and number say: beside the last of its style, else below a higher style."""
    same = next((index for index, other in enumerate(stack) if other.style == node.style), None)
    if same is not None:
        del stack[same:]
    elif node.value == 1 and stack and node.style.split(":")[0] not in ("chapter", "cn"):
        pass
    else:
        while stack and _rank(stack[-1]) >= _rank(node):
            stack.pop()
    if stack:
        node.parent = stack[-1]
        stack[-1].children.append(node)
    stack.append(node)


def is_numbered(line: Line) -> bool:
    """Whether a line begins with a number of the outline."""
    marker = MARKER.match(line.text)
    return bool(marker and marker.end() < len(line.text) and "|" not in line.text)
