"""manage.py import_plan: the same import as on the page, by hand."""

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_department, make_region
from tracker.models import Plan, Task

pytestmark = pytest.mark.django_db
SAMPLE = Path(__file__).parent / "samples" / "sixth_plan.txt"


def _run(*arguments: str) -> str:
    out = StringIO()
    call_command("import_plan", *arguments, stdout=out)
    return out.getvalue()


def test_it_reports_what_was_made_and_what_is_doubtful() -> None:
    make_region("新乡市")
    said = _run(str(SAMPLE), "--region", "新乡市")
    assert "条目 6" in said
    assert "待确认单位：市农业农村局" in said
    assert "疑点：日期“2025年2月30日前”不存在" in said
    assert Plan.objects.get().is_draft


def test_a_second_import_says_so_and_changes_nothing() -> None:
    make_region("新乡市")
    _run(str(SAMPLE), "--region", "新乡市")
    assert "内容相同，未作改动" in _run(str(SAMPLE), "--region", "新乡市")
    assert Plan.objects.count() == 1


def test_the_day_of_the_first_import_is_a_day_in_china() -> None:
    make_region("新乡市")
    _run(str(SAMPLE), "--region", "新乡市")
    Plan.objects.update(created_at=datetime(2024, 10, 20, 16, 30, tzinfo=UTC))  # 00:30 on the 21st
    assert "已于 2024-10-21 导入" in _run(str(SAMPLE), "--region", "新乡市")


def test_confirm_makes_tasks_and_a_second_time_none(tmp_path: Path) -> None:
    region = make_region("新乡市")
    make_department(region, "市水利局")
    path = tmp_path / "plan.txt"
    path.write_text("1.清淤。2025年6月底前完成清淤。(市水利局负责)", encoding="utf-8")
    said = _run(str(path), "--region", region.code, "--confirm")
    assert "已生成任务 1 项、责任 1 项" in said
    _run(str(path), "--region", region.code, "--confirm")
    assert Task.objects.count() == 1


def test_a_refused_confirmation_leaves_no_half_import() -> None:
    make_region("新乡市")
    with pytest.raises(CommandError, match="没有确认"):
        _run(str(SAMPLE), "--region", "新乡市", "--confirm")
    assert not Plan.objects.exists()


def test_the_reference_date_settles_a_missing_year(tmp_path: Path) -> None:
    region = make_region("新乡市")
    make_department(region, "市水利局")
    path = tmp_path / "plan.txt"
    path.write_text("1.清淤。6月底前完成清淤。(市水利局负责)", encoding="utf-8")
    _run(str(path), "--region", "新乡市", "--confirm", "--reference-date", "2022-02-01")
    assert str(Task.objects.get().due_date) == "2022-06-30"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("没有.txt", None, "无法打开", id="missing"),
        pytest.param("空.txt", b"", "空", id="empty"),
        pytest.param("图.png", b"\x89PNG", "不支持", id="wrong-type"),
    ],
)
def test_an_unreadable_file_is_one_clear_sentence(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    make_region("新乡市")
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=said):
        _run(str(path), "--region", "新乡市")


def test_an_unknown_region_names_the_known_ones() -> None:
    make_region("新乡市")
    with pytest.raises(CommandError, match="现有地区：新乡市"):
        _run(str(SAMPLE), "--region", "没有市")
