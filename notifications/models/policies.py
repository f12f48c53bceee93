"""The reminder policies of regions and plans."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from notifications.policy import Policies, Policy
from tracker.models import Plan

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# Every number that a ladder counts with; nought would be a ladder without end.
COUNTED = (
    "overdue_first",
    "overdue_repeat",
    "unsigned_after",
    "review_after",
    "review_repeat",
    "escalate_after",
    "escalate_leader_after",
    "silent_months",
)


def with_editions(rows: Iterable["ReminderPolicy"]) -> dict[int, "ReminderPolicy"]:
    """By plan the one of these rules that it goes by: its own, else that of the edition before it.

    Plans that go by the rule of their region are not in it.
    """
    found = {row.plan_id: row for row in rows if row.plan_id is not None}
    for plan, before in Plan.objects.editions() if found else ():
        if before in found:
            found.setdefault(plan, found[before])
    return found


class ReminderPolicyQuerySet(models.QuerySet["ReminderPolicy"]):
    def of_region(self, region_id: int) -> Self:
        """The region's own, not those of its plans."""
        return self.filter(region=region_id, plan__isnull=True)

    def of_plan(self, plan_id: int) -> Self:
        return self.filter(plan=plan_id)

    def policies(self) -> Policies:
        """All of them, as the planner asks for them. One query, and one more where a plan has its own.

        A new edition of a plan goes by the rule of the old one until it gets its own.
        """
        rows = list(self.all())
        return Policies(
            by_plan={plan: row.policy for plan, row in with_editions(rows).items()},
            by_region={row.region_id: row.policy for row in rows if row.plan_id is None},
        )

    def for_list(self) -> Self:
        return self.select_related("region", "plan", "updated_by").defer("plan__source_text")

    def by_place(self) -> Self:
        """A region's own first, then those of its plans."""
        return self.order_by("region__code", models.F("plan").asc(nulls_first=True), "pk")


class ReminderPolicy(models.Model):
    """When to remind in a region, or under one of its plans (提醒规则): the fields of policy.Policy.

    A region or plan without a row follows the next: plan, region, the default.
    """

    region = models.ForeignKey(Region, verbose_name=_("地区"), on_delete=models.PROTECT, related_name="+")
    plan = models.OneToOneField(
        Plan, verbose_name=_("方案"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    before = models.JSONField(_("到期前（天）"), default=list)
    node_before = models.JSONField(_("节点前（天）"), default=list)
    overdue_first = models.PositiveSmallIntegerField(_("逾期首次（天）"))
    overdue_repeat = models.PositiveSmallIntegerField(_("逾期重复（天）"))
    unsigned_after = models.PositiveSmallIntegerField(_("未签收（工作日）"))
    first_report_after = models.PositiveSmallIntegerField(_("未填报（工作日）"), null=True, blank=True)
    silent_months = models.PositiveSmallIntegerField(_("久未填报（月）"))
    review_after = models.PositiveSmallIntegerField(_("待审核首次（工作日）"))
    review_repeat = models.PositiveSmallIntegerField(_("待审核重复（工作日）"))
    escalate_after = models.PositiveSmallIntegerField(_("逾期报督办员（工作日）"))
    escalate_leader_after = models.PositiveSmallIntegerField(_("逾期报领导（工作日）"))
    version = models.PositiveIntegerField(_("版本"), default=1)
    updated_at = models.DateTimeField(_("修改时间"))
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("修改人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = ReminderPolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("提醒规则")
        verbose_name_plural = _("提醒规则")
        constraints = [
            models.UniqueConstraint(
                fields=["region"], condition=Q(plan__isnull=True), name="reminder_policy_one_per_region"
            ),
            models.CheckConstraint(
                condition=Q(**{f"{name}__gte": 1 for name in COUNTED})
                & (Q(first_report_after__isnull=True) | Q(first_report_after__gte=1)),
                name="reminder_policy_counts_from_one",
            ),
        ]

    if TYPE_CHECKING:
        region_id: int
        plan_id: int | None

    def __str__(self) -> str:
        return str(self.plan or self.region)

    @property
    def policy(self) -> Policy:
        """As the decision takes it."""
        values = {one.name: getattr(self, one.name) for one in fields(Policy)}
        values |= {name: tuple(values[name]) for name in ("before", "node_before")}
        return Policy(**values)

    def take(self, policy: Policy) -> list[str]:
        """Put the policy's values in; returns the names of the fields it has set."""
        values = asdict(policy)
        values |= {name: list(values[name]) for name in ("before", "node_before")}
        for name, value in values.items():
            setattr(self, name, value)
        return list(values)


def label_of(name: str) -> "str | _StrPromise":
    """What a field of a policy is called, in the language of whoever reads it."""
    return next(field.verbose_name for field in ReminderPolicy._meta.fields if field.name == name)


def differences(before: Policy, after: Policy) -> dict[str, list[str]]:
    """The fields in which two policies differ, as label to both values in words."""
    old, new = asdict(before), asdict(after)
    return {
        str(label_of(name)): [_printed(old[name]), _printed(new[name])]
        for name in old
        if old[name] != new[name]
    }


def _printed(value: object) -> str:
    """30、15、7; a dash for what is switched off."""
    if isinstance(value, tuple):
        value = "、".join(map(str, value))
    return "—" if value in (None, "") else str(value)
