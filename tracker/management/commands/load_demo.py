"""`manage.py load_demo`: the five plans, their regions and people, and a spread of reported work.

Only into an empty database. Everything goes through the same actions as a person's work, with the dates on
which it would have happened; nothing depends on chance, so that two demos are alike.
"""

import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.actions import load_aliases, load_demo_users, load_regions
from accounts.models import Department, Region, User
from tracker import clock, documents
from tracker.actions.confirm import confirm_plan
from tracker.actions.plans import import_plan, settle_doubt, waive_unit
from tracker.actions.work import move_assignment, report_progress
from tracker.models import Assignment, Plan, PlanUnit
from tracker.workflow import Move, Role

FIXTURES = settings.BASE_DIR / "fixtures"
# Which file belongs to which region, and the day on which its coordinator confirmed it.
PLANS = [
    ("000_xinxiang.txt", "410700", date(2024, 9, 9)),
    ("001_xinji.txt", "130181", date(2024, 6, 12)),
    ("002_zhengzhou.txt", "410100", date(2024, 7, 10)),
    ("003_zhumadian.txt", "411700", date(2024, 4, 8)),
    ("004_xinfu.txt", "140902", date(2021, 6, 7)),
]
NOTES = [
    "已印发工作方案，明确责任科室和完成时限。",
    "完成摸底排查，建立问题清单，正在逐项整改。",
    "召开调度会，对进度滞后的企业下发提示函。",
    "现场核查重点企业，已完成整改的予以销号，其余持续推进。",
    "本月任务按序时推进，资料已归档备查。",
]


class Command(BaseCommand):
    help = "把演示数据（五份方案、五个地区、演示账号）装入空数据库。"

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--if-empty", action="store_true", help="数据库非空时不作改动、正常退出")

    def handle(self, *args: Any, **options: Any) -> None:
        if Region.objects.exists() or Plan.objects.exists():
            if options["if_empty"]:
                self.stdout.write("数据库已有数据，不装入演示。")
                return
            raise CommandError("数据库已有数据，演示只能装入空数据库。")
        today = clock.today()
        with transaction.atomic():
            load_aliases(self._read("aliases.json"))
            load_regions(self._read("regions.json"))
            load_demo_users(self._read("users.json"), password=settings.DEMO_PASSWORD)
            for file_name, code, confirmed_on in PLANS:
                self._load_plan(file_name, Region.objects.get(code=code), confirmed_on, today)

    def _read(self, name: str) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = json.loads((FIXTURES / name).read_text(encoding="utf-8"))
        return records

    def _load_plan(self, file_name: str, region: Region, confirmed_on: date, today: date) -> None:
        coordinator = User.objects.get(region=region, role=User.Role.COORDINATOR)
        moment = _at(confirmed_on, hour=9)
        path = FIXTURES / "plans" / file_name
        parsed = documents.parse_upload(path.read_bytes(), path.name, reference_date=confirmed_on)
        plan = import_plan(parsed, region=region, by=coordinator, now=moment).plan
        for unit in plan.units.filter(resolution=PlanUnit.Resolution.UNKNOWN):
            self.stderr.write(f"{file_name}：未识别单位“{unit.name}”，演示中不作为责任单位。")
            waive_unit(unit.pk)
        for doubt in plan.doubts.blocking():
            settle_doubt(doubt.pk, by=coordinator, now=moment)
        made = confirm_plan(plan.pk, by=coordinator, now=moment)
        worked = _work_off(plan, coordinator, confirmed_on, today)
        self.stdout.write(
            f"{region.name}《{plan.title}》：任务 {made.tasks}，责任 {made.assignments}，已有进展 {worked}。"
        )


def _at(day: date, *, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, 30, tzinfo=clock.SHANGHAI)


def _work_off(plan: Plan, coordinator: User, confirmed_on: date, today: date) -> int:
    """Let departments that have a reporter sign, report, hand in and be reviewed, each to its own degree."""
    reporters: dict[int, User] = {}
    for user in User.objects.filter(region=plan.region, role=User.Role.REPORTER).order_by("pk"):
        reporters.setdefault(user.department_id or 0, user)
    shares = Assignment.objects.filter(plan=plan, department__in=list(reporters))
    shares = shares.exclude(role=Role.SUPPORT).select_related("task", "department").order_by("pk")
    worked = 0
    for share in shares:
        # A number from 0 to 99 that is the same on every machine decides how diligent this share is.
        luck = crc32(f"{plan.file_name}/{share.task.number}/{share.department.name}".encode()) % 100
        # A county's shares are many; a fifth of them show movement, as in a real first month.
        if share.department.kind == Department.Kind.GOVERNMENT and luck % 5:
            continue
        worked += _one_share(share, reporters[share.department_id], coordinator, luck, confirmed_on, today)
    return worked


def _one_share(
    share: Assignment, reporter: User, coordinator: User, luck: int, confirmed_on: date, today: date
) -> int:
    """Sign 1 to 10 days after confirming, report up to three times, hand in and approve when all is done."""
    signed_on = confirmed_on + timedelta(days=1 + luck % 10)
    if luck < 8 or signed_on > today:
        return 0
    move_assignment(share.pk, Move.SIGN, by=reporter, now=_at(signed_on, hour=10))
    percent = 0
    for step in range(1 + luck % 3):
        day = signed_on + timedelta(days=14 + 21 * step)
        if day > today or luck < 20:
            break
        percent = min(100, percent + 10 + luck // 2)
        report_progress(
            share.pk,
            percent=percent,
            note=NOTES[(luck + step) % len(NOTES)],
            form_key=uuid5(NAMESPACE_URL, f"demo/{share.pk}/{step}"),
            by=reporter,
            now=_at(day, hour=15),
        )
        if percent == 100:
            move_assignment(share.pk, Move.SUBMIT, by=reporter, now=_at(day, hour=16))
            reviewed_on = day + timedelta(days=3)
            if luck % 4 and reviewed_on <= today:
                move_assignment(share.pk, Move.APPROVE, by=coordinator, now=_at(reviewed_on, hour=11))
            break
    return 1
