"""Background files: asking for one, claiming it, saying how far it is, ending it, and sweeping up.

Every change of state is conditional on the claim, so that of two workers only one can end a job.
"""

from datetime import datetime, timedelta
from shutil import copyfileobj
from typing import IO, Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from tracker.actions.work import MoveRefused
from tracker.documents import SecrecyMarked, examine_sheet
from tracker.models import SheetJob
from tracker.models.sheet_jobs import SheetJobQuerySet, sheets_dir, unguessable_name

LEASE = timedelta(minutes=5)  # renewed every few thousand rows
# An import that is being written cannot say that it still lives: longer than any job may take (settings).
WRITING_LEASE = timedelta(minutes=35)
KEEP = timedelta(days=3)
MAX_ATTEMPTS = 3
JOBS_AT_ONCE = 3  # of one person
QUERY_LIMIT = 4000  # characters


class JobStopped(Exception):
    """The job is no longer this worker's: it was cancelled, or its lease ran out and another has it."""


def _make(owner: User, form_key: UUID, **fields: Any) -> tuple[SheetJob, bool]:
    """The job of this form, and whether it is new. Raises MoveRefused."""
    try:
        with transaction.atomic():
            # Forms of one person wait for each other.
            User.objects.select_for_update().get(pk=owner.pk)
            if existing := SheetJob.objects.of(owner.pk).filter(form_key=form_key).first():
                return existing, False
            if SheetJob.objects.of(owner.pk).at_work().count() >= JOBS_AT_ONCE:
                raise MoveRefused(
                    _("您已有 %(limit)d 个后台任务没有完成，请等它们完成后再试。") % {"limit": JOBS_AT_ONCE}
                )
            return SheetJob.objects.create(owner=owner, form_key=form_key, **fields), True
    except IntegrityError:
        return SheetJob.objects.of(owner.pk).get(form_key=form_key), False


def ask_export(
    *,
    list_name: str,
    list_key: int | None,
    query: str,
    kind: str,
    title: str,
    total: int,
    form_key: UUID,
    by: User,
    now: datetime,
) -> SheetJob:
    """Ask for a list as a file; the same `form_key` a second time is the first job. Raises MoveRefused."""
    if len(query) > QUERY_LIMIT:
        raise MoveRefused(_("筛选条件太长。"))
    job, _is_new = _make(
        by,
        form_key,
        kind=SheetJob.Kind.EXPORT,
        title=title[:320],
        list_name=list_name,
        list_key=list_key,
        query=query,
        format=kind,
        total=total,
        created_at=now,
    )
    return job


def ask_import(
    *,
    file: IO[bytes],
    name: str,
    form_key: UUID,
    by: User,
    now: datetime,
    kind: str = SheetJob.Kind.IMPORT,
) -> SheetJob:
    """Keep a file of tasks or an old ledger and have it looked at; nothing is taken in unless confirmed.

    What carries a mark of secrecy is not kept, not even for a moment. The same `form_key` a second time is
    the first job. Raises MoveRefused.
    """
    try:
        examine_sheet(file, name=name)
    except SecrecyMarked as marked:
        raise MoveRefused(marked.reason) from marked
    source = unguessable_name()
    place = sheets_dir() / source
    try:
        with place.open("wb") as kept:
            file.seek(0)
            copyfileobj(file, kept)
        job, is_new = _make(by, form_key, kind=kind, title=name[:255], source=source, created_at=now)
    except BaseException:
        place.unlink(missing_ok=True)
        raise
    if not is_new:
        place.unlink(missing_ok=True)
    return job


def confirm_import(job_id: int, *, by: User, now: datetime) -> bool:
    """Say that what was looked at shall be taken in. False when there is nothing to confirm any more."""
    waiting = SheetJob.objects.of(by.pk).filter(
        pk=job_id, kind=SheetJob.Kind.IMPORT, state=SheetJob.State.CHECKED
    )
    return bool(waiting.update(state=SheetJob.State.QUEUED, confirmed_at=now, done=0, attempts=0))


def cancel(job_id: int, *, by: User, now: datetime) -> bool:
    """Give up a job that has not ended. False when it has, or is being written."""
    jobs = SheetJob.objects.of(by.pk).filter(
        pk=job_id, state__in=SheetJob.State.can_be_cancelled, is_writing=False
    )
    return bool(_end(jobs, SheetJob.State.CANCELLED, now))


def _end(jobs: SheetJobQuerySet, state: str, now: datetime, **fields: Any) -> int:
    return jobs.update(
        state=state, claim=None, claimed_until=None, finished_at=now, is_writing=False, **fields
    )


def claim(job_id: int, *, now: datetime) -> SheetJob | None:
    """Take the job, or None if it is done or another's. One that failed its worker too often is given up."""
    ours = uuid4()
    jobs = SheetJob.objects.claimable(now).filter(pk=job_id)
    _end(
        jobs.filter(attempts__gte=MAX_ATTEMPTS),
        SheetJob.State.FAILED,
        now,
        error=_("多次中断，已放弃。请重新申请。"),
    )
    job = jobs.first()
    if job is None or not jobs.update(
        state=SheetJob.State.RUNNING,
        claim=ours,
        claimed_until=now + LEASE,
        attempts=job.attempts + 1,
        done=0,
        is_writing=False,
    ):
        return None
    return SheetJob.objects.select_related("owner__region", "owner__department").get(pk=job_id, claim=ours)


def _held(job: SheetJob) -> SheetJobQuerySet:
    return SheetJob.objects.filter(pk=job.pk, claim=job.claim, state=SheetJob.State.RUNNING)


def go_on(job: SheetJob, *, now: datetime, is_writing: bool = False, **fields: Any) -> None:
    """Say how far the job is, and renew its lease. Raises JobStopped."""
    until = now + (WRITING_LEASE if is_writing else LEASE)
    if not _held(job).update(claimed_until=until, is_writing=is_writing, **fields):
        raise JobStopped


def end(job: SheetJob, state: str, *, now: datetime, **fields: Any) -> None:
    """End the job, or leave it to be confirmed. Raises JobStopped, and then nothing of it counts."""
    if not _end(_held(job), state, now, **fields):
        raise JobStopped


def sweep(*, now: datetime) -> list[int]:
    """Delete what is older than KEEP, with its files, and tell which jobs wait for a worker."""
    old = SheetJob.objects.made_before(now - KEEP)
    waiting = old.filter(state__in=(*SheetJob.State.at_work, *SheetJob.State.waits_for_owner))
    _end(waiting, SheetJob.State.CANCELLED, now)
    old.delete()
    known = {name for names in SheetJob.objects.values_list("source", "result") for name in names if name}
    limit = (now - KEEP).timestamp()
    for file in sheets_dir().iterdir():
        if file.name not in known and file.stat().st_mtime < limit:
            file.unlink(missing_ok=True)
    return list(SheetJob.objects.claimable(now).order_by("pk").values_list("pk", flat=True))
