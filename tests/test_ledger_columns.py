"""Strange ledgers: where their heads are, what the columns mean, and what single cells say."""

from datetime import date
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import Workbook

from accounts.sheets import Formula, UnreadableSheet
from tests import ledgers
from tests.accounts.test_sheets import repacked, xlsx
from tracker.ledger_columns import Field, find_ledger, is_done, is_state, year_of
from tracker.loose_sheets import open_loose
from tracker.old_ledgers import peek
from tracker.parser.cells import read_responsible, read_when

TODAY = date(2024, 10, 21)


def _peek(
    data: bytes, name: str = "台账.xlsx", *, sheet: int | None = None, head_row: int | None = None
) -> dict[str, Any]:
    with open_loose(BytesIO(data), name, sheet, row_limit=1000) as found:
        ledger = find_ledger(found, head_row)
        assert ledger is not None
        return peek(found, ledger, name, today=TODAY)


def _rows(data: bytes, name: str = "台账.xlsx") -> list[tuple[int, tuple[str, ...]]]:
    with open_loose(BytesIO(data), name, None, row_limit=1000) as found:
        return [(row.number, row.cells) for row in found.rows]


@pytest.mark.parametrize(
    ("name", "title", "head_row", "meant"),
    [
        (
            "old_ledger_city.xlsx",
            "新乡市2024年大气污染防治工作台账",
            3,
            "number group work text due lead support progress status note",
        ),
        ("old_ledger_county.xlsx", "old_ledger_county", 1, " text due duty percent"),
        (
            "old_ledger_district.xlsx",
            "忻府区空气质量巩固提升重点工作任务分解台账（2024年）",
            4,
            "number text due duty people percent status note",
        ),
        ("old_ledger_gbk.csv", "郑州市2024年污染防治督办事项", 2, "number text duty due progress status"),
    ],
)
def test_the_heads_are_found_and_their_columns_known(
    name: str, title: str, head_row: int, meant: str
) -> None:
    found = _peek(ledgers.ALL[name](), name)

    assert [column["field"] for column in found["columns"]] == meant.split(" ")
    assert (found["title"], found["year"], found["head_row"]) == (title, 2024, head_row)


def test_what_is_uncertain_is_marked_and_numbers_that_start_again_are_no_numbers() -> None:
    found = _peek(ledgers.county())

    assert [(c["is_sure"], c["how"]) for c in found["columns"]] == [(True, "repeats"), *[(False, "look")] * 4]
    assert (found["hidden_rows"], found["hidden_columns"]) == (1, 1)
    assert found["columns"][4]["values"] == ["60%", "100%", "35%"]


def test_a_worksheet_can_be_chosen_and_hidden_ones_are_not_offered() -> None:
    assert _peek(ledgers.city())["sheets"] == [[0, "大气"], [1, "填表说明"]]
    with open_loose(BytesIO(ledgers.city()), "台账.xlsx", 1, row_limit=9) as found:
        assert find_ledger(found) is None
    with open_loose(BytesIO(ledgers.city()), "台账.xlsx", 2, row_limit=9) as found:
        assert found.index == 0


def test_a_person_says_where_the_heads_are() -> None:
    data = xlsx(
        ("事项", "单位", "时间"),
        ("做甲事", "市公安局", "长期"),
        ("工作任务", "责任单位", "完成时限"),
        ("乙", "丙", "丁"),
    )

    assert _peek(data)["head_row"] == 1
    assert [column["head"] for column in _peek(data, head_row=3)["columns"]] == [
        "工作任务",
        "责任单位",
        "完成时限",
    ]


def test_merged_cells_are_filled_down_and_blank_rows_left_out() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (("甲", "一"), (None, "二"), (None, None), (None, "三")):
        sheet.append(row)
    sheet.merge_cells("A1:A3")
    stream = BytesIO()
    book.save(stream)

    assert _rows(stream.getvalue()) == [(1, ("甲", "一")), (2, ("甲", "二")), (4, ("", "三"))]


