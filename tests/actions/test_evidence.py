"""Files of reports: all or nothing, once on the disk, and still there when a report is taken back."""

from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from tests import files
from tests.factories import NOW, Cast, make_assignment, make_cast
from tracker.actions.history import event_hash
from tracker.actions.reports import withdraw_report
from tracker.actions.work import (
    MoveRefused,
    StaleVersion,
    move_assignment,
    report_progress,
)
from tracker.filetypes import Upload, digest, examine
from tracker.models import Assignment, Evidence, ProgressReport, TaskEvent
from tracker.workflow import Move, Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def share(cast: Cast) -> Assignment:
    return make_assignment(cast.bureau, plan=cast.plan)


def _upload(content: bytes = files.PNG, name: str = "现场照片.png") -> Upload:
    return examine(BytesIO(content), name=name, size=len(content))


def _report(share: Assignment, by, *uploads: Upload, percent: int = 50, **given) -> ProgressReport:
    values = {"note": "进展", "form_key": uuid4(), "now": NOW, **given}
    return report_progress(share.pk, percent=percent, by=by, uploads=uploads, **values)


def _on_disk(settings) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_file_is_kept_under_a_name_that_says_nothing(cast, share, settings) -> None:
    report = _report(share, cast.reporter, _upload(name="../../x.png"))
    kept = report.evidence.get()
    [path] = _on_disk(settings)
    assert (kept.name, kept.kind, kept.size) == ("x.png", "png", len(files.PNG))
    assert kept.sha256 == digest(BytesIO(path.read_bytes()))
    assert path.relative_to(settings.MEDIA_ROOT).as_posix() == kept.file.name
    assert len(path.name) == 32
    assert path.suffix == ""
    assert path.stat().st_mode & 0o007 == 0


def test_history_holds_the_fingerprints(cast, share) -> None:
    report = _report(share, cast.reporter, _upload())
    event = TaskEvent.objects.get()
    assert event.data["evidence"] == [
        {"name": "现场照片.png", "size": len(files.PNG), "sha256": report.evidence.get().sha256}
    ]
    assert event.hash == event_hash(event)


def test_same_content_is_stored_once_for_a_share_and_recognised(cast, share, settings) -> None:
    first = _report(share, cast.reporter, _upload()).evidence.get()
    second = _report(share, cast.colleague, _upload(name="另一个名字.png"), _upload(files.PDF, "a.pdf"))
    again = second.evidence.get(kind="png")
    assert (again.same_as, again.file.name, again.name) == (first, first.file.name, "另一个名字.png")
    assert len(_on_disk(settings)) == 2


def test_same_file_twice_in_one_form_counts_once(cast, share, settings) -> None:
    report = _report(share, cast.reporter, _upload(), _upload())
    assert report.evidence.count() == 1
    assert len(_on_disk(settings)) == 1


def test_another_share_keeps_its_own_copy(cast, share, settings) -> None:
    other = make_assignment(cast.other_bureau, task=share.task)
    _report(share, cast.reporter, _upload())
    assert _report(other, cast.outsider, _upload()).evidence.get().same_as is None
    assert len(_on_disk(settings)) == 2


def test_database_itself_refuses_a_second_original(cast, share) -> None:
    kept = _report(share, cast.reporter, _upload()).evidence.get()
    kept.pk, kept.report = None, _report(share, cast.reporter)
    with pytest.raises(IntegrityError), transaction.atomic():
        kept.save(force_insert=True)


def test_the_same_form_sent_twice_keeps_its_files_once(cast, share, settings) -> None:
    key = uuid4()
    for _again in range(2):
        _report(share, cast.reporter, _upload(), form_key=key)
    assert (Evidence.objects.count(), len(_on_disk(settings))) == (1, 1)


def test_refused_report_leaves_no_file(cast, share, settings) -> None:
    with pytest.raises(StaleVersion):
        _report(share, cast.reporter, _upload(), version=99)
    with pytest.raises(MoveRefused):
        _report(share, cast.outsider, _upload())
    assert (_on_disk(settings), Evidence.objects.count()) == ([], 0)


def test_failure_after_storing_takes_the_files_away_again(cast, share, settings, monkeypatch) -> None:
    def break_off(*args, **kwargs):
        raise RuntimeError("the database went away")

    monkeypatch.setattr("tracker.actions.work.record", break_off)
    with pytest.raises(RuntimeError):
        _report(share, cast.reporter, _upload(), _upload(files.PDF, "a.pdf"))
    assert (_on_disk(settings), Evidence.objects.count(), ProgressReport.objects.count()) == ([], 0, 0)


