"""What leaves force: waived or given to another unit. What stays with whom, and what holds nothing up."""

from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from accounts.models import Department, User
from notifications.actions.planning import plan_reminders
from notifications.models import Reminder
from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast, make_department, make_task
from tracker import audit
from tracker.actions.extensions import ask_extension
from tracker.actions.reassign import reassign, units_to_choose
from tracker.actions.work import MoveRefused, StaleVersion, move_assignment, report_progress
from tracker.models import Assignment, Task, TaskEvent
from tracker.turns import LateDays
from tracker.workflow import Move, Role, Status

pytestmark = pytest.mark.django_db
DUE = TODAY + timedelta(days=20)
LATER = TODAY + timedelta(days=40)
KEY = UUID("6f1b6a34-8f0f-4f6e-9a5c-333333333333")


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def share(cast: Cast) -> Assignment:
    return make_assignment(cast.bureau, plan=cast.plan, due_date=DUE)


def _move(share: Assignment, move: str, cast: Cast, *, by: User | None = None) -> Assignment:
    who = cast.reporter if move in Move.by_unit else cast.coordinator
    return move_assignment(share.pk, move, by=by or who, now=NOW, note="理由")


def _closed_at(share: Assignment) -> datetime | None:
    return Task.objects.get(pk=share.task_id).closed_at


def _reassign(share: Assignment, cast: Cast, **given) -> Assignment:
    answers = {
        "department": cast.other_bureau,
        "due_date": None,
        "reason": "职责划转",
        "form_key": uuid4(),
        "by": cast.coordinator,
        "now": NOW,
    }
    return reassign(share.pk, **(answers | given))


def _report(share: Assignment, cast: Cast, percent: int = 60) -> None:
    report_progress(share.pk, percent=percent, note="进展", form_key=uuid4(), by=cast.reporter, now=NOW)


def test_new_unit_begins_anew_and_the_old_one_keeps_what_it_did(cast, share) -> None:
    _report(share, cast)
    new = _reassign(share, cast)

    share.refresh_from_db()
    assert (share.status, share.percent, share.due_date) == (Status.REASSIGNED, 60, DUE)
    assert share.reports.count() == 1
    new.refresh_from_db()
    assert (new.department, new.role, new.status, new.percent) == (
        cast.other_bureau,
        share.role,
        Status.PENDING,
        0,
    )
    assert (new.due_date, new.first_due_date, new.judged_date) == (DUE, DUE, DUE)
    assert (new.taken_over_from, new.task, new.plan, new.region) == (
        share,
        share.task,
        share.plan,
        share.region,
    )
    assert list(new.reports.all()) == []


def test_both_histories_name_the_other_unit(cast, share) -> None:
    new = _reassign(share, cast, form_key=KEY, due_date=LATER)

    ended, begun = TaskEvent.objects.order_by("sequence")
    assert (ended.kind, ended.assignment, ended.note, ended.actor) == (
        "REASSIGN",
        share,
        "职责划转",
        cast.coordinator,
    )
    assert (ended.from_status, ended.to_status) == ("ACTIVE", "REASSIGNED")
    assert ended.data == {
        "form_key": str(KEY),
        "to_department": cast.other_bureau.pk,
        "to_unit": "市工业和信息化局",
    }
    assert (begun.kind, begun.assignment, begun.note) == ("TAKE_OVER", new, "职责划转")
    assert begun.data == {
        "from_assignment": share.pk,
        "from_department": cast.bureau.pk,
        "from_unit": "市生态环境局",
        "due_date": LATER.isoformat(),
    }
    assert list(audit.verify([share.task_id])) == []


def test_a_date_changed_behind_the_history_of_a_taken_over_share_is_found(cast, share) -> None:
    new = _reassign(share, cast)
    Assignment.objects.filter(pk=new.pk).update(first_due_date=LATER, judged_date=LATER, due_date=LATER)

    [finding] = audit.verify([share.task_id])

    assert f"责任 {new.pk} 的时限与记录不符" in str(finding)


def test_late_days_stay_with_who_had_them(cast) -> None:
    given_on = NOW - timedelta(days=30)
    late = make_assignment(
        cast.bureau, plan=cast.plan, due_date=TODAY - timedelta(days=6), created_at=given_on
    )
    new = _reassign(late, cast, due_date=LATER)

    late.refresh_from_db()
    after = TODAY + timedelta(days=50)
    assert late.late_days(after) == LateDays(unit=6)
    assert new.late_days(TODAY) == LateDays()
    assert new.late_days(after) == LateDays(unit=10)


