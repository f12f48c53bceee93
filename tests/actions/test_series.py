"""A recurring clause makes a task for each period, once, in order, for as long as it runs."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from io import StringIO
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Department
from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast, make_measure, make_plan
from tracker import audit, clock
from tracker.actions.confirm import ConfirmRefused, confirm_plan
from tracker.actions.reassign import reassign
from tracker.actions.series import end_series, extend_series
from tracker.actions.work import MoveRefused, move_assignment, report_progress
from tracker.celery import app
from tracker.jobs import make_due_tasks
from tracker.models import Assignment, Clause, Plan, PlanUnit, Series, Task, TaskEvent, UnitMention
from tracker.workflow import Move, Role, Status

pytestmark = pytest.mark.django_db
LONG_TEXT = "每月对餐饮油烟净化设施进行一次检查"


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def _draft(cast: Cast, *, every: str = "month", clauses: int = 1, **fields: Any) -> Plan:
    """A draft of clauses that recur, led by the bureau and supported by another."""
    plan = make_plan(cast.city, status="DRAFT", confirmed_at=None)
    units = [
        PlanUnit.objects.create(plan=plan, name=unit.name, department=unit, resolution="MATCHED")
        for unit in (cast.bureau, cast.other_bureau)
    ]
    for _ in range(clauses):
        measure = make_measure(plan, sentences=[LONG_TEXT])
        for unit, role in zip(units, (Role.LEAD, Role.SUPPORT), strict=True):
            UnitMention.objects.create(plan=plan, measure=measure, unit=unit, role=role)
    values = {"kind": "recurring", "every": every, "quote": "每月", "rule": "every_month"} | fields
    Clause.objects.filter(measure__plan=plan).update(**values)
    return plan


def _at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T09:30:00+08:00")


def _confirmed(cast: Cast, day: str = "2024-10-21", **fields: Any) -> Plan:
    plan = _draft(cast, **fields)
    confirm_plan(plan.pk, by=cast.coordinator, now=_at(day))
    return plan


def _extend(day: str, **options: int) -> int:
    return extend_series(today=date.fromisoformat(day), now=_at(day), **options).tasks


def _periods() -> list[tuple[str, str, str]]:
    rows = Task.objects.order_by("pk").values_list("number", "start_date", "due_date")
    return [(number, str(first), str(last)) for number, first, last in rows]


def test_confirming_makes_the_period_that_is_running(cast) -> None:
    _confirmed(cast)

    task = Task.objects.get()
    assert (task.number, task.period) == ("1-1/2024-10", "2024年10月")
    assert (task.start_date, task.due_date, task.first_due_date) == (
        TODAY,
        date(2024, 10, 31),
        date(2024, 10, 31),
    )
    assert (task.kind, task.every, task.quote, task.text) == ("recurring", "month", "每月", LONG_TEXT)
    assert set(task.assignments.values_list("department", "role", "status", "due_date")) == {
        (cast.bureau.pk, "LEAD", "PENDING", date(2024, 10, 31)),
        (cast.other_bureau.pk, "SUPPORT", "PENDING", date(2024, 10, 31)),
    }
    series = Series.objects.get()
    assert (series.starts_on, series.ends_on) == (TODAY, None)
    assert (series.next_first, series.next_on, series.next_period) == (
        date(2024, 11, 1),
        date(2024, 11, 1),
        "2024年11月",
    )
    event = TaskEvent.objects.get()
    assert (event.kind, event.actor) == ("CREATED", cast.coordinator)
    assert event.data == {"series": series.pk, "period": "2024-10"}


@pytest.mark.parametrize(
    ("every", "number", "start", "due", "next_on"),
    [
        ("week", "1-1/2024-W43", "2024-10-21", "2024-10-27", "2024-10-28"),
        ("quarter", "1-1/2024-Q4", "2024-10-21", "2024-12-31", "2025-03-01"),
        ("half-year", "1-1/2024-H2", "2024-10-21", "2024-12-31", "2025-05-31"),
        ("year", "1-1/2024", "2024-10-21", "2024-12-31", "2025-12-01"),
    ],
)
def test_each_kind_of_period(cast, every, number, start, due, next_on) -> None:
    _confirmed(cast, every=every)
    assert _periods() == [(number, start, due)]
    assert str(Series.objects.get().next_on) == next_on


@pytest.mark.parametrize(
    "fields",
    [{"every": "day"}, {"every": ""}, {"kind": "ongoing"}, {"due_date": date(2024, 10, 20)}],
    ids=["every day", "a period nobody can follow", "not recurring", "over already"],
)
def test_what_makes_no_series_stays_one_ordinary_task(cast, fields) -> None:
    _confirmed(cast, **fields)
    assert not Series.objects.exists()
    assert _periods() == [("1-1", "None", str(fields.get("due_date")))]
    assert Task.objects.get().period == ""
    assert TaskEvent.objects.get().data == {}
    assert _extend("2026-01-01") == 0


def test_a_clause_that_starts_later_has_its_first_period_then(cast) -> None:
    _confirmed(cast, start_date=date(2025, 1, 15))
    assert _periods() == [("1-1/2025-01", "2025-01-15", "2025-01-31")]
    assert str(Series.objects.get().next_on) == "2025-02-01"


def test_a_clause_that_started_long_ago_begins_on_the_day_it_is_given_out(cast) -> None:
    _confirmed(cast, start_date=date(2020, 1, 1))
    assert _periods() == [("1-1/2024-10", "2024-10-21", "2024-10-31")]


def test_the_next_period_comes_on_its_day_and_once(cast) -> None:
    _confirmed(cast)
    assert [_extend(day) for day in ("2024-10-31", "2024-11-01", "2024-11-01", "2024-11-30")] == [0, 1, 0, 0]
    assert _periods()[1:] == [("1-1/2024-11", "2024-11-01", "2024-11-30")]
    task = Task.objects.get(number="1-1/2024-11")
    assert set(task.assignments.values_list("department", "role", "status", "percent", "version")) == {
        (cast.bureau.pk, "LEAD", "PENDING", 0, 1),
        (cast.other_bureau.pk, "SUPPORT", "PENDING", 0, 1),
    }
    event = task.events.get()
    assert (event.kind, event.actor, event.sequence, event.previous_hash) == ("CREATED", None, 1, "")
    assert event.data["period"] == "2024-11"
    assert list(audit.verify(Task.objects.values_list("pk", flat=True))) == []


def test_after_an_outage_every_missed_period_is_there_and_late(cast) -> None:
    _confirmed(cast)
    assert _extend("2025-02-10") == 4
    assert [number for number, _, _ in _periods()] == [
        "1-1/2024-10",
        "1-1/2024-11",
        "1-1/2024-12",
        "1-1/2025-01",
        "1-1/2025-02",
    ]
    late = Assignment.objects.overdue(date(2025, 2, 10)).for_department(cast.bureau)
    assert late.count() == 4
    # Days on which the task was not there are nobody's.
    missed = late.get(task__number="1-1/2024-12")
    assert missed.late_days(date(2025, 2, 13)).unit == 3


def test_the_last_period_is_cut_by_the_end_of_the_clause(cast) -> None:
    _confirmed(cast, due_date=date(2024, 12, 15))
    assert _extend("2026-01-01") == 2
    assert _periods()[-1] == ("1-1/2024-12", "2024-12-01", "2024-12-15")
    assert not Series.objects.get().goes_on
    assert _extend("2027-01-01") == 0


def test_series_end_with_the_plan_unless_the_clause_ends_before(cast) -> None:
    plan = _draft(cast, clauses=2)
    Clause.objects.filter(measure__position=1).update(due_date=date(2024, 11, 30))
    confirm_plan(plan.pk, by=cast.coordinator, now=NOW, ends_on=date(2024, 12, 31))
    plan.refresh_from_db()
    assert str(plan.ends_on) == "2024-12-31"
    assert _extend("2026-01-01") == 3
    assert [number for number, _, _ in _periods()] == [
        "1-1/2024-10",
        "2-1/2024-10",
        "1-1/2024-11",
        "2-1/2024-11",
        "2-1/2024-12",
    ]


def test_a_plan_cannot_end_before_it_is_given_out(cast) -> None:
    plan = _draft(cast)
    with pytest.raises(ConfirmRefused, match="不能早于今天"):
        confirm_plan(plan.pk, by=cast.coordinator, now=NOW, ends_on=TODAY - timedelta(days=1))
    assert not Task.objects.exists()
    confirm_plan(plan.pk, by=cast.coordinator, now=NOW, ends_on=TODAY)
    assert _periods() == [("1-1/2024-10", "2024-10-21", "2024-10-21")]
    assert not Series.objects.get().goes_on


@pytest.mark.parametrize("status", ["CLOSED", "SUSPENDED", "PENDING"])
def test_whatever_became_of_a_period_the_next_one_comes(cast, status) -> None:
    _confirmed(cast)
    share = Assignment.objects.get(role=Role.LEAD)
    report_progress(share.pk, percent=100, note="已检查", form_key=uuid4(), by=cast.reporter, now=NOW)
    if status == "CLOSED":
        move_assignment(share.pk, Move.SUBMIT, by=cast.reporter, now=NOW)
        move_assignment(share.pk, Move.APPROVE, by=cast.coordinator, now=NOW)
    elif status == "SUSPENDED":
        move_assignment(share.pk, Move.SUSPEND, by=cast.coordinator, now=NOW, note="停业整顿")

    assert _extend("2024-11-01") == 1

    fresh = Assignment.objects.get(task__number="1-1/2024-11", role=Role.LEAD)
    assert (fresh.status, fresh.percent, fresh.last_reported_at, fresh.reports.count()) == (
        "PENDING",
        0,
        None,
        0,
    )
    share.refresh_from_db()
    assert share.percent == 100


def test_whoever_answers_now_answers_for_the_next_period(cast) -> None:
    _confirmed(cast)
    Assignment.objects.filter(role=Role.LEAD).update(department=cast.county_bureau, via=cast.bureau)
    _extend("2024-11-01")
    lead = Assignment.objects.get(task__number="1-1/2024-11", role=Role.LEAD)
    assert (lead.department, lead.via) == (cast.county_bureau, cast.bureau)


def _reassigned(share: Assignment, unit: Department, cast: Cast) -> Assignment:
    given: dict[str, Any] = {"department": unit, "due_date": None, "reason": "职责划转", "form_key": uuid4()}
    return reassign(share.pk, by=cast.coordinator, now=NOW, **given)


@pytest.mark.parametrize("last_move", [None, Move.WAIVE])
def test_a_unit_that_was_let_off_and_got_the_task_back_has_one_share_of_the_next_period(
    cast, last_move: str | None
) -> None:
    _confirmed(cast)
    lead, support = Assignment.objects.order_by("pk")
    move_assignment(support.pk, Move.WAIVE, by=cast.coordinator, now=NOW, note="不涉及")
    back = _reassigned(lead, cast.other_bureau, cast)
    if last_move:
        move_assignment(back.pk, last_move, by=cast.coordinator, now=NOW, note="不涉及")

    assert _extend("2024-11-01") == 1

    newest = Task.objects.order_by("-pk")[0]
    assert list(newest.assignments.values_list("department", "role")) == [(cast.other_bureau.pk, Role.LEAD)]


def test_a_share_opened_again_is_carried_on_before_a_later_one_that_was_waived(cast) -> None:
    _confirmed(cast)
    lead, support = Assignment.objects.order_by("pk")
    move_assignment(support.pk, Move.WAIVE, by=cast.coordinator, now=NOW, note="不涉及")
    back = _reassigned(lead, cast.other_bureau, cast)
    move_assignment(back.pk, Move.WAIVE, by=cast.coordinator, now=NOW, note="不涉及")
    move_assignment(support.pk, Move.REOPEN, by=cast.coordinator, now=NOW, note="仍要配合")

    assert _extend("2024-11-01") == 1

    newest = Task.objects.order_by("-pk")[0]
    roles = newest.assignments.values_list("department", "role")
    assert list(roles) == [(cast.other_bureau.pk, Role.SUPPORT)]


def test_a_new_period_is_not_behind_on_its_first_day(cast) -> None:
    """A quarter's task is made in its last month: what came before it is not held against the unit."""
    _confirmed(cast, every="quarter")
    _extend("2025-03-01")
    share = Assignment.objects.get(task__number="1-1/2025-Q1", role=Role.LEAD)
    assert not share.is_behind(date(2025, 3, 2))
    later = _at("2025-03-03")
    report_progress(share.pk, percent=10, note="启动", form_key=uuid4(), by=cast.reporter, now=later)
    share.refresh_from_db()
    assert not share.is_behind(date(2025, 3, 3))
    assert share.is_behind(date(2025, 3, 20))


