"""Clauses of two editions find each other; what differs is told word for word."""

import importlib.util
import json
import random
import sys
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.alignment import Item, align, are_titles_alike, plain_title
from tracker.parser import parse_file
from tracker.worddiff import word_diff

ROOT = Path(__file__).parent.parent
SAMPLE: dict[str, Any] = json.loads(
    (ROOT / "tests" / "samples" / "003_zhumadian_issued.json").read_text(encoding="utf-8")
)


def _items(name: str) -> tuple[list[Item], list[dict[str, object]]]:
    """The clauses of a plan, and of each what an edition may change."""
    plan = parse_file(str(ROOT / name), reference_date=date(2024, 10, 21))
    clauses = [(measure, clause) for measure in plan.measures for clause in measure.clauses]
    items = [Item(key, clause.text, measure.title) for key, (measure, clause) in enumerate(clauses)]
    facts: list[dict[str, object]] = [
        {
            "text": clause.text,
            "date": (clause.schedule.kind, clause.schedule.due, clause.schedule.every),
            "units": sorted((unit.name, unit.role) for unit in clause.units or measure.units),
            "targets": [(target.indicator, target.op, target.value) for target in clause.targets],
        }
        for measure, clause in clauses
    ]
    return items, facts


def test_an_issued_edition_is_aligned_with_its_consultation_draft_as_a_person_would() -> None:
    (old, before_facts), (new, after_facts) = _items(SAMPLE["old"]), _items(SAMPLE["new"])
    result = align(old, new)
    pairs = {(old[pair.old].text, new[pair.new].text): pair for pair in result.pairs}
    vanished = [old[key].text for key in result.vanished]
    added = [new[key].text for key in result.added]
    expected = SAMPLE["expected"]
    for one in expected:
        if one["kind"] == "vanished":
            assert [text for text in vanished if one["old"] in text], one
        elif one["kind"] == "added":
            assert [text for text in added if one["new"] in text], one
        else:
            [pair] = [pairs[a, b] for a, b in pairs if one["old"] in a and one["new"] in b]
            assert pair.is_moved == one.get("is_moved", False), one
            was, now = before_facts[pair.old], after_facts[pair.new]
            assert [name for name in was if was[name] != now[name]] == one.get("what", []), one
    kinds = [one["kind"] for one in expected]
    assert (len(vanished), len(added)) == (kinds.count("vanished"), kinds.count("added"))
    # Whatever is not in the answer stayed as it was, to the letter, and where it was.
    named = sum(bool(one.get("what")) for one in expected)
    assert sum(before_facts[pair.old] != after_facts[pair.new] for pair in pairs.values()) == named
    assert sum(pair.is_moved for pair in pairs.values()) == sum(
        one.get("is_moved", False) for one in expected
    )


def _bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("editions", ROOT / "bench" / "editions.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["editions"] = module
    spec.loader.exec_module(module)
    return module


def test_editions_changed_at_random_are_found_again() -> None:
    bench = _bench()
    old = [clause for measure in bench.read(ROOT / SAMPLE["old"]) for clause in measure]
    measures = bench.read(ROOT / SAMPLE["old"])
    found = wanted = false = 0
    for seed in range(4):
        new = bench.perturb(measures, ["另行制定实施细则,报市政府备案"], random.Random(seed))
        result = align(
            [Item(at, clause.text, clause.title) for at, clause in enumerate(old)],
            [Item(at, clause.text, clause.title) for at, clause in enumerate(new)],
        )
        right = sum(
            old[pair.old].text == old[new[pair.new].origin].text
            for pair in result.pairs
            if new[pair.new].origin is not None
        )
        found, false = found + right, false + len(result.pairs) - right
        wanted += sum(clause.origin is not None for clause in new)
    assert found / wanted > 0.98
    assert false / wanted < 0.02


WORDS = st.text("治理扬尘2024年6月底前,、。完成改造", max_size=20)


@given(st.lists(WORDS, max_size=12), st.lists(WORDS, max_size=12))
def test_each_clause_stands_in_one_place_and_twice_asked_is_twice_the_same(
    before: list[str], after: list[str]
) -> None:
    old = [Item(key, text) for key, text in enumerate(before)]
    new = [Item(key, text) for key, text in enumerate(after)]
    result = align(old, new)
    assert sorted([*(pair.old for pair in result.pairs), *result.vanished]) == list(range(len(old)))
    assert sorted([*(pair.new for pair in result.pairs), *result.added]) == list(range(len(new)))
    assert align(old, new) == result


@given(WORDS, WORDS)
def test_a_word_diff_holds_both_texts_whole(before: str, after: str) -> None:
    pieces = word_diff(before, after, ["改造完成"])
    assert "".join(piece.text for piece in pieces if piece.kind != "new") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "old") == after


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("2024年10月底前完成", "2024年12月底前完成", [("old", "2024年10月底前"), ("new", "2024年12月底前")]),
        ("淘汰500台", "淘汰800台", [("old", "500台"), ("new", "800台")]),
        ("由市水利局办", "由市水务局办", [("old", "市水利局"), ("new", "市水务局")]),
        ("加强监管", "加强监管", []),
    ],
)
def test_dates_figures_and_units_change_as_a_whole(
    before: str, after: str, changes: list[tuple[str, str]]
) -> None:
    pieces = word_diff(before, after, ["市水利局", "市水务局"])
    assert [tuple(piece) for piece in pieces if piece.kind != "same"] == changes


def test_titles_of_editions_are_alike_and_those_of_other_plans_are_not() -> None:
    issued = "新乡市人民政府关于印发新乡市空气质量持续改善实施方案（2024—2025年）的通知"
    assert plain_title("新乡市空气质量持续改善实施方案（征求意见稿）") == plain_title(issued)
    assert are_titles_alike("关于征求《新乡市空气质量持续改善实施方案(征求意见稿)》意见建议的公告", issued)
    assert not are_titles_alike(issued, "新乡市农田水利建设实施方案")
    assert not are_titles_alike("2024年", "2025年")
