"""Letting go a planning run that was held because of its number of mails."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.requests import SignedInRequest
from notifications.actions import planning
from notifications.permissions import can_release
from tracker import clock


@require_POST
def release(request: SignedInRequest, pk: int) -> HttpResponse:
    """Said twice it happens once; a run that no longer waits is left alone, and the person told."""
    if not can_release(request.user):
        raise Http404
    if planning.release_run(run_id=pk, by=request.user, now=clock.now()):
        messages.success(request, _("已放行，下一次生成提醒时全部发出（每天7时至20时，每小时一次）。"))
    else:
        messages.warning(request, _("没有需要放行的提醒：可能已由他人放行，或已超过24小时。"))
    return redirect("notifications:mail")
