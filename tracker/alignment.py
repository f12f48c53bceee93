"""Which clause of a new edition is which of the old: by wording first, then by place.

Pure and deterministic. Each clause is in one pair at most; whatever finds no partner vanished or was added.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz

# How alike two clauses have to be, of 1: where their measures are alike too, and anywhere.
LEAST_NEAR, LEAST_FAR = 0.5, 0.62
# Measures whose titles agree by so much are the same measure, wherever it stands.
SAME_TITLE = 0.75
# Two plans are editions of one another where so many of the shorter one's clauses stand in the other.
ALIKE = 0.4

# A clause is compared with those that share the most pieces of text with it, and with its neighbours.
PIECE = 3
COMMON = 60  # a piece that stands in more clauses than this says nothing
NEAREST = 12
NEIGHBOURS = 2

_MARKS = re.compile(
    r"[(（【\[]?(?:公开)?(?:征求意见稿|征求意见|送审稿|讨论稿|印发稿|修订稿|修订版|修订|试行|草案|正式稿|初稿|代拟稿)[)）】\]]?"
)
_YEARS = re.compile(r"[(（]?(?:19|20)\d\d(?:\s*[-—~～至]+\s*(?:19|20)?\d\d)?年?(?:度|版)?[)）]?")
_SENT = re.compile(r"^.*?关于(?:公开)?(?:征求|印发|转发)")
_FIGURES = re.compile(r"\d+(?:\.\d+)?|[〇零一二三四五六七八九十百]+(?=[年月日个家座])")
_LOOSE = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Item:
    """One clause as alignment sees it. `works`: it made a task, or would make one."""

    key: int
    text: str
    title: str = ""
    works: bool = True


@dataclass(frozen=True, slots=True)
class Pair:
    """A clause of the old edition and its successor; `likeness` of their words from 0 to 1."""

    old: int
    new: int
    likeness: float
    is_moved: bool = False


@dataclass(frozen=True, slots=True)
class Alignment:
    """The pairs in the order of the new edition, and what is left over, each in its own order."""

    pairs: list[Pair]
    vanished: list[int]
    added: list[int]


def plain(text: str) -> str:
    """Text as it is compared: one width, no white space or punctuation."""
    return _LOOSE.sub("", unicodedata.normalize("NFKC", text)).lower()


def plain_title(title: str) -> str:
    """A plan's title without what tells editions apart: 征求意见稿, 修订, years, 关于印发…的通知."""
    found = _SENT.sub("", unicodedata.normalize("NFKC", title))
    found = re.sub(r"(?:的)?(?:通知|公告|意见建议的公告)$", "", _YEARS.sub("", _MARKS.sub("", found)))
    return _LOOSE.sub("", found).lower()


def are_titles_alike(one: str, other: str) -> bool:
    left, right = plain_title(one), plain_title(other)
    return bool(left and right) and fuzz.ratio(left, right) >= 88


def align(old: Sequence[Item], new: Sequence[Item]) -> Alignment:
    """Pair the clauses of two editions, given in the order of their plans.

    Words that are the same to the letter go together first, those under the same title before the others;
    then the likest first. Figures and dates count little, since they are what an edition changes.
    """
    left, right = _facts(old), _facts(new)
    likeness = _identical(left, right)
    taken = set(likeness.values())
    rest_old = [fact for fact in left if fact.place not in likeness]
    rest_new = [fact for fact in right if fact.place not in taken]
    found: dict[int, tuple[int, float]] = {one: (other, 1.0) for one, other in likeness.items()}
    for one, other, score in _likest(rest_old, rest_new, _Guide(found, len(left), len(right))):
        found[one] = (other, score)
    moved = _moved({one: other for one, (other, _score) in found.items()})
    pairs = [
        Pair(left[one].item.key, right[other].item.key, score, one in moved)
        for one, (other, score) in sorted(found.items(), key=lambda entry: entry[1][0])
    ]
    taken = {other for other, _score in found.values()}
    return Alignment(
        pairs,
        vanished=[fact.item.key for fact in left if fact.place not in found],
        added=[fact.item.key for fact in right if fact.place not in taken],
    )


class _Fact:
    """An item with its place and what is compared of it."""

    def __init__(self, place: int, item: Item) -> None:
        self.place = place
        self.item = item
        self.words = plain(item.text)
        self.title = plain(item.title)

    @cached_property
    def masked(self) -> str:
        """The words with figures and dates levelled."""
        return _FIGURES.sub("0", self.words)

    @cached_property
    def pieces(self) -> set[str]:
        text = self.masked
        return {text[at : at + PIECE] for at in range(max(1, len(text) - PIECE + 1))}


