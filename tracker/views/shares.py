"""The table of units on a task's page: how each stands, and what this person may do about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from accounts.models import User
from tracker.models import Assignment, ExtensionRequest, ProgressReport, Task
from tracker.permissions import (
    belongs_to_unit,
    can_ask_extension,
    can_decide_extension,
    can_move,
    can_nudge,
)
from tracker.progress import Step
from tracker.workflow import Move, Role, Status


@dataclass(frozen=True, slots=True)
class ShareLine:
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


def in_order(assignments: Iterable[Assignment]) -> list[Assignment]:
    """Who answers comes first, in the order of the roles; who no longer does comes last."""
    return sorted(
        assignments,
        key=lambda row: (
            not row.is_in_force,
            Role.values.index(row.role),
            row.department.short_name,
            row.pk,
        ),
    )


def share_lines(
    user: User,
    task: Task,
    assignments: Sequence[Assignment],
    requests: Iterable[ExtensionRequest],
    reports: Iterable[ProgressReport],
    steps: Sequence[Step],
    today: date,
) -> list[ShareLine]:
    """A line for each of the task's assignments; `requests` and `reports` are those the person may read."""
    open_requests = {asked.assignment_id: asked for asked in requests if asked.is_open}
    successors = {row.taken_over_from_id: row for row in assignments}
    shown = {report.assignment_id for report in reports if not report.is_withdrawn and report.evidence.all()}
    lines = []
    for row in assignments:
        asked = open_requests.get(row.pk)
        lines.append(
            ShareLine(
                assignment=row,
                is_own=belongs_to_unit(user, row),
                moves=[move for move in Move if can_move(user, row, move)],
                open_request=asked,
                may_ask=asked is None and can_ask_extension(user, row),
                may_decide=asked is not None and can_decide_extension(user, asked),
                lacks_evidence=task.plan.asks_evidence and row.pk not in shown,
                passed_on_to=successors.get(row.pk),
                may_nudge=can_nudge(user, row),
                expected=row.expected_percent(today, steps) if row.status in Status.with_unit else None,
            )
        )
    return lines
