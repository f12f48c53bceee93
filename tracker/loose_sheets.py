"""Sheets as offices keep them, xlsx or csv: titles above the heads, merged cells, hidden rows, worksheets.

Read row by row: memory does not grow with the file. No formula is calculated.
"""

import csv
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from io import StringIO
from typing import IO, Any

from django.utils.translation import gettext as _
from lxml import etree
from openpyxl import load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from accounts.sheets import Formula, SheetRow, UnreadableSheet, check_long
from tracker.parser.decoding import decode
from tracker.parser.types import UnreadableDocument

logger = logging.getLogger(__name__)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
COLUMN_LIMIT = 60
EXCEL_ROWS = 1_048_576
MERGES_LIMIT = 200_000
CELL_LIMIT = 32_767  # characters; Excel's
SHEETS_SHOWN = 30
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RANGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})")
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')


@dataclass(slots=True)
class Layout:
    """What a worksheet says beside its values. Rows and columns count from 1."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    down: dict[tuple[int, int], int] = field(default_factory=dict)  # where a cell begins: its last row
    across: dict[tuple[int, int], int] = field(default_factory=dict)  # the same: its last column


@dataclass(slots=True)
class LooseSheet:
    """One worksheet and the names of all. `rows`, to be read once, are those that show and are not blank."""

    names: list[tuple[int, str]]
    index: int
    layout: Layout
    rows: Iterator[SheetRow]


def refuse_kind(start: bytes, name: str) -> None:
    """Raises UnreadableSheet for what is no xlsx and no csv, with a sentence that says what to do."""
    lower = name.lower()
    if start[:8] == OLE or lower.endswith((".xls", ".et", ".ett", ".wps", ".doc")):
        raise UnreadableSheet(
            _("这是 xls、et 一类的旧格式，或者文件设了密码。请用 Excel 或 WPS 打开，另存为 xlsx 后再上传。")
        )
    if lower.endswith((".docx", ".pdf", ".pptx", ".ods")) or start[:5] == b"%PDF-":
        raise UnreadableSheet(_("这不是 Excel 表格。方案文件请在“导入方案”里上传；表格请另存为 xlsx。"))
    if start[:2] != b"PK" and not lower.endswith((".csv", ".txt", ".tsv")):
        raise UnreadableSheet(_("这不是 xlsx 或 csv 文件。请在 Excel 或 WPS 里另存为 xlsx 后再上传。"))


@contextmanager
def open_loose(file: IO[bytes], name: str, index: int | None, *, row_limit: int) -> Iterator[LooseSheet]:
    """A worksheet of the file, by its place or the first that shows. Raises UnreadableSheet, also later."""
    start = file.read(8)
    file.seek(0)
    refuse_kind(start, name)
    if start[:2] != b"PK":
        yield LooseSheet([(0, name)], 0, Layout(), _limited(_csv_rows(file.read(), name), row_limit))
        return
    check_long(file)
    try:
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
    except Exception as error:  # openpyxl raises whatever the broken file makes it stumble over
        logger.info("unreadable xlsx: %r", error)
        raise UnreadableSheet(_("文件打不开或已损坏。请在 Excel 里另存为 xlsx 后再上传。")) from error
    try:
        shown = [(at, sheet) for at, sheet in enumerate(book.worksheets) if sheet.sheet_state == "visible"]
        if not shown:
            raise UnreadableSheet(_("文件里没有工作表。"))
        chosen, sheet = next((pair for pair in shown if pair[0] == index), shown[0])
        names = [(at, one.title[:60]) for at, one in shown[:SHEETS_SHOWN]]
        layout = _layout(sheet)
        yield LooseSheet(names, chosen, layout, _limited(_filled(sheet, layout), row_limit))
    finally:
        book.close()


def _layout(sheet: Any) -> Layout:
    """One pass over the worksheet's XML for what openpyxl leaves out when it reads row by row."""
    layout = Layout()
    tags = (f"{_MAIN}row", f"{_MAIN}col", f"{_MAIN}mergeCell")
    try:
        with sheet._get_source() as source:
            for _event, element in etree.iterparse(
                source, events=("end",), tag=tags, resolve_entities=False, no_network=True, load_dtd=False
            ):
                _note(layout, element.tag.removeprefix(_MAIN), element.attrib)
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except Exception as error:
        logger.info("unreadable xlsx: %r", error)
        raise UnreadableSheet(_("文件打不开或已损坏。请在 Excel 里另存为 xlsx 后再上传。")) from error
    return layout


