"""Marking clauses in their paragraph loses and doubles no character."""

from hypothesis import given
from hypothesis import strategies as st

from tracker.highlight import Segment, marked, segments


@given(
    text=st.text(max_size=60),
    offset=st.integers(0, 50),
    cuts=st.lists(st.integers(0, 120), max_size=8).map(sorted),
)
def test_segments_joined_are_the_text(text: str, offset: int, cuts: list[int]) -> None:
    spans = [(a, b, n) for n, (a, b) in enumerate(zip(cuts[::2], cuts[1::2], strict=False))]
    assert "".join(segment.text for segment in segments(text, offset, spans)) == text


def test_each_clause_is_marked_with_its_key() -> None:
    assert segments("甲。乙丙。丁", 10, [(12, 14, 1), (15, 16, 2)]) == [
        Segment("甲。"),
        Segment("乙丙", 1),
        Segment("。"),
        Segment("丁", 2),
    ]


def test_words_are_marked_in_their_paragraph_and_to_their_end() -> None:
    source = "一。甲乙丙。丁"

    assert marked(source, (2, 6), (3, 5)) == [Segment("甲"), Segment("乙丙", 3), Segment("。")]
    assert marked(source, (2, 4), (3, 6)) == [Segment("甲"), Segment("乙丙。", 3)]
