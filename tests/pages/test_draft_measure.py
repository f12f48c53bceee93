"""The pages on which a draft is edited, checked off, undone and confirmed."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import NOW, Cast, make_measure, make_plan, make_user
from tracker.actions import settling
from tracker.models import Clause, Doubt, DraftEdit, Measure, Plan, Task

Browser = Callable[[User | None], Client]
SENTENCES = ["完成改造；建成3个站点，加强监管", "推进替代"]


@pytest.fixture
def client(cast: Cast, browser: Browser) -> Client:
    return browser(cast.coordinator)


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return make_plan(cast.city, "草稿", status="DRAFT", confirmed_at=None)


@pytest.fixture
def measure(plan: Plan) -> Measure:
    return make_measure(plan, sentences=SENTENCES)


@pytest.fixture
def clause(measure: Measure) -> Clause:
    return measure.clauses.order_by("position")[0]


def _address(measure: Measure) -> str:
    return reverse("draft_measure", args=[measure.plan_id, measure.pk])


def _send(client: Client, measure: Measure, **data: object) -> Any:
    version = Plan.objects.get(pk=measure.plan_id).version
    return client.post(_address(measure), {"version": version} | data)


def _colleague(cast: Cast) -> User:
    return make_user("hejun", User.Role.COORDINATOR, region=cast.city, full_name="何军")


def test_the_second_to_save_is_told_what_changed_keeps_what_was_typed_and_goes_on(
    client: Client, cast: Cast, browser: Browser, measure: Measure, clause: Clause
) -> None:
    seen = measure.plan.version
    name = f"c{clause.pk}-due_date"
    browser(_colleague(cast)).post(_address(measure), {"version": seen, name: "2024-11-30"})
    response = client.post(_address(measure), {"version": seen, name: "2025-03-31"})
    page = response.content.decode()
    assert response.status_code == 400
    assert "何军" in page
    assert "第1句完成时限：无 → 2024-11-30" in page
    assert 'value="2025-03-31"' in page
    clause.refresh_from_db()
    assert clause.due_date == date(2024, 11, 30)
    version = response.context["dates_version"]
    assert client.post(_address(measure), {"version": version, name: "2025-03-31"}).status_code == 302
    clause.refresh_from_db()
    assert clause.due_date == date(2025, 3, 31)


def test_what_was_typed_for_a_clause_that_is_gone_is_still_shown(
    client: Client, measure: Measure, clause: Clause
) -> None:
    second = measure.clauses.order_by("position")[1]
    seen = measure.plan.version
    _send(client, measure, do="merge", clause_id=clause.pk)
    data = {"do": "target", "clause_id": second.pk, "indicator": "替代台数", "op": "=", "value": "12"}
    response = client.post(_address(measure), {"version": seen} | data)
    page = response.content.decode()
    assert response.status_code == 400
    assert "您填写的是" in page
    assert "替代台数" in page


def test_words_sent_after_the_session_ended_wait_in_their_form(
    client: Client, cast: Cast, measure: Measure, clause: Clause
) -> None:
    writer = client.get(_address(measure)).context["writer"]
    client.session.flush()
    data = {"do": "target", "clause_id": clause.pk, "indicator": "站点个数", "op": ">=", "value": "3"}
    response = client.post(_address(measure), {"version": measure.plan.version, "writer": writer} | data)
    assert response.status_code == 302
    client.force_login(cast.coordinator, backend="django.contrib.auth.backends.ModelBackend")
    response = client.get(_address(measure))
    page = response.content.decode()
    assert "没有保存" in page
    assert "站点个数" in page
    assert not clause.targets.exists()
    assert "站点个数" not in client.get(_address(measure)).content.decode()


def test_dates_sent_after_the_session_ended_wait_too(
    client: Client, cast: Cast, measure: Measure, clause: Clause
) -> None:
    writer = client.get(_address(measure)).context["writer"]
    client.session.flush()
    data = {f"c{clause.pk}-due_date": "2025-03-31", f"c{clause.pk}-is_skipped": "on"}
    client.post(_address(measure), {"do": "dates", "version": "1", "writer": writer} | data)
    client.force_login(cast.coordinator, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(_address(measure)).content.decode()
    assert 'value="2025-03-31"' in page


def test_a_clause_is_split_at_one_of_its_marks_and_merged_again(
    client: Client, measure: Measure, clause: Clause
) -> None:
    page = client.get(_address(measure) + f"?clause={clause.pk}").content.decode()
    place = clause.text.index("；") + 1
    assert f'value="{place}"' in page
    assert _send(client, measure, do="split", clause_id=clause.pk, place=place).status_code == 302
    assert [c.text for c in measure.clauses.order_by("position")] == [
        "完成改造",
        "建成3个站点，加强监管",
        "推进替代",
    ]
    _send(client, measure, do="merge", clause_id=clause.pk)
    assert [c.text for c in measure.clauses.order_by("position")] == SENTENCES


def test_the_schedule_is_changed_on_the_page(client: Client, measure: Measure, clause: Clause) -> None:
    data = {"kind": "recurring", "every": "quarter", "start_date": "2024-10-01", "due_date": "2025-12-31"}
    _send(client, measure, do="schedule", clause_id=clause.pk, **data)
    clause.refresh_from_db()
    assert (clause.kind, clause.every, clause.due_date) == ("recurring", "quarter", date(2025, 12, 31))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param({"kind": "deadline"}, "完成时限", id="deadline-without-date"),
        pytest.param({"kind": "start"}, "从哪一天起", id="start-without-day"),
        pytest.param({"kind": "recurring"}, "多久一次", id="recurring-without-period"),
        pytest.param({"kind": "ongoing", "due_date": "2025-01-01"}, "限期", id="ongoing-with-date"),
        pytest.param({"kind": "ongoing", "every": "month"}, "不重复", id="period-without-recurring"),
        pytest.param(
            {"kind": "window", "due_date": "2025-01-01", "start_date": "2025-02-01"}, "早于", id="order"
        ),
        pytest.param({"kind": "sometimes"}, "", id="unknown-kind"),
    ],
)
def test_a_schedule_whose_parts_do_not_fit_is_refused(
    client: Client, measure: Measure, clause: Clause, data: dict[str, str], said: str
) -> None:
    response = _send(client, measure, do="schedule", clause_id=clause.pk, **data)
    assert response.status_code == 400
    assert said in response.content.decode()
    clause.refresh_from_db()
    assert clause.kind == "ongoing"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"do": "split"}, id="split-nothing"),
        pytest.param({"do": "split", "clause_id": "1", "at": "9" * 30}, id="huge-place"),
        pytest.param({"do": "split", "clause_id": "9" * 30, "at": "1"}, id="huge-key"),
        pytest.param({"do": "split", "clause_id": "²", "at": "1"}, id="superscript-key"),
        pytest.param({"do": "merge", "clause_id": "999999"}, id="no-such-clause"),
        pytest.param({"do": "role", "mention_id": "999999", "role": "LEAD"}, id="no-such-mention"),
        pytest.param({"do": "role", "mention_id": "1", "role": "KING"}, id="no-such-role"),
        pytest.param({"do": "add_unit", "department": "999999", "role": "LEAD"}, id="no-such-unit"),
        pytest.param({"do": "target", "clause_id": "1", "value": "NaN"}, id="not-a-number"),
        pytest.param(
            {"do": "target", "clause_id": "1", "indicator": "x\0", "op": "=", "value": "1"}, id="nul"
        ),
        pytest.param(
            {"do": "target", "clause_id": "1", "indicator": "率" * 999, "op": "=", "value": "1"}, id="long"
        ),
        pytest.param({"do": "anything"}, id="no-such-form"),
        pytest.param({"do": "check", "version": ""}, id="no-version"),
        pytest.param({"do": "check", "version": "9" * 30}, id="huge-version"),
    ],
)
def test_crafted_forms_change_nothing(client: Client, measure: Measure, data: dict[str, str]) -> None:
    assert _send(client, measure, **data).status_code == 400
    assert not DraftEdit.objects.exists()


def test_a_unit_of_another_region_cannot_be_named(client: Client, measure: Measure, cast: Cast) -> None:
    response = _send(client, measure, do="add_unit", department=cast.foreign_bureau.pk, role="LEAD")
    assert response.status_code == 400
    assert not measure.mentions.exists()


def test_a_measure_of_another_plan_is_not_found(client: Client, measure: Measure, cast: Cast) -> None:
    other = make_plan(cast.city, "另一份", status="DRAFT", confirmed_at=None)
    assert client.get(reverse("draft_measure", args=[other.pk, measure.pk])).status_code == 404


def test_checking_opens_the_next_measure_and_counts(client: Client, measure: Measure) -> None:
    following = make_measure(measure.plan)
    response = _send(client, measure, do="check", checked="on")
    assert response.headers["Location"].endswith(f"#measure-{following.pk}")
    page = client.get(reverse("draft", args=[measure.plan_id]) + "?show=unchecked").content.decode()
    assert "已核对 2 / 3" in page
    assert f'id="measure-{following.pk}"' in page
    assert f'id="measure-{measure.pk}"' not in page
    response = _send(client, following, do="check", checked="on")
    assert response.headers["Location"].endswith("#confirm")


def test_a_doubt_keeps_a_measure_from_being_settled(client: Client, measure: Measure) -> None:
    Doubt.objects.create(plan=measure.plan, measure=measure, code="x", message="年份", start=0, end=1)
    response = _send(client, measure, do="check", checked="on")
    assert response.status_code == 400
    assert "还有疑点" in response.content.decode()


def test_one_clause_is_skipped_from_the_list(client: Client, measure: Measure, clause: Clause) -> None:
    _send(client, measure, do="skip", clause_id=clause.pk, skipped="on")
    clause.refresh_from_db()
    assert clause.is_skipped
    _send(client, measure, do="skip", clause_id=clause.pk)
    clause.refresh_from_db()
    assert not clause.is_skipped


def test_the_ongoing_clauses_of_a_chapter_change_at_once_and_are_undone_at_once(
    client: Client, measure: Measure
) -> None:
    make_measure(measure.plan)
    elsewhere = make_measure(measure.plan, path=["四、保障措施"])
    address = reverse("draft_bulk", args=[measure.plan_id])
    data = {"version": measure.plan.version, "chapter": measure.pk}
    client.post(address, data | {"kind": "QUARTERLY"})
    assert Clause.objects.filter(every="quarter").count() == 3
    assert elsewhere.clauses.get().every == ""
    stale = client.post(address, data | {"kind": "SKIP_ONGOING"})
    assert stale.status_code == 302  # none is left that it could change
    undone = client.post(reverse("draft_edits", args=[measure.plan_id]), {"number": "2"})
    assert undone.status_code == 302
    assert not Clause.objects.filter(every="quarter").exists()
    assert client.post(address, data | {"kind": "ALL"}).status_code == 400
    assert client.post(address, data | {"kind": "QUARTERLY", "chapter": 999999}).status_code == 404


def test_the_record_says_who_changed_what_and_undoes_only_the_last(
    client: Client, measure: Measure, clause: Clause
) -> None:
    for due in ("2024-11-30", "2024-12-31"):
        _send(client, measure, **{f"c{clause.pk}-due_date": due})
    address = reverse("draft_edits", args=[measure.plan_id])
    page = client.get(address).content.decode()
    assert "周敏" in page
    assert "完成时限：2024-11-30 → 2024-12-31" in page
    refused = client.post(address, {"number": "2"})
    assert refused.status_code == 400
    assert "同一处又有改动" in refused.content.decode()
    for number in ("3", "2"):
        assert client.post(address, {"number": number}).status_code == 302
    clause.refresh_from_db()
    assert clause.due_date is None
    for crafted in ("", "x", "²", "9" * 40):
        assert client.post(address, {"number": crafted}).status_code == 404


def test_a_long_plan_has_a_page_for_each_chapter(client: Client, plan: Plan) -> None:
    first = make_measure(plan, sentences=[f"做好第{n}件事" for n in range(41)], path=["一、甲"])
    second = make_measure(plan, path=["二、乙"])
    address = reverse("draft", args=[plan.pk])
    page = client.get(address).content.decode()
    assert f'id="measure-{first.pk}"' in page
    assert f'id="measure-{second.pk}"' not in page
    assert f'id="measure-{second.pk}"' in client.get(address + "?chapter=2").content.decode()
    for crafted in ("0", "99", "x", "²", "9" * 30):
        assert client.get(address + f"?chapter={crafted}").status_code == 200


def test_confirming_shows_what_will_be_made_and_a_draft_changed_meanwhile_again(
    client: Client, cast: Cast, measure: Measure, clause: Clause
) -> None:
    settling.add_unit(
        measure.pk,
        department=cast.bureau,
        role="LEAD",
        clause_id=clause.pk,
        by=cast.coordinator,
        now=NOW,
    )
    address = reverse("draft_confirm", args=[measure.plan_id])
    response = client.get(address)
    page = response.content.decode()
    assert "1 条子句没有责任单位" in page
    assert response.context["preview"].units[0].mailed == 3
    seen = response.context["form"]["version"].value()
    _send(client, measure, do="split", clause_id=clause.pk, at=5)
    stale = client.post(address, {"version": seen})
    assert stale.status_code == 400
    assert "又有改动" in stale.content.decode()
    assert not Task.objects.exists()
    assert client.post(address, {}).status_code == 400
    version = stale.context["form"]["version"].value()
    assert client.post(address, {"version": version}).status_code == 302
    assert Task.objects.count() == 2
    assert client.post(address, {"version": version}).headers["Location"] == reverse(
        "plan", args=[measure.plan_id]
    )


def test_a_unit_nobody_can_be_reached_in_is_named(client: Client, cast: Cast, measure: Measure) -> None:
    User.objects.filter(department=cast.bureau).update(email="")
    settling.add_unit(measure.pk, department=cast.bureau, role="LEAD", by=cast.coordinator, now=NOW)
    page = client.get(reverse("draft_confirm", args=[measure.plan_id])).content.decode()
    assert "1 个单位收不到邮件" in page


def test_the_pages_take_the_same_queries_for_one_and_for_three_measures(
    client: Client, cast: Cast, measure: Measure, django_assert_num_queries: Any
) -> None:
    plan = measure.plan
    settling.add_unit(measure.pk, department=cast.bureau, role="LEAD", by=cast.coordinator, now=NOW)
    counts = {"draft": 18, "draft_edits": 9, "draft_confirm": 13}
    for name, count in counts.items():
        client.get(reverse(name, args=[plan.pk]))
        with django_assert_num_queries(count):
            client.get(reverse(name, args=[plan.pk]))
    for _extra in range(2):
        other = make_measure(plan)
        settling.add_unit(other.pk, department=cast.other_bureau, role="LEAD", by=cast.coordinator, now=NOW)
    for name, count in counts.items():
        with django_assert_num_queries(count):
            client.get(reverse(name, args=[plan.pk]))
    with django_assert_num_queries(16):
        client.get(_address(measure))
