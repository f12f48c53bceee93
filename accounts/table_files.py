"""Tables written to files: xlsx as an office prints it, csv as Excel opens it, json for programs.

Rows are written as they come, so that memory does not grow with them. No text becomes a formula.
"""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from io import TextIOWrapper
from math import ceil
from typing import IO, Any

from django.conf import settings
from django.utils import translation
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from accounts.clock import SHANGHAI
from accounts.sheets import CONTENT_TYPE, MARKED
from accounts.tables import Coded, Column, Kind, Lit, Stamp, Table

FORMATS = {"xlsx": CONTENT_TYPE, "csv": "text/csv; charset=utf-8", "json": "application/json"}
CELL_LIMIT = 32_767  # characters; Excel's
EXCEL_DAY_0 = date(1899, 12, 30).toordinal()
PROGRESS_ROWS = 2000  # a second or two; each time is a transaction
_FILLS = {"RED": "#F8CBAD", "YELLOW": "#FFE699", "GREEN": "#C6E0B4", "GREY": "#E7E6E6"}
Told = Callable[[int], None]


def write_table(
    table: Table, kind: str, stream: IO[bytes], stamp: Stamp, told: Told = lambda count: None
) -> None:
    """Write the table as one of FORMATS; `told` hears every now and then how many rows are done."""
    write = {"xlsx": _write_xlsx, "csv": _write_csv, "json": _write_json}[kind]
    # What is printed for the office is Chinese, whatever language the reader chose.
    with translation.override(settings.LANGUAGE_CODE):
        write(table, stream, stamp, told)


def _counted(table: Table, told: Told) -> Iterator[tuple[int, list[Any]]]:
    """Each row's number and values; None for the number itself."""
    number = 0
    for number, row in enumerate(table.rows, start=1):
        yield number, [column.value(row) for column in table.columns]
        if number % PROGRESS_ROWS == 0:
            told(number)
    told(number)


def _is_live(text: str) -> bool:
    return text.startswith(MARKED) or text.lstrip().startswith(MARKED)


def _local(moment: datetime) -> datetime:
    return moment.astimezone(SHANGHAI).replace(tzinfo=None)


def _words(column: Column, number: int, value: Any) -> Any:
    """The value as csv prints it."""
    if column.kind is Kind.INDEX:
        return number
    if value is None:
        return ""
    match column.kind:
        case Kind.DATE:
            return value.isoformat()
        case Kind.MOMENT:
            return _local(value).strftime("%Y-%m-%d %H:%M:%S")
        case Kind.PERCENT:
            return f"{value}%"
        case Kind.FLAG:
            return "是" if value else "否"
        case Kind.CODED:
            return _safe(value.word)
        case Kind.LIGHT:
            return f"{value.shape} {value.word}"
        case Kind.TEXT:
            return _safe(str(value))
        case _:
            return value


def _safe(text: str) -> str:
    return f"'{text}" if _is_live(text) else text


def _write_csv(table: Table, stream: IO[bytes], stamp: Stamp, told: Told) -> None:
    wrapper = TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="", write_through=False)
    writer = csv.writer(wrapper)
    writer.writerow([column.head for column in table.columns])
    for number, values in _counted(table, told):
        writer.writerow(
            [_words(column, number, value) for column, value in zip(table.columns, values, strict=True)]
        )
    wrapper.detach()


def _plain(column: Column, number: int, value: Any) -> Any:
    """The value as JSON says it."""
    if column.kind is Kind.INDEX:
        return number
    match value:
        case Coded() | Lit():
            return {"code": value.code, "word": value.word}
        case datetime():
            return value.astimezone(SHANGHAI).isoformat()
        case date():
            return value.isoformat()
        case None | bool() | int() | float():
            return value
        case _:
            return str(value)


