"""The review inbox: what was handed in, one after another, and what becomes of an answer."""

from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from tests import files
from tests.factories import CLAUSE_TEXT, NOW, TODAY, Cast, make_assignment
from tracker.actions.extensions import ask_extension
from tracker.actions.work import move_assignment, report_progress
from tracker.filetypes import examine
from tracker.models import Assignment, TaskEvent
from tracker.views import review
from tracker.workflow import Move, Status

INBOX = reverse("review")


@pytest.fixture
def queue(cast: Cast) -> list[Assignment]:
    """Three submissions, the oldest first; made in another order, two of them on one day."""
    days = {"乙": 5, "丙": 5, "甲": 9}
    made = {
        text: make_assignment(
            cast.bureau,
            plan=cast.plan,
            text=f"{text}项工作",
            status=Status.SUBMITTED,
            handed_in_on=TODAY - timedelta(days=ago),
        )
        for text, ago in days.items()
    }
    return [made["甲"], made["乙"], made["丙"]]


def _at(item: Assignment) -> str:
    return reverse("review_item", args=[item.pk])


def _answer(move: str, **values: object) -> dict[str, object]:
    return {"move": move, "version": 1, "note": ""} | values


def test_inbox_opens_the_oldest_and_lists_the_others(cast, browser, queue) -> None:
    response = browser(cast.coordinator).get(INBOX)

    place = response.context["place"]
    assert (response.context["item"], place.position, place.total) == (queue[0], 1, 3)
    assert (place.previous, place.next, place.rows) == (None, queue[1], queue)
    page = response.content.decode()
    assert "1 / 3" in page
    assert "等待9天" in page


def test_neighbours_are_the_one_before_and_the_one_after(cast, browser, queue) -> None:
    place = browser(cast.coordinator).get(_at(queue[1])).context["place"]

    assert (place.position, place.previous, place.next) == (2, queue[0], queue[2])


def test_long_queue_shows_the_part_around_the_item(cast, browser, queue, monkeypatch) -> None:
    monkeypatch.setattr("tracker.dashboards.QUEUE_ROWS", 1)
    client = browser(cast.coordinator)

    first, middle, last = (client.get(_at(item)).context["place"] for item in queue)

    assert [place.rows for place in (first, middle, last)] == [[item] for item in queue]
    assert [(place.before, place.after) for place in (first, middle, last)] == [(0, 2), (1, 1), (2, 0)]
    assert (middle.previous, middle.next) == (queue[0], queue[2])
    page = client.get(_at(queue[1])).content.decode()
    assert "前面还有 1 项" in page
    assert "还有 1 项</li>" in page


def test_everything_needed_to_judge_is_on_the_page(cast, browser) -> None:
    share = make_assignment(
        cast.bureau,
        plan=cast.plan,
        due_date=TODAY - timedelta(days=4),
        created_at=NOW - timedelta(days=20),
    )
    report_progress(share.pk, percent=40, note="先期进展", form_key=uuid4(), by=cast.reporter, now=NOW)
    uploads = [
        examine(BytesIO(files.PNG), name="现场照片.png", size=len(files.PNG)),
        examine(BytesIO(files.PDF), name="验收意见.pdf", size=len(files.PDF)),
    ]
    report_progress(
        share.pk,
        hand_in=True,
        percent=100,
        note="全部完成",
        form_key=uuid4(),
        by=cast.reporter,
        now=NOW,
        uploads=uploads,
    )

    response = browser(cast.coordinator).get(INBOX)

    assert [report.note for report in response.context["reports"]] == ["全部完成", "先期进展"]
    page = response.content.decode()
    assert f"<mark>{CLAUSE_TEXT}</mark>" in page
    assert "迟交4天" in page
    photograph, paper = share.evidence.order_by("pk")
    assert f'<img src="{reverse("evidence", args=[photograph.pk])}" alt="" loading="lazy"' in page
    assert f'<img src="{reverse("evidence", args=[paper.pk])}"' not in page
    assert f'<a href="{reverse("evidence", args=[paper.pk])}">验收意见.pdf</a>' in page


def test_whose_words_they_are_is_said_where_a_coordinator_reads_them(cast, browser) -> None:
    """Of a sheet that was brought in for the unit, and of an old ledger."""
    item = make_assignment(cast.bureau, plan=cast.plan)
    brought: dict[str, Any] = {"percent": 100, "note": "U盘交来", "from_sheet": True}
    report_progress(item.pk, **brought, form_key=uuid4(), by=cast.coordinator, now=NOW)
    carried: dict[str, Any] = {"percent": 40, "note": "【台账导入】", "is_carried": True}
    item.reports.create(**carried, form_key=uuid4(), created_by=cast.coordinator, created_at=NOW)
    move_assignment(item.pk, Move.SUBMIT, by=cast.reporter, now=NOW)

    for address in (_at(item), reverse("unit", args=[cast.bureau.pk]), reverse("task", args=[item.task_id])):
        page = browser(cast.coordinator).get(address).content.decode()
        assert page.count("督办员代填报</span>") == page.count("台账导入</span>") == 1, address


