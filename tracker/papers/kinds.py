"""The kinds of paper, and what each must print to be worth handing out."""

from collections.abc import Iterator
from enum import nonmember
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Paper(models.TextChoices):
    """What is printed as a Word file."""

    NOTICE = "NOTICE", _("提示单")
    SUPERVISION = "SUPERVISION", _("督办单")
    BULLETIN = "BULLETIN", _("通报")
    CARD = "CARD", _("任务卡")

    # Those that are numbered and sent to a unit.
    letters = nonmember(("NOTICE", "SUPERVISION"))

    @property
    def word(self) -> str:
        """What stands for it in a number (机关代字之后的字): 新乡督〔2024〕3号."""
        return {"NOTICE": "提", "SUPERVISION": "督"}.get(self.value, "")


def must_print(paper: str, data: dict[str, Any]) -> Iterator[str]:
    """The words without which a paper made of these data would be a wrong one."""
    match paper:
        case Paper.NOTICE | Paper.SUPERVISION:
            yield from (data["number"], data["unit"])
            for item in data["items"]:
                yield from (item["number"], item["text"], item["due"])
        case Paper.BULLETIN:
            yield from (data["region"], data["month"])
            yield from (unit["name"] for unit in data["units"])
        case Paper.CARD:
            yield from (data["number"], data["text"])
            yield from (unit["name"] for unit in data["units"])
