"""A report sheet (填报表) that comes back: looked at row by row against what the unit's shares say now.

Of a row only percentage and words are ever taken. What is not the unit's, or not clear, changes nothing and
says why; the other rows go on.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

from django import forms
from django.core import signing
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, User
from accounts.sheets import Formula, SheetRow, UnreadableSheet, open_sheet
from tracker import roundtrip
from tracker.actions.report_sheets import Filled
from tracker.clock import day_of
from tracker.forms.work import ReportForm
from tracker.models import Assignment, ProgressReport
from tracker.models.reports import with_newest_report
from tracker.permissions import reportable_assignments
from tracker.roundtrip import Mark, Merge
from tracker.workflow import Move, next_status

REQUIRED = (roundtrip.PERCENT, roundtrip.NOTE, roundtrip.MARK)
# Not the number: Excel makes a date of 7-4 in csv.
READ_ONLY = (roundtrip.PLAN, roundtrip.TEXT, roundtrip.DUE)
SIZE_LIMIT = 5 * 1024 * 1024  # bytes
ROW_LIMIT = 2000
FILLED_LIMIT = 300  # rows of one sheet that become reports while their sender waits
CARRIED_LIMIT = 1024 * 1024  # characters that a preview carries to its confirmation
PREVIEW_AGE = 2 * 3600  # seconds in which it may be confirmed
KEYS_AT_ONCE = 900  # in one question; SQLite allows about a thousand
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]00:00:00)?")


class ReportSheetForm(forms.Form):
    """The filled file."""

    file = forms.FileField(
        label=_("填好的填报表"),
        help_text=_("xlsx 或 csv，不超过 5 MB。"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={"required": _("请选择文件。"), "empty": _("文件是空的。")},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > SIZE_LIMIT:
            raise forms.ValidationError(_("文件超过 5 MB。请删去图片和其他工作表。"), code="large")
        return file


@dataclass(frozen=True, slots=True)
class Row:
    """What is read of a row of the sheet; `others` are its columns that nobody may change here."""

    number: int
    mark: str
    percent: str
    note: str
    formulas: tuple[str, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_blank(self) -> bool:
        return not (self.percent or self.note)


class _Refused(Exception):
    pass


@dataclass(slots=True)
class Line:
    """What becomes of a row."""

    row: Row
    outcome: Merge | None = Merge.EMPTY  # None: refused
    reason: str = ""
    share: Assignment | None = None  # only one that may be shown
    mark: Mark | None = None
    exported_note: str = ""
    percent: int = 0
    note: str = ""
    form_key: UUID | None = None
    is_made: bool = False  # this very row became a report before
    ignored: Sequence[str] = ()

    @property
    def kind(self) -> str:
        return self.outcome.value if self.outcome else "refused"

    @property
    def label(self) -> str:
        return str(LABELS[self.kind])

    @property
    def is_lower(self) -> bool:
        return self.share is not None and self.percent < self.share.percent

    @property
    def key(self) -> int:
        """The share's, as the choice of a conflict names it; 0 without one."""
        return self.share.pk if self.share else 0

    @property
    def version(self) -> int:
        return self.share.version if self.share else 0

    def filled(self) -> Filled:
        """What is to be reported. Only of a line that may be taken."""
        assert self.share is not None
        assert self.form_key is not None
        return Filled(self.share.pk, self.share.version, self.percent, self.note, self.form_key)


