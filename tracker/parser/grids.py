"""A table with merged cells as lines: the same lines whichever kind of file it came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_SPANNED = 500  # rows or columns of one merged cell
MOST_CELLS = 200_000  # of one table, merged cells counted in each row and column they cover


class TooLarge(Exception):
    """The table has more cells than a plan could have."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Text in one line, and over how many columns and rows the cell reaches."""

    text: str
    across: int = 1
    down: int = 1


def flat(text: str) -> str:
    """The text of a cell as one line."""
    return re.sub(r"\s+", " ", text).strip()


def lines(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """One line for each row, cells joined by |. Raises `TooLarge`.

    A cell merged downwards is said again in each row that it covers. In a table that has such cells a cell
    over several columns is said once and leaves the others empty, so that the columns stay where they are;
    elsewhere it is one cell.
    """
    if not any(cell.down > 1 for row in rows for cell in row):
        return [_line([cell.text for cell in row]) for row in rows]
    held: dict[int, tuple[int, str]] = {}  # by column: in how many more rows, and what
    written: list[str] = []
    count = 0
    for row in rows:
        full = _full_row(row, held)
        count += len(full)
        if count > MOST_CELLS:
            raise TooLarge
        written.append(_line(full))
    return written


def _line(cells: Sequence[str]) -> str:
    return " | ".join(cells) + (" |" if len(cells) > 1 else "")


def _full_row(row: Iterable[Cell], held: dict[int, tuple[int, str]]) -> list[str]:
    """The cells of a row with those that reach down into it; `held` is brought up to date."""
    fresh: dict[int, tuple[int, str]] = {}
    own = [(cell.down - 1, "" if order else cell.text) for cell in row for order in range(cell.across)]
    own.reverse()
    line: list[str] = []
    while own or len(line) in held:
        if len(line) in held:
            below, text = held[len(line)]
            below -= 1
        else:
            below, text = own.pop()
        if below:
            fresh[len(line)] = (below, text)
        line.append(text)
    held.clear()
    held.update(fresh)
    return line
