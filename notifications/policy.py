"""Which reminders an assignment calls for today. Pure: facts and `today` in, decisions with reasons out.

Source: design section 4 "Reminder stages". A stage is due when its day has come and the ledger does not have
it, never because today is exactly n days before something; so a day on which nothing ran loses nothing.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from dateutil.relativedelta import relativedelta

from notifications.workdays import WorkingCalendar, zh_date
from tracker import progress
from tracker.workflow import SILENT_MONTHS, Status


class Audience(StrEnum):
    """Who is told: the unit's people, or the region's coordinators, or its leaders."""

    UNIT = "UNIT"
    COORDINATOR = "COORDINATOR"
    LEADER = "LEADER"


class Kind(StrEnum):
    """What a reminder is about. A stage is a kind with its number: BEFORE_7, OVERDUE_15, NEW_0."""

    NEW = "NEW"
    UNSIGNED = "UNSIGNED"
    NO_REPORT = "NO_REPORT"
    RETURNED = "RETURNED"
    INSTRUCTED = "INSTRUCTED"
    NUDGED = "NUDGED"
    BEFORE = "BEFORE"
    OVERDUE = "OVERDUE"
    NODE = "NODE"
    NODE_LATE = "NODE_LATE"
    SILENT = "SILENT"
    REVIEW = "REVIEW"
    EXTENSION = "EXTENSION"
    ANSWERED = "ANSWERED"
    ESCALATE = "ESCALATE"
    ESCALATE_LEADER = "ESCALATE_LEADER"


STAGE_LABELS = {
    Kind.NEW: "新下达",
    Kind.UNSIGNED: "下达{n}个工作日未签收",
    Kind.NO_REPORT: "下达{n}个工作日未填报",
    Kind.RETURNED: "退回",
    Kind.INSTRUCTED: "第{n}次领导批示",
    Kind.NUDGED: "第{n}次催办",
    Kind.BEFORE: "到期前{n}天",
    Kind.OVERDUE: "逾期第{n}天",
    Kind.NODE: "节点前{n}天",
    Kind.NODE_LATE: "节点已过，进度未达到",
    Kind.SILENT: "{n}个月未填报",
    Kind.REVIEW: "待审核{n}个工作日",
    Kind.EXTENSION: "延期申请待审批{n}个工作日",
    Kind.ANSWERED: "延期申请已审批",
    Kind.ESCALATE: "逾期{n}个工作日，报督办员",
    Kind.ESCALATE_LEADER: "逾期{n}个工作日，报领导",
}
LABELS_AT_ZERO = {"BEFORE_0": "到期当天", "NODE_0": "节点当天", "EXTENSION_0": "延期申请待审批"}


def stage_label(stage: str) -> str:
    """A stage code in words: BEFORE_7 is 到期前7天, BEFORE_0 is 到期当天."""
    kind, _, number = stage.rpartition("_")
    if stage in LABELS_AT_ZERO:
        return LABELS_AT_ZERO[stage]
    return STAGE_LABELS[Kind(kind)].format(n=number)


# For how long an answer is news, should nothing have run on its day.
NEWS = timedelta(days=60)


@dataclass(frozen=True)
class AssignmentFacts:
    """All that the decision needs to know of one assignment. Days are local (Asia/Shanghai)."""

    id: int
    status: str
    due_date: date | None
    created_on: date
    signed_on: date | None = None
    last_reported_on: date | None = None
    handed_in_on: date | None = None
    returned_on: date | None = None
    # The last instruction and the last nudge as long as the unit has not answered them (to the minute, which
    # days cannot tell: Assignment.is_nudge_unanswered), and how many there were; two may be of one day.
    instructed_on: date | None = None
    instruction_count: int = 0
    nudged_on: date | None = None
    nudge_count: int = 0
    # Since when a request for more time waits for an answer.
    extension_asked_on: date | None = None
    # The last answer to such a request, how many there were on its day, and what it grants; None for refused.
    extension_answered_on: date | None = None
    extension_answers: int = 0
    extended_to: date | None = None
    # How far the unit says it is, and the task's nodes in the order of their days.
    percent: int = 0
    nodes: tuple[progress.Step, ...] = ()


@dataclass(frozen=True)
class Policy:
    """When to remind. The defaults are those of design section 4; ReminderPolicy keeps others."""

    before: tuple[int, ...] = (30, 15, 7, 3, 1, 0)  # days before the due date
    overdue_first: int = 1  # days after it
    overdue_repeat: int = 7  # and every so many days from then on, for ever
    node_before: tuple[int, ...] = (3, 0)  # days before a node that the unit has not reached
    unsigned_after: int = 1  # working days
    first_report_after: int | None = None  # working days after it was given out without any report
    review_after: int = 3  # working days
    review_repeat: int = 5  # and every so many working days, so that nothing handed in is forgotten
    # A request for more time is told at once, then as a review is: it waits for the same person.
    escalate_after: int = 3  # working days overdue, to the coordinator
    escalate_leader_after: int = 10  # working days overdue, to the leader
    silent_months: int = SILENT_MONTHS  # without a report or a due date; and every so many months

    @property
    def horizon(self) -> timedelta:
        """How far ahead a due date can call for a reminder. Two weeks more than the first offset, because
        a stage on a rest day moves to before the holiday, and no holiday is longer than that.
        """
        return timedelta(days=max(self.before, default=0) + 14)

    @property
    def node_horizon(self) -> timedelta:
        """The same for the date of a node."""
        return timedelta(days=max(self.node_before, default=0) + 14)


DEFAULT_POLICY = Policy()
# "13710" (design section 1): sign within 1 day, first report within 3, result within 7 days or one month, and
# chased every working day until nothing is left. Reviewers and coordinators get no more time than units.
POLICY_13710 = replace(
    DEFAULT_POLICY,
    before=(30, 7, 3, 1, 0),
    overdue_repeat=1,
    first_report_after=3,
    review_after=1,
    review_repeat=1,
    escalate_after=1,
    escalate_leader_after=3,
    silent_months=1,
)
PRESETS = {"default": DEFAULT_POLICY, "13710": POLICY_13710}


@dataclass(frozen=True)
class Policies:
    """Whose policy is whose. The nearest applies: the plan's, else the region's, else the default.

    A region below does not inherit: it gives out and chases its own work.
    """

    by_plan: Mapping[int, Policy] = field(default_factory=dict)
    by_region: Mapping[int, Policy] = field(default_factory=dict)
    default: Policy = DEFAULT_POLICY

    def of(self, plan_id: int | None, region_id: int) -> Policy:
        if plan_id is not None and plan_id in self.by_plan:
            return self.by_plan[plan_id]
        return self.by_region.get(region_id, self.default)

    @property
    def all(self) -> tuple[Policy, ...]:
        return (self.default, *self.by_region.values(), *self.by_plan.values())


@dataclass(frozen=True)
class Due:
    """One reminder that is to go out now, why, and the earlier stages that it makes pointless."""

    stage: str
    kind: Kind
    audience: Audience
    occasion_date: date
    reason_zh: str
    superseded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A stage of a ladder and the day on which it comes."""

    stage: str
    kind: Kind
    day: date


