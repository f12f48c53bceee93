"""What every address answers to whom. A page that is not in here fails tests/test_urls.py with its name.

All objects in the addresses belong to 市生态环境局 in 新乡市; the people stand in every relation to it. Each
line says who gets which status. Who is not named gets 404; who is not signed in gets no further than the
sign-in page, unless `open` says so. POST sends `data`, with which the thing would really happen; bytes are
sent as a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests import files
from tests.accounts.test_sheets import xlsx
from tracker.papers.templates import DEFAULTS

# Who asks, by relation to the object.
OWN_UNIT = {"reporter", "colleague", "head"}
OTHER_UNITS = {"outsider", "county_reporter", "foreigner"}
UNITS = OWN_UNIT | OTHER_UNITS
COORDINATOR = {"coordinator"}
OTHER_COORDINATORS = {"province_coordinator", "county_coordinator", "foreign_coordinator"}
COORDINATORS = COORDINATOR | OTHER_COORDINATORS
LEADERS = {"leader", "province_leader", "foreign_leader"}
ADMINISTRATOR = {"administrator"}
KEEPERS = COORDINATORS | ADMINISTRATOR
PEOPLE = UNITS | COORDINATORS | LEADERS | ADMINISTRATOR
# Who reads what the region has: itself, and the region above.
READERS = COORDINATOR | {"leader", "province_coordinator", "province_leader"} | ADMINISTRATOR
NOBODY = "anonymous"

Answers = Mapping[int, set[str]]


@dataclass(frozen=True)
class Page:
    """GET and POST of one address. `at` names the objects in it; `open` is what nobody in particular gets."""

    get: Answers
    post: Answers
    at: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    open: tuple[int, int] | None = None


def _read(people: set[str], *at: str) -> Page:
    """A page that only shows: a POST is answered like a GET, and changes nothing."""
    return Page({200: people}, {200: people}, at)


def _post_only(post: Answers, *at: str, **data: Any) -> Page:
    return Page({405: PEOPLE}, post, at, data)


def _by_token_only(*at: str) -> Page:
    """An address of the API; who gets in there by token stands in tests/api/test_matrix.py."""
    return Page({401: PEOPLE}, {401: PEOPLE}, at, open=(401, 401))


def _draft(at: str, **data: Any) -> Page:
    return Page({302: COORDINATOR}, {302: COORDINATOR}, ("draft", at), data)


def _draft_itself(**data: Any) -> Page:
    return Page({302: COORDINATOR}, {302: COORDINATOR}, ("draft",), data)


# 13710 as the form of a rule carries it, its effect seen.
POLICY = {
    "do": "save",
    "version": "0",
    "previewed": "3e2a9e7ca2fde99c",
    "before": "30、7、3、1、0",
    "node_before": "3、0",
    "overdue_first": "1",
    "overdue_repeat": "1",
    "unsigned_after": "1",
    "first_report_after": "3",
    "silent_months": "1",
    "review_after": "1",
    "review_repeat": "1",
    "escalate_after": "1",
    "escalate_leader_after": "3",
}

# A local holiday as the calendar's form carries it, its effect seen.
DAYS = {"do": "save", "version": "1", "previewed": "59daa32e71b1aa0b", "text": "纪念日：2024-11-20 放假"}

WORDING = {
    "action": "save",
    "version": "0",
    "subject_prefix": "【市督查室】",
    "greeting": "{{name}}同志：",
    "intro": "截至{{date}}，您有{{count}}项工作。",
    "closing": "{{region}}督查室",
}

PAPER = (DEFAULTS / "supervision.docx").read_bytes()
LETTER = {
    "do": "issue",
    "paper": "SUPERVISION",
    "days": "7",
    "assignment": "{overdue}",
    "note": "",
    "reply_by": "",
    "form_key": "6f1b6a34-8f0f-4f6e-9a5c-777777777777",
    "shown": "{letter_shown}",
}

MATRIX: dict[str, Page] = {
    # Signing in and out
    "login": Page({302: PEOPLE}, {302: PEOPLE}, open=(200, 200)),
    "logout": Page({405: PEOPLE}, {302: PEOPLE}),
    "set_language": Page({302: PEOPLE}, {302: PEOPLE}, data={"language": "en"}, open=(302, 302)),
    "home": Page({302: PEOPLE}, {302: PEOPLE}),
    # Own account
    "accounts:account": _read(PEOPLE),
    "accounts:password": Page({200: PEOPLE}, {200: PEOPLE}, data={"password": "wrong"}),
    "accounts:email": Page({200: PEOPLE}, {200: PEOPLE}, data={"password": "wrong"}),
    "admin_password": Page({302: PEOPLE}, {302: PEOPLE}),
    # Work
    "my_work": _read(UNITS),
    "sign_for_all": Page({302: UNITS}, {302: UNITS}, data={"assignment": "{pending}"}),
    "ledger": _read(PEOPLE),
    "task": _read(OWN_UNIT | READERS, "task"),
    "nodes": Page(
        {200: OWN_UNIT | COORDINATOR},
        {302: OWN_UNIT | COORDINATOR},
        ("dated_task",),
        {
            "shown": "4f53cda18c2baa0c",
            "node-TOTAL_FORMS": "1",
            "node-INITIAL_FORMS": "0",
            "node-0-due_date": "2024-11-30",
            "node-0-percent": "50",
            "node-0-title": "设备到位",
        },
    ),
    "reading": Page(
        {200: OWN_UNIT},
        {302: OWN_UNIT},
        ("measured",),
        {
            "target": "{target}",
            "value": "95.5",
            "read_on": "2024-10-21",
            "form_key": "6f1b6a34-8f0f-4f6e-9a5c-333333333333",
        },
    ),
    "reading_withdraw": Page({200: OWN_UNIT}, {302: OWN_UNIT}, ("made_reading",), {"reason": "填错了"}),
    "report": Page(
        {200: OWN_UNIT},
        {302: OWN_UNIT},
        ("assignment",),
        {"percent": "50", "note": "过半", "version": "1", "form_key": "6f1b6a34-8f0f-4f6e-9a5c-111111111111"},
    ),
    "report_draft": Page(
        {302: OWN_UNIT}, {302: OWN_UNIT}, ("assignment",), {"percent": "40", "note": "先记下"}
    ),
    "extension_ask": Page(
        {200: OWN_UNIT},
        {302: OWN_UNIT},
        ("assignment",),
        {
            "new_date": "2024-12-31",
            "reason": "招标推迟",
            "version": "1",
            "form_key": "6f1b6a34-8f0f-4f6e-9a5c-222222222222",
        },
    ),
    "extension_decide": Page(
        {200: COORDINATOR}, {302: COORDINATOR}, ("extension",), {"decision": "refuse", "answer": "理由不足"}
    ),
    "series_end": Page({200: COORDINATOR}, {302: COORDINATOR}, ("series",), {"reason": "并入常态化监管"}),
    "reassign": Page(
        {200: COORDINATOR},
        {302: COORDINATOR},
        ("assignment",),
        {
            "department": "{other_department}",
            "due_date": "2024-12-31",
            "reason": "职责划转",
            "version": "1",
            "form_key": "6f1b6a34-8f0f-4f6e-9a5c-333333333333",
        },
    ),
    # Tasks of several plans that are one duty
    "similar": Page(
        {200: OWN_UNIT | READERS},
        {302: COORDINATOR},
        ("task",),
        {"task": "{dated_task}", "reason": "同一件事"},
    ),
    "duty_unlink": Page({200: COORDINATOR}, {302: COORDINATOR}, ("linked_task",), {"reason": "不是一回事"}),
    "submit_linked": Page({200: OWN_UNIT}, {302: OWN_UNIT}, ("done",), {"version": "1"}),
    "review": _read(COORDINATORS),
    "review_item": Page(
        {200: COORDINATOR}, {302: COORDINATOR}, ("submitted",), {"move": "APPROVE", "version": "1"}
    ),
    "review_extensions": _read(COORDINATORS),
    "unit": _read(OWN_UNIT | READERS, "department"),
    "overdue_print": _read(PEOPLE - UNITS),
    "unit_sheet": _read(OWN_UNIT | READERS, "department"),
    "daily_sheets": _read(COORDINATORS),
    "bulletin": _read(PEOPLE - UNITS),
    # Where the region has no work there is nothing to print.
    "bulletin_file": _read(READERS),
    "card": _read(OWN_UNIT | READERS, "task"),
    "card_file": _read(OWN_UNIT | READERS, "task"),
    "papers": _read(ADMINISTRATOR),
    "paper_template": Page(
        {200: ADMINISTRATOR},
        {302: ADMINISTRATOR},
        ("paper", "region"),
        {"do": "save", "version": "0", "file": PAPER},
    ),
    "paper_file": _read(ADMINISTRATOR, "paper", "region", "paper_what"),
    "letter_write": Page({200: COORDINATOR}, {302: COORDINATOR}, ("department",), LETTER),
    "letters": _read(PEOPLE),
    "letter": _read(OWN_UNIT | READERS, "letter"),
    "letter_file": _read(OWN_UNIT | READERS, "letter"),
    "letter_withdraw": Page({200: COORDINATOR}, {302: COORDINATOR}, ("letter",), {"reason": "已经办结"}),
    "report_withdraw": Page({200: OWN_UNIT}, {302: OWN_UNIT}, ("made_report",), {"reason": "填错了"}),
    "evidence": _read(OWN_UNIT | READERS, "evidence"),
    "instruct": Page(
        {200: {"leader"}},
        {302: {"leader"}},
        ("task",),
        {"text": "请抓紧办理", "form_key": "6f1b6a34-8f0f-4f6e-9a5c-333333333333"},
    ),
    "nudge": Page(
        {200: COORDINATOR},
        {302: COORDINATOR},
        ("assignment",),
        {"note": "请于周五前填报", "form_key": "6f1b6a34-8f0f-4f6e-9a5c-444444444444"},
    ),
    "nudge_many": Page(
        {302: COORDINATORS},
        {302: COORDINATORS},
        data={"assignment": "{assignment}", "form_key": "6f1b6a34-8f0f-4f6e-9a5c-555555555555"},
    ),
    # Filing
    "filing_ask": Page(
        {200: COORDINATOR},
        {302: COORDINATOR},
        ("task",),
        {"title": "实施方案", "form_key": "6f1b6a34-8f0f-4f6e-9a5c-333333333333"},
    ),
    "filing": Page(
        {200: OWN_UNIT | READERS},
        {302: OWN_UNIT},
        ("filing_request",),
        {"file": files.PNG, "form_key": "6f1b6a34-8f0f-4f6e-9a5c-444444444444"},
    ),
    "filing_cancel": Page({200: COORDINATOR}, {302: COORDINATOR}, ("filing_request",), {"reason": "不用了"}),
    "filing_download": _read(READERS, "filing_request"),
    "filed_file": _read(OWN_UNIT | READERS, "filing"),
    # Collectives
    "collectives": _read(PEOPLE - UNITS),
    "collective": _read(READERS, "collective"),
    "collective_add": Page(
        {302: COORDINATOR}, {302: COORDINATOR}, ("collective",), {"share": "{via_task}-{late_member}"}
    ),
    # Who may read but not move is told so with the form (200).
    "move": Page(
        {302: OWN_UNIT | READERS},
        {302: COORDINATOR, 200: (OWN_UNIT | READERS) - COORDINATOR},
        ("assignment",),
        {"move": "SUSPEND", "version": "1", "note": "等待批复"},
    ),
    "overview": _read(PEOPLE - UNITS),
    "overdue": _read(PEOPLE - UNITS),
    # Plans
    "plans": _read(PEOPLE),
    "plan": _read(READERS | OWN_UNIT | {"outsider"}, "plan"),
    "plan_evidence": Page({302: COORDINATOR}, {302: COORDINATOR}, ("plan",), {"asks": "yes"}),
    "plan_import": Page(
        {200: COORDINATORS, 403: PEOPLE - COORDINATORS},
        {302: COORDINATORS, 403: PEOPLE - COORDINATORS},
        data={"text": "新乡市治理方案\n1.推进治理。2024年12月底前，完成治理。（市生态环境局负责）"},
    ),
    "import_progress": _read(COORDINATOR, "plan_import"),
    "import_cancel": Page({302: COORDINATOR}, {302: COORDINATOR}, ("plan_import",)),
    "draft": _read(COORDINATOR, "draft"),
    "draft_confirm": Page({200: COORDINATOR}, {302: COORDINATOR}, ("ready",), {"version": "1"}),
    "draft_unit": _draft("unit", choice="waive"),
    "draft_measure": Page(
        {200: COORDINATOR},
        {302: COORDINATOR},
        ("draft", "measure"),
        {"version": "2", "c{clause}-due_date": "2024-12-31"},
    ),
    "draft_bulk": _draft_itself(version="2", chapter="{measure}", kind="QUARTERLY"),
    "draft_edits": Page({200: COORDINATOR}, {302: COORDINATOR}, ("draft",), {"number": "2"}),
    "draft_doubt": _draft("doubt"),
    "edition": Page({200: COORDINATOR}, {302: COORDINATOR}, ("compared",), {"do": "agree", "seen": "{seen}"}),
    "edition_choose": Page({200: COORDINATOR}, {302: COORDINATOR}, ("draft",), {"old": "{plan}"}),
    # Lists as files made in the background, and tasks from sheets; the job is the coordinator's own.
    "sheets": Page({200: PEOPLE}, {405: PEOPLE}),
    "sheet_export": _post_only(
        {302: PEOPLE},
        list="ledger",
        query="due=overdue",
        format="csv",
        form_key="6f1b6a34-8f0f-4f6e-9a5c-777777777777",
    ),
    "sheet_import": Page(
        {200: COORDINATORS},
        {302: COORDINATORS},
        data={"file": files.PDF, "form_key": "6f1b6a34-8f0f-4f6e-9a5c-888888888888"},
    ),
    "sheet": Page({200: COORDINATOR}, {405: PEOPLE}, ("sheet_job",)),
    "sheet_download": Page({200: COORDINATOR}, {405: PEOPLE}, ("sheet_job",)),
    "sheet_confirm": _post_only({302: COORDINATOR}, "sheet_job"),
    "sheet_cancel": _post_only({302: COORDINATOR}, "sheet_job"),
    # A unit's report sheet, looked at and ready to be taken in
    "report_sheet": Page(
        {200: OWN_UNIT | COORDINATOR}, {302: OWN_UNIT | COORDINATOR}, ("department",), {"rows": "{filled}"}
    ),
    # Bringing an old ledger; its job is the coordinator's own, what is saved of its heads the region's.
    "old_ledger_new": Page(
        {200: COORDINATORS},
        {302: COORDINATORS},
        data={"file": xlsx(("任务", "责任单位")), "form_key": "6f1b6a34-8f0f-4f6e-9a5c-999999999999"},
    ),
    "old_ledger": Page({200: COORDINATOR}, {405: PEOPLE}, ("old_ledger",)),
    "old_ledger_columns": Page(
        {200: COORDINATOR}, {302: COORDINATOR}, ("old_ledger",), {"sheet": "0", "head_row": ""}
    ),
    "old_ledger_units": _post_only({302: COORDINATOR}, "old_ledger", unit_0="市生态环境局"),
    "old_ledger_confirm": _post_only({302: COORDINATOR}, "old_ledger", look="{old_ledger_look}"),
    "ledger_profile_delete": _post_only({302: COORDINATOR}, "ledger_profile"),
    # People and units
    "accounts:people": _read(KEEPERS),
    "accounts:new_person": Page(
        {200: KEEPERS},
        # The unit is 新乡市's: other coordinators are refused in the form.
        {200: KEEPERS},
        data={"username": "sunli", "full_name": "孙丽", "role": "REPORTER", "department": "{department}"},
    ),
    "accounts:person": Page(
        {200: COORDINATOR | ADMINISTRATOR},
        {302: COORDINATOR | ADMINISTRATOR},
        ("person",),
        {"full_name": "李娜娜", "role": "HEAD", "department": "{department}"},
    ),
    "accounts:reset": Page(
        {302: COORDINATOR | ADMINISTRATOR}, {200: COORDINATOR | ADMINISTRATOR}, ("person",)
    ),
    "accounts:disable": Page(
        {200: COORDINATOR | ADMINISTRATOR}, {302: COORDINATOR | ADMINISTRATOR}, ("person",)
    ),
    "accounts:enable": Page(
        {302: COORDINATOR | ADMINISTRATOR}, {302: COORDINATOR | ADMINISTRATOR}, ("disabled_person",)
    ),
    "accounts:import_people": Page({200: KEEPERS}, {200: KEEPERS}),
    "accounts:people_template": _read(KEEPERS),
    "accounts:export_people": _read(KEEPERS),
    "accounts:departments": _read(KEEPERS),
    "accounts:members": Page(
        {200: COORDINATOR | ADMINISTRATOR},
        {302: COORDINATOR | ADMINISTRATOR},
        ("collective",),
        {"members": "{department}", "shown": "{shown_members}"},
    ),
    "accounts:import_departments": Page({200: KEEPERS}, {200: KEEPERS}),
    "accounts:departments_template": _read(KEEPERS),
    "accounts:export_departments": _read(KEEPERS),
    "accounts:audit": _read(KEEPERS),
    # Reminder mails; the message is the reporter's own, and failed.
    "notifications:mail": Page({200: PEOPLE}, {405: PEOPLE}),
    "notifications:message": Page(
        {200: {"reporter", "coordinator", "province_coordinator"} | ADMINISTRATOR},
        {405: PEOPLE},
        ("message",),
    ),
    "notifications:resend": _post_only({302: COORDINATOR}, "message"),
    "notifications:forecast": Page({200: PEOPLE}, {405: PEOPLE}),
    "notifications:told": Page({200: OWN_UNIT | READERS}, {405: PEOPLE}, ("task",)),
    # The run is held; here are people of another city, whom no coordinator stands above.
    "notifications:release": _post_only({302: ADMINISTRATOR}, "held_run"),
    # For machines that watch; there has been no sweep, so not all is well.
    "health": Page({503: PEOPLE}, {405: PEOPLE}, open=(503, 405)),
    "health_live": Page({200: PEOPLE}, {405: PEOPLE}, open=(200, 405)),
    "metrics": Page({200: PEOPLE}, {405: PEOPLE}, open=(200, 405)),
    # The API: its pages for people, and its addresses, which a session does not open.
    "api_tokens": Page(
        {200: PEOPLE}, {200: PEOPLE}, data={"name": "数据平台", "scope": "READ", "days": "90"}
    ),
    "api_token_revoke": _post_only({302: {"reporter"} | ADMINISTRATOR}, "api_token"),
    "api_reference": Page({200: PEOPLE}, {405: PEOPLE}),
    "api_description": Page({200: PEOPLE}, {405: PEOPLE}),
    "api:token": _by_token_only(),
    "api:plans": _by_token_only(),
    "api:plan": _by_token_only("plan"),
    "api:tasks": _by_token_only(),
    "api:task": _by_token_only("task"),
    "api:assignments": _by_token_only(),
    "api:assignment": _by_token_only("assignment"),
    "api:reports": _by_token_only("assignment"),
    "api:openapi": _by_token_only(),
    "api:nowhere": _by_token_only(),
    # The rules of reminding
    "notifications:preferences": Page(
        {200: PEOPLE}, {302: PEOPLE}, data={"on_rest_days": "on", "muted": "SILENT"}
    ),
    "notifications:policies": Page({200: KEEPERS}, {405: PEOPLE}),
    "notifications:region_policy": Page(
        {200: COORDINATOR | ADMINISTRATOR}, {302: COORDINATOR}, ("region",), POLICY
    ),
    "notifications:plan_policy": Page(
        {200: COORDINATOR | ADMINISTRATOR}, {302: COORDINATOR}, ("plan",), POLICY
    ),
    "notifications:workdays": Page({200: KEEPERS}, {302: ADMINISTRATOR}, data=DAYS),
    "notifications:calendar_change": Page({200: KEEPERS}, {405: PEOPLE}, ("calendar_change",)),
    "notifications:templates": Page({200: ADMINISTRATOR}, {302: ADMINISTRATOR}, data=WORDING),
    "notifications:region_template": Page({200: ADMINISTRATOR}, {302: ADMINISTRATOR}, ("region",), WORDING),
    "notifications:open": _post_only(
        {302: {"reporter", "coordinator", "province_coordinator"} | ADMINISTRATOR}, "message"
    ),
    "notifications:read_all": _post_only({302: PEOPLE}),
    # The calendar feed; the token is that of the unit's own.
    "notifications:calendar_feed": Page(
        {200: PEOPLE - ADMINISTRATOR}, {200: PEOPLE - ADMINISTRATOR}, data={"of": "own"}
    ),
    "notifications:calendar_feed_revoke": Page(
        {405: PEOPLE}, {302: PEOPLE - ADMINISTRATOR}, data={"of": "own"}
    ),
    "calendar:feed": Page({200: PEOPLE}, {405: PEOPLE}, ("feed_token",), open=(200, 405)),
}

# Where being let in is not being allowed: who answers with a page or a redirect but must change nothing.
CHANGES_NOTHING: dict[str, set[str]] = {
    "move": (OWN_UNIT | READERS) - COORDINATOR,
    "sign_for_all": OTHER_UNITS,
    "nudge_many": OTHER_COORDINATORS,
    "accounts:new_person": OTHER_COORDINATORS,
    "accounts:password": PEOPLE,
    "accounts:email": PEOPLE,
    "accounts:import_people": KEEPERS,
    "accounts:import_departments": KEEPERS,
    # Only who was told leaves a trace of having read; others have been told nothing, or not this.
    "notifications:open": PEOPLE - {"reporter"},
    "notifications:read_all": PEOPLE - OWN_UNIT,
    # Nobody but the reporter has a calendar yet.
    "notifications:calendar_feed_revoke": PEOPLE - {"reporter"},
}
