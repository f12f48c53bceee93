"""Editing the clauses of a draft: their boundaries, schedules and targets, one or a chapter at a time.

Each function is one change on record (draft_record). Whatever is done, source_text[start:end] is a clause's
text, and the clauses of a measure stand in order without overlap.
"""

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.models import User
from tracker.actions.draft_record import MEASURE, SettleRefused, editing
from tracker.actions.settling import clause_of, measure_editing
from tracker.models import Clause, DraftEdit, Target, UnitMention
from tracker.models.plans import Every, ScheduleKind

Kind = DraftEdit.Kind
# What stands between two demands belongs to neither.
LOOSE = re.compile(r"[\s，,；;、。．]*")
SCHEDULE = ("kind", "due_date", "start_date", "every", "quote", "precision", "rule", "implied")


def edit_clauses(
    edits: Mapping[int, tuple[date | None, bool]],
    *,
    by: User | None,
    now: datetime,
    version: int | None = None,
) -> None:
    """Set or clear due dates and skips of clauses of one plan: clause id to (due date, makes no task).

    Raises SettleRefused when one of the clauses is no longer there.
    """
    found = Clause.objects.filter(pk__in=edits).values_list("measure__plan", "measure")
    plans, measures = {plan for plan, _measure in found}, {measure for _plan, measure in found}
    if not plans:
        raise SettleRefused(_("这些子句已经不在了，请看清现在的内容再改。"))
    (plan_id,) = plans
    subjects = [(MEASURE.value, pk) for pk in sorted(measures)]
    with editing(plan_id, Kind.DATES, subjects, by=by, now=now, version=version):
        clauses = list(Clause.objects.filter(pk__in=edits).order_by("pk"))
        if len(clauses) < len(edits):
            raise SettleRefused(_("这些子句已经不在了，请看清现在的内容再改。"))
        for clause in clauses:
            due_date, clause.is_skipped = edits[clause.pk]
            if due_date != clause.due_date:
                clause.due_date = due_date
                clause.is_due_edited = True
                if due_date and clause.kind == ScheduleKind.ONGOING:
                    clause.kind = ScheduleKind.DEADLINE
            clause.save(update_fields=["due_date", "is_due_edited", "kind", "is_skipped"])


def set_schedule(
    measure_id: int,
    *,
    clause_id: int,
    kind: str,
    due_date: date | None,
    start_date: date | None,
    every: str,
    by: User,
    now: datetime,
    version: int | None = None,
) -> None:
    """Say what kind of time a clause has; the form has seen to it that the parts fit each other."""
    with measure_editing(measure_id, Kind.SCHEDULE, by=by, now=now, version=version):
        clause = clause_of(measure_id, clause_id)
        if (kind, due_date, start_date, every) == (
            clause.kind,
            clause.due_date,
            clause.start_date,
            clause.every,
        ):
            return
        clause.kind, clause.due_date, clause.start_date, clause.every = kind, due_date, start_date, every
        clause.is_due_edited = True
        clause.save(update_fields=["kind", "due_date", "start_date", "every", "is_due_edited"])


def split_clause(
    measure_id: int, *, clause_id: int, at: int, by: User, now: datetime, version: int | None = None
) -> None:
    """Make two clauses of one, the second beginning `at` characters into its text.

    Marks and spaces at the cut belong to neither. Both keep the time and the units; a target goes with the
    half that prints it. Raises SettleRefused when one half would be empty.
    """
    with measure_editing(measure_id, Kind.SPLIT, by=by, now=now, version=version):
        clause = clause_of(measure_id, clause_id)
        left, right = halves(clause.text, at)
        if not left or right >= len(clause.text):
            raise SettleRefused(_("请在文字中间选一处断开：两边都要有内容。"))
        whole, start, end = clause.text, clause.start, clause.end
        for later in Clause.objects.filter(measure=measure_id, position__gt=clause.position).order_by(
            "-position"
        ):
            later.position += 1
            later.save(update_fields=["position"])
        clause.text, clause.end = whole[:left], start + left
        clause.save(update_fields=["text", "end"])
        second = Clause.objects.create(
            measure_id=measure_id,
            position=clause.position + 1,
            text=whole[right:],
            start=start + right,
            end=end,
            is_skipped=clause.is_skipped,
            is_due_edited=clause.is_due_edited,
            **{name: getattr(clause, name) for name in SCHEDULE},
        )
        UnitMention.objects.bulk_create(
            UnitMention(
                plan_id=mention.plan_id,
                measure_id=measure_id,
                clause=second,
                unit_id=mention.unit_id,
                role=mention.role,
            )
            for mention in clause.mentions.order_by("pk")
        )
        for target in clause.targets.order_by("pk"):
            if target.quote not in clause.text and target.quote in second.text:
                target.clause = second
                target.save(update_fields=["clause"])


