"""More time: who may ask and answer, what moves and what stays, and what it costs to ask too late."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from notifications.actions.planning import plan_reminders
from notifications.models import Reminder
from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast
from tracker.actions.extensions import ask_extension, grant_extension, refuse_extension
from tracker.actions.work import MoveRefused, StaleVersion, move_assignment, report_progress
from tracker.models import Assignment, ExtensionRequest, TaskEvent
from tracker.workflow import Light, Move, Status

pytestmark = pytest.mark.django_db
DUE = TODAY + timedelta(days=5)
LATER = TODAY + timedelta(days=40)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def share(cast: Cast) -> Assignment:
    return make_assignment(cast.bureau, plan=cast.plan, due_date=DUE)


def _ask(share: Assignment, cast: Cast, *, by=None, new_date: date = LATER, days: int = 0, **given):
    answers = {"reason": "设备到货延迟", "form_key": uuid4(), **given}
    now = NOW + timedelta(days=days)
    return ask_extension(share.pk, new_date=new_date, by=by or cast.reporter, now=now, **answers)


def _dates(share: Assignment) -> tuple[date | None, date | None, date | None, int]:
    share.refresh_from_db()
    return share.first_due_date, share.judged_date, share.due_date, share.extension_count


def test_asking_moves_nothing_yet(cast, share) -> None:
    asked = _ask(share, cast)
    assert (asked.old_date, asked.new_date, asked.is_late, asked.state) == (DUE, LATER, False, "OPEN")
    assert _dates(share) == (DUE, DUE, DUE, 0)
    assert share.version == 2
    event = TaskEvent.objects.get()
    assert (event.kind, event.note, event.actor) == ("ASK_EXTENSION", "设备到货延迟", cast.reporter)


def test_granting_moves_the_date_and_keeps_the_first(cast, share) -> None:
    asked = _ask(share, cast)
    grant_extension(asked.pk, due_date=LATER, answer="同意", by=cast.coordinator, now=NOW)
    assert _dates(share) == (DUE, LATER, LATER, 1)
    assert [e.kind for e in TaskEvent.objects.order_by("sequence")] == ["ASK_EXTENSION", "GRANT_EXTENSION"]


def test_coordinator_may_grant_less_than_was_asked(cast, share) -> None:
    asked = _ask(share, cast)
    nearer = DUE + timedelta(days=3)
    grant_extension(asked.pk, due_date=nearer, by=cast.coordinator, now=NOW)
    assert _dates(share) == (DUE, nearer, nearer, 1)
    with pytest.raises(MoveRefused, match="已有结果"):
        grant_extension(asked.pk, due_date=LATER, by=cast.coordinator, now=NOW)


def test_asked_late_is_marked_and_judged_on_the_first_date(cast, share) -> None:
    asked = _ask(share, cast, days=6)
    assert asked.is_late
    grant_extension(asked.pk, due_date=LATER, by=cast.coordinator, now=NOW + timedelta(days=6))
    assert _dates(share) == (DUE, DUE, LATER, 1)
    assert share.is_judged_on_first_date


def test_asked_on_the_last_day_is_in_time_however_late_the_answer(cast, share) -> None:
    asked = _ask(share, cast, days=5)
    grant_extension(asked.pk, due_date=LATER, by=cast.coordinator, now=NOW + timedelta(days=20))
    assert _dates(share) == (DUE, LATER, LATER, 1)


def test_a_later_request_in_time_does_not_wash_off_a_late_one(cast, share) -> None:
    first = _ask(share, cast, days=6)
    grant_extension(first.pk, due_date=LATER, by=cast.coordinator, now=NOW + timedelta(days=6))
    second = _ask(share, cast, days=7, new_date=LATER + timedelta(days=30))
    grant_extension(second.pk, due_date=second.new_date, by=cast.coordinator, now=NOW + timedelta(days=7))
    assert _dates(share) == (DUE, DUE, LATER + timedelta(days=30), 2)


def test_two_extensions_in_time_add_up(cast, share) -> None:
    last = LATER + timedelta(days=30)
    for new_date in (LATER, last):
        asked = _ask(share, cast, new_date=new_date)
        grant_extension(asked.pk, due_date=new_date, by=cast.coordinator, now=NOW)
    assert _dates(share) == (DUE, last, last, 2)


def test_refusing_needs_a_reason_and_moves_nothing(cast, share) -> None:
    asked = _ask(share, cast)
    with pytest.raises(MoveRefused, match="理由"):
        refuse_extension(asked.pk, answer=" ", by=cast.coordinator, now=NOW)
    refuse_extension(asked.pk, answer="工期足够", by=cast.coordinator, now=NOW)
    assert _dates(share) == (DUE, DUE, DUE, 0)
    assert TaskEvent.objects.get(kind="REFUSE_EXTENSION").note == "工期足够"


def test_one_open_request_at_a_time(cast, share) -> None:
    asked = _ask(share, cast)
    with pytest.raises(MoveRefused, match="已有一份"):
        _ask(share, cast, by=cast.colleague)
    refuse_extension(asked.pk, answer="不同意", by=cast.coordinator, now=NOW)
    assert _ask(share, cast).is_open


def test_database_itself_refuses_a_second_open_request(cast, share) -> None:
    asked = _ask(share, cast)
    asked.pk, asked.form_key = None, uuid4()
    with pytest.raises(IntegrityError), transaction.atomic():
        asked.save(force_insert=True)


def test_the_same_form_sent_twice_asks_once(cast, share) -> None:
    key = uuid4()
    assert _ask(share, cast, form_key=key) == _ask(share, cast, form_key=key)
    assert (ExtensionRequest.objects.count(), TaskEvent.objects.count()) == (1, 1)


def test_a_key_is_its_assignments_own(cast, share) -> None:
    other, key = make_assignment(cast.bureau, plan=cast.plan, due_date=DUE), uuid4()

    first, second = _ask(share, cast, form_key=key), _ask(other, cast, form_key=key)

    assert (first.assignment, second.assignment) == (share, other)


@pytest.mark.parametrize(
    ("new_date", "days"),
    [(DUE, 0), (DUE - timedelta(days=1), 0), (DUE + timedelta(days=1), 6), (DUE + timedelta(days=3), 8)],
)
def test_new_date_lies_after_the_old_one_and_after_today(cast, share, new_date: date, days: int) -> None:
    with pytest.raises(MoveRefused, match="晚于"):
        _ask(share, cast, new_date=new_date, days=days)


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.SUSPENDED, Status.CLOSED])
def test_only_while_the_units_clock_runs(cast, status) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=DUE, status=status)
    with pytest.raises(MoveRefused, match="不能申请延期"):
        _ask(share, cast)


def test_without_a_date_there_is_nothing_to_extend(cast) -> None:
    with pytest.raises(MoveRefused):
        _ask(make_assignment(cast.bureau, plan=cast.plan), cast)


@pytest.mark.parametrize("name", ["outsider", "foreigner", "coordinator", "leader", "administrator"])
def test_nobody_else_asks(cast, share, name: str) -> None:
    with pytest.raises(MoveRefused):
        _ask(share, cast, by=getattr(cast, name))


@pytest.mark.parametrize("name", ["reporter", "head", "leader", "administrator", "foreign_coordinator"])
def test_nobody_else_decides(cast, share, name: str) -> None:
    asked = _ask(share, cast)
    with pytest.raises(MoveRefused, match="没有权限"):
        grant_extension(asked.pk, due_date=LATER, by=getattr(cast, name), now=NOW)
    with pytest.raises(MoveRefused, match="没有权限"):
        refuse_extension(asked.pk, answer="不", by=getattr(cast, name), now=NOW)
    assert _dates(share) == (DUE, DUE, DUE, 0)


def test_an_older_form_is_told(cast, share) -> None:
    report_progress(share.pk, percent=40, note="先到", form_key=uuid4(), by=cast.colleague, now=NOW)
    with pytest.raises(StaleVersion):
        _ask(share, cast, version=1)


def test_an_open_request_lapses_when_the_share_is_closed(cast, share) -> None:
    report_progress(share.pk, percent=100, note="完成", form_key=uuid4(), by=cast.reporter, now=NOW)
    asked = _ask(share, cast)
    move_assignment(share.pk, Move.SUBMIT, by=cast.reporter, now=NOW)
    move_assignment(share.pk, Move.APPROVE, by=cast.coordinator, now=NOW)
    asked.refresh_from_db()
    assert asked.state == ExtensionRequest.State.LAPSED
    assert TaskEvent.objects.filter(kind="LAPSE_EXTENSION").count() == 1
    with pytest.raises(MoveRefused, match="已失效"):
        grant_extension(asked.pk, due_date=LATER, by=cast.coordinator, now=NOW)


def test_behind_starts_later_when_there_is_more_time(cast, share) -> None:
    report_progress(share.pk, percent=10, note="开始", form_key=uuid4(), by=cast.reporter, now=NOW)
    before = Assignment.objects.get(pk=share.pk).behind_from
    asked = _ask(share, cast)
    grant_extension(asked.pk, due_date=LATER, by=cast.coordinator, now=NOW)
    after = Assignment.objects.get(pk=share.pk).behind_from
    assert before is not None
    assert after is not None
    assert after > before


def test_reminders_arm_themselves_again_on_the_new_date(cast, share) -> None:
    plan_reminders(today=TODAY, now=NOW)
    asked = _ask(share, cast)
    grant_extension(asked.pk, due_date=LATER, by=cast.coordinator, now=NOW)
    soon = LATER - timedelta(days=3)

    plan_reminders(today=soon, now=NOW + timedelta(days=37))

    told = Reminder.objects.filter(assignment=share, planned_on=soon, state=Reminder.State.PLANNED)
    assert {(row.stage, row.occasion_date) for row in told} == {("BEFORE_3", LATER), ("ANSWERED_1", TODAY)}


def _told(share: Assignment, stage: str) -> list[tuple[str, str]]:
    rows = Reminder.objects.filter(assignment=share, stage__startswith=stage).order_by("recipient__username")
    return [(row.recipient.username, row.reason) for row in rows]


def test_the_unit_is_told_once_how_its_request_was_answered(cast, share) -> None:
    refused = _ask(share, cast)
    refuse_extension(refused.pk, answer="工期充足", by=cast.coordinator, now=NOW)
    again = _ask(Assignment.objects.get(pk=share.pk), cast)
    plan_reminders(today=TODAY, now=NOW)
    people = [cast.colleague.username, cast.head.username, cast.reporter.username]
    unit = sorted(people)
    assert [name for name, _ in _told(share, "ANSWERED_1")] == unit
    assert all("未批准延期" in reason for _, reason in _told(share, "ANSWERED_1"))

    later = NOW + timedelta(days=1)
    grant_extension(again.pk, due_date=LATER, by=cast.coordinator, now=later)
    for days in (1, 2):
        plan_reminders(today=TODAY + timedelta(days=days), now=NOW + timedelta(days=days))
    granted = Reminder.objects.filter(
        assignment=share, occasion_date=TODAY + timedelta(days=1), stage="ANSWERED_1"
    )
    assert sorted(row.recipient.username for row in granted) == unit
    assert all("批准延期至" in row.reason for row in granted)


def test_granting_in_time_takes_late_days_back(cast, share) -> None:
    report_progress(share.pk, percent=100, note="完成", form_key=uuid4(), by=cast.reporter, now=NOW)
    asked = _ask(share, cast)
    move_assignment(share.pk, Move.SUBMIT, by=cast.reporter, now=NOW + timedelta(days=8))
    move_assignment(
        share.pk, Move.RETURN, by=cast.coordinator, now=NOW + timedelta(days=10), note="缺监测报告"
    )
    share.refresh_from_db()
    assert (share.unit_late_days, share.reviewer_late_days) == (3, 2)

    grant_extension(asked.pk, due_date=LATER, by=cast.coordinator, now=NOW + timedelta(days=10))

    share.refresh_from_db()
    assert (share.unit_late_days, share.reviewer_late_days) == (0, 0)
    assert share.light_on(TODAY + timedelta(days=10)) == Light.GREEN


def test_granting_late_keeps_the_yellow_light_and_counts_from_the_first_date(cast, share) -> None:
    asked = _ask(share, cast, days=8)
    grant_extension(asked.pk, due_date=LATER, by=cast.coordinator, now=NOW + timedelta(days=8))
    share.refresh_from_db()
    today = TODAY + timedelta(days=9)
    assert not share.is_overdue(today)
    assert share.light_on(today) == Light.YELLOW
    assert share.late_days(today).unit == 4
    report_progress(
        share.pk, percent=100, note="完成", form_key=uuid4(), by=cast.reporter, now=NOW + timedelta(days=9)
    )
    move_assignment(share.pk, Move.SUBMIT, by=cast.reporter, now=NOW + timedelta(days=10))
    move_assignment(share.pk, Move.APPROVE, by=cast.coordinator, now=NOW + timedelta(days=11))
    share.refresh_from_db()
    assert (share.unit_late_days, share.reviewer_late_days) == (5, 1)
    assert share.light_on(today) == Light.YELLOW
