"""Keeping files with a report: all of them with all of their rows, or nothing."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage

from tracker.filetypes import Upload
from tracker.models import Evidence, ProgressReport
from tracker.models.files import KeptFile, unguessable_path


@contextmanager
def files_undone_on_failure() -> Iterator[list[str]]:
    """Wraps a transaction: the files whose names were added are removed when it does not commit.

    A crash between storing and committing leaves a file that no row knows, never a row without its file.
    """
    stored: list[str] = []
    try:
        yield stored
    except BaseException:
        for name in stored:
            default_storage.delete(name)
        raise


def store_file(row: KeptFile, upload: Upload, *, stored: list[str]) -> str:
    """Put the file of a row that is not saved yet into the storage; the name it got, which says nothing."""
    row.file.name = name = unguessable_path(row, upload.name)
    stored.append(name)
    default_storage.save(name, File(upload.content))
    return name


def keep_evidence(
    report: ProgressReport,
    uploads: Sequence[Upload],
    *,
    stored: list[str],
    places: dict[str, str] | None = None,
) -> list[Evidence]:
    """Store the files of a report; content that this share already has is not stored a second time.

    `places` says where content, by its fingerprint, was stored before in this transaction: each share that
    one form answers has its own row, and all of them one file, which nobody ever changes or deletes.
    The caller holds the task's row, so that two reports cannot bring the same file at the same moment.
    """
    places = {} if places is None else places
    known = {
        row.sha256: row
        for row in Evidence.objects.filter(
            assignment=report.assignment,
            sha256__in=[upload.sha256 for upload in uploads],
            same_as__isnull=True,
        )
    }
    kept = []
    for upload in {upload.sha256: upload for upload in uploads}.values():
        row = Evidence(
            report=report,
            assignment=report.assignment,
            name=upload.name,
            kind=upload.kind,
            size=upload.size,
            sha256=upload.sha256,
            same_as=known.get(upload.sha256),
        )
        if row.same_as:
            row.file.name = row.same_as.file.name
        elif upload.sha256 in places:
            row.file.name = places[upload.sha256]
        else:
            places[upload.sha256] = store_file(row, upload, stored=stored)
        row.save(force_insert=True)
        kept.append(row)
    return kept


def for_history(files: Iterable[KeptFile]) -> list[dict[str, Any]]:
    """What the history says of the files: their fingerprints are in the chain."""
    return [{"name": row.name, "size": row.size, "sha256": row.sha256} for row in files]
