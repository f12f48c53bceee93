"""What is said of two shares of one duty: each once, in one digest, and of neither after one report."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from notifications.actions.planning import plan_reminders
from notifications.models import Message, Reminder
from notifications.policy import Kind
from tests.factories import NOW, TODAY, Cast, make_assignment, make_plan, make_task
from tracker.actions.duties import link_duty
from tracker.actions.work import report_progress
from tracker.models import Assignment, Node
from tracker.workflow import SILENT_MONTHS

LONG_AGO = NOW - timedelta(days=200)


def _linked(cast: Cast, due_date: date | None = None) -> list[Assignment]:
    """The bureau's shares of two plans' tasks that are one duty, signed for."""
    found = []
    for title in ("省方案", "市方案"):
        task = make_task(make_plan(cast.city, title), due_date=due_date, text=f"{title}要求的改造")
        found.append(
            make_assignment(cast.bureau, task=task, created_at=LONG_AGO, signed_at=LONG_AGO, percent=10)
        )
    link_duty(
        found[0].task_id, others=[found[1].task_id], reason="同一件事", by=cast.coordinator, now=LONG_AGO
    )
    return found


def _plan(day: date) -> None:
    plan_reminders(today=day, now=NOW + (day - TODAY))


def _said(cast: Cast, kind: Kind, day: date) -> list[int]:
    """Of which shares the reporter was told this on that day."""
    rows = Reminder.objects.filter(recipient=cast.reporter, planned_on=day, stage__startswith=f"{kind}_")
    return sorted(rows.filter(state="PLANNED").values_list("assignment", flat=True))


def _report(cast: Cast, share: Assignment, percent: int) -> Any:
    return report_progress(
        share.pk, percent=percent, note="正在改造", form_key=uuid4(), by=cast.reporter, now=NOW
    )


def test_both_stand_in_one_digest_once_each(cast: Cast) -> None:
    shares = _linked(cast, due_date=TODAY + timedelta(days=7))
    _plan(TODAY)
    mail = Message.objects.get(recipient=cast.reporter)
    assert mail.subject == "【督办】7日内到期2项"
    assert _said(cast, Kind.BEFORE, TODAY) == [share.pk for share in shares]
    assert [mail.text.count(f"{title}要求的改造") for title in ("省方案", "市方案")] == [1, 1]


@pytest.mark.parametrize("reported", [0, 1])
def test_after_one_report_neither_is_called_silent(cast: Cast, reported: int) -> None:
    shares = _linked(cast)
    _plan(TODAY)
    assert _said(cast, Kind.SILENT, TODAY) == [share.pk for share in shares]

    _report(cast, shares[reported], 30)

    for days in (1, 30, 80):
        _plan(TODAY + timedelta(days=days))
        assert _said(cast, Kind.SILENT, TODAY + timedelta(days=days)) == []
    again = TODAY + timedelta(days=31 * SILENT_MONTHS)
    _plan(again)
    assert _said(cast, Kind.SILENT, again) == [share.pk for share in shares]


@pytest.mark.parametrize("reported", [None, 0, 1])
def test_after_one_report_neither_is_called_behind_its_node(cast: Cast, reported: int | None) -> None:
    shares = _linked(cast, due_date=date(2025, 6, 30))
    for share in shares:
        Node.objects.create(task=share.task, due_date=TODAY - timedelta(days=1), percent=50)
    if reported is not None:
        _report(cast, shares[reported], 60)

    _plan(TODAY)

    late = _said(cast, Kind.NODE_LATE, TODAY)
    assert late == ([] if reported is not None else [share.pk for share in shares])
