"""The Word templates that an office brought itself."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from tracker.papers.kinds import Paper
from tracker.workflow import label_of


class PaperTemplateQuerySet(models.QuerySet["PaperTemplate"]):
    def of_place(self, region: Region | None, paper: str) -> Self:
        """The region's own, or that of all regions for None; at most one."""
        return self.filter(region=region, paper=paper)

    def holding_for(self, region: Region, paper: str) -> "PaperTemplate | None":
        """The one that the region's papers are made with: its own, else that of all regions, else None."""
        found = self.filter(models.Q(region=region) | models.Q(region=None), paper=paper)
        return found.order_by(models.F("region").asc(nulls_last=True)).first()

    def for_list(self) -> Self:
        """Without the files themselves."""
        return self.select_related("region", "updated_by").defer("content")


class PaperTemplate(models.Model):
    """A template for one kind of paper, of one region, or with no region of every region without its own.

    Without a row ours is used (tracker/papers/defaults). Each change is an AuditEvent.
    """

    region = models.ForeignKey(
        Region, verbose_name=_("地区"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    paper = models.CharField(_("文种"), max_length=12, choices=Paper.choices)
    name = models.CharField(_("文件名"), max_length=130)
    content = models.BinaryField(_("模板文件"))
    sha256 = models.CharField(_("指纹（SHA-256）"), max_length=64)
    version = models.PositiveIntegerField(_("版本"), default=1)
    updated_at = models.DateTimeField(_("修改时间"))
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("修改人"), on_delete=models.PROTECT, related_name="+"
    )

    objects = PaperTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("文书模板")
        verbose_name_plural = _("文书模板")
        constraints = [
            # Of null there is one as well.
            models.UniqueConstraint("paper", Coalesce("region", 0), name="paper_template_one_per_region")
        ]

    if TYPE_CHECKING:
        region_id: int | None

    def __str__(self) -> str:
        return f"{self.get_paper_display()} {self.name}"

    def get_paper_display(self) -> str:  # type: ignore[no-redef]
        return label_of(Paper, self.paper)
