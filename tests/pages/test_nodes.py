"""The table of nodes, spreading over the months, and what the page of a task shows of them."""

from datetime import date

import pytest
from django.urls import reverse

from tests.factories import NOW, Cast, make_assignment, make_task
from tracker.actions.nodes import Planned, fingerprint, set_nodes
from tracker.models import Assignment, Node, Target, Task, TaskEvent
from tracker.workflow import MAX_NODES, Role

DUE = date(2024, 12, 31)
OCTOBER, NOVEMBER = date(2024, 10, 31), date(2024, 11, 30)
EMPTY = fingerprint([])


@pytest.fixture
def task(cast: Cast) -> Task:
    return make_task(cast.plan, due_date=DUE)


@pytest.fixture
def share(cast: Cast, task: Task) -> Assignment:
    return make_assignment(cast.bureau, task=task)


def _url(task: Task) -> str:
    return reverse("nodes", args=[task.pk])


def _answers(*rows: tuple[str, str, str], shown: str = EMPTY) -> dict[str, str]:
    answers = {"shown": shown, "node-TOTAL_FORMS": str(len(rows)), "node-INITIAL_FORMS": "0"}
    for number, row in enumerate(rows):
        for name, value in zip(("due_date", "percent", "title"), row, strict=True):
            answers[f"node-{number}-{name}"] = value
    return answers


def _rows(task: Task) -> list[tuple[date, int, str]]:
    return list(task.nodes.in_order().values_list("due_date", "percent", "title"))


def test_unit_sets_nodes_and_the_task_page_shows_them(cast, browser, task, share) -> None:
    client = browser(cast.reporter)

    offered = client.get(reverse("task", args=[task.pk])).content.decode()
    rows = [(str(DUE), "100", "验收"), ("", "", ""), (str(OCTOBER), "40", "设备到位")]
    page = client.post(_url(task), _answers(*rows), follow=True).content.decode()

    assert _url(task) in offered
    assert "还没有节点" in offered
    assert _rows(task) == [(OCTOBER, 40, "设备到位"), (DUE, 100, "验收")]
    for words in ("节点已保存", "设备到位", "下一个", "未到", "0 个节点 → 2 个节点", "序时进度 0%"):
        assert words in page
    assert "还没有节点" not in page


def test_passed_nodes_and_expected_progress_beside_the_reported_one(
    cast, browser, settings, task, share
) -> None:
    set_nodes(task.pk, [Planned(OCTOBER, 40, "设备到位"), Planned(DUE, 100)], by=cast.coordinator, now=NOW)
    settings.DUBAN_TODAY = NOVEMBER

    page = browser(cast.leader).get(reverse("task", args=[task.pk])).content.decode()

    assert "已过" in page
    assert "序时进度 70%" in page  # 40 and half of the 60 that are left
    assert "进度滞后" in page
    assert _url(task) not in page


def test_behind_is_said_of_a_task_without_a_date_too(cast, browser, settings) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan)
    set_nodes(share.task_id, [Planned(OCTOBER, 40)], by=cast.reporter, now=NOW)
    settings.DUBAN_TODAY = NOVEMBER

    page = browser(cast.reporter).get(reverse("task", args=[share.task_id])).content.decode()

    assert "进度滞后" in page
    assert "无期限" in page


def test_spreading_fills_the_form_and_saves_nothing(cast, browser, task, share) -> None:
    client = browser(cast.coordinator)

    page = client.get(f"{_url(task)}?spread=1")

    filled = [form.initial for form in page.context["formset"] if form.initial]
    assert [(row["due_date"], row["percent"], row["title"]) for row in filled] == [
        (OCTOBER, 33, "10月：累计完成33%"),
        (NOVEMBER, 67, "11月：累计完成67%"),
        (DUE, 100, "12月：累计完成100%"),
    ]
    assert "按月均分的建议" in page.content.decode()
    assert Node.objects.count() == 0
    rows = [(str(row["due_date"]), str(row["percent"]), row["title"]) for row in filled]
    client.post(_url(task), _answers(*rows))
    assert len(_rows(task)) == 3


