"""Excel files in and out: text in rows, no formula read for its value, none written live."""

import csv
import logging
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import IO, Any
from zipfile import ZipFile

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
LIVE = ("=", "+", "-", "@", "\t", "\r")
MARKED = (
    *LIVE,
    "\n",
    "＝",
    "＋",
    "－",
    "＠",
)  # in csv; in some languages Excel takes the wide forms for the narrow


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
    except Exception:  # whatever it is that a broken archive breaks
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
        texts = tuple(map(_text, cells))
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


LONG_UNPACKED_LIMIT = 600 * 1024 * 1024  # bytes of a ledger of 100,000 rows and more, read row by row
WORDS_LIMIT = 64 * 1024 * 1024  # bytes of the table of words, which a reader has to keep in memory
RATIO_LIMIT = 200  # how many times smaller than its content an honest file is at the most
HEAD_WITHIN = 10  # rows in which the heads are looked for: a ledger has a title above them


@contextmanager
def open_long_sheet(
    file: IO[bytes], *, required: Sequence[str], row_limit: int
) -> Iterator[tuple[tuple[str, ...], Iterator[SheetRow]]]:
    """The heads and the rows below them, one at a time: memory does not grow with the file.

    The heads are the first row that has all the required ones; what stands above is a title. Raises
    UnreadableSheet, also while the rows are read.
    """
    check_long(file)
    try:
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
    except Exception as error:
        logger.info("unreadable xlsx: %r", error)
        raise UnreadableSheet(_("文件打不开或已损坏。请在 Excel 里另存为 xlsx 后再上传。")) from error
    try:
        if not book.worksheets:
            raise UnreadableSheet(_("文件里没有工作表。"))
        rows = _long_rows(book.worksheets[0])
        heads = _find_heads(rows, required)
        yield heads, _limited(rows, row_limit)
    finally:
        book.close()


@contextmanager
def open_sheet(
    data: bytes, *, required: Sequence[str], row_limit: int
) -> Iterator[tuple[tuple[str, ...], Iterator[SheetRow]]]:
    """The same of a file that fits into a request: xlsx, or csv in any encoding that Excel or WPS saves."""
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        _check_container(data)
        with open_long_sheet(BytesIO(data), required=required, row_limit=row_limit) as opened:
            yield opened
    else:
        rows = _csv_rows(data)
        yield _find_heads(rows, required), _limited(rows, row_limit)


def _csv_rows(data: bytes) -> Iterator[SheetRow]:
    text = _decoded(data)
    # Excel's "Unicode text" is parted by tabs.
    delimiter = "\t" if text.count("\t") > text.count(",") else ","
    try:
        for number, cells in enumerate(csv.reader(StringIO(text), delimiter=delimiter), start=1):
            texts = tuple(map(_unquoted, cells[:COLUMN_LIMIT]))
            if any(texts):
                yield SheetRow(number, texts)
    except csv.Error as error:
        logger.info("unreadable csv: %r", error)
        raise UnreadableSheet(_("文件打不开或已损坏。请在 Excel 里另存为 xlsx 后再上传。")) from error


def _decoded(data: bytes) -> str:
    is_utf_16 = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    for encoding in ("utf-16",) if is_utf_16 else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableSheet(_("这不是 xlsx 或 csv 文件。请在 Excel 里另存为 xlsx 后再上传。"))


def _unquoted(text: str) -> str:
    """Without the mark that table_files puts before what would be a formula in csv."""
    text = str(ILLEGAL_CHARACTERS_RE.sub("", text)).strip()
    return text[1:].strip() if text.startswith("'") and text[1:].lstrip().startswith(MARKED) else text


def check_long(file: IO[bytes]) -> None:
    """Raises UnreadableSheet for what is no xlsx, or would unpack to more than any ledger."""
    start = file.read(8)
    file.seek(0)
    if start == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise UnreadableSheet(_("这是旧的 xls 格式，或者文件设了密码。请去掉密码，另存为 xlsx 后再上传。"))
    try:
        with ZipFile(file) as archive:
            entries = archive.infolist()
    except Exception:  # whatever it is that a broken archive breaks
        raise UnreadableSheet(_("这不是 xlsx 文件。请在 Excel 里另存为 xlsx 后再上传。")) from None
    finally:
        file.seek(0)
    words = sum(entry.file_size for entry in entries if entry.filename.endswith("sharedStrings.xml"))
    unpacked, packed = (
        sum(entry.file_size for entry in entries),
        sum(entry.compress_size for entry in entries),
    )
    is_bomb = unpacked > UNPACKED_LIMIT and unpacked > RATIO_LIMIT * packed
    if unpacked > LONG_UNPACKED_LIMIT or words > WORDS_LIMIT or is_bomb:
        raise UnreadableSheet(_("文件内容过大。请只保留要导入的行，删去图片和其他工作表。"))


def _long_rows(sheet: Worksheet) -> Iterator[SheetRow]:
    sheet.reset_dimensions()
    try:
        for number, cells in enumerate(sheet.iter_rows(max_col=COLUMN_LIMIT), start=1):
            texts = tuple("" if cell.value is None else _text(cell) for cell in cells)
            if any(texts):
                yield SheetRow(number, texts)
    except Exception as error:  # openpyxl raises whatever the broken file makes it stumble over
        logger.info("unreadable xlsx: %r", error)
        raise UnreadableSheet(_("文件打不开或已损坏。请在 Excel 里另存为 xlsx 后再上传。")) from error


def _find_heads(rows: Iterator[SheetRow], required: Sequence[str]) -> tuple[str, ...]:
    best: list[str] = list(required)
    for row in rows:
        missing = [head for head in required if head not in row.cells]
        if not missing:
            return _trimmed(row.cells)
        best = min(best, missing, key=len)
        if row.number >= HEAD_WITHIN:
            break
    words = _("缺少列：%(heads)s。请用系统下载的表格填写，不要改列名。")
    raise UnreadableSheet(words % {"heads": "、".join(best)})


def _limited(rows: Iterator[SheetRow], limit: int) -> Iterator[SheetRow]:
    for count, row in enumerate(rows):
        if count == limit:
            raise UnreadableSheet(_("一次最多导入 %(limit)d 行。请分成几个文件上传。") % {"limit": limit})
        yield row


def _trimmed(texts: tuple[str, ...]) -> tuple[str, ...]:
    while texts and not texts[-1]:
        texts = texts[:-1]
    return texts


def _text(cell: Any) -> str:
    """What the cell shows: a percentage as one, a whole number without a point."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return Formula(str(getattr(value, "text", value)))
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in cell.number_format:
        return f"{value * 100:.10g}%"
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
    cell.quotePrefix = text.startswith(LIVE)  # and Excel, as soon as somebody edits the cell
    return cell
