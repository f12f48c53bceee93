"""The round trip of a report sheet, for any edits of the sheet and any reports made meanwhile."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from accounts.table_files import write_table
from accounts.tables import Stamp, make_table
from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast
from tracker import roundtrip
from tracker.actions.report_sheets import take_in
from tracker.actions.work import report_progress
from tracker.forms.report_sheets import look, read_rows
from tracker.models import Assignment, ProgressReport
from tracker.roundtrip import Mark, Merge, read_percent, three_way

VALUES = st.sampled_from(["a", "b", "c"])


@given(exported=VALUES, now=VALUES, sheet=st.none() | VALUES)
def test_three_way_loses_nothing_unasked(exported: str, now: str, sheet: str | None) -> None:
    outcome = three_way(exported, now, sheet)

    kept_by_itself = sheet if outcome is Merge.TAKE else now
    # Without a question, what stands afterwards is what was typed or what stood; and what somebody
    # else changed is never replaced.
    assert (kept_by_itself == now) or (exported == now and kept_by_itself == sheet)
    assert (outcome is Merge.CONFLICT) == (sheet is not None and sheet != now and exported != now)
    assert (outcome is Merge.EMPTY) == (sheet is None)
    assert three_way(exported, kept_by_itself, sheet) in (outcome, Merge.SAME)


@given(st.integers(0, 999), st.sampled_from(["{}", "{}%", " {} ", "{}.0", "{}.00％", "　{}"]), st.booleans())
def test_percent_is_read_in_every_way_of_typing_it(number: int, form: str, is_wide: bool) -> None:
    text = form.format(number)
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    assert read_percent(text.translate(wide) if is_wide else text) == number


@given(st.text("0159０６.．%％ 　六-+e²\n", max_size=8))
def test_any_text_is_a_percentage_nothing_or_refused(text: str) -> None:
    try:
        found = read_percent(text)
    except ValueError:
        assert text.strip()
    else:
        assert found in range(1000) if roundtrip.folded(text) else found is None


@given(st.integers(1, 10**12), st.integers(1, 10**6), st.integers(0, 100), st.integers(0, 10**12), st.data())
def test_mark_is_read_back_or_not_at_all(share: int, unit: int, percent: int, report: int, data: Any) -> None:
    mark = Mark(share, unit, percent, report)
    text = mark.signed()
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("0123456789-R:xyz").filter(lambda letter: letter != text[place]))

    assert Mark.read(text) == mark
    # The last letter of a signature carries two bits that say nothing.
    assert Mark.read(text[:place] + other + text[place + 1 :]) in (None, mark)
    assert Mark.read(text[:place] + other + text[place + 1 :]) is None or place == len(text) - 1


OWN = 4  # shares of the unit, of which the last is another region's


@dataclass(frozen=True)
class Edit:
    """What somebody did to a row: typed into it, changed what is read only, or made a second one of it."""

    percent: int | None
    form: str
    note: str | None
    is_deleted: bool
    is_repeated: bool
    is_meddled: bool


EDITS = st.builds(
    Edit,
    percent=st.integers(0, 100) | st.none(),
    form=st.sampled_from(["{}", "{}%", "{}.0", " {}％"]),
    note=st.sampled_from(["表里甲", "表里乙", None]),
    is_deleted=st.integers(0, 4).map(lambda number: number == 4),
    is_repeated=st.integers(0, 4).map(lambda number: number == 4),
    is_meddled=st.booleans(),
)
MEANWHILE = st.lists(
    st.tuples(st.integers(0, OWN - 1), st.integers(0, 100), st.sampled_from(["网页甲", "表里甲"])), max_size=3
)
FOREIGN = st.lists(st.sampled_from(["other unit", "other unit as own", "tampered", "none"]), max_size=2)


def _everything() -> dict[int, dict[str, Any]]:
    return {row["id"]: dict(row) for row in Assignment.objects.values()}


def _words(pk: int) -> str | None:
    newest = ProgressReport.objects.standing().filter(assignment=pk).order_by("-created_at", "-pk")
    return newest.values_list("note", flat=True).first()


World = tuple[Cast, list[Assignment], Assignment, list[list[Any]]]


@pytest.fixture
def world(db: None) -> World:
    """Shares of a unit, one of another's, and the sheet as it was taken away."""
    cast = make_cast()
    shares = [make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY) for _ in range(OWN - 1)]
    shares.append(make_assignment(cast.bureau, plan=cast.foreign_plan, due_date=TODAY, status="PENDING"))
    _report(shares[0], 40, "下载前", cast)
    other = make_assignment(cast.other_bureau, task=shares[0].task)
    return cast, shares, other, _exported(cast)


def _report(share: Assignment, percent: int, note: str, cast: Cast) -> None:
    report_progress(share.pk, percent=percent, note=note, form_key=uuid4(), by=cast.colleague, now=NOW)


def _exported(cast: Cast) -> list[list[Any]]:
    stream = BytesIO()
    table = make_table("report_sheet", cast.reporter, QueryDict(), cast.bureau.pk, today=TODAY)
    write_table(table, "xlsx", stream, Stamp(TODAY, "王芳", NOW))
    sheet = load_workbook(BytesIO(stream.getvalue()), read_only=True).worksheets[0]
    return [list(row) for row in sheet.iter_rows(min_row=3, values_only=True)]