def _note(layout: Layout, tag: str, given: Any) -> None:
    is_hidden = given.get("hidden") in ("1", "true")
    if tag == "row" and is_hidden and (given.get("r") or "").isdecimal():
        layout.hidden_rows.add(int(given["r"][:8]))
    elif tag == "col" and is_hidden:
        first, last = (given.get(key) or "" for key in ("min", "max"))
        if first.isdecimal() and last.isdecimal():
            layout.hidden_columns.update(range(int(first[:8]), min(int(last[:8]), COLUMN_LIMIT) + 1))
    elif tag == "mergeCell" and len(layout.down) < MERGES_LIMIT:
        found = _RANGE.fullmatch(given.get("ref") or "")
        if found:
            left, top, right, bottom = _column(found[1]), int(found[2]), _column(found[3]), int(found[4])
            if bottom > top:
                layout.down[top, left] = bottom
            if right > left:
                layout.across[top, left] = min(right, COLUMN_LIMIT)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _filled(sheet: Any, layout: Layout) -> Iterator[SheetRow]:
    """The rows that show, with cells merged downwards filled down."""
    sheet.reset_dimensions()  # some programs write wrong ones
    carried: dict[int, tuple[int, str]] = {}  # by column: until which row, and what
    blank: object = None
    try:
        for number, cells in enumerate(sheet.iter_rows(max_col=COLUMN_LIMIT), start=1):
            if number > EXCEL_ROWS:
                raise UnreadableSheet(_("文件打不开或已损坏。请在 Excel 里另存为 xlsx 后再上传。"))
            if cells is blank:  # rows that the file leaves out are one and the same; there may be a million
                continue
            texts = [_text(cell) if cell.value is not None else "" for cell in cells]
            if not any(texts):
                blank = cells
                continue
            for at, text in enumerate(texts):
                place = number, at + 1
                if place in layout.down:
                    carried[at] = layout.down[place], text
                elif not text and at in carried and number <= carried[at][0]:
                    texts[at] = carried[at][1]
                if at + 1 in layout.hidden_columns:
                    texts[at] = ""
            if number not in layout.hidden_rows and any(texts):
                yield SheetRow(number, _trimmed(texts))
    except UnreadableSheet:
        raise
    except Exception as error:
        logger.info("unreadable xlsx: %r", error)
        raise UnreadableSheet(_("文件打不开或已损坏。请在 Excel 里另存为 xlsx 后再上传。")) from error


def _csv_rows(data: bytes, name: str) -> Iterator[SheetRow]:
    try:
        text = decode(data, name)
    except UnreadableDocument as error:
        raise UnreadableSheet(_("csv 的编码无法识别。请在 Excel 里另存为 xlsx 后再上传。")) from error
    first = text[:4000]
    mark = max((",", "\t", ";"), key=first.count)
    try:
        for number, cells in enumerate(csv.reader(StringIO(text), delimiter=mark), start=1):
            texts = [_plain(cell) for cell in cells[:COLUMN_LIMIT]]
            if any(texts):
                yield SheetRow(number, _trimmed(texts))
    except csv.Error as error:
        raise UnreadableSheet(_("csv 读不下去了，可能已损坏。请另存为 xlsx 后再上传。")) from error


def _plain(text: str) -> str:
    clean = ILLEGAL_CHARACTERS_RE.sub("", text).strip()[:CELL_LIMIT]
    return Formula(clean) if clean.startswith("=") else clean


def _limited(rows: Iterator[SheetRow], limit: int) -> Iterator[SheetRow]:
    for count, row in enumerate(rows):
        if count == limit:
            raise UnreadableSheet(_("一次最多导入 %(limit)d 行。请分成几个文件上传。") % {"limit": limit})
        yield row


def _trimmed(texts: Sequence[str]) -> tuple[str, ...]:
    end = len(texts)
    while end and not texts[end - 1]:
        end -= 1
    return tuple(texts[:end])


def _text(cell: Any) -> str:
    """A cell as its reader sees it: days as days, percent with its sign."""
    value = cell.value
    if cell.data_type == "f":
        return Formula(str(getattr(value, "text", value)))
    if isinstance(value, datetime | date):
        return _day(value, _look(cell))
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, int | float):
        return _number(value, _look(cell))
    return str(ILLEGAL_CHARACTERS_RE.sub("", str(value))).strip()[:CELL_LIMIT]


def _look(cell: Any) -> str:
    return _QUOTED.sub("", str(getattr(cell, "number_format", "") or "")).lower()


def _day(value: date, look: str) -> str:
    """What is shown as a month (2024年10月) is a month, whatever day Excel keeps behind it."""
    if "m" in look and "d" not in look and "h" not in look and "y" in look:
        return f"{value.year}年{value.month}月"
    return value.strftime("%Y-%m-%d")


def _number(value: float, look: str) -> str:
    if "%" in look:
        return f"{round(value * 100, 4):.10g}%"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return str(value)[:100]
