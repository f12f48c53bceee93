"""What can be asked. All read by the permissions and QuerySets of the pages; one writes, by their door."""

import json
from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Annotated, Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Header, NinjaAPI, Path, Query, Status
from ninja.errors import HttpError, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.renderers import JSONRenderer
from ninja.security.base import AuthBase

from tracker import clock
from tracker.actions.work import MoveRefused, StaleVersion, report_progress
from tracker.api.door import ApiRequest, refuse
from tracker.api.errors import ApiError, field_errors, invalid, too_large
from tracker.api.shapes import (
    BIGGEST_KEY,
    AssignmentOut,
    AssignmentQuery,
    Assignments,
    Change,
    Conflict,
    DepartmentOut,
    IdempotencyKey,
    PageQuery,
    PlanOut,
    PlanQuery,
    Plans,
    Problem,
    RegionOut,
    ReportIn,
    ReportMade,
    ReportOut,
    Reports,
    Shape,
    TaskOut,
    TaskQuery,
    Tasks,
    TokenOut,
)
from tracker.dashboards import plan_tallies
from tracker.models import ApiToken, Assignment, ProgressReport, TaskEvent
from tracker.permissions import (
    belongs_to_unit,
    get_assignment_for,
    get_plan_for,
    get_task_for,
    visible_assignments,
    visible_plans,
    visible_reports,
    visible_tasks,
)

BODY_LIMIT = 64 * 1024  # bytes; a note of 4,000 characters, each escaped twice over, is 48,000
CHANGES_TOLD = 20

Row = TypeVar("Row", bound=Model)
PlanKey = Annotated[int, Path(description="方案的 id", ge=1, le=BIGGEST_KEY)]
TaskKey = Annotated[int, Path(description="任务的 id", ge=1, le=BIGGEST_KEY)]
AssignmentKey = Annotated[int, Path(description="责任的 id", ge=1, le=BIGGEST_KEY)]


class Bearer(AuthBase):
    """For the description. The door has asked for the token already."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "接口令牌，在“我的账号”里生成：Authorization: Bearer <令牌>"

    def __call__(self, request: HttpRequest) -> ApiToken:
        token: ApiToken = request.token  # type: ignore[attr-defined]  # an ApiRequest, behind the door
        return token


class JsonParser(Parser):
    """The body of a POST, refused where it is too big, something else, or no JSON."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        if len(request.body) > BODY_LIMIT:
            raise too_large()
        if request.content_type != "application/json":
            message = _("内容要用 JSON，并写明 Content-Type: application/json。")
            raise ApiError(415, "unsupported_media_type", message)
        try:
            found: dict[str, Any] = json.loads(request.body)
        except (ValueError, RecursionError):
            raise ApiError(400, "bad_json", _("内容不是正确的 JSON。")) from None
        return found


class JsonRenderer(JSONRenderer):
    """Chinese as it is written, not as escapes."""

    json_dumps_params = {"ensure_ascii": False}


class OurApi(NinjaAPI):
    """Operations are called as their functions are."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__


api = OurApi(
    title="督办台账数据接口",
    version="1",
    urls_namespace="api",
    openapi_url=None,
    docs_url=None,
    auth=Bearer(),
    parser=JsonParser(),
    renderer=JsonRenderer(),
)
for error in (Exception, Http404, HttpError, ValidationError):
    api.add_exception_handler(error, refuse)


def known_names(view: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a parameter that the operation has not: passed over, a misspelt filter finds everything."""
    query = signature(view).parameters.get("query")
    names = set(query.annotation.__origin__.model_fields) if query else set()

    @wraps(view)
    def asked(request: ApiRequest, *args: Any, **kwargs: Any) -> Any:
        if unknown := sorted(set(request.GET) - names):
            errors = [{"type": "extra_forbidden", "loc": ("query", name)} for name in unknown]
            raise invalid(field_errors(errors))
        return view(request, *args, **kwargs)

    return asked


def _page(rows: QuerySet[Row], query: PageQuery) -> tuple[list[Row], int | None]:
    """One page by key, and where the next one begins."""
    found = list(rows.filter(pk__gt=query.after).order_by("pk")[: query.limit + 1])
    page = found[: query.limit]
    return page, page[-1].pk if len(found) > len(page) else None


