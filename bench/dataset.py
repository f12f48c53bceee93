"""A city and its five counties with a ledger of any size, for measuring pages: 30 plans, 60 units, 66 people.

Chance with a fixed seed, so that two runs measure the same rows. Each share has a history that leads to where
it stands: `manage.py verify_history` finds nothing to complain about. Whoever imports this has set Django up.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.models import Department, Region, User
from tracker.actions.history import event_hash
from tracker.clock import SHANGHAI, day_of
from tracker.models import (
    Assignment,
    Clause,
    ExtensionRequest,
    Measure,
    Plan,
    ProgressReport,
    Task,
    TaskEvent,
)
from tracker.progress import behind_from
from tracker.turns import late_days
from tracker.workflow import EventKind, Role, Status

TODAY = date(2024, 10, 21)
CITY_PLANS, COUNTY_PLANS = 10, 4
COUNTIES = ("卫辉市", "辉县市", "长垣市", "原阳县", "获嘉县")
CITY_UNITS = [
    "生态环境局",
    "发展和改革委员会",
    "工业和信息化局",
    "住房和城乡建设局",
    "城市管理局",
    "交通运输局",
    "公安局",
]
CITY_UNITS += [
    "自然资源和规划局",
    "农业农村局",
    "水利局",
    "财政局",
    "科学技术局",
    "教育局",
    "民政局",
    "司法局",
]
CITY_UNITS += [
    "商务局",
    "文化广电和旅游局",
    "卫生健康委员会",
    "应急管理局",
    "审计局",
    "市场监督管理局",
    "统计局",
]
CITY_UNITS += [
    "林业局",
    "气象局",
    "能源局",
    "机关事务管理局",
    "国有资产监督管理委员会",
    "税务局",
    "邮政管理局",
]
CITY_UNITS += ["消防救援支队"]
COUNTY_UNITS = ["生态环境局", "住房和城乡建设局", "城市管理局", "交通运输局", "工业和信息化局", "农业农村局"]
HEADINGS = ("优化产业结构", "优化能源结构", "优化交通结构", "强化面源治理", "加强能力建设")
DUTIES = (
    "未配套高效除尘、脱硫、脱硝设施的企业完成升级改造,逾期未完成的依法停产整治",
    "全面淘汰35蒸吨/小时及以下的燃煤锅炉,基本淘汰茶水炉、经营性炉灶、储粮烘干设备等燃煤设施",
    "对涉气企业全面开展低效失效治理设施排查整治,建立整治提升企业清单",
    "新增和更新的公交、出租、城市物流配送、轻型环卫等车辆中新能源汽车比例不低于80%",
    "钢铁、水泥、焦化行业的重点企业全面完成全流程超低排放改造",
    "严格落实扬尘治理“两个标准”要求,建筑工地湿法作业、裸土覆盖、车辆冲洗全部到位",
    "建成区道路机械化清扫率达到85%以上,城乡结合部及国道省道按时洒水保洁",
    "扎实做好秸秆禁烧工作,夏秋两季充分发挥高清视频监控作用,实行网格化监管",
    "持续开展餐饮油烟、恶臭异味专项治理,拟开设餐饮服务的建筑设计建设专用烟道",
    "更新重污染天气应急减排清单,实现涉气企业全覆盖,绩效分级差异化管控",
)
NOTES = (
    "已印发工作方案,明确责任科室和完成时限。",
    "完成摸底排查,建立问题清单,正在逐项整改;涉及企业名单已报市环委办备案。",
    "召开调度会,对进度滞后的企业下发提示函,要求月底前报送整改情况。",
    "现场核查重点企业,已完成整改的予以销号,其余持续推进。",
)


@dataclass(slots=True)
class Step:
    """Something that happens to a share; `row` is the report or request whose key the event names."""

    day: date
    hour: int
    kind: str
    by: User
    from_status: str = ""
    to_status: str = ""
    note: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    row: ProgressReport | ExtensionRequest | None = None

    @property
    def moment(self) -> datetime:
        return _at(self.day, self.hour)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who signs in, and which task is opened: the unit with most to do, the task with the longest history."""

    coordinator: User
    reporter: User
    task: int


@dataclass(slots=True)
class Place:
    """A region with its units, its coordinator, and the people who report."""

    region: Region
    units: list[Department]
    coordinator: User
    reporters: dict[int, User]


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour, 30), SHANGHAI)


def _between(day: date, first: date, last: date) -> date:
    return max(first, min(day, last))


