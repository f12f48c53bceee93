"""The clock, by the name under which the rest of the project knows it."""

from datetime import date, datetime, time

from accounts.clock import SHANGHAI, now, today

__all__ = ["SHANGHAI", "day_of", "now", "start_of", "today"]


def day_of(moment: datetime) -> date:
    """The local day of a moment, however it is stored: 2024-10-21 16:30 UTC is the 22nd."""
    return moment.astimezone(SHANGHAI).date()


def start_of(day: date) -> datetime:
    """The first moment of a local day."""
    return datetime.combine(day, time.min, tzinfo=SHANGHAI)
