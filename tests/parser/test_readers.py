"""Files to text: encodings, web pages, and files that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

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
        ("a.txt", b"%PDF-1.7 ...", "PDF"),
        ("a.txt", b"PK\x03\x04....", "Office"),
        ("a.docx", b"PK\x03\x04....", "不支持的文件类型"),
        ("a.pdf", b"%PDF-1.7", "不支持的文件类型"),
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
