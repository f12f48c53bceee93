"""A small cast and the rows of a plan, made by hand: time is always given, nothing is random."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, cached_property
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import uuid4

from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile

from accounts.models import Department, Region, User
from tracker.models import Assignment, Clause, Measure, Plan, PlanImport, Series, SheetJob, Task
from tracker.workflow import Role, Status

TODAY = date(2024, 10, 21)
NOW = datetime(2024, 10, 21, 1, 30, tzinfo=UTC)  # 09:30 in Asia/Shanghai
PASSWORD = "lan-tian-bai-yun-2024"
CLAUSE_TEXT = "2024年10月底前,未配套高效除尘、脱硫、脱硝设施的企业完成升级改造"

_numbers = count(1)


def make_region(
    name: str = "新乡市", *, parent: Region | None = None, level: str = Region.Level.CITY
) -> Region:
    return Region.objects.create(code=f"{410000 + next(_numbers)}", name=name, level=level, parent=parent)


def make_department(
    region: Region, name: str = "市生态环境局", *, kind: str = Department.Kind.BUREAU, **fields: Any
) -> Department:
    return Department.objects.create(region=region, name=name, short_name=name, kind=kind, **fields)


@cache
def _hashed_password() -> str:
    """Hashing is slow on purpose; once is enough for a test run."""
    return make_password(PASSWORD)


def make_user(
    username: str,
    role: str,
    *,
    region: Region | None = None,
    department: Department | None = None,
    full_name: str = "",
    **fields: Any,
) -> User:
    """A person whose password is PASSWORD."""
    return User.objects.create(
        username=username,
        full_name=full_name or username,
        email=f"{username}@example.cn",
        role=role,
        region=region or (department.region if department else None),
        department=department,
        password=_hashed_password(),
        **fields,
    )


def make_plan(region: Region, title: str = "新乡市空气质量持续改善实施方案", **fields: Any) -> Plan:
    """A live plan without measures; its source grows with each measure made for it."""
    values: dict[str, Any] = {
        "status": Plan.Status.LIVE,
        "issued_on": date(2024, 6, 27),
        "file_name": "plan.txt",
        "source_text": title + "\n",
        "content_hash": sha256(f"{title}{next(_numbers)}".encode()).hexdigest(),
        "created_at": NOW,
        "confirmed_at": NOW,
    }
    return Plan.objects.create(region=region, title=title, **(values | fields))


def make_import(by: User, content: bytes = b"", *, name: str = "plan.txt", **fields: Any) -> PlanImport:
    """A file of a plan that waits to be read; one that is over has no file any more."""
    values: dict[str, Any] = {"state": PlanImport.State.WAITING, "created_at": NOW} | fields
    row = PlanImport(
        region=by.region,
        created_by=by,
        name=name,
        size=len(content),
        sha256=sha256(content).hexdigest(),
        form_key=uuid4(),
        **values,
    )
    if row.is_open:
        row.file.save("plan", ContentFile(content), save=False)
    row.save(force_insert=True)
    return row


def make_old_ledger(by: User, **fields: Any) -> SheetJob:
    """An old ledger whose one row was looked at, and waits to be confirmed."""
    column = {"at": 0, "bare": "任务", "values": ["甲"], "field": "text", "is_sure": True, "how": "name"}
    report = {
        "columns": [column | {"head": "任务"}, column | {"at": 1, "head": "单位", "field": "duty"}],
        "sheets": [[0, "台账"]],
        "sheet": 0,
        "rows": 1,
        "head_row": 1,
        "title": "旧台账",
        "year": 2024,
        "look": "a" * 32,
        "digest": "",
        "new": 1,
        "refused": 0,
        "taken": 0,
        "unknown": [["某办", 1]],
    }
    values: dict[str, Any] = {
        "kind": SheetJob.Kind.LEDGER,
        "state": SheetJob.State.CHECKED,
        "title": "旧台账.xlsx",
        "report": report,
        "options": {"columns": ["text", "duty"], "year": 2024, "title": "旧台账"},
        "created_at": NOW,
        "form_key": uuid4(),
    }
    return SheetJob.objects.create(owner=by, **(values | fields))


def make_measure(plan: Plan, *, sentences: list[str] | None = None, **fields: Any) -> Measure:
    """A paragraph at the end of the plan's source, one clause for each sentence."""
    sentences = sentences or [CLAUSE_TEXT]
    position = plan.measures.count() + 1
    title = fields.pop("title", "推进重点行业深度治理。")
    text = f"{position}.{title}" + "".join(f"{sentence}。" for sentence in sentences)
    start = len(plan.source_text)
    plan.source_text += text + "\n"
    plan.save(update_fields=["source_text"])
    values: dict[str, Any] = {
        "position": position,
        "number": f"{position}.",
        "path": ["三、主要任务", "(一)优化产业结构"],
    }
    measure = Measure.objects.create(
        plan=plan, title=title, text=text, start=start, end=start + len(text), **(values | fields)
    )
    for number, sentence in enumerate(sentences, start=1):
        begin = start + text.index(sentence)
        Clause.objects.create(
            measure=measure, position=number, text=sentence, start=begin, end=begin + len(sentence)
        )
    return measure


