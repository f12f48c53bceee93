"""Files on their way to a draft: each end, workers that die, two at once, cancelling at any moment."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.storage import default_storage
from django.db import OperationalError

from tests.factories import NOW, Cast, make_cast, make_import
from tracker import clock, jobs
from tracker.actions import imports
from tracker.actions.imports import LEASE, ImportRefused, cancel_import, enter_import, read_import, sweep
from tracker.documents import Document, examine
from tracker.models import Measure, Plan, PlanImport, Target
from tracker.parser import UnreadableDocument

SAMPLES = Path(__file__).parent.parent / "samples"
TEXT = (SAMPLES / "sixth_plan.txt").read_text(encoding="utf-8")
KEY = UUID("6f1b6a34-8f0f-4f6e-9a5c-2f6f1f1f1f1f")
State = PlanImport.State
LATER = NOW + LEASE + timedelta(seconds=1)

pytestmark = pytest.mark.django_db(transaction=True)  # files go when what ended them is committed


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def row(cast: Cast) -> PlanImport:
    return make_import(cast.coordinator, TEXT.encode(), name="方案.txt")


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], str]], None]:
    """What the reading of the file does, in the place of all readers."""

    def use(read: Callable[[], str]) -> None:
        monkeypatch.setattr("tracker.documents.read_bytes", lambda data, name, **limits: read())

    return use


def _document(content: bytes = TEXT.encode(), name: str = "方案.txt") -> Document:
    return examine(BytesIO(content), name=name, size=len(content))


def _kept() -> list[str]:
    return default_storage.listdir("imports")[1] if default_storage.exists("imports") else []


def _ended(row: PlanImport) -> PlanImport:
    """The row as it is now; over, it has no file, and nothing of it is kept."""
    row.refresh_from_db()
    assert (row.is_open, row.file.name, row.claimed_until) == (False, "", None)
    assert row.finished_at is not None
    assert _kept() == []
    return row


def test_file_waits_under_a_name_that_says_nothing(cast: Cast) -> None:
    row = enter_import(_document(name="../../机要/方案.txt"), form_key=KEY, by=cast.coordinator, now=NOW)

    assert (row.state, row.name, row.region, row.size) == (
        State.WAITING,
        "方案.txt",
        cast.city,
        len(TEXT.encode()),
    )
    [kept] = _kept()
    assert row.file.name == f"imports/{kept}"
    assert len(kept) == 32
    assert "方案" not in kept
    with default_storage.open(f"imports/{kept}") as file:
        assert file.read() == TEXT.encode()


def test_reading_makes_the_draft_and_leaves_no_file(row: PlanImport, cast: Cast) -> None:
    assert read_import(row.pk, now=NOW) == State.DONE

    plan = Plan.objects.get()
    assert (plan.region, plan.created_by, plan.file_name) == (cast.city, cast.coordinator, "方案.txt")
    assert plan.is_draft
    assert plan.measures.exists()
    _ended(row)
    assert (row.plan, row.was_known, row.attempts) == (plan, False, 1)


def test_reading_twice_makes_one_draft(row: PlanImport) -> None:
    read_import(row.pk, now=NOW)

    assert read_import(row.pk, now=LATER) is None
    assert Plan.objects.count() == 1


def test_text_the_region_has_leads_to_the_plan_it_has(row: PlanImport, cast: Cast) -> None:
    read_import(row.pk, now=NOW)
    again = make_import(cast.coordinator, TEXT.encode(), name="又一份.txt")

    assert read_import(again.pk, now=NOW) == State.DONE
    again.refresh_from_db()
    assert (again.plan, again.was_known) == (Plan.objects.get(), True)


def test_one_form_sent_twice_keeps_one_file(cast: Cast) -> None:
    first = enter_import(_document(), form_key=KEY, by=cast.coordinator, now=NOW)

    assert enter_import(_document(), form_key=KEY, by=cast.coordinator, now=NOW) == first
    assert len(_kept()) == 1


def test_region_keeps_only_so_many_files_at_a_time(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MOST_OPEN", 2)
    for _ in range(2):
        enter_import(_document(), form_key=uuid4(), by=cast.coordinator, now=NOW)

    with pytest.raises(ImportRefused, match="已有 2 个文件"):
        enter_import(_document(), form_key=uuid4(), by=cast.coordinator, now=NOW)
    assert len(_kept()) == 2
    enter_import(_document(), form_key=uuid4(), by=cast.foreign_coordinator, now=NOW)


def test_row_that_cannot_be_stored_leaves_no_file(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: PlanImport, **options: Any) -> None:
        raise OperationalError("disk full")

    monkeypatch.setattr(PlanImport, "save", fail)
    with pytest.raises(OperationalError):
        enter_import(_document(), form_key=KEY, by=cast.coordinator, now=NOW)
    assert _kept() == []


# Failures


def _raises(error: BaseException) -> Callable[[], str]:
    def read() -> str:
        raise error

    return read


@pytest.mark.parametrize(
    ("read", "said"),
    [
        pytest.param(_raises(UnreadableDocument("a", "这是扫描件")), "这是扫描件", id="unreadable"),
        pytest.param(lambda: "各位同事：周五开会。", "没有找到可以分解的条目", id="no-plan"),
        pytest.param(_raises(SoftTimeLimitExceeded()), "分钟还没有读完", id="too-slow"),
        pytest.param(_raises(MemoryError()), "编号", id="out-of-memory"),
        pytest.param(_raises(RecursionError()), "编号", id="a-bug-of-ours"),
    ],
)
def test_what_fails_says_why_and_stores_nothing(
    row: PlanImport, reader: Any, read: Callable[[], str], said: str
) -> None:
    reader(read)

    assert read_import(row.pk, now=NOW) == State.FAILED
    assert said in _ended(row).reason
    assert not Plan.objects.exists()


def test_draft_that_breaks_half_way_is_not_stored(row: PlanImport, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: Any, **named: Any) -> None:
        raise ValueError("half-way")

    monkeypatch.setattr(Target.objects, "bulk_create", fail)

    assert read_import(row.pk, now=NOW) == State.FAILED
    assert (Plan.objects.count(), Measure.objects.count()) == (0, 0)
    assert str(row.pk) in _ended(row).reason


def test_mark_that_only_reading_shows_deletes_file_and_name(row: PlanImport, reader: Any) -> None:
    reader(lambda: "机密★1年\n" + TEXT)

    assert read_import(row.pk, now=NOW) == State.FAILED
    _ended(row)
    assert "标有“机密”" in row.reason
    assert "方案" not in row.name
    assert not Plan.objects.exists()


def test_file_that_is_gone_from_the_disk_is_said(row: PlanImport) -> None:
    default_storage.delete(str(row.file.name))

    assert read_import(row.pk, now=NOW) == State.FAILED
    assert "重新上传" in _ended(row).reason


def test_database_that_stumbles_is_no_fault_of_the_file(row: PlanImport, reader: Any) -> None:
    reader(_raises(OperationalError("gone away")))

    with pytest.raises(OperationalError):
        read_import(row.pk, now=NOW)
    row.refresh_from_db()
    assert row.state == State.READING
    assert sweep(now=LATER) == [row.pk]


@pytest.mark.parametrize("content", [b"\0" * 1000, bytes(range(256)) * 40_000, b"\xff\xfe\0"], ids=len)
def test_garbage_that_got_so_far_is_refused_there(cast: Cast, content: bytes) -> None:
    row = make_import(cast.coordinator, content, name="方案.txt")

    assert read_import(row.pk, now=NOW) == State.FAILED
    assert _ended(row).reason


# Cancelling


def test_cancelled_while_it_waits_is_never_read(row: PlanImport) -> None:
    assert cancel_import(row.pk, now=NOW)

    assert _ended(row).state == State.CANCELLED
    assert read_import(row.pk, now=LATER) is None
    assert not Plan.objects.exists()


def test_cancelled_while_it_is_read_stores_nothing(row: PlanImport, reader: Any) -> None:
    def read() -> str:
        assert cancel_import(row.pk, now=NOW)
        return TEXT

    reader(read)

    assert read_import(row.pk, now=NOW) is None
    assert _ended(row).state == State.CANCELLED
    assert not Plan.objects.exists()


def test_pdf_that_is_cancelled_is_read_no_further(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    row = make_import(cast.coordinator, (SAMPLES / "000_xinxiang.two.pdf").read_bytes(), name="方案.pdf")
    told: list[int] = []
    tell = imports._Claim.tell

    def cancelled_on_the_way(claim: Any, step: str, done: int, total: int) -> None:
        told.append(done)
        if done == 2:
            cancel_import(row.pk, now=NOW)
            claim.told_at = -99.0
        tell(claim, step, done, total)

    monkeypatch.setattr(imports._Claim, "tell", cancelled_on_the_way)

    assert read_import(row.pk, now=NOW) is None
    assert told == [0, 0, 1, 2]
    assert _ended(row).state == State.CANCELLED


def test_cancelled_just_before_the_draft_is_stored(row: PlanImport, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last moment: everything is read, and only the row still to be locked."""
    store = imports._store

    def cancelled_first(*given: Any) -> str:
        cancel_import(row.pk, now=NOW)
        return store(*given)

    monkeypatch.setattr(imports, "_store", cancelled_first)

    assert read_import(row.pk, now=NOW) is None
    assert _ended(row).state == State.CANCELLED
    assert not Plan.objects.exists()


