"""How long deciding and delivering reminders takes, and how much memory, beside a plain loop of smtplib.

Usage: python bench/reminders.py [--rounds 3]   20,000 open assignments, 50 people with coordinator and leader
       python bench/reminders.py --scale        1,000,000 open assignments, 5,000 people in 50 regions
Both take --assignments, --people, --regions, --ahead (days over which the later due dates are spread) and
--given (how many days ago all was given out: with 90, each overdue share has up to seven overtaken stages,
which the ledger keeps as well).

PostgreSQL with its default settings, and an SMTP server on loopback that throws away what it counts, each in
a process of its own. What is measured is `manage.py remind --no-limit` from the start of Python to its end;
its peak memory is the kernel's. Then the same mails, ready made, are sent by smtplib over one connection.
The second run has to send nothing.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import secrets
import smtplib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.pages import database_version, free_port, machine, postgres, wait_for  # noqa: E402

TODAY = "2024-10-21"
# Of 20,000: 9,918 overdue (1 to 60 days) and, with them, 11,239 due by the seventh day ahead.
OVERDUE_SHARE, DUE_SHARE = 9_918 / 20_000, 11_239 / 20_000
CLAUSE = "未配套高效除尘、脱硫、脱硝设施的企业完成升级改造,逾期未完成的依法停产整治"


@dataclass(frozen=True)
class Measured:
    """One process from start to end."""

    seconds: float
    processor: float  # seconds of it, which other work on the machine hardly changes
    megabytes: float
    load: float  # of the machine, in the minute before
    said: str


def sink(port: int, count: Any) -> None:
    """An SMTP server that counts. Runs in a process of its own."""
    from aiosmtpd.controller import Controller

    class Counter:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            count.value += 1
            return "250 OK"

    Controller(Counter(), hostname="127.0.0.1", port=port).start()
    threading.Event().wait()


def multiply(row: Any, copies: int, **columns: str) -> None:
    """Make `copies` copies of a row, each column given as SQL over n = 0, 1, ...; the rest as in the row."""
    from django.db import connection

    fields = [field for field in row._meta.local_concrete_fields if not field.primary_key]
    names = [connection.ops.quote_name(field.column) for field in fields]
    values = [columns.pop(field.attname, f"r.{name}") for field, name in zip(fields, names, strict=True)]
    assert not columns, f"no such column: {columns}"
    table = connection.ops.quote_name(row._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} "
            f"FROM {table} r, generate_series(0, {copies - 1}) n WHERE r.id = {row.pk} ORDER BY n"
        )
    row.delete()


def make_rows(assignments: int, people: int, regions: int, ahead: int, given: int) -> None:
    """Regions of one size; four units share a task; all was given out `given` days ago and signed."""
    from datetime import datetime, timedelta

    from accounts.models import Department, Region, User
    from tracker.clock import SHANGHAI
    from tracker.models import Assignment, Clause, Measure, Plan, Task
    from tracker.workflow import Role, Status

    given_at = datetime.fromisoformat(f"{TODAY}T09:00").replace(tzinfo=SHANGHAI) - timedelta(days=given)
    for number in range(regions):
        region = Region.objects.create(
            code=f"{500000 + number}", name=f"第{number}市", level=Region.Level.CITY
        )
        units = Department.objects.bulk_create(
            Department(region=region, name=f"{number}市{unit}局", short_name=f"{number}市{unit}局")
            for unit in range(people // regions - 2)
        )
        roles = [(User.Role.REPORTER, unit) for unit in units]
        roles += [(User.Role.COORDINATOR, None), (User.Role.LEADER, None)]
        User.objects.bulk_create(
            User(
                username=f"bench-{number}-{place}",
                full_name=f"第{place}人",
                email=f"person-{number}-{place}@example.cn",
                role=role,
                region=region,
                department=unit,
                password="!",
            )
            for place, (role, unit) in enumerate(roles)
        )
        plan = Plan.objects.create(
            region=region, title="空气质量持续改善实施方案", issued_on=given_at.date(), file_name="1.txt",
            status=Plan.Status.LIVE, source_text=CLAUSE, content_hash=f"{number}", created_at=given_at,
            confirmed_at=given_at,
        )  # fmt: skip
        measure = Measure.objects.create(
            plan=plan,
            position=1,
            number="1.",
            title="深度治理",
            start=0,
            end=len(CLAUSE),
            text=CLAUSE,
            path=[],
        )
        clause = Clause.objects.create(
            measure=measure, position=1, text=CLAUSE, start=0, end=len(CLAUSE), kind="deadline"
        )
        task = Task.objects.create(
            region=region, plan=plan, measure=measure, clause=clause, number="0", text=CLAUSE,
            kind="deadline", created_at=given_at,
        )  # fmt: skip
        share = Assignment.objects.create(
            task=task, region=region, plan=plan, department=units[0], role=Role.LEAD, status=Status.ACTIVE,
            created_at=given_at, signed_at=given_at,
        )  # fmt: skip
        size = assignments // regions
        share.task = Task.objects.create(
            region=region, plan=plan, measure=measure, clause=clause, number="x", text=CLAUSE,
            kind="deadline", created_at=given_at,
        )  # fmt: skip
        share.save()
        multiply(task, -(-size // 4), number="(n + 1)::text")
        first_task = Task.objects.filter(plan=plan).exclude(pk=share.task_id).order_by("pk")[0].pk
        # Spread over the units without a pattern; then 60 days of overdue, 8 of due soon, the rest later.
        place = f"((n * 7919 + {number}) % {size})"
        overdue, due = round(size * OVERDUE_SHARE), round(size * DUE_SHARE)
        if ahead > 60:  # as many a day in the future as in the past
            overdue, due = size * 60 // (61 + ahead), size * 68 // (61 + ahead)
        day = (
            f"DATE '{TODAY}' + CASE WHEN {place} < {overdue} THEN -1 - {place} % 60 "
            f"WHEN {place} < {due} THEN {place} % 8 ELSE 8 + {place} % {ahead - 7} END"
        )
        multiply(
            share, size,
            task_id=f"{first_task} + n / 4",
            department_id=f"{units[0].pk} + n % {len(units)}",
            due_date=day, first_due_date=day, judged_date=day,
        )  # fmt: skip
        Task.objects.filter(number="x", plan=plan).delete()


def remind(environment: dict[str, str]) -> Measured:
    """Run the command to its end."""
    load, begin = os.getloadavg()[0], time.monotonic()
    with tempfile.TemporaryFile() as output:
        command = [sys.executable, "manage.py", "remind", "--today", TODAY, "--no-limit"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begin
        output.seek(0)
        said = output.read().decode().strip()
    if status:
        sys.exit(f"remind failed: {said}")
    return Measured(
        seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, load, said.splitlines()[-1]
    )


def decide() -> None:
    """Only decide, in a process of its own, and say how long it took and how many queries it made."""
    import resource
    from collections import Counter
    from datetime import datetime

    import django

    django.setup()
    from django.db import connection

    from notifications.actions.planning import plan_reminders
    from tracker.clock import SHANGHAI

    kinds: Counter[str] = Counter()

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        kinds[sql.split(maxsplit=1)[0]] += 1
        return execute(sql, *rest)

    now = datetime.fromisoformat(f"{TODAY}T09:00").replace(tzinfo=SHANGHAI)
    begin = time.monotonic()
    with connection.execute_wrapper(count):
        result = plan_reminders(today=now.date(), now=now, limit=None)
    figures = {
        "seconds": time.monotonic() - begin,
        "digests": len(result.message_ids),
        "queries": kinds.total(),
        "kinds": dict(kinds),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(figures))


def plain_loop(port: int) -> float:
    """Seconds for handing the same mails, ready made, to the same server over one connection."""
    from notifications.channels import mail
    from notifications.models import Message

    prepared = [
        (message.address, mail.prepare(message).message().as_bytes(linesep="\r\n"))
        for message in Message.objects.order_by("pk")
    ]
    begin = time.monotonic()
    with smtplib.SMTP("127.0.0.1", port) as server:
        for address, content in prepared:
            server.sendmail("duban@localhost", [address], content)
    return time.monotonic() - begin


def forget() -> None:
    """As if no reminder had ever been sent."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE notifications_reminder, notifications_message, notifications_run CASCADE")


