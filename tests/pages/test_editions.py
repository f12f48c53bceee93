"""The pages of a new edition: the offer, the comparison, the decisions, and both editions afterwards."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from notifications.actions import planning
from notifications.models import Reminder
from tests.factories import NOW, TODAY, Cast, make_department
from tracker.actions.confirm import confirm_plan
from tracker.comparison import compare
from tracker.models import Assignment, EditionChoice, Plan, Series, Task
from tracker.workflow import Status

Browser = Callable[[User | None], Client]
CLAUSES = {
    "扬尘": "2024年10月底前，建成扬尘在线监测平台并投入使用",
    "炉窑": "2024年12月底前，淘汰砖瓦行业落后炉窑20座",
    "秸秆": "2024年12月底前，秸秆综合利用率达到93%以上",
}


def _text(title: str, clauses: list[str]) -> str:
    lines = [f"{n}.治理{n}。{clause}。（市生态环境局负责）" for n, clause in enumerate(clauses, start=1)]
    return "\n".join([title, "一、主要任务", *lines])


OLD = _text("新乡市治理行动方案（征求意见稿）", list(CLAUSES.values()))
NEW = _text(
    "新乡市治理行动方案",
    [
        CLAUSES["炉窑"],
        CLAUSES["扬尘"].replace("2024年10月", "2024年11月"),
        "2024年12月底前，完成城区道路绿化隔离带建设",
    ],
)


@pytest.fixture
def client(cast: Cast, browser: Browser) -> Client:
    return browser(cast.coordinator)


@pytest.fixture
def old(cast: Cast, client: Client) -> Plan:
    client.post(reverse("plan_import"), {"text": OLD})
    plan = Plan.objects.get()
    confirm_plan(plan.pk, by=cast.coordinator, now=NOW)
    return plan


@pytest.fixture
def draft(client: Client, old: Plan) -> Plan:
    client.post(reverse("plan_import"), {"text": NEW})
    plan = Plan.objects.get(status="DRAFT")
    client.post(reverse("edition_choose", args=[plan.pk]), {"old": old.pk})
    return Plan.objects.get(pk=plan.pk)


def _decide(client: Client, draft: Plan, words: str, **given: Any) -> Any:
    row = next(row for row in compare(draft).asked if row.old and words in row.old.clause.text)
    assert row.old
    data = {"do": "decide", "old_clause": row.old.clause.pk, "mark": row.mark, "action": row.proposal}
    data |= {"takes_date": "on", "takes_units": "on"}
    return client.post(reverse("edition", args=[draft.pk]), data | given)


def test_the_draft_offers_the_plan_it_resembles_and_takes_it_back(client: Client, old: Plan) -> None:
    client.post(reverse("plan_import"), {"text": NEW})
    draft = Plan.objects.get(status="DRAFT")
    page = client.get(reverse("draft", args=[draft.pk])).content.decode()
    assert "与《新乡市治理行动方案（征求意见稿）》（已下达）相近" in page
    answer = client.post(reverse("edition_choose", args=[draft.pk]), {"old": old.pk})
    assert answer["Location"] == reverse("edition", args=[draft.pk])
    assert (
        "作为《新乡市治理行动方案（征求意见稿）》的新版本"
        in client.get(reverse("draft", args=[draft.pk])).content.decode()
    )
    client.post(reverse("edition_choose", args=[draft.pk]), {"old": ""})
    assert Plan.objects.get(pk=draft.pk).previous_edition is None
    # Nothing was chosen, and there is nothing to take back.
    answer = client.post(reverse("edition_choose", args=[draft.pk]), {"old": ""})
    assert (answer.status_code, "请选择与哪份方案比对" in answer.content.decode()) == (400, True)


def test_from_comparison_to_the_new_edition(client: Client, old: Plan, draft: Plan) -> None:
    page = client.get(reverse("edition", args=[draft.pk])).content.decode()
    assert "已决定 0 / 2" in page
    assert "<del>2024年10月底前</del><ins>2024年11月底前</ins>" in page
    assert (
        client.post(reverse("draft_confirm", args=[draft.pk]), {"version": draft.version}).status_code == 400
    )
    assert _decide(client, draft, "扬尘").status_code == 302
    seen = compare(draft).seen
    client.post(reverse("edition", args=[draft.pk]), {"do": "agree", "seen": seen})
    page = client.get(reverse("edition", args=[draft.pk])).content.decode()
    assert "已决定 2 / 2" in page
    page = client.get(reverse("draft_confirm", args=[draft.pk])).content.decode()
    assert "沿用原任务 2 条，停办 1 条，按原要求保留 0 条" in page
    draft.refresh_from_db()
    answer = client.post(reverse("draft_confirm", args=[draft.pk]), {"version": draft.version}, follow=True)
    page = answer.content.decode()
    assert "新版本：沿用原任务 2 项，停办 1 条" in page
    assert reverse("plan", args=[old.pk]) in page
    before = client.get(reverse("plan", args=[old.pk])).content.decode()
    assert "已被新版本取代" in before
    assert reverse("plan", args=[draft.pk]) in before
    assert "秸秆综合利用率达到93%以上" in before
    # Each task once, wherever they are counted.
    ledger = client.get(reverse("ledger")).content.decode()
    assert ledger.count("建成扬尘在线监测平台") == 1
    assert f'<option value="{old.pk}">{old.title}' not in ledger
    assert f'<option value="{draft.pk}">{draft.title}' in ledger
    history = client.get(reverse("task", args=[Task.objects.get(text__contains="扬尘").pk])).content.decode()
    assert "2024-10-31 → 2024-11-30" in history
    assert "新版本《新乡市治理行动方案》沿用本任务" in history


def test_reminders_go_by_the_new_date(client: Client, cast: Cast, draft: Plan) -> None:
    share = Assignment.objects.get(task__text__contains="扬尘")
    Assignment.objects.update(status=Status.ACTIVE, signed_at=NOW)
    planning.plan_reminders(today=TODAY, now=NOW)
    client.post(reverse("edition", args=[draft.pk]), {"do": "agree", "seen": compare(draft).seen})
    confirm_plan(draft.pk, by=cast.coordinator, now=NOW)
    later = NOW + timedelta(days=25)
    planning.plan_reminders(today=TODAY + timedelta(days=25), now=later)
    told = Reminder.objects.filter(assignment=share, stage__startswith="BEFORE", state="PLANNED")
    dates = set(told.values_list("planned_on", "occasion_date"))
    assert dates == {(TODAY, date(2024, 10, 31)), (TODAY + timedelta(days=25), date(2024, 11, 30))}


def test_the_end_of_a_round_that_is_carried_is_asked_for_and_stays(client: Client, cast: Cast) -> None:
    monthly, last = "每月对餐饮油烟净化设施进行一次全覆盖检查", date(2025, 12, 31)
    client.post(reverse("plan_import"), {"text": _text("油烟方案（征求意见稿）", [monthly])})
    old = Plan.objects.get()
    confirm_plan(old.pk, by=cast.coordinator, now=NOW, ends_on=last)
    client.post(reverse("plan_import"), {"text": _text("油烟方案", [monthly, CLAUSES["炉窑"]])})
    draft = Plan.objects.get(status="DRAFT")
    client.post(reverse("edition_choose", args=[draft.pk]), {"old": old.pk})

    address = reverse("draft_confirm", args=[draft.pk])
    page = client.get(address)
    assert 'name="ends_on"' in page.content.decode()
    form = page.context["form"]
    client.post(address, {name: form[name].value() for name in ("version", "ends_on")})
    assert Series.objects.values_list("plan", "ends_on").get() == (draft.pk, last)


def test_what_cannot_be_decided_so_is_said_and_what_was_typed_stays(client: Client, draft: Plan) -> None:
    stale = _decide(client, draft, "扬尘", mark="0" * 64, note="先别动", action="REPLACE")
    page = stale.content.decode()
    assert stale.status_code == 400
    assert "又有变化" in page
    assert 'value="先别动"' in page
    assert '<option value="REPLACE" selected>' in page
    for wrong in ({"action": "WAIVE"}, {"action": "x"}, {"action": ""}, {"note": "长" * 401}, {"note": "\0"}):
        assert _decide(client, draft, "扬尘", **wrong).status_code == 400
    assert not EditionChoice.objects.exists()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"do": "x"},
        {"do": "decide"},
        {"do": "decide", "old_clause": "9" * 40, "mark": "x", "action": "CARRY"},
        {"do": "decide", "old_clause": "999999", "mark": "x", "action": "CARRY"},
        {"do": "agree", "seen": "\0"},
        {"do": "skip", "clause": "999999"},
        {"do": "skip", "clause": "²"},
    ],
)
def test_crafted_forms_are_refused(client: Client, draft: Plan, data: dict[str, str]) -> None:
    assert client.post(reverse("edition", args=[draft.pk]), data).status_code == 400
    assert not EditionChoice.objects.exists()


def test_only_plans_of_the_own_region_can_be_chosen(client: Client, cast: Cast, draft: Plan) -> None:
    address = reverse("edition_choose", args=[draft.pk])
    for wrong in (cast.foreign_plan.pk, draft.pk, "x", "9" * 40):
        assert client.post(address, {"old": wrong}).status_code == 400


def test_changed_targets_are_told_in_words(client: Client, cast: Cast) -> None:
    for title, many in (("新乡市治理行动方案（征求意见稿）", 10), ("新乡市治理行动方案", 15)):
        clauses = [CLAUSES["炉窑"], f"到2025年创建{many}家以上绿色工厂"]
        client.post(reverse("plan_import"), {"text": _text(title, clauses)})
        plan = Plan.objects.latest("pk")
        if many == 10:
            confirm_plan(plan.pk, by=cast.coordinator, now=NOW)
    client.post(reverse("edition_choose", args=[plan.pk]), {"old": Plan.objects.earliest("pk").pk})
    page = client.get(reverse("edition", args=[plan.pk])).content.decode()
    assert "<del>绿色工厂 不低于 10家</del> → <ins>绿色工厂 不低于 15家</ins>" in page


def test_a_new_clause_may_be_left_without_a_task_and_taken_up_again(client: Client, draft: Plan) -> None:
    row = next(row for row in compare(draft).rows if row.kind == "added")
    assert row.new
    for skip in ("yes", "no"):
        data = {"do": "skip", "clause": row.new.clause.pk, "skip": skip}
        client.post(reverse("edition", args=[draft.pk]) + "?show=added", data)
        row.new.clause.refresh_from_db()
        assert row.new.clause.is_skipped == (skip == "yes")


@pytest.mark.parametrize("count", [1, 3])
def test_the_comparison_takes_as_many_queries_for_three_clauses_as_for_one(
    client: Client, cast: Cast, django_assert_num_queries: Any, count: int
) -> None:
    make_department(cast.city, "市水利局")
    texts = list(CLAUSES.values())[:count]
    for title, month in (("新乡市治理行动方案（征求意见稿）", "2024年"), ("新乡市治理行动方案", "2025年")):
        text = _text(title, [clause.replace("2024年", month) for clause in texts])
        client.post(reverse("plan_import"), {"text": text})
        plan = Plan.objects.latest("pk")
        if month == "2024年":
            confirm_plan(plan.pk, by=cast.coordinator, now=NOW)
    client.post(reverse("edition_choose", args=[plan.pk]), {"old": Plan.objects.earliest("pk").pk})
    plan.refresh_from_db()
    client.post(reverse("edition", args=[plan.pk]), {"do": "agree", "seen": compare(plan).seen})
    with django_assert_num_queries(20):
        page = client.get(reverse("edition", args=[plan.pk]))
    assert page.content.decode().count("改决定") == count
