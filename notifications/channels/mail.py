"""Mail: how a digest is printed, how it is sent, and what an error of the mail server means."""

import smtplib
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from notifications.digest import Digest
from notifications.models import Message


def task_url(task_id: int) -> str:
    """The address of a task's page as it works from outside."""
    return _absolute(reverse("task", args=[task_id]))


def message_url(message_id: int) -> str:
    """The address of a digest's page as it works from outside."""
    return _absolute(reverse("notifications:message", args=[message_id]))


def _absolute(path: str) -> str:
    return f"{str(settings.SITE_URL).rstrip('/')}{path}"


def render(digest: Digest, *, name: str, unreachable: tuple[str, ...]) -> tuple[str, str]:
    """The mail's body as plain text and as HTML."""
    context = {
        "digest": digest,
        "name": name,
        "unreachable": unreachable,
        "mail_url": _absolute(reverse("notifications:mail")),
        "sections": [
            {
                "section": section,
                "items": [(item, task_url(item.matter.task_id)) for item in section.shown],
            }
            for section in digest.sections
        ],
    }
    text = render_to_string("notifications/mail/digest.txt", context)
    html = render_to_string("notifications/mail/digest.html", context)
    return text, html


def sender_domain() -> str:
    """The domain that our own identifiers (Message-ID, List-Id) are named under."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def send(message: Message, /) -> None:
    """Hand one mail to the server. Raises what the server or the network raised."""
    EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        to=[message.address],
        headers={
            "Message-ID": message.message_id,
            # No out-of-office reply shall come back, and a mail program can file these by themselves.
            "Auto-Submitted": "auto-generated",
            "List-Id": f"<reminders.{sender_domain()}>",
        },
        alternatives=[(message.html, "text/html")],
    ).send()


def is_permanent(error: Exception, /) -> bool:
    """Whether trying again cannot help: the server refused this recipient or this mail for good.

    A 5xx at sign-in or for the sender is our own set-up and hits everybody: that is retried, because burying
    all mails of a day over a wrong password would lose them.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPDataError):
        return error.smtp_code >= 500
    # An address or a header that cannot be written at all (BadHeaderError and UnicodeError are ValueErrors).
    return isinstance(error, ValueError)


def describe(error: Exception, /) -> str:
    """The error in the server's own words, for the page that shows it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, reason = next(iter(error.recipients.values()))
        return f"{code} {_words(reason)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_words(error.smtp_error)}"
    return f"{type(error).__name__}: {error}"


def _words(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