@pytest.mark.parametrize("days", [-6, 0])
def test_nobody_is_given_what_is_due_today_or_late(cast, days) -> None:
    old = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY + timedelta(days=days))
    for due_date in (None, old.due_date, TODAY):
        with pytest.raises(MoveRefused, match="要晚于今天"):
            _reassign(old, cast, due_date=due_date)
    assert Assignment.objects.count() == 1
    assert _reassign(old, cast, due_date=TODAY + timedelta(days=1)).due_date == TODAY + timedelta(days=1)


def test_without_a_date_the_new_unit_has_none_either(cast) -> None:
    new = _reassign(make_assignment(cast.bureau, plan=cast.plan), cast)
    assert (new.due_date, new.first_due_date, new.judged_date, new.behind_from) == (None, None, None, None)


def test_expected_progress_of_the_new_unit_runs_from_the_day_it_got_the_share(cast) -> None:
    task = make_task(cast.plan, due_date=TODAY + timedelta(days=100), start_date=date(2024, 1, 1))
    old = make_assignment(cast.bureau, task=task)
    now = NOW + timedelta(days=50)
    new = _reassign(old, cast, now=now)
    assert new.behind_from == TODAY + timedelta(days=50 + 10 + 1)

    report_progress(new.pk, percent=20, note="进展", form_key=uuid4(), by=cast.outsider, now=now)

    new.refresh_from_db()
    assert new.behind_from == TODAY + timedelta(days=50 + 20 + 1)


def test_membership_of_the_collective_goes_along_only_where_it_is_true(cast) -> None:
    collective = make_department(cast.city, "各县（市、区）政府", kind=Department.Kind.COLLECTIVE)
    member = make_department(cast.county, "卫辉市人民政府", kind=Department.Kind.GOVERNMENT)
    collective.members.set([cast.county_bureau, member])
    share = make_assignment(cast.county_bureau, plan=cast.plan, due_date=DUE, via=collective)

    new = _reassign(share, cast, department=member)
    assert new.via == collective
    assert _reassign(new, cast, department=cast.bureau).via is None


def test_units_to_choose_from(cast, share) -> None:
    make_assignment(make_department(cast.city, "已有责任"), task=share.task, role=Role.SUPPORT)
    waived = make_department(cast.city, "已免办")
    make_assignment(waived, task=share.task, status=Status.WAIVED)
    make_department(cast.city, "已停用", is_active=False)
    collective = make_department(cast.city, "统称", kind=Department.Kind.COLLECTIVE)
    collective.members.add(cast.county_bureau)
    make_department(cast.county, "别的县局")

    assert set(units_to_choose(share)) == {cast.other_bureau, waived, cast.county_bureau}


@pytest.mark.parametrize("name", ["bureau", "county_bureau", "foreign_bureau"])
def test_other_units_are_refused(cast, share, name) -> None:
    with pytest.raises(MoveRefused, match="不能转给"):
        _reassign(share, cast, department=getattr(cast, name))
    share.refresh_from_db()
    assert (share.status, share.version, TaskEvent.objects.count()) == (Status.ACTIVE, 1, 0)


@pytest.mark.parametrize("name", ["reporter", "leader", "county_coordinator", "foreign_coordinator"])
def test_only_the_regions_coordinator_reassigns(cast, share, name) -> None:
    with pytest.raises(MoveRefused, match="没有权限"):
        _reassign(share, cast, by=getattr(cast, name))


@pytest.mark.parametrize("status", Status.values)
def test_reassigning_follows_the_table(cast, status) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=DUE, status=status)
    if status in (Status.PENDING, Status.ACTIVE, Status.SUSPENDED):
        assert _reassign(share, cast).status == Status.PENDING
        return
    with pytest.raises(MoveRefused, match="不能转办"):
        _reassign(share, cast)


def test_it_has_no_other_door(cast, share) -> None:
    with pytest.raises(MoveRefused, match="转办页面"):
        _move(share, Move.REASSIGN, cast)


def test_needs_a_reason_and_a_fresh_form(cast, share) -> None:
    with pytest.raises(MoveRefused, match="请写明转办的理由"):
        _reassign(share, cast, reason=" ")
    with pytest.raises(StaleVersion):
        _reassign(share, cast, version=7)


def test_the_same_form_twice_reassigns_once(cast, share) -> None:
    first = _reassign(share, cast, form_key=KEY, version=1)
    again = _reassign(share, cast, form_key=KEY, version=1)

    assert again == first
    assert (Assignment.objects.count(), TaskEvent.objects.count()) == (2, 2)
    with pytest.raises(MoveRefused, match="不能转办"):
        _reassign(share, cast)


