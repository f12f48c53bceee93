"""Running background files: a list to a file, a file of tasks into the ledger. Run twice, a job ends once."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.http import Http404, QueryDict
from django.utils.translation import gettext as _

from accounts.sheets import UnreadableSheet, open_long_sheet
from accounts.table_files import write_table
from accounts.tables import Column, Kind, Stamp, Table, known, make_table
from tracker.actions.sheet_jobs import JobStopped, claim, end, go_on
from tracker.actions.sheet_plans import SheetRefused
from tracker.actions.task_sheets import (
    NUMBER,
    REQUIRED,
    ROW_LIMIT,
    TEXT,
    UNIT,
    RowOutcome,
    TaskSheet,
)
from tracker.models import SheetJob
from tracker.models.sheet_jobs import sheets_dir, unguessable_name
from tracker.old_ledgers import run_ledger
from tracker.permissions import can_import_plan

logger = logging.getLogger(__name__)
REASONS_SHOWN = 100
Clock = Callable[[], datetime]


def run_job(job_id: int, *, now: Clock) -> str | None:
    """Do the job, and tell the state to which it came; None where there is nothing to do.

    What is written goes to a file of its own that gets its name only when it is whole.
    """
    job = claim(job_id, now=now())
    if job is None:
        return None
    part = sheets_dir() / unguessable_name()
    try:
        if job.is_ledger:
            state = run_ledger(job, part, now, _stamp(job, now))
        else:
            state = _import(job, part, now) if job.is_import else _export(job, part, now)
    except JobStopped:
        part.unlink(missing_ok=True)
        return "stopped"
    except (UnreadableSheet, SheetRefused) as refusal:
        return _fail(job, part, str(refusal), now)
    except Http404:
        return _fail(job, part, _("您已经不能查看这份清单。"), now)
    except Exception:
        logger.exception("sheet job %s", job.pk)
        return _fail(job, part, _("处理时出错，请告诉管理员。"), now)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return state


def _fail(job: SheetJob, part: Path, why: str, now: Clock) -> str:
    part.unlink(missing_ok=True)
    try:
        end(job, SheetJob.State.FAILED, now=now(), error=why[:300])
    except JobStopped:
        return "stopped"
    return SheetJob.State.FAILED


def _stamp(job: SheetJob, now: Clock) -> Stamp:
    moment = now()
    place = f"（{job.owner.region}）" if job.owner.region else ""
    return Stamp(moment.date(), f"{job.owner}{place}", moment)


def _export(job: SheetJob, part: Path, now: Clock) -> str:
    if not job.owner.is_active or not known(job.list_name):
        raise Http404
    stamp = _stamp(job, now)
    table = make_table(job.list_name, job.owner, QueryDict(job.query), job.list_key, today=stamp.day)
    go_on(job, now=now(), total=table.count)
    with part.open("wb") as stream:
        write_table(table, job.format, stream, stamp, lambda done: go_on(job, now=now(), done=done))
    end(job, SheetJob.State.DONE, now=now(), result=part.name, done=table.count, total=table.count)
    return SheetJob.State.DONE


_OUTCOMES = (
    Column("row", "行", lambda row: row.number, Kind.NUMBER, width=8),
    Column("outcome", "结果", lambda row: row.word, width=10),
    Column("reason", "原因", lambda row: row.reason, width=44),
    Column("number", NUMBER, lambda row: row.cells.get(NUMBER, ""), width=12),
    Column("text", TEXT, lambda row: row.cells[TEXT], width=48),
    Column("unit", UNIT, lambda row: row.cells[UNIT], width=20),
)


def _import(job: SheetJob, part: Path, now: Clock) -> str:
    region = job.owner.region
    if region is None or not job.owner.is_active or not can_import_plan(job.owner):
        raise SheetRefused(_("您已经不能导入任务。"))
    reasons: list[dict[str, Any]] = []
    with (
        (sheets_dir() / job.source).open("rb") as file,
        open_long_sheet(file, required=REQUIRED, row_limit=ROW_LIMIT) as (heads, rows),
    ):
        sheet = TaskSheet(region, heads)

        def outcomes() -> Iterator[RowOutcome]:
            for outcome in sheet.look(rows):
                if outcome.kind == RowOutcome.REFUSED and len(reasons) < REASONS_SHOWN:
                    reasons.append({"row": outcome.number, "reason": outcome.reason})
                yield outcome

        def told(done: int) -> None:
            go_on(job, now=now(), done=done)

        if job.confirmed_at is None:
            table = Table("逐行核对结果", "rows", _OUTCOMES, outcomes(), 0)
            with part.open("wb") as stream:
                write_table(table, "xlsx", stream, _stamp(job, now), told)
        else:
            for count, _outcome in enumerate(outcomes(), start=1):
                if count % 500 == 0:
                    told(count)
    counts = sheet.counts
    total = sum(counts.values())
    if not total:
        raise UnreadableSheet(_("表里没有要导入的内容。请从表头的下一行开始填写。"))
    report = {
        **counts,
        "tasks": sheet.tasks,
        "units": sheet.units,
        "new_plans": sheet.new_plans[:20],
        "reasons": reasons,
    }
    fields = {"report": report, "done": total, "total": total}
    if job.confirmed_at is None:
        state = SheetJob.State.CHECKED
        if counts[RowOutcome.REFUSED]:
            state = SheetJob.State.REFUSED
        elif not counts[RowOutcome.NEW]:
            state = SheetJob.State.DONE
        end(job, state, now=now(), result=part.name, **fields)
        return state
    if counts[RowOutcome.REFUSED]:
        raise SheetRefused(_("核对之后，方案或单位有了变动，有的行不能再导入。请重新上传。"))
    go_on(job, now=now(), is_writing=True, done=total, total=total)
    # What was looked at in the first round stays the result; with the last row the job ends, or nothing does.
    sheet.write(
        by=job.owner,
        file_name=job.title,
        now=now(),
        and_then=lambda: end(job, SheetJob.State.DONE, now=now(), **fields),
    )
    return SheetJob.State.DONE
