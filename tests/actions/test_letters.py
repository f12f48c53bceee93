"""Letters to units: their numbers, their words, what they were made of, and taking them back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections

from accounts.models import Region, User
from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast, make_region
from tracker import audit, letters
from tracker.actions.letters import LetterChanged, issue_letter, withdraw_letter
from tracker.actions.work import MoveRefused
from tracker.models import Assignment, Letter, TaskEvent
from tracker.models.letters import number_of
from tracker.papers.kinds import Paper
from tracker.papers.templates import text_of
from tracker.workflow import Light, Status

LATE = TODAY - timedelta(days=21)


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def _issue(
    rows: list[Assignment], cast: Cast, *, by: User | None = None, now: datetime = NOW, **changed: Any
) -> Letter:
    by = by or cast.coordinator
    values: dict[str, Any] = {"paper": Paper.SUPERVISION, "note": "", "reply_by": None} | changed
    unit = rows[0].department
    shown = letters.fingerprint(
        letters.letter_data(
            values["paper"],
            sorted(rows, key=lambda row: (row.due_date or date.max, row.pk)),
            region=rows[0].region,
            unit=unit,
            by=by,
            today=TODAY if now == NOW else now.date(),
            note=values["note"],
            reply_by=values["reply_by"],
        )
    )
    given: dict[str, Any] = {
        "assignment_ids": [row.pk for row in rows],
        "days": 7,
        "shown": shown,
        "form_key": uuid4(),
    }
    return issue_letter(unit, **(given | values), by=by, now=now)


def _files(settings: Any) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_letter_says_what_it_is_about_and_keeps_the_file(cast, settings) -> None:
    late = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE, percent=40)
    longer = make_assignment(
        cast.bureau, plan=cast.plan, due_date=LATE - timedelta(days=1), text="拆除燃煤锅炉"
    )

    letter = _issue([late, longer], cast, note="请抓紧。", reply_by=date(2024, 10, 28))

    assert (letter.number, letter.serial, letter.day) == ("新乡督〔2024〕1号", 1, TODAY)
    assert [(item["number"], item["late"]) for item in letter.items] == [
        (longer.task.number, "逾期22天"),
        (late.task.number, "逾期21天"),
    ]
    with letter.file.open("rb") as file:
        content = file.read()
    printed = text_of(content)
    for words in (
        "新乡市督办单",
        "新乡督〔2024〕1号",
        "市生态环境局：",
        "拆除燃煤锅炉",
        "逾期22天",
        "请抓紧。",
        "2024年10月28日",
    ):
        assert words in printed
    assert [path.read_bytes() for path in _files(settings)] == [content]
    assert list(audit.file_findings()) == []
    assert letter.download_name == "督办单 新乡督〔2024〕1号.docx"


def test_history_of_each_task_tells_of_the_letter_and_versions_stay(cast) -> None:
    late = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    other = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)

    letter = _issue([late], cast)
    withdraw_letter(letter.pk, reason="已经报来", by=cast.coordinator, now=NOW)

    events = TaskEvent.objects.filter(task=late.task).order_by("sequence")
    assert [(event.kind, event.note, event.assignment_id) for event in events] == [
        ("ISSUE_LETTER", "督办单 新乡督〔2024〕1号", late.pk),
        ("WITHDRAW_LETTER", "督办单 新乡督〔2024〕1号：已经报来", late.pk),
    ]
    assert events[0].data["sha256"] == letter.sha256
    assert not TaskEvent.objects.filter(task=other.task).exists()
    assert set(Assignment.objects.values_list("version", flat=True)) == {1}


def test_numbers_run_by_region_kind_and_year(cast) -> None:
    late = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    soon = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY + timedelta(days=3))
    foreign = make_assignment(cast.foreign_bureau, plan=cast.foreign_plan, due_date=LATE)
    next_year = NOW.replace(year=2025)

    numbers = [
        _issue([late], cast).number,
        _issue([late], cast).number,
        _issue([soon], cast, paper=Paper.NOTICE).number,
        _issue([foreign], cast, by=cast.foreign_coordinator).number,
        _issue([late], cast, now=next_year).number,
    ]

    assert numbers == [
        "新乡督〔2024〕1号",
        "新乡督〔2024〕2号",
        "新乡提〔2024〕1号",
        "开封督〔2024〕1号",
        "新乡督〔2025〕1号",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "level", "number"),
    [
        ("新乡市", Region.Level.CITY, "新乡督〔2024〕3号"),
        ("河南省", Region.Level.PROVINCE, "河南督〔2024〕3号"),
        ("新乡县", Region.Level.COUNTY, "新乡县督〔2024〕3号"),
        ("卫辉市", Region.Level.COUNTY, "卫辉市督〔2024〕3号"),
        ("恩施土家族苗族自治州", Region.Level.CITY, "恩施土家族苗族自治州督〔2024〕3号"),
    ],
)
def test_how_a_number_is_written(name, level, number) -> None:
    assert number_of(make_region(name, level=level), Paper.SUPERVISION, TODAY, 3) == number


def test_failed_letter_leaves_no_gap_and_no_file(cast, settings, monkeypatch) -> None:
    late = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)

    def fail(*args: Any, **given: Any) -> None:
        raise RuntimeError("no more events")

    with monkeypatch.context() as patched:
        patched.setattr("tracker.actions.letters.record", fail)
        with pytest.raises(RuntimeError):
            _issue([late], cast)

    assert (_files(settings), Letter.objects.count()) == ([], 0)
    assert _issue([late], cast).serial == 1


def test_same_form_twice_is_one_letter(cast) -> None:
    late = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    key = UUID("6f1b6a34-8f0f-4f6e-9a5c-2f6f1f1f1f1f")

    first, second = _issue([late], cast, form_key=key), _issue([late], cast, form_key=key)

    assert first == second
    assert Letter.objects.count() == 1


def test_withdrawn_letter_keeps_its_number_and_its_bytes(cast, settings) -> None:
    late = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    letter = _issue([late], cast)
    before = [path.read_bytes() for path in _files(settings)]

    withdraw_letter(letter.pk, reason="已经报来", by=cast.coordinator, now=NOW)

    assert _issue([late], cast).number == "新乡督〔2024〕2号"
    letter.refresh_from_db()
    assert (letter.number, letter.is_withdrawn) == ("新乡督〔2024〕1号", True)
    assert before[0] in [path.read_bytes() for path in _files(settings)]
    with pytest.raises(MoveRefused, match="已由周敏撤回"):
        withdraw_letter(letter.pk, reason="再来", by=cast.coordinator, now=NOW)


@pytest.mark.parametrize(
    "who", ["reporter", "leader", "county_coordinator", "foreign_coordinator", "administrator"]
)
def test_only_the_regions_coordinator_writes_and_withdraws(cast, who) -> None:
    late = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    letter = _issue([late], cast)

    with pytest.raises(MoveRefused, match="没有权限"):
        _issue([late], cast, by=getattr(cast, who))
    with pytest.raises(MoveRefused, match="没有权限"):
        withdraw_letter(letter.pk, reason="试试", by=getattr(cast, who), now=NOW)


def test_rows_of_another_unit_or_region_are_refused(cast) -> None:
    late = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    others = [
        make_assignment(cast.other_bureau, plan=cast.plan, due_date=LATE),
        make_assignment(cast.bureau, plan=cast.foreign_plan, due_date=LATE),
        make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY),
    ]
    for row in others:
        with pytest.raises(LetterChanged):
            _issue([late, row], cast, assignment_ids=[late.pk, row.pk])
    assert not Letter.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"percent": 80},
        {"due_date": LATE - timedelta(days=1), "judged_date": None},
        {"status": Status.PENDING},
    ],
)
def test_what_changed_since_the_preview_is_refused(cast, change) -> None:
    late = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    Assignment.objects.filter(pk=late.pk).update(
        **(
            change
            | (
                {"judged_date": change["due_date"], "first_due_date": change["due_date"]}
                if "due_date" in change
                else {}
            )
        )
    )

    with pytest.raises(LetterChanged, match="有变化"):
        _issue([late], cast)


def test_what_triggers_a_letter(cast) -> None:
    def share(days: int | None, **fields: Any) -> Assignment:
        due = None if days is None else TODAY + timedelta(days=days)
        return make_assignment(cast.bureau, plan=cast.plan, due_date=due, **fields)

    late, today, week, month, far = share(-1), share(0), share(7), share(30), share(90)
    behind = share(90, behind_from=TODAY)
    again = share(60, unit_late_days=3)
    share(None)
    share(-5, status=Status.SUBMITTED)
    share(3, status=Status.SUSPENDED)
    closed_late = share(-5, status=Status.CLOSED)
    all_of_them = Assignment.objects.all()

    def found(paper: str, days: int) -> set[Assignment]:
        return set(letters.triggering(all_of_them, paper, TODAY, days=days))

    assert closed_late.light_on(TODAY) == Light.YELLOW
    assert found(Paper.SUPERVISION, 7) == {late}
    assert found(Paper.NOTICE, 7) == {today, week, behind, again}
    assert found(Paper.NOTICE, 30) == {today, week, month, behind, again}
    assert far not in found(Paper.NOTICE, 30)


def test_too_many_and_none_are_refused(cast) -> None:
    late = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)

    with pytest.raises(MoveRefused, match="至少选择一项"):
        _issue([late], cast, assignment_ids=[])
    with pytest.raises(MoveRefused, match="最多列 100 项"):
        _issue([late], cast, assignment_ids=range(101))
    with pytest.raises(MoveRefused, match="早于今天"):
        _issue([late], cast, reply_by=TODAY - timedelta(days=1))


@pytest.mark.django_db(transaction=True)
def test_two_at_once_get_two_numbers() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite in memory has one connection: DUBAN_TEST_DB=postgres")
    cast = make_cast()
    rows = [make_assignment(cast.bureau, plan=cast.plan, due_date=LATE) for _ in range(6)]
    together = Barrier(len(rows))

    def write(row: Assignment) -> str:
        try:
            together.wait(20)
            return _issue([row], cast).number
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(rows)) as pool:
        numbers = list(pool.map(write, rows))

    assert sorted(numbers) == [f"新乡督〔2024〕{serial}号" for serial in range(1, 7)]
