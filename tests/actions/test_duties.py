"""Tasks of several plans that are one duty: linking, reporting once for all, and what stays its own."""

from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests import files
from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast, make_plan, make_series, make_task
from tracker import audit
from tracker.actions.duties import DUTY_LIMIT, link_duty, submit_together, unlink_duty
from tracker.actions.extensions import ask_extension
from tracker.actions.reassign import reassign
from tracker.actions.report_drafts import save_report_draft
from tracker.actions.reports import withdraw_report
from tracker.actions.work import (
    MoveRefused,
    SomeRefused,
    StaleVersion,
    move_assignment,
    report_progress,
    report_together,
)
from tracker.clock import day_of
from tracker.filetypes import examine
from tracker.models import Assignment, Duty, Evidence, ProgressReport, ReportDraft, Task, TaskEvent
from tracker.workflow import Move, Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def _share(cast: Cast, title: str, due_date: date | None = None) -> Assignment:
    """Signed for, with the history of it."""
    made = make_assignment(
        cast.bureau, plan=make_plan(cast.city, title), due_date=due_date, status=Status.PENDING
    )
    return move_assignment(made.pk, Move.SIGN, by=cast.reporter, now=NOW)


@pytest.fixture
def shares(cast: Cast) -> list[Assignment]:
    """The bureau's shares of three tasks, each of a plan of its own; the first two are one duty."""
    found = [_share(cast, f"方案{number}", TODAY + timedelta(days=number)) for number in range(3)]
    _link(cast, found[:2])
    return found


def _link(cast: Cast, shares: list[Assignment], **changed: Any) -> Duty:
    first, *others = shares
    given: dict[str, Any] = {"reason": "同一件事", "by": cast.coordinator, "now": NOW}
    return link_duty(first.task_id, others=[row.task_id for row in others], **(given | changed))


def _report(share: Assignment, cast: Cast, **changed: Any) -> ProgressReport:
    given: dict[str, Any] = {
        "percent": 60,
        "note": "过半",
        "form_key": uuid4(),
        "by": cast.reporter,
        "now": NOW,
    }
    return report_progress(share.pk, **(given | changed))


def _now(share: Assignment) -> Assignment:
    return Assignment.objects.select_related("task").get(pk=share.pk)


def _is_true() -> bool:
    return list(audit.verify(Task.objects.values_list("pk", flat=True))) == []


def _everything() -> list[Any]:
    models = (Assignment, Task, Duty, ProgressReport, Evidence, TaskEvent)
    return [list(model.objects.order_by("pk").values_list()) for model in models]


def test_linking_and_unlinking_stand_in_the_history_of_every_task(cast, shares) -> None:
    first, second, third = shares
    duty = Duty.objects.get()
    assert {row.duty_id for row in Task.objects.all()} == {duty.pk, None}

    _link(cast, [third, first])
    assert Task.objects.filter(duty=duty).count() == 3
    unlink_duty(second.task_id, reason="不是一回事", by=cast.coordinator, now=NOW)
    assert set(Task.objects.filter(duty=duty)) == {first.task, third.task}
    unlink_duty(first.task_id, reason="不是一回事", by=cast.coordinator, now=NOW)

    assert not Duty.objects.exists()
    kinds = [
        list(share.task.events.filter(assignment=None).order_by("sequence").values_list("kind", flat=True))
        for share in shares
    ]
    link, out = "LINK_DUTY", "UNLINK_DUTY"
    assert kinds == [[link, link, out, out], [link, link, out], [link, out, out]]
    assert _is_true()


def test_linking_two_groups_joins_them(cast, shares) -> None:
    others = [_share(cast, f"另{number}") for number in range(2)]
    _link(cast, others)

    _link(cast, [others[0], shares[0]])

    assert Duty.objects.count() == 1
    assert Task.objects.filter(duty=Duty.objects.get()).count() == 4
    assert _is_true()


