"""Instructions and nudges: who may, when, how often; what they leave behind and what they leave alone."""

from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections

from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast, make_task, make_user
from tracker import audit
from tracker.actions.orders import Nudged, instruct, nudge, nudge_all
from tracker.actions.reports import withdraw_report
from tracker.actions.work import MoveRefused, move_assignment, report_progress
from tracker.models import Assignment, Instruction, Nudge, Task, TaskEvent
from tracker.workflow import Move, Role, Status

pytestmark = pytest.mark.django_db
DUE = TODAY - timedelta(days=5)
KEY = UUID("6f1b6a34-8f0f-4f6e-9a5c-2f6f1f1f1f1f")


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def share(cast: Cast) -> Assignment:
    return make_assignment(cast.bureau, plan=cast.plan, due_date=DUE)


def later(days: float) -> datetime:
    return NOW + timedelta(days=days)


def _nudge(share: Assignment, cast: Cast, *, days: float = 0, **given) -> Nudge:
    return nudge(share.pk, **{"form_key": uuid4(), "by": cast.coordinator, "now": later(days), **given})


def _instruct(task: Task, cast: Cast, *, days: float = 0, **given) -> Instruction:
    answers = {"text": "请市生态环境局牵头，月底前见效。", "form_key": uuid4(), "by": cast.leader, **given}
    return instruct(task.pk, now=later(days), **answers)


def _report(share: Assignment, cast: Cast, days: float, percent: int = 40):
    return report_progress(
        share.pk, percent=percent, note="进展", form_key=uuid4(), by=cast.reporter, now=later(days)
    )


def _fresh(share: Assignment) -> Assignment:
    return Assignment.objects.select_related("task").get(pk=share.pk)


def test_a_nudge_is_kept_counted_and_told_in_the_history(cast, share) -> None:
    made = _nudge(share, cast, note="请于周五前填报")

    row = _fresh(share)
    assert (row.nudged_at, row.nudge_count) == (NOW, 1)
    event = TaskEvent.objects.get()
    assert (event.kind, event.assignment, event.note, event.actor) == (
        "NUDGE",
        share,
        "请于周五前填报",
        cast.coordinator,
    )
    assert event.data == {"nudge": made.pk}


def test_a_nudge_changes_nothing_that_a_form_was_shown_with(cast, share) -> None:
    _nudge(share, cast)
    _instruct(share.task, cast)

    report = report_progress(
        share.pk, percent=40, note="进展", form_key=uuid4(), by=cast.reporter, now=NOW, version=1
    )

    assert report.percent == 40
    assert list(audit.chain_findings(_fresh(share).task, TaskEvent.objects.order_by("sequence"))) == []


@pytest.mark.parametrize(
    ("hours", "allowed"),
    [(0, False), (14.4, False), (38.4, False), (62.4, False), (62.5, True), (72, True)],
)
def test_cool_down_is_counted_in_local_days(cast, share, hours: float, allowed: bool) -> None:
    """Nudged on the 21st at 9:30; the 24th begins 62.5 hours later, when in UTC it is still the 23rd."""
    _nudge(share, cast)

    if allowed:
        _nudge(share, cast, days=hours / 24)
    else:
        with pytest.raises(MoveRefused, match="周敏已于 2024-10-21 催办，2024-10-24 起可以再次催办"):
            _nudge(share, cast, days=hours / 24)

    assert _fresh(share).nudge_count == 1 + allowed


def test_cool_down_holds_for_every_coordinator_and_names_the_first(cast, share) -> None:
    other = make_user("hejun", "COORDINATOR", region=cast.city, full_name="何军")
    _nudge(share, cast, by=other)

    with pytest.raises(MoveRefused, match="何军已于"):
        _nudge(share, cast, days=1)


@pytest.mark.parametrize("status", Status.values)
def test_only_who_has_the_share_is_nudged(cast, status: str) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=DUE, status=status)

    if status in Status.with_unit:
        assert _nudge(share, cast).assignment == share
    else:
        with pytest.raises(MoveRefused, match=f"“{Status(status).label}”，不用催办"):
            _nudge(share, cast)
        assert TaskEvent.objects.count() == 0


