"""History cannot be changed by our code, and what is changed behind its back is found."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO, StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from tests import files
from tests.factories import NOW, Cast, make_assignment, make_cast
from tracker.actions.history import event_hash
from tracker.actions.work import move_assignment, report_progress
from tracker.filetypes import examine
from tracker.models import Assignment, TaskEvent
from tracker.models.events import HistoryIsAppendOnly
from tracker.workflow import Move, Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def share(cast: Cast) -> Assignment:
    """With five lines of history."""
    share = make_assignment(cast.bureau, plan=cast.plan, status=Status.PENDING)
    upload = examine(BytesIO(files.PNG), name="a.png", size=len(files.PNG))
    move_assignment(share.pk, Move.SIGN, by=cast.reporter, now=NOW)
    report_progress(
        share.pk, percent=40, note="一", form_key=uuid4(), by=cast.reporter, now=NOW, uploads=[upload]
    )
    report_progress(share.pk, percent=100, note="二", form_key=uuid4(), by=cast.reporter, now=NOW)
    move_assignment(share.pk, Move.SUBMIT, by=cast.reporter, now=NOW)
    move_assignment(share.pk, Move.RETURN, by=cast.coordinator, now=NOW, note="缺报告")
    return share


@contextmanager
def _behind_its_back() -> Iterator[None]:
    """What somebody with the database's own tools can do."""
    on_postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if on_postgres:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE tracker_taskevent DISABLE TRIGGER history_is_append_only")
        yield
        if on_postgres:
            cursor.execute("ALTER TABLE tracker_taskevent ENABLE TRIGGER history_is_append_only")


def _sql(statement: str, *values: str | int | None) -> None:
    with _behind_its_back(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def _verify(**options: bool) -> str:
    """What the command prints; findings are an exit of 1."""
    out, err = StringIO(), StringIO()
    try:
        call_command("verify_history", stdout=out, stderr=err, **options)
    except CommandError as error:
        return f"{err.getvalue()}{error} (exit {error.returncode})"
    assert err.getvalue() == ""
    return out.getvalue()


def test_untouched_history_is_in_order(share) -> None:
    assert "核对无误：任务 1 项，记录 5 条" in _verify(files=True)


def test_fingerprint_changes_with_each_event(cast, share) -> None:
    before = _verify()
    move_assignment(share.pk, Move.SUSPEND, by=cast.coordinator, now=NOW, note="等文件")
    assert _verify() != before


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("note", "改过的说明"),
        ("kind", "APPROVE"),
        ("created_at", "2024-10-20 01:30:00+00:00"),
        ("actor_id", None),
        ("data", '{"percent": 100}'),
        ("to_status", "CLOSED"),
        ("assignment_id", None),
    ],
)
def test_a_changed_row_is_named(share, column: str, value: str | None) -> None:
    _sql(f"UPDATE tracker_taskevent SET {column} = %s WHERE sequence = 2", value)
    found = _verify()
    assert f"任务 {share.task.number}（{share.task_id}）第2条：内容被改动" in found
    assert found.endswith("(exit 1)")
    assert "第3条：" not in found


def test_a_row_changed_with_its_hash_breaks_the_chain_behind_it(share) -> None:
    event = TaskEvent.objects.get(sequence=2)
    event.note = "改过的说明"
    _sql(
        "UPDATE tracker_taskevent SET note = %s, hash = %s WHERE sequence = 2", event.note, event_hash(event)
    )
    assert "第3条：与前一条不相连" in _verify()


def test_a_missing_row_is_named(share) -> None:
    _sql("DELETE FROM tracker_taskevent WHERE sequence = 2")
    assert "第2条至第2条缺失" in _verify()


def test_a_first_row_that_is_missing_is_named(share) -> None:
    _sql("DELETE FROM tracker_taskevent WHERE sequence = 1")
    assert "第1条至第1条缺失" in _verify()


@pytest.mark.parametrize("kept", [0, 4])
def test_rows_cut_off_at_the_end_are_missed(share, kept: int) -> None:
    _sql("DELETE FROM tracker_taskevent WHERE sequence > %s", kept)
    assert f"第{kept}条之后的记录缺失" in _verify()


def test_rows_in_another_order_are_named(share) -> None:
    for before, after in ((2, 99), (3, 2), (99, 3)):
        _sql("UPDATE tracker_taskevent SET sequence = %s WHERE sequence = %s", after, before)
    found = _verify()
    assert "第2条：与前一条不相连" in found
    assert "第3条：与前一条不相连" in found


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [("status", "PENDING", "状态"), ("percent", 10, "进度"), ("due_date", "2030-01-01", "时限")],
)
def test_a_share_that_was_changed_without_an_event_is_named(share, column, value, words) -> None:
    dates = ", first_due_date = NULL, judged_date = NULL" if column != "due_date" else ""
    more = ", first_due_date = '2024-10-31', judged_date = '2024-10-31'" if column == "due_date" else dates
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE tracker_assignment SET {column} = %s{more}", [value])
    assert f"责任 {share.pk} 的{words}与记录不符" in _verify()


def test_a_changed_or_missing_file_is_named(share, settings) -> None:
    [path] = [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    path.write_bytes(files.JPG)
    assert "《a.png》：内容被改动" in _verify(files=True)
    path.unlink()
    assert "《a.png》：文件缺失" in _verify(files=True)
    assert "核对无误" in _verify()


def test_code_cannot_change_or_delete_history(share) -> None:
    event = TaskEvent.objects.get(sequence=2)
    event.note = "改过的说明"
    for attempt in (
        event.save,
        event.delete,
        lambda: event.save(update_fields=["note"]),
        lambda: TaskEvent.objects.update(note="x"),
        lambda: TaskEvent.objects.filter(sequence=2).delete(),
        lambda: TaskEvent.objects.bulk_update([event], ["note"]),
        lambda: TaskEvent.objects.bulk_create([event], update_conflicts=True),
        lambda: TaskEvent.objects.update_or_create({"note": "x"}, pk=event.pk),
        lambda: share.events.update(note="x"),
        lambda: share.task.events.all().delete(),
    ):
        with pytest.raises(HistoryIsAppendOnly):
            attempt()
    assert "核对无误" in _verify()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE tracker_taskevent SET note = 'x'", "DELETE FROM tracker_taskevent"],
)
def test_postgresql_itself_refuses(share, statement: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the trigger is PostgreSQL's: DUBAN_TEST_DB=postgres")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
