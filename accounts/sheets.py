"""Excel files in and out: text in rows, no formula read for its value, none written live."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UNPACKED_LIMIT = 30 * 1024 * 1024  # bytes: more than any list of people, less than a zip bomb
COLUMN_LIMIT = 30
# What Excel and others take for the beginning of a formula when a cell is edited or saved as csv.
_LIVE = ("=", "+", "-", "@", "\t", "\r")


class UnreadableSheet(Exception):
    """A file that cannot be used; its text tells the reader why and what to do."""


class Formula(str):
    """The text of a formula where a value should stand. It is never calculated."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row that is not blank, with the number it has in Excel."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    heads: tuple[str, ...]
    rows: tuple[SheetRow, ...]


def read_sheet(data: bytes, *, row_limit: int) -> Sheet:
    """The first sheet of an xlsx file as text. Raises UnreadableSheet."""
    _check_container(data)
    try:
        # data_only would take the values that Excel kept of formulas; we want to see the formulas.
        book = load_workbook(BytesIO(data), read_only=True, data_only=False, keep_links=False)
        return _read(book.worksheets[0] if book.worksheets else None, row_limit)
    except UnreadableSheet:
        raise
    except Exception as error:  # openpyxl raises whatever the broken file makes it stumble over
        logger.info("unreadable xlsx: %r", error)
        raise UnreadableSheet(_("文件打不开或已损坏。请在 Excel 里另存为 xlsx 后再上传。")) from error


def _check_container(data: bytes) -> None:
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise UnreadableSheet(_("这是旧的 xls 格式，或者文件设了密码。请去掉密码，另存为 xlsx 后再上传。"))
    try:
        with ZipFile(BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except BadZipFile:
        raise UnreadableSheet(_("这不是 xlsx 文件。请下载模板，填好后再上传。")) from None
    if unpacked > UNPACKED_LIMIT:
        raise UnreadableSheet(_("文件内容过大。请只保留要导入的行，删去图片和其他工作表。"))


def _read(sheet: Worksheet | None, row_limit: int) -> Sheet:
    if sheet is None:
        raise UnreadableSheet(_("文件里没有工作表。"))
    heads: tuple[str, ...] = ()
    rows: list[SheetRow] = []
    sheet.reset_dimensions()  # some programs write wrong ones
    for number, cells in enumerate(sheet.iter_rows(max_col=COLUMN_LIMIT), start=1):
        texts = tuple(_text(cell.value, getattr(cell, "data_type", "n")) for cell in cells)
        if not any(texts):
            continue
        if not heads:
            heads = _trimmed(texts)
        elif len(rows) == row_limit:
            raise UnreadableSheet(_("一次最多导入 %(limit)d 行。请分成几个文件上传。") % {"limit": row_limit})
        else:
            rows.append(SheetRow(number, texts))
    if not rows:
        raise UnreadableSheet(_("表里没有要导入的内容。请从表头的下一行开始填写。"))
    return Sheet(heads, tuple(rows))


def _trimmed(texts: tuple[str, ...]) -> tuple[str, ...]:
    while texts and not texts[-1]:
        texts = texts[:-1]
    return texts


def _text(value: object, data_type: str) -> str:
    if value is None:
        return ""
    if data_type == "f":
        return Formula(str(getattr(value, "text", value)))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(ILLEGAL_CHARACTERS_RE.sub("", str(value))).strip()


def write_sheet(
    title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, notes: Sequence[str] = ()
) -> bytes:
    """An xlsx file of texts under bold heads, with a second sheet of notes."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    for column, head in enumerate(heads, start=1):
        _put(sheet, 1, column, head).font = Font(bold=True)
        sheet.column_dimensions[sheet.cell(1, column).column_letter].width = 12 + 2 * len(head)
    for number, row in enumerate(rows, start=2):
        for column, text in enumerate(row, start=1):
            _put(sheet, number, column, text)
    sheet.freeze_panes = "A2"
    if notes:
        page = book.create_sheet(_("填写说明"))
        page.column_dimensions["A"].width = 100
        for number, note in enumerate(notes, start=1):
            _put(page, number, 1, note).alignment = Alignment(wrap_text=True)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _put(sheet: Worksheet, row: int, column: int, text: str):  # type: ignore[no-untyped-def]
    cell = sheet.cell(row, column)
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.data_type = "s"  # openpyxl would make a formula of what begins with =
    cell.quotePrefix = text.startswith(_LIVE)  # and Excel, as soon as somebody edits the cell
    return cell
