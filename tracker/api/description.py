"""The OpenAPI document: what the library reads off the operations, with what it cannot know."""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from accounts.actions import printed
from tracker.api.operations import api
from tracker.api.shapes import PAGE_LIMIT, PlanStatus
from tracker.models import ApiToken
from tracker.models.plans import ScheduleKind
from tracker.workflow import Light, Role, Status

BASE = "/api/v1"
ABOUT = f"""督办台账的数据，给其他系统读取，也可以从其他系统填报本单位的进展。

每个请求都要在请求头里带接口令牌：`Authorization: Bearer <令牌>`。
令牌代表生成它的人：这个人在页面上看得到什么，令牌就读得到什么。登录系统的会话在这里不起作用。

列表按 `id` 从小到大，一页最多 {PAGE_LIMIT} 行；`next` 不为空时，把它作为 `after` 再读下一页。
不认识的参数会被拒绝，而不是忽略。

时间都带时区，日期是北京时间的日期。拒绝时返回格式相同的 JSON（`code`、`message`、`fields`）；
地址不存在返回 404，方法不支持返回 405。请求太多返回 429，过 `Retry-After` 秒再试。"""
ANSWERS = {
    "200": "成功",
    "201": "已填报",
    "400": "内容不是正确的 JSON（bad_json）",
    "401": "没有令牌，或者令牌不能用（unauthorized）",
    "403": "令牌只能读取（scope），或者不是责任单位的人（not_own_unit）",
    "404": "没有，或者看不到（not_found）",
    "409": "没有填报：有变化（changed），现状不允许（refused），或者 Idempotency-Key 用过了（key_reused）",
    "413": "内容太大（too_large）",
    "415": "内容不是 application/json（unsupported_media_type）",
    "422": "参数或内容写得不对（invalid），详见 fields",
    "429": "一分钟内的请求太多（too_many_requests）",
    "500": "系统出错，已经记录（server_error）",
}
REPEATED = "同一个 Idempotency-Key 已经填报过，这是第一次的填报"
HEADERS = {
    "401": {"WWW-Authenticate": {"description": "Bearer", "required": True, "schema": {"type": "string"}}},
    "429": {"Retry-After": {"description": "过多少秒再试", "required": True, "schema": {"type": "integer"}}},
}
CHOICES = (Status, Light, Role, PlanStatus, ScheduleKind, ApiToken.Scope)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document; the same for everybody."""
    with printed():
        found: dict[str, Any] = dict(api.get_openapi_schema(path_prefix=BASE.strip("/")))
        schemas = found["components"]["schemas"]
        for choices in CHOICES:
            _name(schemas, choices)
    found["info"]["description"] = ABOUT
    found["info"]["license"] = {"name": "仅供本单位各系统使用"}
    found["servers"] = [{"url": settings.SITE_URL.rstrip("/")}]
    for operations in found["paths"].values():
        for method, operation in operations.items():
            _complete(operation, is_post=method == "post")
    return found


def _name(schemas: dict[str, Any], choices: Any) -> None:
    """What each code of a list of choices means, in the words that the pages use."""
    for schema in schemas.values():
        if schema.get("enum") == list(choices.values):
            schema["description"] = "；".join(f"{one.value} {one.label}" for one in choices)


def _complete(operation: dict[str, Any], *, is_post: bool) -> None:
    answers = sorted(operation["responses"].items())
    operation["responses"] = {str(code): answer for code, answer in answers}
    for code, answer in operation["responses"].items():
        answer["description"] = REPEATED if is_post and code == "200" else ANSWERS[code]
        if code in HEADERS:
            answer["headers"] = HEADERS[code]
    for parameter in operation["parameters"]:
        _without_null(parameter)


def _without_null(parameter: dict[str, Any]) -> None:
    """A parameter is given or left out; an address has no null. Examples stand in its schema."""
    parameter.pop("examples", None)
    schema = parameter["schema"]
    if "anyOf" in schema:
        [kind] = [one for one in schema.pop("anyOf") if one != {"type": "null"}]
        parameter["schema"] = schema | kind


def openapi(request: HttpRequest) -> HttpResponse:
    """The document, for tools."""
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    return JsonResponse(document(), json_dumps_params={"ensure_ascii": False})