def test_spreading_warns_of_what_it_would_replace(cast, browser, task, share) -> None:
    set_nodes(task.pk, [Planned(DUE, 100)], by=cast.coordinator, now=NOW)
    page = browser(cast.coordinator).get(f"{_url(task)}?spread=1").content.decode()
    assert "保存后将替换现有的 1 个节点" in page


def test_spreading_names_the_amount_of_the_one_target(cast, browser, task, share) -> None:
    fields = {"plan": cast.plan, "clause": task.clause, "op": "=", "unit": "套"}
    Target.objects.create(quote="安装3000套", indicator="充电桩", value=3000, **fields)
    client = browser(cast.coordinator)

    one = client.get(f"{_url(task)}?spread=1").content.decode()
    Target.objects.create(quote="换电站10座", indicator="换电站", value=10, **fields)
    two = client.get(f"{_url(task)}?spread=1").content.decode()

    assert "10月：累计完成33%（990套）" in one
    assert "10月：累计完成33%" in two
    assert "990套" not in two


def test_without_a_date_there_is_nothing_to_spread(cast, browser) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan)
    page = browser(cast.reporter).get(f"{_url(share.task)}?spread=1").content.decode()
    assert "按月分解" not in page
    assert "保存节点" in page


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        (("", "50", ""), "due_date", "请填写日期"),
        (("明天", "50", ""), "due_date", "日期请写成"),
        (("2024-11-30", "", ""), "percent", "1 到 100 的整数"),
        (("2024-11-30", "0", ""), "percent", "1 到 100 的整数"),
        (("2024-11-30", "101", ""), "percent", "1 到 100 的整数"),
        (("2024-11-30", "9" * 5000, ""), "percent", "1 到 100 的整数"),
        (("2024-11-30", "50.5", ""), "percent", "1 到 100 的整数"),
        (("", "", "只有内容"), "due_date", "请填写日期"),
        (("2024-11-30", "50", "字" * 81), "title", "最多 80 字，现有 81 字"),
        (("2024-11-30", "50", "a\0b"), "title", "不允许"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(cast, browser, task, share, row, field, message) -> None:
    page = (
        browser(cast.reporter).post(_url(task), _answers(("2024-10-31", "10", "先行"), row)).content.decode()
    )

    assert f'<a href="#id_node-1-{field}">第2行：' in page
    assert message in page
    assert "先行" in page
    assert Node.objects.count() == 0


def test_refusal_keeps_what_was_typed(cast, browser, task, share) -> None:
    answers = _answers(("2024-10-31", "60", "先行"), ("2024-11-30", "50", "后续"))
    page = browser(cast.reporter).post(_url(task), answers).content.decode()
    assert "要高于前一个节点 2024-10-31" in page
    assert "先行" in page
    assert Node.objects.count() == 0


def test_second_of_two_is_told_what_is_there_now_and_can_go_on(cast, browser, task, share) -> None:
    set_nodes(task.pk, [Planned(OCTOBER, 40, "周敏的节点")], by=cast.coordinator, now=NOW)
    client, mine = browser(cast.reporter), (str(NOVEMBER), "50", "王芳的节点")

    refused = client.post(_url(task), _answers(mine))

    page = refused.content.decode()
    for words in ("节点已被修改", "周敏", "2024-10-31 40% 周敏的节点", "王芳的节点"):
        assert words in page
    assert _rows(task) == [(OCTOBER, 40, "周敏的节点")]
    client.post(_url(task), _answers(mine, shown=refused.context["shown"]))
    assert _rows(task) == [(NOVEMBER, 50, "王芳的节点")]


def test_double_click_is_one_change(cast, browser, task, share) -> None:
    client, answers = browser(cast.reporter), _answers((str(NOVEMBER), "50", ""))
    assert [client.post(_url(task), answers).status_code for _ in range(2)] == [302, 302]
    assert TaskEvent.objects.count() == 1


def test_cleared_rows_are_taken_out(cast, browser, task, share) -> None:
    set_nodes(task.pk, [Planned(OCTOBER, 40), Planned(DUE, 100)], by=cast.coordinator, now=NOW)
    shown = fingerprint(task.nodes.in_order())
    answers = _answers(("", "", ""), ("", "", ""), shown=shown) | {"node-INITIAL_FORMS": "2"}
    browser(cast.coordinator).post(_url(task), answers)
    assert _rows(task) == []


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"node-TOTAL_FORMS": "x", "node-INITIAL_FORMS": "0"},
        {"node-TOTAL_FORMS": "99999999", "node-INITIAL_FORMS": "0"},
        {"node-TOTAL_FORMS": "-1", "node-INITIAL_FORMS": "-1"},
        {"node-TOTAL_FORMS": "1", "node-INITIAL_FORMS": "5", "shown": "\0" * 9},
    ],
)
def test_a_crafted_form_is_answered_and_changes_nothing(cast, browser, task, share, answers) -> None:
    assert browser(cast.reporter).post(_url(task), answers).status_code in (200, 302)
    assert (Node.objects.count(), TaskEvent.objects.count()) == (0, 0)


