"""How the columns of an office's own ledgers are read, kept for the next time."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Region


class LedgerProfileQuerySet(models.QuerySet["LedgerProfile"]):
    def of_region(self, region: Region | int) -> Self:
        """The last saved first: where two fit, the newer one speaks."""
        return self.filter(region=region).order_by("-saved_at", "-pk")


class LedgerProfile(models.Model):
    """A reading of heads (列对照方案): which head means which field, and which unit a printed name is."""

    region = models.ForeignKey(Region, verbose_name=_("地区"), on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("名称"), max_length=60)
    # By the bare head, the field it means; "" of what is not brought in.
    heads = models.JSONField(_("列"), default=dict)
    # By the printed name, the key of its unit; 0 of what is no unit.
    units = models.JSONField(_("单位"), default=dict, blank=True)
    saved_at = models.DateTimeField(_("保存时间"))
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("保存人"), on_delete=models.PROTECT, related_name="+"
    )

    objects = LedgerProfileQuerySet.as_manager()

    class Meta:
        verbose_name = _("列对照方案")
        verbose_name_plural = _("列对照方案")
        constraints = [models.UniqueConstraint(fields=["region", "name"], name="ledger_profile_name_unique")]

    if TYPE_CHECKING:
        region_id: int

    def __str__(self) -> str:
        return self.name
