"""How fast and how well the clauses of other plans that ask for the same are found.

Usage: python bench/similar.py [--clauses 50000] [--plans 1000] [--lookups 300]. Clauses are made from those
of the five plans: each made clause joins parts of two of them and changes one piece in five, so that rare and
common words are as frequent as in plans. Into them are put reworded copies of the plans' own clauses, one of
each: another date, some words changed for others (加快 for 推进), one in eight characters left out or
replaced, the order of its parts turned. Looked up are the plans' own clauses; the copy should come first.

The database is DATABASE_URL, or SQLite in the system's temporary directory, gone at the end. On PostgreSQL
name an empty database: its tables are made, and stay.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

WORDS = {
    "推进": "加快",
    "加强": "强化",
    "完成": "基本完成",
    "开展": "组织",
    "严格": "切实",
    "企业": "单位",
    "治理": "整治",
    "提升": "提高",
    "建设": "建成",
    "淘汰": "退出",
}
PLANS = ROOT / "fixtures" / "plans"


def own_clauses() -> list[tuple[str, str]]:
    """The plans' clauses that have something to say, with their plan."""
    from tracker.parser import parse_file

    found = [
        (path.name, clause.text)
        for path in sorted(PLANS.glob("*.txt"))
        for measure in parse_file(path).measures
        for clause in measure.clauses
    ]
    return [(plan, text) for plan, text in found if len(text) >= 15]


def reworded(text: str, chance: random.Random, letters: str) -> str:
    """The same in other words."""
    text = re.sub(r"\d+年\d*月?", lambda _: f"{chance.randint(2021, 2029)}年{chance.randint(1, 12)}月", text)
    for word, other in WORDS.items():
        text = text.replace(word, other)
    parts = re.split(r"[,，;；]", text)
    parts = parts[1:] + parts[:1]
    said = []
    for letter in ",".join(parts):
        luck = chance.random()
        if luck < 1 / 16:
            continue
        said.append(chance.choice(letters) if luck < 1 / 8 and letter.isalpha() else letter)
    return "".join(said)


