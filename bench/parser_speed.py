"""How fast the parser is: characters a second over the five plans, import and process time, jionlp beside it.

Usage: python bench/parser_speed.py [--rounds N]. jionlp is needed for the comparison only; without it the
script says so and leaves the comparison out.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tracker.parser import parse_text  # noqa: E402

PLANS = sorted((ROOT / "fixtures" / "plans").glob("*.txt"))


def best(work: Callable[[], object], rounds: int) -> float:
    """The shortest of some runs, in seconds of this process."""
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


def process_seconds(*arguments: str, rounds: int = 5) -> float:
    """The shortest wall time of a fresh Python process."""
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - begin)
    return min(times)


def jionlp_seconds(texts: list[str]) -> float | None:
    """One run of jionlp's time extraction over the texts, or None where it is not installed."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            import jionlp
    except ImportError:
        return None
    lines = [line for text in texts for line in text.splitlines() if line.strip()]

    def extract() -> None:
        for line in lines:
            with contextlib.suppress(Exception):
                jionlp.ner.extract_time(line)

    logging.disable(logging.CRITICAL)  # it logs a traceback for each phrase it gives up on
    with contextlib.redirect_stdout(io.StringIO()):
        jionlp.ner.extract_time("2024年6月底前完成")
        return best(extract, 1)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=7)
    options = arguments.parse_args()
    texts = [path.read_text(encoding="utf-8") for path in PLANS]
    size = sum(map(len, texts))
    for text in texts:
        parse_text(text)
    seconds = best(lambda: [parse_text(text) for text in texts], options.rounds)
    print(f"{len(texts)} plans, {size:,} characters")
    print(f"parse, warm                {seconds * 1000:8.1f} ms   {size / seconds:12,.0f} characters/s")
    bare = process_seconds("-c", "pass")
    imported = process_seconds("-c", "import tracker.parser") - bare
    print(f"import tracker.parser      {imported * 1000:8.1f} ms   (a bare Python: {bare * 1000:.0f} ms)")
    whole = process_seconds("-m", "tracker.parser", str(PLANS[0]))
    print(f"CLI on one plan, process   {whole * 1000:8.1f} ms")
    other = jionlp_seconds(texts)
    if other is None:
        print("jionlp is not installed: no comparison")
    else:
        print(f"jionlp time extraction     {other * 1000:8.1f} ms   {size / other:12,.0f} characters/s")
        print(f"jionlp / parser            {other / seconds:8.1f} times")


if __name__ == "__main__":
    main()
