"""Letters to units (督办单, 提示单): numbered, and kept as they were printed."""

from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, Region
from tracker.models.files import KeptFile
from tracker.papers.kinds import Paper
from tracker.workflow import label_of


class LetterQuerySet(models.QuerySet["Letter"]):
    def in_regions(self, regions: models.QuerySet[Region]) -> Self:
        return self.filter(region__in=regions)

    def to_department(self, department: Department | int | None) -> Self:
        return self.filter(department=department)

    def of_series(self, region: Region | int, paper: str, year: int) -> Self:
        """Those that are numbered one after the other."""
        return self.filter(region=region, paper=paper, year=year)

    def newest_first(self) -> Self:
        return self.select_related("department").order_by("-pk")

    def for_page(self) -> Self:
        return self.select_related("region", "department", "issued_by", "withdrawn_by")


class Letter(KeptFile):
    """A numbered letter to one unit, with the Word file that was made of it.

    The number, the words and the file never change: printing it again hands out the same bytes. A withdrawn
    letter keeps its number.
    """

    region = models.ForeignKey(Region, verbose_name=_("地区"), on_delete=models.PROTECT, related_name="+")
    department = models.ForeignKey(
        Department, verbose_name=_("主送单位"), on_delete=models.PROTECT, related_name="letters"
    )
    paper = models.CharField(_("文种"), max_length=12, choices=Paper.choices)
    year = models.PositiveSmallIntegerField(_("年份"))
    serial = models.PositiveIntegerField(_("序号"))
    number = models.CharField(_("文号"), max_length=90)
    day = models.DateField(_("成文日期"))
    # Keys of the shares it is about, in the order of its table.
    shares = models.JSONField(_("所列责任"), default=list)
    # What was printed, as tracker/letters.py gave it to the template.
    data = models.JSONField(_("内容"))
    # The template and its fingerprint; why ours stood in, where the office's own failed.
    made_with = models.CharField(_("所用模板"), max_length=160)
    template_problem = models.TextField(_("模板问题"), blank=True)
    issued_at = models.DateTimeField(_("印发时间"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("印发人"), on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("撤回人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    withdraw_reason = models.TextField(_("撤回理由"), blank=True)
    # One form sent twice makes one letter.
    form_key = models.UUIDField(_("表单标识"), editable=False)

    objects = LetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("督办文书")
        verbose_name_plural = _("督办文书")
        constraints = [
            models.UniqueConstraint(
                fields=["region", "paper", "year", "serial"], name="letter_number_unique"
            ),
            models.UniqueConstraint(fields=["region", "form_key"], name="letter_once_per_form"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="letter_withdrawn_by_somebody",
            ),
        ]

    if TYPE_CHECKING:
        region_id: int
        department_id: int

    def __str__(self) -> str:
        return f"{self.get_paper_display()} {self.number}"

    def get_paper_display(self) -> str:  # type: ignore[no-redef]
        return label_of(Paper, self.paper)

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    @property
    def items(self) -> list[dict[str, Any]]:
        """The lines of its table, as printed."""
        return list(self.data["items"])


def number_of(region: Region, paper: str, day: date, serial: int) -> str:
    """How a letter's number is written: 新乡督〔2024〕3号.

    A city or province goes without 市 or 省; a county keeps its last character, because 新乡县 would be
    mistaken for 新乡市.
    """
    name = region.name
    if region.level != Region.Level.COUNTY and len(name) > 2:
        name = name.removesuffix("市").removesuffix("省")
    return f"{name}{Paper(paper).word}〔{day.year}〕{serial}号"
