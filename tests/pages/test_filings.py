"""Filed documents on the pages: asked for, handed in, read by those who may, and taken all at once."""

from datetime import timedelta
from io import BytesIO
from uuid import uuid4
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import Department, User
from tests import files
from tests.factories import NOW, TODAY, Cast, make_assignment, make_department, make_task, make_user
from tracker.actions.filings import ask_filing, cancel_filing, file_document
from tracker.filetypes import examine
from tracker.models import Assignment, Filing, FilingRequest, Task
from tracker.workflow import Status

KEY = "6f1b6a34-8f0f-4f6e-9a5c-2f6f1f1f1f1f"


@pytest.fixture
def task(cast: Cast) -> Task:
    task = make_task(cast.plan, due_date=TODAY + timedelta(days=30))
    make_assignment(cast.bureau, task=task)
    make_assignment(cast.other_bureau, task=task)
    return task


@pytest.fixture
def asked(cast: Cast, task: Task) -> FilingRequest:
    return ask_filing(
        task.pk,
        title="本单位实施方案",
        due_date=TODAY,
        via=None,
        form_key=uuid4(),
        by=cast.coordinator,
        now=NOW,
    )


def _file(asked: FilingRequest, by: User, content: bytes = files.PDF, name: str = "方案.pdf") -> Filing:
    upload = examine(BytesIO(content), name=name, size=len(content))
    return file_document(asked.pk, file=upload, form_key=uuid4(), by=by, now=NOW)


def _answers(content: bytes = files.PDF, name: str = "方案.pdf", key: str = KEY):
    return {"file": SimpleUploadedFile(name, content), "form_key": key}


def test_coordinator_asks_from_the_task_page(cast, browser, task) -> None:
    client, url = browser(cast.coordinator), reverse("filing_ask", args=[task.pk])

    offered = client.get(reverse("task", args=[task.pk])).content.decode()
    form = client.get(url).content.decode()
    answers = {"title": "实施方案", "due_date": "2024-11-30", "via": "", "form_key": KEY}
    done = client.post(url, answers, follow=True).content.decode()
    client.post(url, answers)

    assert url in offered
    assert 'name="title"' in form
    for words in ("已要求报送备案材料", "实施方案", "2024-11-30", "应报 <strong>2</strong> 个单位", "未报送"):
        assert words in done
    assert FilingRequest.objects.count() == 1
    page = client.get(reverse("task", args=[task.pk])).content.decode()
    assert "已备案 <strong>0</strong>/2" in page


