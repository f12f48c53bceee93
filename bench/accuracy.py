"""How well the parser reads the labelled plans: precision, recall and F1 for each field.

Usage: python bench/accuracy.py [--show N] [--excerpts-only | --formats]. Labels: fixtures/gold/*.json for the files of
the same name in fixtures/plans, and fixtures/gold/excerpts/*.json, each with its own text and, where needed,
a reference date. A unit counts with and without its role; a date counts by what it sets (due, start, every);
a clause counts where a clause with that date holds the label's words. A prefix that a unit may or may not
inherit does not matter.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path
from typing import Any

from opencc import OpenCC

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tracker.parser import parse_file, parse_text  # noqa: E402
from tracker.parser.folding import fold  # noqa: E402

GOLD = ROOT / "fixtures" / "gold"
PLANS = ROOT / "fixtures" / "plans"
SAMPLES = ROOT / "tests" / "samples"  # the same plans in other kinds of file, by bench/make_samples.py
FORMATS = {
    "txt": ".txt",
    "html": ".html",
    "docx": ".docx",
    "docx, LibreOffice": ".writer.docx",
    "pdf, one column": ".one.pdf",
    "pdf, two columns": ".two.pdf",
}
FIELDS = (
    "measures",
    "units",
    "roles",
    "defaults",
    "dates",
    "clauses",
    "targets",
    "goals",
    "rows",
    "row_units",
    "header",
)
HEADER = ("title", "document_number", "issuer", "issued_on")
Plain = dict[str, Any]


@dataclass
class Count:
    """Right, extra and missed items of one field, with the misses in words."""

    right: int = 0
    extra: int = 0
    missed: int = 0
    misses: list[str] = field(default_factory=list)

    def compare(self, gold: Iterable[Any], found: Iterable[Any], where: str) -> None:
        wanted, got = Counter(gold), Counter(found)
        both = wanted & got
        self.right += both.total()
        self.missed += (wanted - both).total()
        self.extra += (got - both).total()
        self.misses += [f"{where}: missed {item}" for item in (wanted - both).elements()]
        self.misses += [f"{where}: extra {item}" for item in (got - both).elements()]

    def add(self, other: Count) -> None:
        self.right += other.right
        self.extra += other.extra
        self.missed += other.missed
        self.misses += other.misses

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.extra) if self.right + self.extra else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


Counts = dict[str, Count]


TO_SIMPLIFIED = OpenCC("t2s").convert


@lru_cache(maxsize=65536)
def simplify(text: str | None) -> str:
    """Words without what must not matter: script, width, blanks, final punctuation."""
    return "".join(fold(TO_SIMPLIFIED(text or "")).split()).strip("。.;,、:")


def bare(name: str) -> str:
    """A unit's name without the prefix it may inherit."""
    return re.sub(r"^(?:各|(?:市|区|县|省)(?!场|政|委|直))+", "", simplify(name))


@lru_cache(maxsize=65536)
def alike(left: str, right: str) -> float:
    if left == right:
        return 1.0
    return SequenceMatcher(None, left, right, autojunk=False).ratio()


def match_up(gold: list[Plain], found: list[Plain], key: str) -> Iterator[tuple[Plain | None, Plain | None]]:
    """Pairs of the most similar items, then the found items that are left over."""
    free = list(found)
    for item in gold:
        words = simplify(item.get(key))
        best = max(free, key=lambda other: alike(words, simplify(other.get(key))), default=None)
        if best is not None and alike(words, simplify(best.get(key))) >= 0.6:
            free.remove(best)
            yield item, best
        else:
            yield item, None
    for item in free:
        yield None, item


def slots(date_or_schedule: Plain) -> set[tuple[str, str]]:
    return {
        (slot, date_or_schedule[slot]) for slot in ("due", "start", "every") if date_or_schedule.get(slot)
    }


def gold_slots(label: Plain) -> set[tuple[str, str]]:
    wanted = {
        "deadline": {"due"},
        "start": {"start"},
        "window": {"due", "start"},
        "recurring": {"every"},
    }.get(label["kind"], set())
    return {pair for pair in slots(label) if pair[0] in wanted}


def names(units: list[Plain]) -> set[str]:
    return {bare(unit["name"]) for unit in units}


def with_roles(units: list[Plain]) -> set[tuple[str, str]]:
    return {(bare(unit["name"]), unit["role"]) for unit in units}


def targets(labels: list[Plain]) -> list[tuple[float, str]]:
    return [(round(float(label["value"]), 4), simplify(label.get("unit"))[-1:]) for label in labels]


def holds(clauses: list[Plain], label: Plain) -> bool:
    """Whether a clause with the label's date has its words."""
    wanted, quote = simplify(label["clause"]), simplify(label["quote"])
    for clause in clauses:
        words = simplify(clause["text"])
        same_date = gold_slots(label) & slots(clause["schedule"])
        if (
            same_date
            and quote in words
            and (wanted in words or words in wanted or alike(wanted, words) >= 0.5)
        ):
            return True
    return False


