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

RULES: list[Rule] = []
rule = registry(RULES)


@rule(
    "window_days",
    rf"{MAYBE}{MONTH}{GAP}月{GAP}{DAY}{GAP}[日号]?{WEEKDAY}(?:起)?{TO}(?:(?P<year2>{YEAR}){GAP}年{GAP})?(?:(?P<month2>\d{{1,2}}){GAP}月{GAP})?(?P<day2>\d{{1,2}}|底){GAP}[日号]?{WEEKDAY}(?:止)?",
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
    rf"{MAYBE}{MONTH}{GAP}月(?:份)?(?P<part>[上中下])旬(?:起|开始)?{TO}(?:(?P<year2>{YEAR}){GAP}年{GAP})?(?:(?P<month2>\d{{1,2}}|十[一二]|[一二三四五六七八九十]){GAP}月(?:份)?)?(?P<part2>[上中下]旬|底|末)",
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
    day = {"上": 10, "中": 20}.get(m["part2"][0])
    return window(
        "window_parts", start, date(year2, month2, day) if day else month_end(year2, month2), "day", implied
    )


@rule(
    "window_months",
    rf"{MAYBE}{MONTH}{GAP}(?:月(?:份|初|底)?)?{TO}(?:(?P<year2>{YEAR}){GAP}年{GAP}|(?P<next>次年|翌年|明年|第二年))?(?P<month2>\d{{1,2}}|十[一二]|[一二三四五六七八九十]){GAP}月(?:份|底|末)?(?!{GAP}\d{{1,2}}{GAP}日){UNTIL}",
)
def _window_months(m: re.Match[str], context: Context) -> Result:
    year, implied = year_of(m, context)
    year2 = to_int(m["year2"]) if m["year2"] else (year + 1 if m["next"] and year else year)
    month, month2 = month_of(m["month"]), to_int(m["month2"])
    if not 1 <= month <= 12 or not 1 <= month2 <= 12:
        return Impossible(m[0])
    if year is None or year2 is None:
        return Schedule("window", "window_months", precision="month", implied=implied)
    return window("window_months", date(year, month, 1), month_end(year2, month2), "month", implied)


@rule(
    "window_season",
    rf"(?P<year>{YEAR}){GAP}年?(?:{TO}(?P<year2>{YEAR}|\d\d)){GAP}年?(?:度)?(?P<season>秋冬季|冬春季|采暖季|采暖期|供暖季|供暖期|取暖季|冬季)|(?P<one>{YEAR}){GAP}年(?P<season1>秋冬季|采暖季|供暖季)",
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


# --- from when on ---------------------------------------------------------------------------------------------------


@rule("start_day", rf"{MAYBE}{MONTH}{GAP}月{GAP}{DAY}{GAP}[日号]{WEEKDAY}(?:零时|0时)?{FROM}")
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


# --- spans whose beginning is an event ------------------------------------------------------------------------------


@rule(
    "after_issue",
    rf"(?:自|从|在|于)?(?:(?:本?(?:方案|意见|通知|办法|计划|文件|规定)?(?:印发|发布|公布|下发|颁布|实施|施行|出台))|(?P<event>[\u4e00-\u9fff]{{1,10}}?))之日(?:起)?{GAP}(?:(?P<n>\d+|{CN_NUM}+){GAP}(?P<unit>个工作日|工作日|个月|日|天|周|年)(?:[以之]?内|前)|(?=施行|实施|执行|生效))",
)
def _after_issue(m: re.Match[str], context: Context) -> Result:
    if m["n"] is None:
        return None if m["event"] else starting("after_issue", context.issued, "day", ("start",))
    issued = None if m["event"] else context.issued
    due = _after(issued, to_int(m["n"]), m["unit"])
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
    rf"(?:(?:用|利用|通过|力争|争取|经过|以){GAP})?(?<![\d第年])(?P<n>\d{{1,2}}|[一二两三四五六七八九十]{{1,2}}){GAP}(?:个)?年(?:左右)?(?:的)?(?:时间|(?:[以之])?内)(?:左右)?",
)
def _within_years(m: re.Match[str], context: Context) -> Result:
    start = context.issued
    due = _after(start, to_int(m["n"]), "年")
    return Schedule(
        "window", "within_years", start=start, due=due, precision="year", implied=("start", "due")
    )
