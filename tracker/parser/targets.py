"""Numbers someone can be held to: indicator, operator, value and unit.

Two ways of saying them are read: an indicator with a comparing verb (比例达到80%以上) and an act on a counted
number of things (建设1个监测站). Numbers in brackets and thresholds that only say what is meant are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from .types import Op, Target

_NUMBER = r"(?P<value>\d+(?:\.\d+)?|\d{1,3}(?:,\d{3})+)"
_SCALE = "[万亿千百]?"
_UNIT = (
    r"(?P<unit>个百分点|%|\u2030|微克/立方米|毫克/立方米|毫克/升|吨/(?:月|年)?[\u00b7.]?(?:平方公里|平方千米)(?:[\u00b7.]?月)?"
    rf"|{_SCALE}(?:平方公里|平方米|平方千米|立方米|公顷|公里|千米|千瓦时?|兆瓦时?|标准煤|标煤|吨标准煤|吨|亩|元|美元|人次|人|户|家|个|座|条|处|项|台套|台|套|辆"
    r"|艘|所|名|位|件|株|只|头|羽|块|批|次|张|间|支|种|起|例|场|对|期|篇|部|册|根|组|天|倍|公斤|斤|床|千伏|千伏安|度|米|分|片|宗|辆次|单|款|%))"
)
_VERBS: tuple[tuple[str, str], ...] = (
    (
        "<=",
        "不得高于|不得超过|不能超过|不得大于|不得多于|不高于|不超过|不大于|不多于|控制在|控制到|下降至|下降到|降至|降到|降低到|降低至|减少到|减少至|压减至|压减到|缩短至|缩减至|压缩至",
    ),
    (
        ">=",
        "不得低于|不得少于|不能低于|不低于|不少于|不小于|达到|达|提高到|提高至|提升到|提升至|增加到|增加至|增长到|增至|上升到|稳定在|保持在|维持在|超过|突破|高于|大于|力争达到|占比为|覆盖率为|扩大到|扩大至|恢复到|发展到",
    ),
    ("<", "低于|小于|少于"),
    ("+", "增加|增长|提高|提升|新增|上升|扩大|年均增长|增速|增"),
    ("-", "下降|降低|减少|压减|缩减|削减|消减|下调"),
)
_VERB = "|".join(f"(?P<v{index}>{words})" for index, (_, words) in enumerate(_VERBS))
_ADVERB = "(?:约|近|到|了|为|在|力争|累计|达|不低于|至少|不少于)*"
_TAIL = r"(?P<tail>(?:及)?以上|(?:及)?以下|以内|之内|左右|或以上)?"
COMPARED = re.compile(rf"(?:{_VERB}){_ADVERB} *{_NUMBER} *{_UNIT}{_TAIL}")
_CLASSIFIER = r"(?P<unit>万?(?:个|家|座|条|处|项|台套|台|套|辆|所|户|名|公里|亩|人次|人|场|次|艘|批|株|平方米|千米|块|支|间|张|件|宗|对|组|起|种|吨|平方公里|期|篇))"
_ACT = (
    "新建|建设|建成|建立|建造|创建|完成|培育|打造|新增|淘汰|实施|推动|开展|改造|改建|扩建|新改扩建|组织|举办|选树|评选|认定|引进|发展|布局|设立|发放|培训|安装|治理|整治|关停|退出"
    "|推广|投放|购置|更新|扶持|建|种植|修复|启动|开工|竣工|投用|建成投用|筹集|遴选|争创|创成|形成|配备|配建|制定|出台|办理|解决|帮扶|招引|落地|储备|谋划|孵化|支持|选派|招募|编制|修订|检查|抽查|抽检|替换|拆除|清理|达到|不少于|不低于|至少|力争"
)
COUNTED = re.compile(
    rf"(?:{_ACT})(?P<scope>[^,。;:()]{{0,60}}?)(?<![\d.第])(?P<value>\d+(?:\.\d+)?) *{_CLASSIFIER}(?P<more>以上|左右|以内)?"
)
_LEADING = re.compile(
    rf"(?:^|[;,。] *)(?P<value>\d+(?:\.\d+)?) *{_CLASSIFIER}(?P<more>以上|左右|以内)?(?P<rest>[^,。;]{{4,80}})"
)
_ENUMERATED = re.compile(
    rf"等(?P<value>\d+) *{_CLASSIFIER}(?P<more>以上)?(?P<rest>[^,。;:()]{{2,30}}?(?:建设|改造|整治|升级|治理|工程))(?=[,。;]|$)"
)
_ALSO = re.compile(
    rf"[、和及](?P<value>\d+(?:\.\d+)?) *{_CLASSIFIER}(?P<more>以上|左右)?(?P<rest>[^,。;:、()\d]{{2,30}})"
)
_RANK = re.compile(
    r"(?P<verb>退出|进入|前移至|位列|排名|保持在|进位至)(?P<scope>[^,。;]{0,24}?)(?P<side>后|前) *(?P<value>\d+) *(?P<unit>名|位|强|个)"
)
_HARD_ACT = re.compile(
    "加快推进|巩固|聚焦|围绕|针对|强化对|周边|范围内|等\\d+个重点|对\\d|依托|上述|涉及|现有|已建成|鼓励年|覆盖范围"
)
_RESULT = re.compile(
    "改造|替代|改用|淘汰|升级|建设|完成|建成|退出|整合|关停|达标|拆除|创建|搬迁|投用|投产|安装|验收"
)
_AFTER_SCOPE = re.compile(
    r"(?:[^,。;:]{0,4}(?:的|工地|机组|企业|锅炉|项目|叉车|范围|周边|单位(?!面积)|生产线|煤炭))"
)
_DIGIT = re.compile("[0-9]")
_STOP = re.compile(r"[,。;:!?\n]")


def _indicator_start(text: str, floor: int, end: int) -> int:
    """Where the indicator that ends at `end` begins: behind the last stop outside of brackets."""
    depth = 0
    for index in range(end - 1, floor - 1, -1):
        char = text[index]
        if char == ")":
            depth += 1
        elif char == "(":
            depth -= 1
            if depth < 0:
                return index + 1
        elif depth <= 0 and char in ",。;:!?\n":
            return index + 1
    return floor


_TRIM_LEAD = re.compile(
    r"(?: |力争|确保|全面|逐步|其中|使|将|到|把|实现|努力|基本|推动|推进|(?:截至|到|至)?(?:19|20)\d\d年(?:年?底|末)?(?:前)?|每年|全年|年底前|提升|提高(?=[^,]{4,}))+"
)


def _in_brackets(text: str, start: int, at: int) -> bool:
    return text.count("(", start, at) > text.count(")", start, at)


def find(text: str, source: str, start: int, end: int, due: date | None) -> Iterator[Target]:
    """The targets of the clause `text[start:end]` (folded; `source` as printed), in order, each number once."""
    if not _DIGIT.search(text, start, end):
        return
    taken: set[int] = set()
    found: list[tuple[int, Target]] = []
    for match in COMPARED.finditer(text, start, end):
        made = _compared(match, text, source, start, due)
        if made and match.start("value") not in taken:
            taken.add(match.start("value"))
            found.append((match.start(), made))
    for match in _RANK.finditer(text, start, end):
        if match.start("value") in taken:
            continue
        taken.add(match.start("value"))
        leaves = match["verb"] == "退出"
        op: Op = ">" if leaves else "<="
        begin = _indicator_start(text, start, match.start())
        indicator = (
            source[match.start("scope") : match.end("scope")].strip()
            or source[begin : match.start()].strip()
            or "排名"
        )
        found.append(
            (
                match.start(),
                Target(
                    source[match.start() : match.end()],
                    indicator,
                    op,
                    float(match["value"]),
                    match["unit"],
                    due,
                ),
            )
        )
    for match in COUNTED.finditer(text, start, end):
        made = _counted(match, text, source, start, end, due)
        if made and match.start("value") not in taken:
            taken.add(match.start("value"))
            found.append((match.start("value"), made))
            taken.update(
                also.start("value")
                for also in _ALSO.finditer(text, match.end(), _segment_end(text, match.end(), end))
            )
            found += [
                (also.start("value"), _another(also, source, due))
                for also in _ALSO.finditer(text, match.end(), _segment_end(text, match.end(), end))
            ]
    for match in _ENUMERATED.finditer(text, start, end):
        if match.start("value") not in taken and not _in_brackets(text, start, match.start("value")):
            taken.add(match.start("value"))
            quote, indicator = (
                source[match.start("value") : match.end()],
                source[match.start("rest") : match.end("rest")],
            )
            op = ">=" if match["more"] else "="
            found.append(
                (
                    match.start("value"),
                    Target(quote, indicator, op, float(match["value"]), match["unit"], due),
                )
            )
    for match in _LEADING.finditer(text, start, end):
        if match.start("value") in taken or not re.search(
            "改用|完成|实现|达到|建成|全部|改造|投用|开工", match["rest"]
        ):
            continue
        if _in_brackets(text, start, match.start("value")):
            continue
        quote = source[match.start("value") : match.end()]
        op = ">=" if match["more"] == "以上" else "="
        found.append(
            (
                match.start("value"),
                Target(
                    quote,
                    source[match.start("rest") : match.end("rest")],
                    op,
                    float(match["value"]),
                    match["unit"],
                    due,
                ),
            )
        )
    yield from (target for _, target in sorted(found, key=lambda item: item[0]))


def _segment_end(text: str, start: int, end: int) -> int:
    stop = _STOP.search(text, start, end)
    return stop.start() if stop else end


def _another(match: re.Match[str], source: str, due: date | None) -> Target:
    """A further number of an enumeration: 10家以上绿色工厂、2个绿色供应链."""
    op: Op = ">=" if match["more"] == "以上" else "="
    quote = source[match.start("value") : match.end()]
    return Target(
        quote, source[match.start("rest") : match.end("rest")], op, float(match["value"]), match["unit"], due
    )


def _compared(match: re.Match[str], text: str, source: str, floor: int, due: date | None) -> Target | None:
    if _in_brackets(text, floor, match.start()):
        return None
    tail = match["tail"]
    after = text[match.end() : match.end() + 12]
    unit = match["unit"]
    if tail and _AFTER_SCOPE.match(after) and not unit.endswith("%"):
        return None
    if after[:1] == "的" and not unit.endswith("%"):
        return None
    index = next(i for i in range(len(_VERBS)) if match[f"v{i}"] is not None)
    op: Op = _VERBS[index][0]  # type: ignore[assignment]
    if tail and "以上" in tail and op not in ("+", "-"):
        op = ">="
    elif tail in ("以下", "及以下", "以内", "之内") and op not in ("+", "-"):
        op = "<="
    elif tail == "左右" and op == ">=":
        op = "="
    begin = _indicator_start(text, floor, match.start())
    lead = _TRIM_LEAD.match(text, begin, match.start())
    begin = lead.end() if lead else begin
    indicator = source[begin : match.start()].strip(" 、的\u3000")
    indicator = re.sub(
        r"(?:较|比|同比)(?:19|20)?\d*年?(?:同期|水平|末|底)?$|(?:力争|累计|年均|控制|稳定|不|均|要|应|平均每年|总体|分别)+$",
        "",
        indicator,
    )
    value = float(match["value"].replace(",", ""))
    if not indicator and op not in ("+", "-", ">="):
        return None
    return Target(
        source[begin : match.end()].strip(), indicator, op, value, _printed_unit(match, source), due
    )


def _printed_unit(match: re.Match[str], source: str) -> str:
    return source[match.start("unit") : match.end("unit")]


def _counted(
    match: re.Match[str], text: str, source: str, start: int, end: int, due: date | None
) -> Target | None:
    if _in_brackets(text, start, match.start("value")):
        return None
    segment_start = _indicator_start(text, start, match.start())
    stop = _STOP.search(text, match.end(), end)
    segment_end = stop.start() if stop else end
    segment = text[segment_start:segment_end]
    if _HARD_ACT.search(segment) or text[match.end() : match.end() + 2] in ("以下", "及以"):
        return None
    rest = text[match.end() : segment_end]
    if match["more"] and rest.startswith("的"):
        return None
    if match["scope"] and not _RESULT.search(rest) and not re.fullmatch(r"[^的]{0,24}", match["scope"]):
        return None
    if match["unit"] in ("个", "条", "项", "名", "期", "次") and re.match(
        r"(?:方面|重点领域|环节|地区|百分点|月|工作日|统一|必须|一批|阶段|层面|关键)", rest
    ):
        return None
    if (
        re.match(r"推动|支持|开展|发展|实施|制定|形成", match[0])
        and len(match["scope"]) > 2
        and not _RESULT.search(rest)
    ):
        return None
    more = match["more"]
    op: Op = (
        ">="
        if more == "以上" or match[0].startswith(("不少于", "不低于", "至少"))
        else "<="
        if more == "以内"
        else "="
    )
    quote = source[match.start() : segment_end]
    indicator = (
        source[match.end() : segment_end].strip("的 ")
        or source[match.start("scope") : match.end("scope")].strip()
    )
    return Target(quote, indicator, op, float(match["value"]), match["unit"], due)
