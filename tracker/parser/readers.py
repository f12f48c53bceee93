"""Files to text. One interface: a reader takes the bytes of a file and its name and returns the text.

Every reader raises `UnreadableDocument` and nothing else. New kinds of file are added to `READERS`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from pathlib import Path, PurePath

from .types import UnreadableDocument

Reader = Callable[[bytes, str], str]

MAX_BYTES = 20 * 1024 * 1024
_MOST_SPANNED = 500  # rows or columns of one merged cell
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = (
    (b"%PDF", "这是 PDF 文件,暂不支持"),
    (b"PK\x03\x04", "这是 Office 或压缩文件,暂不支持"),
    (b"\xd0\xcf\x11\xe0", "这是旧版或加密的 Office 文件,暂不支持"),
    (b"{\\rtf", "这是 RTF 文件,暂不支持"),
)
_HAN = re.compile("[\u4e00-\u9fff]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")
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
        "tfoot",
        "thead",
        "title",
        "tr",
        "ul",
    ]
)
_META_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]+)", re.IGNORECASE)


def decode(data: bytes, name: str, *, declared: str | None = None) -> str:
    """Text of `data`: by byte-order mark, by the declared charset, as UTF-8, as UTF-16 or as GB 18030.

    Line ends become LF. Raises `UnreadableDocument` where no encoding gives text.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            candidates = [encoding]
            break
    else:
        # UTF-16 without a mark: line ends and digits leave NUL bytes, in the high half of each unit.
        even, odd = data[0:4096:2].count(0), data[1:4096:2].count(0)
        if even or odd:
            candidates = ["utf-16-be", "utf-16-le"] if even > odd else ["utf-16-le", "utf-16-be"]
        else:
            candidates = [*([declared] if declared else []), "utf-8", "gb18030"]
    for encoding in candidates:
        try:
            text = data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        if _CONTROL.search(text) or "\ufffe" in text:
            continue
        return text.replace("\r\n", "\n").replace("\r", "\n")
    raise UnreadableDocument(name, "不是文本文件,或编码无法识别")


def read_txt(data: bytes, name: str) -> str:
    """Plain text in any encoding that `decode` knows."""
    return decode(data, name)


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
    _render(root, lines)
    return "\n".join(re.sub(r"[ \t\n]+", " ", line).strip() for line in "".join(lines).split("\x1e")).strip()


def _render(element: object, out: list[str]) -> None:
    """Append the text of an lxml element to `out`, with \\x1e for a new line."""
    tag = getattr(element, "tag", None)
    if not isinstance(tag, str) or re.fullmatch(_FURNITURE, tag):
        return
    block = tag in _BLOCKS
    if tag == "table" and _render_grid(element, out):
        return
    if tag == "tr":
        cells = _cells_of(element)
        out.append("\x1e")
        out += [_cell_text(cell) + (" | " if len(cells) > 1 else "") for cell in cells]
        out.append("\x1e")
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
    return re.sub(r"\s+", " ", "".join(inner).replace("\x1e", " ")).strip()


def _span_of(cell: object, name: str) -> int:
    """A rowspan or colspan; 1 for anything that is no sensible number."""
    printed = cell.get(name, "1")  # type: ignore[attr-defined]
    return min(max(int(printed), 1), _MOST_SPANNED) if printed.strip().isdecimal() else 1


def _render_grid(table: object, out: list[str]) -> bool:
    """A table with merged cells as full rows: a merged cell is said again in each row it covers.

    A cell over several columns is said once and leaves the others empty. False for a table without
    merged rows and for one that holds tables (page layout): these are read row by row.
    """
    rows = list(table.iter("tr"))  # type: ignore[attr-defined]
    merged = any(_span_of(cell, "rowspan") > 1 for row in rows for cell in _cells_of(row))
    if not merged or any(True for _ in table.iterdescendants("table")):  # type: ignore[attr-defined]
        return False
    for caption in table.iter("caption"):  # type: ignore[attr-defined]
        out += ["\x1e", _cell_text(caption), "\x1e"]
    held: dict[int, tuple[int, str]] = {}  # by column: in how many more rows, and what
    for row in rows:
        line = _full_row(row, held)
        out += ["\x1e", " | ".join(line) + (" |" if len(line) > 1 else ""), "\x1e"]
    return True


def _full_row(row: object, held: dict[int, tuple[int, str]]) -> list[str]:
    """The cells of a row with those that reach down into it; `held` is brought up to date."""
    fresh: dict[int, tuple[int, str]] = {}
    own: list[tuple[int, str]] = []  # rows below, text
    for cell in _cells_of(row):
        text, below = _cell_text(cell), _span_of(cell, "rowspan") - 1
        own += [(below, "" if order else text) for order in range(_span_of(cell, "colspan"))]
    line: list[str] = []
    while own or len(line) in held:
        below, text = held[len(line)] if len(line) in held else own.pop(0)
        if len(line) in held:
            below -= 1
        if below:
            fresh[len(line)] = (below, text)
        line.append(text)
    held.clear()
    held.update(fresh)
    return line


READERS: dict[str, Reader] = {
    ".txt": read_txt,
    ".text": read_txt,
    ".md": read_txt,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
}


def read_bytes(data: bytes, name: str, *, max_bytes: int = MAX_BYTES) -> str:
    """The text of an uploaded file. `name` decides the reader; `max_bytes` limits its size.

    Raises `UnreadableDocument` for a file that is empty, too large, of an unsupported type, binary or broken.
    """
    base = PurePath(name.replace("\\", "/")).name or name
    if not data:
        raise UnreadableDocument(base, "文件为空")
    if len(data) > max_bytes:
        raise UnreadableDocument(base, f"文件超过大小上限({max_bytes // (1024 * 1024)} MB)")
    suffix = PurePath(base).suffix.lower()
    reader = READERS.get(suffix)
    if reader is None:
        kinds = "、".join(kind.removeprefix(".") for kind in READERS)
        raise UnreadableDocument(base, f"不支持的文件类型“{suffix or '无扩展名'}”,可用:{kinds}")
    for signature, reason in _SIGNATURES:
        if data.startswith(signature):
            raise UnreadableDocument(base, reason)
    text = reader(data, base)
    if not _HAN.search(text):
        raise UnreadableDocument(base, "没有可识别的中文文字")
    return text


def read_file(path: str | Path, *, max_bytes: int = MAX_BYTES) -> str:
    """The text of a file on disk; raises `UnreadableDocument` where it cannot be had."""
    path = Path(path)
    try:
        if path.is_dir():
            raise UnreadableDocument(path.name, "这是文件夹,不是文件")
        if path.stat().st_size > max_bytes:
            raise UnreadableDocument(path.name, f"文件超过大小上限({max_bytes // (1024 * 1024)} MB)")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UnreadableDocument(path.name, "文件不存在") from error
    except OSError as error:
        raise UnreadableDocument(path.name, f"无法打开({error.strerror or '读取错误'})") from error
    return read_bytes(data, path.name, max_bytes=max_bytes)
