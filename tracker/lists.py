"""The lists of work as tables to take away. Which rows a person sees is decided where the pages decide it."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from itertools import islice
from typing import Any

from django.db.models import Case, F, IntegerField, OuterRef, Subquery, Value, When
from django.http import Http404, QueryDict

from accounts.models import Department, Region, User
from accounts.tables import Coded, Column, Kind, Lit, Table, index, listed, rows_of
from tracker import collectives, dashboards, roundtrip
from tracker.clock import day_of
from tracker.dashboards import Tally
from tracker.forms.ledger import LedgerFilter
from tracker.models import Assignment, Measure, Plan, ProgressReport
from tracker.models.assignments import AssignmentQuerySet
from tracker.models.reports import with_newest_report
from tracker.permissions import (
    can_see_overview,
    get_collective_for,
    get_plan_for,
    get_reporting_unit_for,
    get_unit_for,
    reportable_assignments,
    visible_assignments,
    visible_plans,
)
from tracker.roundtrip import Mark
from tracker.workflow import Light, Role, Status, WorkState, label_of

KEY_CHUNK = 900  # keys in one question; SQLite allows about a thousand


class _Names:
    """Names by key and the words of choices, each asked for once and not anew for every row."""

    def __init__(self) -> None:
        self.plans = dict(Plan.objects.values_list("pk", "title"))
        self.units = dict(Department.objects.values_list("pk", "name"))
        self.regions = dict(Region.objects.values_list("pk", "name"))
        # Not before the first row wants them: only then the language is the file's.
        self.role = cache(lambda role: Coded(role, label_of(Role, role)))
        self.status = cache(lambda status: Coded(status, label_of(Status, status)))
        self._lit = cache(_lit)

    def lit(self, row: Assignment, today: date) -> Lit:
        return self._lit(row.light_on(today), row.status)


def _lit(light: Light, status: str) -> Lit:
    """A light in words; of what is out of force, its status."""
    word = label_of(Status, status) if status in Status.out_of_force else str(light.label)
    return Lit(light.value, light.shape, word)


def _day(moment: Any) -> date | None:
    return day_of(moment) if moment else None


def _assignment_columns(today: date) -> tuple[Column, ...]:
    """The ledger as an office prints it; what is for looking things up, and for machines, comes last."""
    names = _Names()
    return (
        index(),
        Column("light", "灯", lambda row: names.lit(row, today), Kind.LIGHT, width=9),
        Column("plan", "方案", lambda row: names.plans.get(row.plan_id, ""), width=26),
        Column("number", "编号", lambda row: row.task.number, width=12),
        Column("text", "任务内容", lambda row: row.task.text, width=48),
        Column("unit", "责任单位", lambda row: names.units.get(row.department_id, ""), width=20),
        Column("role", "角色", lambda row: names.role(row.role), Kind.CODED, width=6),
        Column("status", "状态", lambda row: names.status(row.status), Kind.CODED, width=9),
        Column("due_date", "完成时限", lambda row: row.due_date, Kind.DATE, width=12),
        Column("days_late", "逾期天数", lambda row: row.days_late(today) or None, Kind.NUMBER, width=7),
        Column("percent", "进度", lambda row: row.percent, Kind.PERCENT, width=7),
        Column("last_note", "最近进展", lambda row: row.last_note or "", width=36),
        Column("last_reported_on", "最近填报", lambda row: _day(row.last_reported_at), Kind.DATE, width=12),
        Column("region", "地区", lambda row: names.regions[row.region_id], width=10, is_printed=False),
        Column("via", "所属统称", lambda row: names.units.get(row.via_id, ""), width=18, is_printed=False),
        Column("first_due_date", "首定时限", lambda row: row.first_due_date, Kind.DATE, 12, False),
        Column("extension_count", "延期次数", lambda row: row.extension_count, Kind.NUMBER, 7, False),
        Column("given_out_on", "下达日期", lambda row: _day(row.created_at), Kind.DATE, 12, False),
        Column("closed_on", "办结日期", lambda row: _day(row.closed_at), Kind.DATE, 12, False),
        # By these a file that comes back is compared with what was taken away.
        Column("id", "标识", lambda row: row.pk, Kind.NUMBER, 10, False, True),
        Column("version", "版本", lambda row: row.version, Kind.NUMBER, 8, False, True),
        Column("exported_percent", "导出时进度", lambda row: row.percent, Kind.PERCENT, 10, False, True),
    )


def _with_notes(rows: AssignmentQuerySet) -> AssignmentQuerySet:
    """With what each row prints: its task, and the words of the newest report that stands."""
    reports = (
        ProgressReport.objects.standing().filter(assignment=OuterRef("pk")).order_by("-created_at", "-pk")
    )
    return rows.annotate(last_note=Subquery(reports.values("note")[:1])).select_related("task")


def _assignments(title: str, name: str, rows: AssignmentQuerySet, today: date) -> Table:
    return Table(title, name, _assignment_columns(today), rows_of(_with_notes(rows)), rows.count())


@listed("ledger")
def ledger_table(user: User, asked: QueryDict, pk: int | None, today: date) -> Table:
    """台账, with what the address narrows it by."""
    return _assignments("任务清单台账", "ledger", LedgerFilter(asked, user=user, today=today).rows, today)


@listed("overdue")
def overdue_table(user: User, asked: QueryDict, pk: int | None, today: date) -> Table:
    """逾期清单: by unit, the latest first."""
    if not can_see_overview(user):
        raise Http404
    assignments = visible_assignments(user)
    units = [line.department for line in dashboards.units(assignments, today) if line.overdue]
    place = {unit: number for number, unit in enumerate(units)}
    found = assignments.overdue(today).values_list("department", "due_date", "pk")
    keys = [pk for _unit, _due, pk in sorted(found, key=lambda row: (place.get(row[0], -1), *row[1:]))]
    return Table("逾期清单", "overdue", _assignment_columns(today), _in_order(assignments, keys), len(keys))


def _in_order(assignments: AssignmentQuerySet, keys: Sequence[int]) -> Iterator[Assignment]:
    """These rows in this order."""
    for first in range(0, len(keys), KEY_CHUNK):
        part = keys[first : first + KEY_CHUNK]
        rows = {row.pk: row for row in _with_notes(assignments.filter(pk__in=part))}
        yield from (rows[key] for key in part if key in rows)


@listed("my_work")
def my_work_table(user: User, asked: QueryDict, pk: int | None, today: date) -> Table:
    """我的任务: the unit's unfinished shares, in the groups of the page and their order."""
    if not user.is_unit_person:
        raise Http404
    place = Case(
        *(When(work_state=state.value, then=Value(number)) for number, state in enumerate(WorkState)),
        output_field=IntegerField(),
    )
    rows = visible_assignments(user).in_force().open().with_work_state(today)
    rows = rows.order_by(place, F("due_date").asc(nulls_last=True), "pk")
    waits = Column("work_state", "办理情况", _work_state, Kind.CODED, width=11)
    columns = _assignment_columns(today)
    columns = (columns[0], waits, *columns[1:])
    return Table("我的任务", "my-work", columns, rows_of(_with_notes(rows)), rows.count())