def score(gold: Plain, found: Plain, label: str) -> Counts:
    """Counts for each field of one document."""
    counts = {name: Count() for name in FIELDS}
    for key in HEADER:
        if key in gold:
            counts["header"].compare([simplify(gold[key])], [simplify(found.get(key))], f"{label} {key}")
    counts["defaults"].compare(names(gold.get("default_units", [])), names(found["default_units"]), label)
    counts["goals"].compare(targets(gold.get("goals", [])), targets(found["goals"]), label)
    for wanted, got in match_up(gold.get("measures", []), found["measures"], "title"):
        where = f"{label} {(wanted or got or {}).get('title') or ''}"[:40]
        clauses = got["clauses"] if got else []
        counts["measures"].compare([1] if wanted else [], [1] if got else [], where)
        counts["units"].compare(
            names(wanted["units"]) if wanted else (), names(got["units"]) if got else (), where
        )
        counts["roles"].compare(
            with_roles(wanted["units"]) if wanted else (), with_roles(got["units"]) if got else (), where
        )
        dates = wanted.get("dates", []) if wanted else []
        found_dates = [pair for clause in clauses for pair in slots(clause["schedule"])]
        counts["dates"].compare([pair for item in dates for pair in gold_slots(item)], found_dates, where)
        for item in dates:
            words = simplify(item["clause"])[:40]
            counts["clauses"].compare([words], [words] if holds(clauses, item) else [], where)
        if wanted:
            got_targets = [target for clause in clauses for target in clause["targets"]]
            counts["targets"].compare(targets(wanted.get("targets", [])), targets(got_targets), where)
    if gold.get("table"):
        for wanted, got in match_up(gold["table"], found["table"], "text"):
            where = f"{label} row {(wanted or got or {}).get('text', '')}"[:40]
            counts["rows"].compare([1] if wanted else [], [1] if got else [], where)
            if wanted:
                counts["row_units"].compare(
                    with_roles(wanted["units"]), with_roles(got["units"]) if got else (), where
                )
    return counts


def documents(
    *, plans: bool = True, excerpts: bool = True, suffix: str = ".txt"
) -> Iterator[tuple[str, Plain, Plain]]:
    """Name, label and extraction of every labelled document; `suffix` chooses the kind of file of the plans."""
    folder = PLANS if suffix == ".txt" else SAMPLES
    if plans:
        for path in sorted(GOLD.glob("*.json")):
            gold = json.loads(path.read_text(encoding="utf-8"))
            yield path.stem, gold, parse_file(folder / f"{path.stem}{suffix}").to_dict()
    if excerpts:
        for path in sorted((GOLD / "excerpts").glob("*.json")):
            label = json.loads(path.read_text(encoding="utf-8"))
            reference = date.fromisoformat(label["reference_date"]) if label.get("reference_date") else None
            yield path.stem, label["gold"], parse_text(label["text"], reference_date=reference).to_dict()


def pool(all_counts: Iterable[Counts]) -> Counts:
    pooled = {name: Count() for name in FIELDS}
    for counts in all_counts:
        for name, count in counts.items():
            pooled[name].add(count)
    return pooled


def show_table(title: str, counts: Counts, show: int) -> None:
    print(f"== {title}")
    for name, count in counts.items():
        if count.right + count.extra + count.missed:
            figures = f"P {count.precision:.3f}  R {count.recall:.3f}  F1 {count.f1:.3f}"
            print(
                f"   {name:10} {figures}   ({count.right} right, {count.extra} extra, {count.missed} missed)"
            )
        for line in count.misses[:show]:
            print("      ", line)


def by_format() -> dict[str, Counts]:
    """The counts of the five plans, pooled, for each kind of file."""
    return {
        label: pool(
            score(gold, found, name) for name, gold, found in documents(excerpts=False, suffix=suffix)
        )
        for label, suffix in FORMATS.items()
    }


def show_formats(show: int) -> None:
    """F1 of each field for each kind of file, as a table for docs/benchmarks.md."""
    counted = by_format()
    print("| field | " + " | ".join(counted) + " |")
    print("| --- |" + " --- |" * len(counted))
    for name in FIELDS:
        print(f"| {name} | " + " | ".join(f"{counts[name].f1:.3f}" for counts in counted.values()) + " |")
    for label, counts in counted.items():
        for name, count in counts.items():
            for line in count.misses[:show]:
                print(f"{label} {name}: {line}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--show", type=int, default=0, help="list up to N misses of each field")
    arguments.add_argument("--excerpts-only", action="store_true")
    arguments.add_argument("--formats", action="store_true", help="compare the kinds of file")
    options = arguments.parse_args()
    if options.formats:
        show_formats(options.show)
        return
    plans, excerpts = [], []
    if not options.excerpts_only:
        for name, gold, found in documents(excerpts=False):
            plans.append(score(gold, found, name))
            show_table(name, plans[-1], 0)
        show_table("all plans", pool(plans), options.show)
    excerpts = [score(gold, found, name) for name, gold, found in documents(plans=False)]
    if excerpts:
        show_table(f"all {len(excerpts)} excerpts", pool(excerpts), options.show)


if __name__ == "__main__":
    main()
