"""Pages of papers that are not letters: the month's 通报, the task card, and the templates of them all."""

from datetime import date, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import AuditEvent
from tests.factories import NOW, TODAY, make_assignment, make_region
from tracker.actions.nodes import Planned, set_nodes
from tracker.actions.orders import instruct
from tracker.actions.work import report_progress
from tracker.models import Letter, PaperTemplate
from tracker.papers.kinds import Paper
from tracker.papers.sample import sample_data
from tracker.papers.templates import default_template, text_of

LATE = TODAY - timedelta(days=21)


def _ours(old: str = "", new: str = "", *, paper: str = Paper.SUPERVISION) -> bytes:
    """Our template with some words replaced."""
    made = BytesIO()
    with ZipFile(BytesIO(default_template(paper))) as archive, ZipFile(made, "w") as changed:
        for name in archive.namelist():
            content = archive.read(name)
            changed.writestr(name, content.replace(old.encode(), new.encode()) if old else content)
    return made.getvalue()


def _at(region: Any, paper: str = "supervision") -> str:
    return reverse("paper_template", args=[paper, region.pk if region else 0])


def _send(client: Any, region: Any, content: bytes, *, do: str = "save", version: int = 0) -> Any:
    upload = SimpleUploadedFile("督办单模板.docx", content)
    return client.post(_at(region), {"do": do, "version": version, "file": upload})


def _store(cast: Any, region: Any, content: bytes, **fields: Any) -> PaperTemplate:
    return PaperTemplate.objects.create(
        region=region,
        paper=fields.pop("paper", Paper.SUPERVISION),
        name="旧模板.docx",
        content=content,
        sha256="0" * 64,
        updated_at=NOW,
        updated_by=cast.administrator,
    )


def _letter(client: Any, unit: Any) -> Letter:
    address = reverse("letter_write", args=[unit.pk])
    form: dict[str, Any] = {"paper": "SUPERVISION", "days": "7", "form_key": str(uuid4())}
    form["assignment"] = [row.pk for row, _ in client.get(address).context["items"]]
    preview = client.post(address, form | {"do": "preview"})
    client.post(address, form | {"do": "issue", "shown": preview.context["form"].data["shown"]})
    return Letter.objects.latest("pk")


