"""Excel files of people and units: templates, lists to take away, and files that come in."""

from base64 import b64encode
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from tablib import Dataset

from accounts.actions import printed
from accounts.forms import UploadForm
from accounts.models import Department, User
from accounts.permissions import kept_departments, require_keeper, visible_people
from accounts.requests import SignedInRequest, origin_of
from accounts.resources import DepartmentResource, KeeperResource, PersonResource, Report
from accounts.sheets import CONTENT_TYPE, UnreadableSheet, read_sheet, write_sheet

PREVIEW_AGE = 2 * 3600  # seconds in which a preview may be confirmed


def _attachment(data: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f"attachment; filename={name}.xlsx"}
    return HttpResponse(data, content_type=CONTENT_TYPE, headers=headers)


def _template(request: SignedInRequest, resource: type[KeeperResource], name: str) -> HttpResponse:
    require_keeper(request.user)
    notes = [str(note) for note in resource.notes]
    return _attachment(write_sheet(resource.title, resource.heads(), [], notes=notes), name)


def people_template(request: SignedInRequest) -> HttpResponse:
    return _template(request, PersonResource, "people-template")


def departments_template(request: SignedInRequest) -> HttpResponse:
    return _template(request, DepartmentResource, "departments-template")


def _export(
    request: SignedInRequest, resource: KeeperResource, rows: QuerySet[User] | QuerySet[Department], name: str
) -> HttpResponse:
    with printed():
        table = resource.export(rows)
    notes = [str(note) for note in resource.notes]
    texts = ([str(cell) for cell in row] for row in table)
    return _attachment(write_sheet(resource.title, table.headers, texts, notes=notes), name)


def export_people(request: SignedInRequest) -> HttpResponse:
    """The people of the keeper's regions in the columns of the template; no passwords, of course."""
    require_keeper(request.user)
    people = visible_people(request.user).active().for_list()
    return _export(request, PersonResource(origin_of(request)), people, "people")


def export_departments(request: SignedInRequest) -> HttpResponse:
    require_keeper(request.user)
    units = kept_departments(request.user).for_list()
    return _export(request, DepartmentResource(origin_of(request)), units, "departments")


@never_cache
def import_people(request: SignedInRequest) -> HttpResponse:
    """Look at a file of people row by row, then write it; the answer shows the one-time passwords."""
    return _import(request, PersonResource)


@never_cache
def import_departments(request: SignedInRequest) -> HttpResponse:
    """Look at a file of units row by row, then write it."""
    return _import(request, DepartmentResource)


def _import(request: SignedInRequest, kind: type[KeeperResource]) -> HttpResponse:
    """Nothing is kept between looking and writing: the page carries the rows, signed, and sends them."""
    require_keeper(request.user)
    resource = kind(origin_of(request))
    context: dict[str, Any] = {"is_people": kind is PersonResource, "limit": kind.row_limit}
    form = UploadForm()
    if request.method == "POST" and "rows" in request.POST:
        dataset = Dataset(headers=[*kind.heads(), "行"])
        for cells in _unsign(request, kind):
            dataset.append(cells)
        report = resource.run(dataset, dry_run=False)
        page = "import_preview.html" if report.refused else "import_done.html"
        context |= {"report": report, "is_late": True, "download": _passwords(report)}
        return render(request, f"accounts/{page}", context)
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                report, rows = _look(form, resource)
            except UnreadableSheet as unreadable:
                form.add_error("file", str(unreadable))
            else:
                context["report"] = report
                if report.can_go_on:
                    context["rows"] = signing.dumps(rows, salt=_salt(request, kind), compress=True)
                return render(request, "accounts/import_preview.html", context)
    return render(request, "accounts/import.html", context | {"form": form})


def _look(form: UploadForm, resource: KeeperResource) -> tuple[Report, list[list[str]]]:
    upload = form.cleaned_data["file"]
    if upload.size > settings.SHEET_UPLOAD_LIMIT:
        raise UnreadableSheet(_("文件超过 1 MB。请只保留要导入的行。"))
    dataset = resource.dataset_of(read_sheet(upload.read(), row_limit=resource.row_limit))
    return resource.run(dataset, dry_run=True), [list(row) for row in dataset]


def _salt(request: SignedInRequest, kind: type[KeeperResource]) -> str:
    return f"accounts.import.{kind.title}.{request.user.pk}"


def _unsign(request: SignedInRequest, kind: type[KeeperResource]) -> list[list[str]]:
    try:
        rows: list[list[str]] = signing.loads(
            request.POST["rows"], salt=_salt(request, kind), max_age=PREVIEW_AGE
        )
    except signing.BadSignature:
        raise BadRequest from None
    return rows


def _passwords(report: Report) -> str:
    """The list to hand out, as an address that carries it: the server keeps none, so it is offered once."""
    if not report.words:
        return ""
    heads = [_("单位"), _("姓名"), _("用户名"), _("一次性密码")]
    rows = [
        [person.department.name if person.department else "", person.full_name, person.username, word]
        for person, word in report.words
    ]
    data = write_sheet(_("一次性密码"), heads, rows)
    return f"data:{CONTENT_TYPE};base64,{b64encode(data).decode()}"