def _write_json(table: Table, stream: IO[bytes], stamp: Stamp, told: Told) -> None:
    head = {
        "title": table.title,
        "as_of": stamp.day.isoformat(),
        "exported_by": stamp.by,
        "exported_at": stamp.at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        "columns": [{"key": column.key, "head": column.head} for column in table.columns],
    }
    text = json.dumps(head, ensure_ascii=False).removesuffix("}") + ', "rows": [\n'
    stream.write(text.encode("utf-8", "replace"))
    for number, values in _counted(table, told):
        row = {
            column.key: _plain(column, number, value)
            for column, value in zip(table.columns, values, strict=True)
        }
        before = "" if number == 1 else ",\n"
        stream.write((before + json.dumps(row, ensure_ascii=False)).encode("utf-8", "replace"))
    stream.write(b"\n]}\n")


LINE_POINTS = 13.5
HIGHEST = 400  # points; Excel allows a little more
HEAD_ROW = 2  # after the title and the line that says of which day it is


class _Formats:
    """The looks of cells; a workbook wants each of them made once."""

    def __init__(self, book: Workbook) -> None:
        base = {"border": 1, "valign": "vcenter", "font_name": "宋体", "font_size": 10}
        middle = base | {"align": "center"}
        self.title = book.add_format(
            {"bold": True, "font_size": 16, "align": "center", "valign": "vcenter", "font_name": "宋体"}
        )
        self.stamp = book.add_format({"font_size": 10, "align": "right", "font_name": "宋体"})
        self.head = book.add_format(
            middle | {"bold": True, "text_wrap": True, "bg_color": "#D9E2F3", "font_name": "黑体"}
        )
        self.text = book.add_format(base | {"text_wrap": True})
        # Excel would make a formula of it as soon as somebody edits the cell.
        self.live = book.add_format(base | {"text_wrap": True, "quote_prefix": True})
        self.middle = book.add_format(middle)
        self.date = book.add_format(middle | {"num_format": "yyyy-mm-dd"})
        self.moment = book.add_format(middle | {"num_format": "yyyy-mm-dd hh:mm"})
        self.percent = book.add_format(middle | {"num_format": "0%"})
        # Words stay words, even those that begin like a formula; a percentage may be typed in any form.
        to_fill = base | {"bg_color": "#FFF2CC", "locked": False}
        self.inputs = {
            Kind.TEXT: book.add_format(to_fill | {"text_wrap": True, "num_format": "@"}),
            Kind.PERCENT: book.add_format(to_fill | {"align": "center"}),
        }
        self.lights = {
            code: book.add_format(middle | {"bg_color": colour}) for code, colour in _FILLS.items()
        }


def _write_xlsx(table: Table, stream: IO[bytes], stamp: Stamp, told: Told) -> None:
    # Rows go to a temporary file as they are written; a cell cannot be touched again after its row.
    book = Workbook(stream, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    try:
        formats = _Formats(book)
        sheet = book.add_worksheet("".join("_" if mark in "[]:*?/\\'" else mark for mark in table.title)[:31])
        _set_up(sheet, table, stamp, formats)
        last = HEAD_ROW
        widths = [
            (at, column.width)
            for at, column in enumerate(table.columns)
            if column.is_printed and column.kind is Kind.TEXT
        ]
        for number, values in _counted(table, told):
            last = HEAD_ROW + number
            sheet.set_row(last, _height(widths, values))
            for at, (column, value) in enumerate(zip(table.columns, values, strict=True)):
                _put(sheet, last, at, column, number if column.kind is Kind.INDEX else value, formats)
        if last > HEAD_ROW and any(column.is_input for column in table.columns):
            _protect(sheet, table, last)
        sheet.autofilter(HEAD_ROW, 0, last, len(table.columns) - 1)
        printed = sum(column.is_printed for column in table.columns)
        sheet.print_area(0, 0, last, printed - 1)
    finally:
        book.close()


def _set_up(sheet: Worksheet, table: Table, stamp: Stamp, formats: _Formats) -> None:
    columns = table.columns
    across = max(sum(column.is_printed for column in columns) - 1, 1)
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.width, None, {"hidden": column.is_hidden})
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.7)
    sheet.repeat_rows(0, HEAD_ROW)
    sheet.set_footer("&C第 &P 页，共 &N 页")
    sheet.freeze_panes(HEAD_ROW + 1, 0)
    sheet.set_row(0, 28)
    sheet.merge_range(0, 0, 0, across, "", formats.title)
    sheet.write_string(0, 0, _fit(table.title), formats.title)
    said = f"截至 {stamp.day.isoformat()}　共 {table.count} 项　导出人：{stamp.by}　"
    said += f"导出时间：{_local(stamp.at):%Y-%m-%d %H:%M}"
    sheet.merge_range(1, 0, 1, across, "", formats.stamp)
    sheet.write_string(1, 0, _fit(said), formats.stamp)
    sheet.set_row(HEAD_ROW, 30)
    for at, column in enumerate(columns):
        sheet.write_string(HEAD_ROW, at, column.head, formats.head)


