"""Editing a draft: boundaries, times, units and targets; each change on record and taken back exactly."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Department
from tests.factories import NOW, Cast, make_cast, make_department, make_measure, make_plan
from tracker.actions import clauses, settling
from tracker.actions.confirm import confirm_plan, preview_confirm
from tracker.actions.draft_record import (
    MEASURE,
    NotADraft,
    SettleRefused,
    StaleDraft,
    states,
    undo,
)
from tracker.models import Assignment, Clause, Doubt, DraftEdit, Measure, Plan, PlanUnit, Target
from tracker.models.plans import ScheduleKind

SENTENCES = ["2024年底前，完成改造；建成3个站点，加强监管", "推进替代", "每季度通报一次"]


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def measure(cast: Cast) -> Measure:
    plan = make_plan(cast.city, "草稿", status="DRAFT", confirmed_at=None)
    measure = make_measure(plan, sentences=SENTENCES)
    settling.add_unit(measure.pk, department=cast.bureau, role="LEAD", by=cast.coordinator, now=NOW)
    measure.plan.refresh_from_db()
    return measure


def _texts(measure: Measure) -> list[str]:
    return list(measure.clauses.order_by("position").values_list("text", flat=True))


def _first(measure: Measure) -> Clause:
    return measure.clauses.order_by("position")[0]


def _state(measure: Measure) -> Any:
    return states([(MEASURE, measure.pk)])


def _last(plan: Plan) -> DraftEdit:
    return DraftEdit.objects.filter(plan=plan).newest_first()[0]


def _holds(measure: Measure) -> None:
    """What must be true of the clauses of a measure whatever was done to them."""
    source = Plan.objects.get(pk=measure.plan_id).source_text
    found = list(measure.clauses.order_by("position"))
    assert [clause.position for clause in found] == list(range(1, len(found) + 1))
    at = measure.start
    for clause in found:
        assert at <= clause.start < clause.end <= measure.end
        assert source[clause.start : clause.end] == clause.text
        at = clause.end


@pytest.mark.django_db(transaction=False)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves=st.lists(
        st.tuples(st.sampled_from(["split", "merge"]), st.integers(0, 9), st.integers(-2, 40)), max_size=8
    )
)
def test_splits_and_merges_keep_the_source_true_and_undo_puts_back_every_row(
    cast: Cast, moves: list[tuple[str, int, int]]
) -> None:
    plan = make_plan(cast.city, "草稿", status="DRAFT", confirmed_at=None)
    measure = make_measure(plan, sentences=SENTENCES)
    seen = [_state(measure)]
    for move, which, at in moves:
        found = list(measure.clauses.order_by("position"))
        clause = found[which % len(found)]
        try:
            if move == "split":
                clauses.split_clause(measure.pk, clause_id=clause.pk, at=at, by=cast.coordinator, now=NOW)
            else:
                clauses.merge_clause(measure.pk, clause_id=clause.pk, by=cast.coordinator, now=NOW)
        except SettleRefused:
            assert _state(measure) == seen[-1]
        else:
            seen.append(_state(measure))
        _holds(measure)
    for edit, before in zip(
        DraftEdit.objects.filter(plan=plan).newest_first(), reversed(seen[:-1]), strict=True
    ):
        undo(plan.pk, edit.number, by=cast.coordinator, now=NOW)
        assert _state(measure) == before
        _holds(measure)


def test_a_cut_leaves_the_mark_to_neither_half_and_merging_takes_it_back(
    cast: Cast, measure: Measure
) -> None:
    first = _first(measure)
    cut = first.text.index("；")
    clauses.split_clause(measure.pk, clause_id=first.pk, at=cut, by=cast.coordinator, now=NOW)
    assert _texts(measure)[:2] == ["2024年底前，完成改造", "建成3个站点，加强监管"]
    clauses.merge_clause(measure.pk, clause_id=first.pk, by=cast.coordinator, now=NOW)
    assert _texts(measure) == SENTENCES


@pytest.mark.parametrize("at", [-5, 0, 10**12])
def test_a_half_must_not_be_empty(cast: Cast, measure: Measure, at: int) -> None:
    with pytest.raises(SettleRefused, match="两边都要有内容"):
        clauses.split_clause(measure.pk, clause_id=_first(measure).pk, at=at, by=cast.coordinator, now=NOW)


def test_both_halves_keep_time_and_units_and_a_target_goes_with_its_words(
    cast: Cast, measure: Measure
) -> None:
    first = _first(measure)
    Clause.objects.filter(pk=first.pk).update(kind="deadline", due_date=date(2024, 12, 31))
    settling.add_unit(
        measure.pk,
        department=cast.other_bureau,
        role="LEAD",
        clause_id=first.pk,
        by=cast.coordinator,
        now=NOW,
    )
    Target.objects.create(
        plan=measure.plan, clause=first, quote="建成3个站点", indicator="站点", op="=", value=3, unit="个"
    )
    cut = first.text.index("；")
    clauses.split_clause(measure.pk, clause_id=first.pk, at=cut, by=cast.coordinator, now=NOW)
    one, two = measure.clauses.order_by("position")[:2]
    assert (one.kind, one.due_date) == (two.kind, two.due_date) == ("deadline", date(2024, 12, 31))
    assert two.mentions.get().unit.department == cast.other_bureau
    assert (one.targets.count(), two.targets.count()) == (0, 1)


def test_merging_takes_the_time_that_is_stated_and_names_each_unit_once(cast: Cast, measure: Measure) -> None:
    one, two = measure.clauses.order_by("position")[:2]
    Clause.objects.filter(pk=two.pk).update(kind="deadline", due_date=date(2024, 12, 31))
    for clause in (one, two):
        settling.add_unit(
            measure.pk,
            department=cast.other_bureau,
            role="LEAD",
            clause_id=clause.pk,
            by=cast.coordinator,
            now=NOW,
        )
    clauses.merge_clause(measure.pk, clause_id=one.pk, by=cast.coordinator, now=NOW)
    one.refresh_from_db()
    assert (one.kind, one.due_date, one.mentions.count()) == ("deadline", date(2024, 12, 31), 1)


def test_the_last_clause_has_nothing_to_merge_with(cast: Cast, measure: Measure) -> None:
    last = measure.clauses.order_by("-position")[0]
    with pytest.raises(SettleRefused, match="最后一条"):
        clauses.merge_clause(measure.pk, clause_id=last.pk, by=cast.coordinator, now=NOW)


def _skip(measure: Measure, cast: Cast, version: int | None = None) -> None:
    first = _first(measure)
    clauses.edit_clauses({first.pk: (first.due_date, True)}, by=cast.coordinator, now=NOW, version=version)


def test_who_saves_second_is_refused_and_changes_nothing(cast: Cast, measure: Measure) -> None:
    seen = measure.plan.version
    _skip(measure, cast, seen)
    before = _state(measure)
    with pytest.raises(StaleDraft):
        clauses.set_schedule(
            measure.pk,
            clause_id=_first(measure).pk,
            kind="ongoing",
            due_date=None,
            start_date=None,
            every="",
            by=cast.coordinator,
            now=NOW,
            version=seen,
        )
    assert _state(measure) == before


def test_a_change_elsewhere_makes_no_page_stale(cast: Cast, measure: Measure) -> None:
    other = make_measure(measure.plan)
    seen = measure.plan.version
    _skip(other, cast)
    _skip(measure, cast, seen)
    assert _first(measure).is_skipped


def test_what_changes_nothing_is_not_on_record(cast: Cast, measure: Measure) -> None:
    first, before = _first(measure), DraftEdit.objects.count()
    clauses.edit_clauses({first.pk: (first.due_date, False)}, by=cast.coordinator, now=NOW)
    settling.check_measure(measure.pk, checked=False, by=cast.coordinator, now=NOW)
    assert DraftEdit.objects.count() == before
    measure.plan.refresh_from_db()
    assert measure.plan.version == _last(measure.plan).number


def test_undoing_something_changed_since_is_refused_until_that_is_undone(
    cast: Cast, measure: Measure
) -> None:
    _skip(measure, cast)
    first = _last(measure.plan)
    settling.check_measure(measure.pk, checked=True, by=cast.coordinator, now=NOW)
    second = _last(measure.plan)
    with pytest.raises(SettleRefused, match="同一处又有改动"):
        undo(measure.plan_id, first.number, by=cast.coordinator, now=NOW)
    undo(measure.plan_id, second.number, by=cast.coordinator, now=NOW)
    undo(measure.plan_id, first.number, by=cast.coordinator, now=NOW)
    assert not _first(measure).is_skipped
    with pytest.raises(SettleRefused, match="已经撤销"):
        undo(measure.plan_id, first.number, by=cast.coordinator, now=NOW)
    with pytest.raises(SettleRefused, match="没有可以撤销"):
        undo(measure.plan_id, 10**9, by=cast.coordinator, now=NOW)


def test_undoing_a_unit_takes_its_name_out_of_the_plan_and_opens_the_doubt(
    cast: Cast, measure: Measure
) -> None:
    doubt = Doubt.objects.create(
        plan=measure.plan, measure=measure, code="unit-missing", message="没有", start=0, end=1
    )
    settling.add_unit(measure.pk, department=cast.other_bureau, role="LEAD", by=cast.coordinator, now=NOW)
    assert not measure.doubts.open().exists()
    undo(measure.plan_id, _last(measure.plan).number, by=cast.coordinator, now=NOW)
    assert measure.doubts.open().get() == doubt
    assert not measure.plan.units.filter(department=cast.other_bureau).exists()


def test_a_unit_that_another_measure_names_by_now_is_not_taken_away(cast: Cast, measure: Measure) -> None:
    other = make_measure(measure.plan)
    settling.add_unit(measure.pk, department=cast.other_bureau, role="LEAD", by=cast.coordinator, now=NOW)
    first = _last(measure.plan)
    settling.add_unit(other.pk, department=cast.other_bureau, role="LEAD", by=cast.coordinator, now=NOW)
    with pytest.raises(SettleRefused, match="同一处又有改动"):
        undo(measure.plan_id, first.number, by=cast.coordinator, now=NOW)
    assert measure.mentions.count() == 2


def test_a_settled_name_is_settled_once_and_can_be_undone(cast: Cast, measure: Measure) -> None:
    unit = PlanUnit.objects.create(plan=measure.plan, name="不明单位")
    settling.waive_unit(unit.pk, by=cast.coordinator, now=NOW)
    with pytest.raises(SettleRefused, match="已经处理过"):
        settling.settle_unit(unit.pk, department=cast.bureau, remember=False, by=cast.coordinator, now=NOW)
    undo(measure.plan_id, _last(measure.plan).number, by=cast.coordinator, now=NOW)
    unit.refresh_from_db()
    assert unit.resolution == PlanUnit.Resolution.UNKNOWN


def test_a_measure_with_doubts_cannot_be_checked(cast: Cast, measure: Measure) -> None:
    Doubt.objects.create(plan=measure.plan, measure=measure, code="x", message="疑", start=0, end=1)
    with pytest.raises(SettleRefused, match="疑点"):
        settling.check_measure(measure.pk, checked=True, by=cast.coordinator, now=NOW)
    settling.settle_doubt(Doubt.objects.get().pk, by=cast.coordinator, now=NOW)
    settling.check_measure(measure.pk, checked=True, by=cast.coordinator, now=NOW)
    measure.refresh_from_db()
    assert measure.checked_by == cast.coordinator


def test_units_of_a_measure_are_added_changed_and_removed(cast: Cast, measure: Measure) -> None:
    with pytest.raises(SettleRefused, match="已经在责任单位里"):
        settling.add_unit(measure.pk, department=cast.bureau, role="SUPPORT", by=cast.coordinator, now=NOW)
    with pytest.raises(SettleRefused, match="本地区"):
        settling.add_unit(
            measure.pk, department=cast.foreign_bureau, role="LEAD", by=cast.coordinator, now=NOW
        )
    mention = measure.mentions.get()
    settling.change_role(measure.pk, mention_id=mention.pk, role="SUPPORT", by=cast.coordinator, now=NOW)
    assert measure.mentions.get().role == "SUPPORT"
    settling.remove_unit(measure.pk, mention_id=mention.pk, by=cast.coordinator, now=NOW)
    assert not measure.mentions.exists()
    with pytest.raises(SettleRefused, match="已经不在"):
        settling.remove_unit(measure.pk, mention_id=mention.pk, by=cast.coordinator, now=NOW)


def test_nothing_of_another_measure_is_reached_by_its_key(cast: Cast, measure: Measure) -> None:
    other = make_measure(measure.plan)
    settling.add_unit(other.pk, department=cast.bureau, role="LEAD", by=cast.coordinator, now=NOW)
    mention, clause = other.mentions.get(), other.clauses.get()
    with pytest.raises(SettleRefused):
        settling.remove_unit(measure.pk, mention_id=mention.pk, by=cast.coordinator, now=NOW)
    with pytest.raises(SettleRefused):
        clauses.merge_clause(measure.pk, clause_id=clause.pk, by=cast.coordinator, now=NOW)


def test_targets_are_added_changed_and_removed(cast: Cast, measure: Measure) -> None:
    clause = _first(measure)
    given: dict[str, Any] = {"indicator": "优良天数", "op": ">=", "unit": "天"}
    who: dict[str, Any] = {"clause_id": clause.pk, "by": cast.coordinator, "now": NOW}
    clauses.save_target(measure.pk, target_id=None, value=Decimal(240), **given, **who)
    target = clause.targets.get()
    assert target.quote == "优良天数>=240天"
    clauses.save_target(measure.pk, target_id=target.pk, value=Decimal("250.5"), **given, **who)
    assert clause.targets.get().value == Decimal("250.5")
    clauses.remove_target(measure.pk, target_id=target.pk, **who)
    assert not clause.targets.exists()
    undo(measure.plan_id, _last(measure.plan).number, by=cast.coordinator, now=NOW)
    assert clause.targets.get().value == Decimal("250.5")


@pytest.mark.parametrize("kind", [DraftEdit.Kind.SKIP_ONGOING, DraftEdit.Kind.QUARTERLY])
def test_the_ongoing_clauses_of_a_chapter_change_together_and_come_back_together(
    cast: Cast, measure: Measure, kind: str
) -> None:
    other = make_measure(measure.plan, sentences=["长期坚持", "加强宣传"])
    dated = _first(measure)
    Clause.objects.filter(pk=dated.pk).update(kind="deadline", due_date=date(2024, 12, 31))
    keys = [measure.pk, other.pk]
    before = states([(MEASURE, pk) for pk in keys])
    who: dict[str, Any] = {"by": cast.coordinator, "now": NOW}
    assert clauses.change_ongoing(measure.plan_id, keys, kind=kind, **who) == 4
    dated.refresh_from_db()
    assert (dated.kind, dated.is_skipped) == ("deadline", False)
    left = Clause.objects.filter(measure__in=keys, kind=ScheduleKind.ONGOING, is_skipped=False)
    assert not left.exists()
    undo(measure.plan_id, _last(measure.plan).number, **who)
    assert states([(MEASURE, pk) for pk in keys]) == before


def test_a_live_plan_is_neither_edited_nor_undone(cast: Cast, measure: Measure) -> None:
    _skip(measure, cast)
    confirm_plan(measure.plan_id, by=cast.coordinator, now=NOW)
    with pytest.raises(NotADraft):
        undo(measure.plan_id, _last(measure.plan).number, by=cast.coordinator, now=NOW)
    with pytest.raises(NotADraft):
        clauses.merge_clause(measure.pk, clause_id=_first(measure).pk, by=cast.coordinator, now=NOW)


def test_confirming_makes_what_was_shown_and_nothing_that_was_not(cast: Cast, measure: Measure) -> None:
    members = make_department(cast.city, "各县", kind=Department.Kind.COLLECTIVE)
    members.members.set([cast.bureau, cast.other_bureau])
    settling.add_unit(measure.pk, department=members, role="SUPPORT", by=cast.coordinator, now=NOW)
    make_measure(measure.plan)
    _skip(measure, cast)
    plan = Plan.objects.get(pk=measure.plan_id)
    shown = preview_confirm(plan)
    assert {unit.department for unit in shown.units} == {cast.bureau, cast.other_bureau}
    assert (shown.tasks, shown.assignments, shown.skipped, len(shown.unassigned)) == (2, 4, 1, 1)
    with pytest.raises(StaleDraft):
        confirm_plan(plan.pk, by=cast.coordinator, now=NOW, version=plan.version - 1)
    made = confirm_plan(plan.pk, by=cast.coordinator, now=NOW + timedelta(minutes=1), version=plan.version)
    assert (made.tasks, made.assignments, made.skipped, made.unassigned) == (2, 4, 1, 1)
    assert Assignment.objects.count() == 4
