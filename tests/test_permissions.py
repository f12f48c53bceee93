"""The truth table of tracker/permissions.py: role x relation to the thing x its status.

The thing is a share of 市生态环境局 in 新乡市, in a live plan or a draft. A person may be of the unit itself,
of another unit that has a share of the same task (`sharing`), of another unit of the region without one, of
the region above or below, or of a foreign one.
"""

import inspect
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from django.http import Http404

from accounts.models import Department, Region, User
from tests.factories import (
    NOW,
    TODAY,
    make_assignment,
    make_department,
    make_import,
    make_measure,
    make_old_ledger,
    make_plan,
    make_region,
    make_series,
    make_task,
    make_user,
)
from tracker import permissions
from tracker.actions.clause_index import index_clauses
from tracker.models import (
    ApiToken,
    Assignment,
    ClauseGram,
    Evidence,
    ExtensionRequest,
    Filing,
    FilingRequest,
    LedgerProfile,
    Letter,
    Plan,
    ProgressReport,
    ReportDraft,
    SheetJob,
    Target,
    TargetReading,
    TaskEvent,
)
from tracker.workflow import Move, Role, Status

UNIT_RELATIONS = ["own unit", "sharing unit", "other unit", "unit above", "unit below", "foreign unit"]
REGION_RELATIONS = ["own region", "region below", "region above", "foreign region"]  # where the thing lies
PEOPLE = [(role, relation) for role in ("REPORTER", "HEAD") for relation in UNIT_RELATIONS]
PEOPLE += [(role, relation) for role in ("COORDINATOR", "LEADER") for relation in REGION_RELATIONS]
PEOPLE += [("ADMINISTRATOR", "everywhere")]

# What each may see. Units see the region's live plans, their own shares, and tasks they have a share in.
SEES: dict[tuple[str, str], set[str]] = {
    **{(role, "own unit"): {"region", "plan", "task", "share"} for role in ("REPORTER", "HEAD")},
    **{(role, "sharing unit"): {"region", "plan", "task"} for role in ("REPORTER", "HEAD")},
    **{(role, "other unit"): {"region", "plan"} for role in ("REPORTER", "HEAD")},
    ("COORDINATOR", "own region"): {"region", "plan", "draft", "task", "share"},
    ("COORDINATOR", "region below"): {"region", "plan", "task", "share"},
    ("LEADER", "own region"): {"region", "plan", "task", "share"},
    ("LEADER", "region below"): {"region", "plan", "task", "share"},
    ("ADMINISTRATOR", "everywhere"): {"region", "plan", "task", "share"},
}
# Of a visible task: who reads the unit's reports and the words written with its events. No other unit does.
READS_WORDS = [
    person for person in PEOPLE if person[0] not in ("REPORTER", "HEAD") or person[1] == "own unit"
]
# Who moves the share, and what the table allows in each status.
UNIT_SIDE = {("REPORTER", "own unit"), ("HEAD", "own unit")}
REVIEWER_SIDE = {("COORDINATOR", "own region")}
LEADER_SIDE = {("LEADER", "own region")}
UNIT_MOVES = {
    Status.PENDING: {Move.SIGN, Move.REPORT},
    Status.ACTIVE: {Move.REPORT, Move.SUBMIT},
    Status.SUBMITTED: set[Move](),
    Status.SUSPENDED: set[Move](),
    Status.CLOSED: set[Move](),
    Status.WAIVED: set[Move](),
    Status.REASSIGNED: set[Move](),
}
REVIEWER_MOVES = {
    Status.PENDING: {Move.SUSPEND, Move.WAIVE, Move.REASSIGN},
    Status.ACTIVE: {Move.SUSPEND, Move.WAIVE, Move.REASSIGN},
    Status.SUBMITTED: {Move.APPROVE, Move.RETURN},
    Status.SUSPENDED: {Move.RESUME, Move.WAIVE, Move.REASSIGN},
    Status.CLOSED: {Move.REOPEN},
    Status.WAIVED: {Move.REOPEN},
    Status.REASSIGNED: set[Move](),
}