def test_cancelled_file_that_then_fails_stays_cancelled(row: PlanImport, reader: Any) -> None:
    def read() -> str:
        cancel_import(row.pk, now=NOW)
        raise UnreadableDocument("a", "坏")

    reader(read)

    assert read_import(row.pk, now=NOW) is None
    assert (_ended(row).state, row.reason) == (State.CANCELLED, "")


def test_too_late_to_cancel(row: PlanImport) -> None:
    read_import(row.pk, now=NOW)

    assert not cancel_import(row.pk, now=NOW)
    row.refresh_from_db()
    assert row.state == State.DONE


# Workers


def test_worker_at_work_keeps_its_claim_against_another(row: PlanImport, reader: Any) -> None:
    seen: list[str | None] = []

    def read() -> str:
        seen.append(read_import(row.pk, now=NOW + LEASE))
        return TEXT

    reader(read)

    assert read_import(row.pk, now=NOW) == State.DONE
    assert seen == [None]
    assert Plan.objects.count() == 1


def test_worker_that_was_taken_for_dead_stores_nothing(row: PlanImport, reader: Any) -> None:
    """Its lease ran out, another one has read the file: what it brings now comes too late."""
    calls: list[int] = []

    def read() -> str:
        calls.append(1)
        if len(calls) == 1:
            assert read_import(row.pk, now=LATER) == State.DONE
        return TEXT + f"\n{len(calls)}"

    reader(read)

    assert read_import(row.pk, now=NOW) is None
    assert Plan.objects.get().source_text.endswith("2")
    assert _ended(row).attempts == 2


