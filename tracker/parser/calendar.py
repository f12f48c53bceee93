"""Day arithmetic and the Chinese festivals. The lunar calendar is loaded when first asked for."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

_FIXED = {
    "元旦": (1, 1),
    "五一": (5, 1),
    "劳动节": (5, 1),
    "七一": (7, 1),
    "八一": (8, 1),
    "国庆": (10, 1),
    "国庆节": (10, 1),
    "六一": (6, 1),
    "十一": (10, 1),
    "儿童节": (6, 1),
    "建党节": (7, 1),
    "建军节": (8, 1),
    "教师节": (9, 10),
    "植树节": (3, 12),
}
_LUNAR = {
    "春节": (1, 1),
    "元宵节": (1, 15),
    "端午": (5, 5),
    "端午节": (5, 5),
    "中秋": (8, 15),
    "中秋节": (8, 15),
    "重阳节": (9, 9),
}
_SEASONS = {
    "春季": ((3, 1), (5, 31)),
    "夏季": ((6, 1), (8, 31)),
    "秋季": ((9, 1), (11, 30)),
    "冬季": ((12, 1), (2, 28)),
    "秋冬季": ((10, 1), (3, 31)),
    "冬春季": ((11, 1), (3, 31)),
}
_HEATING = ((11, 15), (3, 15))  # the heating season of most northern cities


def month_end(year: int, month: int) -> date:
    """The last day of a month."""
    return date(year, month, monthrange(year, month)[1])


def add_months(day: date, months: int) -> date:
    """`day` moved by months, held inside the month it lands in."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def festival(name: str, year: int) -> date | None:
    """The day of a festival in a Gregorian year, or None outside of the lunar tables (1900 to 2099)."""
    if name in _FIXED:
        return date(year, *_FIXED[name])
    if name.startswith("清明"):
        return date(year, 4, 4 if year % 4 in (0, 1) else 5)
    from lunardate import LunarDate  # type: ignore[import-untyped]

    month, day = _LUNAR.get(name, (1, 1))
    try:
        eve = timedelta(days=1 if name == "除夕" else 0)
        return LunarDate(year, month, day).to_solar_date() - eve  # type: ignore[no-any-return]
    except (ValueError, AttributeError):
        return None


def season(year: int, name: str) -> tuple[date, date]:
    """First and last day of a season that begins in `year`."""
    (month, day), (last_month, last_day) = _SEASONS.get(name, _HEATING)
    last = date(year + (1 if last_month < month else 0), last_month, last_day)
    if (last_month, last_day) == (2, 28):
        last = month_end(last.year, 2)
    return date(year, month, day), last
