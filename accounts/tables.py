"""Lists as tables to take away: what a column says, and which list a name means.

An app's `lists` module registers its lists; pages and background jobs find them here by name, so that what is
taken away is made by the same words as what is on the screen.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, NamedTuple, TypeVar

from django.db.models import QuerySet
from django.http import QueryDict

from accounts.models import User

CHUNK = 2000  # rows in memory at a time


class Kind(Enum):
    """What a column holds, and with that how each kind of file writes it."""

    INDEX = "index"  # the row's number in the list; no value is asked for
    TEXT = "text"
    NUMBER = "number"
    PERCENT = "percent"  # whole percent, 0 to 100
    DATE = "date"
    MOMENT = "moment"
    FLAG = "flag"
    CODED = "coded"  # Coded
    LIGHT = "light"  # Lit


class Coded(NamedTuple):
    """A choice: programs read the code, people the word."""

    code: str
    word: str


class Lit(NamedTuple):
    """A light: colour by its code, shape and word."""

    code: str
    shape: str
    word: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `key` is its name in JSON; `width` in characters; what is not printed stands at the end."""

    key: str
    head: str
    value: Callable[[Any], Any]
    kind: Kind = Kind.TEXT
    width: int = 12
    is_printed: bool = True
    is_hidden: bool = False  # for machines: there, but folded away in a workbook
    is_input: bool = False  # left empty for the reader to fill in; the rest of the workbook is protected


def index(head: str = "序号") -> Column:
    """The row's number in the list."""
    return Column("index", head, lambda row: None, Kind.INDEX, width=6)


@dataclass(frozen=True, slots=True)
class Table:
    """A list with its columns. `rows` can be gone through once."""

    title: str
    name: str
    columns: Sequence[Column]
    rows: Iterable[Any]
    count: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a file says of itself: for which day, and who took it away when."""

    day: date
    by: str
    at: datetime


Maker = Callable[[User, QueryDict, int | None, date], Table]
_makers: dict[str, Maker] = {}
_Maker = TypeVar("_Maker", bound=Maker)


def listed(name: str) -> Callable[[_Maker], _Maker]:
    """Register what makes the table of one list: who asks, the list's address, its object, and the day.

    The maker raises Http404 for whoever may not see the list.
    """

    def keep(maker: _Maker) -> _Maker:
        _makers[name] = maker
        return maker

    return keep


def known(name: str) -> bool:
    return name in _makers


def make_table(name: str, user: User, asked: QueryDict, pk: int | None, *, today: date) -> Table:
    """The table of a list as this person sees it. Raises Http404 where the page would."""
    return _makers[name](user, asked, pk, today)


def rows_of(rows: QuerySet[Any]) -> Iterator[Any]:
    """The rows one after the other, a chunk in memory at a time."""
    return rows.iterator(chunk_size=CHUNK)
