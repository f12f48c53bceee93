"""Marks of secrecy in sheets, xlsx or csv: in the first rows of each worksheet, and in its page headers.

Like those of documents they are looked for before a file is kept. Parts are read piece by piece up to a limit
and never taken apart as XML: a bomb costs little, and what is broken is for the reader to say.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from itertools import islice
from lzma import LZMAError
from typing import IO
from zipfile import BadZipFile, ZipFile

from .decoding import decode
from .secrecy import mark_in
from .types import UnreadableDocument

HEAD_ROWS = 20  # that are not blank; those in which the heads of a ledger are looked for
# Cells of a row above a table. In one of more, 内部 may be a word like any other; with a star it never is.
_CELLS_ABOVE = 5
_STARS = ("★", "☆")
_SHEETS = 30
_START = 512 * 1024  # bytes of a worksheet, unpacked, or of a csv, in which the first rows stand
_EDGE = 16 * 1024  # bytes that headers and footers take at the most
_CHUNK = 1024 * 1024
# Bytes gone through for words and for page headers; readers refuse what has more (accounts/sheets.py).
_WORDS_LIMIT = 64 * _CHUNK
_SHEETS_LIMIT = 600 * _CHUNK

_SHEET = re.compile(r"xl/(?:worksheets|chartsheets)/[^/]+\.xml", re.IGNORECASE)
# No pattern runs past the next tag, so that none is slow on what is made to make it so.
_ROW_END = re.compile(r"</(?:\w+:)?row>|<(?:\w+:)?row\s[^<>]*/>")
_CELL_END = re.compile(r"</(?:\w+:)?c>")
_CELL = re.compile(r"<(?:\w+:)?c(?=[\s>])")
_SHARED = re.compile(r"""\st=["']s["']""")
_TEXT = re.compile(r"<(?:\w+:)?[tv](?:\s[^<>]*)?>([^<]*)</")
_ITEM_END = re.compile(rb"</(?:\w+:)?si>|<(?:\w+:)?si\s*/>")
_EDGES = re.compile(rb"<(?:\w+:)?(?:odd|even|first)(?:Header|Footer)(?:\s[^<>]*)?>([^<]*)<")
_EDGE_PARTS = re.compile(r"&[LCR]|\n|_x000[adAD]_")
_EDGE_CODES = re.compile(r'&(?:"[^"]*"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d{3}|\d{1,3}|[A-Z])')
_CSV_CELLS = re.compile(r"[,;\t]")


def mark_in_sheet(file: IO[bytes]) -> str | None:
    """The mark that a sheet carries, such as 秘密 or 内部; None also where the file cannot be read."""
    file.seek(0)
    try:
        if file.read(2) != b"PK":
            return _mark_in_csv(file)
        with ZipFile(file) as archive:
            return _mark_in_xlsx(archive)
    except (BadZipFile, zlib.error, LZMAError, EOFError, KeyError, OSError, RuntimeError, ValueError):
        return None


def _mark_in_rows(rows: Iterable[Sequence[str]]) -> str | None:
    filled = ([cell for cell in cells if cell.strip()] for cells in rows)
    for cells in islice(filter(None, filled), HEAD_ROWS):
        lines = [line for cell in cells for line in cell.splitlines()]
        is_above = len(cells) <= _CELLS_ABOVE
        if mark := mark_in(line for line in lines if is_above or any(star in line for star in _STARS)):
            return mark
    return None


def _mark_in_csv(file: IO[bytes]) -> str | None:
    file.seek(0)
    start = file.read(_START)
    if len(start) == _START:  # cut at the end of a line, which takes two bytes in UTF-16
        start = start[: start.rfind(b"\n") + 1]
        start = start[: len(start) - len(start) % 2] if b"\0" in start else start
    try:
        text = decode(start, "")
    except UnreadableDocument:
        return None
    return _mark_in_rows(_CSV_CELLS.split(line) for line in text.splitlines())


def _mark_in_xlsx(archive: ZipFile) -> str | None:
    names = list(islice(filter(_SHEET.fullmatch, archive.namelist()), _SHEETS))
    sheets = [_first_rows(archive, name) for name in names]
    wanted = {cell for rows in sheets for cells in rows for cell in cells if isinstance(cell, int)}
    words = _words(archive, wanted)
    for rows in sheets:
        texts = ([words.get(cell, "") if isinstance(cell, int) else cell for cell in cells] for cells in rows)
        if mark := _mark_in_rows(texts):
            return mark
    left = _SHEETS_LIMIT
    for name in names:
        left -= archive.getinfo(name).file_size
        if left > 0 and (mark := mark_in(_edges(archive, name))):
            return mark
    return None


def _first_rows(archive: ZipFile, name: str) -> list[list[str | int]]:
    """The cells of its first rows: text, or the number of one in the table of words."""
    with archive.open(name) as part:
        xml = part.read(_START).decode("utf-8", "ignore")
    rows: list[list[str | int]] = []
    for row in _ROW_END.split(xml):
        if len(rows) == HEAD_ROWS:
            break
        if cells := [_cell(piece) for piece in _CELL_END.split(row)[:-1]]:
            rows.append(cells)
    return rows


def _cell(xml: str) -> str | int:
    given, _mark, inside = _CELL.split(xml)[-1].partition(">")
    text = unescape("".join(_TEXT.findall(inside)))
    return int(text) if _SHARED.search(given) and text.isdecimal() and len(text) < 10 else text


def _words(archive: ZipFile, wanted: set[int]) -> dict[int, str]:
    """These of the words that all worksheets share."""
    name = next((one for one in archive.namelist() if one.lower() == "xl/sharedstrings.xml"), "")
    if not wanted or not name:
        return {}
    items = enumerate(islice(_items(archive, name), max(wanted) + 1))
    found = {number: item.decode("utf-8", "ignore") for number, item in items if number in wanted}
    return {number: unescape("".join(_TEXT.findall(item))) for number, item in found.items()}


def _items(archive: ZipFile, name: str) -> Iterator[bytes]:
    kept = b""
    for chunk in islice(_chunks(archive, name), _WORDS_LIMIT // _CHUNK):
        *items, kept = _ITEM_END.split(kept[-_START:] + chunk)
        yield from items


def _chunks(archive: ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as part:
        yield from iter(lambda: part.read(_CHUNK), b"")


def _edges(archive: ZipFile, name: str) -> list[str]:
    """The lines of its page headers and footers, which stand behind all its rows."""
    texts: list[bytes] = []
    kept = b""
    for chunk in _chunks(archive, name):
        kept = kept[-_EDGE:] + chunk
        if b"Header" in kept or b"Footer" in kept:
            texts += _EDGES.findall(kept)
    lines = (unescape(text.decode("utf-8", "ignore")) for text in texts)
    return [_EDGE_CODES.sub("", part) for line in lines for part in _EDGE_PARTS.split(line)]
