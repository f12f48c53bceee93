"""Files on the pages: sent with a report, listed on the task, handed out to those who may read it."""

from io import BytesIO
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests import files
from tests.factories import NOW, Cast, make_assignment
from tracker.actions.work import report_progress
from tracker.filetypes import examine
from tracker.models import Assignment, Evidence, ProgressReport
from tracker.workflow import Role

KEY = UUID("6f1b6a34-8f0f-4f6e-9a5c-2f6f1f1f1f1f")
OTHER_KEY = UUID("6f1b6a34-8f0f-4f6e-9a5c-3f6f1f1f1f1f")


@pytest.fixture
def share(cast: Cast) -> Assignment:
    return make_assignment(cast.bureau, plan=cast.plan)


@pytest.fixture
def send(cast, browser, share):
    """Send the progress form with these files as the reporter."""
    client = browser(cast.reporter)

    def post(*sent: tuple[str, bytes], key: UUID = KEY, version: int = 1):
        answers = {"percent": "60", "note": "见照片", "form_key": str(key), "version": str(version)}
        uploads = [SimpleUploadedFile(name, content) for name, content in sent]
        return client.post(reverse("report", args=[share.pk]), {**answers, "evidence": uploads}, follow=True)

    return post


def _kept(share: Assignment, by, content: bytes, name: str) -> Evidence:
    upload = examine(BytesIO(content), name=name, size=len(content))
    report = report_progress(
        share.pk, percent=10, note="进展", form_key=KEY, by=by, now=NOW, uploads=[upload]
    )
    return report.evidence.get()


def test_files_are_sent_with_a_report_and_listed_on_the_task(send, share) -> None:
    page = send(("现场照片.png", files.PNG), ("验收单.pdf", files.PDF)).content.decode()

    assert [row.name for row in Evidence.objects.order_by("pk")] == ["现场照片.png", "验收单.pdf"]
    for row in Evidence.objects.all():
        assert f'href="{reverse("evidence", args=[row.pk])}"' in page
        assert row.name in page


def test_each_bad_file_is_named_and_nothing_is_kept(send, settings) -> None:
    page = send(
        ("好.png", files.PNG), ("坏.png", files.SVG), ("包.zip", files.container("a"))
    ).content.decode()

    assert '<a href="#id_evidence">坏.png：不是可以上传的类型。' in page
    assert '<a href="#id_evidence">包.zip：压缩包请解开' in page
    assert "请重新选择" in page
    assert "见照片" in page
    assert (ProgressReport.objects.count(), Evidence.objects.count()) == (0, 0)
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_too_many_and_too_large_are_refused(send, settings) -> None:
    settings.EVIDENCE_FILES_PER_REPORT = 2
    settings.EVIDENCE_FILE_LIMIT = 1024 * 1024

    many = send(*[(f"{n}.png", files.PNG) for n in range(3)]).content.decode()
    large = send(("大.pdf", files.PDF + bytes(1024 * 1024))).content.decode()
    empty = send(("空.pdf", b"")).content.decode()

    assert "一次最多上传 2 个文件，现有 3 个" in many
    assert "大.pdf：超过 1 MB。" in large
    assert "文件是空的" in empty
    assert ProgressReport.objects.count() == 0


def test_file_that_was_there_before_is_said(send, share) -> None:
    send(("照片.png", files.PNG))
    page = send(("又一张.png", files.PNG), key=OTHER_KEY, version=2).content.decode()

    assert "“又一张.png”与 2024-10-21 填报时上传的文件相同。" in page
    assert "与 2024-10-21 上传的相同" in page