@dataclass(frozen=True)
class Ladder:
    """Stages for one audience about one occasion, in order; only the last that has come is ever sent."""

    audience: Audience
    occasion_date: date
    steps: tuple[Step, ...]


# Audience, stage, occasion date: what the ledger knows a reminder of one assignment by.
Key = tuple[str, str, date]


def stages_due(
    facts: AssignmentFacts,
    policy: Policy,
    calendar: WorkingCalendar,
    today: date,
    already: AbstractSet[Key],
) -> list[Due]:
    """The reminders this assignment calls for today, at most one of each ladder.

    `already` holds what the ledger has. Give one recipient's own rows: a new colleague has none, and is told
    where things stand now.
    """
    ladders = _ladders(facts, policy, calendar, today)
    found = (_nearest(ladder, facts, calendar, today, already) for ladder in ladders)
    return [due for due in found if due is not None]


def _nearest(
    ladder: Ladder, facts: AssignmentFacts, calendar: WorkingCalendar, today: date, already: AbstractSet[Key]
) -> Due | None:
    """The last stage whose day has come, unless it went out before. What it overtakes is named, not sent."""
    come = [step for step in ladder.steps if step.day <= today]
    if not come:
        return None
    *earlier, last = come
    if last.kind in (Kind.BEFORE, Kind.NODE) and today > ladder.occasion_date:
        # Too late to say "soon", too early (a rest day) to say "overdue": the next stage says it all.
        return None
    if (ladder.audience, last.stage, ladder.occasion_date) in already:
        return None
    return Due(
        stage=last.stage,
        kind=last.kind,
        audience=ladder.audience,
        occasion_date=ladder.occasion_date,
        reason_zh=_reason(last, facts, calendar, today, ladder.occasion_date),
        superseded=tuple(
            step.stage
            for step in earlier
            # A stage from before the assignment existed was not missed, there was nobody to miss it.
            if step.day >= facts.created_on
            and (ladder.audience, step.stage, ladder.occasion_date) not in already
        ),
    )


