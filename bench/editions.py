"""How well alignment finds the clauses of an old edition in a new one: precision and recall.

    python bench/editions.py [--seeds N] [PLAN ...]

Each plan is perturbed at random, with the answer known: clauses dropped, added (taken from the other plans),
split, reworded, redated, refigured, and measures renumbered and reordered. A pair counts as found where
alignment says the same pair, as false where it pairs what does not belong together.
"""

import argparse
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tracker.alignment import Item, align  # noqa: E402
from tracker.parser import parse_file  # noqa: E402

REFERENCE = date(2024, 10, 21)
# Of a hundred clauses so many are changed in each way; of a hundred measures so many are moved.
SHARES = {"drop": 6, "split": 4, "reword": 12, "redate": 12, "refigure": 8}
ADDED, MOVED = 6, 10
SYNONYMS = {
    "加快": "加速", "推进": "推动", "完成": "全面完成", "开展": "组织开展", "严格": "从严", "建立": "健全",
    "持续": "不断", "加强": "强化", "提升": "提高", "落实": "抓好", "鼓励": "支持", "实施": "组织实施",
}  # fmt: skip


@dataclass(frozen=True)
class Clause:
    """One clause of an edition; `origin` is that of the old edition it came from, None for a new one."""

    text: str
    title: str
    origin: int | None
    change: str = "same"


def read(path: Path) -> list[list[Clause]]:
    """Measures (and rows of an annexed table) with their clauses."""
    plan = parse_file(str(path), reference_date=REFERENCE)
    measures = [(m.title, m.clauses) for m in plan.measures] + [
        (r.work or r.text, r.clauses) for r in plan.table
    ]
    found, number = [], 0
    for title, clauses in measures:
        found.append([Clause(c.text, title, number + at) for at, c in enumerate(clauses)])
        number += len(clauses)
    return found


def redate(text: str, dice: random.Random) -> str:
    return re.sub(
        r"20\d\d年(?:\d+月)?", lambda _m: f"{dice.randint(2024, 2027)}年{dice.randint(1, 12)}月", text
    )


def refigure(text: str, dice: random.Random) -> str:
    return re.sub(r"\d+(?=[%个家座台万次公户辆])", lambda m: str(int(m[0]) + dice.randint(1, 40)), text)


def reword(text: str, dice: random.Random) -> str:
    """Synonyms, a phrase left out where there are several, and a few words more at the end."""
    for word in dice.sample(sorted(SYNONYMS), 6):
        text = text.replace(word, SYNONYMS[word])
    parts = text.split(",")
    if len(parts) > 3:
        del parts[dice.randrange(1, len(parts))]
    return ",".join(parts) + dice.choice(["", ",确保取得实效", ",并纳入年度考核"])


def perturb(measures: list[list[Clause]], others: list[str], dice: random.Random) -> list[Clause]:
    changed: list[list[Clause]] = []
    for measure in measures:
        kept: list[Clause] = []
        for clause in measure:
            throw, way = dice.random() * 100, "same"
            for name, share in SHARES.items():
                if throw < share:
                    way = name
                    break
                throw -= share
            if way == "drop":
                continue
            if way == "split" and len(parts := clause.text.split(",")) > 2:
                middle = len(parts) // 2
                halves = [",".join(parts[:middle]), ",".join(parts[middle:])]
                # The longer half goes on with the old clause.
                longer = max(range(2), key=lambda at: len(halves[at]))
                kept += [
                    Clause(half, clause.title, clause.origin if at == longer else None, "split")
                    for at, half in enumerate(halves)
                ]
                continue
            text = {"redate": redate, "refigure": refigure, "reword": reword}.get(way, lambda t, _d: t)(
                clause.text, dice
            )
            kept.append(replace(clause, text=text, change=way if text != clause.text else "same"))
            if dice.random() * 100 < ADDED:
                kept.append(Clause(dice.choice(others), clause.title, None, "add"))
        changed.append(kept)
    for _time in range(round(len(changed) * MOVED / 100)):
        changed.insert(dice.randrange(len(changed)), changed.pop(dice.randrange(len(changed))))
    return [clause for measure in changed for clause in measure]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "plans", nargs="*", type=Path, default=sorted((ROOT / "fixtures/plans").glob("*.txt"))
    )
    arguments.add_argument("--seeds", type=int, default=20)
    options = arguments.parse_args()
    plans = {path.stem: read(path) for path in options.plans}
    total: Counter[str] = Counter()
    ways: Counter[str] = Counter()
    found_ways: Counter[str] = Counter()
    heads = f"{'plan':18} {'clauses':>7} {'pairs':>7} {'found':>7} {'false':>6}"
    print(f"{heads} {'precision':>9} {'recall':>7}  s/run")
    for name, measures in plans.items():
        others = [c.text for other, found in plans.items() if other != name for m in found for c in m]
        old = [clause for measure in measures for clause in measure]
        count: Counter[str] = Counter()
        spent = 0.0
        for seed in range(options.seeds):
            new = perturb(measures, others or ["另行制定实施细则"], random.Random(f"{name} {seed}"))
            began = time.perf_counter()
            result = align(
                [Item(at, clause.text, clause.title) for at, clause in enumerate(old)],
                [Item(at, clause.text, clause.title) for at, clause in enumerate(new)],
            )
            spent += time.perf_counter() - began
            partners = {pair.new: pair.old for pair in result.pairs}
            for at, clause in enumerate(new):
                partner = partners.get(at)
                # Words that stand in the old edition several times: any of them is right.
                is_right = (
                    partner is not None
                    and clause.origin is not None
                    and (partner == clause.origin or old[partner].text == old[clause.origin].text)
                )
                if clause.origin is not None:
                    count["pairs"] += 1
                    ways[clause.change] += 1
                    found_ways[clause.change] += is_right
                count["found"] += is_right
                count["false"] += partner is not None and not is_right
        total += count
        report(name, len(old), count, spent / options.seeds)
    report("all", sum(sum(map(len, m)) for m in plans.values()), total, 0.0)
    for way in sorted(ways):
        print(f"  {way:10} recall {found_ways[way] / ways[way]:.4f}  ({ways[way]})")
    return 0


def report(name: str, clauses: int, count: Counter[str], seconds: float) -> None:
    said = count["found"] + count["false"]
    print(
        f"{name:18} {clauses:7} {count['pairs']:7} {count['found']:7} {count['false']:6} "
        f"{count['found'] / said if said else 1:9.4f} {count['found'] / count['pairs']:7.4f}  {seconds:.3f}"
    )


if __name__ == "__main__":
    sys.exit(main())