class _Life:
    """One share on its way to its fate, with the steps that lead there."""

    def __init__(self, share: Assignment, place: Place, chance: Random) -> None:
        self.share, self.chance = share, chance
        self.unit, self.office = place.reporters[share.department_id], place.coordinator
        self.steps: list[Step] = []
        self.given_on = day_of(share.created_at)

    def step(self, day: date, hour: int, kind: str, by: User, to_status: str = "", **others: Any) -> None:
        before = self.share.status if to_status else ""
        self.steps.append(Step(day, hour, kind, by, before, to_status, **others))
        self.share.version += 1
        if to_status:
            self.share.status = to_status

    def live(self, fate: str) -> None:
        """Sign, ask for time, report, hand in: as far as the fate goes."""
        if fate != Status.PENDING:
            signed_on = self.given_on + timedelta(days=self.chance.randint(1, 4))
            self.step(signed_on, 10, EventKind.SIGN, self.unit, Status.ACTIVE)
            self.share.signed_at = _at(signed_on, 10)
            free_from = self.extend(signed_on) if self.chance.random() < 0.06 else signed_on
            if fate in (Status.SUBMITTED, Status.CLOSED):
                self.hand_in(free_from, closes=fate == Status.CLOSED)
            else:
                self.report(free_from, TODAY - timedelta(days=6), self.chance.randint(0, 3))
                if fate == Status.SUSPENDED:
                    day = TODAY - timedelta(days=5)
                    self.step(day, 9, EventKind.SUSPEND, self.office, Status.SUSPENDED, note="上级政策调整。")
                    self.share.held_since = day
                elif self.share.due_date and self.share.due_date > TODAY and self.chance.random() < 0.02:
                    self.ask(TODAY - timedelta(days=2), self.share.due_date)
        self.share.behind_from = behind_from(
            start=self.given_on, due=self.share.due_date, percent=self.share.percent
        )

    def ask(self, day: date, old: date) -> ExtensionRequest:
        asked = ExtensionRequest(
            assignment=self.share,
            old_date=old,
            new_date=old + timedelta(days=45),
            is_late=False,
            reason="设备招标流标,需重新组织采购。",
            created_at=_at(day, 9),
            created_by=self.unit,
            form_key=UUID(int=self.chance.getrandbits(128)),
        )
        dates = {"from_date": old.isoformat(), "to_date": asked.new_date.isoformat(), "is_late": False}
        self.step(day, 9, EventKind.ASK_EXTENSION, self.unit, note=asked.reason, data=dates, row=asked)
        return asked

    def extend(self, signed_on: date) -> date:
        """Ask ten days before the due date and be granted 45 days; from when on other things may happen."""
        old = self.share.due_date
        asked_on = old - timedelta(days=10) if old else TODAY
        if old is None or not signed_on < asked_on < TODAY - timedelta(days=10):
            return signed_on
        asked, granted_on = self.ask(asked_on, old), asked_on + timedelta(days=2)
        asked.state, asked.granted_date, asked.answer = (
            ExtensionRequest.State.GRANTED,
            asked.new_date,
            "同意。",
        )
        asked.decided_at, asked.decided_by = _at(granted_on, 11), self.office
        self.share.due_date = self.share.judged_date = asked.new_date
        self.share.extension_count = 1
        data = self.steps[-1].data
        self.step(
            granted_on,
            11,
            EventKind.GRANT_EXTENSION,
            self.office,
            note=asked.answer,
            data=dict(data),
            row=asked,
        )
        return granted_on

    def report(self, after: date, until: date, times: int, *, last: int = 90) -> None:
        days = sorted(
            after + timedelta(days=self.chance.randint(1, (until - after).days)) for _ in range(times)
        )
        for number, day in enumerate(days, start=1):
            percent = last * number // times
            report = ProgressReport(
                assignment=self.share,
                percent=percent,
                note=self.chance.choice(NOTES),
                created_at=_at(day, 15),
                created_by=self.unit,
                form_key=UUID(int=self.chance.getrandbits(128)),
            )
            data = {"percent": percent, "was_percent": self.share.percent}
            self.step(
                day, 15, EventKind.REPORT, self.unit, Status.ACTIVE, note=report.note, data=data, row=report
            )
            self.share.percent, self.share.last_reported_at = percent, report.created_at

    def hand_in(self, after: date, *, closes: bool) -> None:
        """Report all as done around the due date, and wait for the reviewer or be approved."""
        share, due = self.share, self.share.due_date or after + timedelta(days=90)
        day = due + timedelta(days=self.chance.randint(-20, 12))
        day = _between(day, after + timedelta(days=2), TODAY - timedelta(days=2))
        self.report(after, day, self.chance.randint(1, 3), last=100)
        late = late_days(status=Status.ACTIVE, since=self.given_on, until=day, judged_date=share.judged_date)
        self.step(day, 16, EventKind.SUBMIT, self.unit, Status.SUBMITTED)
        share.handed_in_on = share.held_since = day
        if closes:
            closed_on = min(day + timedelta(days=self.chance.randint(1, 6)), TODAY - timedelta(days=1))
            late += late_days(
                status=Status.SUBMITTED, since=day, until=closed_on, judged_date=share.judged_date
            )
            self.step(closed_on, 11, EventKind.APPROVE, self.office, Status.CLOSED)
            share.closed_at, share.held_since = _at(closed_on, 11), closed_on
        share.unit_late_days, share.reviewer_late_days = late.unit, late.reviewer


