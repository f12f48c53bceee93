"""The goals of a plan: the numbers under 主要目标 and the like, or behind 主要预期目标是: in a paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import clauses
from .clauses import Text
from .lexicon import GOAL_HEADING, IDLE_HEADING
from .outline import Line, Node, Outline
from .rules import Context
from .types import Span, Target

# 总体要求和主要目标: two things under one heading.
_SHARED = re.compile(
    r"^(?:总体要求|指导思想|总体思路|工作思路|基本思路|基本原则|工作原则|形势)(?:[、和与及][^、和与及]{2,6}){0,2}[、和与及]"
    r"(?:总体|主要|工作|发展|行动|预期)*(?:目标|目标任务|任务目标)$"
)
_SAID = re.compile(r"(?:^|(?<=[。;,(]))[^,。;:]{0,26}目标(?:任务)?(?:是|为|如下)?(?::|(?<=[是为]),?)")
_BY_YEAR = re.compile(r"到20\d\d年[底末]?,")  # a paragraph of yearly goals before the first measure
_LEAST = 8


def find(text: Text, tree: Outline, context: Context) -> list[Target]:
    """The goals in the order of the document."""
    spans: list[Span] = []
    for node in tree.nodes:
        if _is_goal(node.heading) and not any(_is_goal(up.heading) for up in node.ancestors()):
            spans.append((node.body, _last(node).end))
    spans += [span for line, behind in _prose(tree) for span in _said(line, behind)]
    if tree.nodes:
        spans += [
            (line.start, line.end)
            for line in tree.head
            if _BY_YEAR.match(line.text) and len(_BY_YEAR.findall(line.text)) > 1
        ]
    goals: list[Target] = []
    reached = -1
    for start, end in sorted(spans):
        if start < reached:
            continue
        reached = end
        for clause in clauses.make(text, start, end, [], context, []):
            goals += clause.targets
    return goals


def _is_goal(heading: str) -> bool:
    return bool(GOAL_HEADING.match(heading) or _SHARED.match(heading))


def _last(node: Node) -> Node:
    while node.children:
        node = node.children[-1]
    return node


def _prose(tree: Outline) -> Iterator[tuple[Line, list[Line]]]:
    """The lines that belong to no measure, each with those behind it in the same place."""
    blocks = [tree.head]
    for node in tree.nodes:
        idle = any(IDLE_HEADING.match(each.heading) for each in (node, *node.ancestors()))
        if node.children or idle:
            blocks.append(node.lines)
    for lines in blocks:
        for index, line in enumerate(lines):
            if "目标" in line.text:
                yield line, lines[index + 1 :]


def _said(line: Line, behind: list[Line]) -> Iterator[Span]:
    """The sentences that say what the goals are; for a heading without a number, the lines under it."""
    if len(line.text) < 20 and GOAL_HEADING.match(line.text.strip(" :【】()")):
        under = []
        for each in behind:
            if len(each.text) < 16 and not re.search("[。;,\\d]", each.text):
                break
            under.append(each)
        if under:
            yield under[0].start, under[-1].end
        return
    for match in _SAID.finditer(line.text):
        stop = line.text.find("。", match.end())
        end = stop if stop >= 0 else len(line.text)
        if end - match.end() >= _LEAST:
            yield line.start + match.start(), line.start + end