def _killed(row: PlanImport, attempts: int = 1, until: datetime = NOW + LEASE) -> None:
    PlanImport.objects.filter(pk=row.pk).update(
        state=State.READING, claimed_until=until, attempts=attempts, step="SPLIT", done=7, total=9
    )


def test_killed_worker_is_replaced_when_its_lease_is_over(row: PlanImport) -> None:
    _killed(row)

    assert sweep(now=NOW + timedelta(minutes=2)) == []
    assert read_import(row.pk, now=NOW + timedelta(minutes=2)) is None
    assert sweep(now=LATER) == [row.pk]
    assert read_import(row.pk, now=LATER) == State.DONE


def test_file_that_kills_its_workers_is_given_up(row: PlanImport) -> None:
    _killed(row, attempts=2)

    assert sweep(now=LATER) == []
    assert _ended(row).state == State.FAILED
    assert "两次" in row.reason


def test_sweep_queues_what_the_broker_lost_but_not_what_has_just_come(row: PlanImport) -> None:
    assert sweep(now=NOW + timedelta(seconds=30)) == []
    assert sweep(now=NOW + timedelta(minutes=2)) == [row.pk]


def test_file_that_nobody_came_for_is_given_up_after_a_week(row: PlanImport) -> None:
    assert sweep(now=NOW + timedelta(days=6)) == [row.pk]
    assert sweep(now=NOW + timedelta(days=8)) == []
    assert _ended(row).state == State.FAILED
    assert "后台进程" in row.reason


