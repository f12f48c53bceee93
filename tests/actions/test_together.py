"""One form for several assignments, and what was typed and not sent."""

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests import files
from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast, make_measure, make_plan, make_task
from tracker.actions.report_drafts import save_report_draft
from tracker.actions.work import (
    MoveRefused,
    SomeRefused,
    StaleVersion,
    move_assignment,
    report_progress,
    report_together,
)
from tracker.filetypes import Upload, examine
from tracker.models import Assignment, Evidence, ProgressReport, ReportDraft, TaskEvent
from tracker.workflow import Move, Status

KEY = UUID("6f1b6a34-8f0f-4f6e-9a5c-2f6f1f1f1f1f")

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def shares(cast: Cast) -> list[Assignment]:
    return [make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY) for _ in range(3)]


def _photo() -> Upload:
    return examine(BytesIO(files.PNG), name="照片.png", size=len(files.PNG))


def _report(shares: list[Assignment], cast: Cast, **changed: Any) -> list[ProgressReport]:
    versions = {share.pk: share.version for share in shares}
    values: dict[str, Any] = {
        "percent": 60,
        "note": "一并完成",
        "form_key": KEY,
        "by": cast.reporter,
        "now": NOW,
    }
    return report_together(versions, **(values | changed))


def _files(settings: Any) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_each_gets_a_report_of_its_own_and_all_of_them_one_file(cast, shares, settings) -> None:
    reports = _report(shares, cast, uploads=[_photo()])

    assert [report.assignment_id for report in reports] == [share.pk for share in shares]
    assert {row.percent for row in Assignment.objects.all()} == {60}
    assert TaskEvent.objects.filter(kind="REPORT").count() == 3
    assert [row.assignment_id for row in Evidence.objects.order_by("pk")] == [share.pk for share in shares]
    assert {row.same_as for row in Evidence.objects.all()} == {None}
    assert len(_files(settings)) == 1


def test_file_that_one_of_them_had_already_is_not_stored_again_for_it(cast, shares, settings) -> None:
    report_progress(
        shares[1].pk, percent=10, note="先", form_key=uuid4(), by=cast.reporter, now=NOW, uploads=[_photo()]
    )
    shares[1].refresh_from_db()

    reports = _report(shares, cast, uploads=[_photo()])

    assert [report.evidence.get().same_as is not None for report in reports] == [False, True, False]
    assert len(_files(settings)) == 2


def test_form_sent_twice_does_nothing_twice(cast, shares) -> None:
    first, second = _report(shares, cast, hand_in=False), _report(shares, cast, note="又一次")

    assert [report.pk for report in first] == [report.pk for report in second]
    assert ProgressReport.objects.count() == 3


def test_one_refused_keeps_nothing_at_all_and_each_refused_one_says_why(cast, shares, settings) -> None:
    report_progress(shares[0].pk, percent=20, note="抢先", form_key=uuid4(), by=cast.colleague, now=NOW)
    report_progress(shares[2].pk, percent=100, note="完", form_key=uuid4(), by=cast.colleague, now=NOW)
    handed_in = move_assignment(shares[2].pk, Move.SUBMIT, by=cast.colleague, now=NOW)
    before = TaskEvent.objects.count()

    with pytest.raises(SomeRefused) as refused:
        _report([shares[0], shares[1], handed_in], cast, uploads=[_photo()])

    assert {pk: type(refusal) for pk, refusal in refused.value.refusals.items()} == {
        shares[0].pk: StaleVersion,
        shares[2].pk: MoveRefused,
    }
    assert "不能填报进展" in str(refused.value.refusals[shares[2].pk])
    assert (ProgressReport.objects.count(), TaskEvent.objects.count()) == (2, before)
    assert _files(settings) == []


def test_other_units_share_is_refused(cast, shares) -> None:
    foreign = make_assignment(cast.other_bureau, plan=cast.plan)

    with pytest.raises(SomeRefused, match="没有权限"):
        _report([shares[0], foreign], cast)

    assert ProgressReport.objects.count() == 0