def test_linked_already_is_not_written_twice(cast, shares) -> None:
    before = _everything()

    _link(cast, shares[:2])

    assert _everything() == before


def test_what_cannot_be_linked_is_refused_and_leaves_no_trace(cast, shares) -> None:
    task = shares[0].task
    foreign = make_task(cast.foreign_plan)
    county = make_task(make_plan(cast.county, "县方案"))
    series = make_series(shares[0].task)
    period = make_task(task.plan, series=series, start_date=TODAY + timedelta(days=31))
    many = [make_task(make_plan(cast.city, f"多{n}")) for n in range(DUTY_LIMIT)]
    before = _everything()
    by = cast.coordinator
    refused: list[tuple[Any, list[int], str]] = [
        (by, [foreign.pk], "理由"),
        (by, [county.pk], "理由"),
        (by, [999999], "理由"),
        (by, [], "理由"),
        (by, [period.pk], "理由"),
        (by, [other.pk for other in many], "理由"),
        (by, [shares[2].task_id], " "),
        (cast.county_coordinator, [shares[2].task_id], "理由"),
        (cast.foreign_coordinator, [shares[2].task_id], "理由"),
        (cast.leader, [shares[2].task_id], "理由"),
        (cast.reporter, [shares[2].task_id], "理由"),
        (cast.administrator, [shares[2].task_id], "理由"),
    ]
    for who, others, reason in refused:
        with pytest.raises(MoveRefused):
            link_duty(county.pk if others == [] else task.pk, others=others, reason=reason, by=who, now=NOW)
    with pytest.raises(MoveRefused):
        unlink_duty(shares[2].task_id, reason="理由", by=by, now=NOW)
    with pytest.raises(MoveRefused):
        unlink_duty(task.pk, reason="", by=by, now=NOW)
    with pytest.raises(MoveRefused):
        unlink_duty(task.pk, reason="理由", by=cast.foreign_coordinator, now=NOW)

    assert _everything() == before


def test_one_report_counts_for_the_units_shares_of_the_duty(cast, shares, settings) -> None:
    upload = examine(BytesIO(files.PNG), name="照片.png", size=len(files.PNG))
    other_unit = make_assignment(cast.other_bureau, task=shares[1].task, status=Status.PENDING)

    report = _report(shares[0], cast, uploads=[upload])

    mirror = ProgressReport.objects.get(shared_from=report)
    assert (mirror.assignment_id, mirror.percent, mirror.note) == (shares[1].pk, 60, "过半")
    first, second, third = (_now(share) for share in shares)
    assert (first.percent, second.percent, third.percent) == (60, 60, 0)
    assert (first.last_reported_at, second.last_reported_at, third.last_reported_at) == (NOW, NOW, None)
    assert (first.version, second.version, third.version) == (3, 3, 2)
    assert _now(other_unit).last_reported_at is None
    event = second.events.get(kind="REPORT")
    assert (event.data["shared_from"], event.data["report"]) == (report.pk, mirror.pk)
    # Each share has its own evidence, and all of them one file.
    assert {row.assignment_id for row in Evidence.objects.all()} == {shares[0].pk, shares[1].pk}
    assert len([path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]) == 1
    assert _is_true()


