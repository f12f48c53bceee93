"""One task: where it comes from, who answers for it, and what has happened."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render

from accounts.models import User
from tracker import clock
from tracker.models import Assignment, Clause, Measure, TaskEvent
from tracker.permissions import belongs_to_unit, can_move, can_read_words, get_task_for, visible_reports
from tracker.views.people import SignedInRequest
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


def _share(user: User, assignment: Assignment) -> Share:
    moves = [move for move in Move if can_move(user, assignment, move)]
    return Share(assignment, is_own=belongs_to_unit(user, assignment), moves=moves)


def _by_strength(assignment: Assignment) -> tuple[int, str, int]:
    return Role.values.index(assignment.role), assignment.department.short_name, assignment.pk


def task(request: SignedInRequest, pk: int) -> HttpResponse:
    """The page of a task, with only the actions this person may take."""
    found = get_task_for(request.user, pk)
    assignments = sorted(found.assignments.for_page(), key=_by_strength)
    events: list[tuple[TaskEvent, bool]] = [
        (event, can_read_words(request.user, event)) for event in found.events.newest_first()
    ]
    context = {
        "today": clock.today(),
        "task": found,
        "passage": passage_of(found.clause, found.measure, found.plan.source_text),
        "targets": found.clause.targets.in_order(),
        "shares": [_share(request.user, assignment) for assignment in assignments],
        "reports": visible_reports(request.user, found).newest_first(),
        "events": events,
    }
    return render(request, "tracker/task.html", context)
