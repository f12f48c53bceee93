"""The rows of an old ledger beside the tasks that its plan has already: new, changed, same, or refused."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from rapidfuzz import fuzz

from accounts.models import Region
from tracker.actions.carried import Carried
from tracker.actions.ledger_rows import Entry, LedgerRow, RowRefused
from tracker.actions.sheet_plans import TASKS_PER_PLAN, Wanted, fold_words
from tracker.models import Assignment, Plan, Task
from tracker.workflow import Role, Status

ALIKE = 55  # of 100: below, a number names another task


@dataclass(slots=True)
class Held:
    """A task that the plan has, with its shares in force by unit."""

    number: str
    text: str
    is_open: bool
    shares: dict[int, Assignment]

    @property
    def folded(self) -> str:
        return fold_words(self.text)


class HeldTasks:
    """The tasks of a plan, to be found by number and words."""

    def __init__(self, plan: int | None) -> None:
        self.by_number: dict[str, Held] = {}
        self.by_text: dict[str, list[Held]] = {}
        if plan is None:
            return
        by_key: dict[int, Held] = {}
        for task in Task.objects.filter(plan=plan).only("number", "text", "closed_at").order_by("pk"):
            held = Held(task.number, task.text, task.closed_at is None, {})
            by_key[task.pk] = self.by_number[task.number] = held
            self.by_text.setdefault(held.folded, []).append(held)
        for share in Assignment.objects.in_force().filter(plan=plan).select_related("department"):
            by_key[share.task_id].shares[share.department_id] = share

    def find(self, entry: Entry) -> Held | None:
        """The task that a row means: by number and words, by words, by number. Raises RowRefused."""
        folded = fold_words(entry.text)
        numbered = self.by_number.get(entry.number) if entry.number else None
        if numbered and numbered.folded == folded:
            return numbered
        if same := self.by_text.get(folded):
            return max(same, key=lambda held: len(held.shares.keys() & entry.shares.keys()))
        if numbered is None:
            return None
        if fuzz.ratio(numbered.folded, folded) < ALIKE:
            raise RowRefused(
                _("编号%(number)s在这份方案里是另一项任务：%(text)s")
                % {"number": entry.number, "text": numbered.text[:40]}
            )
        return numbered


def groups_of(entries: Iterable[Entry | LedgerRow]) -> Iterator[list[Entry | LedgerRow]]:
    """Neighbours that are rows of one task (its cell was merged downwards) together; others alone."""
    waiting: list[Entry | LedgerRow] = []
    key: tuple[str, str] | None = None
    for entry in entries:
        own = (entry.number, fold_words(entry.text)) if isinstance(entry, Entry) else None
        if waiting and (own is None or own != key):
            yield waiting
            waiting = []
        waiting.append(entry)
        key = own
    if waiting:
        yield waiting


class Comparison:
    """What rows bring to a plan: what is new is kept to be written, what is there compared field by field."""

    def __init__(self, plan: int | None, *, today: date) -> None:
        self._held, self._today = HeldTasks(plan), today
        self._met: dict[int, set[int]] = {}
        self.wanted: dict[str, Wanted] = {}
        self.carried: dict[str, dict[int, Carried]] = {}
        self.reassigned: list[tuple[Assignment, int, int]] = []  # share, unit it goes to, row
        self.numbers = frozenset(self._held.by_number)

    def take(self, group: list[Entry]) -> Iterator[LedgerRow]:
        """What becomes of each row of one task."""
        try:
            held = self._held.find(group[0])
        except RowRefused as refusal:
            for entry in group:
                yield _refused(entry, str(refusal))
            return
        if held is None:
            for entry in group:
                try:
                    self._add(entry)
                    yield entry.shown
                except RowRefused as refusal:
                    yield _refused(entry, str(refusal))
            return
        yield from self._compare(held, group)

    def _add(self, entry: Entry) -> None:
        key = entry.number or "\n".join(
            ["", *entry.path, fold_words(entry.text)]
        )  # no number has a line break
        found = self.wanted.get(key)
        if found is None:
            if len(self.numbers) + len(self.wanted) >= TASKS_PER_PLAN:
                raise RowRefused(_("一份方案最多 %(limit)d 项任务。") % {"limit": TASKS_PER_PLAN})
            found = self.wanted[key] = Wanted(
                entry.number,
                entry.text,
                entry.due_date,
                {},
                entry.schedule,
                entry.path,
                [],
                entry.note,
            )
        elif fold_words(found.text) != fold_words(entry.text):
            raise RowRefused(
                _("编号%(number)s在表里有两种任务内容。分段编号的，请把这一列设为“不导入”。")
                % {"number": entry.number}
            )
        elif entry.schedule is not None and found.due_date != entry.due_date:
            raise RowRefused(_("同一项任务在表里有两种完成时限。"))
        double = [found.shares[unit][1] for unit in entry.shares if unit in found.shares]
        if double:
            raise RowRefused(_("与第 %(row)s 行重复。") % {"row": double[0]})
        for unit, share in entry.shares.items():
            found.shares[unit] = share, entry.row
        found.people += [person for person in entry.people if person not in found.people]
        if entry.carried:
            answering = [unit for unit, share in entry.shares.items() if share.role in Role.answering]
            for unit in answering or list(entry.shares):
                self.carried.setdefault(key, {})[unit] = entry.carried

    def _compare(self, held: Held, group: list[Entry]) -> Iterator[LedgerRow]:
        named = {unit for entry in group for unit in entry.shares}
        is_first = id(held) not in self._met
        met = self._met.setdefault(id(held), set())
        doubled = named & met
        met |= named
        gone = [share for unit, share in held.shares.items() if unit not in named] if is_first else []
        for at, entry in enumerate(group):
            if doubled & entry.shares.keys():
                yield _refused(entry, _("这项任务的这个单位，表里前面已经有一行。"))
                continue
            changes = [*self._words(held, entry), *self._dates(held, entry), *self._roles(held, entry)]
            changes += self._units(held, entry, gone if at == 0 else [])
            changes += self._percents(held, entry)
            entry.shown.task = held.number
            entry.shown.changes = changes
            entry.shown.kind = LedgerRow.CHANGED if changes else LedgerRow.SAME
            yield entry.shown

    def _words(self, held: Held, entry: Entry) -> Iterator[dict[str, Any]]:
        if held.folded != fold_words(entry.text):
            why = _("任务内容下达后不改；方案有新版本的，请导入新版本。")
            yield _change(_("任务内容"), held.text[:200], entry.text[:200], why)

    def _dates(self, held: Held, entry: Entry) -> Iterator[dict[str, Any]]:
        if entry.schedule is None:
            return
        ours = {share.due_date for unit, share in held.shares.items() if unit in entry.shares}
        for due in sorted(ours - {entry.due_date}, key=str):
            why = _("时限只能由单位申请延期、审批后改变。")
            yield _change(_("完成时限"), _day(due), _day(entry.due_date), why)

    def _roles(self, held: Held, entry: Entry) -> Iterator[dict[str, Any]]:
        for unit, share in entry.shares.items():
            ours = held.shares.get(unit)
            if ours and ours.role != share.role:
                why = _("角色下达后不改；确需调整的，在任务页转办或免办。")
                name = _("角色（%(unit)s）") % {"unit": entry.names[unit]}
                theirs = str(Role(share.role).label)
                yield _change(name, ours.get_role_display(), theirs, why)

    def _units(self, held: Held, entry: Entry, gone: list[Assignment]) -> Iterator[dict[str, Any]]:
        come = [unit for unit in entry.shares if unit not in held.shares]
        if len(come) == len(gone) == 1 and (share := gone[0]).role == entry.shares[come[0]].role:
            why = self._why_not_reassigned(held, share)
            if not why:
                self.reassigned.append((share, come[0], entry.row))
            given = _change(_("责任单位"), share.department.short_name, entry.names[come[0]], why)
            yield given | {"can": not why}
            return
        for unit in come:
            why = _("已下达的任务不用表格增加单位；换单位的，在任务页转办。")
            yield _change(_("责任单位"), _("没有"), entry.names[unit], why)
        for share in gone:
            why = _("系统里的责任照旧；不再负责的，在任务页免办。")
            yield _change(_("责任单位"), share.department.short_name, _("没有"), why)

    def _why_not_reassigned(self, held: Held, share: Assignment) -> str:
        if share.status not in (Status.PENDING, Status.ACTIVE, Status.SUSPENDED) or not held.is_open:
            return _("现在的状态是“%(status)s”，不能转办。") % {"status": share.get_status_display()}
        if share.due_date is not None and share.due_date <= self._today:
            return _("时限已到，转办时要另定新的时限，请在任务页办理。")
        return ""

    def _percents(self, held: Held, entry: Entry) -> Iterator[dict[str, Any]]:
        if entry.carried is None:
            return
        answering = {unit for unit, share in entry.shares.items() if share.role in Role.answering}
        units = answering or set(entry.shares)
        shares = [share for unit, share in held.shares.items() if unit in units]
        ours = {share.percent for share in shares if share.percent != entry.carried.percent}
        for percent in sorted(ours):
            why = _("已下达任务的进展由单位自己填报。")
            yield _change(_("完成进度"), f"{percent}%", f"{entry.carried.percent}%", why)


def _change(name: str, ours: str, theirs: str, why: str) -> dict[str, Any]:
    return {"field": name, "ours": ours, "theirs": theirs, "why": why, "can": False}


def _day(day: date | None) -> str:
    return day.isoformat() if day else _("无期限")


def _refused(entry: Entry, reason: str) -> LedgerRow:
    entry.shown.kind, entry.shown.reason = LedgerRow.REFUSED, reason
    return entry.shown


def live_plan(region: Region, plan: int | None) -> Plan | None:
    """The plan if it is a live one of the region."""
    return Plan.objects.live().filter(region=region, pk=plan).without_source().first() if plan else None
