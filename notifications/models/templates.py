"""How an office words its mails."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from notifications.wording import BUILT_IN, LIMITS, Wording, Wordings


class MailTemplateQuerySet(models.QuerySet["MailTemplate"]):
    def of_place(self, region: Region | None) -> Self:
        """The region's own, or that of all regions for None; at most one."""
        return self.filter(region=region)

    def wordings(self) -> Wordings:
        """All of them, as the planner asks for them. One query."""
        return Wordings({row.region_id: row.wording for row in self.all()})

    def own_regions(self) -> set[int]:
        """Keys of the regions with a template of their own."""
        return {row.region_id for row in self.filter(region__isnull=False) if row.region_id is not None}


class MailTemplate(models.Model):
    """The words of one region's mails, or with no region those of every region without its own.

    Without a row the built-in words are printed. Each change is an AuditEvent with both wordings.
    """

    region = models.ForeignKey(
        Region, verbose_name=_("地区"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    subject_prefix = models.CharField(
        _("主题开头"), max_length=LIMITS["subject_prefix"], default=BUILT_IN.subject_prefix
    )
    greeting = models.CharField(_("称呼"), max_length=LIMITS["greeting"], default=BUILT_IN.greeting)
    intro = models.TextField(_("开头语"), default=BUILT_IN.intro)
    closing = models.TextField(_("落款"), default=BUILT_IN.closing)
    version = models.PositiveIntegerField(_("版本"), default=1)
    updated_at = models.DateTimeField(_("修改时间"))
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("修改人"), on_delete=models.PROTECT, related_name="+"
    )

    objects = MailTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("邮件模板")
        verbose_name_plural = _("邮件模板")
        constraints = [
            # Of null there is one as well.
            models.UniqueConstraint(Coalesce("region", 0), name="mail_template_one_per_region")
        ]

    if TYPE_CHECKING:
        region_id: int | None

    def __str__(self) -> str:
        return self.region.name if self.region else "所有地区"

    @property
    def wording(self) -> Wording:
        return Wording(self.subject_prefix, self.greeting, self.intro, self.closing)