def test_reports_are_bounded_and_the_rest_is_a_link(cast, browser) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan)
    for number in range(6):
        report_progress(
            share.pk, percent=100, note=f"第{number}次", form_key=uuid4(), by=cast.reporter, now=NOW
        )
    move_assignment(share.pk, Move.SUBMIT, by=cast.reporter, now=NOW)

    response = browser(cast.coordinator).get(INBOX)

    assert [report.note for report in response.context["reports"]] == [f"第{n}次" for n in (5, 4, 3, 2, 1)]
    assert "更早的填报" in response.content.decode()


def test_approving_says_so_and_opens_the_next(cast, browser, queue) -> None:
    client = browser(cast.coordinator)

    response = client.post(_at(queue[0]), _answer("APPROVE", note="同意"), follow=True)

    assert response.redirect_chain == [(_at(queue[1]), 302)]
    page = response.content.decode()
    assert f'审核通过，已记录。 <a href="{reverse("task", args=[queue[0].task_id])}">' in page
    assert Assignment.objects.get(pk=queue[0].pk).status == Status.CLOSED
    assert TaskEvent.objects.get(kind=Move.APPROVE).note == "同意"


def test_answering_in_the_middle_goes_on_from_there_and_the_last_leads_to_the_oldest(
    cast, browser, queue
) -> None:
    client = browser(cast.coordinator)

    assert client.post(_at(queue[1]), _answer("APPROVE"))["Location"] == _at(queue[2])
    assert client.post(_at(queue[2]), _answer("RETURN", note="缺材料"))["Location"] == INBOX
    assert client.get(INBOX).context["item"] == queue[0]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"note": " 缺验收单 "}, "缺验收单"),
        ({"phrases": ["target", "evidence"]}, "佐证材料不全；尚未达到任务要求"),
        ({"phrases": "figures", "note": "请附台账"}, "数据需要核实；请附台账"),
    ],
)
def test_reason_of_a_return_is_ticked_or_written(cast, browser, queue, answer, reason) -> None:
    browser(cast.coordinator).post(_at(queue[0]), _answer("RETURN", **answer))

    assert Assignment.objects.get(pk=queue[0].pk).status == Status.ACTIVE
    assert TaskEvent.objects.get(kind=Move.RETURN).note == reason


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"note": "  "}, "请写明退回的理由"),
        ({"note": "长" * 4001, "phrases": "figures"}, "理由最多 4000 字，现有 4001 字"),
        ({"note": "缺\0材料"}, "不允许是用空字符"),
        ({"note": "缺材料", "phrases": "nonsense"}, "nonsense"),
    ],
)
def test_refused_return_keeps_what_was_typed(cast, browser, queue, answer, message) -> None:
    response = browser(cast.coordinator).post(_at(queue[0]), _answer("RETURN", **answer))

    page = response.content.decode()
    assert response.status_code == 200
    assert message in page
    assert 'class="error-summary"' in page
    assert answer["note"].strip() in page
    assert ("checked" in page.split("return_phrases_2")[1][:40]) == ("figures" in answer.get("phrases", ""))
    assert Assignment.objects.get(pk=queue[0].pk).status == Status.SUBMITTED


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"move": "REOPEN", "version": 1},
        {"move": "APPROVE"},
        {"move": "APPROVE", "version": "x"},
        {"move": "APPROVE", "version": -1},
    ],
)
def test_crafted_answer_is_a_bad_request(cast, browser, queue, answer) -> None:
    assert browser(cast.coordinator).post(_at(queue[0]), answer).status_code == 400
    assert not TaskEvent.objects.exists()


def test_huge_version_is_a_stale_form(cast, browser, queue) -> None:
    response = browser(cast.coordinator).post(_at(queue[0]), _answer("APPROVE", version=10**30))

    assert "已有变化" in response.content.decode()
    assert not TaskEvent.objects.exists()


def test_who_comes_second_is_told_who_was_first_and_goes_on(cast, browser, queue) -> None:
    client = browser(cast.coordinator)
    move_assignment(queue[0].pk, Move.RETURN, by=cast.coordinator, now=NOW, note="缺材料")

    for response in (
        client.post(_at(queue[0]), _answer("APPROVE"), follow=True),
        client.get(_at(queue[0]), follow=True),
    ):
        assert "这一项已由周敏处理（退回），现为“推进中”" in response.content.decode()
        assert response.context["item"] == queue[1]
    assert Assignment.objects.get(pk=queue[0].pk).status == Status.ACTIVE


def test_second_press_does_nothing_twice(cast, browser, queue) -> None:
    client = browser(cast.coordinator)

    for _ in range(2):
        assert client.post(_at(queue[0]), _answer("APPROVE"))["Location"] == _at(queue[1])
    assert TaskEvent.objects.filter(kind=Move.APPROVE).count() == 1


