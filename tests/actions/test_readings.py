"""Readings: who gives them, of which days, what counts, and what the history keeps."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast
from tracker import audit
from tracker.actions.readings import record_reading, withdraw_reading
from tracker.actions.work import MoveRefused
from tracker.models import Assignment, Target, TargetReading, TaskEvent
from tracker.workflow import Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def share(cast: Cast) -> Assignment:
    return make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY + timedelta(days=30))


def _findings(share: Assignment) -> list[str]:
    """Of the readings alone: the share was made without a history of its own."""
    return [finding.words for finding in audit.verify([share.task_id]) if "指标数值" in finding.words]


@pytest.fixture
def target(share: Assignment) -> Target:
    return _target(share)


def _target(share: Assignment, **fields: Any) -> Target:
    values: dict[str, Any] = {
        "quote": "清扫率达到90%",
        "indicator": "清扫率",
        "op": ">=",
        "value": 90,
        "unit": "%",
    }
    return Target.objects.create(plan=share.plan, clause=share.task.clause, **(values | fields))


def _record(share: Assignment, target: Target, cast: Cast, value: str = "85", **given: Any) -> TargetReading:
    answers = {"read_on": TODAY, "note": "", "form_key": uuid4(), "by": cast.reporter, "now": NOW, **given}
    return record_reading(share.pk, target=target, value=Decimal(value), **answers)


def test_reading_is_kept_and_told(cast, share, target) -> None:
    reading = _record(share, target, cast, "1234.5", note="环卫日报")

    event = TaskEvent.objects.get()
    assert (event.kind, event.assignment, event.note) == ("READING", share, "环卫日报")
    assert event.data == {
        "reading": reading.pk,
        "target": target.pk,
        "indicator": "清扫率",
        "figure": "1,234.5%",
        "read_on": "2024-10-21",
    }
    share.refresh_from_db()
    assert share.version == 1
    assert _findings(share) == []


def test_of_one_day_the_last_given_counts_and_a_withdrawn_one_gives_way(cast, share, target) -> None:
    first, second = _record(share, target, cast, "80"), _record(share, target, cast, "85")

    assert list(TargetReading.objects.counting()) == [second]
    assert TaskEvent.objects.get(sequence=2).data["was"] == "80%"
    withdraw_reading(second.pk, reason="口径不对", by=cast.colleague, now=NOW)
    assert list(TargetReading.objects.counting()) == [first]
    event = TaskEvent.objects.get(kind="WITHDRAW_READING")
    assert (event.note, event.data["reading"]) == ("口径不对", second.pk)
    assert _findings(share) == []


def test_the_same_form_sent_twice_gives_one(cast, share, target) -> None:
    key = uuid4()
    assert _record(share, target, cast, form_key=key) == _record(share, target, cast, form_key=key)
    assert (TargetReading.objects.count(), TaskEvent.objects.count()) == (1, 1)


def test_a_form_key_of_another_share_is_no_obstacle(cast, share, target) -> None:
    other = make_assignment(cast.other_bureau, task=share.task)
    key = uuid4()
    _record(share, target, cast, form_key=key)
    _record(other, target, cast, form_key=key, by=cast.outsider)
    assert TargetReading.objects.count() == 2


@pytest.mark.parametrize(
    ("read_on", "words"),
    [
        (TODAY + timedelta(days=1), "不能晚于今天"),
        (TODAY - timedelta(days=1), "不能早于任务开始的 2024-10-21"),
    ],
)
def test_days_outside_of_the_task_are_refused(cast, share, target, read_on: date, words: str) -> None:
    with pytest.raises(MoveRefused, match=words):
        _record(share, target, cast, read_on=read_on)
    assert (TargetReading.objects.count(), TaskEvent.objects.count()) == (0, 0)


@pytest.mark.parametrize("start", [date(2024, 9, 1), date(2024, 12, 1)])
def test_first_day_is_the_start_or_the_day_it_was_given_out(cast, share, target, start: date) -> None:
    share.task.start_date = start
    share.task.save()
    first = min(start, TODAY)
    assert _record(share, target, cast, read_on=first).read_on == first
    with pytest.raises(MoveRefused):
        _record(share, target, cast, read_on=first - timedelta(days=1))


@pytest.mark.parametrize("status", [Status.PENDING, Status.SUBMITTED, Status.SUSPENDED, Status.CLOSED])
def test_only_while_the_work_is_the_units(cast, share, target, status) -> None:
    reading = _record(share, target, cast)
    times: dict[str, dict[str, Any]] = {
        "SUBMITTED": {"handed_in_on": TODAY},
        "CLOSED": {"closed_at": NOW},
    }
    Assignment.objects.filter(pk=share.pk).update(status=status, **times.get(status, {}))
    with pytest.raises(MoveRefused, match="不能登记"):
        _record(share, target, cast)
    with pytest.raises(MoveRefused, match="不能撤回"):
        withdraw_reading(reading.pk, reason="错", by=cast.reporter, now=NOW)


def test_target_of_another_clause_is_refused(cast, share, target) -> None:
    elsewhere = make_assignment(cast.bureau, plan=cast.plan)
    foreign = _target(elsewhere)
    of_the_plan = Target.objects.create(plan=cast.plan, quote="总目标", indicator="x", op="=", value=1)
    for wrong in (foreign, of_the_plan):
        with pytest.raises(MoveRefused, match="没有这个指标"):
            _record(share, wrong, cast)


@pytest.mark.parametrize("name", ["outsider", "foreigner", "coordinator", "leader", "administrator"])
def test_nobody_else_gives_or_takes_back(cast, share, target, name: str) -> None:
    reading = _record(share, target, cast)
    with pytest.raises(MoveRefused):
        _record(share, target, cast, by=getattr(cast, name))
    with pytest.raises(MoveRefused):
        withdraw_reading(reading.pk, reason="错", by=getattr(cast, name), now=NOW)
    assert TaskEvent.objects.count() == 1


def test_taking_back_needs_a_reason_and_happens_once(cast, share, target) -> None:
    reading = _record(share, target, cast)
    with pytest.raises(MoveRefused, match="理由"):
        withdraw_reading(reading.pk, reason=" ", by=cast.reporter, now=NOW)
    withdraw_reading(reading.pk, reason="错", by=cast.reporter, now=NOW)
    with pytest.raises(MoveRefused, match="已经撤回"):
        withdraw_reading(reading.pk, reason="错", by=cast.reporter, now=NOW)


def test_newest_of_each_unit_and_target(cast, share, target) -> None:
    other = make_assignment(cast.other_bureau, task=share.task)
    now = NOW + timedelta(days=9)
    for day in range(5):
        read_on = TODAY + timedelta(days=day)
        _record(share, target, cast, str(day), read_on=read_on, now=now)
        _record(other, target, cast, str(10 + day), read_on=read_on, by=cast.outsider, now=now)
    found = TargetReading.objects.of_task(share.task).counting().newest(2).in_order()
    assert [int(reading.value) for reading in found] == [3, 13, 4, 14]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"value": 99}, "与记录不符"),
        ({"read_on": date(2024, 10, 1)}, "与记录不符"),
        ({"withdrawn_at": NOW, "withdrawn_by": 1}, "与记录不符"),
    ],
)
def test_what_was_changed_behind_the_back_of_the_history_is_found(cast, share, target, change, words) -> None:
    if "withdrawn_by" in change:
        change = change | {"withdrawn_by": cast.reporter}
    reading = _record(share, target, cast)
    TargetReading.objects.filter(pk=reading.pk).update(**change)
    assert _findings(share) == [f"指标数值 {reading.pk} {words}"]


def test_reading_without_its_line_and_line_without_its_reading_are_found(cast, share, target) -> None:
    reading = _record(share, target, cast)
    pk = reading.pk
    reading.delete()
    assert _findings(share) == [f"指标数值 {pk} 缺失"]
    smuggled = TargetReading.objects.create(
        assignment=share,
        target=target,
        value=1,
        read_on=TODAY,
        created_at=NOW,
        created_by=cast.reporter,
        form_key=uuid4(),
    )
    assert f"指标数值 {smuggled.pk} 没有记录" in _findings(share)
