"""The search for dates: where one may begin, which rule reads it, and what shows that it is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from .lexicon import CN_NUM
from .rules import FESTIVALS, ROUND, RULES, YEAR, Build, Context, Impossible, Trap
from .types import Schedule, Span


@dataclass(frozen=True, slots=True)
class Found:
    """A reading and where it stands. `schedule` is None where the date is impossible."""

    span: Span
    schedule: Schedule | None


# Every date holds one of these; all begin with a literal, so that the search is a scan for characters.
HINT = re.compile(
    "年|月|季|旬|周|每|按|逐|即日|之日|节|”前|旦前|夕前|午前|秋前|明前|国庆|一前|五”|五期|五规|五时|五末|长期|持续|常年|常态化|立行立改|20|印发|一日一|天时间|天内"
)
_ALWAYS = frozenset(("长期", "持续", "常态化"))  # only a field or 长期坚持 makes a statement of these
_ANCHORS = (
    rf"(?<![\d.])\d{{4}}\s*年(?=度?\s*(?:年?[底末]|\d{{1,2}}\s*月|第?[一二三四1-4]季|[上下]半年))|(?<=[到至])\d{{4}}年(?=,)|"
    rf"(?<![\d第〇(])(?:{YEAR})\s*(?:年|[-至到~]+\s*(?:20\d\d|\d\d\s*年))|(?<=\()(?:{YEAR})\s*(?:年|-)|20[xX*]{{1,2}}\s*年(?=\s*\d)|(?<!\d)20\d\d[./-]\d{{1,2}}"
    r"|(?<![\d.个第〇零一二三四五六七八九十每半几数])(?:\d{1,2}|十[一二]?|[一二三四五六七八九]|元)\s*(?:月(?!薪|嫂)|[-至到]+\s*\d{1,2}\s*月)"
    rf"|(?<![\d.第年])(?:\d{{1,3}}|{CN_NUM}{{1,3}})\s*(?:[-至到]+\s*(?:\d{{1,3}}|{CN_NUM}{{1,2}})\s*)?(?:个(?:工作日|月)|年(?![级度月底末])|工作日)"
    r"|(?<!\d)第?[一二三四1-4](?:季度|个季度|[至到-]+第?[一二三四1-4]季度)"
    r"|第[一二三四1-4](?:季(?!度)|[、和及])|首季|Q[1-4](?!\d)|(?<![\d一二三四五六七八九十])[次下]月(?=\s*(?:\d|[上中]旬))"
    r"|(?<![\d十每第])[一1](?:年|个?季度?|个?月|周|日|天)[一两二1](?=[次调通报督评考会总晒排检研汇])"
    r"|[上下]半年|半年(?=[一1])"
    r"|(?:今|本|当|明|后|次|翌|同|去|往|历|(?<!提)前[一二两三四五\d]+|近[一二两三四五\d]+|第二)年|上一?年度"
    r"|每|[按逐分](?:照)?(?:年|季|月|周|日)|(?<![\d一二三四五六七八九十个本当上下该每半正元按逐岁])月(?=抽查率|抽检率)"
    rf"|(?<![\d一二三四五六七八九十个本当上下该每正元按逐岁全近年学两])(?:半年|[年月季周]度?|季度)(?={ROUND})"
    r"|(?<![\d一二三四五六七八九十每当])日(?=调度|通报制)"
    r"|(?<![\d学财青老少童壮近多半几一二三四五六七八九十两百])年(?:底|末|终|初|中|内|度内)|全年|[本当下]个?月[底末]|(?<![\d一二三四五六七八九十元正每个份度年])月[底末](?=\s*前)"
    r"|“?十[一二三四五六]?五(?=”|规划期|期|时期|末)"
    rf"|“?(?:{FESTIVALS})|即日"
    r"|本?(?:行动|实施|工作)?(?:方案|意见|通知|办法|计划|文件|规定|要点)?(?:正式)?(?:印发|发布|下发)之?(?:以?后)?的?\s*(?:\d+|[一二三四五六七八九十两]+)(?=\s*(?:个|日|天|周))"
    r"|(?:用|力争|争取)在?[一二两三四五六七八九十\d]+(?:[-至到]+\d+)?(?:个?年|个月|天|周)|立行立改|长期|持续|常年|常态化"
)
# Nearly every place is turned down by its first character. 之日 may follow any words: it is searched apart.
_FIRST = "0-9〇零两百一二三四五六七八九十元第首Q次下上半今本当明后翌同去往历前"
_FIRST += "近每按逐分月年季周日全“即用力争立长持常行实工方意通办计文规要正印发"
_FIRST += "".join(sorted({festival[0] for festival in FESTIVALS.split("|")}))
ANCHOR = re.compile(f"(?=[{_FIRST}])(?:{_ANCHORS})")
_ANCHOR_DAY_OF = re.compile(
    f"{_ANCHORS}|(?:本(?:方案|意见|通知|办法|计划|文件|规定))?[\\u4e00-\\u9fff]{{2,4}}之日"
)
_LEAD_IN = re.compile(r"(?:截至|截止到?|(?<![做达得])到|至|自|从|于|在|民国)\s*$")
# A title, and a slogan of how it is done: “年初公布、年中检查、年底兑现”的原则.
_TITLE = re.compile(r"《[^《》]*(?:〈[^〉]*〉[^《》]*)*》|“年初[^“”]{2,40}”")
# What stands before or after words that only look like a date to keep.
_BASELINE = re.compile(
    r"(?:较|相比|对比|同比|(?<![占对之])比|相较于?|高于|低于|以来|自|基于|截止?|不低于|好于)\s*$"
)
_COMPARED = re.compile(r"(?:较|相比|对比|(?<![占])比|相较于?|高于|低于|好于|同比)\s*$")
_AFTER_NOT = re.compile(
    r"\s*(?:\(含[^()]{0,4}\)\s*)?(?:是|有效期|存量|第[\d一二三四五六七八九十]+次|在册|(?:春节|元旦|国庆|中秋|五一|清明|端午)(?!节?”?前|、)|到期|届满|高考|中考|春运|(?:召开|印发|发布|下发|公布|出台|修订)的|的?(?:水平|基础上|基础之上|同期|基数|基准|底数|数据|均值|平均|实际完成|相比|为基|情况)|年会|以来|[之以]?后|(?:修[订正]|第\d+次|最新)?版|年?本(?!市|省|县|区)|修[订正]|款|级|届"
    r"|生产|《|[春夏秋冬]季|暑期|寒假|暑假|到期的|汛期|汛前|入冬|主汛|采暖[期季]|供暖[期季]|开学|北京冬|冬奥|冬残奥|奥运|亚运|世博|世界|全运|大运|青奥|进博|东亚|第\d+号|\d+号)"
)
_DOCUMENT_AFTER = re.compile(
    r"[^,。;:、()]{0,24}?(?P<noun>资金|债券|文件|远景目标|计划|方案|要点|预算|规划|报告|总结|名单|目录|台账|清单|考核结果|会议|大会|讲话|行动|年会|通知|要求|意见|试点|名录|公报|年鉴|普查|(?:任务|责任)?(?:分解|分工|一览)表|工作的?重点)(?=$|[,。;:、()和与及的》”中\d\s])"
)
_ACTION = re.compile(
    r"\s*[,、]|[^,。;:、()《》“”]{0,14}?(?:完成|实现|达到|达|建成|召开|举行|举办|力争|全面|基本|启动|组织|确保|开展|制定|出台|编制|新增|新建|建设|改造|推进|提高|提升|培育|打造|形成|安排|争取|实施|必须|进入|下降|增长|不低于|突破|消除|淘汰|进一步|要|应|将|累计|印发|报送|举办|投入|公布|取得|创建|安装|增加|减少|推广|开工|竣工|投产|不少于|超过|控制|底|初步|发放|落实|发展|支持|全省|全市|全县|全区|全国|计划)"
)
_EVENT = re.compile(
    r"[^,。;:、()]{0,24}(?:大赛|比赛|竞赛|论坛|峰会|博览会|交易会|展会|展览会|洽谈会|文化节|旅游节|仪式|启动会|系列活动|促进活动)"
)
_VERB_BEFORE = re.compile(
    r"(?:是|列为|作为|面向|展望|部署|谋划|做好|抓好|办好|申办|承办|协办|制定|制订|编制|印发|列入|纳入|参照|按照|根据|依据|下达|公布|公示|发布|对照|结合|贯彻|执行|修订|《|召开|总结|通报|关于|巩固|迎接|保障|筹备|参加|参与|申报|对“?十三五”?及|及)\s*$"
)
_PAST_SCOPE = re.compile(
    r"[^,。;、]{0,6}?(?:建成|投用|投产|竣工|建设|形成|批准|备案|注册|登记|出生|安装|开工|核准|取得|颁布|生产|购置|购买|已|未|遗留|成立|审批|立项|签订|认定|入库|毕业|建造)[^,。;]{0,16}?(?:的|并|且)"
)
# A day or month that has a name: 12月4日国家宪法日, 6月安全生产月.
_NAMED_DAY = re.compile(r"(?:国家|世界|全国|国际|“)?[\u4e00-\u9fff]{2,7}[日节月](?=$|[,。;、)”活主宣期前])")
_UNDONE = re.compile(r"[^,。;、]{0,6}?(?:未|不能|无法|没有)[^,。;、]{0,14}?(?:的|,)")
_NAMES_WHAT = re.compile(r"(?:对于?|针对|将|把|凡是?|如|若)$")
_DONE = re.compile(r",?[^,。;]{0,8}?(?:已(?!完成[^,。;]{0,6}的)|共有|现有|实有)")
_REPORTED = re.compile(
    r",?[^,。;]{0,24}?(?:已|完成了|增长|下降|实现了|召开|印发|完成(?:投资|产值|税收|收入))"
)
# Whom it is for: 毕业5年以内高校毕业生, 成立3年内的企业.
_SINCE_WHEN = re.compile(
    r"(?:毕业|离校|退役|入职|任职|参加工作|成立|设立|创办|开办|开业|注册|登记|上市|获批)(?:后|满|未满)?$"
)
_AT_YEARS_END = re.compile(
    "年终(?:目标|绩效|综合|工作)?考[核评]|年[底末终](?:考[核评]结果|绩效|评[先优比]|奖金?)"
)
_NO_SPAN = re.compile(
    r"\s*(?:不得|不再|不予|累计不|未|无|没有|有(?![望效序力])|被|曾|发生)|[^,。;]{0,14}的[,;]"
)
_PLACEHOLDER = re.compile(r"(?<!\d)20[xX\u00d7]{1,2} ?年")  # a form's: 20xx年6月底前
# Who has a right to something: 每年采购5000万元以上的,给予…
_ENTITLED = re.compile(r"[^,。;:]{0,50}\d[^,。;:、\d]{0,8}(?:以上|以下|以内)的[^,。;:、]{0,6},")
_PAST_FACT = re.compile(r"[^。;]{0,20}?已(?!完成[^。;]{0,6}的)")


def _declined(text: str, span: Span, limit: int, schedule: Schedule, context: Context) -> bool:
    """Whether the words round a date show that it schedules nothing: a baseline, scope, name, fact."""
    start, end = span
    before, after = text[max(0, start - 8) : start], text[end : min(limit, end + 60)]
    if _PLACEHOLDER.search(text, max(0, start - 6), start + 5):
        return True
    if schedule.kind in ("recurring", "ongoing"):
        return schedule.kind == "recurring" and (
            before.endswith(("平均", "年均", "人均")) or _ENTITLED.match(after) is not None
        )
    if _COMPARED.search(before) or _AFTER_NOT.match(after):
        return True
    if schedule.rule == "quarter" and re.search(r"第[一二三四]、$", before):
        return True  # 第一、第二、第三季度 as what a report is about
    due = schedule.due or schedule.start
    own_year = context.own_year
    past = bool(due and own_year and due.year < own_year)
    if (
        schedule.kind == "deadline"
        and _PAST_SCOPE.match(after)
        and (past or own_year is None or before.endswith("对"))
    ):
        return True
    if past and schedule.kind == "deadline" and _PAST_FACT.match(after):
        return True
    if _over(before, text[start:end], after, schedule, context):
        return True
    if _NAMES_WHAT.search(before) and re.match(
        r"[^,。;、]{0,20}?的|[^,。;、]{0,12}(?:作出|做出|作了|进行了|[定作列]为|确定为)", after
    ):
        return True
    if schedule.kind == "deadline" and _UNDONE.match(after):
        return True  # what happens to those who miss it
    if (
        schedule.kind == "start"
        and (past or _begun(schedule, context))
        and re.match(r"[^,。;、]{0,12}?的(?!通知|要求|规定)", after)
    ):
        return True  # in use since then
    if re.search(r"有效期(?:限|为)?(?:自[^,。;]{0,3})?[至到]?$", before):
        return True
    if (
        schedule.rule == "year_end"
        and text[start] == "年"
        and before[-1:] in "和与及、将把"
        and re.match(r"[^,。;]{0,12}?(?:总结|报告|考核|盘点|评估)", after)
    ):
        return True
    if schedule.rule in ("year", "month", "day", "window_years", "quarter", "half_year", "plan_period"):
        plain = not re.search(r"[前止底末]\s*$", text[start:end])
        if past and plain and schedule.kind == "deadline":
            return True
        if plain and re.match(r"[^,。;、]{0,14}情况", after):
            return True
        if plain and schedule.rule in ("day", "month") and _NAMED_DAY.match(after):
            return True
        if plain and schedule.rule == "year" and _EVENT.match(after) and not _starts_here(before):
            return True
        if plain and _VERB_BEFORE.search(before) and not re.search(r"[到至]\s*$", before):
            return True
        if (
            plain
            and schedule.rule in ("year", "month")
            and (named := _DOCUMENT_AFTER.match(after))
            and not _ACTION.match(after[: named.start("noun")])
        ):
            return True
        if (
            schedule.rule == "window_years"
            and (
                re.search(
                    r"(?:计划|方案|规划|行动|工程|攻坚战?|意见|纲要|办法|清单|项目库|要点)\s*\($", before
                )
                or before.endswith("(")
            )
            and text[end : end + 1] == ")"
        ):
            return True
        if (
            schedule.rule == "month"
            and "year" in schedule.implied
            and not context.field
            and _weak_month(before, after)
        ):
            return True
        if (
            schedule.rule == "day"
            and plain
            and (re.match(r"\s*(?:会议|讲话|精神|指示|文件|批示|事故|下发|印发的|发布的)", after))
        ):
            return True
    if (
        schedule.rule == "window_years"
        and past
        and due
        and schedule.due
        and own_year
        and schedule.due.year < own_year
    ):
        return True
    if schedule.rule == "within_year" and re.search("(?:部署|研究|谋划|安排)$", before):
        return True
    if schedule.rule in ("within_years", "within_months") and _NO_SPAN.match(after):
        return True
    if schedule.rule == "year_end" and _AT_YEARS_END.match(text, start):
        return True
    if schedule.rule == "within_years" and _SINCE_WHEN.search(before):
        return True
    return schedule.rule in ("within_year", "within_years") and bool(
        re.match(r"\s*(?:的|生产|产量|用电量)", after) and before[-1:] not in ",。;"
    )


def _over(before: str, words: str, after: str, schedule: Schedule, context: Context) -> bool:
    """Whether a time lies before the plan and is not called a deadline: what has been done."""
    if schedule.kind not in ("deadline", "window") or context.field:
        return False
    due, by = schedule.due, re.search(r"[前止]\s*$", words)
    if not by and _DONE.match(after):
        return True
    if by or not due or not context.issued or due >= context.issued:
        return False
    if schedule.kind == "window":
        return not re.search(r"[(]$|阶段[:。,]?$|[到至]$", before) and bool(_REPORTED.match(after))
    return schedule.precision in ("day", "month", "quarter", "half") and (
        bool(re.search(r"截[至止]到?\s*$", before))
        or bool(_REPORTED.match(after))
        or "year" not in schedule.implied
    )


def _repeats(text: str, last: Found, at: int) -> bool:
    """Whether 全年 says no more than the year that stands before it: 2025年,全年完成…"""
    assert last.schedule is not None
    return last.schedule.rule in ("year", "within_year") or not re.search("[,;]", text[last.span[1] : at])


def _begun(schedule: Schedule, context: Context) -> bool:
    return bool(schedule.start and context.issued and schedule.start < context.issued)


def _starts_here(before: str) -> bool:
    """Whether a date opens its phrase, or stands behind a word that leads to a time."""
    return not before or bool(re.search(r"[,。;:、(\s到至于在]$|力争$|计划$|确保$", before))


def _weak_month(before: str, after: str) -> bool:
    """A bare month without year, 前 or 底 that nothing marks as a time to act."""
    return not (
        re.search(r"(?:^|[,。;:、(\s到至于在定]|月(?:份|底)?[和及与]|力争|计划|确保|预计)$", before)
        or _ACTION.match(after)
        or re.match(r"[:)]|$", after)
    )


@lru_cache(maxsize=1)
def _compiled() -> tuple[tuple[re.Pattern[str], Build], ...]:
    return tuple((re.compile(rule.pattern), rule.build) for rule in RULES)


def _anchored(text: str, start: int, position: int, hint: re.Match[str], end: int) -> int:
    """Where a date may begin near the hint, or -1. What stands before `start` is another thing (4.6月底)."""
    if position == start and text[start - 1 : start] == "." and hint.start() < start + 12:
        own = _ANCHOR_DAY_OF.match(text[start : min(end, hint.end() + 24)])
        if own:
            return start
    left, right = max(position, hint.start() - 12), min(end, hint.end() + 24)
    pattern = ANCHOR if text.find("之日", left, right) < 0 else _ANCHOR_DAY_OF
    anchor = pattern.search(text, left, right)
    return anchor.start() if anchor else -1


def search(text: str, start: int, end: int, context: Context) -> Iterator[Found]:
    """The dates of folded `text[start:end]` that schedule something, in order, without overlap."""
    hint = HINT.search(text, start, end)
    if not hint:
        return
    titles = (
        [match.span() for match in _TITLE.finditer(text, start, end)]
        if "《" in text[start:end] or "“年初" in text[start:end]
        else []
    )
    position = start
    here = context
    last: Found | None = None
    while hint := hint if hint and position == start else HINT.search(text, position, end):
        if hint[0] in _ALWAYS and not context.field and text[hint.end() : hint.end() + 2] != "坚持":
            position = hint.end()
            continue
        at = _anchored(text, start, position, hint, end)
        if at < 0:
            position = hint.end()
            continue
        inside = next((title for title in titles if title[0] <= at < title[1]), None)
        if inside:
            position = inside[1]
            continue
        position = at + 1
        for pattern, build in _compiled():
            match = pattern.match(text, at, end)
            if not match or match.end() == at:
                continue
            result = build(match, here)
            if result is None:
                continue
            position = match.end()
            if isinstance(result, Trap):
                break
            lead = _LEAD_IN.search(text, max(start, at - 4), at)
            first = lead.start() if lead else at
            if isinstance(result, Impossible):
                yield Found((first, match.end()), None)
                break
            if _declined(text, (at, match.end()), end, result, context):
                break
            if match[0] == "全年" and last and last.schedule and _repeats(text, last, at):
                break
            if result.kind != "recurring" and "year" not in result.implied and result.due:
                here = replace(context, carried=result.due.year)
            quote = (first, match.end())
            if result.kind == "start" and result.rule == "start_now" and lead is None:
                quote = (at, match.end())
            last = Found(quote, result)
            yield last
            break
