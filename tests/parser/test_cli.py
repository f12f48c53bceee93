"""The command line: one JSON object a line, errors on standard error, exit status 2."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tracker.parser.__main__ import main

ROOT = Path(__file__).parents[2]
PLANS = sorted((ROOT / "fixtures" / "plans").glob("*.txt"))


def test_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(path) for path in PLANS]) == 0
    out, err = capsys.readouterr()
    assert [json.loads(line)["file"] for line in out.splitlines()] == [path.name for path in PLANS]
    assert err == ""


def test_indent_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--indent", "--with-source", str(PLANS[0])]) == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) > 100
    assert json.loads(out)["source_text"] == PLANS[0].read_text(encoding="utf-8")
    assert main([str(PLANS[0])]) == 0
    assert "source_text" not in json.loads(capsys.readouterr().out)


def test_unreadable_files_do_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty, word = tmp_path / "empty.txt", tmp_path / "plan.docx"
    empty.write_bytes(b"")
    word.write_bytes(b"PK\x03\x04")
    assert main([str(tmp_path / "missing.txt"), str(empty), str(word), str(PLANS[0])]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["file"] == PLANS[0].name
    lines = err.splitlines()
    assert len(lines) == 3
    for line, (name, reason) in zip(
        lines, [("missing.txt", "不存在"), ("empty.txt", "为空"), ("plan.docx", "已损坏")], strict=True
    ):
        assert name in line
        assert reason in line


def test_reference_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.txt"
    path.write_text("1.摸清底数。6月底前完成排查。", encoding="utf-8")
    assert main(["--reference-date", "2022-02-01", str(path)]) == 0
    schedule = json.loads(capsys.readouterr().out)["measures"][0]["clauses"][0]["schedule"]
    assert (schedule["due"], schedule["implied"]) == ("2022-06-30", ["year"])


def test_as_a_process_without_django() -> None:
    heavy = "('django', 'lxml', 'opencc', 'lunardate', 'pypdfium2')"
    code = f"import sys, tracker.parser; print([m for m in sys.modules if m.split('.')[0] in {heavy}])"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert run.stdout.strip() == b"[]"
    run = subprocess.run(
        [sys.executable, "-m", "tracker.parser", "nowhere.txt"], cwd=ROOT, capture_output=True, check=False
    )
    assert run.returncode == 2
    assert "nowhere.txt" in run.stderr.decode("utf-8")
    assert run.stdout == b""


def test_shape_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    main([str(ROOT / "fixtures" / "plans" / "001_xinji.txt")])
    plan = json.loads(capsys.readouterr().out)
    assert list(plan) == [
        *("file", "title", "document_number", "issuer", "issued_on", "published_on"),
        *("default_units", "goals", "measures", "table", "warnings"),
    ]
    assert list(plan["measures"][0]) == [
        "path",
        "number",
        "title",
        "text",
        "span",
        "units",
        "people",
        "clauses",
    ]
    assert list(plan["table"][0]) == ["category", "work", "text", "span", "units", "people", "clauses"]
    schedule = plan["measures"][0]["clauses"][0]["schedule"]
    assert list(schedule) == ["kind", "quote", "due", "start", "every", "precision", "rule", "implied"]
    target = next(
        target
        for measure in plan["measures"]
        for clause in measure["clauses"]
        for target in clause["targets"]
    )
    assert list(target) == ["quote", "indicator", "op", "value", "unit", "due"]
