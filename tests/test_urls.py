"""Every address of the project, asked by everybody by GET and POST, against the declared matrix."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from http.cookies import SimpleCookie
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.actions import Origin
from accounts.models import Department, User
from notifications.actions import planning
from notifications.actions.calendar import keep_days, look_ahead
from notifications.actions.feeds import make_feed
from notifications.models import Message, Run
from notifications.notices import Said
from tests import files
from tests.factories import (
    NOW,
    TODAY,
    Cast,
    make_assignment,
    make_cast,
    make_department,
    make_import,
    make_measure,
    make_old_ledger,
    make_plan,
    make_region,
    make_series,
)
from tests.factories import make_user as make_person
from tests.url_matrix import CHANGES_NOTHING, MATRIX, NOBODY, PEOPLE, Page
from tracker import clock, letters
from tracker.actions.api_tokens import make_api_token
from tracker.actions.duties import link_duty
from tracker.actions.extensions import ask_extension
from tracker.actions.filings import ask_filing, file_document
from tracker.actions.letters import issue_letter
from tracker.actions.readings import record_reading
from tracker.actions.settling import add_unit
from tracker.actions.work import report_progress
from tracker.comparison import compare
from tracker.filetypes import examine
from tracker.forms.report_sheets import Carried, Row
from tracker.models import ApiToken, Doubt, LedgerProfile, PlanUnit, SheetJob, Target, UnitMention
from tracker.models.sheet_jobs import sheets_dir
from tracker.roundtrip import Mark
from tracker.workflow import Role, Status

LOGIN = reverse("login")
# What asking leaves behind without changing anything that counts.
TRACES = {"sessions.Session", "axes.AccessAttempt", "axes.AccessLog", "accounts.AuditEvent"}


def _patterns(resolver: URLResolver, *spaces: str) -> Iterator[tuple[str | None, int]]:
    """Every pattern as its full name and how many arguments it takes; an unnamed one as None."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern, *spaces, *filter(None, [pattern.namespace]))
        elif isinstance(pattern, URLPattern):
            name = ":".join((*spaces, pattern.name)) if pattern.name else None
            yield (name or ":".join((*spaces, "")) or None), pattern.pattern.regex.groups


ADDRESSES = dict(_patterns(get_resolver()))
OURS = sorted(name for name in ADDRESSES if name is not None and not name.startswith("admin:"))
BACK_OFFICE = sorted(name for name in ADDRESSES if name and name.startswith("admin:") and name != "admin:")

# Its way in and out, and changing a password, which we send to our own page ("admin_password" in the matrix).
DOORS = {"admin:login", "admin:logout", "admin:password_change"}


@dataclass
class World:
    """A cast with neighbours above and below, and one of each object that an address may name."""

    cast: Cast
    clients: dict[str, Client]
    objects: dict[str, Any]

    def address(self, name: str, page: Page) -> str:
        return reverse(name, args=[self.objects[kind] for kind in page.at])

    def data(self, page: Page) -> dict[str, str | SimpleUploadedFile]:
        return {key.format(**self.objects): self._value(value) for key, value in page.data.items()}

    def _value(self, value: str | bytes) -> str | SimpleUploadedFile:
        if isinstance(value, bytes):
            return SimpleUploadedFile("材料", value)
        return value.format(**self.objects)


@pytest.fixture
def world(db: None, settings: Any) -> World:
    settings.DUBAN_TODAY = TODAY
    cast = make_cast()
    cast.administrator.is_staff = cast.administrator.is_superuser = True
    cast.administrator.save()
    province = make_region("河南省", level="PROVINCE")
    cast.city.parent = province
    cast.city.save()
    people = {name: value for name, value in vars(cast).items() if isinstance(value, User)}
    people["province_coordinator"] = make_person("p1", User.Role.COORDINATOR, region=province)
    people["province_leader"] = make_person("p2", User.Role.LEADER, region=province)
    clients = {NOBODY: Client()}
    for name in PEOPLE:
        clients[name] = Client()
        clients[name].force_login(people[name], backend="django.contrib.auth.backends.ModelBackend")
    return World(cast, clients, _objects(cast))


