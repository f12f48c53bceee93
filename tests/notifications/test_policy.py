"""Which stages are due: tables of facts on a fixed day, and properties that hold for all of them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.policy import (
    DEFAULT_POLICY,
    AssignmentFacts,
    Due,
    Key,
    Kind,
    stage_label,
    stages_due,
)
from notifications.workdays import WorkingCalendar, zh_date
from tracker.workflow import Status

CALENDAR = WorkingCalendar()
ESCALATED = ("ESCALATE_3", "ESCALATE_LEADER_10")


def day(text: str) -> date:
    return date.fromisoformat(text)


def facts(
    due: str | None, created: str = "2024-01-15", status: str = Status.ACTIVE, **more: Any
) -> AssignmentFacts:
    return AssignmentFacts(
        id=1, status=status, due_date=day(due) if due else None, created_on=day(created), **more
    )


NUDGED: dict[str, Any] = {"nudged_on": day("2024-10-20"), "nudge_count": 2}
INSTRUCTED: dict[str, Any] = {"instructed_on": day("2024-10-20"), "instruction_count": 1}
ORDERS: dict[str, Any] = {**NUDGED, **INSTRUCTED, "extension_asked_on": day("2024-10-20")}


def due_on(today: str, given_facts: AssignmentFacts, already: Iterable[Key] = ()) -> list[Due]:
    return stages_due(given_facts, DEFAULT_POLICY, CALENDAR, day(today), frozenset(already))


def told(today: str, given_facts: AssignmentFacts) -> list[str]:
    """Stages on a day, for an assignment of which nothing was ever said."""
    return [due.stage for due in due_on(today, given_facts)]


@pytest.mark.parametrize(
    ("today", "due", "expected"),
    [
        pytest.param("2024-09-29", "2024-10-31", [], id="more than 30 days before"),
        pytest.param("2024-10-08", "2024-10-31", ["BEFORE_30"], id="30 days before fell in the National Day"),
        pytest.param("2024-09-30", "2024-10-31", ["BEFORE_30"], id="and went out before the holiday"),
        pytest.param("2024-10-15", "2024-10-31", ["BEFORE_30"], id="16 days before"),
        pytest.param("2024-10-16", "2024-10-31", ["BEFORE_15"], id="15 days before"),
        pytest.param("2024-10-20", "2024-10-31", ["BEFORE_15"], id="11 days before, after an outage"),
        pytest.param("2024-10-24", "2024-10-31", ["BEFORE_7"], id="7 days before"),
        pytest.param("2024-10-28", "2024-10-31", ["BEFORE_3"], id="3 days before"),
        pytest.param("2024-10-30", "2024-10-31", ["BEFORE_1"], id="the day before"),
        pytest.param("2024-10-31", "2024-10-31", ["BEFORE_0"], id="due today is not overdue"),
        pytest.param("2024-11-01", "2024-10-31", ["OVERDUE_1"], id="a day late"),
        pytest.param("2024-11-07", "2024-10-31", ["OVERDUE_1", "ESCALATE_3"], id="7 days late"),
        pytest.param("2024-11-08", "2024-10-31", ["OVERDUE_8", "ESCALATE_3"], id="8 days late"),
        pytest.param("2024-11-15", "2024-10-31", ["OVERDUE_15", *ESCALATED], id="15 days late"),
        pytest.param("2025-10-31", "2024-10-31", ["OVERDUE_365", *ESCALATED], id="a year late"),
        pytest.param("2024-10-12", "2024-10-12", ["BEFORE_0"], id="due on a make-up Saturday: that day"),
        pytest.param("2024-10-18", "2024-10-19", ["BEFORE_0"], id="due on a Saturday: the day before"),
        pytest.param("2024-09-30", "2024-10-07", ["BEFORE_0"], id="due in the National Day: before it"),
        pytest.param("2024-10-26", "2024-10-25", [], id="late on a Saturday: nobody is there to be told"),
        pytest.param("2024-10-28", "2024-10-25", ["OVERDUE_1"], id="late over a weekend: Monday, not Friday"),
        pytest.param("2024-10-08", "2024-09-30", ["OVERDUE_8"], id="late over the National Day"),
        pytest.param("2027-03-05", "2027-03-31", ["BEFORE_30"], id="a year not announced does not raise"),
        pytest.param("2027-02-26", "2027-02-28", ["BEFORE_0"], id="a year not announced knows its Sundays"),
    ],
)  # fmt: skip
def test_stage_of_a_due_date(today: str, due: str, expected: list[str]) -> None:
    assert told(today, facts(due)) == expected


@pytest.mark.parametrize(
    ("today", "given_facts", "expected"),
    [
        pytest.param("2024-10-21", facts(None, "2024-10-01"), [], id="no due date is never overdue"),
        pytest.param("2024-10-21", facts(None, "2024-07-22"), [], id="silent for a day less than a quarter"),
        pytest.param("2024-10-21", facts(None, "2024-07-21"), ["SILENT_3"], id="silent for a quarter"),
        pytest.param("2024-10-21", facts(None, "2024-04-21"), ["SILENT_6"], id="silent for two"),
        pytest.param("2024-10-21", facts(None, last_reported_on=day("2024-10-01")), [], id="reported lately"),
        pytest.param("2024-10-21", facts("2024-12-31", "2024-10-21", Status.PENDING), ["NEW_0"], id="new"),
        pytest.param(
            "2024-10-22", facts("2024-12-31", "2024-10-21", Status.PENDING), ["UNSIGNED_1"], id="unsigned"
        ),
        pytest.param(
            "2024-10-20", facts("2024-12-31", "2024-10-18", Status.PENDING), ["NEW_0"], id="not on a Sunday"
        ),
        pytest.param("2024-10-21", facts("2024-12-31", "2024-10-21"), [], id="signed at once"),
        pytest.param(
            "2024-10-21", facts("2024-10-26", "2024-10-21", Status.PENDING), ["NEW_0", "BEFORE_7"],
            id="a date set inside the first offset is reminded at once",
        ),
        pytest.param(
            "2024-10-21", facts("2024-03-31", "2024-10-21", Status.PENDING), ["NEW_0", "OVERDUE_204"],
            id="given out overdue: nobody is reported upwards for that yet",
        ),
        pytest.param(
            "2024-10-24", facts("2024-03-31", "2024-10-21"), ["OVERDUE_204", "ESCALATE_3"], id="three days on"
        ),
        pytest.param("2024-11-20", facts("2024-10-31", status=Status.CLOSED), [], id="closed"),
        pytest.param("2024-11-20", facts("2024-10-31", status=Status.SUSPENDED), [], id="suspended"),
        pytest.param(
            "2024-11-20", facts("2024-10-31", status=Status.SUBMITTED, handed_in_on=day("2024-11-18")), [],
            id="nothing after hand-in, though it came late",
        ),
        pytest.param(
            "2024-11-21", facts("2024-10-31", status=Status.SUBMITTED, handed_in_on=day("2024-11-18")),
            ["REVIEW_3"], id="the reviewer's clock: three working days",
        ),
        pytest.param(
            "2024-11-28", facts("2024-10-31", status=Status.SUBMITTED, handed_in_on=day("2024-11-18")),
            ["REVIEW_8"], id="the reviewer is reminded again",
        ),
        pytest.param(
            "2024-10-10", facts(None, status=Status.SUBMITTED, handed_in_on=day("2024-09-30")),
            ["REVIEW_3"], id="the holiday is no working time of the reviewer's",
        ),
        pytest.param(
            "2024-10-21", facts("2024-12-31", returned_on=day("2024-10-21"), handed_in_on=day("2024-10-18")),
            ["RETURNED_0"], id="returned: at once",
        ),
        pytest.param(
            "2024-10-25", facts(None, returned_on=day("2024-10-21"), last_reported_on=day("2024-10-22")),
            [], id="returned, and at work again since",
        ),
        pytest.param(
            "2024-10-21",
            facts("2024-12-31", returned_on=day("2024-05-06"), handed_in_on=day("2024-06-03")),
            [], id="returned once, closed and reopened since",
        ),
        pytest.param("2024-10-20", facts("2024-12-31", **NUDGED), ["NUDGED_2"], id="nudged: at once, Sunday"),
        pytest.param("2024-11-20", facts("2025-06-30", **NUDGED), ["NUDGED_2"], id="nudged, told late"),
        pytest.param(
            "2024-10-21", facts("2024-10-18", status=Status.PENDING, **NUDGED),
            ["UNSIGNED_1", "NUDGED_2", "OVERDUE_1"], id="nudged before it was signed for, and overdue",
        ),
        pytest.param("2024-10-21", facts("2025-06-30", **INSTRUCTED), ["INSTRUCTED_1"], id="instructed"),
        pytest.param(
            "2024-10-21", facts("2024-12-31", **NUDGED, **INSTRUCTED), ["INSTRUCTED_1", "NUDGED_2"],
            id="the leader's word is told before the coordinator's",
        ),
        pytest.param("2024-10-21", facts(None, status=Status.CLOSED, **ORDERS), [], id="orders, closed"),
        pytest.param("2024-10-21", facts(None, status=Status.SUSPENDED, **NUDGED), [], id="suspended"),
        pytest.param(
            "2024-10-21",
            facts(None, status=Status.SUBMITTED, handed_in_on=day("2024-10-21"), **NUDGED, **INSTRUCTED),
            [], id="orders say nothing to a unit that has handed in",
        ),
        pytest.param(
            "2024-10-19", facts("2025-06-30", extension_asked_on=day("2024-10-19")), ["EXTENSION_0"],
            id="asked for more time: at once, on a Saturday",
        ),
        pytest.param(
            "2024-10-22", facts("2025-06-30", extension_asked_on=day("2024-10-18")), ["EXTENSION_0"],
            id="waiting for an answer for two working days",
        ),
        pytest.param(
            "2024-10-23", facts("2025-06-30", extension_asked_on=day("2024-10-18")), ["EXTENSION_3"],
            id="for three",
        ),
        pytest.param(
            "2024-11-06", facts("2025-06-30", extension_asked_on=day("2024-10-18")), ["EXTENSION_13"],
            id="for thirteen",
        ),
        pytest.param(
            "2024-10-21", facts(None, status=Status.SUSPENDED, extension_asked_on=day("2024-10-21")),
            ["EXTENSION_0"], id="a suspended share's request still waits",
        ),
        pytest.param(
            "2024-10-19", facts("2025-06-30", extension_answered_on=day("2024-10-19"), extension_answers=1),
            ["ANSWERED_1"], id="answered: at once, on a Saturday",
        ),
        pytest.param(
            "2024-12-20", facts("2025-06-30", extension_answered_on=day("2024-10-21"), extension_answers=2),
            ["ANSWERED_2"], id="the second of a day, after sixty days without a run",
        ),
        pytest.param(
            "2024-12-21", facts("2025-06-30", extension_answered_on=day("2024-10-21"), extension_answers=1),
            [], id="no news any more",
        ),
        pytest.param(
            "2024-10-21",
            facts("2025-06-30", status=Status.CLOSED, extension_answered_on=day("2024-10-21")),
            [], id="answered, and closed since",
        ),
    ],
)  # fmt: skip
def test_stage_of_a_state(today: str, given_facts: AssignmentFacts, expected: list[str]) -> None:
    assert told(today, given_facts) == expected


@pytest.mark.parametrize(
    ("today", "given_facts", "reason"),
    [
        ("2024-10-20", facts("2024-10-31"), "还有11天到期"),
        ("2024-10-31", facts("2024-10-31"), "今天到期"),
        (
            "2024-10-22",
            facts("2025-06-30", extension_answered_on=day("2024-10-21"), extended_to=day("2025-06-30")),
            "2024-10-21（周一）批准延期至2025-06-30（周一）",
        ),
        (
            "2024-10-22",
            facts("2025-06-30", extension_answered_on=day("2024-10-21")),
            "2024-10-21（周一）未批准延期，请按原时限办理",
        ),
        ("2024-11-05", facts("2024-10-31"), "逾期5天"),
        ("2024-10-21", facts(None, "2024-07-12"), "无明确期限，2024-07-12（周五）以来101天未填报进展"),
        ("2024-10-23", facts(None, "2024-10-21", Status.PENDING), "2024-10-21（周一）下达，尚未签收"),
        ("2024-10-21", facts(None, "2024-10-21", Status.PENDING), "新下达任务，请签收"),
        (
            "2024-10-12",
            facts(None, status=Status.SUBMITTED, handed_in_on=day("2024-09-30")),
            "2024-09-30（周一）提交，待审核5个工作日",
        ),
        (
            "2024-10-22",
            facts(None, returned_on=day("2024-10-21")),
            "2024-10-21（周一）被退回或重新开启，请继续办理",
        ),
        ("2024-10-22", facts(None, **NUDGED), "2024-10-20（周日）第2次催办，请尽快办理并填报"),
        (
            "2024-10-22",
            facts(None, **(NUDGED | {"nudge_count": 1})),
            "2024-10-20（周日）催办，请尽快办理并填报",
        ),
        ("2024-10-22", facts(None, **INSTRUCTED), "2024-10-20（周日）领导批示，请查看并落实"),
        (
            "2024-10-18",
            facts(None, extension_asked_on=day("2024-10-18")),
            "2024-10-18（周五）申请延期，请审批",
        ),
        (
            "2024-10-25",
            facts(None, extension_asked_on=day("2024-10-18")),
            "2024-10-18（周五）申请延期，待审批5个工作日",
        ),
    ],
)
def test_reason_is_true_on_the_day_it_is_sent(today: str, given_facts: AssignmentFacts, reason: str) -> None:
    assert due_on(today, given_facts)[0].reason_zh == reason


def test_escalation_names_the_state_of_the_unit() -> None:
    *_, coordinator = due_on("2024-11-05", facts("2024-10-31", status=Status.PENDING))
    assert (coordinator.audience, coordinator.reason_zh) == ("COORDINATOR", "逾期5天，责任单位尚未签收")


def test_what_is_overtaken_is_named() -> None:
    [due] = due_on("2024-10-24", facts("2024-10-31"), [("UNIT", "BEFORE_30", day("2024-10-31"))])
    assert (due.stage, due.superseded) == ("BEFORE_7", ("BEFORE_15",))


def test_what_passed_before_the_assignment_existed_was_not_missed() -> None:
    [due] = due_on("2024-10-26", facts("2024-10-31", "2024-10-24"))
    assert (due.stage, due.superseded) == ("BEFORE_7", ())


def test_moved_date_arms_the_stages_again() -> None:
    before_move = due_on("2024-10-31", facts("2024-10-31"))
    already = keys(before_move)
    assert due_on("2024-10-31", facts("2024-10-31"), already) == []
    assert [due.stage for due in due_on("2024-10-31", facts("2024-11-30"), already)] == ["BEFORE_30"]


def test_another_order_is_told_again_though_it_be_of_the_same_day() -> None:
    first = facts("2025-06-30", nudged_on=day("2024-10-21"), nudge_count=1)
    already = keys(due_on("2024-10-21", first))
    assert due_on("2024-10-22", first, already) == []
    assert [due.stage for due in due_on("2024-10-22", replace(first, nudge_count=2), already)] == ["NUDGED_2"]
    moved = replace(first, nudged_on=day("2024-10-24"), nudge_count=2)
    assert [due.stage for due in due_on("2024-10-24", moved, already)] == ["NUDGED_2"]


def test_a_request_is_told_at_once_and_then_now_and_then() -> None:
    asked = facts("2025-06-30", extension_asked_on=day("2024-10-18"))
    sent = [(today.isoformat(), due.stage) for today, due in live(asked, every_day(day("2024-10-18"), 14))]
    assert sent == [
        ("2024-10-18", "EXTENSION_0"),
        ("2024-10-23", "EXTENSION_3"),
        ("2024-10-30", "EXTENSION_8"),
    ]
    assert {due.audience for _, due in live(asked, [day("2024-10-18")])} == {"COORDINATOR"}


def test_another_kind_of_reminder_does_not_stop_this_one() -> None:
    pending = facts("2024-10-22", "2024-10-21", Status.PENDING)
    already = [("UNIT", "NEW_0", day("2024-10-21"))]
    assert [due.stage for due in due_on("2024-10-21", pending, already)] == ["BEFORE_1"]


def test_calendar_loaded_later_does_not_repeat_what_was_sent() -> None:
    """2027-01-01 counts as a working day until its holiday is announced."""
    known = replace(CALENDAR, overrides={day("2027-01-01"): False})
    new_year = facts("2027-01-01")
    assert told("2027-01-01", new_year) == ["BEFORE_0"]
    sent_early = stages_due(new_year, DEFAULT_POLICY, known, day("2026-12-31"), frozenset())
    assert [due.stage for due in sent_early] == ["BEFORE_0"]
    assert stages_due(new_year, DEFAULT_POLICY, CALENDAR, day("2027-01-01"), keys(sent_early)) == []


@pytest.mark.parametrize(
    ("text", "working"),
    [
        ("2024-10-01", False),
        ("2024-10-12", True),  # make-up Saturday
        ("2024-09-29", True),  # make-up Sunday
        ("2024-10-19", False),
        ("2024-10-21", True),
        ("2031-01-01", True),  # not announced: a Wednesday is a Wednesday
        ("2031-01-04", False),
    ],
)
def test_working_day(text: str, working: bool) -> None:
    assert CALENDAR.is_working(day(text)) is working


def test_override_beats_the_announcement() -> None:
    local = WorkingCalendar({day("2024-10-21"): False, day("2031-01-04"): True})
    assert not local.is_working(day("2024-10-21"))
    assert local.add_working_days(day("2024-10-18"), 1) == day("2024-10-22")


def test_a_year_is_known_once_its_fixed_holidays_are() -> None:
    """One local holiday says nothing of the rest of a year that is not announced."""
    days = {day("2031-01-01"): False, day("2031-05-01"): False, day("2031-10-01"): False}
    assert not WorkingCalendar(days).is_provisional(2031)
    assert WorkingCalendar(days | {day("2031-05-01"): True}).is_provisional(2031)
    assert WorkingCalendar({day("2031-07-01"): False}).is_provisional(2031)
    assert (CALENDAR.is_provisional(2031), CALENDAR.is_provisional(2024)) == (True, False)


def test_a_date_at_the_end_of_the_calendar_breaks_nothing() -> None:
    far = AssignmentFacts(id=1, status=Status.PENDING, due_date=date.max, created_on=day("2024-10-21"))
    assert [due.stage for due in stages_due(far, DEFAULT_POLICY, CALENDAR, day("2024-10-21"), set())] == [
        "NEW_0"
    ]


def test_stage_labels() -> None:
    labels = {
        "BEFORE_7": "到期前7天",
        "BEFORE_0": "到期当天",
        "OVERDUE_15": "逾期第15天",
        "ESCALATE_LEADER_10": "逾期10个工作日，报领导",
        "NUDGED_2": "第2次催办",
        "INSTRUCTED_1": "第1次领导批示",
        "EXTENSION_0": "延期申请待审批",
        "EXTENSION_3": "延期申请待审批3个工作日",
        "ANSWERED_1": "延期申请已审批",
    }
    assert {stage: stage_label(stage) for stage in labels} == labels
    assert zh_date(day("2024-10-31")) == "2024-10-31（周四）"


def keys(dues: Iterable[Due]) -> set[Key]:
    return {
        (due.audience.value, stage, due.occasion_date)
        for due in dues
        for stage in (due.stage, *due.superseded)
    }


def live(
    given_facts: AssignmentFacts, days: Iterable[date], already: set[Key] | None = None
) -> list[tuple[date, Due]]:
    """Run the planner on these days, keeping the ledger; each day twice, as two schedulers would."""
    ledger: set[Key] = already if already is not None else set()
    sent: list[tuple[date, Due]] = []
    for today in days:
        dues = stages_due(given_facts, DEFAULT_POLICY, CALENDAR, today, ledger)
        sent += [(today, due) for due in dues]
        ledger |= keys(dues)
        assert stages_due(given_facts, DEFAULT_POLICY, CALENDAR, today, ledger) == []
    return sent


def every_day(start: date, count: int) -> list[date]:
    return [start + timedelta(days=offset) for offset in range(count)]


starts = st.dates(day("2023-06-01"), day("2027-12-31"))
due_offsets = st.none() | st.integers(-60, 90)
lives = st.builds(
    lambda created, offset, status, orders: AssignmentFacts(
        id=1,
        status=status,
        due_date=None if offset is None else created + timedelta(days=offset),
        created_on=created,
        handed_in_on=created if status == Status.SUBMITTED else None,
        nudged_on=created if "NUDGED" in orders else None,
        instructed_on=created if "INSTRUCTED" in orders else None,
        extension_asked_on=created if "EXTENSION" in orders else None,
        extension_answered_on=created if "ANSWERED" in orders else None,
        extension_answers=1,
    ),
    starts,
    due_offsets,
    st.sampled_from([Status.PENDING, Status.ACTIVE, Status.SUBMITTED]),
    st.sets(st.sampled_from(["NUDGED", "INSTRUCTED", "EXTENSION", "ANSWERED"])),
)


@given(lives)
@settings(max_examples=150, deadline=None)
def test_a_life_without_outage(life: AssignmentFacts) -> None:
    sent = live(life, every_day(life.created_on, 130))
    assert len({(due.stage, due.occasion_date) for _, due in sent}) == len(sent), "a stage went out twice"
    for today, due in sent:
        if today > life.created_on:  # what a confirmation sets off goes out that day, whichever it is
            assert CALENDAR.is_working(today), f"{due.stage} on a rest day"
        if due.kind in (Kind.OVERDUE, Kind.ESCALATE, Kind.ESCALATE_LEADER):
            assert life.due_date is not None
            assert today > life.due_date, f"{due.stage} while not overdue"
        if due.kind is Kind.BEFORE:
            assert life.due_date is not None
            assert today <= life.due_date


@given(lives, st.integers(0, 120), st.integers(1, 60))
@settings(max_examples=150, deadline=None)
def test_after_an_outage_only_the_nearest_stage_goes(life: AssignmentFacts, ran: int, silent: int) -> None:
    back = life.created_on + timedelta(days=ran + silent)
    ledger: set[Key] = set()
    live(life, every_day(life.created_on, ran), ledger)
    after = live(life, [back], ledger)
    without = live(life, every_day(life.created_on, ran + silent + 1))
    latest = {(due.audience, due.occasion_date, _family(due.kind)): due.stage for _, due in without}
    for _, due in after:
        assert latest[due.audience, due.occasion_date, _family(due.kind)] == due.stage
    # And nothing that still matters is lost.
    for (audience, occasion, _), stage in latest.items():
        gone_by = stage.startswith("BEFORE") and back > occasion
        assert gone_by or (audience.value, stage, occasion) in ledger


def _family(kind: Kind) -> str:
    """Stages of one ladder overtake each other; those of different ladders never do."""
    return {Kind.OVERDUE: "DUE", Kind.BEFORE: "DUE", Kind.NEW: "SIGN", Kind.UNSIGNED: "SIGN"}.get(kind, kind)


@given(starts)
@settings(max_examples=30, deadline=None)
def test_overdue_work_is_never_left_alone(due: date) -> None:
    life = AssignmentFacts(id=1, status=Status.ACTIVE, due_date=due, created_on=due - timedelta(days=40))
    days = [
        today
        for today, sent in live(life, every_day(due + timedelta(days=1), 400))
        if sent.kind is Kind.OVERDUE
    ]
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    assert max(gaps) <= DEFAULT_POLICY.overdue_repeat + 9, "longer than a repeat and the longest holiday"
