"""Invented data for each kind of paper: what a template is tried with, and what its preview shows."""

from typing import Any

from tracker.papers.kinds import Paper

NBSP = "\N{NO-BREAK SPACE}"


def bar(count: int, longest: int, *, width: int = 40) -> str:
    """A run of blanks that its shading turns into a bar; the longest has `width`, and none is lost."""
    return NBSP * max(1, count * width // longest) if count and longest else ""


_LETTER: dict[str, Any] = {
    "title": "督办单",
    "number": "新乡督〔2024〕3号",
    "region": "新乡市",
    "unit": "市生态环境局",
    "day": "2024年10月21日",
    "office": "新乡市生态环境保护委员会办公室",
    "person": "陈砚秋",
    "count": 2,
    "note": "请主要负责同志亲自调度 <重点企业> & 园区。",
    "reply_by": "2024年10月28日",
    "items": [
        {
            "place": 1,
            "number": "12",
            "text": "2024年9月底前，完成燃气锅炉低氮燃烧改造 {{ 示例 }} <示例> & 验收。",
            "plan": "新乡市空气质量持续改善行动实施方案",
            "due": "2024-09-30",
            "quote": "2024年9月底前",
            "late": "逾期21天",
            "light": "逾期",
            "status": "推进中",
            "percent": "60%",
        },
        {
            "place": 2,
            "number": "31/2024-09",
            "text": "每月对施工工地扬尘治理情况开展检查",
            "plan": "新乡市空气质量持续改善行动实施方案",
            "due": "2024-09-30",
            "quote": "",
            "late": "逾期21天",
            "light": "逾期",
            "status": "待签收",
            "percent": "0%",
        },
    ],
}


def sample_data(paper: str) -> dict[str, Any]:
    """With the same names as real data have (tests/papers compares them)."""
    match paper:
        case Paper.NOTICE:
            return _LETTER | {"title": "提示单", "number": "新乡提〔2024〕8号"}
        case Paper.SUPERVISION:
            return _LETTER
    raise ValueError(paper)