def _work_state(row: Assignment) -> Coded:
    state = WorkState(row.work_state)
    return Coded(state.value, str(state.label))


def _tally_columns(get: Any) -> tuple[Column, ...]:
    """The four figures of a plan or a measure, and what part of it is done."""
    return (
        Column("tasks", "任务", lambda row: get(row).tasks, Kind.NUMBER, width=8),
        Column("total", "责任", lambda row: get(row).total, Kind.NUMBER, width=8),
        Column("overdue", "逾期", lambda row: get(row).overdue, Kind.NUMBER, width=8),
        Column("closed", "办结", lambda row: get(row).closed, Kind.NUMBER, width=8),
        Column("closed_rate", "办结率", lambda row: get(row).closed_rate, Kind.PERCENT, width=8),
    )


_PLANS = (
    index(),
    Column("plan", "方案", lambda row: row[0].title, width=50),
    Column("document_number", "文号", lambda row: row[0].document_number, width=22),
    Column("region", "地区", lambda row: row[0].region.name, width=12),
    Column("issued_on", "成文日期", lambda row: row[0].issued_on, Kind.DATE, width=12),
    Column(
        "status", "状态", lambda row: Coded(row[0].status, row[0].get_status_display()), Kind.CODED, width=9
    ),
    *_tally_columns(lambda row: row[1]),
)


def _plan_lines(plans: Any, assignments: AssignmentQuerySet, today: date) -> Iterator[tuple[Plan, Tally]]:
    found = rows_of(plans.select_related("region"))
    while part := list(islice(found, KEY_CHUNK)):
        yield from dashboards.plan_tallies(part, assignments, today)


@listed("plans")
def plans_table(user: User, asked: QueryDict, pk: int | None, today: date) -> Table:
    """方案, the newest first."""
    plans = visible_plans(user).without_source().newest_first()
    lines = _plan_lines(plans, visible_assignments(user), today)
    return Table("方案", "plans", _PLANS, lines, plans.count())


