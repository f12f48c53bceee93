"""Fields drawn by hand look like those that Django's templates draw."""

import pytest
from django import forms
from django.test.html import parse_html

from tracker.forms.widgets import PlainSelect

CHOICES = [("", "全部"), (1, "市发改委"), (2, "<b>市“公安”局</b>"), ("0", "零")]


@pytest.mark.parametrize("value", ["", None, 1, "1", 2, "0", 0, "unknown"])
@pytest.mark.parametrize("attrs", [{}, {"id": "id_unit", "required": True, "disabled": False}])
def test_plain_select_is_djangos_select(value, attrs) -> None:
    plain, djangos = (
        kind(choices=CHOICES).render("unit", value, attrs) for kind in (PlainSelect, forms.Select)
    )
    assert parse_html(plain) == parse_html(djangos)
