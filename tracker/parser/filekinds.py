"""What kind of document a file holds, by its content; for the kinds that are not read, what to do instead."""

from __future__ import annotations

import re
from io import BytesIO
from zipfile import ZipFile

from .types import UnreadableDocument

_SAVE_AS = "请用 WPS 或 Word 打开后另存为 docx 再上传"
_PAGE = re.compile(rb"(?:<\?xml[^>]*>\s*)?(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html)\b", re.I | re.S)
_MOST_LISTED = 4 * 1024 * 1024  # bytes of an archive's table of contents
_IMAGE = "这是图片,里面没有文字。请用 OCR 转成文字,或找到 Word 原件再上传"
_SHEET = "这是 Excel 或 WPS 表格。方案请上传 Word、PDF 或网页文件;表格里的任务请另存为 docx 再上传"
_SLIDES = "这是演示文稿,不是方案文件。请把方案正文另存为 docx 再上传"
_SIGNATURES = (
    (b"{\\rtf", f"这是 RTF 文件。{_SAVE_AS}"),
    (b"\xff\xd8\xff", _IMAGE),
    (b"\x89PNG\r\n", _IMAGE),
    (b"GIF8", _IMAGE),
    (b"II*\x00", _IMAGE),
    (b"MM\x00*", _IMAGE),
    (b"RIFF", _IMAGE),
    (b"Rar!", "这是压缩包。请解开后上传里面的方案文件"),
    (b"7z\xbc\xaf\x27\x1c", "这是压缩包。请解开后上传里面的方案文件"),
    (b"\x1f\x8b", "这是压缩包。请解开后上传里面的方案文件"),
    (b"MIME-Version:", f"这是单个文件的网页归档(mht)。{_SAVE_AS}"),
)
# What stands in the table of contents of an archive that is not a docx.
_ARCHIVES = (
    (re.compile("xl/(?:workbook|sharedStrings)|xl/workbook.bin"), _SHEET),
    (re.compile("ppt/presentation"), _SLIDES),
    (re.compile("OFD.xml"), "这是 OFD 版式文件。请导出为带文字的 PDF,或找到 Word 原件再上传"),
    (re.compile("content.xml"), f"这是 OpenDocument 文件。{_SAVE_AS}"),
    (re.compile(r".*\.fpage|FixedDocSeq\.fdseq"), "这是 XPS 文件。请导出为带文字的 PDF,或找到 Word 原件再上传"),
)
# Names of streams in the older container of Word, Excel and WPS, which also holds encrypted docx.
_STREAMS = (
    ("EncryptedPackage", "文件已加密。请用 WPS 或 Word 打开,取消打开密码后另存为 docx 再上传"),
    ("WordDocument", f"这是旧版 Word 文件(doc)或 WPS 文字文件(wps)。{_SAVE_AS}"),
    ("Workbook", _SHEET),
    ("Book", _SHEET),
    ("PowerPoint Document", _SLIDES),
)


def is_pdf(data: bytes) -> bool:
    """Whether this is a PDF; the mark may stand a little behind the beginning."""
    return b"%PDF-" in data[:1024]


def is_html(data: bytes) -> bool:
    """Whether this is a web page, whatever its name."""
    return _PAGE.match(data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()) is not None


def is_docx(data: bytes, name: str) -> bool:
    """Whether this is a Word document that can be read; False for what is no container at all.

    Raises `UnreadableDocument` for archives, images and office files of other kinds.
    """
    if data.startswith(b"PK\x03\x04"):
        reason = _in_archive(data)
        if reason:
            raise UnreadableDocument(name, reason)
        return True
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        # Streams are named in UTF-16; the two that hold one another's names are told apart by their order here.
        for stream, reason in _STREAMS:
            if stream.encode("utf-16-le") in data:
                raise UnreadableDocument(name, reason)
        raise UnreadableDocument(name, f"这是旧版 Office 文件或已损坏。{_SAVE_AS}")
    for signature, reason in _SIGNATURES:
        if data.startswith(signature):
            raise UnreadableDocument(name, reason)
    if b'progid="Word.Document"' in data[:2000]:
        raise UnreadableDocument(name, f"这是 Word 2003 的 XML 文件。{_SAVE_AS}")
    return False


def _in_archive(data: bytes) -> str:
    """Why an archive is not read; "" for a docx."""
    # A table of contents far longer than any document's would fill the memory before it could be judged.
    record = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    if record < 0 or int.from_bytes(data[record + 12 : record + 16], "little") > _MOST_LISTED:
        return f"文件已损坏或不完整,打不开。{_SAVE_AS}"
    try:
        with ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()
    except Exception:  # whatever it is that a broken archive breaks
        return f"文件已损坏或不完整,打不开。{_SAVE_AS}"
    if "[Content_Types].xml" in names and any(re.fullmatch(r"word/document\d*\.xml", one) for one in names):
        return ""
    for pattern, reason in _ARCHIVES:
        if any(pattern.match(one) for one in names):
            return reason
    return "这是压缩包。请解开后上传里面的方案文件"
