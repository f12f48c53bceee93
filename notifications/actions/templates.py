"""The mail templates, each change with its audit event."""

from dataclasses import asdict

from django.db import IntegrityError, transaction

from accounts.actions import Origin, printed, record
from accounts.models import AuditEvent, Region
from notifications.models import MailTemplate
from notifications.wording import Wording


class TemplateChanged(Exception):
    """Somebody else changed the template after this person's page was shown."""


@transaction.atomic
def save_template(region: Region | None, *, wording: Wording, version: int, origin: Origin) -> None:
    """Let the region's mails (of every region without its own, for None) have these words from now on.

    `version` is that of the template the page was shown with, 0 for none. Raises TemplateChanged. The same
    words a second time change nothing.
    """
    assert origin.by is not None
    row = _locked(region)
    if row is not None and row.wording == wording:
        return
    if (row.version if row else 0) != version:
        raise TemplateChanged
    before = row.wording if row else MailTemplate.objects.wordings().of(region.pk if region else None)
    words = asdict(wording)
    if row is None:
        try:
            with transaction.atomic():
                MailTemplate.objects.create(
                    region=region, updated_at=origin.now, updated_by=origin.by, **words
                )
        except IntegrityError:
            raise TemplateChanged from None
    else:
        for field, text in words.items():
            setattr(row, field, text)
        row.version, row.updated_at, row.updated_by = version + 1, origin.now, origin.by
        row.save(update_fields=[*words, "version", "updated_at", "updated_by"])
    _record(region, before, wording, origin)


@transaction.atomic
def reset_template(region: Region | None, *, version: int, origin: Origin) -> None:
    """Drop the template: the region's mails have the words of all regions again, or the built-in ones.

    Raises TemplateChanged; there being none any more is no change.
    """
    row = _locked(region)
    if row is None:
        return
    if row.version != version:
        raise TemplateChanged
    before = row.wording
    row.delete()
    _record(region, before, MailTemplate.objects.wordings().of(region.pk if region else None), origin)


def _locked(region: Region | None) -> MailTemplate | None:
    return MailTemplate.objects.of_place(region).select_for_update(of=("self",)).first()


def _record(region: Region | None, before: Wording, after: Wording, origin: Origin) -> None:
    old, new = asdict(before), asdict(after)
    with printed():
        labels = {field.name: str(field.verbose_name) for field in MailTemplate._meta.fields}
    changes = {labels[name]: [old[name], new[name]] for name in new if old[name] != new[name]}
    record(AuditEvent.Kind.WORDING_CHANGED, origin, region=region, detail=changes)
