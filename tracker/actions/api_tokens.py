"""Making and revoking the tokens of the API, each with its audit event."""

from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.actions import Origin, printed
from accounts.actions import record as record_audit
from accounts.models import AuditEvent, User
from accounts.passwords import hash_token, new_token
from tracker.clock import day_of
from tracker.models import ApiToken

# By this a token is known for one where it should not be: in a log, in a program's source.
PREFIX = "duban_"
TOKENS_PER_PERSON = 10


class TokenRefused(Exception):
    """No token is made; the text says why, for a person."""


@transaction.atomic
def make_api_token(*, name: str, scope: str, expires_on: date, origin: Origin) -> str:
    """A new token of whoever asks, to be shown once. Raises TokenRefused."""
    owner = origin.by
    if owner is None:
        raise TokenRefused
    # Two at once are counted one after the other.
    User.objects.select_for_update().get(pk=owner.pk)
    tokens = ApiToken.objects.of(owner).not_ended(day_of(origin.now))
    if tokens.count() >= TOKENS_PER_PERSON:
        raise TokenRefused(
            _("一个人最多有 %(limit)d 个在用的令牌，请先停用不用的。") % {"limit": TOKENS_PER_PERSON}
        )
    token = PREFIX + new_token()
    try:
        with transaction.atomic():
            row = ApiToken.objects.create(
                owner=owner,
                name=name,
                scope=scope,
                token_hash=hash_token(token),
                created_at=origin.now,
                expires_on=expires_on,
                minute=origin.now,
            )
    except IntegrityError:
        raise TokenRefused(_("已有同名的令牌。请换一个名称，或先停用原来的。")) from None
    _audit(AuditEvent.Kind.TOKEN_MADE, row, origin)
    return token


@transaction.atomic
def revoke_api_token(pk: int, origin: Origin) -> bool:
    """From now on the token lets nobody in. False if it was revoked already."""
    row = ApiToken.objects.select_for_update(of=("self",)).select_related("owner").get(pk=pk)
    if row.revoked_at is not None:
        return False
    row.revoked_at, row.revoked_by = origin.now, origin.by
    row.save(update_fields=["revoked_at", "revoked_by"])
    _audit(AuditEvent.Kind.TOKEN_REVOKED, row, origin)
    return True


def _audit(kind: str, row: ApiToken, origin: Origin) -> None:
    with printed():
        detail = {
            str(_("接口令牌")): row.name,
            str(_("权限")): row.get_scope_display(),
            str(_("有效期至")): row.expires_on.isoformat(),
        }
    record_audit(kind, origin, subject=row.owner, detail=detail)
