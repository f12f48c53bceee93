"""Comparing a draft with the plan whose new edition it is: choosing that plan, deciding clause by clause."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from tracker.actions.draft_record import SettleRefused, StaleDraft, locked_draft
from tracker.comparison import Comparison, Row, compare
from tracker.models import EditionChoice, Plan


@transaction.atomic
def choose_edition(plan_id: int, *, old_id: int | None) -> Plan:
    """Say of which plan this draft is a new edition; None takes that back, and all decisions with it.

    What the old plan asks of evidence is taken over. Raises NotADraft and SettleRefused.
    """
    plan = locked_draft(plan_id)
    if old_id == plan.previous_edition_id:
        return plan
    if old_id is not None:
        old = Plan.objects.filter(pk=old_id, region=plan.region_id).exclude(pk=plan.pk).first()
        if old is None or old.is_superseded or _descends(old, plan):
            raise SettleRefused(_("不能与这份方案比对：它不在本地区，或者已被新版本取代。"))
        plan.asks_evidence = plan.asks_evidence or old.asks_evidence
    plan.edition_choices.all().delete()
    plan.previous_edition_id = old_id
    plan.version += 1
    plan.save(update_fields=["previous_edition", "asks_evidence", "version"])
    return plan


def _descends(old: Plan, plan: Plan) -> bool:
    """Whether `old` is itself said to be an edition after `plan`; drafts may be compared with drafts."""
    seen: Plan | None = old
    for _step in range(50):
        seen = seen.previous_edition if seen else None
        if seen is None:
            return False
        if seen.pk == plan.pk:
            return True
    return True


@transaction.atomic
def decide(
    plan_id: int,
    *,
    old_clause: int,
    mark: str,
    action: str,
    takes_date: bool = True,
    takes_units: bool = True,
    note: str = "",
    by: User,
    now: datetime,
) -> Row:
    """Decide one line of the comparison; a second decision takes the place of the first.

    `mark` says what the person saw. Raises NotADraft, SettleRefused, and StaleDraft where it is something
    else by now.
    """
    plan = _compared(plan_id)
    row = compare(plan).row_of(old_clause)
    if row is None or row.mark != mark:
        raise StaleDraft(_("您打开页面之后，这一条或它的原任务又有变化。请看清现在的内容再决定。"))
    if action not in row.offers:
        raise SettleRefused(_("这一条不能这样处理。"))
    _keep(plan, row, action, takes_date=takes_date, takes_units=takes_units, note=note, by=by, now=now)
    plan.version += 1
    plan.save(update_fields=["version"])
    return row


@transaction.atomic
def agree_to_all(plan_id: int, *, seen: str, by: User, now: datetime) -> int:
    """Decide all that waits as proposed; returns how many. `seen` names what the person agreed to.

    Raises NotADraft, SettleRefused, and StaleDraft where something else waits by now.
    """
    plan = _compared(plan_id)
    comparison = compare(plan)
    if comparison.seen != seen:
        raise StaleDraft(_("您打开页面之后，待决定的内容又有变化。请看清现在的内容再决定。"))
    waiting = comparison.waiting
    for row in waiting:
        assert row.proposal is not None
        _keep(plan, row, row.proposal, by=by, now=now)
    if waiting:
        plan.version += 1
        plan.save(update_fields=["version"])
    return len(waiting)


def reasons_against(plan: Plan, comparison: Comparison | None = None) -> list[str]:
    """Why the new edition cannot take the old one's place yet; empty when it can, or is none."""
    if plan.previous_edition_id is None:
        return []
    comparison = comparison or compare(plan)
    reasons = []
    if comparison.old.is_superseded:
        reasons.append(_("原版本已被另一份新版本取代，请重新选择比对的方案。"))
    if count := len(comparison.waiting):
        reasons.append(
            ngettext("与原版本比对，还有%(n)d条没有决定。", "与原版本比对，还有%(n)d条没有决定。", count)
            % {"n": count}
        )
    reasons += [
        _("任务%(number)s有单位已申请办结，请先审核（通过或退回），再停办。") % {"number": number}
        for number in _numbers(comparison.rows)
    ]
    return reasons


def _numbers(rows: Iterable[Row]) -> list[str]:
    found: dict[int, str] = {}
    for row in rows:
        waiting = {share.task_id for share in row.unanswered}
        found |= {task.pk: task.number for task in row.tasks if task.pk in waiting}
    return [found[pk] for pk in sorted(found)]


def _compared(plan_id: int) -> Plan:
    """The draft, locked, with the plan it is compared with."""
    plan = locked_draft(plan_id)
    if plan.previous_edition_id is None:
        raise SettleRefused(_("这份草稿没有与别的方案比对。"))
    return plan


def _keep(
    plan: Plan,
    row: Row,
    action: str,
    *,
    takes_date: bool = True,
    takes_units: bool = True,
    note: str = "",
    by: User,
    now: datetime,
) -> None:
    assert row.old is not None
    EditionChoice.objects.update_or_create(
        plan=plan,
        old_clause=row.old.clause,
        defaults={
            "new_clause_id": row.new.clause.pk if row.new else None,
            "action": action,
            "takes_date": takes_date,
            "takes_units": takes_units,
            "note": note.strip()[:400],
            "mark": row.mark,
            "decided_at": now,
            "decided_by": by,
        },
    )
