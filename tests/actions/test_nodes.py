"""Nodes: who sets them, what is refused, what they move, and what the history keeps."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast, make_department, make_task
from tracker import audit
from tracker.actions.extensions import ask_extension, grant_extension
from tracker.actions.nodes import Planned, fingerprint, set_nodes
from tracker.actions.reassign import reassign
from tracker.actions.reports import withdraw_report
from tracker.actions.work import MoveRefused, StaleVersion, report_progress
from tracker.models import Assignment, Node, Task, TaskEvent
from tracker.progress import Step
from tracker.workflow import MAX_NODES, Role, Status

pytestmark = pytest.mark.django_db
DUE = date(2024, 12, 31)
WANTED = [Planned(date(2024, 10, 31), 60, "设备到位"), Planned(DUE, 100, "验收")]
STEPS = [Step(planned.due_date, planned.percent) for planned in WANTED]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def task(cast: Cast) -> Task:
    return make_task(cast.plan, due_date=DUE)


@pytest.fixture
def share(cast: Cast, task: Task) -> Assignment:
    return make_assignment(cast.bureau, task=task, status=Status.PENDING)


def _rows(task: Task) -> list[tuple[date, int, str]]:
    return list(task.nodes.in_order().values_list("due_date", "percent", "title"))


def _behind(share: Assignment) -> date | None:
    return Assignment.objects.get(pk=share.pk).behind_from


def test_the_set_is_replaced_and_the_history_keeps_both(cast, task, share) -> None:
    set_nodes(task.pk, WANTED, by=cast.coordinator, now=NOW)
    set_nodes(task.pk, [Planned(DUE, 100)], by=cast.reporter, now=NOW)

    assert _rows(task) == [(DUE, 100, "")]
    first, second = TaskEvent.objects.order_by("sequence")
    assert (first.kind, first.assignment, first.actor) == ("NODES", None, cast.coordinator)
    assert first.data == {
        "from": [],
        "to": [["2024-10-31", 60, "设备到位"], ["2024-12-31", 100, "验收"]],
    }
    assert second.data["from"] == first.data["to"]
    assert list(audit.verify([task.pk])) == []


def test_order_of_the_rows_does_not_matter(cast, task, share) -> None:
    set_nodes(task.pk, WANTED[::-1], by=cast.coordinator, now=NOW)
    assert [row[1] for row in _rows(task)] == [60, 100]


def test_saving_what_is_there_writes_nothing(cast, task, share) -> None:
    before = fingerprint([])
    for _ in range(2):
        set_nodes(task.pk, WANTED, shown=before, by=cast.coordinator, now=NOW)
    assert TaskEvent.objects.count() == 1


def test_every_way_to_move_percentage_or_dates_asks_the_nodes(cast, task, share) -> None:
    set_nodes(task.pk, WANTED, by=cast.coordinator, now=NOW)
    # From the 21st 60 % in 10 days: more than 20 % after the fourth.
    assert _behind(share) == date(2024, 10, 25)
    first = report_progress(share.pk, percent=40, note="一", form_key=uuid4(), by=cast.reporter, now=NOW)
    assert _behind(share) == date(2024, 11, 1)
    report_progress(share.pk, percent=70, note="二", form_key=uuid4(), by=cast.reporter, now=NOW)
    later = _behind(share)
    second = share.reports.exclude(pk=first.pk).get()
    withdraw_report(second.pk, reason="填错", by=cast.reporter, now=NOW)
    assert _behind(share) == date(2024, 11, 1) != later
    asked = ask_extension(
        share.pk, new_date=date(2025, 3, 31), reason="雨季", form_key=uuid4(), by=cast.reporter, now=NOW
    )
    grant_extension(asked.pk, due_date=date(2025, 3, 31), by=cast.coordinator, now=NOW)
    share.refresh_from_db()
    assert share.behind_from == share.first_day_behind(STEPS) == date(2024, 11, 1)
    assert _rows(task) == [(date(2024, 10, 31), 60, "设备到位"), (DUE, 100, "验收")]


@pytest.mark.parametrize("status", Status.values)
def test_nodes_move_the_day_of_every_share_of_the_task_and_of_no_other(cast, task, status) -> None:
    shares = [
        make_assignment(cast.bureau, task=task),
        make_assignment(cast.other_bureau, task=task, role=Role.SUPPORT, status=status),
    ]
    other = make_assignment(cast.bureau, plan=cast.plan, due_date=DUE)

    set_nodes(task.pk, WANTED, by=cast.coordinator, now=NOW)

    for share in shares:
        share.refresh_from_db()
        assert share.behind_from == share.first_day_behind(STEPS)
        assert share.version == 1
    assert _behind(other) is None


@pytest.mark.parametrize("units", [1, 5])
def test_number_of_queries_does_not_grow_with_the_units(
    cast, task, share, units, django_assert_num_queries
) -> None:
    for number in range(units - 1):
        make_assignment(make_department(cast.city, f"单位{number}"), task=task)
    with django_assert_num_queries(12):
        set_nodes(task.pk, WANTED, by=cast.coordinator, now=NOW)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ([Planned(TODAY, 10)], "要晚于任务起始日 2024-10-21"),
        ([Planned(date(2024, 1, 1), 10)], "要晚于任务起始日"),
        ([Planned(date(2025, 1, 1), 10)], "不能晚于完成时限 2024-12-31"),
        ([Planned(DUE, 90)], "累计完成要填 100"),
        ([Planned(date(2024, 11, 1), 50), Planned(date(2024, 11, 1), 60)], "有两个节点"),
        ([Planned(date(2024, 11, 1), 50), Planned(date(2024, 11, 2), 50)], "要高于前一个节点 2024-11-01"),
        ([Planned(date(2024, 11, 1), 50), Planned(date(2024, 11, 2), 40)], "要高于前一个节点"),
        ([Planned(TODAY + timedelta(days=n + 1), n + 1) for n in range(MAX_NODES + 1)], "节点最多 36 个"),
    ],
)
def test_refused_with_a_sentence_and_without_a_trace(cast, task, share, wanted, words) -> None:
    with pytest.raises(MoveRefused, match=words):
        set_nodes(task.pk, wanted, by=cast.coordinator, now=NOW)
    assert (Node.objects.count(), TaskEvent.objects.count()) == (0, 0)


def test_a_date_that_left_force_with_its_unit_is_none_of_the_nodes(cast, task, share) -> None:
    Assignment.objects.filter(pk=share.pk).update(due_date=date(2025, 6, 30))
    given: dict[str, Any] = {
        "department": cast.other_bureau,
        "due_date": DUE,
        "reason": "职责划转",
        "form_key": uuid4(),
    }
    reassign(share.pk, by=cast.coordinator, now=NOW, **given)

    with pytest.raises(MoveRefused, match="不能晚于完成时限"):
        set_nodes(task.pk, [Planned(date(2025, 3, 31), 50)], by=cast.coordinator, now=NOW)


def test_the_second_of_two_is_told_and_can_go_on(cast, task, share) -> None:
    shown = fingerprint([])
    set_nodes(task.pk, WANTED, shown=shown, by=cast.coordinator, now=NOW)
    with pytest.raises(StaleVersion):
        set_nodes(task.pk, [Planned(DUE, 100)], shown=shown, by=cast.reporter, now=NOW)
    assert len(_rows(task)) == 2
    set_nodes(
        task.pk, [Planned(DUE, 100)], shown=fingerprint(task.nodes.in_order()), by=cast.reporter, now=NOW
    )
    assert len(_rows(task)) == 1


def test_only_lead_and_coordinator_and_only_while_the_task_is_open(cast, task, share) -> None:
    make_assignment(cast.other_bureau, task=task, role=Role.IMPLEMENT)
    for name in (
        "outsider",
        "foreigner",
        "county_reporter",
        "leader",
        "administrator",
        "county_coordinator",
        "foreign_coordinator",
    ):
        with pytest.raises(MoveRefused, match="没有权限"):
            set_nodes(task.pk, WANTED, by=getattr(cast, name), now=NOW)
    task.closed_at = NOW
    task.save()
    for name in ("coordinator", "reporter"):
        with pytest.raises(MoveRefused, match="任务已办结"):
            set_nodes(task.pk, WANTED, by=getattr(cast, name), now=NOW)
    assert (Node.objects.count(), TaskEvent.objects.count()) == (0, 0)


def test_a_task_without_a_date_may_have_nodes_too(cast) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan)
    set_nodes(share.task_id, [Planned(date(2024, 10, 31), 50)], by=cast.reporter, now=NOW)
    assert _behind(share) == date(2024, 10, 26)


@pytest.mark.parametrize("percent", [0, 101])
def test_database_itself_refuses_a_wrong_percentage(task, percent: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Node.objects.create(task=task, due_date=DUE, percent=percent)


def test_nodes_changed_behind_the_back_of_the_history_are_found(cast, task, share) -> None:
    set_nodes(task.pk, WANTED, by=cast.coordinator, now=NOW)
    task.nodes.filter(percent=60).update(percent=50)
    assert [finding.words for finding in audit.verify([task.pk])] == ["节点与记录不符"]
