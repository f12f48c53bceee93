"""What an edit of a draft changed, in words: one sentence for each difference of the states."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from tracker.models import PlanUnit
from tracker.models.plans import Every, ScheduleKind
from tracker.workflow import Role

SHOWN = 40  # characters of a text
Rows = Mapping[int, Mapping[str, Any]]


def differences(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, names: Mapping[int, str]
) -> list[str]:
    """Sentences for a person; `names` are the printed names of the plan's units by key."""
    old, new = before or {}, after or {}
    if "resolution" in old or "resolution" in new:
        return list(_unit(old, new))
    if "clauses" not in new:
        return [_("疑点重新打开") if new.get("settled_at") is None else _("疑点已处理")]
    return [
        *_clauses(_by_key(old["clauses"]), _by_key(new["clauses"])),
        *_mentions(old, new, names),
        *_targets(_by_key(old["targets"]), _by_key(new["targets"]), _positions(old, new)),
        *_doubts(_by_key(old["doubts"]), _by_key(new["doubts"])),
        *_checked(old, new),
    ]


def _by_key(rows: list[dict[str, Any]]) -> Rows:
    return {row["id"]: row for row in rows}


def _positions(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[int, int]:
    return {row["id"]: row["position"] for row in [*old["clauses"], *new["clauses"]]}


def _unit(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if old and new:
        yield _("“%(name)s”：%(old)s → %(new)s") % {
            "name": new["name"],
            "old": PlanUnit.Resolution(old["resolution"]).label,
            "new": PlanUnit.Resolution(new["resolution"]).label,
        }


def _clauses(old: Rows, new: Rows) -> Iterator[str]:
    for key, row in old.items():
        if key not in new:
            yield _("第%(n)d句不再单列：%(text)s") % {"n": row["position"], "text": row["text"][:SHOWN]}
    for key, row in new.items():
        if key not in old:
            yield _("多出第%(n)d句：%(text)s") % {"n": row["position"], "text": row["text"][:SHOWN]}
            continue
        for label, was, now in _fields(old[key], row):
            yield _("第%(n)d句%(field)s：%(old)s → %(new)s") % {
                "n": row["position"],
                "field": label,
                "old": was,
                "new": now,
            }


def _fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    if old["text"] != new["text"]:
        yield _("文字"), _shown(old["text"]), _shown(new["text"])
    if old["kind"] != new["kind"]:
        yield _("时限类型"), str(ScheduleKind(old["kind"]).label), str(ScheduleKind(new["kind"]).label)
    if old["every"] != new["every"]:
        yield _("周期"), _every(old["every"]), _every(new["every"])
    if old["start_date"] != new["start_date"]:
        yield _("起始日期"), old["start_date"] or _("无"), new["start_date"] or _("无")
    if old["due_date"] != new["due_date"]:
        yield _("完成时限"), old["due_date"] or _("无"), new["due_date"] or _("无")
    if old["is_skipped"] != new["is_skipped"]:
        words = {True: _("不生成任务"), False: _("生成任务")}
        yield "", words[old["is_skipped"]], words[new["is_skipped"]]


def _shown(text: str) -> str:
    return f"“{text}”" if len(text) <= SHOWN else f"“{text[: SHOWN // 2]}…{text[-SHOWN // 2 :]}”"


def _every(value: str) -> str:
    return str(Every(value).label) if value else _("无")


def _mentions(old: Mapping[str, Any], new: Mapping[str, Any], names: Mapping[int, str]) -> Iterator[str]:
    positions = _positions(old, new)
    was, now = _by_key(old["mentions"]), _by_key(new["mentions"])
    for key in [*was, *(key for key in now if key not in was)]:
        row = now.get(key) or was[key]
        at = positions.get(row["clause_id"])
        values = {
            "where": _("第%(n)d句") % {"n": at} if at else _("本条"),
            "unit": names.get(row["unit_id"], _("某单位")),
            "role": Role(row["role"]).label,
        }
        if key not in now:
            yield _("%(where)s去掉%(unit)s（%(role)s）") % values
        elif key not in was:
            yield _("%(where)s加上%(unit)s（%(role)s）") % values
        elif was[key]["role"] != row["role"]:
            values["old"] = Role(was[key]["role"]).label
            yield _("%(where)s%(unit)s：%(old)s → %(role)s") % values


def _targets(old: Rows, new: Rows, positions: Mapping[int, int]) -> Iterator[str]:
    for key in [*old, *(key for key in new if key not in old)]:
        row = new.get(key) or old[key]
        where: dict[str, Any] = {"n": positions[row["clause_id"]]}
        if key not in new:
            yield _("第%(n)d句去掉指标：%(target)s") % (where | {"target": _target(row)})
        elif key not in old:
            yield _("第%(n)d句加上指标：%(target)s") % (where | {"target": _target(row)})
        elif _target(old[key]) != _target(row):
            both = {"old": _target(old[key]), "new": _target(row)}
            yield _("第%(n)d句指标：%(old)s → %(new)s") % (where | both)


def _target(row: Mapping[str, Any]) -> str:
    value = str(row["value"])
    value = value.rstrip("0").rstrip(".") if "." in value else value
    return f"{row['indicator']} {row['op']} {value}{row['unit']}"


def _doubts(old: Rows, new: Rows) -> Iterator[str]:
    was = [key for key in old if old[key]["settled_at"] is None]
    now = [key for key in new if new[key]["settled_at"] is None]
    if len(was) != len(now):
        yield _("待处理疑点：%(old)d → %(new)d") % {"old": len(was), "new": len(now)}


def _checked(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if bool(old["checked_at"]) != bool(new["checked_at"]):
        yield _("标为已核对") if new["checked_at"] else _("取消已核对")