def test_collective_with_most_units_is_suggested(cast, browser, task) -> None:
    collective = make_department(cast.city, "各县（市、区）政府", kind=Department.Kind.COLLECTIVE)
    other = make_department(cast.city, "管委会", kind=Department.Kind.COLLECTIVE)
    for number, via in enumerate([collective, collective, collective, other]):
        make_assignment(make_department(cast.city, f"县{number}"), task=task, via=via)
    client, url = browser(cast.coordinator), reverse("filing_ask", args=[task.pk])

    form = client.get(url).context["form"]
    client.post(url, {"title": "实施方案", "via": collective.pk, "form_key": KEY})

    assert form.initial["via"] == collective.pk
    assert list(form.fields["via"].queryset) == [collective, other]
    assert FilingRequest.objects.get().asked.count() == 3


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"title": ""}, "id_title", "请写明材料名称"),
        ({"title": "长" * 101}, "id_title", "材料名称最多 100 字"),
        ({"due_date": "明天"}, "id_due_date", "日期请写成"),
        ({"via": "999999"}, "id_via", "这项任务没有派给这个统称"),
        ({"via": "x" * 50}, "id_via", "这项任务没有派给这个统称"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(cast, browser, task, changed, field, message) -> None:
    answers = {"title": "实施方案", "due_date": "", "via": "", "form_key": KEY} | changed
    page = browser(cast.coordinator).post(reverse("filing_ask", args=[task.pk]), answers).content.decode()
    assert f'<a href="#{field}">{message}' in page
    assert FilingRequest.objects.count() == 0


@pytest.mark.parametrize(
    "changed", [{"title": "a\x00b"}, {"form_key": "x"}, {"due_date": "0001-01-01"}, {"via": "9" * 40}]
)
def test_crafted_request_asks_for_nothing(cast, browser, task, changed) -> None:
    answers = {"title": "实施方案", "due_date": "", "via": "", "form_key": KEY} | changed
    response = browser(cast.coordinator).post(reverse("filing_ask", args=[task.pk]), answers)
    assert (response.status_code, FilingRequest.objects.count()) == (200, 0)


def test_closed_task_is_told_so(cast, browser, task) -> None:
    task.closed_at = NOW
    task.save()
    client, url = browser(cast.coordinator), reverse("filing_ask", args=[task.pk])
    assert "不能再要求备案" in client.get(url, follow=True).content.decode()
    refused = client.post(url, {"title": "实施方案", "form_key": KEY}).content.decode()
    assert "不能要求备案" in refused
    assert 'value="实施方案"' in refused
    assert url not in client.get(reverse("task", args=[task.pk])).content.decode()


def test_unit_finds_what_it_owes_and_hands_it_in(cast, browser, asked) -> None:
    client, url = browser(cast.reporter), reverse("filing", args=[asked.pk])

    owed = client.get(reverse("my_work")).content.decode()
    form = client.get(url).content.decode()
    done = client.post(url, _answers(), follow=True).content.decode()
    client.post(url, _answers(files.PNG))

    assert url in owed
    assert "本单位实施方案" in owed
    assert 'type="file"' in form
    assert "已报送备案" in done
    assert "方案.pdf" in done
    assert Filing.objects.count() == 1
    assert url not in client.get(reverse("my_work")).content.decode()
    assert url in browser(cast.outsider).get(reverse("my_work")).content.decode()


def test_list_of_what_is_owed_is_bounded(cast, browser, task) -> None:
    for _ in range(2):
        task = make_task(cast.plan)
        make_assignment(cast.bureau, task=task)
        for number in range(6):
            ask_filing(
                task.pk,
                title=f"材料{number}",
                due_date=None,
                via=None,
                form_key=uuid4(),
                by=cast.coordinator,
                now=NOW,
            )
    response = browser(cast.reporter).get(reverse("my_work"))
    assert len(response.context["filings_due"]) == 10
    assert "只列出最急的几件" in response.content.decode()


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({}, "请选择文件"),
        ({"file": ""}, "请选择文件"),
        ({"file": SimpleUploadedFile("空.pdf", b"")}, "文件是空的"),
        ({"file": SimpleUploadedFile("x.pdf", files.HTML)}, "x.pdf：不是可以上传的类型。"),
        ({"file": SimpleUploadedFile("包.zip", files.container("a"))}, "包.zip：压缩包请解开"),
    ],
)
def test_bad_file_is_named_and_nothing_is_kept(cast, browser, asked, sent, message) -> None:
    for file in sent.values():
        if file:
            file.seek(0)
    response = browser(cast.reporter).post(reverse("filing", args=[asked.pk]), {"form_key": KEY, **sent})
    assert f'<a href="#id_file">{message}' in response.content.decode()
    assert Filing.objects.count() == 0


def test_too_large_and_crafted_are_refused(cast, browser, asked, settings) -> None:
    settings.EVIDENCE_FILE_LIMIT = 1024 * 1024
    client, url = browser(cast.reporter), reverse("filing", args=[asked.pk])
    large = client.post(url, _answers(files.PDF + bytes(1024 * 1024))).content.decode()
    no_key = client.post(url, _answers(key="x"))
    assert "方案.pdf：超过 1 MB。" in large
    assert (no_key.status_code, Filing.objects.count()) == (200, 0)


def test_the_same_file_again_is_said(cast, browser, asked) -> None:
    _file(asked, cast.colleague, name="李娜报的.pdf")
    page = browser(cast.reporter).post(reverse("filing", args=[asked.pk]), _answers()).content.decode()
    assert "与 2024-10-21 报送的“李娜报的.pdf”内容相同" in page


