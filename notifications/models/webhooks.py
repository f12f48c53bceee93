"""Gateways that digests are also posted to, and how each posting went."""

from datetime import datetime
from enum import nonmember
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from notifications.models.messages import Message


class Webhook(models.Model):
    """A gateway (推送网关) of a region: gets each digest of the region's people as signed JSON."""

    region = models.ForeignKey(
        Region, verbose_name=_("地区"), on_delete=models.PROTECT, related_name="webhooks"
    )
    name = models.CharField(_("名称"), max_length=60)
    url = models.CharField(_("推送地址"), max_length=500)
    # Needed as it is to sign with; no page shows it again.
    secret = models.CharField(_("签名密钥"), max_length=200)
    is_active = models.BooleanField(_("启用"), default=True)
    created_at = models.DateTimeField(_("建立时间"), editable=False)

    class Meta:
        verbose_name = _("推送网关")
        verbose_name_plural = _("推送网关")

    if TYPE_CHECKING:
        region_id: int

    def __str__(self) -> str:
        return self.name


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def claimable(self, now: datetime) -> Self:
        """The same as MessageQuerySet.claimable."""
        waiting = Q(state__in=WebhookDelivery.State.waiting, next_attempt_at__lte=now)
        return self.filter(waiting | Q(state=WebhookDelivery.State.CLAIMED, claimed_until__lt=now))


class WebhookDelivery(models.Model):
    """One digest posted to one gateway. What becomes of it never touches the mail."""

    class State(models.TextChoices):
        PLANNED = "PLANNED", _("待推送")
        CLAIMED = "CLAIMED", _("推送中")
        SENT = "SENT", _("已推送")
        RETRY = "RETRY", _("等待重试")
        DEAD = "DEAD", _("推送失败")

        waiting = nonmember(("PLANNED", "RETRY"))

    webhook = models.ForeignKey(
        Webhook, verbose_name=_("推送网关"), on_delete=models.PROTECT, related_name="deliveries"
    )
    message = models.ForeignKey(
        Message, verbose_name=_("提醒邮件"), on_delete=models.PROTECT, related_name="webhook_deliveries"
    )
    state = models.CharField(_("状态"), max_length=7, choices=State.choices, default=State.PLANNED)
    next_attempt_at = models.DateTimeField(_("下次推送"))
    claimed_until = models.DateTimeField(_("占用至"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("已尝试次数"), default=0)
    sent_at = models.DateTimeField(_("推送时间"), null=True, blank=True)
    error = models.TextField(_("失败原因"), blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("推送记录")
        verbose_name_plural = _("推送记录")
        constraints = [
            models.UniqueConstraint(fields=["webhook", "message"], name="webhook_posts_a_digest_once"),
            models.CheckConstraint(
                condition=(Q(state="SENT") & Q(sent_at__isnull=False))
                | (~Q(state="SENT") & Q(sent_at__isnull=True)),
                name="delivery_sent_has_time_and_only_sent",
            ),
        ]
        indexes = [
            # As with digests: the sweep asks often, and nearly all rows are done.
            models.Index(
                fields=["next_attempt_at"],
                name="delivery_unsent",
                condition=Q(state__in=["PLANNED", "RETRY", "CLAIMED"]),
            )
        ]

    if TYPE_CHECKING:
        webhook_id: int
        message_id: int

    def __str__(self) -> str:
        return f"{self.webhook}：{self.message}"
