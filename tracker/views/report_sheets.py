"""离线填报: a unit's report sheet taken away, filled in, brought back, looked at, and taken in."""

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.models import Department
from accounts.requests import SignedInRequest, posted
from accounts.sheets import UnreadableSheet
from accounts.views.exports import exported
from tracker import clock
from tracker.actions.report_sheets import take_in
from tracker.actions.work import SomeRefused
from tracker.forms.report_sheets import FILLED_LIMIT, Carried, Look, ReportSheetForm, look, read_rows
from tracker.permissions import get_reporting_unit_for, reportable_assignments


@never_cache
def report_sheet(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Take the sheet away, or bring it back. Between preview and confirmation the server keeps nothing."""
    unit = get_reporting_unit_for(request.user, pk)
    if answer := exported(request, "report_sheet", pk):
        return answer
    if request.method == "POST" and "rows" in request.POST:
        return _confirm(request, unit)
    form = ReportSheetForm(posted(request), request.FILES or None)
    if form.is_valid():
        try:
            return _preview(
                request, unit, look(read_rows(form.cleaned_data["file"].read()), unit, request.user)
            )
        except UnreadableSheet as unreadable:
            form.add_error("file", str(unreadable))
    context = {
        "unit": unit,
        "form": form,
        "count": reportable_assignments(request.user, unit).with_unit().count(),
        "limit": FILLED_LIMIT,
    }
    return render(request, "tracker/report_sheet.html", context)


def _preview(
    request: SignedInRequest,
    unit: Department,
    found: Look,
    *,
    problem: str = "",
    chosen: Collection[int] = (),
) -> HttpResponse:
    context: dict[str, Any] = {"unit": unit, "look": found, "problem": problem, "chosen": chosen}
    if found.can_go_on:
        context["rows"] = Carried.of(found).signed(unit)
    return render(request, "tracker/report_sheet_preview.html", context)


def _confirm(request: SignedInRequest, unit: Department) -> HttpResponse:
    try:
        carried = Carried.read(request.POST["rows"], unit)
    except signing.SignatureExpired:
        messages.error(request, _("核对结果已超过两小时，什么都没有保存。请重新上传填报表。"))
        return redirect("report_sheet", pk=unit.pk)
    except signing.BadSignature:
        raise BadRequest from None
    found = look(carried.rows, unit, request.user)
    newer = [line for line in found.lines if line.version != carried.versions.get(line.key)]
    changed = {line.key for line in newer if not line.is_made}
    chosen = {
        line.key for line in found.conflicts if request.POST.get(f"take-{line.key}") == "sheet"
    } - changed
    if changed:
        return _again(request, unit, found, chosen)
    lines = [*found.to_take, *(line for line in found.conflicts if line.key in chosen)]
    try:
        made = take_in(
            [line.filled() for line in lines],
            answered=[line.key for line in found.answered],
            by=request.user,
            now=clock.now(),
        )
    except SomeRefused:
        return _again(request, unit, look(carried.rows, unit, request.user), chosen)
    if made:
        messages.success(request, _("已填报 %(count)d 项。") % {"count": len(made)})
    elif newer:  # by this very confirmation, sent twice
        messages.info(request, _("这份填报表已经导入过，没有重复进行。"))
    else:
        messages.info(request, _("冲突的行都保留了现在的填报，什么都没有改。"))
    return redirect("my_work") if request.user.is_unit_person else redirect("unit", pk=unit.pk)


def _again(request: SignedInRequest, unit: Department, found: Look, chosen: Collection[int]) -> HttpResponse:
    problem = _("核对之后情况有变，一行也没有填报。表里填的都还在，请重新核对后确认。")
    return _preview(request, unit, found, problem=problem, chosen=chosen)