# Where each function of the module is looked at; a new one has to find its place here, and a test.
TESTED = {
    "visible_regions": "sees",
    "visible_assignments": "sees",
    "visible_tasks": "sees",
    "visible_plans": "sees",
    "get_plan_for": "sees",
    "get_draft_for": "sees",
    "get_task_for": "sees",
    "get_assignment_for": "sees",
    "visible_reports": "words",
    "can_read_words": "words",
    "visible_report_drafts": "words",
    "can_import_plan": "role",
    "visible_imports": "imports",
    "get_import_for": "imports",
    "can_see_overview": "role",
    "can_review": "role",
    "reviewable_assignments": "review",
    "decidable_extensions": "extensions",
    "visible_units": "units",
    "get_unit_for": "units",
    "can_edit_draft": "draft",
    "can_set_rules": "draft",
    "get_own_plan_for": "draft",
    "belongs_to_unit": "side",
    "coordinates": "side",
    "can_move": "moves",
    "visible_evidence": "words",
    "get_evidence_for": "words",
    "get_report_for": "words",
    "can_withdraw": "words",
    "visible_extensions": "extensions",
    "get_extension_for": "extensions",
    "can_ask_extension": "extensions",
    "can_decide_extension": "extensions",
    "can_end_series": "series",
    "get_series_for": "series",
    "leads": "orders",
    "can_instruct": "orders",
    "can_nudge": "orders",
    "plans_work": "nodes",
    "can_set_nodes": "nodes",
    "visible_readings": "readings",
    "get_reading_for": "readings",
    "can_record_reading": "readings",
    "visible_filing_requests": "filings",
    "visible_filings": "filings",
    "get_filing_request_for": "filings",
    "get_filing_for": "filings",
    "can_ask_filing": "filings",
    "can_cancel_filing": "filings",
    "can_file": "filings",
    "can_download_filings": "filings",
    "visible_collectives": "collectives",
    "get_collective_for": "collectives",
    "can_add_shares": "collectives",
    "visible_letters": "letters",
    "get_letter_for": "letters",
    "get_own_letter_for": "letters",
    "get_letter_unit_for": "letters",
    "can_write_letter": "letters",
    "can_withdraw_letter": "letters",
    "can_print_all_sheets": "letters",
    "can_keep_paper_templates": "letters",
    "get_sheet_job_for": "sheets",
    "visible_api_tokens": "tokens",
    "scopes_to_give": "tokens",
    "get_api_token_for": "tokens",
    "can_report_for": "report sheets",
    "reportable_assignments": "report sheets",
    "get_reporting_unit_for": "report sheets",
    "get_old_ledger_for": "old ledgers",
    "get_ledger_profile_for": "old ledgers",
    "visible_grams": "duties",
    "can_link": "duties",
}


@dataclass
class Thing:
    share: Assignment
    draft: Plan
    people: dict[tuple[str, str], User]


@pytest.fixture
def thing(db: None) -> Thing:
    province = make_region("河南省", level="PROVINCE")
    city = make_region("新乡市", parent=province)
    county = make_region("卫辉市", parent=city, level="COUNTY")
    foreign = make_region("开封市", parent=province)
    bureau = make_department(city)
    sharing = make_department(city, "市财政局")
    task = make_task(make_plan(city), due_date=TODAY)
    share = make_assignment(bureau, task=task, status=Status.ACTIVE)
    make_assignment(sharing, task=task, role=Role.SUPPORT)
    units = {
        "own unit": bureau,
        "sharing unit": sharing,
        "other unit": make_department(city, "市水利局"),
        "unit above": make_department(province, "省生态环境厅"),
        "unit below": make_department(county, "卫辉市生态环境局"),
        "foreign unit": make_department(foreign),
    }
    regions: dict[str, Region] = {
        "own region": city,
        "region below": province,
        "region above": county,
        "foreign region": foreign,
    }
    people = {}
    for number, (role, relation) in enumerate(PEOPLE):
        people[role, relation] = make_user(
            f"u{number}", role, region=regions.get(relation), department=units.get(relation)
        )
    draft = make_plan(city, "草稿", status="DRAFT", confirmed_at=None)
    make_measure(draft)
    return Thing(share, draft, people)


