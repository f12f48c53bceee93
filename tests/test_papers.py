"""Word papers: our templates, an office's own, what neither may do, and how they look once printed."""

import re
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from docx import Document

from tests import files, services
from tests.conftest import service
from tracker.papers import templates
from tracker.papers.bars import bar
from tracker.papers.kinds import Paper
from tracker.papers.layout import write_defaults
from tracker.papers.sample import sample_data
from tracker.papers.templates import (
    TemplateBroken,
    check_template,
    default_template,
    make_default,
    make_own,
    printable,
    text_of,
)

HOSTILE = "<b>&amp; {{ items }} {% for %} ]]> </w:t></w:r> {_{ \x00\x0b\ufffe\ud800 第二行\n第三行"


def _with(paper: str, old: str, new: str, *, part: str = "word/document.xml") -> bytes:
    """Our template with something in one of its parts replaced."""
    made = BytesIO()
    with ZipFile(BytesIO(default_template(paper))) as archive, ZipFile(made, "w", ZIP_DEFLATED) as changed:
        for name in archive.namelist():
            content = archive.read(name).decode("utf-8", "surrogateescape")
            if name == part:
                assert old in content
                content = content.replace(old, new, 1)
            changed.writestr(name, content.encode("utf-8", "surrogateescape"))
    return made.getvalue()


