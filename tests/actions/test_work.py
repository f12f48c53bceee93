"""The one door: which moves are allowed, what each leaves behind, and what a refusal says."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast, make_task
from tracker.actions.history import event_hash
from tracker.actions.work import MoveRefused, StaleVersion, move_assignment, report_progress, sign_all
from tracker.models import Assignment, ProgressReport, TaskEvent
from tracker.turns import LateDays
from tracker.workflow import TRANSITIONS, Light, Move, Role, Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def _moved(assignment: Assignment) -> Assignment:
    return Assignment.objects.get(pk=assignment.pk)


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("move", [m for m in Move.values if m not in (Move.CLOSE_WITH_TASK, Move.REASSIGN)])
def test_move_follows_the_table_and_only_the_table(cast: Cast, move: str, status: str) -> None:
    assignment = make_assignment(
        cast.bureau, status=status, plan=cast.plan, last_reported_at=NOW, percent=100
    )
    by = cast.reporter if move in Move.by_unit else cast.coordinator
    expected = TRANSITIONS[move].get(status)
    if expected is None:
        with pytest.raises(MoveRefused):
            move_assignment(assignment.pk, move, by=by, now=NOW, note="理由")
        assert _moved(assignment).status == status
        assert not TaskEvent.objects.exists()
    else:
        move_assignment(assignment.pk, move, by=by, now=NOW, note="理由")
        assert _moved(assignment).status == expected
        event = TaskEvent.objects.get(kind=move)
        assert (event.from_status, event.to_status, event.actor) == (status, expected, by)


@pytest.mark.parametrize("name", ["outsider", "foreigner", "leader", "administrator", "foreign_coordinator"])
@pytest.mark.parametrize("move", [Move.SIGN, Move.RETURN])
def test_nobody_moves_what_is_not_theirs(cast: Cast, name: str, move: str) -> None:
    status = Status.PENDING if move == Move.SIGN else Status.SUBMITTED
    assignment = make_assignment(cast.bureau, status=status, plan=cast.plan)
    with pytest.raises(MoveRefused):
        move_assignment(assignment.pk, move, by=getattr(cast, name), now=NOW, note="理由")
    assert _moved(assignment).status == status


def test_hand_in_asks_for_a_report_first(cast: Cast) -> None:
    assignment = make_assignment(cast.bureau, plan=cast.plan)
    with pytest.raises(MoveRefused, match="先填报进展"):
        move_assignment(assignment.pk, Move.SUBMIT, by=cast.reporter, now=NOW)


def test_return_asks_for_a_reason(cast: Cast) -> None:
    assignment = make_assignment(cast.bureau, status=Status.SUBMITTED, plan=cast.plan)
    with pytest.raises(MoveRefused, match="理由"):
        move_assignment(assignment.pk, Move.RETURN, by=cast.coordinator, now=NOW, note="  ")


def test_return_lets_the_units_clock_run_again(cast: Cast) -> None:
    assignment = make_assignment(
        cast.bureau, status=Status.SUBMITTED, plan=cast.plan, due_date=TODAY - timedelta(days=3)
    )
    assert not Assignment.objects.overdue(TODAY).exists()
    move_assignment(assignment.pk, Move.RETURN, by=cast.coordinator, now=NOW, note="材料不全")
    assert Assignment.objects.overdue(TODAY).get() == assignment
    assert _moved(assignment).handed_in_on is None


def test_report_signs_for_a_pending_share_and_moves_its_percentage(cast: Cast) -> None:
    assignment = make_assignment(
        cast.bureau, status=Status.PENDING, plan=cast.plan, due_date=date(2024, 12, 31)
    )
    report_progress(assignment.pk, percent=40, note="已完成排查", form_key=uuid4(), by=cast.reporter, now=NOW)
    moved = _moved(assignment)
    assert (moved.status, moved.percent, moved.signed_at) == (Status.ACTIVE, 40, NOW)
    assert moved.version == assignment.version + 1


def test_the_same_form_sent_twice_makes_one_report(cast: Cast) -> None:
    assignment = make_assignment(cast.bureau, plan=cast.plan)
    key = uuid4()
    for _again in range(2):
        report_progress(assignment.pk, percent=40, note="一次", form_key=key, by=cast.reporter, now=NOW)
    assert ProgressReport.objects.count() == 1
    assert TaskEvent.objects.count() == 1


def test_an_older_form_is_told_and_changes_nothing(cast: Cast) -> None:
    assignment = make_assignment(cast.bureau, plan=cast.plan)
    report_progress(
        assignment.pk, percent=40, note="先到", form_key=uuid4(), by=cast.reporter, now=NOW, version=1
    )
    with pytest.raises(StaleVersion):
        report_progress(
            assignment.pk, percent=10, note="后到", form_key=uuid4(), by=cast.colleague, now=NOW, version=1
        )
    assert _moved(assignment).percent == 40


def test_task_closes_with_its_last_answering_share_and_takes_support_along(cast: Cast) -> None:
    task = make_task(cast.plan)
    lead = make_assignment(cast.bureau, task=task, status=Status.SUBMITTED)
    support = make_assignment(cast.other_bureau, task=task, role=Role.SUPPORT)
    move_assignment(lead.pk, Move.APPROVE, by=cast.coordinator, now=NOW)
    task.refresh_from_db()
    assert task.closed_at == NOW
    assert _moved(support).status == Status.CLOSED
    assert [e.kind for e in TaskEvent.objects.order_by("sequence")] == [
        "APPROVE",
        "CLOSE_WITH_TASK",
        "TASK_CLOSED",
    ]


def test_task_stays_open_while_an_implementing_share_is_open(cast: Cast) -> None:
    task = make_task(cast.plan)
    lead = make_assignment(cast.bureau, task=task, status=Status.SUBMITTED)
    make_assignment(cast.other_bureau, task=task, role=Role.IMPLEMENT)
    move_assignment(lead.pk, Move.APPROVE, by=cast.coordinator, now=NOW)
    task.refresh_from_db()
    assert task.closed_at is None


def test_reopening_a_share_opens_its_task(cast: Cast) -> None:
    lead = make_assignment(cast.bureau, plan=cast.plan, status=Status.SUBMITTED)
    move_assignment(lead.pk, Move.APPROVE, by=cast.coordinator, now=NOW)
    move_assignment(lead.pk, Move.REOPEN, by=cast.coordinator, now=NOW, note="复查不合格")
    lead.task.refresh_from_db()
    assert lead.task.closed_at is None
    assert _moved(lead).closed_at is None


def test_history_of_a_task_is_one_chain(cast: Cast) -> None:
    assignment = make_assignment(cast.bureau, status=Status.PENDING, plan=cast.plan)
    move_assignment(assignment.pk, Move.SIGN, by=cast.reporter, now=NOW)
    report_progress(assignment.pk, percent=100, note="完成", form_key=uuid4(), by=cast.reporter, now=NOW)
    move_assignment(assignment.pk, Move.SUBMIT, by=cast.reporter, now=NOW)
    events = list(TaskEvent.objects.order_by("sequence"))
    assert [e.sequence for e in events] == [1, 2, 3]
    assert [e.previous_hash for e in events] == ["", events[0].hash, events[1].hash]
    assert all(event_hash(e) == e.hash for e in events)


def test_sign_all_signs_only_what_waits_in_the_persons_own_unit(cast: Cast) -> None:
    own = make_assignment(cast.bureau, status=Status.PENDING, plan=cast.plan)
    signed = make_assignment(cast.bureau, status=Status.ACTIVE, plan=cast.plan)
    other = make_assignment(cast.other_bureau, status=Status.PENDING, plan=cast.plan)
    assert sign_all([own.pk, signed.pk, other.pk], by=cast.reporter, now=NOW) == 1
    assert _moved(own).status == Status.ACTIVE
    assert _moved(other).status == Status.PENDING


def test_late_days_are_split_when_the_clock_changes_hands(cast: Cast) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY, last_reported_at=NOW, percent=100)
    for move, by, days in (
        (Move.SUBMIT, cast.reporter, 2),
        (Move.RETURN, cast.coordinator, 7),
        (Move.SUBMIT, cast.reporter, 8),
        (Move.APPROVE, cast.coordinator, 12),
    ):
        move_assignment(share.pk, move, by=by, now=NOW + timedelta(days=days), note="理由")
    closed = _moved(share)
    assert (closed.unit_late_days, closed.reviewer_late_days) == (3, 9)
    assert closed.late_days(TODAY + timedelta(days=99)) == LateDays(unit=3, reviewer=9)
    assert closed.light_on(TODAY + timedelta(days=99)) == Light.YELLOW


def test_handed_in_on_time_stays_green_however_slow_the_reviewer(cast: Cast) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY, last_reported_at=NOW, percent=100)
    move_assignment(share.pk, Move.SUBMIT, by=cast.reporter, now=NOW)
    waiting = _moved(share)
    assert waiting.late_days(TODAY + timedelta(days=30)) == LateDays(unit=0, reviewer=30)
    move_assignment(share.pk, Move.APPROVE, by=cast.coordinator, now=NOW + timedelta(days=30))
    assert _moved(share).light_on(TODAY + timedelta(days=30)) == Light.GREEN


def test_a_red_that_was_suspended_and_resumed_remembers(cast: Cast) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY)
    late = NOW + timedelta(days=4)
    move_assignment(share.pk, Move.SUSPEND, by=cast.coordinator, now=late, note="等上级文件")
    assert _moved(share).light_on(TODAY + timedelta(days=50)) == Light.YELLOW
    assert _moved(share).late_days(TODAY + timedelta(days=50)) == LateDays(unit=4)


def test_late_days_count_local_days(cast: Cast) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY, last_reported_at=NOW, percent=100)
    after_midnight = datetime(2024, 10, 21, 16, 30, tzinfo=UTC)  # 00:30 on the 22nd in Asia/Shanghai
    move_assignment(share.pk, Move.SUBMIT, by=cast.reporter, now=after_midnight)
    assert _moved(share).handed_in_on == date(2024, 10, 22)
    assert _moved(share).unit_late_days == 1
