"""When: one rule per way of saying a date. `schedule.search` applies them to a sentence.

A rule is a name, a pattern and a small function. The function returns a Schedule, `Impossible` (well formed,
but no such day), `TRAP` (looks like a date, schedules nothing) or None (not this rule). Tried in order, at
the places a cheap anchor pattern finds. What the words do not say is listed in `implied`.
"""

from __future__ import annotations

import re

from . import date_due, date_often, date_spans
from .date_base import FESTIVALS, YEAR, Build, Context, Impossible, Rule, Trap
from .date_often import ROUND

RULES: tuple[Rule, ...] = (*date_often.RULES, *date_spans.RULES, *date_due.RULES)

_SPAN = re.compile(
    r"((?:19|20)\d\d)年(?:度)?(?:起|开始),?(?:力争|争取|计划)?(?:用|通过|经过|在)?(?:\d{1,2}|[一二两三四五六七八九十])年"
)


def span_begins(folded: str) -> int | None:
    """The year in which the span of the plan itself begins: 2012年起5年内."""
    found = _SPAN.search(folded)
    return int(found[1]) if found else None


__all__ = [
    "FESTIVALS",
    "ROUND",
    "RULES",
    "YEAR",
    "Build",
    "Context",
    "Impossible",
    "Rule",
    "Trap",
    "span_begins",
]