def test_a_period_of_which_nobody_is_left_to_answer_is_passed_over(cast) -> None:
    _confirmed(cast)
    Assignment.objects.all().delete()
    assert _extend("2025-01-01") == 0
    assert Task.objects.count() == 1
    assert str(Series.objects.get().next_on) == "2025-02-01"


def test_a_run_stops_at_its_limit_and_the_next_goes_on(cast) -> None:
    _confirmed(cast, every="week", clauses=3)
    first = extend_series(today=date(2025, 10, 20), now=_at("2025-10-20"), limit=10)
    assert (first.tasks, first.is_complete) == (10, False)
    rest = extend_series(today=date(2025, 10, 20), now=_at("2025-10-20"))
    assert (rest.tasks, rest.is_complete) == (3 * 52 - 10, True)
    for series in Series.objects.all():
        days = list(series.tasks.order_by("pk").values_list("start_date", flat=True))
        assert days == [TODAY + timedelta(weeks=n) for n in range(53)]


def test_a_run_costs_the_same_for_few_and_many_series(cast) -> None:
    def queries_for(clauses: int) -> int:
        _confirmed(cast, clauses=clauses)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert _extend("2024-11-01") == clauses
        return len([query for query in captured if "SAVEPOINT" not in query["sql"]])

    few = queries_for(2)
    Series.objects.update(next_first=None, next_on=None)
    assert queries_for(12) == few