READING: dict[Any, type[Shape]] = {frozenset({401, 422, 429, 500}): Problem}
ONE: dict[Any, type[Shape]] = {frozenset({401, 404, 422, 429, 500}): Problem}


@api.get(
    "/token", response={200: TokenOut} | READING, tags=["令牌"], summary="这个令牌是谁的", url_name="token"
)
@known_names
def read_token(request: ApiRequest) -> TokenOut:
    """用来试令牌是否可用，并知道系统的今天是哪一天。"""
    user, token = request.user, request.token
    return TokenOut(
        username=user.username,
        full_name=user.full_name,
        department=DepartmentOut.of(user.department) if user.department else None,
        region=RegionOut.of(user.region) if user.region else None,
        scope=ApiToken.Scope(token.scope),
        expires_on=token.expires_on,
        today=clock.today(),
    )


@api.get("/plans", response={200: Plans} | READING, tags=["方案"], summary="方案列表", url_name="plans")
@known_names
def list_plans(request: ApiRequest, query: Query[PlanQuery]) -> Plans:
    """令牌持有人看得到的方案，按 id 排列。草稿只有本地区督办员看得到。"""
    rows = visible_plans(request.user).without_source().select_related("region")
    if query.region is not None:
        rows = rows.in_region(query.region)
    page, following = _page(rows, query)
    found = plan_tallies(page, visible_assignments(request.user), clock.today())
    return Plans(items=[PlanOut.of(plan, tally) for plan, tally in found], next=following)


@api.get(
    "/plans/{int:plan_id}", response={200: PlanOut} | ONE, tags=["方案"], summary="一份方案", url_name="plan"
)
@known_names
def read_plan(request: ApiRequest, plan_id: PlanKey) -> PlanOut:
    """一份方案和它的数字。"""
    plan = get_plan_for(request.user, plan_id)
    [(plan, tally)] = plan_tallies([plan], visible_assignments(request.user), clock.today())
    return PlanOut.of(plan, tally)


@api.get("/tasks", response={200: Tasks} | READING, tags=["任务"], summary="任务列表", url_name="tasks")
@known_names
def list_tasks(request: ApiRequest, query: Query[TaskQuery]) -> Tasks:
    """令牌持有人看得到的任务，按 id 排列。单位的人看得到本单位有责任的任务。"""
    rows = visible_tasks(request.user).for_list().due_between(query.due_from, query.due_to)
    if query.plan is not None:
        rows = rows.of_plan(query.plan)
    if query.region is not None:
        rows = rows.in_region(query.region)
    if query.changed_since is not None:
        rows = rows.with_event(TaskEvent.objects.since(query.changed_since))
    page, following = _page(rows, query)
    return Tasks(items=[TaskOut.of(task) for task in page], next=following)


@api.get(
    "/tasks/{int:task_id}", response={200: TaskOut} | ONE, tags=["任务"], summary="一项任务", url_name="task"
)
@known_names
def read_task(request: ApiRequest, task_id: TaskKey) -> TaskOut:
    """一项任务。各单位的责任用 /assignments?task= 读。"""
    return TaskOut.of(get_task_for(request.user, task_id))


@api.get(
    "/assignments",
    response={200: Assignments} | READING,
    tags=["责任"],
    summary="责任列表（台账）",
    url_name="assignments",
)
@known_names
def list_assignments(request: ApiRequest, query: Query[AssignmentQuery]) -> Assignments:
    """台账的每一行，按 id 排列；筛选可以同时用几个。单位的人只读到本单位的。"""
    today = clock.today()
    rows = visible_assignments(request.user).for_list().due_between(query.due_from, query.due_to)
    if query.plan is not None:
        rows = rows.of_plan(query.plan)
    if query.region is not None:
        rows = rows.in_region(query.region)
    if query.task is not None:
        rows = rows.of_task(query.task)
    if query.department is not None:
        rows = rows.for_department(query.department)
    if query.changed_since is not None:
        rows = rows.changed_since(query.changed_since, TaskEvent.objects.since(query.changed_since))
    if query.status is not None:
        rows = rows.with_status(query.status)
    elif query.changed_since is None:
        # As the ledger; a copy that is kept up to date has to hear of what left it.
        rows = rows.in_force()
    if query.light is not None:
        rows = rows.lit(today, query.light)
    page, following = _page(rows, query)
    return Assignments(items=[AssignmentOut.of(row, today) for row in page], next=following)


