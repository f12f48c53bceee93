"""Web pages to text: furniture dropped, tables as lines of cells."""

from __future__ import annotations

import re

from . import grids
from .decoding import decode
from .docx_numbering import number_of
from .types import UnreadableDocument

_MOST_TAGS = 1_000_000
_SEARCH_FORM = 300  # characters
_TOO_COMPLEX = "网页过于复杂,读不了。请把方案正文复制到 Word 文件再上传"
_FURNITURE = "script|style|noscript|nav|header|footer|aside|button|select|iframe|svg|template"
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
    if text.count("<") > _MOST_TAGS:
        raise UnreadableDocument(name, _TOO_COMPLEX)
    try:
        root = html.document_fromstring(text)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableDocument(name, "网页内容为空或已损坏") from error
    lines: list[str] = []
    try:
        _render(root, lines, grids.Allowance())
    except (RecursionError, grids.TooLarge) as error:
        raise UnreadableDocument(name, _TOO_COMPLEX) from error
    return "\n".join(re.sub(r"[ \t\n]+", " ", line).strip() for line in "".join(lines).split("\x1e")).strip()


def _render(element: object, out: list[str], allowance: grids.Allowance) -> None:
    """Append the text of an lxml element to `out`, with \\x1e for a new line."""
    tag = getattr(element, "tag", None)
    if not isinstance(tag, str) or re.fullmatch(_FURNITURE, tag):
        return
    if tag == "form" and not _holds_the_page(element):
        return
    block = tag in _BLOCKS
    if tag == "table" and _render_grid(element, out, allowance):
        return
    if block:
        out.append("\x1e")
    out.append(getattr(element, "text", None) or "")
    for child in element:  # type: ignore[attr-defined]
        _render(child, out, allowance)
        out.append(child.tail or "")
    if block:
        out.append("\x1e")


def _holds_the_page(form: object) -> bool:
    """Whether a form is wrapped round the whole page, as older sites do it, and is no search box."""
    length = 0
    for text in form.itertext():  # type: ignore[attr-defined]
        length += len(text.strip())
        if length > _SEARCH_FORM:
            return True
    return False


def _cells_of(row: object) -> list[object]:
    return [cell for cell in row if getattr(cell, "tag", None) in ("td", "th")]  # type: ignore[attr-defined]


def _cell_text(cell: object, allowance: grids.Allowance) -> str:
    inner: list[str] = []
    _render(cell, inner, allowance)
    return grids.flat("".join(inner).replace("\x1e", " "))


def _span_of(cell: object, name: str) -> int:
    """A rowspan or colspan; 1 for anything that is no sensible number."""
    printed = cell.get(name, "1")  # type: ignore[attr-defined]
    return number_of(printed, 1, least=1, most=grids.MOST_SPANNED)


def _render_grid(table: object, out: list[str], allowance: grids.Allowance) -> bool:
    """A table as lines. False for one that lays out the page, with tables or whole texts in its cells."""
    if next(table.iterdescendants("table"), None) is not None:  # type: ignore[attr-defined]
        return False
    cells = [_cells_of(row) for row in table.iter("tr")]  # type: ignore[attr-defined]
    if all(len(row) < 2 for row in cells):
        return False
    for caption in table.iter("caption"):  # type: ignore[attr-defined]
        out += ["\x1e", _cell_text(caption, allowance), "\x1e"]
    grid = [
        [
            grids.Cell(_cell_text(cell, allowance), _span_of(cell, "colspan"), _span_of(cell, "rowspan"))
            for cell in row
        ]
        for row in cells
    ]
    for line in grids.lines(grid, allowance):
        out += ["\x1e", line, "\x1e"]
    return True
