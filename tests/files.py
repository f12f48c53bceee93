"""Small files of each kind, made on the spot."""

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c626001000000ffff03000006000557bfabd40000000049454e44ae426082"
)
JPG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + bytes(64) + b"\xff\xd9"
EXIF_JPG = b"\xff\xd8\xff\xe1\x00\x18Exif\x00\x00MM\x00\x2a" + bytes(64) + b"\xff\xd9"
GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + bytes(32) + b"\x3b"
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(32)
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><html><script>alert(1)</script></html>"
EXE = b"MZ" + bytes(200)
TEXT = "只是文字".encode()


def mp4(brand: bytes) -> bytes:
    return b"\x00\x00\x00\x18ftyp" + brand + b"\x00\x00\x02\x00" + brand + b"mp41" + bytes(32)


def container(*parts: str) -> bytes:
    """A ZIP with these parts, such as office files are."""
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for part in parts:
            archive.writestr(part, "<x/>")
    return packed.getvalue()


def ole(*names: str) -> bytes:
    """The beginning of an OLE container with streams of these names, far inside it."""
    return (
        bytes.fromhex("d0cf11e0a1b11ae1")
        + bytes(4000)
        + b"\x00\x00".join(n.encode("utf-16-le") for n in names)
    )


DOCX = container("[Content_Types].xml", "word/document.xml")
XLSX = container("[Content_Types].xml", "xl/workbook.xml")
PPTX = container("[Content_Types].xml", "ppt/presentation.xml")
OFD = container("OFD.xml", "Doc_0/Document.xml")


def docx(text: str, *, header: str = "") -> bytes:
    """A Word file as bare as one can be: a paragraph for each line, and a page header."""

    def part(name: str, lines: str) -> str:
        words = "".join(
            f'<w:p><w:r><w:t xml:space="preserve">{line}</w:t></w:r></w:p>' for line in lines.split("\n")
        )
        inner = f"<w:body>{words}</w:body>" if name == "document" else words
        space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        return f'<?xml version="1.0" encoding="UTF-8"?><w:{name} xmlns:w="{space}">{inner}</w:{name}>'

    types = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    relations = "http://schemas.openxmlformats.org"
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{relations}/package/2006/content-types">'
            '<Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{types}.document.main+xml"/>'
            f'<Override PartName="/word/header1.xml" ContentType="{types}.header+xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{relations}/package/2006/relationships"><Relationship Id="r1" '
            f'Type="{relations}/officeDocument/2006/relationships/officeDocument" '
            'Target="word/document.xml"/>'
            "</Relationships>",
        )
        archive.writestr("word/document.xml", part("document", text))
        archive.writestr("word/header1.xml", part("hdr", header))
    return packed.getvalue()
