"""The door to a draft: each change of it on record with what was there before, and taken back exactly.

What is kept of a measure are the stored rows of its clauses, units, targets and doubts, so that undoing puts
back those very rows, keys included.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from tracker.models import Clause, Doubt, DraftEdit, Measure, Plan, PlanUnit, Target, UnitMention

Subject = tuple[str, int]
State = dict[str, Any] | None
MEASURE, UNIT, DOUBT = DraftEdit.Subject.MEASURE, DraftEdit.Subject.UNIT, DraftEdit.Subject.DOUBT


class NotADraft(Exception):
    """The plan is live: its draft can no longer be edited."""


class SettleRefused(Exception):
    """What was asked for cannot be done; the text says why, for a person."""


class StaleDraft(SettleRefused):
    """Somebody changed the same part of the draft since the page was shown."""


@dataclass(slots=True)
class Editing:
    """A draft under change, its row locked; what the change brings into being is told to `made`."""

    plan: Plan
    subjects: list[Subject]
    new: list[Subject] = field(default_factory=list)

    def made(self, subject: Subject) -> None:
        self.new.append(subject)


def locked_draft(plan_id: int) -> Plan:
    """The plan's row, locked. Raises NotADraft once it is live."""
    plan = Plan.objects.select_for_update(of=("self",)).select_related("region").get(pk=plan_id)
    if not plan.is_draft:
        raise NotADraft
    return plan


@contextmanager
def editing(
    plan_id: int,
    kind: str,
    subjects: Collection[Subject],
    *,
    by: User | None,
    now: datetime,
    version: int | None = None,
) -> Iterator[Editing]:
    """One change of these parts of a draft, in one transaction and on record if it changed anything.

    `version` is the plan's version the person saw. Raises NotADraft, and StaleDraft when one of the parts
    was changed after that version; None asks for neither.
    """
    with transaction.atomic():
        plan = locked_draft(plan_id)
        if version is not None and _changed_since(plan, subjects, version):
            raise StaleDraft(_("您打开页面之后，这里已被改动。请看清改动，再决定是否保存。"))
        before = states(subjects)
        change = Editing(plan, list(subjects))
        yield change
        _write(change, kind, before, by=by, now=now)


def _changed_since(plan: Plan, subjects: Iterable[Subject], version: int) -> bool:
    if version >= plan.version:
        return False
    edits = DraftEdit.objects.filter(plan=plan).since(version)
    wanted = set(subjects)
    return any(found in wanted for found in edits.values_list("subject", "subject_id"))


def _write(
    change: Editing, kind: str, before: dict[Subject, State], *, by: User | None, now: datetime
) -> None:
    subjects = [*change.subjects, *change.new]
    after = states(subjects)
    edits = [
        DraftEdit(
            plan=change.plan,
            kind=kind,
            subject=subject,
            subject_id=pk,
            before=before.get((subject, pk)),
            after=after[subject, pk],
            by=by,
            created_at=now,
        )
        for subject, pk in subjects
        if before.get((subject, pk)) != after[subject, pk]
    ]
    if not edits:
        return
    change.plan.version += 1
    change.plan.save(update_fields=["version"])
    for edit in edits:
        edit.number = change.plan.version
    DraftEdit.objects.bulk_create(edits)


def undo(plan_id: int, number: int, *, by: User | None, now: datetime) -> None:
    """Put back what was there before the change of that number.

    Raises NotADraft, and SettleRefused when there is no such change, it is undone already, or something it
    touched was changed since.
    """
    with transaction.atomic():
        plan = locked_draft(plan_id)
        edits = list(DraftEdit.objects.filter(plan=plan, number=number).oldest_first())
        if not edits or edits[0].kind == DraftEdit.Kind.UNDO:
            raise SettleRefused(_("没有可以撤销的改动。"))
        if edits[0].undone_at:
            raise SettleRefused(_("这次改动已经撤销。"))
        present = states([(edit.subject, edit.subject_id) for edit in edits])
        if any(present[edit.subject, edit.subject_id] != edit.after for edit in edits):
            raise SettleRefused(_("这次改动之后，同一处又有改动，不能直接撤销。请先撤销后来的改动。"))
        change = Editing(plan, list(present))
        _restore({(edit.subject, edit.subject_id): edit.before for edit in edits})
        _write(change, DraftEdit.Kind.UNDO, present, by=by, now=now)
        DraftEdit.objects.filter(plan=plan, number=number).update(undone_at=now)


