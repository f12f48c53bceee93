"""Reading a document for import, with the upload limit and the parser's errors in one place."""

from datetime import date
from pathlib import PurePath

from django.conf import settings
from django.utils.translation import gettext as _

from tracker.parser import ParsedPlan, UnreadableDocument, parse_text
from tracker.parser.readers import read_bytes


def parse_upload(data: bytes, name: str, *, reference_date: date) -> ParsedPlan:
    """Parse an uploaded file. Raises UnreadableDocument with a reason for a person."""
    text = read_bytes(data, name, max_bytes=settings.PLAN_UPLOAD_LIMIT)
    return parse_text(text, reference_date=reference_date, file=PurePath(name).name)


def parse_pasted(text: str, *, reference_date: date) -> ParsedPlan:
    """Parse pasted text. Raises UnreadableDocument when there is nothing to read."""
    if not text.strip():
        raise UnreadableDocument("", _("没有内容。"))
    return parse_text(text.replace("\r\n", "\n"), reference_date=reference_date)