@pytest.mark.parametrize(
    "name", ["reporter", "head", "leader", "administrator", "foreign_coordinator", "county_coordinator"]
)
def test_nobody_else_nudges(cast, share, name: str) -> None:
    with pytest.raises(MoveRefused, match="没有权限"):
        _nudge(share, cast, by=getattr(cast, name))
    assert nudge_all([share.pk], form_key=KEY, by=getattr(cast, name), now=NOW) == Nudged(0, 0)
    assert Nudge.objects.count() == 0


def test_the_same_form_sent_twice_nudges_once(cast, share) -> None:
    assert _nudge(share, cast, form_key=KEY) == _nudge(share, cast, form_key=KEY)
    assert (Nudge.objects.count(), TaskEvent.objects.count()) == (1, 1)


def test_a_key_used_elsewhere_does_no_harm(cast, share) -> None:
    other = make_assignment(cast.other_bureau, plan=cast.plan)

    first, second = _nudge(share, cast, form_key=KEY), _nudge(other, cast, form_key=KEY)

    assert first != second
    assert _instruct(share.task, cast, form_key=KEY) != _instruct(other.task, cast, form_key=KEY)


def test_many_are_nudged_at_once_and_the_rested_left_in_peace(cast, share) -> None:
    def of(unit, **fields) -> int:
        return make_assignment(unit, **({"plan": cast.plan} | fields)).pk

    fresh, pending = of(cast.other_bureau), of(cast.bureau, status=Status.PENDING)
    closed, county = of(cast.bureau, status=Status.CLOSED), of(cast.county_bureau, plan=None)
    rested = of(cast.bureau)
    nudge(rested, form_key=uuid4(), by=cast.coordinator, now=later(-3))
    _nudge(share, cast, days=-2)
    ids = [share.pk, fresh, pending, closed, county, rested, 10**9, fresh]

    assert nudge_all(ids, form_key=KEY, by=cast.coordinator, now=NOW) == Nudged(done=3, resting=1)

    counts = dict(Assignment.objects.values_list("pk", "nudge_count"))
    assert counts == {share.pk: 1, fresh: 1, pending: 1, closed: 0, county: 0, rested: 2}
    assert set(Nudge.objects.filter(form_key=KEY).values_list("assignment", flat=True)) == {
        fresh,
        pending,
        rested,
    }


def test_many_sent_twice_are_nudged_once_and_answered_alike(cast, share) -> None:
    ids = [share.pk, make_assignment(cast.other_bureau, plan=cast.plan).pk]

    first = nudge_all(ids, form_key=KEY, by=cast.coordinator, now=NOW)
    second = nudge_all(ids, form_key=KEY, by=cast.coordinator, now=NOW)

    assert first == second == Nudged(done=2, resting=0)
    assert (Nudge.objects.count(), TaskEvent.objects.count()) == (2, 2)


def test_two_shares_of_one_task_follow_one_another_in_its_history(cast, share) -> None:
    support = make_assignment(cast.other_bureau, task=share.task, role=Role.SUPPORT)

    nudge_all([support.pk, share.pk], form_key=KEY, by=cast.coordinator, now=NOW)

    events = TaskEvent.objects.order_by("sequence").values_list("sequence", "assignment")
    assert list(events) == [(1, share.pk), (2, support.pk)]
    assert list(audit.chain_findings(_fresh(share).task, TaskEvent.objects.order_by("sequence"))) == []


@pytest.mark.parametrize("count", [1, 12])
def test_number_of_queries_does_not_grow(cast, count, django_assert_num_queries) -> None:
    ids = [make_assignment(cast.bureau, plan=cast.plan).pk for _ in range(count)]

    with django_assert_num_queries(10):
        nudge_all(ids, form_key=KEY, by=cast.coordinator, now=NOW)


