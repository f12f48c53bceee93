"""Digests of a node or a missing first report alone: dropped once the unit is where it should be."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest

from notifications.actions import delivery, planning
from notifications.models import Message, Reminder
from notifications.policy import DEFAULT_POLICY, Policies, Policy
from tests.factories import NOW, TODAY, Cast, make_assignment, make_task
from tests.services import SmtpSink
from tracker.actions.nodes import Planned, set_nodes
from tracker.actions.reports import withdraw_report
from tracker.actions.work import report_progress
from tracker.models import Assignment, Node
from tracker.workflow import Status

LONG_AGO = NOW - timedelta(days=110)
LAST_WEEK = NOW - timedelta(days=9)
LATER = NOW + timedelta(minutes=5)
THURSDAY, LAST_FRIDAY = TODAY + timedelta(days=3), TODAY - timedelta(days=3)
FIRST_REPORT = replace(DEFAULT_POLICY, first_report_after=3)
CASES: dict[str, tuple[date | None, Policy]] = {
    "NODE_3": (THURSDAY, DEFAULT_POLICY),
    "NODE_0": (TODAY, DEFAULT_POLICY),
    "NODE_LATE_1": (LAST_FRIDAY, DEFAULT_POLICY),
    "NO_REPORT_3": (None, FIRST_REPORT),
}


def planned(cast: Cast, stage: str) -> Assignment:
    """A share at 20%, or not reported on at all, and the digests of its one reminder."""
    node, policy = CASES[stage]
    task = make_task(cast.plan, due_date=date(2025, 6, 30), created_at=LONG_AGO)
    share = make_assignment(cast.bureau, task=task, created_at=LONG_AGO, signed_at=LONG_AGO)
    if node is not None:
        report_progress(share.pk, percent=20, note="开工", form_key=uuid4(), by=cast.reporter, now=LAST_WEEK)
        Node.objects.create(task=task, due_date=node, percent=50)
    planning.plan_reminders(today=TODAY, now=NOW, policies=Policies(default=policy))
    told = Reminder.objects.planned().filter(recipient=cast.reporter)
    assert [row.stage for row in told] == [stage], "its only reminder"
    return share


def reported(percent: int) -> Callable[[Cast, Assignment], None]:
    def do(cast: Cast, share: Assignment) -> None:
        report_progress(
            share.pk, percent=percent, note="推进", form_key=uuid4(), by=cast.colleague, now=LATER
        )

    return do


def node_moved(cast: Cast, share: Assignment) -> None:
    moved = [Planned(date(2024, 12, 31), 50, "")]
    set_nodes(share.task_id, moved, by=cast.coordinator, now=LATER)


def node_lowered(cast: Cast, share: Assignment) -> None:
    Node.objects.filter(task=share.task).update(percent=20)


def node_raised(cast: Cast, share: Assignment) -> None:
    Node.objects.filter(task=share.task).update(percent=80)


def suspended(cast: Cast, share: Assignment) -> None:
    Assignment.objects.filter(pk=share.pk).update(status=Status.SUSPENDED)


def withdrawn(cast: Cast, share: Assignment) -> None:
    """Reported, and taken back: the unit is where it was."""
    report = report_progress(
        share.pk, percent=60, note="误填", form_key=uuid4(), by=cast.colleague, now=LATER
    )
    withdraw_report(report.pk, reason="误填", by=cast.colleague, now=LATER)


def nothing(cast: Cast, share: Assignment) -> None:
    """Nobody does anything."""


def another_unit_reported(cast: Cast, share: Assignment) -> None:
    """The same task, another unit's share."""
    other = make_assignment(cast.other_bureau, task=share.task, created_at=LONG_AGO, signed_at=LONG_AGO)
    report_progress(other.pk, percent=90, note="推进", form_key=uuid4(), by=cast.outsider, now=LATER)


NODES = ["NODE_3", "NODE_0", "NODE_LATE_1"]
MEANWHILE: list[tuple[list[str], Callable[[Cast, Assignment], None], str]] = [
    (NODES, reported(50), "DROPPED"),
    (NODES, reported(90), "DROPPED"),
    (NODES, node_moved, "DROPPED"),
    (NODES, node_lowered, "DROPPED"),
    (NODES, reported(49), "SENT"),
    (NODES, node_raised, "SENT"),
    (["NO_REPORT_3"], reported(0), "DROPPED"),
    (["NO_REPORT_3"], reported(100), "DROPPED"),
    ([*CASES], suspended, "DROPPED"),
    ([*CASES], withdrawn, "SENT"),
    ([*CASES], another_unit_reported, "SENT"),
    ([*CASES], nothing, "SENT"),
]


@pytest.mark.parametrize(
    ("stage", "meanwhile", "state"),
    [(stage, meanwhile, state) for stages, meanwhile, state in MEANWHILE for stage in stages],
)
def test_what_becomes_of_the_digest(
    cast: Cast,
    smtp_sink: SmtpSink,
    stage: str,
    meanwhile: Callable[[Cast, Assignment], None],
    state: str,
) -> None:
    share = planned(cast, stage)
    meanwhile(cast, share)
    message = Message.objects.get(recipient=cast.reporter)
    assert delivery.deliver_one(message_id=message.pk, now=NOW + timedelta(minutes=10)) == state
    told = message.reminders.exclude(state=Reminder.State.SUPERSEDED).get()
    assert told.state == ("DROPPED" if state == "DROPPED" else "PLANNED")
    assert told.reason, "why it was planned stays"


def test_a_node_reached_and_lost_again_is_told(cast: Cast, smtp_sink: SmtpSink) -> None:
    """Dropped was not told: withdrawn the next day, the report no longer stands in the way."""
    share = planned(cast, "NODE_LATE_1")
    report = report_progress(
        share.pk, percent=60, note="推进", form_key=uuid4(), by=cast.colleague, now=LATER
    )
    message = Message.objects.get(recipient=cast.reporter)
    assert delivery.deliver_one(message_id=message.pk, now=NOW + timedelta(minutes=10)) == "DROPPED"
    withdraw_report(report.pk, reason="误填", by=cast.colleague, now=NOW + timedelta(minutes=20))
    tomorrow = NOW + timedelta(days=1)
    result = planning.plan_reminders(today=TODAY + timedelta(days=1), now=tomorrow)
    assert "王芳" in {one.recipient.name for one in result.digests}
    again = Reminder.objects.planned().get(recipient=cast.reporter)
    assert (again.stage, again.reason) == (
        "NODE_LATE_1", "节点已过：2024-10-18（周五）应完成50%，现为20%"
    )  # fmt: skip