def _ladders(
    facts: AssignmentFacts, policy: Policy, calendar: WorkingCalendar, today: date
) -> Iterator[Ladder]:
    """The ladders an assignment stands on in its present state; none once it is suspended or closed."""
    if facts.status == Status.SUBMITTED and facts.handed_in_on is not None:
        # The clock has changed hands: nothing to the unit, the reviewer is reminded.
        steps = _waiting_steps(Kind.REVIEW, facts.handed_in_on, policy, calendar, today)
        yield Ladder(Audience.COORDINATOR, facts.handed_in_on, tuple(steps))
    if facts.status in Status.open and facts.extension_asked_on is not None:
        asked_on = facts.extension_asked_on
        at_once = Step("EXTENSION_0", Kind.EXTENSION, asked_on)
        later = _waiting_steps(Kind.EXTENSION, asked_on, policy, calendar, today)
        yield Ladder(Audience.COORDINATOR, asked_on, (at_once, *later))
    if facts.status not in Status.with_unit:
        return
    if start := tuple(_start_steps(facts, policy, calendar)):
        yield Ladder(Audience.UNIT, facts.created_on, start)
    returned_on = facts.returned_on
    if facts.status != Status.PENDING and returned_on is not None and _waits_since(returned_on, facts):
        yield Ladder(Audience.UNIT, returned_on, (Step("RETURNED_0", Kind.RETURNED, returned_on),))
    for kind, day, count in (
        (Kind.INSTRUCTED, facts.instructed_on, facts.instruction_count),
        (Kind.NUDGED, facts.nudged_on, facts.nudge_count),
    ):
        if day is not None:
            yield Ladder(Audience.UNIT, day, (Step(f"{kind}_{count}", kind, day),))
    answered_on = facts.extension_answered_on
    if answered_on is not None and today - answered_on <= NEWS:
        step = Step(f"{Kind.ANSWERED}_{facts.extension_answers}", Kind.ANSWERED, answered_on)
        yield Ladder(Audience.UNIT, answered_on, (step,))
    yield from _node_ladders(facts, policy, calendar, today)
    if facts.due_date is None:
        since = _last_activity(facts)
        yield Ladder(Audience.UNIT, since, tuple(_silence_steps(since, policy, calendar, today)))
        return
    if facts.due_date > today + policy.horizon:
        return  # no stage has come; and a date at the end of the calendar has no day after it to compute
    yield Ladder(Audience.UNIT, facts.due_date, _due_steps(facts.due_date, policy, calendar, today))
    # Nobody can be late with what was not yet theirs: a task given out overdue escalates from that day.
    late_from = max(facts.due_date, facts.created_on)
    for audience, kind, count in (
        (Audience.COORDINATOR, Kind.ESCALATE, policy.escalate_after),
        (Audience.LEADER, Kind.ESCALATE_LEADER, policy.escalate_leader_after),
    ):
        step = Step(f"{kind}_{count}", kind, _working_day_after(late_from, count, calendar))
        yield Ladder(audience, facts.due_date, (step,))


