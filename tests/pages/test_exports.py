"""导出: the file says what the page says, to the same person; nothing in it is a formula."""

import csv
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from accounts.views import exports
from tests.factories import NOW, TODAY, Cast, make_assignment, make_department, make_plan
from tracker.models import ProgressReport, SheetJob
from tracker.workflow import Light, Status

Browser = Callable[[Any], Client]
HEAD = 3  # the row of the heads in a workbook


def _data(client: Client, address: str, kind: str) -> bytes:
    response = client.get(address + ("&" if "?" in address else "?") + f"export={kind}")
    assert response.status_code == 200
    assert "attachment" in response["Content-Disposition"]
    return b"".join(response)


def _json(client: Client, address: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(_data(client, address, "json"))["rows"]
    return rows


def _sheet(client: Client, address: str) -> tuple[Worksheet, dict[str, int]]:
    sheet = load_workbook(BytesIO(_data(client, address, "xlsx"))).worksheets[0]
    return sheet, {cell.value: cell.column for cell in sheet[HEAD]}


@pytest.fixture
def ledger(cast: Cast) -> None:
    """Shares of three units in all lights, one of another city, one that was waived."""
    for days, status in ((-5, "ACTIVE"), (3, "ACTIVE"), (90, "PENDING"), (-9, "CLOSED")):
        for unit in (cast.bureau, cast.other_bureau, cast.county_bureau):
            make_assignment(
                unit, plan=cast.plan, due_date=TODAY + timedelta(days=days), status=status, created_at=NOW
            )
    make_assignment(cast.bureau, plan=cast.plan)
    make_assignment(cast.bureau, plan=cast.plan, status=Status.WAIVED)
    make_assignment(cast.foreign_bureau, plan=cast.foreign_plan, due_date=TODAY)


LEDGER_QUERIES = ("", "?due=overdue", "?status=CLOSED&sort=-unit", "?light=YELLOW", "?q=没有的", "?due=none")


@pytest.mark.parametrize(
    "who", ["reporter", "outsider", "coordinator", "county_coordinator", "administrator"]
)
@pytest.mark.parametrize("query", LEDGER_QUERIES)
def test_the_ledger_as_a_file_is_the_list_on_the_screen(
    cast: Cast, ledger: None, browser: Browser, who: str, query: str
) -> None:
    client = browser(getattr(cast, who))
    address = reverse("ledger") + query
    page = client.get(address).context["page"]
    listed = [
        (row.pk, row.task.number, row.department.name, row.get_status_display()) for row in page.object_list
    ]

    rows = _json(client, address)

    assert page.paginator.num_pages == 1
    assert [(row["id"], row["number"], row["unit"], row["status"]["word"]) for row in rows] == listed


def test_all_pages_of_a_list_are_in_the_file(cast: Cast, browser: Browser) -> None:
    plan = cast.plan
    made = {make_assignment(cast.bureau, plan=plan, due_date=TODAY).pk for _ in range(30)}

    rows = _json(browser(cast.coordinator), reverse("ledger") + "?page=2")

    assert len(rows) == 30
    assert {row["id"] for row in rows} == made


@pytest.mark.parametrize("kind", ["xlsx", "csv", "json"])
def test_a_reporter_takes_away_the_own_units_work_only(
    cast: Cast, ledger: None, browser: Browser, kind: str
) -> None:
    data = _data(browser(cast.reporter), reverse("ledger"), kind)
    if kind == "xlsx":
        sheet = load_workbook(BytesIO(data)).worksheets[0]
        text = "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row)
    else:
        text = data.decode()
    assert "市生态环境局" in text
    for other in ("市工业和信息化局", "卫辉市生态环境局", "开封市"):
        assert other not in text


def test_the_overdue_list_keeps_its_order_by_unit(cast: Cast, ledger: None, browser: Browser) -> None:
    make_assignment(cast.other_bureau, plan=cast.plan, due_date=TODAY - timedelta(days=70))
    client = browser(cast.coordinator)
    groups = client.get(reverse("overdue")).context["groups"]

    rows = _json(client, reverse("overdue"))

    assert [row["id"] for row in rows] == [row.pk for group in groups for row in group.rows]
    assert rows[0]["unit"] == "市工业和信息化局"


def test_my_work_keeps_its_groups(cast: Cast, ledger: None, browser: Browser) -> None:
    client = browser(cast.reporter)
    groups = client.get(reverse("my_work")).context["work"].groups

    rows = _json(client, reverse("my_work"))

    listed = [(group.state.value, row.pk) for group in groups for row in group.rows]
    assert [(row["work_state"]["code"], row["id"]) for row in rows] == listed
    assert len({state for state, _key in listed}) > 2


def test_plans_a_plan_and_a_unit_with_their_figures(cast: Cast, ledger: None, browser: Browser) -> None:
    client = browser(cast.coordinator)
    for address in (reverse("plans"), reverse("unit", args=[cast.bureau.pk])):
        listed = [
            (str(plan), tally.total, tally.overdue) for plan, tally in client.get(address).context["lines"]
        ]
        assert [(row["plan"], row["total"], row["overdue"]) for row in _json(client, address)] == listed

    rows = _json(client, reverse("plan", args=[cast.plan.pk]))

    sections = client.get(reverse("plan", args=[cast.plan.pk])).context["sections"]
    measures = [(str(measure), tally.total) for section in sections for measure, tally in section.measures]
    assert [(row["measure"], row["total"]) for row in rows] == measures


def test_a_collective_with_its_members(cast: Cast, browser: Browser) -> None:
    collective = make_department(cast.city, "各有关部门", kind="COLLECTIVE")
    collective.members.add(cast.bureau, cast.other_bureau)
    make_assignment(cast.bureau, plan=cast.plan, via=collective, due_date=TODAY - timedelta(days=1))
    client = browser(cast.coordinator)
    address = reverse("collective", args=[collective.pk])

    rows = _json(client, address)

    lines = client.get(address).context["page"].object_list
    assert [(row["unit"], row["overdue"]) for row in rows] == [
        (line.department.name, line.figures.overdue) for line in lines
    ]
    assert rows[0]["light"]["code"] == "RED"
    assert rows[1]["light"] is None


@pytest.mark.parametrize(
    "name", ["accounts:people", "accounts:departments", "accounts:audit", "notifications:mail"]
)
@pytest.mark.parametrize("who", ["coordinator", "county_coordinator", "administrator"])
def test_people_units_audit_and_mails(cast: Cast, browser: Browser, name: str, who: str) -> None:
    client = browser(getattr(cast, who))
    page = client.get(reverse(name)).context["page"]

    rows = _json(client, reverse(name))

    assert len(rows) == page.paginator.count
    if name == "accounts:people":
        assert [row["username"] for row in rows] == [person.username for person in page.object_list]
    if name == "accounts:departments":
        assert [row["name"] for row in rows] == [unit.name for unit in page.object_list]


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("overdue", "reporter"),
        ("my_work", "coordinator"),
        ("accounts:people", "leader"),
        ("accounts:audit", "head"),
    ],
)
def test_who_may_not_see_a_list_gets_no_file(cast: Cast, browser: Browser, name: str, who: str) -> None:
    for kind in ("xlsx", "csv", "json"):
        assert browser(getattr(cast, who)).get(f"{reverse(name)}?export={kind}").status_code == 404


