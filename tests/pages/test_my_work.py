"""The unit's list: groups that count what they open, answers in place, drafts, and words sent too late."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.kept import KEPT_FORMS, writer_of
from accounts.models import User
from notifications.policy import DEFAULT_POLICY, AssignmentFacts, Kind, stages_due
from notifications.workdays import WorkingCalendar
from tests import files
from tests.factories import NOW, PASSWORD, TODAY, Cast, make_assignment
from tracker.actions.report_drafts import save_report_draft
from tracker.actions.work import report_progress
from tracker.clock import day_of
from tracker.models import Assignment, ProgressReport, ReportDraft
from tracker.workflow import Status, WorkState

KEY = "6f1b6a34-8f0f-4f6e-9a5c-2f6f1f1f1f1f"
IN_PLACE = {"HX-Request": "true"}
WORDS = "完成12家企业改造，剩余3家月底前完成。"


@pytest.fixture
def share(cast: Cast) -> Assignment:
    return make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY + timedelta(days=10), percent=20)


@pytest.fixture
def near(cast: Cast) -> Assignment:
    return make_assignment(cast.bureau, plan=cast.plan, text="时限相近", due_date=TODAY + timedelta(days=12))


def _answers(share: Assignment, **changed: Any) -> dict[str, Any]:
    answers = {"percent": "60", "note": WORDS, "form_key": KEY, "version": str(share.version)}
    return answers | changed


def _report(share: Assignment) -> str:
    return reverse("report", args=[share.pk])


def _draft(share: Assignment) -> str:
    return reverse("report_draft", args=[share.pk])


def _sign_in(client: Client, username: str = "wangfang") -> None:
    client.post(reverse("login"), {"username": username, "password": PASSWORD})


# Groups

DAYS = st.one_of(st.none(), st.integers(-200, 200))
ROWS = st.lists(
    st.tuples(
        st.sampled_from(Status.values),
        st.one_of(st.none(), st.integers(-20, 20)),
        *[st.one_of(st.none(), st.integers(-100, 0))] * 3,
        st.integers(-100, 0),
    ),
    min_size=1,
    max_size=12,
)


def _moment(days: int | None) -> datetime | None:
    return None if days is None else NOW + timedelta(days=days)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_groups_divide_what_is_unfinished_and_each_counts_the_list_it_opens(cast, browser, rows) -> None:
    ProgressReport.objects.all().delete()
    Assignment.objects.all().delete()
    for status, due, signed, reported, returned, created in rows:
        make_assignment(
            cast.bureau,
            plan=cast.plan,
            status=status,
            due_date=None if due is None else TODAY + timedelta(days=due),
            signed_at=_moment(signed),
            last_reported_at=_moment(reported),
            returned_at=_moment(returned),
            created_at=_moment(created),
        )
    client = browser(cast.reporter)

    groups = client.get(reverse("my_work")).context["work"].groups

    shown = [row.pk for group in groups for row in group.rows]
    assert sorted(shown) == sorted(Assignment.objects.open().values_list("pk", flat=True))
    for group in groups:
        listed = client.get(f"{reverse('ledger')}?{group.query}").context["page"]
        assert (group.state, listed.paginator.count) == (group.state, group.count)
        assert {row.pk for row in listed} == {row.pk for row in group.rows}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(signs=st.tuples(*[st.one_of(st.none(), st.integers(-100, -85))] * 3, st.integers(-100, -85)))
def test_silent_is_what_the_reminder_calls_silent(cast, signs) -> None:
    """With every day a working day, for a mail never goes out on another."""
    Assignment.objects.all().delete()
    signed, reported, returned, created = signs
    share = make_assignment(
        cast.bureau,
        plan=cast.plan,
        signed_at=_moment(signed),
        last_reported_at=_moment(reported),
        returned_at=_moment(returned),
        created_at=_moment(created),
    )
    every_day = WorkingCalendar({TODAY - timedelta(days=n): True for n in range(-10, 200)})
    facts = AssignmentFacts(
        id=share.pk,
        status=share.status,
        due_date=None,
        created_on=day_of(share.created_at),
        signed_on=day_of(share.signed_at) if share.signed_at else None,
        last_reported_on=day_of(share.last_reported_at) if share.last_reported_at else None,
        returned_on=day_of(share.returned_at) if share.returned_at else None,
    )

    kinds = {due.kind for due in stages_due(facts, DEFAULT_POLICY, every_day, TODAY, frozenset())}

    assert Assignment.objects.filter(Assignment.objects.silent_q(TODAY)).exists() == (Kind.SILENT in kinds)


def test_headings_open_exactly_their_rows(cast, browser) -> None:
    for state in (Status.PENDING, Status.ACTIVE, Status.SUBMITTED):
        make_assignment(cast.bureau, plan=cast.plan, status=state, due_date=TODAY)
    page = browser(cast.reporter).get(reverse("my_work")).content.decode()

    links = re.findall(r'ledger/\?work=(\w+)"[^>]*>(\d+)<', page)
    assert links == [("unsigned", "1"), ("week", "1"), ("review", "1")]


@pytest.mark.parametrize("state", WorkState.values)
def test_ledger_offers_each_group(cast, browser, state) -> None:
    response = browser(cast.coordinator).get(f"{reverse('ledger')}?work={state}")

    assert (response.status_code, "error-summary" in response.content.decode()) == (200, False)


# In place


def test_form_opens_as_a_piece_and_as_a_page(cast, browser, share) -> None:
    client = browser(cast.reporter)

    page, piece = client.get(_report(share)), client.get(_report(share), headers=IN_PLACE)

    assert "<html" in page.content.decode()
    assert piece.content.decode().startswith("<td")
    assert f'id="share{share.pk}_percent"' in piece.content.decode()
    for response in (page, piece):
        assert "HX-Request" in response["Vary"]


def test_nothing_inline_is_sent(cast, browser, share) -> None:
    client = browser(cast.reporter)

    for response in (
        client.get(reverse("my_work")),
        client.get(_report(share)),
        client.get(_report(share), headers=IN_PLACE),
    ):
        page = response.content.decode()
        assert re.findall("<script(?! src=)|<style|style=|onclick|hx-on|hx-vals|https://", page) == []


def test_errors_come_back_in_place_with_what_was_typed(cast, browser, share) -> None:
    response = browser(cast.reporter).post(_report(share), _answers(share, percent="160"), headers=IN_PLACE)

    page = response.content.decode()
    assert page.startswith("<td")
    assert f'<a href="#share{share.pk}_percent">完成进度不能大于 100' in page
    assert WORDS in page
    assert ProgressReport.objects.count() == 0


def test_success_in_place_is_the_list_as_it_stands(cast, browser, share) -> None:
    other = make_assignment(cast.bureau, plan=cast.plan)
    answers = _answers(share, evidence=SimpleUploadedFile("照片.png", files.PNG))

    response = browser(cast.reporter).post(_report(share), answers, headers=IN_PLACE)

    page = response.content.decode()
    assert (response["HX-Retarget"], response["HX-Reswap"]) == ("#work", "outerHTML")
    assert f"{share.task.number} 已填报。" in page
    assert f'id="form-{share.pk}"></tr>' in page
    assert f'id="form-{other.pk}" hx-preserve="true"></tr>' in page
    assert "刚刚办理" in page
    assert ProgressReport.objects.get().evidence.count() == 1


def test_form_that_nobody_may_fill_in_any_more_gives_the_list_and_the_reason(cast, browser) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, status=Status.SUBMITTED)

    page = browser(cast.reporter).get(_report(share), headers=IN_PLACE).content.decode()

    assert "不用填报" in page
    assert 'id="work"' in page


def test_signing_in_place_by_one_and_by_all(cast, browser) -> None:
    one, two = (make_assignment(cast.bureau, plan=cast.plan, status=Status.PENDING) for _ in range(2))
    client = browser(cast.reporter)
    move = {"move": "SIGN", "version": "1"}

    signed = client.post(reverse("move", args=[one.pk]), move, headers=IN_PLACE)
    again = client.post(reverse("move", args=[one.pk]), move, headers=IN_PLACE)
    rest = client.post(reverse("sign_for_all"), {"assignment": [two.pk]}, headers=IN_PLACE)

    for response, words in ((signed, "签收，已记录"), (again, "已有变化"), (rest, "已签收 1 项")):
        assert (response["HX-Retarget"], words in response.content.decode()) == ("#work", True)
    assert Assignment.objects.unsigned().count() == 0


@pytest.mark.parametrize("name", ["outsider", "foreigner", "coordinator", "leader"])
def test_pieces_are_for_nobody_else(cast, browser, share, name) -> None:
    client = browser(getattr(cast, name))

    for address in (_report(share), _draft(share)):
        for response in (
            client.get(address, headers=IN_PLACE),
            client.post(address, _answers(share), headers=IN_PLACE),
        ):
            assert response.status_code == 404
    assert (ProgressReport.objects.count(), ReportDraft.objects.count()) == (0, 0)


def test_sign_in_page_is_never_put_into_the_list(cast, share) -> None:
    place = {**IN_PLACE, "Referer": "http://testserver/my-work/?close=1", "Cookie": "sessionid=ended"}

    for response in (
        Client().get(_report(share), headers=place),
        Client().post(reverse("move", args=[share.pk]), {"move": "SIGN"}, headers=place),
    ):
        assert response.status_code == 200
        assert response["HX-Redirect"] == f"{reverse('login')}?expired=1&next=/my-work/%3Fclose%3D1"
        assert (response.content, "Location" in response) == (b"", False)


def test_one_time_password_page_is_never_put_into_the_list(cast, browser, share) -> None:
    User.objects.filter(pk=cast.reporter.pk).update(must_change_password=True)

    response = browser(cast.reporter).get(_report(share), headers=IN_PLACE)

    assert response["HX-Redirect"] == reverse("accounts:password")


# Several at once


def test_what_goes_with_it_is_offered_and_answered(cast, browser, share, near) -> None:
    client = browser(cast.reporter)
    assert f'name="also" value="{near.pk}:1"' in client.get(_report(share)).content.decode()

    page = client.post(_report(share), _answers(share, also=[f"{near.pk}:1"]), follow=True).content.decode()

    assert "已填报 2 项" in page
    reported = set(ProgressReport.objects.values_list("assignment", "note"))
    assert reported == {(share.pk, WORDS), (near.pk, WORDS)}


def test_the_refused_one_is_named_and_sending_again_goes_through(cast, browser, share, near) -> None:
    client = browser(cast.reporter)
    report_progress(near.pk, percent=45, note="李娜先填了", form_key=uuid4(), by=cast.colleague, now=NOW)

    refused = client.post(_report(share), _answers(share, also=[f"{near.pk}:1"]))

    page = refused.content.decode()
    assert f"{near.task.number}：您打开页面之后，这项任务已有变化" in page
    assert f'value="{near.pk}:2" checked' in page
    assert WORDS in page
    assert ProgressReport.objects.count() == 1
    client.post(_report(share), _answers(share, also=[f"{near.pk}:2"]))
    assert ProgressReport.objects.count() == 3


def test_choice_and_versions_outlast_another_error(cast, browser, share, near) -> None:
    Assignment.objects.filter(pk=near.pk).update(version=5)

    page = browser(cast.reporter).post(_report(share), _answers(share, percent="", also=[f"{near.pk}:1"]))

    assert f'value="{near.pk}:1" checked' in page.content.decode()


def test_nonsense_and_other_units_are_refused_with_a_sentence(cast, browser, share) -> None:
    foreign = make_assignment(cast.other_bureau, plan=cast.plan, text="别家的机密")
    client = browser(cast.reporter)

    nonsense = ["99999:1", "x", ":", "1:", "1:2:3", "9" * 5000 + ":1", "1:" + "9" * 30, "\0:1"]
    for also in ([f"{foreign.pk}:1"], *([one] for one in nonsense), [f"{n}:1" for n in range(1, 30)]):
        response = client.post(_report(share), _answers(share, also=also))
        assert (response.status_code, "error-summary" in response.content.decode()) == (200, True), also
        assert "别家的机密" not in response.content.decode()
    assert ProgressReport.objects.count() == 0


def test_naming_itself_as_another_one_reports_once(cast, browser, share) -> None:
    browser(cast.reporter).post(_report(share), _answers(share, also=[f"{share.pk}:9"]))

    assert ProgressReport.objects.count() == 1


@pytest.mark.parametrize("count", [1, 3])
def test_number_of_queries_of_the_form_does_not_grow(
    cast, browser, share, count, django_assert_num_queries
) -> None:
    for _ in range(count):
        make_assignment(cast.bureau, plan=cast.plan, due_date=share.due_date)
    client = browser(cast.reporter)

    with django_assert_num_queries(9):
        client.get(_report(share))


# Drafts


def test_draft_is_kept_shown_and_thrown_away_without_javascript(cast, browser, share) -> None:
    client = browser(cast.reporter)

    kept = client.post(_draft(share), _answers(share, keep="1"), follow=True).content.decode()
    listed = client.get(reverse("my_work")).content.decode()
    thrown_away = client.post(_draft(share), {"discard": "1"}, follow=True).content.decode()

    for words in ("已暂存", "没有提交的草稿", WORDS, 'value="60"'):
        assert words in kept
    assert "有草稿" in listed
    assert "草稿已放弃" in thrown_away
    assert WORDS not in thrown_away
    assert ReportDraft.objects.count() == 0


def test_saving_by_itself_answers_with_the_time(cast, browser, share) -> None:
    answer = browser(cast.reporter).post(_draft(share), _answers(share, percent="6成"), headers=IN_PLACE)

    assert re.fullmatch(r"<span>已自动保存 \d\d:\d\d</span>\n", answer.content.decode())
    assert (ReportDraft.objects.get().percent, ReportDraft.objects.get().note) == (None, WORDS)


@pytest.mark.parametrize(
    ("note", "words"), [("字" * 8001, "太长"), ("有\0字", "不允许"), ("", ""), ("   ", "")], ids=str
)
def test_draft_that_cannot_be_kept_says_so(cast, browser, share, note, words) -> None:
    answer = browser(cast.reporter).post(_draft(share), {"note": note, "percent": "9" * 99}, headers=IN_PLACE)

    assert (answer.status_code, ReportDraft.objects.count()) == (200, 0)
    assert words in answer.content.decode()


def test_nobody_else_sees_a_draft(cast, browser, share) -> None:
    save_report_draft(share.pk, percent=40, note="未定稿的话", by=cast.reporter, now=NOW)

    for person in (cast.colleague, cast.head, cast.coordinator, cast.leader, cast.administrator):
        client = browser(person)
        for address in (_report(share), reverse("task", args=[share.task_id]), reverse("my_work")):
            assert "未定稿的话" not in client.get(address).content.decode(), (person, address)


def test_report_ends_the_draft(cast, browser, share) -> None:
    save_report_draft(share.pk, percent=40, note="未定稿的话", by=cast.reporter, now=NOW)

    browser(cast.reporter).post(_report(share), _answers(share))

    assert ReportDraft.objects.count() == 0


# Words that come after the session ended


@pytest.fixture
def late(cast: Cast) -> Client:
    """A browser whose session has ended."""
    client = Client()
    _sign_in(client)
    Session.objects.all().delete()
    return client


@pytest.mark.parametrize("headers", [{}, IN_PLACE], ids=["page", "in place"])
@pytest.mark.parametrize("to", [_report, _draft])
def test_words_sent_too_late_wait_for_their_writer(cast, late, share, to, headers) -> None:
    sent = late.post(to(share), _answers(share, writer=writer_of(cast.reporter)), headers=headers)
    address = sent["HX-Redirect"] if headers else sent["Location"]
    sign_in = late.get(address)
    entered = late.post(
        address, {"username": "wangfang", "password": PASSWORD, "next": to(share)}, follow=True
    )

    assert address == f"{reverse('login')}?expired=1&next={to(share)}"
    assert "已经保留" in sign_in.content.decode()
    page = entered.content.decode()
    for words in (WORDS, 'value="60"'):
        assert words in page
    assert ProgressReport.objects.count() == 0
    late.post(_draft(share), {"discard": "1"})
    assert WORDS not in late.get(_report(share)).content.decode()


def test_another_person_at_the_same_computer_finds_nothing(cast, late, share) -> None:
    late.post(_report(share), _answers(share, writer=writer_of(cast.reporter)))
    assert WORDS in str(dict(late.session))

    _sign_in(late, "lina")

    assert WORDS not in late.get(_report(share)).content.decode()
    assert WORDS not in str(dict(late.session))
    late.post(reverse("logout"))
    _sign_in(late)
    assert WORDS not in late.get(_report(share)).content.decode()


@pytest.mark.parametrize("writer", ["", "1", "1:forged", "\0"])
def test_words_without_a_writer_are_not_kept(late, share, writer) -> None:
    late.post(_report(share), _answers(share, writer=writer))

    assert "kept_words" not in late.session


def test_only_so_much_is_kept(cast, late, share) -> None:
    writer = writer_of(cast.reporter)
    for pk in range(100, 120):
        answers = _answers(share, writer=writer, note="字\0" * 20000, secret="x" * 1000)
        late.post(reverse("report", args=[pk]), answers)

    kept = late.session["kept_words"]
    assert list(kept) == [str(pk) for pk in range(120 - KEPT_FORMS, 120)]
    assert {name: len(text) for name, text in kept["119"]["words"].items()} == {"percent": 2, "note": 8000}


def test_other_forms_keep_nothing(cast, late, share) -> None:
    late.post(reverse("move", args=[share.pk]), {"note": WORDS, "writer": writer_of(cast.reporter)})

    assert "kept_words" not in late.session


def test_words_for_a_share_that_is_not_theirs_any_more_are_shown_to_nobody(cast, late, share) -> None:
    late.post(_report(share), _answers(share, writer=writer_of(cast.reporter)))
    Assignment.objects.filter(pk=share.pk).update(department=cast.other_bureau)
    _sign_in(late)

    assert late.get(_report(share)).status_code == 404
    assert ReportDraft.objects.count() == 0
