"""Files that show what was reported."""

from typing import TYPE_CHECKING, Self
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tracker.filetypes import FileKind
from tracker.models.assignments import Assignment
from tracker.models.reports import ProgressReport


def unguessable_path(evidence: "Evidence", name: str) -> str:
    """Two levels of folders and a random name without extension: says nothing and is run by nobody."""
    key = uuid4().hex
    return f"{key[:2]}/{key[2:4]}/{key}"


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def for_department(self, department: int | None) -> Self:
        return self.filter(assignment__department=department)

    def standing(self) -> Self:
        """Of reports that were not taken back."""
        return self.filter(report__withdrawn_at__isnull=True)

    def with_origin(self) -> Self:
        """In the order of the form, with the report that brought the same file before."""
        return self.select_related("same_as__report").order_by("pk")


class Evidence(models.Model):
    """One file of one report (佐证材料). It is never changed and never deleted, nor is its file."""

    report = models.ForeignKey(
        ProgressReport, verbose_name=_("填报"), on_delete=models.PROTECT, related_name="evidence"
    )
    assignment = models.ForeignKey(
        Assignment, verbose_name=_("责任"), on_delete=models.PROTECT, related_name="evidence"
    )
    name = models.CharField(_("文件名"), max_length=130)
    kind = models.CharField(_("类型"), max_length=4, choices=FileKind.choices)
    size = models.PositiveBigIntegerField(_("大小（字节）"))
    sha256 = models.CharField(_("指纹（SHA-256）"), max_length=64)
    file = models.FileField(_("存放位置"), upload_to=unguessable_path, max_length=60)
    # The same content came with an earlier report of this share: one file on disk serves both.
    same_as = models.ForeignKey(
        "self", verbose_name=_("相同文件"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("佐证材料")
        verbose_name_plural = _("佐证材料")
        constraints = [
            models.UniqueConstraint(fields=["report", "sha256"], name="evidence_once_per_report"),
            models.UniqueConstraint(
                fields=["assignment", "sha256"],
                condition=Q(same_as__isnull=True),
                name="evidence_stored_once_per_assignment",
            ),
        ]

    if TYPE_CHECKING:
        assignment_id: int
        report_id: int

    def __str__(self) -> str:
        return self.name

    @property
    def file_kind(self) -> FileKind:
        return FileKind(self.kind)

    @property
    def download_name(self) -> str:
        """The name with the extension of what it really is, whatever it was called."""
        if self.name.lower().endswith(
            (f".{self.kind}", ".jpeg" if self.kind == FileKind.JPG else f".{self.kind}")
        ):
            return self.name
        return f"{self.name}.{self.kind}"
