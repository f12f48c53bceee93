"""导出: the list that a page shows, whole, as a file. Asked for at the page's own address and filters."""

import tempfile
from uuid import uuid4

from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from accounts import clock
from accounts.models import User
from accounts.requests import SignedInRequest
from accounts.table_files import FORMATS, write_table
from accounts.tables import Stamp, make_table

# Rows of a list that are written while its reader waits: a few seconds. More are a background job.
DIRECT_ROWS = 5000
IN_MEMORY = 1024 * 1024  # bytes of a file before it goes to a temporary one


def stamp_of(user: User) -> Stamp:
    """Who takes a file away, when, and for which day. Asks the clock."""
    now = clock.now()
    place = f"（{user.region}）" if user.region else ""
    return Stamp(now.date(), f"{user}{place}", now)


def exported(request: SignedInRequest, name: str, pk: int | None = None) -> HttpResponseBase | None:
    """The list as a file where the address asks for one (?export=xlsx); None where it asks for a page.

    A list that is too long for waiting gets a page that offers to make the file in the background.
    Raises Http404 where the page would.
    """
    kind = request.GET.get("export", "")
    if kind not in FORMATS:
        return None
    stamp = stamp_of(request.user)
    table = make_table(name, request.user, request.GET, pk, today=stamp.day)
    if table.count > DIRECT_ROWS:
        asked = request.GET.copy()
        for key in ("export", "page"):
            asked.pop(key, None)
        context = {
            "table": table,
            "limit": DIRECT_ROWS,
            "kind": kind,
            "list": name,
            "pk": pk or "",
            "query": asked.urlencode(),
            "form_key": uuid4(),
            "back": f"{request.path}?{asked.urlencode()}",
        }
        return render(request, "accounts/export_large.html", context)
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  closed with the response
    write_table(table, kind, file, stamp)
    file.seek(0)
    day = stamp.day.isoformat()
    response = FileResponse(file, as_attachment=True, filename=f"{table.title}-{day}.{kind}")
    response["Content-Type"] = FORMATS[kind]
    response["Cache-Control"] = "private, no-store"
    return response