def _fates(roles: list[str], due: date | None, chance: Random) -> list[str]:
    """How each share of a task stands in the end. A task is finished as a whole, or its lead is not."""
    if due and due < TODAY:
        if chance.random() < 0.8:
            return [Status.CLOSED] * len(roles)
        fates, weights = (Status.ACTIVE, Status.PENDING, Status.SUBMITTED, Status.CLOSED), (30, 5, 25, 40)
    else:
        if chance.random() < 0.1:
            return [Status.CLOSED] * len(roles)
        fates, weights = (Status.ACTIVE, Status.PENDING, Status.SUSPENDED, Status.CLOSED), (62, 22, 3, 13)
    lead: list[str] = [*chance.choices(fates[:3], weights[:3])]
    return lead + chance.choices(fates, weights, k=len(roles) - 1)


def _place(region: Region, names: list[str], prefix: str, password: str) -> Place:
    units = Department.objects.bulk_create(
        Department(region=region, name=f"{region.name}{name}", short_name=f"{prefix}{name}") for name in names
    )
    reporters = User.objects.bulk_create(
        User(
            username=f"bench-{region.code}-{number:02}",
            full_name=f"{unit.short_name}填报员",
            role=User.Role.REPORTER,
            region=region,
            department=unit,
            password=password,
        )
        for number, unit in enumerate(units, start=1)
    )
    coordinator = User.objects.create(
        username=f"bench-{region.code}",
        full_name=f"{region.name}督办员",
        role=User.Role.COORDINATOR,
        region=region,
        password=password,
    )
    by_unit = {unit.pk: person for unit, person in zip(units, reporters, strict=True)}
    return Place(region, units, coordinator, by_unit)


def _plan(place: Place, number: int, shares: int, chance: Random) -> None:
    """One plan with exactly so many shares: paragraphs of three clauses, a task of each."""
    sizes: list[int] = []
    while sum(sizes) < shares:
        sizes.append(min(chance.randint(2, min(8, len(place.units))), shares - sum(sizes)))
    issued_on = TODAY - timedelta(days=chance.randint(30, 640))
    given_at = _at(issued_on + timedelta(days=5), 9)
    title = f"{place.region.name}空气质量持续改善实施方案（{number}）"
    plan = Plan(
        region=place.region,
        title=title,
        issued_on=issued_on,
        file_name=f"{number}.txt",
        status=Plan.Status.LIVE,
        created_at=given_at,
        created_by=place.coordinator,
        confirmed_at=given_at,
        confirmed_by=place.coordinator,
    )
    text = title + "\n"
    measures: list[Measure] = []
    clauses: list[Clause] = []
    for position, begin in enumerate(range(0, len(sizes), 3), start=1):
        heading = HEADINGS[position % len(HEADINGS)]
        measure = Measure(
            plan=plan, position=position, number=f"{position}.", title=f"{heading}。", start=len(text)
        )
        measure.path = ["三、主要任务", f"（{position % len(HEADINGS) + 1}）{heading}"]
        text += f"{position}.{heading}。"
        for place_in, _size in enumerate(sizes[begin : begin + 3], start=1):
            due = issued_on + timedelta(days=chance.randint(40, 540)) if chance.random() < 0.9 else None
            words = f"{due.year}年{due.month}月{due.day}日前" if due else ""
            said = f"{words},{chance.choice(DUTIES)}" if due else chance.choice(DUTIES)
            clauses.append(
                Clause(
                    measure=measure,
                    position=place_in,
                    text=said,
                    start=len(text),
                    end=len(text) + len(said),
                    kind="deadline" if due else "ongoing",
                    due_date=due,
                    quote=words,
                )
            )
            text += f"{said}。"
        measure.end, measure.text = len(text), text[measure.start :]
        text += "\n"
        measures.append(measure)
    plan.source_text, plan.content_hash = text, hashlib.sha256(text.encode()).hexdigest()
    plan.save()
    Measure.objects.bulk_create(measures, batch_size=500)
    Clause.objects.bulk_create(clauses, batch_size=500)
    tasks = [
        Task(
            region=place.region,
            plan=plan,
            measure=clause.measure,
            clause=clause,
            number=f"{clause.measure.position}-{clause.position}",
            text=clause.text,
            kind=clause.kind,
            due_date=clause.due_date,
            first_due_date=clause.due_date,
            quote=clause.quote,
            created_at=given_at,
        )
        for clause in clauses
    ]
    Task.objects.bulk_create(tasks, batch_size=500)
    _share_out(place, plan, tasks, sizes, chance)


