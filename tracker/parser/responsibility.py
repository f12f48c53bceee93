"""Where a measure says who is responsible: brackets, labels, whole lines of units, and 由X牵头 in prose."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import Literal

from . import units
from .clauses import Text
from .lexicon import LABEL, LABEL_KINDS, LABEL_START
from .types import Doubt, Role, Span, Unit
from .units import Reading

_PROSE = re.compile(r"[^。\n]+")
_BEHIND = re.compile(r"[ \n]*(?:[。;!]|\(|$|\n)")
_NEXT_LABEL = re.compile(r" {2,}|$")
_STATEMENT = re.compile(r"(?:牵头|负责|配合|参与|落实|实施)(?:负责)?。?$")
_UNIT_BODY = re.compile("(?:单位|部门|机关|处室|科室|机构|主体) *$")
_HELPED = re.compile("配合|协助|参与|参加|协办")
_LEFT_OUT = re.compile(r"以[下上]|不再")


@dataclass(frozen=True, slots=True)
class Mention:
    """One place that names units. A `hole` is cut out of the clauses; the others stand inside a sentence."""

    span: Span
    reading: Reading
    form: Literal["bracket", "inline", "label", "line", "prose"]
    times: tuple[Span, ...] = ()

    @property
    def hole(self) -> bool:
        return self.form in ("bracket", "label", "line")


def _bracket(text: Text, start: int, end: int, form: Literal["bracket", "inline"]) -> Mention:
    """The mention of a bracket whose content is [start, end)."""
    reading = units.read(text.folded[start:end], text.source[start:end])
    return Mention(
        (start - 1, end + 1),
        reading,
        form,
        tuple((left + start, right + start) for left, right in reading.times),
    )


def collect(text: Text, start: int, end: int, doubts: list[Doubt]) -> list[Mention]:
    """All mentions in a region, in order."""
    folded = text.folded
    region = folded[start:end]
    mentions: list[Mention] = []
    taken: list[Span] = []
    if "(" in region:
        for match in units.BRACKET.finditer(folded, start, end):
            left, right = match.start() + 1, match.end() - 1
            closing = right + 1 >= end or _BEHIND.match(folded, right + 1, end) is not None
            content = folded[left:right]
            if "\n" in content.strip() and LABEL.search(content) is None and len(content) > 400:
                continue
            if units.names_units(content, closing=closing):
                mentions.append(_bracket(text, left, right, "bracket" if closing else "inline"))
                taken.append(match.span())
        mentions += _unclosed(text, start, end, taken, doubts)
    if ")" in region:
        mentions += _unopened(text, start, end, taken, doubts)
    if ":" in region:
        mentions += _labels(text, start, end, taken)
    mentions += _statements(text, start, end, taken)
    if "牵头" in region or ("由" in region and _HELPED.search(region)):
        covered = _covered(taken, start, end)
        taken.sort()
        for match in _PROSE.finditer(region):
            left, right = start + match.start(), start + match.end()
            words = match[0]
            if "牵头" not in words and ("由" not in words or not _HELPED.search(words)):
                continue
            if covered[match.start()]:
                continue
            clean = words
            for a, b in taken[bisect_left(taken, (left, left)) : bisect_left(taken, (right, right))]:
                if b <= right:
                    clean = clean[: a - left] + "。" * (b - a) + clean[b - left :]
            reading = units.by_whom(clean, text.source[left:right])
            if reading.groups:
                mentions.append(Mention((left, right), reading, "prose"))
    mentions.sort(key=lambda mention: mention.span)
    return mentions


def _covered(taken: list[Span], start: int, end: int) -> bytearray:
    """One byte for each character of a region: 1 where a span covers it."""
    covered = bytearray(end - start)
    for a, b in taken:
        covered[a - start : b - start] = b"\1" * (b - a)
    return covered


def _unclosed(text: Text, start: int, end: int, taken: list[Span], doubts: list[Doubt]) -> list[Mention]:
    """Brackets that name units and are never closed: they end with their line."""
    found = []
    position = start
    for line in text.folded[start:end].split("\n"):
        stop = position + len(line)
        depth: list[int] = []
        if line.count("(") > line.count(")"):
            for match in re.finditer(r"[()]", line):
                if match[0] == "(":
                    depth.append(position + match.start())
                elif depth:
                    depth.pop()
        for at in depth[:1]:
            content_end = len(text.folded[position:stop].rstrip(" 。")) + position
            if any(a <= at < b for a, b in taken) or content_end <= at + 1:
                continue
            if units.names_units(text.folded[at + 1 : content_end], closing=True):
                mention = _bracket(text, at + 1, content_end, "bracket")
                found.append(Mention((at, content_end), mention.reading, "bracket", mention.times))
                taken.append((at, content_end))
                doubts.append(Doubt("bracket-unbalanced", "责任单位的括号没有闭合,请核对", (at, content_end)))
        position = stop + 1
    return found


def _unopened(text: Text, start: int, end: int, taken: list[Span], doubts: list[Doubt]) -> list[Mention]:
    """Units behind the last full stop with a closing bracket but no opening one."""
    found = []
    position = start
    for line in text.folded[start:end].split("\n"):
        stripped = line.rstrip(" 。")
        if stripped.endswith(")") and stripped.count(")") > stripped.count("("):
            left = position + stripped.rfind("。") + 1
            right = position + len(stripped) - 1
            if not any(a < right and left < b for a, b in taken) and units.names_units(
                text.folded[left:right], closing=True
            ):
                reading = units.read(text.folded[left:right], text.source[left:right])
                found.append(Mention((left, right + 1), reading, "bracket"))
                taken.append((left, right + 1))
                doubts.append(
                    Doubt("bracket-unbalanced", "责任单位的括号缺少前半边,请核对", (left, right + 1))
                )
        position += len(line) + 1
    return found


def _labels(text: Text, start: int, end: int, taken: list[Span]) -> list[Mention]:
    """Label lines, one label to its end: the next label, a full stop, or the end of the line."""
    folded = text.folded
    matches = [m for m in LABEL.finditer(folded, start, end) if not any(a <= m.start() < b for a, b in taken)]
    found = []
    for index, match in enumerate(matches):
        kind = next(kind for kind in LABEL_KINDS if match[kind] is not None)
        limit = matches[index + 1].start() if index + 1 < len(matches) else end
        stop = _value_end(folded, match.end(), limit)
        if kind == "note" and "情况" in match[0]:  # what has been done: all of it
            line_end = folded.find("\n", stop, limit)
            stop = limit if line_end < 0 else line_end
        if kind == "time" and not re.search(r"\d|[年月季]|持续|长期|常年", folded[match.end() : stop]):
            continue
        reading = units.read(folded[match.start() : stop], text.source[match.start() : stop])
        if not reading:
            if kind not in ("time", "people"):  # a label that names nobody, or a note
                taken.append((match.start(), stop))
                found.append(Mention((match.start(), stop), reading, "label"))
            continue
        times = tuple((left + match.start(), right + match.start()) for left, right in reading.times)
        found.append(Mention((match.start(), stop), reading, "label", times))
        taken.append((match.start(), stop))
    return found


def _value_end(folded: str, start: int, limit: int) -> int:
    """The end of a label's value, which may stand on the next line, or run on behind a comma."""
    stop = folded.find("\n", start, limit)
    stop = limit if stop < 0 else stop
    if not folded[start:stop].strip(" "):
        following = re.compile(r"\s*[^\n]*").match(folded, start, limit)
        stop = following.end() if following else stop
    while stop < limit and folded[start:stop].rstrip(" ")[-1:] in ("、", ",", "和"):
        following = re.compile(r"\s*[^\n]*").match(folded, stop, limit)
        if not following or following.end() <= stop:
            break
        stop = following.end()
    dot = folded.find("。", start, stop)
    if (
        0 <= dot < stop - 1
        and folded[dot + 1 : stop].strip(" ")
        and not _LEFT_OUT.search(folded, dot + 1, min(stop, dot + 12))
    ):
        stop = dot + 1
    return stop