def test_report_satisfies_the_clocks_of_each(cast, shares) -> None:
    """Silent, behind and unanswered are of the linked share what they are of the reported one."""
    undated = [
        make_assignment(
            cast.bureau,
            plan=make_plan(cast.city, f"长期{n}"),
            created_at=NOW - timedelta(days=200),
            signed_at=None,
        )
        for n in range(2)
    ]
    Assignment.objects.update(signed_at=None)
    _link(cast, undated)
    silent = Assignment.objects.in_work_state(TODAY, "silent").filter(pk__in=[row.pk for row in undated])
    assert silent.count() == 2
    Assignment.objects.filter(pk=shares[1].pk).update(behind_from=TODAY - timedelta(days=1), nudged_at=NOW)
    assert _now(shares[1]).is_behind(TODAY)

    _report(undated[0], cast)
    _report(shares[0], cast, percent=100, now=NOW + timedelta(hours=1))

    assert not silent.exists()
    assert not _now(shares[1]).is_behind(TODAY)
    assert not Assignment.objects.unanswered().filter(pk=shares[1].pk).exists()


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.CLOSED, Status.SUSPENDED, Status.WAIVED])
def test_shares_in_another_status_are_left_alone(cast, shares, status) -> None:
    other = make_assignment(cast.bureau, plan=make_plan(cast.city, "别处"), status=status, due_date=TODAY)
    _link(cast, [other, shares[0]])
    before = Assignment.objects.filter(pk=other.pk).values().get()

    _report(shares[0], cast)

    assert Assignment.objects.filter(pk=other.pk).values().get() == before
    assert not other.reports.exists()
    assert _now(shares[1]).percent == 60


def test_unsigned_share_is_signed_for_by_the_report_as_by_its_own(cast, shares) -> None:
    waiting = make_assignment(cast.bureau, plan=make_plan(cast.city, "待签"), status=Status.PENDING)
    _link(cast, [waiting, shares[0]])

    _report(shares[0], cast)

    assert (_now(waiting).status, _now(waiting).signed_at) == (Status.ACTIVE, NOW)


def test_form_sent_twice_and_shares_ticked_besides_are_counted_once(cast, shares) -> None:
    key = uuid4()
    values: dict[str, Any] = {"percent": 30, "note": "一", "form_key": key, "by": cast.reporter, "now": NOW}
    for _time in range(2):
        report_together({shares[0].pk: None, shares[1].pk: None, shares[2].pk: None}, **values)

    assert [row.reports.count() for row in shares] == [1, 1, 1]
    assert not ProgressReport.objects.filter(shared_from__isnull=False).exists()


def test_form_sent_again_says_nothing_to_a_task_that_was_linked_since(cast, shares) -> None:
    first, _second, third = shares
    made = _report(first, cast)
    _link(cast, [first, third])
    before = _everything()

    again = _report(first, cast, form_key=made.form_key, note="别的话")

    assert (again, _everything()) == (made, before)
    assert _is_true()


def test_draft_begun_for_another_task_of_the_duty_is_kept(cast, shares) -> None:
    save_report_draft(shares[1].pk, percent=20, note="只属于方案1的话", by=cast.reporter, now=NOW)

    _report(shares[0], cast)

    assert ReportDraft.objects.get().note == "只属于方案1的话"


def test_taking_a_report_back_takes_its_counterparts_back(cast, shares) -> None:
    _report(shares[1], cast, percent=20, note="先")
    report = _report(shares[0], cast)

    withdraw_report(report.pk, reason="填错了", by=cast.reporter, now=NOW)

    assert [_now(row).percent for row in shares[:2]] == [20, 20]
    assert ProgressReport.objects.standing().count() == 2
    assert shares[1].events.filter(kind="WITHDRAW_REPORT").count() == 1
    assert _is_true()


def test_counterpart_taken_back_alone_leaves_its_origin(cast, shares) -> None:
    report = _report(shares[0], cast)

    withdraw_report(report.mirrors.get().pk, reason="与本任务无关", by=cast.reporter, now=NOW)

    assert [_now(row).percent for row in shares[:2]] == [60, 0]
    assert _now(shares[1]).last_reported_at is None
    assert _is_true()


def test_counterpart_that_was_handed_in_stays_when_its_origin_is_taken_back(cast, shares) -> None:
    report = _report(shares[0], cast, percent=100)
    move_assignment(shares[1].pk, Move.SUBMIT, by=cast.reporter, now=NOW)

    withdraw_report(report.pk, reason="填错了", by=cast.reporter, now=NOW)

    assert not report.mirrors.get().is_withdrawn
    assert (_now(shares[0]).percent, _now(shares[1]).percent) == (0, 100)
    assert _is_true()


