"""Tables of every kind arrive as the same rows; what is no table stays out."""

from __future__ import annotations

from datetime import date

import pytest

from tracker.parser import ParsedPlan, parse_text
from tracker.parser.columns import head_kind
from tracker.parser.readers import read_html

L, S, I = "lead", "support", "implement"  # noqa: E741
ROWS = [
    ("摸清底数", [("市公安局", L), ("市财政局", S)]),
    ("建立台账", [("市住建局", L)]),
]


def rows(text: str) -> list[tuple[str, list[tuple[str, str]]]]:
    plan = parse_text(text, reference_date=date(2024, 3, 1))
    return [(row.text, [(unit.name, unit.role) for unit in row.units]) for row in plan.table]


def dues(plan: ParsedPlan) -> list[date | None]:
    return [row.clauses[0].schedule.due for row in plan.table]


FORMS = {
    "tabs": "序号\t重点任务\t完成时限\t牵头单位\t配合单位\n1\t摸清底数\t6月底\t市公安局\t市财政局\n"
    "2\t建立台账\t长期\t市住建局\t/",
    "wide gaps": "序号   任务       牵头单位    配合单位   时限\n"
    "1      摸清底数   市公安局    市财政局   6月底\n"
    "2      建立台账   市住建局    无         长期",
    "single blanks": "序号 任务 牵头单位 配合单位 时限\n一、排查\n1 摸清底数 市公安局 市财政局 6月底前\n"
    "2 建立台账 市住建局 无 长期坚持\n注:每月报送进展。",
    "Markdown": "| 序号 | 任务 | 牵头部门 | 协办 | 时间节点 | 备注 |\n|:---|---|---|---|---|---|\n"
    "| 1 | 摸清底数 | 市公安局 | 市财政局 | 6月底 | |\n| 2 | 建立台账 | 市住建局 | — | 长期 | 重点 |",
    "a result column behind the task": "序号 | 任务 | 预期成果 | 牵头领导 | 牵头单位 | 协同单位 |\n"
    "1 | 摸清底数 | 形成报告 | 张三 | 市公安局 | 市财政局 |\n2 | 建立台账 | 新增5个 | 李四 | 市住建局 | / |",
    "a cell that is left out": "项次 | 面向 | 工作项目 | 主办机关 | 协办机关 | 期限 |\n"
    "1 | 安全 | 摸清底数 | 市公安局 | 市财政局 | 6月底 |\n2 | 建立台账 | 市住建局 | 无 | 长期 |",
    "past columns": "任务 | 牵头单位 | 配合单位 | 完成情况 | 监督电话 |\n"
    "摸清底数 | 市公安局 | 市财政局 | 3月已完成招标 | 0535-8246306 |\n建立台账 | 市住建局 | 无 | 无 | 无 |",
    "one cell a line, numbers with gaps": "序号\n任务\n牵头单位\n协同配合单位\n一、安全\n3\n摸清底数\n"
    "市公安局\n市财政局\n二、台账\n68\n建立台账\n市住建局\n无",
    "one cell a line, units in two lines": "序号\n事项\n牵头单位\n配合单位\n时限\n1\n摸清底数\n市公安局\n"
    "市财政局\n5月底前\n2\n建立台账\n市住建局\n无\n9月",
    "cells that end in bars": "序号 |\n目标与任务 |\n分管领导 |\n牵头单位 |\n"
    "配合单位 |\n80 |\n摸清底数 |\n俞 悦 |\n"
    "市公安局 |\n市财政局 |\n81 |\n建立台账 |\n陆明 |\n市住建局 |\n无 |",
    "bars in lines of their own": "工作任务\n|\n具体要求\n|\n牵头科室\n|\n配合"
    "科室\n|\n时限要求\n|\n公开\n|\n1\n|\n"
    "摸清底数\n|\n市公安局\n|\n市财政局\n|\n年底前\n|\n2\n|\n建立台账\n|\n市住建局\n|\n无\n|\n持续推进\n|",
    "no serial numbers": "任务\n牵头单位\n配合单位\n时限\n摸清底数\n市公安"
    "局\n市财政局\n6月底\n建立台账\n市住建局\n无\n"
    "长期\n甲市人民政府\n2024年3月1日",
    "drawn with + and -": "+----+--------+--------+--------+\n|序号|任务    |牵头单位|配合单位|\n"
    "+====+========+========+========+\n|1   |摸清底  "
    "|市公安局|市财政局|\n|    |数      |        |        |\n"
    "+----+--------+--------+--------+\n|2   |建立台账|市住建局|无      |\n+----+--------+--------+--------+",
    "a head of two lines": "序号 | 任务 | 责任单位 | 时限 |\n牵头单位 | 配合单位 |\n"
    "1 | 摸清底数 | 市公安局 | 市财政局 | 6月底 |\n2 | 建立台账 | 市住建局 | 无 | 长期 |",
    "a head said again": "序号 | 任务 | 牵头 | 配合 |\n1 | 摸清底数 | 市公安局 | 市财政局 |\n"
    "序号 | 任务 | 牵头 | 配合 |\n2 | 建立台账 | 市住建局 | - |",
    "run together": "2024年任务分解表序号任务牵头单位配合单位完成时限1摸清底数市公安局市财政局2024年11月底前"
    "2建立台账市住建局无长期坚持",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_every_form(text: str) -> None:
    assert rows(text) == ROWS
    assert not parse_text(text).measures


def test_a_row_over_several_lines() -> None:
    text = (
        "序号 | 任务 | 牵头单位 | 时限\n1 | 摸清底数,\n逐户登记 |"
        " 市公安局 | 6月底\n2 | 建账 | 市住建局、\n市财政局 | 长期"
    )
    plan = parse_text(text, reference_date=date(2024, 3, 1))
    assert [row.text for row in plan.table] == ["摸清底数,\n逐户登记", "建账"]
    assert [len(row.clauses) for row in plan.table] == [1, 1]
    assert dues(plan) == [date(2024, 6, 30), None]
    assert [unit.name for unit in plan.table[1].units] == ["市住建局", "市财政局"]


def test_empty_cells_of_units_are_merged_ones() -> None:
    text = (
        "| 序号 | 任务 | 责任单位 | 时限 |\n| 1 | 摸底 | 市公安局 |"
        " 6月底 |\n| 2 | 建账 | | |\n| 3 | 核查 | 无 | 长期 |"
    )
    plan = parse_text(text, reference_date=date(2024, 3, 1))
    assert [[unit.name for unit in row.units] for row in plan.table] == [["市公安局"], ["市公安局"], []]
    assert dues(plan)[:2] == [date(2024, 6, 30), date(2024, 6, 30)]


def test_a_rule_under_some_cells_parts_their_rows() -> None:
    text = (
        "┌────┬────┬────┐\n│任务│责任单位│时限│\n├────┼────┼────┤\n│摸清底数│市公安局、│6月底│\n"
        "├────┤市财政 │ │\n│建立台│局 │ │\n│账,逐户登记 ├────┤ │\n│ │市住建局│ │\n└────┴────┴────┘"
    )
    plan = parse_text(text, reference_date=date(2024, 3, 1))
    assert [row.text for row in plan.table] == ["摸清底数", "建立台账,逐户登记"]
    assert [unit.name for unit in plan.table[0].units] == ["市公安局", "市财政局"]
    assert [unit.name for unit in plan.table[1].units] == ["市公安局", "市财政局", "市住建局"]
    assert dues(plan) == [date(2024, 6, 30)] * 2


def test_names_of_two_characters_with_a_blank() -> None:
    head = "序号 | 任务 | 分管领导 | 责任单位 |\n"
    for cell, names in {
        "俞 悦": ["俞悦"],
        "陆 明俞 悦": ["陆明", "俞悦"],
        "张三、李 四": ["张三", "李四"],
        "王小五 赵六": ["王小五", "赵六"],
    }.items():
        plan = parse_text(head + f"1 | 摸底 | {cell} | 市公安局 |\n2 | 建账 | 钱七 | 市住建局 |")
        assert [person.name for person in plan.table[0].people] == names, cell


def test_two_deadlines_in_a_cell_are_two_tasks() -> None:
    plan = parse_text(
        "序号 | 任务 | 责任单位 | 时限 |\n1 | 建设厂房5万平方米 | 区经信局 | 2024年9月底前开工,12月底前完成 |\n"
        "2 | 引进项目30个 | 区投促局 | 2024年底 |"
    )
    made = [clause for row in plan.table for clause in row.clauses]
    assert [clause.schedule.due for clause in made] == [date(2024, 9, 30), *[date(2024, 12, 31)] * 2]
    assert [len(clause.targets) for clause in made] == [0, 1, 1]
    assert not [doubt for doubt in plan.warnings if doubt.code == "deadline-missing"]


def test_sections_and_categories() -> None:
    text = "序号 任务 责任单位 时限\n一、设施\n1 建站 区民政局 5月底前\n二、监督\n2 抽检 区市场监管局 全年"
    plan = parse_text(text)
    assert [(row.category, row.text) for row in plan.table] == [("一、设施", "建站"), ("二、监督", "抽检")]


def test_people_and_problems() -> None:
    text = (
        "序号 | 存在问题 | 整改措施 | 责任单位 | 责任人 | 时限 |\n"
        "1 | 底数不清 | 开展排查。 | 市公安局 | 张三、李四 | 6月底 |"
    )
    row = parse_text(text).table[0]
    assert (row.work, row.text) == ("底数不清", "开展排查。")
    assert [person.name for person in row.people] == ["张三", "李四"]
    assert [unit.name for unit in row.units] == ["市公安局"]


@pytest.mark.parametrize(
    "text",
    [
        "索引号: | 0024 | 公开方式: | 主动公开 |\n文号: | 甲政〔2018〕14号 | 成文日期: | 2018-02-08 |",
        "指标名称 | 2020年 | 2025年 | 属性 |\n森林覆盖率 | 20% | 25% | 约束性 |",
        "姓名 | 职务 |\n张三 | 局长 |",
        "一、工作目标\n二、重点任务\n三、责任分工\n四、工作要求",
    ],
)
def test_no_table_of_tasks(text: str) -> None:
    assert not parse_text(text).table


def test_merged_cells_of_a_web_page() -> None:
    page = (
        "<table><tr><th rowspan=2>序号</th><th rowspan=2>任务</th><th colspan=2>责任单位</th></tr>"
        "<tr><th>牵头单位</th><th>配合单位</th></tr>"
        "<tr><td>1</td><td>摸清底数</td><td rowspan=2>市公安局</td><td>市财政局</td></tr>"
        "<tr><td>2</td><td>建立台账</td><td>无</td></tr><tr><td colspan=4>二、环保</td></tr>"
        "<tr><td rowspan=2>3</td><td rowspan=2>治理河道</td><td>市水利局</td><td rowspan=2>各县区</td></tr>"
        "<tr><td>市城管局</td></tr></table>"
    )
    assert rows(read_html(page.encode(), "a.html")) == [
        ("摸清底数", [("市公安局", L), ("市财政局", S)]),
        ("建立台账", [("市公安局", L)]),
        ("治理河道", [("市水利局", L), ("各县区", S), ("市城管局", L)]),
    ]


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("序 号", "number"),
        ("责任单位及责任人", "duty"),
        ("牵头校领导", "people"),
        ("市级负责人", "people"),
        ("牵头责任单位", "lead"),
        ("主办机关", "lead"),
        ("协办机关", "support"),
        ("时限要求", "time"),
        ("完成时间", "time"),
        ("责任科室", "duty"),
        ("工作类别", "group"),
        ("重点任务", "content"),
        ("整改措施", "content"),
        ("预期成果", "goal"),
        ("实际完成情况", "past"),
        ("备注", "aside"),
        ("市公安局", None),
        ("摸清底数", None),
        ("责任单位:市公安局", None),
    ],
)
def test_heads(head: str, kind: str | None) -> None:
    assert head_kind(head) == kind
