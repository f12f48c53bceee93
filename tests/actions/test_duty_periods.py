"""The next period of clauses that are one duty: linked as the last one was, each period for itself."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast, make_plan, make_series, make_task
from tracker import audit
from tracker.actions import series as series_actions
from tracker.actions.duties import DUTY_LIMIT, link_duty, unlink_duty
from tracker.actions.series import extend_series
from tracker.actions.work import report_progress
from tracker.models import Assignment, Duty, Series, Task
from tracker.workflow import Status

pytestmark = pytest.mark.django_db
NOVEMBER, DECEMBER = date(2024, 11, 1), date(2024, 12, 1)
END = date(2024, 10, 31)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def _monthly(cast: Cast, title: str, **fields: Any) -> Task:
    """October of a clause that comes round each month, given out to the bureau."""
    task = make_task(make_plan(cast.city, title), due_date=END, number="1-1/2024-10")
    make_assignment(cast.bureau, task=task, due_date=END, status=Status.PENDING)
    make_series(task, **fields)
    return task


def _link(cast: Cast, *tasks: Task) -> Duty:
    first, *others = tasks
    return link_duty(
        first.pk, others=[task.pk for task in others], reason="同一件事", by=cast.coordinator, now=NOW
    )


def _extend(day: date, **options: int) -> int:
    return extend_series(today=day, now=NOW + (day - TODAY), **options).tasks


def _duties(first: date) -> list[set[str]]:
    """The plans that are one duty in the period that begins on this day."""
    found: dict[int, set[str]] = {}
    for task in Task.objects.filter(start_date=first, duty__isnull=False).select_related("plan"):
        found.setdefault(task.duty_id or 0, set()).add(task.plan.title)
    return list(found.values())


def _is_true() -> bool:
    return list(audit.verify(Task.objects.values_list("pk", flat=True))) == []


def test_the_next_period_is_a_duty_of_its_own(cast: Cast) -> None:
    october = _link(cast, _monthly(cast, "市方案"), _monthly(cast, "省方案"))
    _monthly(cast, "另一方案")

    assert _extend(NOVEMBER) == 3

    assert _duties(NOVEMBER) == [{"市方案", "省方案"}]
    assert Task.objects.filter(duty=october).count() == 2
    november = Duty.objects.exclude(pk=october.pk).get()
    assert november.created_by == cast.coordinator
    task = Task.objects.filter(duty=november).earliest("pk")
    event = task.events.latest("sequence")
    assert (event.kind, event.actor, event.note) == ("LINK_DUTY", None, "沿用上一期的关联")
    assert event.data["tasks"] == sorted(Task.objects.filter(duty=november).values_list("pk", flat=True))
    assert _is_true()

    share = task.assignments.get()
    report_progress(share.pk, percent=30, note="已查三家", form_key=uuid4(), by=cast.reporter, now=NOW)
    reported = Assignment.objects.filter(percent=30).values_list("task__plan__title", "task__start_date")
    assert set(reported) == {("市方案", NOVEMBER), ("省方案", NOVEMBER)}


def test_it_goes_on_period_after_period_after_an_outage_too(cast: Cast) -> None:
    _link(cast, _monthly(cast, "市方案"), _monthly(cast, "省方案"))
    assert _extend(date(2025, 1, 3)) == 6
    assert Duty.objects.count() == 4
    for month in (NOVEMBER, DECEMBER, date(2025, 1, 1)):
        assert _duties(month) == [{"市方案", "省方案"}]
    assert _extend(date(2025, 1, 3)) == 0
    assert _is_true()


def test_each_joins_when_it_is_made(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second makes the duty, a later one joins it; the other tasks of theirs stay where they were."""
    _link(cast, *(_monthly(cast, f"方案{number}") for number in range(3)))
    monkeypatch.setattr(series_actions, "SERIES_BATCH", 1)
    sizes = []
    for _turn in range(3):
        assert _extend(NOVEMBER, limit=1) == 1
        sizes.append([len(plans) for plans in _duties(NOVEMBER)])
    assert sizes == [[], [2], [3]]
    assert _is_true()


def test_only_what_recurs_alike_goes_on_together(cast: Cast) -> None:
    once = make_task(make_plan(cast.city, "一次性"), due_date=END)
    quarterly = _monthly(cast, "按季", every="quarter", next_first=date(2025, 1, 1), next_on=date(2025, 1, 1))
    _link(cast, _monthly(cast, "市方案"), once, quarterly)
    assert _extend(date(2025, 1, 3)) == 4
    assert Duty.objects.count() == 1
    assert _is_true()


def test_what_was_taken_out_or_ended_is_not_linked_again(cast: Cast) -> None:
    out, ended = _monthly(cast, "解除的"), _monthly(cast, "停止的")
    _link(cast, _monthly(cast, "市方案"), _monthly(cast, "省方案"), out, ended)
    unlink_duty(out.pk, reason="不是一回事", by=cast.coordinator, now=NOW)
    Series.objects.filter(tasks=ended).update(next_first=None, next_on=None)
    _extend(NOVEMBER)
    assert _duties(NOVEMBER) == [{"市方案", "省方案"}]

    november = Task.objects.filter(start_date=NOVEMBER, plan__title="省方案").get()
    unlink_duty(november.pk, reason="十一月起各报各的", by=cast.coordinator, now=NOW)
    _extend(DECEMBER)
    assert _duties(DECEMBER) == []
    assert _is_true()


def test_nobody_elses_link_of_the_next_period_is_undone(cast: Cast) -> None:
    first, second = _monthly(cast, "市方案"), _monthly(cast, "省方案")
    _link(cast, first, second)
    others = [
        make_task(make_plan(cast.city, f"另{number}"), due_date=END) for number in range(DUTY_LIMIT - 1)
    ]
    assert _extend(NOVEMBER, limit=1) == 1
    november = Task.objects.get(start_date=NOVEMBER)
    full = _link(cast, november, *others)

    assert _extend(NOVEMBER) == 1

    assert Task.objects.filter(duty=full).count() == DUTY_LIMIT
    assert Task.objects.filter(start_date=NOVEMBER, duty=None).count() == 1
    assert _is_true()


def test_a_period_linked_with_the_one_before_it_stays_so(cast: Cast) -> None:
    """November of one may be one duty with October of the other: then their Novembers cannot."""
    first, second = _monthly(cast, "市方案"), _monthly(cast, "省方案")
    _link(cast, first, second)
    _extend(NOVEMBER, limit=1)
    november = Task.objects.get(start_date=NOVEMBER)
    still = first if november.plan_id == second.plan_id else second
    unlink_duty(still.pk, reason="改关联", by=cast.coordinator, now=NOW)
    _link(cast, still, november)
    _extend(NOVEMBER)
    assert set(Task.objects.filter(duty__isnull=False)) == {still, november}
    assert _is_true()


def test_tasks_of_one_duty_cost_as_many_queries_as_their_duties(cast: Cast) -> None:
    def queries(members: int, day: date) -> int:
        _link(cast, *(_monthly(cast, f"{members}-{number}") for number in range(members)))
        with CaptureQueriesContext(connection) as found:
            assert _extend(day) == members
        Series.objects.update(next_first=None, next_on=None)
        return len(found)

    assert queries(2, NOVEMBER) == queries(12, NOVEMBER)
