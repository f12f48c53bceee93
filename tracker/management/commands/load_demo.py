"""`manage.py load_demo`: the five plans, their regions and people, and a spread of reported work.

Only into an empty database. Everything goes through the same actions as a person's work, with the dates on
which it would have happened; nothing depends on chance, so that two demos are alike.
"""

import json
from collections import defaultdict
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
from tracker.actions.clauses import edit_clauses
from tracker.actions.confirm import confirm_plan
from tracker.actions.plans import import_plan
from tracker.actions.series import extend_series
from tracker.actions.settling import settle_doubt, waive_unit
from tracker.actions.work import move_assignment, report_progress, sign_all
from tracker.management.demo_loop import show_each_thing
from tracker.models import Assignment, Clause, Plan, PlanUnit, Series
from tracker.models.plans import ScheduleKind
from tracker.workflow import Move, Role, Status

FIXTURES = settings.BASE_DIR / "fixtures"
# Which file belongs to which region, and the day on which its coordinator confirmed it.
PLANS = [
    ("000_xinxiang.txt", "410700", date(2024, 9, 9)),
    ("001_xinji.txt", "130181", date(2024, 6, 12)),
    ("002_zhengzhou.txt", "410100", date(2024, 7, 10)),
    ("003_zhumadian.txt", "411700", date(2024, 4, 8)),
    ("004_xinfu.txt", "140902", date(2021, 6, 7)),
]
# What a coordinator allows for a clause that names no date.
INNER_TERMS = [timedelta(days=days) for days in (28, 35, 42, 45, 60, 90)]
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
                _add_reporters(Region.objects.get(code=code))
                self._load_plan(file_name, Region.objects.get(code=code), confirmed_on, today)
            show_each_thing(Plan.objects.get(region__code=PLANS[0][1]), today)

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
            waive_unit(unit.pk, by=coordinator, now=moment)
        for doubt in plan.doubts.blocking():
            settle_doubt(doubt.pk, by=coordinator, now=moment)
        _set_inner_dates(plan, confirmed_on, by=coordinator, now=moment)
        made = confirm_plan(plan.pk, by=coordinator, now=moment)
        worked = _work_off(plan, coordinator, confirmed_on, today)
        periods = _pass_periods(plan, coordinator, confirmed_on, today)
        self.stdout.write(
            f"{region.name}《{plan.title}》：任务 {made.tasks}，责任 {made.assignments}，已有进展 {worked}；"
            f"其后各期任务 {periods}。"
        )


def _at(day: date, *, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, 30, tzinfo=clock.SHANGHAI)