@listed("unit")
def unit_table(user: User, asked: QueryDict, pk: int | None, today: date) -> Table:
    """One unit, plan by plan."""
    unit = get_unit_for(user, pk or 0)
    assignments = visible_assignments(user).for_department(unit)
    plans = Plan.objects.in_use(assignments.in_force()).with_work(assignments).without_source().newest_first()
    lines = _plan_lines(plans, assignments, today)
    return Table(f"{unit.name}任务情况", "unit", _PLANS, lines, plans.count())


_MEASURES = (
    index(),
    Column("path", "所属章节", lambda row: " / ".join(row[0].path), width=36),
    Column("measure", "条目", lambda row: str(row[0]), width=50),
    *_tally_columns(lambda row: row[1]),
)


@listed("plan")
def plan_table(user: User, asked: QueryDict, pk: int | None, today: date) -> Table:
    """One plan, measure by measure."""
    plan = get_plan_for(user, pk or 0)
    sections = dashboards.plan_sections(plan, visible_assignments(user), today)
    lines: list[tuple[Measure, Tally]] = [line for section in sections for line in section.measures]
    return Table(plan.title, "plan", _MEASURES, lines, len(lines))


def _figures_light(row: collectives.MemberLine) -> Lit | None:
    light = row.figures.light
    return Lit(light.value, light.shape, str(light.label)) if row.figures.total else None


_MEMBERS = (
    index(),
    Column("unit", "单位", lambda row: row.department.name, width=30),
    Column("is_member", "现为成员", lambda row: row.is_member, Kind.FLAG, width=10),
    Column("light", "灯", _figures_light, Kind.LIGHT, width=10),
    Column("total", "责任", lambda row: row.figures.total, Kind.NUMBER, width=8),
    Column("unsigned", "未签收", lambda row: row.figures.unsigned, Kind.NUMBER, width=8),
    Column("never_reported", "从未填报", lambda row: row.figures.never_reported, Kind.NUMBER, width=10),
    Column("overdue", "逾期", lambda row: row.figures.overdue, Kind.NUMBER, width=8),
    Column("closed", "办结", lambda row: row.figures.closed, Kind.NUMBER, width=8),
)


@listed("collective")
def collective_table(user: User, asked: QueryDict, pk: int | None, today: date) -> Table:
    """One collective, unit by unit."""
    found = get_collective_for(user, pk or 0)
    lines = collectives.member_lines(found, visible_assignments(user), today)
    return Table(f"{found.name}成员任务情况", "collective", _MEMBERS, lines, len(lines))


def _report_sheet_columns(today: date) -> tuple[Column, ...]:
    """What a person reads to report, and the two columns to fill in."""
    names = _Names()
    return (
        index(),
        Column("light", "灯", lambda row: names.lit(row, today), Kind.LIGHT, width=9),
        Column("plan", roundtrip.PLAN, lambda row: names.plans.get(row.plan_id, ""), width=22),
        Column("number", roundtrip.NUMBER, lambda row: row.task.number, width=10),
        Column("text", roundtrip.TEXT, lambda row: row.task.text, width=40),
        Column("role", "角色", lambda row: names.role(row.role), Kind.CODED, width=6),
        Column("due_date", roundtrip.DUE, lambda row: row.due_date, Kind.DATE, width=12),
        Column("percent", "现进度", lambda row: row.percent, Kind.PERCENT, width=7),
        Column("newest_note", "最近进展", lambda row: row.newest_note or "", width=26),
        Column("new_percent", roundtrip.PERCENT, lambda row: None, Kind.PERCENT, 10, is_input=True),
        Column("new_note", roundtrip.NOTE, lambda row: None, width=40, is_input=True),
        Column("mark", roundtrip.MARK, _mark, width=12, is_printed=False, is_hidden=True),
    )


def _mark(row: Assignment) -> str:
    return Mark(row.pk, row.department_id, row.percent, row.newest_report or 0).signed()


@listed("report_sheet")
def report_sheet_table(user: User, asked: QueryDict, pk: int | None, today: date) -> Table:
    """填报表: what a unit may report on, to be filled in without network and brought back."""
    unit = get_reporting_unit_for(user, pk or 0)
    shares = reportable_assignments(user, unit).with_unit().by_urgency()
    rows = with_newest_report(shares).select_related("task")
    return Table(
        f"{unit.name}填报表", "report-sheet", _report_sheet_columns(today), rows_of(rows), rows.count()
    )
