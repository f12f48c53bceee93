"""Files of plans on their way to a draft: kept while they wait, read by a worker, deleted at the end.

Whoever reads holds the claim (state READING until `claimed_until`), and every word about it is a conditional
update on that claim. Who has lost it, by a cancellation or to another worker, stores and changes nothing.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import OperationalError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from tracker import documents
from tracker.actions import plans
from tracker.actions.evidence import files_undone_on_failure
from tracker.clock import day_of
from tracker.documents import Document, SecrecyMarked
from tracker.models import PlanImport
from tracker.models.imports import FOLDER, waiting_path
from tracker.parser import ParsedPlan, UnreadableDocument

logger = logging.getLogger(__name__)

State = PlanImport.State

# Longer than the job that holds a claim can live (tracker/jobs.py): only the dead lose it.
LEASE = 2 * timedelta(seconds=settings.READ_SECONDS)
MOST_OPEN = 20  # files of one region at a time
QUEUED_AGAIN_AFTER = timedelta(minutes=1)
GIVEN_UP_AFTER = timedelta(days=7)
KEPT_FOR = timedelta(days=30)
TELL_EVERY = 0.5  # seconds between two words about the pages


class ImportRefused(Exception):
    """The file is not taken; the text says why, for a person."""


class LostClaim(Exception):
    """It was cancelled, or another worker has it: whoever reads stops here and leaves no trace."""


def enter_import(document: Document, *, form_key: UUID, by: User, now: datetime) -> PlanImport:
    """Keep a file that was looked at, for a worker to read; the same `form_key` again is the same import.

    The caller queues the job when this is committed. Raises ImportRefused; then no file is left.
    """
    with files_undone_on_failure() as stored, transaction.atomic():
        # The person's row keeps two sendings of one form apart.
        User.objects.select_for_update().get(pk=by.pk)
        if existing := PlanImport.objects.filter(created_by=by, form_key=form_key).first():
            return existing
        assert by.region is not None  # the database holds this for every coordinator
        if PlanImport.objects.in_region(by.region.pk).open().count() >= MOST_OPEN:
            raise ImportRefused(
                _("已有 %(limit)d 个文件在等待读取，请等它们读完，或取消不需要的。") % {"limit": MOST_OPEN}
            )
        row = PlanImport(
            region=by.region,
            name=document.name,
            size=document.size,
            sha256=document.sha256,
            created_at=now,
            created_by=by,
            form_key=form_key,
        )
        row.file.name = name = waiting_path(row, document.name)
        stored.append(name)
        document.content.seek(0)
        default_storage.save(name, File(document.content))
        row.save(force_insert=True)
        return row


def cancel_import(import_id: int, *, now: datetime) -> bool:
    """Stop it, waiting or being read, so that nothing of it is stored; False where it was over already."""
    with transaction.atomic():
        row = PlanImport.objects.select_for_update().get(pk=import_id)
        if not row.is_open:
            return False
        _end(row, State.CANCELLED, now)
        return True


def read_import(import_id: int, *, now: datetime) -> str | None:
    """Read one file and store its draft: the state it ended in, or None where there was nothing to do."""
    claimed = PlanImport.objects.claimable(now).filter(pk=import_id)
    if not claimed.update(
        state=State.READING,
        step=PlanImport.Step.READ,
        done=0,
        total=0,
        claimed_until=now + LEASE,
        attempts=F("attempts") + 1,
    ):
        return None
    row = PlanImport.objects.select_related("region", "created_by").get(pk=import_id)
    try:
        return _read(_Claim(row, now))
    except LostClaim:
        logger.info("import %s: cancelled, or another worker has it", import_id)
        return None


@dataclass
class _Claim:
    """One reading of one file by one worker."""

    row: PlanImport
    now: datetime
    told_at: float = 0.0

    def tell(self, step: str, done: int, total: int) -> None:
        """Say how far it is; a page soon after another goes unsaid. Raises LostClaim."""
        moment = monotonic()
        if step == self.row.step and done < total and moment - self.told_at < TELL_EVERY:
            return
        self.told_at, self.row.step = moment, step
        held = PlanImport.objects.filter(
            pk=self.row.pk, state=State.READING, claimed_until=self.row.claimed_until
        )
        if not held.update(step=step, done=done, total=total):
            raise LostClaim

    def settle(self, state: str, **changes: Any) -> str:
        """End the claim inside the caller's transaction. Raises LostClaim."""
        row = PlanImport.objects.select_for_update().get(pk=self.row.pk)
        if row.state != State.READING or row.claimed_until != self.row.claimed_until:
            raise LostClaim
        _end(row, state, self.now, **changes)
        return state


