"""Plan documents to tasks: plain Python, no clock, no database.

`parse_file` and `parse_text` return a frozen `ParsedPlan`; `python -m tracker.parser FILE` prints it as JSON.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from .types import ParsedPlan, UnreadableDocument


def parse_file(path: str | Path, *, reference_date: date | None = None) -> ParsedPlan:
    """Read and parse a plan document. Raises `UnreadableDocument` where the file cannot be read.

    `reference_date` settles times without a year where the document does not say its own date.
    """
    from . import readers

    return parse_text(readers.read_file(path), reference_date=reference_date, file=Path(path).name)


def parse_text(text: str, *, reference_date: date | None = None, file: str = "") -> ParsedPlan:
    """Parse the text of a plan. Never fails: what cannot be read is a doubt in `warnings`.

    `file` is the name to show; `reference_date` as for `parse_file`. The rules are compiled at the first
    call, so that importing this package costs next to nothing.
    """
    from .assemble import assemble

    return assemble(text, reference_date=reference_date, file=file)


__all__ = ["ParsedPlan", "UnreadableDocument", "parse_file", "parse_text"]