def test_what_came_to_nothing_is_forgotten_and_what_came_to_a_plan_is_kept(cast: Cast) -> None:
    rows = {state: make_import(cast.coordinator, TEXT.encode()) for state in ("DONE", "CANCELLED", "FAILED")}
    read_import(rows["DONE"].pk, now=NOW)
    cancel_import(rows["CANCELLED"].pk, now=NOW)
    failed = make_import(cast.coordinator, b"\0\0\0\0")
    read_import(failed.pk, now=NOW)
    cancel_import(rows["FAILED"].pk, now=NOW + timedelta(days=20))

    sweep(now=NOW + timedelta(days=29))
    assert PlanImport.objects.count() == 4
    sweep(now=NOW + timedelta(days=31))
    assert set(PlanImport.objects.all()) == {rows["DONE"], rows["FAILED"]}


def test_strays_are_deleted_and_nothing_else(row: PlanImport, settings: Any) -> None:
    folder = Path(settings.MEDIA_ROOT) / "imports"
    fresh, stray = folder / "fresh", folder / "stray"
    evidence = folder.parent / "ab"
    for path, moment in [(fresh, LATER), (stray, NOW), (evidence, NOW), (folder.parent / str(row.file), NOW)]:
        path.touch()
        os.utime(path, (moment.timestamp(),) * 2)

    sweep(now=LATER)

    assert {path.name for path in folder.iterdir()} == {"fresh", Path(str(row.file)).name}
    assert evidence.exists()


def test_pages_are_told_but_not_each_of_them(row: PlanImport, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    moments = iter([0.0, 0.1, 0.2, 0.9, 1.0])
    monkeypatch.setattr(imports, "monotonic", lambda: next(moments))
    _killed(row)
    row.refresh_from_db()
    claim = imports._Claim(row, NOW)
    row.step = ""

    for done in range(5):
        claim.tell("READ", done, 4)
        row.refresh_from_db(fields=["done", "total"])
        told.append((row.done, row.total))

    assert told == [(0, 4), (0, 4), (0, 4), (3, 4), (4, 4)]


def test_jobs_take_ids_and_mind_nothing_that_is_gone(row: PlanImport) -> None:
    jobs.read_plan(import_id=row.pk)
    jobs.read_plan(import_id=row.pk)
    jobs.read_plan(import_id=0)
    jobs.read_due()

    assert _ended(row).state == State.DONE


def _until(row: PlanImport, state: str) -> PlanImport:
    deadline = monotonic() + 60
    while row.state != state and monotonic() < deadline:
        sleep(0.1)
        row.refresh_from_db()
    return row


@pytest.mark.slow
def test_real_worker_reads_what_was_uploaded(
    celery_worker: None, cast: Cast, settings: Any, tmp_path: Path
) -> None:
    """From the queue `read`, twice each: one draft, and every file gone."""
    settings.MEDIA_ROOT = tmp_path / "var" / "evidence"  # where the worker's own settings look
    content = (SAMPLES / "001_xinji.two.pdf").read_bytes()
    row = enter_import(_document(content, "方案.pdf"), form_key=KEY, by=cast.coordinator, now=clock.now())
    broken = make_import(cast.coordinator, content[:5000], name="断.pdf", created_at=clock.now())

    for import_id in (row.pk, broken.pk, row.pk, broken.pk):
        jobs.read_plan.delay(import_id=import_id)

    assert _until(row, State.DONE).plan == Plan.objects.get()
    assert "PDF" in _until(broken, State.FAILED).reason
    assert (row.attempts, broken.attempts) == (1, 1)
    assert _kept() == []
