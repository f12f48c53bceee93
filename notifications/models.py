"""The working calendar's local days, the ledger of reminders, the mails made of them, and the runs."""

from datetime import datetime
from enum import nonmember
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from notifications.policy import stage_label
from tracker.models import Assignment


class CalendarDay(models.Model):
    """A day that is not what the national calendar says, or that it does not say yet."""

    date = models.DateField(_("日期"), unique=True)
    is_workday = models.BooleanField(_("工作日"))
    name = models.CharField(_("说明"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("日历调整")
        verbose_name_plural = _("日历调整")

    def __str__(self) -> str:
        return f"{self.date} {self.name}"


class RunQuerySet(models.QuerySet["Run"]):
    def plans(self) -> Self:
        return self.filter(kind=Run.Kind.PLAN)

    def sweeps(self) -> Self:
        return self.filter(kind=Run.Kind.SWEEP)

    def with_outcomes(self) -> Self:
        """Annotate `sent` and `failed`: how many of the run's digests ended so."""
        return self.annotate(
            sent=Count("messages", filter=Q(messages__state="SENT")),
            failed=Count("messages", filter=Q(messages__state="DEAD")),
        )

    def latest_first(self) -> Self:
        return self.order_by("-started_at", "-pk")


class Run(models.Model):
    """One time the scheduler did its work: deciding who is told (PLAN), or looking for mail to send (SWEEP).

    What has become of a plan's digests is counted from them (with_outcomes), never stored.
    """

    class Kind(models.TextChoices):
        PLAN = "PLAN", _("生成提醒")
        SWEEP = "SWEEP", _("检查待发")

    kind = models.CharField(_("类别"), max_length=5, choices=Kind.choices)
    started_at = models.DateTimeField(_("开始时间"))
    is_finished = models.BooleanField(_("已完成"), default=False)
    planned = models.PositiveIntegerField(_("待发封数"), default=0)
    note = models.TextField(_("说明"), blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = _("运行记录")
        verbose_name_plural = _("运行记录")
        # "The last run of this kind" is asked by each page that shows whether the scheduler is alive.
        indexes = [models.Index(fields=["kind", "-started_at"], name="run_latest_by_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {localtime(self.started_at):%Y-%m-%d %H:%M}"


class MessageQuerySet(models.QuerySet["Message"]):
    def to_people_in(self, regions: models.QuerySet[Region]) -> Self:
        return self.filter(recipient__region__in=regions)

    def claimable(self, now: datetime) -> Self:
        """To be sent now: planned, or its back-off is over, or whoever claimed it never came back."""
        waiting = Q(state__in=Message.State.waiting, next_attempt_at__lte=now)
        return self.filter(waiting | Q(state=Message.State.CLAIMED, claimed_until__lt=now))

    def failing(self) -> Self:
        return self.filter(state__in=(Message.State.RETRY, Message.State.DEAD))

    def latest_first(self) -> Self:
        return self.order_by("-day", "-pk")


class Message(models.Model):
    """One digest mail: all that one person is told on one day.

    PLANNED -> CLAIMED -> SENT | RETRY (at next_attempt_at) | DEAD. A claim is a lease: when its holder dies,
    another takes over after `claimed_until`.
    """

    class State(models.TextChoices):
        PLANNED = "PLANNED", _("待发送")
        CLAIMED = "CLAIMED", _("发送中")
        SENT = "SENT", _("已发送")
        RETRY = "RETRY", _("等待重试")
        DEAD = "DEAD", _("发送失败")

        waiting = nonmember(("PLANNED", "RETRY"))

    run = models.ForeignKey(Run, verbose_name=_("运行"), on_delete=models.PROTECT, related_name="messages")
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("收件人"), on_delete=models.PROTECT, related_name="digests"
    )
    address = models.EmailField(_("邮箱"))
    day = models.DateField(_("日期"))
    subject = models.CharField(_("主题"), max_length=200)
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
        ]

    if TYPE_CHECKING:
        recipient_id: int
        run_id: int

    def __str__(self) -> str:
        return self.subject


class Reminder(models.Model):
    """One line of the reminder ledger: a person was told a stage of an assignment, or it was overtaken.

    The key is what makes planning safe to repeat. `occasion_date` is the due date, or the day the state began
    (given out, handed in, returned, nudged, last heard of): move the date, and the stages are armed again.
    """

    class State(models.TextChoices):
        PLANNED = "PLANNED", _("已列入邮件")
        SUPERSEDED = "SUPERSEDED", _("已被后续提醒取代")

    run = models.ForeignKey(Run, verbose_name=_("运行"), on_delete=models.PROTECT, related_name="reminders")
    assignment = models.ForeignKey(
        Assignment, verbose_name=_("责任"), on_delete=models.PROTECT, related_name="reminders"
    )
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("收件人"), on_delete=models.PROTECT, related_name="reminders"
    )
    stage = models.CharField(_("提醒节点"), max_length=24)
    occasion_date = models.DateField(_("对应日期"))
    planned_on = models.DateField(_("列入日期"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.PLANNED)
    message = models.ForeignKey(
        Message,
        verbose_name=_("邮件"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="reminders",
    )

    class Meta:
        verbose_name = _("提醒台账")
        verbose_name_plural = _("提醒台账")
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "recipient", "stage", "occasion_date"],
                name="reminder_once_per_occasion",
            )
        ]

    if TYPE_CHECKING:
        assignment_id: int
        recipient_id: int
        message_id: int | None

    def __str__(self) -> str:
        return f"{self.stage_label}（{self.occasion_date}）"

    @property
    def stage_label(self) -> str:
        return stage_label(self.stage)
