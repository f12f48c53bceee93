"""Automatic numbers of a Word document, as Word prints them: word/numbering.xml and the styles that use it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

_LEVELS = 9
_DEEPEST_STYLE = 20
_DIGITS = "〇一二三四五六七八九"
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc")),
    *((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


def local(tag: object) -> str:
    """The name of an element or attribute without its namespace; "" for a comment."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def child(element: Any, *path: str) -> Any:
    """The first descendant along the names of `path`; None where it is not there."""
    for name in path:
        element = next((one for one in element if local(one.tag) == name), None)
        if element is None:
            return None
    return element


def attribute(element: Any, name: str = "val") -> str | None:
    """An attribute by its name without the namespace."""
    if element is None:
        return None
    return next((str(value) for key, value in element.attrib.items() if local(key) == name), None)


def number_of(printed: str | None, default: int, *, least: int = 0, most: int = 32_767) -> int:
    """A whole number of the file within bounds; `default` for anything else."""
    if printed is None or not re.fullmatch(r"-?[0-9]{1,9}", printed.strip()):
        return default
    return min(max(int(printed), least), most)


def chinese(number: int) -> str:
    """十二, 一百零三: as 一、 is counted on."""
    if number >= 10_000:
        return str(number)
    words, zero = "", False
    for size, word in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, size)
        if digit:
            words += ("零" if zero and words else "") + _DIGITS[digit] + word
            zero = False
        else:
            zero = True
    return (words.removeprefix("一") if words.startswith("一十") else words) or "〇"


