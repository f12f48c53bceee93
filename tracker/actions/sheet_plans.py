"""What sheets bring to one plan: what is there, what is new, and the one way in which it is written.

Used by every sheet that makes tasks, whatever its columns were.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice

from django.db.models import Count, Max
from django.utils.translation import gettext as _

from accounts.models import Region, User
from tracker.actions.plans import content_hash
from tracker.actions.tasks import NewTask, Share, make_tasks
from tracker.models import Assignment, Clause, Measure, Plan, Task
from tracker.models.plans import ScheduleKind
from tracker.parser.types import Schedule
from tracker.workflow import Status

TASKS_PER_PLAN = 3000  # the page of a plan lists them all
TEXT_LIMIT = 2000  # characters
BATCH = 500


class SheetRefused(Exception):
    """What was looked at cannot be taken in any more; the text says why, for a person."""


@dataclass(slots=True)
class Known:
    """A task that is there already, with who answers for it in which role until when."""

    number: str
    folded: str
    shares: dict[int, tuple[str, date | None]] = field(default_factory=dict)


@dataclass(slots=True)
class Wanted:
    """A task that the sheet brings."""

    number: str
    text: str
    due_date: date | None
    shares: dict[int, tuple[Share, int]]  # with the row that brought each
    schedule: Schedule | None = None  # as a parser read it; without one the due date says all
    path: list[str] = field(default_factory=list)
    people: list[dict[str, str]] = field(default_factory=list)
    note: str = ""


@dataclass(slots=True)
class PlanSheet:
    """What the sheet says of one plan."""

    title: str
    plan: int | None
    mark: tuple[object, ...]  # by which it is seen that nobody changed it meanwhile
    known: dict[str, Known] = field(default_factory=dict)
    known_by_text: dict[str, Known] = field(default_factory=dict)
    wanted: dict[str, Wanted] = field(default_factory=dict)
    is_superseded: bool = False  # by a new edition: what is there stands, nothing is added


def fold_words(text: str) -> str:
    return re.sub(r"\s+", "", text)


def mark_of(plan: int | None) -> tuple[object, ...]:
    """Changes when a plan gets or loses tasks or shares, or is edited."""
    if plan is None:
        return ()
    shares = Assignment.objects.filter(plan=plan).aggregate(count=Count("pk"), last=Max("pk"))
    version, status = Plan.objects.values_list("version", "status").get(pk=plan)
    return version, status, shares["count"], shares["last"]


def load_plan(title: str, plan: int | None) -> PlanSheet:
    sheet = PlanSheet(title, plan, mark_of(plan))
    if plan is None:
        return sheet
    by_key: dict[int, Known] = {}
    for key, number, text in Task.objects.filter(plan=plan).values_list("pk", "number", "text"):
        by_key[key] = sheet.known[number] = known = Known(number, fold_words(text))
        sheet.known_by_text[known.folded] = known
    shares = Assignment.objects.filter(plan=plan).order_by("pk")
    for task, unit, role, due, status in shares.values_list(
        "task", "department", "role", "due_date", "status"
    ):
        held = by_key[task].shares
        if status not in Status.out_of_force or unit not in held:
            held[unit] = (role, due)
    return sheet


class PlanWriter:
    """Writes what one plan gets: a line of its text, a measure and a clause for each task, and the tasks."""

    def __init__(self, region: Region, sheet: PlanSheet, *, by: User, file_name: str, now: datetime) -> None:
        self._sheet, self._by, self._now, self._region = sheet, by, now, region
        self._file_name = file_name
        self._note = _("由表格导入：%(name)s") % {"name": file_name}
        self._used = set(sheet.known) | {new.number for new in sheet.wanted.values() if new.number}

    def write(self) -> list[Assignment]:
        """Everything that is wanted; returns the shares. Raises SheetRefused where the plan has changed."""
        plan = self._plan()
        made: list[Assignment] = []
        position = plan.measures.aggregate(last=Max("position"))["last"] or 0
        lines = [plan.source_text, "" if plan.source_text.endswith("\n") else "\n"]
        at = sum(map(len, lines))
        wanted = iter(self._sheet.wanted.values())
        while batch := list(islice(wanted, BATCH)):
            measures, clauses = [], []
            for new in batch:
                position += 1
                new.number = new.number or self._free_number(position)
                measures.append(self._measure(plan, position, at, new))
                clauses.append(self._clause(measures[-1], new))
                lines.append(f"{measures[-1].text}\n")
                at += len(lines[-1])
            Measure.objects.bulk_create(measures)
            Clause.objects.bulk_create(clauses)
            made += make_tasks(
                [
                    NewTask(
                        plan,
                        clause,
                        [share for share, _row in new.shares.values()],
                        given_number=new.number,
                        note=f"{self._note}；{new.note}" if new.note else self._note,
                    )
                    for new, clause in zip(batch, clauses, strict=True)
                ],
                by=self._by,
                now=self._now,
            )
        plan.source_text = "".join(lines)
        plan.version += 1
        plan.save(update_fields=["source_text", "version"])
        return made

    def _plan(self) -> Plan:
        sheet = self._sheet
        if sheet.plan is not None:
            plan = Plan.objects.select_for_update(of=("self",), no_key=True).get(pk=sheet.plan)
            if mark_of(sheet.plan) != sheet.mark or plan.title != sheet.title:
                raise SheetRefused(
                    _("核对之后，方案《%(title)s》有了变动，请重新上传。") % {"title": sheet.title}
                )
            return plan
        text = "\n".join([sheet.title, *(new.text for new in sheet.wanted.values())])
        fingerprint = content_hash(text)
        same = Plan.objects.filter(region=self._region)
        if same.filter(title=sheet.title).exists() or same.filter(content_hash=fingerprint).exists():
            raise SheetRefused(
                _("核对之后，方案《%(title)s》有了变动，请重新上传。") % {"title": sheet.title}
            )
        return Plan.objects.create(
            region=self._region,
            title=sheet.title,
            file_name=self._file_name,
            source_text=f"{sheet.title}\n",
            content_hash=fingerprint,
            status=Plan.Status.LIVE,
            created_at=self._now,
            created_by=self._by,
            confirmed_at=self._now,
            confirmed_by=self._by,
        )

    def _free_number(self, position: int) -> str:
        """A number that neither the plan nor the sheet has."""
        number, turn = f"{position}-1", 1
        while number in self._used:
            turn += 1
            number = f"{position}-{turn}"
        self._used.add(number)
        return number

    def _measure(self, plan: Plan, position: int, at: int, new: Wanted) -> Measure:
        text = f"{new.number} {new.text}"
        return Measure(
            plan=plan,
            position=position,
            kind=Measure.Kind.ROW,
            path=new.path,
            people=new.people,
            number=new.number[:20],
            title=f" {new.text}"[:300],
            text=text,
            start=at,
            end=at + len(text),
        )

    def _clause(self, measure: Measure, new: Wanted) -> Clause:
        clause = Clause(
            measure=measure,
            position=1,
            text=new.text,
            start=measure.end - len(new.text),
            end=measure.end,
            kind=ScheduleKind.DEADLINE if new.due_date else ScheduleKind.ONGOING,
            due_date=new.due_date,
        )
        if said := new.schedule:
            clause.kind, clause.rule, clause.implied = said.kind, said.rule, list(said.implied)
            clause.start_date, clause.every = said.start, said.every or ""
            clause.quote, clause.precision = (said.quote or "")[:200], said.precision or ""
        return clause
