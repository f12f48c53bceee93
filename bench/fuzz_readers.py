"""Damaged docx, PDF, web and Excel files through the readers: read or refused, in bounded time and space.

Usage: python bench/fuzz_readers.py [--count N] [--seed S] [--kinds docx,pdf,html,xlsx] [--keep FOLDER].

The seeds are the committed samples (of the PDF files, a few pages each). Files are damaged in bytes, and in
what they mean: parts of a docx are unpacked and their XML changed; numbers and names in a PDF are changed;
tags of a page are repeated, nested and given absurd spans; of an Excel file, sheets, words and styles. An
Excel file goes the way of an old ledger: heads, columns, and each row against an empty plan, in a database in
memory in which nothing may be changed. A child process reads them, with a limit on its memory; the parent
ends it where one file takes too long. Anything but text or a refusal in words is a failure; --keep saves
such files.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import re
import resource
import select
import struct
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from lxml import etree

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tracker.parser import UnreadableDocument, readers  # noqa: E402

SAMPLES = ROOT / "tests" / "samples"
MEMORY = 1024 * 1024 * 1024  # bytes of address space of the child
SECONDS = 20  # for one file, on a machine with other work
KINDS = ("docx", "pdf", "html", "xlsx")
Random = random.Random


def seeds(kind: str) -> list[bytes]:
    """Undamaged files of a kind."""
    if kind == "pdf":
        paths = sorted(SAMPLES.glob("*.pdf"))
        return [path.read_bytes() if path.stem == "encrypted" else _pages(path, 2) for path in paths]
    if kind == "xlsx":
        from tests.ledgers import ALL

        return [make() for name, make in ALL.items() if name.endswith(".xlsx")]
    found = [path.read_bytes() for path in sorted(SAMPLES.glob(f"*.{kind}"))]
    if kind == "html":
        return [data[:12_000].decode(errors="ignore").encode() for data in found]
    return found


def _pages(path: Path, count: int) -> bytes:
    """The last pages of a PDF, as a file of its own."""
    import pypdfium2

    whole, part = pypdfium2.PdfDocument(path), pypdfium2.PdfDocument.new()
    part.import_pages(whole, list(range(max(0, len(whole) - count), len(whole))))
    buffer = BytesIO()
    part.save(buffer)
    return buffer.getvalue()


def bytes_damaged(data: bytes, dice: Random) -> bytes:
    """Bytes changed, cut out, repeated, moved, or cut off."""
    changed = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        at = dice.randrange(len(changed)) if changed else 0
        size = dice.choice((1, 1, 4, 50, 2000))
        match dice.randrange(6):
            case 0:
                changed[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                del changed[at : at + size]
            case 2:
                changed[at:at] = changed[at : at + size] * dice.choice((1, 3, 40))
            case 3:
                changed[at : at + size] = dice.randbytes(min(size, 200))
            case 4:
                other = dice.randrange(len(changed)) if changed else 0
                changed[at:at] = changed[other : other + size]
            case 5:
                changed[at:] = changed[at:] if dice.random() < 0.7 else b""
    return bytes(changed)


def words_damaged(text: bytes, dice: Random) -> bytes:
    """Tags taken out, repeated and nested; values made absurd."""
    for _ in range(dice.choice((1, 2, 5))):
        tags = list(re.finditer(rb"<[^<>]{1,300}>", text[:400_000]))
        values = list(re.finditer(rb'="[^"]{0,60}"', text[:400_000]))
        choice = dice.randrange(6)
        if choice < 4 and tags:
            one, other = sorted(dice.choices(tags, k=2), key=lambda tag: tag.start())
            part = text[one.start() : other.end()]
            if choice == 0:
                text = text[: one.start()] + text[one.end() :]
            elif choice == 1:
                text = text[: one.end()] + one[0] * dice.choice((1, 30, 3000)) + text[one.end() :]
            elif choice == 2:
                times = dice.choice((1, 5, 60)) if len(part) < 100_000 else 1
                text = text[: one.start()] + part * times + text[one.start() :]
            else:
                text = text[: other.start()] + text[one.start() : one.end()] + text[other.start() :]
        elif values:
            value = dice.choice(values)
            odd = dice.choice(
                (b"0", b"-1", b"99999999", b"500", b"1e9", b"", b"%1%2%3%9", b"restart", b"\xff", b"a" * 3000)
            )
            text = text[: value.start()] + b'="' + odd + b'"' + text[value.end() :]
    return text


def tree_damaged(text: bytes, dice: Random) -> bytes:
    """XML that is still well-formed: elements taken out, repeated, moved, nested; values made absurd."""
    root = etree.fromstring(text)
    for _ in range(dice.choice((1, 3, 10, 30))):
        found = list(root.iter(etree.Element))[1:]
        if not 0 < len(found) < 200_000:
            break
        one, other = dice.choices(found, k=2)
        above = one.getparent()
        match dice.randrange(6):
            case 0:
                above.remove(one)
            case 1:
                times = dice.choice((1, 10, 300))
                if times * sum(1 for _ in one.iter()) < 100_000:
                    for _ in range(times):
                        above.insert(above.index(one), deepcopy(one))
            case 2:
                if one is not other and one not in other.iterancestors():
                    other.append(one)
            case 3:
                inner = deepcopy(one)  # in itself, again and again
                for _ in range(dice.choice((1, 10, 60)) if len(inner) < 20 else 1):
                    one.append(deepcopy(inner))
                    one = one[-1]
            case 4:
                one.tag = other.tag
            case 5:
                for key in one.attrib:
                    one.attrib[key] = dice.choice(
                        ("0", "-1", "99999999", "500", "", "%1%2%9", "restart", "begin")
                    )
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def docx_damaged(data: bytes, dice: Random) -> bytes:
    """A docx with damage in its bytes, or in the XML of a part that the reader looks at."""
    if dice.random() < 0.2:
        return bytes_damaged(data, dice)
    with ZipFile(BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    read = [
        name for name in parts if name.endswith(("document.xml", "numbering.xml", "styles.xml", "/.rels"))
    ]
    for name in set(dice.choices(read, k=dice.choice((1, 2)))):
        damage = dice.choices((tree_damaged, words_damaged, bytes_damaged), (8, 1, 1))[0]
        parts[name] = damage(parts[name], dice)
    if dice.random() < 0.1:
        parts.pop(dice.choice(sorted(parts)))
    if dice.random() < 0.03:
        bomb = b"<w:p><w:r><w:t>" + b"\xe7\x94\xb2" * dice.choice((1000, 20_000_000)) + b"</w:t></w:r></w:p>"
        parts["word/document.xml"] = parts.get("word/document.xml", b"").replace(b"<w:p>", bomb + b"<w:p>", 1)
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def xlsx_damaged(data: bytes, dice: Random) -> bytes:
    """An Excel file with damage in its bytes, in the XML of a part, in its numbers, or puffed up."""
    if dice.random() < 0.2:
        return bytes_damaged(data, dice)
    with ZipFile(BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    read = [
        name for name in parts if name.endswith(".xml") and "docProps" not in name and "theme" not in name
    ]
    sheets = [name for name in read if "worksheets" in name]
    for name in set(dice.choices([*read, *sheets * 4], k=dice.choice((1, 2)))):
        damage = dice.choices((tree_damaged, words_damaged, bytes_damaged), (8, 1, 1))[0]
        parts[name] = damage(parts[name], dice)
    if dice.random() < 0.2:
        odd = dice.choice(
            (b"99999999", b"1048576", b"-1", b"1e308", b"NaN", b"45000.99999", b"A1:XFD1048576")
        )
        name = dice.choice(sheets)
        numbers = list(re.finditer(rb'(?<=<v>)[^<]*|(?<= r=")[^"]*|(?<=ref=")[^"]*', parts[name]))
        if numbers:
            spot = dice.choice(numbers)
            parts[name] = parts[name][: spot.start()] + odd + parts[name][spot.end() :]
    if dice.random() < 0.1:
        parts.pop(dice.choice(sorted(parts)))
    if dice.random() < 0.03:
        row = (
            b'<row><c t="inlineStr"><is><t>'
            + b"\xe7\x94\xb2" * dice.choice((1000, 20_000_000))
            + b"</t></is></c></row>"
        )
        name = dice.choice(sheets)
        parts[name] = parts[name].replace(b"</sheetData>", row + b"</sheetData>", 1)
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def pdf_damaged(data: bytes, dice: Random) -> bytes:
    """A PDF with damage in its bytes, its numbers and names, or inside a packed stream."""
    choice = dice.random()
    if choice < 0.3:
        return bytes_damaged(data, dice)
    if choice < 0.65:
        spots = list(re.finditer(rb"(?<=[\s\[])-?\d+(?:\.\d+)?(?=[\s\]])|/[A-Z][A-Za-z]+", data))
        for _ in range(dice.choice((1, 3, 10))):
            spot = dice.choice(spots)
            odd = dice.choice(
                (b"0", b"-1", b"65535", b"2147483647", b"1e30", b"/X", b"null", b"3 0 R", b"<<>>")
            )
            data = data[: spot.start()] + odd + data[spot.end() :]
            spots = [one for one in spots if one.end() < spot.start()] or spots[:1]
        return data
    streams = list(re.finditer(rb"stream\r?\n(.+?)\r?\nendstream", data, re.S))
    dice.shuffle(streams)
    for stream in streams[:3]:
        try:
            inside = zlib.decompress(stream[1])
        except zlib.error:
            continue
        if dice.random() < 0.05:
            inside = inside[:2000] + b" 0 0 m 1 1 l S" * 3_000_000
        else:
            inside = bytes_damaged(inside, dice)
        packed = zlib.compress(inside, 1)
        return data[: stream.start(1)] + packed + data[stream.end(1) :]
    return bytes_damaged(data, dice)


def html_damaged(data: bytes, dice: Random) -> bytes:
    """A web page with damage in its bytes or its tags."""
    if dice.random() < 0.3:
        return bytes_damaged(data, dice)
    if dice.random() < 0.1:
        tag = dice.choice((b"<table><tr><td>", b"<div>", b"<ul><li>", b"<b>", b"<form>"))
        data = data.replace(b"<div", tag * dice.choice((10, 300, 50_000)) + b"<div", 1)
    if dice.random() < 0.2:
        data = data.replace(b'rowspan="1"', b'rowspan="%d" colspan="500"' % dice.choice((2, 500, 10**8)))
    return words_damaged(data, dice)


DAMAGE: dict[str, Callable[[bytes, Random], bytes]] = {
    "docx": docx_damaged,
    "pdf": pdf_damaged,
    "html": html_damaged,
    "xlsx": xlsx_damaged,
}


def damaged(kind: str, sources: list[bytes], dice: Random) -> tuple[str, bytes]:
    """One damaged file with a name; now and then the name of another kind."""
    data = DAMAGE[kind](dice.choice(sources), dice)
    if kind == "xlsx":  # its own door, which other documents do not come to
        return dice.choice(("damaged.xlsx",) * 9 + ("damaged.csv",)), data
    suffix = kind if dice.random() < 0.9 else dice.choice(("docx", "pdf", "html", "txt", "doc"))
    return f"damaged.{suffix}", data


_regions: list[object] = []


def _region() -> object:
    """A region with a few units, in a database in memory that this process made."""
    if not _regions:
        os.environ |= {"DATABASE_URL": "sqlite://:memory:", "DJANGO_SETTINGS_MODULE": "tracker.settings"}
        import django
        from django.apps import apps
        from django.conf import settings

        django.setup()
        from django.core.management import call_command

        # The tables as the models say them: quicker than all migrations, and the same.
        settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}
        call_command("migrate", run_syncdb=True, verbosity=0)
        from tests.factories import make_department, make_region

        region = make_region("新乡市")
        for name in ("市生态环境局", "市工信局", "市公安局", "市财政局"):
            make_department(region, name)
        _regions.append(region)
    return _regions[0]


def ledger_outcome(name: str, data: bytes) -> str:
    """Bring one old ledger as far as the page of its rows: "read", "refused", or what went wrong."""
    region: Any = _region()
    from accounts.sheets import UnreadableSheet
    from tracker.actions.ledger_rows import Settings
    from tracker.ledger_columns import find_ledger
    from tracker.loose_sheets import open_loose
    from tracker.models import Plan, Task
    from tracker.old_ledgers import peek, start_look

    columns: list[str] = []
    try:
        for turn in ("heads", "rows"):
            with open_loose(BytesIO(data), name, None, row_limit=120_000) as sheet:
                ledger = find_ledger(sheet)
                if ledger is None:
                    return "refused"  # the page says that there are no heads
                if turn == "heads":
                    report = peek(sheet, ledger, name, today=date(2024, 10, 21))
                    columns = [column["field"] for column in report["columns"]]
                    continue
                settings = Settings(columns, report["year"], report["title"])
                look = start_look(region, settings, ledger, today=date(2024, 10, 21), fills_down=False)
                count = sum(1 for _row in look.rows)
    except UnreadableSheet as error:
        return "refused" if str(error) else "refused without a reason"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:200]
    if Plan.objects.exists() or Task.objects.exists():
        return "half stored"
    return "read" if count else "read as nothing"


def outcome(name: str, data: bytes) -> str:
    """Read one file: "read", "refused", or what went wrong."""
    if name.endswith((".xlsx", ".csv")):
        return ledger_outcome(name, data)
    try:
        text = readers.read_bytes(data, name)
    except UnreadableDocument as error:
        return "refused" if error.reason and error.file == name else "refused without a reason"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:200]
    return "read" if text else "read as nothing"


def child(memory: int, ledgers: bool) -> None:
    """Read files from standard input, each as lengths, name and bytes, and answer each with a line."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    answers, sys.stdout = sys.stdout, sys.stderr  # openpyxl prints what it thinks of a file
    logging.disable()
    if ledgers:
        _region()
    print("ready", file=answers, flush=True)
    source = sys.stdin.buffer
    while head := source.read(8):
        name_size, size = struct.unpack(">II", head)
        name, data = source.read(name_size).decode(), source.read(size)
        what = outcome(name, data).replace("\n", " ")
        # A PDF is read by a process below this one.
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, what, file=answers, flush=True)


