"""Pages of tasks that are one duty: what is found by whom, linking, reporting once, handing in together."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notifications.actions import planning
from notifications.models import Reminder
from tests import files
from tests.factories import NOW, TODAY, Cast, make_assignment, make_plan, make_task
from tracker.actions.clause_index import index_all_anew, index_clauses
from tracker.actions.duties import link_duty
from tracker.actions.tasks import NewTask, Share, make_tasks
from tracker.actions.work import report_progress
from tracker.models import Assignment, ClauseGram, Duty, Evidence, ProgressReport, Task
from tracker.workflow import Role, Status

TEXT = "2024年10月底前,完成老旧柴油货车淘汰和涉VOCs储罐密闭改造"
ALIKE = "到2025年,完成老舊柴油貨車淘汰、涉VOCs儲罐密閉改造任務"


@pytest.fixture
def task(cast: Cast) -> Task:
    return make_assignment(cast.bureau, plan=cast.plan, text=TEXT, due_date=TODAY).task


def _other(cast: Cast, title: str = "新乡市臭氧攻坚方案", text: str = ALIKE, **fields: Any) -> Assignment:
    """A share of a task in another plan, found by its clause."""
    region = fields.pop("region", cast.city)
    unit = fields.pop("unit", cast.bureau)
    made = make_task(make_plan(region, title), text=text, due_date=TODAY + timedelta(days=30))
    index_clauses([made.clause])
    return make_assignment(unit, task=made, **fields)


def _link(cast: Cast, task: Task, *others: Task) -> None:
    keys = [other.pk for other in others]
    link_duty(task.pk, others=keys, reason="同一件事", by=cast.coordinator, now=NOW)


def _page(browser, person, task: Task, **asked: str) -> str:
    return str(browser(person).get(reverse("similar", args=[task.pk]), asked).content.decode())


def test_like_task_of_another_plan_is_shown_with_plan_date_lead_light_and_common_words(cast, browser, task):
    _other(cast)
    _other(cast, "别的方案", "推广氮肥机械深施和低蛋白日粮技术")

    page = _page(browser, cast.coordinator, task)

    assert "新乡市臭氧攻坚方案" in page
    assert "2024-11-20" in page
    assert "市生态环境局" in page
    assert "light-green" in page
    assert "完成老舊柴油貨車淘汰</mark>" in page
    assert "别的方案" not in page
    assert "关联为同一职责" in page


def test_nobody_is_shown_a_clause_that_he_may_not_see(cast, browser, task) -> None:
    _other(cast, "县里的方案", region=cast.county, unit=cast.county_bureau)
    _other(cast, "开封的方案", region=cast.foreign, unit=cast.foreign_bureau)
    _other(cast, "工信局的方案", unit=cast.other_bureau)
    _other(cast, "本局的方案")
    titles = ("县里的方案", "开封的方案", "工信局的方案", "本局的方案")
    county_task = make_assignment(cast.county_bureau, plan=make_plan(cast.county, "县"), text=TEXT).task
    seen = {
        person: {title for title in titles if title in _page(browser, getattr(cast, person), at)}
        | {title for title in titles if title in _page(browser, getattr(cast, person), at, q="老 VOCs")}
        for person, at in [
            ("coordinator", task),
            ("leader", task),
            ("reporter", task),
            ("county_coordinator", county_task),
            ("administrator", task),
        ]
    }

    city = {"县里的方案", "工信局的方案", "本局的方案"}
    assert seen["coordinator"] == seen["leader"] == city
    assert seen["reporter"] == {"本局的方案"}
    assert seen["county_coordinator"] == {"县里的方案"}
    assert seen["administrator"] == city | {"开封的方案"}


def test_coordinator_is_offered_to_link_only_tasks_of_the_own_region(cast, browser, task) -> None:
    own, county = _other(cast), _other(cast, "县", region=cast.county, unit=cast.county_bureau)
    client = browser(cast.coordinator)
    address = reverse("similar", args=[task.pk])

    page = client.get(address).content.decode()
    refused = client.post(address, {"task": county.task_id, "reason": "同一件事"}).content.decode()
    asked = client.post(address, {"task": own.task_id, "reason": " "}).content.decode()
    done = client.post(address, {"task": own.task_id, "reason": "同一件事"}, follow=True).content.decode()
    again = client.post(address, {"task": own.task_id, "reason": "同一件事"})

    assert f'name="task" value="{own.task_id}"' in page
    assert f'name="task" value="{county.task_id}"' not in page
    assert "只能关联本地区的任务" in refused
    assert f'value="{own.task_id}" checked' in asked
    assert 'id="duty"' in done
    assert "关联同一职责" in done
    assert again.status_code == 302
    assert task.events.count() == 1
    assert Duty.objects.count() == 1


@pytest.mark.parametrize("keys", [["99999999"], ["0"], []])
def test_crafted_link_is_refused_in_words(cast, browser, task, keys) -> None:
    page = browser(cast.coordinator).post(
        reverse("similar", args=[task.pk]), {"task": keys, "reason": "理由" * 3000}
    )
    other = browser(cast.coordinator).post(
        reverse("similar", args=[task.pk]), {"task": keys, "reason": "理由"}
    )

    assert page.status_code == other.status_code == 200
    assert "error-summary" in page.content.decode()
    assert "error-summary" in other.content.decode()
    assert not Duty.objects.exists()


def test_nonsense_is_no_server_error(cast, browser, task) -> None:
    client = browser(cast.coordinator)
    address = reverse("similar", args=[task.pk])

    for key in ("x", "-1", "9" * 400, "1\0"):
        assert client.post(address, {"task": key, "reason": "a"}).status_code == 400
    assert client.post(address, {"task": str(task.pk), "reason": "a\0b"}).status_code == 200
    for words in ("\0", "%", "'", "x" * 5000, "   "):
        assert client.get(address, {"q": words}).status_code == 200


def test_empty_states_say_what_would_be_here(cast, browser, task) -> None:
    assert "没有与本任务文字相近的任务" in _page(browser, cast.leader, task)
    assert "没有含这些字词的任务" in _page(browser, cast.leader, task, q="独角兽")


@pytest.mark.parametrize("count", [1, 3])
def test_number_of_queries_does_not_grow(cast, browser, task, count, django_assert_num_queries) -> None:
    others = [_other(cast, f"方案{number}") for number in range(count)]
    client = browser(cast.coordinator)

    with django_assert_num_queries(9):
        client.get(reverse("similar", args=[task.pk]))

    _link(cast, task, *(other.task for other in others))
    with django_assert_num_queries(15):
        client.get(reverse("task", args=[task.pk]))
    client, address = browser(cast.reporter), reverse("report", args=[task.assignments.get().pk])
    with django_assert_num_queries(10):
        client.get(address)
    # Here the one more looks up the companions of all rows.
    with CaptureQueriesContext(
        connection,
    ) as linked:
        client.get(reverse("my_work"))
    Task.objects.update(duty=None)
    with CaptureQueriesContext(connection) as alone:
        client.get(reverse("my_work"))
    assert len(linked) == len(alone) + 1


def test_unlinking_wants_a_reason_and_says_when_there_is_nothing_to_unlink(cast, browser, task) -> None:
    other = _other(cast)
    _link(cast, task, other.task)
    client, address = browser(cast.coordinator), reverse("duty_unlink", args=[task.pk])

    assert "新乡市臭氧攻坚方案" in client.get(address).content.decode()
    assert "error-summary" in client.post(address, {"reason": ""}).content.decode()
    assert client.post(address, {"reason": "不是一回事"}).status_code == 302
    assert "没有关联其他任务" in client.post(address, {"reason": "不是一回事"}).content.decode()
    assert "没有关联其他任务" in client.get(address, follow=True).content.decode()
    assert not Duty.objects.exists()


def test_report_is_shown_under_each_task_and_says_where_it_was_given(cast, browser, task) -> None:
    other, closed = _other(cast), _other(cast, "已办结的方案", status=Status.CLOSED)
    _link(cast, task, other.task, closed.task)
    share = task.assignments.get()
    client = browser(cast.reporter)

    form = client.get(reverse("report", args=[share.pk])).content.decode()
    answers = {
        "percent": "40",
        "note": "淘汰120辆",
        "version": "1",
        "form_key": str(uuid4()),
        "evidence": SimpleUploadedFile("照片.png", files.PNG),
    }
    done = client.post(reverse("report", args=[share.pk]), answers, follow=True).content.decode()
    under = browser(cast.coordinator).get(reverse("task", args=[other.task_id])).content.decode()

    assert "这次填报同时计入" in form
    assert "已办结，不计入" in form
    assert "同时计入：《新乡市臭氧攻坚方案》" in done
    assert "没有计入：《已办结的方案》" in done
    for words in ("淘汰120辆", f"在《{task.plan}》{task.number} 下填报", "照片.png"):
        assert words in under
    assert not closed.reports.exists()


def test_evidence_of_a_counterpart_is_opened_by_whoever_may_see_its_share_and_nobody_else(
    cast, browser, task
) -> None:
    other = _other(cast)
    make_assignment(cast.other_bureau, task=other.task)
    _link(cast, task, other.task)
    share = task.assignments.get()
    answers = {"percent": "40", "note": "进展", "version": "1", "form_key": str(uuid4())}
    file = SimpleUploadedFile("照片.png", files.PNG)
    browser(cast.reporter).post(reverse("report", args=[share.pk]), answers | {"evidence": file})
    mirrored = Evidence.objects.get(assignment=other)

    opened = {
        name: browser(getattr(cast, name)).get(reverse("evidence", args=[mirrored.pk])).status_code
        for name in ("reporter", "coordinator", "leader", "outsider", "foreigner", "county_coordinator")
    }

    assert {name for name, status in opened.items() if status == 200} == {"reporter", "coordinator", "leader"}
    # The other unit of the task sees neither the words nor that they came from elsewhere.
    page = browser(cast.outsider).get(reverse("task", args=[other.task_id])).content.decode()
    assert "照片.png" not in page
    assert cast.plan.title not in page


def test_list_of_a_unit_says_which_tasks_one_report_answers(cast, browser, task) -> None:
    other = _other(cast)
    _link(cast, task, other.task)

    listed = browser(cast.reporter).get(reverse("my_work")).content.decode()
    ledger = browser(cast.coordinator).get(reverse("ledger")).content.decode()

    assert "同一职责，填报一次都计入" in listed
    assert f"《新乡市臭氧攻坚方案》{other.task.number}" in listed
    assert ledger.count(f'href="{reverse("task", args=[task.pk])}#duty"') == 1


def test_handing_in_offers_the_linked_tasks_that_are_done(cast, browser, task) -> None:
    other, behind = _other(cast), _other(cast, "未完成的方案", percent=20, last_reported_at=NOW)
    _link(cast, task, other.task)
    share = task.assignments.get()
    report_progress(share.pk, percent=100, note="完成", form_key=uuid4(), by=cast.reporter, now=NOW)
    client = browser(cast.reporter)
    move = {"move": "SUBMIT", "version": "2"}

    sent = client.post(reverse("move", args=[share.pk]), move)
    page = client.get(sent["Location"]).content.decode()
    foreign = client.post(sent["Location"], {"version": "2", "also": f"{behind.pk}:1"}).content.decode()
    stale = client.post(sent["Location"], {"version": "1", "also": f"{other.pk}:2"}).content.decode()
    done = client.post(sent["Location"], {"version": "2", "also": f"{other.pk}:2"}, follow=True)

    assert "新乡市臭氧攻坚方案" in page
    assert "未完成的方案" not in page
    assert "现在不能申请办结的" in foreign
    assert "error-summary" in stale
    assert f'value="{other.pk}:2" checked' in stale
    assert "已申请办结 2 项" in done.content.decode()
    assert set(Assignment.objects.filter(pk__in=[share.pk, other.pk]).values_list("status", flat=True)) == {
        Status.SUBMITTED
    }
    assert client.get(sent["Location"]).status_code == 302
    review = browser(cast.coordinator).get(reverse("review_item", args=[other.pk])).content.decode()
    assert f"在《{task.plan}》{task.number} 下填报" in review
    assert 'id="duty"' in review


def test_move_by_somebody_else_is_refused_as_before(cast, browser, task) -> None:
    """Handing in is led to a page of its own only for the unit's own people."""
    other = _other(cast)
    _link(cast, task, other.task)
    share = task.assignments.get()
    report_progress(share.pk, percent=100, note="完成", form_key=uuid4(), by=cast.reporter, now=NOW)

    page = browser(cast.coordinator).post(
        reverse("move", args=[share.pk]), {"move": "SUBMIT", "version": "2"}
    )

    assert page.status_code == 200
    assert browser(cast.coordinator).get(reverse("submit_linked", args=[share.pk])).status_code == 404


