"""Words of a form that was sent after its session had ended: kept for the one who wrote them.

The form says who that is (a signed name, `writer_of`), because the session that knew is gone. The words wait
in the session of the browser, as long as an ended session may last, and nowhere else: whoever signs in there
as somebody else finds them dropped.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest

from accounts.models import User

KEPT = "kept_words"  # in the session: address of the form -> {"writer": …, "words": {name: text}}
KEPT_FORMS = 5
KEPT_FIELDS = 60  # of one form
LONGEST_NAME = 60
WRITER = "writer"  # the form's field

View = TypeVar("View", bound=Callable[..., Any])


def writer_of(user: User) -> str:
    """What a form carries in its field `writer`, so that its words find their way back to this person."""
    return Signer(salt=KEPT).sign(str(user.pk))


def keeps_words(limits: Mapping[str, int], key: str = "pk") -> Callable[[View], View]:
    """Marks a view with an object's key as its argument: these fields are kept, up to so many characters.

    A field of a form within the form (c12-due_date) goes by its own name. The view takes them back with
    take_words, by the same `key`, the name of its argument. It must answer GET by leading to its form.
    """

    def mark(view: View) -> View:
        view.keeps_words = dict(limits)  # type: ignore[attr-defined]
        view.keeps_by = key  # type: ignore[attr-defined]
        return view

    return mark


def keep_words(request: HttpRequest, view: Callable[..., Any]) -> bool:
    """Keep what was sent to a view so marked; whether anything was kept."""
    limits: dict[str, int] = getattr(view, "keeps_words", {})
    if request.method != "POST" or not limits or request.resolver_match is None:
        return False
    try:
        writer = Signer(salt=KEPT).unsign(request.POST.get(WRITER, ""))
    except BadSignature:
        return False
    sent = [name for name in request.POST if len(name) <= LONGEST_NAME and request.POST[name]]
    words = {
        name: request.POST[name].replace("\0", "")[: limits[field]]
        for name in sent
        if (field := name.rpartition("-")[2]) in limits
    }
    words = dict(list(words.items())[:KEPT_FIELDS])
    if not words:
        return False
    kept = request.session.get(KEPT, {})
    name = getattr(view, "keeps_by", "pk")
    key = _slot(name, request.resolver_match.kwargs[name])
    kept.pop(key, None)
    kept[key] = {"writer": writer, "words": words}
    request.session[KEPT] = dict(list(kept.items())[-KEPT_FORMS:])
    return True


def _slot(name: str, pk: int) -> str:
    return str(pk) if name == "pk" else f"{name}-{pk}"


def take_words(request: HttpRequest, user: User, pk: int, key: str = "pk") -> dict[str, str]:
    """What this person wrote into the form of this object when the session had ended; only once."""
    kept = request.session.get(KEPT, {})
    found = kept.pop(_slot(key, pk), None)
    if found is None:
        return {}
    request.session[KEPT] = kept
    words: dict[str, str] = found["words"]
    return words if found["writer"] == str(user.pk) else {}


def drop_words_of_others(request: HttpRequest, user: User) -> None:
    """Called at sign-in: what somebody else left behind on this computer is nobody's to read."""
    kept = request.session.pop(KEPT, {})
    own = {key: found for key, found in kept.items() if found["writer"] == str(user.pk)}
    if own:
        request.session[KEPT] = own