def test_a_foreign_units_and_plans_lists_are_not_there(cast: Cast, ledger: None, browser: Browser) -> None:
    client = browser(cast.coordinator)
    for address in (
        reverse("unit", args=[cast.foreign_bureau.pk]),
        reverse("plan", args=[cast.foreign_plan.pk]),
    ):
        assert client.get(f"{address}?export=json").status_code == 404


def test_an_unknown_kind_of_file_is_the_page(cast: Cast, browser: Browser) -> None:
    for kind in ("", "exe", "xlsx%00", "%ff"):
        response = browser(cast.coordinator).get(reverse("ledger") + f"?export={kind}")
        assert response["Content-Type"].startswith("text/html")


LIVE = ('=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1+1", "＝1+1")


@pytest.mark.parametrize("text", LIVE)
def test_no_text_becomes_a_formula(cast: Cast, browser: Browser, text: str) -> None:
    row = make_assignment(cast.bureau, plan=make_plan(cast.city, text.strip()), text="普通")
    row.task.text = text
    row.task.save(update_fields=["text"])
    client = browser(cast.coordinator)

    sheet, at = _sheet(client, reverse("ledger"))
    cell = sheet.cell(HEAD + 1, at["任务内容"])
    assert cell.data_type == "s"
    assert cell.quotePrefix
    assert str(cell.value).strip() == text.strip()
    kinds = {cell.data_type for line in sheet.iter_rows() for cell in line}
    assert "f" not in kinds

    [line] = csv.DictReader(StringIO(_data(client, reverse("ledger"), "csv").decode("utf-8-sig"), newline=""))
    assert line["任务内容"] == f"'{text}"
    assert not [value for value in line.values() if value.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert _json(client, reverse("ledger"))[0]["text"] == text


def test_cells_are_what_they_say(cast: Cast, browser: Browser) -> None:
    row = make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 16), percent=45)
    ProgressReport.objects.create(
        assignment=row, percent=45, note="完成45%", created_at=NOW, created_by=cast.reporter, form_key=uuid4()
    )
    client = browser(cast.coordinator)

    sheet, at = _sheet(client, reverse("ledger"))
    first = {head: sheet.cell(HEAD + 1, column) for head, column in at.items()}

    assert first["完成时限"].value == datetime(2024, 10, 16)  # noqa: DTZ001
    assert first["完成时限"].is_date
    assert (first["进度"].value, first["进度"].number_format) == (0.45, "0%")
    assert (first["逾期天数"].value, first["最近进展"].value) == (5, "完成45%")
    assert (first["标识"].value, first["版本"].value) == (row.pk, row.version)
    assert sheet.column_dimensions[first["标识"].column_letter].hidden
    [line] = _json(client, reverse("ledger"))
    assert (line["due_date"], line["percent"], line["role"]) == (
        "2024-10-16",
        45,
        {"code": "LEAD", "word": "牵头"},
    )
    assert line["light"] == {"code": "RED", "word": "逾期"}


