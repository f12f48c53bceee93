"""What is drawn on the pages of a PDF: characters with their places, and ruled lines.

The only file that talks to PDFium. Lengths are points; x grows to the right and y downwards, as seen.
"""

from __future__ import annotations

import ctypes
import math
import unicodedata
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from .types import UnreadableDocument

MAX_PAGES = 500
MAX_MARKS = 2_000_000  # characters of a document
_MOST_ON_A_PAGE = 60_000
_MOST_OBJECTS = 30_000  # drawings on a page; behind that it is a map, not a table
_DEEPEST = 6
_THIN = 2.0  # points: a picture no thicker is a line
_SLANT = math.radians(4)
_BROKEN = "PDF 文件已损坏,打不开。请重新导出 PDF,或上传 Word 原件(docx)"
_SCAN = "这是扫描件,里面没有文字。请用 OCR 转成文字,或找到 Word 原件(docx)再上传"


@dataclass(slots=True)
class Mark:
    """One character: left and right edge, baseline, and the size of its font as it is seen."""

    text: str
    x0: float
    x1: float
    y: float
    size: float


@dataclass(slots=True)
class Rule:
    """A ruled line, level or upright: from (x0, y0) to (x1, y1), the smaller first."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(slots=True)
class Page:
    """The characters in the order of the file, and the rules."""

    marks: list[Mark] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)


def pages(data: bytes) -> Generator[tuple[int, Page], None, None]:
    """How many pages there are, with each page in turn; (count, an empty page) comes first.

    Raises `UnreadableDocument`, with no file name, for an encrypted or broken file, too many pages, a scan.
    """
    import pypdfium2 as pdfium
    from pypdfium2 import raw

    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            reason = "PDF 已加密,需要密码才能打开。请取消密码后再上传,或上传 Word 原件(docx)"
            raise UnreadableDocument("", reason) from error
        raise UnreadableDocument("", _BROKEN) from error
    try:
        count = len(document)
        if count > MAX_PAGES:
            raise UnreadableDocument(
                "", f"PDF 有 {count} 页,超过上限({MAX_PAGES} 页)。请只保留方案正文再上传"
            )
        yield count, Page()
        total = 0
        for index in range(count):
            page = _page(document.raw, index, raw)
            total += len(page.marks)
            if total > MAX_MARKS:
                raise UnreadableDocument("", "PDF 文字过多。请只保留方案正文再上传")
            yield count, page
        if not total:
            raise UnreadableDocument("", _SCAN)
    finally:
        document.close()


def _page(document: Any, index: int, raw: Any) -> Page:
    """One page; a page that cannot be read is empty, as a viewer shows it."""
    handle = raw.FPDF_LoadPage(document, index)
    if not handle:
        return Page()
    try:
        turned = raw.FPDFPage_GetRotation(handle) % 4
        return Page(_marks(handle, turned, raw), _rules(handle, turned, raw))
    finally:
        raw.FPDF_ClosePage(handle)


def _seen(x: float, y: float, turned: int) -> tuple[float, float]:
    """A point of the file as the reader sees it, on a page turned by so many quarters clockwise."""
    return ((x, -y), (y, x), (-x, y), (-y, -x))[turned]


def _marks(page: Any, turned: int, raw: Any) -> list[Mark]:
    """The characters that stand upright; a slanted watermark is no text of the document."""
    text = raw.FPDFText_LoadPage(page)
    if not text:
        return []
    found: list[Mark] = []
    box = raw.FS_RECTF()
    x, y = ctypes.c_double(), ctypes.c_double()
    upright = turned * math.pi / 2
    try:
        for at in range(min(raw.FPDFText_CountChars(text), _MOST_ON_A_PAGE)):
            letter = _letter(raw.FPDFText_GetUnicode(text, at))
            if not letter or raw.FPDFText_IsGenerated(text, at) == 1:
                continue
            if not raw.FPDFText_GetLooseCharBox(text, at, box) or not raw.FPDFText_GetCharOrigin(
                text, at, x, y
            ):
                continue
            angle = raw.FPDFText_GetCharAngle(text, at)
            if abs(math.remainder(angle - upright, 2 * math.pi)) > _SLANT:
                continue
            edges = (box.left, box.bottom, box.right, box.top, x.value, y.value)
            if not all(math.isfinite(edge) and abs(edge) < 1e5 for edge in edges):
                continue
            left, top = _seen(box.left, box.bottom, turned)
            right, bottom = _seen(box.right, box.top, turned)
            wide, high = abs(right - left), abs(bottom - top)
            # A Chinese character is as wide as its font is high.
            size = wide if letter >= "\u2e80" and wide else _font_size(text, at, raw) or high
            if wide or high:
                found.append(
                    Mark(letter, min(left, right), max(left, right), _seen(x.value, y.value, turned)[1], size)
                )
    finally:
        raw.FPDFText_ClosePage(text)
    return found


def _font_size(text: Any, at: int, raw: Any) -> float:
    """The size of a character's font as it is seen; 0 where it is not known."""
    matrix = raw.FS_MATRIX()
    if not raw.FPDFText_GetMatrix(text, at, matrix):
        return 0.0
    size = float(raw.FPDFText_GetFontSize(text, at) * math.hypot(matrix.c, matrix.d))
    return size if math.isfinite(size) and 0 < size < 1000 else 0.0