def test_form_with_linked_tasks_to_hand_in_hands_them_in(cast, browser, task) -> None:
    other = _other(cast)
    _link(cast, task, other.task)
    share = task.assignments.get()
    answers = {
        "percent": "100",
        "note": "完成",
        "version": "1",
        "form_key": str(uuid4()),
        "hand_in": "on",
        "hand_in_linked": f"{other.pk}:7",
    }
    client, address = browser(cast.reporter), reverse("report", args=[share.pk])

    stale = client.post(address, answers).content.decode()
    assert f"{other.task.number}：" in stale
    assert f'value="{other.pk}:1" checked' in stale
    assert not ProgressReport.objects.exists()

    client.post(address, answers | {"hand_in_linked": f"{other.pk}:1"})
    assert set(Assignment.objects.values_list("status", flat=True)) == {Status.SUBMITTED}


def test_withdrawing_says_what_goes_with_it(cast, browser, task) -> None:
    other = _other(cast)
    _link(cast, task, other.task)
    share = task.assignments.get()
    report = report_progress(share.pk, percent=50, note="过半", form_key=uuid4(), by=cast.reporter, now=NOW)
    client = browser(cast.reporter)

    page = client.get(reverse("report_withdraw", args=[report.pk])).content.decode()
    mirror = client.get(reverse("report_withdraw", args=[report.mirrors.get().pk])).content.decode()
    client.post(reverse("report_withdraw", args=[report.pk]), {"reason": "填错"})

    assert f"《新乡市臭氧攻坚方案》{other.task.number}，一并撤回" in page
    assert f"这次填报来自《{task.plan}》" in mirror
    assert not ProgressReport.objects.standing().exists()


