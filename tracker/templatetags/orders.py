"""The button that nudges all rows of a list."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django import template

from tracker.models import Assignment
from tracker.permissions import can_nudge

register = template.Library()


@register.inclusion_tag("tracker/_nudge_rows.html", takes_context=True)
def nudge_rows(context: template.RequestContext, rows: Iterable[Assignment]) -> dict[str, Any]:
    """Offer to nudge those of the rows that this person may nudge today; nothing where there are none."""
    user, today = context["user"], context["today"]
    ready = [row.pk for row in rows if can_nudge(user, row) and not row.rests_on(today)]
    page = context["request"].get_full_path()
    return {"ids": ready, "form_key": uuid4(), "page": page, "csrf_token": context.get("csrf_token")}
