"""A same-length copy of a text in which what must not matter is folded away.

Matching runs on the copy; names, titles and quotes are cut from the source at the same offsets.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_PAIRS = {
    "[": "(",
    "]": ")",
    "\u3014": "(",  # tortoise-shell brackets, as in document numbers
    "\u3015": ")",
    "\u3010": "(",  # lenticular brackets
    "\u3011": ")",
    "\u300c": "\u201c",  # corner brackets quote in traditional texts
    "\u300d": "\u201d",
    "\u300e": "\u201c",
    "\u300f": "\u201d",
    "~": "-",
    "\u2010": "-",
    "\u2012": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u2015": "-",
    "\u2212": "-",
    "\u2500": "-",
    "\u25cb": "\u3007",  # circles that stand for zero
    "\u25ef": "\u3007",
    "\u2502": "|",  # box-drawn columns
    "\u2503": "|",
    "\u2551": "|",
    "\u2236": ":",
    "\ufe30": ":",
    "\ufe55": ":",
    "\ufe50": ",",
    "\ufe54": ";",
    "\r": "\n",
    "\f": "\n",
    "\v": "\n",
    "\x85": "\n",
    "\u2028": "\n",
    "\u2029": "\n",
}
_BLANKS = "\t\u3000\xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u200b\ufeff"


class _Table(dict[int, int]):
    """A translation table that remembers that a character stays as it is (str.translate is slow on misses)."""

    def __missing__(self, code: int) -> int:
        self[code] = code
        return code


def _width_table() -> _Table:
    table = _Table({ord(char): ord(plain) for char, plain in _PAIRS.items()})
    table.update({ord(blank): ord(" ") for blank in _BLANKS})
    for code in range(0xFF01, 0xFF5F):  # full-width ASCII
        table[code] = table[code - 0xFEE0]
    for code in range(0x2F00, 0x2FD6):  # Kangxi radicals, as some PDF writers print 月 and 日
        table[code] = ord(unicodedata.normalize("NFKC", chr(code)))
    return table


_WIDTH = _width_table()
_TRADITIONAL = re.compile("[個們國會學實開關發進對時產經過業責單標環設與為從區縣廳處長門質優動總導報檢劃構項讓際專類風見於將這來務辦應體強護]")


@lru_cache(maxsize=8)
def _script_table(characters: str) -> dict[int, int]:
    """Traditional to simplified for the characters given, one to one (OpenCC's character dictionary)."""
    import opencc

    converted = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {ord(a): ord(b) for a, b in zip(characters, converted, strict=True) if len(b) == 1 and a != b}


def fold(text: str) -> str:
    """Half-width punctuation and digits, plain blanks, simplified characters; len(fold(t)) == len(t)."""
    folded = text.translate(_WIDTH)
    if _TRADITIONAL.search(folded):
        wide = sorted({char for char in set(folded) if char >= "\u3400"})
        folded = folded.translate(_script_table("".join(wide)))
    return folded
