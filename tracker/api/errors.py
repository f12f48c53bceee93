"""How the API refuses: one shape of JSON, a code for programs and a sentence for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import JsonResponse
from django.utils.translation import gettext as _


class ApiError(Exception):
    """An answer that is a refusal. `code` is for programs and never changes; `message` is for people."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        fields: Sequence[Mapping[str, str]] = (),
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message
        self.fields, self.more, self.headers = list(fields), dict(more or {}), dict(headers or {})

    def answer(self) -> JsonResponse:
        body = {"code": self.code, "message": self.message, "fields": self.fields, **self.more}
        return JsonResponse(
            body, status=self.status, headers=self.headers, json_dumps_params={"ensure_ascii": False}
        )


def unauthorized() -> ApiError:
    """Nothing is said of why: whether there is such a token is nobody's business."""
    message = _("没有有效的接口令牌。请在“我的账号”里生成，放在请求头里：Authorization: Bearer <令牌>。")
    return ApiError(401, "unauthorized", message, headers={"WWW-Authenticate": 'Bearer realm="duban"'})


def not_found() -> ApiError:
    """The same for what is not there and for what its asker may not see."""
    return ApiError(404, "not_found", _("没有这个地址，或者您看不到其中的内容。"))


def too_large() -> ApiError:
    return ApiError(413, "too_large", _("请求的内容太大。"))


def invalid(fields: Sequence[Mapping[str, str]]) -> ApiError:
    return ApiError(422, "invalid", _("参数或内容写得不对，详见 fields。"), fields=fields)


def field_errors(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """What pydantic found, in our words: the name as it was sent, and a sentence."""
    return [
        {"field": _place(error["loc"]), "message": _sentence(error["type"], error.get("ctx", {}))}
        for error in errors
    ]


def _place(loc: Sequence[Any]) -> str:
    """Without where it stood (query, header, body) and the name of our argument."""
    return ".".join(str(part) for part in loc[1:] if part != "body") or "body"


def _sentence(kind: str, context: Mapping[str, Any]) -> str:
    match kind:
        case "missing":
            return _("缺少这一项。")
        case "extra_forbidden":
            return _("没有这一项，请核对名称。")
        case "int_type" | "int_parsing" | "int_from_float" | "int_parsing_size":
            return _("要填整数。")
        case "greater_than_equal":
            return _("不能小于 %(limit)s。") % {"limit": context["ge"]}
        case "less_than_equal":
            return _("不能大于 %(limit)s。") % {"limit": context["le"]}
        case "string_too_short" | "blank":
            return _("不能是空的。")
        case "string_too_long":
            return _("最多 %(limit)s 字。") % {"limit": context["max_length"]}
        case "enum":
            return _("只能是：%(expected)s。") % {"expected": str(context["expected"]).replace(" or ", ", ")}
        case "date_form":
            return _("日期写成 2024-10-31 的样子。")
        case "moment_form":
            return _("时间写成 2024-10-21T09:30:00+08:00 的样子，带时区。")
        case "uuid_parsing" | "uuid_type" | "uuid_version":
            return _("要填 UUID，例如 6f1b6a34-8f0f-4f6e-9a5c-111111111111。")
        case _:
            return _("写得不对。")
