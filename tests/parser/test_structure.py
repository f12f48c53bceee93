"""Outline styles, excerpts without beginning or end, tables of every kind, headers."""

from __future__ import annotations

from datetime import date

import pytest

from tracker.parser import ParsedPlan, parse_text

L, S, I = "lead", "support", "implement"  # noqa: E741
UNITS = "(市公安局牵头,市财政局配合)"


def titles(plan: ParsedPlan) -> list[str]:
    return [measure.title for measure in plan.measures]


def roles(plan: ParsedPlan, index: int = 0) -> dict[str, str]:
    return {unit.name: unit.role for unit in plan.measures[index].units}


OUTLINES = {
    "cn over paren over number": (
        f"一、重点任务\n(一)夯实基础\n1.摸清底数。开展排查。{UNITS}\n2.建立台账。逐一登记。{UNITS}\n(二)加强管理\n3.严格执法。依法查处。{UNITS}",
        ["摸清底数", "建立台账", "严格执法"],
    ),
    "flat list": (
        "1.摸清底数。开展排查。\n2.建立台账。逐一登记。\n3.严格执法。依法查处。",
        ["摸清底数", "建立台账", "严格执法"],
    ),
    "flat list with comma": ("1、摸清底数。开展排查。\n2、建立台账。逐一登记。", ["摸清底数", "建立台账"]),
    "number without dot": ("30. 摸清底数。开展排查。\n31 建立台账。逐一登记。", ["摸清底数", "建立台账"]),
    "number before a year": (
        "1.2024年完成30公里改造。验收销号。\n2.2025年底前完成50公里改造。验收销号。",
        ["2024年完成30公里改造", "2025年底前完成50公里改造"],
    ),
    "top level without bodies": ("一、完成隐患排查\n二、建立问题台账", ["完成隐患排查", "建立问题台账"]),
    "heading cut off at the end": (
        "三、重点任务\n(一)摸清底数。开展排查。\n四、保障措施",
        ["摸清底数"],
    ),
    "brackets round numbers": ("(1)摸清底数。开展排查。\n(2)建立台账。逐一登记。", ["摸清底数", "建立台账"]),
    "half brackets": ("1)摸清底数。开展排查。\n2)建立台账。逐一登记。", ["摸清底数", "建立台账"]),
    "circles": ("①摸清底数。开展排查。\n②建立台账。逐一登记。", ["摸清底数", "建立台账"]),
    "chapters and articles": (
        "第一章 重点任务\n第一条 摸清底数。开展排查。\n第二条 建立台账。逐一登记。",
        ["摸清底数", "建立台账"],
    ),
    "decimals": ("1.重点任务\n1.1摸清底数。开展排查。\n1.2建立台账。逐一登记。", ["摸清底数", "建立台账"]),
    "title on its own line": (
        "(一)摸清底数\n开展排查,登记造册。\n(二)建立台账\n逐一登记。",
        ["摸清底数", "建立台账"],
    ),
    "title before a colon": (
        "1.摸清底数:开展排查,登记造册。\n2.建立台账:逐一登记。",
        ["摸清底数", "建立台账"],
    ),
    "one sentence each": (f"1.开展隐患排查{UNITS}\n2.建立问题台账{UNITS}", ["开展隐患排查", "建立问题台账"]),
    "begins in the middle": (
        "三、严格管理\n(三)摸清底数。开展排查。\n(四)建立台账。逐一登记。\n四、保障措施\n(一)加强领导。压实责任。",
        ["摸清底数", "建立台账", "加强领导"],
    ),
    "one measure": ("(五)摸清底数。开展排查。", ["摸清底数"]),
    "top level leaves": (
        "一、摸清底数\n开展排查,登记造册。\n二、建立台账\n逐一登记,销号管理。",
        ["摸清底数", "建立台账"],
    ),
    "run on in one line": (
        "1.摸清底数。开展全面排查,登记造册,不留死角。责任单位:市公安局。2.建立台账。逐一登记,销号管理。责任单位:市财政局。",
        ["摸清底数", "建立台账"],
    ),
    "idle sections": (
        "一、总体要求\n(一)指导思想。以人民为中心。\n(二)基本原则。坚持依法。\n二、重点任务\n(一)摸清底数。开展排查。",
        ["摸清底数"],
    ),
    "bare paragraphs with brackets": (
        f"开展隐患排查,登记造册。{UNITS}\n建立问题台账,销号管理。{UNITS}",
        ["开展隐患排查,登记造册", "建立问题台账,销号管理"],
    ),
    "one bare paragraph": (
        "市公安局要在2024年6月底前完成排查,登记造册,建立台账。",
        ["市公安局要在2024年6月底前完成排查,登记造册,建立台账"],
    ),
    "bare paragraphs below a heading": (
        f"一、重点任务\n开展隐患排查,登记造册。{UNITS}\n建立问题台账,销号管理。{UNITS}",
        ["开展隐患排查,登记造册", "建立问题台账,销号管理"],
    ),
    "two paragraphs": (
        f"10.摸清底数。开展排查。{UNITS}\n\n规范检查,依法处罚。(市司法局负责)\n11.建立台账。逐一登记。",
        ["摸清底数", "建立台账"],
    ),
    "parts inside a paragraph": (
        "1.摸清底数。一是开展排查;二是登记造册;三是建立台账。\n2.严格执法。依法查处。",
        ["摸清底数", "严格执法"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), OUTLINES.values(), ids=OUTLINES)
def test_outline(text: str, expected: list[str]) -> None:
    assert titles(parse_text(text)) == expected


def test_path_and_number() -> None:
    plan = parse_text(f"三、主要任务\n(一)夯实基础。\n1.摸清底数。开展排查。{UNITS}")
    assert plan.measures[0].path == ("三、主要任务", "(一)夯实基础")
    assert plan.measures[0].number == "1."


def test_two_brackets_are_one_measure_and_each_clause_has_its_own() -> None:
    plan = parse_text("10.摸清底数。开展排查。(市公安局负责)\n规范检查。(市司法局负责)")
    assert roles(plan) == {"市公安局": L, "市司法局": L}
    assert [[unit.name for unit in clause.units] for clause in plan.measures[0].clauses] == [
        ["市公安局"],
        ["市司法局"],
    ]


def test_default_units_stand_once() -> None:
    plan = parse_text(
        "1.摸清底数。开展排查。(市公安局负责,各县区政府负责落实,以下均需各县区政府落实,不再列出)\n2.建立台账。登记。(市财政局负责)"
    )
    assert [unit.name for unit in plan.default_units] == ["各县区政府"]
    assert roles(plan) == {"市公安局": L}


@pytest.mark.parametrize(
    "words",
    [
        "以下均需各镇政府落实,不再列出",
        "以下各项任务均需各镇政府负责落实,不再一一列出",
        "以下均需各镇政府落实,不再单独列出",
        "各镇政府负责落实,以下不再列出",
    ],
)
def test_default_clause(words: str) -> None:
    plan = parse_text(f"1.摸清底数。开展排查。(责任单位:市公安局。{words})")
    assert [unit.name for unit in plan.default_units] == ["各镇政府"]
    assert roles(plan) == {"市公安局": L}


@pytest.mark.parametrize(
    "words",
    [
        "第一责任单位为牵头单位,下同",
        "列第一位者为牵头单位",
        "排在第一位的部门为牵头部门",
        "排在前位为牵头部门",
    ],
)
def test_first_leads(words: str) -> None:
    label = parse_text(f"任务分工如下({words})。\n1.摸清底数。开展排查。\n责任单位:市公安局、市财政局")
    assert roles(label) == {"市公安局": L, "市财政局": I}
    verb = parse_text(f"任务分工如下({words})。\n1.摸清底数。开展排查。(市公安局、市财政局负责)")
    assert roles(verb) == {"市公安局": L, "市财政局": S}


def test_first_leads_in_each_bracket() -> None:
    plan = parse_text(
        "第一责任单位为牵头单位,下同。\n1.深化改革。推进审批。(责任单位:市司法局、市财政局)推进监管。(责任单位:市公安局、市民政局)"
    )
    assert roles(plan) == {"市司法局": L, "市财政局": I, "市公安局": L, "市民政局": I}


def test_units_of_a_heading_hold_below() -> None:
    plan = parse_text(
        "(一)夯实基础。牵头单位:县财政局;配合单位:县水利局\n1.开展普查。逐村登记。\n2.建立档案。一户一档。"
    )
    assert roles(plan, 0) == roles(plan, 1) == {"县财政局": L, "县水利局": S}


def test_unit_as_heading() -> None:
    plan = parse_text(
        "(一)市教育局\n负责制定方案,2024年10月底前印发。\n(二)市公安局\n负责巡查,每月10日前报送进展。"
    )
    assert [roles(plan, index) for index in (0, 1)] == [{"市教育局": L}, {"市公安局": L}]


def test_parts_with_semicolons_keep_together() -> None:
    plan = parse_text(
        "1.提升服务。一是优化流程,2024年6月底前完成;二是加强培训,每季度开展1次;三是强化考核,年底前通报。"
    )
    assert [clause.text for clause in plan.measures[0].clauses] == [
        "一是优化流程,2024年6月底前完成",
        "二是加强培训,每季度开展1次",
        "三是强化考核,年底前通报",
    ]


def test_time_words_that_stand_alone_make_no_clause() -> None:
    plan = parse_text("1.公开信息。自2014年起,各地每年公布结果。")
    (clause,) = plan.measures[0].clauses
    assert (clause.schedule.every, clause.schedule.start) == ("year", date(2014, 1, 1))


def test_people_are_not_units() -> None:
    plan = parse_text("1.摸清底数。开展排查。\n分管领导:张三\n牵头领导:李四副局长\n责任单位:市公安局")
    assert [(person.label, person.name) for person in plan.measures[0].people] == [
        ("分管领导", "张三"),
        ("牵头领导", "李四副局长"),
    ]
    assert roles(plan) == {"市公安局": L}


def test_posts_in_a_bracket_are_people() -> None:
    plan = parse_text("1.摸清底数。开展排查。(分管副省长、协管副秘书长负责)")
    assert [person.name for person in plan.measures[0].people] == ["分管副省长", "协管副秘书长"]
    assert roles(plan) == {}


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("1.摸清底数。开展排查。\n责任单位:市公安局\n完成时限:2024年12月底", date(2024, 12, 31)),
        ("1.摸清底数。开展排查。(责任单位:市公安局;完成时限:2024年12月)", date(2024, 12, 31)),
        ("1.摸清底数。开展排查。(市公安局、市财政局,2024年6月底完成)", date(2024, 6, 30)),
        ("1.摸清底数。开展排查。以上工作要在2024年6月底前完成。", date(2024, 6, 30)),
        ("1.摸清底数(2024年6月底前)。开展排查。", date(2024, 6, 30)),
    ],
)
def test_a_time_beside_the_units(text: str, due: date) -> None:
    plan = parse_text(text)
    assert [clause.schedule.due for clause in plan.measures[0].clauses if clause.schedule.due] == [due]


