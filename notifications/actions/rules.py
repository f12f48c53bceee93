"""The rules of reminding: policies, each change with its audit event, and people's preferences."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actions import Origin, printed
from accounts.actions import record as record_audit
from accounts.models import AuditEvent, Region, User
from notifications.hours import CHOSEN_HOURS
from notifications.models import Preference, ReminderPolicy
from notifications.models.policies import differences
from notifications.permissions import can_set_policy
from notifications.policy import DEFAULT_POLICY, Policy
from tracker.models import Plan


class RuleRefused(Exception):
    """A change of the rules that cannot be made; its text tells the reader why."""


class StaleRule(RuleRefused):
    """Somebody changed the rule after the page was opened."""


def inherited_policy(region: Region, plan: Plan | None) -> Policy:
    """What holds where there is no rule of its own: for a plan that of the edition before, else the region's;
    for a region the default.
    """
    policies = ReminderPolicy.objects.policies()
    return policies.of(plan.previous_edition_id, region.pk) if plan else DEFAULT_POLICY


@transaction.atomic
def keep_policy(
    region: Region, plan: Plan | None, wanted: Policy, *, version: int, origin: Origin
) -> ReminderPolicy:
    """Make this the rule of the region, or of its plan. `version` is that of the rule shown, 0 for none.

    What is there already is not written again, so that a form sent twice does one thing. Raises RuleRefused
    or StaleRule.
    """
    kept = _locked(region, plan, origin)
    if kept is not None and kept.policy == wanted:
        return kept
    _check_version(kept, version)
    before = kept.policy if kept else inherited_policy(region, plan)
    if kept is None:
        kept = ReminderPolicy(region=region, plan=plan, updated_at=origin.now, updated_by=origin.by)
        kept.take(wanted)
        kept.save()
    else:
        kept.version, kept.updated_at, kept.updated_by = kept.version + 1, origin.now, origin.by
        kept.save(update_fields=[*kept.take(wanted), "version", "updated_at", "updated_by"])
    _record(region, plan, before, wanted, origin)
    return kept


@transaction.atomic
def drop_policy(region: Region, plan: Plan | None, *, version: int, origin: Origin) -> None:
    """Go back to what holds without it (inherited_policy).

    Raises RuleRefused or StaleRule. Nothing to drop is normal.
    """
    kept = _locked(region, plan, origin)
    if kept is None:
        return
    _check_version(kept, version)
    _record(region, plan, kept.policy, inherited_policy(region, plan), origin)
    kept.delete()


def _locked(region: Region, plan: Plan | None, origin: Origin) -> ReminderPolicy | None:
    """The rule, if there is one. The region is locked: there may be no row yet that two could meet at."""
    if origin.by is None or not can_set_policy(origin.by, region):
        raise RuleRefused(_("您没有权限修改这里的提醒规则。"))
    Region.objects.select_for_update(no_key=True).get(pk=region.pk)
    rules = ReminderPolicy.objects.all()
    return (rules.of_plan(plan.pk) if plan else rules.of_region(region.pk)).first()


def _check_version(kept: ReminderPolicy | None, version: int) -> None:
    if version != (kept.version if kept else 0):
        raise StaleRule(_("您打开页面之后，规则已被修改。请核对后再保存。"))


def _record(region: Region, plan: Plan | None, before: Policy, after: Policy, origin: Origin) -> None:
    with printed():
        detail: dict[str, object] = {_("方案"): plan.title} if plan else {}
        detail |= differences(before, after)
    record_audit(AuditEvent.Kind.RULE_CHANGED, origin, region=region, detail=detail)


@transaction.atomic
def keep_preference(
    person: User,
    *,
    paused_from: date | None,
    paused_until: date | None,
    deputy: User | None,
    on_rest_days: bool,
    hour: int | None,
    muted: Sequence[str],
) -> Preference:
    """Put what a person says about the own reminders in place of what was said before.

    A pause has both days and a deputy of the same unit, or of the same role and region; the hour is one of
    CHOSEN_HOURS, or None for the first run of the day. Raises RuleRefused.
    """
    if hour is not None and hour not in CHOSEN_HOURS:
        raise RuleRefused(_("请从列出的时刻中选择。"))
    if deputy is None or paused_from is None or paused_until is None:
        if deputy or paused_from or paused_until:
            raise RuleRefused(_("暂停提醒要填写起止日期和代收人。"))
    elif paused_until < paused_from:
        raise RuleRefused(_("暂停的结束日期不能早于开始日期。"))
    elif not User.objects.all().could_succeed(person).filter(pk=deputy.pk).exists():
        raise RuleRefused(_("代收人要是同单位（督办员、领导要是同地区同角色）的在用人员。"))
    preference, _made = Preference.objects.update_or_create(
        user=person,
        defaults={
            "paused_from": paused_from,
            "paused_until": paused_until,
            "deputy": deputy,
            "on_rest_days": on_rest_days,
            "hour": hour,
            "muted": [kind for kind in Preference.Mutable.values if kind in muted],
        },
    )
    return preference
