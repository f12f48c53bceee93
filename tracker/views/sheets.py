"""Background files: asking, watching, taking away; and bringing tasks in from a sheet."""

import logging
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from accounts.requests import SignedInRequest, posted
from accounts.table_files import FORMATS
from accounts.tables import make_table
from tracker import clock
from tracker.actions import sheet_jobs
from tracker.actions.sheet_plans import TASKS_PER_PLAN
from tracker.actions.task_sheets import HEADS, REQUIRED, ROW_LIMIT
from tracker.actions.work import MoveRefused
from tracker.filetypes import clean_name
from tracker.forms.sheets import ExportForm, TaskFileForm
from tracker.jobs import run_sheet_job
from tracker.models import SheetJob
from tracker.models.sheet_jobs import sheets_dir
from tracker.permissions import can_import_plan, get_sheet_job_for

logger = logging.getLogger(__name__)
JOBS_SHOWN = 30


def start_job(job: SheetJob) -> None:
    """Queue the job at once. Where Redis does not answer, the sweep queues it a few minutes later."""

    def queue() -> None:
        try:
            run_sheet_job.apply_async(kwargs={"job_id": job.pk}, retry=False)
        except OperationalError:
            logger.warning("sheet job %s waits for the sweep: no broker", job.pk)

    transaction.on_commit(queue)


@require_safe
@never_cache
def sheets(request: SignedInRequest) -> HttpResponse:
    """The person's own background files, the newest first."""
    jobs = SheetJob.objects.of(request.user.pk).newest_first()[:JOBS_SHOWN]
    context = {"jobs": jobs, "days": sheet_jobs.KEEP.days, "may_import": can_import_plan(request.user)}
    return render(request, "tracker/sheets.html", context)


@require_POST
def sheet_export(request: SignedInRequest) -> HttpResponse:
    """Make a list that is too long for waiting into a file. Raises Http404 where its page would."""
    form = ExportForm(request.POST)
    if not form.is_valid():
        raise BadRequest
    asked = form.cleaned_data
    now = clock.now()
    table = make_table(asked["list"], request.user, QueryDict(asked["query"]), asked["pk"], today=now.date())
    try:
        job = sheet_jobs.ask_export(
            list_name=asked["list"],
            list_key=asked["pk"],
            query=asked["query"],
            kind=asked["format"],
            title=table.title,
            total=table.count,
            form_key=asked["form_key"],
            by=request.user,
            now=now,
        )
    except MoveRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("sheets")
    if job.state == SheetJob.State.QUEUED:
        start_job(job)
    return redirect("sheet", pk=job.pk)


@never_cache
def sheet_import(request: SignedInRequest) -> HttpResponse:
    """Send a file of tasks: it is looked at in the background, and taken in once that was confirmed."""
    if not can_import_plan(request.user) or request.user.region is None:
        raise Http404
    form = TaskFileForm(posted(request), request.FILES or None, initial={"form_key": uuid4()})
    if form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            job = sheet_jobs.ask_import(
                file=upload.file,
                name=clean_name(upload.name),
                form_key=form.cleaned_data["form_key"],
                by=request.user,
                now=clock.now(),
            )
        except MoveRefused as refusal:
            form.add_error("file", str(refusal))
        else:
            if job.state == SheetJob.State.QUEUED:
                start_job(job)
            return redirect("sheet", pk=job.pk)
    context = {
        "form": form,
        "heads": "、".join(HEADS),
        "required": "、".join(REQUIRED),
        "limit": ROW_LIMIT,
        "plan_limit": TASKS_PER_PLAN,
    }
    return render(request, "tracker/sheet_import.html", context)


@require_safe
@never_cache
def sheet(request: SignedInRequest, pk: int) -> HttpResponse:
    """One background file: how far it is, what was found, and what can be done with it."""
    job = get_sheet_job_for(request.user, pk)
    if job.is_ledger:
        return redirect("old_ledger", pk=pk)
    return render(request, "tracker/sheet.html", {"job": job, "days": sheet_jobs.KEEP.days})


@require_safe
@never_cache
def sheet_download(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """The file, for its owner alone."""
    job = get_sheet_job_for(request.user, pk)
    place = sheets_dir() / job.result
    if not job.result or not place.is_file():
        raise Http404
    kind = "xlsx" if job.is_import or job.is_ledger else job.format
    response = FileResponse(place.open("rb"), as_attachment=True, filename=job.file_name)
    response["Content-Type"] = FORMATS[kind]
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
def sheet_confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take in what was looked at."""
    job = get_sheet_job_for(request.user, pk)
    if not can_import_plan(request.user):
        raise Http404
    if sheet_jobs.confirm_import(job.pk, by=request.user, now=clock.now()):
        start_job(job)
    else:
        messages.info(request, _("这次导入已经处理过，没有重复进行。"))
    return redirect("sheet", pk=pk)


@require_POST
def sheet_cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give up a job that has not ended."""
    job = get_sheet_job_for(request.user, pk)
    if sheet_jobs.cancel(job.pk, by=request.user, now=clock.now()):
        messages.success(request, _("已取消。"))
    else:
        messages.info(request, _("已经完成或正在写入，不能取消。"))
    return redirect("sheet", pk=pk)