def test_newest_is_shown_and_older_ones_stay_readable(cast, browser, asked) -> None:
    first = _file(asked, cast.reporter, name="初稿.pdf")
    second = _file(asked, cast.reporter, files.PNG, name="定稿.png")
    client = browser(cast.coordinator)
    response = client.get(reverse("filing", args=[asked.pk]))
    page = response.content.decode()

    assert "应报 <strong>2</strong> 个单位，已备案 <strong>1</strong> 个" in page
    assert "以前报送的 1 份" in page
    for row in (first, second):
        assert reverse("filed_file", args=[row.pk]) in page
        assert client.get(reverse("filed_file", args=[row.pk])).status_code == 200
    assert page.index("定稿.png") < page.index("初稿.pdf")


def test_unit_sees_only_its_own_line(cast, browser, asked) -> None:
    _file(asked, cast.outsider, name="工信局方案.pdf")
    response = browser(cast.reporter).get(reverse("filing", args=[asked.pk]))
    page = response.content.decode()
    [line] = response.context["lines"]
    assert line.assignment.department == cast.bureau
    for words in ("工信局方案.pdf", "市工业和信息化局", "下载全部", "取消要求"):
        assert words not in page
    history = browser(cast.reporter).get(reverse("task", args=[asked.task_id])).content.decode()
    assert "工信局方案.pdf" not in history


def test_deadline_that_passed_is_red(cast, browser, asked, settings) -> None:
    settings.DUBAN_TODAY = TODAY + timedelta(days=1)
    _file(asked, cast.reporter)
    client = browser(cast.leader)
    assert "逾期未报" in client.get(reverse("filing", args=[asked.pk])).content.decode()
    settings.DUBAN_TODAY = TODAY
    assert "逾期未报" not in client.get(reverse("filing", args=[asked.pk])).content.decode()


def test_coordinator_cancels_with_a_reason(cast, browser, asked) -> None:
    kept = _file(asked, cast.reporter)
    client, url = browser(cast.coordinator), reverse("filing_cancel", args=[asked.pk])
    page = reverse("filing", args=[asked.pk])

    assert url in client.get(page).content.decode()
    assert '<a href="#id_reason">请写明取消的理由' in client.post(url, {"reason": " "}).content.decode()
    done = client.post(url, {"reason": "改由线上报送"}, follow=True).content.decode()
    again = client.post(url, {"reason": "再取消"}).content.decode()

    for words in ("已取消这项备案要求", "改由线上报送", "已取消"):
        assert words in done
    assert url not in done
    assert "已经取消" in again
    assert "已经取消" in client.get(url, follow=True).content.decode()
    unit = browser(cast.outsider)
    assert 'type="file"' not in unit.get(page).content.decode()
    assert "已不再要求报送" in unit.post(page, _answers()).content.decode()
    assert page not in unit.get(reverse("my_work")).content.decode()
    assert client.get(reverse("filed_file", args=[kept.pk])).status_code == 200


def test_archive_holds_each_newest_file_once(cast, browser, asked) -> None:
    _file(asked, cast.reporter, name="初稿.pdf")
    _file(asked, cast.reporter, files.PDF + b"2", name="方案.pdf")
    _file(asked, cast.outsider, files.PDF + b"3", name="方案.pdf")
    client = browser(cast.coordinator)

    response = client.get(reverse("filing_download", args=[asked.pk]))

    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"].startswith("attachment;")
    assert "no-store" in response["Cache-Control"]
    with ZipFile(BytesIO(b"".join(response.streaming_content))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "市工业和信息化局_方案.pdf": files.PDF + b"3",
            "市生态环境局_方案.pdf": files.PDF + b"2",
        }


def test_archive_of_a_hundred_units(cast, browser, asked) -> None:
    task = asked.task
    for number in range(100):
        unit = make_department(cast.city, f"县{number:03}")
        person = make_user(f"r{number}", User.Role.REPORTER, department=unit)
        make_assignment(unit, task=task)
        _file(asked, person, files.PDF + str(number).encode())
    client = browser(cast.leader)
    response = client.get(reverse("filing_download", args=[asked.pk]))
    with ZipFile(BytesIO(b"".join(response.streaming_content))) as archive:
        assert len(set(archive.namelist())) == 100
        assert archive.read("县042_方案.pdf") == files.PDF + b"42"


