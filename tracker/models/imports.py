"""Files on their way to a draft: what waits, what is being read, and what came of it."""

from datetime import datetime
from enum import nonmember
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from tracker.models.plans import Plan

FOLDER = "imports"
# A file that brings down two workers brings down a third: it is given up.
MOST_ATTEMPTS = 2


def waiting_path(row: "PlanImport", name: str) -> str:
    """A random name that says nothing, in the one folder from which what nobody knows may be deleted."""
    return f"{FOLDER}/{uuid4().hex}"


class PlanImportQuerySet(models.QuerySet["PlanImport"]):
    def in_region(self, region_id: int | None) -> Self:
        return self.filter(region=region_id)

    def open(self) -> Self:
        return self.filter(state__in=PlanImport.State.open)

    def unsettled(self) -> Self:
        """What somebody still has to see: on its way, or failed."""
        return self.filter(state__in=PlanImport.State.unsettled)

    def claimable(self, now: datetime) -> Self:
        """To be read now: nobody began, or whoever did never came back and may be tried once more."""
        left = Q(state=PlanImport.State.READING, claimed_until__lt=now, attempts__lt=MOST_ATTEMPTS)
        return self.filter(Q(state=PlanImport.State.WAITING) | left)

    def exhausted(self, now: datetime) -> Self:
        """Nobody who began came back, as often as may be tried."""
        reading = self.filter(state=PlanImport.State.READING, claimed_until__lt=now)
        return reading.filter(attempts__gte=MOST_ATTEMPTS)

    def forgotten(self, since: datetime) -> Self:
        """In the queue since before that moment, and nobody ever came."""
        return self.filter(state=PlanImport.State.WAITING, created_at__lt=since)

    def fruitless(self, since: datetime) -> Self:
        """Ended before that moment without a plan."""
        return self.filter(state__in=PlanImport.State.fruitless, finished_at__lt=since)

    def for_page(self) -> Self:
        """The plan it became without its whole text."""
        return self.select_related("plan", "created_by").defer("plan__source_text")

    def newest_first(self) -> Self:
        return self.order_by("-pk")


class PlanImport(models.Model):
    """One file of a plan between its upload and the draft that it becomes (导入任务).

    WAITING -> READING -> DONE (with its plan) | FAILED (with the reason) | CANCELLED. READING is a claim with
    a lease: a worker that died is replaced after `claimed_until`. The file itself is kept only while it is
    needed: every end deletes it, and the name and fingerprint stay.
    """

    class State(models.TextChoices):
        WAITING = "WAITING", _("等待读取")
        READING = "READING", _("正在读取")
        DONE = "DONE", _("已完成")
        FAILED = "FAILED", _("未能导入")
        CANCELLED = "CANCELLED", _("已取消")

        open = nonmember(("WAITING", "READING"))
        fruitless = nonmember(("FAILED", "CANCELLED"))
        unsettled = nonmember(("WAITING", "READING", "FAILED"))

    class Step(models.TextChoices):
        """What is being done; `done` of `total` counts the pages where the reader counts any."""

        READ = "READ", _("读取文字")
        SPLIT = "SPLIT", _("拆分条目和时限")
        STORE = "STORE", _("存为草稿")

    region = models.ForeignKey(
        Region, verbose_name=_("地区"), on_delete=models.PROTECT, related_name="plan_imports"
    )
    name = models.CharField(_("文件名"), max_length=130)
    size = models.PositiveBigIntegerField(_("大小（字节）"))
    sha256 = models.CharField(_("指纹（SHA-256）"), max_length=64)
    file = models.FileField(_("存放位置"), upload_to=waiting_path, max_length=60, blank=True)
    state = models.CharField(_("状态"), max_length=9, choices=State.choices, default=State.WAITING)
    step = models.CharField(_("步骤"), max_length=5, choices=Step.choices, default=Step.READ)
    done = models.PositiveIntegerField(_("已读页数"), default=0)
    total = models.PositiveIntegerField(_("总页数"), default=0)
    attempts = models.PositiveSmallIntegerField(_("已尝试次数"), default=0)
    claimed_until = models.DateTimeField(_("占用至"), null=True, blank=True)
    created_at = models.DateTimeField(_("上传时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("上传人"), on_delete=models.PROTECT, related_name="+"
    )
    finished_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    reason = models.TextField(_("未能导入的原因"), blank=True)
    plan = models.ForeignKey(
        Plan,
        verbose_name=_("方案"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="imports",
    )
    # The region had this very text before: the plan is the old one, and nothing was stored a second time.
    was_known = models.BooleanField(_("此前已导入"), default=False)
    # One form sent twice imports once.
    form_key = models.UUIDField(_("表单标识"), editable=False)

    objects = PlanImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("导入任务")
        verbose_name_plural = _("导入任务")
        constraints = [
            models.UniqueConstraint(fields=["created_by", "form_key"], name="import_once_per_form"),
            models.CheckConstraint(
                condition=(Q(state="READING") & Q(claimed_until__isnull=False))
                | (~Q(state="READING") & Q(claimed_until__isnull=True)),
                name="import_reading_has_lease_and_only_reading",
            ),
            models.CheckConstraint(
                condition=(Q(state="DONE") & Q(plan__isnull=False))
                | (~Q(state="DONE") & Q(plan__isnull=True)),
                name="import_done_has_plan_and_only_done",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=("WAITING", "READING")) & Q(finished_at__isnull=True) & ~Q(file=""))
                | (~Q(state__in=("WAITING", "READING")) & Q(finished_at__isnull=False) & Q(file="")),
                name="import_keeps_its_file_while_open",
            ),
        ]
        indexes = [
            # The sweep asks every few minutes; nearly all rows are over and stay out of the index.
            models.Index(
                fields=["created_at"], name="import_open", condition=Q(state__in=["WAITING", "READING"])
            ),
        ]

    if TYPE_CHECKING:
        region_id: int
        plan_id: int | None

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.state in self.State.open
