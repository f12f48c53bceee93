"""When: for each rule the phrases it reads and the dates they give, and the phrases that schedule nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import opencc
import pytest

from tracker.parser import parse_text, schedule
from tracker.parser.folding import fold
from tracker.parser.rules import RULES, Context
from tracker.parser.types import Schedule

ISSUED = date(2024, 6, 27)
CONTEXT = Context(year=2024, issued=ISSUED, own_year=2024)
WIDE = str.maketrans(
    ",:;()0123456789",
    "\uff0c\uff1a\uff1b\uff08\uff09\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19",
)
TRADITIONAL = opencc.OpenCC("s2t").convert

# rule -> (phrase, kind, start, due, every): dates as ISO text
CASES: dict[str, list[tuple[str, str, str | None, str | None, str | None]]] = {
    "day": [
        ("2024年10月15日前完成", "deadline", None, "2024-10-15", None),
        ("4月20日(星期五)前报送", "deadline", None, "2024-04-20", None),
        ("11月30日前", "deadline", None, "2024-11-30", None),
        ("今年11月15日前建成", "deadline", None, "2024-11-15", None),
        ("于2024年9月1日之前办结", "deadline", None, "2024-09-01", None),
        ("二〇二五年三月十五日前完成", "deadline", None, "2025-03-15", None),
        ("截至2024年12月31日,完成", "deadline", None, "2024-12-31", None),
        ("2024 年 8 月 1 日前", "deadline", None, "2024-08-01", None),
    ],
    "month_end": [
        ("2024年6月底前完成", "deadline", None, "2024-06-30", None),
        ("原则上于2025年9月底前", "deadline", None, "2025-09-30", None),
        ("要在2024年12月底前建立", "deadline", None, "2024-12-31", None),
        ("到2025年6月底", "deadline", None, "2025-06-30", None),
        ("6月底完成", "deadline", None, "2024-06-30", None),
        ("12月底前", "deadline", None, "2024-12-31", None),
        ("5月底前动工", "deadline", None, "2024-05-31", None),
        ("今年10月底前", "deadline", None, "2024-10-31", None),
        ("十二月末前", "deadline", None, "2024-12-31", None),
        ("2024年2月底前", "deadline", None, "2024-02-29", None),
        ("25年6月底前完成", "deadline", None, "2025-06-30", None),
        ("2025年\n2月底前", "deadline", None, "2025-02-28", None),
    ],
    "month_part": [
        ("9月上旬完成", "deadline", None, "2024-09-10", None),
        ("2024年9月中旬前", "deadline", None, "2024-09-20", None),
        ("9月下旬", "deadline", None, "2024-09-30", None),
        ("8月中下旬完成", "deadline", None, "2024-08-31", None),
    ],
    "before_month": [("2024年10月前完成", "deadline", None, "2024-09-30", None)],
    "month": [
        ("9月投入使用", "deadline", None, "2024-09-30", None),
        ("2024年11月完成", "deadline", None, "2024-11-30", None),
        ("力争2025年3月建成", "deadline", None, "2025-03-31", None),
    ],
    "within_months": [
        ("力争用三个月时间完成", "deadline", None, "2024-09-27", None),
        ("用30天时间集中整治", "deadline", None, "2024-07-27", None),
    ],
    "years_from": [
        ("2012年起5年内,引进人才", "window", "2012-01-01", "2016-12-31", None),
        ("从2024年起,用三年时间", "window", "2024-01-01", "2026-12-31", None),
    ],
    "dotted_month": [
        ("2024.12前完成", "deadline", None, "2024-12-31", None),
    ],
    "window_dotted": [
        ("2024.7.1-2024.9.30", "window", "2024-07-01", "2024-09-30", None),
        ("2024.07-12", "window", "2024-07-01", "2024-12-31", None),
    ],
    "year_begin": [
        ("2025年初部署", "deadline", None, None, None),
        ("年初制定计划", "deadline", None, None, None),
    ],
    "month_begin": [
        ("9月初完成", "deadline", None, "2024-09-10", None),
        ("2024年10月初开工", "deadline", None, "2024-10-10", None),
    ],
    "month_of_stage": [
        ("回访阶段。12月,逐一回访", "window", "2024-12-01", "2024-12-31", None),
        ("总结阶段:11月下旬,总结", "window", "2024-11-21", "2024-11-30", None),
    ],
    "month_in_brackets": [
        ("宣传阶段(5月)", "window", "2024-05-01", "2024-05-31", None),
        ("动员阶段(3月上旬)", "window", "2024-03-01", "2024-03-10", None),
        ("验收阶段(2024年6月中旬)", "window", "2024-06-11", "2024-06-20", None),
    ],
    "this_month": [
        ("本月底前上报", "deadline", None, "2024-06-30", None),
        ("下月底前", "deadline", None, "2024-07-31", None),
        ("月底前报送", "deadline", None, "2024-06-30", None),
    ],
    "quarter": [
        ("2025年一季度完成", "deadline", None, "2025-03-31", None),
        ("2025年第二季完成", "deadline", None, "2025-06-30", None),
        ("首季度完成", "deadline", None, "2024-03-31", None),
        ("2025年Q2完成", "deadline", None, "2025-06-30", None),
        ("前三季度完成75%", "deadline", None, "2024-09-30", None),
        ("三季度末完成", "deadline", None, "2024-09-30", None),
        ("2024年第四季度前", "deadline", None, "2024-12-31", None),
        ("第一季度:完成摸底", "deadline", None, "2024-03-31", None),
    ],
    "half_year": [
        ("2025年上半年完成", "deadline", None, "2025-06-30", None),
        ("下半年完成", "deadline", None, "2024-12-31", None),
    ],
    "mid_year": [
        ("年中完成", "deadline", None, "2024-06-30", None),
        ("2025年年中前完成", "deadline", None, "2025-06-30", None),
    ],
    "year_end": [
        ("2025年底前", "deadline", None, "2025-12-31", None),
        ("25年底前完成", "deadline", None, "2025-12-31", None),
        ("2025年年底前,完成", "deadline", None, "2025-12-31", None),
        ("2025年末", "deadline", None, "2025-12-31", None),
        ("至2025年底", "deadline", None, "2025-12-31", None),
        ("2025 年底 前", "deadline", None, "2025-12-31", None),
        ("2025年\n年底前", "deadline", None, "2025-12-31", None),
        ("年底前完成", "deadline", None, "2024-12-31", None),
        ("年末完成", "deadline", None, "2024-12-31", None),
        ("明年年底前", "deadline", None, "2025-12-31", None),
        ("今年底前", "deadline", None, "2024-12-31", None),
        ("二〇二五年底前", "deadline", None, "2025-12-31", None),
        ("民国114年底前", "deadline", None, "2025-12-31", None),
        ("115年底前", "deadline", None, "2026-12-31", None),
    ],
    "within_year": [
        ("年内完成", "deadline", None, "2024-12-31", None),
        ("全年完成500个项目", "deadline", None, "2024-12-31", None),
        ("2025年内完成", "deadline", None, "2025-12-31", None),
    ],
    "year": [
        ("到2025年,基本完成", "deadline", None, "2025-12-31", None),
        ("2024年,力争完成", "deadline", None, "2024-12-31", None),
        ("力争2025年全市占比下降", "deadline", None, "2025-12-31", None),
        ("今年完成改造", "deadline", None, "2024-12-31", None),
        ("当年完成整改", "deadline", None, "2024-12-31", None),
        ("明年实现全覆盖", "deadline", None, "2025-12-31", None),
    ],
    "before_year": [("2026年前完成", "deadline", None, "2025-12-31", None)],
    "dotted_day": [
        ("2024.12.31前完成", "deadline", None, "2024-12-31", None),
        ("2024-12-31", "deadline", None, "2024-12-31", None),
    ],
    "plan_period": [
        ("完成“十四五”煤炭消费总量控制任务", "deadline", None, "2025-12-31", None),
        ("“十四五”末,实现全覆盖", "deadline", None, "2025-12-31", None),
        ("“十四五”期末达到", "deadline", None, "2025-12-31", None),
        ("“十五五”期间建成", "deadline", None, "2030-12-31", None),
    ],
    "before_festival": [
        ("春节前完成", "deadline", None, "2025-01-28", None),
        ("2024年国庆节前完成", "deadline", None, "2024-09-30", None),
        ("中秋节前完成", "deadline", None, "2024-09-16", None),
        ("“五一”前完成", "deadline", None, "2025-04-30", None),
        ("元旦前完成", "deadline", None, "2024-12-31", None),
        ("“十一”前完成", "deadline", None, "2024-09-30", None),
        ("“五一”国际劳动节前完成", "deadline", None, "2025-04-30", None),
        ("教师节前发放到位", "deadline", None, "2024-09-09", None),
    ],
    "window_days": [
        ("2019年1月1日至12月31日", "window", "2019-01-01", "2019-12-31", None),
        ("5月28日-6月10日", "window", "2024-05-28", "2024-06-10", None),
        ("(11月11日至15日)", "window", "2024-11-11", "2024-11-15", None),
        ("2024年12月1日至2025年1月10日", "window", "2024-12-01", "2025-01-10", None),
    ],
    "window_months": [
        ("2021年5月至9月", "window", "2021-05-01", "2021-09-30", None),
        ("(5月-8月)", "window", "2024-05-01", "2024-08-31", None),
        ("2024年10月至2025年3月", "window", "2024-10-01", "2025-03-31", None),
        ("7-9月", "window", "2024-07-01", "2024-09-30", None),
        ("2024年11月至次年3月", "window", "2024-11-01", "2025-03-31", None),
        ("10至11月中旬", "window", "2024-10-01", "2024-11-20", None),
    ],
    "window_parts": [
        ("2月下旬-3月上旬", "window", "2024-02-21", "2024-03-10", None),
        ("20*年2月下旬-3月中旬", "window", "2024-02-21", "2024-03-20", None),
        ("11月下旬至12月份", "window", "2024-11-21", "2024-12-31", None),
    ],
    "window_season": [("2024-2025年秋冬季攻坚", "window", "2024-10-01", "2025-03-31", None)],
    "window_quarters": [("2024年二季度至四季度", "window", "2024-04-01", "2024-12-31", None)],
    "window_years": [("2024-2026年,每家补助", "window", "2024-01-01", "2026-12-31", None)],
    "start_day": [
        ("从2025年1月1日起执行", "start", "2025-01-01", None, None),
        ("2024年10月1日起", "start", "2024-10-01", None, None),
        ("2024年7月1日正式实施", "start", "2024-07-01", None, None),
    ],
    "start_month": [("从2024年9月起", "start", "2024-09-01", None, None)],
    "start_quarter": [("从2025年第一季度开始", "start", "2025-01-01", None, None)],
    "start_half": [("2024年下半年起", "start", "2024-07-01", None, None)],
    "start_year": [
        ("2025年起", "start", "2025-01-01", None, None),
        ("从2013年起", "start", "2013-01-01", None, None),
    ],
    "start_now": [("从即日起", "start", "2024-06-27", None, None)],
    "after_issue": [
        ("自印发之日起30日内报送", "deadline", None, "2024-07-27", None),
        ("自本方案印发之日起三个月内", "deadline", None, "2024-09-27", None),
        ("在决定作出之日起20个工作日内", "deadline", None, None, None),
        ("自印发之日起施行", "start", "2024-06-27", None, None),
        ("印发后30日内报送", "deadline", None, "2024-07-27", None),
        ("方案印发后1个月内制定", "deadline", None, "2024-07-27", None),
    ],
    "within_years": [
        ("用三年时间,完成", "deadline", None, "2027-06-27", None),
        ("5年内建成", "deadline", None, "2029-06-27", None),
        ("在两年之内完成", "deadline", None, "2026-06-27", None),
        ("用3至5年时间", "deadline", None, "2029-06-27", None),
    ],
    "every_year": [
        ("每年培育50家", "recurring", None, None, "year"),
        ("每年2月底前报送", "recurring", None, None, "year"),
        ("每年1月31日前", "recurring", None, None, "year"),
        ("按年度组织开展", "recurring", None, None, "year"),
        ("按照年度实施", "recurring", None, None, "year"),
        ("逐年实现进位", "recurring", None, None, "year"),
        ("实行年考核", "recurring", None, None, "year"),
        ("一年一考核", "recurring", None, None, "year"),
        ("每年10月至次年3月巡查", "recurring", None, None, "year"),
        ("每年年底前报送", "recurring", None, None, "year"),
        ("每两年评选一次", "recurring", None, None, None),
    ],
    "every_half_year": [
        ("每半年通报一次", "recurring", None, None, "half-year"),
        ("半年一次", "recurring", None, None, "half-year"),
        ("每年上半年、下半年各开展一次", "recurring", None, None, "half-year"),
    ],
    "every_quarter": [
        ("每季度末报送", "recurring", None, None, "quarter"),
        ("每季度末月20日前", "recurring", None, None, "quarter"),
        ("每季度最后一个月的30日前", "recurring", None, None, "quarter"),
        ("每季度末(分别在6月、9月和12月底)报送", "recurring", None, None, "quarter"),
        ("按季度调度", "recurring", None, None, "quarter"),
        ("按季调度", "recurring", None, None, "quarter"),
        ("季通报", "recurring", None, None, "quarter"),
        ("一季度一通报", "recurring", None, None, "quarter"),
        ("每季度结束后10日内报送", "recurring", None, None, "quarter"),
        ("季度例会", "recurring", None, None, "quarter"),
    ],
    "every_month": [
        ("每月28日前报送", "recurring", None, None, "month"),
        ("每月开展2次", "recurring", None, None, "month"),
        ("月抽查率不低于20%", "recurring", None, None, "month"),
        ("每两个月调度一次", "recurring", None, None, None),
        ("每三个月调度一次", "recurring", None, None, "quarter"),
        ("一月一调度", "recurring", None, None, "month"),
        ("按月通报", "recurring", None, None, "month"),
        ("逐月下降", "recurring", None, None, "month"),
        ("月度通报", "recurring", None, None, "month"),
        ("次月5日前报送", "recurring", None, None, "month"),
        ("每月底前报送", "recurring", None, None, "month"),
        ("每月5日前", "recurring", None, None, "month"),
        ("分解目标至每月", "recurring", None, None, "month"),
    ],
    "every_week": [
        ("每周调度", "recurring", None, None, "week"),
        ("一周一调度", "recurring", None, None, "week"),
        ("每两周会商", "recurring", None, None, None),
        ("5月份每周六开展", "recurring", None, None, "week"),
    ],
    "every_day": [
        ("每日调度", "recurring", None, None, "day"),
        ("每天巡查", "recurring", None, None, "day"),
        ("一日一报", "recurring", None, None, "day"),
    ],
}
# Whole phrases with several dates: every date found, in order.
PHRASES = {
    "活动时间从20**年12月7日起至20**年2月8日结束": "wind:2024-12-07>2025-02-08",
    "要在每个季度第1个月的20日前,将情况报送": "recu:quarter",
    "6月、9月和12月底各报送一次": "dead:2024-06-30 dead:2024-09-30 dead:2024-12-31",
    "6月15日、12月15日前分别报送": "dead:2024-06-15 dead:2024-12-15",
    "6月和12月召开会议": "dead:2024-06-30 dead:2024-12-31",
    "每年7月1日前和12月31日前": "recu:year",
    "每年1月底、7月底前": "recu:year",
    "每年春节前": "recu:year",
    "2024年6月至2025年5月,每月报送": "wind:2024-06-01>2025-05-31 recu:month",
    "2025年达到60%,2027年达到70%": "dead:2025-12-31 dead:2027-12-31",
    "到2025年和2027年": "dead:2025-12-31 dead:2027-12-31",
    "最迟于2024年11月底": "dead:2024-11-30",
    "2024年国庆、中秋前": "dead:2024-09-16",
    "2024年6月底前完成方案编制,次年3月底前完工": "dead:2024-06-30 dead:2025-03-31",
    "2024年第一、二季度": "dead:2024-06-30",
    "114年度上半年完成": "dead:2025-06-30",
    "实行月调度、季通报、年考核": "recu:month recu:quarter recu:year",
    "周例会、月调度机制": "recu:week recu:month",
    "本办法自2024年8月1日起施行,有效期5年": "star:2024-08-01",
    "即日起至2024年12月底": "star:2024-06-27 dead:2024-12-31",
}
NOTHING = {
    "year_odd": ["挖掘5000年文明内涵", "3000年前的遗址", "1000年古树"],
    "within_years": ["支持毕业5年以内高校毕业生创业", "成立3年内的企业", "离校2年内未就业毕业生"],
    "trap_entitlement": ["每人每年只享受一次", "每户每年补助"],
    "trap_duration": ["期限为3-12个月", "90个工作日以内办结", "3个月内"],
    "trap_rate": ["每日回收量达1.5吨", "每天处理能力500吨"],
    "trap_past": ["前三年(2022-2024年)平均水平", "上一年度1月至12月", "近三年"],
    "trap_named_plan": ["三年百万人才计划", "三年行动计划(2022-2024)"],
    "": [
        "2000年底前建成的小区",
        "2022年第八次常务会议确定的事项",
        "年终考核结果纳入考评",
        "作为年底评优的依据",
        "较2020年下降5%",
        "比2020年减少",
        "以2020年为基数",
        "在2020年基础上",
        "《产业结构调整指导目录(2024年本)》",
        "《2005年工作总结》",
        "豫政〔2024〕12号",
        "对2025年之后完成的,不再给予奖补",
        "保障2022年冬奥会",
        "控制在7吨/月·平方公里以下",
        "采暖期前",
        "秋季开学",
        "20xx年",
        "24小时值守",
        "定期通报",
        "年均增长15%以上",
        "日常监管",
        "制定2024年清洁取暖改造计划",
        "国家“十四五”规划",
        "纳入本部门“十四五”规划",
        "2020年清洁取暖工作",
        "使用年限超过20年",
        "年产能5000吨以下",
        "持续推进",
        "长期未开发的裸地",
        "秋冬季生产调控",
        "2020年修订版",
        "今年到期的政策",
        "2024年度考核结果",
        "截至2023年底,全市已建成50座",
        "学年末考核",
        "加强对2024年度任务完成情况的督查",
        "2024年汛期前",
        "月饼生产企业",
        "三个月",
        "每个环节",
        "周边地区",
        "季节性调整",
        "每季节",
        "按年龄分组",
        "按月薪计算",
        "一年一度的盛会",
        "2024年是开局之年",
        "做好2024年工作",
        "对2024年工作作出了部署",
        "做好2024年“创业杯”大赛组织",
        "申办2025年夏季促进活动启动仪式",
        "制定2024年度学习计划,提高质量",
        "2024年民生实事任务分解表",
        "列为今年工作重点",
        "“年初公布、年中检查、年底兑现”的原则",
        "对2025年6月底前仍未整改的,予以通报",
        "对2018年以前关闭的矿山",
        "从2013年起使用的锁桩",
        "有效期至2029年7月31日",
        "近年来",
        "12月4日国家宪法日",
        "6月安全生产月",
        "2025年春节",
        "展望2035年",
        "2035年远景目标",
        "2024年6月1日起施行的《条例》",
        "用好2024年度资金",
        "2023年底存量",
        "截至2024年5月底,已完成30%",
        "今年上半年已完成50%",
        "2024年1-5月,全市完成投资增长5%",
        "2024年5月15日,市政府召开会议",
        "2024年4月,国务院印发",
        "2024年3月召开的会议",
        "去年12月",
        "一年内不得再次申请",
        "3年内有违法记录的",
        "凡2025年6月底前完成的,给予奖励",
        "将于2024年底到期",
        "将2024年7月定为宣传月",
        "每户每月补贴100元",
        "每年给予50万元补助",
        "按每年每平方米10元标准补助",
        "重点改造2000年底前建成、失养失修失管的住宅小区",
        "2025年是“十四五”规划收官之年",
        "研究部署全年政府工作",
        "将各阶段进展情况和年末整治工作总结报告报送",
    ],
}


def readings(phrase: str) -> list[Schedule | None]:
    text = fold(phrase)
    return [found.schedule for found in schedule.search(text, 0, len(text), CONTEXT)]


def iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


FLAT = [(rule, *case) for rule, cases in CASES.items() for case in cases]


@pytest.mark.parametrize(
    ("rule", "phrase", "kind", "start", "due", "every"), FLAT, ids=[f"{c[0]}-{c[1]}" for c in FLAT]
)
def test_phrase(
    rule: str, phrase: str, kind: str, start: str | None, due: str | None, every: str | None
) -> None:
    for variant in (phrase, phrase.translate(WIDE), TRADITIONAL(phrase)):
        found = [item for item in readings(variant) if item]
        assert found, variant
        first = found[0]
        assert (first.kind, iso(first.start), iso(first.due), first.every) == (kind, start, due, every), (
            variant
        )
        assert first.rule == rule


def brief(found: Schedule) -> str:
    both = ">" if found.start and found.due else ""
    return f"{found.kind[:4]}:{iso(found.start) or ''}{both}{iso(found.due) or ''}{found.every or ''}"


@pytest.mark.parametrize(("phrase", "dates"), PHRASES.items())
def test_all_dates_of_a_phrase(phrase: str, dates: str) -> None:
    assert " ".join(brief(found) for found in readings(phrase) if found) == dates


@pytest.mark.parametrize("phrase", [phrase for phrases in NOTHING.values() for phrase in phrases])
def test_schedules_nothing(phrase: str) -> None:
    assert readings(phrase) == []
    assert readings(phrase.translate(WIDE)) == []


@pytest.mark.parametrize(
    "phrase",
    [
        "2024年13月底前完成",
        "2月30日前完成",
        "2023年2月29日前",
        "2024年4月31日前",
        "2024年0月底前",
        "3024年10月底前完成",
        "0204年6月底前完成",
        "1824年10月15日前完成",
        "3024年底前",
        "9024年上半年完成",
    ],
)
def test_impossible_date_is_a_doubt(phrase: str) -> None:
    assert readings(phrase) == [None]
    plan = parse_text(f"1.推进工作。各地要在{phrase}。")
    doubts = [doubt for doubt in plan.warnings if doubt.code == "date-impossible"]
    assert len(doubts) == 1
    start, end = doubts[0].span
    assert phrase.removesuffix("完成") in plan.source_text[start:end]
    assert [clause.schedule.rule for clause in plan.measures[0].clauses] == ["unstated"]


def test_two_dates_in_one_phrase() -> None:
    found = [item for item in readings("分别于6月底和7月底完成") if item]
    assert [iso(item.due) for item in found] == ["2024-06-30", "2024-07-31"]


def test_dates_in_a_list_share_their_words() -> None:
    plan = parse_text("1.一期、二期分别于2025年6月底和7月底交付使用。到2025年和2027年分别新建50所、80所。")
    clauses = plan.measures[0].clauses
    assert [clause.text for clause in clauses] == ["一期、二期分别于2025年6月底和7月底交付使用"] * 2 + [
        "到2025年和2027年分别新建50所、80所"
    ] * 2
    assert [iso(clause.schedule.due) for clause in clauses] == [
        "2025-06-30",
        "2025-07-31",
        "2025-12-31",
        "2027-12-31",
    ]


@pytest.mark.parametrize(
    ("value", "kind", "due"),
    [
        ("3个月内", "deadline", "2024-09-27"),
        ("2024.12", "deadline", "2024-12-31"),
        ("2024-12", "deadline", "2024-12-31"),
        ("常态化推进", "ongoing", None),
        ("立行立改", "ongoing", None),
        ("全年", "deadline", "2024-12-31"),
        ("1—12月", "window", "2024-12-31"),
    ],
)
def test_value_of_a_field(value: str, kind: str, due: str | None) -> None:
    text = fold(value)
    (found,) = schedule.search(text, 0, len(text), replace(CONTEXT, field=True))
    assert found.schedule is not None
    assert (found.schedule.kind, iso(found.schedule.due)) == (kind, due)


def test_what_stands_before_the_sentence_is_no_part_of_it() -> None:
    text = fold("4.6月1日至9月30日,实行值班制度")
    (found,) = schedule.search(text, 2, len(text), CONTEXT)
    assert found.schedule is not None
    assert (iso(found.schedule.start), iso(found.schedule.due)) == ("2024-06-01", "2024-09-30")


def test_year_is_carried_inside_a_sentence() -> None:
    found = [item for item in readings("2025年6月底前完成摸底,9月底前完成整改") if item]
    assert [iso(item.due) for item in found] == ["2025-06-30", "2025-09-30"]
    assert found[0].implied == ()
    assert found[1].implied == ("year",)


def test_without_any_year_nothing_is_guessed() -> None:
    text = fold("6月底前完成")
    (found,) = schedule.search(text, 0, len(text), Context())
    assert found.schedule is not None
    assert found.schedule.due is None
    assert found.schedule.implied == ("year",)


def test_a_placeholder_for_the_year_is_no_year() -> None:
    for phrase in ("20xx年6月底前完成", "在20XX年6月30日前完成", "20××年6月底前完成"):
        assert readings(phrase) == [], phrase


def test_an_aside_behind_a_length_of_time() -> None:
    assert [iso(item.due) for item in readings("力争提前一年(2026年底)达到标准") if item] == ["2026-12-31"]


def test_a_condition_of_a_right_is_no_frequency() -> None:
    assert readings("每年采购本地产品3000万元以上的,给予资助") == []


def test_every_rule_has_a_case_and_a_line_in_the_docs() -> None:
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))
    cased = set(CASES) | set(NOTHING) | {"ongoing"}
    assert set(names) <= cased
    page = (Path(__file__).parents[2] / "docs" / "parser.md").read_text(encoding="utf-8")
    assert [name for name in names if f"| `{name}` |" not in page] == []
