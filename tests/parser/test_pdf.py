"""PDF: what is page furniture, what is one paragraph, which columns and tables there are."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pypdfium2
import pytest

from tracker.parser import UnreadableDocument, parse_file, readers
from tracker.parser.pdf_layout import text_of
from tracker.parser.pdf_pages import MAX_PAGES, Mark, Page, Rule

SAMPLES = Path(__file__).parents[1] / "samples"
EM = 10.0


def marks(text: str, x: float, y: float, size: float = EM) -> list[Mark]:
    """A line of text, Chinese characters `size` wide, others half that."""
    found = []
    for letter in text:
        wide = size if letter >= "\u2e80" else size / 2
        found.append(Mark(letter, x, x + wide, y, size))
        x += wide
    return found


def page(*lines: tuple[str, float, float], rules: Sequence[Rule] = ()) -> Page:
    return Page([mark for text, x, y in lines for mark in marks(text, x, y)], list(rules))


FULL = "各单位要切实加强组织领导逐项细化措施"  # 18 characters: a line from 100 to 280


def test_lines_broken_inside_a_sentence_are_joined() -> None:
    text = text_of(
        [
            page(
                ("一、任务", 120, 100),
                (FULL[:16], 120, 120),
                ("确保按期完成。", 100, 140),
                ("二、要求", 120, 160),
                (FULL[:15] + "。", 120, 180),
                (FULL[:16], 120, 200),
                (FULL, 100, 220),
                ("抓好落实。", 100, 240),
            )
        ]
    )
    assert text.split("\n") == [
        "一、任务",
        FULL[:16] + "确保按期完成。",
        "二、要求",
        FULL[:15] + "。",
        FULL[:16] + FULL + "抓好落实。",
    ]


def test_a_number_or_label_begins_a_paragraph_where_nothing_is_indented() -> None:
    text = text_of(
        [
            page(
                (FULL, 100, 100),
                ("1.摸清底数", 100, 120),
                (FULL, 100, 140),
                ("1.5倍以上", 100, 160),
                (FULL, 100, 180),
                ("责任单位:市公安局", 100, 200),
            )
        ]
    )
    assert text.split("\n") == [FULL, "1.摸清底数", FULL + "1.5倍以上", FULL, "责任单位:市公安局"]


@pytest.mark.parametrize("printed", ["— {} —", "- {} -", "第{}页", "第 {} 页 共 3 页", "{}", "{}/3"])
def test_headers_and_page_numbers_are_left_out(printed: str) -> None:
    pages = [
        page(("甲市人民政府文件", 150, 50), (f"{order}.任务", 100, 200), (printed.format(order), 180, 800))
        for order in range(1, 4)
    ]
    assert text_of(pages).split("\n") == ["1.任务", "2.任务", "3.任务"]


def test_a_paragraph_goes_on_over_the_page_and_a_footnote_does_not_break_it() -> None:
    raised = Mark("①", 280, 285, 116.5, 5)
    one = page((FULL, 100, 100), (FULL, 100, 120))
    one.marks += [raised, *marks("①口径以省里公布的为准", 100, 700, 7)]
    assert text_of([one, page(("抓好落实。", 100, 100))]) == FULL + FULL + "抓好落实。"


def test_two_columns_are_read_one_after_the_other() -> None:
    left = [(FULL, 100, 100 + 15 * row) for row in range(8)]
    right = [(FULL[::-1], 300, 103 + 15 * row) for row in range(8)]
    text = text_of([page(("甲市方案", 250, 60), *left, *right)])
    assert text.split("\n") == ["甲市方案", FULL * 8 + FULL[::-1] * 8]


def grid(xs: Sequence[float], ys: Sequence[float], missing: Sequence[Rule] = ()) -> list[Rule]:
    """The rules of a table, cell by cell, without `missing`."""
    level = [Rule(a, y, b, y) for y in ys for a, b in pairwise(xs)]
    upright = [Rule(x, a, x, b) for x in xs for a, b in pairwise(ys)]
    return [rule for rule in level + upright if rule not in missing]


XS = (100, 150, 250, 330)


def test_a_ruled_table_becomes_rows_and_merged_cells_are_said_again() -> None:
    ys = (100, 120, 160, 200)
    text = text_of(
        [
            page(
                *(("类别", 105, 115), ("任务", 155, 115), ("牵头单位", 255, 115)),
                *(("工业", 105, 135), ("开展排查摸清底数", 155, 135), ("建立台账", 155, 150)),
                *(("市公安局", 255, 135), ("市财政局", 255, 150)),
                *(("节能改造", 155, 175), ("市工信局", 255, 175)),
                rules=grid(XS, ys, missing=[Rule(100, 160, 150, 160)]),
            )
        ]
    )
    assert text.split("\n") == [
        "类别 | 任务 | 牵头单位 |",
        "工业 | 开展排查摸清底数建立台账 | 市公安局 市财政局 |",
        "工业 | 节能改造 | 市工信局 |",
    ]


def test_a_table_over_two_pages_is_one() -> None:
    head = (("序号", 105, 115), ("任务", 155, 115), ("牵头单位", 255, 115))
    one = page(
        *head,
        *(("1", 105, 175), ("排查", 155, 175), ("市公安局", 255, 175)),
        *(("2", 105, 215), ("逐户登记并且限期整", 155, 215), ("市财政局", 255, 215)),
        rules=grid(XS, (100, 120, 200, 220)),
    )
    two = page(
        *head,
        *(("改到位。", 155, 135),),
        *(("3", 105, 175), ("核查", 155, 175), ("市工信局", 255, 175)),
        rules=grid(XS, (100, 120, 160, 200)),
    )
    assert text_of([one, two]).split("\n") == [
        "序号 | 任务 | 牵头单位 |",
        "1 | 排查 | 市公安局 |",
        "2 | 逐户登记并且限期整改到位。 | 市财政局 |",
        "3 | 核查 | 市工信局 |",
    ]


def test_a_box_round_one_text_is_no_table() -> None:
    assert text_of([page(("甲市方案", 150, 130), rules=grid((100, 330), (100, 200)))]) == "甲市方案"


def test_the_same_rows_from_every_kind_of_file() -> None:
    def rows(suffix: str) -> list[tuple[object, ...]]:
        return [
            (
                row.category,
                row.work,
                row.text,
                [(unit.name, unit.role) for unit in row.units],
                [(clause.schedule.due, clause.schedule.every) for clause in row.clauses],
            )
            for row in parse_file(SAMPLES / f"tables{suffix}").table
        ]

    word = rows(".docx")
    assert len(word) == 30
    assert word[0][3] == [("市发改委", "lead"), ("市工信局", "implement"), ("市生态环境局", "support")]
    assert rows(".html") == word
    shapes = [word[at : at + 6] for at in range(0, 30, 6)]
    assert rows(".pdf") == [row for shape in shapes for row in shape * 6]


def saved(document: pypdfium2.PdfDocument) -> bytes:
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def blank(count: int) -> bytes:
    document = pypdfium2.PdfDocument.new()
    for _ in range(count):
        document.new_page(595, 842)
    return saved(document)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (blank(1), "扫描件,里面没有文字。请用 OCR"),
        (blank(MAX_PAGES + 1), "超过上限"),
        ((SAMPLES / "encrypted.pdf").read_bytes(), "已加密"),
        ((SAMPLES / "tables.pdf").read_bytes()[:3000], "已损坏"),
    ],
)
def test_unreadable(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        readers.read_bytes(data, "a.pdf")
    assert reason in caught.value.reason
    assert caught.value.file == "a.pdf"


def test_progress_by_page() -> None:
    told: list[tuple[int, int]] = []
    readers.read_bytes(
        (SAMPLES / "001_xinji.two.pdf").read_bytes(), "a.pdf", progress=lambda *now: told.append(now)
    )
    count = told[0][1]
    assert told == [(done, count) for done in range(count + 1)]


def test_an_exception_of_progress_ends_the_reading() -> None:
    class Cancelled(Exception):
        pass

    def cancel(done: int, count: int) -> None:
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        readers.read_bytes((SAMPLES / "tables.pdf").read_bytes(), "a.pdf", progress=cancel)