def _letter(code: int) -> str:
    """The character, with radicals that some fonts print as characters turned into these; "" for none."""
    if code in (9, 10, 13, 0x20, 0xA0, 0x3000):
        return " "
    if not 0x20 < code < 0x110000 or code in (0xFFFE, 0xFFFF, 0xAD, 0xFEFF) or 0xD800 <= code < 0xE000:
        return ""
    letter = chr(code)
    if 0x2E80 <= code < 0x2FE0:
        return unicodedata.normalize("NFKC", letter)
    return "" if unicodedata.category(letter) in ("Cc", "Cf") else letter


def _rules(page: Any, turned: int, raw: Any) -> list[Rule]:
    """The edges of all lines and boxes that are drawn level or upright."""
    found: list[Rule] = []
    budget = [_MOST_OBJECTS]
    _walk(page, (1.0, 0.0, 0.0, 1.0, 0.0, 0.0), 0, budget, found, turned, raw)
    return found if budget[0] > 0 else []


_Matrix = tuple[float, float, float, float, float, float]


def _walk(
    holder: Any, outer: _Matrix, depth: int, budget: list[int], found: list[Rule], turned: int, raw: Any
) -> None:
    count = raw.FPDFFormObj_CountObjects(holder) if depth else raw.FPDFPage_CountObjects(holder)
    get = raw.FPDFFormObj_GetObject if depth else raw.FPDFPage_GetObject
    for at in range(count):
        one = get(holder, at)
        kind = raw.FPDFPageObj_GetType(one) if one else None
        if kind not in (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_FORM, raw.FPDF_PAGEOBJ_IMAGE):
            continue
        budget[0] -= 1
        if budget[0] <= 0:
            return
        matrix = _times(_matrix(one, raw), outer)
        if kind == raw.FPDF_PAGEOBJ_PATH:
            _edges(one, matrix, budget, found, turned, raw)
        elif kind == raw.FPDF_PAGEOBJ_IMAGE:
            _picture(matrix, found, turned)
        elif depth < _DEEPEST:
            _walk(one, matrix, depth + 1, budget, found, turned, raw)


def _matrix(one: Any, raw: Any) -> _Matrix:
    matrix = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(one, matrix):
        return (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    return (matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)


def _times(inner: _Matrix, outer: _Matrix) -> _Matrix:
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return (
        *(a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s),
        *(e * p + f * r + t, e * q + f * s + u),
    )


def _edges(path: Any, matrix: _Matrix, budget: list[int], found: list[Rule], turned: int, raw: Any) -> None:
    count = raw.FPDFPath_CountSegments(path)
    if not 1 < count <= 400:  # a drawing
        return
    budget[0] -= count
    a, b, c, d, e, f = matrix
    x, y = ctypes.c_float(), ctypes.c_float()
    start = last = (0.0, 0.0)
    for at in range(count):
        segment = raw.FPDFPath_GetPathSegment(path, at)
        if not segment or not raw.FPDFPathSegment_GetPoint(segment, x, y):
            return
        point = _seen(a * x.value + c * y.value + e, b * x.value + d * y.value + f, turned)
        if not (math.isfinite(point[0]) and math.isfinite(point[1])) or abs(point[0]) + abs(point[1]) > 1e5:
            return
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            start = point
        elif kind == raw.FPDF_SEGMENT_LINETO:
            _add(last, point, found)
        last = point
        if raw.FPDFPathSegment_GetClose(segment):
            _add(point, start, found)
            last = start


def _picture(matrix: _Matrix, found: list[Rule], turned: int) -> None:
    """A picture so thin that it is a line."""
    a, b, c, d, e, f = matrix
    if not all(math.isfinite(one) and abs(one) < 1e5 for one in matrix):
        return
    one, other = _seen(e, f, turned), _seen(a + c + e, b + d + f, turned)
    if min(abs(one[0] - other[0]), abs(one[1] - other[1])) < _THIN:
        middle = ((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)
        if abs(one[0] - other[0]) > abs(one[1] - other[1]):
            _add((one[0], middle[1]), (other[0], middle[1]), found)
        else:
            _add((middle[0], one[1]), (middle[0], other[1]), found)


def _add(one: tuple[float, float], other: tuple[float, float], found: list[Rule]) -> None:
    wide, high = abs(one[0] - other[0]), abs(one[1] - other[1])
    if min(wide, high) < 1 and max(wide, high) > 4:
        found.append(
            Rule(min(one[0], other[0]), min(one[1], other[1]), max(one[0], other[0]), max(one[1], other[1]))
        )
