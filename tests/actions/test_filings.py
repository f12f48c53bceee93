"""Documents that a task asks of its units: who asks, who hands in, what holds, and that nothing is lost."""

from datetime import date, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from threading import Barrier, Thread
from uuid import uuid4
from zipfile import ZipFile

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Department, User
from tests import files
from tests.factories import (
    NOW,
    TODAY,
    Cast,
    make_assignment,
    make_cast,
    make_department,
    make_task,
    make_user,
)
from tracker import audit
from tracker.actions.filings import (
    FILINGS_PER_SHARE,
    REQUESTS_PER_TASK,
    ask_filing,
    cancel_filing,
    file_document,
)
from tracker.actions.history import event_hash
from tracker.actions.work import MoveRefused
from tracker.filetypes import Upload, examine
from tracker.filings import archive, by_unit, progress
from tracker.models import Assignment, Filing, FilingRequest, Task, TaskEvent
from tracker.workflow import Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def collective(cast: Cast) -> Department:
    return make_department(cast.city, "各县（市、区）政府", kind=Department.Kind.COLLECTIVE)


@pytest.fixture
def task(cast: Cast, collective: Department) -> Task:
    """Led by the bureau; the other has it through the collective."""
    task = make_task(cast.plan, due_date=TODAY)
    make_assignment(cast.bureau, task=task, status=Status.PENDING)
    make_assignment(cast.other_bureau, task=task, via=collective, status=Status.PENDING)
    return task


def _ask(task: Task, by: User, **given) -> FilingRequest:
    values = {"title": "实施方案", "due_date": None, "via": None, "form_key": uuid4(), "now": NOW, **given}
    return ask_filing(task.pk, by=by, **values)


def _upload(content: bytes = files.PDF, name: str = "实施方案.pdf") -> Upload:
    return examine(BytesIO(content), name=name, size=len(content))


def _file(request: FilingRequest, by: User, upload: Upload | None = None, **given) -> Filing:
    values = {"form_key": uuid4(), "now": NOW, **given}
    return file_document(request.pk, file=upload or _upload(), by=by, **values)


def _on_disk(settings) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_asking_is_in_the_history_and_moves_no_share(cast, task, collective) -> None:
    asked = _ask(task, cast.coordinator, due_date=TODAY, via=collective, title=" 实施方案 ")
    event = TaskEvent.objects.get()
    assert (event.kind, event.assignment, event.note, event.actor) == (
        "ASK_FILING",
        None,
        "实施方案",
        cast.coordinator,
    )
    assert event.data == {
        "request": asked.pk,
        "title": "实施方案",
        "due_date": str(TODAY),
        "via": collective.pk,
    }
    assert [share.department for share in asked.asked] == [cast.other_bureau]
    assert set(Assignment.objects.values_list("version", flat=True)) == {1}


@pytest.mark.parametrize(
    "name", ["reporter", "head", "leader", "administrator", "county_coordinator", "foreign_coordinator"]
)
def test_nobody_else_asks_or_cancels(cast, task, name) -> None:
    asked = _ask(task, cast.coordinator)
    with pytest.raises(MoveRefused, match="没有权限"):
        _ask(task, getattr(cast, name))
    with pytest.raises(MoveRefused, match="没有权限"):
        cancel_filing(asked.pk, reason="不用了", by=getattr(cast, name), now=NOW)
    assert FilingRequest.objects.filter(cancelled_at__isnull=True).count() == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"title": "  "}, "材料名称"),
        ({"due_date": TODAY - timedelta(days=1)}, "不能早于今天"),
    ],
)
def test_senseless_requests_are_refused(cast, task, given, words) -> None:
    with pytest.raises(MoveRefused, match=words):
        _ask(task, cast.coordinator, **given)
    assert (FilingRequest.objects.count(), TaskEvent.objects.count()) == (0, 0)


def test_units_that_came_through_nobody_are_not_asked(cast, task) -> None:
    with pytest.raises(MoveRefused, match="没有这样的责任单位"):
        _ask(task, cast.coordinator, via=cast.bureau)
    assert (FilingRequest.objects.count(), TaskEvent.objects.count()) == (0, 0)


def test_closed_task_asks_for_nothing_more(cast, task) -> None:
    task.closed_at = NOW
    task.save()
    with pytest.raises(MoveRefused, match="已办结"):
        _ask(task, cast.coordinator)


def test_number_of_requests_is_bounded_and_cancelling_makes_room(cast, task) -> None:
    asked = [_ask(task, cast.coordinator) for _ in range(REQUESTS_PER_TASK)]
    with pytest.raises(MoveRefused, match="最多要求"):
        _ask(task, cast.coordinator)
    cancel_filing(asked[0].pk, reason="不用了", by=cast.coordinator, now=NOW)
    assert _ask(task, cast.coordinator).pk


