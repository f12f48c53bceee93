"""The API's pages for people: one's own tokens, and what can be asked."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import SignedInRequest, origin_of, posted
from tracker import clock
from tracker.actions.api_tokens import TOKENS_PER_PERSON, TokenRefused, make_api_token, revoke_api_token
from tracker.api.description import document
from tracker.api.reference import reference_of
from tracker.forms.api_tokens import ApiTokenForm
from tracker.permissions import get_api_token_for, scopes_to_give, visible_api_tokens

TOKENS_PER_PAGE = 50


@never_cache
def api_tokens(request: SignedInRequest) -> HttpResponse:
    """接口令牌: one's own, for administrators everybody's; a new one is shown in the answer and not again."""
    today, token = clock.today(), ""
    scopes = scopes_to_give(request.user)
    form = ApiTokenForm(posted(request), scopes=scopes)
    if form.is_valid():
        try:
            token = make_api_token(
                name=form.cleaned_data["name"],
                scope=form.cleaned_data["scope"],
                expires_on=today + timedelta(days=form.cleaned_data["days"]),
                origin=origin_of(request),
            )
        except TokenRefused as refusal:
            form.refuse(str(refusal))
        else:
            form = ApiTokenForm(None, scopes=scopes)
    found = Paginator(visible_api_tokens(request.user).newest_first(), TOKENS_PER_PAGE)
    page = found.get_page(request.GET.get("page"))
    context = {
        "form": form,
        "token": token,
        "page": page,
        "pages": found.get_elided_page_range(page.number),
        "rows": [(row, row.holds(today), row.is_expired(today)) for row in page],
        "base": f"{settings.SITE_URL.rstrip('/')}/api/v1/",
        "limit": TOKENS_PER_PERSON,
    }
    return render(request, "tracker/api_tokens.html", context)


@require_POST
def revoke(request: SignedInRequest, pk: int) -> HttpResponse:
    """Make a token dead, at once and for good."""
    token = get_api_token_for(request.user, pk)
    if revoke_api_token(token.pk, origin_of(request)):
        messages.success(request, _("令牌“%(name)s”已停用，用它的系统不能再读取。") % {"name": token.name})
    return redirect("api_tokens")


@require_safe
def api_reference(request: SignedInRequest) -> HttpResponse:
    """接口说明: the API's description as a page, from the same document that tools read."""
    context = {"reference": reference_of(document()), "limit": settings.API_REQUESTS_PER_MINUTE}
    return render(request, "tracker/api_reference.html", context)


@require_safe
def api_description(request: SignedInRequest) -> HttpResponse:
    """The document itself, to take away; with a token it is read at /api/v1/openapi.json."""
    headers = {"Content-Disposition": 'attachment; filename="duban-openapi.json"'}
    return JsonResponse(document(), json_dumps_params={"ensure_ascii": False, "indent": 1}, headers=headers)
