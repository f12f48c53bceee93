"""A unit's own pages: groups, signing for, and reporting without losing a word."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.urls import reverse

from tests.factories import NOW, TODAY, Cast, make_assignment
from tracker.actions.work import move_assignment, report_progress
from tracker.models import Assignment, ProgressReport
from tracker.workflow import Move, Status

KEY = "6f1b6a34-8f0f-4f6e-9a5c-2f6f1f1f1f1f"
LONG_AGO = NOW - timedelta(days=200)
OTHER_KEY = UUID("6f1b6a34-8f0f-4f6e-9a5c-3f6f1f1f1f1f")


@pytest.fixture
def assignment(cast: Cast) -> Assignment:
    return make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY + timedelta(days=10), percent=20)


def _answers(assignment: Assignment, **changed: str) -> dict[str, str]:
    answers = {
        "percent": "60",
        "note": "完成12家企业改造，剩余3家月底前完成。",
        "form_key": KEY,
        "version": str(assignment.version),
    }
    return answers | changed


@pytest.fixture
def send(cast, browser, assignment):
    """Send the progress form as the reporter."""
    client = browser(cast.reporter)

    def post(**changed: str):
        return client.post(reverse("report", args=[assignment.pk]), _answers(assignment, **changed))

    return post


def test_groups_put_the_overdue_first_and_name_each_row_once(cast, browser) -> None:
    def day(offset: int):
        return TODAY + timedelta(days=offset)

    plan = cast.plan
    make_assignment(cast.bureau, plan=plan, text="退回又逾期", due_date=day(-5), returned_at=NOW)
    make_assignment(cast.bureau, plan=plan, text="沉默", created_at=LONG_AGO, signed_at=LONG_AGO)
    make_assignment(cast.bureau, plan=plan, text="逾期未签", due_date=day(-2), status=Status.PENDING)
    make_assignment(cast.bureau, plan=plan, text="逾期在办", due_date=day(-1))
    make_assignment(cast.bureau, plan=plan, text="新任务", due_date=day(3), status=Status.PENDING)
    make_assignment(cast.bureau, plan=plan, text="本周到期", due_date=day(7))
    make_assignment(cast.bureau, plan=plan, text="不急", due_date=day(8))
    make_assignment(cast.bureau, plan=plan, text="送审", due_date=day(-9), status=Status.SUBMITTED)
    make_assignment(cast.bureau, plan=plan, text="长期")
    make_assignment(cast.bureau, plan=plan, text="停着", due_date=day(-9), status=Status.SUSPENDED)
    make_assignment(cast.bureau, plan=plan, text="做完了", due_date=day(-9), status=Status.CLOSED)
    make_assignment(cast.other_bureau, plan=plan, text="别家的", due_date=day(-1))

    response = browser(cast.reporter).get(reverse("my_work"))

    groups = [
        (str(group.state.label), [row.task.text for row in group.rows])
        for group in response.context["work"].groups
    ]
    assert groups == [
        ("退回待办", ["退回又逾期"]),
        ("逾期", ["逾期未签", "逾期在办"]),
        ("待签收", ["新任务"]),
        ("7日内到期", ["本周到期"]),
        ("长期未填报", ["沉默"]),
        ("其他在办", ["不急"]),
        ("待审核", ["送审"]),
        ("无期限", ["长期"]),
        ("已中止", ["停着"]),
    ]
    assert "逾期2天" in response.content.decode()


def test_long_group_shows_its_first_rows_and_leads_to_all(cast, browser) -> None:
    for _ in range(52):
        make_assignment(cast.bureau, plan=cast.plan, status=Status.PENDING)
    late = make_assignment(
        cast.bureau, plan=cast.plan, status=Status.PENDING, due_date=TODAY - timedelta(days=1)
    )
    client = browser(cast.reporter)

    overdue, group = client.get(reverse("my_work")).context["work"].groups

    assert overdue.rows == [late]
    assert (group.count, len(group.rows), group.hidden) == (52, 50, 2)
    listed = client.get(f"{reverse('ledger')}?{group.query}").context["page"]
    assert listed.paginator.count == group.count


def test_more_than_one_press_can_sign_for_is_signed_in_turns(cast, browser, monkeypatch) -> None:
    monkeypatch.setattr("tracker.dashboards.SIGN_LIMIT", 2)
    later = [
        make_assignment(cast.bureau, status=Status.PENDING, due_date=TODAY + timedelta(days=n))
        for n in (3, 2, 1)
    ]
    client = browser(cast.reporter)

    page = client.get(reverse("my_work"))

    assert page.context["work"].unsigned == [later[2].pk, later[1].pk]
    assert "签收最急的 2 项" in page.content.decode()


def test_empty_page_says_what_would_be_here(cast, browser) -> None:
    assert "还没有下达给本单位的任务" in browser(cast.reporter).get(reverse("my_work")).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_number_of_queries_does_not_grow(cast, browser, count, django_assert_num_queries) -> None:
    for status in (Status.PENDING, Status.ACTIVE, Status.SUBMITTED):
        for _ in range(count):
            make_assignment(cast.bureau, plan=cast.plan, status=status, due_date=TODAY)
    client = browser(cast.reporter)

    with django_assert_num_queries(10):
        client.get(reverse("my_work"))


def test_signing_for_one_comes_back_to_the_page(cast, browser) -> None:
    assignment = make_assignment(cast.bureau, status=Status.PENDING)

    response = browser(cast.reporter).post(
        reverse("move", args=[assignment.pk]),
        {"move": "SIGN", "version": "1", "next": reverse("my_work")},
        follow=True,
    )

    assignment.refresh_from_db()
    assert (assignment.status, assignment.signed_at is not None) == (Status.ACTIVE, True)
    assert response.redirect_chain == [(reverse("my_work"), 302)]


def test_next_page_never_leaves_the_site(cast, browser) -> None:
    assignment = make_assignment(cast.bureau, status=Status.PENDING)

    response = browser(cast.reporter).post(
        reverse("move", args=[assignment.pk]),
        {"move": "SIGN", "version": "1", "next": "//evil.example/"},
    )

    assert response["Location"] == reverse("task", args=[assignment.task_id])


def test_signing_for_all_takes_only_what_was_listed_and_is_ours(cast, browser) -> None:
    listed = [make_assignment(cast.bureau, status=Status.PENDING) for _ in range(2)]
    came_later = make_assignment(cast.bureau, status=Status.PENDING)
    of_others = make_assignment(cast.other_bureau, status=Status.PENDING)

    response = browser(cast.reporter).post(
        reverse("sign_for_all"), {"assignment": [row.pk for row in [*listed, of_others]]}, follow=True
    )

    signed = set(Assignment.objects.filter(status=Status.ACTIVE).values_list("pk", flat=True))
    assert signed == {row.pk for row in listed}
    assert came_later.pk not in signed
    assert "已签收 2 项" in response.content.decode()


@pytest.mark.parametrize("key", ["1; DROP", "9" * 30, "9" * 5000])
def test_signing_for_all_with_nonsense_is_refused(cast, browser, key: str) -> None:
    response = browser(cast.reporter).post(reverse("sign_for_all"), {"assignment": [key]})

    assert (response.status_code, "请求有误" in response.content.decode()) == (400, True)


def test_report_is_kept_and_shown(send, assignment) -> None:
    response = send()

    assignment.refresh_from_db()
    report = ProgressReport.objects.get()
    assert (assignment.percent, report.percent, report.created_by.username) == (60, 60, "wangfang")
    assert response["Location"] == reverse("task", args=[assignment.task_id])


def test_form_sent_twice_makes_one_report(send, assignment) -> None:
    send()
    send(note="第二次")

    assignment.refresh_from_db()
    assert (ProgressReport.objects.count(), assignment.events.count(), assignment.version) == (1, 1, 2)


def test_report_and_hand_in_sent_twice_hands_in_once(send, assignment) -> None:
    first, second = send(percent="100", hand_in="on"), send(percent="100", hand_in="on")

    assignment.refresh_from_db()
    assert (first.status_code, second.status_code) == (302, 302)
    assert assignment.status == Status.SUBMITTED
    assert list(assignment.events.order_by("sequence").values_list("kind", flat=True)) == ["REPORT", "SUBMIT"]


def test_handing_in_needs_hundred_percent(send, assignment) -> None:
    page = send(hand_in="on").content.decode()

    assert "申请办结的，完成进度要填 100" in page
    assert ProgressReport.objects.count() == 0


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"percent": "101"}, "id_percent", "完成进度不能大于 100"),
        ({"percent": "-1"}, "id_percent", "完成进度不能小于 0"),
        ({"percent": "6成"}, "id_percent", "完成进度要填整数"),
        ({"percent": ""}, "id_percent", "请填写完成进度"),
        ({"note": "  "}, "id_note", "请填写进展说明"),
        ({"note": "字" * 4001}, "id_note", "进展说明最多 4000 字，现有 4001 字"),
    ],
)
def test_error_summary_links_to_the_field_and_keeps_what_was_typed(send, changed, field, message) -> None:
    page = send(**changed).content.decode()

    assert f'<a href="#{field}">{message}' in page
    kept = changed.get("note", "完成12家企业改造，剩余3家月底前完成。").strip()
    assert kept in page
    assert ProgressReport.objects.count() == 0


def test_colleague_who_was_quicker_is_named_and_nothing_typed_is_lost(cast, browser, assignment) -> None:
    client = browser(cast.reporter)
    shown = client.get(reverse("report", args=[assignment.pk])).context["form"]
    report_progress(
        assignment.pk, percent=45, note="李娜先填了", form_key=OTHER_KEY, by=cast.colleague, now=NOW
    )

    refused = client.post(
        reverse("report", args=[assignment.pk]),
        _answers(assignment, form_key=str(shown["form_key"].value()), version=str(shown["version"].value())),
    )

    page = refused.content.decode()
    for words in ("李娜", "20% → 45%", "李娜先填了", "完成12家企业改造，剩余3家月底前完成。"):
        assert words in page
    assert ProgressReport.objects.count() == 1

    again = refused.context["form"]
    names = ("percent", "note", "form_key", "version")
    client.post(reverse("report", args=[assignment.pk]), {name: str(again[name].value()) for name in names})

    assignment.refresh_from_db()
    assert (assignment.percent, ProgressReport.objects.count()) == (60, 2)


def test_form_of_a_closed_assignment_explains_and_keeps_the_text(cast, send, assignment) -> None:
    report_progress(assignment.pk, percent=100, note="完", form_key=OTHER_KEY, by=cast.colleague, now=NOW)
    move_assignment(assignment.pk, Move.SUBMIT, by=cast.colleague, now=NOW)

    stale = send()
    refused = send(version=str(Assignment.objects.get(pk=assignment.pk).version))

    assert "待审核" in stale.content.decode()
    assert "不能填报进展" in refused.content.decode()
    assert "完成12家企业改造" in refused.content.decode()


def test_form_is_not_offered_while_under_review(cast, browser) -> None:
    assignment = make_assignment(cast.bureau, status=Status.SUBMITTED)

    response = browser(cast.reporter).get(reverse("report", args=[assignment.pk]), follow=True)

    assert response.redirect_chain == [(reverse("task", args=[assignment.task_id]), 302)]
    assert "不用填报" in response.content.decode()


def test_what_was_typed_is_printed_as_text(cast, browser, send, assignment) -> None:
    send(note="<script>alert(1)</script>")

    page = browser(cast.reporter).get(reverse("task", args=[assignment.task_id])).content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page