def test_one_form_sent_twice_asks_and_files_once(cast, task, settings) -> None:
    key, other_task = uuid4(), make_task(cast.plan)
    make_assignment(cast.bureau, task=other_task)
    assert _ask(task, cast.coordinator, form_key=key) == _ask(task, cast.coordinator, form_key=key)
    asked = FilingRequest.objects.get()
    assert _file(asked, cast.reporter, form_key=key) == _file(
        asked, cast.reporter, _upload(files.PNG), form_key=key
    )
    assert (Filing.objects.count(), TaskEvent.objects.count(), len(_on_disk(settings))) == (1, 2, 1)
    assert _ask(other_task, cast.coordinator, form_key=key) != asked  # a key is of its own task


def test_filing_keeps_file_and_fingerprint(cast, task, settings) -> None:
    kept = _file(_ask(task, cast.coordinator), cast.reporter, _upload(name="../../方案.pdf"))
    event = TaskEvent.objects.get(kind="FILE")
    [path] = _on_disk(settings)
    assert (kept.name, kept.kind, kept.filed_by, kept.assignment.department) == (
        "方案.pdf",
        "pdf",
        cast.reporter,
        cast.bureau,
    )
    assert path.read_bytes() == files.PDF
    assert path.suffix == ""
    assert event.data["files"] == [{"name": "方案.pdf", "size": len(files.PDF), "sha256": kept.sha256}]
    assert event.hash == event_hash(event)
    assert kept.assignment.version == 1
    assert list(audit.verify([task.pk])) == []


def test_newer_filing_holds_and_the_older_stays(cast, task, settings) -> None:
    asked = _ask(task, cast.coordinator)
    first = _file(asked, cast.reporter)
    second = _file(asked, cast.colleague, _upload(files.PNG, "盖章页.png"))
    assert list(Filing.objects.newest_of_each()) == [second]
    [owes, line] = by_unit(Filing.objects.filter(request=asked), asked.asked.select_related("department"))
    assert (line.newest, line.older) == (second, [first])
    assert (owes.assignment.department, owes.newest) == (cast.other_bureau, None)
    assert len(_on_disk(settings)) == 2


def test_the_same_content_again_is_refused_and_leaves_no_file(cast, task, settings) -> None:
    asked = _ask(task, cast.coordinator)
    _file(asked, cast.reporter)
    with pytest.raises(MoveRefused, match="内容相同"):
        _file(asked, cast.colleague, _upload(name="另一个名字.pdf"))
    assert len(_on_disk(settings)) == 1


def test_number_of_versions_is_bounded(cast, task) -> None:
    asked = _ask(task, cast.coordinator)
    for number in range(FILINGS_PER_SHARE):
        _file(asked, cast.reporter, _upload(files.PDF + bytes(number + 1)))
    with pytest.raises(MoveRefused, match="最多报送"):
        _file(asked, cast.reporter)


@pytest.mark.parametrize(
    "name", ["county_reporter", "foreigner", "coordinator", "leader", "administrator", "foreign_coordinator"]
)
def test_nobody_else_files(cast, task, settings, name) -> None:
    asked = _ask(task, cast.coordinator)
    with pytest.raises(MoveRefused, match="不由您的单位"):
        _file(asked, getattr(cast, name))
    assert (Filing.objects.count(), _on_disk(settings)) == (0, [])


def test_coordinator_with_a_desk_in_the_unit_does_not_file_for_it(cast, task) -> None:
    """Belonging to a unit's region office is not being the unit's person."""
    desk = make_user("sitting", User.Role.COORDINATOR, department=cast.bureau)
    with pytest.raises(MoveRefused, match="不由您的单位"):
        _file(_ask(task, cast.coordinator), desk)


def test_unit_that_is_not_asked_does_not_file(cast, task, collective) -> None:
    asked = _ask(task, cast.coordinator, via=collective)
    with pytest.raises(MoveRefused, match="不由您的单位"):
        _file(asked, cast.reporter)
    assert _file(asked, cast.outsider).pk


@pytest.mark.parametrize("status", [status for status in Status.values if status not in Status.out_of_force])
def test_share_in_any_status_in_force_may_file(cast, status) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, status=status)
    assert _file(_ask(share.task, cast.coordinator), cast.reporter).assignment == share


def test_cancelled_request_takes_nothing_and_keeps_what_it_has(cast, task) -> None:
    asked = _ask(task, cast.coordinator)
    kept = _file(asked, cast.reporter)
    with pytest.raises(MoveRefused, match="理由"):
        cancel_filing(asked.pk, reason=" ", by=cast.coordinator, now=NOW)
    cancel_filing(asked.pk, reason="改由线上报送", by=cast.coordinator, now=NOW)
    with pytest.raises(MoveRefused, match="已经取消"):
        cancel_filing(asked.pk, reason="再取消", by=cast.coordinator, now=NOW)
    with pytest.raises(MoveRefused, match="不再要求"):
        _file(asked, cast.outsider)
    assert Filing.objects.get() == kept
    assert TaskEvent.objects.get(kind="CANCEL_FILING").note == "实施方案：改由线上报送"
    assert list(audit.verify([task.pk])) == []