def _words(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return text_of(content)


def test_saved_template_makes_the_regions_letters_and_is_audited(cast, browser) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    admin = browser(cast.administrator)

    assert _send(admin, cast.city, _ours("现予督办", "现严肃督办")).status_code == 302
    letter = _letter(browser(cast.coordinator), cast.bureau)

    with letter.file.open("rb") as file:
        assert "现严肃督办" in text_of(file.read())
    assert letter.made_with.startswith("督办单模板.docx（")
    event = AuditEvent.objects.get(kind="PAPER_CHANGED")
    assert (event.region, event.actor) == (cast.city, cast.administrator)
    [(_label, (before, after))] = event.detail.items()
    assert (before, after[:9]) == ("", "督办单模板.docx"[:9])


def test_nearest_template_holds(cast) -> None:
    everywhere = _store(cast, None, b"a")
    own = _store(cast, cast.city, b"b")
    _store(cast, cast.city, b"c", paper=Paper.NOTICE)

    holding = PaperTemplate.objects.holding_for
    assert holding(cast.city, Paper.SUPERVISION) == own
    assert holding(cast.foreign, Paper.SUPERVISION) == everywhere
    assert holding(cast.foreign, Paper.NOTICE) is None


def test_broken_template_is_refused_with_the_reason(cast, browser) -> None:
    response = _send(browser(cast.administrator), cast.city, _ours("{{ unit }}", "{{ uint }}"))

    assert "uint" in response.content.decode()
    assert not PaperTemplate.objects.exists()


def test_trying_hands_out_a_sample_and_keeps_nothing(cast, browser) -> None:
    response = _send(browser(cast.administrator), cast.city, _ours("现予督办", "现严肃督办"), do="try")

    assert "现严肃督办" in _words(response)
    assert not PaperTemplate.objects.exists()


def test_the_second_of_two_at_once_is_told(cast, browser) -> None:
    first, second = browser(cast.administrator), browser(cast.administrator)

    other = _ours("现予督办", "乙")

    assert _send(first, None, _ours("现予督办", "甲")).status_code == 302
    response = _send(second, None, other)

    assert "换上了" in response.content.decode()
    assert "甲" in text_of(bytes(PaperTemplate.objects.get().content))
    assert _send(second, None, other, version=1).status_code == 302
    assert PaperTemplate.objects.get().version == 2
    assert _send(second, None, other, version=1).status_code == 302  # a double click
    assert PaperTemplate.objects.get().version == 2


def test_back_to_default(cast, browser) -> None:
    admin = browser(cast.administrator)
    _send(admin, cast.city, _ours("现予督办", "甲"))

    admin.post(_at(cast.city), {"do": "reset", "version": 7})
    assert PaperTemplate.objects.count() == 1
    admin.post(_at(cast.city), {"do": "reset", "version": 1})

    assert PaperTemplate.objects.count() == 0
    assert AuditEvent.objects.filter(kind="PAPER_CHANGED").count() == 2


def test_stored_template_that_fails_gives_way_to_ours_and_says_so(cast, browser) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    _store(cast, cast.city, b"not a document")

    client = browser(cast.coordinator)
    letter = _letter(client, cast.bureau)

    assert (letter.made_with, letter.serial) == ("默认模板", 1)
    assert letter.template_problem
    with letter.file.open("rb") as file:
        assert letter.number in text_of(file.read())
    page = reverse("letter", args=[letter.pk])
    assert "改用默认模板" in client.get(page).content.decode()
    assert "改用默认模板" not in browser(cast.reporter).get(page).content.decode()


@pytest.mark.parametrize("what", ["template", "default", "sample"])
@pytest.mark.parametrize("paper", ["notice", "supervision", "bulletin", "card"])
def test_every_file_of_a_template_opens(cast, browser, paper, what) -> None:
    response = browser(cast.administrator).get(reverse("paper_file", args=[paper, 0, what]))

    assert _words(response)
    assert response["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"do": "save"},
        {"do": "save", "version": "x"},
        {"do": "nonsense", "version": "0"},
        {"do": "save", "version": "0"},
        {"do": "try", "version": "9" * 30},
        {"do": "save", "version": "0", "file": "a\0b"},
    ],
)
def test_crafted_forms_change_nothing(cast, browser, sent) -> None:
    assert browser(cast.administrator).post(_at(cast.city), sent).status_code in (200, 400)
    assert not PaperTemplate.objects.exists()


def test_unknown_papers_and_regions_are_not_found(cast, browser) -> None:
    admin = browser(cast.administrator)
    for at in (["nonsense", 0], ["card", 10**9]):
        assert admin.get(reverse("paper_template", args=at)).status_code == 404
    assert admin.get(reverse("paper_file", args=["card", 0, "nonsense"])).status_code == 404


def _report(cast: Any, share: Any, note: str = "已完成过半") -> None:
    report_progress(share.pk, percent=60, note=note, form_key=uuid4(), by=cast.reporter, now=NOW)


def test_bulletin_on_screen_and_as_a_file_say_the_same(cast, browser) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=LATE, status="PENDING")
    make_assignment(cast.other_bureau, plan=cast.plan, due_date=TODAY, status="PENDING")
    client = browser(cast.leader)

    page = client.get(reverse("bulletin"), {"month": "2024-10"})
    printed = _words(client.get(reverse("bulletin_file"), {"month": "2024-10"}))

    data = page.context["data"]
    assert (data["month"], data["total"], data["red"]) == ("2024年10月", 2, 1)
    for word in (
        data["month"],
        "全部督办任务2项",
        "逾期（红灯）1项",
        "逾期21天",
        *(unit["name"] for unit in data["units"]),
    ):
        assert word in printed
    assert data.keys() == sample_data(Paper.BULLETIN).keys()
    for name in ("units", "late", "trend", "worst"):
        assert data[name][0].keys() == sample_data(Paper.BULLETIN)[name][0].keys()


