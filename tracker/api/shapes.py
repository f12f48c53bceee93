"""What goes over the line, and the words that describe it. Chinese only, as the manual is."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from django.db.models import TextChoices
from django.utils.dateparse import parse_date, parse_datetime
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from accounts.models import Department, Region
from tracker.clock import SHANGHAI
from tracker.dashboards import Tally
from tracker.forms.work import NOTE_LENGTH
from tracker.models import ApiToken, Assignment, Plan, ProgressReport, Task
from tracker.models.plans import ScheduleKind
from tracker.workflow import Light, Role, Status

BIGGEST_KEY = 2**63 - 1
PAGE_LIMIT = 200

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


def _day(value: Any) -> date:
    """Only the one way of writing it: pydantic itself would take seconds since 1970 for a day."""
    try:
        found = parse_date(value) if isinstance(value, str) and _DAY.fullmatch(value) else None
    except ValueError:
        found = None
    if found is None:
        raise PydanticCustomError("date_form", "YYYY-MM-DD")
    return found


def _moment(value: Any) -> datetime:
    """With a zone: whose nine o'clock is not for us to guess. In UTC, as PostgreSQL knows few zones."""
    try:
        found = parse_datetime(value.upper()) if isinstance(value, str) and _MOMENT.fullmatch(value) else None
    except ValueError:
        found = None
    if found is None:
        raise PydanticCustomError("moment_form", "RFC 3339")
    try:
        return found.astimezone(UTC)
    except OverflowError:  # in the first or the last hours of the calendar
        return found.replace(tzinfo=UTC)


def _whole(value: Any) -> int:
    """As JSON Schema has it: 60.0 is whole, too; "60" and true are no numbers."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("int_type", "whole number")
    return value


def _said(value: str) -> str:
    """As the form reads it: trimmed, and not only spaces. PostgreSQL cannot store a NUL."""
    value = value.strip()
    if not value:
        raise PydanticCustomError("blank", "blank")
    if "\0" in value:
        raise PydanticCustomError("nul", "NUL")
    return value


Key = Annotated[int, Field(ge=1, le=BIGGEST_KEY)]
Whole = Annotated[int, BeforeValidator(_whole)]
Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
# As people here read a clock; the same however the database gives it.
Time = Annotated[
    datetime,
    PlainSerializer(lambda moment: moment.astimezone(SHANGHAI).isoformat(timespec="seconds")),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2024-10-21T09:30:00+08:00"]},
        mode="serialization",
    ),
]


class Shape(BaseModel):
    """Unknown names are refused, not passed over: a misspelt filter would answer with everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldError(Shape):
    field: str = Field(description="哪一项：参数名、请求头名，或内容里的字段名")
    message: str = Field(description="哪里不对")


class Problem(Shape):
    """拒绝时都返回这种格式，没有 HTML。"""

    code: str = Field(description="供程序判断的代码，不随语言变化")
    message: str = Field(description="给人看的一句话；默认中文，请求头 Accept-Language: en 时为英文")
    fields: list[FieldError] = Field(description="code 为 invalid 时逐项说明，其余为空")


class PlanStatus(TextChoices):
    """Plan.Status under a name of its own: the document has one place for each name."""

    DRAFT = Plan.Status.DRAFT.value, Plan.Status.DRAFT.label
    LIVE = Plan.Status.LIVE.value, Plan.Status.LIVE.label
    SUPERSEDED = Plan.Status.SUPERSEDED.value, Plan.Status.SUPERSEDED.label


class RegionOut(Shape):
    id: int
    name: str = Field(description="例如“新乡市”")

    @classmethod
    def of(cls, region: Region) -> Self:
        return cls(id=region.pk, name=region.name)


class DepartmentOut(Shape):
    id: int
    name: str = Field(description="单位全称")

    @classmethod
    def of(cls, department: Department) -> Self:
        return cls(id=department.pk, name=department.name)


class PlanRef(Shape):
    id: int
    title: str

    @classmethod
    def of(cls, plan: Plan) -> Self:
        return cls(id=plan.pk, title=plan.title)


class TaskRef(Shape):
    id: int
    number: str = Field(description="编号，在方案内不重复")
    text: str = Field(description="任务内容")

    @classmethod
    def of(cls, task: Task) -> Self:
        return cls(id=task.pk, number=task.number, text=task.text)


