"""The hour from which a person is told. Pure.

By state, as everything here: any run from that hour on tells her. An hour at which nothing ran any more that
day (a server that is off in the evening) is made up for by the next run, whatever the hour.
"""

from datetime import date, datetime, time, timedelta

from tracker.clock import SHANGHAI

# The first and the last planning run of a day (CELERY_BEAT_SCHEDULE). Who says nothing is told by the first.
FIRST_HOUR, LAST_HOUR = 7, 20
CHOSEN_HOURS = range(FIRST_HOUR + 1, LAST_HOUR + 1)


def comes_later(hour: int | None, *, today: date, now: datetime, last_run: datetime | None) -> bool:
    """Whether somebody of that hour is left to a later run of `today`.

    `last_run` is when the last planning that was neither held nor broken off began; None for never.
    """
    if hour is None:
        return False
    comes_at = datetime.combine(today, time(hour), tzinfo=SHANGHAI)
    was_missed = last_run is not None and last_run < comes_at - timedelta(days=1)
    return now < comes_at and not was_missed
