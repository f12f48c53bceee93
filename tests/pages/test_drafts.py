"""Importing a plan on the page and settling its draft."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Department, User
from tests.factories import Cast, make_department
from tracker.models import Clause, Doubt, Measure, Plan, PlanUnit, Task

PLAN = (Path(__file__).parent.parent / "samples" / "sixth_plan.txt").read_text(encoding="utf-8")
Browser = Callable[[User | None], Client]


@pytest.fixture
def client(cast: Cast, browser: Browser) -> Client:
    for name in ("市农业农村局", "市财政局", "市资源规划局", "市水利局", "市发改委", "供电公司"):
        make_department(cast.city, name)
    return browser(cast.coordinator)


@pytest.fixture
def draft(client: Client) -> Plan:
    client.post(reverse("plan_import"), {"text": PLAN})
    return Plan.objects.get()


def _post(client: Client, address: str, draft: Plan, /, *args: int, **data: object) -> Any:
    return client.post(reverse(address, args=[draft.pk, *args]), data)


def _version(draft: Plan) -> int:
    return Plan.objects.get(pk=draft.pk).version


def _edit(client: Client, draft: Plan, measure: Measure, **data: object) -> Any:
    """Send a form of the measure as a page just opened has it, unless the data say otherwise."""
    given = {"version": _version(draft)} | data
    return _post(client, "draft_measure", draft, measure.pk, **given)


def test_pasted_text_becomes_a_draft_with_its_doubts(client: Client, cast: Cast) -> None:
    response = client.post(reverse("plan_import"), {"text": PLAN}, follow=True)
    plan = Plan.objects.get()
    assert response.redirect_chain == [(reverse("draft", args=[plan.pk]), 302)]
    assert plan.region == cast.city
    assert plan.is_draft
    page = response.content.decode()
    assert "新乡市2024年冬春农田水利建设实施方案" in page
    assert "引黄工程管理中心" in page
    assert "2025年2月30日" in page
    assert not Task.objects.exists()


def test_an_uploaded_file_is_read_like_pasted_text(client: Client) -> None:
    upload = SimpleUploadedFile("方案.txt", PLAN.encode("gb18030"), content_type="text/plain")
    client.post(reverse("plan_import"), {"file": upload})
    plan = Plan.objects.get()
    assert (plan.file_name, plan.title) == ("方案.txt", "新乡市2024年冬春农田水利建设实施方案")


def test_the_same_text_again_opens_the_same_draft(client: Client, draft: Plan) -> None:
    response = client.post(reverse("plan_import"), {"text": "\n" + PLAN}, follow=True)
    assert Plan.objects.get() == draft
    assert "已经导入过" in response.content.decode()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("空.txt", b"", "空", id="empty"),
        pytest.param("图.png", b"\x89PNG\r\n\x1a\n", "这是图片", id="wrong-type"),
        pytest.param("假.txt", b"%PDF-1.7 \x00\x01", "PDF", id="pdf-in-disguise"),
        pytest.param("乱.txt", bytes(range(256)) * 40, "", id="binary"),
        pytest.param("大.txt", "条".encode() * 1_900_000, "5 MB", id="too-large"),
        pytest.param("信.txt", "各位同事：周五下午开会。".encode(), "条目", id="no-measures"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason_and_stores_nothing(
    client: Client, name: str, content: bytes, said: str
) -> None:
    response = client.post(reverse("plan_import"), {"file": SimpleUploadedFile(name, content)})
    assert response.status_code == 400
    assert 'class="error-summary"' in response.content.decode()
    assert said in response.content.decode()
    assert not Plan.objects.exists()


def test_a_file_name_with_a_path_keeps_only_its_last_part(client: Client) -> None:
    client.post(reverse("plan_import"), {"file": SimpleUploadedFile("../../etc/x.txt", PLAN.encode())})
    assert Plan.objects.get().file_name == "x.txt"


def test_what_was_pasted_is_kept_when_it_is_refused(client: Client) -> None:
    response = client.post(reverse("plan_import"), {"text": "开会通知，请准时参加。"})
    assert "开会通知，请准时参加。" in response.content.decode()


def test_file_and_text_together_are_one_too_many(client: Client) -> None:
    upload = SimpleUploadedFile("方案.txt", PLAN.encode())
    response = client.post(reverse("plan_import"), {"file": upload, "text": PLAN})
    assert response.status_code == 400
    assert "只选一种方式" in response.content.decode()


def test_the_whole_way_to_tasks(client: Client, draft: Plan) -> None:
    refused = _post(client, "draft_confirm", draft, version=_version(draft))
    assert refused.status_code == 400
    assert "个单位名称没有确认" in refused.content.decode()

    unit = draft.units.get(resolution=PlanUnit.Resolution.UNKNOWN)
    _post(client, "draft_unit", draft, unit.pk, choice="create", name="新乡市引黄工程管理中心", kind="BUREAU")
    measure = draft.measures.get(title="加强组织领导")
    lead = Department.objects.get(name="市农业农村局")
    _edit(client, draft, measure, do="add_unit", department=lead.pk, role="LEAD")
    wired = draft.measures.get(title="强化用电保障")
    clause = wired.clauses.get()
    _edit(client, draft, wired, **{f"c{clause.pk}-due_date": "2025-02-28"})
    response = _post(client, "draft_confirm", draft, version=_version(draft))

    assert response.status_code == 302
    draft.refresh_from_db()
    assert draft.status == Plan.Status.LIVE
    task = Task.objects.get(clause=clause)
    assert task.due_date == date(2025, 2, 28)
    assert set(task.assignments.values_list("department__name", "role")) == {
        ("市发改委", "LEAD"),
        ("供电公司", "SUPPORT"),
    }


def test_a_unit_matched_by_hand_can_become_an_alias(client: Client, draft: Plan) -> None:
    unit = draft.units.get(resolution=PlanUnit.Resolution.UNKNOWN)
    water = Department.objects.get(name="市水利局")
    _post(client, "draft_unit", draft, unit.pk, choice="match", department=water.pk, remember="on")
    assert draft.units.get(pk=unit.pk).department == water
    assert water.aliases.get().alias == unit.name


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param({"choice": "match"}, "请选择对应的单位", id="no-department"),
        pytest.param({"choice": "create", "name": " "}, "新单位的全称", id="no-name"),
        pytest.param({"choice": "create", "name": "市水利局", "kind": "BUREAU"}, "直接选择", id="name-taken"),
        pytest.param({"choice": "match", "department": "999999"}, "", id="unknown-department"),
        pytest.param({}, "请选择：对应已有单位", id="nothing-chosen"),
    ],
)
def test_an_unusable_answer_about_a_unit_changes_nothing(
    client: Client, draft: Plan, data: dict[str, str], said: str
) -> None:
    unit = draft.units.get(resolution=PlanUnit.Resolution.UNKNOWN)
    response = _post(client, "draft_unit", draft, unit.pk, **data)
    assert response.status_code == 400
    assert said in response.content.decode()
    assert draft.units.get(pk=unit.pk).resolution == PlanUnit.Resolution.UNKNOWN


def test_leaving_a_unit_out_is_never_chosen_beforehand(client: Client, draft: Plan) -> None:
    page = client.get(reverse("draft", args=[draft.pk])).content.decode()
    choices = re.findall(r'<input type="radio" name="choice" value="waive"[^>]*>', page)
    assert choices
    assert not [choice for choice in choices if "checked" in choice]


def test_a_department_of_another_region_cannot_be_chosen(client: Client, draft: Plan, cast: Cast) -> None:
    unit = draft.units.get(resolution=PlanUnit.Resolution.UNKNOWN)
    response = _post(client, "draft_unit", draft, unit.pk, choice="match", department=cast.foreign_bureau.pk)
    assert response.status_code == 400


def test_one_wrong_date_saves_none_of_the_measure(client: Client, draft: Plan) -> None:
    measure = draft.measures.get(title="推进灌区清淤")
    first, *others = measure.clauses.order_by("position")
    data = {f"c{c.pk}-due_date": "2025-01-15" for c in others}
    response = _edit(client, draft, measure, **{f"c{first.pk}-due_date": "2025-02-30"}, **data)
    assert response.status_code == 400
    assert "2024-10-31" in response.content.decode()  # the example of how to write a date
    assert not Clause.objects.filter(is_due_edited=True).exists()


@pytest.mark.parametrize("typed", ["0024-10-31", "9999-12-31"])
def test_a_year_half_typed_or_meant_as_never_is_refused(client: Client, draft: Plan, typed: str) -> None:
    clause = Clause.objects.all()[0]
    response = _edit(client, draft, clause.measure, **{f"c{clause.pk}-due_date": typed})
    assert response.status_code == 400
    assert "2000 到 2099" in response.content.decode()


def test_a_doubt_is_ticked_off_and_leaves_the_list(client: Client, draft: Plan) -> None:
    doubt = Doubt.objects.filter(is_blocking=False)[0]
    response = _post(client, "draft_doubt", draft, doubt.pk)
    assert response.status_code == 302
    assert doubt.message not in client.get(reverse("draft", args=[draft.pk])).content.decode()


def test_the_list_of_doubtful_measures_leaves_out_the_others(client: Client, draft: Plan) -> None:
    page = client.get(reverse("draft", args=[draft.pk]) + "?show=doubts").content.decode()
    assert "强化用电保障" in page
    assert "落实管护责任" not in page


def test_a_live_plans_draft_pages_answer_politely(client: Client, draft: Plan) -> None:
    Plan.objects.filter(pk=draft.pk).update(status=Plan.Status.LIVE, confirmed_at=draft.created_at)
    doubt = Doubt.objects.all()[0]
    response = client.post(reverse("draft_doubt", args=[draft.pk, doubt.pk]), follow=True)
    assert "已经下达" in response.content.decode()
    unusable = client.post(reverse("draft_unit", args=[draft.pk, draft.units.all()[0].pk]), {}, follow=True)
    assert "已经下达" in unusable.content.decode()
    assert client.get(reverse("draft", args=[draft.pk])).status_code == 404


def test_signing_in_again_after_a_time_out_leads_back_to_the_draft(client: Client, draft: Plan) -> None:
    doubt = draft.doubts.all()[0]
    response = client.get(reverse("draft_doubt", args=[draft.pk, doubt.pk]))
    assert (response.status_code, response.headers["Location"]) == (302, reverse("draft", args=[draft.pk]))
    assert client.get(reverse("draft_confirm", args=[draft.pk])).status_code == 200
    assert not Task.objects.exists()


def test_a_dissolved_department_is_not_offered(client: Client, draft: Plan, cast: Cast) -> None:
    address, option = reverse("draft", args=[draft.pk]), f'<option value="{cast.bureau.pk}">'
    assert option in client.get(address).content.decode()
    cast.bureau.is_active = False
    cast.bureau.save(update_fields=["is_active"])
    assert option not in client.get(address).content.decode()


@pytest.mark.parametrize(
    "name",
    ["reporter", "head", "leader", "administrator", "foreign_coordinator", "county_coordinator", "foreigner"],
)
def test_nobody_else_sees_or_touches_a_draft(
    client: Client, draft: Plan, cast: Cast, browser: Browser, name: str
) -> None:
    other = browser(getattr(cast, name))
    unit, doubt, measure = draft.units.all()[0], draft.doubts.all()[0], draft.measures.all()[0]
    assert other.get(reverse("draft", args=[draft.pk])).status_code == 404
    for address, pk in [("draft_unit", unit.pk), ("draft_doubt", doubt.pk), ("draft_measure", measure.pk)]:
        assert other.post(reverse(address, args=[draft.pk, pk])).status_code == 404
    assert other.get(reverse("draft_measure", args=[draft.pk, measure.pk])).status_code == 404
    for address in ("draft_confirm", "draft_bulk", "draft_edits"):
        assert other.get(reverse(address, args=[draft.pk])).status_code == 404
        assert other.post(reverse(address, args=[draft.pk])).status_code == 404


@pytest.mark.parametrize("name", ["reporter", "leader", "administrator"])
def test_only_coordinators_import(cast: Cast, browser: Browser, name: str) -> None:
    person = browser(getattr(cast, name))
    assert person.get(reverse("plan_import")).status_code == 403
    assert person.post(reverse("plan_import"), {"text": PLAN}).status_code == 403
    assert not Plan.objects.exists()


def test_signed_out_visitors_are_sent_to_sign_in(draft: Plan, browser: Browser) -> None:
    response = browser(None).get(reverse("draft", args=[draft.pk]))
    assert response.status_code == 302
    assert reverse("login") in response.headers["Location"]


def test_the_draft_page_takes_the_same_queries_for_one_measure_and_for_many(
    client: Client, draft: Plan, django_assert_num_queries: Any
) -> None:
    address = reverse("draft", args=[draft.pk])
    client.get(address)
    keep = draft.measures.order_by("position")[1]
    with django_assert_num_queries(22):
        client.get(address)
    draft.measures.exclude(pk=keep.pk).delete()
    with django_assert_num_queries(22):
        client.get(address)
