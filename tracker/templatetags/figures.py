"""How figures and targets are printed."""

from decimal import Decimal

from django import template
from django.utils.translation import gettext_lazy as _

from tracker import targets
from tracker.models import Target

register = template.Library()

RELATIONS = {
    ">=": _("不低于 %(figure)s"),
    ">": _("高于 %(figure)s"),
    "<=": _("不高于 %(figure)s"),
    "<": _("低于 %(figure)s"),
    "=": _("完成 %(figure)s"),
    "+": _("增加 %(figure)s"),
    "-": _("减少 %(figure)s"),
}


@register.filter
def figure(value: Decimal, unit: str) -> str:
    """A number with its unit: 1,234.5吨."""
    return targets.figure(value, unit)


@register.filter
def wanted(target: Target) -> str:
    """What a target asks for, without the words around it: 不低于 95%."""
    return str(RELATIONS[target.op]) % {"figure": targets.figure(target.value, target.unit)}