@api.get(
    "/assignments/{int:assignment_id}",
    response={200: AssignmentOut} | ONE,
    tags=["责任"],
    summary="一份责任",
    url_name="assignment",
)
@known_names
def read_assignment(request: ApiRequest, assignment_id: AssignmentKey) -> AssignmentOut:
    """台账的一行。填报之前先读它，取得 version。"""
    return AssignmentOut.of(get_assignment_for(request.user, assignment_id), clock.today())


@api.get(
    "/assignments/{int:assignment_id}/reports",
    response={200: Reports} | ONE,
    tags=["填报"],
    summary="一份责任的填报",
    url_name="reports",
)
@known_names
def list_reports(request: ApiRequest, assignment_id: AssignmentKey, query: Query[PageQuery]) -> Reports:
    """历次填报，旧的在前，撤回的也在内。"""
    assignment = get_assignment_for(request.user, assignment_id)
    rows = visible_reports(request.user, assignment.task).of(assignment).select_related("created_by")
    page, following = _page(rows, query)
    return Reports(items=[ReportOut.of(report) for report in page], next=following)


@api.post(
    "/assignments/{int:assignment_id}/reports",
    response={
        frozenset({200, 201}): ReportMade,
        frozenset({400, 401, 403, 404, 413, 415, 422, 429, 500}): Problem,
        409: Conflict,
    },
    tags=["填报"],
    summary="填报进展",
    url_name="reports",
)
@known_names
def make_report(
    request: ApiRequest,
    assignment_id: AssignmentKey,
    body: ReportIn,
    idempotency_key: Annotated[
        IdempotencyKey,
        Header(
            alias="Idempotency-Key",
            description="每次填报新取一个 UUID；没有收到响应时用同一个重发，不会填两次",
        ),
    ],
) -> Status[ReportMade]:
    """填报本单位的一份责任，与页面上的填报同一规则；待签收的随之签收。

    新填报的返回 201；同一个 Idempotency-Key 再发一次返回 200，内容是第一次的填报，什么也不改变。
    期间有变化的返回 409，附上现状和变化，核对后带新的 version 再填。佐证材料和申请办结请在页面上办理。
    """
    if not request.token.may_report:
        raise ApiError(403, "scope", _("这个令牌只能读取，不能填报。"))
    assignment = get_assignment_for(request.user, assignment_id)
    if not belongs_to_unit(request.user, assignment):
        raise ApiError(403, "not_own_unit", _("只有责任单位的人可以填报。"))
    now = clock.now()
    try:
        report = report_progress(
            assignment_id,
            percent=body.percent,
            note=body.note,
            form_key=idempotency_key,
            by=request.user,
            now=now,
            version=body.version,
        )
    except StaleVersion as refusal:
        raise _conflict(request, assignment_id, "changed", str(refusal), version=body.version) from None
    except MoveRefused as refusal:
        raise _conflict(request, assignment_id, "refused", str(refusal)) from None
    if (report.percent, report.note) != (body.percent, body.note):
        message = _("这个 Idempotency-Key 已用于另一次填报，请换一个新的。")
        raise _conflict(request, assignment_id, "key_reused", message)
    return Status(201 if report.created_at == now else 200, _made(request, report))


def _made(request: ApiRequest, report: ProgressReport) -> ReportMade:
    assignment = get_assignment_for(request.user, report.assignment_id)
    return ReportMade(report=ReportOut.of(report), assignment=AssignmentOut.of(assignment, clock.today()))


def _conflict(
    request: ApiRequest, assignment_id: int, code: str, message: str, *, version: int | None = None
) -> ApiError:
    """With the share as it is now, and what happened to it since the version that came."""
    assignment = get_assignment_for(request.user, assignment_id)
    changes = _changes(assignment, version) if version is not None else []
    return ApiError(
        409,
        code,
        message,
        more={
            "current": AssignmentOut.of(assignment, clock.today()).model_dump(mode="json"),
            "changes": [change.model_dump(mode="json") for change in changes],
        },
    )


def _changes(assignment: Assignment, version: int) -> list[Change]:
    return [
        Change(
            kind=event.kind,
            name=event.get_kind_display(),
            at=event.created_at,
            by=str(event.actor or ""),
            note=event.note,
        )
        for event in TaskEvent.objects.changes_since(assignment, version)[:CHANGES_TOLD]
    ]
