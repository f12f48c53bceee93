"""How alike two clauses are, by the pairs of characters they share. Pure, and the same for everybody.

A pair of characters is about a word of Chinese. Pairs of which plans are full (推进, 年底) count little. The
figure is Dice's: twice what both have, over what each has. Figures, marks and spaces count nothing: the same
duty has another date in each plan.
"""

import re
from difflib import SequenceMatcher
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise

from tracker.highlight import Segment, segments
from tracker.parser.folding import fold

# Pairs that stand in more than one of 25 clauses of the five plans at hand. Written down, not counted anew,
# so that two clauses are as alike tomorrow as today; after a change of them, manage.py index_clauses.
COMMON = frozenset(
    """
    企业 污染 排放 行业 重点 开展 环境 加强 清洁 治理 建设 生产 实施 质量 推进 改造 提升 运输
    落实 设施 工业 完成 能源 监管 项目 监测 严格 气质 水平 空气 大气 管理 铁路 强化 监控 技术
    标准 道路 全市 建立 生态 cs 工作 淘汰 底前 态环 措施 oc vo 使用 绿色 鼓励 推动 煤炭 机械
    责任 原则 执法 持续 新能 产业 以上 发展 基本 组织 能力 要求 替代 采用 园区 城市 年底 车辆
    进行 全面 加快 区域 气污 点行 环保 等行 部门 机制 格落 水泥 清单 燃料 专项 动机 安装 完善
    积极 绩效 体系 作为 依法 健全 则上 升级 取暖 年年 按照 支持 整治 方案 锅炉 防治 任务 处理
    相关 综合 行动 装备 达到 以下 化工 工程 管控 行为 销售 非道 产能 动监 实现 应急 提高 方式
    柴油 洁取 燃煤 物流 移动 纳入 自动 路移 运行
    """.split()  # noqa: SIM905
)
DATES = re.compile(r"\d+[年月日]?")
COMMON_WEIGHT = 0.2
FLOOR = 0.3  # below it two clauses share words, not work
SKETCH = 12  # pairs of a clause that are kept to find it by
LENGTH = 600  # characters that are compared: longer than nearly any clause
SHORTEST_SHARED = 2  # characters in a row that are marked as common


@lru_cache(maxsize=4096)
def pairs(text: str) -> frozenset[str]:
    """Its different pairs of neighbouring characters; figures with their year, marks and spaces part them."""
    folded = DATES.sub(" ", fold(text[:LENGTH]).lower())
    return frozenset(
        first + second for first, second in pairwise(folded) if first.isalpha() and second.isalpha()
    )


def likeness(one: str, other: str) -> float:
    """From 0, nothing shared, to 1, the same pairs."""
    ours, theirs = pairs(one), pairs(other)
    whole = _weight(ours) + _weight(theirs)
    return 2 * _weight(ours & theirs) / whole if whole else 0.0


def _weight(found: frozenset[str]) -> float:
    common = len(found & COMMON)
    return len(found) - common + common * COMMON_WEIGHT


def sketch(text: str) -> list[int]:
    """The few pairs by which a clause is found: those whose hashes are smallest, leaving out common ones.

    Two clauses keep the same pair about as often as they share one, so that of clauses that are much alike a
    few of the kept ones agree, and only these have to be compared in full.
    """
    return sorted(_hash(pair) for pair in pairs(text) - COMMON)[:SKETCH]


@lru_cache(maxsize=65536)
def _hash(pair: str) -> int:
    """In the range of a database's integer."""
    return int.from_bytes(blake2b(pair.encode(), digest_size=4).digest(), signed=True)


def common_parts(text: str, beside: str) -> list[Segment]:
    """`text` cut so that what stands in `beside` too has a key."""
    text = text[:LENGTH]
    matcher = SequenceMatcher(None, fold(text), fold(beside[:LENGTH]), autojunk=False)
    shared = [
        (block.a, block.a + block.size, block.a)
        for block in matcher.get_matching_blocks()
        if block.size >= SHORTEST_SHARED
    ]
    return segments(text, 0, shared)
