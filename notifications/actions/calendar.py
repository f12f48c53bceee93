"""Keeping the working calendar: days of one's own over the national ones, each change with what it moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.actions import Origin, printed
from accounts.actions import record as record_audit
from accounts.models import AuditEvent
from notifications.models import CalendarChange, CalendarDay, CalendarMove
from notifications.moves import Moves, moves_between
from notifications.notices import Said, word_of
from notifications.permissions import can_set_calendar
from notifications.workdays import ONE_DAY, WorkingCalendar, is_announced, zh_date


class CalendarRefused(Exception):
    """A change of the calendar that cannot be made; its text tells the reader why."""


class StaleCalendar(CalendarRefused):
    """Somebody changed the calendar after the page was opened."""


@dataclass(frozen=True)
class DayChange:
    """A day and what is said of it before and after; None where the national calendar alone speaks."""

    day: date
    before: Said | None
    after: Said | None


@dataclass(frozen=True)
class Wanted:
    """A change that could be made of the calendar as it was at `version`: `lines` as people read it."""

    version: int
    changes: tuple[DayChange, ...]
    lines: tuple[str, ...]
    moves: Moves


def own_days() -> dict[date, Said]:
    """The days of this installation's own."""
    rows = CalendarDay.objects.order_by("date").values_list("date", "is_workday", "name")
    return {day: Said(is_workday, name) for day, is_workday, name in rows}


def calendar_of(own: Mapping[date, Said]) -> WorkingCalendar:
    """The working calendar with these days of one's own."""
    return WorkingCalendar({day: said.is_workday for day, said in own.items() if said.is_workday is not None})


def look_ahead(said: Mapping[date, Said], *, first: date) -> Wanted:
    """What these days would change, and which reminders from `first` on would move. Writes nothing.

    What the announcement says already changes nothing, and takes away what was said otherwise. Of a year that
    is not announced everything is kept, because its weekends are only assumed.
    """
    version = CalendarChange.objects.version()  # before the days: a change in between makes it out of date
    own = own_days()
    changes = tuple(
        DayChange(day, own.get(day), after)
        for day in sorted(said)
        if (after := _kept(day, said[day], own.get(day))) != own.get(day)
    )
    later = own | {change.day: change.after or Said(None) for change in changes}
    present, wanted = calendar_of(own), calendar_of(later)
    other = [
        change.day for change in changes if present.is_working(change.day) != wanted.is_working(change.day)
    ]
    moves = moves_between(present, wanted, other, first=first) if other else Moves(first, first)
    with printed():
        lines = tuple(_lines(changes, present, wanted))
    return Wanted(version, changes, lines, moves)


def keep_days(wanted: Wanted, *, version: int, origin: Origin) -> CalendarChange | None:
    """Enter these days, and keep what they move. `version` is the number of the last change that was seen.

    None where nothing changes, so that a form sent twice does one thing. `origin.by` is None for a command.
    What is wanted was looked up at `wanted.version`, outside the transaction, because it takes seconds; a
    change in between is noticed. Raises CalendarRefused or StaleCalendar.
    """
    if origin.by is not None and not can_set_calendar(origin.by):
        raise CalendarRefused(_("您没有权限修改工作日历。"))
    if not wanted.changes:
        return None
    stale = StaleCalendar(_("您打开页面之后，工作日历已被修改。请核对后再保存。"))
    if version != wanted.version:
        raise stale
    try:
        with transaction.atomic():
            return _write(wanted, origin)
    except IntegrityError:  # somebody else's change has the number
        raise stale from None


def _write(wanted: Wanted, origin: Origin) -> CalendarChange:
    moves = wanted.moves
    change = CalendarChange.objects.create(
        number=wanted.version + 1,
        changed_at=origin.now,
        changed_by=origin.by,
        days=list(wanted.lines),
        move_count=moves.count,
        looked_at=moves.looked_at,
        is_cut=moves.is_cut,
    )
    CalendarDay.objects.filter(date__in=[one.day for one in wanted.changes]).delete()
    CalendarDay.objects.bulk_create(
        CalendarDay(date=one.day, is_workday=one.after.is_workday, name=one.after.name)
        for one in wanted.changes
        if one.after is not None and one.after.is_workday is not None
    )
    CalendarMove.objects.bulk_create(
        (
            CalendarMove(
                change=change,
                assignment_id=move.matter.assignment_id,
                stage=move.stage,
                from_day=move.from_day,
                to_day=move.to_day,
            )
            for move in moves.listed
        ),
        batch_size=500,
    )
    with printed():
        detail = {_("日期"): "；".join(wanted.lines), _("变动的提醒"): str(moves.count)}
    record_audit(AuditEvent.Kind.CALENDAR_CHANGED, origin, detail=detail)
    return change


def _kept(day: date, said: Said, own: Said | None) -> Said | None:
    """What is kept of a day once this is said of it."""
    if said.is_workday is None:
        return None
    if is_announced(day.year) and WorkingCalendar().is_working(day) == said.is_workday:
        return None
    if own is not None and own.is_workday == said.is_workday and not said.name:
        return own
    return said


def _lines(changes: Sequence[DayChange], present: WorkingCalendar, wanted: WorkingCalendar) -> list[str]:
    """Days in a row that change alike, each row as one line: 2027-01-01（周五） 元旦：放假（原上班）."""
    runs: list[tuple[date, date, tuple[str, ...]]] = []
    for change in changes:
        words = (
            change.after.name if change.after else _("删去自行录入"),
            word_of(wanted.is_working(change.day)),
            word_of(present.is_working(change.day)),
        )
        if runs and runs[-1][1] + ONE_DAY == change.day and runs[-1][2] == words:
            runs[-1] = (runs[-1][0], change.day, words)
        else:
            runs.append((change.day, change.day, words))
    lines = []
    for first, last, (name, now, was) in runs:
        days = zh_date(first) if first == last else f"{zh_date(first)}至{zh_date(last)}"
        lines.append(f"{days} {name}{'：' if name else ''}{now}" + (f"（原{was}）" if now != was else ""))
    return lines