def _opens(get, user: User, pk: int) -> bool:
    try:
        return bool(get(user, pk).pk == pk)
    except Http404:
        return False


def test_every_function_has_its_place_in_the_table() -> None:
    ours = {
        name
        for name, value in inspect.getmembers(permissions, inspect.isfunction)
        if value.__module__ == permissions.__name__ and not name.startswith("_")
    }
    assert ours == set(TESTED)


def test_who_sees_what(thing: Thing) -> None:
    share, task, plan, draft = thing.share, thing.share.task, thing.share.plan, thing.draft
    seen = {}
    for who, user in thing.people.items():
        listed = {
            "region": permissions.visible_regions(user).filter(pk=share.region_id).exists(),
            "plan": permissions.visible_plans(user).filter(pk=plan.pk).exists(),
            "draft": permissions.visible_plans(user).filter(pk=draft.pk).exists(),
            "task": permissions.visible_tasks(user).filter(pk=task.pk).exists(),
            "share": permissions.visible_assignments(user).filter(pk=share.pk).exists(),
        }
        opened = {
            "plan": _opens(permissions.get_plan_for, user, plan.pk),
            "draft": _opens(permissions.get_draft_for, user, draft.pk),
            "task": _opens(permissions.get_task_for, user, task.pk),
            "share": _opens(permissions.get_assignment_for, user, share.pk),
        }
        assert {name: listed[name] for name in opened} == opened, who
        seen[who] = {name for name, is_seen in listed.items() if is_seen}

    assert seen == {who: SEES.get(who, set()) for who in PEOPLE}


def test_who_imports_and_who_has_the_overview(thing: Thing) -> None:
    people = thing.people.items()

    assert {role for (role, _), user in people if permissions.can_import_plan(user)} == {"COORDINATOR"}
    assert {role for (role, _), user in people if permissions.can_review(user)} == {"COORDINATOR"}
    assert {role for (role, _), user in people if permissions.can_see_overview(user)} == {
        "COORDINATOR",
        "LEADER",
        "ADMINISTRATOR",
    }


@pytest.mark.parametrize("status", Plan.Status.values)
def test_who_edits_a_plan(thing: Thing, status: str) -> None:
    thing.draft.status = status

    people = thing.people.items()

    editors = {who for who, user in people if permissions.can_edit_draft(user, thing.draft)}
    rulers = {who for who, user in people if permissions.can_set_rules(user, thing.draft)}

    assert editors == (REVIEWER_SIDE if status == Plan.Status.DRAFT else set())
    assert rulers == REVIEWER_SIDE


def test_who_sees_and_stops_an_import(thing: Thing) -> None:
    row = make_import(next(user for user in thing.people.values() if user.region == thing.draft.region))

    people = thing.people.items()

    opens = {who for who, user in people if _opens(permissions.get_import_for, user, row.pk)}
    assert opens == {who for who, user in people if row in permissions.visible_imports(user)}
    assert opens == REVIEWER_SIDE


def test_who_says_what_a_plan_asks_of_its_units(thing: Thing) -> None:
    for plan in (thing.draft, thing.share.plan):
        opens = {
            who for who, user in thing.people.items() if _opens(permissions.get_own_plan_for, user, plan.pk)
        }
        assert opens == REVIEWER_SIDE


