"""One task: where it comes from, who answers for it, and what has happened."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import uuid4

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import render

from accounts.models import User
from accounts.requests import SignedInRequest
from tracker import clock, collectives, dashboards, filings
from tracker.models import Assignment, Evidence, ExtensionRequest, Task, TaskEvent
from tracker.permissions import (
    belongs_to_unit,
    can_ask_extension,
    can_ask_filing,
    can_decide_extension,
    can_end_series,
    can_instruct,
    can_move,
    can_nudge,
    can_read_words,
    can_withdraw,
    get_task_for,
    visible_assignments,
    visible_extensions,
    visible_filing_requests,
    visible_reports,
    visible_tasks,
)
from tracker.views.figures import node_table, target_panels
from tracker.workflow import Move, Role, Status

INSTRUCTIONS_SHOWN = 20  # the older ones stand in the history


@dataclass(frozen=True, slots=True)
class Share:
    """One unit's line on the page, with what this person may do about it."""

    assignment: Assignment
    is_own: bool
    moves: list[Move]
    open_request: ExtensionRequest | None
    may_ask: bool
    may_decide: bool
    lacks_evidence: bool
    passed_on_to: Assignment | None
    may_nudge: bool
    expected: int | None

    @property
    def can_report(self) -> bool:
        return Move.REPORT in self.moves

    @property
    def can_reassign(self) -> bool:
        return Move.REASSIGN in self.moves

    @property
    def plain(self) -> list[Move]:
        """Moves made with one press; handing in is one only when all is reported as done, and shown."""
        is_done = self.assignment.percent == 100 and self.assignment.last_reported_at is not None
        is_done = is_done and not self.lacks_evidence
        allowed = [Move.SIGN, Move.APPROVE, *([Move.SUBMIT] if is_done else [])]
        return [move for move in self.moves if move in allowed]

    @property
    def reasoned(self) -> list[Move]:
        """Moves with a reason that the share's status calls for."""
        return [move for move in self.moves if move in (Move.RETURN, Move.RESUME, Move.REOPEN)]

    @property
    def rare(self) -> list[Move]:
        """Moves with a reason that take the work away; they are folded."""
        return [move for move in self.moves if move in (Move.SUSPEND, Move.WAIVE)]


def _share(
    user: User,
    assignment: Assignment,
    requests: Iterable[ExtensionRequest],
    successors: Mapping[int | None, Assignment],
    expected: int | None,
    *,
    lacks_evidence: bool,
) -> Share:
    waiting = (asked for asked in requests if asked.is_open and asked.assignment_id == assignment.pk)
    open_request = next(waiting, None)
    return Share(
        assignment,
        is_own=belongs_to_unit(user, assignment),
        moves=[move for move in Move if can_move(user, assignment, move)],
        open_request=open_request,
        may_ask=open_request is None and can_ask_extension(user, assignment),
        may_decide=open_request is not None and can_decide_extension(user, open_request),
        lacks_evidence=lacks_evidence,
        passed_on_to=successors.get(assignment.pk),
        may_nudge=can_nudge(user, assignment),
        expected=expected if assignment.status in Status.with_unit else None,
    )


def _periods(user: User, task: Task) -> list[dashboards.PeriodLine]:
    """The newest periods of the task's series that the person may see."""
    if task.series is None:
        return []
    newest = visible_tasks(user).of_series_newest_first(task.series)[: dashboards.PERIODS_SHOWN]
    return dashboards.series_periods(newest, visible_assignments(user), clock.today())


def _by_strength(assignment: Assignment) -> tuple[bool, int, str, int]:
    """Who answers comes first, in the order of the roles; who no longer does comes last."""
    strength = Role.values.index(assignment.role)
    return not assignment.is_in_force, strength, assignment.department.short_name, assignment.pk


def task(request: SignedInRequest, pk: int) -> HttpResponse:
    """The page of a task, with only the actions this person may take."""
    found = get_task_for(request.user, pk)
    assignments = sorted(found.assignments.for_page(), key=_by_strength)
    requests = list(visible_extensions(request.user).of_task(found).newest_first())
    reports = (
        visible_reports(request.user, found)
        .newest_first()
        .prefetch_related(Prefetch("evidence", queryset=Evidence.objects.with_origin()))
    )
    successors = {assignment.taken_over_from_id: assignment for assignment in assignments}
    shown = {report.assignment_id for report in reports if not report.is_withdrawn and report.evidence.all()}
    asks_evidence = found.plan.asks_evidence
    events: list[tuple[TaskEvent, bool]] = [
        (event, can_read_words(request.user, event)) for event in found.events.newest_first()
    ]
    today = clock.today()
    nodes = list(found.nodes.in_order())
    expected = {row.pk: row.expected_percent(today, [node.step for node in nodes]) for row in assignments}
    shares = [
        _share(
            request.user,
            assignment,
            requests,
            successors,
            expected[assignment.pk],
            lacks_evidence=asks_evidence and assignment.pk not in shown,
        )
        for assignment in assignments
    ]
    context = {
        "today": today,
        "task": found,
        "shares": shares,
        "own_shares": [share for share in shares if share.is_own],
        "other_shares": [share for share in shares if not share.is_own],
        "in_force": sum(assignment.is_in_force for assignment in assignments),
        "instructions": list(found.instructions.newest_first()[:INSTRUCTIONS_SHOWN])
        if found.instruction_count
        else [],
        "may_instruct": can_instruct(request.user, found),
        "form_key": uuid4(),  # of whichever form on the page is sent: one nudge of each share
        "nodes": node_table(request.user, found, nodes, assignments, today),
        "targets": target_panels(request.user, found, assignments, today),
        "collectives": collectives.summaries(assignments, today),
        "filings": filings.progress(visible_filing_requests(request.user).of_task(found), assignments),
        "may_ask_filing": can_ask_filing(request.user, found),
        "requests": requests,
        "periods": _periods(request.user, found),
        "may_end_series": found.series is not None and can_end_series(request.user, found.series),
        "reports": [(report, can_withdraw(request.user, report)) for report in reports],
        "events": events,
    }
    return render(request, "tracker/task.html", context)
