"""Word documents (docx) to text: word/document.xml read as it stands in the archive.

Taken: paragraphs with their automatic numbers, tables, text boxes once, the results of fields, tracked changes
as if accepted. Left out: headers and footers, footnotes and endnotes, comments, hidden text, the lines of a table
of contents, bullets. A footnote explains a word; it orders nothing, and behind the body it would read like the last
measure.
"""

from __future__ import annotations

import posixpath
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from . import grids
from .docx_numbering import Numbering, Styles, attribute, child, local, number_of, switched
from .types import UnreadableDocument

MAX_PART = 40 * 1024 * 1024  # bytes of one part, unpacked
MAX_TEXT = 5_000_000  # characters
_BROKEN = "Word 文件已损坏,打不开。请用 WPS 或 Word 打开后另存为 docx 再上传"
_TOO_LARGE = "Word 文件解开后过大。请只保留方案正文,另存为 docx 再上传"
_GONE = frozenset(["del", "moveFrom", "rPrChange", "pPrChange", "instrText", "delText", "delInstrText", "rt"])
_NEW_LINE = frozenset(["br", "cr"])
_SHAPES = frozenset(["drawing", "pict", "object", "AlternateContent"])


def read_docx(data: bytes, name: str) -> str:
    """The text of a docx, one line a paragraph or table row. Raises `UnreadableDocument`."""
    from lxml import etree

    try:
        with ZipFile(BytesIO(data)) as archive:
            body_part = _main_part(archive, name)
            folder = posixpath.dirname(body_part)
            body = child(_part(archive, body_part, name), "body")
            styles = Styles(_part(archive, posixpath.join(folder, "styles.xml"), name, needed=False))
            numbering = Numbering(
                _part(archive, posixpath.join(folder, "numbering.xml"), name, needed=False), styles
            )
    # Whatever a broken archive breaks: the zip's own records, a compressed part, an unknown method or a password.
    except (BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError, NotImplementedError) as error:
        raise UnreadableDocument(name, _BROKEN) from error
    except (RuntimeError, etree.XMLSyntaxError) as error:
        raise UnreadableDocument(name, _BROKEN) from error
    if body is None:
        raise UnreadableDocument(name, _BROKEN)
    try:
        return "\n".join(_Document(styles, numbering).blocks(body))
    except (grids.TooLarge, RecursionError) as error:
        raise UnreadableDocument(name, _TOO_LARGE) from error


def _main_part(archive: ZipFile, name: str) -> str:
    """Where the text stands: word/document.xml, or what the archive says instead."""
    relations = _part(archive, "_rels/.rels", name, needed=False)
    for relation in relations if relations is not None else ():
        if (attribute(relation, "Type") or "").endswith("/officeDocument"):
            return posixpath.normpath((attribute(relation, "Target") or "").lstrip("/"))
    return "word/document.xml"


def _part(archive: ZipFile, path: str, name: str, *, needed: bool = True) -> Any | None:
    """The root of one XML part. Nothing outside the part is read: no entities, no document types, no network."""
    from lxml import etree

    try:
        info = archive.getinfo(path)
    except KeyError:
        if needed:
            raise
        return None
    with archive.open(info) as packed:
        content = packed.read(MAX_PART + 1)
    if len(content) > MAX_PART:
        raise UnreadableDocument(name, _TOO_LARGE)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    root = etree.fromstring(content, parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableDocument(name, _BROKEN)
    return root


@dataclass(slots=True)
class _Paragraph:
    """What has been read of a paragraph: its words, and what stands in text boxes anchored in it."""

    words: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)


