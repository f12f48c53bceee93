"""The Word templates of papers, each change with its audit event."""

from hashlib import sha256

from django.db import IntegrityError, transaction

from accounts.actions import Origin, printed, record
from accounts.models import AuditEvent, Region
from tracker.models import PaperTemplate


class TemplateChanged(Exception):
    """Somebody else changed the template after this person's page was shown."""


@transaction.atomic
def save_paper_template(
    region: Region | None, paper: str, *, name: str, content: bytes, version: int, origin: Origin
) -> None:
    """Let the region's papers (of every region without its own, for None) be made with this from now on.

    The caller has checked it (papers.templates.check_template). `version` is that of the template the page
    was shown with, 0 for none. Raises TemplateChanged. The same file a second time changes nothing.
    """
    assert origin.by is not None
    digest = sha256(content).hexdigest()
    row = _locked(region, paper)
    if row is not None and row.sha256 == digest:
        return
    if (row.version if row else 0) != version:
        raise TemplateChanged
    before = row.name if row else ""
    if row is None:
        row = PaperTemplate(region=region, paper=paper, version=0)
    row.name, row.content, row.sha256 = name, content, digest
    row.version, row.updated_at, row.updated_by = version + 1, origin.now, origin.by
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:  # two made the first one at once
        raise TemplateChanged from None
    _record(row, before, f"{name}（{digest[:12]}）", origin)


@transaction.atomic
def reset_paper_template(region: Region | None, paper: str, *, version: int, origin: Origin) -> None:
    """Drop the template: papers are made with that of all regions again, or with ours.

    Raises TemplateChanged; there being none any more is no change.
    """
    row = _locked(region, paper)
    if row is None:
        return
    if row.version != version:
        raise TemplateChanged
    row.delete()
    _record(row, row.name, "", origin)


def _locked(region: Region | None, paper: str) -> PaperTemplate | None:
    return PaperTemplate.objects.of_place(region, paper).select_for_update(of=("self",)).first()


def _record(row: PaperTemplate, before: str, after: str, origin: Origin) -> None:
    with printed():
        label = row.get_paper_display()
    record(AuditEvent.Kind.PAPER_CHANGED, origin, region=row.region, detail={label: [before, after]})
