"""The list of reminder mails, and its table to take away."""

from datetime import date

from django.http import QueryDict

from accounts.models import User
from accounts.tables import Coded, Column, Kind, Table, index, listed, rows_of
from notifications.models import Message
from notifications.models.messages import MessageQuerySet
from notifications.permissions import visible_messages

UNREAD = "UNREAD"  # beside the states of a mail: one's own that one has not opened


def mails_found(user: User, state: str) -> MessageQuerySet:
    """The digests asked for, newest first, without their bodies: only the page of one mail shows them."""
    visible = visible_messages(user)
    if state == UNREAD:
        chosen = Message.objects.unread_by(user)
    else:
        chosen = visible.filter(state=state) if state in Message.State.values else visible
    return chosen.select_related("recipient").defer("text", "html").latest_first()


_MAILS = (
    index(),
    Column("day", "日期", lambda row: row.day, Kind.DATE, width=12),
    Column("recipient", "收件人", lambda row: str(row.recipient), width=12),
    Column("address", "邮箱", lambda row: row.address, width=28),
    Column("subject", "主题", lambda row: row.subject, width=46),
    Column("state", "状态", lambda row: Coded(row.state, row.get_state_display()), Kind.CODED, width=10),
    Column("sent_at", "发送时间", lambda row: row.sent_at, Kind.MOMENT, width=17),
    Column("read_at", "打开时间", lambda row: row.read_at, Kind.MOMENT, width=17),
    Column("attempts", "尝试次数", lambda row: row.attempts, Kind.NUMBER, width=8),
    Column("error", "未送达原因", lambda row: row.error, width=40),
)


@listed("mails")
def mails_table(user: User, asked: QueryDict, pk: int | None, today: date) -> Table:
    """提醒邮件, in the state that was asked for."""
    mails = mails_found(user, asked.get("state", ""))
    return Table("提醒邮件", "mails", _MAILS, rows_of(mails), mails.count())
