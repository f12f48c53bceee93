"""How figures stand to targets: each relation, met, short and late; how they are printed and drawn."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.targets import HEIGHT, WIDTH, Goal, Point, chart, figure, part_of, standing

TODAY = date(2024, 10, 21)
SOON = date(2024, 10, 28)
FAR = date(2024, 12, 31)
PAST = date(2024, 10, 20)
FIGURES = st.decimals(-(10**12), 10**12, places=4)


@pytest.mark.parametrize(
    ("op", "value", "words"),
    [
        (">=", "90", "达标"),
        (">=", "89.5", "差 0.5套"),
        (">", "90.0001", "达标"),
        (">", "90", "正好 90套，须高于它"),
        (">", "80", "差 10套"),
        ("<=", "90", "达标"),
        ("<=", "1290", "超 1,200套"),
        ("<", "89", "达标"),
        ("<", "90", "正好 90套，须低于它"),
        ("<", "91", "超 1套"),
        ("=", "90", "达标"),
        ("=", "95", "达标"),
        ("=", "88", "差 2套"),
        ("+", "90", "达标"),
        ("+", "-10", "差 100套"),
        ("-", "100", "达标"),
        ("-", "30", "差 60套"),
    ],
)
def test_each_relation(op: str, value: str, words: str) -> None:
    goal = Goal(op, Decimal(90), "套", FAR)
    assert standing(goal, [Point(TODAY, Decimal(value))], TODAY).words == words


def test_rates_differ_by_points() -> None:
    goal = Goal(">=", Decimal(16), "%", FAR)
    assert standing(goal, [Point(TODAY, Decimal("14.25"))], TODAY).words == "差 1.75个百分点"


@given(op=st.sampled_from([">=", ">", "<=", "<", "=", "+", "-"]), wanted=FIGURES, value=FIGURES)
def test_what_is_met_lacks_nothing_and_what_lacks_is_not_met(
    op: str, wanted: Decimal, value: Decimal
) -> None:
    goal = Goal(op, wanted)
    assert goal.gap(value) >= 0
    if goal.is_met(value):
        assert goal.gap(value) == 0
    elif value != wanted:
        assert goal.gap(value) > 0


@pytest.mark.parametrize(
    ("due", "points", "light", "words"),
    [
        (FAR, [], "GREY", "尚无数值"),
        (None, [], "GREY", "尚无数值"),
        (SOON, [], "YELLOW", "尚无数值"),
        (TODAY, [], "YELLOW", "尚无数值"),
        (PAST, [], "RED", "逾期未达标，尚无数值"),
        (FAR, [(1, 3)], "GREY", "差 2座"),
        (SOON, [(1, 3)], "YELLOW", "差 2座"),
        (PAST, [(1, 3)], "RED", "逾期未达标，差 2座"),
        (None, [(1, 3)], "GREY", "差 2座"),
        (FAR, [(1, 3), (2, 5)], "GREEN", "达标"),
        (None, [(1, 5)], "GREEN", "达标"),
        (FAR, [(1, 5), (2, 4)], "GREY", "差 1座"),
        # The due date is the 20th: reached on the day itself, and on the day after.
        (PAST, [(20, 5)], "GREEN", "达标"),
        (PAST, [(21, 5)], "YELLOW", "逾期后达标"),
        (PAST, [(10, 3), (21, 5)], "YELLOW", "逾期后达标"),
        (PAST, [(10, 5), (21, 6)], "GREEN", "达标"),
    ],
)
def test_light_and_words_by_the_due_date(
    due: date | None, points: list[tuple[int, int]], light: str, words: str
) -> None:
    given = [Point(date(2024, 10, day), Decimal(value)) for day, value in points]
    found = standing(Goal("=", Decimal(5), "座", due), given, TODAY)
    assert (found.light, found.words) == (light, words)


@pytest.mark.parametrize(
    ("value", "unit", "printed"),
    [
        ("95.0000", "%", "95%"),
        ("100.0000", "", "100"),
        ("1234567.5000", "万吨", "1,234,567.5万吨"),
        ("0.0000", "个", "0个"),
        ("-0.0000", "", "0"),
        ("-3.2500", "个百分点", "-3.25个百分点"),
        ("99999999999999.9999", "元", "99,999,999,999,999.9999元"),
    ],
)
def test_figures_are_printed_without_zeros_and_with_thousands(value: str, unit: str, printed: str) -> None:
    assert figure(Decimal(value), unit) == printed


@pytest.mark.parametrize(
    ("op", "value", "unit", "percent", "printed"),
    [
        ("=", "3000.0000", "套", 33, "990套"),
        ("=", "5.0000", "座", 33, "2座"),
        ("+", "476.9000", "万千瓦", 50, "238.5万千瓦"),
        (">=", "100.0000", "家", 100, "100家"),
        (">=", "95.0000", "%", 50, ""),
        ("+", "2.0000", "个百分点", 50, ""),
        ("<=", "7.0000", "吨/平方公里", 50, ""),
        ("<", "36.0000", "微克", 50, ""),
        ("=", "0.0000", "座", 50, ""),
        ("=", "5.0000", "", 50, ""),
    ],
)
def test_part_of_an_amount(op: str, value: str, unit: str, percent: int, printed: str) -> None:
    assert part_of(op, Decimal(value), unit, percent) == printed


def test_chart_needs_two_readings() -> None:
    goal = Goal(">=", Decimal(10))
    assert chart(goal, []) is None
    assert chart(goal, [Point(TODAY, Decimal(1))]) is None


def test_chart_runs_from_first_to_last_and_has_room_for_the_target() -> None:
    points = [Point(date(2024, 10, day), Decimal(value)) for day, value in ((1, 2), (11, 4), (21, 6))]
    found = chart(Goal(">=", Decimal(10)), points)
    assert found is not None
    assert (found.first, found.last) == (date(2024, 10, 1), date(2024, 10, 21))
    assert (found.low, found.high, found.target_y) == (Decimal(2), Decimal(10), 0.0)
    assert found.dots == [(0, 64), (120, 48), (240, 32)]
    assert found.line == "0.0,64.0 120.0,48.0 240.0,32.0"


@given(
    wanted=FIGURES,
    points=st.lists(st.tuples(st.dates(), FIGURES), min_size=2, max_size=24, unique_by=lambda p: p[0]),
)
def test_chart_stays_in_its_frame(wanted: Decimal, points: list[tuple[date, Decimal]]) -> None:
    found = chart(Goal("=", wanted), [Point(*point) for point in sorted(points)])
    assert found is not None
    assert 0 <= found.target_y <= HEIGHT
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in found.dots)
