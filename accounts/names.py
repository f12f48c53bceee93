"""Names of units as people write them, folded so that two ways of writing one name compare as equal."""

import re
import unicodedata
from functools import cache
from typing import Any

_BRACKETS = str.maketrans("〔〕[]【】", "()()()")


@cache
def _converter() -> Any:
    from opencc import OpenCC  # loading its dictionaries takes a while; only importing plans needs them

    return OpenCC("t2s")


def fold_name(name: str) -> str:
    """Return `name` in simplified characters, with half-width brackets and marks and without white space."""
    half_width = unicodedata.normalize("NFKC", name).translate(_BRACKETS)
    return re.sub(r"\s+", "", str(_converter().convert(half_width)))
