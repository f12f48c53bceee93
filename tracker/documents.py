"""Documents for import: looked at before anything is stored, then read, with all limits in one place."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _

from tracker import filetypes
from tracker.parser import ParsedPlan, UnreadableDocument, filekinds, parse_text, secrecy
from tracker.parser.readers import read_bytes
from tracker.parser.sheet_marks import mark_in_sheet

# Told what is being done, as a value of PlanImport.Step, with pages done and pages in all (0 where nobody
# counts). It stops the reading by raising.
Tell = Callable[[str, int, int], None]


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
    if not size:
        raise UnreadableDocument(name, _("文件为空。"))
    _refuse_above(settings.PLAN_UPLOAD_LIMIT, size, name)
    content.seek(0)
    data = content.read()
    is_text = not (filekinds.is_pdf(data) or filekinds.is_docx(data, name))
    # A text is read in a moment; of other files, what can be seen without reading all of it.
    if is_text:
        _refuse_above(settings.PLAN_TEXT_LIMIT, size, name)
        _refuse_marked(read_bytes(data, name), name)
    else:
        _refuse_edges(data, name)
    return Document(name, size, hashlib.sha256(data).hexdigest(), content, is_text)


def examine_sheet(content: IO[bytes], *, name: str) -> None:
    """Look for marks of secrecy in a sheet before it is stored; what else is wrong with it its reader says.

    Raises SecrecyMarked.
    """
    if mark := mark_in_sheet(content):
        raise SecrecyMarked(filetypes.clean_name(name), mark)


def _refuse_above(limit: int, size: int, name: str) -> None:
    if size > limit:
        most = {"limit": limit // (1024 * 1024)}
        raise UnreadableDocument(name, _("文件超过 %(limit)d MB。请只保留方案正文再上传。") % most)


def parse_upload(data: bytes, name: str, *, reference_date: date, tell: Tell | None = None) -> ParsedPlan:
    """Parse an uploaded file, telling how far it is. Raises UnreadableDocument with a reason for a person."""
    tell = tell or (lambda step, done, total: None)
    tell("READ", 0, 0)
    _refuse_edges(data, name)
    text = read_bytes(
        data, name, max_bytes=settings.PLAN_UPLOAD_LIMIT, progress=lambda *pages: tell("READ", *pages)
    )
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
    """Page headers do not come with the text of a Word file or a PDF."""
    mark = secrecy.mark_in_pdf(data, name) if filekinds.is_pdf(data) else secrecy.mark_in_docx(data)
    if mark:
        raise SecrecyMarked(name, mark)


def nothing_found(parsed: ParsedPlan) -> str:
    """Why a text that could be read makes no plan; empty where it does."""
    if parsed.measures or parsed.table:
        return ""
    return _("没有找到可以分解的条目。请确认这是方案全文，条目带有编号（一、（一）、1.）。")
