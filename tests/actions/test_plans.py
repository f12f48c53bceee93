"""From a parsed plan to a draft, and from the draft to tasks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from accounts.models import Department
from tests.factories import NOW, Cast, make_cast, make_department, make_region
from tracker.actions import clauses, settling
from tracker.actions.confirm import ConfirmRefused, confirm_plan
from tracker.actions.draft_record import NotADraft, SettleRefused
from tracker.actions.plans import import_plan
from tracker.models import Assignment, Clause, Doubt, Plan, PlanUnit, Task, TaskEvent
from tracker.parser import types

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def _clause(text: str, start: int, due: date | None = None, units: Sequence[types.Unit] = ()) -> types.Clause:
    kind = types.Schedule("deadline", "test", quote="年底前", due=due) if due else types.UNSTATED
    return types.Clause(text=text, span=(start, start + len(text)), schedule=kind, units=tuple(units))


def _parsed(
    *units: tuple[str, types.Role],
    default: Sequence[str] = (),
    rows: Sequence[types.Row] = (),
    warnings: Sequence[types.Doubt] = (),
) -> types.ParsedPlan:
    """One measure of two clauses, the first due at the end of 2024."""
    text = "1.治理。完成改造。加强监管。"
    measure = types.Measure(
        path=("三、主要任务",),
        number="1.",
        title="治理",
        text=text,
        span=(0, len(text)),
        units=tuple(types.Unit(name, role) for name, role in units),
        clauses=(_clause("完成改造", 5, date(2024, 12, 31)), _clause("加强监管", 10)),
    )
    return types.ParsedPlan(
        source_text=text + "\n" + "".join(row.text for row in rows),
        file="plan.txt",
        header=types.Header(title="治理方案"),
        default_units=tuple(types.Unit(name, "implement") for name in default),
        measures=(measure,),
        table=tuple(rows),
        warnings=tuple(warnings),
    )


def _import(cast: Cast, parsed: types.ParsedPlan) -> Plan:
    return import_plan(parsed, region=cast.city, by=cast.coordinator, now=NOW).plan


def test_import_matches_known_units_and_leaves_the_others_to_a_person(cast: Cast) -> None:
    plan = _import(cast, _parsed(("市生态环境局", "lead"), ("市幽灵局", "support")))
    found = {unit.name: unit.department for unit in plan.units.all()}
    assert found == {"市生态环境局": cast.bureau, "市幽灵局": None}


def test_the_same_text_a_second_time_changes_nothing(cast: Cast) -> None:
    first = import_plan(_parsed(("市生态环境局", "lead")), region=cast.city, by=None, now=NOW)
    again = import_plan(_parsed(("市生态环境局", "lead")), region=cast.city, by=None, now=NOW)
    assert (first.is_new, again.is_new) == (True, False)
    assert again.plan == first.plan
    assert Plan.objects.count() == 1
    assert Clause.objects.count() == 2


def test_long_names_that_begin_alike_are_cut_to_one_unit(cast: Cast) -> None:
    plan = _import(cast, _parsed(("局" * 120 + "甲", "lead"), ("局" * 120 + "乙", "support")))
    assert plan.units.get().name == "局" * 120


def test_a_target_too_large_to_keep_is_a_doubt_and_loses_nothing_else(cast: Cast) -> None:
    goals = tuple(types.Target(f"产值{n}元", "产值", ">=", float(n), "元") for n in (10**14, 10**14 - 1))
    plan = _import(cast, replace(_parsed(("市生态环境局", "lead")), goals=goals))
    assert [target.value for target in plan.targets.all()] == [10**14 - 1]
    assert "产值100000000000000元" in plan.doubts.get().message


def test_another_region_may_import_the_same_text(cast: Cast) -> None:
    import_plan(_parsed(), region=cast.city, by=None, now=NOW)
    assert import_plan(_parsed(), region=cast.foreign, by=None, now=NOW).is_new


def test_confirming_waits_for_units_and_says_what_is_missing(cast: Cast) -> None:
    plan = _import(cast, _parsed(("市幽灵局", "lead")))
    with pytest.raises(ConfirmRefused) as refused:
        confirm_plan(plan.pk, by=cast.coordinator, now=NOW)
    assert refused.value.reasons == ["还有1个单位名称没有确认。"]
    assert not Task.objects.exists()
    plan.refresh_from_db()
    assert plan.is_draft


def test_confirming_makes_one_task_per_clause_and_one_assignment_per_unit(cast: Cast) -> None:
    plan = _import(cast, _parsed(("市生态环境局", "lead"), ("市工业和信息化局", "support")))
    made = confirm_plan(plan.pk, by=cast.coordinator, now=NOW)
    assert (made.tasks, made.assignments, made.departments) == (2, 4, 2)
    first = Task.objects.order_by("pk")[0]
    assert (first.text, first.due_date, first.first_due_date) == (
        "完成改造",
        date(2024, 12, 31),
        date(2024, 12, 31),
    )
    assert set(first.assignments.values_list("department", "role", "due_date")) == {
        (cast.bureau.pk, "LEAD", date(2024, 12, 31)),
        (cast.other_bureau.pk, "SUPPORT", date(2024, 12, 31)),
    }
    assert TaskEvent.objects.filter(kind="CREATED", actor=cast.coordinator).count() == 2


def test_a_plan_is_confirmed_once(cast: Cast) -> None:
    plan = _import(cast, _parsed(("市生态环境局", "lead")))
    confirm_plan(plan.pk, by=cast.coordinator, now=NOW)
    with pytest.raises(NotADraft):
        confirm_plan(plan.pk, by=cast.coordinator, now=NOW)
    assert Task.objects.count() == 2


def test_a_collective_fans_out_to_its_active_members(cast: Cast) -> None:
    counties = [
        make_department(cast.city, f"{name}人民政府", kind="GOVERNMENT") for name in ("甲县", "乙县", "丙县")
    ]
    counties[2].is_active = False
    counties[2].save(update_fields=["is_active"])
    every = make_department(cast.city, "各县(市、区)政府", kind="COLLECTIVE")
    every.members.set(counties)
    plan = _import(cast, _parsed(("市生态环境局", "lead"), default=["各县〔市、区〕政府"]))
    confirm_plan(plan.pk, by=cast.coordinator, now=NOW)
    shares = Assignment.objects.filter(task__number="1-1", role="IMPLEMENT")
    assert set(shares.values_list("department", "via")) == {(c.pk, every.pk) for c in counties[:2]}


@pytest.mark.parametrize("members", [[], ["已撤销的局"]])
def test_a_collective_without_members_holds_up_confirming(cast: Cast, members: list[str]) -> None:
    every = make_department(cast.city, "各有关单位", kind="COLLECTIVE")
    every.members.set([make_department(cast.city, name, is_active=False) for name in members])
    plan = _import(cast, _parsed(("各有关单位", "lead")))
    with pytest.raises(ConfirmRefused, match="成员单位"):
        confirm_plan(plan.pk, by=cast.coordinator, now=NOW)


def test_a_unit_named_twice_keeps_its_strongest_role(cast: Cast) -> None:
    every = make_department(cast.city, "市直各部门", kind="COLLECTIVE")
    every.members.set([cast.bureau, cast.other_bureau])
    plan = _import(cast, _parsed(("市直各部门", "support"), ("市生态环境局", "lead")))
    confirm_plan(plan.pk, by=cast.coordinator, now=NOW)
    shares = Assignment.objects.filter(task__number="1-1")
    assert dict(shares.values_list("department", "role")) == {
        cast.bureau.pk: "LEAD",
        cast.other_bureau.pk: "SUPPORT",
    }


def test_a_clause_with_units_of_its_own_does_not_take_the_measures(cast: Cast) -> None:
    own = types.Measure(
        path=(),
        number="1.",
        title="甲",
        text="1.甲。完成改造。",
        span=(0, 9),
        units=(types.Unit("市生态环境局", "lead"),),
        clauses=(_clause("完成改造", 4, units=[types.Unit("市工业和信息化局", "lead")]),),
    )
    plan = _import(cast, types.ParsedPlan(source_text="1.甲。完成改造。", measures=(own,)))
    confirm_plan(plan.pk, by=None, now=NOW)
    assert Assignment.objects.get().department == cast.other_bureau


def test_a_clause_that_the_annexed_list_repeats_makes_no_second_task(cast: Cast) -> None:
    row = types.Row(
        category="类别",
        work="工作",
        text="完成改造。",
        span=(16, 21),
        units=(types.Unit("市工业和信息化局", "lead"),),
        clauses=(_clause("完成改造", 16, date(2024, 12, 31)),),
    )
    plan = _import(cast, _parsed(("市生态环境局", "lead"), rows=[row]))
    made = confirm_plan(plan.pk, by=cast.coordinator, now=NOW)
    assert (made.tasks, made.skipped) == (2, 1)
    assert Assignment.objects.get(task__text="完成改造").department == cast.other_bureau


def test_a_measure_without_a_unit_holds_up_confirming_until_it_has_one_or_is_waived(cast: Cast) -> None:
    doubt = types.Doubt("unit-missing", "没有责任单位", (0, 5))
    plan = _import(cast, _parsed(warnings=[doubt]))
    with pytest.raises(ConfirmRefused, match="没有责任单位"):
        confirm_plan(plan.pk, by=cast.coordinator, now=NOW)
    settling.add_unit(
        plan.measures.get().pk, department=cast.bureau, role="LEAD", by=cast.coordinator, now=NOW
    )
    assert confirm_plan(plan.pk, by=cast.coordinator, now=NOW).assignments == 2


@pytest.mark.parametrize("known", [True, False])
def test_the_unit_named_for_a_measure_answers_even_where_the_plan_waived_its_name(
    cast: Cast, known: bool
) -> None:
    doubt = types.Doubt("unit-missing", "没有责任单位", (0, 5))
    plan = _import(cast, _parsed(default=["市生态环境局"], warnings=[doubt]))
    if known:
        namesake = make_department(cast.city, "市生态环境局（旧）")
        settling.settle_unit(
            plan.units.get().pk, department=namesake, remember=False, by=cast.coordinator, now=NOW
        )
    else:
        settling.waive_unit(plan.units.get().pk, by=cast.coordinator, now=NOW)
    settling.add_unit(
        plan.measures.get().pk, department=cast.bureau, role="LEAD", by=cast.coordinator, now=NOW
    )
    confirm_plan(plan.pk, by=cast.coordinator, now=NOW)
    assert Assignment.objects.filter(department=cast.bureau, role="LEAD").count() == 2


def test_a_waived_measure_makes_no_task_of_nobodys(cast: Cast) -> None:
    plan = _import(cast, _parsed(warnings=[types.Doubt("unit-missing", "没有责任单位", (0, 5))]))
    settling.settle_doubt(Doubt.objects.get().pk, by=cast.coordinator, now=NOW)
    with pytest.raises(ConfirmRefused, match="没有一条子句"):
        confirm_plan(plan.pk, by=cast.coordinator, now=NOW)
    assert not Task.objects.exists()


def test_default_units_answer_where_a_measure_names_none(cast: Cast) -> None:
    doubt = types.Doubt("unit-missing", "没有责任单位", (0, 5))
    plan = _import(cast, _parsed(default=["市生态环境局"], warnings=[doubt]))
    assert confirm_plan(plan.pk, by=cast.coordinator, now=NOW).assignments == 2


def test_settling_a_unit_can_be_remembered_for_the_next_plan(cast: Cast) -> None:
    plan = _import(cast, _parsed(("环保局", "lead")))
    settling.settle_unit(
        plan.units.get().pk, department=cast.bureau, remember=True, by=cast.coordinator, now=NOW
    )
    other = types.ParsedPlan(source_text="另一份", default_units=(types.Unit("環保局", "lead"),))
    assert _import(cast, other).units.get().department == cast.bureau


def test_a_unit_cannot_be_settled_with_another_regions_department(cast: Cast) -> None:
    plan = _import(cast, _parsed(("环保局", "lead")))
    with pytest.raises(SettleRefused, match="本地区"):
        settling.settle_unit(
            plan.units.get().pk, department=cast.foreign_bureau, remember=False, by=cast.coordinator, now=NOW
        )
    assert plan.units.get().resolution == PlanUnit.Resolution.UNKNOWN


def test_creating_a_department_settles_the_unit_and_is_refused_twice(cast: Cast) -> None:
    plan = _import(cast, _parsed(("市攻坚办", "lead"), ("攻坚办", "support")))
    first, second = plan.units.order_by("pk")
    made = settling.create_department_for(
        first.pk, name="新乡市攻坚办公室", kind="BUREAU", by=cast.coordinator, now=NOW
    )
    assert plan.units.get(pk=first.pk).department == made
    with pytest.raises(SettleRefused, match="直接选择"):
        settling.create_department_for(
            second.pk, name="新乡市攻坚办公室", kind="BUREAU", by=cast.coordinator, now=NOW
        )


def test_editing_a_date_makes_an_ongoing_clause_a_deadline(cast: Cast) -> None:
    plan = _import(cast, _parsed(("市生态环境局", "lead")))
    first, second = Clause.objects.filter(measure__plan=plan).order_by("position")
    clauses.edit_clauses(
        {first.pk: (first.due_date, True), second.pk: (date(2025, 6, 30), False)},
        by=cast.coordinator,
        now=NOW,
    )
    confirm_plan(plan.pk, by=cast.coordinator, now=NOW)
    task = Task.objects.get()
    assert (task.text, task.kind, task.due_date) == ("加强监管", "deadline", date(2025, 6, 30))
    assert Clause.objects.get(pk=second.pk).is_due_edited


def test_a_live_plans_draft_cannot_be_edited(cast: Cast) -> None:
    plan = _import(cast, _parsed(("市生态环境局", "lead")))
    confirm_plan(plan.pk, by=cast.coordinator, now=NOW)
    clause = Clause.objects.filter(measure__plan=plan)[0]
    with pytest.raises(NotADraft):
        clauses.edit_clauses({clause.pk: (None, True)}, by=cast.coordinator, now=NOW)
    with pytest.raises(NotADraft):
        settling.waive_unit(plan.units.get().pk, by=cast.coordinator, now=NOW)


def test_departments_of_other_regions_never_receive_a_task(cast: Cast) -> None:
    make_department(make_region("郑州市"), "市财政局")
    plan = _import(cast, _parsed(("市财政局", "lead")))
    assert plan.units.get().department is None
    assert Department.objects.in_region(cast.city).filter(name="市财政局").count() == 0