def test_what_a_unit_owes(cast, task, collective) -> None:
    everybody = _ask(task, cast.coordinator, due_date=date(2024, 12, 1))
    members = _ask(task, cast.coordinator, via=collective)
    gone = _ask(task, cast.coordinator)
    cancel_filing(gone.pk, reason="不用了", by=cast.coordinator, now=NOW)

    def owed(unit: Department) -> list[FilingRequest]:
        return list(FilingRequest.objects.not_filed_by(unit.pk).by_urgency())

    assert owed(cast.bureau) == [everybody]
    assert owed(cast.other_bureau) == [everybody, members]
    _file(everybody, cast.outsider)
    assert owed(cast.other_bureau) == [members]
    assert owed(cast.foreign_bureau) == []


def test_progress_counts_shares_not_files(cast, task) -> None:
    asked = _ask(task, cast.coordinator)
    for content in (files.PDF, files.PNG):
        _file(asked, cast.reporter, _upload(content))
    [line] = progress(FilingRequest.objects.of_task(task), task.assignments.all())
    assert (line.asked, line.filed, line.is_complete) == (2, 1, False)


def test_failure_after_storing_takes_the_file_away_again(cast, task, settings, monkeypatch) -> None:
    asked = _ask(task, cast.coordinator)

    def break_off(*args, **kwargs):
        raise RuntimeError("the database went away")

    monkeypatch.setattr("tracker.actions.filings.record", break_off)
    with pytest.raises(RuntimeError):
        _file(asked, cast.reporter)
    assert (Filing.objects.count(), _on_disk(settings)) == (0, [])


def test_verifying_finds_a_changed_or_missing_file(cast, task, settings) -> None:
    _file(_ask(task, cast.coordinator), cast.reporter)
    call_command("verify_history", files=True, stdout=StringIO())
    [path] = _on_disk(settings)
    path.write_bytes(files.JPG)
    for words in ("内容被改动", "文件缺失"):
        errors = StringIO()
        with pytest.raises(CommandError):
            call_command("verify_history", files=True, stdout=StringIO(), stderr=errors)
        assert "备案材料" in errors.getvalue()
        assert words in errors.getvalue()
        path.unlink(missing_ok=True)


def _names(filings) -> list[str]:
    with archive(filings) as packed, ZipFile(packed) as opened:
        assert opened.testzip() is None
        return opened.namelist()


def _filing(share: Assignment, asked: FilingRequest, by: User, name: str) -> Filing:
    return file_document(asked.pk, file=_upload(name=name), form_key=uuid4(), by=by, now=NOW)


@pytest.mark.parametrize(
    ("unit", "name", "expected"),
    [
        ("卫辉市政府", "方案.pdf", "卫辉市政府_方案.pdf"),
        ("../../etc", "passwd", "_.._etc_passwd.pdf"),
        ("甲/乙\\丙", "..\\..\\x.exe", "甲_乙_丙_x.exe.pdf"),
        ("C:", "a\u202egpj.pdf", "C__agpj.pdf"),
    ],
)
def test_names_in_the_archive_lead_nowhere(cast, unit, name, expected) -> None:
    department = make_department(cast.city, unit)
    person = make_user("somebody", User.Role.REPORTER, department=department)
    share = make_assignment(department, plan=cast.plan)
    filing = _filing(share, _ask(share.task, cast.coordinator), person, name)
    assert _names([filing]) == [expected]


def test_same_names_in_the_archive_are_told_apart(cast, task) -> None:
    asked = _ask(task, cast.coordinator)
    filing = _file(asked, cast.reporter, _upload(name="A.pdf"))
    again = _file(asked, cast.reporter, _upload(files.PDF + b"1", name="a.pdf"))
    third = _file(asked, cast.reporter, _upload(files.PDF + b"2", name="a.pdf"))
    unit = cast.bureau.short_name
    assert _names([filing, again, third]) == [f"{unit}_A.pdf", f"{unit}_a(2).pdf", f"{unit}_a(3).pdf"]


def test_archive_says_which_file_is_missing(cast, task, settings) -> None:
    asked = _ask(task, cast.coordinator)
    first, second = _file(asked, cast.reporter), _file(asked, cast.outsider)
    Path(first.file.path).unlink()
    with archive([first, second]) as packed, ZipFile(packed) as opened:
        unit, other = cast.bureau.short_name, cast.other_bureau.short_name
        assert opened.namelist() == [f"{other}_实施方案.pdf", "缺失文件.txt"]
        assert opened.read("缺失文件.txt").decode() == f"{unit}_实施方案.pdf"
        assert opened.read(f"{other}_实施方案.pdf") == files.PDF


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_file_once(cast, task, settings) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("threads do not share an SQLite in memory: DUBAN_TEST_DB=postgres")
    asked, key = _ask(task, cast.coordinator), uuid4()
    start, filed = Barrier(2), []

    def file() -> None:
        try:
            start.wait(10)
            filed.append(_file(asked, cast.reporter, form_key=key).pk)
        finally:
            connection.close()

    threads = [Thread(target=file) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(filed) == 2
    assert len(set(filed)) == 1
    assert len(_on_disk(settings)) == 1