# What becomes of a row; what needs a decision or a correction stands first.
LABELS = {
    "conflict": _("冲突"),
    "refused": _("不能导入"),
    "take": _("将填报"),
    "same": _("无变化"),
    "empty": _("未填写"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """A sheet looked at."""

    lines: Sequence[Line]

    def of(self, outcome: Merge | None) -> list[Line]:
        return [line for line in self.lines if line.outcome is outcome]

    @property
    def conflicts(self) -> list[Line]:
        return self.of(Merge.CONFLICT)

    @property
    def refused(self) -> list[Line]:
        return self.of(None)

    @property
    def to_take(self) -> list[Line]:
        return self.of(Merge.TAKE)

    @property
    def answered(self) -> list[Line]:
        """Those that say something of their share: a report on another of the same duty says nothing more."""
        return [*self.to_take, *self.conflicts, *self.of(Merge.SAME)]

    @property
    def can_go_on(self) -> bool:
        return bool(self.to_take or self.conflicts)

    @property
    def shown(self) -> list[Line]:
        """All but the rows left empty, unless something in them is not taken."""
        order = list(LABELS)
        told = [line for line in self.lines if line.outcome is not Merge.EMPTY or line.ignored]
        return sorted(told, key=lambda line: (order.index(line.kind), line.row.number))

    @property
    def counts(self) -> list[tuple[str, str, int]]:
        counted = Counter(line.kind for line in self.lines)
        return [(kind, str(label), counted[kind]) for kind, label in LABELS.items() if counted[kind]]


def read_rows(data: bytes) -> list[Row]:
    """The rows of a file. Raises UnreadableSheet."""
    with open_sheet(data, required=REQUIRED, row_limit=ROW_LIMIT) as (heads, rows):
        for head in REQUIRED:
            if heads.count(head) > 1:
                raise UnreadableSheet(gettext("有两列都叫“%(head)s”，请删去一列。") % {"head": head})
        at = {head: heads.index(head) for head in (*REQUIRED, *READ_ONLY) if head in heads}
        return [row for found in rows if (row := _row(found, at))]


def _row(found: SheetRow, at: Mapping[str, int]) -> Row | None:
    cells = {head: found.cells[place] if place < len(found.cells) else "" for head, place in at.items()}
    row = Row(
        number=found.number,
        mark=cells[roundtrip.MARK],
        percent=cells[roundtrip.PERCENT],
        note=cells[roundtrip.NOTE],
        formulas=tuple(head for head in REQUIRED if isinstance(cells[head], Formula)),
        others={head: cells[head] for head in READ_ONLY if head in cells},
    )
    # A line that somebody wrote below the table says nothing about any task.
    return row if row.mark or not row.is_blank else None


def look(rows: Sequence[Row], unit: Department, by: User) -> Look:
    """What becomes of each row if `by` brings them in now, in a number of questions that rows do not add to.

    Raises UnreadableSheet where more is filled in than can be taken at once.
    """
    marks = [Mark.read(row.mark) for row in rows]
    times = Counter(mark.share for mark in marks if mark)
    present = _Present(unit, by, [mark for mark in marks if mark])
    lines = []
    for row, mark in zip(rows, marks, strict=True):
        line = Line(row)
        if mark is not None and mark.unit == unit.pk:
            line.share, line.mark = present.shares.get(mark.share), mark
        try:
            _check_mark(row, mark, unit, is_repeated=mark is not None and times[mark.share] > 1)
            _compare(line, present)
        except _Refused as refusal:
            line.outcome, line.reason = None, str(refusal)
        lines.append(line)
    _settle(lines)
    filled = sum(line.outcome in (Merge.TAKE, Merge.CONFLICT) for line in lines)
    if filled > FILLED_LIMIT:
        words = gettext("一次最多填报 %(limit)d 行，表里填了 %(count)d 行。请分成几个文件上传。")
        raise UnreadableSheet(words % {"limit": FILLED_LIMIT, "count": filled})
    return Look(lines)


class _Present:
    """What the database says of the shares that a sheet names."""

    def __init__(self, unit: Department, by: User, marks: Sequence[Mark]) -> None:
        shares = with_newest_report(reportable_assignments(by, unit)).for_list()
        reports = ProgressReport.objects.for_department(unit.pk)
        self.shares = {
            share.pk: share
            for part in _parts({mark.share for mark in marks})
            for share in shares.filter(pk__in=part)
        }
        # The words of the newest report at the time of the export.
        self.exported: dict[int, str] = {}
        for part in _parts({mark.report for mark in marks if mark.report}):
            self.exported |= reports.filter(pk__in=part).values_list("pk", "note")


def _parts(keys: Iterable[Any]) -> Iterator[list[Any]]:
    found = sorted(keys)
    return (found[first : first + KEYS_AT_ONCE] for first in range(0, len(found), KEYS_AT_ONCE))


def _check_mark(row: Row, mark: Mark | None, unit: Department, *, is_repeated: bool) -> None:
    if not row.mark:
        raise _Refused(gettext("没有标识：这一行不是从系统导出的。"))
    if mark is None:
        raise _Refused(gettext("标识被改动过，或不是本系统导出的。请重新下载填报表。"))
    if mark.unit != unit.pk:
        raise _Refused(gettext("这一行是别的单位的任务，不能填在这里。"))
    if is_repeated:
        raise _Refused(gettext("这项任务在表里有几行，不知道以哪一行为准。请只留一行。"))


def _compare(line: Line, present: _Present) -> None:
    """Say what becomes of the row's two values. Raises _Refused."""
    row, share, mark = line.row, line.share, line.mark
    if share is not None:
        line.ignored = _ignored(row, share)
    if row.is_blank:
        return
    if share is None or mark is None:
        raise _Refused(gettext("这项任务不归您填报。"))
    if row.formulas:
        heads = "、".join(row.formulas)
        raise _Refused(gettext("“%(heads)s”是公式。请复制后“粘贴为数值”。") % {"heads": heads})
    try:
        typed = roundtrip.read_percent(row.percent)
    except ValueError:
        words = gettext("“%(text)s”不是进度，请填整数，例如 60。")
        raise _Refused(words % {"text": row.percent[:20]}) from None
    note = roundtrip.read_note(row.note)
    line.exported_note = present.exported.get(mark.report, "")
    exported, now = roundtrip.read_note(line.exported_note), roundtrip.read_note(share.newest_note or "")
    line.outcome = roundtrip.merge_row(
        roundtrip.three_way(mark.percent, share.percent, typed), roundtrip.three_way(exported, now, note)
    )
    line.percent = share.percent if typed is None else typed
    line.note = note or ""
    line.form_key = mark.form_key(typed, line.note)


def _ignored(row: Row, share: Assignment) -> list[str]:
    """The heads of columns that say something else than the system, and are not taken."""
    due = share.due_date.isoformat() if share.due_date else ""
    stand = {
        roundtrip.PLAN: share.plan.title,
        roundtrip.TEXT: share.task.text,
        roundtrip.DUE: due,
    }
    return [
        head
        for head, text in row.others.items()
        if (
            _day(text) != due
            if head == roundtrip.DUE
            else roundtrip.folded(text) != roundtrip.folded(stand[head])
        )
    ]


def _day(text: str) -> str:
    """A day however a program wrote it, as ISO says it; other words as they are."""
    found = _DAY.fullmatch(text.strip())
    return "{}-{:0>2}-{:0>2}".format(*found.groups()) if found else text.strip()


def _settle(lines: Sequence[Line]) -> None:
    """What was brought in before is not brought in again; the rest goes by the rules of the form."""
    keyed = [line for line in lines if line.outcome in (Merge.TAKE, Merge.CONFLICT)]
    made: dict[UUID, ProgressReport] = {}
    for part in _parts({line.form_key for line in keyed}):
        # Counterparts under other tasks of the same duty have the key of the form as well.
        own = ProgressReport.objects.filter(form_key__in=part, shared_from=None)
        made |= {report.form_key: report for report in own}
    for line in keyed:
        assert line.share is not None
        try:
            if (report := made.get(line.form_key or UUID(int=0))) is not None:
                _settle_made(line, report)
            else:
                _check_rules(line, line.share)
        except _Refused as refusal:
            line.outcome, line.reason = None, str(refusal)


def _settle_made(line: Line, report: ProgressReport) -> None:
    if report.is_withdrawn:
        raise _Refused(gettext("这一行导入过，后来撤回了。要再填报，请改动说明，或在网页上填报。"))
    line.outcome, line.is_made = Merge.SAME, True
    day = day_of(report.created_at)
    line.reason = gettext("这一行 %(day)s 已经导入过。") % {"day": day.isoformat()}


def _check_rules(line: Line, share: Assignment) -> None:
    if next_status(Move.REPORT, share.status) is None:
        status = share.get_status_display()
        raise _Refused(gettext("当前状态为“%(status)s”，不用填报。") % {"status": status})
    form = ReportForm(
        {
            "percent": line.percent,
            "note": line.note,
            "form_key": str(line.form_key),
            "version": share.version,
        }
    )
    if not form.is_valid():
        raise _Refused(" ".join(str(error) for errors in form.errors.values() for error in errors))


@dataclass(frozen=True, slots=True)
class Carried:
    """What a preview sends on to its confirmation: rows as typed, and the versions they stood beside."""

    rows: Sequence[Row]
    versions: Mapping[int, int]

    def signed(self, unit: Department) -> str:
        """Raises UnreadableSheet where it is too much for one form."""
        rows = [(row.number, row.mark, row.percent, row.note) for row in self.rows]
        text = signing.dumps([rows, list(self.versions.items())], salt=_salt(unit), compress=True)
        if len(text) > CARRIED_LIMIT:
            raise UnreadableSheet(gettext("表里的文字太多。请分成几个文件上传。"))
        return text

    @classmethod
    def of(cls, found: Look) -> Self:
        """Of a look that can go on: refused rows and empty ones stay behind."""
        lines = found.answered
        shares = [line.share for line in lines if line.share]
        return cls([line.row for line in lines], {share.pk: share.version for share in shares})

    @classmethod
    def read(cls, text: str, unit: Department) -> Self:
        """Raises signing.BadSignature, also where it is too old."""
        rows, versions = signing.loads(text, salt=_salt(unit), max_age=PREVIEW_AGE)
        return cls([Row(*row) for row in rows], dict(versions))


def _salt(unit: Department) -> str:
    return f"tracker.report-sheet.preview.{unit.pk}"