@pytest.mark.parametrize("status", Status.values)
def test_who_moves_a_share_and_how(thing: Thing, status: str) -> None:
    share = thing.share
    share.status = status
    for who, user in thing.people.items():
        allowed = {move for move in Move if permissions.can_move(user, share, move)}
        expected = UNIT_MOVES[Status(status)] if who in UNIT_SIDE else set()
        expected = REVIEWER_MOVES[Status(status)] if who in REVIEWER_SIDE else expected
        assert allowed == expected, who
        assert permissions.belongs_to_unit(user, share) == (who in UNIT_SIDE), who
        assert permissions.coordinates(user, share) == (who in REVIEWER_SIDE), who


def test_who_reads_what_a_unit_wrote(thing: Thing) -> None:
    share = thing.share
    report = ProgressReport.objects.create(
        assignment=share,
        percent=50,
        note="过半",
        form_key="6f1b6a34-8f0f-4f6e-9a5c-111111111111",
        created_at=datetime(2024, 10, 21, tzinfo=UTC),
        created_by=thing.people["REPORTER", "own unit"],
    )
    of_the_unit = TaskEvent(task=share.task, assignment=share)
    of_the_task = TaskEvent(task=share.task, assignment=None)

    for who, user in thing.people.items():
        reads = who in READS_WORDS
        assert (report in permissions.visible_reports(user, share.task)) == reads, who
        assert permissions.can_read_words(user, of_the_unit) == reads, who
        assert permissions.can_read_words(user, of_the_task), who


def test_who_reads_a_units_files_and_takes_its_reports_back(thing: Thing) -> None:
    report = ProgressReport.objects.create(
        assignment=thing.share,
        percent=50,
        note="过半",
        form_key="6f1b6a34-8f0f-4f6e-9a5c-111111111111",
        created_at=datetime(2024, 10, 21, tzinfo=UTC),
        created_by=thing.people["REPORTER", "own unit"],
    )
    evidence = Evidence.objects.create(
        report=report,
        assignment=thing.share,
        name="照片.png",
        kind="png",
        size=1,
        sha256="0" * 64,
        file="ab/cd/x",
    )

    for who, user in thing.people.items():
        reads, is_own = who in READS_WORDS and who in SEES, who in UNIT_SIDE
        assert permissions.visible_evidence(user).filter(pk=evidence.pk).exists() == reads, who
        assert _opens(permissions.get_evidence_for, user, evidence.pk) == reads, who
        assert _opens(permissions.get_report_for, user, report.pk) == is_own, who
        for status in Status.values:
            report.assignment.status = status
            expected = is_own and status == Status.ACTIVE
            assert permissions.can_withdraw(user, report) == expected, (who, status)


def test_draft_is_its_writers_alone(thing: Thing) -> None:
    drafts = {
        who: ReportDraft.objects.create(
            assignment=thing.share, user=user, note="草稿", saved_at=datetime(2024, 10, 21, tzinfo=UTC)
        )
        for who, user in thing.people.items()
    }

    for who, user in thing.people.items():
        expected = [drafts[who]] if who in UNIT_SIDE else []
        assert list(permissions.visible_report_drafts(user)) == expected, who


def test_who_asks_for_more_time_and_who_decides(thing: Thing) -> None:
    share = thing.share
    share.due_date = date(2024, 12, 1)
    asked = ExtensionRequest.objects.create(
        assignment=share,
        old_date=date(2024, 12, 1),
        new_date=date(2024, 12, 31),
        is_late=False,
        reason="雨季",
        form_key="6f1b6a34-8f0f-4f6e-9a5c-222222222222",
        created_at=datetime(2024, 10, 21, tzinfo=UTC),
        created_by=thing.people["REPORTER", "own unit"],
    )

    for who, user in thing.people.items():
        reads = who in READS_WORDS and who in SEES
        assert permissions.visible_extensions(user).filter(pk=asked.pk).exists() == reads, who
        assert _opens(permissions.get_extension_for, user, asked.pk) == reads, who
        assert permissions.can_decide_extension(user, asked) == (who in REVIEWER_SIDE), who
        assert permissions.decidable_extensions(user).exists() == (who in REVIEWER_SIDE), who
        for status in Status.values:
            share.status = status
            expected = who in UNIT_SIDE and status in Status.with_unit
            assert permissions.can_ask_extension(user, share) == expected, (who, status)


