"""The page of a task: its words in their place, who answers, what this person may do; and the moves."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import CLAUSE_TEXT, NOW, TODAY, Cast, make_assignment, make_measure, make_task
from tracker.actions.work import move_assignment, report_progress
from tracker.models import Assignment, Target, Task
from tracker.workflow import Move, Role, Status


@pytest.fixture
def task(cast: Cast) -> Task:
    """The middle of three clauses, led by the bureau and supported by another."""
    sentences = ["全面排查涉气企业", CLAUSE_TEXT, "建立长效机制"]
    measure = make_measure(cast.plan, sentences=sentences, title="推进重点行业深度治理。")
    clause = measure.clauses.get(position=2)
    return make_task(
        cast.plan, measure=measure, clause=clause, due_date=date(2024, 10, 31), implied=["year"], number="3-2"
    )


@pytest.fixture
def lead(cast: Cast, task: Task) -> Assignment:
    return make_assignment(cast.bureau, task=task)


@pytest.fixture
def support(cast: Cast, task: Task) -> Assignment:
    return make_assignment(cast.other_bureau, task=task, role=Role.SUPPORT)


def _page(client: Client, task: Task) -> str:
    return client.get(reverse("task", args=[task.pk])).content.decode()


def _report(assignment: Assignment, by, note: str, percent: int = 40) -> None:
    report_progress(assignment.pk, percent=percent, note=note, form_key=uuid4(), by=by, now=NOW)


@pytest.mark.usefixtures("lead")
def test_clause_is_marked_in_its_paragraph(cast, browser, task) -> None:
    page = _page(browser(cast.reporter), task)

    assert f"全面排查涉气企业。<mark>{CLAUSE_TEXT}</mark>。建立长效机制。</blockquote>" in page
    for words in ("三、主要任务", "(一)优化产业结构", "2024-10-31 · 2024年10月底前", "原文未写年份"):
        assert words in page


def test_unit_sees_its_own_share_first_and_the_others_folded(cast, browser, task) -> None:
    lead = make_assignment(cast.other_bureau, task=task)
    own = make_assignment(cast.bureau, task=task, role=Role.SUPPORT)

    page = _page(browser(cast.reporter), task)

    fold = page.index("其他 1 个单位的责任")
    assert page.index(f'id="share-{own.pk}"') < fold < page.index(f'id="share-{lead.pk}"')
    assert "个单位的责任" not in _page(browser(cast.coordinator), task)


def test_long_history_is_folded_and_whole(cast, browser, task, lead) -> None:
    for number in range(11):
        _report(lead, cast.reporter, f"第{number:02}次", percent=40 + number)

    page = _page(browser(cast.coordinator), task)

    # Eleven reports, of which five are shown, and as many events, of which ten are.
    assert page.index("第06次") < page.index("更早的 6 条") < page.index("第05次") < page.index("第00次")
    assert "更早的 1 条" in page


def test_marking_follows_the_source_and_not_the_edited_task(task) -> None:
    task.text = "改过的说法"

    passage = task.passage()

    assert [piece.text for piece in passage if piece.key is not None] == [CLAUSE_TEXT]
    assert "".join(piece.text for piece in passage) == task.measure.text


@pytest.mark.usefixtures("lead")
def test_targets_are_listed(cast, browser, task) -> None:
    Target.objects.create(
        plan=cast.plan,
        clause=task.clause,
        quote="完成率达到95%",
        indicator="完成率",
        op=">=",
        value=95,
        unit="%",
    )

    assert "完成率达到95%" in _page(browser(cast.reporter), task)


def test_unit_sees_how_others_stand_but_not_what_they_wrote(cast, browser, task, lead, support) -> None:
    _report(lead, cast.reporter, "本单位的进展")
    _report(support, cast.outsider, "工信局内部情况", percent=73)
    _report(support, cast.outsider, "工信局已完成", percent=100)
    move_assignment(support.pk, Move.SUBMIT, by=cast.outsider, now=NOW, note="")
    move_assignment(support.pk, Move.RETURN, by=cast.coordinator, now=NOW, note="退回工信局的理由")

    unit, region = _page(browser(cast.reporter), task), _page(browser(cast.leader), task)

    for words in ("市工业和信息化局", "73%", "本单位的进展"):
        assert words in unit
    for words in ("工信局内部情况", "退回工信局的理由"):
        assert words not in unit
        assert words in region


def test_history_says_who_when_from_and_to(cast, browser, task, lead) -> None:
    _report(lead, cast.reporter, "完", percent=100)
    move_assignment(lead.pk, Move.SUBMIT, by=cast.reporter, now=NOW)
    move_assignment(lead.pk, Move.RETURN, by=cast.coordinator, now=NOW, note="缺少监测报告")

    page = _page(browser(cast.reporter), task)

    for words in ("2024-10-21 09:30", "推进中 → 待审核", "待审核 → 推进中", "周敏", "缺少监测报告"):
        assert words in page


@pytest.mark.parametrize(
    ("person", "status", "offered"),
    [
        ("reporter", Status.PENDING, {"SIGN", "REPORT"}),
        ("reporter", Status.ACTIVE, {"REPORT", "SUBMIT"}),
        ("reporter", Status.SUBMITTED, set()),
        ("reporter", Status.CLOSED, set()),
        ("coordinator", Status.PENDING, {"SUSPEND", "WAIVE", "REASSIGN"}),
        ("coordinator", Status.ACTIVE, {"SUSPEND", "WAIVE", "REASSIGN"}),
        ("coordinator", Status.SUBMITTED, {"APPROVE", "RETURN"}),
        ("coordinator", Status.SUSPENDED, {"RESUME", "WAIVE", "REASSIGN"}),
        ("coordinator", Status.CLOSED, {"REOPEN"}),
        ("coordinator", Status.WAIVED, {"REOPEN"}),
        ("coordinator", Status.REASSIGNED, set()),
        ("reporter", Status.WAIVED, set()),
        ("reporter", Status.REASSIGNED, set()),
        ("leader", Status.ACTIVE, set()),
        ("leader", Status.SUBMITTED, set()),
        ("administrator", Status.SUBMITTED, set()),
    ],
)
def test_only_actions_that_may_be_taken_are_offered(cast, browser, task, person, status, offered) -> None:
    make_assignment(cast.bureau, task=task, status=status, last_reported_at=NOW, percent=100)

    response = browser(getattr(cast, person)).get(reverse("task", args=[task.pk]))

    [share] = response.context["shares"]
    page = response.content.decode()
    assert {move.value for move in share.moves} == offered
    posted = {move for move in Move.values if f'name="move" value="{move}"' in page}
    assert posted == offered - {"REPORT", "REASSIGN"}
    assert ("/report/" in page) == ("REPORT" in offered)
    assert ("/reassign/" in page) == ("REASSIGN" in offered)


def test_handing_in_is_offered_only_when_all_is_reported(cast, browser, task, lead) -> None:
    client = browser(cast.reporter)

    before = _page(client, task)
    _report(lead, cast.reporter, "过半", percent=60)
    halfway = _page(client, task)
    _report(lead, cast.reporter, "完", percent=100)
    done = _page(client, task)

    assert ['value="SUBMIT"' in page for page in (before, halfway, done)] == [False, False, True]


def test_coordinator_approves(cast, browser, lead) -> None:
    _report(lead, cast.reporter, "完", percent=100)
    move_assignment(lead.pk, Move.SUBMIT, by=cast.reporter, now=NOW)
    lead.refresh_from_db()

    response = browser(cast.coordinator).post(
        reverse("move", args=[lead.pk]), {"move": "APPROVE", "version": lead.version}, follow=True
    )

    lead.refresh_from_db()
    assert lead.status == Status.CLOSED
    assert "审核通过，已记录" in response.content.decode()


def test_returning_without_a_reason_asks_for_it(cast, browser, task) -> None:
    handed_in = make_assignment(cast.bureau, task=task, status=Status.SUBMITTED)

    response = browser(cast.coordinator).post(
        reverse("move", args=[handed_in.pk]), {"move": "RETURN", "version": "1", "note": " "}
    )

    assert '<a href="#id_note">请写明退回的理由。' in response.content.decode()
    handed_in.refresh_from_db()
    assert handed_in.status == Status.SUBMITTED


def test_two_coordinators_the_second_is_told_and_may_go_on(cast, browser, task) -> None:
    handed_in = make_assignment(cast.bureau, task=task, status=Status.SUBMITTED)
    client = browser(cast.coordinator)
    move_assignment(handed_in.pk, Move.RETURN, by=cast.coordinator, now=NOW, note="先退回一次")
    move_assignment(handed_in.pk, Move.SUSPEND, by=cast.coordinator, now=NOW, note="中止一下")
    answers = {"move": "RESUME", "version": "1", "note": "可以恢复了"}

    refused = client.post(reverse("move", args=[handed_in.pk]), answers)
    page = refused.content.decode()
    answers["version"] = str(refused.context["form"]["version"].value())
    client.post(reverse("move", args=[handed_in.pk]), answers)

    for words in ("先退回一次", "中止一下", "可以恢复了"):
        assert words in page
    handed_in.refresh_from_db()
    assert handed_in.status == Status.ACTIVE


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"move": "NO", "version": "1"},
        {"move": "SIGN"},
        {"move": "SIGN", "version": "x"},
        {"move": "SIGN", "version": f"-{10**30}"},
    ],
)
def test_nonsense_move_is_refused(cast, browser, lead, answers) -> None:
    response = browser(cast.reporter).post(reverse("move", args=[lead.pk]), answers)

    assert response.status_code == 400


@pytest.mark.parametrize(
    ("person", "move"),
    [("coordinator", "CLOSE_WITH_TASK"), ("coordinator", "REASSIGN"), ("reporter", "REPORT")],
)
def test_only_moves_that_have_a_button_can_be_asked_for(cast, browser, lead, person, move) -> None:
    """The system closes supporting shares by itself; a report needs its words, reassigning its unit."""
    client = browser(getattr(cast, person))

    response = client.post(reverse("move", args=[lead.pk]), {"move": move, "version": "1"})

    lead.refresh_from_db()
    assert (response.status_code, lead.version, lead.events.count()) == (400, 1, 0)


def test_handing_in_what_is_not_done_is_refused(cast, browser, lead) -> None:
    _report(lead, cast.reporter, "过半", percent=60)

    page = browser(cast.reporter).post(reverse("move", args=[lead.pk]), {"move": "SUBMIT", "version": "2"})

    lead.refresh_from_db()
    assert lead.status == Status.ACTIVE
    assert "完成进度要填 100" in page.content.decode()


def test_asking_by_address_moves_nothing(cast, browser, lead) -> None:
    response = browser(cast.reporter).get(reverse("move", args=[lead.pk]), {"move": "SUBMIT", "version": "1"})

    assert response["Location"] == reverse("task", args=[lead.task_id])
    lead.refresh_from_db()
    assert lead.version == 1


@pytest.mark.parametrize("count", [1, 3])
def test_number_of_queries_does_not_grow(cast, browser, task, count, django_assert_num_queries) -> None:
    units = [cast.bureau, cast.other_bureau, cast.county_bureau][:count]
    people = [cast.reporter, cast.outsider, cast.county_reporter]
    for unit, person in zip(units, people, strict=False):
        share = make_assignment(unit, task=task, due_date=TODAY + timedelta(days=1))
        _report(share, person, "进展")
    client = browser(cast.leader)

    with django_assert_num_queries(13):
        client.get(reverse("task", args=[task.pk]))