def test_full_disk_stores_nothing_half_way(cast, share, settings, monkeypatch) -> None:
    save = default_storage.save
    calls = []

    def fill_up(name, content):
        calls.append(save(name, content))
        if len(calls) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(default_storage, "save", fill_up)
    with pytest.raises(OSError, match="No space"):
        _report(share, cast.reporter, _upload(), _upload(files.PDF, "a.pdf"))
    assert (_on_disk(settings), ProgressReport.objects.count()) == ([], 0)


def test_failed_hand_in_takes_report_and_files_along(cast, share, settings, monkeypatch) -> None:
    def refuse(*args, **kwargs):
        raise MoveRefused("no")

    monkeypatch.setattr("tracker.actions.work.move_assignment", refuse)
    with pytest.raises(MoveRefused):
        report_progress(
            share.pk,
            hand_in=True,
            percent=100,
            note="完成",
            form_key=uuid4(),
            by=cast.reporter,
            now=NOW,
            uploads=[_upload()],
        )
    assert (_on_disk(settings), ProgressReport.objects.count()) == ([], 0)


def test_withdrawing_goes_back_to_the_report_before_and_keeps_everything(cast, share, settings) -> None:
    _report(share, cast.reporter, percent=30)
    wrong = _report(share, cast.reporter, _upload(), percent=90)
    withdraw_report(wrong.pk, reason="数字填错", by=cast.head, now=NOW)
    share.refresh_from_db()
    wrong.refresh_from_db()
    assert (share.percent, share.version) == (30, 4)
    assert (wrong.is_withdrawn, wrong.withdrawn_by, wrong.evidence.count()) == (True, cast.head, 1)
    assert len(_on_disk(settings)) == 1
    event = TaskEvent.objects.get(kind="WITHDRAW_REPORT")
    assert (event.note, event.data["percent"], event.data["was_percent"]) == ("数字填错", 30, 90)
    assert event.data["evidence"][0]["sha256"] == wrong.evidence.get().sha256


def test_after_withdrawing_the_only_report_nothing_can_be_handed_in(cast, share) -> None:
    report = _report(share, cast.reporter, percent=100)
    withdraw_report(report.pk, reason="传错任务", by=cast.reporter, now=NOW)
    with pytest.raises(MoveRefused, match="先填报进展"):
        move_assignment(share.pk, Move.SUBMIT, by=cast.reporter, now=NOW)


def test_file_of_a_withdrawn_report_may_come_again(cast, share, settings) -> None:
    report = _report(share, cast.reporter, _upload())
    withdraw_report(report.pk, reason="说明写错", by=cast.reporter, now=NOW)
    again = _report(share, cast.reporter, _upload())
    assert again.evidence.get().same_as == report.evidence.get()
    assert len(_on_disk(settings)) == 1


@pytest.mark.parametrize("name", ["outsider", "foreigner", "coordinator", "leader", "administrator"])
def test_nobody_else_withdraws(cast, share, name: str) -> None:
    report = _report(share, cast.reporter)
    with pytest.raises(MoveRefused):
        withdraw_report(report.pk, reason="理由", by=getattr(cast, name), now=NOW)


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.SUSPENDED, Status.CLOSED])
def test_only_while_the_work_is_the_units(cast, share, status: str) -> None:
    report = _report(share, cast.reporter, percent=100)
    if status == Status.SUSPENDED:
        move_assignment(share.pk, Move.SUSPEND, by=cast.coordinator, now=NOW, note="等文件")
    else:
        move_assignment(share.pk, Move.SUBMIT, by=cast.reporter, now=NOW)
    if status == Status.CLOSED:
        move_assignment(share.pk, Move.APPROVE, by=cast.coordinator, now=NOW)
    with pytest.raises(MoveRefused, match="不能撤回"):
        withdraw_report(report.pk, reason="理由", by=cast.reporter, now=NOW)


def test_withdrawing_needs_a_reason_and_happens_once(cast, share) -> None:
    report = _report(share, cast.reporter)
    with pytest.raises(MoveRefused, match="理由"):
        withdraw_report(report.pk, reason=" ", by=cast.reporter, now=NOW)
    withdraw_report(report.pk, reason="理由", by=cast.reporter, now=NOW)
    with pytest.raises(MoveRefused, match="已经撤回"):
        withdraw_report(report.pk, reason="理由", by=cast.reporter, now=NOW)
