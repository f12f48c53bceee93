"""Tasks with their shares from a sheet in the ledger's own columns: looked at row by row, all or nothing.

A sheet brings new tasks, of a plan that is live already or of a new one. It changes nothing that is there:
who answers and until when is changed by its own actions, which tell the history. New tasks begin at the
beginning, whatever state the sheet says.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import ClassVar

from django.db import transaction
from django.db.models import Count, Max
from django.utils.translation import gettext as _

from accounts.directory import Directory
from accounts.models import Department, Region, User
from accounts.sheets import Formula, SheetRow
from tracker.actions.plans import content_hash
from tracker.actions.tasks import NewTask, Share, make_tasks
from tracker.models import Assignment, Clause, Measure, Plan, Task
from tracker.models.plans import ScheduleKind
from tracker.workflow import Role, Status

PLAN, NUMBER, TEXT, UNIT, ROLE, DUE, REGION, VIA = (
    "方案",
    "编号",
    "任务内容",
    "责任单位",
    "角色",
    "完成时限",
    "地区",
    "所属统称",
)
HEADS = (PLAN, NUMBER, TEXT, UNIT, ROLE, DUE, REGION, VIA)
REQUIRED = (PLAN, TEXT, UNIT, ROLE)
ROW_LIMIT = 120_000
TASKS_PER_PLAN = 3000  # the page of a plan lists them all
TEXT_LIMIT = 2000  # characters
BATCH = 500
YEARS = (2000, 2100)
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:T00:00:00)?")


class SheetRefused(Exception):
    """What was looked at cannot be taken in any more; the text says why, for a person."""


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What becomes of one row."""

    NEW: ClassVar = "new"
    SAME: ClassVar = "same"
    REFUSED: ClassVar = "refused"

    number: int
    cells: dict[str, str]
    kind: str
    reason: str = ""

    @property
    def word(self) -> str:
        return {self.NEW: "新增", self.SAME: "无变化", self.REFUSED: "不能导入"}[self.kind]


class _RowRefused(Exception):
    pass


@dataclass(slots=True)
class _Known:
    """A task that is there already, with who answers for it in which role until when."""

    number: str
    folded: str
    shares: dict[int, tuple[str, date | None]] = field(default_factory=dict)


@dataclass(slots=True)
class _Wanted:
    """A task that the sheet brings."""

    number: str
    text: str
    due_date: date | None
    shares: dict[int, tuple[Share, int]]  # with the row that brought each


@dataclass(slots=True)
class _PlanSheet:
    """What the sheet says of one plan."""

    title: str
    plan: int | None
    mark: tuple[object, ...]  # by which it is seen that nobody changed it meanwhile
    known: dict[str, _Known] = field(default_factory=dict)
    known_by_text: dict[str, _Known] = field(default_factory=dict)
    wanted: dict[str, _Wanted] = field(default_factory=dict)


def _folded(text: str) -> str:
    return re.sub(r"\s+", "", text)


def read_date(text: str) -> date | None:
    """A day as sheets write it; None for an empty cell. Raises ValueError."""
    if not text:
        return None
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    day = date(*(int(part) for part in found.groups()))
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise ValueError(text)
    return day