class Reader:
    """A child process that reads files, started again where it dies or is ended."""

    def __init__(self, memory: int = MEMORY, seconds: float = SECONDS, *, ledgers: bool = False) -> None:
        self.memory, self.seconds, self.ledgers = memory, seconds, ledgers
        self.process: subprocess.Popen[bytes] | None = None
        self.below = 0  # bytes: the most memory that a process reading a PDF has held

    def read(self, name: str, data: bytes) -> str:
        """The outcome of one file; "killed by signal N" and "over N seconds" are failures."""
        if self.process is None:
            command = [sys.executable, __file__, "--child", str(self.memory)]
            command += ["--ledgers"] if self.ledgers else []
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert self.process.stdout
            self.process.stdout.readline()
        assert self.process.stdin
        assert self.process.stdout
        encoded = name.encode()
        try:
            self.process.stdin.write(struct.pack(">II", len(encoded), len(data)) + encoded + data)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        ready, _, _ = select.select([self.process.stdout], [], [], self.seconds)
        line = self.process.stdout.readline().decode() if ready else ""
        if line:
            below, what = line.strip().split(" ", 1)
            self.below = int(below) * 1024
            return what
        answer = f"over {self.seconds} seconds"
        if ready:
            answer = f"killed by signal {-self.process.wait()}"
        self.close()
        return answer

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def peak(self) -> int:
        """The most memory that the child has held since this was last asked, in bytes."""
        if self.process is None:
            return 0
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return int(status.split("VmHWM:")[1].split()[0]) * 1024


