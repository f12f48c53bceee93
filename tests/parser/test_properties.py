"""What holds for every text: no crash, spans that point at their words, no sentence lost or counted twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker.parser import ParsedPlan, parse_text
from tracker.parser.folding import fold

PLANS = sorted((Path(__file__).parents[2] / "fixtures" / "plans").glob("*.txt"))
TEXTS = [path.read_text(encoding="utf-8") for path in PLANS]
PIECES = st.sampled_from(
    [
        "一、",
        "(一)",
        "1.",
        "2、",
        "(1)",
        "①",
        "第一条",
        "\n",
        "\n\n",
        "。",
        ";",
        ",",
        "、",
        ":",
        "(",
        ")",
        "“",
        "”",
        "《",
        "》",
        " ",
        " ",
        "",
        "重点任务",
        "主要目标",
        "开展排查",
        "2024年6月底前",
        "2025年13月底前",
        "2月30日前",
        "每季度末",
        "到2025年",
        "“十四五”",
        "用三年时间",
        "春节前",
        "责任单位:",
        "牵头单位:",
        "市公安局",
        "市财政局",
        "各县(市、区)政府",
        "等部门",
        "牵头",
        "配合",
        "负责",
        "按职责分工负责",
        "以下均需各镇政府落实,不再列出",
        "达到80%以上",
        "建成5个",
        "较2020年",
        "序号 | 任务 | 责任单位 |",
        "1 | 排查 | 市公安局 |",
        "│",
        "─",
        "甲市人民政府\n2024年5月1日\n",
        "完成时限:持续推进",
    ]
)
DOCUMENTS = st.lists(PIECES, max_size=60).map("".join)
RELAXED = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def check(plan: ParsedPlan) -> None:
    text = plan.source_text
    last = 0
    for measure in plan.measures:
        start, end = measure.span
        assert 0 <= start < end <= len(text)
        assert text[start:end] == measure.text
        assert start >= last, "measures in order, without overlap"
        last = end
        at, before = start, None
        for clause in measure.clauses:
            assert text[slice(*clause.span)] == clause.text
            assert clause.span == before or at <= clause.span[0] < clause.span[1] <= end, (
                "clauses in order, inside their measure; only dates in a list share words"
            )
            at, before = clause.span[1], clause.span
            assert clause.schedule.rule
            if clause.schedule.quote:
                assert clause.schedule.quote in text
            for target in clause.targets:
                assert target.quote in text
    for row in plan.table:
        assert text[slice(*row.span)] == row.text
        for clause in row.clauses:
            assert text[slice(*clause.span)] == clause.text
    for doubt in plan.warnings:
        assert 0 <= doubt.span[0] <= doubt.span[1] <= len(text)
        assert doubt.message
    assert plan.to_dict(with_source=True)["source_text"] == text


@RELAXED
@given(DOCUMENTS)
def test_made_documents(text: str) -> None:
    check(parse_text(text))


@RELAXED
@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    check(parse_text(text))


@RELAXED
@given(st.text())
def test_folding_keeps_length(text: str) -> None:
    assert len(fold(text)) == len(text)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(TEXTS),
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from("\n。,;()|“》年月一1( ")), max_size=12),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_mutated_plans(text: str, edits: list[tuple[float, str]], left: float, right: float) -> None:
    start, end = sorted((int(left * len(text)), int(right * len(text))))
    text = text[start : start + 6000] if end > start else text
    for where, char in edits:
        at = int(where * len(text))
        text = text[:at] + char + text[at + 1 :]
    check(parse_text(text))


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(TEXTS), st.lists(st.floats(0, 1), max_size=30))
def test_plans_with_characters_lost(text: str, places: list[float]) -> None:
    for place in places:
        at = int(place * len(text))
        text = text[:at] + text[at + 1 :]
    check(parse_text(text))


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_no_obligation_sentence_is_lost(path: Path) -> None:
    """Each sentence of a measure is its title, or names its units, or stands in exactly one clause."""
    plan = parse_text(path.read_text(encoding="utf-8"))
    check(plan)
    folded = fold(plan.source_text)
    for measure in plan.measures:
        covered = sorted({clause.span for clause in measure.clauses})
        at, end_of_measure = measure.span
        title_end = at + measure.text.find(measure.title) + len(measure.title)
        for sentence in re.split(r"(?<=[。\n])", folded[at:end_of_measure]):
            start, end = at, at + len(sentence)
            at = end
            words = sentence.strip(" 。\n")
            if not words or start < title_end or re.match(r"(?:牵头|配合|责任)单位:|以下.*不再", words):
                continue
            bare = re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)?$", "", words).removeprefix(measure.number)
            if not bare or re.match(r"\((?:市|区|责任|牵头)", words):
                continue
            inside = [span for span in covered if span[0] < end and start < span[1]]
            assert inside, sentence
            assert sum(min(end, b) - max(start, a) for a, b in inside) >= len(bare) - 2 * len(inside), (
                sentence
            )