class _Guide:
    """Where a clause would stand in the new edition, going by the clauses around it that are known."""

    def __init__(self, known: dict[int, tuple[int, float]], old: int, new: int) -> None:
        self._known = sorted((one, other) for one, (other, _score) in known.items())
        self._ratio = new / old if old else 1.0

    def place(self, one: int) -> float:
        at = bisect_left(self._known, (one, 0))
        if at == 0:
            return one * self._ratio
        before, its_place = self._known[at - 1]
        return its_place + (one - before)


def _facts(items: Sequence[Item]) -> list[_Fact]:
    return [_Fact(place, item) for place, item in enumerate(items)]


def _identical(old: Sequence[_Fact], new: Sequence[_Fact]) -> dict[int, int]:
    """Places of clauses of the same words: those of the same use and title first, each time in order."""
    found: dict[int, int] = {}
    taken: set[int] = set()
    ways: tuple[Callable[[_Fact], Hashable], ...] = (
        lambda fact: (fact.words, fact.title, fact.item.works),
        lambda fact: (fact.words, fact.item.works),
        lambda fact: (fact.words, fact.title),
        lambda fact: fact.words,
    )
    for way in ways:
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for fact in reversed(new):
            if fact.place not in taken:
                waiting[way(fact)].append(fact.place)
        for fact in old:
            if fact.words and fact.place not in found and waiting[way(fact)]:
                found[fact.place] = waiting[way(fact)].pop()
                taken.add(found[fact.place])
    return found


def _likest(old: Sequence[_Fact], new: Sequence[_Fact], guide: _Guide) -> Iterator[tuple[int, int, float]]:
    """Pairs of places with their likeness, the surest first."""
    scored = []
    for fact, other in _candidates(old, new):
        near = _is_near(fact, other)
        alike = _likeness(fact, other)
        if alike >= (LEAST_NEAR if near else LEAST_FAR):
            distance = abs(guide.place(fact.place) - other.place)
            sure = alike + (0.12 if near else 0.0) + 0.06 / (1 + distance)
            sure -= 0.15 * (fact.item.works != other.item.works)
            scored.append((-sure, distance, fact.place, other.place, alike))
    left: set[int] = set()
    right: set[int] = set()
    for _sure, _distance, one, place, alike in sorted(scored):
        if one not in left and place not in right:
            left.add(one)
            right.add(place)
            yield one, place, alike


def _is_near(one: _Fact, other: _Fact) -> bool:
    return bool(one.title and other.title) and fuzz.ratio(one.title, other.title) >= SAME_TITLE * 100


def _likeness(one: _Fact, other: _Fact) -> float:
    """Of their words; a part that was split off counts as nearly the whole it came from."""
    whole = fuzz.ratio(one.masked, other.masked) / 100
    shorter = min(len(one.masked), len(other.masked))
    longer = max(len(one.masked), len(other.masked))
    if shorter >= 10 and shorter * 4 >= longer:
        # The longer of two halves is the likelier successor.
        part = fuzz.partial_ratio(one.masked, other.masked) / 100
        whole = max(whole, 0.6 * part + 0.2 * whole)
    return whole


def _candidates(old: Sequence[_Fact], new: Sequence[_Fact]) -> Iterator[tuple[_Fact, _Fact]]:
    """For each old clause the new ones worth comparing: a bounded number, however long the editions."""
    index: dict[str, list[int]] = defaultdict(list)
    for at, fact in enumerate(new):
        for piece in fact.pieces:
            index[piece].append(at)
    places = [fact.place for fact in new]
    for fact in old:
        shared: Counter[int] = Counter()
        for piece in fact.pieces:
            if len(index.get(piece, ())) <= COMMON:
                shared.update(index.get(piece, ()))
        best = sorted(shared, key=lambda at: (-shared[at], at))[:NEAREST]
        middle = bisect_left(places, fact.place)
        beside = range(max(0, middle - NEIGHBOURS), min(len(new), middle + NEIGHBOURS + 1))
        for at in sorted({*best, *beside}):
            yield fact, new[at]


def _moved(found: dict[int, int]) -> set[int]:
    """Old places of the pairs that left the order: all but the longest run that kept it."""
    ends: list[int] = []  # the smallest new place that ends an ordered run of each length
    at: list[int] = []
    before: dict[int, int | None] = {}
    for one in sorted(found):
        length = bisect_left(ends, found[one])
        ends[length : length + 1] = [found[one]]
        at[length : length + 1] = [one]
        before[one] = at[length - 1] if length else None
    kept: set[int] = set()
    last = at[-1] if at else None
    while last is not None:
        kept.add(last)
        last = before[last]
    return set(found) - kept