def _and(name: str, content: bytes) -> bytes:
    """Our template with one more part."""
    made = BytesIO(default_template(Paper.SUPERVISION))
    with ZipFile(made, "a", ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize("paper", Paper)
def test_committed_templates_are_what_the_script_makes(paper, tmp_path) -> None:
    write_defaults(tmp_path)
    with (
        ZipFile(BytesIO(default_template(paper))) as kept,
        ZipFile(tmp_path / f"{paper.lower()}.docx") as made,
    ):
        assert {name: kept.read(name) for name in kept.namelist()} == {
            name: made.read(name) for name in made.namelist()
        }


@pytest.mark.parametrize("paper", Paper)
def test_our_templates_pass_the_check_of_uploaded_ones(paper) -> None:
    sample = text_of(check_template(default_template(paper), paper))

    assert "{{示例}}<示例>&" in sample
    assert "{%" not in sample


@pytest.mark.parametrize("paper", Paper)
def test_text_is_text_whatever_it_holds(paper) -> None:
    data = sample_data(paper)
    field = "text" if paper == Paper.CARD else "late" if paper == Paper.BULLETIN else "items"
    data = data | ({"text": HOSTILE} if field == "text" else {field: [data[field][0] | {"text": HOSTILE}]})

    for made in (make_default(paper, data), make_own(default_template(paper), paper, data)):
        printed = text_of(made)
        assert "<b>&amp;{{items}}{%for%}]]></w:t></w:r>{_{" in printed
        assert "第二行第三行" in printed
        Document(BytesIO(made))  # Word's own reader would open it


def test_printable_keeps_what_can_be_printed() -> None:
    assert printable({"a": ["x\x00\ty\r\nz\ud800", 3, None, "龘𠮷 \n"]}) == {
        "a": ["x y\nz", 3, None, "龘𠮷 \n"]
    }


BREAKING: dict[str, tuple[Callable[[], bytes], str]] = {
    "misspelt name": (lambda: _with("SUPERVISION", "{{ unit }}", "{{ uint }}"), "'uint' is undefined"),
    "unclosed": (lambda: _with("SUPERVISION", "{{ unit }}", "{{ unit "), "占位写法有误"),
    "no number": (lambda: _with("SUPERVISION", "{{ number }}", "第三号"), "没有“新乡督〔2024〕3号”"),
    "no items": (lambda: _with("SUPERVISION", "{{ item.text }}", "略"), "没有“2024年9月底前"),
    "reaching out": (
        lambda: _with(
            "SUPERVISION", "{{ unit }}", "{{ unit.__class__.__mro__[1].__subclasses__() }}{{ unit }}"
        ),
        "占位写法有误",
    ),
    "calling the system": (
        lambda: _with(
            "SUPERVISION", "{{ unit }}", "{{ cycler.__init__.__globals__.os.popen('id').read() }}{{ unit }}"
        ),
        "占位写法有误",
    ),
    "endless": (
        lambda: _with(
            "SUPERVISION",
            "{{ unit }}",
            "{{ unit }}{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        ),
        "没有完成",
    ),
    "huge": (
        lambda: _with("SUPERVISION", "{{ unit }}", "{{ unit }}{{ 'x' * 9999999999 }}"),
        "占位写法有误|没有完成",
    ),
    "remote template": (
        lambda: _with(
            "SUPERVISION",
            "</Relationships>",
            '<Relationship Id="x" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
            'attachedTemplate" Target="http://example.cn/x.dotm" TargetMode="External"/></Relationships>',
            part="word/_rels/document.xml.rels",
        ),
        "外部文件",
    ),
    "entities": (
        lambda: _with("SUPERVISION", "<w:document", '<!DOCTYPE x [<!ENTITY a "b">]><w:document'),
        "已损坏",
    ),
    "embedded file": (lambda: _and("word/embeddings/oleObject1.bin", b"x"), "嵌有其他文件"),
    "macro": (lambda: _and("word/vbaProject.bin", b"x"), "带有宏"),
    "zip bomb": (lambda: _and("word/media/x.bin", bytes(20_000_000)), "解开后过大"),
    "many parts": (
        lambda: files.container("[Content_Types].xml", "word/document.xml", *map(str, range(300))),
        "过大",
    ),
    "an empty container": (lambda: files.DOCX, "占位写法有误"),
    "a sheet": (lambda: files.XLSX, "docx"),
    "a picture": (lambda: files.PNG, "docx"),
    "text": (lambda: files.TEXT, "不是可以上传的类型"),
    "nothing": (lambda: b"", "空的"),
    "cut off": (lambda: default_template("SUPERVISION")[:20_000], "已损坏"),
    "too large": (lambda: bytes(templates.TEMPLATE_LIMIT + 1), "1 MB"),
}


@pytest.mark.parametrize("name", BREAKING)
def test_template_that_breaks_is_refused_with_the_reason(name) -> None:
    make, reason = BREAKING[name]
    with pytest.raises(TemplateBroken, match=reason):
        check_template(make(), Paper.SUPERVISION)


def test_template_that_takes_long_is_ended(monkeypatch) -> None:
    monkeypatch.setattr(templates, "SECONDS", 1)
    with pytest.raises(TemplateBroken, match="超过 1 秒"):
        check_template(BREAKING["endless"][0](), Paper.SUPERVISION)


def test_the_process_that_fills_a_template_knows_no_secrets(monkeypatch) -> None:
    seen: dict[str, Any] = {}

    def look(*args: Any, **options: Any) -> Any:
        seen.update(options)
        return subprocess.CompletedProcess(args, 1, b"", b"no")

    monkeypatch.setenv("SECRET_KEY", "geheim")
    monkeypatch.setattr(subprocess, "run", look)
    with pytest.raises(TemplateBroken):
        check_template(default_template(Paper.CARD), Paper.CARD)

    assert set(seen["env"]) == {"PATH", "LANG", "PYTHONDONTWRITEBYTECODE"}


def test_bar_shows_the_least_and_the_most() -> None:
    assert [len(bar(count, 480)) for count in (0, 1, 10, 240, 480)] == [0, 1, 1, 24, 48]
    assert bar(0, 0) == ""


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Turns a Word file into PDF; gives the PDF's path."""
    with service(services.office_suite(tmp_path_factory.mktemp("office"))) as convert:
        yield convert


def _pages(pdf: Path) -> list[str]:
    done = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True)
    return done.stdout.decode().split("\f")[:-1]


@pytest.mark.parametrize(
    ("paper", "pages", "words"),
    [
        (Paper.NOTICE, 1, ["新乡市提示单", "新乡提〔2024〕8号", "逾期21天", "— 1 —"]),
        (Paper.SUPERVISION, 1, ["新乡市督办单", "新乡督〔2024〕3号", "市生态环境局：", "2024年10月28日前"]),
        (Paper.BULLETIN, 2, ["新乡市督办工作通报", "办结率54%", "市农业农村局", "||||", "另有6项", "— 2 —"]),
        (Paper.CARD, 1, ["任务卡", "设备到位", "孟克诚", "其余8台正在招标。"]),
    ],
)
def test_paper_prints_as_it_should(office, paper, pages, words, tmp_path) -> None:
    pdf = office(make_default(paper, sample_data(paper)))

    found = _pages(pdf)
    printed = "".join("".join(found).split())
    assert len(found) == pages
    assert [word for word in words if "".join(word.split()) not in printed] == []
    assert re.search("[\ufffd\ue000-\uf8ff]", printed) is None
    fonts = subprocess.run(["pdffonts", pdf], capture_output=True, check=True).stdout.decode()
    assert "CJK" in fonts  # a machine without our fonts draws the characters all the same
    assert "A4" in subprocess.run(["pdfinfo", pdf], capture_output=True, check=True).stdout.decode()
    subprocess.run(["pdftoppm", "-r", "40", "-gray", "-singlefile", pdf, tmp_path / "page"], check=True)
    dots = (tmp_path / "page.pgm").read_bytes().split(b"\n", 3)[3]
    assert 0.005 < sum(dot < 128 for dot in dots) / len(dots) < 0.2  # neither blank nor black


def test_table_of_many_pages_repeats_its_head_and_counts_pages(office) -> None:
    data = sample_data(Paper.SUPERVISION)
    items = [
        data["items"][0] | {"place": place, "text": f"第{place}件：" + "加强治理" * 12}
        for place in range(1, 61)
    ]

    found = _pages(office(make_default(Paper.SUPERVISION, data | {"items": items, "count": 60})))

    assert len(found) > 3
    for number, page in enumerate(found[:3], start=1):
        assert f"—{number}—" in "".join(page.split())
        assert "任务内容" in page
    printed = "".join("".join(found).split())
    assert all(f"第{place}件" in printed for place in range(1, 61))