def test_report_for_one_task_silences_the_reminders_of_both(cast, task) -> None:
    """Chased for silence are both; once one is reported, neither."""
    old = NOW - timedelta(days=200)
    shares = [
        make_assignment(
            cast.bureau, plan=make_plan(cast.city, f"长期{number}"), created_at=old, status=Status.PENDING
        )
        for number in range(2)
    ]
    Assignment.objects.filter(pk__in=[row.pk for row in shares]).update(status=Status.ACTIVE)
    _link(cast, shares[0].task, shares[1].task)
    keys = {row.pk for row in shares}

    def chased(day: int) -> set[int]:
        planning.plan_reminders(today=TODAY + timedelta(days=day), now=NOW + timedelta(days=day))
        found = Reminder.objects.filter(assignment__in=keys, stage__startswith="SILENT")
        return set(found.values_list("assignment_id", flat=True))

    report_progress(shares[0].pk, percent=10, note="一", form_key=uuid4(), by=cast.reporter, now=NOW)
    assert chased(1) == set()
    assert chased(95) == keys


def test_index_is_written_when_work_is_given_out_and_made_anew_alike(cast, task) -> None:
    plan = make_plan(cast.city, "新方案")
    clause = make_task(plan, text=ALIKE).clause
    share = Share(cast.bureau.pk, Role.LEAD, None)
    make_tasks([NewTask(plan, clause, [share], given_number="A1")], by=cast.coordinator, now=NOW)
    index_clauses([task.clause])
    before = set(ClauseGram.objects.values_list("gram", "plan", "clause"))

    index_clauses([clause])
    assert set(ClauseGram.objects.values_list("gram", "plan", "clause")) == before
    assert index_all_anew() == 2
    assert set(ClauseGram.objects.values_list("gram", "plan", "clause")) == before