def test_handing_in_is_each_ones_own_unless_ticked(cast, shares) -> None:
    _report(shares[0], cast, percent=100, hand_in=True)
    assert [_now(row).status for row in shares] == [Status.SUBMITTED, Status.ACTIVE, Status.ACTIVE]

    move_assignment(shares[0].pk, Move.RETURN, by=cast.coordinator, now=NOW, note="补")
    report_together(
        {shares[0].pk: None},
        percent=100,
        note="补了",
        form_key=uuid4(),
        by=cast.reporter,
        now=NOW,
        hand_in=True,
        hand_in_linked={shares[1].pk: _now(shares[1]).version, shares[2].pk: None},
    )

    assert [_now(row).status for row in shares] == [Status.SUBMITTED, Status.SUBMITTED, Status.ACTIVE]
    assert _is_true()


def test_linked_share_that_may_not_be_handed_in_keeps_all_back(cast, shares) -> None:
    plan = shares[1].plan
    plan.asks_evidence = True
    plan.save(update_fields=["asks_evidence"])
    before = _everything()
    values: dict[str, Any] = {"percent": 100, "note": "完", "by": cast.reporter, "now": NOW, "hand_in": True}

    with pytest.raises(SomeRefused) as refused:
        report_together({shares[0].pk: None}, form_key=uuid4(), hand_in_linked={shares[1].pk: None}, **values)
    assert list(refused.value.refusals) == [shares[1].pk]
    with pytest.raises(SomeRefused) as stale:
        report_together({shares[0].pk: None}, form_key=uuid4(), hand_in_linked={shares[1].pk: 9}, **values)
    assert isinstance(stale.value.refusals[shares[1].pk], StaleVersion)

    assert _everything() == before


def test_handing_in_together_is_all_or_none(cast, shares) -> None:
    _report(shares[0], cast, percent=100)
    before = _everything()

    with pytest.raises(SomeRefused) as refused:
        submit_together({shares[0].pk: 3, shares[2].pk: 2}, by=cast.reporter, now=NOW)
    assert list(refused.value.refusals) == [shares[2].pk]
    assert _everything() == before

    submit_together({shares[0].pk: 3, shares[1].pk: 3}, by=cast.reporter, now=NOW)
    assert {_now(row).status for row in shares[:2]} == {Status.SUBMITTED}
    assert _is_true()


def test_whoever_took_a_share_over_reports_for_the_duty_in_its_place(cast, shares) -> None:
    reassign(
        shares[1].pk,
        department=cast.other_bureau,
        due_date=TODAY + timedelta(days=30),
        reason="职责划转",
        form_key=uuid4(),
        by=cast.coordinator,
        now=NOW,
    )
    taken = make_assignment(cast.other_bureau, task=shares[0].task, status=Status.PENDING)

    _report(shares[0], cast)
    _report(taken, cast, percent=10, by=cast.outsider)

    successor = Assignment.objects.get(taken_over_from=shares[1])
    assert (successor.percent, _now(shares[1]).percent, _now(shares[0]).percent) == (10, 0, 60)
    assert _is_true()


def test_audit_finds_a_link_and_a_counterpart_that_were_changed_by_hand(cast, shares) -> None:
    report = _report(shares[0], cast)
    Task.objects.filter(pk=shares[1].task_id).update(duty=None)
    ProgressReport.objects.filter(shared_from=report).update(note="别的")

    found = [str(finding) for finding in audit.verify([shares[1].task_id])]

    assert len(found) == 2
    assert "同一职责的关联" in found[0]
    assert "原填报" in found[1]


def test_request_for_more_time_stays_with_its_own_task(cast, shares) -> None:
    """Dates are each plan's own: nothing but reports is shared."""
    ask_extension(
        shares[0].pk,
        new_date=TODAY + timedelta(days=40),
        reason="等批复",
        form_key=uuid4(),
        by=cast.reporter,
        now=NOW,
    )

    assert not shares[1].extension_requests.exists()
    assert day_of(NOW) == TODAY
