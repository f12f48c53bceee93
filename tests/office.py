"""Word files for tests and samples, written part by part: what a test is about stands in its own lines of XML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_NAMES = (
    f'xmlns:w="{W}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
# The roots of the parts that a document may have beside its text.
_ROOTS = {
    "styles": "styles",
    "numbering": "numbering",
    "footnotes": "footnotes",
    "header": "hdr",
    "footer": "ftr",
}


def run(text: str, properties: str = "") -> str:
    """A run of text; `properties` is XML for w:rPr."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(content: str, properties: str = "") -> str:
    """A paragraph of runs; `properties` is XML for w:pPr."""
    return f"<w:p><w:pPr>{properties}</w:pPr>{content}</w:p>"


def cell(content: str, properties: str = "") -> str:
    """A cell with one paragraph of text; `properties` is XML for w:tcPr."""
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(run(content))}</w:tc>"


def table(rows: Sequence[Sequence[str]], widths: Sequence[int] = ()) -> str:
    """A table with borders of rows of w:tc."""
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    body = "".join(f"<w:tr>{''.join(row)}</w:tr>" for row in rows)
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblBorders>{borders}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{body}</w:tbl>'
    )


def merged(rows: Sequence[Sequence[str]], downwards: int, widths: Sequence[int]) -> str:
    """A table of texts; in the first `downwards` columns equal neighbours are one cell."""
    written = []
    for at, row in enumerate(rows):
        line = []
        for column, text in enumerate(row):
            properties = f'<w:tcW w:w="{widths[column]}" w:type="dxa"/>'
            reaches = column < downwards
            if reaches and at and row[: column + 1] == rows[at - 1][: column + 1]:
                line.append(cell("", properties + "<w:vMerge/>"))
            elif reaches and at + 1 < len(rows) and row[: column + 1] == rows[at + 1][: column + 1]:
                line.append(cell(text, properties + '<w:vMerge w:val="restart"/>'))
            else:
                line.append(cell(text, properties))
        written.append(line)
    return table(written, widths)


def docx(body: str, parts: Mapping[str, str] | None = None, *, section: str = "") -> bytes:
    """A docx with this w:body. `parts` holds the inside of styles, numbering, footnotes, header or footer."""
    parts = parts or {}
    relations = "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/{name}" Target="{name}.xml"/>' for name in parts
    )
    types = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{_WORD}.{name}+xml"/>' for name in parts
    )
    files = {
        "[Content_Types].xml": _HEAD
        + '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_WORD}.document.main+xml"/>{types}</Types>',
        "_rels/.rels": _HEAD
        + '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="a" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": _HEAD
        + '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f"{relations}</Relationships>",
        "word/document.xml": f"{_HEAD}<w:document {_NAMES}><w:body>{body}"
        f"<w:sectPr>{section}</w:sectPr></w:body></w:document>",
    }
    for name, inside in parts.items():
        files[f"word/{name}.xml"] = f"{_HEAD}<w:{_ROOTS[name]} {_NAMES}>{inside}</w:{_ROOTS[name]}>"
    return zipped(files)


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """An archive, the same bytes each time."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, content)
    return buffer.getvalue()
