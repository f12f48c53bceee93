"""Waiving and reassigning on the pages, and what is shown afterwards where."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import NOW, TODAY, Cast, make_assignment, make_department
from tracker import dashboards
from tracker.actions.reassign import reassign
from tracker.actions.work import move_assignment, report_progress
from tracker.models import Assignment
from tracker.permissions import visible_assignments
from tracker.workflow import Move, Status

DUE = TODAY + timedelta(days=20)


@pytest.fixture
def share(cast: Cast) -> Assignment:
    return make_assignment(cast.bureau, plan=cast.plan, due_date=DUE)


def _answers(cast: Cast, **changed: str) -> dict[str, str]:
    answers = {
        "department": str(cast.other_bureau.pk),
        "due_date": "",
        "reason": "职责划转",
        "form_key": "6f1b6a34-8f0f-4f6e-9a5c-2f6f1f1f1f1f",
        "version": "1",
    }
    return answers | changed


def _passed_on(share: Assignment, cast: Cast) -> Assignment:
    return reassign(
        share.pk,
        department=cast.other_bureau,
        due_date=None,
        reason="职责划转",
        form_key=uuid4(),
        by=cast.coordinator,
        now=NOW,
    )


def _task(client: Client, share: Assignment) -> str:
    return client.get(reverse("task", args=[share.task_id])).content.decode()


def test_coordinator_reassigns_from_the_task_page(cast, browser, share) -> None:
    client, url = browser(cast.coordinator), reverse("reassign", args=[share.pk])

    offered = _task(client, share)
    form = client.get(url).content.decode()
    response = client.post(url, _answers(cast), follow=True)

    assert url in offered
    assert all(words in form for words in ("市工业和信息化局", f'value="{DUE}"', "可以再转回来"))
    page = response.content.decode()
    for words in (
        "已由市生态环境局转给市工业和信息化局",
        "由市生态环境局转来",
        "转给市工业和信息化局",
        "已转办",
        "接办",
        "职责划转",
        "推进中 → 已转办",
    ):
        assert words in page
    assert url not in page


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"department": ""}, "id_department", "请选择单位"),
        ({"department": "x"}, "id_department", "不能转给这个单位"),
        ({"department": "9" * 40}, "id_department", "不能转给这个单位"),
        ({"department": "{foreign}"}, "id_department", "不能转给这个单位"),
        ({"due_date": "明年"}, "id_due_date", "日期请写成"),
        ({"due_date": "9999-12-31"}, "id_due_date", "年份请填 2000 到 2099。<"),
        ({"due_date": str(TODAY)}, "id_due_date", "新单位的时限要晚于今天"),
        ({"reason": " "}, "id_reason", "请写明转办的理由"),
        ({"reason": "长" * 4001}, "id_reason", "理由最多 4000 字，现有 4001 字"),
        ({"reason": "空\0字"}, "id_reason", ""),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(cast, browser, share, changed, field, message) -> None:
    changed = {key: value.format(foreign=cast.foreign_bureau.pk) for key, value in changed.items()}

    page = browser(cast.coordinator).post(reverse("reassign", args=[share.pk]), _answers(cast, **changed))

    assert f'<a href="#{field}">{message}' in page.content.decode()
    assert Assignment.objects.count() == 1


def test_a_unit_that_answers_already_is_neither_offered_nor_taken(cast, browser, share) -> None:
    client, url = browser(cast.coordinator), reverse("reassign", args=[share.pk])

    form = client.get(url).content.decode()
    refused = client.post(url, _answers(cast, department=str(cast.bureau.pk))).content.decode()

    assert f'<option value="{cast.other_bureau.pk}">' in form
    assert f'<option value="{cast.bureau.pk}"' not in form
    assert "不能转给“市生态环境局”" in refused
    assert Assignment.objects.count() == 1


@pytest.mark.parametrize("missing", ["department", "reason", "form_key", "version"])
def test_half_a_form_changes_nothing(cast, browser, share, missing) -> None:
    answers = _answers(cast)
    del answers[missing]

    response = browser(cast.coordinator).post(reverse("reassign", args=[share.pk]), answers)

    assert response.status_code == 200
    assert Assignment.objects.count() == 1


def test_a_date_that_has_passed_must_be_set_anew(cast, browser) -> None:
    late = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY - timedelta(days=3))
    client, url = browser(cast.coordinator), reverse("reassign", args=[late.pk])

    form = client.get(url).content.decode()
    refused = client.post(url, _answers(cast)).content.decode()
    client.post(url, _answers(cast, due_date=str(DUE)))

    assert "原时限已到，请另定" in form
    assert '<a href="#id_due_date">原时限已到，请给新单位另定时限' in refused
    assert Assignment.objects.get(taken_over_from=late).due_date == DUE


def test_double_click_reassigns_once_and_says_so_twice(cast, browser, share) -> None:
    client, url = browser(cast.coordinator), reverse("reassign", args=[share.pk])

    pages = [client.post(url, _answers(cast), follow=True).content.decode() for _ in range(2)]

    assert all("已由市生态环境局转给市工业和信息化局" in page for page in pages)
    assert Assignment.objects.count() == 2


def test_somebody_elses_change_loses_nothing_typed(cast, browser, share) -> None:
    report_progress(share.pk, percent=45, note="刚填的进展", form_key=uuid4(), by=cast.reporter, now=NOW)
    client, url = browser(cast.coordinator), reverse("reassign", args=[share.pk])

    refused = client.post(url, _answers(cast))

    page = refused.content.decode()
    assert all(words in page for words in ("刚填的进展", "职责划转", "没有提交成功"))
    client.post(url, _answers(cast, version=str(refused.context["form"]["version"].value())))
    assert Assignment.objects.filter(taken_over_from=share).exists()


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.CLOSED, Status.WAIVED, Status.REASSIGNED])
def test_page_says_when_there_is_nothing_to_reassign(cast, browser, status) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, status=status)

    page = browser(cast.coordinator).get(reverse("reassign", args=[share.pk]), follow=True)

    assert "不能转办" in page.content.decode()


def test_second_coordinator_hears_where_it_went(cast, browser, share) -> None:
    _passed_on(share, cast)

    page = browser(cast.coordinator).post(reverse("reassign", args=[share.pk]), _answers(cast, version="2"))

    assert "当前状态为“已转办”，不能转办。" in page.content.decode()
    assert Assignment.objects.count() == 2


def test_each_unit_reads_its_own(cast, browser, share) -> None:
    report_progress(share.pk, percent=45, note="生态局的进展", form_key=uuid4(), by=cast.reporter, now=NOW)
    new = _passed_on(share, cast)
    report_progress(new.pk, percent=5, note="工信局的进展", form_key=uuid4(), by=cast.outsider, now=NOW)

    old_unit, new_unit = _task(browser(cast.reporter), share), _task(browser(cast.outsider), share)

    assert "生态局的进展" in old_unit
    assert "工信局的进展" not in old_unit
    assert "工信局的进展" in new_unit
    assert "生态局的进展" not in new_unit
    assert old_unit.count("职责划转") == new_unit.count("职责划转") == 1


def test_unit_that_got_the_task_back_opens_it(cast, browser, share) -> None:
    new = _passed_on(share, cast)
    reassign(
        new.pk,
        department=cast.bureau,
        due_date=None,
        reason="转回",
        form_key=uuid4(),
        by=cast.coordinator,
        now=NOW,
    )

    response = browser(cast.reporter).get(reverse("task", args=[share.task_id]))

    lines = response.context["shares"]
    assert [line.assignment.status for line in lines] == ["PENDING", "REASSIGNED", "REASSIGNED"]
    assert response.context["in_force"] == 1


def test_coordinator_waives_and_opens_again(cast, browser, share) -> None:
    client, url = browser(cast.coordinator), reverse("move", args=[share.pk])

    asked = client.post(url, {"move": "WAIVE", "version": "1", "note": ""}).content.decode()
    waived = client.post(url, {"move": "WAIVE", "version": "1", "note": "上级取消"}, follow=True)
    again = client.post(url, {"move": "REOPEN", "version": "2", "note": "恢复要求"}, follow=True)

    assert "请写明免办的理由" in asked
    page = waived.content.decode()
    assert all(words in page for words in ("免办，已记录", "已免办", "上级取消", 'class="ended"'))
    assert 'class="ended"' not in again.content.decode()


def test_what_was_late_says_so_after_it_left_force(cast, browser) -> None:
    share = make_assignment(
        cast.bureau,
        plan=cast.plan,
        due_date=TODAY - timedelta(days=4),
        created_at=NOW - timedelta(days=30),
    )
    move_assignment(share.pk, Move.WAIVE, by=cast.coordinator, now=NOW, note="取消")

    page = _task(browser(cast.coordinator), share)

    assert "此前逾期4天" in page
    assert "迟交" not in page


@pytest.fixture
def gone(cast: Cast) -> list[Assignment]:
    """One share of each status of a unit, two of them no longer in force, all of them late."""
    due = TODAY - timedelta(days=2)
    rows = [make_assignment(cast.bureau, plan=cast.plan, status=s, due_date=due) for s in Status.values]
    return [row for row in rows if row.status in (Status.WAIVED, Status.REASSIGNED)]


@pytest.mark.parametrize("person", ["coordinator", "reporter"])
def test_ledger_lists_them_only_when_their_status_is_asked_for(cast, browser, gone, person) -> None:
    client = browser(getattr(cast, person))

    def listed(query: str) -> set[int]:
        rows = client.get(f"{reverse('ledger')}?{query}").context["page"].object_list
        return {row.pk for row in rows}

    everything = set(Assignment.objects.values_list("pk", flat=True))
    left = {row.pk for row in gone}
    assert listed("") == everything - left
    for query in (f"plan={cast.plan.pk}", "light=GREY", "due=ahead", "month=2024-10", "sort=-due"):
        assert not listed(query) & left
    for row in gone:
        assert listed(f"status={row.status}") == {row.pk}
        assert listed(f"status={row.status}&light=GREY") == {row.pk}
        assert listed(f"status={row.status}&light=YELLOW") == set()


def test_no_figure_counts_them(cast, gone) -> None:
    seen = visible_assignments(cast.coordinator)

    numbers = dashboards.numbers(seen, TODAY)
    [line] = dashboards.units(seen, TODAY)
    [(_, tally)] = dashboards.plan_tallies([cast.plan], seen, TODAY)

    assert (numbers.total, line.total, tally.total, tally.tasks) == (5, 5, 5, 5)
    assert sum(group.count for group in dashboards.my_work(seen, TODAY).groups) == 4


def test_pages_are_404_to_everybody_else(cast, browser, share) -> None:
    url = reverse("reassign", args=[share.pk])
    for name in ("reporter", "outsider", "leader", "administrator", "county_coordinator", "foreigner"):
        client = browser(getattr(cast, name))
        assert [client.get(url).status_code, client.post(url, _answers(cast)).status_code] == [404, 404]
    assert Assignment.objects.count() == 1


@pytest.mark.parametrize("count", [1, 3])
def test_number_of_queries_does_not_grow(cast, browser, share, count, django_assert_num_queries) -> None:
    for number in range(count):
        other = make_assignment(make_department(cast.city, f"单位{number}"), task=share.task, due_date=DUE)
        move_assignment(other.pk, Move.WAIVE, by=cast.coordinator, now=NOW, note="取消")
    last = _passed_on(share, cast)
    for number in range(count):
        last = reassign(
            last.pk,
            department=make_department(cast.city, f"接办单位{number}"),
            due_date=None,
            reason="再转",
            form_key=uuid4(),
            by=cast.coordinator,
            now=NOW,
        )
    client = browser(cast.coordinator)

    with django_assert_num_queries(12):
        client.get(reverse("task", args=[share.task_id]))
    with django_assert_num_queries(5):
        client.get(reverse("reassign", args=[last.pk]))
