"""Random people do random things to one task, allowed and not: the table holds, and history tells it all."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts.models import Department, User
from tests import files
from tests.factories import (
    NOW,
    TODAY,
    make_assignment,
    make_cast,
    make_department,
    make_measure,
    make_plan,
    make_task,
    make_user,
)
from tracker import audit, permissions
from tracker.actions.collectives import add_shares
from tracker.actions.confirm import confirm_plan
from tracker.actions.editions import agree_to_all
from tracker.actions.extensions import ask_extension, grant_extension, refuse_extension
from tracker.actions.filings import ask_filing, cancel_filing, file_document
from tracker.actions.history import finished_late
from tracker.actions.nodes import Planned, set_nodes
from tracker.actions.orders import instruct, nudge, nudge_all
from tracker.actions.readings import record_reading, withdraw_reading
from tracker.actions.reassign import reassign
from tracker.actions.reports import withdraw_report
from tracker.actions.work import MoveRefused, move_assignment, report_progress, sign_all
from tracker.clock import day_of
from tracker.comparison import compare
from tracker.filetypes import examine
from tracker.models import (
    Assignment,
    ExtensionRequest,
    Filing,
    FilingRequest,
    Node,
    Plan,
    PlanUnit,
    Target,
    TargetReading,
    Task,
    TaskEvent,
    UnitMention,
)
from tracker.models.assignments import AssignmentQuerySet
from tracker.past import as_of
from tracker.turns import LateDays
from tracker.workflow import NUDGE_COOLDOWN_DAYS, TRANSITIONS, EventKind, Move, Role, Status

SHARES = st.integers(0, 5)  # counted round: reassigning adds shares
PEOPLE = st.sampled_from(
    ["reporter", "outsider", "county_reporter", "foreigner", "coordinator", "county_coordinator", "leader"]
)
PERCENTS = st.sampled_from([0, 30, 60, 100])


class Histories(RuleBasedStateMachine):
    """One task with a lead, an implementing and a supporting unit."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.cast = make_cast()
        self.task = make_task(self.cast.plan, due_date=TODAY + timedelta(days=6))
        units = (
            (self.cast.bureau, Role.LEAD),
            (self.cast.county_bureau, Role.IMPLEMENT),
            (self.cast.other_bureau, Role.SUPPORT),
        )
        self.shares = [
            make_assignment(unit, task=self.task, role=role, status=Status.PENDING).pk for unit, role in units
        ]
        # Units that the shares may go to: one without a share of the task, and those that have one.
        free = make_department(self.cast.city, "市水利局")
        self.newcomer = make_user("mali", User.Role.REPORTER, department=free)
        self.units = [self.cast.bureau, self.cast.other_bureau, free, self.cast.foreign_bureau]
        # The lead came through a collective, of which two units more are members.
        self.collective = make_department(self.cast.city, "各有关部门", kind=Department.Kind.COLLECTIVE)
        self.collective.members.set([self.cast.bureau, self.cast.other_bureau, free])
        Assignment.objects.filter(pk=self.shares[0]).update(via=self.collective)
        Assignment.objects.update(behind_from=self._row(0).first_day_behind([]))
        self.target = Target.objects.create(
            plan=self.cast.plan, clause=self.task.clause, quote="建成5座", indicator="监测站", op="=", value=5
        )
        self.now = NOW

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    def _row(self, index: int) -> Assignment:
        return Assignment.objects.get(pk=self.shares[index % len(self.shares)])

    def _of_unit(self, index: int) -> User:
        people = (self.cast.reporter, self.cast.county_reporter, self.cast.outsider, self.newcomer)
        return next(person for person in people if person.department_id == self._row(index).department_id)

    def _try(self, action: Any, *args: Any, **given: Any) -> bool:
        """Whether it was allowed. What is refused leaves no trace at all."""
        before = self._everything()
        try:
            action(*args, now=self.now, **given)
        except MoveRefused as refusal:
            said = str(refusal)
        else:
            return True
        assert said
        assert self._everything() == before
        return False

    def _everything(self) -> list[Any]:
        return [
            list(Assignment.objects.order_by("pk").values_list()),
            list(Task.objects.order_by("pk").values_list()),
            TaskEvent.objects.count(),
            list(ExtensionRequest.objects.order_by("pk").values_list()),
            list(Node.objects.order_by("pk").values_list()),
            list(TargetReading.objects.order_by("pk").values_list()),
            list(FilingRequest.objects.order_by("pk").values_list()),
            Filing.objects.count(),
        ]

    @rule(days=st.integers(1, 9))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(index=SHARES, who=PEOPLE, move=st.sampled_from(Move.values), note=st.sampled_from(["", "理由"]))
    def somebody_moves(self, index: int, who: str, move: str, note: str) -> None:
        share, person = self._row(index), getattr(self.cast, who)
        expected = TRANSITIONS[move].get(share.status)
        may = permissions.can_move(person, share, move) and (note or move not in Move.needs_reason)
        done = self._try(move_assignment, share.pk, move, by=person, note=note)
        if done:
            assert may
            assert self._row(index).status == expected
        elif may and move == Move.SUBMIT:
            assert share.last_reported_at is None or share.percent < 100
        elif may and move == Move.REOPEN:
            assert self._in_force().filter(department=share.department_id).exists()
        else:
            assert not may or move == Move.REASSIGN

    @rule(index=SHARES, luck=st.integers(0, 5))
    def the_right_person_makes_a_move_of_the_table(self, index: int, luck: int) -> None:
        """Without this most moves are refused, and few histories grow long."""
        share = self._row(index)
        moves = [move for move in TRANSITIONS if share.status in TRANSITIONS[move]]
        moves = [move for move in moves if move in Move.by_button]
        if not moves:
            assert share.status == Status.REASSIGNED
            return
        move = moves[luck % len(moves)]
        by = self._of_unit(index) if move in Move.by_unit else self.cast.coordinator
        self._try(move_assignment, share.pk, move, by=by, note="理由")

    @rule(
        index=SHARES,
        to=st.integers(0, 3),
        who=st.sampled_from(["coordinator", "coordinator", "foreign_coordinator", "reporter"]),
        days=st.none() | st.integers(-2, 40),
    )
    def somebody_reassigns(self, index: int, to: int, who: str, days: int | None) -> None:
        share, unit = self._row(index), self.units[to]
        due_date = None if days is None else TODAY + timedelta(days=days)
        is_taken = self._in_force().filter(department=unit).exists()
        done = self._try(
            reassign,
            share.pk,
            department=unit,
            due_date=due_date,
            reason="理由",
            form_key=uuid4(),
            by=getattr(self.cast, who),
        )
        day = due_date or share.due_date
        is_ahead = day is not None and day > day_of(self.now)
        is_movable = share.status in TRANSITIONS[Move.REASSIGN]
        may = who == "coordinator" and is_movable and is_ahead and not is_taken and to != 3
        assert done == may
        if done:
            new = Assignment.objects.get(taken_over_from=share)
            assert (new.department, new.role, new.due_date) == (unit, share.role, day)
            self.shares.append(new.pk)

    def _in_force(self) -> AssignmentQuerySet:
        return Assignment.objects.in_force().filter(task=self.task)

    @rule(days=st.none() | st.integers(-9, 40), unit=st.integers(0, 2), luck=st.integers(0, 2))
    def a_new_edition_takes_the_place_of_the_plan(self, days: int | None, unit: int, luck: int) -> None:
        """With another date, one unit more in a role of its own, and perhaps another figure to reach."""
        old = Plan.objects.get(pk=Task.objects.get(pk=self.task.pk).plan_id)
        due_date = None if days is None else TODAY + timedelta(days=days)
        new = make_plan(self.cast.city, status="DRAFT", confirmed_at=None, previous_edition=old)
        measure = make_measure(new, sentences=[self.task.text])
        clause = measure.clauses.get()
        clause.due_date, clause.kind = due_date, "deadline" if due_date else "ongoing"
        clause.save()
        name = {"name": "某局", "department": self.units[unit], "resolution": "SETTLED"}
        named = PlanUnit.objects.create(plan=new, **name)
        place = {"plan": new, "clause": clause, "measure": measure}
        UnitMention.objects.create(**place, unit=named, role=Role.values[luck])
        Target.objects.create(
            plan=new, clause=clause, quote="建成8座", indicator="监测站", op="=", value=5 + luck
        )
        agree_to_all(new.pk, seen=compare(new).seen, by=self.cast.coordinator, now=self.now)
        confirm_plan(new.pk, by=self.cast.coordinator, now=self.now)
        old.refresh_from_db()
        assert old.is_superseded
        added = Assignment.objects.exclude(pk__in=self.shares)
        self.shares += added.values_list("pk", flat=True)
        self.task.refresh_from_db()
        self.target = Target.objects.get(clause=self.task.clause)

    @rule(index=SHARES, percent=PERCENTS, hand_in=st.booleans())
    def unit_reports(self, index: int, percent: int, hand_in: bool) -> None:
        share = self._row(index)
        by = self._of_unit(index)
        done = self._try(
            report_progress, share.pk, percent=percent, note="进展", form_key=uuid4(), by=by, hand_in=hand_in
        )
        assert done == (share.status in Status.with_unit and (percent == 100 or not hand_in))

    @rule(who=PEOPLE)
    def somebody_signs_for_all(self, who: str) -> None:
        self._try(sign_all, self.shares, by=getattr(self.cast, who))

    @rule(index=SHARES, days=st.integers(-5, 30))
    def unit_asks_for_time(self, index: int, days: int) -> None:
        share = self._row(index)
        by = self._of_unit(index)
        new_date = (share.due_date or TODAY) + timedelta(days=days)
        self._try(ask_extension, share.pk, new_date=new_date, reason="理由", form_key=uuid4(), by=by)

    @rule(who=st.sampled_from(["coordinator", "leader"]), days=st.integers(0, 20), grant=st.booleans())
    def somebody_decides(self, who: str, days: int, grant: bool) -> None:
        asked = ExtensionRequest.objects.order_by("-pk").first()
        if asked is None:
            return
        by = getattr(self.cast, who)
        if grant:
            due = asked.old_date + timedelta(days=days)
            self._try(grant_extension, asked.pk, due_date=due, by=by)
        else:
            self._try(refuse_extension, asked.pk, answer="理由", by=by)

    @rule(index=SHARES, who=PEOPLE)
    def somebody_takes_a_report_back(self, index: int, who: str) -> None:
        report = self._row(index).reports.order_by("-pk").first()
        if report is not None:
            self._try(withdraw_report, report.pk, reason="理由", by=getattr(self.cast, who))

    @rule(index=SHARES, who=PEOPLE)
    def somebody_nudges(self, index: int, who: str) -> None:
        share, person = self._row(index), getattr(self.cast, who)
        may = permissions.can_nudge(person, share) and not share.rests_on(day_of(self.now))
        assert self._try(nudge, share.pk, form_key=uuid4(), by=person) == may

    @rule(who=PEOPLE)
    def somebody_nudges_all(self, who: str) -> None:
        self._try(nudge_all, self.shares, form_key=uuid4(), by=getattr(self.cast, who))

    @rule(who=PEOPLE)
    def somebody_instructs(self, who: str) -> None:
        by = getattr(self.cast, who)
        may = permissions.can_instruct(by, Task.objects.get(pk=self.task.pk))
        assert self._try(instruct, self.task.pk, text="抓紧", form_key=uuid4(), by=by) == may

    @invariant()
    def nudges_are_counted_and_keep_their_distance(self) -> None:
        for share in Assignment.objects.filter(pk__in=self.shares):
            days = [day_of(made.created_at) for made in share.nudges.order_by("pk")]
            assert share.nudge_count == len(days) == share.events.filter(kind="NUDGE").count()
            assert all((later - earlier).days >= NUDGE_COOLDOWN_DAYS for earlier, later in pairwise(days))

    @rule(who=PEOPLE, days=st.sets(st.integers(0, 9), max_size=4), step=st.integers(0, 60))
    def somebody_sets_nodes(self, who: str, days: set[int], step: int) -> None:
        wanted = [
            Planned(TODAY + timedelta(days=day), min(100, step * number), "节点")
            for number, day in enumerate(sorted(days), start=1)
        ]
        self._try(set_nodes, self.task.pk, wanted, by=getattr(self.cast, who))

    @rule(index=SHARES, who=PEOPLE, days=st.integers(-9, 1), value=st.integers(0, 9))
    def somebody_gives_a_figure(self, index: int, who: str, days: int, value: int) -> None:
        self._try(
            record_reading,
            self._row(index).pk,
            target=self.target,
            value=Decimal(value),
            read_on=day_of(self.now) + timedelta(days=days),
            note="",
            form_key=uuid4(),
            by=getattr(self.cast, who),
        )

    @rule(index=SHARES, who=PEOPLE)
    def somebody_takes_a_figure_back(self, index: int, who: str) -> None:
        reading = self._row(index).readings.order_by("-pk").first()
        if reading is not None:
            self._try(withdraw_reading, reading.pk, reason="理由", by=getattr(self.cast, who))

    @rule(who=PEOPLE, to=st.integers(0, 3))
    def somebody_adds_a_share(self, who: str, to: int) -> None:
        unit, had = self.units[to], set(Assignment.objects.values_list("department", flat=True))
        pairs = [(self.task.pk, unit.pk)]
        if not self._try(add_shares, self.collective.pk, pairs, by=getattr(self.cast, who)):
            assert who != "coordinator"
            return
        assert who == "coordinator"
        added = Assignment.objects.exclude(pk__in=self.shares)
        assert not added or (unit.pk not in had and unit in self.collective.members.all())
        self.shares += added.values_list("pk", flat=True)

    @rule(who=PEOPLE, is_of_collective=st.booleans())
    def somebody_asks_for_a_document(self, who: str, is_of_collective: bool) -> None:
        via = self.collective if is_of_collective else None
        given: dict[str, Any] = {"title": "实施方案", "due_date": None, "via": via, "form_key": uuid4()}
        self._try(ask_filing, self.task.pk, by=getattr(self.cast, who), **given)

    @rule(index=SHARES, content=st.sampled_from([files.PNG, files.PDF]))
    def unit_files_a_document(self, index: int, content: bytes) -> None:
        asked = FilingRequest.objects.order_by("-pk").first()
        if asked is None:
            return
        by, upload = self._of_unit(index), examine(BytesIO(content), name="方案", size=len(content))
        done = self._try(file_document, asked.pk, file=upload, form_key=uuid4(), by=by)
        if done:
            filed = Filing.objects.latest("pk")
            assert filed.assignment.is_in_force
            assert (filed.assignment.department_id, asked.is_cancelled) == (by.department_id, False)

    @rule(who=PEOPLE)
    def somebody_asks_for_no_document_any_more(self, who: str) -> None:
        asked = FilingRequest.objects.order_by("-pk").first()
        if asked is not None:
            self._try(cancel_filing, asked.pk, reason="理由", by=getattr(self.cast, who))

    @invariant()
    def behind_is_what_nodes_and_dates_and_percentage_say(self) -> None:
        steps = self.task.nodes.steps()
        for share in Assignment.objects.filter(pk__in=self.shares).select_related("task"):
            assert share.behind_from == share.first_day_behind(steps)

    @invariant()
    def history_is_whole_and_replays_to_the_present(self) -> None:
        assert list(audit.verify([self.task.pk])) == []

    @invariant()
    def each_step_of_the_history_is_in_the_table(self) -> None:
        status = dict.fromkeys(self.shares, Status.PENDING.value)
        for event in TaskEvent.objects.exclude(to_status="").order_by("sequence"):
            assert event.assignment_id is not None
            assert event.from_status == status[event.assignment_id]
            assert TRANSITIONS[event.kind][event.from_status] == event.to_status
            status[event.assignment_id] = event.to_status

    @invariant()
    def today_read_off_the_history_is_today(self) -> None:
        nodes = list(self.task.events.filter(kind="NODES").order_by("sequence"))
        for share in Assignment.objects.filter(pk__in=self.shares).select_related("task"):
            then = as_of(share, share.events.order_by("sequence"), nodes, day_of(self.now))
            assert then is not None
            for field in ("status", "percent", "due_date", "judged_date", "behind_from", "unit_late_days"):
                assert getattr(then, field) == getattr(share, field)

    @invariant()
    def versions_count_the_changes(self) -> None:
        for share in Assignment.objects.filter(pk__in=self.shares):
            changes = share.events.exclude(kind__in=EventKind.beside).count()
            assert share.version == 1 + changes

    @invariant()
    def late_days_are_what_the_history_says(self) -> None:
        for share in Assignment.objects.filter(pk__in=self.shares):
            said = finished_late(share)
            assert LateDays(share.unit_late_days, share.reviewer_late_days) == said
            if said.unit:
                assert share.light_on(day_of(self.now)) != "GREEN"

    @invariant()
    def task_is_closed_exactly_when_its_answering_shares_are(self) -> None:
        answering = Assignment.objects.filter(task=self.task, role__in=Role.answering)
        is_done = all(share.status in ("CLOSED", "WAIVED", "REASSIGNED") for share in answering)
        assert (Task.objects.get(pk=self.task.pk).closed_at is not None) == is_done

    @invariant()
    def no_unit_answers_twice_and_every_share_passed_on_has_its_successor(self) -> None:
        assert set(Assignment.objects.values_list("pk", flat=True)) == set(self.shares)
        units = list(self._in_force().values_list("department", flat=True))
        assert len(units) == len(set(units))
        passed_on = Assignment.objects.filter(status=Status.REASSIGNED)
        successors = Assignment.objects.exclude(taken_over_from=None)
        assert set(successors.values_list("taken_over_from", flat=True)) == {share.pk for share in passed_on}


@pytest.mark.slow
@pytest.mark.django_db
def test_random_histories() -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