def _read(claim: _Claim) -> str:
    row = claim.row
    try:
        with default_storage.open(str(row.file.name)) as file:
            data = file.read()
        parsed = documents.parse_upload(
            data, row.name, reference_date=day_of(row.created_at), tell=claim.tell
        )
        claim.tell(PlanImport.Step.STORE, 0, 0)
        if reason := documents.nothing_found(parsed):
            return _fail(claim, reason)
        return _store(claim, parsed)
    except SecrecyMarked as refused:
        # Not even the name is kept.
        return _fail(claim, refused.reason, name=_("（标有密级的文件）"))
    except UnreadableDocument as refused:
        return _fail(claim, refused.reason)
    except SoftTimeLimitExceeded:
        minutes = settings.READ_SECONDS // 60
        return _fail(
            claim,
            _("读了 %(minutes)d 分钟还没有读完，已停止。请拆成几个文件，或另存为 txt 再上传。")
            % {"minutes": minutes},
        )
    except FileNotFoundError:
        claim.tell(row.step, 0, 0)  # a cancellation takes the file away; that is not for us to report
        return _fail(claim, _("上传的文件已不在服务器上，请重新上传。"))
    except (LostClaim, OperationalError):
        raise
    except Exception:
        logger.exception("import %s", row.pk)
        return _fail(
            claim,
            _(
                "读取时出错，没有存入任何内容。请用 WPS 或 Word 打开后另存为 docx 或 txt 再上传；"
                "仍然出错时，请把编号 %(number)d 告诉 IT 人员。"
            )
            % {"number": row.pk},
        )


@transaction.atomic
def _store(claim: _Claim, parsed: ParsedPlan) -> str:
    """The draft and the end of the import, or neither."""
    row = claim.row
    PlanImport.objects.select_for_update().get(pk=row.pk)  # a cancellation waits, or has come before
    result = plans.import_plan(parsed, region=row.region, by=row.created_by, now=claim.now)
    return claim.settle(State.DONE, plan=result.plan, was_known=not result.is_new)


@transaction.atomic
def _fail(claim: _Claim, reason: str, **changes: Any) -> str:
    return claim.settle(State.FAILED, reason=reason, **changes)


def _end(row: PlanImport, state: str, now: datetime, **changes: Any) -> None:
    """Every end takes the file away as soon as it is committed; the row is locked by the caller."""
    file, row.file.name = str(row.file.name), ""
    values = {"state": state, "claimed_until": None, "finished_at": now} | changes
    for field, value in values.items():
        setattr(row, field, value)
    row.save(update_fields=["file", *values])
    transaction.on_commit(lambda: default_storage.delete(file), robust=True)  # else the sweep does


def sweep(*, now: datetime) -> list[int]:
    """Put in order what was left behind; the ids of those to be queued once more."""
    _give_up(
        PlanImport.objects.exhausted(now),
        _("读取两次都中断了，可能文件太大或已损坏。请另存为 docx 或 txt 再上传。"),
        now,
    )
    _give_up(
        PlanImport.objects.forgotten(now - GIVEN_UP_AFTER),
        _("等了七天没有后台进程来读取，文件已删除。请与 IT 人员联系，恢复后重新上传。"),
        now,
    )
    PlanImport.objects.fruitless(now - KEPT_FOR).delete()
    _delete_strays(now)
    waiting = PlanImport.objects.claimable(now).filter(created_at__lt=now - QUEUED_AGAIN_AFTER)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def _give_up(rows: Iterable[PlanImport], reason: str, now: datetime) -> None:
    for row in rows:
        with transaction.atomic():
            locked = PlanImport.objects.select_for_update().get(pk=row.pk)
            if (locked.state, locked.claimed_until) == (row.state, row.claimed_until):
                _end(locked, State.FAILED, now, reason=reason)


def _delete_strays(now: datetime) -> None:
    """Files that no row knows: a process died between one and the other."""
    if not default_storage.exists(FOLDER):
        return
    known = set(PlanImport.objects.open().values_list("file", flat=True))
    for base in default_storage.listdir(FOLDER)[1]:
        name = f"{FOLDER}/{base}"
        # A request that stores one now has not committed its row yet.
        with suppress(FileNotFoundError):
            if name not in known and default_storage.get_modified_time(name) < now - LEASE:
                default_storage.delete(name)
