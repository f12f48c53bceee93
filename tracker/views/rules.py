"""What a plan asks of its units."""

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest, origin_of
from tracker.actions.rules import ask_evidence
from tracker.permissions import get_own_plan_for


def evidence(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask for evidence before handing in under this plan, or no longer."""
    plan = get_own_plan_for(request.user, pk)
    # Signing in again after a time-out leads here by GET: back to the page with the button.
    if request.method == "POST":
        asks = {"yes": True, "no": False}.get(request.POST.get("asks", ""))
        if asks is None:
            raise BadRequest
        ask_evidence(plan.pk, asks=asks, origin=origin_of(request))
        said = _("申请办结须附佐证材料，从现在起执行。") if asks else _("申请办结不再要求附佐证材料。")
        messages.success(request, said)
    return redirect("draft" if plan.is_draft else "plan", plan.pk)
