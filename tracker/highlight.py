"""Cutting a paragraph at the spans of its clauses, so that a page can mark them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text; `key` names the span it belongs to, None between spans."""

    text: str
    key: int | None = None


def segments(text: str, offset: int, spans: Iterable[tuple[int, int, int]]) -> list[Segment]:
    """Cut `text`, which stands at `offset` in its source, at `spans` of (start, end, key).

    Spans are offsets into the source, in order and without overlap; what lies outside the text is cut off.
    Joined again, the segments are the text.
    """
    found: list[Segment] = []
    at = 0
    for start, end, key in spans:
        begin, stop = max(at, start - offset), min(len(text), end - offset)
        if stop <= begin:
            continue
        if begin > at:
            found.append(Segment(text[at:begin]))
        found.append(Segment(text[begin:stop], key))
        at = stop
    if at < len(text):
        found.append(Segment(text[at:]))
    return found


def marked(source: str, paragraph: tuple[int, int], words: tuple[int, int]) -> list[Segment]:
    """The paragraph with the words marked, both given as offsets into the source.

    What is marked is what was printed, whatever was edited since. Words that run on past their paragraph
    are shown to their end.
    """
    start, end = paragraph[0], max(paragraph[1], words[1])
    return segments(source[start:end], start, [(*words, words[0])])