@pytest.mark.parametrize("goes_on", [True, False])
def test_who_ends_a_series(thing: Thing, goes_on: bool) -> None:
    series = make_series(thing.share.task, **({} if goes_on else {"next_first": None, "next_on": None}))

    for who, user in thing.people.items():
        is_keeper = who in REVIEWER_SIDE
        assert _opens(permissions.get_series_for, user, series.pk) == is_keeper, who
        assert permissions.can_end_series(user, series) == (is_keeper and goes_on), who


def test_who_instructs_and_who_nudges(thing: Thing) -> None:
    share, task = thing.share, thing.share.task

    for who, user in thing.people.items():
        assert permissions.leads(user, task) == (who in LEADER_SIDE), who
        for closed_at in (None, datetime(2024, 10, 21, tzinfo=UTC)):
            task.closed_at = closed_at
            expected = who in LEADER_SIDE and closed_at is None
            assert permissions.can_instruct(user, task) == expected, (who, closed_at)
        for status in Status.values:
            share.status = status
            expected = who in REVIEWER_SIDE and status in Status.with_unit
            assert permissions.can_nudge(user, share) == expected, (who, status)


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("is_closed", [False, True])
def test_who_sets_nodes(thing: Thing, role: str, is_closed: bool) -> None:
    share, task = thing.share, thing.share.task
    Assignment.objects.filter(pk=share.pk).update(role=role)
    task.closed_at = datetime(2024, 10, 21, tzinfo=UTC) if is_closed else None

    for who, user in thing.people.items():
        expected = who in REVIEWER_SIDE or (who in UNIT_SIDE and role == Role.LEAD)
        assert permissions.plans_work(user, task) == expected, who
        assert permissions.can_set_nodes(user, task) == (expected and not is_closed), who


def test_who_gives_figures_and_who_reads_them(thing: Thing) -> None:
    share = thing.share
    target = Target.objects.create(
        plan=share.plan, clause=share.task.clause, quote="建成5座", indicator="监测站", op="=", value=5
    )
    reading = TargetReading.objects.create(
        assignment=share,
        target=target,
        value=3,
        read_on=TODAY,
        form_key="6f1b6a34-8f0f-4f6e-9a5c-333333333333",
        created_at=datetime(2024, 10, 21, tzinfo=UTC),
        created_by=thing.people["REPORTER", "own unit"],
    )

    for who, user in thing.people.items():
        reads, is_own = who in READS_WORDS and who in SEES, who in UNIT_SIDE
        assert permissions.visible_readings(user).filter(pk=reading.pk).exists() == reads, who
        assert _opens(permissions.get_reading_for, user, reading.pk) == is_own, who
        for status in Status.values:
            share.status = status
            expected = is_own and status == Status.ACTIVE
            assert permissions.can_record_reading(user, share) == expected, (who, status)
            assert permissions.can_withdraw(user, reading) == expected, (who, status)
        reading.withdrawn_at = reading.created_at
        share.status = Status.ACTIVE
        assert not permissions.can_withdraw(user, reading), who
        reading.withdrawn_at = None


def test_answered_requests_wait_for_nobody(thing: Thing) -> None:
    share = make_assignment(thing.share.department, due_date=date(2024, 12, 1))
    ExtensionRequest.objects.create(
        assignment=share,
        state=ExtensionRequest.State.LAPSED,
        old_date=date(2024, 12, 1),
        new_date=date(2024, 12, 31),
        is_late=False,
        reason="雨季",
        form_key="6f1b6a34-8f0f-4f6e-9a5c-333333333333",
        created_at=NOW,
        created_by=thing.people["REPORTER", "own unit"],
        decided_at=NOW,
    )

    assert not permissions.decidable_extensions(thing.people["COORDINATOR", "own region"]).exists()