def _objects(cast: Cast) -> dict[str, Any]:
    assignment = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY)
    pending = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY, status=Status.PENDING)
    submitted = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY, status=Status.SUBMITTED)
    draft = make_plan(cast.city, "草稿", status="DRAFT", confirmed_at=None)
    unsettled = make_measure(draft)
    compared = make_plan(cast.city, "新版本", status="DRAFT", confirmed_at=None, previous_edition=cast.plan)
    ready = make_plan(cast.city, "可下达", status="DRAFT", confirmed_at=None)
    measure = make_measure(ready)
    unit = PlanUnit.objects.create(
        plan=ready, name="市生态环境局", department=cast.bureau, resolution=PlanUnit.Resolution.MATCHED
    )
    UnitMention.objects.create(plan=ready, measure=measure, unit=unit, role=Role.LEAD)
    planning.plan_reminders(today=TODAY, now=NOW)
    message = Message.objects.get(recipient=cast.reporter)
    Message.objects.filter(pk=message.pk).update(state=Message.State.DEAD)
    held = Run.objects.create(kind=Run.Kind.PLAN, started_at=clock.now(), is_held=True, is_finished=True)
    asked = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY)
    extension = ask_extension(
        asked.pk, new_date=date(2024, 12, 31), reason="雨季", form_key=uuid4(), by=cast.reporter, now=NOW
    )
    reported = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY)
    upload = examine(BytesIO(files.PNG), name="现场照片.png", size=len(files.PNG))
    made_report = report_progress(
        reported.pk, percent=30, note="进展", form_key=uuid4(), by=cast.reporter, now=NOW, uploads=[upload]
    )
    recurring = make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 31)).task
    measured = make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 12, 31))
    target = Target.objects.create(
        plan=cast.plan,
        clause=measured.task.clause,
        quote="达到95%",
        indicator="率",
        op=">=",
        value=95,
        unit="%",
    )
    made_reading = record_reading(
        measured.pk,
        target=target,
        value=Decimal(90),
        read_on=TODAY,
        note="",
        form_key=uuid4(),
        by=cast.reporter,
        now=NOW,
    )
    asked_for = ask_filing(
        reported.task_id,
        title="实施方案",
        due_date=None,
        via=None,
        form_key=uuid4(),
        by=cast.coordinator,
        now=NOW,
    )
    document = examine(BytesIO(files.PDF), name="实施方案.pdf", size=len(files.PDF))
    filed = file_document(asked_for.pk, file=document, form_key=uuid4(), by=cast.reporter, now=NOW)
    local = {date(2024, 11, 21): Said(False, "纪念日")}
    wanted = look_ahead(local, first=TODAY)
    changed = keep_days(wanted, version=0, origin=Origin(by=cast.administrator, now=NOW))
    assert changed is not None
    collective = make_department(cast.city, "各有关部门", kind=Department.Kind.COLLECTIVE)
    collective.members.add(cast.other_bureau)
    came = make_assignment(cast.bureau, plan=cast.plan, via=collective)
    doubt = Doubt.objects.create(
        plan=draft, measure=unsettled, code="implied-year", message="年份推定", start=0, end=1
    )
    add_unit(unsettled.pk, department=cast.bureau, role=Role.LEAD, by=cast.coordinator, now=NOW)
    disabled = make_person("xiaoming", User.Role.REPORTER, department=cast.bureau, is_active=False)
    overdue = make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 9, 30))
    shown = letters.fingerprint(
        letters.letter_data(
            "SUPERVISION", [overdue], region=cast.city, unit=cast.bureau, by=cast.coordinator, today=TODAY
        )
    )
    letter = issue_letter(
        cast.bureau,
        paper="SUPERVISION",
        assignment_ids=[overdue.pk],
        days=7,
        shown=shown,
        form_key=uuid4(),
        by=cast.coordinator,
        now=NOW,
    )
    sheet_job = SheetJob.objects.create(
        owner=cast.coordinator,
        kind=SheetJob.Kind.IMPORT,
        state=SheetJob.State.CHECKED,
        title="任务.xlsx",
        result="a" * 32,
        report={"new": 1, "same": 0, "refused": 0},
        created_at=NOW,
        form_key=uuid4(),
    )
    make_api_token(
        name="数据平台甲",
        scope=ApiToken.Scope.READ,
        expires_on=TODAY,
        origin=Origin(by=cast.reporter, now=NOW),
    )
    (sheets_dir() / sheet_job.result).write_bytes(b"PK")
    row = Row(4, Mark(assignment.pk, cast.bureau.pk, percent=0, report=0).signed(), "50", "过半")
    old_ledger = make_old_ledger(cast.coordinator)
    profile = LedgerProfile.objects.create(
        region=cast.city, name="大气台账", saved_at=NOW, saved_by=cast.coordinator
    )
    done = make_assignment(cast.bureau, plan=cast.plan, percent=100, last_reported_at=NOW)
    link_duty(done.task_id, others=[recurring.pk], reason="同一件事", by=cast.coordinator, now=NOW)
    series = make_series(recurring)
    return {
        "filled": Carried([row], {assignment.pk: assignment.version}).signed(cast.bureau),
        "overdue": overdue.pk,
        "letter_shown": shown,
        "paper": "supervision",
        "paper_what": "template",
        "letter": letter.pk,
        "sheet_job": sheet_job.pk,
        "old_ledger": old_ledger.pk,
        "old_ledger_look": old_ledger.report["look"],
        "ledger_profile": profile.pk,
        "task": assignment.task_id,
        "assignment": assignment.pk,
        "pending": pending.pk,
        "submitted": submitted.pk,
        "plan": cast.plan.pk,
        "draft": draft.pk,
        "compared": compared.pk,
        "seen": compare(compared).seen,
        "ready": ready.pk,
        "plan_import": make_import(cast.coordinator).pk,
        "measure": unsettled.pk,
        "clause": unsettled.clauses.get().pk,
        "unit": PlanUnit.objects.create(plan=draft, name="不明单位").pk,
        "doubt": doubt.pk,
        "extension": extension.pk,
        "done": done.pk,
        "linked_task": done.task_id,
        "series": series.pk,
        "made_report": made_report.pk,
        "evidence": made_report.evidence.get().pk,
        "dated_task": measured.task_id,
        "measured": measured.pk,
        "target": target.pk,
        "made_reading": made_reading.pk,
        "filing_request": asked_for.pk,
        "filing": filed.pk,
        "collective": collective.pk,
        "via_task": came.task_id,
        "late_member": cast.other_bureau.pk,
        "shown_members": cast.other_bureau.pk,
        "message": message.pk,
        "held_run": held.pk,
        "region": cast.city.pk,
        "calendar_change": changed.pk,
        "api_token": ApiToken.objects.get().pk,
        "feed_token": make_feed(of_unit=False, by=cast.reporter, now=NOW),
        "person": cast.colleague.pk,
        "disabled_person": disabled.pk,
        "department": cast.bureau.pk,
        "other_department": cast.other_bureau.pk,
    }


