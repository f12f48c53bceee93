"""What reports and readings have in common: a unit gave them, and may take them back."""

from datetime import datetime
from typing import Self, TypeVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tracker.models.tasks import Task


class Withdrawable(models.Model):
    """Given by a unit for its share; withdrawn (撤回), it stays for the audit and counts no more."""

    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("撤回人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    withdrawal_reason = models.TextField(_("撤回理由"), blank=True)

    class Meta:
        abstract = True

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    def withdraw(self, *, reason: str, by: User, now: datetime) -> None:
        self.withdrawn_at, self.withdrawn_by, self.withdrawal_reason = now, by, reason
        self.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal_reason"])


Given = TypeVar("Given", bound=Withdrawable, covariant=True)


class WithdrawableQuerySet(models.QuerySet[Given]):
    def of_task(self, task: Task) -> Self:
        return self.filter(assignment__task=task)

    def for_department(self, department: int | None) -> Self:
        return self.filter(assignment__department=department)

    def standing(self) -> Self:
        """Those that were not taken back."""
        return self.filter(withdrawn_at__isnull=True)
