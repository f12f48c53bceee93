"""How alike clauses are: of pairs from the five plans, what a person would say."""

import pytest

from tracker.similarity import COMMON, FLOOR, SKETCH, common_parts, likeness, sketch

CEMENT = "2025年底前,现有水泥企业基本完成有组织和无组织超低排放改造"
# Sentences of the plans, and what another plan says of the same, or of something else in the same words.
SAME = [
    ("全市新、改、扩建火电、水泥项目应达到超低排放水平", "全市新(改、擴)建火電、水泥項目要達到超低排放水平"),
    ("2024年10月底前,完成老旧车辆淘汰", "到2025年12月底，完成老旧车辆的淘汰"),
    (
        "强化电力、水泥、建材等重点行业氨法脱硫脱硝氨逃逸防控,优化喷氨工艺,提升控制效率",
        "强化电力、水泥、建材等重点行业氨法脱硫脱硝氨逃逸防控",
    ),
]
OTHER = [
    ("加强重点行业企业监管", "提升重点区域执法能力"),
    ("推广氮肥机械深施和低蛋白日粮技术", "严格落实大气污染物排放标准"),
    ("2024年10月底前", "2024年10月底前"),
    ("", CEMENT),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same_duty_in_other_words_is_above_the_floor(one: str, other: str) -> None:
    assert FLOOR < likeness(one, other) <= 1
    assert likeness(one, other) == likeness(other, one)
    assert set(sketch(one)) & set(sketch(other))


@pytest.mark.parametrize(("one", "other"), OTHER[:2] + OTHER[3:])
def test_other_work_in_the_same_common_words_is_below_it(one: str, other: str) -> None:
    assert likeness(one, other) < FLOOR


def test_likeness_is_of_words_and_not_of_dates_marks_and_characters_of_another_script() -> None:
    assert likeness("2024年完成淘汰老旧车辆", "2025年,完成淘汰老舊車輛。") == 1
    assert likeness("2024", "2024") == 0


def test_sketch_is_short_leaves_out_common_pairs_and_fits_the_database() -> None:
    found = sketch(CEMENT * 3)

    assert len(found) == SKETCH == len(set(found))
    assert all(-(2**31) <= gram < 2**31 for gram in found)
    assert sketch("".join(sorted(COMMON)[:1])) == []
    # Kept rows of the index are good only as long as this stays so.
    assert found[:3] == [-1427399866, -1208584555, -636267445]


def test_common_parts_are_marked_and_the_text_is_whole() -> None:
    pieces = common_parts("完成老舊車輛淘汰工作", "2024年完成老旧车辆淘汰")

    assert "".join(piece.text for piece in pieces) == "完成老舊車輛淘汰工作"
    assert [(piece.text, piece.key is not None) for piece in pieces] == [
        ("完成老舊車輛淘汰", True),
        ("工作", False),
    ]
