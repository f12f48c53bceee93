"""Files to text. One interface: a reader takes the bytes of a file and its name and returns the text.

What a file is, its content says; its name only tells text from web pages. Every reader raises
`UnreadableDocument` and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePath

from . import filekinds
from .decoding import decode
from .readers_docx import read_docx
from .readers_html import read_html
from .readers_pdf import read_pdf
from .types import UnreadableDocument

Progress = Callable[[int, int], None]

MAX_BYTES = 20 * 1024 * 1024
TEXT_KINDS = (".txt", ".text", ".md")
PAGE_KINDS = (".html", ".htm", ".xhtml")
KINDS = (*TEXT_KINDS, *PAGE_KINDS, ".docx", ".pdf")
_HAN = re.compile("[\u4e00-\u9fff]")


def read_txt(data: bytes, name: str) -> str:
    """Plain text in any encoding that `decode` knows."""
    return decode(data, name)


def read_bytes(
    data: bytes, name: str, *, max_bytes: int = MAX_BYTES, progress: Progress | None = None
) -> str:
    """The text of an uploaded file of at most `max_bytes`.

    `progress` is told pages done and pages in all, before the first page of a PDF and after each; an exception
    it raises ends the reading. Raises `UnreadableDocument` for a file that is empty, too large, of a kind that
    is not read, encrypted, broken, or without Chinese text.
    """
    base = PurePath(name.replace("\\", "/")).name or name
    if not data:
        raise UnreadableDocument(base, "文件为空")
    if len(data) > max_bytes:
        raise UnreadableDocument(base, f"文件超过大小上限({max_bytes // (1024 * 1024)} MB)")
    text = _read(data, base, progress)
    if not _HAN.search(text):
        raise UnreadableDocument(base, "没有可识别的中文文字")
    return text


def _read(data: bytes, name: str, progress: Progress | None) -> str:
    if filekinds.is_pdf(data):
        return read_pdf(data, name, progress=progress)
    if filekinds.is_docx(data, name):
        return read_docx(data, name)
    suffix = PurePath(name).suffix.lower()
    if suffix in PAGE_KINDS or filekinds.is_html(data):
        return read_html(data, name)
    if suffix in TEXT_KINDS:
        return read_txt(data, name)
    if suffix in KINDS:
        raise UnreadableDocument(
            name, f"名为 {suffix[1:]},内容却不是,可能已损坏。请用 WPS 或 Word 打开后另存为 docx 再上传"
        )
    kinds = "、".join(kind.removeprefix(".") for kind in KINDS)
    raise UnreadableDocument(name, f"不支持的文件类型“{suffix or '无扩展名'}”,可用:{kinds}")


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


__all__ = ["KINDS", "MAX_BYTES", "decode", "read_bytes", "read_docx", "read_file", "read_html", "read_pdf", "read_txt"]
