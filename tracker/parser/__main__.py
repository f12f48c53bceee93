"""The command line: `python -m tracker.parser FILE [FILE ...]` prints one JSON object per file."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date, datetime
from zoneinfo import ZoneInfo

from . import UnreadableDocument, parse_file


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0, or 2 where a file could not be read."""
    arguments = argparse.ArgumentParser(
        prog="python -m tracker.parser", description="Extract tasks from plan documents."
    )
    arguments.add_argument("files", nargs="+", metavar="FILE")
    arguments.add_argument("--indent", action="store_true", help="print pretty JSON")
    arguments.add_argument(
        "--with-source", action="store_true", help="add the text that the spans point into"
    )
    arguments.add_argument(
        "--reference-date",
        type=date.fromisoformat,
        metavar="YYYY-MM-DD",
        help="settles times without a year where the document does not say its own (default: today)",
    )
    options = arguments.parse_args(argv)
    reference = options.reference_date or datetime.now(ZoneInfo("Asia/Shanghai")).date()
    status = 0
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    for file in options.files:
        try:
            plan = parse_file(file, reference_date=reference)
        except UnreadableDocument as error:
            print(f"{file}:{error.reason}", file=sys.stderr)
            status = 2
            continue
        plain = plan.to_dict(with_source=options.with_source)
        print(json.dumps(plain, ensure_ascii=False, indent=1 if options.indent else None))
    return status


if __name__ == "__main__":
    sys.exit(main())
