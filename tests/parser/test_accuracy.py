"""The labelled plans are read as labelled: bench/accuracy.py counts, docs/benchmarks.md keeps the figures."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
EXACT = ("measures", "units", "defaults", "goals", "rows", "header")
LEAST = dict.fromkeys(EXACT, 1.0) | {
    "roles": 0.99,
    "dates": 0.99,
    "clauses": 0.98,
    "row_units": 0.98,
    "targets": 0.95,
}


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("accuracy", ROOT / "bench" / "accuracy.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["accuracy"] = module
    spec.loader.exec_module(module)
    return module


accuracy = load()
DEVELOPED_ON = ("000_xinxiang", "001_xinji", "002_zhengzhou")


@pytest.mark.parametrize("name", DEVELOPED_ON)
def test_labelled_plan(name: str) -> None:
    (counts,) = [
        accuracy.score(gold, found, label)
        for label, gold, found in accuracy.documents(excerpts=False)
        if label == name
    ]
    for field, least in LEAST.items():
        assert counts[field].f1 >= least, counts[field].misses


def test_unseen_plans_and_excerpts() -> None:
    unseen = [
        accuracy.score(gold, found, label)
        for label, gold, found in accuracy.documents()
        if label not in DEVELOPED_ON
    ]
    pooled = accuracy.pool(unseen)
    for field in ("roles", "dates"):
        assert pooled[field].f1 >= 0.97, pooled[field].misses
