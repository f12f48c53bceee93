"""The one place that asks the clock. Views, jobs and commands call it once and pass the answer on."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present moment in Asia/Shanghai; on the demo's date (DUBAN_TODAY) where one is set."""
    moment = datetime.now(SHANGHAI)
    if settings.DUBAN_TODAY:
        return datetime.combine(settings.DUBAN_TODAY, moment.timetz())
    return moment


def today() -> date:
    """The present local date: a due date is a day of the calendar in China, never a UTC day."""
    return now().date()
