"""What one person is told on one day: items in sections, and a subject with the numbers. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from notifications.policy import Audience, Due, Kind
from notifications.wording import BUILT_IN
from notifications.workdays import zh_date

SOON_DAYS = 7
# A mail is read on a phone: beyond this a section says how many more there are.
SECTION_LIMIT = 20
TEXT_LIMIT = 60

# Sections in the order of a mail, and the kinds in each. An assignment stands in the first that fits; one
# that was only just given out stands under 新下达 whatever else is true of it, so that confirming a plan is
# one short list and not a storm of alarms.
SECTIONS: tuple[tuple[str, frozenset[Kind]], ...] = (
    ("新下达任务", frozenset({Kind.NEW})),
    ("领导批示", frozenset({Kind.INSTRUCTED})),
    ("催办", frozenset({Kind.NUDGED})),
    ("逾期", frozenset({Kind.OVERDUE})),
    ("退回", frozenset({Kind.RETURNED})),
    ("延期已审批", frozenset({Kind.ANSWERED})),
    ("即将到期", frozenset({Kind.BEFORE})),
    ("节点", frozenset({Kind.NODE, Kind.NODE_LATE})),
    ("待签收", frozenset({Kind.UNSIGNED})),
    ("未填报", frozenset({Kind.NO_REPORT})),
    ("久未填报", frozenset({Kind.SILENT})),
    ("延期待审批", frozenset({Kind.EXTENSION})),
    ("下级逾期", frozenset({Kind.ESCALATE, Kind.ESCALATE_LEADER})),
    ("待审核", frozenset({Kind.REVIEW})),
)

_PLACE = {kind: place for place, (_, kinds) in enumerate(SECTIONS) for kind in kinds}

# Where an overdue item is not named in the subject: it is the section's own word, somebody else's, or was
# late when it was given out, which the section says itself.
_LATE_UNNAMED = frozenset({"新下达任务", "逾期", "延期待审批", "下级逾期", "待审核"})

# Who waits for what, above the items of a section.
LEADS = {
    "领导批示": "领导在等落实情况，请填报进展。",
    "催办": "督办员在等您填报进展。",
    "逾期": "时限已过，请尽快办结；确有困难的，请说明理由申请延期。",
    "退回": "督办员已退回，请按意见继续办理后再提交。",
    "待签收": "督办员在等您签收。",
    "久未填报": "请填报目前的进展。",
    "延期待审批": "以下单位申请延期，在等您审批。",
    "下级逾期": "以下单位逾期未办结，请督促。",
    "待审核": "以下单位已提交办结，在等您审核。",
}


@dataclass(frozen=True)
class Matter:
    """The assignment a reminder is about, as a mail prints it."""

    assignment_id: int
    task_id: int
    number: str
    text: str
    unit: str
    due_date: date | None

    @property
    def short_text(self) -> str:
        return self.text if len(self.text) <= TEXT_LIMIT else self.text[: TEXT_LIMIT - 1] + "…"

    @property
    def due_zh(self) -> str:
        return zh_date(self.due_date) if self.due_date else "无明确期限"


@dataclass(frozen=True)
class Item:
    """One assignment in a digest, with every reason for which it is there."""

    matter: Matter
    dues: tuple[Due, ...]
    today: date

    @property
    def reasons(self) -> str:
        return "；".join(due.reason_zh for due in self.dues)

    @cached_property
    def days_left(self) -> int | None:
        return (self.matter.due_date - self.today).days if self.matter.due_date else None

    @property
    def is_overdue(self) -> bool:
        return self.days_left is not None and self.days_left < 0

    @property
    def is_soon(self) -> bool:
        return self.days_left is not None and 0 <= self.days_left <= SOON_DAYS


@dataclass(frozen=True)
class Section:
    """A heading of the mail with its items, the most pressing first."""

    title: str
    items: tuple[Item, ...]

    @property
    def lead(self) -> str:
        if self.title != "新下达任务":
            return LEADS.get(self.title, "")
        parts = [f"其中{self.late_count}项下达时已过期限。"] if self.late_count else []
        parts += [f"其中{self.soon_count}项7日内到期。"] if self.soon_count else []
        return "".join(["请及时签收。", *parts])

    @property
    def is_alarm(self) -> bool:
        return self.title in ("逾期", "下级逾期")

    @property
    def shown(self) -> tuple[Item, ...]:
        return self.items[:SECTION_LIMIT]

    @property
    def hidden_count(self) -> int:
        return len(self.items) - len(self.shown)

    @cached_property
    def soon_count(self) -> int:
        return sum(item.is_soon for item in self.items)

    @cached_property
    def late_count(self) -> int:
        return sum(item.is_overdue for item in self.items)


@dataclass(frozen=True)
class Digest:
    """A mail before it is rendered."""

    sections: tuple[Section, ...]
    today: date

    @property
    def as_of(self) -> str:
        return zh_date(self.today)

    @cached_property
    def count(self) -> int:
        return sum(len(section.items) for section in self.sections)

    @cached_property
    def next_due(self) -> Item | None:
        """The item whose date comes next, from today on."""
        items = [item for section in self.sections for item in section.items]
        ahead = [item for item in items if item.days_left is not None and item.days_left >= 0]
        return min(ahead, key=lambda item: item.days_left or 0, default=None)

    @property
    def subject_line(self) -> str:
        """The subject as the built-in words begin it: 【督办】逾期2项，7日内到期3项."""
        return BUILT_IN.subject_prefix + self.numbers

    @cached_property
    def numbers(self) -> str:
        """催办2项（含逾期1项），逾期2项，7日内到期3项: only what there is, never a zero."""
        parts: list[str] = []
        for section in self.sections:
            number = len(section.items)
            if section.title == "即将到期":
                soon = section.soon_count
                parts += [f"7日内到期{soon}项"] if soon else []
                parts += [f"近期到期{number - soon}项"] if number > soon else []
            else:
                late = 0 if section.title in _LATE_UNNAMED else section.late_count
                parts.append(f"{section.title}{number}项" + (f"（含逾期{late}项）" if late else ""))
        return "，".join(parts)


def compose(dues: Iterable[tuple[Matter, Due]], today: date) -> Digest:
    """Group reminders by assignment and the assignments into sections; empty sections are left out."""
    by_assignment: dict[int, tuple[Matter, list[Due]]] = {}
    for matter, due in dues:
        by_assignment.setdefault(matter.assignment_id, (matter, []))[1].append(due)
    grouped: list[list[Item]] = [[] for _ in SECTIONS]
    for matter, found in by_assignment.values():
        grouped[min(_PLACE[due.kind] for due in found)].append(Item(matter, tuple(found), today))
    named = zip(SECTIONS, grouped, strict=True)
    return Digest(tuple(Section(title, _by_urgency(items)) for (title, _), items in named if items), today)


def _by_urgency(items: Sequence[Item]) -> tuple[Item, ...]:
    return tuple(
        sorted(items, key=lambda item: (item.matter.due_date or date.max, item.matter.assignment_id))
    )


def sample_digest(today: date) -> Digest:
    """A made-up digest that shows what a mail looks like."""
    late, soon = today - timedelta(days=3), today + timedelta(days=3)
    matters = (
        ("示例-1", "完成燃煤锅炉淘汰并报送台账", "市生态环境局", late),
        ("示例-2", "完成重点行业企业深度治理", "市生态环境局", soon),
        ("示例-3", "建立扬尘污染防治责任清单", "市生态环境局", None),
    )
    rows = [Matter(0 - number, 0, *matter) for number, matter in enumerate(matters)]
    dues = (
        Due("OVERDUE_1", Kind.OVERDUE, Audience.UNIT, late, "逾期3天"),
        Due("BEFORE_3", Kind.BEFORE, Audience.UNIT, soon, "还有3天到期"),
        Due("NEW_0", Kind.NEW, Audience.UNIT, today, "新下达任务，请签收"),
    )
    return compose(zip(rows, dues, strict=True), today)
