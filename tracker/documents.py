"""Documents for import: looked at before anything is stored, then read, with all limits in one place."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _

from tracker import filetypes
from tracker.filetypes import FileKind, FileRefused
from tracker.parser import ParsedPlan, UnreadableDocument, parse_text, secrecy
from tracker.parser.readers import READERS, read_bytes

# Told what is being done, as a value of PlanImport.Step, with pages done and pages in all (0 where nobody
# counts). It stops the reading by raising.
Tell = Callable[[str, int, int], None]

TEXT_SUFFIXES = frozenset({".txt", ".text", ".md", ".html", ".htm", ".xhtml"})
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")


class SecrecyMarked(UnreadableDocument):
    """The document carries a mark of secrecy: it must not be kept here, not even for a moment."""

    def __init__(self, file: str, mark: str) -> None:
        reason = _(
            "文件标有“%(mark)s”，没有保存。涉密文件和内部资料不得在本系统处理，请按保密规定在涉密设备上"
            "办理；如果标志有误，请先由定密单位更正，再导入不带标志的公开文本。"
        )
        super().__init__(file, reason % {"mark": mark})


@dataclass(frozen=True, slots=True)
class Document:
    """A file that has been looked at. Nothing of it is stored yet."""

    name: str
    size: int
    sha256: str
    content: IO[bytes]
    is_text: bool  # plain or of the web: read in a moment

    def read(self) -> bytes:
        self.content.seek(0)
        return self.content.read()

    @property
    def is_quick(self) -> bool:
        """Whether a person can wait for it; the others are read by a worker."""
        return self.is_text and self.size <= settings.PLAN_AT_ONCE_LIMIT


def examine(content: IO[bytes], *, name: str, size: int) -> Document:
    """Look at a file before anything is stored: size, kind by its content, marks of secrecy.

    Raises UnreadableDocument with a reason for a person; SecrecyMarked is one of them.
    """
    name = filetypes.clean_name(name)
    suffix = PurePath(name).suffix.lower()
    is_text = suffix in TEXT_SUFFIXES
    limit = settings.PLAN_TEXT_LIMIT if is_text else settings.PLAN_UPLOAD_LIMIT
    if size > limit:
        limit //= 1024 * 1024
        raise UnreadableDocument(
            name, _("文件超过 %(limit)d MB。请只保留方案正文再上传。") % {"limit": limit}
        )
    content.seek(0)
    head = content.read(filetypes.HEAD)
    _refuse_kinds(name, suffix, head, content)
    document = Document(name, size, filetypes.digest(content), content, is_text)
    # A text is read in a moment; of other files, what can be seen without reading all of it.
    data = document.read()
    if is_text:
        _refuse_marked(read_bytes(data, name, max_bytes=limit), name)
    else:
        _refuse_edges(data, name)
    return document


def _refuse_kinds(name: str, suffix: str, head: bytes, content: IO[bytes]) -> None:
    """What it is by its content has to be what its name says; what cannot be read is not even stored."""
    if not head:
        raise UnreadableDocument(name, _("文件为空。"))
    if suffix in (".doc", ".wps", ".rtf"):
        old = _("不支持 %(kind)s 文件。请用 WPS 或 Word 打开，另存为 docx 再上传。")
        raise UnreadableDocument(name, old % {"kind": suffix})
    if suffix not in READERS:
        other = _("不支持的文件类型（%(kind)s）。可以用：%(usable)s。")
        usable = "、".join(kind.removeprefix(".") for kind in READERS)
        raise UnreadableDocument(name, other % {"kind": suffix or _("没有扩展名"), "usable": usable})
    found = _kind_of(name, head, content)
    if found != ("" if suffix in TEXT_SUFFIXES else suffix.removeprefix(".")):
        disguised = _("文件名以 %(suffix)s 结尾，内容却是 %(kind)s。请用原来的程序打开，重新另存后再上传。")
        kind = found.upper() or _("别的东西")
        raise UnreadableDocument(name, disguised % {"suffix": suffix, "kind": kind})


def _kind_of(name: str, head: bytes, content: IO[bytes]) -> str:
    """The kind by content, as an extension; empty for what may be text."""
    if b"%PDF-" in head[:1024]:
        return FileKind.PDF.value
    if head.startswith((filetypes.ZIP_SIGNATURE, _OLE)):
        try:
            return filetypes.detect(content).value
        except FileRefused as refused:
            raise UnreadableDocument(name, str(refused)) from None
    return ""


def parse_upload(data: bytes, name: str, *, reference_date: date, tell: Tell | None = None) -> ParsedPlan:
    """Parse an uploaded file, telling how far it is. Raises UnreadableDocument with a reason for a person."""
    tell = tell or (lambda step, done, total: None)
    tell("READ", 0, 0)
    _refuse_edges(data, name)
    text = read_bytes(data, name, max_bytes=settings.PLAN_UPLOAD_LIMIT)
    _refuse_marked(text, name)
    tell("SPLIT", 0, 0)
    return parse_text(text, reference_date=reference_date, file=PurePath(name).name)


def parse_pasted(text: str, *, reference_date: date) -> ParsedPlan:
    """Parse pasted text. Raises UnreadableDocument when there is nothing to read or it must not be kept."""
    if not text.strip():
        raise UnreadableDocument("", _("没有内容。"))
    _refuse_marked(text, "")
    return parse_text(text.replace("\r\n", "\n"), reference_date=reference_date)


def _refuse_marked(text: str, name: str) -> None:
    if mark := secrecy.mark_in_head(text):
        raise SecrecyMarked(name, mark)


def _refuse_edges(data: bytes, name: str) -> None:
    """Page headers of a Word file do not come with its text."""
    mark = secrecy.mark_in_docx(data) if data.startswith(filetypes.ZIP_SIGNATURE) else None
    if mark:
        raise SecrecyMarked(name, mark)


def nothing_found(parsed: ParsedPlan) -> str:
    """Why a text that could be read makes no plan; empty where it does."""
    if parsed.measures or parsed.table:
        return ""
    return _("没有找到可以分解的条目。请确认这是方案全文，条目带有编号（一、（一）、1.）。")
