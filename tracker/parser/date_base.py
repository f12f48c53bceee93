"""What the rules for dates are made of: records, fragments of patterns, and the schedules they build."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from .calendar import add_months
from .lexicon import to_int
from .types import Every, Precision, Schedule


@dataclass(frozen=True, slots=True)
class Impossible:
    """Words that have the form of a date which does not exist (2月30日, 13月)."""

    quote: str


@dataclass(frozen=True, slots=True)
class Context:
    """What a date may lean on: the year of the document, the day it was signed, the year last said."""

    year: int | None = None
    issued: date | None = None
    own_year: int | None = None
    carried: int | None = None
    field: bool = False
    day: date | None = None  # where counting begins if the plan does not say when it was signed
    since: int | None = None  # the year in which the plan's own span begins: 2012年起5年内


class Trap:
    """Says: these words schedule nothing, go on behind them."""


TRAP = Trap()
Result = Schedule | Impossible | Trap | None
Build = Callable[[re.Match[str], Context], Result]


@dataclass(frozen=True, slots=True)
class Rule:
    """A way of saying a date. `pattern` is compiled at the first search: importing stays cheap."""

    name: str
    pattern: str
    build: Build


def registry(rules: list[Rule]) -> Callable[[str, str], Callable[[Build], Build]]:
    """A decorator that adds a way of saying a date to `rules`."""

    def rule(name: str, pattern: str) -> Callable[[Build], Build]:
        def register(build: Build) -> Build:
            rules.append(Rule(name, pattern, build))
            return build

        return register

    return rule


# Fragments. Blanks and line breaks may stand inside a date.
GAP = r"\s*"
YEAR = (
    r"(?:(?:19|20)\d{2}|[一二][〇零一二三四五六七八九]{3}"
    r"|1[01]\d(?=\s*年度?\s*(?:\d{1,2}\s*月|底|末|年底|第?[一二三四1-4]季|[上下]半年))|(?<!\d)2\d(?=\s*年\s*(?:\d{1,2}\s*月|年?[底末]))|(?<=民国)(?:1?\d\d|[一二三四五六七八九十百零〇]{2,6}))"
)
_RELATIVE_YEAR = "今年|本年度?|当年|明年|后年|次年|翌年|第二年|同年"
SAID = rf"(?:(?P<year>{YEAR}){GAP}年(?:度)?(?:的)?|(?P<rel>{_RELATIVE_YEAR})(?:的)?)"
MAYBE = rf"(?:{SAID}{GAP}|20[xX*]{{1,2}}{GAP}年{GAP})?"
MONTH = r"(?P<month>\d{1,2}|十[一二]|[一二三四五六七八九十元正])"
DAY = r"(?P<day>\d{1,2}|[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九])"
BEFORE = r"(?:[之以]?前)"
UNTIL = rf"(?:{GAP}(?:[之以]?前|止|截止|为止))?"
TO = rf"{GAP}(?:-+|至|到|起至){GAP}"
FROM = r"(?:起|开始(?!前|之前|以前))"
WEEKDAY = r"(?:\((?:星期|周)[一二三四五六日天]\))?"
FESTIVALS = (
    "春节|元旦|国庆节|国庆|五一|劳动节|中秋节|中秋|端午节|端午|清明节|清明|七一|八一|除夕|元宵节"
    "|六一|十一(?=”)|儿童节|教师节|重阳节|建党节|建军节|植树节"
)

RELATIVE = {
    "今年": 0,
    "本年": 0,
    "本年度": 0,
    "当年": 0,
    "同年": 0,
    "明年": 1,
    "次年": 1,
    "翌年": 1,
    "第二年": 1,
    "后年": 2,
}
REPUBLIC = 1911  # 110年12月 in a text from Taiwan
FIVE_YEAR = {"十": 2005, "十一": 2010, "十二": 2015, "十三": 2020, "十四": 2025, "十五": 2030, "十六": 2035}


def year_of(m: re.Match[str], context: Context, group: str = "year") -> tuple[int | None, tuple[str, ...]]:
    """The year the words say, or the one they lean on with what that implies."""
    said = m[group]
    if said:
        number = to_int(said)
        if number > 200:
            return number, ()
        short = number < 100 and m.string[: m.start(group)][-2:] != "民国"
        return number + (2000 if short else REPUBLIC), ()
    relative = m["rel"] if group == "year" else None
    if relative:
        base = (
            context.carried
            if relative in ("次年", "翌年", "第二年", "同年") and context.carried
            else context.year
        )
        return (base + RELATIVE[relative] if base else None), ("year",)
    return context.carried or context.year, ("year",)


def day_of(year: int | None, month: int, day: int, quote: str) -> date | Impossible | None:
    if year is None:
        year, known = 2024, False  # a leap year: 29 February may exist
    else:
        known = True
    try:
        made = date(year, month, day)
    except ValueError:
        return Impossible(quote)
    return made if known else None


def month_of(text: str) -> int:
    return 1 if text in ("元", "正") else to_int(text)


def deadline(
    name: str, due: date | Impossible | None, precision: Precision, implied: tuple[str, ...]
) -> Result:
    if isinstance(due, Impossible):
        return due
    return Schedule("deadline", name, due=due, precision=precision, implied=implied)


def recurring(name: str, every: Every | None) -> Result:
    return Schedule("recurring", name, every=every)


def window(
    name: str,
    start: date | Impossible | None,
    due: date | Impossible | None,
    precision: Precision,
    implied: tuple[str, ...],
) -> Result:
    for end in (start, due):
        if isinstance(end, Impossible):
            return end
    assert not isinstance(start, Impossible)
    assert not isinstance(due, Impossible)
    if start and due and due < start:
        due = add_months(due, 12)
        implied = (*implied, "year") if "year" not in implied else implied
    return Schedule("window", name, start=start, due=due, precision=precision, implied=implied)


def starting(
    name: str, start: date | Impossible | None, precision: Precision, implied: tuple[str, ...]
) -> Result:
    if isinstance(start, Impossible):
        return start
    return Schedule("start", name, start=start, precision=precision, implied=implied)