def test_answer_that_crosses_anothers_is_told_so_as_well(cast, browser, queue, monkeypatch) -> None:
    """The other one is quicker by the time between loading the row and locking it."""

    def late(pk: int, move: str, **options: Any) -> Assignment:
        move_assignment(pk, Move.APPROVE, by=cast.coordinator, now=NOW)
        return move_assignment(pk, move, **options)

    monkeypatch.setattr(review, "move_assignment", late)

    response = browser(cast.coordinator).post(_at(queue[0]), _answer("RETURN", note="缺材料"), follow=True)

    assert "这一项已由周敏处理（审核通过）" in response.content.decode()
    assert response.context["item"] == queue[1]


def test_submission_that_came_back_is_shown_with_what_changed(cast, browser, queue) -> None:
    item = queue[0]
    move_assignment(item.pk, Move.RETURN, by=cast.coordinator, now=NOW, note="缺材料")
    report_progress(
        item.pk, hand_in=True, percent=100, note="已补", form_key=uuid4(), by=cast.reporter, now=NOW
    )
    client = browser(cast.coordinator)

    response = client.post(_at(item), _answer("RETURN", note="数据不实"))

    page = response.content.decode()
    assert "已有变化" in page
    assert "申请办结" in page.split("error-summary")[1]
    assert "数据不实</textarea>" in page
    assert 'name="version" value="4"' in page
    client.post(_at(item), _answer("RETURN", note="数据不实", version=4))
    assert Assignment.objects.get(pk=item.pk).status == Status.ACTIVE


def test_decided_item_without_history_still_answers(cast, browser) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, status=Status.CLOSED)

    page = browser(cast.coordinator).get(_at(share), follow=True).content.decode()

    assert "这一项已经处理，现为“已办结”" in page
    assert "没有等待审核的任务" in page


def test_inbox_is_of_the_own_region_only(cast, browser, queue) -> None:
    below = make_assignment(cast.county_bureau, status=Status.SUBMITTED)

    assert browser(cast.coordinator).get(INBOX).context["waiting"] == len(queue)
    assert browser(cast.coordinator).get(_at(below)).status_code == 404
    assert browser(cast.county_coordinator).get(INBOX).context["item"] == below
    assert browser(cast.leader).get(INBOX).status_code == 404


def test_requests_for_more_time_are_listed_oldest_first(cast, browser) -> None:
    shares = [make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY) for _ in range(2)]
    asked = [
        ask_extension(
            share.pk,
            new_date=TODAY + timedelta(days=30),
            reason="雨季",
            form_key=uuid4(),
            by=cast.reporter,
            now=NOW - timedelta(days=number),
        )
        for number, share in enumerate(shares)
    ]

    response = browser(cast.coordinator).get(reverse("review_extensions"))

    assert list(response.context["page"]) == asked[::-1]
    assert reverse("extension_decide", args=[asked[0].pk]) in response.content.decode()
    assert 'href="/review/extensions/">申请延期' in browser(cast.coordinator).get(INBOX).content.decode()


def test_empty_tab_says_what_would_be_here(cast, browser) -> None:
    page = browser(cast.coordinator).get(reverse("review_extensions")).content.decode()

    assert "没有等待审批的延期申请" in page


def test_overview_leads_coordinators_to_the_inbox_and_leaders_to_the_ledger(cast, browser, queue) -> None:
    ledger = f"{reverse('ledger')}?status=SUBMITTED"
    notice = '<a href="{}">{} 项申请办结，等待审核</a>'
    make_assignment(cast.county_bureau, status=Status.SUBMITTED)

    page = browser(cast.coordinator).get(reverse("overview")).content.decode()
    assert notice.format(INBOX, len(queue)) in page
    page = browser(cast.leader).get(reverse("overview")).content.decode()
    assert notice.format(ledger, len(queue) + 1) in page
    assert INBOX not in page


@pytest.mark.parametrize("count", [1, 3])
def test_number_of_queries_does_not_grow(cast, browser, count, django_assert_num_queries) -> None:
    for _ in range(count):
        share = make_assignment(cast.bureau, plan=cast.plan)
        for _ in range(count):
            upload = examine(BytesIO(files.PNG), name="照片.png", size=len(files.PNG))
            report_progress(
                share.pk,
                percent=100,
                note="完成",
                form_key=uuid4(),
                by=cast.reporter,
                now=NOW,
                uploads=[upload],
            )
        move_assignment(share.pk, Move.SUBMIT, by=cast.reporter, now=NOW)
        asking = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY)
        ask_extension(
            asking.pk,
            new_date=TODAY + timedelta(days=30),
            reason="雨季",
            form_key=uuid4(),
            by=cast.reporter,
            now=NOW,
        )
    client = browser(cast.coordinator)

    with django_assert_num_queries(11):
        client.get(INBOX)
    with django_assert_num_queries(6):
        client.get(reverse("review_extensions"))
