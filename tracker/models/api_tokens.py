"""Tokens by which programs are let in at the API."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.passwords import hash_token
from tracker.workflow import label_of


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def with_token(self, token: str) -> Self:
        people = ("owner__region", "owner__department")
        return self.filter(token_hash=hash_token(token)).select_related(*people)

    def of(self, user: User) -> Self:
        return self.filter(owner=user)

    def not_ended(self, today: date) -> Self:
        """Neither revoked nor expired; whether its owner may still come in is another question."""
        return self.filter(revoked_at__isnull=True, expires_on__gte=today)

    def named(self, name: str) -> Self:
        return self.filter(name=name)

    def newest_first(self) -> Self:
        return self.select_related("owner__department", "revoked_by").order_by("-created_at", "-pk")

    def count_request(self, pk: int, *, now: datetime, today: date, limit: int) -> bool:
        """Count one request of this token's; False when the minute's are used up already.

        Conditional updates, so that any number of web processes count together, exactly.
        """
        minute = now.replace(second=0, microsecond=0)
        row = self.filter(pk=pk)
        counted = row.filter(minute=minute, requests__lt=limit)
        begun = row.exclude(minute=minute)
        one_more = {"requests": F("requests") + 1}
        # A third time, for where another request began the minute between the first two.
        return bool(
            counted.update(**one_more)
            or begun.update(minute=minute, requests=1, last_used_on=today)
            or counted.update(**one_more)
        )


class ApiToken(models.Model):
    """A token (接口令牌): whoever has it is at the API what its owner is here, no more.

    The token is shown once and kept as a hash only. The row stays when it has ended, so that people see what
    there was.
    """

    class Scope(models.TextChoices):
        """What it opens."""

        READ = "READ", _("只读")
        REPORT = "REPORT", _("读取和填报进展")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("持有人"),
        on_delete=models.PROTECT,
        related_name="api_tokens",
    )
    name = models.CharField(_("名称"), max_length=60)
    scope = models.CharField(_("权限"), max_length=6, choices=Scope.choices)
    token_hash = models.CharField(_("令牌摘要"), max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("生成时间"))
    # The last day on which it is good.
    expires_on = models.DateField(_("有效期至"))
    revoked_at = models.DateTimeField(_("停用时间"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("停用人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    last_used_on = models.DateField(_("最近使用"), null=True, blank=True)
    # The minute in which it was last used, and how many requests that minute has seen.
    minute = models.DateTimeField(editable=False)
    requests = models.PositiveIntegerField(default=0, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("接口令牌")
        verbose_name_plural = _("接口令牌")
        constraints = [
            # A form sent twice makes one token.
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=Q(revoked_at__isnull=True),
                name="api_token_unique_by_name",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="api_token_revoked_by_somebody",
            ),
        ]

    if TYPE_CHECKING:
        owner_id: int

    def __str__(self) -> str:
        return self.name

    def get_scope_display(self) -> str:  # type: ignore[no-redef]
        return label_of(ApiToken.Scope, self.scope)

    @property
    def may_report(self) -> bool:
        return self.scope == self.Scope.REPORT

    def is_expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.expires_on < today

    def holds(self, today: date) -> bool:
        """Whether it lets anybody in: not ended, and its owner has an own password and may sign in."""
        may_come_in = self.owner.is_active and not self.owner.must_change_password
        return self.revoked_at is None and not self.is_expired(today) and may_come_in