def test_image_is_shown_and_everything_else_is_downloaded(cast, browser, share) -> None:
    other = make_assignment(cast.other_bureau, task=share.task)
    image = _kept(share, cast.reporter, files.PNG, "现场.php")
    report_progress(
        other.pk,
        percent=1,
        note="x",
        form_key=OTHER_KEY,
        by=cast.outsider,
        now=NOW,
        uploads=[examine(BytesIO(files.PDF), name="单.pdf", size=9)],
    )
    client = browser(cast.coordinator)

    shown = client.get(reverse("evidence", args=[image.pk]))
    saved = client.get(reverse("evidence", args=[Evidence.objects.get(kind="pdf").pk]))

    assert shown["Content-Type"] == "image/png"
    assert shown["Content-Disposition"] == f"inline; filename*=utf-8''{quote('现场.php.png')}"
    assert saved["Content-Disposition"].startswith("attachment;")
    assert b"".join(shown.streaming_content) == files.PNG
    for response in (shown, saved):
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("reporter", 200),
        ("colleague", 200),
        ("head", 200),
        ("coordinator", 200),
        ("leader", 200),
        ("administrator", 200),
        ("outsider", 404),
        ("county_reporter", 404),
        ("foreigner", 404),
        ("foreign_coordinator", 404),
        ("county_coordinator", 404),
        ("foreign_leader", 404),
    ],
)
def test_file_is_handed_out_to_those_who_read_its_report(cast, browser, share, person, status) -> None:
    make_assignment(cast.other_bureau, task=share.task, role=Role.SUPPORT)
    kept = _kept(share, cast.reporter, files.PNG, "a.png")

    assert browser(getattr(cast, person)).get(reverse("evidence", args=[kept.pk])).status_code == status


def test_nobody_signed_out_gets_a_file_by_any_address(cast, browser, share) -> None:
    kept = _kept(share, cast.reporter, files.PNG, "a.png")
    client = browser(None)

    assert client.get(reverse("evidence", args=[kept.pk])).status_code == 302
    for folder in ("media", "var", "var/evidence", "evidence", "static"):
        assert client.get(f"/{folder}/{kept.file.name}").status_code in (302, 404)


def test_file_missing_from_the_disk_is_a_404(cast, browser, share, settings) -> None:
    kept = _kept(share, cast.reporter, files.PNG, "a.png")
    Path(kept.file.path).unlink()

    assert browser(cast.reporter).get(reverse("evidence", args=[kept.pk])).status_code == 404


def test_withdrawn_report_is_marked_and_its_file_stays(cast, browser, share) -> None:
    kept = _kept(share, cast.reporter, files.PNG, "a.png")
    client, url = browser(cast.reporter), reverse("report_withdraw", args=[kept.report_id])
    task = reverse("task", args=[share.task_id])

    offered = client.get(task).content.decode()
    form = client.get(url).content.decode()
    asked = client.post(url, {"reason": " "}).content.decode()
    done = client.post(url, {"reason": "填错任务"}, follow=True).content.decode()
    again = client.get(url, follow=True).content.decode()

    assert url in offered
    assert "a.png" in form
    assert '<a href="#id_reason">请写明撤回的理由' in asked
    for words in ("已撤回填报", "已撤回", "填错任务", "撤回填报"):
        assert words in done
    assert url not in done
    assert "不能撤回" in again
    assert client.get(reverse("evidence", args=[kept.pk])).status_code == 200


@pytest.mark.parametrize("person", ["outsider", "foreigner", "coordinator", "leader", "administrator"])
def test_nobody_else_opens_the_page_for_withdrawing(cast, browser, share, person) -> None:
    kept = _kept(share, cast.reporter, files.PNG, "a.png")
    client, url = browser(getattr(cast, person)), reverse("report_withdraw", args=[kept.report_id])

    assert client.get(url).status_code == 404
    assert client.post(url, {"reason": "理由"}).status_code == 404
    assert not ProgressReport.objects.get().is_withdrawn


@pytest.mark.parametrize("count", [1, 3])
def test_number_of_queries_does_not_grow_with_files(
    cast, browser, share, count, django_assert_num_queries
) -> None:
    uploads = [
        examine(BytesIO(files.PDF + bytes(n)), name=f"{n}.pdf", size=len(files.PDF) + n) for n in range(count)
    ]
    report_progress(share.pk, percent=1, note="x", form_key=KEY, by=cast.reporter, now=NOW, uploads=uploads)
    client = browser(cast.leader)

    with django_assert_num_queries(13):
        client.get(reverse("task", args=[share.task_id]))