def _start_steps(facts: AssignmentFacts, policy: Policy, calendar: WorkingCalendar) -> list[Step]:
    """Given out, not signed for, not reported on: the first steps of a unit that has not taken them yet."""
    given_on, steps = facts.created_on, []
    if facts.status == Status.PENDING:
        unsigned_day = calendar.add_working_days(given_on, policy.unsigned_after)
        steps.append(Step("NEW_0", Kind.NEW, given_on))
        steps.append(Step(f"UNSIGNED_{policy.unsigned_after}", Kind.UNSIGNED, unsigned_day))
    days = policy.first_report_after
    if days is not None and facts.last_reported_on is None and facts.handed_in_on is None:
        report_day = calendar.add_working_days(given_on, days)
        steps.append(Step(f"NO_REPORT_{days}", Kind.NO_REPORT, report_day))
    return sorted(steps, key=lambda step: step.day)


def _node_ladders(
    facts: AssignmentFacts, policy: Policy, calendar: WorkingCalendar, today: date
) -> Iterator[Ladder]:
    """The next node that is not reached yet, and the last one that passed so: of several, it says it all.

    Nodes from the due date on say nothing, the due date itself does (tracker/progress.py); and nobody has
    missed a node that passed before the work was given to them.
    """
    unmet = [
        node
        for node in facts.nodes
        if node.percent > facts.percent
        and facts.created_on < node.day
        and (facts.due_date is None or node.day < facts.due_date)
    ]
    passed = [node.day for node in unmet if node.day < today]
    coming = [node.day for node in unmet if today <= node.day <= today + policy.node_horizon]
    for day in (*passed[-1:], *coming[:1]):
        steps = [
            Step(f"NODE_{days}", Kind.NODE, calendar.on_or_before(day - timedelta(days=days)))
            for days in sorted(policy.node_before, reverse=True)
        ]
        late = Step("NODE_LATE_1", Kind.NODE_LATE, _overdue_day(day, 1, calendar))
        yield Ladder(Audience.UNIT, day, (*steps, late))


# Thousands of assignments share a due date: both are remembered for as long as a run may need them.
@lru_cache(maxsize=4096)
def _working_day_after(day: date, count: int, calendar: WorkingCalendar) -> date:
    return calendar.add_working_days(day, count)