class TaskSheet:
    """One sheet and what it brings to a region. Look first, then write."""

    def __init__(self, region: Region, heads: Sequence[str]) -> None:
        self.region = region
        self.counts = {RowOutcome.NEW: 0, RowOutcome.SAME: 0, RowOutcome.REFUSED: 0}
        self._at = {head: heads.index(head) for head in HEADS if head in heads}
        self._directory = Directory(region)
        # By full name also those of other regions that a collective of this one may give work to.
        self._reachable = {unit.name: unit for unit in Department.objects.answering_for(region)}
        self._units: dict[str, Department | str] = {}
        self._roles = {"牵头": Role.LEAD, "落实": Role.IMPLEMENT, "配合": Role.SUPPORT}
        self._plans: dict[str, _PlanSheet] = {}

    @property
    def tasks(self) -> int:
        return sum(len(plan.wanted) for plan in self._plans.values())

    @property
    def new_plans(self) -> list[str]:
        return [plan.title for plan in self._plans.values() if plan.plan is None and plan.wanted]

    @property
    def units(self) -> int:
        """How many units are given work."""
        return len(
            {key for plan in self._plans.values() for new in plan.wanted.values() for key in new.shares}
        )

    def look(self, rows: Iterable[SheetRow]) -> Iterator[RowOutcome]:
        """What becomes of each row; what is new is kept for writing."""
        for row in rows:
            cells = {head: row.cells[at] if at < len(row.cells) else "" for head, at in self._at.items()}
            try:
                outcome = RowOutcome(row.number, cells, self._take(cells, row.number))
            except _RowRefused as refusal:
                outcome = RowOutcome(row.number, cells, RowOutcome.REFUSED, str(refusal))
            self.counts[outcome.kind] += 1
            yield outcome

    def _take(self, cells: dict[str, str], row: int) -> str:
        live = [head for head, cell in cells.items() if isinstance(cell, Formula)]
        if live:
            raise _RowRefused(_("“%(heads)s”是公式。请复制后“粘贴为数值”。") % {"heads": "、".join(live)})
        for head in REQUIRED:
            if not cells[head]:
                raise _RowRefused(_("“%(head)s”没有填写。") % {"head": head})
        number, text = cells.get(NUMBER, ""), cells[TEXT]
        for head, limit in ((PLAN, 300), (NUMBER, 30), (TEXT, TEXT_LIMIT)):
            if len(cells.get(head, "")) > limit:
                raise _RowRefused(_("“%(head)s”超过 %(limit)d 个字。") % {"head": head, "limit": limit})
        if cells.get(REGION, "") not in ("", self.region.name, self.region.code):
            raise _RowRefused(_("地区“%(name)s”不在您的管理范围内。") % {"name": cells[REGION]})
        unit = self._unit(cells[UNIT])
        share = Share(unit.pk, self._role(cells[ROLE]), self._via(cells.get(VIA, "")))
        try:
            due_date = read_date(cells.get(DUE, ""))
        except ValueError:
            raise _RowRefused(
                _("完成时限“%(text)s”不是日期，请写成 2024-10-31 的样子。") % {"text": cells[DUE][:40]}
            ) from None
        plan = self._plan(cells[PLAN])
        known = plan.known.get(number) if number else plan.known_by_text.get(_folded(text))
        if known is not None:
            return self._same(known, text, unit, share.role, due_date)
        return self._new(plan, number, text, due_date, share, row)

    def _unit(self, name: str) -> Department:
        if name not in self._units:
            self._units[name] = self._find_unit(name)
        found = self._units[name]
        if isinstance(found, str):
            raise _RowRefused(found)
        return found

    def _find_unit(self, name: str) -> Department | str:
        found = self._directory.match(name) or self._reachable.get(name)
        if found is None:
            near = "、".join(suggestion.department.name for suggestion in self._directory.suggest(name))
            text = _("%(region)s没有单位“%(name)s”。") % {"region": self.region.name, "name": name[:60]}
            return text + (_("是不是：%(near)s？") % {"near": near} if near else "")
        if found.kind == Department.Kind.COLLECTIVE:
            return _("“%(name)s”是统称，请每个单位写一行。") % {"name": name[:60]}
        return found

    def _role(self, word: str) -> str:
        if word not in self._roles:
            what = {"head": ROLE, "word": word[:20], "labels": "、".join(self._roles)}
            raise _RowRefused(_("%(head)s“%(word)s”不对，只能是：%(labels)s。") % what)
        return self._roles[word].value

    def _via(self, name: str) -> int | None:
        if not name:
            return None
        found = self._directory.match(name)
        if found is None or found.kind != Department.Kind.COLLECTIVE:
            raise _RowRefused(
                _("%(region)s没有统称“%(name)s”。") % {"region": self.region.name, "name": name[:60]}
            )
        return found.pk

    def _plan(self, title: str) -> _PlanSheet:
        if title not in self._plans:
            found = list(Plan.objects.filter(region=self.region, title=title).without_source()[:2])
            if len(found) > 1:
                raise _RowRefused(_("有几份同名的方案，不能用表格增加任务。"))
            if found and found[0].is_draft:
                raise _RowRefused(_("这份方案还是草稿，请先核对下达。"))
            self._plans[title] = _load(title, found[0].pk if found else None)
        return self._plans[title]

    def _same(self, known: _Known, text: str, unit: Department, role: str, due_date: date | None) -> str:
        if known.folded != _folded(text):
            raise _RowRefused(_("编号%(number)s在系统里是另一项任务。") % {"number": known.number})
        share = known.shares.get(unit.pk)
        if share is None:
            raise _RowRefused(_("任务已经下达，不能用表格增加责任单位。"))
        if share[0] != role:
            raise _RowRefused(_("任务已经下达，不能用表格修改角色。"))
        if share[1] != due_date:
            day = share[1].isoformat() if share[1] else _("无期限")
            raise _RowRefused(_("任务已经下达，完成时限是%(day)s，不能用表格修改。") % {"day": day})
        return RowOutcome.SAME

    def _new(
        self, plan: _PlanSheet, number: str, text: str, due_date: date | None, share: Share, row: int
    ) -> str:
        key = number or f"\n{_folded(text)}"  # no number has a line break
        found = plan.wanted.get(key)
        if found is None:
            if len(plan.known) + len(plan.wanted) >= TASKS_PER_PLAN:
                raise _RowRefused(_("一份方案最多 %(limit)d 项任务。") % {"limit": TASKS_PER_PLAN})
            plan.wanted[key] = _Wanted(number, text, due_date, {share.department_id: (share, row)})
            return RowOutcome.NEW
        if _folded(found.text) != _folded(text):
            raise _RowRefused(_("编号%(number)s在表里有两种任务内容。") % {"number": number})
        if found.due_date != due_date:
            raise _RowRefused(_("同一项任务在表里有两种完成时限。"))
        if share.department_id in found.shares:
            first = found.shares[share.department_id][1]
            raise _RowRefused(_("与第 %(row)s 行重复。") % {"row": first})
        found.shares[share.department_id] = (share, row)
        return RowOutcome.NEW

    def write(self, *, by: User, file_name: str, now: datetime, and_then: Callable[[], None]) -> None:
        """Make all that is new, with its history, in one transaction; `and_then` is the last thing in it.

        Raises SheetRefused where the plans have changed since the rows were looked at.
        """
        assert not self.counts[RowOutcome.REFUSED]
        with transaction.atomic():
            # Two sheets for one region wait for each other, so that neither makes the other's plan again.
            Region.objects.select_for_update().get(pk=self.region.pk)
            for sheet in self._plans.values():
                if sheet.wanted:
                    _PlanWriter(self.region, sheet, by=by, file_name=file_name, now=now).write()
                    sheet.wanted.clear()
            and_then()


