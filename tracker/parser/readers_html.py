"""Web pages to text: furniture dropped, tables as lines of cells."""

from __future__ import annotations

import re

from . import grids
from .decoding import decode
from .docx_numbering import number_of
from .types import UnreadableDocument

_FURNITURE = "script|style|noscript|nav|header|footer|aside|form|button|select|iframe|svg|template"
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "br",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "title",
        "tr",
        "ul",
    ]
)
_META_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]+)", re.IGNORECASE)


def read_html(data: bytes, name: str) -> str:
    """A web page as lines: furniture dropped, one line per block, table rows with cells joined by |."""
    from lxml import etree, html

    found = _META_CHARSET.search(data[:4096])
    text = decode(data, name, declared=found[1].decode("ascii") if found else None)
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    try:
        root = html.document_fromstring(text)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableDocument(name, "网页内容为空或已损坏") from error
    lines: list[str] = []
    try:
        _render(root, lines)
    except (RecursionError, grids.TooLarge) as error:
        raise UnreadableDocument(name, "网页过于复杂,读不了。请把方案正文复制到 Word 文件再上传") from error
    return "\n".join(re.sub(r"[ \t\n]+", " ", line).strip() for line in "".join(lines).split("\x1e")).strip()


def _render(element: object, out: list[str]) -> None:
    """Append the text of an lxml element to `out`, with \\x1e for a new line."""
    tag = getattr(element, "tag", None)
    if not isinstance(tag, str) or re.fullmatch(_FURNITURE, tag):
        return
    block = tag in _BLOCKS
    if tag == "table" and _render_grid(element, out):
        return
    if block:
        out.append("\x1e")
    out.append(getattr(element, "text", None) or "")
    for child in element:  # type: ignore[attr-defined]
        _render(child, out)
        out.append(child.tail or "")
    if block:
        out.append("\x1e")


def _cells_of(row: object) -> list[object]:
    return [cell for cell in row if getattr(cell, "tag", None) in ("td", "th")]  # type: ignore[attr-defined]


def _cell_text(cell: object) -> str:
    inner: list[str] = []
    _render(cell, inner)
    return grids.flat("".join(inner).replace("\x1e", " "))


def _span_of(cell: object, name: str) -> int:
    """A rowspan or colspan; 1 for anything that is no sensible number."""
    printed = cell.get(name, "1")  # type: ignore[attr-defined]
    return number_of(printed, 1, least=1, most=grids.MOST_SPANNED)


def _render_grid(table: object, out: list[str]) -> bool:
    """A table as lines. False for one that lays out the page, with tables or whole texts in its cells."""
    rows = list(table.iter("tr"))  # type: ignore[attr-defined]
    cells = [_cells_of(row) for row in rows]
    if any(True for _ in table.iterdescendants("table")) or all(len(row) < 2 for row in cells):  # type: ignore[attr-defined]
        return False
    for caption in table.iter("caption"):  # type: ignore[attr-defined]
        out += ["\x1e", _cell_text(caption), "\x1e"]
    grid = [
        [grids.Cell(_cell_text(cell), _span_of(cell, "colspan"), _span_of(cell, "rowspan")) for cell in row]
        for row in cells
    ]
    for line in grids.lines(grid):
        out += ["\x1e", line, "\x1e"]
    return True
