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
    "number before a month or a count": (
        "1.春节前完成清洗。\n2.4月20日前报送清单。\n3.6月底完成翻新35座。\n4.30个项目全部开工。",
        ["春节前完成清洗", "4月20日前报送清单", "6月底完成翻新35座", "30个项目全部开工"],
    ),
    "sections with decimals": (
        "2.重点任务\n2.4完善制度。修订办法。\n2.5强化考核。每季通报。",
        ["完善制度", "强化考核"],
    ),
    "small full stop behind a number": (
        "1﹒摸清底数。开展排查。\n2﹒建立台账。逐一登记。",
        ["摸清底数", "建立台账"],
    ),
    "a long sentence is a whole title": (
        "1.推进国家组织药品集中采购和使用试点,加强对中标药品质量、试点地区公立医疗机构优先使用和药款结算、中标药品生产的监测,做好保证使用、稳定供应等工作。(市医保局负责)",
        [
            "推进国家组织药品集中采购和使用试点,加强对中标药品质量、试点地区公立医疗机构优先使用和药款结算、中标药品生产的监测,做好保证使用、稳定供应等工作"
        ],
    ),
    "requirements of the work are measures": (
        "一、总体要求\n坚持依法。\n二、目标要求\n到2025年达标。\n三、工作要求\n(一)压实责任。主要负责同志亲自部署。",
        ["压实责任"],
    ),
    "heading and text with a blank between": (
        "五、工作进度安排 专项整治工作总体上分四个阶段进行。研究制定方案。\n六、工作要求 (一)加强领导。开展整治是重要举措,要高度重视。",
        ["工作进度安排", "加强领导"],
    ),
    "units of its own above numbers that begin in the middle": (
        "(八)方便查询。各部门支持查询。(责任单位:市高院、市公安局)\n2.完善验收。编制手册。(责任部门:市住建委)",
        ["方便查询", "完善验收"],
    ),
    "preface before the numbers of one line": (
        "关于支持人才的十条意见。现提出以下意见。1.对引进的团队给予资助。责任单位:市科技局。2.对重大项目给予奖励。责任单位:市商务局。",
        ["对引进的团队给予资助", "对重大项目给予奖励"],
    ),
    "list of annexes": (
        "一、落实责任\n制定计划,抓好落实。\n附件:1.任务分解表\n2.民生实事任务分解表\n3.联系人名单\n甲县人民政府\n2018年8月16日",
        ["落实责任"],
    ),
    "articles of the document itself": (
        "第一章 总则\n第一条 为加强整治,制定本办法。\n第二条 本办法适用于全镇。\n第二章 任务\n第三条 各村应当每日清运垃圾。\n第四条 本办法由镇政府负责解释。\n第五条 本办法自2024年1月1日起施行。",
        ["各村应当每日清运垃圾"],
    ),
    "bare paragraphs with labels": (
        "加快项目建设\n推进10个项目,6月底前开工。\n责任单位:县发改局\n完善交通网络\n新建公路50公里。\n责任单位:县交通局",
        ["推进10个项目,6月底前开工", "新建公路50公里"],
    ),
    "a notice that orders nothing": (
        "甲市政府办公室关于分解落实报告的通知\n各区:\n现将报告确定的工作任务进行责任分解,请各部门亲自抓。\n2017年全市主要预期目标是:生产总值增长8.5%。全面完成任务。",
        [],
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
        "以下各条均需各镇政府落实,不再单独列出",
        "具体任务均涉及各镇政府,不再做分工,下同",
        "各项工作均需各镇政府落实,以下不再列出",
        "各镇政府负责落实,下同",
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


def test_default_clause_in_a_bracket_behind_a_name() -> None:
    plan = parse_text("1.甲。(责任单位:市住建局,各县区党委政府(以下工作都涉及县区党委政府责任),不再列出)")
    assert [unit.name for unit in plan.default_units] == ["各县区党委政府"]
    assert [unit.name for unit in plan.measures[0].units] == ["市住建局"]


def test_placeholder_year_behind_a_number() -> None:
    (measure,) = parse_text("2024年6月3日\n一、任务\n1.20xx年6月底前招标。").measures
    assert (measure.number, measure.title) == ("1.", "20xx年6月底前招标")
    assert [clause.schedule.due for clause in measure.clauses] == [None]


def test_signature_behind_the_last_sentence() -> None:
    plan = parse_text("(一)排查。春节前完成整改。 二〇一〇年一月十三日\n")
    assert plan.header.issued_on == date(2010, 1, 13)
    assert [clause.schedule.due for clause in plan.measures[0].clauses] == [date(2010, 2, 13)]


def test_time_label_belongs_to_its_own_measure() -> None:
    plan = parse_text("1.甲。整改甲。\n整改时限:2024年6月底前\n2.乙。整改乙。\n整改时限:2024年9月底前\n")
    assert [[c.schedule.due for c in m.clauses] for m in plan.measures] == [
        [date(2024, 6, 30)],
        [date(2024, 9, 30)],
    ]


def test_circled_numbers_in_chinese() -> None:
    plan = parse_text("㈠信用建设。\n1.甲。(市公安局负责)\n㈡应急体系。\n2.乙。(市公安局负责)\n")
    assert [(measure.path, measure.number) for measure in plan.measures] == [
        (("㈠信用建设",), "1."),
        (("㈡应急体系",), "2."),
    ]


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


@pytest.mark.parametrize("heading", ["一、县应急管理局", "一、县应急管理局(2项)", "一、县应急管理局主要职责"])
def test_numbered_duties_below_a_unit(heading: str) -> None:
    plan = parse_text(
        f"{heading}\n1.编制预案。完成推演。\n2.汇总情况。每月报送。\n二、重点任务\n1.开展排查。逐一登记。"
    )
    assert [roles(plan, index) for index in range(3)] == [{"县应急管理局": L}, {"县应急管理局": L}, {}]


def test_label_lines_behind_the_last_item_hold_for_each() -> None:
    plan = parse_text(
        "1.推进项目。\n(1)加快开工。\n(2)完善手续。\n责任单位:市发改委\n2.优化环境。\n(1)简化流程。\n责任单位:市政务局\n(2)压缩时间。"
    )
    assert [sorted(roles(plan, index)) for index in range(4)] == [
        ["市发改委"],
        ["市发改委"],
        ["市政务局"],
        [],
    ]


def test_unit_headings_without_numbers() -> None:
    plan = parse_text(
        "甲县任务安排\n教育局\n1.治理机构。加强监管。\n2.开展排查。\n卫生健康局\n1.推进医改。深化联动。"
    )
    assert titles(plan) == ["治理机构", "开展排查", "推进医改"]
    assert [roles(plan, index) for index in range(3)] == [{"教育局": L}, {"教育局": L}, {"卫生健康局": L}]


@pytest.mark.parametrize(
    "ending",
    [
        "甲县人民政府办公室\n2024年3月5日",
        "甲县人民政府      2024年3月5日",
        "中共甲县委办公室\n甲县人民政府办公室\n2024年3月5日",
        "甲县发展和改革局\n甲县财政局\n(代章)\n2024年3月5日",
        "甲县政府办公室 2024年3月5日印发",
        "联系人:张三,联系电话:12345678",
        "(联系人:张三;电话:12345678)",
        "附件:1.任务清单\n2.联系表",
        "抄送:县委办公室。",
        "(此件公开发布)",
        "主办:甲县人民政府办公室\n承办:甲县大数据局\nICP备案号:123",
        "相关附件:任务清单.doc",
        "分享: 打印 关闭",
        "(共印80份)",
        "本方案自印发之日起施行。",
    ],
)
def test_what_stands_behind_the_last_measure(ending: str) -> None:
    plan = parse_text(f"甲县工作方案\n一、任务\n(一)摸清底数。开展排查。\n(二)建立台账。逐一登记。\n{ending}")
    assert [measure.text for measure in plan.measures] == [
        "(一)摸清底数。开展排查。",
        "(二)建立台账。逐一登记。",
    ]


@pytest.mark.parametrize(
    ("head", "title", "issuer"),
    [
        (
            "甲市政府办公室关于印发《2021年任务分解》的通知\n各县:\n现印发给你们。",
            "2021年任务分解",
            "甲市政府办公室",
        ),
        (
            "甲市人民政府办公室关于印发2021年重点任务分解方案的通知\n各县:",
            "2021年重点任务分解方案",
            "甲市人民政府办公室",
        ),
        ("《甲市政务公开工作要点》已经市政府同意,现印发给你们。", "甲市政务公开工作要点", None),
        ("根据《关于开展为民办实事工作的通知》要求,制定方案如下。", None, None),
        ("发文机关:甲市数据局  成文日期:2023年2月14日\n甲市数据工作要点", "甲市数据工作要点", "甲市数据局"),
        ("甲县重点工作安排\n(甲县食品安全委员会2024年3月26日印发)", "甲县重点工作安排", "甲县食品安全委员会"),
        ("甲镇隐患整治任务表", "甲镇隐患整治任务表", None),
        ("民宿提质十条", "民宿提质十条", None),
        ("甲省行动计划(2025-2027年)\n(征求意见稿)", "甲省行动计划(2025-2027年)", None),
    ],
)
def test_titles_and_issuers(head: str, title: str | None, issuer: str | None) -> None:
    found = parse_text(f"{head}\n一、摸清底数。开展排查。").header
    assert (found.title, found.issuer) == (title, issuer)


def test_a_meeting_is_no_signature() -> None:
    text = "甲区推进计划\n(2026年2月10日甲区人民政府第48次常务会议通过)\n1.摸清底数。开展排查。"
    assert parse_text(text).header.issued_on is None


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


def test_the_time_above_measures_holds_for_those_that_say_none() -> None:
    plan = parse_text(
        "(一)治理散煤\n责任单位:县发改局\n整改时限:2024年10月底前\n1.加强巡查,更新100户。\n2.2024年6月底前完成排查。"
    )
    assert [[clause.schedule.due for clause in measure.clauses] for measure in plan.measures] == [
        [date(2024, 10, 31)],
        [date(2024, 6, 30)],
    ]
    assert [clause.text for clause in plan.measures[0].clauses] == ["加强巡查,更新100户"]
    assert not [doubt for doubt in plan.warnings if doubt.code == "deadline-missing"]


def test_a_bracket_on_its_own_line_behind_the_last_item_holds_for_each() -> None:
    head = "1.完善预案\n(1)修订预案。\n(2)开展演练。"
    plan = parse_text(head + "\n(责任单位:市应急局、各县区政府)")
    assert [[unit.name for unit in measure.units] for measure in plan.measures] == [
        ["市应急局", "各县区政府"]
    ] * 2
    beside = parse_text(head + "(责任单位:市应急局、各县区政府)")
    assert [len(measure.units) for measure in beside.measures] == [0, 2]


def test_people_with_their_posts_and_units() -> None:
    plan = parse_text(
        "1.摸清底数。开展排查。\n挂钩领导:张三(县委常委、副县长)\n责任单位:县公安局(李四)\n联系人:王五,电话:12345"
    )
    assert [(person.label, person.name) for person in plan.measures[0].people] == [
        ("挂钩领导", "张三(县委常委、副县长)"),
        ("责任人", "李四"),
    ]
    assert [clause.text for clause in plan.measures[0].clauses] == ["开展排查"]


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