def test_ongoing_field() -> None:
    plan = parse_text("1.摸清底数。开展排查。\n责任单位:市公安局\n整改时限:立行立改,长期坚持")
    schedule = plan.measures[0].clauses[0].schedule
    assert (schedule.kind, schedule.quote) == ("ongoing", "立行立改,长期坚持")


TABLES = {
    "pipes": "序号 | 重点任务 | 工作措施 | 完成时限 | 牵头单位 | 配合单位 |\n1 | 摸清底数 | 开展排查。 | 2024年6月 | 市公安局 | 市财政局 |\n2 | 建立台账 | 逐一登记。 | 持续推进 | 市住建局 | 无 |",
    "leading pipes": "|序号|重点任务|工作措施|完成时限|牵头单位|配合单位|\n|1|摸清底数|开展排查。|2024年6月|市公安局|市财政局|\n|2|建立台账|逐一登记。|持续推进|市住建局|无|",
    "one cell a line": "序号\n重点任务\n工作措施\n完成时限\n牵头单位\n配合单位\n1\n摸清底数\n开展排查。\n2024年6月\n市公安局\n市财政局\n2\n建立台账\n逐一登记。\n持续推进\n市住建局\n无",
    "box-drawn": "┌──┬────┬────┬────┬────┬────┐\n│序号│重点任务│工作措施│完成时限│牵头单位│配合单位│\n├──┼────┼────┼────┼────┼────┤\n│1 │摸清底数│开展排查│2024年6 │市公安局│市财政局│\n│  │        │。      │月      │        │        │\n├──┼────┼────┼────┼────┼────┤\n│2 │建立台账│逐一登记。│持续推进│市住建局│无      │\n└──┴────┴────┴────┴────┴────┘",
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_table(text: str) -> None:
    plan = parse_text(text)
    assert [(row.work, row.text) for row in plan.table] == [
        ("摸清底数", "开展排查。"),
        ("建立台账", "逐一登记。"),
    ]
    assert [[(unit.name, unit.role) for unit in row.units] for row in plan.table] == [
        [("市公安局", L), ("市财政局", S)],
        [("市住建局", L)],
    ]
    first, second = (row.clauses[0].schedule for row in plan.table)
    assert first.due == date(2024, 6, 30)
    assert (second.kind, second.quote) == ("ongoing", "持续推进")
    assert not plan.measures


def test_table_without_separators() -> None:
    plan = parse_text(
        "序号 工 作 任 务 牵头负责部门\n1 居民消费价格涨幅3%左右 发展改革委\n2 城镇新增就业1000万人以上 人力资源社会保障部"
    )
    assert [(row.text, [unit.name for unit in row.units]) for row in plan.table] == [
        ("居民消费价格涨幅3%左右", ["发展改革委"]),
        ("城镇新增就业1000万人以上", ["人力资源社会保障部"]),
    ]


def test_inherited_cells_and_sections() -> None:
    plan = parse_text(
        "类别 | 重点工作 | 工作措施 | 责任单位 |\n一、优化结构 |\n优化产业 | 遏制两高 | 严格准入。 | 市发改局牵头,市工信局配合 |\n严格审批。 | 市工信局 | ||\n加快退出 | 淘汰落后。 | 市公安局 | |"
    )
    assert [(row.category, row.work, row.text) for row in plan.table] == [
        ("优化产业", "遏制两高", "严格准入。"),
        ("优化产业", "遏制两高", "严格审批。"),
        ("优化产业", "加快退出", "淘汰落后。"),
    ]


NOTICE = """XX市人民政府办公室关于印发
XX市数据工作三年行动方案的通知
X政办发〔2024〕5号
各县区人民政府:
现将《XX市数据工作三年行动方案》印发给你们,请认真贯彻执行。
XX市人民政府办公室
2024年3月5日
(此件公开发布)
XX市数据工作三年行动方案
为贯彻落实部署,制定本方案。
一、主要目标
到2026年,覆盖率达到90%以上。
二、重点任务
1.摸清底数。12月底前完成排查。(市公安局负责)
"""


def test_header_of_a_notice() -> None:
    plan = parse_text(NOTICE.replace("XX市", "甲市").replace("X政", "甲政"))
    head = plan.header
    assert (head.title, head.document_number, head.issuer) == (
        "甲市数据工作三年行动方案",
        "甲政办发〔2024〕5号",
        "甲市人民政府办公室",
    )
    assert head.issued_on == date(2024, 3, 5)
    assert [(goal.value, goal.due) for goal in plan.goals] == [(90, date(2026, 12, 31))]
    clause = plan.measures[0].clauses[0]
    assert (clause.schedule.due, clause.schedule.implied) == (date(2024, 12, 31), ("year",))


def test_plan_behind_a_numbered_notice() -> None:
    plan = parse_text(
        "甲区人民政府办公室关于印发责任分解方案的通知\n各街道:\n一、各责任单位要高度重视,于2023年1月15日前报送方案。\n"
        "甲区人民政府办公室\n2023年1月3日\n2023年目标任务责任分解方案\n一、主要任务\n(一)摸清底数\n责任单位:区公安局\n(二)建立台账\n责任单位:区财政局"
    )
    assert plan.header.title == "2023年目标任务责任分解方案"
    assert plan.header.issued_on == date(2023, 1, 3)
    assert titles(plan)[-2:] == ["摸清底数", "建立台账"]
    assert "2023年1月3日" not in plan.measures[0].text


def test_letterhead_and_date_without_authority() -> None:
    plan = parse_text(
        "甲区人民政府办公室\n关于印发2020年重点工作责任分解的\n通 知\n各部门:\n现印发给你们,请认真抓好落实。\n2020年6月28日\n"
        "2020年重点工作责任分解\n一、摸清底数\n责任单位:区公安局"
    )
    assert (plan.header.title, plan.header.issuer) == ("2020年重点工作责任分解", "甲区人民政府办公室")
    assert plan.header.issued_on == date(2020, 6, 28)


def test_state_council_form() -> None:
    plan = parse_text(
        "国务院关于落实重点工作部门分工的意见\n国发〔2020〕6号\n1.加大减税力度。继续执行政策。"
        "(财政部、税务总局牵头,国家发展改革委等按职责分工负责,6月底前出台相关政策,年内持续推进)\n国务院\n2020年6月6日"
    )
    assert (plan.header.issuer, plan.header.issued_on) == ("国务院", date(2020, 6, 6))
    assert roles(plan) == {"财政部": L, "税务总局": L, "国家发展改革委": S}
    assert [clause.schedule.due for clause in plan.measures[0].clauses if clause.schedule.due] == [
        date(2020, 6, 30),
        date(2020, 12, 31),
    ]


def test_number_in_a_table_of_the_page() -> None:
    plan = parse_text(
        "发布文号 | 甲府〔2021〕22号 |\n发布日期 | 2021-03-29 | 生效日期 | 2021-03-29 |\n甲省人民政府\n2021年3月21日\n"
        "甲省重点任务分工方案\n1.地区生产总值增长6%以上。\n分管省领导:张三\n部门分工:省发展改革委牵头,各地、各部门配合。"
    )
    assert (plan.header.document_number, plan.header.issued_on) == ("甲府〔2021〕22号", date(2021, 3, 21))
    assert roles(plan) == {"省发展改革委": L, "各地": S, "各部门": S}
    assert [person.name for person in plan.measures[0].people] == ["张三"]


def test_signature_at_the_end_in_chinese_numerals() -> None:
    plan = parse_text("1.摸清底数。从即日起开展排查。\n甲县人民政府\n二○○七年四月十三日")
    assert plan.header.issued_on == date(2007, 4, 13)
    assert plan.header.issuer == "甲县人民政府"
    assert plan.measures[0].clauses[0].schedule.start == date(2007, 4, 13)
    assert plan.measures[0].text == "1.摸清底数。从即日起开展排查。"


def test_reference_date_only_where_the_document_is_silent() -> None:
    silent = parse_text("1.摸清底数。6月底前完成排查。", reference_date=date(2022, 2, 1))
    assert silent.measures[0].clauses[0].schedule.due == date(2022, 6, 30)
    dated = parse_text(NOTICE, reference_date=date(2022, 2, 1))
    assert dated.measures[0].clauses[0].schedule.due == date(2024, 12, 31)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.摸清底数。开展排查。", "unit-missing"),
        ("1.摸清底数。开展排查。(市公安局等部门负责)", "unit-list-open"),
        ("1.摸清底数。2024年13月底前完成。", "date-impossible"),
        ("1.摸清底数。6月底前完成。", "date-unsettled"),
        ("1.摸清底数。覆盖率达到90%以上。", "deadline-missing"),
        ("1.摸清底数。开展排查。(市公安局负责", "bracket-unbalanced"),
        ("甲县人民政府\n2024年5月1日\n甲县排查方案\n1.摸清底数。2024年3月底前完成。", "deadline-past"),
        ("甲县人民政府\n2024年5月1日\n甲县排查方案\n1.摸清底数。6月底前完成。", "year-implied"),
        ("今天天气很好", "measures-missing"),
    ],
)
def test_doubts(text: str, code: str) -> None:
    plan = parse_text(text)
    doubts = [doubt for doubt in plan.warnings if doubt.code == code]
    assert doubts
    assert all(
        0 <= doubt.span[0] <= doubt.span[1] <= len(plan.source_text) and doubt.message for doubt in doubts
    )
