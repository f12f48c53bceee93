"""Pages of letters to units: choosing, previewing, issuing, the register, printing again."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from tests.factories import TODAY, make_assignment
from tracker.models import Assignment, Letter

LATE = TODAY - timedelta(days=21)


def _at(unit, query: str = "") -> str:
    return reverse("letter_write", args=[unit.pk]) + query


def _sent(response: Any, **changed: Any) -> dict[str, Any]:
    """The form as the page shows it, with what is changed in it."""
    form = response.context["form"]
    rows = [row.pk for row, is_chosen in response.context["items"] if is_chosen]
    shown = {name: form[name].value() or "" for name in form.fields}
    page = {"paper": response.context["paper"].value, "days": response.context["days"], "assignment": rows}
    return shown | page | {"do": "preview"} | changed


def _issued(client: Any, unit: Any, **changed: Any) -> Letter:
    preview = client.post(_at(unit), _sent(client.get(_at(unit)), **changed))
    client.post(_at(unit), _sent(preview, do="issue"))
    return Letter.objects.latest("pk")


def test_preview_says_what_the_letter_will_say(cast, browser) -> None:
    late = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    left_out = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY)
    client = browser(cast.coordinator)

    page = client.get(_at(cast.bureau))
    assert [row for row, _ in page.context["items"]] == [late, left_out]
    preview = client.post(_at(cast.bureau), _sent(page, assignment=[late.pk], note="请抓紧"))
    assert Letter.objects.count() == 0
    words = preview.context["preview"]
    response = client.post(_at(cast.bureau), _sent(preview, do="issue"))

    letter = Letter.objects.get()
    assert response.url == reverse("letter", args=[letter.pk])
    assert letter.data == words | {"number": "新乡督〔2024〕1号"}
    assert letter.shares == [late.pk]
    page = client.get(response.url).content.decode()
    assert "新乡督〔2024〕1号" in page
    assert "请抓紧" in page


def test_items_of_a_letter_are_those_of_the_overdue_list(cast, browser) -> None:
    for days in range(1, 6):
        make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY - timedelta(days=days))
    make_assignment(cast.other_bureau, plan=cast.plan, due_date=LATE)
    client = browser(cast.coordinator)

    [group] = [
        group
        for group in client.get(reverse("overdue")).context["groups"]
        if group.line.department == cast.bureau.pk
    ]
    letter = _issued(client, cast.bureau)

    assert letter.shares == [row.pk for row in group.rows]


def test_what_changed_after_the_preview_is_shown_again_with_what_was_typed(cast, browser) -> None:
    late = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    client = browser(cast.coordinator)
    preview = client.post(_at(cast.bureau), _sent(client.get(_at(cast.bureau)), note="请抓紧"))
    Assignment.objects.filter(pk=late.pk).update(percent=90)

    again = client.post(_at(cast.bureau), _sent(preview, do="issue"))

    page = again.content.decode()
    assert "预览之后清单或者填写的内容有变化" in page
    assert "请抓紧" in page
    assert again.context["preview"]["items"][0]["percent"] == "90%"
    assert client.post(_at(cast.bureau), _sent(again, do="issue")).status_code == 302


def test_issuing_without_a_preview_shows_one(cast, browser) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    client = browser(cast.coordinator)

    response = client.post(_at(cast.bureau), _sent(client.get(_at(cast.bureau)), do="issue"))

    assert response.status_code == 200
    assert response.context["preview"]
    assert not Letter.objects.exists()


def test_double_click_issues_once(cast, browser) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    client = browser(cast.coordinator)
    preview = client.post(_at(cast.bureau), _sent(client.get(_at(cast.bureau))))

    answers = [client.post(_at(cast.bureau), _sent(preview, do="issue")).url for _ in range(2)]

    assert Letter.objects.count() == 1
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "changed",
    [
        {"assignment": ["9" * 30]},
        {"assignment": ["x"]},
        {"assignment": []},
        {"form_key": "x"},
        {"reply_by": "9999-99-99"},
        {"note": "长" * 501},
        {"note": "a\0b"},
        {"paper": "BULLETIN"},
        {"days": "100000"},
        {"shown": "x" * 100},
        {"do": "nonsense"},
    ],
)
def test_crafted_forms_issue_nothing(cast, browser, changed) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    client = browser(cast.coordinator)

    response = client.post(_at(cast.bureau), _sent(client.get(_at(cast.bureau)), do="issue") | changed)

    assert response.status_code in (200, 400)
    assert not Letter.objects.exists()


def test_unit_reads_its_own_letters_only(cast, browser) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    make_assignment(cast.other_bureau, plan=cast.plan, due_date=LATE)
    client = browser(cast.coordinator)
    ours, theirs = _issued(client, cast.bureau), _issued(client, cast.other_bureau)
    reporter = browser(cast.reporter)

    assert list(reporter.get(reverse("letters")).context["page"]) == [ours]
    assert list(reporter.get(reverse("unit", args=[cast.bureau.pk])).context["letters"]) == [ours]
    assert reporter.get(reverse("letter", args=[theirs.pk])).status_code == 404
    assert reporter.get(reverse("letter_file", args=[theirs.pk])).status_code == 404
    assert list(browser(cast.leader).get(reverse("letters")).context["page"]) == [theirs, ours]
    assert list(browser(cast.foreign_leader).get(reverse("letters")).context["page"]) == []


def test_printing_again_hands_out_the_same_bytes(cast, browser) -> None:
    late = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    client = browser(cast.coordinator)
    letter = _issued(client, cast.bureau)
    address = reverse("letter_file", args=[letter.pk])

    first = b"".join(client.get(address).streaming_content)
    Assignment.objects.filter(pk=late.pk).update(status="SUSPENDED", percent=99)
    cast.bureau.name = "改名局"
    cast.bureau.save()
    client.post(reverse("letter_withdraw", args=[letter.pk]), {"reason": "发错单位"})
    again = client.get(address)

    assert b"".join(again.streaming_content) == first
    assert again["Content-Disposition"].startswith("attachment")
    page = browser(cast.reporter).get(reverse("letter", args=[letter.pk])).content.decode()
    assert "撤回" in page
    assert "发错单位" in page


def test_task_page_tells_of_the_letter_to_those_who_may_read_it(cast, browser) -> None:
    late = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    make_assignment(cast.other_bureau, task=late.task, due_date=LATE)
    letter = _issued(browser(cast.coordinator), cast.bureau)
    link = reverse("letter", args=[letter.pk])

    def page(who: str) -> str:
        answer = browser(getattr(cast, who)).get(reverse("task", args=[late.task_id]))
        return str(answer.content.decode())

    assert link in page("reporter")
    assert link in page("leader")
    assert link not in page("outsider")
    assert letter.number not in page("outsider")


def test_text_of_a_task_is_text_and_nothing_else(cast, browser) -> None:
    hostile = "<script>alert(1)</script> & {{ items }} {% raw %} </w:t> \x01"
    make_assignment(cast.bureau, plan=cast.plan, due_date=LATE, text=hostile)
    letter = _issued(browser(cast.coordinator), cast.bureau)

    page = browser(cast.reporter).get(reverse("letter", args=[letter.pk])).content.decode()

    assert "<script>alert" not in page
    assert "{{ items }}" in page


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow(cast, browser, django_assert_num_queries, count) -> None:
    for _ in range(count):
        make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
        Letter.objects.create(
            region=cast.city,
            department=cast.bureau,
            paper="NOTICE",
            year=2024,
            serial=Letter.objects.count() + 1,
            number="新乡提〔2024〕1号",
            day=TODAY,
            data={"items": []},
            kind="docx",
            size=1,
            issued_at="2024-10-21T01:00:00Z",
            issued_by=cast.coordinator,
            form_key=uuid4(),
        )
    client = browser(cast.coordinator)
    client.get(reverse("letters"))
    with django_assert_num_queries(5):
        client.get(reverse("letters"))
    with django_assert_num_queries(7):
        client.get(_at(cast.bureau))
