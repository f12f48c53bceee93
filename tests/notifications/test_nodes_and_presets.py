"""Nodes, the first report, and any policy a person may save: tables on fixed days, and properties."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.policy import (
    DEFAULT_POLICY,
    POLICY_13710,
    AssignmentFacts,
    Due,
    Key,
    Kind,
    Policies,
    Policy,
    stage_label,
    stages_due,
)
from notifications.workdays import WorkingCalendar
from tracker.progress import Step
from tracker.workflow import Status

CALENDAR = WorkingCalendar()


def day(text: str) -> date:
    return date.fromisoformat(text)


def share(nodes: str = "", **more: Any) -> AssignmentFacts:
    """Given out in January; nodes as "2024-10-25 50, ..."."""
    pairs = [node.split() for node in nodes.split(",") if node]
    values: dict[str, Any] = {"status": Status.ACTIVE, "due_date": day("2025-06-30"), "percent": 20}
    values |= {"created_on": day("2024-01-15")}
    steps = tuple(Step(day(on), int(percent)) for on, percent in pairs)
    return AssignmentFacts(id=1, nodes=steps, **(values | more))


def dues(
    today: str, facts: AssignmentFacts, policy: Policy = DEFAULT_POLICY, already: frozenset[Key] = frozenset()
) -> list[Due]:
    return stages_due(facts, policy, CALENDAR, day(today), already)


@pytest.mark.parametrize(
    ("today", "facts", "expected"),
    [
        pytest.param("2024-10-21", share("2024-10-25 50"), [], id="four days before"),
        pytest.param("2024-10-22", share("2024-10-25 50"), ["NODE_3"], id="three days before"),
        pytest.param("2024-10-25", share("2024-10-25 50"), ["NODE_0"], id="on the day"),
        pytest.param("2024-10-27", share("2024-10-25 50"), [], id="passed on a Friday: not on the weekend"),
        pytest.param("2024-10-28", share("2024-10-25 50"), ["NODE_LATE_1"], id="but on Monday"),
        pytest.param("2025-01-20", share("2024-10-25 50"), ["NODE_LATE_1"], id="after a long outage"),
        pytest.param("2024-10-25", share("2024-10-25 20"), [], id="reached"),
        pytest.param("2024-10-28", share("2024-10-25 20"), [], id="reached and passed"),
        pytest.param("2024-09-30", share("2024-10-05 50"), ["NODE_0"], id="in the National Day: before it"),
        pytest.param(
            "2024-10-28", share("2024-03-31 25,2024-09-30 30,2024-10-30 40,2024-10-31 50"),
            ["NODE_LATE_1", "NODE_3"], id="the last that passed and the next that comes, no others",
        ),
        pytest.param("2024-10-25", share("2024-10-25 50", due_date=day("2024-10-25")), ["BEFORE_0"],
                     id="on the due date: the due date says it"),
        pytest.param("2024-10-28", share("2024-10-25 50", created_on=day("2024-10-25")), [],
                     id="passed before it was given out"),
        pytest.param("2024-10-25", share("2024-10-25 50", due_date=None, last_reported_on=day("2024-10-01")),
                     ["NODE_0"], id="without a due date"),
        pytest.param(
            "2024-10-25", share("2024-10-25 50", status=Status.SUBMITTED, handed_in_on=day("2024-10-24")), [],
            id="nothing after hand-in",
        ),
        pytest.param("2024-10-25", share("2024-10-25 50", status=Status.SUSPENDED), [], id="suspended"),
        pytest.param("2024-10-25", share("9999-12-31 50"), [], id="at the end of the calendar"),
    ],
)  # fmt: skip
def test_stage_of_a_node(today: str, facts: AssignmentFacts, expected: list[str]) -> None:
    assert [due.stage for due in dues(today, facts)] == expected


def test_a_node_says_what_is_wanted_and_what_there_is() -> None:
    facts = share("2024-10-25 50")
    said = [dues(today, facts)[0].reason_zh for today in ("2024-10-22", "2024-10-25", "2024-10-28")]
    assert said == [
        "节点临近：2024-10-25（周五）应完成50%，现为20%",
        "节点临近：2024-10-25（周五）应完成50%，现为20%",
        "节点已过：2024-10-25（周五）应完成50%，现为20%",
    ]


def test_a_node_is_late_once_and_a_moved_one_is_armed_again() -> None:
    facts = share("2024-10-25 50")
    [late] = dues("2024-10-28", facts)
    told = frozenset({("UNIT", late.stage, late.occasion_date)})
    assert dues("2024-12-30", facts, already=told) == []
    moved = share("2024-11-29 50")
    assert [due.stage for due in dues("2024-11-28", moved, already=told)] == ["NODE_3"]


@pytest.mark.parametrize(
    ("today", "facts", "expected"),
    [
        pytest.param("2024-10-23", {}, [], id="two working days after it was given out"),
        pytest.param("2024-10-24", {}, ["NO_REPORT_3"], id="three"),
        pytest.param("2024-10-24", {"status": Status.PENDING}, ["NO_REPORT_3"], id="overtakes 'unsigned'"),
        pytest.param("2024-10-22", {"status": Status.PENDING}, ["UNSIGNED_1"], id="still 'unsigned'"),
        pytest.param("2024-10-24", {"last_reported_on": day("2024-10-21")}, [], id="reported"),
        pytest.param("2024-10-24", {"handed_in_on": day("2024-10-22"), "returned_on": day("2024-10-23")},
                     ["RETURNED_0"], id="handed in without a report, and returned"),
    ],
)  # fmt: skip
def test_13710_asks_for_the_first_report(today: str, facts: dict[str, Any], expected: list[str]) -> None:
    given = share(created_on=day("2024-10-21"), **facts)
    assert [due.stage for due in dues(today, given, POLICY_13710)] == expected
    assert Kind.NO_REPORT not in {due.kind for due in dues(today, given)}


def test_13710_chases_every_working_day_until_nothing_is_left() -> None:
    late, days = share(due_date=day("2024-10-18"), last_reported_on=day("2024-10-17")), []
    ledger: set[Key] = set()
    for offset in range(21):
        today = day("2024-10-18") + timedelta(days=offset)
        for due in stages_due(late, POLICY_13710, CALENDAR, today, ledger):
            if due.kind is Kind.OVERDUE:
                days.append(today)
            ledger |= {(due.audience.value, s, due.occasion_date) for s in (due.stage, *due.superseded)}
    working = [day("2024-10-18") + timedelta(days=offset) for offset in range(1, 21)]
    assert days == [today for today in working if CALENDAR.is_working(today)]


def test_nearest_policy() -> None:
    of_plan, of_region = replace(DEFAULT_POLICY, before=(1,)), replace(DEFAULT_POLICY, before=(2,))
    policies = Policies(by_plan={7: of_plan}, by_region={1: of_region})
    assert [policies.of(7, 1), policies.of(8, 1), policies.of(None, 1), policies.of(8, 2)] == [
        of_plan,
        of_region,
        of_region,
        DEFAULT_POLICY,
    ]


def test_labels() -> None:
    stages = ("NODE_3", "NODE_0", "NODE_LATE_1", "NO_REPORT_3")
    assert [stage_label(stage) for stage in stages] == [
        "节点前3天",
        "节点当天",
        "节点已过，进度未达到",
        "下达3个工作日未填报",
    ]


offsets = st.lists(st.integers(0, 365), max_size=10, unique=True).map(tuple)
workdays = st.integers(1, 60)
policies = st.builds(
    Policy,
    before=offsets,
    node_before=offsets,
    overdue_first=st.integers(1, 365),
    overdue_repeat=st.integers(1, 365),
    unsigned_after=workdays,
    first_report_after=st.none() | workdays,
    review_after=workdays,
    review_repeat=workdays,
    escalate_after=workdays,
    escalate_leader_after=workdays,
    silent_months=st.integers(1, 60),
)


@given(
    policies,
    st.sampled_from([Status.PENDING, Status.ACTIVE, Status.SUBMITTED]),
    st.none() | st.integers(-400, 400),
    st.lists(st.tuples(st.integers(-90, 90), st.integers(1, 100)), max_size=4),
)
@settings(max_examples=60, deadline=None)
def test_under_any_policy_nothing_goes_twice_and_nothing_untrue(
    policy: Policy, status: str, offset: int | None, nodes: list[tuple[int, int]]
) -> None:
    given_on = day("2024-09-10")
    due_date = None if offset is None else given_on + timedelta(days=offset)
    steps = sorted({on: Step(given_on + timedelta(days=on), percent) for on, percent in nodes}.values())
    facts = AssignmentFacts(
        id=1, status=status, due_date=due_date, created_on=given_on, percent=30, nodes=tuple(steps),
        handed_in_on=given_on if status == Status.SUBMITTED else None,
    )  # fmt: skip
    ledger: set[Key] = set()
    sent: list[tuple[date, Due]] = []
    for today in (given_on + timedelta(days=passed) for passed in range(60)):
        found = stages_due(facts, policy, CALENDAR, today, ledger)
        new = [(due.audience.value, due.stage, due.occasion_date) for due in found]
        assert ledger.isdisjoint(new)
        ledger |= {(d.audience.value, s, d.occasion_date) for d in found for s in (d.stage, *d.superseded)}
        assert stages_due(facts, policy, CALENDAR, today, ledger) == []
        sent += [(today, due) for due in found]
    for today, due in sent:
        assert stage_label(due.stage)
        assert due.reason_zh
        if due.kind in (Kind.OVERDUE, Kind.NODE_LATE):
            assert today > due.occasion_date
        if due.kind in (Kind.BEFORE, Kind.NODE):
            assert today <= due.occasion_date
    overdue_on = [today for today, due in sent if due.kind is Kind.OVERDUE]
    assert all(earlier < later for earlier, later in pairwise(overdue_on))
