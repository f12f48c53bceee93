"""Handing out a file to somebody who may read it: the view has asked for permission before."""

import logging

from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from tracker.filetypes import FileKind, clean_name
from tracker.models.files import KeptFile

logger = logging.getLogger(__name__)


def hand_out(found: KeptFile) -> HttpResponseBase:
    """One file. Only a raster image is shown by the browser; nothing in it may run or load anything."""
    try:
        content = found.file.open("rb")
    except FileNotFoundError:
        logger.error("%s %s: %s is not on the disk", found._meta.label, found.pk, found.file.name)
        raise Http404 from None
    kind = found.file_kind
    response = FileResponse(
        content,
        as_attachment=not kind.is_safe_image,
        filename=found.download_name,
        content_type=kind.mime,
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def hand_out_made(content: bytes, name: str) -> HttpResponse:
    """A Word file that was made for this request and is kept nowhere."""
    response = HttpResponse(content, content_type=FileKind.DOCX.mime)
    response["Content-Disposition"] = content_disposition_header(True, f"{clean_name(name)}.docx")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
