"""The rows of an old ledger: what each says of a task, or why it says nothing that could be taken in."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from accounts.directory import Directory
from accounts.models import Department, Region
from accounts.sheets import Formula, SheetRow
from tracker.actions.carried import Carried
from tracker.actions.sheet_plans import TEXT_LIMIT
from tracker.actions.tasks import Share
from tracker.ledger_columns import UNIT_FIELDS, Field, bare, is_done, is_furniture, is_state
from tracker.parser.cells import HEATING_BEGINS, read_responsible, read_when
from tracker.parser.folding import fold
from tracker.parser.rows import SECTION
from tracker.parser.types import Schedule
from tracker.workflow import Role

YEARS = (2000, 2100)
NOTE_LIMIT = 4000  # characters; of a report
UNKNOWN_LIMIT = 300  # different names of units that are told


@dataclass(frozen=True, slots=True)
class Settings:
    """What the coordinator said of a ledger: its columns in order, and where it goes."""

    columns: list[str]
    year: int
    title: str
    plan: int | None = None
    units: dict[str, int] = field(default_factory=dict)  # by printed name; 0 of what is no unit
    finished: str = "review"  # "review", "active" or "skip"
    takes: bool = False  # changes of units that a door exists for


@dataclass(slots=True)
class LedgerRow:
    """What becomes of one row, in words for a person."""

    NEW: ClassVar = "new"
    CHANGED: ClassVar = "changed"
    SAME: ClassVar = "same"
    REFUSED: ClassVar = "refused"
    PASSED: ClassVar = "passed"

    number: int
    kind: str
    text: str = ""
    reason: str = ""
    task: str = ""  # the task's own number
    units: str = ""
    due: str = ""
    progress: str = ""
    changes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def word(self) -> str:
        return str(KINDS[self.kind])


KINDS = {
    LedgerRow.NEW: "新增",
    LedgerRow.CHANGED: "有变化",
    LedgerRow.SAME: "无变化",
    LedgerRow.REFUSED: "不能导入",
    LedgerRow.PASSED: "略过",
}


class RowRefused(Exception):
    """This row cannot be taken in; the text says why, for a person."""


class RowPassed(Exception):
    """This row is no task; the text says what it is taken for."""


@dataclass(slots=True)
class Entry:
    """One row as it was read. `due_date` is None without one; `schedule` is None where the cell is empty."""

    row: int
    number: str
    text: str
    path: list[str]
    schedule: Schedule | None
    shares: dict[int, Share]
    names: dict[int, str]
    people: list[dict[str, str]]
    note: str
    carried: Carried | None
    shown: LedgerRow

    @property
    def due_date(self) -> date | None:
        return self.schedule.due if self.schedule else None


class RowReader:
    """Reads the rows of one ledger for one region. Names that nobody knows are counted in `unknown`."""

    def __init__(
        self, region: Region, settings: Settings, heads: Iterable[str], *, today: date, fills_down: bool
    ) -> None:
        self._region, self._settings, self._today = region, settings, today
        self._fills_down = fills_down  # a csv has lost what was merged
        self._heads = {bare(part) for head in heads for part in (head, *head.split("/"))} - {""}
        self._at: dict[str, list[int]] = {}
        for at, meant in enumerate(settings.columns):
            if meant:
                self._at.setdefault(meant, []).append(at)
        self._directory = Directory(region)
        self._reachable = {unit.name: unit for unit in Department.objects.answering_for(region)}
        given = Department.objects.answering_for(region) | Department.objects.in_region(region)
        self._given = {unit.pk: unit for unit in given.filter(pk__in=settings.units.values()).distinct()}
        self._found: dict[str, Department | None] = {}
        self._members: dict[int, list[Department]] = {}
        self._section = ""
        self._last_text: dict[str, str] = {}
        self.unknown: dict[str, int] = {}

    def read(self, row: SheetRow) -> Entry:
        """What a row says. Raises RowRefused, and RowPassed of what is no task."""
        cells = {meant: self._cell(row, meant) for meant in self._at}
        text = cells.get(Field.TEXT, "")
        if is_furniture(row.cells) and not any(cells.get(meant) for meant in UNIT_FIELDS):
            raise RowPassed(_("合计、说明一类的行，不是任务。"))
        if self._is_section(row.cells):
            self._section = next(cell for cell in row.cells if cell)[:60]
            raise RowPassed(_("分段标题，作为下面各行的类别。"))
        if set(map(bare, filter(None, row.cells))) <= self._heads:
            raise RowPassed(_("重复的表头。"))
        live = [Field(meant).label for meant, cell in cells.items() if isinstance(cell, Formula)]
        if live:
            raise RowRefused(
                _("“%(heads)s”是公式。请复制后“粘贴为数值”。") % {"heads": "、".join(map(str, live))}
            )
        if self._fills_down and not text and any(cells.get(meant) for meant in UNIT_FIELDS):
            for meant in (Field.TEXT, Field.NUMBER, Field.WORK, Field.GROUP, Field.DUE):
                cells[meant] = cells.get(meant) or self._last_text.get(meant, "")
            text = cells[Field.TEXT]
        self._last_text = {str(meant): cell for meant, cell in cells.items()}
        shown = LedgerRow(row.number, LedgerRow.NEW, text=text[:300], task=cells.get(Field.NUMBER, "")[:40])
        try:
            return self._entry(row.number, cells, text, shown)
        except RowRefused as refusal:
            shown.kind, shown.reason = LedgerRow.REFUSED, str(refusal)
            raise _Told(shown) from refusal

    def _is_section(self, cells: Sequence[str]) -> bool:
        """A line across the table: one text, not in the column of the tasks or numbered like a heading."""
        if len({cell for cell in cells if cell}) != 1:
            return False
        at = next(at for at, cell in enumerate(cells) if cell)
        said = [place for meant in (Field.TEXT, *UNIT_FIELDS) for place in self._at.get(meant, ())]
        return len(cells[at]) < 60 and (at not in said or SECTION.match(fold(cells[at])) is not None)

    def _cell(self, row: SheetRow, meant: str) -> str:
        found = [row.cells[at] for at in self._at[meant] if at < len(row.cells) and row.cells[at]]
        # A running number is often a formula; without its value the task gets a number of its own.
        if meant == Field.NUMBER:
            return "" if found and isinstance(found[0], Formula) else "".join(found)
        return found[0] if len(found) == 1 else "；".join(dict.fromkeys(found))

    def _entry(self, row: int, cells: dict[str, str], text: str, shown: LedgerRow) -> Entry:
        if not text:
            raise RowRefused(_("“任务内容”没有填写。"))
        number = "".join(cells.get(Field.NUMBER, "").split())
        for name, value, limit in (
            (_("编号"), number, 30),
            (_("任务内容"), text, TEXT_LIMIT),
            (_("进展情况"), cells.get(Field.PROGRESS, ""), NOTE_LIMIT - 200),
            (_("备注"), cells.get(Field.NOTE, ""), TEXT_LIMIT),
        ):
            if len(value) > limit:
                raise RowRefused(_("“%(head)s”超过 %(limit)d 个字。") % {"head": name, "limit": limit})
        asides: list[str] = []
        shown.due = cells.get(Field.DUE, "")[:60]
        schedule = self._when(cells.get(Field.DUE, ""), asides)
        if schedule and schedule.due:
            shown.due = _with_quote(schedule)
        shares, names, people = self._shares(cells, asides)
        shown.units = _in_words(shares, names)
        carried = self._progress(cells)
        shown.progress = f"{carried.percent}%" if carried else ""
        shown.reason = "".join(asides)
        people += [
            {"label": "责任人", "name": name[:60]}
            for name in cells.get(Field.PEOPLE, "").replace("，", "、").split("、")
            if name.strip()
        ]
        path = [cells.get(Field.GROUP) or self._section, cells.get(Field.WORK, "")]
        return Entry(
            row=row,
            number=number,
            text=text,
            path=[step[:200] for step in path if step and step != text],
            schedule=schedule,
            shares=shares,
            names=names,
            people=people[:20],
            note=_("原台账备注：%(note)s") % {"note": cells[Field.NOTE]} if cells.get(Field.NOTE) else "",
            carried=carried,
            shown=shown,
        )

    def _when(self, text: str, asides: list[str]) -> Schedule | None:
        if not text.strip():
            return None
        when = read_when(text[:200], year=self._settings.year)
        said = when.schedule
        if said is None:
            told = (
                _("时限“%(text)s”里的日期不存在。")
                if when.trouble == "impossible"
                else _("看不懂时限“%(text)s”，请写成 2024年10月底前、2024-10-31 或“长期”的样子。")
            )
            raise RowRefused(told % {"text": text[:40]})
        if any(day and not YEARS[0] <= day.year <= YEARS[1] for day in (said.due, said.start)):
            raise RowRefused(_("时限“%(text)s”的年份不对。") % {"text": text[:40]})
        if said.start and said.due and said.start > said.due:
            raise RowRefused(_("时限“%(text)s”的起止颠倒了。") % {"text": text[:40]})
        if when.reckoned == "heating":
            month, day = HEATING_BEGINS
            asides.append(_("采暖季按%(month)d月%(day)d日开始推算。") % {"month": month, "day": day})
        if when.earlier:
            days = "、".join(day.isoformat() for day in when.earlier)
            asides.append(_("前面还有%(days)s的时限，只按最后一个导入。") % {"days": days})
        if said.kind == "recurring" and self._settings.year < self._today.year:
            asides.append(_("往年的周期工作，按长期任务导入，不再按期生成。"))
            return Schedule(kind="ongoing", rule=said.rule, quote=said.quote)
        return said

    def _shares(
        self, cells: dict[str, str], asides: list[str]
    ) -> tuple[dict[int, Share], dict[int, str], list[dict[str, str]]]:
        given = tuple((str(meant), cells[meant][:1000]) for meant in UNIT_FIELDS if cells.get(meant))
        read = read_responsible(given)
        shares: dict[int, Share] = {}
        names: dict[int, str] = {}
        strength = list(Role.values)
        unknown: list[str] = []
        for printed in read.units:
            unit = self._unit(printed.name)
            if unit is None:
                if self._settings.units.get(printed.name[:100]) != 0:
                    unknown.append(printed.name)
                continue
            role = printed.role.upper()
            for share, name in self._spread(unit, role):
                held = shares.get(share.department_id)
                if held is None or strength.index(role) < strength.index(held.role):
                    shares[share.department_id], names[share.department_id] = share, name
        if unknown:
            for name in unknown:
                if name[:100] in self.unknown or len(self.unknown) < UNKNOWN_LIMIT:
                    self.unknown[name[:100]] = self.unknown.get(name[:100], 0) + 1
            listed = "、".join(name[:40] for name in unknown[:5])
            raise RowRefused(_("没有认出单位“%(names)s”，请在“待确认的单位”里指定。") % {"names": listed})
        if not shares:
            raise RowRefused(_("没有写责任单位。"))
        if read.is_open:
            asides.append(_("单位没有列全（“等”），只导入写明的。"))
        return shares, names, [person.to_dict() for person in read.people]

    def _unit(self, name: str) -> Department | None:
        if name not in self._found:
            chosen = self._settings.units.get(name[:100])
            found = self._given.get(chosen) if chosen else None
            if chosen is None:
                found = self._directory.match(name) or self._reachable.get(name)
            self._found[name] = found
        return self._found[name]

    def _spread(self, unit: Department, role: str) -> list[tuple[Share, str]]:
        if unit.kind != Department.Kind.COLLECTIVE:
            return [(Share(unit.pk, role, None), unit.short_name)]
        if unit.pk not in self._members:
            self._members[unit.pk] = list(unit.members.filter(is_active=True).order_by("pk"))
        members = self._members[unit.pk]
        if not members:
            raise RowRefused(_("统称“%(name)s”还没有成员单位。") % {"name": unit.name})
        return [(Share(member.pk, role, unit.pk), member.short_name) for member in members]

    def _progress(self, cells: dict[str, str]) -> Carried | None:
        said, status = cells.get(Field.PROGRESS, "").strip(), cells.get(Field.STATUS, "").strip()
        percent = _percent(cells.get(Field.PERCENT, ""))
        finished = is_done(status) if status else (is_done(said) or percent == 100)
        if finished:
            if self._settings.finished == "skip":
                raise RowPassed(_("原台账记为已完成，按设置不导入。"))
            percent = 100
        if not said and percent is None and not (status and is_state(status) and finished):
            return None
        words = [_("【台账导入】"), said or status or _("原台账没有写进展。")]
        if status and said and status != said:
            words.append(_("（状态：%(status)s）") % {"status": status[:40]})
        if percent is None:
            words.append(_("（原台账没有写百分比）"))
        return Carried(percent or 0, "".join(words), finished and self._settings.finished == "review")


class _Told(RowRefused):
    """A refusal with what could be read of the row."""

    def __init__(self, shown: LedgerRow) -> None:
        super().__init__(shown.reason)
        self.shown = shown


def _percent(text: str) -> int | None:
    """A whole percentage as ledgers write it; None of an empty cell. Raises RowRefused."""
    bare = "".join(text.split()).replace("％", "%")
    if not bare or bare in ("-", "/", "—", "无"):
        return None
    if is_state(bare):
        return 100 if is_done(bare) else None
    try:
        value = float(bare.removesuffix("%"))
    except ValueError:
        value = -1.0
    if not bare.endswith("%") and 0 < value < 1:
        value *= 100
    if not 0 <= value <= 100:
        raise RowRefused(_("进度“%(text)s”不是 0 到 100 的数。") % {"text": text[:40]})
    return round(value)


def _with_quote(schedule: Schedule) -> str:
    day = schedule.due.isoformat() if schedule.due else ""
    quote = (schedule.quote or "").strip()
    return f"{day}（{quote[:40]}）" if quote and quote != day else day


def _in_words(shares: dict[int, Share], names: dict[int, str]) -> str:
    by_role = {
        role: [names[pk] for pk, share in shares.items() if share.role == role] for role in Role.values
    }
    parts = []
    for role, found in by_role.items():
        if found:
            more = _("等%(count)d个单位") % {"count": len(found)} if len(found) > 6 else ""
            parts.append(f"{Role(role).label}：{'、'.join(found[:6])}{more}")
    return "；".join(parts)


def rows_of(reader: RowReader, rows: Iterable[SheetRow]) -> Iterator[Entry | LedgerRow]:
    """Each row as it was read, or what is said of one that was not."""
    for row in rows:
        first = "；".join(cell for cell in row.cells if cell)[:120]
        try:
            yield reader.read(row)
        except _Told as told:
            yield told.shown
        except RowRefused as refusal:
            yield LedgerRow(row.number, LedgerRow.REFUSED, text=first, reason=str(refusal))
        except RowPassed as passed:
            yield LedgerRow(row.number, LedgerRow.PASSED, text=first, reason=str(passed))
