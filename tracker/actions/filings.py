"""Documents that a task asks of its units: asking, handing in, no longer asking. Nothing is ever deleted."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Department, User
from tracker import permissions
from tracker.actions.evidence import files_undone_on_failure, for_history, store_file
from tracker.actions.history import Change, record
from tracker.actions.work import MoveRefused
from tracker.clock import day_of
from tracker.filetypes import Upload
from tracker.models import Filing, FilingRequest, Task
from tracker.workflow import EventKind

REQUESTS_PER_TASK = 10
FILINGS_PER_SHARE = 20


@transaction.atomic
def ask_filing(
    task_id: int,
    *,
    title: str,
    due_date: date | None,
    via: Department | None,
    form_key: UUID,
    by: User,
    now: datetime,
) -> FilingRequest:
    """Ask for a document of each unit of the task, or of those that came through the collective `via`.

    The same `form_key` a second time returns the first request. Raises MoveRefused.
    """
    task = Task.objects.select_for_update().get(pk=task_id)
    if existing := task.filing_requests.filter(form_key=form_key).first():
        return existing
    if not permissions.can_ask_filing(by, task):
        raise MoveRefused(_("任务已办结，或者您没有权限，不能要求备案。"))
    if not title.strip():
        raise MoveRefused(_("请写明材料名称。"))
    if due_date is not None and due_date < day_of(now):
        raise MoveRefused(_("报送时限不能早于今天。"))
    if task.filing_requests.open().count() >= REQUESTS_PER_TASK:
        raise MoveRefused(_("一项任务最多要求 %(limit)d 件材料。") % {"limit": REQUESTS_PER_TASK})
    request = FilingRequest(
        task=task,
        title=title.strip(),
        via=via,
        due_date=due_date,
        created_at=now,
        created_by=by,
        form_key=form_key,
    )
    if not request.asked.exists():
        raise MoveRefused(_("这项任务没有这样的责任单位。"))
    request.save(force_insert=True)
    data = {
        "request": request.pk,
        "title": request.title,
        "due_date": due_date.isoformat() if due_date else None,
        "via": via.pk if via else None,
    }
    record([Change(task, EventKind.ASK_FILING, note=request.title, data=data)], by=by, now=now)
    return request


def file_document(request_id: int, *, file: Upload, form_key: UUID, by: User, now: datetime) -> Filing:
    """Hand in a document for the person's own unit; a newer one takes the place of an older one.

    The same `form_key` a second time returns the first filing. Raises MoveRefused; then no file is left.
    """
    with files_undone_on_failure() as stored, transaction.atomic():
        request = _locked(request_id)
        share = request.asked.filter(department=by.department_id).select_related("task", "department").first()
        if share is None or not permissions.belongs_to_unit(by, share):
            raise MoveRefused(_("这份材料不由您的单位报送。"))
        own = Filing.objects.filter(request=request, assignment=share)
        if existing := own.filter(form_key=form_key).first():
            return existing
        if not permissions.can_file(by, request, share):
            raise MoveRefused(_("这份材料已不再要求报送。"))
        newest = own.newest_first().first()
        if newest is not None and newest.sha256 == file.sha256:
            raise MoveRefused(
                _("与 %(day)s 报送的“%(name)s”内容相同，不用重报。")
                % {"day": day_of(newest.filed_at), "name": newest.name}
            )
        if own.count() >= FILINGS_PER_SHARE:
            raise MoveRefused(
                _("同一件材料最多报送 %(limit)d 次，请与督办员联系。") % {"limit": FILINGS_PER_SHARE}
            )
        filing = Filing(
            request=request,
            assignment=share,
            name=file.name,
            kind=file.kind,
            size=file.size,
            sha256=file.sha256,
            filed_at=now,
            filed_by=by,
            form_key=form_key,
        )
        store_file(filing, file, stored=stored)
        filing.save(force_insert=True)
        data: dict[str, Any] = {"request": request.pk, "filing": filing.pk, "files": for_history([filing])}
        note = f"{request.title}：{filing.name}"
        record([Change(share.task, EventKind.FILE, share, note=note, data=data)], by=by, now=now)
        return filing


@transaction.atomic
def cancel_filing(request_id: int, *, reason: str, by: User, now: datetime) -> FilingRequest:
    """No longer ask for a document; what was filed stays. Raises MoveRefused."""
    request = _locked(request_id)
    if request.is_cancelled:
        raise MoveRefused(_("这项备案要求已经取消。"))
    if not permissions.can_cancel_filing(by, request):
        raise MoveRefused(_("您没有权限取消这项备案要求。"))
    if not reason.strip():
        raise MoveRefused(_("请写明取消的理由。"))
    request.cancelled_at = now
    request.cancelled_by = by
    request.cancel_reason = reason
    request.save(update_fields=["cancelled_at", "cancelled_by", "cancel_reason"])
    data = {"request": request.pk, "title": request.title}
    note = f"{request.title}：{reason}"
    record([Change(request.task, EventKind.CANCEL_FILING, note=note, data=data)], by=by, now=now)
    return request


def _locked(request_id: int) -> FilingRequest:
    """The request with its task's row locked, as every change of a task begins."""
    task_id = FilingRequest.objects.values_list("task_id", flat=True).get(pk=request_id)
    Task.objects.select_for_update().get(pk=task_id)
    return FilingRequest.objects.select_related("task").get(pk=request_id)
