"""The mails made of reminders."""

from datetime import datetime
from enum import nonmember
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Region, User
from notifications.models.runs import Run

SUBJECT_LIMIT = 200


class MessageQuerySet(models.QuerySet["Message"]):
    def to_people_in(self, regions: models.QuerySet[Region]) -> Self:
        return self.filter(recipient__region__in=regions)

    def claimable(self, now: datetime) -> Self:
        """To be sent now: planned, or its back-off is over, or whoever claimed it never came back."""
        waiting = Q(state__in=Message.State.waiting, next_attempt_at__lte=now)
        return self.filter(waiting | Q(state=Message.State.CLAIMED, claimed_until__lt=now))

    def unsent(self) -> Self:
        """Neither sent nor given up."""
        return self.filter(state__in=("PLANNED", "RETRY", "CLAIMED"))

    def stuck(self, since: datetime) -> Self:
        """Due to be sent before that moment, and still not: nobody came for them, or not back."""
        waiting = Q(state__in=Message.State.waiting, next_attempt_at__lt=since)
        return self.filter(waiting | Q(state=Message.State.CLAIMED, claimed_until__lt=since))

    def corrected(self) -> Self:
        """Given up because the server refused the address, which somebody has corrected since.

        What did not go to the person went to the mailbox of the unit.
        """
        given_up = self.filter(state=Message.State.DEAD, is_address_refused=True)
        own = Q(recipient__in=User.objects.all().reachable())
        of_unit = ~Q(address=F("recipient__email")) & Q(
            recipient__is_active=True,
            recipient__department__mailbox__gt="",
            recipient__department__mailbox_refused_at__isnull=True,
        )
        return given_up.filter(own | of_unit)

    def unread_by(self, user: User | AnonymousUser) -> Self:
        """What the person has been told and not opened in the application, mailed or not."""
        told = self.exclude(state=Message.State.DROPPED)
        return told.filter(recipient=user.pk, read_at__isnull=True)

    def failing(self) -> Self:
        return self.filter(state__in=(Message.State.RETRY, Message.State.DEAD))

    def latest_first(self) -> Self:
        return self.order_by("-day", "-pk")


class Message(models.Model):
    """One digest mail: all that one person is told on one day.

    PLANNED -> CLAIMED -> SENT | RETRY (at next_attempt_at) | DEAD | DROPPED. A claim is a lease: when its
    holder dies, another takes over after `claimed_until`. DROPPED: all that it says was settled before it
    went out. A DEAD one whose address was refused is PLANNED again once somebody corrects the address.
    Of a person without an address it is INBOX from the beginning: read in the application, as every digest
    can be, and never mailed.
    """

    class State(models.TextChoices):
        PLANNED = "PLANNED", _("待发送")
        CLAIMED = "CLAIMED", _("发送中")
        SENT = "SENT", _("已发送")
        RETRY = "RETRY", _("等待重试")
        DEAD = "DEAD", _("发送失败")
        DROPPED = "DROPPED", _("无需发送")
        INBOX = "INBOX", _("仅站内")

        waiting = nonmember(("PLANNED", "RETRY"))

    run = models.ForeignKey(Run, verbose_name=_("运行"), on_delete=models.PROTECT, related_name="messages")
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("收件人"), on_delete=models.PROTECT, related_name="digests"
    )
    address = models.EmailField(_("邮箱"), blank=True)
    day = models.DateField(_("日期"))
    subject = models.CharField(_("主题"), max_length=SUBJECT_LIMIT)
    text = models.TextField(_("正文"))
    html = models.TextField(_("网页正文"))
    message_id = models.CharField(_("邮件编号"), max_length=200, unique=True)
    created_at = models.DateTimeField(_("生成时间"))
    state = models.CharField(_("状态"), max_length=7, choices=State.choices, default=State.PLANNED)
    next_attempt_at = models.DateTimeField(_("下次发送"))
    claimed_until = models.DateTimeField(_("占用至"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("已尝试次数"), default=0)
    sent_at = models.DateTimeField(_("发送时间"), null=True, blank=True)
    error = models.TextField(_("失败原因"), blank=True)
    is_address_refused = models.BooleanField(_("邮箱被拒收"), default=False)
    # When its recipient first opened it in the application.
    read_at = models.DateTimeField(_("阅读时间"), null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("提醒邮件")
        verbose_name_plural = _("提醒邮件")
        constraints = [
            models.UniqueConstraint(fields=["recipient", "day"], name="message_one_digest_a_day"),
            models.CheckConstraint(
                condition=(Q(state="SENT") & Q(sent_at__isnull=False))
                | (~Q(state="SENT") & Q(sent_at__isnull=True)),
                name="message_sent_has_time_and_only_sent",
            ),
            models.CheckConstraint(
                condition=(Q(state="CLAIMED") & Q(claimed_until__isnull=False))
                | (~Q(state="CLAIMED") & Q(claimed_until__isnull=True)),
                name="message_claimed_has_lease_and_only_claimed",
            ),
        ]
        indexes = [
            # The sweep asks this every few minutes; nearly all rows are SENT and stay out of the index.
            models.Index(
                fields=["next_attempt_at"],
                name="message_unsent",
                condition=Q(state__in=["PLANNED", "RETRY", "CLAIMED"]),
            ),
            models.Index(fields=["-day", "-id"], name="message_latest"),
            # The sweep asks for these, too; they are few.
            models.Index(
                fields=["recipient"],
                name="message_address_refused",
                condition=Q(state="DEAD", is_address_refused=True),
            ),
            # The number in the header.
            models.Index(fields=["recipient"], name="message_unread", condition=Q(read_at__isnull=True)),
        ]

    if TYPE_CHECKING:
        recipient_id: int
        run_id: int

    def __str__(self) -> str:
        return self.subject