def test_open_request_for_time_lapses(cast, share) -> None:
    asked = ask_extension(
        share.pk, new_date=LATER, reason="雨季", form_key=uuid4(), by=cast.reporter, now=NOW
    )
    new = _reassign(share, cast)

    asked.refresh_from_db()
    assert (asked.state, asked.decided_at) == ("LAPSED", NOW)
    kinds = list(TaskEvent.objects.order_by("sequence").values_list("kind", flat=True))
    assert kinds == ["ASK_EXTENSION", "REASSIGN", "LAPSE_EXTENSION", "TAKE_OVER"]
    assert new.due_date == DUE


def test_a_task_may_come_back(cast, share) -> None:
    new = _reassign(share, cast)
    back = _reassign(new, cast, department=cast.bureau)

    shares = share.task.assignments.for_department(cast.bureau).order_by("pk")
    assert [row.status for row in shares] == [Status.REASSIGNED, Status.PENDING]
    assert back.taken_over_from == new
    assert list(audit.verify([share.task_id])) == []


def test_task_waits_for_the_successor(cast, share) -> None:
    new = _reassign(share, cast)
    report_progress(new.pk, percent=100, note="完", form_key=uuid4(), by=cast.outsider, now=NOW)
    _move(new, Move.SUBMIT, cast, by=cast.outsider)
    assert _closed_at(share) is None

    _move(new, Move.APPROVE, cast)

    assert _closed_at(share) == NOW


def test_waiving_the_last_open_share_closes_the_task_and_reopening_opens_it(cast, share) -> None:
    done = make_assignment(cast.other_bureau, task=share.task, role=Role.IMPLEMENT, status=Status.SUBMITTED)
    support = make_assignment(cast.county_bureau, task=share.task, role=Role.SUPPORT)
    _move(done, Move.APPROVE, cast)
    assert _closed_at(share) is None

    _move(share, Move.WAIVE, cast)

    support.refresh_from_db()
    assert (_closed_at(share), support.status) == (NOW, Status.CLOSED)
    _move(share, Move.REOPEN, cast)
    assert _closed_at(share) is None
    assert list(audit.verify([share.task_id])) == []


def test_waived_support_stays_waived_when_the_task_closes(cast) -> None:
    lead = make_assignment(cast.bureau, plan=cast.plan, status=Status.SUBMITTED)
    support = make_assignment(cast.other_bureau, task=lead.task, role=Role.SUPPORT)
    _move(support, Move.WAIVE, cast)
    _move(lead, Move.APPROVE, cast)

    support.refresh_from_db()
    assert (support.status, support.closed_at) == (Status.WAIVED, None)


def test_a_task_of_supporting_units_alone_closes_with_the_last_of_them(cast) -> None:
    first = make_assignment(cast.bureau, plan=cast.plan, role=Role.SUPPORT, status=Status.PENDING)
    second = make_assignment(cast.other_bureau, task=first.task, role=Role.SUPPORT, status=Status.SUBMITTED)
    _move(first, Move.SIGN, cast)
    _move(second, Move.APPROVE, cast)
    assert _closed_at(first) is None

    _move(first, Move.WAIVE, cast)

    assert _closed_at(first) == NOW


def test_waived_share_is_not_opened_beside_another_of_the_same_unit(cast, share) -> None:
    other = make_assignment(cast.other_bureau, task=share.task, due_date=DUE)
    _move(share, Move.WAIVE, cast)
    back = _reassign(other, cast, department=cast.bureau)
    share.refresh_from_db()

    with pytest.raises(MoveRefused, match="已另有责任"):
        _move(share, Move.REOPEN, cast)
    _move(back, Move.WAIVE, cast)
    _move(share, Move.REOPEN, cast)

    share.refresh_from_db()
    assert share.status == Status.ACTIVE


@pytest.mark.parametrize("move", [Move.WAIVE, Move.REASSIGN])
def test_reminders_go_to_who_has_the_share_now(cast, move) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY - timedelta(days=1))
    if move == Move.WAIVE:
        _move(share, Move.WAIVE, cast)
    else:
        _reassign(share, cast, due_date=DUE)

    plan_reminders(today=TODAY, now=NOW)

    told = set(Reminder.objects.filter(state="PLANNED").values_list("recipient", "stage"))
    news = {(cast.outsider.pk, "NEW_0"), (cast.outsider.pk, "BEFORE_30")}
    assert told == (set() if move == Move.WAIVE else news)


def test_a_reopened_share_is_reminded_again(cast, share) -> None:
    _move(share, Move.WAIVE, cast)
    _move(share, Move.REOPEN, cast)

    plan_reminders(today=TODAY, now=NOW)

    stages = Reminder.objects.filter(recipient=cast.reporter, state="PLANNED").values_list("stage", flat=True)
    assert set(stages) == {"RETURNED_0", "BEFORE_30"}