def vacuum() -> None:
    """What the database's own housekeeping does within minutes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def measure(options: argparse.Namespace, port: int, count: Any) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    from django.db import connection

    from notifications.models import Message, Reminder
    from tracker.models import Assignment

    call_command("migrate", verbosity=0, interactive=False)
    begin = time.monotonic()
    make_rows(options.assignments, options.people, options.regions, options.ahead, options.given)
    today = date.fromisoformat(TODAY)
    rows = Assignment.objects.all()
    overdue, soon = rows.overdue(today).count(), rows.due_within(today, 7).count()
    print(f"{database_version()}; {machine()}.")
    print(
        f"{rows.count():,} open assignments: {overdue:,} overdue, {overdue + soon:,} with those due up to 7 "
        f"days ahead; {options.people:,} people. Made in {time.monotonic() - begin:.0f} s.\n"
    )
    environment = dict(os.environ)
    first_runs: list[Measured] = []
    loops: list[float] = []
    for number in range(1, options.rounds + 1):
        forget()
        vacuum()
        if options.scale:
            process = subprocess.run(
                [sys.executable, __file__, "--decide"], env=environment, stdout=subprocess.PIPE, check=True
            )
            figures = json.loads(process.stdout)
            print(
                f"deciding alone: {figures['seconds']:.1f} s, {figures['queries']:,} queries "
                f"{figures['kinds']}, {figures['megabytes']:.0f} MB, {figures['digests']:,} digests"
            )
            forget()
            vacuum()
        before = count.value
        run = remind(environment)
        arrived = count.value - before
        first_runs.append(run)
        print(
            f"{number}. first run: {run.seconds:.2f} s ({run.processor:.2f} s of processor), "
            f"{run.megabytes:.0f} MB (load {run.load:.1f}): {run.said} "
            f"Arrived: {arrived:,}. Ledger rows: {Reminder.objects.count():,}."
        )
        again = remind(environment)
        print(
            f"   second run: {again.seconds:.2f} s, {again.megabytes:.0f} MB: {again.said} "
            f"Arrived: {count.value - before - arrived:,}."
        )
        loops.append(plain_loop(port))
        sent = Message.objects.filter(state="SENT").count()
        print(
            f"   smtplib loop over the same {sent:,} mails: {loops[-1]:.2f} s, "
            f"{sent / loops[-1]:.0f} a second"
        )
    print(
        f"\nmedian of {options.rounds}: {statistics.median(run.seconds for run in first_runs):.2f} s, "
        f"{statistics.median(run.megabytes for run in first_runs):.0f} MB; "
        f"smtplib loop {statistics.median(loops):.2f} s"
    )
    connection.close()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--scale", action="store_true")
    arguments.add_argument("--decide", action="store_true", help=argparse.SUPPRESS)
    for name in ("assignments", "people", "regions", "ahead", "given", "rounds"):
        arguments.add_argument(f"--{name}", type=int)
    options = arguments.parse_args()
    if options.decide:
        decide()
        return
    usual = {"assignments": 20_000, "people": 50, "regions": 1, "ahead": 60, "given": 20, "rounds": 3}
    if options.scale:
        usual = {
            "assignments": 1_000_000,
            "people": 5_000,
            "regions": 50,
            "ahead": 730,
            "given": 20,
            "rounds": 1,
        }
    for name, value in usual.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    context, port = multiprocessing.get_context("spawn"), free_port()
    count = context.Value("i", 0)
    server = context.Process(target=sink, args=(port, count), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as home, postgres(Path(home)) as address:
        wait_for(lambda: smtplib.SMTP("127.0.0.1", port).quit(), "the SMTP server")
        # An installation keeps what Python has compiled of it.
        for name in ("DEBUG", "PYTHONDONTWRITEBYTECODE"):
            os.environ.pop(name, None)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "tracker.settings",
            "DUBAN_ENV": "embedded",
            "DUBAN_HOME": home,
            "DATABASE_URL": address,
            "EMAIL_URL": f"smtp://127.0.0.1:{port}",
            "LOG_LEVEL": "WARNING",
            "SECRET_KEY": secrets.token_urlsafe(50),
        }
        try:
            measure(options, port, count)
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
