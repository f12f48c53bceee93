"""The description as a page prints it: plain data, from the same OpenAPI document that tools read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Item:
    """A parameter, or a field of a shape."""

    name: str
    kind: str
    text: str
    is_required: bool
    shape: str = ""  # what it holds, where that has a place of its own on the page


@dataclass(frozen=True, slots=True)
class Answer:
    code: str
    text: str
    shape: str


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    method: str
    path: str
    summary: str
    text: str
    parameters: list[Item]
    body: str  # the shape of what is sent; empty where nothing is
    answers: list[Answer]


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    operations: list[Operation]


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    text: str
    items: list[Item]


@dataclass(frozen=True, slots=True)
class Reference:
    title: str
    server: str
    paragraphs: list[str]
    sections: list[Section]
    shapes: list[Shape]


def reference_of(document: Mapping[str, Any]) -> Reference:
    """The whole page."""
    found = [
        (operation["tags"][0], _operation(path, method, operation))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    schemas = document["components"]["schemas"]
    return Reference(
        title=document["info"]["title"],
        server=document["servers"][0]["url"],
        paragraphs=[
            paragraph.replace("`", "").replace("\n", "")
            for paragraph in document["info"]["description"].split("\n\n")
        ],
        sections=[
            Section(tag, [operation for _tag, operation in group])
            for tag, group in groupby(found, key=lambda pair: pair[0])
        ],
        shapes=[
            Shape(name, schema.get("description", ""), _fields(schema)) for name, schema in schemas.items()
        ],
    )


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Operation:
    return Operation(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        text=operation.get("description", ""),
        parameters=[_parameter(parameter) for parameter in operation["parameters"]],
        body=_shape(_content(operation.get("requestBody", {}))),
        answers=[
            Answer(code, answer["description"], _shape(_content(answer)))
            for code, answer in operation["responses"].items()
        ],
    )


def _content(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = holder.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _shape(schema: Mapping[str, Any]) -> str:
    """The name of the shape that a schema is, or holds."""
    for part in (schema, schema.get("items", {}), *schema.get("anyOf", ()), *schema.get("allOf", ())):
        if "$ref" in part:
            return str(part["$ref"]).rpartition("/")[2]
    return ""


def _parameter(parameter: Mapping[str, Any]) -> Item:
    places = {"path": _("地址"), "query": _("参数"), "header": _("请求头")}
    schema = parameter["schema"]
    kind = f"{places[parameter['in']]} · {_kind(schema)}"
    return Item(
        parameter["name"], kind, parameter.get("description", ""), parameter["required"], _shape(schema)
    )


def _fields(schema: Mapping[str, Any]) -> list[Item]:
    required = schema.get("required", ())
    return [
        Item(name, _kind(field), field.get("description", ""), name in required, _shape(field))
        for name, field in schema.get("properties", {}).items()
    ]


_KINDS = {
    ("integer", ""): "整数",
    ("string", ""): "文字",
    ("string", "date"): "日期",
    ("string", "date-time"): "时间",
    ("string", "uuid"): "UUID",
}


def _kind(schema: Mapping[str, Any]) -> str:
    """What a value is, in a few words; of a shape its name is enough."""
    return " ".join(_kinds(schema))


def _kinds(schema: Mapping[str, Any]) -> Iterator[str]:
    if "anyOf" in schema:
        parts = [part for part in schema["anyOf"] if part.get("type") != "null"]
        yield from _kinds(parts[0])
        if len(parts) < len(schema["anyOf"]):
            yield "或 null"
        return
    if schema.get("type") == "array":
        yield "列表"
    kind = _KINDS.get((schema.get("type", ""), schema.get("format", "")))
    if kind:
        yield kind
    if "minimum" in schema and schema.get("maximum", 2**31) < 2**31 - 1:
        yield f"{schema['minimum']}–{schema['maximum']}"
    if "default" in schema:
        yield f"默认 {schema['default']}"