def test_handing_in_goes_for_all_or_none(cast, shares) -> None:
    _report(shares, cast, percent=100, hand_in=True)

    assert {row.status for row in Assignment.objects.all()} == {Status.SUBMITTED}


def test_a_key_is_its_assignments_own(cast, shares) -> None:
    """Whoever sends the key of another form does so to nobody's harm."""
    _report(shares[:1], cast)
    _report(shares[1:2], cast, note="另一项")

    assert list(ProgressReport.objects.order_by("pk").values_list("assignment", "note")) == [
        (shares[0].pk, "一并完成"),
        (shares[1].pk, "另一项"),
    ]


@pytest.mark.parametrize("due", [date.min, date.max, TODAY, None])
def test_what_is_offered_belongs_together(cast, due) -> None:
    """Of the same measure, or due about the same time; with the unit, of the same plan, and not itself."""
    plan = cast.plan
    measure = make_measure(plan, sentences=["一", "二"])
    first, second = (
        make_task(plan, measure=measure, clause=clause, due_date=day)
        for clause, day in zip(measure.clauses.order_by("position"), (due, date(2030, 1, 1)), strict=True)
    )
    share = make_assignment(cast.bureau, task=first)
    make_assignment(cast.bureau, task=second, status=Status.PENDING)
    make_assignment(cast.bureau, plan=plan, text="同时", due_date=due)
    make_assignment(cast.bureau, plan=plan, text="远", due_date=date(2027, 1, 1))
    make_assignment(cast.bureau, plan=plan, text="已送审", due_date=due, status=Status.SUBMITTED)
    make_assignment(cast.bureau, plan=make_plan(cast.city, "另案"), text="另案", due_date=due)
    make_assignment(cast.other_bureau, plan=plan, text="别家", due_date=due)

    found = Assignment.objects.all().going_with(share)

    assert [row.task.text for row in found] == ["二", "同时"]


def _draft(share: Assignment, cast: Cast, **changed: Any) -> ReportDraft | None:
    values: dict[str, Any] = {"percent": 40, "note": "写了一半", "by": cast.reporter, "now": NOW}
    return save_report_draft(share.pk, **(values | changed))


def test_draft_is_one_a_person_and_the_last(cast, shares) -> None:
    _draft(shares[0], cast)
    _draft(shares[0], cast, note="写了一大半", percent=None)
    _draft(shares[0], cast, note="同事的", by=cast.colleague)

    drafts = ReportDraft.objects.order_by("pk").values_list("user__username", "percent", "note")
    assert list(drafts) == [("wangfang", None, "写了一大半"), ("lina", 40, "同事的")]


def test_report_ends_its_writers_draft_only_and_no_late_saving_brings_it_back(cast, shares) -> None:
    _draft(shares[0], cast)
    _draft(shares[0], cast, by=cast.colleague)
    _draft(shares[1], cast)

    _report(shares[:2], cast)
    _draft(shares[0], cast, form_key=KEY)

    assert [draft.user for draft in ReportDraft.objects.all()] == [cast.colleague]


def test_draft_that_says_nothing_is_none(cast, shares) -> None:
    _draft(shares[0], cast)

    assert _draft(shares[0], cast, percent=shares[0].percent, note="  ") is None
    assert ReportDraft.objects.count() == 0


def test_draft_makes_no_history_and_needs_the_right_to_report(cast, shares) -> None:
    handed_in = make_assignment(cast.bureau, plan=cast.plan, status=Status.SUBMITTED)
    _draft(shares[0], cast)

    own = shares[0]
    for share, person in ((handed_in, cast.reporter), (own, cast.outsider), (own, cast.coordinator)):
        with pytest.raises(MoveRefused):
            _draft(share, cast, by=person)
    shares[0].refresh_from_db()
    assert (TaskEvent.objects.count(), shares[0].version, ReportDraft.objects.count()) == (0, 1, 1)


def test_files_of_a_report_that_is_refused_leave_the_draft(cast, shares) -> None:
    _draft(shares[0], cast)
    shares[1].version += 1

    with pytest.raises(SomeRefused):
        _report(shares[:2], cast)

    assert ReportDraft.objects.get().note == "写了一半"