class _Document:
    """Reads the body from top to bottom once: numbers count on, and a field may reach over paragraphs."""

    def __init__(self, styles: Styles, numbering: Numbering) -> None:
        self._styles = styles
        self._numbering = numbering
        self._fields: list[bool] = []  # open fields; True: still in the instruction, which is not printed
        self._size = 0

    def blocks(self, container: Any) -> list[str]:
        """The lines of what holds paragraphs and tables: the body, a text box, a cell."""
        written: list[str] = []
        carried = ""  # of a paragraph whose end mark was deleted: it runs on into the next
        for element in _unwrapped(container):
            if local(element.tag) == "tbl":
                written += [carried] if carried else []
                carried = ""
                written += self._table(element)
            elif local(element.tag) == "p":
                text, boxes = self._paragraph(element)
                text = carried + text
                carried = ""
                if child(element, "pPr", "rPr", "del") is not None:
                    carried = text
                else:
                    written += text.split("\n")
                written += boxes
        return written + ([carried] if carried else [])

    def _paragraph(self, element: Any) -> tuple[str, list[str]]:
        properties = child(element, "pPr")
        style = attribute(child(properties, "pStyle")) if properties is not None else None
        style = style or self._styles.default
        self._fields = [False] * len(self._fields)  # an instruction ends with its paragraph
        paragraph = _Paragraph()
        self._inline(element, paragraph, style)
        if self._styles.is_contents(style):
            return "", paragraph.boxes
        text = "".join(paragraph.words)
        self._size += len(text)
        if self._size > MAX_TEXT:
            raise grids.TooLarge
        # An empty paragraph has no number in print only where Word hides it; it is counted all the same.
        label = self._numbering.label(properties, style, text)
        return (label + text if text.strip() else ""), paragraph.boxes

    def _inline(self, element: Any, out: _Paragraph, style: str | None) -> None:
        for one in element:
            name = local(one.tag)
            if name in _GONE:
                continue
            if name == "r":
                self._run(one, out, style)
            elif name in _SHAPES:
                self._shape(one, out)
            elif name == "t":  # of a formula
                self._say(one.text or "", out)
            elif name not in ("pPr", "rPr"):
                self._inline(one, out, style)

    def _run(self, run: Any, out: _Paragraph, style: str | None) -> None:
        hidden = self._is_hidden(run, style)
        for one in run:
            name = local(one.tag)
            if name == "fldChar":
                self._field(attribute(one, "fldCharType"))
            elif name in _SHAPES:
                self._shape(one, out)
            elif hidden or name in _GONE:
                continue
            elif name == "t":
                self._say((one.text or "").replace("\u00ad", ""), out)
            elif name in ("tab", "ptab"):
                self._say("\t", out)
            elif name in _NEW_LINE:
                self._say("\n", out)
            elif name == "noBreakHyphen":
                self._say("-", out)
            elif name in ("ruby", "rubyBase"):
                self._inline(one, out, style)

    def _say(self, text: str, out: _Paragraph) -> None:
        if not any(self._fields):
            out.words.append(text)

    def _field(self, kind: str | None) -> None:
        if kind == "begin" and len(self._fields) < 100:
            self._fields.append(True)
        elif kind == "separate" and self._fields:
            self._fields[-1] = False
        elif kind == "end" and self._fields:
            self._fields.pop()

    def _is_hidden(self, run: Any, style: str | None) -> bool:
        properties = child(run, "rPr")
        if properties is not None:
            if child(properties, "del") is not None or switched(child(properties, "webHidden")):
                return True
            own = switched(child(properties, "vanish"))
            if own is not None:
                return own
            named = attribute(child(properties, "rStyle"))
            if named is not None and self._styles.is_hidden(named):
                return True
        return self._styles.is_hidden(style)

    def _shape(self, shape: Any, out: _Paragraph) -> None:
        """Text boxes in a drawing. A shape drawn twice, for newer and older Word, is read once."""
        if local(shape.tag) == "AlternateContent":
            chosen = child(shape, "Choice")
            shape = chosen if chosen is not None else child(shape, "Fallback")
        for one in shape if shape is not None else ():
            if local(one.tag) == "txbxContent":
                out.boxes += self.blocks(one)
            elif local(one.tag) == "r":
                self._run(one, out, None)
            else:
                self._shape(one, out)

    def _table(self, table: Any) -> list[str]:
        rows = [row for row in _unwrapped(table) if local(row.tag) == "tr" and not _is_deleted(row)]
        if any(True for row in rows for cell in _cells(row) for _ in _tables_in(cell)) or all(
            len(_cells(row)) == 1 for row in rows
        ):
            # A table that only lays out the page: its cells are read one after the other.
            return [line for row in rows for cell in _cells(row) for line in self.blocks(cell)]
        read = [self._row(row) for row in rows]
        return grids.lines(_merged_downwards(read))

    def _row(self, row: Any) -> list[tuple[int, int, str, str]]:
        """Column, width, what is said of merging downwards, and text of each cell."""
        column = number_of(attribute(child(row, "trPr", "gridBefore")), 0, most=grids.MOST_SPANNED)
        read = [(0, column, "", "")] if column else []
        for cell in _cells(row):
            properties = child(cell, "tcPr")
            merge = child(properties, "vMerge") if properties is not None else None
            span = attribute(child(properties, "gridSpan")) if properties is not None else None
            across = number_of(span, 1, least=1, most=grids.MOST_SPANNED)
            how = "" if merge is None else (attribute(merge) or "continue")
            read.append((column, across, how, grids.flat(" ".join(self.blocks(cell)))))
            column += across
        return read


def _merged_downwards(rows: list[list[tuple[int, int, str, str]]]) -> list[list[grids.Cell]]:
    """The cells with the rows they reach over; what only continues a cell above is gone."""
    below: dict[int, int] = {}  # by column: how many rows below continue the cell there
    placed: list[list[grids.Cell]] = []
    count = 0
    for at in range(len(rows) - 1, -1, -1):
        above = {column for column, _, how, _ in rows[at - 1] if how} if at else set()
        reached: dict[int, int] = {}
        line: list[grids.Cell] = []
        for column, across, how, text in rows[at]:
            count += across
            if how == "continue" and column in above:
                reached[column] = below.get(column, 0) + 1
            else:
                line.append(grids.Cell(text, across, 1 + (below.get(column, 0) if how else 0)))
        if count > grids.MOST_CELLS:
            raise grids.TooLarge
        below = reached
        placed.append(line)
    return placed[::-1]


def _unwrapped(container: Any) -> Iterable[Any]:
    """The paragraphs, tables, rows or cells of a container, out of content controls and tracked insertions."""
    for one in container:
        name = local(one.tag)
        if name in ("p", "tbl", "tr", "tc"):
            yield one
        elif name in ("sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag"):
            yield from _unwrapped(one)
        elif name == "AlternateContent":
            chosen = child(one, "Choice")
            yield from _unwrapped(chosen if chosen is not None else ())


def _cells(row: Any) -> list[Any]:
    return [
        cell
        for cell in _unwrapped(row)
        if local(cell.tag) == "tc" and child(cell, "tcPr", "cellDel") is None
    ]


def _tables_in(cell: Any) -> Iterable[Any]:
    return (one for one in _unwrapped(cell) if local(one.tag) == "tbl")


def _is_deleted(row: Any) -> bool:
    return child(row, "trPr", "del") is not None
