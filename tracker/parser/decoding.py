"""Bytes to text: the encodings that Chinese offices write."""

from __future__ import annotations

import codecs
import re

from .types import UnreadableDocument

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")


def decode(data: bytes, name: str, *, declared: str | None = None) -> str:
    """Text of `data`: by byte-order mark, by the declared charset, as UTF-8, as UTF-16 or as GB 18030.

    Line ends become LF. Raises `UnreadableDocument` where no encoding gives text.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            candidates = [encoding]
            break
    else:
        # UTF-16 without a mark: line ends and digits leave NUL bytes, in the high half of each unit.
        even, odd = data[0:4096:2].count(0), data[1:4096:2].count(0)
        if even or odd:
            candidates = ["utf-16-be", "utf-16-le"] if even > odd else ["utf-16-le", "utf-16-be"]
        else:
            candidates = [*([declared] if declared else []), "utf-8", "gb18030"]
    for encoding in candidates:
        try:
            text = data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        if _CONTROL.search(text) or "\ufffe" in text:
            continue
        return text.replace("\r\n", "\n").replace("\r", "\n")
    raise UnreadableDocument(name, "不是文本文件,或编码无法识别")
