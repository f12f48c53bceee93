"""What every page shows in its header."""

from datetime import date

from django.conf import settings
from django.http import HttpRequest

from tracker import clock


def page(request: HttpRequest) -> dict[str, date | bool]:
    """The as-of date, and whether it is the demo's own rather than the real one."""
    return {"as_of": clock.today(), "demo_date": settings.DUBAN_TODAY is not None}