@lru_cache(maxsize=4096)
def _due_steps(due_date: date, policy: Policy, calendar: WorkingCalendar, today: date) -> tuple[Step, ...]:
    before = (
        Step(f"BEFORE_{days}", Kind.BEFORE, calendar.on_or_before(due_date - timedelta(days=days)))
        for days in sorted(policy.before, reverse=True)
    )
    first, repeat = policy.overdue_first, policy.overdue_repeat
    overdue = [Step(f"OVERDUE_{first}", Kind.OVERDUE, _overdue_day(due_date, first, calendar))]
    # Of the endless row of repeats only the latest can matter. One that falls in a holiday comes before it,
    # so those of the two weeks ahead are looked at too.
    passed = max(0, ((today - due_date).days - first) // repeat)
    numbers = [first + count * repeat for count in range(max(1, passed), passed + 14 // repeat + 2)]
    come = [n for n in numbers if _overdue_day(due_date, n, calendar) <= today]
    if come:
        overdue.append(Step(f"OVERDUE_{come[-1]}", Kind.OVERDUE, _overdue_day(due_date, come[-1], calendar)))
    return (*before, *overdue)


def _overdue_day(due_date: date, days: int, calendar: WorkingCalendar) -> date:
    """The working day on which "overdue by n days" goes out: before a rest day, but never on or before the
    due date itself, when it would not be true.
    """
    day = calendar.on_or_before(due_date + timedelta(days=days))
    return day if day > due_date else calendar.on_or_after(due_date + timedelta(days=days))


def _silence_steps(since: date, policy: Policy, calendar: WorkingCalendar, today: date) -> Iterator[Step]:
    """The latest quarter of silence that has come; it repeats for as long as nothing is reported."""
    months = policy.silent_months
    elapsed = relativedelta(today, since)
    passed = (elapsed.years * 12 + elapsed.months) // months
    for count in (passed, passed + 1):
        day = calendar.on_or_before(since + relativedelta(months=count * months))
        if count > 0 and day <= today:
            yield Step(f"SILENT_{count * months}", Kind.SILENT, day)


def _waiting_steps(
    kind: Kind, since: date, policy: Policy, calendar: WorkingCalendar, today: date
) -> Iterator[Step]:
    """The latest reminder to the coordinator that has come, of what waits for an answer since that day."""
    extra = calendar.working_days_since(since, today) - policy.review_after
    if extra >= 0:
        days = policy.review_after + extra // policy.review_repeat * policy.review_repeat
        yield Step(f"{kind}_{days}", kind, calendar.add_working_days(since, days))


def _waits_since(returned_on: date, facts: AssignmentFacts) -> bool:
    """Whether the unit has neither reported nor handed in after the day of the return."""
    return all(day is None or day <= returned_on for day in (facts.last_reported_on, facts.handed_in_on))


def _last_activity(facts: AssignmentFacts) -> date:
    days = (facts.created_on, facts.signed_on, facts.last_reported_on, facts.returned_on)
    return max(day for day in days if day is not None)


def _reason(
    step: Step, facts: AssignmentFacts, calendar: WorkingCalendar, today: date, occasion_date: date
) -> str:
    """Why this goes out, in words true today, however late the stage itself is being sent."""
    days = (today - occasion_date).days
    match step.kind:
        case Kind.NEW:
            return "新下达任务，请签收"
        case Kind.UNSIGNED:
            return f"{zh_date(occasion_date)}下达，尚未签收"
        case Kind.NO_REPORT:
            return f"{zh_date(occasion_date)}下达，尚未填报进展"
        case Kind.NODE | Kind.NODE_LATE:
            wanted = next(node.percent for node in facts.nodes if node.day == occasion_date)
            word = "节点已过" if days > 0 else "节点临近"
            return f"{word}：{zh_date(occasion_date)}应完成{wanted}%，现为{facts.percent}%"
        case Kind.RETURNED:
            return f"{zh_date(occasion_date)}被退回或重新开启，请继续办理"
        case Kind.INSTRUCTED:
            return f"{zh_date(occasion_date)}领导批示，请查看并落实"
        case Kind.NUDGED:
            times = f"第{facts.nudge_count}次" if facts.nudge_count > 1 else ""
            return f"{zh_date(occasion_date)}{times}催办，请尽快办理并填报"
        case Kind.EXTENSION:
            waited = calendar.working_days_since(occasion_date, today)
            waits = f"待审批{waited}个工作日" if waited else "请审批"
            return f"{zh_date(occasion_date)}申请延期，{waits}"
        case Kind.ANSWERED if facts.extended_to is not None:
            return f"{zh_date(occasion_date)}批准延期至{zh_date(facts.extended_to)}"
        case Kind.ANSWERED:
            return f"{zh_date(occasion_date)}未批准延期，请按原时限办理"
        case Kind.BEFORE if days == 0:
            return "今天到期"
        case Kind.BEFORE:
            return f"还有{-days}天到期"
        case Kind.OVERDUE:
            return f"逾期{days}天"
        case Kind.SILENT:
            return f"无明确期限，{zh_date(occasion_date)}以来{days}天未填报进展"
        case Kind.REVIEW:
            waited = calendar.working_days_since(occasion_date, today)
            return f"{zh_date(occasion_date)}提交，待审核{waited}个工作日"
        case _:
            return f"逾期{days}天，责任单位{'尚未签收' if facts.status == Status.PENDING else '仍在办理'}"