def _protect(sheet: Worksheet, table: Table, last: int) -> None:
    """Only what is to be filled in can be typed into; without a password, as it keeps from slips alone."""
    sheet.protect("", {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True})
    for at, column in enumerate(table.columns):
        if column.is_input and column.kind is Kind.PERCENT:
            sheet.data_validation(
                HEAD_ROW + 1,
                at,
                last,
                at,
                {
                    "validate": "decimal",
                    "criteria": "between",
                    "minimum": 0,
                    "maximum": 100,
                    "error_title": column.head,
                    "error_message": "请填 0 到 100 的整数，例如 60。",
                },
            )


def _height(widths: list[tuple[int, int]], values: list[Any]) -> float:
    """Points for the longest wrapped text: not every program fits rows by itself when it opens a file.

    `widths` are the places of the columns of printed text, and how wide each is.
    """
    lines = 1
    for at, width in widths:
        value = values[at]
        # Of no more than half as many characters as places, it surely fits into one line.
        if type(value) is str and (2 * len(value) >= width or "\n" in value):
            # As many places as bytes: a Chinese character takes two of each.
            places = len(value.encode("gbk", "replace"))
            lines = max(lines, ceil(places / (width - 1)) + value.count("\n"))
    return min(LINE_POINTS * lines + 4, HIGHEST)


def _fit(text: str) -> str:
    if not text.isprintable():
        text = ILLEGAL_CHARACTERS_RE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text if len(text) <= CELL_LIMIT else text[: CELL_LIMIT - 1] + "…"


def _put(sheet: Worksheet, row: int, at: int, column: Column, value: Any, formats: _Formats) -> None:
    match value:
        case str():
            _put_text(sheet, row, at, value, formats)
        case None if column.is_input:
            sheet.write_blank(row, at, None, formats.inputs[column.kind])
        case None:
            sheet.write_blank(row, at, None, formats.text)
        case Lit():
            look: Format = formats.lights.get(value.code, formats.middle)
            sheet.write_string(row, at, f"{value.shape} {value.word}", look)
        case Coded():
            _put_text(sheet, row, at, value.word, formats)
        case bool():
            sheet.write_string(row, at, "是" if value else "否", formats.middle)
        case int() | float() if column.kind is Kind.PERCENT:
            sheet.write_number(row, at, value / 100, formats.percent)
        case int() | float():
            sheet.write_number(row, at, value, formats.middle)
        # Excel counts days from 1900 on.
        case datetime() if value.year > 1900:
            sheet.write_datetime(row, at, _local(value), formats.moment)
        case date() if value.year > 1900:
            sheet.write_number(row, at, value.toordinal() - EXCEL_DAY_0, formats.date)
        case _:
            _put_text(sheet, row, at, str(value), formats)


def _put_text(sheet: Worksheet, row: int, at: int, text: str, formats: _Formats) -> None:
    sheet.write_string(row, at, _fit(text), formats.live if _is_live(text) else formats.text)