@pytest.mark.parametrize("status", Status.values)
def test_whose_review_a_share_waits_for(thing: Thing, status: str) -> None:
    share = make_assignment(make_department(thing.share.region, "市商务局"), status=status)

    for who, user in thing.people.items():
        expected = who in REVIEWER_SIDE and status == Status.SUBMITTED
        assert permissions.reviewable_assignments(user).filter(pk=share.pk).exists() == expected, who


def test_who_sees_how_a_unit_stands(thing: Thing) -> None:
    def seen(unit: Department) -> set[tuple[str, str]]:
        listed = {who for who, user in thing.people.items() if unit in permissions.visible_units(user).all()}
        opened = {
            who for who, user in thing.people.items() if _opens(permissions.get_unit_for, user, unit.pk)
        }
        assert listed == opened
        return listed

    readers = {who for who in SEES if who[0] not in ("REPORTER", "HEAD")}
    foreign = make_department(make_region("焦作市"), "市能源局")

    assert seen(thing.share.department) == UNIT_SIDE | readers
    assert seen(foreign) == {("ADMINISTRATOR", "everywhere")}
    # A unit from elsewhere that has work here is seen by those who see the work.
    make_assignment(foreign, task=make_task(thing.share.plan))
    assert seen(foreign) == readers


def _asked(thing: Thing, **fields) -> FilingRequest:
    values = {"created_at": NOW, "created_by": thing.people["COORDINATOR", "own region"], **fields}
    return FilingRequest.objects.create(task=thing.share.task, title="实施方案", form_key=uuid4(), **values)


def _filing(thing: Thing, asked: FilingRequest, share: Assignment) -> Filing:
    return Filing.objects.create(
        request=asked,
        assignment=share,
        name="方案.pdf",
        kind="pdf",
        size=1,
        sha256="0" * 64,
        file="ab/cd/x",
        filed_at=NOW,
        filed_by=thing.people["REPORTER", "own unit"],
        form_key=uuid4(),
    )


def test_who_reads_and_files_what_a_task_asks_for(thing: Thing) -> None:
    share, asked = thing.share, _asked(thing)
    filing = _filing(thing, asked, share)

    for who, user in thing.people.items():
        is_asked = who in UNIT_SIDE or who[1] == "sharing unit"
        reads = is_asked or (who in READS_WORDS and who in SEES)
        assert permissions.visible_filing_requests(user).filter(pk=asked.pk).exists() == reads, who
        assert _opens(permissions.get_filing_request_for, user, asked.pk) == reads, who
        reads_file = who in READS_WORDS and who in SEES
        assert permissions.visible_filings(user).filter(pk=filing.pk).exists() == reads_file, who
        assert _opens(permissions.get_filing_for, user, filing.pk) == reads_file, who
        assert permissions.can_download_filings(user) == (who[0] not in ("REPORTER", "HEAD")), who
        for status in Status.values:
            share.status = status
            expected = who in UNIT_SIDE and status not in Status.out_of_force
            assert permissions.can_file(user, asked, share) == expected, (who, status)


def test_nobody_files_what_is_cancelled_or_not_asked_of_the_unit(thing: Thing) -> None:
    collective = make_department(thing.share.region, "各有关部门", kind=Department.Kind.COLLECTIVE)
    by = thing.people["COORDINATOR", "own region"]
    cancelled = _asked(thing, cancelled_at=NOW, cancelled_by=by)
    of_others = _asked(thing, via=collective)
    other_task = _asked(thing)
    other_task.task = make_task(thing.share.plan)

    for who, user in thing.people.items():
        for asked in (cancelled, of_others, other_task):
            assert not permissions.can_file(user, asked, thing.share), who
        assert not permissions.can_cancel_filing(user, cancelled), who
        sees = who in READS_WORDS and who in SEES and who not in UNIT_SIDE
        assert _opens(permissions.get_filing_request_for, user, of_others.pk) == sees, who


