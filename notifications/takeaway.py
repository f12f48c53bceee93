"""What the back office exports of the calendar: only out, as accounts/takeaway.py says."""

from accounts.takeaway import Outgoing, out
from notifications.models import CalendarDay


class CalendarDayExport(Outgoing):
    """日历调整."""

    date = out("date", "日期")
    is_workday = out("is_workday", "工作日")
    name = out("name", "说明")

    class Meta:
        model = CalendarDay
        fields = ("date", "is_workday", "name")
