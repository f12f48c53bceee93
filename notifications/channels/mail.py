"""Mail: how a digest is printed, how it is sent, and what an error of the mail server means."""

import logging
import re
import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.urls import reverse

from notifications.digest import Digest, Item
from notifications.models import Message
from notifications.models.messages import SUBJECT_LIMIT
from notifications.wording import BUILT_IN, Wording, WordingBroken

logger = logging.getLogger(__name__)

# What an enhanced status code (RFC 3463) says about the recipient's address: no such mailbox or domain, wrong
# syntax, moved, not taking mail. 5.1.7 and 5.1.8 are about the sender's.
_ADDRESS_STATUS = re.compile(r"5\.(1\.(?:1|2|3|4|6|10)|2\.1)$")
_OUR_STATUS = re.compile(r"5\.(7\.\d+|1\.[78])$")
_ENHANCED = re.compile(r"\s*(5\.\d{1,3}\.\d{1,3})\b")
# The plain codes of RFC 5321 for a mailbox that is not there, where a server gives no enhanced one; the same
# codes are used for "relaying denied", which is about us.
_ADDRESS_CODES = frozenset({550, 551, 553})
_OUR_CODES = frozenset({530, 535})
_OUR_WORDS = re.compile(r"relay|authenti|rcpthosts|blacklist|blocklist|spam", re.IGNORECASE)


@dataclass(frozen=True)
class Rendered:
    """A mail as it is stored and sent."""

    subject: str
    text: str
    html: str


def task_url(task_id: int) -> str:
    """The address of a task's page as it works from outside."""
    return _absolute(reverse("task", args=[task_id]))


def message_url(message_id: int) -> str:
    """The address of a digest's page as it works from outside."""
    return _absolute(reverse("notifications:message", args=[message_id]))


def _absolute(path: str) -> str:
    return f"{str(settings.SITE_URL).rstrip('/')}{path}"


def render(
    digest: Digest,
    *,
    name: str,
    region: str = "",
    wording: Wording = BUILT_IN,
    unreachable: Sequence[str] = (),
    refused: Sequence[str] = (),
) -> Rendered:
    """The mail in the given words; in the built-in ones where those are not fit to print."""
    values = {"name": name, "region": region, "date": digest.as_of, "count": str(digest.count)}
    try:
        words = wording.filled(values)
    except WordingBroken as broken:
        logger.error("mail template of %s not used: %s", region or "all regions", broken)
        words = BUILT_IN.filled(values)
    context = {
        "digest": digest,
        "words": words,
        "unreachable": unreachable,
        "refused": refused,
        "mail_url": _absolute(reverse("notifications:mail")),
        "sections": [
            {
                "section": section,
                "items": [_printed(item) for item in section.shown],
                "count": len(section.items),
                "lead": section.lead,
            }
            for section in digest.sections
        ],
    }
    text = render_to_string("notifications/mail/digest.txt", context)
    html = render_to_string("notifications/mail/digest.html", context)
    subject = words.subject_prefix + digest.numbers
    if len(subject) > SUBJECT_LIMIT:  # everything at once, in numbers of five figures
        subject = subject[: SUBJECT_LIMIT - 1] + "…"
    return Rendered(subject, text, html)


def _printed(item: Item) -> dict[str, object]:
    """An item for both templates: plain values, because they look up a name in a dictionary fastest."""
    matter = item.matter
    return {
        "reasons": item.reasons,
        "is_overdue": item.is_overdue,
        "number": matter.number,
        "text": matter.short_text,
        "unit": matter.unit,
        "due": matter.due_zh,
        "url": task_url(matter.task_id),
    }


def sender_domain() -> str:
    """The domain that our own identifiers (Message-ID, List-Id) are named under."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def prepare(message: Message, line: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """The mail as it goes out."""
    return EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        to=[message.address],
        headers={
            "Message-ID": message.message_id,
            # No out-of-office reply shall come back, and a mail program can file these by themselves.
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "List-Id": f"<reminders.{sender_domain()}>",
            # The row of the ledger: the number in the address of the mail's page.
            "X-Duban-Message": str(message.pk),
        },
        alternatives=[(message.html, "text/html")],
        connection=line,
    )


@contextmanager
def open_line() -> Iterator[BaseEmailBackend]:
    """One connection for many mails, made by the first of them."""
    line = get_connection()
    try:
        yield line
    finally:
        _hang_up(line)


def send(message: Message, /, line: BaseEmailBackend | None = None) -> None:
    """Hand one mail to the server. Raises what the server or the network raised.

    A line that fails is closed, so that the next mail gets a new one. One that the server had closed between
    two mails (it was idle, or has had its number) is no failure of this mail: it goes over a new one at once.
    """
    if line is None:
        prepare(message).send()
        return
    was_open = not line.open()  # false where it was made just now; backends without lines say nothing
    try:
        prepare(message, line).send()
    except Exception as error:
        _hang_up(line)
        if not (was_open and _is_hung_up(error)):
            raise
        line.open()
        prepare(message, line).send()


def _hang_up(line: BaseEmailBackend) -> None:
    with suppress(smtplib.SMTPException, OSError):  # it is as closed as it gets
        line.close()


def _is_hung_up(error: Exception) -> bool:
    closing = isinstance(error, smtplib.SMTPResponseException) and error.smtp_code == 421
    return closing or isinstance(error, smtplib.SMTPServerDisconnected)


def is_permanent(error: Exception, /) -> bool:
    """Whether trying again cannot help: the server refused this recipient or this mail for good.

    A 5xx at sign-in or for the sender is our own set-up and hits everybody: that is retried, because burying
    all mails of a day over a wrong password would lose them. So is a refusal of the recipient that is about
    us (5.7.x, relaying denied).
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, reply = _answer(error)
        return code >= 500 and not _is_about_us(code, reply)
    if isinstance(error, smtplib.SMTPDataError):
        return error.smtp_code >= 500
    # An address or a header that cannot be written at all (BadHeaderError and UnicodeError are ValueErrors).
    return isinstance(error, ValueError)


def refuses_address(error: Exception) -> bool:
    """Whether the server says that this address takes no mail; not this mail, not from us, or not now."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError):
        return False
    code, reply = _answer(error)
    if code < 500 or _is_about_us(code, reply):
        return False
    if status := _ENHANCED.match(reply):
        return _ADDRESS_STATUS.match(status[1]) is not None
    # To all of a mail, a plain 550 is mostly about what it says.
    return isinstance(error, smtplib.SMTPRecipientsRefused) and code in _ADDRESS_CODES


def _is_about_us(code: int, reply: str) -> bool:
    if status := _ENHANCED.match(reply):
        return _OUR_STATUS.match(status[1]) is not None
    return code in _OUR_CODES or _OUR_WORDS.search(reply) is not None


def _answer(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError) -> tuple[int, str]:
    """Code and words; a mail of ours has one recipient."""
    if isinstance(error, smtplib.SMTPDataError):
        return error.smtp_code, _words(error.smtp_error)
    code, reply = next(iter(error.recipients.values()))
    return code, _words(reply)


def describe(error: Exception, /) -> str:
    """The error in the server's own words, for the page that shows it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "{} {}".format(*_answer(error))
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_words(error.smtp_error)}"
    return f"{type(error).__name__}: {error}"


def _words(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
