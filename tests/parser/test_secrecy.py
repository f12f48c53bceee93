"""Marks of secrecy: where official documents carry them, and nothing else."""

from pathlib import Path

import pytest

from tests.files import docx
from tracker.parser.secrecy import HEAD_LINES, mark_in_docx, mark_in_head, mark_in_pdf

SAMPLES = Path(__file__).parent.parent / "samples"
PLAN = "新乡市2024年大气污染防治实施方案\n为贯彻落实省委、省政府部署，制定本方案。\n一、主要任务\n"


@pytest.mark.parametrize(
    ("line", "mark"),
    [
        ("秘密★1年", "秘密"),
        ("机密★", "机密"),
        ("绝密", "绝密"),
        ("绝密★启用前", "绝密"),
        ("秘 密★长期", "秘密"),
        ("　　机　密★５年", "机密"),
        ("機密★三年", "机密"),
        ("秘密级", "秘密"),
        ("秘密 5年", "秘密"),
        ("秘密★6个月", "秘密"),
        ("密级：机密", "机密"),
        ("密级和保密期限：秘密★10年", "秘密"),
        ("000012 机密★1年 特急", "机密"),
        ("机密★1年          特急", "机密"),
        ("机密★1年\t\t新政办〔2024〕1号", "机密"),
        ("—— 绝密 ——", "绝密"),
        ("工作秘密", "工作秘密"),
        ("内部", "内部"),
        ("【内部】", "内部"),
        ("（内部资料）", "内部"),
        ("内部资料 注意保存", "内部"),
        ("內部資料", "内部"),
        ("内部文件，不得外传", "内部"),
        ("内部使用", "内部"),
    ],
)
def test_a_mark_on_a_line_of_its_own_near_the_top_is_found(line: str, mark: str) -> None:
    assert mark_in_head(f"{line}\n{PLAN}") == mark
    assert mark_in_head(f"000001\n\n{line}\n特急\n{PLAN}") == mark
    assert mark_in_docx(docx(PLAN, header=line)) == mark
    assert mark_in_docx(docx(f"{line}\n{PLAN}")) == mark


@pytest.mark.parametrize(
    "line",
    [
        "严守国家秘密",
        "严守国家秘密，严防失密泄密。",
        "国家秘密",
        "公开",
        "密级：公开",
        "特急",
        "000001",
        "内部审计",
        "内部控制制度",
        "内部审计工作方案",
        "加强内部管理",
        "内部挖潜，降低能耗。",
        "新乡市商业秘密保护实施方案",
        "新乡市绝密档案管理办法",
        "秘密工作",
        "机密性要求",
        "2024年10月底前完成",
        "",
    ],
)
def test_words_about_secrets_are_no_mark(line: str) -> None:
    assert mark_in_head(f"{line}\n{PLAN}") is None
    assert mark_in_docx(docx(PLAN, header=line)) is None
    assert mark_in_docx(docx(f"{line}\n{PLAN}")) is None


def test_what_stands_further_down_is_text() -> None:
    assert mark_in_head("通知\n" * (HEAD_LINES - 1) + "秘密\n") == "秘密"
    assert mark_in_head("通知\n" * HEAD_LINES + "秘密\n") is None
    assert mark_in_head("\n  \n" * 1000 + "秘密\n") == "秘密"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PK\x03\x04" + bytes(100), id="broken"),
        pytest.param(docx(PLAN)[:-40], id="cut-short"),
        pytest.param(b"%PDF-1.7", id="something-else"),
    ],
)
def test_what_is_no_word_file_has_no_mark(data: bytes) -> None:
    assert mark_in_docx(data) is None


@pytest.mark.parametrize("text", ["条" * 30_000_000, "秘" * 10_000_000 + "密", "★" * 5_000_000], ids=len)
def test_a_bomb_is_looked_at_only_so_far(text: str) -> None:
    packed = docx(text, header=text)
    assert len(packed) < 1_000_000
    assert mark_in_docx(packed) is None
    assert mark_in_head(text) is None


@pytest.mark.parametrize(
    ("name", "mark"), [("marked_head.pdf", "机密"), ("marked_header.pdf", "内部"), ("unmarked.pdf", None)]
)
def test_pages_of_a_pdf(name: str, mark: str | None) -> None:
    assert mark_in_pdf((SAMPLES / name).read_bytes(), name) == mark


def test_none_of_the_plans_we_have_is_marked() -> None:
    for path in sorted(SAMPLES.glob("0*")):
        if path.suffix == ".pdf":
            assert mark_in_pdf(path.read_bytes(), path.name) is None, path.name
        elif path.suffix == ".docx":
            assert mark_in_docx(path.read_bytes()) is None, path.name
    for path in sorted((SAMPLES.parent.parent / "fixtures" / "plans").glob("*.txt")):
        assert mark_in_head(path.read_text(encoding="utf-8")) is None, path.name


def test_mark_in_a_text_box_is_a_line_of_its_own() -> None:
    box = "标题</w:t></w:r><w:r><w:txbxContent><w:p><w:r><w:t>机密★1年</w:t></w:r></w:p></w:txbxContent></w:r><w:r><w:t>"
    assert mark_in_docx(docx(box + PLAN)) == "机密"


def test_mark_in_several_runs_is_one_word() -> None:
    assert mark_in_docx(docx("机</w:t></w:r><w:r><w:t>密★</w:t></w:r><w:r><w:t>1年\n" + PLAN)) == "机密"
