"""How fast a ledger goes out and comes in, and in how much memory, beside django-import-export row by row.

Usage: python bench/ledger.py [--rows 100000] [--peer-rows N] [--database URL]. One sheet of tasks with their
shares is made. Each step then runs as a process of its own, whose rows a second and peak memory are printed:

- ours in: the background job, both rounds, looking at every row and writing all of them with their history;
- ours out: the background job, the whole ledger to xlsx with widths, fills and print set-up;
- peer in: the same file through a plain ModelResource of Assignment with default settings (use_bulk off, the
  default instance loader), tasks made row by row, no history, no checks of ours;
- peer out: the same shares through such a resource to xlsx, in the columns of ours that are fields.

Databases are SQLite files in the system's temporary directory, gone at the end.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

HEADS = ("方案", "编号", "任务内容", "责任单位", "角色", "完成时限")
UNITS = 60
TASKS_PER_PLAN = 1000
SHARES_PER_TASK = 2
ROLES = ("牵头", "配合")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--peer-rows", type=int, help="fewer rows for the peer, which takes long")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")
        import django

        django.setup()
        STEPS[asked.step](Path(asked.file))
        return
    peer_rows = asked.peer_rows or asked.rows
    print(f"load before: {os.getloadavg()[1]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        homes = {"ours": Path(folder) / "ours", "peer": Path(folder) / "peer"}
        files = {"ours": Path(folder) / "ours.xlsx", "peer": Path(folder) / "peer.xlsx"}
        write_sheet(files["ours"], asked.rows)
        write_sheet(files["peer"], peer_rows)
        print(f"sheet of {asked.rows:,} rows: {files['ours'].stat().st_size / 1e6:.1f} MB")
        for home in homes.values():
            home.mkdir()
            run("prepare", home, files["ours"], quiet=True)
        speeds = {}
        for step, rows in (("in", asked.rows), ("out", asked.rows)):
            speeds[step] = run(f"ours-{step}", homes["ours"], files["ours"], rows=rows)
        for step in ("in", "out"):
            speed = run(f"peer-{step}", homes["peer"], files["peer"], rows=peer_rows)
            print(f"{step}: ours / peer = {speeds[step] / speed:.1f}")


def run(step: str, home: Path, file: Path, *, rows: int = 0, quiet: bool = False) -> float:
    """One step in a process of its own; rows a second."""
    environment = {**os.environ, "DUBAN_HOME": str(home), "DUBAN_TODAY": "2024-10-21", "LOG_LEVEL": "WARNING"}
    environment.pop("DATABASE_URL", None)
    command = [sys.executable, __file__, "--step", step, "--file", str(file)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        sys.exit(f"{step} failed:\n{done.stderr[-6000:]}")
    if quiet:
        return 0.0
    *notes, last = done.stdout.strip().splitlines()
    seconds, processor, peak = map(float, last.split())
    print(
        f"{step:9} {rows:>9,} rows  {seconds:7.1f} s ({processor:6.1f} s processor)"
        f"  {rows / seconds:8,.0f} rows/s  {peak:5.0f} MB  {' '.join(notes)}",
        flush=True,
    )
    return rows / seconds


def write_sheet(path: Path, rows: int) -> None:
    from xlsxwriter import Workbook

    book = Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet("台账")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for at, head in enumerate(HEADS):
        sheet.write_string(0, at, head)
    for number in range(rows):
        task, share = divmod(number, SHARES_PER_TASK)
        plan, place = divmod(task, TASKS_PER_PLAN)
        unit = (task * 7 + share * 13) % UNITS
        texts = (
            f"第{plan + 1}号空气质量持续改善行动方案",
            f"{place + 1}-1",
            f"2024年10月底前，第{task + 1}家未配套高效除尘、脱硫、脱硝设施的企业完成升级改造",
            f"市第{unit + 1}局",
            ROLES[share % len(ROLES)],
        )
        for at, text in enumerate(texts):
            sheet.write_string(number + 1, at, text)
        due = date(2024, 10, 31) + timedelta(days=place % 300)
        sheet.write_datetime(number + 1, len(texts), datetime(due.year, due.month, due.day), day)  # noqa: DTZ001
    book.close()


class Measured:
    """Prints seconds, processor seconds, and the process's peak memory in MB as the last line."""

    def __enter__(self) -> None:
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def __exit__(self, kind: Any, *error: Any) -> None:
        if kind is None:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            wall, processor = time.perf_counter() - self._wall, time.process_time() - self._processor
            print(wall, processor, peak)


def prepare(file: Path) -> None:
    """An empty database with a city, its units and its coordinator."""
    from django.core.management import call_command

    from accounts.models import Department, Region, User

    call_command("migrate", verbosity=0)
    city = Region.objects.create(code="410700", name="新乡市", level=Region.Level.CITY)
    Department.objects.bulk_create(
        Department(region=city, name=f"市第{number + 1}局", short_name=f"第{number + 1}局")
        for number in range(UNITS)
    )
    User.objects.create(username="bench", full_name="督办员", role=User.Role.COORDINATOR, region=city)


