"""The inbox in the application: which digests their recipients have opened. A trace, no more."""

from datetime import datetime

from accounts.models import User
from notifications.models import Message


def mark_read(message: Message, *, by: User, now: datetime) -> bool:
    """The recipient has opened the digest; whoever else may read it leaves no trace. The first time holds."""
    return bool(Message.objects.unread_by(by).filter(pk=message.pk).update(read_at=now))


def mark_all_read(*, by: User, now: datetime) -> int:
    """How many of the person's digests were unread till now."""
    return Message.objects.unread_by(by).update(read_at=now)
