"""What a unit's report sheet (填报表) carries out and brings back: marks, cells, and the comparison.

No database, no clock. A row carries a signed mark of what it was when it was taken away, so that three
values can be compared: then, now, and in the sheet.
"""

import re
from collections.abc import Hashable
from dataclasses import astuple, dataclass
from enum import Enum
from typing import Self, TypeVar
from unicodedata import normalize
from uuid import UUID, uuid5

from django.core.signing import BadSignature, Signer

# The heads by which a sheet that comes back is read, whatever the order of its columns.
PLAN, NUMBER, TEXT, DUE = "方案", "编号", "任务内容", "完成时限"
PERCENT, NOTE, MARK = "本次进度%", "进展说明", "标识（请勿改动）"

_SIGNER = Signer(salt="tracker.report-sheet")
_FORMS = UUID("5d3c6f0e-7f0b-4d0a-9b51-1f5a6f0f6c11")
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.0*)?%?")
Value = TypeVar("Value", bound=Hashable)


class Merge(Enum):
    """What becomes of one value that may have been changed in two places."""

    EMPTY = "empty"  # nothing typed
    SAME = "same"  # typed is what stands already
    TAKE = "take"  # typed, and nobody else changed it
    CONFLICT = "conflict"  # typed, and changed meanwhile


def three_way(exported: Value, now: Value, sheet: Value | None) -> Merge:
    """Compare the value exported, the value now and the one typed into the sheet; None is nothing typed.

    The cells are empty in the export, so what stands there was typed, even where it is the old value again.
    """
    if sheet is None:
        return Merge.EMPTY
    if sheet == now:
        return Merge.SAME
    return Merge.TAKE if exported == now else Merge.CONFLICT


def merge_row(percent: Merge, note: Merge) -> Merge:
    """What becomes of a row: a conflict in either is one of the row; words alone are something to take."""
    both = (percent, note)
    order = (Merge.CONFLICT, Merge.TAKE, Merge.SAME)
    return next((outcome for outcome in order if outcome in both), Merge.EMPTY)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a row was when it was taken away: whose share, how far, and its newest report (0: none)."""

    share: int
    unit: int
    percent: int
    report: int

    def signed(self) -> str:
        """As it stands in the sheet. It begins with a letter, so that no program takes it for a number."""
        return _SIGNER.sign("R" + "-".join(map(str, astuple(self))))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The mark; None where it is none of ours, or was changed."""
        try:
            return cls(*map(int, _SIGNER.unsign(text).removeprefix("R").split("-")))
        except (BadSignature, ValueError, TypeError):
            return None

    def form_key(self, percent: int | None, note: str) -> UUID:
        """The key of the report that this row makes: the same row with the same typed makes it once."""
        return uuid5(_FORMS, f"{self.signed()} {percent} {note}")


def read_percent(text: str) -> int | None:
    """Whole percent as offices type it: 60, 60%, 60.0, with wide digits; None for nothing. Raises ValueError.

    Above 100 is a number all the same: what a report may say is for its form to judge.
    """
    plain = re.sub(r"\s+", "", normalize("NFKC", text))
    if not plain:
        return None
    found = _PERCENT.fullmatch(plain)
    if found is None:
        raise ValueError(text)
    return int(found[1])


def read_note(text: str) -> str | None:
    """The words typed; None for nothing. Line ends as the database has them."""
    return text.replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n").strip() or None


def folded(text: str) -> str:
    """For telling whether two cells say the same: without spaces, wide forms as narrow ones."""
    return re.sub(r"\s+", "", normalize("NFKC", text))
