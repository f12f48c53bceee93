"""Marks of secrecy (密级) where official documents carry them: the head of the first page, and page headers.

GB/T 9704-2012, 7.2.2 and 7.2.3: the mark and its term stand at the top left of the first page, below the
number of the copy and above the urgency; ★ stands between mark and term (保守国家秘密法实施条例). Work
secrets and internal papers say so in the same place. A sentence that speaks of secrets is no mark.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from html import unescape
from io import BytesIO
from itertools import islice
from lzma import LZMAError
from zipfile import BadZipFile, ZipFile

from .pdf_pages import pages
from .pdf_tables import baselines, spelled
from .types import UnreadableDocument

HEAD_LINES = 15  # lines with words in them; the title and what stands above it
_LINE_LIMIT = 200  # characters of a line that are looked at
_PART_LIMIT = 256 * 1024  # bytes of a part of a docx that are looked at, unpacked
_PARTS = 20
_PAGES = 3  # a cover may carry nothing
_FOOT_LINES = 2

_COPY = r"(?:(?:份号|编号|№|NO\.?)?:?\d{1,8}(?:号|份)?)?"
_COUNT = r"(?:\d{1,3}|[一二三四五六七八九十]{1,3})(?:年|个月|月|天|日)"
_TERM = rf"(?:(?:保密期限|期限)?:?{_COUNT}|长期|(?:启用|公布|解密)前)"
_URGENCY = r"(?:特提|特急|加急|平急|急件|紧急)?"
_CARE = (
    r"(?:[,，、。;；]?(?:注意保存|注意保管|注意保密|妥善保管|请妥善保管|严禁外传|不得外传|请勿外传|切勿外传|"
    r"严禁翻印|不得翻印|不得复制|严禁复印|不得公开|请勿公开|不得泄露|用后收回|会后收回|仅供参考|仅供参阅))*[。!！]?"
)
_MARK = re.compile(
    rf"{_COPY}(?:密级(?:和保密期限)?:?)?"
    r"(?:(?P<secret>绝密|机密|秘密|工作秘密|工秘)(?:级|件|文件|资料)?"
    rf"(?:[★☆※*](?:{_TERM})?|:?{_TERM})?{_URGENCY}"
    r"|(?P<internal>内部(?:资料|文件|材料|参考|参阅|情况|刊物|使用|传阅|掌握|文稿)?))"
    rf"{_CARE}"
)
# With the star there is no doubt, whatever else stands in the line.
_STARRED = re.compile(rf"{_COPY}(?:密级(?:和保密期限)?:?)?(?P<secret>绝密|机密|秘密)级?[★☆]")
_CELLS = re.compile(r"\t|\s{2,}")
_BRACKETS = re.compile(r"[\s()\[\]【】〔〕《》「」<>“”\"|_—-]+")
_TRADITIONAL = str.maketrans("機祕絕級內資傳參閱號", "机秘绝级内资传参阅号")
_EDGE = re.compile(r"word/(?:header|footer)\d*\.xml")
_BODY = re.compile(r"word/document\d*\.xml")
_PARAGRAPH = re.compile(r"</?w:p(?=[ >/])[^>]*>")
_RUN = re.compile(r"<w:t(?:\s[^>]*)?>([^<]*)</w:t>")


def mark_in(lines: Iterable[str]) -> str | None:
    """The mark that one of these lines is, such as 秘密 or 内部; None where none is one."""
    for line in lines:
        cut = line.strip()[:_LINE_LIMIT]
        for part in (cut, *_CELLS.split(cut)):
            plain = _BRACKETS.sub("", unicodedata.normalize("NFKC", part)).translate(_TRADITIONAL)
            found = _MARK.fullmatch(plain) or _STARRED.match(plain)
            if found:
                return found.groupdict().get("secret") or "内部"
    return None


def mark_in_head(text: str) -> str | None:
    """The mark that the head of a document carries: its first lines only."""
    return mark_in(_head(text.splitlines()))


def _head(lines: Iterable[str]) -> Iterator[str]:
    return islice((line for line in lines if line.strip()), HEAD_LINES)


def mark_in_docx(data: bytes) -> str | None:
    """The mark in a page header or footer of a Word file, or in the head of its text.

    Parts are read up to a limit and never taken apart as XML: a bomb costs nothing, and what is broken is for
    the reader to say.
    """
    try:
        with ZipFile(BytesIO(data)) as archive:
            edges = [
                name for name in archive.namelist() if re.fullmatch(r"word/(?:header|footer)\d*\.xml", name)
            ]
            for name in edges[:_PARTS]:
                if mark := mark_in(_paragraphs(archive, name)):
                    return mark
            body = next(filter(_BODY.fullmatch, archive.namelist()), "")
            return mark_in(_head(_paragraphs(archive, body))) if body else None
    except (BadZipFile, zlib.error, LZMAError, EOFError, KeyError, OSError, RuntimeError, ValueError):
        return None


def mark_in_pdf(data: bytes, name: str) -> str | None:
    """The mark at the head or the foot of the first pages of a PDF, also where every page repeats it.

    Raises `UnreadableDocument` for a file that cannot be opened.
    """
    try:
        with closing(pages(data)) as drawn:
            for _count, page in islice(drawn, 1, 1 + _PAGES):
                lines = [spelled(line) for line in baselines(page.marks)]
                if mark := mark_in([*_head(lines), *lines[-_FOOT_LINES:]]):
                    return mark
    except UnreadableDocument as error:
        raise UnreadableDocument(name, error.reason) from error
    return None


def _paragraphs(archive: ZipFile, name: str) -> list[str]:
    with archive.open(name) as part:
        xml = part.read(_PART_LIMIT).decode("utf-8", "ignore")
    return [unescape("".join(_RUN.findall(piece))) for piece in _PARAGRAPH.split(xml)]