def _statements(text: Text, start: int, end: int, taken: list[Span]) -> list[Mention]:
    """Whole lines of units with their verbs, without bracket or label: 市教育局牵头,市财政局配合。"""
    found: list[Mention] = []
    first = text.folded.find("\n", start, end)
    if first < 0:
        return found
    position = first + 1
    covered = _covered(taken, start, end)
    for line in text.folded[first + 1 : end].split("\n"):
        stripped = line.strip(" 。")
        left = position + line.find(stripped) if stripped else position
        right = left + len(stripped)
        position += len(line) + 1
        if not 4 < len(stripped) < 240 or covered.find(1, left - start, right - start) >= 0:
            continue
        label = LABEL_START.match(stripped)  # 责任单位 市公安局, without the colon
        if label and _UNIT_BODY.search(label[0]) and units.is_unit_list(stripped[label.end() :]):
            reading = units.read(stripped, text.source[left:right])
            found.append(Mention((left, right), reading, "label"))
            taken.append((left, right))
            continue
        if not _STATEMENT.search(stripped):
            continue
        if "。" not in stripped and units.is_unit_list(stripped):
            reading = units.read(stripped, text.source[left:right])
            found.append(Mention((left, right), reading, "line"))
            taken.append((left, right))
    return found


def settle(mentions: list[Mention], *, first_leads: Role | None) -> tuple[list[Unit], list[list[Unit]]]:
    """The units of a measure with their roles, and those of each mention.

    Labels and prose speak for the whole measure; a bracket with its own lead or verbs speaks for itself.
    """
    alone = first_leads and not any(group.role == "lead" for m in mentions for group in m.reading.groups)
    apart = {id(m) for m in mentions if not _is_shared(m) or (alone and m.form == "bracket")}
    shared = [m for m in mentions if id(m) not in apart]
    units.inherit_prefix([m.reading for m in shared])
    own: list[list[Unit]] = []
    united: dict[str, Unit] = {}
    strength = {"lead": 2, "implement": 1, "support": 0}
    together = units.resolve([m.reading for m in shared], first_leads=first_leads)
    roles = {unit.name: unit for unit in together}
    for mention in mentions:
        if id(mention) not in apart:
            names = [name.printed for group in mention.reading.groups for name in group.names]
            named = [roles[name] for name in dict.fromkeys(names)]
        else:
            units.inherit_prefix([mention.reading])
            named = units.resolve([mention.reading], first_leads=first_leads)
        own.append(named)
        for unit in named:
            if unit.name not in united or strength[unit.role] > strength[united[unit.name].role]:
                united[unit.name] = unit
    return list(united.values()), own


def _is_shared(mention: Mention) -> bool:
    if mention.form in ("label", "line", "prose"):
        return True
    roles = {group.role for group in mention.reading.groups}
    return mention.form == "bracket" and bool(roles) and roles <= {"duty", "support", "implement"}
