"""Random reports, links and moves on tasks of several plans: one report for all, and the history tells it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.factories import NOW, TODAY, make_assignment, make_cast, make_plan, make_task
from tracker import audit
from tracker.actions.duties import link_duty, submit_together, unlink_duty
from tracker.actions.reports import withdraw_report
from tracker.actions.work import MoveRefused, move_assignment, report_together
from tracker.models import Assignment, Duty, ProgressReport, Task, TaskEvent
from tracker.workflow import TRANSITIONS, EventKind, Move, Status

NUMBERS = st.integers(0, 5)
TASKS = st.integers(0, 2)


class Duties(RuleBasedStateMachine):
    """Three tasks of three plans, each with a share of the same two units."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.cast = make_cast()
        plans = [make_plan(self.cast.city, f"方案{number}") for number in range(3)]
        self.tasks = [make_task(plan, due_date=TODAY + timedelta(days=6)) for plan in plans]
        self.shares = [
            make_assignment(unit, task=task, status=Status.PENDING)
            for task in self.tasks
            for unit in (self.cast.bureau, self.cast.other_bureau)
        ]
        Assignment.objects.update(behind_from=Assignment.objects.all()[0].first_day_behind([]))
        self.now = NOW

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    def _share(self, number: int) -> Assignment:
        return Assignment.objects.select_related("task").get(pk=self.shares[number].pk)

    def _person(self, number: int) -> Any:
        return (self.cast.reporter, self.cast.outsider)[number % 2]

    def _try(self, action: Any, *args: Any, **given: Any) -> bool:
        before = self._everything()
        self.now += timedelta(hours=1)
        try:
            action(*args, now=self.now, **given)
        except MoveRefused:
            assert self._everything() == before
            return False
        return True

    def _everything(self) -> list[Any]:
        models = (Assignment, Task, Duty, ProgressReport, TaskEvent)
        return [list(model.objects.order_by("pk").values_list()) for model in models]

    @rule(one=TASKS, other=TASKS, who=st.sampled_from(["coordinator", "coordinator", "leader"]))
    def somebody_links(self, one: int, other: int, who: str) -> None:
        others = [self.tasks[other].pk]
        done = self._try(
            link_duty, self.tasks[one].pk, others=others, reason="理由", by=getattr(self.cast, who)
        )
        if done:
            assert who == "coordinator"
            assert (
                len(set(Task.objects.filter(pk__in=[self.tasks[one].pk, *others]).values_list("duty"))) == 1
            )

    @rule(one=TASKS)
    def somebody_unlinks(self, one: int) -> None:
        self._try(unlink_duty, self.tasks[one].pk, reason="理由", by=self.cast.coordinator)

    @rule(number=NUMBERS, percent=st.sampled_from([30, 100]), hand_in=st.booleans())
    def unit_reports(self, number: int, percent: int, hand_in: bool) -> None:
        share = self._share(number)
        linked = list(Assignment.objects.sharing_duty(share))
        done = self._try(
            report_together,
            {share.pk: share.version},
            percent=percent,
            note=f"进展{self.now}",
            form_key=uuid4(),
            by=self._person(number),
            hand_in=hand_in,
        )
        assert done == (share.status in Status.with_unit and (percent == 100 or not hand_in))
        if not done:
            return
        for before in linked:
            after = Assignment.objects.get(pk=before.pk)
            if before.status in Status.with_unit:
                assert (after.percent, after.status) == (percent, Status.ACTIVE)
                assert after.last_reported_at == self.now
            else:
                assert (after.version, after.percent) == (before.version, before.percent)

    @rule(number=NUMBERS)
    def unit_takes_a_report_back(self, number: int) -> None:
        report = self._share(number).reports.order_by("-pk").first()
        if report is not None:
            self._try(withdraw_report, report.pk, reason="理由", by=self._person(number))

    @rule(number=NUMBERS)
    def unit_hands_in_all_that_is_linked(self, number: int) -> None:
        shares = [self._share(number), *Assignment.objects.sharing_duty(self._share(number))]
        self._try(submit_together, dict.fromkeys([share.pk for share in shares]), by=self._person(number))

    @rule(number=NUMBERS, luck=NUMBERS)
    def somebody_moves(self, number: int, luck: int) -> None:
        share = self._share(number)
        moves = [move for move in Move.by_button if share.status in TRANSITIONS[move]]
        move = moves[luck % len(moves)]
        by = self._person(number) if move in Move.by_unit else self.cast.coordinator
        self._try(move_assignment, share.pk, move, by=by, note="理由")

    @invariant()
    def history_is_whole_and_replays_to_the_present(self) -> None:
        assert list(audit.verify([task.pk for task in self.tasks])) == []

    @invariant()
    def versions_count_the_changes(self) -> None:
        for share in Assignment.objects.all():
            assert share.version == 1 + share.events.exclude(kind__in=EventKind.beside).count()

    @invariant()
    def last_report_that_stands_says_percentage_and_time(self) -> None:
        for share in Assignment.objects.all():
            last = share.reports.standing().newest_first().first()
            said = (last.percent, last.created_at) if last else (0, None)
            assert (share.percent, share.last_reported_at) == said

    @invariant()
    def duty_has_never_fewer_than_two_tasks(self) -> None:
        assert all(duty.tasks.count() > 1 for duty in Duty.objects.all())


@pytest.mark.slow
@pytest.mark.django_db
def test_random_duties() -> None:
    run_state_machine_as_test(
        Duties,
        settings=settings(
            max_examples=5,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
