"""Instructions and nudges on the pages: who is offered what, what is shown where, and what is refused."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.urls import reverse

from tests.factories import NOW, TODAY, Cast, make_assignment, make_task
from tracker.actions.orders import instruct, nudge
from tracker.actions.work import report_progress
from tracker.models import Assignment, Instruction, Nudge
from tracker.workflow import Role, Status

KEY = UUID("6f1b6a34-8f0f-4f6e-9a5c-2f6f1f1f1f1f")
DUE = TODAY - timedelta(days=5)


@pytest.fixture
def share(cast: Cast) -> Assignment:
    return make_assignment(cast.bureau, plan=cast.plan, due_date=DUE)


@pytest.fixture
def page(browser):
    """The text of a page, as this person sees it."""

    def show(person, name: str, *args: Any) -> str:
        text: str = browser(person).get(reverse(name, args=args)).content.decode()
        return text

    return show


def _instruct(share: Assignment, cast: Cast, text: str = "请牵头单位本周内拿出方案", hours: int = 0):
    moment = NOW + timedelta(hours=hours)
    return instruct(share.task_id, text=text, form_key=uuid4(), by=cast.leader, now=moment)


def _nudge(share: Assignment, cast: Cast, days: int = 0, note: str = "") -> Nudge:
    moment = NOW + timedelta(days=days)
    return nudge(share.pk, note=note, form_key=uuid4(), by=cast.coordinator, now=moment)


# Instructions


def test_leader_instructs_from_the_task_page_and_every_unit_reads_it(cast, browser, share, page) -> None:
    make_assignment(cast.other_bureau, task=share.task, role=Role.SUPPORT)
    client, url = browser(cast.leader), reverse("instruct", args=[share.task_id])

    offered = client.get(reverse("task", args=[share.task_id])).content.decode()
    form = client.get(url).content.decode()
    response = client.post(url, {"text": "请牵头单位\n本周内拿出方案", "form_key": KEY}, follow=True)

    assert url in offered
    assert share.task.text in form
    assert response.redirect_chain == [(reverse("task", args=[share.task_id]), 302)]
    for text in (
        response.content.decode(),
        page(cast.reporter, "task", share.task_id),
        page(cast.outsider, "task", share.task_id),
    ):
        for words in ("领导批示", "孙建国", "2024-10-21", "本周内拿出方案"):
            assert words in text


def test_only_a_leader_of_the_region_is_offered_an_instruction(cast, share, page) -> None:
    url = reverse("instruct", args=[share.task_id])

    for name in ("reporter", "coordinator", "administrator"):
        assert url not in page(getattr(cast, name), "task", share.task_id)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"text": " \n"}, "请写明批示内容"),
        ({"text": "长" * 4001}, "批示内容最多 4000 字，现有 4001 字"),
        ({"text": "坏\x00字"}, "error-summary"),
        ({"text": "好", "form_key": "x"}, "error-summary"),
        ({}, "请写明批示内容"),
    ],
)
def test_what_is_wrong_with_an_instruction_is_said(cast, browser, share, answers, message: str) -> None:
    response = browser(cast.leader).post(
        reverse("instruct", args=[share.task_id]), {"form_key": str(KEY), **answers}
    )

    assert message in response.content.decode()
    assert Instruction.objects.count() == 0


def test_task_closed_meanwhile_refuses_and_keeps_what_was_typed(cast, browser) -> None:
    task = make_task(cast.plan, closed_at=NOW)
    make_assignment(cast.bureau, task=task, status=Status.CLOSED)
    client, url = browser(cast.leader), reverse("instruct", args=[task.pk])

    refused = client.post(url, {"text": "再抓一抓", "form_key": KEY}).content.decode()
    opened = client.get(url, follow=True)

    assert "任务已办结，不能再批示" in refused
    assert "再抓一抓" in refused
    assert opened.redirect_chain == [(reverse("task", args=[task.pk]), 302)]
    assert "任务已办结" in opened.content.decode()
    assert url not in client.get(reverse("task", args=[task.pk])).content.decode()


def test_instruction_sent_twice_stands_once(cast, browser, share) -> None:
    client, url = browser(cast.leader), reverse("instruct", args=[share.task_id])

    for _ in range(2):
        assert client.post(url, {"text": "请抓紧", "form_key": KEY}).status_code == 302

    assert Instruction.objects.count() == 1


def test_an_instruction_cannot_carry_markup(cast, share, page) -> None:
    _instruct(share, cast, "<script>alert(1)</script>")

    assert "<script>alert" not in page(cast.reporter, "task", share.task_id)


def test_page_shows_the_newest_instructions_and_says_where_the_rest_is(
    cast, browser, share, monkeypatch
) -> None:
    monkeypatch.setattr("tracker.views.tasks.INSTRUCTIONS_SHOWN", 2)
    for number in range(3):
        _instruct(share, cast, f"第{number}号批示", hours=number)

    response = browser(cast.reporter).get(reverse("task", args=[share.task_id]))

    assert [made.text for made in response.context["instructions"]] == ["第2号批示", "第1号批示"]
    assert "更早的批示见办理过程" in response.content.decode()


# Nudges


def test_coordinator_nudges_from_the_task_page(cast, browser, share, page) -> None:
    client, url = browser(cast.coordinator), reverse("nudge", args=[share.pk])

    offered = client.get(reverse("task", args=[share.task_id])).content.decode()
    response = client.post(url, {"note": "请于周五前填报", "form_key": KEY}, follow=True)

    assert f'action="{url}"' in offered
    text = response.content.decode()
    for words in ("已催办市生态环境局", "10-21 已催办，共 1 次", "10-24 起可再次催办", "请于周五前填报"):
        assert words in text
    assert f'action="{url}"' not in text
    assert "请于周五前填报" in page(cast.reporter, "task", share.task_id)


def test_another_unit_does_not_read_the_words_of_a_nudge(cast, share, page) -> None:
    make_assignment(cast.other_bureau, task=share.task)
    _nudge(share, cast, note="材料已催三次")

    assert "材料已催三次" not in page(cast.outsider, "task", share.task_id)


def test_how_often_is_counted(cast, share, page) -> None:
    for days in (-6, -3, 0):
        _nudge(share, cast, days)

    assert "10-21 已催办，共 3 次" in page(cast.leader, "task", share.task_id)


def test_second_coordinator_is_told_who_and_when_and_keeps_the_words(cast, browser, share) -> None:
    _nudge(share, cast, -1)
    client = browser(cast.coordinator)

    refused = client.post(reverse("nudge", args=[share.pk]), {"note": "请抓紧", "form_key": KEY})

    text = refused.content.decode()
    assert "周敏已于 2024-10-20 催办，2024-10-23 起可以再次催办。" in text
    assert "请抓紧" in text
    assert Nudge.objects.count() == 1


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.SUSPENDED, Status.CLOSED])
def test_nobody_is_nudged_whose_turn_it_is_not(cast, browser, status: str) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=DUE, status=status)
    client, url = browser(cast.coordinator), reverse("nudge", args=[share.pk])

    offered = client.get(reverse("task", args=[share.task_id])).content.decode()
    opened = client.get(url, follow=True).content.decode()
    refused = client.post(url, {"note": "请抓紧", "form_key": KEY}).content.decode()

    assert url not in offered
    for text in (opened, refused):
        assert f"当前状态为“{Status(status).label}”，不用催办。" in text
    assert Nudge.objects.count() == 0


@pytest.mark.parametrize("answers", [{"note": "坏\x00字"}, {"note": "长" * 4001}, {"form_key": ""}])
def test_what_is_wrong_with_a_nudge_is_said(cast, browser, share, answers) -> None:
    response = browser(cast.coordinator).post(
        reverse("nudge", args=[share.pk]), {"form_key": str(KEY), **answers}
    )

    assert "error-summary" in response.content.decode()
    assert Nudge.objects.count() == 0


def test_pages_are_404_to_everybody_else(cast, browser, share) -> None:
    instruct_url, nudge_url = reverse("instruct", args=[share.task_id]), reverse("nudge", args=[share.pk])
    may = {"leader": (200, 404), "coordinator": (404, 200)}

    for name in ("reporter", "outsider", "leader", "coordinator", "administrator", "foreign_leader"):
        client = browser(getattr(cast, name))
        for answer in (client.get, client.post):
            found = (answer(instruct_url).status_code, answer(nudge_url).status_code)
            assert found == may.get(name, (404, 404)), name


# Many at once


def test_overdue_page_nudges_a_units_rows(cast, browser, share) -> None:
    other = make_assignment(cast.other_bureau, plan=cast.plan, due_date=DUE)
    rested = make_assignment(cast.bureau, plan=cast.plan, due_date=DUE)
    _nudge(rested, cast, -1)
    county = make_assignment(cast.county_bureau, due_date=DUE)
    client, url = browser(cast.coordinator), reverse("overdue")

    text = client.get(url).content.decode()
    answers = {"assignment": [share.pk], "form_key": KEY, "next": url}
    response = client.post(reverse("nudge_many"), answers, follow=True)

    ids = {pk for pk in (share.pk, other.pk, rested.pk, county.pk) if f'"assignment" value="{pk}"' in text}
    assert ids == {share.pk, other.pk}
    assert "10-20 已催办，共 1 次" in text
    assert response.redirect_chain == [(url, 302)]
    assert "已催办 1 项" in response.content.decode()
    assert set(Nudge.objects.filter(form_key=KEY).values_list("assignment", flat=True)) == {share.pk}


def test_ledger_nudges_the_rows_on_screen_and_leads_back(cast, browser, share) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=DUE, status=Status.CLOSED)
    rested = make_assignment(cast.other_bureau, plan=cast.plan, due_date=DUE)
    client, url = browser(cast.coordinator), f"{reverse('ledger')}?due=overdue"

    text = client.get(url).content.decode()
    _nudge(rested, cast)
    answers = {"assignment": [share.pk, rested.pk], "form_key": KEY, "next": url}
    response = client.post(reverse("nudge_many"), answers, follow=True)

    assert "催办 2 项" in text
    assert response.redirect_chain == [(url, 302)]
    said = response.content.decode()
    assert "已催办 1 项" in said
    assert "1 项在 3 天内催办过，没有重复催办" in said
    assert "nudge-rows" not in said


@pytest.mark.parametrize("name", ["reporter", "leader", "administrator", "foreign_coordinator"])
def test_nobody_else_is_offered_the_button(cast, share, page, name: str) -> None:
    person = getattr(cast, name)

    assert "nudge-rows" not in page(person, "ledger")
    if not person.is_unit_person:
        assert "nudge-rows" not in page(person, "overdue")


def test_overview_shows_and_does_not_nudge(cast, share, page) -> None:
    _nudge(share, cast)
    make_assignment(cast.bureau, plan=cast.plan, due_date=DUE)

    text = page(cast.coordinator, "overview")

    assert "10-21 已催办，共 1 次" in text
    assert "nudge-rows" not in text


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"assignment": ["1"]},
        {"assignment": ["x"], "form_key": KEY},
        {"assignment": ["9" * 30], "form_key": KEY},
        {"assignment": ["-1"], "form_key": KEY},
        {"assignment": ["1"], "form_key": "x"},
    ],
)
def test_nonsense_is_refused(cast, browser, answers) -> None:
    assert browser(cast.coordinator).post(reverse("nudge_many"), answers).status_code == 400


@pytest.mark.parametrize("ids", [[], ["999999"], ["county"]])
def test_nothing_to_nudge_is_said(cast, browser, ids) -> None:
    county = make_assignment(cast.county_bureau, due_date=DUE)
    keys = [county.pk if pk == "county" else pk for pk in ids]

    response = browser(cast.coordinator).post(
        reverse("nudge_many"), {"assignment": keys, "form_key": KEY}, follow=True
    )

    assert "没有催办" in response.content.decode()
    assert Nudge.objects.count() == 0


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "javascript:alert(1)"])
def test_the_way_back_is_one_of_our_pages(cast, browser, share, elsewhere: str) -> None:
    answers = {"assignment": share.pk, "form_key": KEY, "next": elsewhere}

    response = browser(cast.coordinator).post(reverse("nudge_many"), answers)

    assert response["Location"] == reverse("overdue")


# In lists


def test_unit_sees_in_its_list_what_it_has_not_answered(cast, share, page) -> None:
    badges = ('badge-draft">批示', 'badge-draft">催办')
    _instruct(share, cast)
    _nudge(share, cast)

    before = page(cast.reporter, "my_work")
    moment = NOW + timedelta(hours=1)
    report_progress(share.pk, percent=40, note="已办", form_key=uuid4(), by=cast.reporter, now=moment)
    after = page(cast.reporter, "my_work")

    assert [badge in before for badge in badges] == [True, True]
    assert [badge in after for badge in badges] == [False, False]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [("instructed", {"批"}), ("nudged", {"催", "答"}), ("unanswered", {"批", "催"})],
)
def test_ledger_finds_what_was_ordered(cast, browser, choice: str, expected: set[str]) -> None:
    rows = {
        text: make_assignment(cast.bureau, plan=cast.plan, text=text) for text in ("批", "催", "答", "静")
    }
    _instruct(rows["批"], cast)
    _nudge(rows["催"], cast)
    _nudge(rows["答"], cast)
    moment = NOW + timedelta(hours=1)
    report_progress(rows["答"].pk, percent=40, note="已办", form_key=uuid4(), by=cast.reporter, now=moment)

    listed = browser(cast.leader).get(f"{reverse('ledger')}?orders={choice}").context["page"]

    assert {row.task.text for row in listed} == expected


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("person", "name", "queries"),
    [("reporter", "my_work", 9), ("coordinator", "ledger", 10), ("coordinator", "overdue", 6)],
)
def test_number_of_queries_does_not_grow(
    cast, browser, count, person, name, queries, django_assert_num_queries
) -> None:
    for _ in range(count):
        share = make_assignment(cast.bureau, plan=cast.plan, due_date=DUE)
        _instruct(share, cast)
        _nudge(share, cast, -3)
    client = browser(getattr(cast, person))

    with django_assert_num_queries(queries):
        client.get(reverse(name))


@pytest.mark.parametrize("count", [1, 3])
def test_number_of_queries_of_the_task_page(cast, browser, share, count, django_assert_num_queries) -> None:
    for number in range(count):
        _instruct(share, cast, hours=number)
        _nudge(share, cast, 3 * number)
    client = browser(cast.coordinator)

    with django_assert_num_queries(13):
        client.get(reverse("task", args=[share.task_id]))