def test_too_many_rows_are_refused(cast, browser, task, share) -> None:
    rows = [(str(date(2024, 11, 1).replace(day=n % 28 + 1)), str(n + 1), "") for n in range(MAX_NODES + 2)]
    page = browser(cast.reporter).post(_url(task), _answers(*rows)).content.decode()
    assert "没有保存" in page
    assert Node.objects.count() == 0


def test_form_is_not_offered_once_the_task_is_closed(cast, browser, task, share) -> None:
    task.closed_at = NOW
    task.save()
    client = browser(cast.reporter)

    response = client.get(_url(task), follow=True)
    page = client.post(_url(task), _answers((str(NOVEMBER), "50", "迟到"))).content.decode()

    assert response.redirect_chain == [(reverse("task", args=[task.pk]), 302)]
    assert "任务已办结，不能再调整节点。" in response.content.decode()
    assert "任务已办结" in page
    assert "迟到" in page
    assert Node.objects.count() == 0


def test_page_is_404_to_everybody_else(cast, browser, task, share) -> None:
    make_assignment(cast.other_bureau, task=task, role=Role.SUPPORT)
    for name in (
        "outsider",
        "foreigner",
        "county_reporter",
        "leader",
        "administrator",
        "county_coordinator",
        "foreign_coordinator",
    ):
        client = browser(getattr(cast, name))
        assert client.get(_url(task)).status_code == 404
        assert client.post(_url(task), _answers((str(NOVEMBER), "50", ""))).status_code == 404
    assert Node.objects.count() == 0


def test_nodes_that_end_before_or_after_a_date_that_holds_are_pointed_out(cast, browser, task, share) -> None:
    late = make_assignment(cast.other_bureau, task=task, role=Role.IMPLEMENT)
    Assignment.objects.filter(pk=late.pk).update(due_date=date(2025, 3, 31), judged_date=date(2025, 3, 31))
    client = browser(cast.leader)

    set_nodes(task.pk, [Planned(DUE, 100)], by=cast.coordinator, now=NOW)
    early = client.get(reverse("task", args=[task.pk])).content.decode()
    set_nodes(task.pk, [Planned(date(2025, 2, 28), 90)], by=cast.coordinator, now=NOW)
    cut = client.get(reverse("task", args=[task.pk])).content.decode()

    assert "最后一个节点早于现在的时限 2025-03-31" in early
    assert "有单位的时限 2024-12-31 早于最后一个节点" in cut


@pytest.mark.parametrize("count", [1, 3])
def test_number_of_queries_does_not_grow(
    cast, browser, task, share, count, django_assert_num_queries
) -> None:
    wanted = [Planned(date(2024, 11, day), 10 * day) for day in range(1, count + 1)]
    set_nodes(task.pk, wanted, by=cast.coordinator, now=NOW)
    client = browser(cast.reporter)
    with django_assert_num_queries(9):
        client.get(_url(task))
