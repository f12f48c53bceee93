"""Uploading a plan that a worker reads, watching it, and stopping it; what is refused before it is kept."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests import files
from tests.factories import Cast, make_import, make_plan
from tracker import clock
from tracker.actions.imports import cancel_import, read_import
from tracker.models import Plan, PlanImport

SAMPLES = Path(__file__).parent.parent / "samples"
TEXT = (SAMPLES / "sixth_plan.txt").read_text(encoding="utf-8")
# More than is read at once, nearly all of it blanks: reading it is quick all the same.
LARGE = TEXT.encode() + b"\n" * 1_100_000
KEY = "6f1b6a34-8f0f-4f6e-9a5c-2f6f1f1f1f1f"
Browser = Callable[[User | None], Client]
State = PlanImport.State


@pytest.fixture
def client(cast: Cast, browser: Browser) -> Client:
    return browser(cast.coordinator)


@pytest.fixture
def row(cast: Cast) -> PlanImport:
    return make_import(cast.coordinator, TEXT.encode(), name="方案.txt", created_at=clock.now())


def _upload(client: Client, content: bytes, name: str = "方案.txt", **data: Any) -> Any:
    return client.post(reverse("plan_import"), {"file": SimpleUploadedFile(name, content), **data})


def _page(client: Client, row: PlanImport, **headers: str) -> Any:
    return client.get(reverse("import_progress", args=[row.pk]), headers=headers)


def _kept() -> list[str]:
    return default_storage.listdir("imports")[1] if default_storage.exists("imports") else []


def test_large_file_waits_for_a_worker_and_then_leads_to_its_draft(
    client: Client, cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        response = _upload(client, LARGE)
    row = PlanImport.objects.get()
    assert response["Location"] == reverse("import_progress", args=[row.pk])
    assert len(callbacks) == 1
    assert not Plan.objects.exists()
    page = _page(client, row).content.decode()
    assert "等待读取" in page
    assert "方案.txt" in page
    assert 'hx-trigger="every 2s"' in page
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page

    read_import(row.pk, now=clock.now())

    plan = Plan.objects.get()
    assert _page(client, row)["Location"] == reverse("draft", args=[plan.pk])
    assert _page(client, row, HX_Request="true")["HX-Redirect"] == reverse("draft", args=[plan.pk])
    Plan.objects.filter(pk=plan.pk).update(status=Plan.Status.LIVE, confirmed_at=plan.created_at)
    assert _page(client, row)["Location"] == reverse("plan", args=[plan.pk])


@pytest.mark.parametrize("name", ["000_xinxiang.docx", "000_xinxiang.two.pdf", "unmarked.pdf"])
def test_word_and_pdf_wait_for_a_worker_too(client: Client, name: str) -> None:
    _upload(client, (SAMPLES / name).read_bytes(), name)
    row = PlanImport.objects.get()
    assert row.is_open

    assert read_import(row.pk, now=clock.now()) == State.DONE

    row.refresh_from_db()
    assert row.plan is not None
    assert row.plan.file_name == name
    assert row.plan.measures.exists()


@pytest.mark.parametrize(
    ("size", "at_once"), [(1024 * 1024, True), (1024 * 1024 + 1, False)], ids=["limit", "more"]
)
def test_what_is_quick_is_read_at_once(client: Client, size: int, at_once: bool) -> None:
    _upload(client, TEXT.encode().ljust(size, b"\n"))

    assert (Plan.objects.exists(), PlanImport.objects.exists()) == (at_once, not at_once)


def test_one_form_sent_twice_is_one_import(client: Client) -> None:
    first, second = (_upload(client, LARGE, form_key=KEY)["Location"] for _ in range(2))

    assert first == second
    assert PlanImport.objects.count() == len(_kept()) == 1


@pytest.mark.parametrize("key", ["", "0" * 5000, "a\0b", "not-a-key"])
def test_broken_form_key_is_no_error_of_the_server(client: Client, key: str) -> None:
    assert _upload(client, LARGE, form_key=key).status_code in (302, 400)


def test_without_a_broker_the_file_waits_for_the_sweep(
    client: Client, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def fail(**given: Any) -> None:
        raise ConnectionError("no Redis")

    monkeypatch.setattr("tracker.views.imports.read_plan.delay", fail)
    with django_capture_on_commit_callbacks(execute=True):
        response = _upload(client, LARGE)

    assert response.status_code == 302
    assert PlanImport.objects.get().state == State.WAITING


# Refused before it is kept


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("方案.txt", f"机密★1年\n{TEXT}".encode(), "标有“机密”", id="text"),
        pytest.param("方案.txt", b"\xef\xbb\xbf" + f"000001\n秘密★\n{TEXT}".encode(), "标有“秘密”", id="bom"),
        pytest.param("方案.txt", f"绝密\n{TEXT}".encode("utf-16"), "标有“绝密”", id="utf-16"),
        pytest.param("方案.txt", f"内部资料 注意保存\n{TEXT}".encode("gb18030"), "“内部”", id="gb18030"),
        pytest.param("方案.txt", "秘密★1年\n".encode() + LARGE, "标有“秘密”", id="for-a-worker"),
        pytest.param("方案.docx", files.docx(TEXT, header="内部资料"), "标有“内部”", id="docx-header"),
        pytest.param("方案.txt", files.docx(f"绝密★\n{TEXT}"), "标有“绝密”", id="docx-called-txt"),
        pytest.param("方案.pdf", (SAMPLES / "marked_head.pdf").read_bytes(), "标有“机密”", id="pdf"),
        pytest.param("方案.pdf", (SAMPLES / "marked_header.pdf").read_bytes(), "内部", id="pdf-header"),
        pytest.param(
            "页.html", f"<html><body><p>秘密★1年</p><p>{TEXT}</p></body></html>".encode(), "秘密", id="html"
        ),
    ],
)
def test_marked_file_is_refused_and_nothing_of_it_is_kept(
    client: Client, name: str, content: bytes, said: str
) -> None:
    response = _upload(client, content, name)

    assert response.status_code == 400
    page = response.content.decode()
    assert said in page
    assert "没有保存" in page
    assert "不得在本系统处理" in page
    assert not Plan.objects.exists()
    assert not PlanImport.objects.exists()
    assert _kept() == []


def test_marked_text_is_refused_when_pasted(client: Client) -> None:
    response = client.post(reverse("plan_import"), {"text": f"秘密★5年\r\n{TEXT}"})

    assert response.status_code == 400
    assert "标有“秘密”" in response.content.decode()
    assert not Plan.objects.exists()


def test_plan_that_speaks_of_secrets_is_taken(client: Client) -> None:
    text = TEXT.replace("\n", "\n严守国家秘密，加强内部审计。\n", 1)

    assert client.post(reverse("plan_import"), {"text": text}).status_code == 302
    assert Plan.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("方案.doc", files.ole("WordDocument"), "docx", id="doc"),
        pytest.param("方案.wps", files.ole("WordDocument"), "docx", id="wps"),
        pytest.param("方案.txt", files.XLSX, "Excel", id="sheet-called-txt"),
        pytest.param("方案.txt", files.ole("EncryptedPackage"), "加密", id="encrypted"),
        pytest.param("方案.txt", files.container("a.txt"), "压缩包", id="zip"),
        pytest.param("台账.xlsx", files.XLSX, "Excel", id="sheet"),
        pytest.param("方案", TEXT.encode(), "无扩展名", id="no-extension"),
        pytest.param("零.txt", b"\0" * 10_000_000, "5 MB", id="10-MB-of-nothing"),
        pytest.param("零.txt", b"\0" * 3_000_000, "", id="nothing"),
        pytest.param("方案.pdf", b"%PDF-1.7\n" + b"\0\xff" * 5_000_000, "损坏", id="10-MB-of-garbage"),
        pytest.param("方案.docx", b"PK\x03\x04" + b"\0\xff" * 5_000_000, "损坏", id="garbage-called-docx"),
        pytest.param("长.txt" * 100, b"", "空", id="long-name-and-empty"),
        pytest.param("大.html", b" " * (5 * 1024 * 1024 + 1), "5 MB", id="page-too-large"),
    ],
)
def test_what_cannot_be_read_is_not_even_kept(client: Client, name: str, content: bytes, said: str) -> None:
    response = _upload(client, content, name)

    assert response.status_code == 400
    assert said in response.content.decode()
    assert not PlanImport.objects.exists()
    assert _kept() == []


def test_as_many_files_as_a_region_may_have(client: Client, cast: Cast) -> None:
    for _ in range(20):
        make_import(cast.coordinator)

    response = _upload(client, LARGE)

    assert response.status_code == 400
    assert "已有 20 个文件在等待" in response.content.decode()
    assert PlanImport.objects.count() == 20


# The page


def test_waiting_long_says_whom_to_ask_and_looks_less_often(client: Client, row: PlanImport) -> None:
    def at(**age: int) -> str:
        PlanImport.objects.filter(pk=row.pk).update(created_at=clock.now() - timedelta(**age))
        return str(_page(client, row).content.decode())

    assert "IT 人员" not in at(seconds=1)
    assert "IT 人员" in at(seconds=30)
    assert 'hx-trigger="every 10s"' in at(minutes=5)
    page = at(hours=1)
    assert "hx-trigger" not in page
    assert "http-equiv" not in page
    assert "本页不再自动更新" in page


def test_reading_shows_step_and_pages(client: Client, row: PlanImport) -> None:
    fields = {"state": State.READING, "claimed_until": clock.now(), "attempts": 1}
    PlanImport.objects.filter(pk=row.pk).update(**fields)
    page = _page(client, row).content.decode()
    assert "读取文字" in page
    assert '<progress class="pages" aria-label' in page

    PlanImport.objects.filter(pk=row.pk).update(done=37, total=154)
    piece = _page(client, row, HX_Request="true").content.decode()
    assert 'max="154" value="37"' in piece
    assert "已读 37 页，共 154 页" in piece
    assert "<html" not in piece


def test_failure_is_said_in_words_with_a_way_on(client: Client, cast: Cast) -> None:
    row = make_import(cast.coordinator, b"\0\0\0", created_at=clock.now())
    read_import(row.pk, now=clock.now())
    row.refresh_from_db()

    page = _page(client, row).content.decode()
    assert row.reason
    assert row.reason in page
    assert "重新导入" in page
    assert "hx-trigger" not in page
    here = reverse("import_progress", args=[row.pk])
    assert _page(client, row, HX_Request="true")["HX-Redirect"] == here
    assert here in client.get(reverse("plan_import")).content.decode()


def test_reason_is_text_and_not_markup(client: Client, cast: Cast) -> None:
    row = make_import(
        cast.coordinator,
        name="<script>alert(1)</script>",
        state=State.FAILED,
        reason="<b>坏</b>",
        finished_at=clock.now(),
    )

    for page in (_page(client, row), client.get(reverse("plan_import"))):
        assert "<script>alert(1)" not in page.content.decode()
    assert "&lt;b&gt;坏" in _page(client, row).content.decode()


def test_cancelling_from_the_page(client: Client, row: PlanImport) -> None:
    response = client.post(reverse("import_cancel", args=[row.pk]), follow=True)

    assert "已取消导入“方案.txt”" in response.content.decode()
    row.refresh_from_db()
    assert row.state == State.CANCELLED
    assert "已取消" in _page(client, row).content.decode()
    again = client.post(reverse("import_cancel", args=[row.pk]), follow=True)
    assert "导入已经结束" in again.content.decode()


def test_cancelling_too_late_leads_to_the_draft(client: Client, row: PlanImport) -> None:
    read_import(row.pk, now=clock.now())

    response = client.post(reverse("import_cancel", args=[row.pk]), follow=True)

    assert "没有取消" in response.content.decode()
    assert response.redirect_chain[-1][0] == reverse("draft", args=[Plan.objects.get().pk])


def test_cancelling_by_get_only_leads_back(client: Client, row: PlanImport) -> None:
    response = client.get(reverse("import_cancel", args=[row.pk]))

    assert response["Location"] == reverse("import_progress", args=[row.pk])
    row.refresh_from_db()
    assert row.is_open


@pytest.mark.parametrize(
    "name",
    ["reporter", "head", "leader", "administrator", "foreign_coordinator", "county_coordinator", "foreigner"],
)
def test_nobody_else_sees_or_stops_an_import(
    cast: Cast, browser: Browser, row: PlanImport, name: str
) -> None:
    other = browser(getattr(cast, name))

    assert _page(other, row).status_code == 404
    assert other.post(reverse("import_cancel", args=[row.pk])).status_code == 404
    assert "方案.txt" not in other.get(reverse("plan_import")).content.decode()
    row.refresh_from_db()
    assert row.is_open


def test_list_beside_the_form_takes_the_same_queries_for_one_and_for_three(
    client: Client, cast: Cast, row: PlanImport, django_assert_num_queries: Any
) -> None:
    address = reverse("plan_import")
    client.get(address)
    with django_assert_num_queries(QUERIES):
        client.get(address)
    for name in ("二.txt", "三.txt"):
        make_import(cast.coordinator, name=name)
    cancel_import(make_import(cast.coordinator, name="取消的.txt").pk, now=clock.now())
    with django_assert_num_queries(QUERIES):
        page = client.get(address).content.decode()
    assert page.index("三.txt") < page.index("二.txt") < page.index("方案.txt")
    assert "取消的.txt" not in page


def test_progress_page_takes_few_queries_and_no_source(
    client: Client, cast: Cast, row: PlanImport, django_assert_num_queries: Any
) -> None:
    _page(client, row)
    with django_assert_num_queries(PAGE_QUERIES):
        _page(client, row)
    done = make_import(cast.coordinator, state=State.DONE, plan=make_plan(cast.city), finished_at=clock.now())
    with django_assert_num_queries(DONE_QUERIES):
        assert _page(client, done).status_code == 302


QUERIES, PAGE_QUERIES, DONE_QUERIES = 4, 4, 3
