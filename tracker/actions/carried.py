"""Progress of an old ledger taken over with its tasks: a first report of each share, not the unit's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from accounts.models import User
from tracker.actions.history import Change, record
from tracker.actions.work import make_move
from tracker.models import Assignment, ProgressReport
from tracker.workflow import EventKind, Move, Status


@dataclass(frozen=True, slots=True)
class Carried:
    """How far a share was by the old ledger. `hand_in`: it was finished, for the coordinator to close."""

    percent: int
    note: str
    hand_in: bool = False


def carry_progress(found: Sequence[tuple[Assignment, Carried]], *, by: User, now: datetime) -> None:
    """Give each of these new shares its first report, by the coordinator who brought the ledger.

    Called in the transaction that made the shares. A share with progress has been at work: it waits for no
    signature. Raises MoveRefused where one cannot be handed in.
    """
    reports = ProgressReport.objects.bulk_create(
        [
            ProgressReport(
                assignment=share,
                percent=carried.percent,
                note=carried.note,
                created_at=now,
                created_by=by,
                form_key=uuid4(),
                is_carried=True,
            )
            for share, carried in found
        ],
        batch_size=500,
    )
    changes = []
    for (share, carried), report in zip(found, reports, strict=True):
        share.status, share.percent = Status.ACTIVE, carried.percent
        share.version += 1
        share.signed_at = share.last_reported_at = now
        share.behind_from = share.first_day_behind(())  # a task just made has no nodes
        data = {"percent": carried.percent, "was_percent": 0, "report": report.pk}
        changes.append(
            Change(share.task, EventKind.CARRY, share, Status.PENDING, Status.ACTIVE, carried.note, data)
        )
    fields = ["status", "percent", "version", "signed_at", "last_reported_at", "behind_from"]
    Assignment.objects.bulk_update([share for share, _carried in found], fields, batch_size=200)
    for share, carried in found:
        if carried.hand_in:
            changes += make_move(share, Move.SUBMIT, by=None, now=now, note=carried.note, version=None)
    record(changes, by=by, now=now)