def states(subjects: Collection[Subject]) -> dict[Subject, State]:
    """What is stored of each part, as plain data; None for what does not exist. A fixed number of queries."""
    keys: dict[str, list[int]] = defaultdict(list)
    for subject, pk in subjects:
        keys[subject].append(pk)
    found: dict[Subject, State] = dict.fromkeys(subjects)
    for unit in PlanUnit.objects.filter(pk__in=keys[UNIT]).values():
        found[UNIT, unit["id"]] = dict(unit)
    for doubt in Doubt.objects.filter(pk__in=keys[DOUBT]).values("id", "settled_at", "settled_by_id"):
        found[DOUBT, doubt["id"]] = dict(doubt)
    found |= _measures(keys[MEASURE])
    plain: dict[Subject, State] = {
        subject: json.loads(json.dumps(state, cls=DjangoJSONEncoder)) for subject, state in found.items()
    }
    return plain


def _measures(keys: Collection[int]) -> dict[Subject, State]:
    if not keys:
        return {}
    clauses, mentions, targets, doubts = (_by_measure(rows) for rows in _rows(keys))
    return {
        (MEASURE, row["id"]): row
        | {
            "clauses": clauses[row["id"]],
            "mentions": mentions[row["id"]],
            "targets": targets[row["id"]],
            "doubts": doubts[row["id"]],
        }
        for row in Measure.objects.filter(pk__in=keys).values("id", "checked_at", "checked_by_id")
    }


def _rows(keys: Collection[int]) -> Iterator[Iterable[Mapping[str, Any]]]:
    yield Clause.objects.filter(measure__in=keys).order_by("position").values()
    yield UnitMention.objects.filter(measure__in=keys).order_by("pk").values()
    targets = Target.objects.filter(clause__measure__in=keys).order_by("pk")
    yield targets.annotate(measure_id=models.F("clause__measure")).values(*_columns(Target), "measure_id")
    yield (
        Doubt.objects.filter(measure__in=keys)
        .order_by("pk")
        .values("id", "measure_id", "settled_at", "settled_by_id")
    )


def _columns(model: type[models.Model]) -> list[str]:
    return [column.attname for column in model._meta.concrete_fields]


def _by_measure(rows: Iterable[Mapping[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["measure_id"]].append(dict(row))
    return found


def _restore(wanted: dict[Subject, State]) -> None:
    """Store these states again. Raises SettleRefused where a unit to be removed is named elsewhere by now."""
    for (subject, pk), state in wanted.items():
        if subject == MEASURE and state is not None:
            _restore_measure(pk, state)
        elif subject == DOUBT and state is not None:
            Doubt.objects.filter(pk=pk).update(**state)
        elif subject == UNIT and state is not None:
            PlanUnit.objects.filter(pk=pk).update(**state)
    for _subject, pk in [key for key, state in wanted.items() if state is None]:
        if UnitMention.objects.filter(unit=pk).exists():
            raise SettleRefused(_("这次改动之后，同一处又有改动，不能直接撤销。请先撤销后来的改动。"))
        PlanUnit.objects.filter(pk=pk).delete()


def _restore_measure(pk: int, state: dict[str, Any]) -> None:
    # Targets and the mentions of clauses go with their clauses.
    Clause.objects.filter(measure=pk).delete()
    UnitMention.objects.filter(measure=pk).delete()
    Clause.objects.bulk_create([Clause(**row) for row in state["clauses"]])
    UnitMention.objects.bulk_create([UnitMention(**row) for row in state["mentions"]])
    Target.objects.bulk_create([Target(**_without(row, "measure_id")) for row in state["targets"]])
    for row in state["doubts"]:
        Doubt.objects.filter(pk=row["id"]).update(**_without(row, "id"))
    Measure.objects.filter(pk=pk).update(checked_at=state["checked_at"], checked_by_id=state["checked_by_id"])


def _without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}
