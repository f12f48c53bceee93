"""One task: where it comes from, who answers for it, and what has happened."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import render

from accounts.models import User
from accounts.requests import SignedInRequest
from tracker import clock, collectives, filings
from tracker.models import Assignment, Clause, Evidence, ExtensionRequest, Measure, TaskEvent
from tracker.permissions import (
    belongs_to_unit,
    can_ask_extension,
    can_ask_filing,
    can_decide_extension,
    can_move,
    can_read_words,
    can_withdraw,
    get_task_for,
    visible_extensions,
    visible_filing_requests,
    visible_reports,
)
from tracker.workflow import Move, Role


@dataclass(frozen=True, slots=True)
class Passage:
    """The paragraph of a clause, cut where the clause begins and ends."""

    before: str
    marked: str
    after: str


def passage_of(clause: Clause, measure: Measure, source: str) -> Passage:
    """Cut by offsets into the source: what is marked is what was printed, whatever was edited since."""
    return Passage(
        before=source[measure.start : clause.start],
        marked=source[clause.start : clause.end],
        after=source[clause.end : max(measure.end, clause.end)],
    )


@dataclass(frozen=True, slots=True)
class Share:
    """One unit's line on the page, with what this person may do about it."""

    assignment: Assignment
    is_own: bool
    moves: list[Move]
    open_request: ExtensionRequest | None
    may_ask: bool
    may_decide: bool

    @property
    def can_report(self) -> bool:
        return Move.REPORT in self.moves

    @property
    def plain(self) -> list[Move]:
        """Moves made with one press; handing in is one of them only when all is reported as done."""
        is_done = self.assignment.percent == 100 and self.assignment.last_reported_at is not None
        allowed = [Move.SIGN, Move.APPROVE, *([Move.SUBMIT] if is_done else [])]
        return [move for move in self.moves if move in allowed]

    @property
    def reasoned(self) -> list[Move]:
        return [move for move in self.moves if move in Move.needs_reason]


def _share(user: User, assignment: Assignment, requests: Iterable[ExtensionRequest]) -> Share:
    waiting = (asked for asked in requests if asked.is_open and asked.assignment_id == assignment.pk)
    open_request = next(waiting, None)
    return Share(
        assignment,
        is_own=belongs_to_unit(user, assignment),
        moves=[move for move in Move if can_move(user, assignment, move)],
        open_request=open_request,
        may_ask=open_request is None and can_ask_extension(user, assignment),
        may_decide=open_request is not None and can_decide_extension(user, open_request),
    )


def _by_strength(assignment: Assignment) -> tuple[int, str, int]:
    return Role.values.index(assignment.role), assignment.department.short_name, assignment.pk


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
    events: list[tuple[TaskEvent, bool]] = [
        (event, can_read_words(request.user, event)) for event in found.events.newest_first()
    ]
    context = {
        "today": clock.today(),
        "task": found,
        "passage": passage_of(found.clause, found.measure, found.plan.source_text),
        "targets": found.clause.targets.in_order(),
        "shares": [_share(request.user, assignment, requests) for assignment in assignments],
        "collectives": collectives.summaries(assignments, clock.today()),
        "filings": filings.progress(visible_filing_requests(request.user).of_task(found), assignments),
        "may_ask_filing": can_ask_filing(request.user, found),
        "requests": requests,
        "reports": [(report, can_withdraw(request.user, report)) for report in reports],
        "events": events,
    }
    return render(request, "tracker/task.html", context)