class Figures(Shape):
    """与方案页上的数字同一口径：只数令牌持有人看得到的责任，不含已免办、已转办。"""

    tasks: int = Field(description="任务数")
    assignments: int = Field(description="责任数")
    closed: int = Field(description="已办结的责任数")
    overdue: int = Field(description="逾期的责任数")

    @classmethod
    def of(cls, tally: Tally) -> Self:
        return cls(tasks=tally.tasks, assignments=tally.total, closed=tally.closed, overdue=tally.overdue)


class PlanOut(Shape):
    """一份方案。"""

    id: int
    title: str = Field(description="标题")
    document_number: str = Field(description="文号，没有的为空")
    issuer: str = Field(description="发文机关，没有的为空")
    region: RegionOut
    status: PlanStatus
    issued_on: date | None = Field(description="成文日期")
    confirmed_at: Time | None = Field(description="下达时间，草稿为空")
    figures: Figures

    @classmethod
    def of(cls, plan: Plan, tally: Tally) -> Self:
        return cls(
            id=plan.pk,
            title=plan.title,
            document_number=plan.document_number,
            issuer=plan.issuer,
            region=RegionOut.of(plan.region),
            status=PlanStatus(plan.status),
            issued_on=plan.issued_on,
            confirmed_at=plan.confirmed_at,
            figures=Figures.of(tally),
        )


class TaskOut(Shape):
    """一项任务：方案里要落实的一句话。各单位的一份在“责任”里。"""

    id: int
    number: str = Field(description="编号，在方案内不重复")
    text: str = Field(description="任务内容")
    plan: PlanRef
    region: RegionOut
    kind: ScheduleKind
    schedule: str = Field(description="原文里说时限的话，例如“2024年10月底前”；没有的为空")
    period: str = Field(description="周期任务是哪一期，例如“2024年10月”；其余为空")
    start_date: date | None = Field(description="起始日期")
    due_date: date | None = Field(description="下达时的完成时限；各责任延期后的时限见责任")
    created_at: Time = Field(description="下达时间")
    closed_at: Time | None = Field(description="任务办结时间，未办结为空")

    @classmethod
    def of(cls, task: Task) -> Self:
        return cls(
            id=task.pk,
            number=task.number,
            text=task.text,
            plan=PlanRef.of(task.plan),
            region=RegionOut.of(task.region),
            kind=ScheduleKind(task.kind),
            schedule=task.quote,
            period=task.period,
            start_date=task.start_date,
            due_date=task.due_date,
            created_at=task.created_at,
            closed_at=task.closed_at,
        )


class AssignmentOut(Shape):
    """一份责任：一项任务里一个单位的一份，也就是台账的一行。"""

    id: int
    version: int = Field(description="版本。填报时原样带回，用来发现期间的变化")
    task: TaskRef
    plan: PlanRef
    region: RegionOut
    department: DepartmentOut
    role: Role
    status: Status
    light: Light = Field(description="红黄绿灯，与台账同一口径；RED 就是逾期")
    days_late: int = Field(description="逾期天数，未逾期为 0")
    percent: int = Field(description="完成进度（%）", ge=0, le=100)
    due_date: date | None = Field(description="完成时限，无期限为空")
    first_due_date: date | None = Field(description="首定时限，延期也不变")
    extension_count: int = Field(description="延期次数")
    created_at: Time = Field(description="下达时间")
    signed_at: Time | None = Field(description="签收时间")
    last_reported_at: Time | None = Field(description="最近填报时间")
    closed_at: Time | None = Field(description="办结时间")

    @classmethod
    def of(cls, row: Assignment, today: date) -> Self:
        return cls(
            id=row.pk,
            version=row.version,
            task=TaskRef.of(row.task),
            plan=PlanRef.of(row.plan),
            region=RegionOut.of(row.region),
            department=DepartmentOut.of(row.department),
            role=Role(row.role),
            status=Status(row.status),
            light=row.light_on(today),
            days_late=row.days_late(today),
            percent=row.percent,
            due_date=row.due_date,
            first_due_date=row.first_due_date,
            extension_count=row.extension_count,
            created_at=row.created_at,
            signed_at=row.signed_at,
            last_reported_at=row.last_reported_at,
            closed_at=row.closed_at,
        )


class Change(Shape):
    kind: str = Field(description="事项代码，例如 REPORT")
    name: str = Field(description="事项，例如“填报进展”")
    at: Time = Field(description="时间")
    by: str = Field(description="经办人，系统所为的为空")
    note: str = Field(description="说明")