def test_fills_match_lights(cast: Cast, ledger: None, browser: Browser) -> None:
    sheet, at = _sheet(browser(cast.coordinator), reverse("ledger"))
    fills: dict[str, set[str]] = {}
    for line in range(HEAD + 1, sheet.max_row + 1):
        cell = sheet.cell(line, at["灯"])
        fills.setdefault(str(cell.value), set()).add(cell.fill.start_color.rgb)
    assert set(fills) == {f"{light.shape} {light.label}" for light in Light}
    assert all(len(colours) == 1 for colours in fills.values())
    assert len(set.union(*fills.values())) == 4


def test_the_sheet_is_set_up_for_the_printer(cast: Cast, ledger: None, browser: Browser) -> None:
    sheet, at = _sheet(browser(cast.coordinator), reverse("ledger"))
    assert sheet["A1"].value == "任务清单台账"
    said = sheet["A2"].value
    assert said.startswith("截至 2024-10-21")
    assert "周敏（新乡市）" in said
    assert sheet.freeze_panes == "A4"
    assert sheet.auto_filter.ref == f"A3:{sheet.cell(3, len(at)).column_letter}{sheet.max_row}"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$1:$3"
    assert "&P" in (sheet.oddFooter.center.text or "")


def test_a_csv_opens_in_excel(cast: Cast, ledger: None, browser: Browser) -> None:
    data = _data(browser(cast.coordinator), reverse("ledger"), "csv")
    assert data.startswith("\ufeff序号,灯,方案".encode())


def test_files_are_chinese_whatever_the_reader_chose(cast: Cast, ledger: None, browser: Browser) -> None:
    client = browser(cast.coordinator)
    client.cookies["django_language"] = "en"
    assert {row["role"]["word"] for row in _json(client, reverse("ledger"))} == {"牵头"}


@pytest.mark.parametrize(
    "name", ["ledger", "overdue", "my_work", "plans", "accounts:people", "accounts:departments"]
)
def test_questions_to_the_database_do_not_grow_with_rows(cast: Cast, browser: Browser, name: str) -> None:
    client = browser(cast.reporter if name == "my_work" else cast.coordinator)
    counts = []
    for more in (1, 2):
        for number in range(more):
            unit = make_department(cast.city, f"市第{more}{number}局")
            make_assignment(unit, plan=make_plan(cast.city), due_date=TODAY - timedelta(days=1))
            make_assignment(cast.bureau, plan=make_plan(cast.city), due_date=TODAY - timedelta(days=1))
        with CaptureQueriesContext(connection) as queries:
            _data(client, reverse(name), "xlsx")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_long_list_offers_the_background(cast: Cast, ledger: None, browser: Browser, monkeypatch) -> None:
    monkeypatch.setattr(exports, "DIRECT_ROWS", 2)
    client = browser(cast.coordinator)

    response = client.get(reverse("ledger") + "?due=overdue&export=csv&page=3")

    assert response["Content-Type"].startswith("text/html")
    assert "共 3 项，超过 2 项" in response.content.decode()
    sent = {
        "list": response.context["list"],
        "pk": response.context["pk"],
        "query": response.context["query"],
        "format": response.context["kind"],
        "form_key": response.context["form_key"],
    }
    assert sent["query"] == "due=overdue"
    for _click in range(2):
        assert client.post(reverse("sheet_export"), sent).status_code == 302
    job = SheetJob.objects.get()
    assert (job.owner, job.title, job.total, job.format) == (cast.coordinator, "任务清单台账", 3, "csv")


def test_a_menu_stands_on_every_list(cast: Cast, ledger: None, browser: Browser) -> None:
    coordinator, reporter = browser(cast.coordinator), browser(cast.reporter)
    for client, address in (
        (coordinator, reverse("ledger") + "?due=overdue"),
        (coordinator, reverse("overdue")),
        (coordinator, reverse("unit", args=[cast.bureau.pk])),
        (coordinator, reverse("plans")),
        (coordinator, reverse("plan", args=[cast.plan.pk])),
        (coordinator, reverse("accounts:people")),
        (coordinator, reverse("accounts:departments")),
        (coordinator, reverse("accounts:audit")),
        (coordinator, reverse("notifications:mail")),
        (reporter, reverse("my_work")),
    ):
        page = client.get(address).content.decode()
        assert page.count("export=xlsx") == page.count("export=csv") == page.count("export=json") == 1, (
            address
        )
    assert (
        "?due=overdue&amp;export=xlsx" in coordinator.get(reverse("ledger") + "?due=overdue").content.decode()
    )
