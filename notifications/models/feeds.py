"""Calendars that people subscribe to by a secret address."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, User
from accounts.passwords import hash_token


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def own(self, user: User) -> Self:
        """The person's own calendar; at most one."""
        return self.filter(owner=user, department__isnull=True)

    def of_unit(self, department_id: int | None) -> Self:
        """The shared calendar of a unit; at most one."""
        return self.filter(department=department_id, department__isnull=False)

    def with_token(self, token: str) -> Self:
        return self.filter(token_hash=hash_token(token)).select_related("owner", "department")


class CalendarFeed(models.Model):
    """A calendar feed (日历订阅): whoever has its token reads the due dates of a person or of a unit.

    The token is shown once and kept as a hash only. Making a new one replaces it; to revoke it is to delete
    the row. What the feed shows is asked of `permissions` at each reading, so it changes with its owner.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("生成人"),
        on_delete=models.PROTECT,
        related_name="calendar_feeds",
    )
    # Empty in a person's own calendar.
    department = models.ForeignKey(
        Department,
        verbose_name=_("单位"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="calendar_feeds",
    )
    token_hash = models.CharField(_("令牌摘要"), max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("生成时间"))

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("日历订阅")
        verbose_name_plural = _("日历订阅")
        constraints = [
            models.UniqueConstraint(
                fields=["owner"], condition=Q(department__isnull=True), name="feed_one_own_per_person"
            ),
            models.UniqueConstraint(
                fields=["department"], condition=Q(department__isnull=False), name="feed_one_per_unit"
            ),
        ]

    if TYPE_CHECKING:
        owner_id: int
        department_id: int | None

    def __str__(self) -> str:
        return str(self.department or self.owner)