def test_an_instruction_is_kept_and_told_in_the_history(cast, share) -> None:
    made = _instruct(share.task, cast)
    _instruct(share.task, cast, days=0.1, text="再报一次")

    task = Task.objects.get()
    assert (task.instructed_at, task.instruction_count) == (later(0.1), 2)
    event = TaskEvent.objects.earliest("sequence")
    assert (event.kind, event.assignment, event.note, event.actor) == (
        "INSTRUCT",
        None,
        made.text,
        cast.leader,
    )


@pytest.mark.parametrize(
    "name", ["reporter", "coordinator", "administrator", "foreign_leader", "county_coordinator"]
)
def test_nobody_else_instructs(cast, share, name: str) -> None:
    with pytest.raises(MoveRefused, match="没有权限"):
        _instruct(share.task, cast, by=getattr(cast, name))
    assert (Instruction.objects.count(), TaskEvent.objects.count()) == (0, 0)


def test_leader_of_the_region_above_reads_and_does_not_instruct(cast) -> None:
    county = make_assignment(cast.county_bureau)

    with pytest.raises(MoveRefused, match="没有权限"):
        _instruct(county.task, cast)


def test_a_closed_task_is_not_instructed_on(cast) -> None:
    task = make_task(cast.plan, closed_at=NOW)

    with pytest.raises(MoveRefused, match="任务已办结"):
        _instruct(task, cast)


def test_an_instruction_says_something(cast, share) -> None:
    with pytest.raises(MoveRefused, match="请写明批示内容"):
        _instruct(share.task, cast, text=" \n ")


def test_the_same_form_sent_twice_instructs_once(cast, share) -> None:
    assert _instruct(share.task, cast, form_key=KEY) == _instruct(share.task, cast, form_key=KEY)
    assert (Instruction.objects.count(), TaskEvent.objects.count()) == (1, 1)


def _unanswered(share: Assignment) -> tuple[bool, bool]:
    """Of nudge and instruction; the same in SQL."""
    row = _fresh(share)
    said = (row.is_nudge_unanswered, row.is_instruction_unanswered)
    assert Assignment.objects.unanswered().filter(pk=share.pk).exists() == any(said)
    return said


def test_a_report_answers_nudge_and_instruction(cast, share) -> None:
    _report(share, cast, -1)
    assert _unanswered(share) == (False, False)
    _nudge(share, cast)
    assert _unanswered(share) == (True, False)
    _instruct(share.task, cast)
    assert _unanswered(share) == (True, True)
    report = _report(share, cast, 0.01)
    assert _unanswered(share) == (False, False)
    withdraw_report(report.pk, reason="填错了", by=cast.reporter, now=later(0.02))
    assert _unanswered(share) == (True, True)
    _instruct(share.task, cast, days=1)
    _report(share, cast, 2)
    _instruct(share.task, cast, days=3)
    assert _unanswered(share) == (False, True)


def test_handing_in_answers_a_nudge(cast, share) -> None:
    _report(share, cast, -1, percent=100)
    _nudge(share, cast)
    move_assignment(share.pk, Move.SUBMIT, by=cast.reporter, now=later(1))
    assert _unanswered(share) == (False, False)
    _instruct(share.task, cast, days=2)
    assert _unanswered(share) == (False, False), "whose turn it is not is not waited for"
    move_assignment(share.pk, Move.RETURN, by=cast.coordinator, now=later(3), note="缺材料")
    assert _unanswered(share) == (False, True)


def test_days_are_local_days(cast, share) -> None:
    _nudge(share, cast, now=datetime(2024, 10, 20, 16, 30, tzinfo=UTC))

    assert _fresh(share).nudge_allowed_from == date(2024, 10, 24)


@pytest.mark.django_db(transaction=True)
def test_two_coordinators_at_once() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("threads share no SQLite in memory")
    cast = make_cast()
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=DUE)
    start, refused, errors = Barrier(2), [], []

    def press() -> None:
        try:
            start.wait()
            _nudge(share, cast)
        except MoveRefused as refusal:
            refused.append(str(refusal))
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(refused) == 1
    assert (Nudge.objects.count(), _fresh(share).nudge_count) == (1, 1)