def ours_in(file: Path) -> None:
    from accounts.models import User
    from tracker import clock
    from tracker.actions.sheet_jobs import ask_import, confirm_import
    from tracker.exchange import run_job
    from tracker.models import Assignment, SheetJob

    by = User.objects.get()
    with Measured():
        with file.open("rb") as sheet:
            job = ask_import(
                file=sheet,
                name=file.name,
                form_key=uuid4(),
                by=by,
                now=clock.now(),
            )
        started = time.perf_counter()
        state = run_job(job.pk, now=clock.now)
        if state != SheetJob.State.CHECKED or not confirm_import(job.pk, by=by, now=clock.now()):
            job.refresh_from_db()
            sys.exit(f"{state} {job.error} {job.report}")
        looked = time.perf_counter()
        if run_job(job.pk, now=clock.now) != SheetJob.State.DONE:
            job.refresh_from_db()
            sys.exit(job.error)
        print(f"look {looked - started:.1f} s, write {time.perf_counter() - looked:.1f} s;")
        print(f"{Assignment.objects.count():,} shares")


def ours_out(file: Path) -> None:
    from accounts.models import User
    from tracker import clock
    from tracker.actions.sheet_jobs import ask_export
    from tracker.exchange import run_job
    from tracker.models import SheetJob
    from tracker.models.sheet_jobs import sheets_dir

    with Measured():
        job = ask_export(
            list_name="ledger",
            list_key=None,
            query="",
            kind="xlsx",
            title="任务清单台账",
            total=0,
            form_key=uuid4(),
            by=User.objects.get(),
            now=clock.now(),
        )
        if run_job(job.pk, now=clock.now) != SheetJob.State.DONE:
            sys.exit("not done")
        job.refresh_from_db()
        print(f"{(sheets_dir() / job.result).stat().st_size / 1e6:.1f} MB, 22 columns")


def peer_resource() -> Any:
    from import_export.fields import Field
    from import_export.resources import ModelResource
    from import_export.widgets import CharWidget, DateWidget, ForeignKeyWidget

    from accounts.models import Department, Region
    from tracker import clock
    from tracker.models import Assignment, Clause, Measure, Plan, Task

    now = clock.now()

    class RoleWidget(CharWidget):
        words = {"牵头": "LEAD", "落实": "IMPLEMENT", "配合": "SUPPORT"}

        def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
            return self.words[value]

        def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
            return next((word for word, code in self.words.items() if code == value), "")

    class TaskWidget(ForeignKeyWidget):
        def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> Any:
            return self.model.objects.filter(plan__title=row["方案"])

    class PeerResource(ModelResource):
        plan = Field("plan", "方案", ForeignKeyWidget(Plan, "title"))
        task = Field("task", "编号", TaskWidget(Task, "number"))
        text = Field("task__text", "任务内容", readonly=True)
        department = Field("department", "责任单位", ForeignKeyWidget(Department, "name"))
        role = Field("role", "角色", RoleWidget())
        due_date = Field("due_date", "完成时限", DateWidget())

        class Meta:
            model = Assignment
            fields = ("plan", "task", "text", "department", "role", "due_date")
            import_id_fields = ("task", "department")

        def before_import_row(self, row: Any, **kwargs: Any) -> None:
            region = Region.objects.get(code="410700")
            due = row["完成时限"]
            plan, _new = Plan.objects.get_or_create(
                title=row["方案"],
                region=region,
                defaults={
                    "status": "LIVE",
                    "created_at": now,
                    "confirmed_at": now,
                    "content_hash": uuid4().hex,
                },
            )
            if Task.objects.filter(plan=plan, number=row["编号"]).exists():
                return
            position = int(row["编号"].split("-")[0])
            measure = Measure.objects.create(
                plan=plan, position=position, title=row["任务内容"], text=row["任务内容"], start=0, end=1
            )
            clause = Clause.objects.create(
                measure=measure, position=1, text=row["任务内容"], start=0, end=1, due_date=due
            )
            Task.objects.create(
                region=region,
                plan=plan,
                measure=measure,
                clause=clause,
                number=row["编号"],
                text=row["任务内容"],
                due_date=due,
                first_due_date=due,
                created_at=now,
            )

        def before_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
            instance.region_id = instance.plan.region_id
            instance.first_due_date = instance.judged_date = instance.due_date
            instance.created_at = now

    return PeerResource()


def peer_in(file: Path) -> None:
    from tablib import Dataset

    from tracker.models import Assignment

    with Measured():
        with file.open("rb") as sheet:
            dataset = Dataset().load(sheet, format="xlsx")
        for row in range(len(dataset)):
            cells = list(dataset[row])
            cells[5] = cells[5].date()
            dataset[row] = cells
        result = peer_resource().import_data(dataset, raise_errors=True)
        print(f"{Assignment.objects.count():,} shares, {result.totals['new']:,} new")


def peer_out(file: Path) -> None:
    """The columns of our ledger, as far as they are fields of the share or of what it points to."""
    from import_export.fields import Field
    from import_export.resources import ModelResource

    from tracker.models import Assignment

    own = ("role", "status", "due_date", "percent", "last_reported_at", "first_due_date", "extension_count")
    own += ("created_at", "closed_at", "id", "version")

    class PeerResource(ModelResource):
        plan = Field("plan__title")
        number = Field("task__number")
        text = Field("task__text")
        department = Field("department__name")
        region = Field("region__name")
        via = Field("via__name")

        class Meta:
            model = Assignment
            fields = ("plan", "number", "text", "department", "region", "via", *own)

    with Measured():
        data = PeerResource().export().export("xlsx")
        print(f"{len(data) / 1e6:.1f} MB, {len(PeerResource.fields)} columns")


STEPS = {
    "prepare": prepare,
    "ours-in": ours_in,
    "ours-out": ours_out,
    "peer-in": peer_in,
    "peer-out": peer_out,
}

if __name__ == "__main__":
    main()
