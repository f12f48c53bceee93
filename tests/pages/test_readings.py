"""Figures against targets on the pages: giving, correcting and taking back; verdict and chart by unit."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import NOW, TODAY, Cast, make_assignment, make_department, make_task
from tracker.actions.readings import record_reading
from tracker.actions.reassign import reassign
from tracker.models import Assignment, Target, TargetReading, Task, TaskEvent
from tracker.views.figures import READINGS_SHOWN
from tracker.workflow import Role, Status

DUE = date(2024, 12, 31)


@pytest.fixture
def task(cast: Cast) -> Task:
    return make_task(cast.plan, due_date=DUE, start_date=date(2024, 9, 1))


@pytest.fixture
def share(cast: Cast, task: Task) -> Assignment:
    return make_assignment(cast.bureau, task=task)


@pytest.fixture
def target(task: Task, share: Assignment) -> Target:
    return _target(task)


def _target(task: Task, **fields: Any) -> Target:
    values: dict[str, Any] = {
        "quote": "清扫率达到90%以上",
        "indicator": "清扫率",
        "op": ">=",
        "value": 90,
        "unit": "%",
    }
    return Target.objects.create(plan=task.plan, clause=task.clause, **(values | fields))


def _give(
    share: Assignment, target: Target, by, value: str, day: date = TODAY, note: str = ""
) -> TargetReading:
    return record_reading(
        share.pk,
        target=target,
        value=Decimal(value),
        read_on=day,
        note=note,
        form_key=uuid4(),
        by=by,
        now=NOW,
    )


def _answers(of: Target, /, **changed: str) -> dict[str, str]:
    answers = {"target": str(of.pk), "value": "85.5", "read_on": str(TODAY), "note": "日报"}
    return answers | {"form_key": "6f1b6a34-8f0f-4f6e-9a5c-444444444444"} | changed


def _url(share: Assignment) -> str:
    return reverse("reading", args=[share.pk])


def _task_page(client: Client, task: Task) -> str:
    return client.get(reverse("task", args=[task.pk])).content.decode()


def test_unit_gives_a_figure_from_the_task_page(cast, browser, task, share, target) -> None:
    client = browser(cast.reporter)

    offered = _task_page(client, task)
    form = client.get(f"{_url(share)}?target={target.pk}").content.decode()
    page = client.post(_url(share), _answers(target), follow=True).content.decode()

    assert f"{_url(share)}?target={target.pk}" in offered
    assert f'<option value="{target.pk}" selected>' in form
    for words in ("已登记指标数值", "85.5%", "差 4.5个百分点", "不低于 90%", "日报", "（2024-10-21 的数值）"):
        assert words in page


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"value": ""}, "value", "请填写数值"),
        ({"value": "八成"}, "value", "数值要填数字"),
        ({"value": "NaN"}, "value", "数值要填数字"),
        ({"value": "Infinity"}, "value", "数值要填数字"),
        ({"value": "1e400"}, "value", "数值太大"),
        ({"value": "9" * 5000}, "value", "数值太大"),
        ({"value": "100000000000"}, "value", "数值太大"),
        ({"value": "1.23456"}, "value", "最多 4 位小数"),
        ({"value": "1\0"}, "value", "数值要填数字"),
        ({"read_on": ""}, "read_on", "请填写日期"),
        ({"read_on": "昨天"}, "read_on", "日期请写成"),
        ({"target": ""}, "target", "请选择指标"),
        ({"target": "999999"}, "target", "请选择这项任务的指标"),
        ({"target": "9" * 40}, "target", "请选择这项任务的指标"),
        ({"target": "x"}, "target", "请选择这项任务的指标"),
        ({"note": "字" * 401}, "note", "最多 400 字，现有 401 字"),
        ({"note": "a\0b"}, "note", "不允许"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    cast, browser, share, target, changed, field, message
) -> None:
    page = browser(cast.reporter).post(_url(share), _answers(target, **changed)).content.decode()

    assert f'<a href="#id_{field}">' in page
    assert message in page
    assert TargetReading.objects.count() == 0


@pytest.mark.parametrize("day", [TODAY + timedelta(days=1), date(2024, 8, 31), date(1, 1, 1), date.max])
def test_refused_day_keeps_what_was_typed(cast, browser, share, target, day: date) -> None:
    page = browser(cast.reporter).post(_url(share), _answers(target, read_on=str(day))).content.decode()
    assert "数值日期不能" in page
    assert 'value="85.5"' in page
    assert TargetReading.objects.count() == 0


@pytest.mark.parametrize(
    ("typed", "kept"), [("1,234.5", "1234.5"), ("1，234", "1234"), (" 12 ", "12"), ("-3", "-3")]
)
def test_numbers_may_be_typed_as_they_are_printed(cast, browser, share, target, typed, kept) -> None:
    browser(cast.reporter).post(_url(share), _answers(target, value=typed))
    assert TargetReading.objects.get().value == Decimal(kept)


@pytest.mark.parametrize("value", ["99999999999.9999", "-99999999999.9999", "0.0001"])
def test_the_largest_and_the_smallest_are_kept_and_shown_exactly(
    cast, browser, task, share, target, value: str
) -> None:
    page = browser(cast.reporter).post(_url(share), _answers(target, value=value), follow=True)
    assert TargetReading.objects.get().value == Decimal(value)
    assert f"{Decimal(value):,}%" in page.content.decode()


def test_form_key_is_needed_and_used_once(cast, browser, share, target) -> None:
    client = browser(cast.reporter)
    assert client.post(_url(share), _answers(target, form_key="x")).status_code == 200
    assert [client.post(_url(share), _answers(target)).status_code for _ in range(2)] == [302, 302]
    assert (TargetReading.objects.count(), TaskEvent.objects.count()) == (1, 1)


def test_target_of_another_task_is_refused(cast, browser, share, target) -> None:
    foreign = _target(make_task(cast.foreign_plan))
    page = browser(cast.reporter).post(_url(share), _answers(foreign)).content.decode()
    assert "请选择这项任务的指标" in page
    assert TargetReading.objects.count() == 0


def test_verdicts_by_unit_and_a_chart_from_two_readings_on(
    cast, browser, settings, task, share, target
) -> None:
    other = make_assignment(cast.other_bureau, task=task, role=Role.IMPLEMENT)
    make_assignment(make_department(cast.city, "市城管局"), task=task, role=Role.IMPLEMENT)
    make_assignment(make_department(cast.city, "市财政局"), task=task, role=Role.SUPPORT)
    for day, value in ((1, "70"), (10, "80"), (21, "91.25")):
        _give(share, target, cast.reporter, value, date(2024, 10, day))
    _give(other, target, cast.outsider, "60")
    client = browser(cast.leader)

    page = _task_page(client, task)
    settings.DUBAN_TODAY = DUE + timedelta(days=1)
    later = _task_page(client, task)

    for words in ("达标", "91.25%", "差 30个百分点", "尚无数值", "1 个单位", "市城管局"):
        assert words in page
    assert page.count("<svg viewBox") == 1
    assert "不低于 90%；2024-10-01 70%，2024-10-10 80%，2024-10-21 91.25%</title>" in page
    panel = client.get(reverse("task", args=[task.pk])).context["targets"][0]
    assert [unit.assignment.department.short_name for units in panel.silent.values() for unit in units] == [
        "市城管局"
    ]
    for words in ("逾期未达标，差 30个百分点", "逾期未达标，尚无数值"):
        assert words in later
    assert "style=" not in page


def test_a_unit_that_passed_its_share_on_is_judged_no_more(
    cast, browser, settings, task, share, target
) -> None:
    _give(share, target, cast.reporter, "70")
    given: dict[str, Any] = {
        "department": cast.other_bureau,
        "due_date": None,
        "reason": "职责划转",
        "form_key": uuid4(),
    }
    reassign(share.pk, by=cast.coordinator, now=NOW, **given)
    settings.DUBAN_TODAY = DUE + timedelta(days=1)

    panel = browser(cast.leader).get(reverse("task", args=[task.pk])).context["targets"][0]

    [old] = panel.units
    assert (old.assignment, old.standing.light, old.standing.words) == (share, "GREY", "已转办")
    assert [standing.light for standing in panel.silent] == ["RED"]
    mine = browser(cast.outsider).get(reverse("task", args=[task.pk])).content.decode()
    assert "70%" not in mine


def test_target_dated_like_its_task_moves_with_the_share(
    cast, browser, settings, task, share, target
) -> None:
    Target.objects.filter(pk=target.pk).update(due_date=DUE)
    settings.DUBAN_TODAY = DUE + timedelta(days=1)
    client = browser(cast.leader)

    assert "逾期未达标" in _task_page(client, task)
    Assignment.objects.filter(pk=share.pk).update(due_date=date(2025, 3, 31), judged_date=date(2025, 3, 31))
    assert "逾期未达标" not in _task_page(client, task)
    Target.objects.filter(pk=target.pk).update(due_date=date(2024, 11, 30))
    assert "逾期未达标" in _task_page(client, task)


def test_unit_sees_its_own_figures_only(cast, browser, task, share, target) -> None:
    other = make_assignment(cast.other_bureau, task=task, role=Role.IMPLEMENT)
    _give(share, target, cast.reporter, "71.5", note="环保口径")
    _give(other, target, cast.outsider, "62.5", note="工信口径")

    unit, region = _task_page(browser(cast.reporter), task), _task_page(browser(cast.coordinator), task)

    for words in ("62.5%", "工信口径"):
        assert words not in unit
        assert words in region
    assert "71.5%" in unit


def test_later_figure_of_the_day_counts_and_withdrawing_brings_the_first_back(
    cast, browser, task, share, target
) -> None:
    _give(share, target, cast.reporter, "71.5")
    second = _give(share, target, cast.colleague, "17.5")
    client, url = browser(cast.reporter), reverse("reading_withdraw", args=[second.pk])

    before = _task_page(client, task)
    asked = client.get(url).content.decode()
    without = client.post(url, {"reason": ""}).content.decode()
    after = client.post(url, {"reason": "小数点错"}, follow=True).content.decode()

    assert url in before
    assert "差 72.5个百分点" in before
    assert "17.5%" in asked
    assert "请写明撤回的理由" in without
    assert "差 18.5个百分点" in after
    assert "小数点错" in after
    assert "已经撤回" in client.post(url, {"reason": "再来"}).content.decode()
    assert client.get(url).status_code == 302


def test_form_is_not_offered_when_there_is_nothing_to_give(cast, browser, task, share) -> None:
    handed_in = make_assignment(cast.bureau, plan=cast.plan, status=Status.SUBMITTED)
    _target(handed_in.task)
    client = browser(cast.reporter)

    for row, words in ((share, "没有量化指标"), (handed_in, "不能登记指标数值")):
        response = client.get(_url(row), follow=True)
        assert response.redirect_chain == [(reverse("task", args=[row.task_id]), 302)]
        assert words in response.content.decode()
    assert "登记数值" not in _task_page(client, handed_in.task)


def test_a_form_that_comes_too_late_is_told_so(cast, browser, share, target) -> None:
    Assignment.objects.filter(pk=share.pk).update(status=Status.SUSPENDED)
    page = browser(cast.reporter).post(_url(share), _answers(target)).content.decode()
    assert "当前状态为“已中止”" in page
    assert 'value="85.5"' in page


def test_nonsense_in_the_address_is_ignored(cast, browser, share, target) -> None:
    for asked in ("x", "-1", "9" * 60, "%00"):
        assert browser(cast.reporter).get(f"{_url(share)}?target={asked}").status_code == 200


def test_pages_are_404_to_everybody_else(cast, browser, task, share, target) -> None:
    make_assignment(cast.other_bureau, task=task)
    reading = _give(share, target, cast.reporter, "71.5")
    withdraw = reverse("reading_withdraw", args=[reading.pk])
    for name in ("outsider", "foreigner", "coordinator", "leader", "administrator"):
        client = browser(getattr(cast, name))
        assert client.get(_url(share)).status_code == client.get(withdraw).status_code == 404
        assert client.post(_url(share), _answers(target)).status_code == 404
        assert client.post(withdraw, {"reason": "错"}).status_code == 404
    assert TargetReading.objects.standing().count() == 1


def test_of_many_readings_the_newest_are_shown(cast, browser, task, share, target) -> None:
    for number in range(READINGS_SHOWN + 6):
        _give(share, target, cast.reporter, str(number), date(2024, 9, 1) + timedelta(days=number))
    panel = browser(cast.reporter).get(reverse("task", args=[task.pk])).context["targets"][0]
    shown = [int(reading.value) for reading, _ in panel.units[0].readings]
    assert shown == list(range(READINGS_SHOWN + 5, 5, -1))


@pytest.mark.parametrize("count", [1, 3])
def test_number_of_queries_does_not_grow(
    cast, browser, task, share, count, django_assert_num_queries
) -> None:
    for number in range(count):
        target = _target(task, quote=f"指标{number}")
        unit = make_assignment(make_department(cast.city, f"单位{number}"), task=task)
        TargetReading.objects.create(
            assignment=unit,
            target=target,
            value=1,
            read_on=TODAY,
            created_at=NOW,
            created_by=cast.reporter,
            form_key=uuid4(),
        )
        _give(share, target, cast.reporter, "50")
        _give(share, target, cast.reporter, "60", date(2024, 9, 2))
    client = browser(cast.coordinator)
    with django_assert_num_queries(13):
        client.get(reverse("task", args=[task.pk]))
