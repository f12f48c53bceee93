"""What a coordinator does about a list of late rows: nudge them all, or write the unit a letter."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django import template

from tracker.dashboards import UnitRows
from tracker.models import Assignment
from tracker.permissions import can_nudge, coordinates

register = template.Library()


@register.inclusion_tag("tracker/_nudge_rows.html", takes_context=True)
def nudge_rows(context: template.RequestContext, rows: Iterable[Assignment]) -> dict[str, Any]:
    """Offer to nudge those of the rows that this person may nudge today; nothing where there are none."""
    user, today = context["user"], context["today"]
    ready = [row.pk for row in rows if can_nudge(user, row) and not row.rests_on(today)]
    page = context["request"].get_full_path()
    return {"ids": ready, "form_key": uuid4(), "page": page, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("tracker/_letter_link.html", takes_context=True)
def letter_link(context: template.RequestContext, group: UnitRows) -> dict[str, Any]:
    """Offer to write a 督办单, where some of the rows are of the coordinator's own region."""
    may_write = any(coordinates(context["user"], row) for row in group.rows)
    return {"unit": group.line.department if may_write else None}