def _mark(plan: int | None) -> tuple[object, ...]:
    """Changes when a plan gets or loses tasks or shares, or is edited."""
    if plan is None:
        return ()
    shares = Assignment.objects.filter(plan=plan).aggregate(count=Count("pk"), last=Max("pk"))
    version, status = Plan.objects.values_list("version", "status").get(pk=plan)
    return version, status, shares["count"], shares["last"]


def _load(title: str, plan: int | None) -> _PlanSheet:
    sheet = _PlanSheet(title, plan, _mark(plan))
    if plan is None:
        return sheet
    by_key: dict[int, _Known] = {}
    for key, number, text in Task.objects.filter(plan=plan).values_list("pk", "number", "text"):
        by_key[key] = sheet.known[number] = known = _Known(number, _folded(text))
        sheet.known_by_text[known.folded] = known
    shares = Assignment.objects.filter(plan=plan).order_by("pk")
    for task, unit, role, due, status in shares.values_list(
        "task", "department", "role", "due_date", "status"
    ):
        held = by_key[task].shares
        if status not in Status.out_of_force or unit not in held:
            held[unit] = (role, due)
    return sheet


class _PlanWriter:
    """Writes what one plan gets: a line of its text, a measure and a clause for each task, and the tasks."""

    def __init__(self, region: Region, sheet: _PlanSheet, *, by: User, file_name: str, now: datetime) -> None:
        self._sheet, self._by, self._now, self._region = sheet, by, now, region
        self._file_name = file_name
        self._note = _("由表格导入：%(name)s") % {"name": file_name}
        self._used = set(sheet.known) | {new.number for new in sheet.wanted.values() if new.number}

    def write(self) -> None:
        plan = self._plan()
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
            make_tasks(
                [
                    NewTask(
                        plan,
                        clause,
                        [share for share, _row in new.shares.values()],
                        given_number=new.number,
                        note=self._note,
                    )
                    for new, clause in zip(batch, clauses, strict=True)
                ],
                by=self._by,
                now=self._now,
            )
        plan.source_text = "".join(lines)
        plan.version += 1
        plan.save(update_fields=["source_text", "version"])

    def _plan(self) -> Plan:
        sheet = self._sheet
        if sheet.plan is not None:
            plan = Plan.objects.select_for_update(of=("self",)).get(pk=sheet.plan)
            if _mark(sheet.plan) != sheet.mark or plan.title != sheet.title:
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

    def _measure(self, plan: Plan, position: int, at: int, new: _Wanted) -> Measure:
        text = f"{new.number} {new.text}"
        return Measure(
            plan=plan,
            position=position,
            kind=Measure.Kind.ROW,
            path=[],
            number=new.number[:20],
            title=f" {new.text}"[:300],
            text=text,
            start=at,
            end=at + len(text),
        )

    def _clause(self, measure: Measure, new: _Wanted) -> Clause:
        return Clause(
            measure=measure,
            position=1,
            text=new.text,
            start=measure.end - len(new.text),
            end=measure.end,
            kind=ScheduleKind.DEADLINE if new.due_date else ScheduleKind.ONGOING,
            due_date=new.due_date,
        )
