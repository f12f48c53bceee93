"""Single cells of a ledger that is no document: when something is due, and who answers for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from . import schedule, units
from .folding import fold
from .lexicon import NOBODY
from .rules import Context
from .types import Person, Schedule, Unit

# The day on which heating begins in most cities of the north; the page says that it was reckoned with.
HEATING_BEGINS = (11, 15)
_PACKED = re.compile(r"(20\d\d)(\d\d)(\d\d)")
_SHORT = re.compile(r"(\d{1,2})[./-](\d{1,2})")
_HEATING = re.compile(r"(?:(20\d\d)年)?(?:冬季)?(?:采暖|供暖)[季期]?(?:开始)?(?:之|以)?前(?:完成)?")
_SERIAL = re.compile(r"[3-7]\d{4}")  # 1982 to 2119, as Excel counts days
_EPOCH = date(1899, 12, 30)
# Times that no parser of plans reads as such, standing alone in a cell.
_ALWAYS = re.compile(
    "(?:长期|持续|常年|常态化?|经常性?|日常|不间断)(?:坚持|推进|开展|实施|落实|工作|抓好|整治|管理|任务)*"
)


@dataclass(frozen=True, slots=True)
class When:
    """What a cell says of time. Without a schedule it was not read: `trouble` is "unread" or "impossible".

    `earlier` are deadlines before the last one; `reckoned` is what the words leave open: "year", "heating".
    """

    schedule: Schedule | None
    trouble: str = ""
    earlier: tuple[date, ...] = ()
    reckoned: str = ""


@dataclass(frozen=True, slots=True)
class Responsible:
    """Who stands in the cells of a row. `is_open`: the list says that it goes on (等)."""

    units: tuple[Unit, ...]
    people: tuple[Person, ...]
    is_open: bool


@lru_cache(maxsize=4096)
def read_when(text: str, *, year: int) -> When:
    """The time that a cell of its own states, in any of the ways offices write it.

    `year` is that of the ledger, for words without one.
    """
    folded = fold(text).strip()
    bare = "".join(folded.split()).rstrip("。.;")
    if not bare or bare in NOBODY:
        return When(Schedule(kind="ongoing", rule="unstated"))
    if day := _plain_day(bare, year):
        return day
    if _ALWAYS.fullmatch(bare):
        return When(Schedule(kind="ongoing", quote=text, rule="ongoing"))
    if heating := _HEATING.fullmatch(bare):
        due = date(int(heating[1] or year), *HEATING_BEGINS) - timedelta(days=1)
        return When(_until(due, text), reckoned="heating")
    context = Context(year=year, own_year=year, field=True)
    found = list(schedule.search(folded, 0, len(folded), context))
    read = [item.schedule for item in found if item.schedule]
    if not read:
        return When(None, "impossible" if found else "unread")
    ends = [one for one in read if one.kind == "deadline" and one.due]
    chosen = (
        ends[-1]
        if len(ends) == len(read) > 1
        else next((one for one in read if one.kind != "ongoing"), read[0])
    )
    return When(
        replace(chosen, quote=text.strip()),
        earlier=tuple(one.due for one in ends[:-1] if one.due) if chosen is not read[0] else (),
        reckoned="year" if "year" in chosen.implied else "",
    )


def _until(due: date, quote: str) -> Schedule:
    return Schedule(kind="deadline", due=due, quote=quote, precision="day", rule="day")


def _plain_day(bare: str, year: int) -> When | None:
    """A day in figures: 20241031, 10.31, or a number of days as Excel counts them."""
    try:
        if packed := _PACKED.fullmatch(bare):
            return When(_until(date(*map(int, packed.groups())), bare))
        if short := _SHORT.fullmatch(bare):
            return When(_until(date(year, int(short[1]), int(short[2])), bare), reckoned="year")
    except ValueError:
        return When(None, "impossible")
    if _SERIAL.fullmatch(bare):
        return When(_until(_EPOCH + timedelta(days=int(bare)), bare))
    return None


# A person's name behind the unit's, with nothing but a blank between.
_BEHIND_UNIT = re.compile(r"(?<=[局委办厅部院中心府会社司])[ \u3000]+[\u4e00-\u9fff]{2,3}$")


@lru_cache(maxsize=4096)
def read_responsible(cells: tuple[tuple[str, str], ...]) -> Responsible:
    """The units of a row's cells with their roles. Each cell comes with its column: lead, duty or support."""
    readings = []
    people: list[Person] = []
    for column, text in cells:
        listed = re.sub(r"(?<=[^、,;:\n，；：])\n(?=[^、,;\n，；])", "、", text.strip())
        if behind := _BEHIND_UNIT.search(listed):
            people.append(Person("责任人", behind[0].strip()))
            listed = listed[: behind.start()]
        # A cell that says who leads speaks for itself, whatever its column: 市发改委(牵头),市财政局.
        own = column == "duty" or (column == "lead" and re.search("牵头|配合", listed))
        label = "responsible" if own else column
        readings.append(units.read(fold(listed), listed, label=label))
    units.inherit_prefix(readings)
    people += [person for reading in readings for person in reading.people]
    return Responsible(
        tuple(units.resolve(readings)), tuple(people), any(reading.open for reading in readings)
    )


def looks_like(values: Iterable[str]) -> str:
    """What most of a column's values are: "time", "units", "percent", "number", "words", or "" of nothing."""
    texts = [fold(value).strip() for value in values if value.strip()]
    if not texts:
        return ""
    most = len(texts) * 0.6

    def many(test: Callable[[str], object]) -> bool:
        return sum(1 for text in texts if test(text)) >= most

    if many(re.compile(r"\d{1,3}(?:\.\d+)?%").fullmatch):
        return "percent"
    if many(_is_time):
        return "time"
    if many(re.compile(r"\d{1,4}(?:[.-]\d{1,3})?").fullmatch):
        return "number"
    if many(units.is_unit_list):
        return "units"
    return "words" if sum(map(len, texts)) / len(texts) > 8 else ""


def _is_time(text: str) -> bool:
    if len(text) >= 30:
        return False
    when = read_when(text, year=2024)
    return when.schedule is not None and when.schedule.rule != "unstated" and not _SERIAL.fullmatch(text)
