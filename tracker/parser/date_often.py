"""What only looks like a date, and how often something is done."""

from __future__ import annotations

import re

from .date_base import (
    BEFORE,
    DAY,
    FESTIVALS,
    GAP,
    MONTH,
    TO,
    TRAP,
    UNTIL,
    YEAR,
    Context,
    Result,
    Rule,
    recurring,
    registry,
)
from .lexicon import CN_NUM, to_int
from .types import Every

_PER_MONTHS: dict[int, Every] = {
    1: "month",
    3: "quarter",
    6: "half-year",
    12: "year",
}  # no other can be followed


RULES: list[Rule] = []
rule = registry(RULES)


@rule(
    "trap_entitlement",
    r"(?:每[人户亩家次生车辆村企台]\s*)每[年月日天]|(?:按\s*)?每年每(?:平方米|平米|立方米|吨|公里)|每年每[人户亩家次生车辆村台]"
    r"|每年(?:仅|只|限|最多|不超过|可享受|享受|最高|(?:给予|补助|补贴|奖励|资助)[^,。;]{0,12}元|按[^,。;]{0,12}标准)",
)
def _entitlement(m: re.Match[str], context: Context) -> Result:
    return TRAP


@rule(
    "trap_duration",
    rf"(?:\d+|{CN_NUM}+)\s*(?:-+|至|到)\s*(?:\d+|{CN_NUM}+)\s*个?(?:工作日|个月|年期|周|小时)"
    rf"|(?:\d+|{CN_NUM}+)\s*个?工作日(?:[以之]?内)?|(?:\d+|{CN_NUM}+)\s*个月(?!底|末)(?:[以之]?内)?",
)
def _duration(m: re.Match[str], context: Context) -> Result:
    return None if context.field else TRAP


@rule(
    "trap_past",
    r"(?:上一?年度?|去年(?:\d{1,2}月份?|同期)?底?|前[一二两三四五\d]+年|近[一二两三四五\d]+年|往年|历年)(?:\s*\([^()]{4,16}\))?(?:\d{1,2}月[至到-]+\d{1,2}月)?",
)
def _past(m: re.Match[str], context: Context) -> Result:
    return TRAP


@rule(
    "trap_named_plan",
    rf"[一二三四五六七八九十两\d]年(?:[\u4e00-\u9fff]{{0,12}}?)(?:行动|计划|方案|规划|攻坚|工程)(?:计划|方案)?(?:\s*\(\s*{YEAR}年?\s*[-至]+\s*{YEAR}年?\s*\))?",
)
def _named_plan(m: re.Match[str], context: Context) -> Result:
    return TRAP


# how often


# Frequencies in one word: 月调度, 季通报, 年考核, 一月一报.
ROUND = "调度|通报|例会|报告|评估|考核|总结|会商|评比|点评|排名|督查|督导|研判"
_ONCE = "(?=次|调度|通报|报|督|评|考|会|总结|晒|排|检|研|汇)"


@rule(
    "trap_rate",
    r"每[日天年月小](?:时)?(?=[^,。;、每]{0,8}(?:量|能力|产能|规模|流量|强度))(?![^,。;]{0,8}监测)",
)
def _rate(m: re.Match[str], context: Context) -> Result:
    return TRAP


@rule(
    "every_half_year",
    rf"每(?:隔)?半年(?:度)?|每年上半年[、和及]下半年|半年(?=[一1]次|{ROUND})|半年[一1]{_ONCE}",
)
def _every_half_year(m: re.Match[str], context: Context) -> Result:
    return recurring("every_half_year", "half-year")


@rule(
    "every_quarter",
    r"每(?:个)?季(?!节)度?(?:的)?(?:(?:最后一?个?月|末月|首月|第[一二三1-3]个月)(?:的)?|末|初|底|(?:结束)?[之以]?后)?"
    rf"(?:{GAP}{DAY}{GAP}个?(?:工作)?日内?)?{UNTIL}(?:\(分别[^()]*\))?"
    rf"|(?:按|分|逐)季(?!节)度?|季度?(?={ROUND})|[一1]个?季度?[一1]{_ONCE}",
)
def _every_quarter(m: re.Match[str], context: Context) -> Result:
    return recurring("every_quarter", "quarter")


@rule(
    "every_month",
    rf"每(?:隔)?(?P<n>{CN_NUM}|\d)?个?月(?:份)?(?:底|末|初|上旬|中旬|下旬|结束后)?(?:{GAP}{DAY}{GAP}[日号]内?)?{UNTIL}"
    rf"|(?:次|下)月{GAP}(?:\d{{1,2}}{GAP}[日号]|[上中]旬){BEFORE}"
    rf"|[按逐分]月(?!饼|薪)(?:度)?|月度?(?=抽查率|抽检率|{ROUND})|[一1]个?月[一1]{_ONCE}",
)
def _every_month(m: re.Match[str], context: Context) -> Result:
    return recurring("every_month", _PER_MONTHS.get(to_int(m["n"]) if m["n"] else 1))


@rule(
    "every_week",
    r"(?:\d{1,2}月份?)?(?:每(?P<n>[两二三双2-4])?个?|按|逐)(?:周(?!期|边|岁|转|年)|星期|礼拜)"
    r"(?:[一二三四五六日天末](?:[、至和][一二三四五六日天])*)?"
    rf"|周(?={ROUND})|[一1]周[一1]{_ONCE}",
)
def _every_week(m: re.Match[str], context: Context) -> Result:
    return recurring("every_week", None if m["n"] else "week")


@rule("every_day", rf"每(?:天|日)(?!常)|[按逐]日(?!程|期|历|照|计)|日(?=调度|通报制)|[一1][日天][一1]{_ONCE}")
def _every_day(m: re.Match[str], context: Context) -> Result:
    return recurring("every_day", "day")


_OF_YEAR = (
    rf"{MONTH}{GAP}月(?:份)?(?:(?:{GAP}{DAY}{GAP}日)|底|末|初|上旬|中旬|下旬)?"
    rf"(?:{TO}(?:次年|翌年|第二年)?{GAP}(?:\d{{1,2}}{GAP}月(?:份)?(?:{GAP}\d{{1,2}}{GAP}日|底)?|\d{{1,2}}{GAP}日))?"
    rf"|年?底|年?末|年?初|年?中(?!小)|第?[一二三四]季度末?|[上下]半年|(?:{FESTIVALS})前"
)


@rule(
    "every_year",
    rf"每(?:隔)?(?P<n>{CN_NUM}|\d)?年度?(?!级|龄|代)(?:{GAP}(?:{_OF_YEAR}){UNTIL}(?:[、和及]{GAP}\d{{1,2}}{GAP}月(?:份|底|\d{{1,2}}日)*{UNTIL})*)?"
    r"|逐年|按(?:照)?年(?!龄|限|级|代|薪|均)度?(?!计划|任务|工作)|分年度|年度(?=考核[一1]次)"
    rf"|年(?={ROUND})|[一1]年[一1两二]{_ONCE}",
)
def _every_year(m: re.Match[str], context: Context) -> Result:
    return recurring("every_year", "year" if not m["n"] or to_int(m["n"]) == 1 else None)