def _state() -> dict[str, list[Any]]:
    """Everything that is stored, but for traces."""
    models = [
        model for model in apps.get_models(include_auto_created=True) if model._meta.label not in TRACES
    ]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models}


def _declared(page: Page, method: str, person: str) -> int:
    if person == NOBODY:
        return page.open[method == "POST"] if page.open else 302
    answers = page.post if method == "POST" else page.get
    return next((status for status, people in answers.items() if person in people), 404)


def test_every_address_is_in_the_matrix() -> None:
    assert None not in ADDRESSES, "an address without a name"
    assert sorted(set(OURS) - set(MATRIX)) == [], "not in tests/url_matrix.py"
    assert sorted(set(MATRIX) - set(OURS)) == [], "in tests/url_matrix.py, but no longer an address"
    assert {name: ADDRESSES[name] for name in OURS} == {name: len(MATRIX[name].at) for name in OURS}


@pytest.mark.slow
def test_each_address_answers_as_declared(world: World) -> None:
    """One world for all, each request taken back: what is wrong names address, person and method."""
    before = _state()
    wrong = [mistake for name in OURS if name in MATRIX for mistake in _mistakes(world, name, before)]
    assert not wrong, "\n".join(map(str, wrong))


def _mistakes(world: World, name: str, before: dict[str, list[Any]]) -> Iterator[tuple[str, ...]]:
    asked = [(person, method) for person in world.clients for method in ("GET", "POST")]
    harmless = [(person, method) for person, method in asked if _is_harmless(name, person, method)]
    with transaction.atomic():
        for person, method in harmless:
            yield from _mistake(world, name, person, method)
        if _state() != before:
            yield name, "one of these changed something", str(harmless)
        transaction.set_rollback(True)
    for person, method in sorted(set(asked) - set(harmless)):
        with transaction.atomic():
            yield from _mistake(world, name, person, method)
            transaction.set_rollback(True)


