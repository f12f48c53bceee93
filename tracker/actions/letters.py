"""Letters to units: numbered without a gap, kept as printed, never deleted."""

from collections.abc import Collection
from datetime import date, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import Department, Region, User
from tracker import letters, permissions
from tracker.actions.evidence import files_undone_on_failure, store_file
from tracker.actions.history import Change, record
from tracker.actions.work import MoveRefused, lock_tasks
from tracker.clock import day_of
from tracker.filetypes import FileKind, Upload
from tracker.models import Assignment, Letter
from tracker.models.letters import number_of
from tracker.workflow import EventKind


class LetterChanged(MoveRefused):
    """What the letter would say is not what its preview said."""


def issue_letter(
    department: Department,
    *,
    paper: str,
    assignment_ids: Collection[int],
    days: int,
    note: str = "",
    reply_by: date | None = None,
    shown: str,
    form_key: UUID,
    by: User,
    now: datetime,
) -> Letter:
    """Number a letter of the writer's region to this unit about these shares, print it and keep it.

    `shown` is the fingerprint of the preview (letters.fingerprint). The same `form_key` a second time returns
    the first letter. Raises MoveRefused, or LetterChanged when the shares are no longer what was shown.
    """
    with files_undone_on_failure() as stored, transaction.atomic():
        if not permissions.can_write_letter(by, department) or by.region is None:
            raise MoveRefused(_("您没有权限给这个单位下发文书。"))
        own = Assignment.objects.in_region(by.region_id).for_department(department)
        lock_tasks(own.filter(pk__in=assignment_ids).values("task"))
        if existing := Letter.objects.filter(region=by.region, form_key=form_key).first():
            return existing
        if not assignment_ids:
            raise MoveRefused(_("请至少选择一项任务。"))
        if len(assignment_ids) > letters.ITEMS:
            raise MoveRefused(_("一份文书最多列 %(most)d 项，其余请另发一份。") % {"most": letters.ITEMS})
        today = day_of(now)
        if reply_by is not None and reply_by < today:
            raise MoveRefused(_("反馈期限不能早于今天。"))
        found = letters.triggering(own, paper, today, days=days).filter(pk__in=assignment_ids)
        rows = list(found.select_for_update(of=("self",)))
        words: dict[str, Any] = {"region": by.region, "unit": department, "by": by, "today": today}
        words |= {"note": note, "reply_by": reply_by}
        as_shown = letters.fingerprint(letters.letter_data(paper, rows, **words))
        if len(rows) != len(set(assignment_ids)) or as_shown != shown:
            raise LetterChanged(_("预览之后清单或者填写的内容有变化，请核对新的预览后再印发。"))
        # Who wants the next number of the region waits here; what fails gives its number back.
        region = Region.objects.select_for_update(no_key=True).get(pk=by.region.pk)
        series = Letter.objects.of_series(region, paper, today.year)
        serial = (series.aggregate(last=Max("serial"))["last"] or 0) + 1
        number = number_of(region, paper, today, serial)
        data = letters.letter_data(paper, rows, **words, number=number)
        made = letters.make_paper(region, paper, data)
        letter = Letter(
            name=f"{data['title']} {number}.docx",
            kind=FileKind.DOCX,
            size=len(made.content),
            sha256=sha256(made.content).hexdigest(),
            region=region,
            department=department,
            paper=paper,
            year=today.year,
            serial=serial,
            number=number,
            day=today,
            shares=[row.pk for row in rows],
            data=data,
            made_with=made.made_with,
            template_problem=made.problem,
            issued_at=now,
            issued_by=by,
            form_key=form_key,
        )
        upload = Upload(letter.name, FileKind.DOCX, letter.size, letter.sha256, BytesIO(made.content))
        store_file(letter, upload, stored=stored)
        letter.save(force_insert=True)
        _record(letter, EventKind.ISSUE_LETTER, rows, note=str(letter), by=by, now=now)
    return letter


@transaction.atomic
def withdraw_letter(letter_id: int, *, reason: str, by: User, now: datetime) -> Letter:
    """Take a letter back, with a reason. It keeps its number and its words. Raises MoveRefused."""
    letter = Letter.objects.for_page().get(pk=letter_id)
    shares = Assignment.objects.filter(pk__in=letter.shares)
    lock_tasks(shares.values("task"))
    letter = Letter.objects.select_for_update(of=("self",)).for_page().get(pk=letter_id)
    if not permissions.coordinates(by, letter):
        raise MoveRefused(_("您没有权限撤回这份文书。"))
    if letter.is_withdrawn:
        raise MoveRefused(_("这份文书已由%(person)s撤回。") % {"person": letter.withdrawn_by})
    if not reason.strip():
        raise MoveRefused(_("请写明撤回的理由。"))
    letter.withdrawn_at, letter.withdrawn_by, letter.withdraw_reason = now, by, reason
    letter.save(update_fields=["withdrawn_at", "withdrawn_by", "withdraw_reason"])
    rows = list(shares.select_related("task").order_by("pk"))
    _record(letter, EventKind.WITHDRAW_LETTER, rows, note=f"{letter}：{reason}", by=by, now=now)
    return letter


def _record(letter: Letter, kind: str, rows: list[Assignment], *, note: str, by: User, now: datetime) -> None:
    """In the history of each share that the letter is about: its number and its fingerprint."""
    data = {"letter": letter.pk, "number": letter.number, "sha256": letter.sha256}
    record([Change(row.task, kind, row, note=note, data=data) for row in rows], by=by, now=now)
