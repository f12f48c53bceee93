"""Reading and writing xlsx: real files, hostile ones included; no formula is calculated or written."""

import zipfile
from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook

from accounts.sheets import Formula, UnreadableSheet, open_long_sheet, read_sheet, write_sheet


def xlsx(*rows: tuple[object, ...]) -> bytes:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def repacked(data: bytes, **members: bytes) -> bytes:
    """The same file with some members replaced: __ stands for /."""
    stream = BytesIO()
    changed = {name.replace("__", "/") + ".xml": body for name, body in members.items()}
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            new.writestr(entry, changed.pop(entry) if entry in changed else old.read(entry))
        for name, body in changed.items():
            new.writestr(name, body)
    return stream.getvalue()


def test_cells_are_text_and_rows_keep_their_numbers() -> None:
    sheet = read_sheet(
        xlsx(("用户名", "姓名", None), (None, None), ("  a1 ", 2024), (1.5, True), (None, "x")), row_limit=9
    )

    assert sheet.heads == ("用户名", "姓名")
    rows = [(row.number, row.cells[:2]) for row in sheet.rows]
    assert rows == [(3, ("a1", "2024")), (4, ("1.5", "True")), (5, ("", "x"))]


def test_formula_is_seen_and_not_calculated() -> None:
    sheet = read_sheet(xlsx(("用户名",), ('=HYPERLINK("http://x","y")',), ("=1+1",)), row_limit=9)

    assert all(isinstance(row.cells[0], Formula) for row in sheet.rows)
    assert sheet.rows[1].cells[0] == "=1+1"


@pytest.mark.parametrize("text", ["=1+1", "+8613800000000", "-1", "@SUM(A1)", "\t=1", '=cmd|" /C calc"!A0'])
def test_what_looks_like_a_formula_goes_out_as_text(text) -> None:
    data = write_sheet("表", ["列"], [[text]])

    cell = load_workbook(BytesIO(data)).worksheets[0]["A2"]
    assert (cell.data_type, cell.value, cell.quotePrefix) == ("s", text, True)
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_control_characters_do_not_break_the_file() -> None:
    data = write_sheet("表", ["列"], [["张\x00三\x0b"]])

    assert load_workbook(BytesIO(data)).worksheets[0]["A2"].value == "张三"


def bomb() -> bytes:
    sheet = b"<worksheet><sheetData>" + b"<row/>" * 8_000_000 + b"</sheetData></worksheet>"
    return repacked(xlsx(("用户名",), ("a",)), xl__worksheets__sheet1=sheet)


def entities() -> bytes:
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    sheet = (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{lol}]>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>&l9;</t></is></c></row></sheetData></worksheet>'
    )
    return repacked(xlsx(("用户名",), ("a",)), xl__worksheets__sheet1=sheet.encode())


def listed_with(field: int, value: int) -> bytes:
    """A workbook whose table of contents says something else at this place of its first line."""
    data = bytearray(xlsx(("用户名",), ("a",)))
    data[data.index(b"PK\x01\x02") + field] = value
    return bytes(data)


BROKEN_LISTS = [
    listed_with(6, 218),  # packed in a way of the future
    listed_with(28, 0xFF),  # a name that runs over everything
]


@pytest.mark.parametrize("data", BROKEN_LISTS)
def test_whatever_a_table_of_contents_says_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(UnreadableSheet):
        read_sheet(data, row_limit=9)
    with (
        pytest.raises(UnreadableSheet),
        open_long_sheet(BytesIO(data), required=["用户名"], row_limit=9),
    ):
        pass


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "不是 xlsx"),
        (b"\x00\x01", "不是 xlsx"),
        ("用户名,姓名".encode(), "不是 xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "旧的 xls"),
        (xlsx(("用户名",), ("a",))[:-40], "不是 xlsx"),
        (repacked(xlsx(("用户名",), ("a",)), xl__workbook=b"<broken"), "打不开"),
        (repacked(xlsx(("用户名",), ("a",)), xl__worksheets__sheet1=b"<worksheet><row"), "打不开"),
        (xlsx(), "没有要导入的内容"),
        (xlsx(("用户名",)), "没有要导入的内容"),
        (xlsx(("用户名",), *[("a",)] * 10), "一次最多导入 9 行"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(data, words) -> None:
    with pytest.raises(UnreadableSheet, match=words):
        read_sheet(data, row_limit=9)


def test_zip_bomb_is_not_unpacked() -> None:
    data = bomb()
    assert len(data) < 200_000

    with pytest.raises(UnreadableSheet, match="内容过大"):
        read_sheet(data, row_limit=9)


def test_entities_do_not_grow() -> None:
    with pytest.raises(UnreadableSheet):
        read_sheet(entities(), row_limit=9)


def test_file_outside_is_not_read(tmp_path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("top-secret")
    sheet = (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY s SYSTEM "{secret.as_uri()}">]>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>头</t></is></c></row>'
        '<row r="2"><c r="A2" t="inlineStr"><is><t>&s;</t></is></c></row></sheetData></worksheet>'
    )
    data = repacked(xlsx(("用户名",), ("a",)), xl__worksheets__sheet1=sheet.encode())

    try:
        read = str(read_sheet(data, row_limit=9))
    except UnreadableSheet:
        read = ""

    assert "top-secret" not in read


@pytest.mark.slow
def test_a_million_blank_rows_are_passed_over() -> None:
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<dimension ref="A1:XFD1048576"/><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>用户名</t></is></c></row>'
        '<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>a</t></is></c></row></sheetData></worksheet>'
    )
    data = repacked(xlsx(("用户名",), ("a",)), xl__worksheets__sheet1=sheet.encode())

    assert [row.number for row in read_sheet(data, row_limit=9).rows] == [1048576]
