"""When: one rule per way of saying a date. `schedule.search` applies them to a sentence.

A rule is a name, a pattern and a small function. The function returns a Schedule, `Impossible` (well formed, but no
such day), `TRAP` (looks like a date, schedules nothing) or None (not this rule). Rules are tried in the order they
stand here, at the places a cheap anchor pattern finds. What the words do not say is listed in `implied`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from .calendar import add_months, festival, month_end, season
from .lexicon import CN_NUM, to_int
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


class Trap:
    """Says: these words schedule nothing, go on behind them."""


TRAP = Trap()
Result = Schedule | Impossible | Trap | None
Build = Callable[[re.Match[str], Context], Result]


@dataclass(frozen=True, slots=True)
class Rule:
    """A way of saying a date. `pattern` is compiled when the first text is searched: importing stays cheap."""

    name: str
    pattern: str
    build: Build


RULES: list[Rule] = []


def rule(name: str, pattern: str) -> Callable[[Build], Build]:
    """Register a way of saying a date."""

    def register(build: Build) -> Build:
        RULES.append(Rule(name, pattern, build))
        return build

    return register


# Fragments. Blanks and line breaks may stand inside a date.
_ = r"\s*"
YEAR = r"(?:(?:19|20)\d{2}|[一二][〇零一二三四五六七八九]{3})"
SAID = rf"(?:(?P<year>{YEAR}){_}年(?:度)?(?:的)?|(?P<rel>今年|本年度?|当年|明年|后年|次年|翌年|第二年|同年)(?:的)?)"
MAYBE = rf"(?:{SAID}{_}|20[xX*]{{1,2}}{_}年{_})?"
MONTH = r"(?P<month>\d{1,2}|十[一二]|[一二三四五六七八九十元正])"
DAY = r"(?P<day>\d{1,2}|[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九])"
BEFORE = r"(?:[之以]?前)"
UNTIL = rf"(?:{_}(?:[之以]?前|止|截止))?"
TO = rf"{_}(?:-+|至|到){_}"
WEEKDAY = r"(?:\((?:星期|周)[一二三四五六日天]\))?"

_RELATIVE = {
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
_FIVE_YEAR = {"十": 2005, "十一": 2010, "十二": 2015, "十三": 2020, "十四": 2025, "十五": 2030, "十六": 2035}


def _year(m: re.Match[str], context: Context, group: str = "year") -> tuple[int | None, tuple[str, ...]]:
    """The year the words say, or the one they lean on with what that implies."""
    said = m[group]
    if said:
        return to_int(said), ()
    relative = m["rel"] if group == "year" else None
    if relative:
        base = (
            context.carried
            if relative in ("次年", "翌年", "第二年", "同年") and context.carried
            else context.year
        )
        return (base + _RELATIVE[relative] if base else None), ("year",)
    return context.carried or context.year, ("year",)


def _day(year: int | None, month: int, day: int, quote: str) -> date | Impossible | None:
    if year is None:
        year, known = 2024, False  # a leap year: 29 February may exist
    else:
        known = True
    try:
        day_of = date(year, month, day)
    except ValueError:
        return Impossible(quote)
    return day_of if known else None


def _month(text: str) -> int:
    return 1 if text in ("元", "正") else to_int(text)


def _deadline(
    name: str, due: date | Impossible | None, precision: Precision, implied: tuple[str, ...]
) -> Result:
    if isinstance(due, Impossible):
        return due
    return Schedule("deadline", name, due=due, precision=precision, implied=implied)


# --- what only looks like a date ------------------------------------------------------------------------------------


@rule(
    "trap_entitlement",
    r"(?:每[人户亩家次生车辆村企台]\s*)每年|每年每[人户亩家次生车辆村台]|每年(?:仅|只|限|最多|不超过|可享受|享受)",
)
def _entitlement(m: re.Match[str], context: Context) -> Result:
    return TRAP


@rule(
    "trap_duration",
    rf"(?:\d+|{CN_NUM}+)\s*(?:-+|至|到)\s*(?:\d+|{CN_NUM}+)\s*个?(?:工作日|个月|年期|周|小时)"
    rf"|(?:\d+|{CN_NUM}+)\s*个?工作日(?:[以之]?内)?|(?:\d+|{CN_NUM}+)\s*个月(?!底|末)(?:[以之]?内)?",
)
def _duration(m: re.Match[str], context: Context) -> Result:
    return TRAP


@rule(
    "trap_past",
    r"(?:上一?年度?|去年|前[一二两三四五\d]+年|近[一二两三四五\d]+年|往年|历年)(?:\s*\([^()]{4,16}\))?(?:\d{1,2}月[至到-]+\d{1,2}月)?",
)
def _past(m: re.Match[str], context: Context) -> Result:
    return TRAP


@rule(
    "trap_named_plan",
    rf"[一二三四五六七八九十两\d]年(?:[\u4e00-\u9fff]{{0,12}}?)(?:行动|计划|方案|规划|攻坚|工程)(?:计划|方案)?(?:\s*\(\s*{YEAR}年?\s*[-至]+\s*{YEAR}年?\s*\))?",
)
def _named_plan(m: re.Match[str], context: Context) -> Result:
    return TRAP


# --- how often ------------------------------------------------------------------------------------------------------


def _recurring(name: str, every: Every) -> Result:
    return Schedule("recurring", name, every=every)


@rule(
    "every_half_year",
    r"每(?:隔)?半年(?:度)?|每年(?=上半年[、和]下半年)|半年(?=[一1]次|通报|调度|报告|总结|评估|考核)",
)
def _every_half_year(m: re.Match[str], context: Context) -> Result:
    return _recurring("every_half_year", "half-year")


@rule(
    "every_quarter",
    rf"每(?:个)?季度?(?:的)?(?:(?:最后一?个?月|末月|首月|第[一二三]个月)(?:的)?|末|初|底)?(?:{_}{DAY}{_}日)?{UNTIL}(?:\(分别[^()]*\))?"
    rf"|(?:按|分|逐)季度?|季度(?=通报|调度|报告|评估|考核|例会)",
)
def _every_quarter(m: re.Match[str], context: Context) -> Result:
    return _recurring("every_quarter", "quarter")


@rule(
    "every_month",
    rf"每(?:隔)?(?P<n>{CN_NUM}|\d)?个?月(?:份)?(?:底|末|初|上旬|中旬|下旬)?(?:{_}{DAY}{_}[日号])?{UNTIL}"
    rf"|[按逐]月|月(?=抽查率|抽检率|调度|通报|报告|例会)",
)
def _every_month(m: re.Match[str], context: Context) -> Result:
    return _recurring("every_month", "month")


@rule(
    "every_week",
    r"(?:\d{1,2}月份?)?(?:每|按|逐)(?:周|星期|礼拜)(?:[一二三四五六日天](?:[、至和][一二三四五六日天])*)?|周(?=调度|通报|例会|报告)",
)
def _every_week(m: re.Match[str], context: Context) -> Result:
    return _recurring("every_week", "week")


@rule("every_day", r"每(?:天|日)(?!常)|[按逐]日|日(?=调度|通报制)")
def _every_day(m: re.Match[str], context: Context) -> Result:
    return _recurring("every_day", "day")


@rule(
    "every_year",
    rf"每(?:隔)?(?:{CN_NUM}|\d)?年度?(?:{_}(?:{MONTH}{_}月(?:份)?(?:(?:{_}{DAY}{_}日)|底|末|上旬|中旬|下旬)?|年?底|年?末|第?[一二三四]季度末?|[上下]半年){UNTIL})?"
    r"|逐年|按(?:照)?年度?(?!计划|任务|工作)|分年度|年度(?=考核一次)",
)
def _every_year(m: re.Match[str], context: Context) -> Result:
    return _recurring("every_year", "year")


# --- from when to when ----------------------------------------------------------------------------------------------


def _window(
    name: str,
    start: date | Impossible | None,
    due: date | Impossible | None,
    precision: Precision,
    implied: tuple[str, ...],
) -> Result:
    for end in (start, due):
        if isinstance(end, Impossible):
            return end
    assert not isinstance(start, Impossible) and not isinstance(due, Impossible)
    if start and due and due < start:
        due = add_months(due, 12)
        implied = (*implied, "year") if "year" not in implied else implied
    return Schedule("window", name, start=start, due=due, precision=precision, implied=implied)


@rule(
    "window_days",
    rf"{MAYBE}{MONTH}{_}月{_}{DAY}{_}[日号]?{WEEKDAY}(?:起)?{TO}(?:(?P<year2>{YEAR}){_}年{_})?(?:(?P<month2>\d{{1,2}}){_}月{_})?(?P<day2>\d{{1,2}}|底){_}[日号]?{WEEKDAY}(?:止)?",
)
def _window_days(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    year2 = to_int(m["year2"]) if m["year2"] else year
    month = _month(m["month"])
    month2 = to_int(m["month2"]) if m["month2"] else month
    start = _day(year, month, to_int(m["day"]), m[0])
    if m["day2"] == "底":
        due: date | Impossible | None = month_end(year2, month2) if year2 and 1 <= month2 <= 12 else None
    else:
        due = _day(year2, month2, to_int(m["day2"]), m[0])
    return _window("window_days", start, due, "day", implied)


@rule(
    "window_parts",
    rf"{MAYBE}{MONTH}{_}月(?:份)?(?P<part>[上中下])旬(?:起|开始)?{TO}(?:(?P<year2>{YEAR}){_}年{_})?(?:(?P<month2>\d{{1,2}}|十[一二]|[一二三四五六七八九十]){_}月(?:份)?)?(?P<part2>[上中下]旬|底|末)",
)
def _window_parts(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    month = _month(m["month"])
    month2 = to_int(m["month2"]) if m["month2"] else month
    if not 1 <= month <= 12 or not 1 <= month2 <= 12:
        return Impossible(m[0])
    if year is None:
        return Schedule("window", "window_parts", precision="day", implied=implied)
    year2 = to_int(m["year2"]) if m["year2"] else year
    start = date(year, month, {"上": 1, "中": 11, "下": 21}[m["part"]])
    day = {"上": 10, "中": 20}.get(m["part2"][0])
    return _window(
        "window_parts", start, date(year2, month2, day) if day else month_end(year2, month2), "day", implied
    )


@rule(
    "window_months",
    rf"{MAYBE}{MONTH}{_}(?:月(?:份|初|底)?)?{TO}(?:(?P<year2>{YEAR}){_}年{_}|(?P<next>次年|翌年|明年|第二年))?(?P<month2>\d{{1,2}}|十[一二]|[一二三四五六七八九十]){_}月(?:份|底|末)?(?!{_}\d{{1,2}}{_}日){UNTIL}",
)
def _window_months(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    year2 = to_int(m["year2"]) if m["year2"] else (year + 1 if m["next"] and year else year)
    month, month2 = _month(m["month"]), to_int(m["month2"])
    if not 1 <= month <= 12 or not 1 <= month2 <= 12:
        return Impossible(m[0])
    if year is None or year2 is None:
        return Schedule("window", "window_months", precision="month", implied=implied)
    return _window("window_months", date(year, month, 1), month_end(year2, month2), "month", implied)


@rule(
    "window_season",
    rf"(?P<year>{YEAR}){_}年?(?:{TO}(?P<year2>{YEAR}|\d\d)){_}年?(?:度)?(?P<season>秋冬季|冬春季|采暖季|采暖期|供暖季|供暖期|取暖季|冬季)|(?P<one>{YEAR}){_}年(?P<season1>秋冬季|采暖季|供暖季|春季|夏季|秋季|冬季)",
)
def _window_season(m: re.Match[str], context: Context) -> Result:
    start, due = season(to_int(m["year"] or m["one"]), m["season"] or m["season1"])
    return _window("window_season", start, due, "month", ())


@rule(
    "window_quarters",
    rf"{MAYBE}第?(?P<q>[一二三四1-4])(?:季度)?{TO}第?(?P<q2>[一二三四1-4])季度",
)
def _window_quarters(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    if year is None:
        return Schedule("window", "window_quarters", precision="quarter", implied=implied)
    start, due = date(year, to_int(m["q"]) * 3 - 2, 1), month_end(year, to_int(m["q2"]) * 3)
    return _window("window_quarters", start, due, "quarter", implied)


@rule("window_years", rf"(?P<year>{YEAR}){_}年?{TO}(?P<year2>{YEAR}){_}年(?:底|末|期间)?{UNTIL}")
def _window_years(m: re.Match[str], context: Context) -> Result:
    return _window(
        "window_years", date(to_int(m["year"]), 1, 1), date(to_int(m["year2"]), 12, 31), "year", ()
    )


# --- from when on ---------------------------------------------------------------------------------------------------

FROM = r"(?:起|开始(?!前|之前|以前))"


def _start(
    name: str, start: date | Impossible | None, precision: Precision, implied: tuple[str, ...]
) -> Result:
    if isinstance(start, Impossible):
        return start
    return Schedule("start", name, start=start, precision=precision, implied=implied)


@rule("start_day", rf"{MAYBE}{MONTH}{_}月{_}{DAY}{_}[日号]{WEEKDAY}(?:零时|0时)?{FROM}")
def _start_day(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    return _start("start_day", _day(year, _month(m["month"]), to_int(m["day"]), m[0]), "day", implied)


@rule("start_month", rf"{MAYBE}{MONTH}{_}月(?:份)?(?:底|初)?{FROM}")
def _start_month(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    return _start("start_month", _day(year, _month(m["month"]), 1, m[0]), "month", implied)


@rule("start_quarter", rf"{MAYBE}第?(?P<q>[一二三四1-4])季度{FROM}")
def _start_quarter(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    return _start("start_quarter", _day(year, to_int(m["q"]) * 3 - 2, 1, m[0]), "quarter", implied)


@rule("start_half", rf"{MAYBE}(?P<half>[上下])半年{FROM}")
def _start_half(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    return _start("start_half", _day(year, 1 if m["half"] == "上" else 7, 1, m[0]), "half", implied)


@rule("start_year", rf"{SAID}{FROM}")
def _start_year(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    return _start("start_year", _day(year, 1, 1, m[0]), "year", implied)


@rule("start_now", r"即日起|即日开始")
def _start_now(m: re.Match[str], context: Context) -> Result:
    return _start("start_now", context.issued, "day", ("start",))


# --- spans whose beginning is an event ------------------------------------------------------------------------------


@rule(
    "after_issue",
    rf"(?:自|从|在|于)?(?:(?:本?(?:方案|意见|通知|办法|计划|文件|规定)?(?:印发|发布|公布|下发|颁布|实施|施行|出台))|(?P<event>[\u4e00-\u9fff]{{1,10}}?))之日(?:起)?{_}(?:(?P<n>\d+|{CN_NUM}+){_}(?P<unit>个工作日|工作日|个月|日|天|周|年)(?:[以之]?内|前)|(?=施行|实施|执行|生效))",
)
def _after_issue(m: re.Match[str], context: Context) -> Result:
    if m["n"] is None:
        return None if m["event"] else _start("after_issue", context.issued, "day", ("start",))
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
    rf"(?:(?:用|利用|通过|力争|争取|经过|以){_})?(?<![\d第年])(?P<n>\d{{1,2}}|[一二两三四五六七八九十]{{1,2}}){_}(?:个)?年(?:左右)?(?:的)?(?:时间|(?:[以之])?内)(?:左右)?",
)
def _within_years(m: re.Match[str], context: Context) -> Result:
    start = context.issued
    due = _after(start, to_int(m["n"]), "年")
    return Schedule(
        "window", "within_years", start=start, due=due, precision="year", implied=("start", "due")
    )


# --- by when --------------------------------------------------------------------------------------------------------


@rule(
    "day",
    rf"{MAYBE}{MONTH}{_}月{_}{DAY}{_}[日号]{WEEKDAY}(?P<before>(?:\d{{1,2}}[时点:](?:\d\d)?)?{_}(?:[之以]?前|止|截止))?",
)
def _by_day(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    return _deadline("day", _day(year, _month(m["month"]), to_int(m["day"]), m[0]), "day", implied)


@rule("month_part", rf"{MAYBE}{MONTH}{_}月(?:份)?{_}(?P<part>[上中下])旬{UNTIL}")
def _month_part(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    month = _month(m["month"])
    if m["part"] == "下":
        return _month_due("month_part", year, month, m[0], implied)
    return _deadline("month_part", _day(year, month, 10 if m["part"] == "上" else 20, m[0]), "day", implied)


def _month_due(name: str, year: int | None, month: int, quote: str, implied: tuple[str, ...]) -> Result:
    if not 1 <= month <= 12:
        return Impossible(quote)
    return _deadline(name, month_end(year, month) if year else None, "month", implied)


@rule("month_end", rf"{MAYBE}{MONTH}{_}月(?:份)?{_}(?:月?底|末|月末){UNTIL}")
def _month_end(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    return _month_due("month_end", year, _month(m["month"]), m[0], implied)


@rule("before_month", rf"{MAYBE}{MONTH}{_}月(?:份)?(?:初)?{BEFORE}")
def _before_month(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    first = _day(year, _month(m["month"]), 1, m[0])
    due = first - timedelta(days=1) if isinstance(first, date) else first
    return _deadline("before_month", due, "month", implied)


@rule("this_month", r"(?P<which>本|当|下个?)月(?:底|末)" + UNTIL)
def _this_month(m: re.Match[str], context: Context) -> Result:
    if context.issued is None:
        return Schedule("deadline", "this_month", precision="month", implied=("month",))
    first = add_months(context.issued.replace(day=1), 1 if m["which"].startswith("下") else 0)
    return _deadline("this_month", month_end(first.year, first.month), "month", ("month",))


@rule("month_in_brackets", rf"(?<=\(){_}{MAYBE}{MONTH}{_}月(?:份)?(?={_}\))")
def _month_in_brackets(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    month = _month(m["month"])
    if not 1 <= month <= 12:
        return Impossible(m[0])
    if year is None:
        return Schedule("window", "month_in_brackets", precision="month", implied=implied)
    return _window("month_in_brackets", date(year, month, 1), month_end(year, month), "month", implied)


@rule("quarter", rf"{MAYBE}第?(?P<q>[一二三四1-4])个?季度(?P<end>末|底|内|中)?{UNTIL}")
def _quarter(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    return _deadline("quarter", month_end(year, to_int(m["q"]) * 3) if year else None, "quarter", implied)


@rule("half_year", rf"{MAYBE}(?P<half>[上下])半年(?:底|末|内)?{UNTIL}")
def _half_year(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    due = month_end(year, 6 if m["half"] == "上" else 12) if year else None
    return _deadline("half_year", due, "half", implied)


@rule("mid_year", rf"(?:{SAID}{_}年?|年)中(?![国央小心部医考等学型旬秋])(?:期)?{UNTIL}")
def _mid_year(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    return _deadline("mid_year", date(year, 6, 30) if year else None, "half", implied)


FESTIVALS = "春节|元旦|国庆节|国庆|五一|劳动节|中秋节|中秋|端午节|端午|清明节|清明|七一|八一|除夕|元宵节"


@rule("before_festival", rf"{MAYBE}(?:“)?(?P<name>{FESTIVALS})(?:”)?(?:假期|放假|长假|节)?{BEFORE}")
def _before_festival(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    if m["year"] is None and m["rel"] is None:
        if context.issued:
            due = festival(m["name"], context.issued.year)
            if due and due <= context.issued:
                due = festival(m["name"], context.issued.year + 1)
        else:
            due = festival(m["name"], year) if year else None
    else:
        due = festival(m["name"], year) if year else None
    return _deadline("before_festival", due - timedelta(days=1) if due else None, "day", implied)


@rule("year_end", rf"{SAID}{_}(?:年{_})?(?:底|末|终){UNTIL}|(?P<bare>年(?:底|末|终){UNTIL})")
def _year_end(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    return _deadline("year_end", date(year, 12, 31) if year else None, "year", implied)


@rule("within_year", rf"{SAID}{_}(?:[以之]?内|全年)|(?:本)?年(?:度)?[以之]?内|全年")
def _within_year(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    return _deadline("within_year", date(year, 12, 31) if year else None, "year", implied)


@rule(
    "plan_period",
    r"(?P<open>“)?(?P<five>十[一二三四五六]?)五(?P<close>”)?(?P<tail>(?:规划)?(?:期?末|期间|时期|期内|收官))?",
)
def _plan_period(m: re.Match[str], context: Context) -> Result:
    if not m["close"] and not m["tail"]:
        return None
    due = date(_FIVE_YEAR[m["five"]], 12, 31)
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
    return _deadline("plan_period", due, "year", ())


@rule("dotted_day", r"(?P<year>20\d\d)[./-](?P<month>\d{1,2})[./-](?P<day>\d{1,2})(?!\d)" + UNTIL)
def _dotted_day(m: re.Match[str], context: Context) -> Result:
    return _deadline(
        "dotted_day", _day(to_int(m["year"]), to_int(m["month"]), to_int(m["day"]), m[0]), "day", ()
    )


@rule(
    "month",
    rf"{MAYBE}(?P<month>\d{{1,2}}|十[一二]|[一二三四五六七八九十]){_}月(?:份)?(?![饼球子度均报供相份])",
)
def _in_month(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    return _month_due("month", year, _month(m["month"]), m[0], implied)


@rule("before_year", rf"(?P<year>{YEAR}){_}年(?:度)?(?:[之以]?前)")
def _before_year(m: re.Match[str], context: Context) -> Result:
    return _deadline("before_year", date(to_int(m["year"]) - 1, 12, 31), "year", ())


@rule("year", rf"{SAID}")
def _in_year(m: re.Match[str], context: Context) -> Result:
    year, implied = _year(m, context)
    return _deadline("year", date(year, 12, 31) if year else None, "year", implied)


@rule(
    "ongoing",
    r"立行立改,? *长期坚持|长期坚持|持续推进|长期推进|持续实施|长期实施|常年坚持|常年开展|全年推进|长期|常年|持续|常态化推进",
)
def _ongoing(m: re.Match[str], context: Context) -> Result:
    if not context.field and m[0] not in ("长期坚持", "立行立改,长期坚持", "常年坚持", "常年开展"):
        return None
    return Schedule("ongoing", "ongoing")
