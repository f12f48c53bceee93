"""From a text to a ParsedPlan: puts outline, units, clauses, tables and header together."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import accumulate

from . import clauses, goals, header, outline, responsibility, tables, units
from .clauses import Text
from .folding import fold
from .lexicon import GOAL_HEADING, IDLE_HEADING, OF_ITSELF, ORDERS_NOTHING
from .outline import RANKS, Line, Node
from .responsibility import Mention
from .rules import Context, span_begins
from .types import Clause, Doubt, Header, Measure, ParsedPlan, Person, Role, Span, Target, Unit

_TITLE_STOP = re.compile("[。!?]")
# A heading and its text in one line, with nothing but a blank between them.
_GAP = re.compile(r"(?P<title>[\u4e00-\u9fff、“”]{4,16}) +(?=[\u4e00-\u9fff“][^ ]{9,}$)")
_SENTENCE_STOP = re.compile(r"。|\((?:责任|牵头|配合|主要责任)(?:单位|部门)")
_TITLE_LIMIT = 40
_LONGEST = 300  # what a title can hold
_YEAR_IN_TITLE = re.compile(r"((?:19|20)\d\d)年?(?: *[-至到]+ *(?:19|20)?\d\d)?年")
_YEAR_OF_NUMBER = re.compile(r"\(((?:19|20)\d\d)\)")


@dataclass(slots=True)
class _Plan:
    """What is gathered while a document is read."""

    text: Text
    context: Context
    first_leads: Role | None
    headings: set[str] = field(default_factory=set)  # the styles of numbers that have others below them
    doubts: list[Doubt] = field(default_factory=list)
    defaults: list[str] = field(default_factory=list)
    goals: list[Target] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)


def assemble(text: str, *, reference_date: date | None, file: str) -> ParsedPlan:
    """The plan in a text; see `tracker.parser.parse_text`."""
    printed = tables.unbox(text)
    both = Text(printed, fold(printed))
    lines = outline.split_lines(both.folded)
    head = header.read(both, lines)
    plan = _Plan(both, _context(head, reference_date, both.folded), units.first_leads(both.folded))
    rows = tables.find(both, lines, plan.context, plan.first_leads, plan.doubts)
    tree = outline.build(
        [
            line
            for line in lines
            if line.start not in rows.used and not ("|" in line.text and line.text.count("|") > 2)
        ]
    )
    bare = [line for line in tree.head if _names_units(both, line)]
    if bare and not (head.title and tree.nodes and len(bare) < 2):
        _bare_measures(plan, tree.head, ())
    plan.headings = {node.style for node in tree.nodes if node.children}
    for node in tree.nodes:
        if not node.children or _speaks_for_itself(both, node):
            _measure(plan, node)
    plan.goals = goals.find(both, tree, plan.context)
    if not tree.nodes and not plan.measures and not rows.rows:
        _bare_measures(plan, tree.head, (), everything=True)
    defaults = tuple(Unit(name, "implement") for name in dict.fromkeys(plan.defaults))
    measures = tuple(plan.measures)
    _plan_doubts(plan, measures, bool(defaults))
    return ParsedPlan(
        source_text=printed,
        file=file,
        header=head,
        default_units=defaults,
        goals=tuple(plan.goals),
        measures=measures,
        table=tuple(rows.rows),
        warnings=tuple(sorted(plan.doubts, key=lambda doubt: doubt.span)),
    )


def _context(head: Header, reference: date | None, folded: str) -> Context:
    """The year of the document: by its signature, title, publication, number; else by the reference date."""
    titled = _YEAR_IN_TITLE.search(fold(head.title or ""))
    own = head.issued_on or head.published_on
    own_year = own.year if own else int(titled[1]) if titled else None
    if head.issued_on is None and titled and (own is None or int(titled[1]) != own.year):
        own_year = int(titled[1])
    numbered = _YEAR_OF_NUMBER.search(fold(head.document_number or ""))
    if own_year is None and numbered:
        own_year = int(numbered[1])
    return Context(
        year=own_year or (reference.year if reference else None),
        issued=head.issued_on,
        own_year=own_year,
        day=head.published_on or reference,
        since=span_begins(folded),
    )


def _path(text: Text, node: Node) -> tuple[str, ...]:
    """The headings above a node as printed, from the top, without run-in text."""
    path = []
    for up in node.ancestors():
        words = text.folded[up.body : up.lines[0].end]
        stop = _SENTENCE_STOP.search(words)
        end = up.body + (stop.start() if stop else len(words))
        path.append(re.sub(r"\s+", "", text.source[up.start : end]))
    return tuple(reversed(path))


def _title_end(
    text: Text, node_body: int, line_end: int, more: bool, mentions: list[Mention]
) -> tuple[int, bool]:
    """Where the title ends, and whether it is a run-in or separate heading (else a sentence)."""
    bracket = min((m.span[0] for m in mentions if m.hole and m.span[0] >= node_body), default=line_end)
    stop = _TITLE_STOP.search(text.folded, node_body, line_end)
    first = min(stop.start() if stop else line_end, line_end)
    colon = text.folded.find(":", node_body, min(first, node_body + 26))
    if colon > 0 and colon + 1 < line_end and not re.search("[,;、]", text.folded[node_body:colon]):
        return colon, True
    if bracket < first:
        return bracket, False
    gap = _GAP.match(text.folded, node_body, first)
    if gap:
        return gap.end("title"), True
    rest = text.folded[first:line_end].strip(" 。")
    body_follows = (bool(rest) and not (bracket <= first + 2 and bracket < line_end)) or (not rest and more)
    return first, body_follows and first - node_body <= _TITLE_LIMIT


def _measure(plan: _Plan, node: Node) -> None:
    """Add the measure of a leaf node, or its bare paragraphs, or nothing where it orders nothing."""
    text = plan.text
    heading = node.heading
    names = [heading, *(up.heading for up in node.ancestors())]
    doubts: list[Doubt] = []
    mentions = responsibility.collect(text, node.body, node.end, doubts)
    idle = any(IDLE_HEADING.match(name) or GOAL_HEADING.match(name) for name in names)
    if idle and not any(m.reading.groups for m in mentions):
        return
    if (
        len(node.lines) == 1
        and node.style in plan.headings
        and not mentions
        and "。" not in node.lines[0].text
    ):
        return  # a heading whose paragraphs are missing
    if not mentions and OF_ITSELF.match(text.folded[node.body : node.end].strip(" 。\n")):
        return
    bodies = node.lines[1:]
    if node.style in ("cn", "chapter", "paren_cn") and len(node.lines[0].text) < 40:
        named = [line for line in bodies if _names_units(text, line)]
        separate = not any(LABEL_ONLY.match(line.text) for line in bodies)
        if len(named) > 1 and separate and not _names_units(text, node.lines[0]):
            _bare_measures(
                plan,
                bodies,
                (
                    *_path(text, node),
                    re.sub(r"\s+", "", text.source[node.start : node.lines[0].end]).rstrip("。"),
                ),
            )
            return
    if (
        not any(m.reading.groups for m in mentions)
        and node.parent
        and not _speaks_for_itself(text, node.parent)
    ):
        mentions = [*_of_heading(plan, node.parent), *mentions]
    if not any(m.reading.groups for m in mentions) and node.parent:
        mentions = [*mentions, *_behind_siblings(plan, node)]
    plan.doubts += doubts
    number = text.source[node.start : node.body].strip(" \u3000")
    _add_measure(plan, _path(text, node), number, node.start, node.body, node.lines, mentions)
    if not plan.measures[-1].units and not any(m.reading.groups for m in mentions):
        owner = next((name for up in node.ancestors() if (name := _owner(text, up))), None)
        if owner:
            plan.measures[-1] = replace(plan.measures[-1], units=(Unit(owner, "lead"),))
            plan.doubts = [
                doubt
                for doubt in plan.doubts
                if (doubt.code, doubt.span) != ("unit-missing", plan.measures[-1].span)
            ]


def _owner(text: Text, node: Node) -> str | None:
    """The unit a heading is nothing but the name of: its duties stand below."""
    name = _OWN_TASKS.sub("", node.heading)
    if node.style != "unit" and not units.names_one(name):
        return None
    printed = "".join(text.source[node.body : node.lines[0].end].split())
    return printed[: len(name)]


def _speaks_for_itself(text: Text, node: Node) -> bool:
    """Whether a paragraph with its own units only seems to be a heading: what lay between is left out."""
    if not node.children or node.children[0].value == 1 or "。" not in node.lines[0].text:
        return False
    return _names_units(text, node.lines[-1])


def _of_heading(plan: _Plan, node: Node) -> list[Mention]:
    """The label lines and brackets of a heading itself: they hold for the measures below that name nobody."""
    found = responsibility.collect(plan.text, node.body, node.end, [])
    return [mention for mention in found if mention.hole and (mention.reading.groups or mention.times)]


_OWN_TASKS = re.compile(r"(?:\([^()]*\)|的?(?:主要|工作|重点)*(?:职责|任务|分工|工作)|负责.{0,8})+$")
_BACKGROUND = re.compile(
    r"(?:目标(?:是|为)[:,]?|开局之年|收官之年|重要意义|(?:现将|现就).{0,60}(?:分解|分工|印发|通知|如下|下达)|现予|(?:制定|提出)(?:如下|本|以下))"
)


def _behind_siblings(plan: _Plan, node: Node) -> list[Mention]:
    """The label lines behind the last of some items, where none before names anybody: they hold for each."""
    siblings = node.parent.children if node.parent else []
    last = siblings[-1]
    if last is node or last.children or len(last.lines) < 2 or RANKS.get(node.style, 3) < RANKS["paren_num"]:
        return []
    found = responsibility.collect(plan.text, last.lines[1].start, last.end, [])
    if not found or any(
        mention.form not in ("label", "line")
        and (mention.form != "bracket" or plan.text.folded[last.lines[1].start : mention.span[0]].strip())
        for mention in found
    ):
        return []
    before = siblings[:-1]
    if any(
        sibling.children or responsibility.collect(plan.text, sibling.body, sibling.end, [])
        for sibling in before
    ):
        return []
    return [mention for mention in found if mention.reading.groups]


LABEL_ONLY = re.compile(r"^[^,。;、:]{2,10}:[^。]*。?$")


def _names_units(text: Text, line: Line) -> bool:
    """Whether a line of text ends in a bracket that names units."""
    if ")" not in line.text and "(" not in line.text:
        return False
    mentions = responsibility.collect(text, line.start, line.end, [])
    return any(m.form == "bracket" and m.reading for m in mentions)


def _bare_measures(
    plan: _Plan, lines: list[Line], path: tuple[str, ...], *, everything: bool = False
) -> None:
    """Paragraphs without a number: a measure each, if they name units (`everything`: or say something)."""
    text = plan.text
    heading: tuple[str, ...] = ()
    block: list[Line] = []
    label = [_is_label(text, line) for line in lines]
    for line, labelled, next_labelled in zip(lines, label, [*label, False][1:], strict=True):
        if labelled and block:
            block.append(line)
            continue
        if block:
            _bare(plan, path + heading, block)
            block = []
        named = _names_units(text, line)
        says = (
            everything
            and len(line.text) > 14
            and "。" in line.text
            and not ORDERS_NOTHING.match(line.text)
            and not _BACKGROUND.search(line.text)
        )
        says |= everything and next_labelled
        if named or says:
            block = [line]
        elif len(line.text) < 32 and not re.search("[。;,:]$", line.text):
            heading = (re.sub(r"\s+", "", text.source[line.start : line.end]),)
    if block:
        _bare(plan, path + heading, block)


def _is_label(text: Text, line: Line) -> bool:
    return bool(LABEL_ONLY.match(line.text) and responsibility.collect(text, line.start, line.end, []))


def _bare(plan: _Plan, path: tuple[str, ...], lines: list[Line]) -> None:
    doubts: list[Doubt] = []
    mentions = responsibility.collect(plan.text, lines[0].start, lines[-1].end, doubts)
    plan.doubts += doubts
    _add_measure(plan, path, "", lines[0].start, lines[0].start, lines, mentions)


def _add_measure(
    plan: _Plan,
    path: tuple[str, ...],
    number: str,
    start: int,
    body: int,
    lines: list[Line],
    mentions: list[Mention],
) -> None:
    text = plan.text
    end = lines[-1].end
    title_end, heading = _title_end(
        text, body, lines[0].end, len(lines) > 1 and _has_body(lines, mentions), mentions
    )
    shown = min(title_end, body + _LONGEST)
    title = text.source[body:shown].strip(" \u3000。\n:\uff1a;\uff1b,\uff0c")
    holes = [mention.span for mention in mentions if mention.hole]
    begin = title_end if heading else body
    made: list[Clause] = []
    if heading:
        titled = clauses.split(text, (body, title_end), plan.context, [])
        made = [clause for clause in titled if clause.schedule.rule != "unstated" or clause.targets]
    known = len(plan.doubts)
    made += clauses.make(text, begin, end, holes, plan.context, plan.doubts)
    if not made and title:
        made = [Clause(text.source[body:shown].strip(), clauses.trim(text.folded, body, shown))]
        made = [
            replace(clause, text=text.source[slice(*clause.span)])
            for clause in made
            if clause.span[0] < clause.span[1]
        ]
    everyone, each = responsibility.settle(mentions, first_leads=plan.first_leads)
    everyone = _without_defaults(plan, mentions, everyone)
    if not everyone and heading and units.names_one(text.folded[body:title_end]):
        everyone = [Unit(title, "lead")]  # a unit as heading, with its duties below
    made = _own_units(made, mentions, each)
    for mention in mentions:
        for span in mention.times:
            made = _stated_time(plan, made, span, mention)
            timed = {clause.span[0] for clause in made if clause.schedule.quote}
            plan.doubts[known:] = [
                doubt
                for doubt in plan.doubts[known:]
                if doubt.code != "deadline-missing" or doubt.span[0] not in timed
            ]
        if mention.reading.open:
            plan.doubts.append(Doubt("unit-list-open", "责任单位没有列全(“等”),请补充或确认", mention.span))
    people: list[Person] = [person for mention in mentions for person in mention.reading.people]
    whole: Span = (start, end)
    if not everyone and not plan.defaults:
        plan.doubts.append(Doubt("unit-missing", f"“{title}”没有写明责任单位", whole))
    plan.measures.append(
        Measure(
            path, number, title, text.source[start:end], whole, tuple(everyone), tuple(people), tuple(made)
        )
    )


def _has_body(lines: list[Line], mentions: list[Mention]) -> bool:
    """Whether a line behind the first holds more than units."""
    spans = sorted(m.span for m in mentions if m.hole)
    reach = list(accumulate((stop for _, stop in spans), max))  # how far the spans up to each go
    for line in lines[1:]:
        index = bisect_right(spans, line.start + 2, key=lambda span: span[0])
        if index == 0 or reach[index - 1] < line.end - 2:
            return True
    return False


def _without_defaults(plan: _Plan, mentions: list[Mention], everyone: list[Unit]) -> list[Unit]:
    """Note the units of a default clause once for the plan; they are not repeated where it is printed."""
    printed = [name.printed for mention in mentions for name in mention.reading.defaults]
    if not printed:
        return everyone
    plan.defaults += printed
    return [unit for unit in everyone if unit.role != "implement" or unit.name not in printed]


def _own_units(made: list[Clause], mentions: list[Mention], each: list[list[Unit]]) -> list[Clause]:
    """Give a clause the units of its own bracket, where a measure has several."""
    brackets = [
        (m.span, named) for m, named in zip(mentions, each, strict=True) if m.form == "bracket" and named
    ]
    inline = [
        (m.span, named) for m, named in zip(mentions, each, strict=True) if m.form == "inline" and named
    ]
    out = []
    for clause in made:
        inner = [
            unit for span, named in inline if clause.span[0] <= span[0] < clause.span[1] for unit in named
        ]
        if not inner and len(brackets) > 1:
            inner = next((named for span, named in brackets if span[0] >= clause.span[1] - 1), [])
        out.append(replace(clause, units=tuple(inner)) if inner else clause)
    return out


def _stated_time(plan: _Plan, made: list[Clause], span: Span, mention: Mention) -> list[Clause]:
    """A time beside the units (完成时限:…) schedules the last clause before it that states none."""
    context = replace(plan.context, field=True)
    doubts: list[Doubt] = []
    stated = clauses.split(plan.text, clauses.trim(plan.text.folded, *span), context, doubts)
    plan.doubts += [doubt for doubt in doubts if doubt not in plan.doubts]
    dated = [clause for clause in stated if clause.schedule.quote]
    if not dated:
        return made
    if made and span[1] <= made[0].span[0]:  # 整改时限 above the measures: for all that say no other
        when = dated[0].schedule
        return [
            replace(clause, schedule=when, targets=tuple(replace(t, due=when.due) for t in clause.targets))
            if clause.schedule.quote is None
            else clause
            for clause in made
        ]
    said = [(clause.span, clause.schedule) for clause in made if clause.schedule.due]
    dated = [
        each
        for each in dated
        if not any(s[0] <= each.span[0] < s[1] and when.due == each.schedule.due for s, when in said)
    ]
    if not dated:
        return made
    if len(dated) == 1:
        for index in range(len(made) - 1, -1, -1):
            clause = made[index]
            if clause.span[1] <= span[0] and clause.schedule.quote is None:
                follows = index + 1 == len(made) or made[index + 1].span[0] >= span[1]
                end = clause.span[1]
                follows &= dated[0].schedule.kind != "ongoing"
                if follows and mention.form == "bracket":
                    end = mention.span[1]
                elif follows and not mention.reading.groups and span[0] - end < 16:
                    end = clauses.trim(plan.text.folded, span[0], dated[0].span[1])[1]
                due = dated[0].schedule.due
                made[index] = replace(
                    clause,
                    schedule=dated[0].schedule,
                    span=(clause.span[0], end),
                    text=plan.text.source[clause.span[0] : end],
                    targets=tuple(replace(target, due=due) for target in clause.targets),
                )
                return made
    return sorted([*made, *dated], key=lambda clause: clause.span)


def _plan_doubts(plan: _Plan, measures: tuple[Measure, ...], defaults: bool) -> None:
    size = len(plan.text.source)
    if not measures:
        plan.doubts.append(Doubt("measures-missing", "没有找到可以分解的任务条目", (0, min(size, 1))))
    for opening, closing, name in (("(", ")", "圆括号"), ("《", "》", "书名号"), ("“", "”", "引号")):
        difference = plan.text.folded.count(opening) - plan.text.folded.count(closing)
        if difference:
            at = plan.text.folded.rfind(opening if difference > 0 else closing)
            plan.doubts.append(Doubt("bracket-unbalanced", f"{name}不成对,请核对原文", (at, at + 1)))
