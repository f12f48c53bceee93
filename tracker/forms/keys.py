"""Keys as addresses and forms carry them: of rows, and of a form itself."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import BadRequest

LONGEST_KEY = 18  # digits that surely fit the database's integers


def key_of(text: str) -> int | None:
    """The key that `text` names, or None where it cannot be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_KEY else None


def keys_of(texts: Iterable[str]) -> list[int]:
    """The keys that these name. Raises BadRequest where one cannot be one."""
    keys = []
    for text in texts:
        key = key_of(text)
        if key is None:
            raise BadRequest
        keys.append(key)
    return keys


class FormKeyField(forms.UUIDField):
    """Drawn when a form is shown, so that the same form sent twice does one thing."""

    widget = forms.HiddenInput

    def __init__(self, **options: Any) -> None:
        super().__init__(initial=uuid4, **options)
