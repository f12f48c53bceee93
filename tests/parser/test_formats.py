"""The labelled plans score the same from every kind of file, and damaged files are read or refused."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.parser.test_accuracy import accuracy

ROOT = Path(__file__).parents[2]


def load_fuzz() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_readers", ROOT / "bench" / "fuzz_readers.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["fuzz_readers"] = module
    spec.loader.exec_module(module)
    return module


def pooled(suffix: str) -> dict[str, float]:
    counted = accuracy.pool(
        accuracy.score(gold, found, name)
        for name, gold, found in accuracy.documents(excerpts=False, suffix=suffix)
    )
    return {field: count.f1 for field, count in counted.items()}


@pytest.mark.parametrize("suffix", [one for one in accuracy.FORMATS.values() if one != ".txt"])
def test_every_kind_of_file_scores_as_text_does(suffix: str) -> None:
    assert pooled(suffix) == pytest.approx(pooled(".txt"), abs=0.01)


def test_damaged_files_are_read_or_refused() -> None:
    fuzz = load_fuzz()
    for kind, tally in fuzz.run(88, seed=7).items():
        assert not tally.failures, kind
        assert sum(tally.outcomes.values()) == 22
