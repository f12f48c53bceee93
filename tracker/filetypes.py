"""What kind of file something is, by its content and never by its name. Nothing is unpacked or run.

Only kinds on the list are taken. Simple kinds are known by their signature (puremagic); office files are
containers, so their table of contents is read too. Macros, encryption and bare archives are refused: nobody
could look into them before trusting them.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from io import SEEK_END
from typing import IO
from zipfile import ZipFile

import puremagic
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

CHUNK = 1024 * 1024
HEAD = 8192
NAME_LENGTH = 120
TABLE_LIMIT = 2 * 1024 * 1024
ZIP_SIGNATURE = b"PK\x03\x04"
OLE_SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")


class FileKind(models.TextChoices):
    """The kinds that are taken; the value is the extension it is handed out with."""

    JPG = "jpg", gettext_lazy("图片")
    PNG = "png", gettext_lazy("图片 PNG")
    GIF = "gif", gettext_lazy("图片 GIF")
    WEBP = "webp", gettext_lazy("图片 WebP")
    PDF = "pdf", "PDF"
    OFD = "ofd", "OFD"
    DOCX = "docx", "Word"
    XLSX = "xlsx", "Excel"
    PPTX = "pptx", "PowerPoint"
    DOC = "doc", "Word 97"
    XLS = "xls", "Excel 97"
    PPT = "ppt", "PowerPoint 97"
    MP4 = "mp4", gettext_lazy("视频")
    MOV = "mov", gettext_lazy("视频 MOV")

    @property
    def mime(self) -> str:
        return MIME[self]

    @property
    def is_safe_image(self) -> bool:
        """A raster image, which a browser may show; everything else is handed out as a download."""
        return self in (FileKind.JPG, FileKind.PNG, FileKind.GIF, FileKind.WEBP)


_OOXML = "application/vnd.openxmlformats-officedocument."
MIME: dict[str, str] = {
    FileKind.JPG: "image/jpeg",
    FileKind.PNG: "image/png",
    FileKind.GIF: "image/gif",
    FileKind.WEBP: "image/webp",
    FileKind.PDF: "application/pdf",
    FileKind.OFD: "application/ofd",
    FileKind.DOCX: f"{_OOXML}wordprocessingml.document",
    FileKind.XLSX: f"{_OOXML}spreadsheetml.sheet",
    FileKind.PPTX: f"{_OOXML}presentationml.presentation",
    FileKind.DOC: "application/msword",
    FileKind.XLS: "application/vnd.ms-excel",
    FileKind.PPT: "application/vnd.ms-powerpoint",
    FileKind.MP4: "video/mp4",
    FileKind.MOV: "video/quicktime",
}
BY_SIGNATURE = ("jpg", "png", "gif", "webp", "pdf", "mp4", "mov")
# What the table of contents of a container must hold.
ZIP_PARTS = {
    "word/document.xml": FileKind.DOCX,
    "xl/workbook.xml": FileKind.XLSX,
    "ppt/presentation.xml": FileKind.PPTX,
    "OFD.xml": FileKind.OFD,
}
OLE_PARTS = {
    "WordDocument": FileKind.DOC,
    "Workbook": FileKind.XLS,
    "PowerPoint Document": FileKind.PPT,
}


class FileRefused(Exception):
    """The file is not taken; the text says why, for a person."""


def detect(file: IO[bytes]) -> FileKind:
    """The kind of a file that can be sought in. Raises FileRefused for everything that is not on the list."""
    file.seek(0)
    head = file.read(HEAD)
    if not head:
        raise FileRefused(_("文件是空的。"))
    if head.startswith(ZIP_SIGNATURE):
        return _in_zip(file)
    if head.startswith(OLE_SIGNATURE):
        return _in_ole(file)
    try:
        found = {match.mime_type for match in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        found = set()
    for kind in BY_SIGNATURE:
        if MIME[kind] in found:
            return FileKind(kind)
    raise FileRefused(_("不是可以上传的类型。"))


def _in_zip(file: IO[bytes]) -> FileKind:
    file.seek(0, SEEK_END)
    file.seek(max(0, file.tell() - 65_557))  # the longest that an archive's last record can be
    tail = file.read()
    record = tail.rfind(b"PK\x05\x06")
    # A table of contents far longer than any document's would fill the memory before it could be judged.
    if record < 0 or int.from_bytes(tail[record + 12 : record + 16], "little") > TABLE_LIMIT:
        raise FileRefused(_("文件已损坏，打不开。"))
    try:
        with ZipFile(file) as archive:
            names = set(archive.namelist())
    except Exception:  # whatever it is that a broken archive breaks
        raise FileRefused(_("文件已损坏，打不开。")) from None
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise FileRefused(_("文件带有宏，请另存为不带宏的格式。"))
    for part, kind in ZIP_PARTS.items():
        if part in names and (kind == FileKind.OFD or "[Content_Types].xml" in names):
            return kind
    raise FileRefused(_("压缩包请解开，逐个上传里面的文件。"))


def _in_ole(file: IO[bytes]) -> FileKind:
    """Streams of an OLE container are named in UTF-16; their names are looked for in the whole file."""
    wanted = {name: name.encode("utf-16-le") for name in ("EncryptedPackage", "_VBA_PROJECT", *OLE_PARTS)}
    found = set()
    file.seek(0)
    rest = b""
    while chunk := file.read(CHUNK):
        window = rest + chunk
        found |= {name for name, packed in wanted.items() if packed in window}
        rest = chunk[-64:]
    if "EncryptedPackage" in found:
        raise FileRefused(_("文件已加密，请取消密码后再上传。"))
    if "_VBA_PROJECT" in found:
        raise FileRefused(_("文件带有宏，请另存为不带宏的格式。"))
    for name, kind in OLE_PARTS.items():
        if name in found:
            return kind
    raise FileRefused(_("不是可以上传的类型。"))


def digest(file: IO[bytes]) -> str:
    """SHA-256 of the whole content."""
    file.seek(0)
    found = hashlib.sha256()
    while chunk := file.read(CHUNK):
        found.update(chunk)
    file.seek(0)
    return found.hexdigest()


def clean_name(name: str) -> str:
    """A name safe to print and to hand out: no folders, control marks or marks that turn text round."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    base = "".join(mark for mark in base if unicodedata.category(mark)[0] != "C")
    base = re.sub(r'[<>:"|?*]', "_", base).strip(" .")
    stem, dot, extension = base.rpartition(".")
    if dot and stem and len(extension) <= 8:
        return f"{stem[: NAME_LENGTH - 9]}.{extension}"
    return base[:NAME_LENGTH] or _("未命名文件")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that has been looked at and may be kept."""

    name: str
    kind: FileKind
    size: int
    sha256: str
    content: IO[bytes]


def examine(content: IO[bytes], *, name: str, size: int) -> Upload:
    """Look at a file before anything is stored. Raises FileRefused."""
    return Upload(clean_name(name), detect(content), size, digest(content), content)
