"""Names of units as people write them, folded so that two ways of writing one name compare as equal."""

import re
from functools import cache
from typing import Any

_BRACKETS = str.maketrans("〔〕（）[]【】，；：", "()()()(),;:")


@cache
def _converter() -> Any:
    from opencc import OpenCC  # loading its dictionaries takes a while; only importing plans needs them

    return OpenCC("t2s")


def fold_name(name: str) -> str:
    """Return `name` in simplified characters, half-width brackets and without white space."""
    return re.sub(r"\s+", "", str(_converter().convert(name))).translate(_BRACKETS)
