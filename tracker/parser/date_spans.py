"""From when to when, from when on, and how long after an event."""

from __future__ import annotations

import re
from datetime import date, timedelta

from .calendar import add_months, month_end, season
from .date_base import (
    DAY,
    FROM,
    GAP,
    MAYBE,
    MONTH,
    SAID,
    TO,
    UNTIL,
    WEEKDAY,
    YEAR,
    Context,
    Impossible,
    Result,
    Rule,
    day_of,
    month_of,
    registry,
    starting,
    window,
    year_of,
)
from .lexicon import CN_NUM, to_int
from .types import Schedule

_MONTH2 = r"\d{1,2}|十[一二]|[一二三四五六七八九十]"
_THIRDS = {"上": 10, "中": 20}  # the last day of a third of a month; of the last third it is the month's


_COUNT = r"(?P<n>\d{1,2}|[一二两三四五六七八九十]{1,2})"

RULES: list[Rule] = []
rule = registry(RULES)


@rule(
    "window_days",
    rf"{MAYBE}{MONTH}{GAP}月{GAP}{DAY}{GAP}[日号]?{WEEKDAY}(?:起)?{TO}(?:(?:(?P<year2>{YEAR})|20[xX*]{{1,2}}){GAP}年{GAP})?(?:(?P<month2>\d{{1,2}}){GAP}月{GAP})?(?P<day2>\d{{1,2}}|底){GAP}[日号]?{WEEKDAY}(?:止)?",
)
def _window_days(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    year2 = to_int(m["year2"]) if m["year2"] else year
    month = month_of(m["month"])
    month2 = to_int(m["month2"]) if m["month2"] else month
    start = day_of(year, month, to_int(m["day"]), m[0])
    if m["day2"] == "底":
        due: date | Impossible | None = month_end(year2, month2) if year2 and 1 <= month2 <= 12 else None
    else:
        due = day_of(year2, month2, to_int(m["day2"]), m[0])
    return window("window_days", start, due, "day", implied)


@rule(
    "window_parts",
    rf"{MAYBE}{MONTH}{GAP}月(?:份)?(?P<part>[上中下])旬(?:起|开始)?{TO}(?:(?P<year2>{YEAR}){GAP}年{GAP})?"
    rf"(?:(?P<month2>{_MONTH2}){GAP}月(?:份)?(?P<part2>[上中下]旬|底|末)?|(?P<part3>[上中下]旬|底|末)){UNTIL}",
)
def _window_parts(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    month = month_of(m["month"])
    month2 = to_int(m["month2"]) if m["month2"] else month
    if not 1 <= month <= 12 or not 1 <= month2 <= 12:
        return Impossible(m[0])
    if year is None:
        return Schedule("window", "window_parts", precision="day", implied=implied)
    year2 = to_int(m["year2"]) if m["year2"] else year
    start = date(year, month, {"上": 1, "中": 11, "下": 21}[m["part"]])
    day = _THIRDS.get((m["part2"] or m["part3"] or "底")[0])
    return window(
        "window_parts", start, date(year2, month2, day) if day else month_end(year2, month2), "day", implied
    )


@rule(
    "window_months",
    rf"{MAYBE}{MONTH}{GAP}(?:月(?:份|初|底)?)?(?:起)?{TO}(?:(?P<year2>{YEAR}){GAP}年{GAP}|(?P<next>次年|翌年|明年|第二年))?"
    rf"(?P<month2>{_MONTH2}){GAP}月(?:份)?(?P<part2>[上中下]旬|底|末)?(?!{GAP}\d{{1,2}}{GAP}日){UNTIL}",
)
def _window_months(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    year2 = to_int(m["year2"]) if m["year2"] else (year + 1 if m["next"] and year else year)
    month, month2 = month_of(m["month"]), to_int(m["month2"])
    if not 1 <= month <= 12 or not 1 <= month2 <= 12:
        return Impossible(m[0])
    if year is None or year2 is None:
        return Schedule("window", "window_months", precision="month", implied=implied)
    day = _THIRDS.get((m["part2"] or "底")[0])
    due = date(year2, month2, day) if day else month_end(year2, month2)
    return window("window_months", date(year, month, 1), due, "month", implied)


@rule(
    "window_season",
    rf"(?P<year>{YEAR}){GAP}年?(?:{TO}(?P<year2>{YEAR}|\d\d)){GAP}年?(?:度)?(?P<season>秋冬季|冬春季|采暖季|采暖期|供暖季|供暖期|取暖季|冬季)(?!前|之前|到来|来临)|(?P<one>{YEAR}){GAP}年(?P<season1>秋冬季|采暖季|供暖季)(?!前|之前|到来|来临)",
)
def _window_season(m: re.Match[str], context: Context) -> Result:
    start, due = season(to_int(m["year"] or m["one"]), m["season"] or m["season1"])
    return window("window_season", start, due, "month", ())


@rule(
    "window_quarters",
    rf"{MAYBE}第?(?P<q>[一二三四1-4])(?:季度)?{TO}第?(?P<q2>[一二三四1-4])季度",
)
def _window_quarters(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    if year is None:
        return Schedule("window", "window_quarters", precision="quarter", implied=implied)
    start, due = date(year, to_int(m["q"]) * 3 - 2, 1), month_end(year, to_int(m["q2"]) * 3)
    return window("window_quarters", start, due, "quarter", implied)


@rule("window_years", rf"(?P<year>{YEAR}){GAP}年?{TO}(?P<year2>{YEAR}){GAP}年(?:底|末|期间)?{UNTIL}")
def _window_years(m: re.Match[str], context: Context) -> Result:
    return window("window_years", date(to_int(m["year"]), 1, 1), date(to_int(m["year2"]), 12, 31), "year", ())


# from when on


@rule(
    "window_dotted",
    rf"(?P<year>20\d\d)[./](?P<month>\d{{1,2}})(?:[./](?P<day>\d{{1,2}}))?{TO}"
    r"(?:(?P<year2>20\d\d)[./])?(?P<month2>\d{1,2})(?:[./](?P<day2>\d{1,2}))?(?![\d.])",
)
def _window_dotted(m: re.Match[str], context: Context) -> Result:
    year, month, month2 = int(m["year"]), int(m["month"]), int(m["month2"])
    year2 = int(m["year2"] or year)
    if (m["day"] is None) != (m["day2"] is None) or not 1 <= month2 <= 12:
        return None
    due = day_of(year2, month2, int(m["day2"]), m[0]) if m["day2"] else month_end(year2, month2)
    return window("window_dotted", day_of(year, month, int(m["day"] or 1), m[0]), due, "day", ())


@rule(
    "years_from",
    rf"(?P<year>{YEAR}){GAP}年(?:度)?(?:起|开始),?{GAP}(?:力争|争取|计划)?(?:用|通过|经过|在)?{_COUNT}{GAP}年(?:左右)?的?(?:时间|[以之]?内)",
)
def _years_from(m: re.Match[str], context: Context) -> Result:
    year, _ = year_of(m, context)
    assert year is not None
    last = date(year + to_int(m["n"]) - 1, 12, 31)
    return window("years_from", date(year, 1, 1), last, "year", ())


@rule(
    "start_day",
    rf"{MAYBE}{MONTH}{GAP}月{GAP}{DAY}{GAP}[日号]{WEEKDAY}(?:零时|0时)?"
    rf"(?:{FROM}|(?=(?:正式|全面|统一)?(?:施行|生效|执行|实施(?!方案|意见|办法|细则)|启用)))",
)
def _start_day(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    return starting("start_day", day_of(year, month_of(m["month"]), to_int(m["day"]), m[0]), "day", implied)


@rule("start_month", rf"{MAYBE}{MONTH}{GAP}月(?:份)?(?:底|初)?{FROM}")
def _start_month(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    return starting("start_month", day_of(year, month_of(m["month"]), 1, m[0]), "month", implied)


@rule("start_quarter", rf"{MAYBE}第?(?P<q>[一二三四1-4])季度{FROM}")
def _start_quarter(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    return starting("start_quarter", day_of(year, to_int(m["q"]) * 3 - 2, 1, m[0]), "quarter", implied)


@rule("start_half", rf"{MAYBE}(?P<half>[上下])半年{FROM}")
def _start_half(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    return starting("start_half", day_of(year, 1 if m["half"] == "上" else 7, 1, m[0]), "half", implied)


@rule("start_year", rf"{SAID}{FROM}")
def _start_year(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    return starting("start_year", day_of(year, 1, 1, m[0]), "year", implied)


@rule("start_now", r"即日起|即日开始")
def _start_now(m: re.Match[str], context: Context) -> Result:
    return starting("start_now", context.issued, "day", ("start",))


# spans whose beginning is an event


_SOON = rf"(?P<n>\d+|{CN_NUM}+){GAP}(?P<unit>个工作日|工作日|个月|日|天|周|年)(?:[以之]?内|前)"
_LATER = _SOON.replace("<n>", "<n2>").replace("<unit>", "<unit2>")
_ISSUE = (
    "本?(?:行动|实施|工作)?(?:方案|意见|通知|办法|计划|文件|规定|要点)?(?:正式)?"
    "(?:印发|发布|公布|下发|颁布|实施|施行|出台)"
)


@rule(
    "after_issue",
    rf"(?:自|从|在|于)?(?:(?:{_ISSUE})|(?P<event>[\u4e00-\u9fff]{{1,10}}?))之日(?:起)?{GAP}"
    rf"(?:{_SOON}|(?=施行|实施|执行|生效|至|到|-))|(?:自|在|于)?{_ISSUE}(?:之?后|以后)?的?{_LATER}",
)
def _after_issue(m: re.Match[str], context: Context) -> Result:
    count, unit = m["n"] or m["n2"], m["unit"] or m["unit2"]
    if count is None:
        return None if m["event"] else starting("after_issue", context.issued, "day", ("start",))
    issued = None if m["event"] else context.issued
    due = _after(issued, to_int(count), unit)
    return Schedule("deadline", "after_issue", due=due, precision="day", implied=("start",))


def _after(start: date | None, count: int, unit: str) -> date | None:
    """`start` plus a span; working days need a working calendar, so they stay open."""
    if start is None or "工作日" in unit or count > 36500:
        return None
    if unit in ("日", "天"):
        return start + timedelta(days=count)
    if unit == "周":
        return start + timedelta(weeks=count)
    return add_months(start, count * (12 if unit == "年" else 1))


@rule(
    "within_years",
    rf"(?:(?:用|利用|通过|力争|争取|经过|以){GAP})?(?<![\d第年])(?:[1-9一二两三四五]{GAP}[-至到]{GAP})?"
    rf"{_COUNT}{GAP}(?:个)?年(?:左右)?(?:的)?(?:时间|努力|(?:[以之])?内)(?:左右)?",
)
def _within_years(m: re.Match[str], context: Context) -> Result:
    count = to_int(m["n"])
    if context.since and context.issued is None:
        due: date | None = date(context.since + count - 1, 12, 31)
    else:
        due = _after(context.issued or context.day, count, "年")
    return Schedule("deadline", "within_years", due=due, precision="year", implied=("start", "due"))


@rule(
    "within_months",
    rf"(?P<lead>(?:用|利用|力争|争取){GAP})?(?:(?:在|用){GAP})?{_COUNT}{GAP}(?P<unit>个月|天|周)(?:左右)?(?:的)?(?:时间|[以之]?内)",
)
def _within_months(m: re.Match[str], context: Context) -> Result:
    if not m["lead"] and not context.field:
        return None
    due = _after(context.issued or context.day, to_int(m["n"]), m["unit"])
    return Schedule("deadline", "within_months", due=due, precision="day", implied=("start", "due"))


def _stretch(name: str, m: re.Match[str], context: Context) -> Result:
    """A month or a third of it, in which a stage of the work takes place."""
    year, implied = year_of(m, context)
    month = month_of(m["month"])
    if not 1 <= month <= 12:
        return Impossible(m[0])
    if year is None:
        return Schedule("window", name, precision="month", implied=implied)
    part = (m["part"] or " ")[0]
    first = date(year, month, {"中": 11, "下": 21}.get(part, 1))
    last = date(year, month, _THIRDS[part]) if part in _THIRDS else month_end(year, month)
    return window(name, first, last, "day" if m["part"] else "month", implied)


_STRETCH = rf"{MAYBE}{MONTH}{GAP}月(?:份)?(?P<part>[上中下]旬)?"


@rule("month_in_brackets", rf"(?<=\(){GAP}{_STRETCH}(?={GAP}\))")
def _month_in_brackets(m: re.Match[str], context: Context) -> Result:
    return _stretch("month_in_brackets", m, context)


@rule("month_of_stage", rf"(?<=阶段[:。,(\n ]){_STRETCH}(?!{GAP}(?:[底末前初上中下起至到-]|\d))")
def _month_of_stage(m: re.Match[str], context: Context) -> Result:
    return _stretch("month_of_stage", m, context)