def test_the_database_itself_refuses_a_period_twice(cast) -> None:
    _confirmed(cast)
    task = Task.objects.get()
    task.pk, task.number = None, "1-1/copy"
    with pytest.raises(IntegrityError), transaction.atomic():
        task.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_make_each_period_once() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("threads share no SQLite in memory")
    _confirmed(make_cast(), clauses=60)
    start = Barrier(3)
    made: list[int] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            start.wait()
            made.append(_extend("2025-01-05"))
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sum(made) == 60 * 3
    assert Task.objects.count() == 60 * 4
    assert Assignment.objects.count() == 60 * 4 * 2
    assert list(audit.verify(Task.objects.values_list("pk", flat=True))) == []


def _before_series(cast: Cast, **fields: Any) -> Assignment:
    """A recurring clause as it was given out when there were no series."""
    values: dict[str, Any] = {"kind": "recurring", "every": "month", "quote": "每月"} | fields
    share = make_assignment(cast.bureau, plan=cast.plan, status=Status.PENDING)
    Task.objects.filter(pk=share.task_id).update(**values)
    Clause.objects.filter(tasks=share.task_id).update(**values)
    report_progress(share.pk, percent=40, note="九月检查", form_key=uuid4(), by=cast.reporter, now=NOW)
    return share


