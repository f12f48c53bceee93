"""When: one rule per way of saying a date. `schedule.search` applies them to a sentence.

A rule is a name, a pattern and a small function. The function returns a Schedule, `Impossible` (well formed, but no
such day), `TRAP` (looks like a date, schedules nothing) or None (not this rule). Rules are tried in the order they
stand in `RULES`, at the places a cheap anchor pattern finds. What the words do not say is listed in `implied`.
"""

from __future__ import annotations

from . import date_due, date_often, date_spans
from .date_base import YEAR, Build, Context, Impossible, Rule, Trap
from .date_due import FESTIVALS

RULES: tuple[Rule, ...] = (*date_often.RULES, *date_spans.RULES, *date_due.RULES)

__all__ = ["FESTIVALS", "RULES", "YEAR", "Build", "Context", "Impossible", "Rule", "Trap"]
