"""Numbers someone can be held to: indicator, operator, value and unit.

Three ways of saying them are read: an indicator with a comparing verb (比例达到80%以上), a place in
a ranking, and an act on a counted number of things (建设1个监测站, 安装充电桩3000个、换电站10座).
Numbers in brackets and thresholds that only say what is meant are left out.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterator
from datetime import date

from .lexicon import to_int
from .types import Op, Target

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_CN = "[一二两三四五六七八九十百]{1,5}"
_NUMBER = rf"(?P<value>{_DIGITS})(?:(?:%|个)?[-至]\d+(?:\.\d+)?)?"
_SCALE = "(?:[万亿千百]|十万|百万|千万){0,2}"
_THINGS = (
    "个位次|位次|台套|人次|场次|批次|趟次|辆次|件次|家次|班次|标段|车次|个|家|座|条|处|项|台|套|辆|所|户|名|人|场"
    "|次|艘|批|株|棵|块"
    "|支|间|张|件|宗|对|组|起|种|期|篇|部|册|根|份|口|眼|只|头|羽|盏|枚|幅|列|例|架|款|门|片|床|位|节"
    "|队|档|只|顶|把|单|度"
)
_MEASURES = (
    "平方公里|平方千米|平方米|立方米|公顷|公里|千米|千瓦时?|兆瓦时?|吨标准煤|吨标煤|吨"
    "|公吨|公斤|斤|亩|米|千伏安|千伏|标准箱"
)
_MONEY = "元|美元|港元|欧元"
_TIMES = "个?工作日|分钟|小时|天|倍|个月|学时|课时"
_RATE = (
    r"个百分点|%|\u2030|微克(?:/|每)立方米|毫克(?:/|每)(?:立方米|升|千克)"
    r"|吨/(?:月|年)?[\u00b7.]?(?:平方公里|平方千米)(?:[\u00b7.]?月)?"
)
_PER = "(?:/[千万百]?(?:人|户|平方公里|平方米|亩|公顷|天|日|月|年|吨|座|辆|元))?"
_UNIT = rf"(?P<unit>{_RATE}|{_SCALE}(?:{_TIMES}|{_MEASURES}|{_MONEY}|{_THINGS}|{_RATE}){_PER})"
_VERBS: tuple[tuple[str, str], ...] = (
    (
        "<=",
        "不得高于|不得超过|不能超过|不得大于|不得多于|不高于|不超过|不大于|不多于|控制在|控制到|下降至"
        "|下降到|降至|降到"
        "|降低到|降低至|减少到|减少至|减至|压减至|压减到|压缩到|缩短至|缩短到|缩减至|缩减到|压缩至"
        "|精简至|压降至|压降到",
    ),
    (
        ">=",
        "不得低于|不得少于|不能低于|不低于|不少于|不小于|不低於|至少|达到|达|提高到|提高至|提升到"
        "|提升至|增加到|增加至|增长到"
        "|增至|升至|上升到|上升至|稳定在|保持在|维持在|保持(?=(?:100|[89]\\d)(?:\\.\\d+)?%)|力争达到"
        "|占比为|覆盖率为|扩大到|扩大至|恢复到|恢复至|发展到|增加为|(?<=占比|比例|比重)至"
        "|(?<=率)[为至]|完成率为",
    ),
    ("<", "低于|小于|少于"),
    (">", "超过|突破|高于|大于|超(?=\\d)"),
    (
        "+",
        "增加|增长|提高|提升|新增|上升|扩大|年均增长|增速|增幅|涨幅|增(?!长|加|强|速|设|至)|同比增|增收",
    ),
    ("-", "下降|降低|减少|压减|缩减|削减|消减|下调|压降|缩短|压缩|降"),
)
# Their first characters: a cheap test before the alternatives are tried.
_STARTS = (
    "["
    + "".join(sorted({word[0] for _, words in _VERBS for word in words.split("|") if word[0] > "\u3000"}))
    + "至为]"
)
_VERB = (
    rf"(?={_STARTS})(?:" + "|".join(f"(?P<v{index}>{words})" for index, (_, words) in enumerate(_VERBS)) + ")"
)
_ADVERB = "(?:约|近|到|了|为|在|力争|累计|达|不低于|至少|不少于|不超过|均|以上)*"
_TAIL = r"(?P<tail>(?:及)?以上|(?:及)?以下|以内|之内|内(?![部外容])|左右|或以上|上下)?"
COMPARED = re.compile(
    rf"(?:{_VERB}){_ADVERB}(?P<of>[^,。;:、()\d]{{0,16}}(?:总[数量额]|数量|任务|目标"
    rf"|面积)的)? *{_NUMBER} *{_UNIT}{_TAIL}"
)
_HUNDREDTHS = re.compile(rf"(?:{_VERB}){_ADVERB} *百分之(?P<cn>{_CN})(?P<unit>){_TAIL}")
# An index has no unit: 控制在103.5以内.
_INDEX = re.compile(
    rf"指数(?P<verb>控制在|保持在|稳定在|达到|不高于|不低于|降至) *(?P<value>{_DIGITS})(?P<tail>以内"
    rf"|以下|以上|左右)?(?=[,。;]|$)"
)
# A share without a verb: 应用率60%以上, 持证率100%.
_SHARE = re.compile(
    rf"(?:率|占比|比例|比重|比率|满意度|覆盖面|参与度) *{_NUMBER} *(?P<unit>%)(?P<tail>以上|以下|以内"
    rf"|左右)?(?=[,。;、)]|并|$)"
)
# A cut of something: 压减办件材料30%.
_CUT = re.compile(
    rf"(?P<verb>压减|减少|精简|压缩|降低|下降|缩短|提高|提升|消除"
    rf"|化解)(?P<scope>[^,。;:、()\d]{{2,16}}?)(?:至少)? *{_NUMBER} *(?P<unit>%)(?P<tail>以上|左右)?"
)
# A part of a whole: 完成管网铺设总量的60%.
_PART = re.compile(
    rf"(?P<verb>完成|达到|达|实现)(?:[^,。;:、\d]{{0,24}}?)(?:总[量数额]|任务量?"
    rf"|目标)的 *{_NUMBER} *(?P<unit>%)(?P<tail>以上|左右)?"
)
# So much of a work: 完成路基60%以上.
_DONE_SHARE = re.compile(
    rf"(?P<verb>完成)(?:[^,。;:、的\d%]{{2,10}}) *{_NUMBER} *(?P<unit>%)(?P<tail>以上|左右)?(?=[,。;]|$)"
)
# A share of those that come to something: 企业80%达到标准.
_REACHES = re.compile(
    rf"(?<=[\u4e00-\u9fff)]) *{_NUMBER} *(?P<unit>%)(?P<tail>以上)?"
    r"(?=(?:的[^,。;\d]{2,12})?(?:达到|实现|完成|通过|建成)[^\d,。;]{3})"
)
# Times promised for one thing each: 报告书14个工作日内、报告表7个工作日内办结.
_PROMISED = re.compile(
    rf"(?:^|(?<=[。;,、:]))(?P<words>[^,。;、:\d]{{2,16}}(?<![起后前在于内日限经每续]))"
    rf" *{_NUMBER} *(?P<unit>个工作日|小时|分钟)(?P<tail>以内|之内|内)"
    r"(?=[、,;。]|完成|办[结理]|审[批结])"
)
# Further numbers of 分别达到85%、90%和95%.
_FURTHER = re.compile(rf"(?:、|和|及|以及|,) *{_NUMBER} *{_UNIT}{_TAIL}")
_SHARE_OF = re.compile(
    rf"(?:^|[;,。] *|(?<=实现|确保|要求)){_NUMBER} *(?P<unit>%)(?P<tail>以上)?的?(?P<rest>[^,。;\d]{{4,40}})"
)

# Acts on a number of things.
_ACTS = (
    "新开工|新建|建设|建成|建立|建造|创建|完成|培育|打造|新增|淘汰|实施|推动|开展|改造|改建|扩建|新改扩建"
    "|组织|举办|选树|评选|认定"
    "|引进|发展|布局|设立|发放|培训|安装|治理|整治|关停|关闭|退出|推广|投放|购置|更新|扶持|建|种植"
    "|修复|启动|开工|竣工|投用"
    "|筹集|遴选|争创|创成|形成|配备|配建|制定|出台|办理|解决|帮扶|招引|落地|储备|谋划|孵化|支持|选派"
    "|招募|编制|修订|检查|抽查"
    "|抽检|替换|拆除|清理|达到|不少于|不低于|至少|力争|更换|补齐|补充|登记|布设|签约|保存|开行|新开"
    "|硬化|疏浚|清淤|复壮|安置"
    "|帮助|接收|加装|增设|加设|设置|升级|完善|提供|招聘|培养|选拔|资助|引入|吸纳|申报|获批|获评|研发"
    "|攻克|突破|取得|推出|上线"
    "|归集|征集|收集|命名|表彰|取缔|查处|处置|化解|盘活|出让|收储|流转|供应|生产|铺设|敷设|架设|拓宽"
    "|打通|开通|接入|覆盖|救助"
    "|慰问|走访|宣讲|绿化|造林|栽植|补种|补植|翻新|翻修|维修|修缮|进行|取消|下放|再取消|实现|推进|增加"
    "|接入|汰换|添置|增配|聘请|招录|销号|整修|提升|评定|受理|整合|摘牌|入驻|植树"
)
_ACT = re.compile(rf"(?:{_ACTS})")
_COUNT = re.compile(
    rf"(?<![\d.第,A-Za-z-])(?:(?P<value>{_DIGITS})"
    rf"|(?P<cn>(?<![一二两三四五六七八九十百几数第每])[二两三四五六七八九十][一二三四五六七八九十百]{{0,4}}(?=家"
    rf"|座|所|条|处|户|台|辆|公里|套)))"
    rf"(?:[-至]\d+(?:\.\d+)?)? *(?P<unit>{_SCALE}(?:{_MEASURES}|{_MONEY}|{_THINGS}){_PER})(?P<more>以上"
    rf"|左右|以内|以下)?"
)
_RANK = re.compile(
    r"(?P<verb>退出|进入|前移至|位列|排名|保持在|进位至)(?P<scope>[^,。;]{0,24}?)(?P<side>后"
    r"|前) *(?P<value>\d+)"
    r" *(?P<unit>名|位|强|个)"
)
_SCOPE = re.compile(
    r"加快推进(?!.{0,4}\d)|巩固|聚焦|围绕|针对|强化对|周边|范围内|半径|等\d+个重点|依托|上述|涉及|现有"
    r"|已建成|鼓励年|覆盖范围|原有|共有|已有"
    r"|(?<!项)目前|截至|一般不|每处|限额|额度|处以|罚款|单价|最高|贷款额|注册资本|周岁|营业收入"
)
_POLICY = re.compile("补助|补贴|奖励|奖补|给予|标准|资助|罚|缴费|贴息|定额|工资|每[户人亩辆家台套件次]")
_MONEY_ACT = re.compile(
    r"(?:整合|筹集|筹措|减负|减免|节约|带动|撬动|引进|招引|利用|发放|投入|争取|融资|完成投资|落实资金|授信|投放|发行|到位|新增|拨付|安排|募集|化解"
    r"|清收|盘活)[^,。;]{0,20}$"
)
_RESULT = re.compile(
    "改造|替代|改用|淘汰|升级|建设|完成|建成|退出|整合|关停|达标|拆除|创建|搬迁|投用|投产|安装|验收"
    "|上云|配齐|开展|实施|实现"
    "|进行|提供|开工|竣工|贯通|清淤|复壮|治理|增亮|建立|接入|配备|全覆盖|试点|翻新"
)
_INSPECTED = re.compile(
    "检查|排查|核查|回头看|摸排|执法|巡查|摸底|调研|督查|抽查|检测|检验|体检|核验|监测预警|评估|演练|宣传"
)
_SECTION_WORDS = re.compile(
    r"(?:方面|重点领域|环节|地区|百分点|月|工作日|统一|必须|一批|阶段|层面|关键|实事|大事|好事|小时"
    r"|重点任务|专项行动|主要任务|任务"
    r"|重点方面|维度|坚决|聚焦|轮次|部分|类别|责任单位|成员单位|部门|确保|不准|严禁|到位|以上单位"
    r"|以上部门|步骤|原则|体系|机制)"
)
_NO_STOCK = re.compile("(?:次|场|期|人|米|吨|公里|亩|种)$")
_ONCE = re.compile(r"^(?:次|场|期|轮|批|组|回)$")
_AFTER_SCOPE = re.compile(
    r"(?:[^,。;:]{0,4}(?:的|工地|机组|企业|锅炉|项目|叉车|范围|周边|单位(?!面积)|生产线|煤炭|老人|人群|儿童))"
)
_DIGIT = re.compile("[0-9百二两三四五六七八九十](?:(?<=[0-9])|(?<=百)分之|[家座所条处户台辆公套])")
_REACH = 40  # how far before its number a target may begin to be recognised
_TIME_AHEAD = re.compile(
    r"^[到至于在]?(?:20\d\d ?年(?:年?[底末]|\d{1,2}月[底末]?)?|\d+月底|年[底内]|全年|今年)[前内]?(?=\S{2})"
)
_FAR = 400  # no indicator and no bracket is longer
_STOP = re.compile(r"[,。;:!?\n]")
_LIST = re.compile(r"[、和及](?![^()]*\))")
_ENUMERATION = re.compile(r"、(?![^()]*\))")
_RIGHT = re.compile(r"(?:[^,。;:!?\n()]|\([^()\n]{0,40}\)){0,300}")
_EMPTY_LEAD = re.compile(r"(?:其中|[上下]半年|全年|年内|年底前|力争|不少于|至少|分别|,|:| )+")
_TRIM_LEAD = re.compile(
    r"(?: |力争|确保|全面|逐步|其中|使|将|到|把|实现|努力|基本|推动|推进|(?:截至|到|至)?(?:19"
    r"|20)\d\d年(?:年?底|末)?(?:前)?"
    r"|每年|全年|年底前|提升|提高(?=[^,]{4,}))+"
)
_TRIM_TAIL = re.compile(
    r"(?:较|比|同比)(?:(?:19|20)?\d+年?|[上去前]一?年)(?:同期|水平|末|底)?$|同比$|由[\d.]+[^,]{1,6}$|(?:力争|累计|年均"
    r"|控制|稳定|不|均|要|应|平均每年|总体|分别)+$"
)


def _indicator_start(text: str, floor: int, end: int) -> int:
    """Where the indicator that ends at `end` begins: behind the last stop outside of brackets."""
    depth = 0
    floor = max(floor, end - _FAR)
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


def _segment_end(text: str, start: int, end: int) -> int:
    stop = _STOP.search(text, start, end)
    return stop.start() if stop else end


def _in_brackets(text: str, start: int, at: int) -> bool:
    """Whether a place stands in a bracket, other than one that says what a number is made of (其中…)."""
    depth = 0
    for index in range(at - 1, max(start, at - _FAR) - 1, -1):
        if text[index] == ")":
            depth += 1
        elif text[index] == "(":
            depth -= 1
            if depth < 0:
                return not text.startswith(("其中", "包括"), index + 1)
    return False


def _of_which(text: str, start: int, at: int) -> bool:
    """Whether a place stands in a bracket that says what a number is made of."""
    opening = text.rfind("(", start, at)
    return opening >= 0 and ")" not in text[opening:at] and text.startswith(("其中", "包括"), opening + 1)


def _value(match: re.Match[str]) -> float:
    if match.groupdict().get("cn"):
        return float(to_int(match["cn"]))
    return float(match["value"].replace(",", ""))


def _place(match: re.Match[str]) -> int:
    """Where the number itself begins."""
    return match.start("cn") if match.groupdict().get("cn") else match.start("value")


class _Finder:
    """The targets of one clause, gathered by where their numbers stand."""

    def __init__(self, text: str, source: str, start: int, end: int, due: date | None) -> None:
        self.text, self.source, self.start, self.end, self.due = text, source, start, end, due
        self.found: dict[int, Target] = {}
        self.places: list[int] = []  # of the targets found, in order

    def keep(self, at: int, quote: tuple[int, int], indicator: str, op: Op, value: float, unit: str) -> None:
        if at not in self.found:
            printed = self.source[slice(*quote)].strip()
            insort(self.places, at)
            indicator = _TIME_AHEAD.sub("", indicator) or indicator
            self.found[at] = Target(printed, indicator, op, value, unit, self.due)

    def before(self, at: int) -> Target | None:
        """The target whose number stands last before `at`."""
        index = bisect_left(self.places, at)
        return self.found[self.places[index - 1]] if index else None

    def unit(self, match: re.Match[str]) -> str:
        return self.source[match.start("unit") : match.end("unit")] or "%"

    # --- an indicator and a verb

    def compared(self, match: re.Match[str]) -> None:
        text, at = self.text, _place(match)
        if at in self.found or _in_brackets(text, self.start, match.start()):
            return
        tail, unit = match["tail"], match["unit"] or "%"
        after = text[match.end() : match.end() + 12]
        percent = unit.endswith("%")
        if not percent and ((tail and _AFTER_SCOPE.match(after)) or after[:1] == "的"):
            return
        index = next(i for i in range(len(_VERBS)) if match[f"v{i}"] is not None)
        op = _compared_op(_VERBS[index][0], tail)
        begin = _indicator_start(text, self.start, match.start())
        lead = _TRIM_LEAD.match(text, begin, match.start())
        begin = lead.end() if lead else begin
        indicator = _TRIM_TAIL.sub("", self.source[begin : match.start()].strip(" 、的\u3000"))
        if self._is_scope(match, begin, unit):
            return
        if not percent and indicator in ("对", "凡", "由"):
            return
        last = self.before(at)
        if not indicator and last and not text.startswith("个", match.start("unit")):
            indicator = last.indicator
        if not indicator and op not in ("+", "-", ">="):
            return
        if not indicator and op == ">=" and not percent:
            rest = self.source[match.end() : _segment_end(text, match.end(), self.end)]
            indicator = rest.strip(" 的、")[:30]
        self.keep(at, (begin, match.end()), indicator, op, _value(match), self.unit(match))
        if "分别" in text[max(begin, match.start() - 4) : match.start() + 4]:
            self._further(match.end(), indicator, op)

    def _is_scope(self, match: re.Match[str], begin: int, unit: str) -> bool:
        """Whether a compared number only says what is meant, or is done once."""
        text = self.text
        if match["v4"] or match["v5"]:
            return False
        once = _value(match) == 1 and re.search("次|场|期", unit)
        money = (
            unit.endswith("元")
            and _POLICY.search(text, begin, match.start())
            and "补助标准" not in text[begin : match.start()]
        )
        return bool(once or money)

    def _further(self, at: int, indicator: str, op: Op) -> None:
        while match := _FURTHER.match(self.text, at, self.end):
            self.keep(
                _place(match),
                (_place(match), match.end()),
                indicator,
                _compared_op(op, match["tail"]),
                _value(match),
                self.unit(match),
            )
            at = match.end()

    def plain_share(self, match: re.Match[str], op: Op) -> None:
        """A share or index: its indicator is the words before the number."""
        at = _place(match)
        if _in_brackets(self.text, self.start, at):
            return
        begin = _indicator_start(self.text, self.start, match.start())
        lead = _TRIM_LEAD.match(self.text, begin, match.start())
        begin = lead.end() if lead else begin
        words = match.start("verb") if "verb" in match.groupdict() else at
        indicator = _TRIM_TAIL.sub("", self.source[begin:words].strip(" 、的\u3000"))
        unit = self.unit(match) if "unit" in match.groupdict() else ""
        self.keep(at, (begin, match.end()), indicator, op, _value(match), unit)

    def index(self, match: re.Match[str]) -> None:
        """An index without a unit: 居民消费价格指数控制在103.5以内."""
        begin = _indicator_start(self.text, self.start, match.start())
        op: Op = "<=" if match["verb"] in ("控制在", "不高于", "降至") else ">="
        words = self.source[begin : match.start("verb")].strip()
        op = _compared_op(op, match["tail"])
        self.keep(match.start("value"), (begin, match.end()), words, op, _value(match), "")

    def part(self, match: re.Match[str]) -> None:
        """A part of a whole: 完成管网铺设总量的60%."""
        begin = _indicator_start(self.text, self.start, match.start())
        done = match["verb"] == "完成" or begin == match.start()
        span = (match.end("verb"), _place(match)) if done else (begin, match.start())
        words = self.source[slice(*span)].strip(" 的")
        if not _in_brackets(self.text, self.start, match.start()):
            op = _compared_op(">=", match["tail"])
            self.keep(_place(match), (begin, match.end()), words, op, _value(match), self.unit(match))

    def cut(self, match: re.Match[str]) -> None:
        """So much less or more of something: 压减办件材料30%."""
        if _in_brackets(self.text, self.start, match.start()):
            return
        verb = match["verb"]
        op: Op = "+" if verb in ("提高", "提升") else ">=" if verb in ("消除", "化解") else "-"
        words = self.source[match.start("scope") : match.end("scope")].strip()
        self.keep(_place(match), match.span(), words, op, _value(match), self.unit(match))

    def share_of(self, match: re.Match[str]) -> None:
        """A share of those meant: 100%的县级以上城市建成示范区."""
        if _RESULT.search(match["rest"]):
            words = self.source[match.start("rest") : match.end("rest")]
            self.keep(
                _place(match),
                (_place(match), match.end()),
                words,
                ">=" if match["tail"] else "=",
                _value(match),
                "%",
            )

    def rank(self, match: re.Match[str]) -> None:
        """A place in a ranking: 退出后15名."""
        op: Op = ">" if match["verb"] == "退出" else "<="
        begin = _indicator_start(self.text, self.start, match.start())
        scope = self.source[match.start("scope") : match.end("scope")].strip()
        words = scope or self.source[begin : match.start()].strip() or "排名"
        self.keep(match.start("value"), match.span(), words, op, float(match["value"]), match["unit"])

    # --- an act on a number of things

    def counted(self, match: re.Match[str]) -> None:
        text, at = self.text, _place(match)
        if at in self.found or _in_brackets(text, self.start, at):
            return
        segment = _indicator_start(text, self.start, at)
        stop = min(_RIGHT.match(text, match.end(), self.end).end(), self.end)  # type: ignore[union-attr]
        left, right = text[segment:at], text[match.end() : stop]
        if not self._counts(match, left, right):
            return
        listed = self._listed(match, left, right)
        acted = match["unit"].endswith("元") or self._acted(match, left, right)
        if not (listed or acted or self._undergoes(match, left, right)):
            return
        more = match["more"]
        op: Op = "="
        if more == "以上" or re.search(r"(?:不少于|不低于|至少)[^,、]{0,3}$", left):
            op = ">="
        elif more in ("以内", "以下"):
            op = "<="
        behind = _LIST.split(right)[0]
        cut = max(left.rfind(mark) for mark in "、和及") + 1
        cut += len(left) - cut - len(left[cut:].lstrip())
        begin = segment + cut
        printed = self.source[match.end() : match.end() + len(behind)].strip("的 ")
        last = self.before(at)
        indicator = printed or self._named(left, cut, at)
        if not indicator:
            indicator = last.indicator if last else self.source[begin:at].strip(" :")
        end = match.end() + (len(_ENUMERATION.split(right)[0]) if behind.strip("的 ") else 0)
        quote = (at if printed and not acted else begin, end)
        self.keep(at, quote, indicator, op, _value(match), self.unit(match))

    def _named(self, left: str, cut: int, at: int) -> str:
        """The thing counted, where it stands before the number: behind the last act."""
        start = cut
        for act in _ACT.finditer(left, cut):
            start = act.end()
        lead = _EMPTY_LEAD.match(left, start)
        start = lead.end() if lead else start
        words = re.sub(" *(?:约|不少于|不低于|至少|累计|共|各|达|力争|总计|分别)* *$", "", left[start:])
        words = words.rstrip(": ")
        return self.source[at - len(left) + start :][: len(words)].strip()

    def _counts(self, match: re.Match[str], left: str, right: str) -> bool:
        """Whether a number of things can be a target at all."""
        unit, more = match["unit"], match["more"]
        if more and re.match(r"[^,。;、的]{0,14}的\d", right):
            return False  # 3个以上行业的30家企业: what the thirty are
        if more == "以下" or right.startswith(("及以", "以下")):
            return False
        if re.search(r"\d[条座台个家]$", left):
            return False  # 2条3000万块生产线: what the two are
        often = re.search("次|场|期", unit)
        measured = re.search("吨|米|千瓦|公里|公顷|亩|元|标准煤", unit)
        if more and (right.startswith("的") or (measured and _AFTER_SCOPE.match(right))):
            return False
        if left.endswith(
            ("每", "第", "近", "前", "后", "约每", "/", "-", "每隔", "连续", "号", "再", "同一")
        ) and not left.endswith("力争前"):
            return False
        if (
            left.endswith(("年产", "产能", "年产能"))
            or _SCOPE.search(left[-6:] if often else left[-40:])
            or _SCOPE.search(match[0] + right[:12])
        ):
            return False
        if _SECTION_WORDS.match(right) and unit in (
            "个",
            "条",
            "项",
            "名",
            "期",
            "次",
            "件",
            "大",
            "处",
            "家",
        ):
            return False
        if unit.endswith("元"):
            return (
                bool(_MONEY_ACT.search(left))
                and not _POLICY.search(left)
                and not right.startswith(("以上", "以下"))
            )
        thing = unit.lstrip("万亿千百十")
        if _ONCE.match(thing) and _value(match) <= 1:
            return False
        if re.match(r"[-至到~]\d", right) or right.startswith(("年", "期")):
            return False
        return not (unit == "度" or (unit == "项" and right.startswith("重点") and "完成" not in left))

    def _listed(self, match: re.Match[str], left: str, right: str) -> bool:
        """Whether it goes on from a number before it: 60家、3座; 建设电站3座、充电桩20个."""
        index = bisect_left(self.places, match.start())
        if not index or match.start() - self.places[index - 1] > _FAR:
            return False
        last = self.places[index - 1]
        between = self.text[last : match.start()]
        if _STOP.search(between):
            noun = re.search("[\u4e00-\u9fff“”A-Za-z()]{2,16}$", left) and not re.search(
                "[投占面人]|长度|总", left[:4]
            )
            alone = right.strip() == "" and len(left) <= 14
            return _of_which(self.text, self.start, match.start()) or bool(noun and alone)
        return bool(re.search("[、和及()与]", between)) and not re.search("范围|半径|以下|距离", between)

    def _acted(self, match: re.Match[str], left: str, right: str) -> bool:
        """Whether an act stands before the number, or between it and what is counted."""
        acts = list(_ACT.finditer(left))
        if not acts:
            return False
        scope = left[acts[-1].end() :]
        first = left[acts[0].end() :]
        if len(scope) > 60:
            return False
        often = re.search("次|场|期", match["unit"])
        if not often and (
            _INSPECTED.search(right) or (acts[-1][0] in ("完成", "开展") and _INSPECTED.search(scope))
        ):
            return False
        loose = re.match(
            "推动|支持|开展|发展|实施|制定|形成|推进|实现|完善|进行|提升|提供|检查|组织|覆盖", acts[-1][0]
        )
        if loose and len(scope) > 2 and not often and not _RESULT.search(right) and right.strip(" "):
            return False
        if right.strip() and "的" in scope and not _RESULT.search(right):
            return False
        if not often and re.search(r"对[^,]{0,12}$", left) and not _RESULT.search(right):
            return False
        return not re.search("长度|长|宽|高度|面积|距离|投资|容量$", scope) or len(first) != len(scope)

    def _undergoes(self, match: re.Match[str], left: str, right: str) -> bool:
        """Whether something is done to the counted things: 86个卫生室配齐设备, 在22个城市开展试评价."""
        if len(left) > 24 or len(right) < 4 or _INSPECTED.search(right):
            return False
        if _NO_STOCK.search(match["unit"]):
            return False
        return bool(_RESULT.search(right)) and not re.match("以上|以下|重点|领域", right)


def _compared_op(op: str, tail: str | None) -> Op:
    if op not in ("+", "-"):
        if tail and "以上" in tail:
            return ">="
        if tail in ("以下", "及以下", "以内", "之内", "内"):
            return "<="
        if tail in ("左右", "上下") and op == ">=":
            return "="
    return op  # type: ignore[return-value]


def find(text: str, source: str, start: int, end: int, due: date | None) -> Iterator[Target]:
    """The targets of the clause `text[start:end]` (folded; `source` as printed), each number once."""
    first = _DIGIT.search(text, start, end)
    if not first:
        return
    near = max(start, first.start() - _REACH)
    finder = _Finder(text, source, start, end, due)
    words = text[start:end]
    for match in COMPARED.finditer(text, near, end):
        finder.compared(match)
    if "百分之" in words:
        for match in _HUNDREDTHS.finditer(text, near, end):
            finder.compared(match)
    if "指数" in words:
        for match in _INDEX.finditer(text, near, end):
            finder.index(match)
    if "%" in words:
        for match in _SHARE.finditer(text, near, end):
            finder.plain_share(match, _compared_op(">=", match["tail"]))
        for match in _PART.finditer(text, near, end):
            finder.part(match)
        for match in _REACHES.finditer(text, near, end):
            finder.plain_share(match, _compared_op(">=", match["tail"]))
        for match in _DONE_SHARE.finditer(text, near, end):
            finder.part(match)
        for match in _CUT.finditer(text, near, end):
            finder.cut(match)
        for match in _SHARE_OF.finditer(text, near, end):
            finder.share_of(match)
    if words.count("内") > 1:
        promised = list(_PROMISED.finditer(text, start, end))
        for match in promised if len(promised) > 1 else ():
            finder.plain_share(match, "<=")
    for match in _RANK.finditer(text, near, end):
        finder.rank(match)
    for match in _COUNT.finditer(text, first.start(), end):
        finder.counted(match)
    yield from (finder.found[at] for at in sorted(finder.found))