def _row(share: Assignment) -> Any:
    return Assignment.objects.filter(pk=share.pk).values().get()


def test_a_task_from_before_there_were_series_stands_for_the_present_period(cast) -> None:
    share = _before_series(cast)
    before, events = _row(share), list(share.events.values_list("hash", flat=True))

    result = extend_series(today=TODAY, now=NOW)

    assert (result.joined, result.tasks) == (1, 0)
    assert _row(share) == before
    task = Task.objects.get()
    assert (task.series, task.due_date, task.period) == (Series.objects.get(), None, "")
    assert list(task.events.order_by("sequence").values_list("hash", flat=True))[: len(events)] == events
    assert task.events.latest("sequence").kind == "JOIN_SERIES"
    assert list(audit.verify([task.pk])) == []
    assert extend_series(today=TODAY, now=NOW).joined == 0
    assert _extend("2024-11-01") == 1
    fresh = Task.objects.latest("pk")
    assert (fresh.period, fresh.assignments.get().department) == ("2024年11月", cast.bureau)


@pytest.mark.parametrize("fields", [{"every": "day"}, {"due_date": TODAY - timedelta(days=1)}])
def test_an_earlier_task_that_does_not_come_round_again_is_left_alone(cast, fields) -> None:
    _before_series(cast, **fields)
    assert extend_series(today=TODAY, now=NOW).joined == 0
    assert not Series.objects.exists()


