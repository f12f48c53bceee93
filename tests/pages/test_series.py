"""Recurring clauses on the pages: the periods of a task, the ledger's rows, ending a series, the draft."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import NOW, TODAY, Cast, make_assignment, make_department, make_series, make_task
from tracker import dashboards
from tracker.actions.reassign import reassign
from tracker.actions.series import end_series, extend_series
from tracker.actions.work import move_assignment, report_progress
from tracker.models import Assignment, Clause, Plan, Series, Task, TaskEvent
from tracker.workflow import Move

OCTOBER = date(2024, 10, 31)
TEXT = "每月对餐饮油烟净化设施进行一次检查"


@pytest.fixture
def task(cast: Cast) -> Task:
    task = make_task(cast.plan, text=TEXT, due_date=OCTOBER, number="1-1/2024-10")
    make_assignment(cast.bureau, task=task)
    make_assignment(cast.other_bureau, task=task)
    return task


@pytest.fixture
def series(task: Task) -> Series:
    return make_series(task)


@pytest.fixture
def december(settings, series: Series) -> None:
    """Nobody did anything in October and November."""
    settings.DUBAN_TODAY = date(2024, 12, 2)
    extend_series(today=settings.DUBAN_TODAY, now=NOW + timedelta(days=42))


def _page(client: Client, task: Task) -> str:
    return client.get(reverse("task", args=[task.pk])).content.decode()


def _lines(client: Client, task: Task) -> list[tuple[str, str, int, int]]:
    lines = client.get(reverse("task", args=[task.pk])).context["periods"]
    return [(line.name, line.light.value, line.closed, line.total) for line in lines]


@pytest.mark.usefixtures("december")
def test_a_task_shows_its_period_and_the_others_newest_first(cast, browser, task) -> None:
    client = browser(cast.coordinator)

    page = _page(client, task)

    assert "每月 · 2024年10月" in page
    assert "下一期 2025年1月，2025-01-01 生成" in page
    assert _lines(client, task) == [
        ("2024年12月", "GREEN", 0, 2),
        ("2024年11月", "RED", 0, 2),
        ("2024年10月", "RED", 0, 2),
    ]
    for other in Task.objects.exclude(pk=task.pk):
        assert reverse("task", args=[other.pk]) in page
    assert '<strong aria-current="page">2024年10月</strong>' in page


@pytest.mark.usefixtures("december")
def test_each_period_has_reports_of_its_own(cast, browser, task) -> None:
    november = Task.objects.get(number="1-1/2024-11")
    share = november.assignments.get(department=cast.bureau)
    report_progress(share.pk, percent=60, note="十一月查了六成", form_key=uuid4(), by=cast.reporter, now=NOW)
    client = browser(cast.reporter)

    assert "2024年11月" in client.get(reverse("report", args=[share.pk])).content.decode()
    assert "十一月查了六成" in _page(client, november)
    assert "十一月查了六成" not in _page(client, task)


@pytest.mark.usefixtures("december")
def test_a_unit_sees_only_the_periods_in_which_it_has_a_share(cast, browser, task) -> None:
    november = Task.objects.get(number="1-1/2024-11")
    november.assignments.filter(department=cast.other_bureau).delete()
    client = browser(cast.outsider)

    assert [line[0] for line in _lines(client, task)] == ["2024年12月", "2024年10月"]
    assert reverse("task", args=[november.pk]) not in _page(client, task)
    assert [line[3] for line in _lines(client, task)] == [1, 1]
    assert reverse("series_end", args=[task.series_id]) not in _page(client, task)


def test_what_left_force_is_in_no_figure_of_a_period(cast, browser, task) -> None:
    make_series(task)
    lead, support = task.assignments.order_by("pk")
    move_assignment(support.pk, Move.WAIVE, by=cast.coordinator, now=NOW, note="不涉及")
    unit = make_department(cast.city, "市水利局")
    given: dict[str, Any] = {"department": unit, "due_date": None, "reason": "职责划转", "form_key": uuid4()}
    reassign(lead.pk, by=cast.coordinator, now=NOW, **given)

    def line(person: User) -> tuple[str | None, int, int]:
        [line] = browser(person).get(reverse("task", args=[task.pk])).context["periods"]
        return line.status and line.status.value, line.closed, line.total

    assert line(cast.coordinator) == ("PENDING", 0, 1)
    assert line(cast.reporter) == ("REASSIGNED", 0, 0)
    assert line(cast.outsider) == ("WAIVED", 0, 0)


def test_an_ordinary_task_has_no_periods(cast, browser, task) -> None:
    assert "各期情况" not in _page(browser(cast.coordinator), task)


@pytest.mark.parametrize("months", [1, 3])
def test_number_of_queries_does_not_grow(
    cast, browser, task, series, months, django_assert_num_queries
) -> None:
    extend_series(today=date(2024, 9 + months, 28), now=NOW)
    client = browser(cast.coordinator)
    _page(client, task)
    assert series.tasks.count() == months
    with django_assert_num_queries(14):
        _page(client, task)


def test_only_the_newest_are_listed_and_the_ledger_has_them_all(
    cast, browser, task, series, settings
) -> None:
    settings.DUBAN_TODAY = date(2026, 3, 2)
    extend_series(today=settings.DUBAN_TODAY, now=NOW)
    client = browser(cast.coordinator)

    lines = _lines(client, task)

    assert len(lines) == dashboards.PERIODS_SHOWN
    assert (lines[0][0], lines[-1][0]) == ("2026年3月", "2025年4月")
    address = f"{reverse('ledger')}?plan={task.plan_id}&amp;series={series.pk}&amp;sort=-due"
    assert address in _page(client, task)
    listed = client.get(address.replace("&amp;", "&")).context["page"]
    assert listed.paginator.count == series.tasks.count() * 2 == 36
    assert listed[0].task.period == "2026年3月"


@pytest.mark.usefixtures("december")
def test_ledger_rows_say_the_period_and_a_number_finds_all_of_them(cast, browser, task) -> None:
    make_assignment(cast.bureau, plan=cast.plan)
    client = browser(cast.reporter)

    found = client.get(f"{reverse('ledger')}?q=1-1")

    assert [row.task.number for row in found.context["page"]] == ["1-1/2024-10", "1-1/2024-11", "1-1/2024-12"]
    assert "1-1/2024-11 · 2024年11月 · " in found.content.decode()
    one = client.get(f"{reverse('ledger')}?q=1-1/2024-11").context["page"]
    assert [row.task.number for row in one] == ["1-1/2024-11"]


@pytest.mark.parametrize("asked", ["99999999", "x", "1 OR 1=1", "-1", "9" * 40, "\x00"])
def test_a_series_that_is_not_there_lists_nothing(cast, browser, series, asked) -> None:
    response = browser(cast.coordinator).get(reverse("ledger"), {"series": asked})
    assert (response.status_code, response.context["page"].paginator.count) == (200, 0)


def test_a_foreign_series_lists_nothing(cast, browser, series) -> None:
    page = browser(cast.foreign_coordinator).get(reverse("ledger"), {"series": series.pk}).context["page"]
    assert page.paginator.count == 0


@pytest.mark.usefixtures("december")
def test_plan_page_counts_what_the_ledger_lists(cast, browser, task) -> None:
    client = browser(cast.coordinator)

    tally = client.get(reverse("plan", args=[task.plan_id])).context["tally"]

    for query, number in (("", tally.total), ("&due=overdue", tally.overdue)):
        listed = client.get(f"{reverse('ledger')}?plan={task.plan_id}{query}").context["page"]
        assert listed.paginator.count == number
    assert (tally.tasks, tally.total, tally.overdue) == (3, 6, 4)


def test_coordinator_ends_a_series_with_a_reason(cast, browser, task, series) -> None:
    client, url = browser(cast.coordinator), reverse("series_end", args=[series.pk])

    offered = _page(client, task)
    form = client.get(url).content.decode()
    response = client.post(url, {"reason": "并入常态化监管"}, follow=True)

    assert url in offered
    assert "下一期 2024年11月，2024-11-01 生成" in form
    page = response.content.decode()
    for words in ("已停止，不再生成新的任务", "周敏 2024-10-21 停止", "停止周期任务", "并入常态化监管"):
        assert words in page
    assert url not in page
    assert TaskEvent.objects.get(kind="END_SERIES").note == "并入常态化监管"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "请写明停止的理由"),
        ({"reason": " "}, "请写明停止的理由"),
        ({"reason": "长" * 4001}, "理由最多 4000 字，现有 4001 字"),
        ({"reason": "空\x00字"}, 'href="#id_reason"'),
    ],
)
def test_what_is_wrong_is_said_and_nothing_happens(cast, browser, series, data, words) -> None:
    response = browser(cast.coordinator).post(reverse("series_end", args=[series.pk]), data)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert Series.objects.get().goes_on


def test_the_second_press_hears_that_it_is_done(cast, browser, series) -> None:
    client, url = browser(cast.coordinator), reverse("series_end", args=[series.pk])
    end_series(series.pk, reason="并入常态化监管", by=cast.coordinator, now=NOW)

    again = client.post(url, {"reason": "再停一次"}).content.decode()
    opened = client.get(url, follow=True).content.decode()

    assert "已经停止（周敏）" in again
    assert "再停一次" in again
    assert "已经结束" in opened
    assert TaskEvent.objects.filter(kind="END_SERIES").count() == 1


def test_ending_is_404_to_everybody_else(cast, browser, series) -> None:
    url = reverse("series_end", args=[series.pk])
    for name in ("reporter", "head", "outsider", "leader", "county_coordinator", "foreign_coordinator"):
        client = browser(getattr(cast, name))
        assert (client.get(url).status_code, client.post(url, {"reason": "停"}).status_code) == (404, 404)
    assert browser(cast.administrator).get(url).status_code == 404
    assert browser(cast.coordinator).get(reverse("series_end", args=[10**17])).status_code == 404


@pytest.fixture
def draft(cast: Cast, browser) -> Plan:
    """A plan of one clause that recurs, ready to be given out."""
    text = "新乡市治理方案\n1.推进治理。每月开展一次检查。（市生态环境局负责）"
    browser(cast.coordinator).post(reverse("plan_import"), {"text": text})
    plan = Plan.objects.get(status="DRAFT")
    assert Clause.objects.get(measure__plan=plan, kind="recurring").makes_series
    return plan


def test_draft_asks_until_when_the_plan_runs_where_something_recurs(cast, browser, draft) -> None:
    client = browser(cast.coordinator)
    asked = client.get(reverse("draft_confirm", args=[draft.pk])).content.decode()
    measure = draft.measures.get()
    edited = client.get(reverse("draft_measure", args=[draft.pk, measure.pk])).content.decode()
    Clause.objects.filter(measure__plan=draft).update(is_skipped=True)
    not_asked = client.get(reverse("draft_confirm", args=[draft.pk])).content.decode()
    assert "方案执行到哪一天" in asked
    assert "周期到此为止" in edited
    assert "方案执行到哪一天" not in not_asked


def test_the_plans_end_is_kept_and_ends_its_series(cast, browser, draft) -> None:
    client = browser(cast.coordinator)
    response = client.post(
        reverse("draft_confirm", args=[draft.pk]), {"ends_on": "2025-12-31", "version": draft.version}
    )
    assert response.status_code == 302
    draft.refresh_from_db()
    assert (str(draft.ends_on), str(Series.objects.get().ends_on)) == ("2025-12-31", "2025-12-31")
    assert Assignment.objects.get().due_date == OCTOBER


@pytest.mark.parametrize(
    ("ends_on", "words"),
    [
        (str(TODAY - timedelta(days=1)), "不能早于今天"),
        ("9999-12-31", "年份请填 2000 到 2099"),
        ("明年", "日期不存在或格式不对"),
        ("2025-02-30", "日期不存在或格式不对"),
    ],
)
def test_an_end_that_makes_no_sense_is_said_and_nothing_goes_live(
    cast, browser, draft, ends_on, words
) -> None:
    form = {"ends_on": ends_on, "version": draft.version}
    response = browser(cast.coordinator).post(reverse("draft_confirm", args=[draft.pk]), form)
    assert response.status_code == 400
    assert words in response.content.decode()
    assert not Task.objects.exists()
