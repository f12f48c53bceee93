"""Files to text: encodings, web pages, and files that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.office import zipped
from tracker.parser import UnreadableDocument, parse_file, readers

TEXT = "甲市排查方案\n1.摸清底数。2024年6月底前开展排查。(市公安局负责)\n"
PLAN = Path(__file__).parents[2] / "fixtures" / "plans" / "002_zhengzhou.txt"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("gb18030"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        b"\xff\xfe" + TEXT.encode("utf-16-le"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r\n").encode("gb18030"),
        TEXT.replace("\n", "\r").encode(),
    ],
)
def test_encodings(data: bytes) -> None:
    assert readers.read_bytes(data, "plan.txt") == TEXT


def test_the_same_plan_in_every_encoding(tmp_path: Path) -> None:
    text = PLAN.read_text(encoding="utf-8")
    plain = parse_file(PLAN).to_dict() | {"file": ""}
    for encoding in ("gb18030", "utf-16", "utf-8-sig"):
        path = tmp_path / f"{encoding}.txt"
        path.write_bytes(text.encode(encoding))
        assert parse_file(path).to_dict() | {"file": ""} == plain


HTML = """<!DOCTYPE html><html><head><meta charset="{charset}"><title>网站</title><style>p {{}}</style></head>
<body><nav>首页 导航</nav><header>页头</header>
<div><h1>甲市排查方案</h1><p>一、重点&nbsp;任务</p><p>1.摸清底数。<span>2024年</span>6月底前<br>开展排查。</p>
<table><tr><th>序号</th><th>任务</th><th>责任单位</th></tr><tr><td>1</td><td><p>开展</p><p>排查</p></td><td>市公安局</td></tr></table></div>
<script>var a = 1;</script><footer>版权所有</footer></body></html>"""


@pytest.mark.parametrize("charset", ["utf-8", "gb2312"])
def test_html(charset: str) -> None:
    text = readers.read_bytes(
        HTML.format(charset=charset).encode("utf-8" if charset == "utf-8" else "gb18030"), "plan.html"
    )
    assert "甲市排查方案" in text.splitlines()
    assert "1 | 开展 排查 | 市公安局 |" in text.splitlines()
    for furniture in ("导航", "页头", "版权所有", "var a"):
        assert furniture not in text


def test_html_table_becomes_rows(tmp_path: Path) -> None:
    path = tmp_path / "plan.html"
    path.write_text(HTML.format(charset="utf-8"), encoding="utf-8")
    plan = parse_file(path)
    assert [(row.text, [unit.name for unit in row.units]) for row in plan.table] == [
        ("开展 排查", ["市公安局"])
    ]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.txt", b"", "文件为空"),
        ("a.txt", bytes(range(256)) * 20, "编码无法识别"),
        ("a.txt", b"hello world", "没有可识别的中文文字"),
        ("a.txt", b"%PDF-1.7 ...", "PDF 文件已损坏"),
        ("a.txt", b"PK\x03\x04....", "已损坏"),
        ("a.docx", b"PK\x03\x04....", "已损坏"),
        ("a.pdf", b"%PDF-1.7", "PDF 文件已损坏"),
        ("a.docx", TEXT.encode(), "内容却不是"),
        ("a.pdf", TEXT.encode(), "内容却不是"),
        ("a.doc", TEXT.encode(), "不支持的文件类型"),
        ("noextension", TEXT.encode(), "不支持的文件类型"),
        ("a.html", b"<!-- nothing -->", "网页内容为空或已损坏"),
        ("a.html", b"<html></html>", "没有可识别的中文文字"),
    ],
)
def test_unreadable(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        readers.read_bytes(data, name)
    assert caught.value.file == name
    assert reason in caught.value.reason


OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (OLE + "EncryptedPackage".encode("utf-16-le"), "文件已加密。请用 WPS 或 Word 打开,取消打开密码"),
        (
            OLE + "WordDocument".encode("utf-16-le"),
            "旧版 Word 文件(doc)或 WPS 文字文件(wps)。请用 WPS 或 Word 打开",
        ),
        (OLE + "Workbook".encode("utf-16-le"), "Excel 或 WPS 表格"),
        (OLE + "PowerPoint Document".encode("utf-16-le"), "演示文稿"),
        (OLE, "旧版 Office 文件或已损坏"),
        (b"{\\rtf1\\ansi", "RTF 文件。请用 WPS 或 Word 打开后另存为 docx"),
        (b"\xff\xd8\xff\xe0", "图片,里面没有文字。请用 OCR"),
        (b"\x89PNG\r\n\x1a\n", "图片"),
        (b"Rar!\x1a\x07", "压缩包"),
        (b"MIME-Version: 1.0", "网页归档"),
        (b'<?xml version="1.0"?><?mso-application progid="Word.Document"?>', "Word 2003"),
        (zipped({"xl/workbook.xml": "", "[Content_Types].xml": ""}), "Excel 或 WPS 表格"),
        (zipped({"ppt/presentation.xml": "", "[Content_Types].xml": ""}), "演示文稿"),
        (zipped({"OFD.xml": ""}), "OFD 版式文件。请导出为带文字的 PDF"),
        (zipped({"content.xml": "", "mimetype": ""}), "OpenDocument"),
        (zipped({"方案.docx": ""}), "压缩包"),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.docx", "a.doc"])
def test_other_kinds_are_told_by_their_content(data: bytes, reason: str, name: str) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        readers.read_bytes(data, name)
    assert reason in caught.value.reason


def test_a_web_page_under_another_name_is_read() -> None:
    page = HTML.format(charset="utf-8").encode()
    assert "甲市排查方案" in readers.read_bytes(page, "方案.doc").splitlines()


def test_a_page_laid_out_by_tables_and_a_form_keeps_its_lines() -> None:
    lines = "".join(f"<p>{number}.摸清底数。开展第{number}轮排查。</p>" for number in range(1, 30))
    page = (
        "<html><body><form><input>搜索</form><form action='/'><table><tr><td>菜单</td><td><table><tr><td>"
        f"<p>甲市排查方案</p>{lines}</td></tr></table></td></tr></table></form></body></html>"
    )
    text = readers.read_bytes(page.encode(), "a.html").splitlines()
    assert [line for line in text if line][:3] == ["菜单", "甲市排查方案", "1.摸清底数。开展第1轮排查。"]


@pytest.mark.parametrize(
    "inside", ["<b>" * 1_100_000, "<table>" + "<tr><td rowspan=500 colspan=500>甲<td>乙" * 2000]
)
def test_a_page_that_is_too_complex_is_refused(inside: str) -> None:
    with pytest.raises(UnreadableDocument, match="过于复杂"):
        readers.read_bytes(f"<html><body><p>甲市</p>{inside}".encode(), "a.html")


def test_a_page_nested_very_deep_is_read() -> None:
    page = f"<html><body><p>甲市</p>{'<div>' * 100_000}".encode()
    assert "甲市" in readers.read_bytes(page, "a.html")


def test_size_limit() -> None:
    with pytest.raises(UnreadableDocument, match="上限"):
        readers.read_bytes(TEXT.encode() * 100, "a.txt", max_bytes=1000)


def test_a_path_in_the_name_is_dropped() -> None:
    with pytest.raises(UnreadableDocument) as caught:
        readers.read_bytes(b"", "../../etc/x.txt")
    assert caught.value.file == "x.txt"


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="不存在"):
        readers.read_file(tmp_path / "none.txt")
    with pytest.raises(UnreadableDocument, match="文件夹"):
        readers.read_file(tmp_path)