def test_a_coordinator_ends_a_series_and_what_was_made_stays(cast) -> None:
    _confirmed(cast)
    series = Series.objects.get()
    shares = list(Assignment.objects.order_by("pk").values())

    end_series(series.pk, reason="并入常态化监管", by=cast.coordinator, now=NOW)

    series.refresh_from_db()
    assert (series.ended_by, series.ended_at, series.end_reason, series.goes_on) == (
        cast.coordinator,
        NOW,
        "并入常态化监管",
        False,
    )
    event = TaskEvent.objects.get(kind="END_SERIES")
    assert (event.note, event.actor, event.assignment) == ("并入常态化监管", cast.coordinator, None)
    assert list(Assignment.objects.order_by("pk").values()) == shares
    assert _extend("2026-01-01") == 0
    assert list(audit.verify([event.task_id])) == []


@pytest.mark.parametrize(
    "name", ["reporter", "head", "leader", "county_coordinator", "foreign_coordinator", "administrator"]
)
def test_nobody_else_ends_it(cast, name) -> None:
    _confirmed(cast)
    with pytest.raises(MoveRefused, match="权限"):
        end_series(Series.objects.get().pk, reason="不想报", by=getattr(cast, name), now=NOW)
    assert Series.objects.get().goes_on


def _end_again(cast: Cast, reasons: Sequence[str]) -> None:
    for reason in reasons:
        end_series(Series.objects.get().pk, reason=reason, by=cast.coordinator, now=NOW)


@pytest.mark.parametrize(
    ("reasons", "words"), [([" "], "请写明停止的理由"), (["并入", "再停一次"], "已经停止（周敏）")]
)
def test_ending_needs_a_reason_and_happens_once(cast, reasons, words) -> None:
    _confirmed(cast)
    with pytest.raises(MoveRefused, match=words):
        _end_again(cast, reasons)
    assert TaskEvent.objects.filter(kind="END_SERIES").count() == len(reasons) - 1


def test_a_series_that_ran_out_cannot_be_ended(cast) -> None:
    _confirmed(cast, due_date=date(2024, 10, 31))
    with pytest.raises(MoveRefused, match="截止日期"):
        _end_again(cast, ["停止"])


def test_the_job_makes_what_is_due_and_comes_before_the_first_reminders(cast, settings) -> None:
    _confirmed(cast)
    settings.DUBAN_TODAY = date(2024, 11, 1)
    make_due_tasks()
    make_due_tasks()
    assert Task.objects.count() == 2
    assert clock.day_of(Task.objects.latest("pk").created_at) == date(2024, 11, 1)
    entry = app.conf.beat_schedule["make-due-tasks"]
    reminders = app.conf.beat_schedule["run-reminders"]["schedule"]
    first = (min(entry["schedule"].hour), min(entry["schedule"].minute))
    assert first < (min(reminders.hour), min(reminders.minute))
    assert entry["task"] == make_due_tasks.name


def test_the_command_says_what_it_made(cast) -> None:
    _confirmed(cast)
    out = StringIO()
    call_command("make_due_tasks", "--today", "2024-12-01", stdout=out)
    call_command("make_due_tasks", "--today", "2024-12-01", stdout=out)
    assert out.getvalue().splitlines() == [
        "2024-12-01 生成任务2项，责任4项。",
        "2024-12-01 生成任务0项，责任0项。",
    ]
