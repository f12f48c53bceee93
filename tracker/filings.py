"""Filed documents (备案) as pages show them: who has filed and who has not; and all in one archive."""

import logging
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import IO, cast
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from tracker.clock import SHANGHAI
from tracker.filetypes import clean_name
from tracker.models import Assignment, Filing, FilingRequest
from tracker.models.filings import FilingQuerySet, FilingRequestQuerySet

logger = logging.getLogger(__name__)
REQUESTS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Progress:
    """What one task asks for, and how many of the asked shares have handed it in."""

    request: FilingRequest
    asked: int
    filed: int

    @property
    def is_complete(self) -> bool:
        return self.filed == self.asked


def progress(requests: FilingRequestQuerySet, shares: Iterable[Assignment]) -> list[Progress]:
    """Each of these requests of one task, whose shares are given."""
    requests_found = list(requests.in_order())
    if not requests_found:
        return []
    filed = set(Filing.objects.filter(request__in=requests_found).values_list("request", "assignment"))
    shares = list(shares)
    lines = []
    for request in requests_found:
        asked = [share for share in shares if request.asks(share)]
        lines.append(Progress(request, len(asked), sum((request.pk, share.pk) in filed for share in asked)))
    return lines


@dataclass(frozen=True, slots=True)
class UnitFilings:
    """One unit's line: the document that holds, and those before it."""

    assignment: Assignment
    newest: Filing | None
    older: list[Filing]


def by_unit(filings: FilingQuerySet, shares: Iterable[Assignment]) -> list[UnitFilings]:
    """Of each share what it filed; those that owe the document first."""
    found: dict[int, list[Filing]] = defaultdict(list)
    shares = list(shares)
    for filing in filings.filter(assignment__in=shares).newest_first():
        found[filing.assignment_id].append(filing)
    lines = []
    for share in shares:
        filed = found[share.pk]
        lines.append(UnitFilings(share, filed[0] if filed else None, filed[1:]))
    return sorted(lines, key=lambda line: line.newest is not None)


def archive(filings: Iterable[Filing]) -> IO[bytes]:
    """A zip of these documents, on the disk and gone when closed; named by unit and file.

    The kinds that are taken are packed already, so nothing is packed again. A file that is missing is said
    in a text of its own instead of breaking the rest.
    """
    packed = cast(IO[bytes], tempfile.TemporaryFile())  # noqa: SIM115  # whoever asked closes it
    taken: set[str] = set()
    missing = []
    with ZipFile(packed, "w", ZIP_STORED) as target:
        for filing in filings:
            name = _free_name(filing, taken)
            if not default_storage.exists(str(filing.file.name)):
                logger.error("filing %s: %s is not on the disk", filing.pk, filing.file.name)
                missing.append(name)
                continue
            entry = ZipInfo(name, filing.filed_at.astimezone(SHANGHAI).timetuple()[:6])
            entry.external_attr = 0o640 << 16
            with (
                default_storage.open(str(filing.file.name)) as source,
                target.open(entry, "w", force_zip64=True) as place,
            ):
                shutil.copyfileobj(source, place)
        if missing:
            target.writestr(_("缺失文件.txt"), "\n".join(missing))
    packed.seek(0)
    return packed


def _free_name(filing: Filing, taken: set[str]) -> str:
    """Unit and file in a name without folders, which no other has, not even by case."""
    unit = clean_name(filing.assignment.department.short_name.replace("/", "_").replace("\\", "_"))
    whole = clean_name(f"{unit}_{filing.download_name}")
    stem, _dot, extension = whole.rpartition(".")
    for number in count(2):
        if whole.casefold() not in taken:
            break
        whole = f"{stem}({number}).{extension}"
    taken.add(whole.casefold())
    return whole