def _is_harmless(name: str, person: str, method: str) -> bool:
    """Whether this must leave everything as it is: reading, being refused, being let in without the right."""
    refused = _declared(MATRIX[name], method, person) in (401, 403, 404, 405)
    return method == "GET" or person == NOBODY or refused or person in CHANGES_NOTHING.get(name, set())


def _mistake(world: World, name: str, person: str, method: str) -> Iterator[tuple[str, ...]]:
    page, client = MATRIX[name], world.clients[person]
    address, declared = world.address(name, page), _declared(page, method, person)
    cookies = dict(client.cookies)
    response = client.get(address) if method == "GET" else client.post(address, world.data(page))
    client.cookies = SimpleCookie(cookies)  # signing out is taken back, too
    if response.status_code != declared:
        yield name, person, method, f"{response.status_code}, declared {declared}"
    if person == NOBODY and not page.open and not response["Location"].startswith(LOGIN):
        yield name, person, method, f"sent to {response['Location']}"


@pytest.mark.slow
def test_what_is_allowed_really_happens(world: World) -> None:
    """Otherwise the matrix would only show that broken forms change nothing."""
    idle = []
    for name, page in MATRIX.items():
        allowed = page.post.get(302, set()) | page.post.get(200, set())
        actors = sorted(allowed - CHANGES_NOTHING.get(name, set()))
        if not page.data and page.get == page.post:
            continue
        before = _state()
        people = ("coordinator", "reporter", "leader", "administrator")
        person = next((who for who in people if who in actors), None)
        if person is None or name in ("login", "logout", "set_language", "home"):
            continue
        with transaction.atomic():
            world.clients[person].post(world.address(name, page), world.data(page))
            if _state() == before:
                idle.append((name, person))
            transaction.set_rollback(True)
    assert [name for name, _ in idle if name != "admin_password"] == []


HOSTILE = ("a\0b", "9" * 25, f"-{'9' * 25}", "9999-12-31", "长" * 5000)
QUERIES = ("page=%ff&q=%00&plan=%ff", f"page={'9' * 25}&plan={'9' * 25}&target={'9' * 25}&close={'9' * 25}")


@pytest.mark.slow
def test_no_address_breaks_on_hostile_input(world: World) -> None:
    """Each field in turn is left out or holds what nobody types, sent by somebody who may send the form."""
    wrong: list[tuple[Any, ...]] = []
    for name, page in MATRIX.items():
        people = (page.post.get(302) or page.post.get(200) or PEOPLE) - {NOBODY}
        person = next((who for who in ("coordinator", "reporter", "leader") if who in people), min(people))
        address, good = world.address(name, page), world.data(page)
        sent = [good | {field: value} for field in good for value in HOSTILE]
        sent += [{other: value for other, value in good.items() if other != field} for field in good]
        asked = [f"{address}?{query}" for query in QUERIES]
        asked += [reverse(name, args=["9" * digits] * len(page.at)) for digits in (18, 25) if page.at]
        for where, data in [(address, data) for data in sent] + [(place, None) for place in asked]:
            cookies = dict(world.clients[person].cookies)
            try:
                with transaction.atomic():
                    client = world.clients[person]
                    response = client.get(where) if data is None else client.post(where, data)
                    transaction.set_rollback(True)
            except Exception as error:
                wrong.append((name, person, where, data, repr(error)))
            else:
                # 503 is what the probe says of a machine that is not well, as this one.
                if response.status_code >= 500 and (name, response.status_code) != ("health", 503):
                    wrong.append((name, person, where, data, response.status_code))
            world.clients[person].cookies = SimpleCookie(cookies)
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.slow
def test_back_office_is_closed_to_all_but_administrators(world: World) -> None:
    """One rule for the whole namespace: others are sent to its door, and nothing happens."""
    before = _state()
    wrong = []
    for name in sorted(set(BACK_OFFICE) - DOORS):
        address = reverse(name, args=["accounts"] if name == "admin:app_list" else [1] * ADDRESSES[name])
        for person, client in world.clients.items():
            is_in = person == "administrator"
            for response in [client.get(address), *([] if is_in else [client.post(address)])]:
                is_out = response.status_code == 302 and "/login/" in response["Location"]
                if is_out == is_in:
                    wrong.append((name, person, response.status_code))
    assert wrong == []
    assert _state() == before


def test_size_of_the_matrix() -> None:
    """The number that the documentation names."""
    assert (len(MATRIX), len(PEOPLE) + 1) == (139, 15)