def test_formulas_stay_formulas_in_both_kinds_of_file() -> None:
    for data, name in ((xlsx(("=1+1", "甲")), "台账.xlsx"), ("=1+1,甲".encode("gb18030"), "台账.csv")):
        [(_number, cells)] = _rows(data, name)
        assert isinstance(cells[0], Formula)
        assert cells[0].lstrip("=") == "1+1"


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "台账.xls", "另存为 xlsx"),
        (b"anything", "台账.et", "另存为 xlsx"),
        (b"anything", "台账.wps", "另存为 xlsx"),
        (b"%PDF-1.7", "台账.xlsx", "导入方案"),
        (b"no sheet", "台账.xlsx", "不是 xlsx 或 csv"),
        (b"PK\x03\x04 broken", "台账.xlsx", "xlsx"),
        (b"\x01\x02\x03,\xff\xff\xff\xfe", "台账.csv", "编码无法识别"),
        (repacked(xlsx(("甲", "乙")), xl__worksheets__sheet1=b"<worksheet><row"), "台账.xlsx", "打不开"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(data: bytes, name: str, words: str) -> None:
    with pytest.raises(UnreadableSheet, match=words):
        _rows(data, name)


def test_a_sheet_that_would_unpack_to_too_much_is_refused() -> None:
    stream = BytesIO()
    with ZipFile(stream, "w", 8) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 40_000_000)
    with pytest.raises(UnreadableSheet, match="内容过大"):
        _rows(stream.getvalue())
    with (
        pytest.raises(UnreadableSheet, match="最多导入 2 行"),
        open_loose(BytesIO(b"a\nb\nc"), "a.csv", None, row_limit=2) as found,
    ):
        list(found.rows)


@pytest.mark.parametrize(
    ("text", "kind", "due"),
    [
        ("2024年10月底前", "deadline", date(2024, 10, 31)),
        ("10月底前", "deadline", date(2024, 10, 31)),
        ("2024-10-31", "deadline", date(2024, 10, 31)),
        ("20241031", "deadline", date(2024, 10, 31)),
        ("10.31", "deadline", date(2024, 10, 31)),
        ("45596", "deadline", date(2024, 10, 31)),
        ("2024年10月", "deadline", date(2024, 10, 31)),
        ("全年", "deadline", date(2024, 12, 31)),
        ("6月底前完成50%，12月底前全部完成", "deadline", date(2024, 12, 31)),
        ("2025年采暖季前", "deadline", date(2025, 11, 14)),
        ("供暖前", "deadline", date(2024, 11, 14)),
        ("长期", "ongoing", None),
        ("持续推进", "ongoing", None),
        ("常年坚持", "ongoing", None),
        ("每月", "recurring", None),
        ("/", "ongoing", None),
    ],
)
def test_times_as_ledgers_write_them(text: str, kind: str, due: date | None) -> None:
    said = read_when(text, year=2024).schedule
    assert said is not None
    assert (said.kind, said.due) == (kind, due)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [("2月30日前", "impossible"), ("20241399", "impossible"), ("尽快", "unread"), ("13.45", "impossible")],
)
def test_times_that_nobody_can_read_are_no_times(text: str, trouble: str) -> None:
    assert (read_when(text, year=2024).schedule, read_when(text, year=2024).trouble) == (None, trouble)


@pytest.mark.parametrize(
    ("cells", "units"),
    [
        ((("duty", "市发改委(牵头),市财政局"),), "市发改委:lead 市财政局:support"),
        ((("lead", "市发改委（牵头），市财政局"),), "市发改委:lead 市财政局:support"),
        ((("duty", "市住建局、城管局按职责分工"),), "市住建局:lead 市城管局:lead"),
        (
            (("lead", "市发改委"), ("support", "财政局\n公安局")),
            "市发改委:lead 市财政局:support 市公安局:support",
        ),
        ((("lead", "市发改委"), ("duty", "市财政局")), "市发改委:lead 市财政局:implement"),
        ((("duty", "市生态环境局 张三"),), "市生态环境局:lead"),
        ((("duty", "各县(市、区)政府"),), "各县(市、区)政府:lead"),
        ((("duty", "无"),), ""),
    ],
)
def test_units_of_a_row(cells: tuple[tuple[str, str], ...], units: str) -> None:
    read = read_responsible(cells)
    assert " ".join(f"{unit.name}:{unit.role}" for unit in read.units) == units


def test_words_of_a_state() -> None:
    done = ["已完成", "已办结", "完成", "按期完成", "√", "已全部完成。"]
    under_way = ["未完成", "正在推进", "基本完成", "在办", "未启动", "否"]
    assert [text for text in (*done, *under_way) if is_done(text)] == done
    assert all(map(is_state, (*done, *under_way)))
    assert not is_state("已完成3家，其余正在推进")


def test_the_year_is_the_first_that_is_named() -> None:
    assert year_of(["台账", "２０２３年清单", "2024"]) == 2023
    assert year_of(["台账"]) is None


def test_columns_of_one_meaning_are_settled() -> None:
    data = xlsx(
        ("时限", "完成时间", "重点工作", "具体举措", "牵头单位", "责任部门", "进度（%）"),
        ("年底前", "2024-12-01", "产业", "把甲事办成并且办好，形成长效机制", "市公安局", "市财政局", 30),
    )
    found = [column["field"] for column in _peek(data)["columns"]]
    assert found == [Field.DUE, "", Field.WORK, Field.TEXT, Field.LEAD, Field.DUTY, Field.PERCENT]