def halves(text: str, at: int) -> tuple[int, int]:
    """Where the first half ends and the second begins when a text is cut at this place."""
    at = max(0, min(at, len(text)))
    left = len(re.sub(LOOSE.pattern + r"\Z", "", text[:at]))
    found = LOOSE.match(text, at)
    return left, found.end() if found else at


def merge_clause(
    measure_id: int, *, clause_id: int, by: User, now: datetime, version: int | None = None
) -> None:
    """Make one clause of this and the next of the measure, with whatever the source prints between them.

    The time is the first's, or the second's where only that states one; units and targets are both's. It
    makes a task unless neither did. Raises SettleRefused for the last clause.
    """
    with measure_editing(measure_id, Kind.MERGE, by=by, now=now, version=version) as draft:
        clause = clause_of(measure_id, clause_id)
        following = Clause.objects.filter(measure=measure_id, position__gt=clause.position)
        if not following:
            raise SettleRefused(_("这是本条的最后一条子句，后面没有可以合并的。"))
        second, *later = following.order_by("position")
        if clause.kind == ScheduleKind.ONGOING and second.kind != ScheduleKind.ONGOING:
            for name in SCHEDULE:
                setattr(clause, name, getattr(second, name))
            clause.is_due_edited = second.is_due_edited
        clause.end = second.end
        clause.text = draft.plan.source_text[clause.start : clause.end]
        clause.is_skipped = clause.is_skipped and second.is_skipped
        clause.save(update_fields=["end", "text", "is_skipped", "is_due_edited", *SCHEDULE])
        second.targets.update(clause=clause)
        held = set(clause.mentions.values_list("unit", flat=True))
        second.mentions.exclude(unit__in=held).update(clause=clause)
        second.delete()
        for moved in later:
            moved.position -= 1
            moved.save(update_fields=["position"])


def save_target(
    measure_id: int,
    *,
    clause_id: int,
    target_id: int | None,
    indicator: str,
    op: str,
    value: Decimal,
    unit: str,
    by: User,
    now: datetime,
    version: int | None = None,
) -> None:
    """Change a target of a clause, or add one where `target_id` is None."""
    with measure_editing(measure_id, Kind.TARGETS, by=by, now=now, version=version) as draft:
        clause = clause_of(measure_id, clause_id)
        quote = f"{indicator}{op}{value.normalize():f}{unit}"[:300]
        target = (
            _target_of(clause, target_id)
            if target_id
            else Target(plan=draft.plan, clause=clause, quote=quote, due_date=clause.due_date)
        )
        target.indicator, target.op, target.value, target.unit = indicator, op, value, unit
        target.save()


def remove_target(
    measure_id: int,
    *,
    clause_id: int,
    target_id: int,
    by: User,
    now: datetime,
    version: int | None = None,
) -> None:
    """Take a target off a clause."""
    with measure_editing(measure_id, Kind.TARGETS, by=by, now=now, version=version):
        _target_of(clause_of(measure_id, clause_id), target_id).delete()


def _target_of(clause: Clause, target_id: int) -> Target:
    target = clause.targets.filter(pk=target_id).first()
    if target is None:
        raise SettleRefused(_("这项指标已经不在了。"))
    return target


def change_ongoing(
    plan_id: int,
    measure_ids: Collection[int],
    *,
    kind: str,
    by: User,
    now: datetime,
    version: int | None = None,
) -> int:
    """Skip all ongoing clauses of these measures, or have them reported each quarter; returns how many.

    Those that make no task already stay as they are.
    """
    wanted = Clause.objects.filter(
        measure__plan=plan_id, measure__in=measure_ids, kind=ScheduleKind.ONGOING, is_skipped=False
    )
    subjects = [(MEASURE.value, pk) for pk in sorted(set(wanted.values_list("measure", flat=True)))]
    with editing(plan_id, kind, subjects, by=by, now=now, version=version):
        if kind == Kind.SKIP_ONGOING:
            return wanted.filter(measure__in=[pk for _kind, pk in subjects]).update(is_skipped=True)
        return wanted.filter(measure__in=[pk for _kind, pk in subjects]).update(
            kind=ScheduleKind.RECURRING, every=Every.QUARTER, is_due_edited=True
        )
