"""The rules of reminding: what holds where, and a form that shows its effect before anything is saved."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Region
from accounts.requests import SignedInRequest, origin_of
from notifications.actions.rules import RuleRefused, StaleRule, drop_policy, inherited_policy, keep_policy
from notifications.effects import effect_of
from notifications.forms.policies import PolicyForm, fingerprint
from notifications.models import ReminderPolicy
from notifications.models.policies import differences, with_editions
from notifications.permissions import (
    can_see_policies,
    can_set_policy,
    get_policy_plan_for,
    get_policy_region_for,
    policy_plans,
)
from notifications.policy import DEFAULT_POLICY, PRESETS, Policy
from tracker import clock
from tracker.models import Assignment, Plan
from tracker.models.assignments import AssignmentQuerySet

PAGE_SIZE = 50


@require_safe
def policy_list(request: SignedInRequest) -> HttpResponse:
    """A coordinator: the own region and its live plans. Administrators: every rule that somebody made."""
    user = request.user
    if not can_see_policies(user):
        raise Http404
    context: dict[str, object] = {}
    rules = ReminderPolicy.objects.for_list()
    page: Page[Any]
    if user.is_administrator:
        page = Paginator(rules.by_place(), PAGE_SIZE).get_page(request.GET.get("page"))
    else:
        page = Paginator(policy_plans(user).newest_first(), PAGE_SIZE).get_page(request.GET.get("page"))
        made = list(rules.filter(region=user.region_id))
        region_rule = next((rule for rule in made if rule.plan_id is None), None)
        deciding = with_editions(made)
        context = {
            "region_rule": region_rule,
            "region_policy": region_rule.policy if region_rule else DEFAULT_POLICY,
            "lines": [(plan, deciding.get(plan.pk)) for plan in page],
        }
    context["page"] = page
    context["pages"] = page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    return render(request, "notifications/policy_list.html", context)


def region_policy(request: SignedInRequest, pk: int) -> HttpResponse:
    """The rule of a region, for all its plans without one of their own."""
    return _policy_page(request, get_policy_region_for(request.user, pk), None)


def plan_policy(request: SignedInRequest, pk: int) -> HttpResponse:
    """The rule of one plan."""
    plan = get_policy_plan_for(request.user, pk)
    return _policy_page(request, plan.region, plan)


def _policy_page(request: SignedInRequest, region: Region, plan: Plan | None) -> HttpResponse:
    """Read; `?preset=` fills the form; a POST shows the effect, and saves only what was shown so."""
    may_set = can_set_policy(request.user, region)
    rule = _rule_of(region, plan)
    inherited = inherited_policy(region, plan)
    previous = plan.previous_edition_id if plan else None
    before = _deciding_in(region).get(previous) if previous else None
    present = rule.policy if rule else inherited
    version = rule.version if rule else 0
    context: dict[str, object] = {"region": region, "plan": plan, "may_set": may_set, "before": before}
    wanted: Policy | None = None
    if request.method == "POST":
        if not may_set:
            raise Http404
        version = _number(request.POST.get("version", ""))
        is_reset = request.POST.get("do") == "reset"
        form = PolicyForm.for_policy(inherited) if is_reset else PolicyForm(request.POST)
        if is_reset:
            wanted = inherited
        elif form.is_valid():
            wanted = form.policy
        is_shown = wanted is not None and request.POST.get("previewed") == fingerprint(wanted)
        if wanted is not None and is_shown and request.POST.get("do") in ("save", "reset"):
            try:
                if is_reset:
                    drop_policy(region, plan, version=version, origin=origin_of(request))
                    messages.success(request, _("已恢复沿用上一级的提醒规则。"))
                else:
                    keep_policy(region, plan, wanted, version=version, origin=origin_of(request))
                    messages.success(request, _("提醒规则已保存，下一次生成提醒时起执行。"))
                return redirect("notifications:policies")
            except RuleRefused as refusal:
                context["refusal"] = str(refusal)
                if isinstance(refusal, StaleRule):
                    rule = _rule_of(region, plan)
                    version, present = (rule.version, rule.policy) if rule else (0, inherited)
                    context["changed_since"] = differences(wanted, present)
        elif request.POST.get("do") == "save" and wanted is not None:
            context["is_unseen"] = True
        context["is_reset"] = is_reset
    elif may_set and request.GET.get("preset") in PRESETS:
        context["preset"] = request.GET["preset"]
        form = PolicyForm.for_policy(PRESETS[request.GET["preset"]])
    else:
        form = PolicyForm.for_policy(present)
    if wanted is not None:
        context["effect"] = effect_of(_ruled_by(region, plan), present, wanted, clock.today())
        context["previewed"] = fingerprint(wanted)
    context |= {"form": form, "rule": rule, "present": present, "version": version}
    return render(request, "notifications/policy_form.html", context)


def _rule_of(region: Region, plan: Plan | None) -> ReminderPolicy | None:
    rules = ReminderPolicy.objects.for_list()
    return (rules.of_plan(plan.pk) if plan else rules.of_region(region.pk)).first()


def _deciding_in(region: Region) -> dict[int, ReminderPolicy]:
    return with_editions(ReminderPolicy.objects.filter(region=region))


def _ruled_by(region: Region, plan: Plan | None) -> AssignmentQuerySet:
    """The assignments that the rule decides about: not those of plans that go by another rule.

    A plan's rule is also that of its later editions without their own.
    """
    if plan is None:
        return Assignment.objects.in_region(region.pk).exclude(plan__in=_deciding_in(region))
    own = set(ReminderPolicy.objects.filter(region=region).values_list("plan", flat=True))
    ruled = {plan.pk}
    for later, before in Plan.objects.in_region(region.pk).editions():
        if before in ruled and later not in own:
            ruled.add(later)
    return Assignment.objects.filter(plan__in=ruled)


def _number(text: str) -> int:
    """A version as the form carried it; what is none is out of date."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
