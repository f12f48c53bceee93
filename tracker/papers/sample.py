"""Invented data for each kind of paper: what a template is tried with, and what its preview shows."""

from typing import Any

from tracker.papers.bars import bar
from tracker.papers.kinds import Paper

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


def _figures(name: str, *, total: int, closed: int, red: int, yellow: int, longest: int) -> dict[str, Any]:
    return {
        "name": name,
        "total": total,
        "closed": closed,
        "rate": f"{closed * 100 // total}%",
        "red": red,
        "yellow": yellow,
        "green": total - red - yellow,
        "grey": 0,
        "longest": longest,
    }


_UNITS = [
    _figures("市工业和信息化局", total=24, closed=9, red=5, yellow=3, longest=41),
    _figures("市生态环境局", total=40, closed=22, red=2, yellow=6, longest=12),
    _figures("市农业农村局", total=15, closed=12, red=0, yellow=1, longest=0),
]
_BULLETIN: dict[str, Any] = {
    "title": "督办工作通报",
    "region": "新乡市",
    "month": "2024年9月",
    "day": "2024年9月30日",
    "office": "新乡市生态环境保护委员会办公室",
    "person": "陈砚秋",
    **_figures("", total=79, closed=43, red=7, yellow=10, longest=41),
    "units": [
        unit | {f"{light}_bar": bar(unit[light], 40) for light in ("red", "yellow", "green", "grey")}
        for unit in _UNITS
    ],
    "late": [
        {
            "place": 1,
            "unit": "市工业和信息化局",
            "number": "12",
            "text": "完成燃气锅炉低氮燃烧改造 {{ 示例 }} <示例> & 验收",
            "due": "2024-08-20",
            "late": "逾期41天",
            "percent": "60%",
        }
    ],
    "late_hidden": 6,
    "trend": [
        _figures("", total=70, closed=30, red=3, yellow=9, longest=20)
        | {"month": "2024年8月", "bar": bar(3, 7)},
        _figures("", total=79, closed=43, red=7, yellow=10, longest=41)
        | {"month": "2024年9月", "bar": bar(7, 7)},
    ],
    "best": _UNITS[2:],
    "worst": _UNITS[:2],
}
_CARD: dict[str, Any] = {
    "number": "12",
    "text": "2024年9月底前，完成燃气锅炉低氮燃烧改造 {{ 示例 }} <示例> & 验收。",
    "region": "新乡市",
    "plan": "新乡市空气质量持续改善行动实施方案",
    "headings": "三、主要任务 › （二）优化能源结构 › 8.开展燃煤锅炉关停整合。",
    "source": "8.开展燃煤锅炉关停整合。2024年9月底前，完成燃气锅炉低氮燃烧改造。",
    "schedule": "限期",
    "due": "2024-09-30",
    "quote": "2024年9月底前",
    "first_due": "2024-09-30",
    "period": "",
    "given": "2024年7月1日",
    "closed": "",
    "day": "2024年10月21日",
    "units": [
        {
            "name": "市生态环境局",
            "role": "牵头",
            "due": "2024-09-30",
            "late": "逾期21天",
            "light": "逾期",
            "status": "推进中",
            "percent": "60%",
        }
    ],
    "nodes": [{"day": "2024-08-31", "percent": "50%", "title": "设备到位"}],
    "reports": [
        {
            "unit": "市生态环境局",
            "day": "2024年10月8日",
            "person": "贺文澜",
            "percent": "60%",
            "note": "已完成 12 台，\n其余 8 台正在招标。",
        }
    ],
    "instructions": [{"day": "2024年10月10日", "person": "孟克诚", "text": "请抓紧。"}],
}


def sample_data(paper: str) -> dict[str, Any]:
    """With the same names as real data have (tests/papers compares them)."""
    match paper:
        case Paper.NOTICE:
            return _LETTER | {"title": "提示单", "number": "新乡提〔2024〕8号"}
        case Paper.SUPERVISION:
            return _LETTER
        case Paper.BULLETIN:
            return _BULLETIN
        case Paper.CARD:
            return _CARD
    raise ValueError(paper)
