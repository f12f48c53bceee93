"""The sentences of a mail that an administrator may word: what they may hold, and how they are filled. Pure.

A few names in braces and nothing else, so that no wording can run code or read more than these names say.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

# What may stand in braces, and what it becomes.
PLACEHOLDERS: Mapping[str, str] = MappingProxyType(
    {"name": "收件人姓名", "region": "地区", "date": "邮件日期", "count": "事项数"}
)
LIMITS: Mapping[str, int] = MappingProxyType(
    {"subject_prefix": 20, "greeting": 60, "intro": 300, "closing": 300}
)
# A subject is one line of limited length, whoever gets it.
PLAIN_FIELDS = frozenset({"subject_prefix"})
ONE_LINE_FIELDS = frozenset({"subject_prefix", "greeting"})

_BRACES = re.compile(r"\{([^{}]*)\}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")


class WordingBroken(ValueError):
    """A wording that cannot be printed; its text says why."""


@dataclass(frozen=True)
class Wording:
    """The words around a mail's reminders, with names in braces where something is filled in."""

    subject_prefix: str = "【督办】"
    greeting: str = "{name}，您好："
    intro: str = "截至{date}，您有{count}项工作需要处理。"
    closing: str = "本邮件由督办台账系统自动发出，请勿直接回复。"

    def filled(self, values: Mapping[str, str]) -> "Wording":
        """The words as one person reads them. Raises WordingBroken where they are not fit to print."""
        words: dict[str, str] = asdict(self)
        for field, text in words.items():
            if found := problem_of(field, text):
                raise WordingBroken(f"{field}: {found}")
        return Wording(**{field: _fill(text, values) for field, text in words.items()})


BUILT_IN = Wording()


@dataclass(frozen=True)
class Wordings:
    """The words of every region's mails; the nearest apply: the region's, all regions', the built-in."""

    by_region: Mapping[int | None, Wording]

    def of(self, region_id: int | None) -> Wording:
        return self.by_region.get(region_id) or self.by_region.get(None) or BUILT_IN


def problem_of(field: str, text: str) -> str:
    """What is wrong with these words for this field, in a sentence; empty when nothing is."""
    if not text.strip():
        return "不能为空。"
    if len(text) > LIMITS[field]:
        return f"最多{LIMITS[field]}字，现有{len(text)}字。"
    if _CONTROL.search(text) or (field in ONE_LINE_FIELDS and "\n" in text):
        return "只能写一行，不能含有换行或控制字符。" if field in ONE_LINE_FIELDS else "不能含有控制字符。"
    names = _BRACES.findall(text)
    if field in PLAIN_FIELDS and re.search(r"[{}]", text):
        return "这里不能用花括号。"
    unknown = [name for name in names if name not in PLACEHOLDERS]
    if unknown:
        known = "、".join(f"{{{name}}}" for name in PLACEHOLDERS)
        return f"不认识{{{unknown[0]}}}。可以用的有：{known}。"
    if re.search(r"[{}]", _BRACES.sub("", text)):
        return "花括号要成对，里面写可以用的名称，例如{name}。"
    return ""


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _BRACES.sub(lambda found: values[found[1]], text)
