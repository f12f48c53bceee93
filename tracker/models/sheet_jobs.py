"""Files that are made or read in the background: who wants what, how far it is, and where the file lies."""

from datetime import datetime
from enum import nonmember
from pathlib import Path
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tracker.clock import day_of
from tracker.workflow import label_of


def sheets_dir() -> Path:
    """Where the files lie: outside whatever a web server hands out, named by nobody."""
    place = Path(settings.VAR_DIR) / "sheets"
    place.mkdir(parents=True, exist_ok=True, mode=0o750)
    return place


def unguessable_name() -> str:
    return uuid4().hex


class SheetJobQuerySet(models.QuerySet["SheetJob"]):
    def of(self, owner: int) -> Self:
        return self.filter(owner=owner)

    def claimable(self, now: datetime) -> Self:
        """To be run now: waiting, or left by a worker that never came back."""
        left = Q(state=SheetJob.State.RUNNING, claimed_until__lt=now)
        return self.filter(Q(state=SheetJob.State.QUEUED) | left)

    def at_work(self) -> Self:
        return self.filter(state__in=SheetJob.State.at_work)

    def made_before(self, moment: datetime) -> Self:
        return self.filter(created_at__lt=moment)

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-pk")


class SheetJob(models.Model):
    """One list to be written to a file, or one file of tasks or old ledger to be read.

    QUEUED -> RUNNING -> DONE | FAILED; CANCELLED from before the end. A file of tasks is looked at first: it
    comes to CHECKED, and goes back to QUEUED once its owner confirms, to be written as a whole; or to
    REFUSED, where a row cannot be taken. A claim is a lease: its holder renews it as it goes on.
    An old ledger comes to COLUMNS first, and from there or from CHECKED back to QUEUED with its settings.
    """

    class Kind(models.TextChoices):
        EXPORT = "EXPORT", _("导出")
        IMPORT = "IMPORT", _("导入任务")
        LEDGER = "LEDGER", _("导入旧台账")

    class State(models.TextChoices):
        QUEUED = "QUEUED", _("排队中")
        RUNNING = "RUNNING", _("进行中")
        COLUMNS = "COLUMNS", _("待核对列")
        CHECKED = "CHECKED", _("待确认")
        REFUSED = "REFUSED", _("不能导入")
        DONE = "DONE", _("已完成")
        FAILED = "FAILED", _("失败")
        CANCELLED = "CANCELLED", _("已取消")

        at_work = nonmember(("QUEUED", "RUNNING"))
        can_be_cancelled = nonmember(("QUEUED", "RUNNING", "COLUMNS", "CHECKED"))
        # Of an old ledger: its owner has to say something before it goes on.
        waits_for_owner = nonmember(("COLUMNS", "CHECKED"))

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("申请人"), on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(_("类型"), max_length=6, choices=Kind.choices)
    state = models.CharField(_("状态"), max_length=9, choices=State.choices, default=State.QUEUED)
    title = models.CharField(_("内容"), max_length=320)
    # Of an export: the list, its object, what narrows it, and the kind of file.
    list_name = models.CharField(_("清单"), max_length=20, blank=True)
    list_key = models.PositiveBigIntegerField(_("清单对象"), null=True, blank=True)
    query = models.TextField(_("筛选条件"), blank=True)
    format = models.CharField(_("格式"), max_length=4, default="xlsx")
    # Of an import: the file that came, and what was found in it.
    source = models.CharField(_("上传文件"), max_length=32, blank=True)
    options = models.JSONField(_("导入设置"), default=dict, blank=True)
    report = models.JSONField(_("核对结果"), default=dict, blank=True)
    confirmed_at = models.DateTimeField(_("确认时间"), null=True, blank=True)
    result = models.CharField(_("结果文件"), max_length=32, blank=True)
    done = models.PositiveIntegerField(_("已处理行数"), default=0)
    total = models.PositiveIntegerField(_("总行数"), default=0)
    is_writing = models.BooleanField(_("正在写入"), default=False)
    error = models.CharField(_("失败原因"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("申请时间"))
    finished_at = models.DateTimeField(_("完成时间"), null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True, editable=False)
    claimed_until = models.DateTimeField(_("占用至"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("已尝试次数"), default=0)
    # One form sent twice makes one job.
    form_key = models.UUIDField(_("表单标识"), editable=False)

    objects = SheetJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("后台表格")
        verbose_name_plural = _("后台表格")
        constraints = [
            models.UniqueConstraint(fields=["owner", "form_key"], name="sheet_job_made_once_per_form"),
            models.CheckConstraint(
                condition=(Q(state="RUNNING") & Q(claim__isnull=False, claimed_until__isnull=False))
                | (~Q(state="RUNNING") & Q(claim__isnull=True, claimed_until__isnull=True)),
                name="sheet_job_claimed_and_only_running",
            ),
        ]
        indexes = [models.Index(fields=["owner", "-created_at"], name="sheet_job_by_owner")]

    if TYPE_CHECKING:
        owner_id: int

    def __str__(self) -> str:
        return self.title

    def get_state_display(self) -> str:  # type: ignore[no-redef]
        return label_of(SheetJob.State, self.state)

    @property
    def is_import(self) -> bool:
        return self.kind == self.Kind.IMPORT

    @property
    def is_ledger(self) -> bool:
        return self.kind == self.Kind.LEDGER

    @property
    def is_at_work(self) -> bool:
        return self.state in self.State.at_work

    @property
    def can_be_cancelled(self) -> bool:
        """What is being written into the ledger ends by itself, all or nothing."""
        return self.state in self.State.can_be_cancelled and not self.is_writing

    @property
    def percent(self) -> int:
        """How far it is, in whole percent of the rows."""
        return min(99, self.done * 100 // self.total) if self.total else 0

    @property
    def file_name(self) -> str:
        """What the result is called when it is taken away."""
        stem = "".join("_" if mark in '\\/:*?"<>|\r\n\t\0' else mark for mark in self.title)
        if self.is_import or self.is_ledger:
            stem = f"核对结果-{stem.removesuffix('.xlsx')}"
        return f"{stem[:80]}-{day_of(self.created_at).isoformat()}.{self.format}"
