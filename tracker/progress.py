"""Expected progress (序时进度): how far a share ought to be by a day. Pure."""

from datetime import date, timedelta

from tracker.workflow import BEHIND_MARGIN


def behind_from(*, start: date, due: date | None, percent: int) -> date | None:
    """First day on which expected progress, straight by time, exceeds `percent` by more than the margin.

    None where there is no due date, or where so much is done that the day would lie past the due date.
    """
    if due is None or due <= start:
        return None
    days = (due - start).days * (percent + BEHIND_MARGIN) // 100
    day = start + timedelta(days=days + 1)
    return day if day <= due else None