def _share_out(place: Place, plan: Plan, tasks: list[Task], sizes: list[int], chance: Random) -> None:
    """The shares of a plan's tasks, what was reported and asked, and the history."""
    lives: dict[int, list[_Life]] = {}
    for task, size in zip(tasks, sizes, strict=True):
        roles: list[str] = [Role.LEAD, *chance.choices((Role.IMPLEMENT, Role.SUPPORT), k=size - 1)]
        units = chance.sample(place.units, k=size)
        lives[task.pk] = [
            _Life(
                Assignment(
                    task=task,
                    region=place.region,
                    plan=plan,
                    department=unit,
                    role=role,
                    due_date=task.due_date,
                    first_due_date=task.due_date,
                    judged_date=task.due_date,
                    created_at=task.created_at,
                ),
                place,
                chance,
            )
            for role, unit in zip(roles, units, strict=True)
        ]
        for life, fate in zip(lives[task.pk], _fates(roles, task.due_date, chance), strict=True):
            life.live(fate)
        if all(life.share.status == Status.CLOSED for life in lives[task.pk]):
            task.closed_at = max(life.steps[-1].moment for life in lives[task.pk])
    every = [life for of_task in lives.values() for life in of_task]
    Assignment.objects.bulk_create([life.share for life in every], batch_size=500)
    rows = {id(step.row): step.row for life in every for step in life.steps if step.row is not None}.values()
    ProgressReport.objects.bulk_create(
        [row for row in rows if isinstance(row, ProgressReport)], batch_size=500
    )
    ExtensionRequest.objects.bulk_create(
        [row for row in rows if isinstance(row, ExtensionRequest)], batch_size=500
    )
    events = [event for task in tasks for event in _history(task, lives[task.pk], place.coordinator)]
    TaskEvent.objects.bulk_create(events, batch_size=500)
    Task.objects.bulk_update(tasks, ["history_head", "closed_at"], batch_size=200)


def _history(task: Task, lives: list[_Life], office: User) -> list[TaskEvent]:
    """The chained events of one task, in order of time."""
    made = Step(day_of(task.created_at), 9, EventKind.CREATED, office)
    told: list[tuple[Step, Assignment | None]] = [(made, None)]
    told += sorted(
        ((step, life.share) for life in lives for step in life.steps), key=lambda pair: pair[0].moment
    )
    if task.closed_at:
        told.append((Step(day_of(task.closed_at), 11, EventKind.TASK_CLOSED, office), None))
    events: list[TaskEvent] = []
    for sequence, (step, share) in enumerate(told, start=1):
        names = {ProgressReport: "report", ExtensionRequest: "request"}
        key = {names[type(step.row)]: step.row.pk} if step.row is not None else {}
        event = TaskEvent(
            task=task,
            assignment=share,
            sequence=sequence,
            kind=step.kind,
            actor=step.by,
            from_status=step.from_status,
            to_status=step.to_status,
            note=step.note,
            data=step.data | key,
            created_at=step.moment,
            previous_hash=events[-1].hash if events else "",
        )
        event.hash = event_hash(event)
        events.append(event)
    task.history_head = events[-1].hash
    return events


@transaction.atomic
def make_city(assignments: int, *, password: str, seed: int = 20241021) -> Cast:
    """Fill an empty database with exactly so many assignments; all of them are seen by the coordinator.

    Every person signs in with `password`. At least one assignment for each of the 30 plans is needed.
    """
    chance = Random(seed)
    hashed = make_password(password)
    city = Region.objects.create(code="410700", name="新乡市", level=Region.Level.CITY)
    places = [_place(city, CITY_UNITS, "市", hashed)]
    for number, name in enumerate(COUNTIES, start=781):
        county = Region.objects.create(code=f"410{number}", name=name, level=Region.Level.COUNTY, parent=city)
        places.append(_place(county, COUNTY_UNITS, name, hashed))
    homes = [places[0]] * CITY_PLANS + [place for place in places[1:] for _ in range(COUNTY_PLANS)]
    each, rest = divmod(assignments, len(homes))
    for number, place in enumerate(homes, start=1):
        _plan(place, number, each + (number <= rest), chance)
    to_do = Counter(Assignment.objects.open().values_list("department", flat=True))
    told = Counter(TaskEvent.objects.values_list("task", flat=True))
    busiest = max(to_do, key=lambda unit: (to_do[unit], -unit))
    longest = max(told, key=lambda task: (told[task], -task))
    return Cast(places[0].coordinator, User.objects.get(department=busiest), longest)