class Conflict(Problem):
    """没有填报成功：这份责任的现状不允许，或者已经变了。"""

    current: AssignmentOut = Field(description="这份责任的现状；按它核对后可以再填")
    changes: list[Change] = Field(description="您带来的版本之后的变化，新的在前；不是因为版本旧而拒绝的为空")


class ReportOut(Shape):
    """一次填报。"""

    id: int
    percent: int = Field(description="完成进度（%），累计", ge=0, le=100)
    note: str = Field(description="进展说明")
    reported_at: Time = Field(description="填报时间")
    reported_by: str = Field(description="填报人")
    on_behalf: bool = Field(description="督办员把单位离线填的表导入的")
    carried: bool = Field(description="督办员由旧台账导入的，不是单位自己的话")
    shared_from: int | None = Field(description="同一职责下原填报的 id；就是填在这份责任下的为空")
    withdrawn_at: Time | None = Field(description="撤回时间；撤回的不再作数")

    @classmethod
    def of(cls, report: ProgressReport) -> Self:
        return cls(
            id=report.pk,
            percent=report.percent,
            note=report.note,
            reported_at=report.created_at,
            reported_by=str(report.created_by),
            on_behalf=report.is_on_behalf,
            carried=report.is_carried,
            shared_from=report.shared_from_id,
            withdrawn_at=report.withdrawn_at,
        )


class ReportIn(Shape):
    """要填报的进展。"""

    percent: Whole = Field(description="完成进度（%），累计", ge=0, le=100, examples=[60])
    note: Annotated[str, AfterValidator(_said)] = Field(
        description="进展说明：已做什么、数量多少、还差什么。首尾空白不计",
        min_length=1,
        max_length=NOTE_LENGTH,
        pattern=r"^[^\x00]*[^\s\x00][^\x00]*$",
        examples=["已完成12家企业改造，还有3家。"],
    )
    version: Whole = Field(
        description="填报所依据的版本，即最近一次读到的 version",
        ge=1,
        le=2**31 - 1,
        examples=[3],
    )


class ReportMade(Shape):
    """填报的结果。"""

    report: ReportOut
    assignment: AssignmentOut


class TokenOut(Shape):
    """这个令牌是谁的、能做什么。"""

    username: str = Field(description="令牌持有人的用户名")
    full_name: str = Field(description="令牌持有人")
    department: DepartmentOut | None = Field(description="所在单位；不属于单位的为空")
    region: RegionOut | None = Field(description="所在地区；管理员为空")
    scope: ApiToken.Scope
    expires_on: date = Field(description="有效期的最后一天")
    today: date = Field(description="系统的今天；逾期按它算")


class Plans(Shape):
    items: list[PlanOut]
    next: int | None = Field(description="下一页的 after；没有下一页为空")


class Tasks(Shape):
    items: list[TaskOut]
    next: int | None = Field(description="下一页的 after；没有下一页为空")


class Assignments(Shape):
    items: list[AssignmentOut]
    next: int | None = Field(description="下一页的 after；没有下一页为空")


class Reports(Shape):
    items: list[ReportOut]
    next: int | None = Field(description="下一页的 after；没有下一页为空")


class PageQuery(Shape):
    """By key, not by number: rows that come in meanwhile neither push others off a page nor double them."""

    after: int = Field(0, ge=0, le=BIGGEST_KEY, description="从这个 id 之后开始；第一页不填", examples=[0])
    limit: int = Field(100, ge=1, le=PAGE_LIMIT, description="一页最多几行", examples=[100])


class PlanQuery(PageQuery):
    region: Key | None = Field(None, description="只要这个地区的")


class TaskQuery(PageQuery):
    plan: Key | None = Field(None, description="只要这个方案的")
    region: Key | None = Field(None, description="只要这个地区的")
    due_from: Day | None = Field(None, description="完成时限不早于这一天")
    due_to: Day | None = Field(None, description="完成时限不晚于这一天")
    changed_since: Moment | None = Field(None, description="只要从这一时刻起下达或有留痕的")


class AssignmentQuery(TaskQuery):
    task: Key | None = Field(None, description="只要这项任务的")
    department: Key | None = Field(None, description="只要这个单位的")
    status: Status | None = Field(None, description="只要这个状态的。不填的，不含已免办、已转办")
    light: Light | None = Field(None, description="只要亮这种灯的；RED 就是逾期")
    changed_since: Moment | None = Field(
        None, description="只要从这一时刻起下达或有留痕的；这时也含已免办、已转办，以便同步"
    )


IdempotencyKey = UUID