def test_who_asks_for_documents_and_who_cancels(thing: Thing) -> None:
    task, asked = thing.share.task, _asked(thing)

    for who, user in thing.people.items():
        task.closed_at = None
        is_coordinator = who in REVIEWER_SIDE
        assert permissions.coordinates(user, task) == is_coordinator, who
        assert permissions.can_ask_filing(user, task) == is_coordinator, who
        assert permissions.can_cancel_filing(user, asked) == is_coordinator, who
        task.closed_at = NOW
        assert not permissions.can_ask_filing(user, task), who
        assert permissions.coordinates(user, task) == is_coordinator, who


def test_who_reads_a_collective_and_adds_shares(thing: Thing) -> None:
    collective = make_department(thing.share.region, "各有关部门", kind=Department.Kind.COLLECTIVE)

    for who, user in thing.people.items():
        reads = who[0] not in ("REPORTER", "HEAD") and who in SEES
        assert permissions.visible_collectives(user).filter(pk=collective.pk).exists() == reads, who
        assert _opens(permissions.get_collective_for, user, collective.pk) == reads, who
        assert not _opens(permissions.get_collective_for, user, thing.share.department_id), who
        assert permissions.can_add_shares(user, collective) == (who in REVIEWER_SIDE), who


def test_who_writes_and_reads_letters(thing: Thing) -> None:
    share = thing.share
    letter = Letter.objects.create(
        region=share.region,
        department=share.department,
        paper="SUPERVISION",
        year=2024,
        serial=1,
        number="新乡督〔2024〕1号",
        day=TODAY,
        data={},
        kind="docx",
        size=1,
        issued_at=NOW,
        issued_by=thing.people["COORDINATOR", "own region"],
        form_key=uuid4(),
    )
    stranger = make_department(share.region, "市林业局")
    for who, user in thing.people.items():
        reads, is_own = who in READS_WORDS and who in SEES, who in REVIEWER_SIDE
        letter.withdrawn_at = None
        assert permissions.visible_letters(user).filter(pk=letter.pk).exists() == reads, who
        assert _opens(permissions.get_letter_for, user, letter.pk) == reads, who
        assert _opens(permissions.get_own_letter_for, user, letter.pk) == is_own, who
        assert permissions.can_write_letter(user, share.department) == is_own, who
        assert not permissions.can_write_letter(user, stranger), who
        assert _opens(permissions.get_letter_unit_for, user, share.department_id) == is_own, who
        assert permissions.can_withdraw_letter(user, letter) == is_own, who
        letter.withdrawn_at = NOW
        assert not permissions.can_withdraw_letter(user, letter), who
        assert permissions.can_print_all_sheets(user) == (who[0] == "COORDINATOR"), who
        assert permissions.can_keep_paper_templates(user) == (who[0] == "ADMINISTRATOR"), who


def test_who_opens_a_background_file(thing: Thing) -> None:
    """Its owner, and nobody else: neither the colleague nor the region above nor an administrator."""
    for owner in thing.people.values():
        job = SheetJob.objects.create(
            owner=owner, kind="EXPORT", title="台账", created_at=NOW, form_key=uuid4()
        )
        opens = [
            user for user in thing.people.values() if _opens(permissions.get_sheet_job_for, user, job.pk)
        ]
        assert opens == [owner]


