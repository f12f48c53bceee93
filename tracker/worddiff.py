"""What was said before and what is said now, word for word. Pure.

Dates, figures with their unit and names of units change as a whole; all else changes by the character.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

Kind = Literal["same", "old", "new"]

_DATE = r"(?:\d{4}年)?(?:\d{1,2}月)(?:\d{1,2}日)?(?:底|末|初)?前?|\d{4}年(?:年?底|年?末)?前?"
_FIGURE = r"[\d.]+(?:%|％|万|亿|个|家|座|台|吨|蒸吨|公里|平方米|千瓦|次|户|辆)*"
_LATIN = r"[A-Za-z][A-Za-z0-9.]*"
# Beyond this the two are shown one after the other: a diff of two books helps nobody.
LONGEST = 4000


class Piece(NamedTuple):
    """Some text that stayed, went, or came."""

    kind: Kind
    text: str


def word_diff(old: str, new: str, names: Sequence[str] = ()) -> list[Piece]:
    """Pieces in reading order; the old ones joined give `old`, the new ones `new`. `names` stay whole."""
    if old == new:
        return [Piece("same", old)] if old else []
    if len(old) + len(new) > LONGEST:
        return [piece for piece in (Piece("old", old), Piece("new", new)) if piece.text]
    pattern = _pattern(names)
    left, right = pattern.findall(old), pattern.findall(new)
    return list(_joined(_steps(left, right)))


def _pattern(names: Sequence[str]) -> re.Pattern[str]:
    known = [
        re.escape(name) for name in sorted(set(filter(None, names)), key=lambda name: (-len(name), name))
    ]
    return re.compile("|".join([*known, _DATE, _FIGURE, _LATIN, r"[\s\S]"]))


def _steps(left: Sequence[str], right: Sequence[str]) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(left[i:j]))
        else:
            yield Piece("old", "".join(left[i:j]))
            yield Piece("new", "".join(right[k:m]))


def _joined(steps: Iterator[Piece]) -> Iterator[Piece]:
    """Without empty pieces, and with a change, one stray character and a change told as one change."""
    pieces = [piece for piece in steps if piece.text]
    at = 0
    while at < len(pieces):
        if pieces[at].kind == "same":
            yield pieces[at]
            at += 1
            continue
        old, new = "", ""
        while at < len(pieces):
            kind, text = pieces[at]
            is_stray = len(text) == 1 and text.isalnum() and at + 1 < len(pieces) and old and new
            if kind == "same" and not is_stray:
                break
            old += text if kind in ("same", "old") else ""
            new += text if kind in ("same", "new") else ""
            at += 1
        if old:
            yield Piece("old", old)
        if new:
            yield Piece("new", new)