def _letters(number: int) -> str:
    """a … z, aa, bb: Word doubles the letter, it does not count on."""
    return chr(ord("a") + (number - 1) % 26) * min((number - 1) // 26 + 1, 10) if number else ""


def _roman(number: int) -> str:
    words = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        words += letters * count
    return words


def _enclosed(first: str, most: int) -> Callable[[int], str]:
    """①, ⑴, ⒈ and the like, as far as there are such characters."""
    return lambda number: chr(ord(first) + number - 1) if 1 <= number <= most else str(number)


def _circled(number: int) -> str:
    for low, high, first in ((1, 20, "①"), (21, 35, "㉑"), (36, 50, "㊱")):
        if low <= number <= high:
            return chr(ord(first) + number - low)
    return str(number)


def _digit_by_digit(number: int) -> str:
    return "".join(_DIGITS[int(digit)] for digit in str(number))


def _full_width(number: int) -> str:
    return "".join(chr(ord("０") + int(digit)) for digit in str(number))


_FORMATS: dict[str, Callable[[int], str]] = {
    "decimal": str,
    "decimalZero": lambda number: f"{number:02}",
    "decimalFullWidth": _full_width,
    "decimalFullWidth2": _full_width,
    "decimalEnclosedCircle": _circled,
    "decimalEnclosedCircleChinese": _circled,
    "decimalEnclosedParen": _enclosed("⑴", 20),
    "decimalEnclosedFullstop": _enclosed("⒈", 20),
    "ideographEnclosedCircle": _enclosed("㊀", 10),
    "chineseCounting": chinese,
    "chineseCountingThousand": chinese,
    "chineseLegalSimplified": lambda number: chinese(number).translate(
        str.maketrans("〇一二三四五六七八九十百千", "零壹贰叁肆伍陆柒捌玖拾佰仟")
    ),
    "japaneseCounting": chinese,
    "koreanCounting": chinese,
    "taiwaneseCounting": chinese,
    "taiwaneseCountingThousand": chinese,
    "ideographDigital": _digit_by_digit,
    "japaneseDigitalTenThousand": _digit_by_digit,
    "taiwaneseDigital": _digit_by_digit,
    "ideographTraditional": lambda number: _STEMS[(number - 1) % 10],
    "ideographZodiac": lambda number: _BRANCHES[(number - 1) % 12],
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "ordinal": str,
    "none": lambda number: "",
}


@dataclass(slots=True)
class Level:
    """How one level of a list is printed and counted."""

    start: int = 1
    format: str = "decimal"
    text: str = ""
    is_legal: bool = False  # all numbers of the label in Arabic digits
    restart: int | None = None  # begins again only behind a level up to this one; 0: never
    is_close: bool = False  # nothing between number and text
    style: str | None = None


@dataclass(slots=True)
class _List:
    """One w:num: the levels it prints, the counters it shares, and where it starts afresh."""

    shared: str
    levels: dict[int, Level]
    restarts: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Style:
    """What this reader needs to know of a paragraph or character style."""

    based_on: str | None = None
    number: str | None = None
    level: int | None = None
    is_hidden: bool | None = None
    is_contents: bool = False


class Styles:
    """word/styles.xml; a file without it has no styles."""

    def __init__(self, root: Any | None) -> None:
        self._styles: dict[str, Style] = {}
        self.default: str | None = None
        for element in root if root is not None else ():
            if local(element.tag) != "style":
                continue
            name = attribute(element, "styleId") or ""
            numbering = child(element, "pPr", "numPr")
            level = attribute(child(numbering, "ilvl")) if numbering is not None else None
            self._styles[name] = Style(
                based_on=attribute(child(element, "basedOn")),
                number=attribute(child(numbering, "numId")) if numbering is not None else None,
                level=number_of(level, 0, most=_LEVELS - 1) if level is not None else None,
                is_hidden=switched(child(element, "rPr", "vanish")),
                is_contents=bool(
                    re.fullmatch(r"toc \d|目录 ?\d", (attribute(child(element, "name")) or "").lower())
                ),
            )
            if attribute(element, "type") == "paragraph" and attribute(element, "default") in ("1", "true"):
                self.default = name

    def chain(self, name: str | None) -> Iterator[tuple[str, Style]]:
        """The style and those it is based on, nearest first."""
        seen = 0
        while name is not None and name in self._styles and seen < _DEEPEST_STYLE:
            yield name, self._styles[name]
            name = self._styles[name].based_on
            seen += 1

    def is_hidden(self, name: str | None) -> bool:
        return next((one.is_hidden for _, one in self.chain(name) if one.is_hidden is not None), False)

    def is_contents(self, name: str | None) -> bool:
        """Whether the paragraphs of this style are lines of a table of contents."""
        return any(one.is_contents for _, one in self.chain(name))


def switched(element: Any | None) -> bool | None:
    """An on/off property such as w:vanish: None where it is not said."""
    if element is None:
        return None
    return (attribute(element) or "1").lower() not in ("0", "false", "off", "none")


class Numbering:
    """The numbers of one document, in the order of its paragraphs: `label` counts on with each call."""

    def __init__(self, root: Any | None, styles: Styles) -> None:
        self._styles = styles
        self._lists: dict[str, _List] = {}
        self._counters: dict[str, list[int | None]] = {}
        self._begun: set[tuple[str, int]] = set()
        if root is None:
            return
        abstract = {
            attribute(element, "abstractNumId") or "": element
            for element in root
            if local(element.tag) == "abstractNum"
        }
        nums = {
            attribute(element, "numId") or "": element for element in root if local(element.tag) == "num"
        }
        levels: dict[str, dict[int, Level]] = {}
        for name, element in nums.items():
            shared = attribute(child(element, "abstractNumId")) or ""
            linked = attribute(child(abstract[shared], "numStyleLink")) if shared in abstract else None
            for _, style in styles.chain(linked):
                if style.number in nums:
                    shared = attribute(child(nums[style.number], "abstractNumId")) or ""
                    break
            if shared not in abstract:
                continue
            if shared not in levels:
                levels[shared] = dict(_levels(abstract[shared]))
            self._lists[name] = _List(shared, levels[shared])
            for override in element:
                if local(override.tag) == "lvlOverride":
                    self._override(self._lists[name], override)

    @staticmethod
    def _override(one: _List, override: Any) -> None:
        at = number_of(attribute(override, "ilvl"), 0, most=_LEVELS - 1)
        one.levels = one.levels | dict(_levels(override))
        start = attribute(child(override, "startOverride"))
        if start is not None:
            one.restarts[at] = number_of(start, 1)

    def label(self, properties: Any | None, style: str | None, text: str) -> str:
        """The number printed before a paragraph with these w:pPr, with a blank where one is needed."""
        found = self._find(properties, style)
        if found is None:
            return ""
        number, at = found
        one = self._lists[number]
        level = one.levels.get(at)
        if level is None:
            return ""
        self._count(number, one, at, level)
        if level.format == "bullet":
            return ""
        printed = re.sub(r"%([1-9])", lambda match: self._printed(one, int(match[1]) - 1, level), level.text)
        touches = printed[-1:].isalnum() or (printed[-1:] == "." and text[:1].isdecimal())
        return printed + (" " if touches and not level.is_close else "")

    def _find(self, properties: Any | None, style: str | None) -> tuple[str, int] | None:
        """The list and level of a paragraph: its own, else those of its style."""
        number: str | None = None
        level: int | None = None
        own = child(properties, "numPr") if properties is not None else None
        if own is not None:
            number = attribute(child(own, "numId"))
            printed = attribute(child(own, "ilvl"))
            level = number_of(printed, 0, most=_LEVELS - 1) if printed is not None else None
        if number is None:
            for name, one in self._styles.chain(style):
                level = one.level if level is None else level
                if one.number is not None:
                    number = one.number
                    linked = self._lists.get(number)
                    if linked is not None and level is None:
                        level = next((at for at, how in linked.levels.items() if how.style == name), None)
                    break
        return (number, level or 0) if number in self._lists and number is not None else None

    def _count(self, number: str, one: _List, at: int, level: Level) -> None:
        counters = self._counters.setdefault(one.shared, [None] * _LEVELS)
        if at in one.restarts and (number, at) not in self._begun:
            counters[at] = one.restarts[at]
        else:
            before = counters[at]
            counters[at] = level.start if before is None else min(before + 1, 32_767)
        self._begun.add((number, at))
        for below in range(at + 1, _LEVELS):
            how = one.levels.get(below)
            if how is None or how.restart is None or at < how.restart:
                counters[below] = None

    def _printed(self, one: _List, at: int, level: Level) -> str:
        how = one.levels.get(at)
        if how is None:
            return ""
        counted = self._counters[one.shared][at]
        value = how.start if counted is None else counted
        return str(value) if level.is_legal else _FORMATS.get(how.format, str)(value)


def _levels(element: Any) -> Iterator[tuple[int, Level]]:
    for one in element:
        if local(one.tag) != "lvl":
            continue
        restart = attribute(child(one, "lvlRestart"))
        yield (
            number_of(attribute(one, "ilvl"), 0, most=_LEVELS - 1),
            Level(
                start=number_of(attribute(child(one, "start")), 0),
                format=attribute(child(one, "numFmt") if child(one, "numFmt") is not None else _choice(one))
                or "decimal",
                text=(attribute(child(one, "lvlText")) or "")[:100],
                is_legal=bool(switched(child(one, "isLgl"))),
                restart=number_of(restart, 0) if restart is not None else None,
                is_close=attribute(child(one, "suff")) == "nothing",
                style=attribute(child(one, "pStyle")),
            ),
        )


def _choice(level: Any) -> Any | None:
    """The number format that an older Word falls back to, where the format is one of the newer."""
    for option in ("Fallback", "Choice"):
        found = child(level, "AlternateContent", option, "numFmt")
        if found is not None:
            return found
    return None