@pytest.mark.parametrize(
    "query", ["month=2024-13", "month=2023-01", "region=x&month=\0", f"region={'9' * 30}"]
)
def test_nonsense_in_the_address_is_the_present_month_of_the_own_region(cast, browser, query) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=LATE, status="PENDING")
    make_assignment(cast.foreign_bureau, plan=cast.foreign_plan, due_date=LATE, status="PENDING")

    context = browser(cast.leader).get(f"{reverse('bulletin')}?{query}").context

    assert (context["region"], context["month"]) == (cast.city, date(2024, 10, 1))


def test_no_bulletin_of_a_region_that_one_may_not_see(cast, browser) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=LATE, status="PENDING")
    client = browser(cast.foreign_leader)

    response = client.get(f"{reverse('bulletin')}?region={cast.city.pk}")

    assert "还没有可以通报的任务" in response.content.decode()
    assert client.get(f"{reverse('bulletin_file')}?region={cast.city.pk}").status_code == 404
    assert browser(cast.reporter).get(reverse("bulletin")).status_code == 404


def test_region_without_work_has_an_empty_page(cast, browser) -> None:
    make_region("鹤壁市")
    assert browser(cast.administrator).get(reverse("bulletin")).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_a_bulletin_do_not_grow(cast, browser, django_assert_num_queries, count) -> None:
    for _ in range(count):
        share = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE, status="PENDING")
        _report(cast, share)
    client = browser(cast.leader)
    client.get(reverse("bulletin"))
    with django_assert_num_queries(9):
        client.get(reverse("bulletin"))


def test_card_has_all_of_the_task_and_only_what_one_may_read(cast, browser) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY + timedelta(days=60))
    make_assignment(cast.other_bureau, task=share.task, role="SUPPORT")
    _report(cast, share, note="已完成 <过半> & {{ 其余 }}")
    nodes = [Planned(TODAY + timedelta(days=30), 50, "设备到位")]
    set_nodes(share.task_id, nodes, by=cast.coordinator, now=NOW)
    instruct(share.task_id, text="请抓紧", form_key=uuid4(), by=cast.leader, now=NOW)

    def words(who: str) -> str:
        client = browser(getattr(cast, who))
        page = client.get(reverse("card", args=[share.task_id]))
        assert "任务卡" in page.content.decode()
        return _words(client.get(reverse("card_file", args=[share.task_id])))

    leaders, reporters, outsiders = words("leader"), words("reporter"), words("outsider")
    for each in ("设备到位", "请抓紧", "市工业和信息化局", "2024-12-20"):
        assert each in leaders
    assert "已完成<过半>&{{其余}}" in leaders
    assert "已完成<过半>" in reporters
    assert "已完成" not in outsiders
    data = browser(cast.leader).get(reverse("card", args=[share.task_id])).context["card"]
    sample = sample_data(Paper.CARD)
    assert data.keys() == sample.keys()
    for name in ("units", "nodes", "reports", "instructions"):
        assert data[name][0].keys() == sample[name][0].keys()


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_a_card_do_not_grow(cast, browser, django_assert_num_queries, count) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    for _ in range(count):
        _report(cast, share)
        instruct(share.task_id, text="请抓紧", form_key=uuid4(), by=cast.leader, now=NOW)
    client = browser(cast.leader)
    client.get(reverse("card", args=[share.task_id]))
    with django_assert_num_queries(8):
        client.get(reverse("card", args=[share.task_id]))


def test_letters_have_the_names_of_the_sample(cast, browser) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=LATE)
    data = _letter(browser(cast.coordinator), cast.bureau).data

    for paper in Paper.letters:
        assert data.keys() == sample_data(paper).keys()
        assert data["items"][0].keys() == sample_data(paper)["items"][0].keys()