def make_task(plan: Plan, *, text: str = CLAUSE_TEXT, due_date: date | None = None, **fields: Any) -> Task:
    """A task made from a measure and a clause of its own."""
    measure = fields.pop("measure", None) or make_measure(plan, sentences=[text])
    clause = fields.pop("clause", None) or measure.clauses.get()
    values: dict[str, Any] = {
        "number": f"{next(_numbers)}",
        "kind": "deadline" if due_date else "ongoing",
        "quote": "2024年10月底前" if due_date else "",
        "first_due_date": due_date,
        "created_at": NOW,
    }
    return Task.objects.create(
        region=plan.region,
        plan=plan,
        measure=measure,
        clause=clause,
        text=clause.text,
        due_date=due_date,
        **(values | fields),
    )


def make_series(task: Task, **fields: Any) -> Series:
    """The series of a recurring clause, of which `task` is the period that runs on TODAY."""
    values: dict[str, Any] = {
        "every": "month",
        "starts_on": TODAY,
        "next_first": date(2024, 11, 1),
        "next_on": date(2024, 11, 1),
        "created_at": NOW,
    }
    series = Series.objects.create(
        region=task.region, plan=task.plan, clause=task.clause, **(values | fields)
    )
    task.series, task.kind, task.every, task.start_date = series, "recurring", series.every, TODAY
    task.save(update_fields=["series", "kind", "every", "start_date"])
    Clause.objects.filter(pk=task.clause_id).update(kind="recurring", every=series.every)
    return series


def make_assignment(
    department: Department,
    *,
    task: Task | None = None,
    plan: Plan | None = None,
    due_date: date | None = None,
    status: str = Status.ACTIVE,
    role: str = Role.LEAD,
    text: str = CLAUSE_TEXT,
    **fields: Any,
) -> Assignment:
    """A department's share, of a new task unless one is given; the times its status demands are filled in."""
    if task is None:
        task = make_task(plan or make_plan(department.region), text=text, due_date=due_date)
    due_date = due_date or task.due_date
    values: dict[str, Any] = {"created_at": NOW, "first_due_date": due_date, "judged_date": due_date}
    if status not in (Status.PENDING,):
        values["signed_at"] = NOW
    if status in (Status.SUBMITTED, Status.CLOSED):
        values["handed_in_on"] = TODAY
        values["held_since"] = handed_in_on = fields.get("handed_in_on") or TODAY
        values["unit_late_days"] = max(0, (handed_in_on - due_date).days) if due_date else 0
    if status == Status.CLOSED:
        values |= {"closed_at": NOW, "percent": 100}
    return Assignment.objects.create(
        task=task,
        region=task.region,
        plan=task.plan,
        department=department,
        due_date=due_date,
        status=status,
        role=role,
        **(values | fields),
    )


@dataclass
class Cast:
    """A city with two bureaus and a county below it, and another city that is none of their business."""

    city: Region
    county: Region
    foreign: Region
    bureau: Department
    other_bureau: Department
    county_bureau: Department
    foreign_bureau: Department
    reporter: User
    colleague: User
    head: User
    outsider: User
    county_reporter: User
    foreigner: User
    coordinator: User
    county_coordinator: User
    foreign_coordinator: User
    leader: User
    foreign_leader: User
    administrator: User

    @cached_property
    def plan(self) -> Plan:
        return make_plan(self.city)

    @cached_property
    def foreign_plan(self) -> Plan:
        return make_plan(self.foreign, "开封市空气质量持续改善实施方案")


def make_cast() -> Cast:
    """Create the cast. `outsider` is of another department of the city; `foreigner` of another city."""
    roles = User.Role
    city = make_region("新乡市")
    county = make_region("卫辉市", parent=city, level=Region.Level.COUNTY)
    foreign = make_region("开封市")
    bureau = make_department(city)
    other_bureau = make_department(city, "市工业和信息化局")
    county_bureau = make_department(county, "卫辉市生态环境局")
    foreign_bureau = make_department(foreign)
    return Cast(
        city=city,
        county=county,
        foreign=foreign,
        bureau=bureau,
        other_bureau=other_bureau,
        county_bureau=county_bureau,
        foreign_bureau=foreign_bureau,
        reporter=make_user("wangfang", roles.REPORTER, department=bureau, full_name="王芳"),
        colleague=make_user("lina", roles.REPORTER, department=bureau, full_name="李娜"),
        head=make_user("zhangwei", roles.HEAD, department=bureau, full_name="张伟"),
        outsider=make_user("liuyang", roles.REPORTER, department=other_bureau, full_name="刘洋"),
        county_reporter=make_user("chenjing", roles.REPORTER, department=county_bureau, full_name="陈静"),
        foreigner=make_user("zhaolei", roles.REPORTER, department=foreign_bureau, full_name="赵磊"),
        coordinator=make_user("zhoumin", roles.COORDINATOR, region=city, full_name="周敏"),
        county_coordinator=make_user("wuqiang", roles.COORDINATOR, region=county, full_name="吴强"),
        foreign_coordinator=make_user("zhengli", roles.COORDINATOR, region=foreign, full_name="郑丽"),
        leader=make_user("sunjianguo", roles.LEADER, region=city, full_name="孙建国"),
        foreign_leader=make_user("malin", roles.LEADER, region=foreign, full_name="马林"),
        administrator=make_user("guanliyuan", roles.ADMINISTRATOR, full_name="管理员"),
    )
