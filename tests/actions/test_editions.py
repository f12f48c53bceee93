"""A new edition takes the place of a plan: what was decided is done, and nothing of the work is lost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from threading import Thread
from time import sleep
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction

from accounts.models import User
from tests.factories import NOW, TODAY, Cast, make_cast, make_department, make_user
from tracker import audit
from tracker.actions.clauses import edit_clauses, set_schedule
from tracker.actions.confirm import ConfirmRefused, ConfirmResult, confirm_plan
from tracker.actions.draft_record import SettleRefused, StaleDraft
from tracker.actions.editions import agree_to_all, choose_edition, decide
from tracker.actions.extensions import ask_extension, grant_extension
from tracker.actions.history import finished_late
from tracker.actions.nodes import Planned, set_nodes
from tracker.actions.plans import import_plan
from tracker.actions.readings import record_reading
from tracker.actions.reassign import reassign
from tracker.actions.series import extend_series
from tracker.actions.work import lock_tasks, move_assignment, report_progress
from tracker.comparison import Action, Kind, Row, compare, likely_editions, with_news
from tracker.models import Assignment, Clause, ClauseGram, EditionChoice, Plan, Series, Target, Task
from tracker.parser import ParsedPlan, types
from tracker.past import as_of
from tracker.workflow import Move, Status

pytestmark = pytest.mark.django_db

DUE = date(2024, 12, 31)
OIL = "每月对餐饮油烟净化设施进行一次全覆盖检查"
DUST = "2024年12月底前,建成扬尘在线监测平台并投入使用"
DUST_LATER = "2025年6月底前,建成扬尘在线监测平台并投入使用"
KILN = "对砖瓦行业工业炉窑开展深度治理,淘汰落后设施20座"
STRAW = "加强秸秆综合利用和禁烧,落实属地管理责任"
TREES = "在城区主要道路两侧种植绿化隔离带,完善日常养护"


@dataclass(frozen=True)
class Asked:
    """One clause of a plan, under a measure of its own."""

    text: str
    due: date | None = None
    units: Sequence[tuple[str, types.Role]] = (("市生态环境局", "lead"),)
    every: types.Every | None = None
    targets: Sequence[types.Target] = ()


def _parsed(title: str, clauses: Sequence[Asked]) -> ParsedPlan:
    text, measures = title + "\n", []
    for number, one in enumerate(clauses, start=1):
        start = len(text)
        text += f"{number}.{one.text[-6:]}。{one.text}。\n"
        at = text.rindex(one.text)
        kind: Any = "recurring" if one.every else "deadline" if one.due else "ongoing"
        schedule = types.Schedule(kind, "test", quote="年底前", due=one.due, every=one.every)
        clause = types.Clause(one.text, (at, at + len(one.text)), schedule, targets=tuple(one.targets))
        units = tuple(types.Unit(name, role) for name, role in one.units)
        measure = types.Measure(
            path=("三、主要任务",),
            number=f"{number}.",
            title=f"{one.text[-6:]}。",
            text=text[start:-1],
            span=(start, len(text) - 1),
            units=units,
            clauses=(clause,),
        )
        measures.append(measure)
    return ParsedPlan(text, "plan.txt", types.Header(title=title), measures=tuple(measures))


OLD = (
    Asked(OIL, every="month"),
    Asked(DUST, DUE, (("市生态环境局", "lead"), ("市工业和信息化局", "support"))),
    Asked(KILN, DUE, targets=(types.Target("20座", "落后设施", "=", 20.0, "座"),)),
    Asked(STRAW),
)
NEW = (
    Asked(KILN.replace("20", "35"), DUE, targets=(types.Target("35座", "落后设施", "=", 35.0, "座"),)),
    Asked(DUST_LATER, date(2025, 6, 30), (("市生态环境局", "lead"), ("市水利局", "support"))),
    Asked(OIL, every="month"),
    Asked(TREES, DUE),
)


@pytest.fixture
def cast() -> Cast:
    found = make_cast()
    make_department(found.city, "市水利局")
    return found


def _import(cast: Cast, clauses: Sequence[Asked], title: str) -> Plan:
    return import_plan(_parsed(title, clauses), region=cast.city, by=cast.coordinator, now=NOW).plan


def _live(cast: Cast, clauses: Sequence[Asked] = OLD, title: str = "治理方案（征求意见稿）") -> Plan:
    plan = _import(cast, clauses, title)
    confirm_plan(plan.pk, by=cast.coordinator, now=NOW)
    plan.refresh_from_db()
    return plan


def _draft(cast: Cast, old: Plan, clauses: Sequence[Asked] = NEW, title: str = "治理方案") -> Plan:
    plan = _import(cast, clauses, title)
    return choose_edition(plan.pk, old_id=old.pk)


def _row(plan: Plan, words: str) -> Row:
    plan = Plan.objects.get(pk=plan.pk)
    sides = [(row, side) for row in compare(plan).rows for side in (row.new, row.old) if side]
    return next(row for row, side in sides if words in side.clause.text)


def _decide(cast: Cast, plan: Plan, words: str, action: str, **given: Any) -> Row:
    row = _row(plan, words)
    assert row.old is not None
    values: dict[str, Any] = {"by": cast.coordinator, "now": NOW, "mark": row.mark} | given
    return decide(plan.pk, old_clause=row.old.clause.pk, action=action, **values)


def _agree(cast: Cast, plan: Plan) -> int:
    seen = compare(Plan.objects.get(pk=plan.pk)).seen
    return agree_to_all(plan.pk, seen=seen, by=cast.coordinator, now=NOW)


def _confirm(cast: Cast, plan: Plan, **given: Any) -> ConfirmResult:
    return confirm_plan(plan.pk, by=cast.coordinator, now=given.pop("now", NOW), **given)


def _task(words: str) -> Task:
    return Task.objects.get(clause__text__contains=words)


def _share(task: Task, unit: str = "市生态环境局") -> Assignment:
    return Assignment.objects.in_force().select_related("task").get(task=task, department__name=unit)


def _work(cast: Cast, share: Assignment, percent: int = 40) -> None:
    report_progress(share.pk, percent=percent, note="进展", form_key=uuid4(), by=cast.reporter, now=NOW)


def _is_true() -> bool:
    return not list(audit.verify(Task.objects.values_list("pk", flat=True)))


def test_a_plan_whose_title_and_clauses_are_alike_is_offered(cast: Cast) -> None:
    old = _live(cast)
    other = _live(cast, [Asked(TREES, DUE)], "造林方案")
    new = _import(cast, [*OLD[:3], Asked(TREES, DUE)], "治理方案")
    assert [(one.plan, one.percent) for one in likely_editions(new)] == [(old, 75)]
    assert likely_editions(_import(cast, [Asked("另一件事", DUE)], "造林方案（修订）"))[0].plan == other
    assert likely_editions(_import(cast, [Asked("无关的事", DUE)], "交通方案")) == []


def test_each_clause_finds_its_kind(cast: Cast) -> None:
    draft = _draft(cast, _live(cast))
    assert _row(draft, OIL).kind == Kind.SAME
    assert (_row(draft, "35座").kind, _row(draft, "35座").have_targets_changed) == (Kind.CHANGED, True)
    dust = _row(draft, DUST_LATER)
    assert (dust.has_date_changed, dust.have_units_changed, dust.offers[0]) == (True, True, Action.CARRY)
    assert _row(draft, STRAW).kind == Kind.VANISHED
    assert _row(draft, TREES).kind == Kind.ADDED
    assert len(compare(draft).asked) == 3


def test_nothing_goes_live_before_each_change_is_decided(cast: Cast) -> None:
    draft = _draft(cast, _live(cast))
    with pytest.raises(ConfirmRefused) as refused:
        _confirm(cast, draft)
    assert refused.value.reasons == ["与原版本比对，还有3条没有决定。"]
    assert _agree(cast, draft) == 3
    assert _agree(cast, draft) == 0
    made = _confirm(cast, draft)
    assert (made.tasks, made.carried, made.ended) == (1, 3, 1)


def test_a_carried_task_goes_on_with_all_that_hangs_on_it(cast: Cast) -> None:
    old = _live(cast)
    share = _share(_task(KILN))
    _work(cast, share)
    set_nodes(share.task_id, [Planned(DUE, 100, "完成")], by=cast.coordinator, now=NOW)
    target = Target.objects.get(plan=old)
    figure: dict[str, Any] = {"target": target, "value": Decimal(8), "read_on": TODAY, "note": ""}
    record_reading(share.pk, **figure, form_key=uuid4(), by=cast.reporter, now=NOW)
    draft = _draft(cast, old)
    _agree(cast, draft)
    _confirm(cast, draft)
    old.refresh_from_db()
    assert old.is_superseded
    assert old.source_text.startswith("治理方案（征求意见稿）")
    task = Task.objects.get(pk=share.task_id)
    share.refresh_from_db()
    assert (task.plan, task.number, task.text) == (draft, "1-1", KILN.replace("20", "35"))
    assert task.passage()
    assert (share.plan, share.percent, share.status, share.version) == (draft, 40, Status.ACTIVE, 2)
    assert task.nodes.count() == share.reports.count() == 1
    assert [reading.target.plan for reading in share.readings.all()] == [draft]
    event = task.events.get(kind="NEW_EDITION")
    assert event.actor == cast.coordinator
    assert (event.data["from_number"], event.data["to_number"]) == ("3-1", "1-1")
    assert (event.data["from_text"], event.data["to_text"]) == (KILN, task.text)
    assert _is_true()


def test_units_and_dates_follow_the_new_edition(cast: Cast) -> None:
    old = _live(cast)
    task = _task(DUST)
    draft = _draft(cast, old)
    _agree(cast, draft)
    _confirm(cast, draft)
    shares = {share.department.name: share for share in task.assignments.select_related("department")}
    later = date(2025, 6, 30)
    assert {name: share.status for name, share in shares.items()} == {
        "市生态环境局": Status.PENDING,
        "市工业和信息化局": Status.WAIVED,
        "市水利局": Status.PENDING,
    }
    assert {share.due_date for share in shares.values() if share.is_in_force} == {later}
    lead = shares["市生态环境局"]
    assert (lead.first_due_date, lead.judged_date, lead.extension_count) == (later, later, 0)
    moved = lead.events.get(kind="NEW_EDITION")
    assert (moved.data["from_date"], moved.data["to_date"]) == (DUE.isoformat(), later.isoformat())
    task.refresh_from_db()
    assert (task.due_date, task.first_due_date) == (later, later)
    assert "治理方案" in shares["市工业和信息化局"].events.get(kind="WAIVE").note
    assert _is_true()


def test_dates_and_units_may_stay_as_they_were(cast: Cast) -> None:
    old = _live(cast)
    task = _task(DUST)
    draft = _draft(cast, old)
    _decide(cast, draft, DUST, Action.CARRY, takes_date=False, takes_units=False, note="时限另议。")
    _agree(cast, draft)
    _confirm(cast, draft)
    task.refresh_from_db()
    assert (task.text, task.due_date) == (DUST_LATER, DUE)
    assert set(task.assignments.in_force().values_list("department__name", "due_date")) == {
        ("市生态环境局", DUE),
        ("市工业和信息化局", DUE),
    }
    assert task.events.get(kind="NEW_EDITION").note.endswith("时限另议。")


def test_where_only_the_beginning_moved_progress_is_expected_from_then(cast: Cast) -> None:
    clauses = [Asked(DUST, DUE)]
    old = _live(cast, clauses)
    before = _share(_task(DUST))
    draft = _draft(cast, old, clauses)
    clause = Clause.objects.get(measure__plan=draft)
    later: dict[str, Any] = {"kind": "window", "due_date": DUE, "start_date": date(2024, 12, 1), "every": ""}
    set_schedule(clause.measure_id, clause_id=clause.pk, **later, by=cast.coordinator, now=NOW)
    _agree(cast, draft)
    _confirm(cast, draft)
    share = _share(before.task)
    assert share.begins_on == date(2024, 12, 1)
    assert share.behind_from == share.first_day_behind([])
    assert share.behind_from != before.behind_from
    assert (share.due_date, share.version) == (before.due_date, before.version)
    assert _is_true()


def test_what_was_late_stays_late_and_the_new_date_counts_from_then(cast: Cast) -> None:
    old = _live(cast)
    share = _share(_task(DUST))
    late = NOW + timedelta(days=(DUE - TODAY).days + 10)
    draft = _draft(cast, old)
    _agree(cast, draft)
    _confirm(cast, draft, now=late)
    share = _share(share.task)
    assert share.late_days(DUE + timedelta(days=60)).unit == 10
    assert share.light_on(DUE + timedelta(days=60)) == "YELLOW"
    assert share.late_days(date(2025, 7, 5)).unit == 15
    assert finished_late(share).unit == 10
    before = as_of(share, share.events.order_by("sequence"), [], DUE)
    assert before is not None
    assert (before.due_date, before.unit_late_days) == (DUE, 0)
    given: dict[str, Any] = {"reason": "理由", "form_key": uuid4(), "by": cast.reporter, "now": late}
    asked = ask_extension(share.pk, new_date=date(2025, 8, 1), **given)
    grant_extension(asked.pk, due_date=date(2025, 8, 1), by=cast.coordinator, now=late)
    share = _share(share.task)
    assert (share.unit_late_days, share.judged_date) == (10, date(2025, 8, 1))
    assert _is_true()


def test_an_extension_beyond_the_new_date_stays_and_a_request_within_it_lapses(
    cast: Cast,
) -> None:
    clauses = (Asked(DUST, DUE, (("市生态环境局", "lead"), ("市工业和信息化局", "implement"))),)
    old = _live(cast, clauses)
    task = _task(DUST)
    extended, asking = _share(task), _share(task, "市工业和信息化局")
    given: dict[str, Any] = {"reason": "理由", "form_key": uuid4(), "now": NOW}
    asked = ask_extension(extended.pk, new_date=date(2025, 9, 30), by=cast.reporter, **given)
    grant_extension(asked.pk, due_date=date(2025, 9, 30), by=cast.coordinator, now=NOW)
    waiting = ask_extension(asking.pk, new_date=date(2025, 3, 31), by=cast.outsider, **given)
    draft = _draft(cast, old, [replace(clauses[0], text=DUST_LATER, due=date(2025, 6, 30))])
    _agree(cast, draft)
    _confirm(cast, draft)
    extended, asking = _share(task), _share(task, "市工业和信息化局")
    assert (extended.first_due_date, extended.due_date) == (date(2025, 6, 30), date(2025, 9, 30))
    assert (extended.judged_date, extended.extension_count) == (date(2025, 9, 30), 1)
    waiting.refresh_from_db()
    assert (asking.due_date, waiting.state) == (date(2025, 6, 30), "LAPSED")
    assert _is_true()


def test_a_closed_task_stays_closed_unless_it_is_reopened(cast: Cast) -> None:
    old = _live(cast)
    for words in (KILN, DUST):
        share = _share(_task(words))
        _work(cast, share, 100)
        for move, who in ((Move.SUBMIT, cast.reporter), (Move.APPROVE, cast.coordinator)):
            move_assignment(share.pk, move, by=who, now=NOW)
    kiln, dust = _task(KILN), _task(DUST)
    draft = _draft(cast, old)
    assert _row(draft, KILN).offers == [Action.CARRY, Action.REOPEN, Action.REPLACE]
    _decide(cast, draft, DUST, Action.REOPEN)
    _agree(cast, draft)
    _confirm(cast, draft)
    kiln.refresh_from_db()
    dust.refresh_from_db()
    assert (kiln.plan, kiln.closed_at, kiln.text) == (draft, NOW, KILN)
    assert (dust.closed_at, dust.text, dust.due_date) == (None, DUST_LATER, date(2025, 6, 30))
    assert _share(dust).status == Status.ACTIVE
    assert _is_true()


def test_a_task_may_be_replaced_or_kept(cast: Cast) -> None:
    old = _live(cast)
    kiln, straw = _task(KILN), _task(STRAW)
    _work(cast, _share(kiln))
    draft = _draft(cast, old)
    _decide(cast, draft, KILN, Action.REPLACE)
    _decide(cast, draft, STRAW, Action.KEEP)
    _agree(cast, draft)
    made = _confirm(cast, draft)
    assert made.tasks == 2
    kiln.refresh_from_db()
    straw.refresh_from_db()
    assert (kiln.plan, kiln.closed_at, kiln.assignments.in_force().exists()) == (old, NOW, False)
    new = Task.objects.get(plan=draft, text__contains="35座")
    assert "3-1" in new.events.get(kind="CREATED").note
    assert (straw.plan, straw.closed_at, _share(straw).status) == (old, None, Status.PENDING)
    assert list(Plan.objects.in_use(Assignment.objects.in_force()).order_by("pk")) == [old, draft]
    # What is like clauses of other plans is found where the work is now.
    indexed = Clause.objects.filter(pk__in=ClauseGram.objects.values("clause"))
    assert [clause.text for clause in indexed.filter(measure__plan=old)] == [STRAW]
    given_out = {task.clause for task in Task.objects.of_plan(draft.pk)}
    assert set(indexed.filter(measure__plan=draft)) == given_out
    assert _is_true()


def test_a_time_that_was_settled_by_hand_holds_for_the_same_words(cast: Cast) -> None:
    old = _import(cast, [Asked(STRAW), Asked(TREES)], "治理方案（征求意见稿）")
    straw, trees = Clause.objects.order_by("measure__position")
    edit_clauses({straw.pk: (DUE, False)}, by=cast.coordinator, now=NOW)
    monthly: dict[str, Any] = {"kind": "recurring", "due_date": None, "start_date": None, "every": "month"}
    set_schedule(trees.measure_id, clause_id=trees.pk, **monthly, by=cast.coordinator, now=NOW)
    confirm_plan(old.pk, by=cast.coordinator, now=NOW)
    draft = _draft(cast, old, [Asked(TREES), Asked(STRAW)])
    assert compare(draft).asked == []
    _confirm(cast, draft)
    assert _share(_task(STRAW)).due_date == DUE
    series = Series.objects.get()
    assert (series.plan, series.clause.every, series.clause.kind) == (draft, "month", "recurring")


def test_a_series_goes_on_without_a_second_task_for_a_period(cast: Cast) -> None:
    old = _live(cast)
    task = _task(OIL)
    draft = _draft(cast, old)
    _agree(cast, draft)
    _confirm(cast, draft)
    series = Series.objects.get()
    task.refresh_from_db()
    assert (series.plan, series.clause.measure.plan, task.plan, task.number) == (
        draft,
        draft,
        draft,
        "3-1/2024-10",
    )
    later = NOW + timedelta(days=20)
    extend_series(today=TODAY + timedelta(days=20), now=later)
    numbers = Task.objects.filter(series=series).order_by("pk").values_list("number", "plan")
    assert list(numbers) == [("3-1/2024-10", draft.pk), ("3-1/2024-11", draft.pk)]
    assert _is_true()


def test_a_series_with_another_round_is_replaced_and_one_that_vanished_ends(cast: Cast) -> None:
    old = _live(cast, [Asked(OIL, every="month"), Asked("每季度通报一次河道保洁情况", every="quarter")])
    draft = _draft(cast, old, [Asked(OIL.replace("每月", "每季度"), every="quarter")])
    assert _row(draft, OIL).offers == [Action.REPLACE]
    _agree(cast, draft)
    _confirm(cast, draft)
    by_plan = Series.objects.order_by("pk").values_list("plan", "every", "ended_at")
    assert list(by_plan) == [(old.pk, "month", NOW), (old.pk, "quarter", NOW), (draft.pk, "quarter", None)]
    assert Assignment.objects.open().values_list("plan", flat=True).get() == draft.pk
    assert _is_true()


def test_the_present_counts_when_the_old_plan_moved_on(cast: Cast) -> None:
    old = _live(cast)
    kiln, dust = _task(KILN), _task(DUST)
    draft = _draft(cast, old)
    _agree(cast, draft)
    later = NOW + timedelta(hours=1)
    supporting = _share(dust, "市工业和信息化局")
    free = make_department(cast.city, "市商务局")
    given: dict[str, Any] = {"due_date": None, "reason": "理由", "form_key": uuid4()}
    passed_on = reassign(supporting.pk, department=free, **given, by=cast.coordinator, now=later)
    share = _share(kiln)
    report_progress(share.pk, percent=100, note="完", form_key=uuid4(), by=cast.reporter, now=later)
    row = _row(draft, DUST)
    with_news([row])
    assert {event.kind for event in row.since} == {"REASSIGN", "TAKE_OVER"}
    move_assignment(share.pk, Move.SUBMIT, by=cast.reporter, now=later)
    move_assignment(share.pk, Move.APPROVE, by=cast.coordinator, now=later)
    # Closed meanwhile: what was decided on an open task is asked again.
    assert _row(draft, KILN).is_outdated
    with pytest.raises(ConfirmRefused, match="还有1条没有决定"):
        _confirm(cast, draft)
    _agree(cast, draft)
    _confirm(cast, draft)
    passed_on.refresh_from_db()
    assert passed_on.status == Status.WAIVED  # it had the place of a unit that is named no more
    assert _share(kiln).percent == 100
    assert _is_true()


def test_what_was_handed_in_is_answered_before_it_is_stopped(cast: Cast) -> None:
    old = _live(cast)
    share = _share(_task(STRAW))
    _work(cast, share, 100)
    move_assignment(share.pk, Move.SUBMIT, by=cast.reporter, now=NOW)
    draft = _draft(cast, old)
    _agree(cast, draft)
    before = list(Task.objects.order_by("pk").values_list())
    with pytest.raises(ConfirmRefused, match="任务4-1有单位已申请办结"):
        _confirm(cast, draft)
    assert list(Task.objects.order_by("pk").values_list()) == before


def test_what_a_successor_of_a_dropped_unit_handed_in_is_answered_first(cast: Cast) -> None:
    old = _live(cast)
    dust = _task(DUST)
    free = make_department(cast.city, "市商务局")
    person = make_user("sw-zhao", User.Role.REPORTER, department=free)
    given: dict[str, Any] = {"form_key": uuid4(), "now": NOW}
    left = _share(dust, "市工业和信息化局")
    taken = reassign(left.pk, department=free, due_date=None, reason="理由", by=cast.coordinator, **given)
    report_progress(taken.pk, percent=100, note="完", by=person, **given)
    move_assignment(taken.pk, Move.SUBMIT, by=person, now=NOW)
    draft = _draft(cast, old)
    _agree(cast, draft)
    with pytest.raises(ConfirmRefused, match="任务2-1有单位已申请办结"):
        _confirm(cast, draft)
    move_assignment(taken.pk, Move.RETURN, by=cast.coordinator, now=NOW, note="新版本不再要求")
    _confirm(cast, draft)
    taken.refresh_from_db()
    assert taken.status == Status.WAIVED
    assert _is_true()


def test_a_decision_holds_for_what_was_seen(cast: Cast) -> None:
    draft = _draft(cast, _live(cast))
    row = _row(draft, KILN)
    assert row.new is not None
    edit_clauses({row.new.clause.pk: (date(2025, 1, 31), False)}, by=cast.coordinator, now=NOW)
    with pytest.raises(StaleDraft):
        _decide(cast, draft, KILN, Action.CARRY, mark=row.mark)
    _decide(cast, draft, KILN, Action.CARRY)
    with pytest.raises(SettleRefused, match="不能这样处理"):
        _decide(cast, draft, KILN, Action.WAIVE)
    with pytest.raises(StaleDraft):
        agree_to_all(draft.pk, seen="x", by=cast.coordinator, now=NOW)
    edit_clauses({row.new.clause.pk: (date(2025, 1, 31), True)}, by=cast.coordinator, now=NOW)
    assert _row(draft, KILN).is_dropped_by_skip
    assert _row(draft, KILN).is_waiting


def test_of_two_new_editions_one_takes_the_place(cast: Cast) -> None:
    old = _live(cast)
    first, second = _draft(cast, old), _draft(cast, old, [Asked(STRAW)], "治理方案（修订）")
    for draft in (first, second):
        _agree(cast, draft)
    _confirm(cast, first)
    with pytest.raises(ConfirmRefused, match="已被另一份新版本取代"):
        _confirm(cast, second)
    with pytest.raises(SettleRefused):
        choose_edition(_import(cast, [Asked(TREES)], "又一份").pk, old_id=old.pk)
    choose_edition(second.pk, old_id=first.pk)
    assert not EditionChoice.objects.filter(plan=second).exists()
    assert _row(second, STRAW).kind == Kind.ADDED


def test_the_choice_of_the_old_plan_can_be_taken_back(cast: Cast) -> None:
    draft = _draft(cast, _live(cast))
    _agree(cast, draft)
    choose_edition(draft.pk, old_id=None)
    assert not EditionChoice.objects.exists()
    made = _confirm(cast, draft)
    assert (made.tasks, made.carried) == (4, 0)
    assert Plan.objects.live().count() == 2


@pytest.mark.parametrize("whose", ["foreign", "own", "descendant"])
def test_a_plan_of_elsewhere_or_the_draft_itself_is_no_old_edition(cast: Cast, whose: str) -> None:
    draft = _import(cast, NEW, "治理方案")
    descendant = _draft(cast, draft, OLD, "治理方案之二")
    wrong = {"foreign": cast.foreign_plan, "own": draft, "descendant": descendant}[whose]
    with pytest.raises(SettleRefused):
        choose_edition(draft.pk, old_id=wrong.pk)


def test_a_draft_that_was_never_given_out_is_replaced_without_a_question(cast: Cast) -> None:
    old = _import(cast, OLD, "治理方案（征求意见稿）")
    draft = _draft(cast, old)
    assert compare(draft).asked == []
    _confirm(cast, draft)
    old.refresh_from_db()
    assert (old.is_superseded, old.confirmed_at) == (True, None)
    assert Task.objects.filter(plan=draft).count() == Clause.objects.filter(measure__plan=draft).count() == 4


@pytest.mark.django_db(transaction=True)
def test_whoever_makes_the_next_period_meanwhile_is_waited_for() -> None:
    """Series first, then tasks, on both sides: neither stands in the other's way."""
    if connection.vendor != "postgresql":
        pytest.skip("threads share no SQLite in memory")
    cast = make_cast()
    draft = _draft(cast, _live(cast, [Asked(OIL, every="month")]), [Asked(OIL, every="month")])
    series = Series.objects.get()
    made: list[ConfirmResult] = []

    def run() -> None:
        try:
            made.append(_confirm(cast, draft))
        finally:
            connections.close_all()

    confirming = Thread(target=run)
    with transaction.atomic():
        Series.objects.select_for_update().get(pk=series.pk)
        confirming.start()
        _wait_until_somebody_waits()
        lock_tasks(Task.objects.filter(series=series).values("pk"))
    confirming.join()
    assert [result.carried for result in made] == [1]


def _wait_until_somebody_waits() -> None:
    with connection.cursor() as cursor:
        for _turn in range(500):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            sleep(0.02)
    raise AssertionError("nobody waits")