def _written(rows: list[list[Any]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _edited(
    rows: list[list[Any]], edits: dict[int, Edit], foreign: list[str], other: Assignment
) -> list[Any]:
    heads = rows[0]
    at = {head: heads.index(head) for head in heads}
    kept: list[list[Any]] = []
    unit = 0
    for row in rows[1:]:
        mark = Mark.read(row[at[roundtrip.MARK]])
        assert mark is not None
        edit, unit = edits[mark.share], mark.unit
        changed = list(row)
        if edit.percent is not None:
            changed[at[roundtrip.PERCENT]] = edit.form.format(edit.percent)
        changed[at[roundtrip.NOTE]] = edit.note
        if edit.is_meddled:
            changed[at[roundtrip.TEXT]], changed[at[roundtrip.DUE]] = "另一件事", "2030-01-01"
        kept += [] if edit.is_deleted else [changed] * (1 + edit.is_repeated)
    marks = {
        "other unit": Mark(other.pk, other.department_id, 0, 0).signed(),
        "other unit as own": Mark(other.pk, unit, 0, 0).signed(),
        "tampered": "R" + Mark(other.pk, other.department_id, 0, 0).signed(),
        "none": "",
    }
    for kind in foreign:
        line: list[Any] = [None] * len(heads)
        line[at[roundtrip.PERCENT]], line[at[roundtrip.NOTE]] = 99, "混进来的"
        line[at[roundtrip.MARK]] = marks[kind]
        kept.append(line)
    return kept


# Everything that a report moves in a share; nothing else may differ afterwards.
MOVED = {"percent", "version", "status", "signed_at", "last_reported_at", "behind_from"}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.tuples(*[EDITS] * OWN),
    meanwhile=MEANWHILE,
    later=MEANWHILE,
    foreign=FOREIGN,
    shuffle=st.randoms(use_true_random=False),
    chosen=st.sets(st.integers(0, OWN - 1)),
)
def test_round_trip_takes_what_was_typed_and_loses_nothing(
    world: World,
    edits: tuple[Edit, ...],
    meanwhile: list[tuple[int, int, str]],
    later: list[tuple[int, int, str]],
    foreign: list[str],
    shuffle: Any,
    chosen: set[int],
) -> None:
    cast, shares, other, rows = world
    by_share = dict(zip([share.pk for share in shares], edits, strict=True))
    wanted = {shares[index].pk for index in chosen}
    with transaction.atomic():
        exported = {pk: (state["percent"], _words(pk)) for pk, state in _everything().items()}
        sheet = _edited(rows, by_share, foreign, other)
        shuffle.shuffle(sheet)
        columns = list(range(len(rows[0])))
        shuffle.shuffle(columns)
        data = _written([[row[column] for column in columns] for row in [rows[0], *sheet]]) if sheet else b""
        for index, percent, note in meanwhile:
            _report(shares[index], percent, note, cast)
        before, reports = _everything(), list(ProgressReport.objects.order_by("pk").values())
        stood = {pk: (state["percent"], _words(pk)) for pk, state in before.items()}

        def bring_in(chosen: set[int]) -> None:
            found = look(read_rows(data), cast.bureau, cast.reporter)
            taken = [*found.to_take, *(line for line in found.conflicts if line.key in chosen)]
            take_in([line.filled() for line in taken], by=cast.reporter, now=NOW)

        if data:
            bring_in(wanted)
        after = _everything()

        # No report that was there is lost or changed.
        assert list(ProgressReport.objects.order_by("pk").values())[: len(reports)] == reports
        for pk, state in after.items():
            assert {key for key in state if state[key] != before[pk][key]} <= MOVED
            stands = (state["percent"], _words(pk))
            if stands != stood[pk] or state != before[pk]:
                edit = by_share[pk]  # a KeyError here: another unit's share was changed
                assert not edit.is_deleted
                assert not edit.is_repeated
                assert stands == (stood[pk][0] if edit.percent is None else edit.percent, edit.note)
                # What somebody said meanwhile gives way only where it was chosen.
                assert pk in wanted or all(
                    typed in (None, now) or was == now
                    for typed, was, now in zip(
                        (edit.percent, edit.note), exported[pk], stood[pk], strict=True
                    )
                )
        # And nothing that was typed, and nobody contradicted, is left out.
        for pk, edit in by_share.items():
            is_free = exported[pk] == stood[pk] or pk in wanted
            if edit.note and is_free and not edit.is_deleted and not edit.is_repeated:
                assert (after[pk]["percent"], _words(pk)) == (
                    stood[pk][0] if edit.percent is None else edit.percent,
                    edit.note,
                )

        # The same sheet again does nothing again; also not after others went on.
        if data:
            bring_in(wanted)
        assert _everything() == after
        brought = {report.assignment_id for report in ProgressReport.objects.order_by("pk")[len(reports) :]}
        for index, percent, note in later:
            _report(shares[index], percent, note, cast)
        gone_on = _everything()
        if data:
            bring_in(wanted)
        assert all(state == gone_on[pk] for pk, state in _everything().items() if pk in brought)
        transaction.set_rollback(True)
