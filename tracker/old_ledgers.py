"""Reading an old ledger in the background: heads, rows, then writing. Each turn reads the file anew."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from django.utils.translation import gettext as _

from accounts.models import Region
from accounts.sheets import SheetRow, UnreadableSheet
from accounts.table_files import write_table
from accounts.tables import Column, Kind, Stamp, Table
from tracker.actions.ledger_comparison import Comparison, groups_of, live_plan
from tracker.actions.ledger_rows import KINDS, Entry, LedgerRow, RowReader, Settings, rows_of
from tracker.actions.old_ledgers import plan_named, profile_for, write_ledger
from tracker.actions.sheet_jobs import end, go_on
from tracker.actions.sheet_plans import TASKS_PER_PLAN, SheetRefused, mark_of
from tracker.actions.task_sheets import ROW_LIMIT
from tracker.ledger_columns import (
    SAMPLES,
    SHOWN,
    Ledger,
    bare,
    find_ledger,
    is_furniture,
    match_columns,
    title_of,
    year_of,
)
from tracker.loose_sheets import LooseSheet, open_loose
from tracker.models import Plan, SheetJob
from tracker.models.sheet_jobs import sheets_dir
from tracker.parser.secrecy import mark_in
from tracker.permissions import can_import_plan

Clock = Callable[[], datetime]
State = SheetJob.State
ROWS_A_PAGE = 50
UNKNOWN_SHOWN = 60
TOLD_EVERY = 500
VALUE_SHOWN = 60  # characters
BY_KIND = tuple(KINDS)


def run_ledger(job: SheetJob, part: Path, now: Clock, stamp: Stamp) -> str:
    """Do the job's next turn, and tell the state to which it came. Raises UnreadableSheet, SheetRefused."""
    region = job.owner.region
    if region is None or not job.owner.is_active or not can_import_plan(job.owner):
        raise SheetRefused(_("您已经不能导入任务。"))
    if "columns" not in job.options:
        return _peek(job, region, now)
    if job.confirmed_at is None:
        return _look(job, region, part, now, stamp)
    return _write(job, region, part, now, stamp)


@contextmanager
def _opened(job: SheetJob) -> Iterator[tuple[LooseSheet, Ledger]]:
    place = sheets_dir() / job.source
    with (
        place.open("rb") as file,
        open_loose(file, job.title, job.options.get("sheet"), row_limit=ROW_LIMIT) as sheet,
    ):
        ledger = find_ledger(sheet, job.options.get("head_row"))
        yield sheet, ledger or Ledger([], 0, [], iter(()))


def _peek(job: SheetJob, region: Region, now: Clock) -> str:
    """Find the heads and say what they seem to mean."""
    with _opened(job) as (sheet, ledger):
        report = peek(
            sheet, ledger, job.title, today=now().date(), told=lambda n: go_on(job, now=now(), done=n)
        )
        if mark := mark_in(line for text in ledger.above for line in text.split("\n")):
            (sheets_dir() / job.source).unlink(missing_ok=True)
            raise UnreadableSheet(
                _("表头上面标有“%(mark)s”。涉密和内部台账不能导入，上传的文件已经删除。") % {"mark": mark}
            )
    options: dict[str, Any] = {"sheet": report["sheet"], "head_row": job.options.get("head_row")}
    if profile := profile_for(region.pk, [column["bare"] for column in report["columns"]]):
        meant = {column["bare"]: profile.heads.get(column["bare"], "") for column in report["columns"]}
        for column in report["columns"]:
            column |= {"field": meant[column["bare"]], "is_sure": True, "how": "profile"}
        options |= {"profile": profile.name, "units": profile.units}
    found = plan_named(region.pk, report["title"])
    report["plan"] = found.pk if found and found.status == Plan.Status.LIVE else None
    end(job, State.COLUMNS, now=now(), report=report, options=options, total=report["rows"])
    return State.COLUMNS


def peek(
    sheet: LooseSheet, ledger: Ledger, name: str, *, today: date, told: Callable[[int], None] = lambda n: None
) -> dict[str, Any]:
    """What the page of the columns shows. Raises UnreadableSheet."""
    values: list[list[str]] = [[] for _column in ledger.columns]
    seen: list[dict[str, str]] = [{} for _column in ledger.columns]
    count = 0
    numbers = _Numbers(ledger)
    for count, row in enumerate(ledger.rows, start=1):
        if count % TOLD_EVERY == 0:
            told(count)
        numbers.watch(row)
        if is_furniture(row.cells):
            continue
        for at, column in enumerate(ledger.columns):
            text = str(row.cells[column.at]) if column.at < len(row.cells) else ""
            if text and len(values[at]) < SAMPLES:
                values[at].append(text)
            if text and len(seen[at]) < SHOWN:
                seen[at].setdefault(text[:VALUE_SHOWN], text)
    if ledger.columns and not count:
        raise UnreadableSheet(_("表里没有要导入的内容。请从表头的下一行开始填写。"))
    matches = match_columns(ledger.columns, values)
    columns = []
    for column, match, shown in zip(ledger.columns, matches, seen, strict=True):
        meant, is_sure, how = match.field, match.is_sure, match.how
        if meant == "number" and numbers.repeat:
            meant, is_sure, how = "", True, "repeats"
        columns.append(
            {
                "at": column.at,
                "head": column.head,
                "bare": bare(column.head),
                "values": list(shown),
                "field": str(meant),
                "is_sure": is_sure,
                "how": how,
            }
        )
    title = title_of(ledger.above, name)
    return {
        "sheet": sheet.index,
        "sheets": [list(pair) for pair in sheet.names],
        "columns": columns,
        "rows": count,
        "head_row": ledger.head_row,
        "title": title,
        "year": year_of([title, *ledger.above, dict(sheet.names).get(sheet.index, ""), name]) or today.year,
        "hidden_rows": len(sheet.layout.hidden_rows),
        "hidden_columns": len(sheet.layout.hidden_columns),
    }