def test_archive_without_files_opens(cast, browser, asked) -> None:
    client = browser(cast.coordinator)
    response = client.get(reverse("filing_download", args=[asked.pk]))
    with ZipFile(BytesIO(b"".join(response.streaming_content))) as archive:
        assert archive.namelist() == []
    assert "下载全部" not in client.get(reverse("filing", args=[asked.pk])).content.decode()


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ("reporter", (200, 200, 404)),
        ("head", (200, 200, 404)),
        ("outsider", (200, 404, 404)),
        ("coordinator", (200, 200, 200)),
        ("leader", (200, 200, 200)),
        ("administrator", (200, 200, 200)),
        ("county_reporter", (404, 404, 404)),
        ("foreigner", (404, 404, 404)),
        ("county_coordinator", (404, 404, 404)),
        ("foreign_coordinator", (404, 404, 404)),
        ("foreign_leader", (404, 404, 404)),
    ],
)
def test_who_opens_page_file_and_archive(cast, browser, asked, person, expected) -> None:
    kept = _file(asked, cast.reporter)
    client = browser(getattr(cast, person))
    names = [("filing", asked.pk), ("filed_file", kept.pk), ("filing_download", asked.pk)]
    assert tuple(client.get(reverse(name, args=[pk])).status_code for name, pk in names) == expected
    if person != "coordinator":
        for name, pk in (("filing_cancel", asked.pk), ("filing_ask", asked.task_id)):
            assert client.get(reverse(name, args=[pk])).status_code == 404
            assert client.post(reverse(name, args=[pk]), {"reason": "x"}).status_code == 404
    if person in ("coordinator", "leader", "administrator"):
        assert client.post(reverse("filing", args=[asked.pk]), _answers()).status_code == 404


def test_file_is_handed_out_as_evidence_is(cast, browser, asked) -> None:
    kept = _file(asked, cast.reporter)
    response = browser(cast.coordinator).get(reverse("filed_file", args=[kept.pk]))
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert b"".join(response.streaming_content) == files.PDF


def test_late_member_owes_the_document_too(cast, browser, asked) -> None:
    """Whoever gets a share after the document was asked for is asked as well."""
    make_assignment(make_department(cast.city, "市林业局"), task=asked.task, status=Status.PENDING)
    page = browser(cast.leader).get(reverse("filing", args=[asked.pk])).content.decode()
    assert "应报 <strong>3</strong> 个单位" in page


def test_cancelled_request_is_marked_on_the_task(cast, browser, asked) -> None:
    cancel_filing(asked.pk, reason="不用了", by=cast.coordinator, now=NOW)
    page = browser(cast.leader).get(reverse("task", args=[asked.task_id])).content.decode()
    assert "已取消" in page


@pytest.mark.parametrize("count", [1, 3])
def test_number_of_queries_does_not_grow(cast, browser, count, django_assert_num_queries) -> None:
    task = make_task(cast.plan)
    people = [cast.reporter, cast.outsider, cast.county_reporter][:count]
    for person in people:
        assert person.department
        make_assignment(person.department, task=task)
    for number in range(count):
        asked = ask_filing(
            task.pk,
            title=f"材料{number}",
            due_date=None,
            via=None,
            form_key=uuid4(),
            by=cast.coordinator,
            now=NOW,
        )
        for person in people:
            _file(asked, person, files.PDF)
            _file(asked, person, files.PNG)
    assert Assignment.objects.count() == count
    client = browser(cast.leader)

    with django_assert_num_queries(6):
        client.get(reverse("filing", args=[asked.pk]))
    with django_assert_num_queries(13):
        client.get(reverse("task", args=[task.pk]))
    with django_assert_num_queries(5):
        client.get(reverse("filing_download", args=[asked.pk]))
