"""Templates: ours, and those that an office brings, which are looked at before they are believed."""

import base64
import json
import os
import re
import subprocess
import sys
from functools import cache
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from django.conf import settings
from django.utils.translation import gettext as _

from tracker.filetypes import FileKind, FileRefused, detect
from tracker.papers.kinds import must_print
from tracker.papers.render import fill
from tracker.papers.sample import sample_data

TEMPLATE_LIMIT = 1024 * 1024  # bytes of an uploaded template
UNPACKED_LIMIT = 16 * 1024 * 1024
PART_LIMIT = 200  # files in its archive
MADE_LIMIT = 8 * 1024 * 1024  # bytes of a document made with it
SECONDS = 15  # that making one may take, from start to end of its process
DEFAULTS = Path(__file__).parent / "defaults"

# What XML 1.0 cannot hold, and the marks that docxtpl takes for a paragraph, a page or a tab.
_UNPRINTABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u2028\u2029]")
_TEXT = re.compile(r"<w:t(?:\s[^>]*)?>([^<]*)</w:t>")
_PRINTED = re.compile(r"word/(?:document|header\d*|footer\d*)\.xml")


class TemplateBroken(Exception):
    """A template that is not taken, or that made no document; the text says why, for a person."""


@cache
def default_template(paper: str) -> bytes:
    """Ours, as tracker/papers/layout.py makes it."""
    return (DEFAULTS / f"{paper.lower()}.docx").read_bytes()


def make_default(paper: str, data: dict[str, Any]) -> bytes:
    """The paper from our own template."""
    return fill(default_template(paper), printable(data))


def make_own(template: bytes, paper: str, data: dict[str, Any]) -> bytes:
    """The paper from an office's template. Raises TemplateBroken.

    The template is filled by a process that has neither our secrets nor our database, is ended after SECONDS,
    and gets no more memory than it is given.
    """
    data = printable(data)
    wanted = json.dumps({"template": base64.b64encode(template).decode(), "data": data})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tracker.papers.render"],
            input=wanted.encode(),
            capture_output=True,
            timeout=SECONDS,
            cwd=settings.BASE_DIR,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TemplateBroken(_("排版超过 %(seconds)d 秒，没有完成。") % {"seconds": SECONDS}) from None
    if done.returncode == 1:
        reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [""]
        raise TemplateBroken(_("模板里的占位写法有误：%(reason)s") % {"reason": reason[0][:300]})
    if done.returncode:
        raise TemplateBroken(_("排版占用的时间或内存过多，没有完成。"))
    if len(done.stdout) > MADE_LIMIT:
        raise TemplateBroken(_("排出的文件过大。"))
    if lacking := next(iter(_lacking(done.stdout, paper, data)), ""):
        raise TemplateBroken(_("排出的文件里没有“%(words)s”，请对照默认模板补上。") % {"words": lacking[:60]})
    return done.stdout


def check_template(content: bytes, paper: str) -> bytes:
    """Look into an uploaded template and fill it with sample data; the sample. Raises TemplateBroken."""
    _look_into(content)
    return make_own(content, paper, sample_data(paper))


def _look_into(content: bytes) -> None:
    if len(content) > TEMPLATE_LIMIT:
        raise TemplateBroken(_("模板不能超过 1 MB。"))
    try:
        if detect(BytesIO(content)) != FileKind.DOCX:
            raise TemplateBroken(_("模板要是 Word 文件（docx）。"))
    except FileRefused as refusal:
        raise TemplateBroken(str(refusal)) from None
    try:
        with ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
            # A part never unpacks to more than the table of contents says.
            if len(parts) > PART_LIMIT or sum(part.file_size for part in parts) > UNPACKED_LIMIT:
                raise TemplateBroken(_("文件解开后过大，不像模板。"))
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _look_at(part.filename, archive.read(part))
                elif "/embeddings/" in part.filename or "/activeX/" in part.filename:
                    raise TemplateBroken(_("模板里嵌有其他文件，请删去后再上传。"))
    except TemplateBroken:
        raise
    except Exception:  # whatever it is that a broken archive breaks
        raise TemplateBroken(_("文件已损坏，打不开。")) from None


def _look_at(name: str, content: bytes) -> None:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise TemplateBroken(_("文件已损坏，打不开。"))
    if name.endswith(".rels"):
        for link in re.findall(rb"<Relationship\b[^>]*>", content):
            # Whoever opens the letter would ask somebody else's server for it.
            if b'"External"' in link and b"/hyperlink" not in link:
                raise TemplateBroken(_("模板引用了外部文件，请改为嵌入图片并去掉外部模板。"))


def text_of(document: bytes) -> str:
    """The words that a document prints, without spaces: what a line break divides still matches."""
    with ZipFile(BytesIO(document)) as archive:
        parts = [name for name in archive.namelist() if _PRINTED.fullmatch(name)]
        found = "".join("".join(_TEXT.findall(archive.read(name).decode())) for name in parts)
    return _squeezed(unescape(found))


def _lacking(document: bytes, paper: str, data: dict[str, Any]) -> list[str]:
    try:
        printed = text_of(document)
    except (BadZipFile, UnicodeDecodeError):
        raise TemplateBroken(_("排出的文件打不开。")) from None
    return [words for words in must_print(paper, data) if _squeezed(words) not in printed]


def _squeezed(text: str) -> str:
    return "".join(text.split())


def printable(value: Any) -> Any:
    """The same data with every mark taken out of its texts that a Word file cannot hold."""
    if isinstance(value, str):
        return _UNPRINTABLE.sub("", value.replace("\r\n", "\n").replace("\t", " "))
    if isinstance(value, dict):
        return {key: printable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [printable(item) for item in value]
    return value