def mixed(texts: list[str], chance: random.Random) -> str:
    """A clause that is none of them: half of each of two, one pair of characters in five from elsewhere."""
    one, other, third = (chance.choice(texts) for _ in range(3))
    text = one[: len(one) // 2] + other[len(other) // 2 :]
    pieces = [text[at : at + 4] for at in range(0, len(text), 4)]
    start = chance.randrange(max(1, len(third) - 4))
    return "".join(third[start : start + 4] if chance.random() < 0.2 else piece for piece in pieces)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clauses", type=int, default=50_000)
    parser.add_argument("--plans", type=int, default=1000)
    parser.add_argument("--lookups", type=int, default=300)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DUBAN_HOME"] = folder
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        print(f"load before: {os.getloadavg()[1]:.1f}", flush=True)
        run(asked)


def run(asked: argparse.Namespace) -> None:
    from datetime import date

    from django.db import connection, transaction

    from accounts.models import User
    from tests.factories import make_department, make_region, make_user
    from tracker import duties
    from tracker.actions.clause_index import index_clauses
    from tracker.models import Assignment, Clause, ClauseGram, Measure, Plan, Task

    chance = random.Random(20261122)
    own = own_clauses()
    texts = [text for _plan, text in own]
    letters = "".join(sorted({letter for text in texts for letter in text if letter.isalpha()}))
    copies = [reworded(text, chance, letters) for text in texts]
    made = [mixed(texts, chance) for _ in range(asked.clauses - len(own) - len(copies))]

    region = make_region()
    unit = make_department(region)
    person = make_user("bench", User.Role.COORDINATOR, region=region)
    plans = make_plans(region, asked.plans)
    # Each plan of the five in one of its own, the copies and the others spread over all the rest.
    names = sorted({plan for plan, _text in own})
    rows = [(plans[names.index(plan)], text) for plan, text in own]
    rest = plans[len(names) :]
    rows += [(rest[number % len(rest)], text) for number, text in enumerate([*copies, *made])]
    tasks = make_rows(region, unit, rows)

    before = table_size(connection, ClauseGram)
    started, used = time.perf_counter(), time.process_time()
    clauses = Clause.objects.select_related("measure").order_by("pk")
    for at in range(0, len(rows), 2000):
        with transaction.atomic():
            index_clauses(clauses[at : at + 2000])
    took, used = time.perf_counter() - started, time.process_time() - used
    size = table_size(connection, ClauseGram) - before
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    print(
        f"{connection.vendor}: {len(rows):,} clauses of {len(plans):,} plans, "
        f"{ClauseGram.objects.count():,} rows, "
        f"{size / 1e6:.0f} MB, written in {took:.1f} s ({used:.1f} s of processor)"
    )

    copy_of = dict(zip(tasks[: len(own)], tasks[len(own) : 2 * len(own)], strict=True))
    looked_up = chance.sample(tasks[: len(own)], min(asked.lookups, len(own)))
    times, index_times, first, shown, alike = [], [], 0, 0, []
    for key in looked_up:
        task = Task.objects.select_related("plan", "measure").get(pk=key)
        started = time.perf_counter()
        found = duties.similar_tasks(person, task, date(2024, 10, 21))
        times.append((time.perf_counter() - started) * 1000)
        started = time.perf_counter()
        grams = duties.visible_grams(person).exclude(plan=task.plan_id)
        grams.clauses_with_most_of(duties.sketch(task.text), limit=duties.CANDIDATES)
        index_times.append((time.perf_counter() - started) * 1000)
        keys = [other.task.pk for other in found]
        # The five plans say many things alike: their own clauses are as right as the copy.
        first += keys[:1] == [copy_of[key]] or (bool(keys) and keys[0] in tasks[: len(own)])
        shown += copy_of[key] in keys
        alike.append(duties.likeness(task.text, Task.objects.get(pk=copy_of[key]).text))
    print(
        f"{len(looked_up)} lookups: median {middle(times):.1f} ms, "
        f"19 of 20 under {part(times, 0.95):.1f} ms; "
        f"of these the index {middle(index_times):.1f} and {part(index_times, 0.95):.1f} ms"
    )
    print(
        f"the copy (or a clause of another of the five) first: {first / len(looked_up):.3f}; "
        f"the copy among the ten: {shown / len(looked_up):.3f}; "
        f"likeness of the copies: median {middle(alike):.2f}, "
        f"below the floor {sum(value < duties.FLOOR for value in alike)}"
    )
    nonsense = 0
    for key in chance.sample(tasks[2 * len(own) :], 50):
        task = Task.objects.get(pk=key)
        nonsense += len(duties.similar_tasks(person, task, date(2024, 10, 21)))
    print(f"of made clauses, which overlap by design, {nonsense / 50:.1f} are shown for each")
    assert Assignment.objects.count() == Measure.objects.count() == len(rows)
    assert Plan.objects.count() == len(plans)


def make_plans(region: Any, count: int) -> list[Any]:
    from tests.factories import NOW
    from tracker.models import Plan

    return Plan.objects.bulk_create(
        Plan(
            region=region,
            title=f"第{number}号方案",
            file_name="plan.txt",
            content_hash=str(number),
            status=Plan.Status.LIVE,
            created_at=NOW,
            confirmed_at=NOW,
        )
        for number in range(count)
    )


def make_rows(region: Any, unit: Any, rows: list[tuple[Any, str]]) -> list[int]:
    """A measure, a clause, a task and a share of each; the keys of the tasks."""
    from tests.factories import NOW
    from tracker.models import Assignment, Clause, Measure, Task

    measures = Measure.objects.bulk_create(
        [
            Measure(plan=plan, position=number, title="措施", text=text, start=0, end=len(text))
            for number, (plan, text) in enumerate(rows)
        ],
        batch_size=500,
    )
    clauses = Clause.objects.bulk_create(
        [
            Clause(measure=measure, position=1, text=measure.text, start=0, end=max(1, len(measure.text)))
            for measure in measures
        ],
        batch_size=500,
    )
    tasks = Task.objects.bulk_create(
        [
            Task(
                region=region,
                plan=measure.plan,
                measure=measure,
                clause=clause,
                number=str(number),
                text=clause.text,
                created_at=NOW,
            )
            for number, (measure, clause) in enumerate(zip(measures, clauses, strict=True))
        ],
        batch_size=500,
    )
    Assignment.objects.bulk_create(
        [
            Assignment(task=task, region=region, plan=task.plan, department=unit, role="LEAD", created_at=NOW)
            for task in tasks
        ],
        batch_size=500,
    )
    return [task.pk for task in tasks]


def table_size(connection: Any, model: Any) -> int:
    """Bytes of the table with its indexes; on SQLite, of the whole file."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_total_relation_size(%s)", [model._meta.db_table])
        else:
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        return int(cursor.fetchone()[0])


def middle(values: list[float]) -> float:
    return part(values, 0.5)


def part(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


if __name__ == "__main__":
    main()