def test_who_sees_and_revokes_a_token(thing: Thing) -> None:
    """Its owner, and administrators; what it may be made for goes by the owner's role."""
    for who, owner in thing.people.items():
        token = ApiToken.objects.create(
            owner=owner,
            name="数据平台",
            scope=ApiToken.Scope.READ,
            token_hash=f"{who}",
            created_at=NOW,
            expires_on=TODAY,
            minute=NOW,
        )
        for other, user in thing.people.items():
            may = user == owner or other[0] == "ADMINISTRATOR"
            assert _opens(permissions.get_api_token_for, user, token.pk) == may, (who, other)
            assert permissions.visible_api_tokens(user).filter(pk=token.pk).exists() == may, (who, other)
        scopes = {"READ", "REPORT"} if who[0] in ("REPORTER", "HEAD") else {"READ"}
        assert set(permissions.scopes_to_give(owner)) == scopes, who


def test_who_brings_in_what_a_unit_filled_in_offline(thing: Thing) -> None:
    """Its own people, all of its work; a coordinator, what the own region gave it."""
    share = thing.share
    elsewhere = make_assignment(share.department, task=make_task(make_plan(make_region("焦作市"))))
    idle = make_department(share.region, "市林业局")

    for who, user in thing.people.items():
        brings = who in UNIT_SIDE | REVIEWER_SIDE
        assert permissions.can_report_for(user, share) == brings, who
        assert permissions.can_report_for(user, elsewhere) == (who in UNIT_SIDE), who
        found = set(permissions.reportable_assignments(user, share.department))
        assert found == ({share} if brings else set()) | ({elsewhere} if who in UNIT_SIDE else set()), who
        assert _opens(permissions.get_reporting_unit_for, user, share.department_id) == brings, who
        assert not _opens(permissions.get_reporting_unit_for, user, idle.pk), who


def test_who_brings_an_old_ledger(thing: Thing) -> None:
    """The coordinator who sent it; what is saved of its heads is for all coordinators of the region."""
    share = thing.share
    own = thing.people["COORDINATOR", "own region"]
    profile = LedgerProfile.objects.create(region=share.region, name="大气", saved_at=NOW, saved_by=own)
    for who, owner in thing.people.items():
        job = make_old_ledger(owner)
        opens = [
            user for user in thing.people.values() if _opens(permissions.get_old_ledger_for, user, job.pk)
        ]
        assert opens == ([owner] if who[0] == "COORDINATOR" else []), who
        keeps = _opens(permissions.get_ledger_profile_for, owner, profile.pk)
        assert keeps == (who in REVIEWER_SIDE), who
    export = SheetJob.objects.create(owner=own, kind="EXPORT", title="台账", created_at=NOW, form_key=uuid4())
    assert not _opens(permissions.get_old_ledger_for, own, export.pk)


def test_a_carried_report_is_not_the_units_to_take_back(thing: Thing) -> None:
    unit = thing.people["REPORTER", "own unit"]
    report = ProgressReport(assignment=thing.share, percent=40, note="台账导入", is_carried=True)
    thing.share.status = Status.ACTIVE
    assert not permissions.can_withdraw(unit, report)
    report.is_carried = False
    assert permissions.can_withdraw(unit, report)


def test_who_finds_the_clauses_of_a_task_and_who_links_it(thing: Thing) -> None:
    """Found by whoever may see the task, and never in a draft; linked by its region's coordinators alone."""
    task = thing.share.task
    index_clauses([task.clause])
    # What nobody may find: a plan taken back to a draft would still be indexed.
    drafted = thing.draft.measures.get().clauses.get()
    index_clauses([drafted])
    people = thing.people.items()

    finders = {
        who for who, user in people if permissions.visible_grams(user).filter(clause=task.clause).exists()
    }
    linkers = {who for who, user in people if permissions.can_link(user, task)}

    assert ClauseGram.objects.filter(clause=drafted).exists()
    assert finders == {who for who, sees in SEES.items() if "task" in sees}
    assert linkers == REVIEWER_SIDE
    assert not [
        who for who, user in people if permissions.visible_grams(user).filter(clause=drafted).exists()
    ]