def _set_inner_dates(plan: Plan, confirmed_on: date, *, by: User, now: datetime) -> None:
    """A coordinator gives one in eight of the clauses without a date a date of their own."""
    edits = {}
    for clause in Clause.objects.filter(measure__plan=plan, kind=ScheduleKind.ONGOING, is_skipped=False):
        luck = crc32(f"{plan.file_name}/{clause.start}".encode())
        if luck % 8 == 0:
            edits[clause.pk] = (confirmed_on + INNER_TERMS[luck // 8 % len(INNER_TERMS)], False)
    if edits:
        edit_clauses(edits, by=by, now=now)


def _add_reporters(region: Region) -> None:
    """A reporter for each unit that the demo's people (fixtures/users.json) leave without one."""
    some = User.objects.filter(region=region, role=User.Role.COORDINATOR).values_list("username", "password")
    name, password = some.get()
    prefix = name.partition("-")[0]
    units = Department.objects.in_region(region).answerable().without_reporter().order_by("pk")
    User.objects.bulk_create(
        User(
            username=f"{prefix}-{number:02}",
            full_name=f"{unit.short_name}填报员"[:40],
            email=f"{prefix}-{number:02}@demo.invalid",
            role=User.Role.REPORTER,
            region=region,
            department=unit,
            password=password,
            is_demo=True,
        )
        for number, unit in enumerate(units, start=1)
    )


def _luck(share: Assignment) -> int:
    """A number from 0 to 99 that is the same on every machine: how diligent this share is."""
    key = f"{share.plan.file_name}/{share.task.number}/{share.department.name}"
    return crc32(key.encode()) % 100


def _work_off(plan: Plan, coordinator: User, confirmed_on: date, today: date) -> int:
    """Each unit signs for most of its shares and reports on some; returns on how many."""
    reporters = _reporters(plan)
    shares = list(
        Assignment.objects.filter(plan=plan).select_related("plan", "task", "department").order_by("pk")
    )
    by_unit: dict[int, list[Assignment]] = defaultdict(list)
    for share in shares:
        if _luck(share) >= 12:
            by_unit[share.department_id].append(share)
    worked = 0
    for unit, signed in by_unit.items():
        signed_on = confirmed_on + timedelta(days=1 + unit % 4)
        sign_all([share.pk for share in signed], by=reporters[unit], now=_at(signed_on, hour=10))
        for share in signed:
            # Bureaus report on half of what they lead; counties, who have every task, on one in eight.
            is_bureau = share.department.kind != Department.Kind.GOVERNMENT
            if share.role != Role.SUPPORT and _luck(share) % (2 if is_bureau else 8) == 0:
                worked += _report_on(share, reporters[unit], coordinator, signed_on, today)
    return worked


def _pass_periods(plan: Plan, coordinator: User, confirmed_on: date, today: date) -> int:
    """Make the plan's later periods, each on its day, and do most of their work; returns how many."""
    made = 0
    for day in (confirmed_on + timedelta(days=passed) for passed in range((today - confirmed_on).days + 1)):
        if Series.objects.in_reach(day).exists():
            made += extend_series(today=day, now=_at(day, hour=6)).tasks
    reporters = _reporters(plan)
    shares = Assignment.objects.filter(plan=plan, task__series__isnull=False, last_reported_at=None)
    for share in (
        shares.filter(status__in=Status.with_unit).select_related("plan", "task", "department").order_by("pk")
    ):
        given_on, luck = clock.day_of(share.created_at), _luck(share)
        # One in eight is missed, and stays so; what is due later than today is still being done.
        if luck >= 12 and given_on + timedelta(days=3) <= today:
            if share.status == Status.PENDING:
                sign_all([share.pk], by=reporters[share.department_id], now=_at(given_on, hour=10))
            _finish_period(share, reporters[share.department_id], coordinator, given_on, today)
    return made


def _finish_period(share: Assignment, reporter: User, coordinator: User, given_on: date, today: date) -> None:
    """The period's report, and closing, some days before it is due."""
    last = share.due_date
    if last is None or last > given_on + timedelta(days=31):
        return  # a year's task has no hurry
    reported_on = min(last, given_on + timedelta(days=18 + _luck(share) % 12))
    if reported_on > today:
        return
    report_progress(
        share.pk,
        percent=100,
        note="本期任务已完成，台账和照片归档备查。",
        form_key=uuid5(NAMESPACE_URL, f"demo/period/{share.pk}"),
        by=reporter,
        now=_at(reported_on, hour=15),
    )
    move_assignment(share.pk, Move.SUBMIT, by=reporter, now=_at(reported_on, hour=16))
    if reported_on + timedelta(days=2) <= today:
        approved_at = _at(reported_on + timedelta(days=2), hour=11)
        move_assignment(share.pk, Move.APPROVE, by=coordinator, now=approved_at)


def _reporters(plan: Plan) -> dict[int | None, User]:
    """A reporter of each unit of the plan's region."""
    people = User.objects.filter(region=plan.region, role=User.Role.REPORTER).order_by("-pk")
    return {user.department_id: user for user in people}


def _report_on(share: Assignment, reporter: User, coordinator: User, signed_on: date, today: date) -> int:
    """Up to three reports three weeks apart; what reaches 100 is handed in and, mostly, approved."""
    luck = _luck(share)
    percent = 0
    for step in range(1 + luck % 3):
        day = signed_on + timedelta(days=7 + 14 * step)
        if day > today:
            break
        percent = min(100, percent + 15 + luck // 2)
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
