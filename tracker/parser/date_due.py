"""By when."""

from __future__ import annotations

import re
from datetime import date, timedelta

from .calendar import add_months, festival, month_end
from .date_base import (
    BEFORE,
    DAY,
    FESTIVALS,
    FIVE_YEAR,
    GAP,
    MAYBE,
    MONTH,
    SAID,
    TRAP,
    UNTIL,
    WEEKDAY,
    YEAR,
    Context,
    Impossible,
    Result,
    Rule,
    day_of,
    deadline,
    month_of,
    registry,
    year_of,
)
from .lexicon import to_int
from .types import Schedule

RULES: list[Rule] = []
rule = registry(RULES)


@rule(
    "year_odd",  # 3024年10月底前: a slip of the pen, never that month of the plan's own year
    rf"(?!19|20)\d{{4}}{GAP}年(?:度)?{GAP}(?:{MONTH}{GAP}月(?:份)?{GAP}(?:{DAY}{GAP}[日号]|[上中下]旬|[底末])?|第?[一二三四1-4]季度?末?|[上下]半年|年?[底末])?{UNTIL}",
)
def _odd_year(m: re.Match[str], context: Context) -> Result:
    return Impossible(m[0])


@rule(
    "day",
    rf"{MAYBE}{MONTH}{GAP}月{GAP}{DAY}{GAP}[日号]{WEEKDAY}(?P<before>(?:\d{{1,2}}[时点:](?:\d\d)?)?{GAP}(?:[之以]?前|止|截止))?",
)
def _by_day(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    return deadline("day", day_of(year, month_of(m["month"]), to_int(m["day"]), m[0]), "day", implied)


@rule("month_part", rf"{MAYBE}{MONTH}{GAP}月(?:份)?{GAP}(?P<part>上中?|中下?|下)旬{UNTIL}")
def _month_part(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    month = month_of(m["month"])
    if m["part"].endswith("下"):
        return _month_due("month_part", year, month, m[0], implied)
    return deadline("month_part", day_of(year, month, 10 if m["part"] == "上" else 20, m[0]), "day", implied)


def _month_due(name: str, year: int | None, month: int, quote: str, implied: tuple[str, ...]) -> Result:
    if not 1 <= month <= 12:
        return Impossible(quote)
    return deadline(name, month_end(year, month) if year else None, "month", implied)


@rule("month_end", rf"{MAYBE}{MONTH}{GAP}月(?:份)?{GAP}(?:月?底|末|月末){UNTIL}")
def _month_end(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    return _month_due("month_end", year, month_of(m["month"]), m[0], implied)


@rule("month_begin", rf"{MAYBE}{MONTH}{GAP}月(?:份)?初(?!{GAP}{BEFORE}|步|级|期|审|验|稿)")
def _month_begin(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    return deadline("month_begin", day_of(year, month_of(m["month"]), 10, m[0]), "day", implied)


@rule("before_month", rf"{MAYBE}{MONTH}{GAP}月(?:份)?(?:初)?{BEFORE}")
def _before_month(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    first = day_of(year, month_of(m["month"]), 1, m[0])
    due = first - timedelta(days=1) if isinstance(first, date) else first
    return deadline("before_month", due, "month", implied)


@rule("this_month", rf"(?P<which>[本当]|下个?)?月(?:底|末){UNTIL}")
def _this_month(m: re.Match[str], context: Context) -> Result:
    if context.issued is None:
        return Schedule("deadline", "this_month", precision="month", implied=("month",))
    first = add_months(context.issued.replace(day=1), 1 if (m["which"] or "").startswith("下") else 0)
    return deadline("this_month", month_end(first.year, first.month), "month", ("month",))


@rule(
    "quarter",
    rf"{MAYBE}(?:前?(?:第?[一二三四1-4][、和及])*第?(?P<q>[一二三四1-4])个?季度|第(?P<q2>[一二三四1-4])季(?!度)|(?P<first>首季度?)|Q(?P<q3>[1-4]))"
    rf"(?P<end>末|底|内|中)?{UNTIL}",
)
def _quarter(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    last = 3 * (1 if m["first"] else to_int(m["q"] or m["q2"] or m["q3"]))
    return deadline("quarter", month_end(year, last) if year else None, "quarter", implied)


@rule("half_year", rf"{MAYBE}(?P<half>[上下])半年(?:底|末|内)?{UNTIL}")
def _half_year(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    due = month_end(year, 6 if m["half"] == "上" else 12) if year else None
    return deadline("half_year", due, "half", implied)


@rule("mid_year", rf"(?:{SAID}{GAP}年?|年)中(?![国央小心部医考等学型旬秋])(?:期)?{UNTIL}")
def _mid_year(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    return deadline("mid_year", date(year, 6, 30) if year else None, "half", implied)


@rule(
    "before_festival",
    rf"{MAYBE}(?:(?:{FESTIVALS})”?[、和及]“?)?“?(?P<name>{FESTIVALS})”?(?:国际)?(?:劳动节|国庆节|儿童节|建党节|建军节|假期|放假|长假|小长假|节日|节)?{BEFORE}",
)
def _before_festival(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    today = context.issued or context.day
    if m["year"] is None and m["rel"] is None and today:
        due = festival(m["name"], today.year)
        if due and due <= today:
            due = festival(m["name"], today.year + 1)
    else:
        due = festival(m["name"], year) if year else None
    return deadline("before_festival", due - timedelta(days=1) if due else None, "day", implied)


@rule("year_end", rf"{SAID}{GAP}(?:年{GAP})?(?:底|末|终){UNTIL}|(?P<bare>年(?:底|末|终){UNTIL})")
def _year_end(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    return deadline("year_end", date(year, 12, 31) if year else None, "year", implied)


@rule("year_begin", rf"(?:{SAID}{GAP}年?|年)初(?!步|级|期|中)")
def _year_begin(m: re.Match[str], context: Context) -> Result:
    return Schedule("deadline", "year_begin", precision="month", implied=("due",))


@rule("within_year", rf"{SAID}{GAP}(?:[以之]?内|全年)|(?:本)?年(?:度)?[以之]?内|全年")
def _within_year(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    return deadline("within_year", date(year, 12, 31) if year else None, "year", implied)


@rule(
    "plan_period",
    r"(?P<open>“)?(?P<five>十[一二三四五六]?)五(?P<close>”)?(?P<tail>(?:规划)?(?:期?末|期间|时期|期内|收官))?",
)
def _plan_period(m: re.Match[str], context: Context) -> Result:
    if not m["close"] and not m["tail"]:
        return None
    due = date(FIVE_YEAR[m["five"]], 12, 31)
    if not m["tail"]:
        after = m.string[m.end() : m.end() + 40]
        before = re.split("[,。;:]", m.string[max(0, m.start() - 16) : m.start()])[-1]
        done = re.search("完成|实现|达到|落实", before)
        if (
            not done
            or not re.match(r"[^,。;]*?(?:任务|目标|指标)", after)
            or re.match("规划(?!目标|任务|指标)", after)
        ):
            return TRAP
    return deadline("plan_period", due, "year", ())


@rule("dotted_day", r"(?P<year>20\d\d)[./-](?P<month>\d{1,2})[./-](?P<day>\d{1,2})(?!\d)" + UNTIL)
def _dotted_day(m: re.Match[str], context: Context) -> Result:
    return deadline(
        "dotted_day", day_of(to_int(m["year"]), to_int(m["month"]), to_int(m["day"]), m[0]), "day", ()
    )


@rule(
    "dotted_month",
    rf"(?P<year>20\d\d)[./-](?P<month>0?[1-9]|1[0-2])(?![\d./-]|{GAP}[万亿元个项%])(?P<before>{GAP}(?:月底|底|末)?{BEFORE})?",
)
def _dotted_month(m: re.Match[str], context: Context) -> Result:
    if not m["before"] and not context.field:
        return None
    return deadline("dotted_month", month_end(to_int(m["year"]), to_int(m["month"])), "month", ())


@rule(
    "month",
    rf"{MAYBE}(?P<month>\d{{1,2}}|十[一二]|[一二三四五六七八九十]){GAP}月(?:份)?(?![饼球子度均报供相份])",
)
def _in_month(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    return _month_due("month", year, month_of(m["month"]), m[0], implied)


@rule("before_year", rf"(?P<year>{YEAR}){GAP}年(?:度)?(?:[之以]?前)")
def _before_year(m: re.Match[str], context: Context) -> Result:
    return deadline("before_year", date(to_int(m["year"]) - 1, 12, 31), "year", ())


@rule("year", rf"{SAID}")
def _in_year(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    return deadline("year", date(year, 12, 31) if year else None, "year", implied)


@rule(
    "ongoing",
    r"立行立改,? *长期坚持|长期坚持|持续推进|长期推进"
    r"|持续实施|长期实施|常年坚持|常年开展|全年推进|长期|常年|持续|常态化(?:推进|开展)?|立行立改",
)
def _ongoing(m: re.Match[str], context: Context) -> Result:
    if not context.field and m[0] not in ("长期坚持", "立行立改,长期坚持", "常年坚持", "常年开展"):
        return None
    return Schedule("ongoing", "ongoing")
