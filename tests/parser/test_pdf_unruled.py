"""Tables of a PDF that draw no lines between their columns; and prose, which is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parser.test_pdf import FULL, page
from tracker.parser import parse_file, parse_text
from tracker.parser.pdf_layout import text_of
from tracker.parser.pdf_pages import Rule
from tracker.parser.readers_pdf import text_of as text_of_file
from tracker.parser.types import ParsedPlan

SAMPLES = Path(__file__).parents[1] / "samples"
HEAD = (("序号", 100, 100), ("任务", 160, 100), ("牵头单位", 260, 100), ("完成时限", 340, 100))


def rows(plan: ParsedPlan) -> list[tuple[object, ...]]:
    return [
        (
            row.category,
            row.work,
            row.text,
            row.units,
            [(clause.schedule.due, clause.schedule.every) for clause in row.clauses],
        )
        for row in plan.table
    ]


@pytest.mark.parametrize("layout", ["plain", "top", "level", "three", "tight"])
def test_the_rows_are_those_of_the_docx(layout: str) -> None:
    word = rows(parse_file(SAMPLES / "tables_unruled.docx"))
    assert len(word) == 90
    text = text_of_file((SAMPLES / f"tables_{layout}.pdf").read_bytes())
    assert rows(parse_text(text)) == word
    assert text.count("附件") == 5


def test_a_cell_in_the_middle_of_three_rows_belongs_to_each() -> None:
    lines = [
        *(("类别", 100, 100), ("工作措施", 160, 100), ("牵头单位", 260, 100), ("完成时限", 340, 100)),
        *(("排查", 160, 120), ("市公安局", 260, 120), ("长期坚持", 340, 120)),
        *(("工业", 100, 140), ("核查", 160, 140), ("市财政局", 260, 140), ("9月底前", 340, 140)),
        *(("整改", 160, 160), ("市工信局", 260, 160), ("年底前", 340, 160)),
        *(("交通", 100, 180), ("限行", 160, 180), ("市交通局", 260, 180), ("长期坚持", 340, 180)),
    ]
    assert text_of([page(*lines)]).split("\n") == [
        "类别 | 工作措施 | 牵头单位 | 完成时限 |",
        "工业 | 排查 | 市公安局 | 长期坚持 |",
        "工业 | 核查 | 市财政局 | 9月底前 |",
        "工业 | 整改 | 市工信局 | 年底前 |",
        "交通 | 限行 | 市交通局 | 长期坚持 |",
    ]


def test_rules_between_rows_part_them_and_leave_merged_cells_out() -> None:
    lines = [
        *(("类别", 100, 100), ("工作措施", 160, 100), ("牵头单位", 260, 100), ("完成时限", 340, 100)),
        *(("工业", 100, 140), ("逐户开展排查", 160, 120), ("市公安局", 260, 120), ("长期坚持", 340, 120)),
        *(("建立台账", 160, 135), ("市财政局", 260, 135)),
        *(("核查", 160, 160), ("市工信局", 260, 160), ("9月底前", 340, 160)),
        *(("交通", 100, 180), ("限行", 160, 180), ("市交通局", 260, 180), ("长期坚持", 340, 180)),
    ]
    rules = [Rule(95, 105, 400, 105), Rule(150, 143, 400, 143), Rule(95, 168, 400, 168)]
    assert text_of([page(*lines, rules=rules)]).split("\n")[1:] == [
        "工业 | 逐户开展排查建立台账 | 市公安局 市财政局 | 长期坚持 |",
        "工业 | 核查 | 市工信局 | 9月底前 |",
        "交通 | 限行 | 市交通局 | 长期坚持 |",
    ]


def test_lines_of_dashes_part_rows_and_are_no_text() -> None:
    dashes = "-" * 60
    text = text_of(
        [
            page(
                *((dashes, 100, 90), *HEAD, (dashes, 100, 110)),
                *(("1", 100, 120), ("排查", 160, 120), ("市公安局", 260, 120), ("9月底前", 340, 120)),
                (dashes, 100, 130),
                *(("2", 100, 140), ("核查", 160, 140), ("市财政局", 260, 140), ("年底前", 340, 140)),
                (dashes, 100, 150),
            )
        ]
    )
    assert "1 | 排查 | 市公安局 | 9月底前 |\n2 | 核查 | 市财政局 | 年底前 |" in text
    assert [row.text for row in parse_text(text).table] == ["排查", "核查"]


def test_a_heading_between_rows_and_what_stands_behind_the_table() -> None:
    lines = [
        *HEAD,
        ("一、产业结构调整和能源结构优化", 100, 120),
        *(("1", 100, 140), ("排查", 160, 140), ("市公安局", 260, 140), ("9月底前", 340, 140)),
        *(("2", 100, 160), ("核查", 160, 160), ("市财政局", 260, 160), ("年底前", 340, 160)),
        ("各单位要切实加强组织领导逐项细化措施并按时报送", 100, 180),
    ]
    plan = parse_text(text_of([page(*lines)]))
    assert [(row.category, row.text) for row in plan.table] == [
        ("一、产业结构调整和能源结构优化", "排查"),
        ("一、产业结构调整和能源结构优化", "核查"),
    ]
    assert plan.source_text.endswith("\n各单位要切实加强组织领导逐项细化措施并按时报送")


def test_cells_that_do_not_fit_their_heads_are_left_as_text_and_doubted() -> None:
    lines = [
        *HEAD,
        *(("1", 100, 120), ("市公安局", 160, 120), ("开展排查", 260, 120), ("逐户登记", 340, 120)),
        *(("2", 100, 140), ("市财政局", 160, 140), ("摸清底数", 260, 140), ("建立台账", 340, 140)),
    ]
    text = text_of([page(*lines)])
    assert text.split("\n")[0] == "序号  任务  牵头单位  完成时限"
    assert "|" not in text
    doubts = {doubt.code: doubt.message for doubt in parse_text(text).warnings}
    assert doubts["table-unruled"] == "表格没有框线,列可能没有分对,请核对"


def test_a_table_with_lines_and_one_set_by_tabs_raise_no_doubt() -> None:
    for text in (
        "序号 | 任务 | 牵头单位 |\n1 | 排查 | 市公安局 |",
        "序号\t任务\t牵头单位\n1\t排查\t市公安局",
    ):
        plan = parse_text(text)
        assert [row.text for row in plan.table] == ["排查"]
        assert "table-unruled" not in {doubt.code for doubt in plan.warnings}


@pytest.mark.parametrize("right", ["牵头单位责任单位配合单位任务时限名称", FULL[::-1]])
def test_two_columns_of_prose_are_no_table(right: str) -> None:
    left = [(FULL, 100, 100 + 15 * row) for row in range(8)]
    other = [(right, 300, 100 + 15 * row) for row in range(8)]
    assert text_of([page(("任务", 100, 60), *left, *other)]).split("\n") == ["任务", FULL * 8 + right * 8]


def test_a_head_without_rows_is_a_line() -> None:
    assert text_of([page(*HEAD)]) == "序号  任务  牵头单位  完成时限"
