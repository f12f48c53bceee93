"""Tasks with their shares from a sheet in the ledger's own columns: looked at row by row, all or nothing.

A sheet brings new tasks, of a plan that is live already or of a new one. It changes nothing that is there:
who answers and until when is changed by its own actions, which tell the history. New tasks begin at the
beginning, whatever state the sheet says.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.directory import Directory
from accounts.models import Department, Region, User
from accounts.sheets import Formula, SheetRow
from tracker.actions.sheet_plans import (
    TASKS_PER_PLAN,
    TEXT_LIMIT,
    Known,
    PlanSheet,
    PlanWriter,
    Wanted,
    fold_words,
    load_plan,
)
from tracker.actions.tasks import Share
from tracker.models import Plan
from tracker.workflow import Role

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
YEARS = (2000, 2100)
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:T00:00:00)?")


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
        self._plans: dict[str, PlanSheet] = {}

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
        known = plan.known.get(number) if number else plan.known_by_text.get(fold_words(text))
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

    def _plan(self, title: str) -> PlanSheet:
        if title not in self._plans:
            found = list(Plan.objects.filter(region=self.region, title=title).without_source()[:2])
            if len(found) > 1:
                raise _RowRefused(_("有几份同名的方案，不能用表格增加任务。"))
            if found and found[0].is_draft:
                raise _RowRefused(_("这份方案还是草稿，请先核对下达。"))
            self._plans[title] = load_plan(title, found[0].pk if found else None)
            self._plans[title].is_superseded = bool(found) and found[0].is_superseded
        return self._plans[title]

    def _same(self, known: Known, text: str, unit: Department, role: str, due_date: date | None) -> str:
        if known.folded != fold_words(text):
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
        self, plan: PlanSheet, number: str, text: str, due_date: date | None, share: Share, row: int
    ) -> str:
        if plan.is_superseded:
            raise _RowRefused(_("这份方案已被新版本取代，不再增加任务。请写新版本的标题。"))
        key = number or f"\n{fold_words(text)}"  # no number has a line break
        found = plan.wanted.get(key)
        if found is None:
            if len(plan.known) + len(plan.wanted) >= TASKS_PER_PLAN:
                raise _RowRefused(_("一份方案最多 %(limit)d 项任务。") % {"limit": TASKS_PER_PLAN})
            plan.wanted[key] = Wanted(number, text, due_date, {share.department_id: (share, row)})
            return RowOutcome.NEW
        if fold_words(found.text) != fold_words(text):
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
            Region.objects.select_for_update(no_key=True).get(pk=self.region.pk)
            for sheet in self._plans.values():
                if sheet.wanted:
                    PlanWriter(self.region, sheet, by=by, file_name=file_name, now=now).write()
                    sheet.wanted.clear()
            and_then()
