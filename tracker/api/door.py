"""The way in: by token and by nothing else, counted, and always answered with JSON."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from ninja.errors import HttpError, ValidationError

from accounts.models import User
from tracker import clock
from tracker.api.errors import ApiError, field_errors, invalid, not_found, too_large, unauthorized
from tracker.models import ApiToken

logger = logging.getLogger(__name__)


class ApiRequest(HttpRequest):
    """A request whose token was good; its user is the token's owner, whoever else is signed in."""

    user: User
    token: ApiToken


def api_door(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Ask for the token before anything else, and answer every refusal in the API's one shape.

    A session opens nothing here, and so nothing here needs a CSRF token.
    """

    @wraps(view)
    def door(request: ApiRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with translation.override(translation.get_language_from_request(request)):
            try:
                request.token = _let_in(request)
                request.user = request.token.owner
                response = view(request, *args, **kwargs)
                if isinstance(response, HttpResponseNotAllowed):
                    response = _not_allowed(sorted(response["Allow"].split(", ")))
            except ApiError as error:
                response = error.answer()
            except Exception:
                # What is our fault goes to the log with its trail; the caller is told no more than that.
                logger.exception("API: %s %s", request.method, request.path)
                response = ApiError(500, "server_error", _("系统出错了，已经记录。请稍后再试。")).answer()
            response["Content-Language"] = translation.get_language()
        response["Cache-Control"] = "no-store"
        patch_vary_headers(response, ["Accept-Language", "Authorization"])
        return response

    return csrf_exempt(login_not_required(door))


def _let_in(request: HttpRequest) -> ApiToken:
    """The token of a request. Raises ApiError: 401 where it does not hold, 429 where it asks too often."""
    scheme, _space, words = request.headers.get("Authorization", "").partition(" ")
    token = ApiToken.objects.with_token(words.strip()).first() if scheme.lower() == "bearer" else None
    today, now, limit = clock.today(), clock.now(), settings.API_REQUESTS_PER_MINUTE
    if token is None or not token.holds(today):
        raise unauthorized()
    if not ApiToken.objects.count_request(token.pk, now=now, today=today, limit=limit):
        message = _("这个令牌一分钟内的请求超过了 %(limit)d 次，请稍后再试。") % {"limit": limit}
        raise ApiError(429, "too_many_requests", message, headers={"Retry-After": str(60 - now.second)})
    return token


def _not_allowed(methods: list[str]) -> HttpResponse:
    allowed = ", ".join(methods)
    message = _("这个地址只接受 %(methods)s。") % {"methods": allowed}
    return ApiError(405, "method_not_allowed", message, headers={"Allow": allowed}).answer()


def refuse(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    """What the library raises, in our shape; anything unexpected goes on to the door."""
    match error:
        case ApiError():
            return error.answer()
        case Http404():
            return not_found().answer()
        case ValidationError():
            return invalid(field_errors(error.errors)).answer()
        case RequestDataTooBig():
            return too_large().answer()
        case HttpError(__cause__=ApiError() as cause):
            # Raised while the body was read.
            return cause.answer()
        case _:
            raise error
