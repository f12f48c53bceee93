"""What only looks like a date, and how often something is done."""

from __future__ import annotations

import re

from .date_base import DAY, GAP, MONTH, TRAP, UNTIL, YEAR, Context, Result, Rule, recurring, registry
from .lexicon import CN_NUM

RULES: list[Rule] = []
rule = registry(RULES)


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


@rule(
    "every_half_year",
    r"每(?:隔)?半年(?:度)?|每年(?=上半年[、和]下半年)|半年(?=[一1]次|通报|调度|报告|总结|评估|考核)",
)
def _every_half_year(m: re.Match[str], context: Context) -> Result:
    return recurring("every_half_year", "half-year")


@rule(
    "every_quarter",
    rf"每(?:个)?季度?(?:的)?(?:(?:最后一?个?月|末月|首月|第[一二三]个月)(?:的)?|末|初|底)?(?:{GAP}{DAY}{GAP}日)?{UNTIL}(?:\(分别[^()]*\))?"
    rf"|(?:按|分|逐)季度?|季度(?=通报|调度|报告|评估|考核|例会)",
)
def _every_quarter(m: re.Match[str], context: Context) -> Result:
    return recurring("every_quarter", "quarter")


@rule(
    "every_month",
    rf"每(?:隔)?(?P<n>{CN_NUM}|\d)?个?月(?:份)?(?:底|末|初|上旬|中旬|下旬)?(?:{GAP}{DAY}{GAP}[日号])?{UNTIL}"
    rf"|[按逐]月|月(?=抽查率|抽检率|调度|通报|报告|例会)",
)
def _every_month(m: re.Match[str], context: Context) -> Result:
    return recurring("every_month", "month")


@rule(
    "every_week",
    r"(?:\d{1,2}月份?)?(?:每|按|逐)(?:周|星期|礼拜)(?:[一二三四五六日天](?:[、至和][一二三四五六日天])*)?|周(?=调度|通报|例会|报告)",
)
def _every_week(m: re.Match[str], context: Context) -> Result:
    return recurring("every_week", "week")


@rule("every_day", r"每(?:天|日)(?!常)|[按逐]日|日(?=调度|通报制)")
def _every_day(m: re.Match[str], context: Context) -> Result:
    return recurring("every_day", "day")


@rule(
    "every_year",
    rf"每(?:隔)?(?:{CN_NUM}|\d)?年度?(?:{GAP}(?:{MONTH}{GAP}月(?:份)?(?:(?:{GAP}{DAY}{GAP}日)|底|末|上旬|中旬|下旬)?|年?底|年?末|第?[一二三四]季度末?|[上下]半年){UNTIL})?"
    r"|逐年|按(?:照)?年度?(?!计划|任务|工作)|分年度|年度(?=考核一次)",
)
def _every_year(m: re.Match[str], context: Context) -> Result:
    return recurring("every_year", "year")