@dataclass
class Tally:
    """Outcomes of one kind, the slowest file, and the most memory held."""

    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    peak: int = 0

    @property
    def failures(self) -> Counter[str]:
        return Counter({what: n for what, n in self.outcomes.items() if what not in ("read", "refused")})


def run(count: int, seed: int, kinds: tuple[str, ...] = KINDS, keep: Path | None = None) -> dict[str, Tally]:
    """Read `count` damaged files, the kinds in turn. The same seed damages the same way."""
    tallies = {kind: Tally() for kind in kinds}
    sources = {kind: seeds(kind) for kind in kinds}
    reader = Reader(ledgers="xlsx" in kinds)
    try:
        for order in range(count):
            kind = kinds[order % len(kinds)]
            dice = Random(f"{seed} {order}")
            name, data = damaged(kind, sources[kind], dice)
            begun = time.perf_counter()
            what = reader.read(name, data)
            tally = tallies[kind]
            tally.slowest = max(tally.slowest, time.perf_counter() - begun)
            tally.peak = max(tally.peak, reader.peak(), reader.below if kind == "pdf" else 0)
            tally.outcomes[what] += 1
            if keep is not None and what not in ("read", "refused"):
                (keep / f"{seed}-{order}-{name}").write_bytes(data)
    finally:
        reader.close()
    return tallies


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=5000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--kinds", default=",".join(KINDS))
    arguments.add_argument("--keep", type=Path)
    arguments.add_argument("--child", type=int, help=argparse.SUPPRESS)
    arguments.add_argument("--ledgers", action="store_true", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.child:
        child(options.child, options.ledgers)
        return
    failed = False
    for kind, tally in run(
        options.count, options.seed, tuple(options.kinds.split(",")), options.keep
    ).items():
        outcomes = ", ".join(f"{n} {what}" for what, n in tally.outcomes.most_common())
        print(f"{kind}: {outcomes}; slowest {tally.slowest:.1f} s, peak {tally.peak / 2**20:.0f} MB")
        failed = failed or bool(tally.failures)
    sys.exit(failed)


if __name__ == "__main__":
    main()
