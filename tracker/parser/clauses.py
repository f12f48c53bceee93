"""Sentences to clauses: one sentence is one clause, and every further date starts a clause of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from . import schedule, targets
from .rules import Context
from .schedule import Found
from .types import UNSTATED, Clause, Doubt, Schedule, Span

_SENTENCE = re.compile(
    r"(?:[^。!?\n(“]+|\([^()\n]{0,300}(?:\([^()\n]{0,100}\)[^()\n]{0,300}){0,4}\)|“[^”\n]{0,200}”|[(“])+[。!?]*[”)]*"
)
_EDGE = " \n。,;、:!?\t"
_EDGE_OF_CLAUSE = " \n。,;、:"
# How to reach someone: no obligation.
_CONTACT = re.compile(r"\(?(?:联系人|联系电话|联系方式|联系地址|电子邮箱|邮箱|传真)")
_LISTED = re.compile(r" *(?:和|及|与|、|以及) *(?:于|在)? *")
_WRAPPED = re.compile(r"[、,的和与及\d年月]$")


@dataclass(frozen=True, slots=True)
class Text:
    """A document twice: as printed, and folded to the same length for matching."""

    source: str
    folded: str


def trim(text: str, start: int, end: int, edge: str = _EDGE) -> Span:
    """The span without blanks and stops at its edges."""
    while start < end and text[start] in edge:
        start += 1
    while end > start and text[end - 1] in edge:
        end -= 1
    return start, end


def _outside(start: int, end: int, holes: list[Span]) -> Iterator[Span]:
    for left, right in holes:
        if right <= start:
            continue
        if left >= end:
            break
        if left > start:
            yield start, left
        start = max(start, right)
    if start < end:
        yield start, end


def sentences(text: Text, start: int, end: int, holes: list[Span]) -> Iterator[Span]:
    """The sentences of a region, without the holes (brackets and lines that name units), trimmed."""
    pending: Span | None = None
    for left, right in _outside(start, end, holes):
        for match in _SENTENCE.finditer(text.folded, left, right):
            span = trim(text.folded, *match.span())
            if span[0] == span[1] or _CONTACT.match(text.folded, span[0]):
                continue
            if pending:
                between = text.folded[pending[1] : span[0]]
                line = text.folded[text.folded.rfind("\n", 0, pending[1]) + 1 : pending[1]]
                if (
                    between.strip(" ") == "\n"
                    and (len(line) >= 25 or _WRAPPED.search(line))
                    and line[-1:] not in "。!?;:)”"
                ):
                    pending = (pending[0], span[1])
                    continue
                yield pending
            pending = span
    if pending:
        yield pending


def split(text: Text, span: Span, context: Context, doubts: list[Doubt]) -> list[Clause]:
    """One sentence as clauses, each with its schedule and targets. Doubts about dates go to `doubts`."""
    dated = _dates(text, span, context, doubts)
    if not dated:
        return [_clause(text, *trim(text.folded, *span, _EDGE_OF_CLAUSE), UNSTATED, doubts)]
    starts = [span[0]]
    kept = dated[:1]
    for item in dated[1:]:
        cut = _cut(text.folded, kept[-1].span[1], item.span[0])
        if (
            _combines(kept[-1], item)
            and trim(text.folded, starts[-1], cut)[1] <= kept[-1].span[1]
            and starts[-1] >= kept[-1].span[0] - 1
        ):
            kept[-1] = _joined(kept[-1], item)  # nothing but time words stands before this date
        else:
            starts.append(cut)
            kept.append(item)
    clauses: list[Clause] = []
    ends = [*starts[1:], span[1]]
    first = 0
    for index, item in enumerate(kept):
        when = _quoted(text, item)
        _doubt(when, item.span, context, doubts)
        follows = kept[index + 1].span[0] if index + 1 < len(kept) else -1
        if follows >= 0 and _LISTED.fullmatch(text.folded, item.span[1], follows):
            clauses.append(Clause("", item.span, when))  # words: the last one
            continue
        edges = trim(text.folded, starts[first], ends[index], _EDGE_OF_CLAUSE)
        clauses.append(_clause(text, *edges, when, doubts))
        if first < index:
            clauses[first:] = _shared(clauses[first:])
        first = index + 1
    return clauses


def _shared(listed: list[Clause]) -> list[Clause]:
    """Dates in a list govern the same words (分别于6月底和7月底完成); numbers in it belong to one each."""
    whole = listed[-1]
    each = len(whole.targets) == len(listed)
    clauses = []
    for index, clause in enumerate(listed):
        goals = whole.targets if clause is whole else ()
        if each:
            goals = (replace(whole.targets[index], due=clause.schedule.due),)
        clauses.append(replace(whole, schedule=clause.schedule, targets=goals))
    return clauses


def _dates(text: Text, span: Span, context: Context, doubts: list[Doubt]) -> list[Found]:
    """The dates of a sentence that start clauses; an impossible one is a doubt."""
    dated: list[Found] = []
    for item in schedule.search(text.folded, span[0], span[1], context):
        if item.schedule is None:
            doubts.append(
                Doubt("date-impossible", f"日期“{text.source[slice(*item.span)]}”不存在,请核对", item.span)
            )
        elif not _merged(text, dated, item):
            dated.append(item)
    stated = [item for item in dated if item.schedule and item.schedule.kind != "ongoing"]
    return stated or dated[:1]


def _clause(text: Text, start: int, end: int, when: Schedule, doubts: list[Doubt]) -> Clause:
    goals = tuple(targets.find(text.folded, text.source, start, end, when.due))
    if goals and when is UNSTATED:
        doubts.append(Doubt("deadline-missing", f"指标“{goals[0].quote}”没有完成时限", (start, end)))
    return Clause(text.source[start:end], (start, end), when, goals)


def _combines(before: Found, item: Found) -> bool:
    """Whether two dates can be one: a start or window of a frequency, or a year and a month inside it."""
    first, second = before.schedule, item.schedule
    if first is None or second is None:
        return False
    if second.kind == "recurring":
        return first.kind in ("start", "window", "deadline")
    return (
        first.rule == "year"
        and second.due is not None
        and first.due is not None
        and second.due.year == first.due.year
    )


def _joined(before: Found, item: Found) -> Found:
    """Two dates of one obligation as one: 自2014年起,每年…; 2025年,6月底前…"""
    first, second = before.schedule, item.schedule
    assert first is not None
    assert second is not None
    both = replace(
        second,
        start=second.start or first.start,
        due=second.due or (first.due if second.kind == "recurring" else None),
        implied=tuple(dict.fromkeys((*first.implied, *second.implied))),
    )
    if both.kind == "deadline" and both.start and both.due:
        both = replace(both, kind="window")
    return Found((before.span[0], item.span[1]), both)


def _quoted(text: Text, item: Found) -> Schedule:
    assert item.schedule is not None
    return replace(item.schedule, quote=text.source[slice(*item.span)])


def _merged(text: Text, dated: list[Found], item: Found) -> bool:
    """Whether `item` only adds to the date before it: detail of a frequency, a restatement in brackets."""
    if not dated or item.schedule is None:
        return False
    last = dated[-1]
    assert last.schedule is not None
    between = text.folded[last.span[1] : item.span[0]]
    adjoining = not re.search(r"[,;。、]", between) and len(between) <= 2
    if item.schedule.kind == "recurring" and last.schedule.kind in ("deadline", "window") and adjoining:
        both = replace(
            item.schedule, due=last.schedule.due, start=last.schedule.start, implied=last.schedule.implied
        )
        dated[-1] = Found((last.span[0], item.span[1]), both)
        return True
    if last.schedule.kind == "recurring" and item.schedule.kind == "recurring":
        return item.schedule.every == last.schedule.every and adjoining
    if (
        last.schedule.kind == "recurring"
        and item.schedule.implied
        and (
            adjoining
            or item.schedule.rule == "this_month"
            or _bracketed(text.folded, last.span[1], item.span[0])
        )
    ):
        return True
    if last.schedule.kind == "start" and item.schedule.kind == "deadline" and adjoining:
        both = replace(item.schedule, kind="window", start=last.schedule.start)
        dated[-1] = Found((last.span[0], item.span[1]), both)
        return True
    weak = item.schedule.rule in ("year", "month", "within_year") and item.schedule.kind == "deadline"
    return (
        weak
        and _bracketed(text.folded, last.span[1], item.span[0])
        and item.schedule.due == last.schedule.due
    )


def _bracketed(text: str, start: int, at: int) -> bool:
    return text.count("(", start, at) > text.count(")", start, at)


def _cut(text: str, start: int, at: int) -> int:
    """Where the clause of the date at `at` begins: behind the last stop after the date before it."""
    for stops in (";。", ",:"):
        for index in range(at - 1, start - 1, -1):
            if text[index] in stops and not _bracketed(text, index, at):
                return index + 1
    near = text.rfind("、", max(start, at - 8), at)
    return near + 1 if near >= 0 else at


def _doubt(when: Schedule, span: Span, context: Context, doubts: list[Doubt]) -> None:
    quote = when.quote or ""
    if when.kind in ("deadline", "window") and when.due is None:
        doubts.append(Doubt("date-unsettled", f"“{quote}”不能换算成日期,请填写时限", span))
    elif when.kind == "start" and when.start is None:
        doubts.append(Doubt("date-unsettled", f"“{quote}”不能换算成日期,请填写起始日", span))
    elif when.kind == "recurring" and when.every is None:
        doubts.append(Doubt("date-unsettled", f"“{quote}”不是固定周期,请填写时限", span))
    elif "year" in when.implied and when.kind != "recurring":
        shown = when.due or when.start
        doubts.append(Doubt("year-implied", f"“{quote}”没有写年份,按文件日期推定为{shown}", span))
    if when.due and context.issued and when.due < context.issued:
        doubts.append(Doubt("deadline-past", f"“{quote}”早于文件日期{context.issued}", span))


def make(
    text: Text, start: int, end: int, holes: list[Span], context: Context, doubts: list[Doubt]
) -> list[Clause]:
    """All clauses of a region, in order."""
    return [
        clause for span in sentences(text, start, end, holes) for clause in split(text, span, context, doubts)
    ]
