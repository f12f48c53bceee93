"""Marks of secrecy in sheets: above the table, in page headers, in every worksheet; and nothing else."""

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import xlsxwriter
from openpyxl import Workbook

from tracker.parser.sheet_marks import HEAD_ROWS, mark_in_sheet

Row = tuple[object, ...]
HEADS: Row = ("序号", "任务内容", "完成时限", "责任单位", "进展情况", "备注")
TABLE: tuple[Row, ...] = (
    ("2024年工作台账",),
    HEADS,
    (1, "完成改造", "2024年底前", "市工信局", "推进", "内部"),
)


def _excel(*rows: Row, header: str = "", footer: str = "", sheets: int = 1) -> bytes:
    """As Excel saves it: words in a table of their own. The rows stand in the last worksheet."""
    book = Workbook()
    for _number in range(sheets - 1):
        book.worksheets[0].append(("说明",))
        book.create_sheet()
    for row in rows:
        book.worksheets[-1].append(row)
    book.worksheets[-1].oddHeader.left.text = header
    book.worksheets[-1].evenFooter.center.text = footer
    return _saved(book)


def _saved(book: Workbook) -> bytes:
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _inline(*rows: Row, header: str = "", rest: int = 0) -> bytes:
    """As programs write it: words in their cells, and more rows than are looked at."""
    stream = BytesIO()
    with xlsxwriter.Workbook(stream, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([*rows, *[HEADS] * rest]):
            sheet.write_row(number, 0, row)
        if header:
            sheet.set_header(header)
    return stream.getvalue()


def _prefixed(data: bytes) -> bytes:
    """As the Open XML SDK writes it: each element of the worksheets and words with a prefix."""
    stream = BytesIO()
    with ZipFile(BytesIO(data)) as old, ZipFile(stream, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            xml = old.read(name)
            if name.startswith("xl/worksheets/sheet") or name == "xl/sharedStrings.xml":
                xml = xml.replace(b"<", b"<x:").replace(b"<x:/", b"</x:").replace(b"<x:?", b"<?")
            new.writestr(name, xml)
    return stream.getvalue()


def _mark(data: bytes) -> str | None:
    return mark_in_sheet(BytesIO(data))


@pytest.mark.parametrize(
    ("row", "mark"),
    [
        (("秘密★1年",), "秘密"),
        (("000012", None, "机密★3年", None, "特急"), "机密"),
        (("内部资料\n注意保存",), "内部"),
        (("密级：绝密",), "绝密"),
        ((*HEADS, "机密★1年"), "机密"),
    ],
)
def test_a_mark_in_the_first_rows_is_found(row: Row, mark: str) -> None:
    for rows in ((row, *TABLE), (("附件1",), *TABLE[:1], row, *TABLE[1:])):
        assert _mark(_excel(*rows)) == mark
        assert _mark(_excel(*rows, sheets=3)) == mark
        assert _mark(_inline(*rows)) == mark
        assert _mark(_prefixed(_excel(*rows))) == mark


@pytest.mark.parametrize("edge", ["秘密★1年", '&"宋体,加粗"&14秘密', "第一行\n秘密&R&P", "&KFF0000秘密"])
def test_a_mark_in_a_page_header_or_footer_is_found(edge: str) -> None:
    assert _mark(_excel(*TABLE, header=edge)) == "秘密"
    assert _mark(_excel(*TABLE, footer=edge, sheets=2)) == "秘密"
    assert _mark(_inline(*TABLE, header=f"&L{edge}")) == "秘密"
    assert _mark(_prefixed(_excel(*TABLE, header=edge))) == "秘密"


def test_a_page_header_behind_many_rows_is_found() -> None:
    data = _inline(*TABLE, header="&C机密", rest=12_000)
    with ZipFile(BytesIO(data)) as archive:
        assert archive.getinfo("xl/worksheets/sheet1.xml").file_size > 3_000_000
    assert _mark(data) == "机密"


def test_a_word_far_down_in_the_table_of_words_is_found() -> None:
    book = Workbook()
    book.worksheets[0].append(("说明",))
    for number in range(20_000):
        book.worksheets[0].append((f"第{number}项重点任务的具体内容和进展情况说明",))
    book.create_sheet().append(("秘密",))
    assert _mark(_saved(book)) == "秘密"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", ["秘密★1年,,,,", '"秘密"', ",,秘密;"])
def test_a_mark_in_a_csv_is_found(encoding: str, mark: str) -> None:
    table = "序号,任务内容,完成时限,责任单位,进展情况,备注\n1,完成改造,2024年底前,市工信局,推进,内部\n"
    assert _mark(f"{mark}\n{table}".encode(encoding)) == "秘密"
    assert _mark(f"{mark}\n{table * 12_000}".encode(encoding)) == "秘密"
    assert _mark(table.encode(encoding)) is None


def test_a_table_may_speak_of_what_is_internal() -> None:
    blank: list[Row] = [("说明",)] * HEAD_ROWS
    assert _mark(_excel(*TABLE)) is None
    assert _mark(_excel(("内部审计工作台账",), ("严守国家秘密",), *TABLE, header="&C第 &P 页")) is None
    assert _mark(_excel(*blank, ("内部",))) is None
    assert _mark(_excel(*blank[1:], ("内部",))) == "内部"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"PK\x03\x04 broken",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"\0\xff" * 9,
        _excel(*TABLE)[:-40],
    ],
)
def test_what_cannot_be_read_has_no_mark(data: bytes) -> None:
    assert _mark(data) is None


@pytest.mark.parametrize("piece", ["<c >", "<row ", "<t ", "</c><c>", "<x:", "<oddHeader ", "&amp;"])
def test_nothing_makes_the_search_slow(piece: str) -> None:
    """A pattern that ran from each of these to the end would take minutes for each worksheet."""
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for name in ("worksheets/sheet1", "worksheets/sheet2", "sharedStrings"):
            archive.writestr(f"xl/{name}.xml", piece * 1_000_000)
    assert _mark(stream.getvalue()) is None