class _Numbers:
    """Watches a column of running numbers: one that comes again further down counts sections, not tasks."""

    def __init__(self, ledger: Ledger) -> None:
        names = ("序号", "编号", "序", "项次")
        self._at = next((column.at for column in ledger.columns if bare(column.head) in names), None)
        self._seen: set[str] = set()
        self._last = ""
        self.repeat = False

    def watch(self, row: SheetRow) -> None:
        number = row.cells[self._at] if self._at is not None and self._at < len(row.cells) else ""
        if not number.isdecimal() or len(self._seen) > TASKS_PER_PLAN:
            return
        self.repeat = self.repeat or (number != self._last and number in self._seen)
        self._seen.add(number)
        self._last = number


@dataclass(slots=True)
class Looked:
    """What a look found, while it goes on and at its end."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BY_KIND, 0))
    can: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def note(self, row: LedgerRow) -> None:
        self.counts[row.kind] += 1
        self.can += any(change["can"] for change in row.changes)
        said = [row.number, row.kind, row.text, row.units, row.due, row.progress, row.changes]
        self.digest.update(json.dumps(said, ensure_ascii=False, default=str).encode())


@dataclass(slots=True)
class Look:
    """One reading of all rows against the plan as it is."""

    settings: Settings
    mark: tuple[object, ...]
    comparison: Comparison
    reader: RowReader
    looked: Looked
    rows: Iterator[LedgerRow]


def settings_of(options: dict[str, Any]) -> Settings:
    keys = ("columns", "year", "title", "plan", "units", "finished", "takes")
    return Settings(**{key: options[key] for key in keys if key in options})


def start_look(region: Region, settings: Settings, ledger: Ledger, *, today: date, fills_down: bool) -> Look:
    """Begin a look; it goes on as its rows are gone through."""
    width = max((column.at for column in ledger.columns), default=-1) + 1
    columns = [""] * width
    for column, meant in zip(ledger.columns, settings.columns, strict=True):
        columns[column.at] = meant
    placed = Settings(**{**asdict(settings), "columns": columns})
    mark = mark_of(settings.plan)
    heads = [column.head for column in ledger.columns]
    reader = RowReader(region, placed, heads, today=today, fills_down=fills_down)
    comparison, looked = Comparison(settings.plan, today=today), Looked()

    def rows() -> Iterator[LedgerRow]:
        for group in groups_of(rows_of(reader, ledger.rows)):
            entries = [one for one in group if isinstance(one, Entry)]
            found = (
                comparison.take(entries)
                if entries
                else iter(one for one in group if isinstance(one, LedgerRow))
            )
            for row in found:
                looked.note(row)
                yield row

    return Look(settings, mark, comparison, reader, looked, rows())


_COLUMNS = (
    Column("row", "行", lambda row: row.number, Kind.NUMBER, width=8),
    Column("outcome", "结果", lambda row: row.word, width=10),
    Column("reason", "说明", lambda row: _in_words(row), width=48),
    Column("number", "编号", lambda row: row.task, width=12),
    Column("text", "任务内容", lambda row: row.text, width=48),
    Column("units", "责任单位", lambda row: row.units, width=30),
    Column("due", "完成时限", lambda row: row.due, width=20),
    Column("progress", "进度", lambda row: row.progress, width=8),
)


def _in_words(row: LedgerRow) -> str:
    changes = [
        f"{change['field']}：{change['ours']} → {change['theirs']}（{change['why'] or '可以转办'}）"
        for change in row.changes
    ]
    return "；".join(filter(None, [row.reason, *changes]))


class RowFiles:
    """The rows of a look by kind, one a line, and where each page of them begins."""

    def __init__(self, stem: Path) -> None:
        self._files: dict[str, IO[bytes]] = {}
        self._stem = stem
        self.pages: dict[str, list[int]] = {kind: [] for kind in BY_KIND}
        self._counts = dict.fromkeys(BY_KIND, 0)

    def add(self, row: LedgerRow) -> None:
        file = self._files.get(row.kind)
        if file is None:
            file = self._files[row.kind] = _rows_file(self._stem, row.kind).open("wb")
        if self._counts[row.kind] % ROWS_A_PAGE == 0:
            self.pages[row.kind].append(file.tell())
        self._counts[row.kind] += 1
        file.write(
            json.dumps(asdict(row), ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n"
        )

    def close(self) -> None:
        for file in self._files.values():
            file.close()


def _rows_file(stem: Path, kind: str) -> Path:
    return stem.with_name(f"{stem.name}-{kind}")


def page_of_rows(job: SheetJob, kind: str, number: int) -> list[dict[str, Any]]:
    """The rows of one kind on one page, counted from 1, of the last look."""
    starts = job.report.get("pages", {}).get(kind, [])
    place = _rows_file(sheets_dir() / job.result, kind)
    if not job.result or not 0 < number <= len(starts) or not place.is_file():
        return []
    with place.open("rb") as file:
        file.seek(starts[number - 1])
        return [json.loads(line) for line, _n in zip(file, range(ROWS_A_PAGE), strict=False)]


def _look(job: SheetJob, region: Region, part: Path, now: Clock, stamp: Stamp, said: str = "") -> str:
    """Say of every row what would become of it, and keep that for the page and as a file."""
    report = dict(job.report)
    _check_plan(region, settings_of(job.options))
    files = RowFiles(part)
    try:
        with _opened(job) as (sheet, ledger), part.open("wb") as stream:
            look = _begin(job, region, sheet, ledger, now)

            def rows() -> Iterator[LedgerRow]:
                for row in look.rows:
                    files.add(row)
                    yield row

            table = Table("旧台账逐行核对结果", "rows", _COLUMNS, rows(), 0)
            write_table(table, "xlsx", stream, stamp, lambda done: go_on(job, now=now(), done=done))
    finally:
        files.close()
    counts = look.looked.counts
    unknown = sorted(look.reader.unknown.items(), key=lambda pair: -pair[1])
    report |= {
        **counts,
        "look": uuid4().hex,
        "digest": look.looked.digest.hexdigest(),
        "can": look.looked.can,
        "taken": look.looked.can if look.settings.takes else 0,
        "pages": files.pages,
        "tasks": len(look.comparison.wanted),
        "units": len({unit for new in look.comparison.wanted.values() for unit in new.shares}),
        "carried": sum(map(len, look.comparison.carried.values())),
        "hand_in": sum(one.hand_in for found in look.comparison.carried.values() for one in found.values()),
        "unknown": [[name, count] for name, count in unknown[:UNKNOWN_SHOWN]],
        "unknown_count": len(unknown),
        "said": said,
    }
    total = sum(counts.values())
    end(
        job,
        State.CHECKED,
        now=now(),
        result=part.name,
        report=report,
        done=total,
        total=total,
        confirmed_at=None,
    )
    return State.CHECKED


def _begin(job: SheetJob, region: Region, sheet: LooseSheet, ledger: Ledger, now: Clock) -> Look:
    settings = settings_of(job.options)
    if len(ledger.columns) != len(settings.columns):
        raise SheetRefused(_("文件和核对列时不一样了，请重新上传。"))
    return start_look(
        region, settings, ledger, today=now().date(), fills_down=not job.title.lower().endswith(".xlsx")
    )


def _check_plan(region: Region, settings: Settings) -> None:
    """Raises SheetRefused where the plan is not, or no longer, one to which tasks can be added."""
    if settings.plan is not None:
        if live_plan(region, settings.plan) is None:
            raise SheetRefused(_("选定的方案已经不在，或者还是草稿。"))
    elif plan_named(region.pk, settings.title) is not None:
        raise SheetRefused(
            _("已经有方案《%(title)s》。请在“核对列”里选它，或者换一个标题。") % {"title": settings.title}
        )


def _write(job: SheetJob, region: Region, part: Path, now: Clock, stamp: Stamp) -> str:
    """Look once more, and write if everything is as its owner saw it; otherwise show it again."""
    settings = settings_of(job.options)
    try:
        _check_plan(region, settings)
        with _opened(job) as (sheet, ledger):
            look = _begin(job, region, sheet, ledger, now)
            for count, _row in enumerate(look.rows, start=1):
                if count % TOLD_EVERY == 0:
                    go_on(job, now=now(), done=count)
        if look.looked.digest.hexdigest() != job.report["digest"]:
            raise SheetRefused(_("核对之后，方案、单位或任务有了变化，没有写入。"))
        total = sum(look.looked.counts.values())
        go_on(job, now=now(), is_writing=True, done=total, total=total)
        moment = now()
        write_ledger(
            region,
            settings,
            look.comparison,
            look.mark,
            by=job.owner,
            file_name=job.title,
            now=moment,
            and_then=lambda: end(job, State.DONE, now=moment, done=total, total=total),
        )
    except SheetRefused as refusal:
        again = _("%(why)s下面是现在的结果，请再看一遍。") % {"why": refusal}
        go_on(job, now=now(), is_writing=False, done=0)
        return _look(job, region, part, now, stamp, said=again)
    return State.DONE
