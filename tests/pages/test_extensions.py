"""Asking for more time and answering, on the pages."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from tests.factories import NOW, TODAY, Cast, make_assignment
from tracker.actions.extensions import ask_extension, grant_extension
from tracker.actions.work import report_progress
from tracker.models import Assignment, ExtensionRequest
from tracker.workflow import Status

DUE = TODAY + timedelta(days=5)
LATER = TODAY + timedelta(days=40)


@pytest.fixture
def share(cast: Cast) -> Assignment:
    return make_assignment(cast.bureau, plan=cast.plan, due_date=DUE)


@pytest.fixture
def asked(cast: Cast, share: Assignment) -> ExtensionRequest:
    return _ask(share, cast)


def _ask(share: Assignment, cast: Cast, days: int = 0) -> ExtensionRequest:
    return ask_extension(
        share.pk,
        new_date=LATER,
        reason="设备到货延迟",
        form_key=uuid4(),
        by=cast.reporter,
        now=NOW + timedelta(days=days),
    )


def _answers(share: Assignment, **changed: str) -> dict[str, str]:
    key = "6f1b6a34-8f0f-4f6e-9a5c-2f6f1f1f1f1f"
    answers = {"new_date": str(LATER), "reason": "设备到货延迟", "form_key": key, "version": "1"}
    return answers | changed


def test_unit_asks_from_the_task_page(cast, browser, share) -> None:
    client = browser(cast.reporter)
    url = reverse("extension_ask", args=[share.pk])

    offered = client.get(reverse("task", args=[share.task_id])).content.decode()
    response = client.post(url, _answers(share), follow=True)

    assert url in offered
    page = response.content.decode()
    for words in ("延期申请已提交", "延期待审批", f"{DUE} → {LATER}", "设备到货延迟"):
        assert words in page
    assert url not in page


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"new_date": ""}, "id_new_date", "请填写日期"),
        ({"new_date": "明年"}, "id_new_date", "日期请写成"),
        ({"new_date": "9999-12-31"}, "id_new_date", "年份请填 2000 到 2099。<"),
        ({"reason": " "}, "id_reason", "请写明延期理由"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(cast, browser, share, changed, field, message) -> None:
    url = reverse("extension_ask", args=[share.pk])

    page = browser(cast.reporter).post(url, _answers(share, **changed)).content.decode()

    assert f'<a href="#{field}">{message}' in page
    assert ExtensionRequest.objects.count() == 0


def test_earlier_date_is_refused_and_the_reason_kept(cast, browser, share) -> None:
    url = reverse("extension_ask", args=[share.pk])

    page = browser(cast.reporter).post(url, _answers(share, new_date=str(TODAY))).content.decode()

    assert "新的时限要晚于原时限，也要晚于今天。" in page
    assert "设备到货延迟" in page


def test_who_comes_late_is_told_before_asking(cast, browser) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY - timedelta(days=2))

    page = browser(cast.reporter).get(reverse("extension_ask", args=[share.pk])).content.decode()

    assert "逾期后提出" in page
    assert "仍按首定时限 2024-10-19 考核" in page


def test_somebody_elses_change_loses_nothing_typed(cast, browser, share) -> None:
    report_progress(share.pk, percent=45, note="李娜先填了", form_key=uuid4(), by=cast.colleague, now=NOW)
    client, url = browser(cast.reporter), reverse("extension_ask", args=[share.pk])

    refused = client.post(url, _answers(share))

    page = refused.content.decode()
    for words in ("李娜先填了", "设备到货延迟"):
        assert words in page
    client.post(url, _answers(share, version=str(refused.context["form"]["version"].value())))
    assert ExtensionRequest.objects.count() == 1


def test_form_is_not_offered_twice_nor_under_review(cast, browser, share, asked) -> None:
    handed_in = make_assignment(cast.bureau, plan=cast.plan, due_date=DUE, status=Status.SUBMITTED)
    client = browser(cast.reporter)

    for row, words in ((share, "已有一份延期申请待审批"), (handed_in, "不能申请延期")):
        response = client.get(reverse("extension_ask", args=[row.pk]), follow=True)
        assert response.redirect_chain == [(reverse("task", args=[row.task_id]), 302)]
        assert words in response.content.decode()


def test_coordinator_grants_and_the_task_page_shows_both_dates(cast, browser, share, asked) -> None:
    client, url = browser(cast.coordinator), reverse("extension_decide", args=[asked.pk])

    offered = client.get(reverse("task", args=[share.task_id])).content.decode()
    form = client.get(url).content.decode()
    response = client.post(url, {"decision": "grant", "due_date": str(LATER), "answer": "同意"}, follow=True)

    assert url in offered
    assert all(words in form for words in ("延 35 天", "设备到货延迟", f'value="{LATER}"'))
    page = response.content.decode()
    for words in ("已批准延期", f"首定 {DUE}，延期 1 次", "批准延期", f"{DUE} → {LATER}", "同意"):
        assert words in page
    assert "按首定时限考核" not in page
    assert f"首定 {DUE}，延期 1 次" in client.get(reverse("ledger")).content.decode()


def test_granted_late_is_shown_so(cast, browser, share) -> None:
    asked = _ask(share, cast, days=6)
    grant_extension(asked.pk, due_date=LATER, by=cast.coordinator, now=NOW + timedelta(days=6))

    page = browser(cast.leader).get(reverse("task", args=[share.task_id])).content.decode()

    assert "逾期后提出，按首定时限考核" in page
    assert "延期 1 次，按首定时限考核" in page


@pytest.mark.parametrize(
    ("answers", "field", "message"),
    [
        ({}, "id_decision", "请选择批准或不批准"),
        ({"decision": "grant"}, "id_due_date", "请填写批准延至哪一天"),
        ({"decision": "grant", "due_date": "x"}, "id_due_date", "日期请写成"),
        ({"decision": "refuse"}, "id_answer", "不批准的，请写明理由"),
    ],
)
def test_half_an_answer_is_asked_for_again(cast, browser, asked, answers, field, message) -> None:
    page = browser(cast.coordinator).post(reverse("extension_decide", args=[asked.pk]), answers)

    assert f'<a href="#{field}">{message}' in page.content.decode()
    asked.refresh_from_db()
    assert asked.is_open


def test_refusal_is_shown_with_its_reason(cast, browser, share, asked) -> None:
    url = reverse("extension_decide", args=[asked.pk])

    browser(cast.coordinator).post(url, {"decision": "refuse", "answer": "工期足够"})

    page = browser(cast.reporter).get(reverse("task", args=[share.task_id])).content.decode()
    assert "未批准" in page
    assert "工期足够" in page


def test_second_coordinator_hears_that_it_is_decided(cast, browser, asked) -> None:
    client, url = browser(cast.coordinator), reverse("extension_decide", args=[asked.pk])
    client.post(url, {"decision": "grant", "due_date": str(LATER)})

    again = client.post(url, {"decision": "refuse", "answer": "不同意"}).content.decode()
    opened = client.get(url, follow=True).content.decode()

    assert "已有结果：已批准" in again
    assert "已有结果：已批准" in opened


def test_pages_are_404_to_everybody_else(cast, browser, share, asked) -> None:
    ask, decide = reverse("extension_ask", args=[share.pk]), reverse("extension_decide", args=[asked.pk])
    may = {"reporter": (302, 404), "head": (302, 404), "coordinator": (404, 200)}

    for name in ("reporter", "head", "coordinator", "outsider", "foreigner", "leader", "administrator"):
        client = browser(getattr(cast, name))
        assert (client.get(ask).status_code, client.get(decide).status_code) == may.get(name, (404, 404))
        expected = may.get(name, (404, 404))[1]
        assert client.post(decide, {"decision": "x"}).status_code == expected


def test_another_unit_reads_nothing_of_a_request(cast, browser, share, asked) -> None:
    make_assignment(cast.other_bureau, task=share.task)

    page = browser(cast.outsider).get(reverse("task", args=[share.task_id])).content.decode()

    assert "设备到货延迟" not in page


def test_coordinator_finds_what_waits_for_an_answer(cast, browser, share, asked) -> None:
    make_assignment(cast.other_bureau, plan=cast.plan, due_date=DUE)
    client = browser(cast.coordinator)

    overview = client.get(reverse("overview")).content.decode()
    listed = client.get(f"{reverse('ledger')}?due=asking").context["page"].object_list

    assert "1 项申请延期，等待审批" in overview
    assert [row.pk for row in listed] == [share.pk]
