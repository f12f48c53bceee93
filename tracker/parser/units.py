"""Who is responsible: from a bracket, a label line, a table cell or a sentence to units with roles.

The roles follow the labelling rules of the project: 牵头 leads, 配合 supports; 负责 and 责任单位 lead where
nobody is named 牵头, else they support (verb) or implement (label).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from .lexicon import (
    CHOP,
    CLOSING,
    CLOSING_ENDS,
    LABEL,
    LABEL_KINDS,
    LABEL_START,
    NOBODY,
    OPEN_TAIL,
    UNIT,
    UNIT_END,
    UNIT_STRONG,
    UNIT_SURE,
    VERBS,
)
from .types import Person, Role, Span, Unit

BRACKET = re.compile(r"\((?:[^()]|\((?:[^()]|\([^()]{0,80}\)){0,200}\)){1,900}\)")
_NOT_UNITS = re.compile(
    r"^(?:以下简称|简称|以下统称|含(?!山)|包括|包含|不含|如[:,\u4e00-\u9fff](?!皋|东)|即[:,为]|详见|见附|以\S+为|其中|指[的在]|例如|下同|按规定|至\d|从\d|自\d|由于|注[:]|不[得含包]|未[经按])"
)
_THINGS = (
    "(?:各项|各条|各款|所有|全部|涉及|主要|具体|重点|目标|任务|措施|工作|内容|事项|条款|项目"
    "|责任单位|责任部门|责任主体)*"
)
_NO_MORE = (
    "不再?(?:单独|一一|逐一|分别|重复|另行|逐项|再)*"
    "(?:列出|列举|列示|赘述|标注|列明|注明|罗列|说明|表述|写出|列入|列名|提及|重复|[做作]?(?:具体)?分工)"
)
_DEFAULTS = re.compile(
    rf"(?:(?:以下|下列|下述|下文){_THINGS},?(?:均|都|需|由|应|须|要|皆|为|涉及|包括|含)+"
    rf"|(?:具体|各项|所有|全部|上述|其他|其余|本方案|本计划|任务|措施|责任单位){_THINGS},?(?:均|都|皆)(?:需|由|应|须|要|为|涉及|包括|含)*)"
    r"(?P<units>[^。;]+?)(?:按照?(?:各自)?职责(?:分工)?)?(?:分别|共同)?(?:负责|抓好)?(?:组织)?(?:落实|实施|执行|配合|参与|负责|责任)?(?:(?<=责任)\))?"
    rf"[,。;、] *(?:(?:以下|下文|下面)?(?:均|都|将)?{_NO_MORE}(?:,? *下同)?|(?:以)?下同)[。,;]?"
)
_CARRIED_OUT = re.compile("(?:负责|抓好)?(?:组织)?(?:落实|实施|执行|负责),")
_DEFAULT_TAIL = re.compile(
    rf"[,。;、(] *(?:以下|下文|下面){_THINGS}(?:均|都|同)?,?{_NO_MORE}\)?"
    r"|(?<=落实)[,。;、] *(?:以)?下同\)?|(?<=实施)[,。;、] *(?:以)?下同\)?"
)
FIRST_LEADS = re.compile(
    r"(?:第一责任单位|第一个责任单位|首位责任单位|首个责任单位|首个单位|(?:列|排|排名|位列|排列|列在|排在|位于|名列)(?:在|于)?(?:第一|首|前)"
    r"(?:位|个|名|列)?(?:者|的)?(?:单位|部门|责任单位|责任部门)?|第一个(?:单位|部门))(?:者)?,?(?:均|即)?(?:为|是|作为)(?:该项|本项)?(?:任务|工作)?(?:的)?(?:总)?牵头"
)
_FRONT = re.compile(
    "前(?:位|个|名|列)?(?:者|的)?(?:单位|部门|责任单位|责任部门)?(?:者)?,?(?:均|即)?(?:为|是|作为)"
)
OTHERS_HELP = re.compile(
    r"(?:其余|其他|其它)(?:责任)?(?:的|各)?(?:单位|部门)?(?:均|皆|都)?(?:为|是|作为)(?:配合|协办|协助|参与|协同)(?:单位|部门)?"
)
_FIRST_LEADS_PHRASE = re.compile(
    rf"[(]?(?:除[^,()]{{1,20}}外,)?(?:{FIRST_LEADS.pattern})[^,。;()]*(?:[,、]?下同)?[)]?"
)
_PREFIX = re.compile(
    r"^(市|区|县|省|州|旗|盟|街道(?!办|社区)|镇(?![江海平远雄安宁康原巴坪赉沅街])|乡(?![村镇宁]))(?![场政直长域区委级])(?=\S{2})"
)
_COMMITTEE = re.compile(r"^[市区县省州旗盟]委(?=[\u4e00-\u9fff]{2,}[部办委室会]$)")
_PARTY_ORGAN = re.compile(
    r"^(?:组织|宣传|统战|政法|网信|编|社会工作|机构编制|巡察|老干部|保密|台|机关工|直属机关工|农|外事?)(?:部|委|办|局|工委|委员会|办公室)$"
)
_MARKET = re.compile(r"^市场(?:监督|监管|发展|管理|服务)")
_LOCAL_ORGAN = re.compile(r"(?:局|委|办|厅|院|中心|社|会|办公室|大队|支队)$")
_TOWN_ORGAN = re.compile(r"(?:局|委|办|院|中心|社|会|室|部|所|站|队)$")
_NO_PREFIX = re.compile(
    r"^(?:各|有关|相关|其他|中国|中央|国家|国网|人行|人民银行|海关|全|省|市(?!场)|县|区|州|旗|盟|乡|镇|自治区|本|属地|所在地|涉及|辖区|驻)"
    r"|(?:分局|分行|支行|公司|银行|海关|管委会|政府|铁路局|集团|派出所|车站|居委会|村委会|社区)$|(?<!城)市(?!场)|[县区]"
    r"|^(?!地方|财政)[\u4e00-\u9fff]{2,3}(?:金融监管分?局|证监局|银保?监分?局|保监局|海事局)$"
)
_LOCAL_GOVERNMENT = re.compile(
    r"^各|政府|管委会|乡|镇|街道|属地|所在地|辖区|[县区]$|开发区|园区|社区|村|旗|企业"
)
_DATE_LIKE = re.compile(r"\d+ *[月年日%]|[月年]底|完成$|持续推进|长期")
_JOINER = re.compile(r"(?:以及|[和及与跟])(?!以)")
_LOOSE_VERB = re.compile(r"(?<=[\u4e00-\u9fff)])( +)(牵头|负责|配合|参与|协办|协助)(?=$|[ ,;、。])")
_JOINTLY = re.compile(
    r"会同|(?<=[局厅委部办院行府署])商(?=[省市县区州国各自][\u4e00-\u9fff])"
)  # 省教育厅商省财政厅
_SEPARATORS = re.compile(r"[、,;/|\n]|(?<=\S) +(?=\S)")
_LEAD_IN = re.compile(
    r"[ 、,;。.:\n*\u2605\u2606\u25b2\u25b3\u25cf\u203b\u2022]*"
    r"(?:以及|及其?(?=[市县区省各])|和(?=[市县区省各])|由|请|并由|其他由)?[ :]*"
)
_COLLECTIVE = re.compile(
    r"^(?:各|有关|相关|涉改?|所有|全[省市县区]各)?(?:(?:[省市县区乡镇州旗]|自治[区州县]|地|盟|地级市|直辖市|设区市)、?)+$"
)
_COLLECTIVE_NEXT = re.compile(
    r"^(?:[镇乡区县市旗州盟]|自治[区州县]|直辖市)(?=$|[(]|街道|人民|政府|党委|党工委|管委会|办事处|各|有关|相关|级(?!市)|委(?!宣|组|政|统|办|网|编|党|社|金))"
)
_GENERIC = re.compile(  # what stands in a bracket inside a name: 各镇(街道)
    r"^(?:[省市县区乡镇州旗村]|街道|乡镇|镇街|园区|开发区|管委会|社区|[村居]委会|单位|部门|政府|企业|办事处|学校|自治[区州县]|[市县]级)$"
)
_POSTS = re.compile(r"(?:副?(?:省|市|县|区|州|秘书|局|主任|主席)长|主任|书记|主席|领导)$")
# 各单位(按职责分工), 市食安办(与…合署办公)
_ASIDE = re.compile(r"\((?:(?:按照?|根据|与|除)[^()]*|[^()]*下同)\)$")
_RUN_ON = re.compile(r"[市县区省](?!中)[^市县区省、()]{2,12}?(?:局|委|办|厅|部|院)(?=[市县区省]|$)")
_LINE_END = re.compile(r"([^、,;。:\n]*)\n")
_CLOSED = re.compile(r"^\s*$|(?:牵头|负责|配合|参与|落实|实施)$")
# A person behind the name of a unit: 县发改局(李四).
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪"
    "范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_NAMED = re.compile(rf"\(([{_SURNAMES}][\u4e00-\u9fff]{{1,2}})\)$")
_MARKED = re.compile(r"\((?:总?牵头|主办|配合|参与|协助|协办)(?:单位|部门)?\)$")
_PARTY = re.compile(r"(?P<place>.{2,})(?:党委|党工委)$")  # 北河镇党委、政府: two bodies of one place
_BESIDE_PARTY = frozenset({"政府", "人民政府", "办事处", "管委会"})
_OWN_NAME = re.compile(r"^[市县区省州旗国各][\u4e00-\u9fff()]+$")
_STOPS = re.compile(r"[,;。]")
_PEOPLE_STOPS = re.compile(r"[、,;]")
_TRIM = " 、,;。.:\n|*\u2605\u2606\u25b2\u25b3\u25cf\u203b\u2022"
_PRINTED_TRIM = _TRIM + "\u3000\u3002\uff1b\uff0c\uff1a\uff0e\uff3d"
_HELPS = "(?:等)?(?:共同|积极|密切|协同)?(?:配合|参与|协助|参加|协办)"
_HELPERS = r"(?P<support{}>(?:[^,。;:()]|\([^()]{{0,20}}\)){{2,80}}?)"
_BY = re.compile(
    r"由(?P<units>[^,。;:()由]{2,60}?)(?:负责)?总?牵头(?!领导)"
    rf"(?:[^,。;]{{0,30}}(?:,{_HELPERS.format('')}{_HELPS})?)?"
    rf"|由(?P<units2>[^,。;:()由]{{2,60}}?)(?:负责|承办|主办|主抓|组织实施),{_HELPERS.format('2')}{_HELPS}(?=[,。;:]|$)"
    rf"|(?:^|(?<=[。;:]))(?P<units3>[^,。;:()由]{{2,60}}?)(?:负责)?牵头(?:负责|组织|实施)*,{_HELPERS.format('3')}{_HELPS}(?=[,。;:]|$)"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A unit's name, folded for matching and as printed."""

    folded: str
    printed: str


@dataclass(slots=True)
class Group:
    """Units under one word. `role` is lead, support, implement, responsible (by verb) or duty (by label)."""

    role: str
    names: list[Name]


@dataclass(slots=True)
class Reading:
    """What one piece of responsibility text says. `times` are spans of a stated time inside it."""

    groups: list[Group] = field(default_factory=list)
    defaults: list[Name] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    times: list[Span] = field(default_factory=list)
    open: bool = False

    def __bool__(self) -> bool:
        return bool(self.groups or self.defaults or self.people or self.times or self.open)


def is_unit(name: str) -> bool:
    """Whether a folded name ends like a unit."""
    return 1 < len(name) <= 40 and UNIT.match(name) is not None


def _depth_zero(text: str, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Matches of `pattern` that stand outside of brackets."""
    for match in pattern.finditer(text):
        before = text[: match.start()]
        if before.count("(") <= before.count(")"):
            yield match


def _pieces(text: str, pattern: re.Pattern[str]) -> Iterator[Span]:
    """The spans between the separators that stand outside of brackets."""
    start = 0
    matches = _depth_zero(text, pattern) if "(" in text else pattern.finditer(text)
    for match in matches:
        yield start, match.start()
        start = match.end()
    yield start, len(text)


def _join_spans(text: str, start: int, end: int) -> Iterator[Span]:
    """A member, split at 和 / 及 / 与 only where a whole unit stands before the joiner."""
    part = text[start:end]
    for match in _depth_zero(part, _JOINER):
        left, right = part[: match.start()].strip(), part[match.end() :].strip()
        if (
            UNIT_STRONG.search(left)
            and len(left) > 2
            and is_unit(right)
            and right not in ("单位", "部门", "企业", "机构")
        ):
            yield start, start + match.start()
            yield from _join_spans(text, start + match.end(), end)
            return
    yield start, end


def _collective(text: str, spans: list[Span]) -> Iterator[Span]:
    """The spans, with the parts of one collective joined again: 各市、县(区)政府; 各省、自治区、直辖市."""
    joined: list[Span] = []
    for start, end in spans:
        if (
            joined
            and _COLLECTIVE.search(text[slice(*joined[-1])].strip())
            and _COLLECTIVE_NEXT.match(text[start:end].strip())
        ):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    yield from joined


@lru_cache(maxsize=4096)
def members(text: str, source: str) -> tuple[tuple[Name, ...], bool]:
    """The units of a list as printed in `source` (as long as `text`), and whether 等 leaves the list open."""
    names: list[Name] = []
    is_open = False
    cleaned = text
    for match in list(OPEN_TAIL.finditer(text)):
        before = text[: match.start()]
        if before.count("(") > before.count(")"):
            continue
        is_open = True
        cleaned = cleaned[: match.start()] + "、" * (match.end() - match.start()) + cleaned[match.end() :]
    if "\n" in cleaned:  # a line that breaks off inside of a name
        cleaned = _LINE_END.sub(
            lambda m: m[0] if UNIT_STRONG.search(m[1].strip()) or _CLOSED.search(m[1]) else m[1] + "\r",
            cleaned,
        )
    for start, end in _collective(cleaned, list(_pieces(cleaned, _SEPARATORS))):
        for left, right in _join_spans(cleaned, start, end):
            name, printed = cleaned[left:right], source[left:right]
            lead = _LEAD_IN.match(name)
            shift = lead.end() if lead else 0
            printed = printed[shift:].strip(_PRINTED_TRIM)
            name = name[shift:].strip(_TRIM)
            while name.endswith(")") and name.count(")") > name.count("("):
                name, printed = name[:-1].rstrip(_TRIM), printed[:-1].rstrip(_PRINTED_TRIM)
            if name[-1:] == ")" and (aside := _ASIDE.search(name)):
                name, printed = name[: aside.start()], printed[: aside.start()]
            parts = _RUN_ON.findall(name)
            if len(parts) > 1 and "".join(parts) == name and len({part[0] for part in parts}) == 1:
                at = 0
                for part in dict.fromkeys(parts):
                    at = name.index(part, at)
                    names.append(Name(part, printed[at : at + len(part)]))
                continue
            half = len(name) // 2
            if half > 2 and name[:half] == name[half:]:
                name, printed = name[:half], printed[:half]
            if name in NOBODY or not 2 <= len(name) <= 40 or name[-1] == "的":
                continue
            if names and (party := _PARTY.match(names[-1].folded)) and name in _BESIDE_PARTY:
                stem = names[-1].printed[: party.end("place")]
                name, printed = party["place"] + name, stem + printed
            names.append(Name("".join(name.split()), "".join(printed.split())))
    return tuple(names), is_open


def _read_groups(text: str, source: str, label: str | None) -> Reading:
    """One labelled or unlabelled piece: groups by their closing verbs, else by the label."""
    known = _read_once(text, source, label)  # plans repeat their lists; what is cached is never handed out
    groups = [Group(group.role, list(group.names)) for group in known.groups]
    return Reading(groups, times=list(known.times), open=known.open)


@lru_cache(maxsize=4096)
def _read_once(text: str, source: str, label: str | None) -> Reading:
    reading = Reading()
    chopped: list[Span] = []
    for start, end in _pieces(text, _STOPS):
        cut = start
        for match in _depth_zero(text[start:end], CHOP):
            chopped.append((cut, start + match.end()))
            cut = start + match.end()
        chopped.append((cut, end))
    pending: list[tuple[str | None, list[Name]]] = []
    for start, end in chopped:
        part = text[start:end].strip(_TRIM)
        if not part:
            continue
        start = text.index(part, start, end)
        end = start + len(part)
        if _DATE_LIKE.search(part) and not is_unit(part):
            reading.times.append((start, end))
            continue
        role: str | None = None
        closing = CLOSING.match(part) if part[-1] in CLOSING_ENDS else None
        list_end = end
        if closing and (closing["list"] or closing["adverbs"]):
            role = next(kind for kind in VERBS if closing[kind] is not None)
            list_end = start + closing.end("list")
            reading.open |= closing["open"] is not None
        elif part in ("牵头", "负责", "配合", "参与"):
            continue
        ranges = [(start, list_end, role)]
        if (joint := _JOINTLY.search(text, start + 1, list_end)) is not None:
            ranges = [(start, joint.start(), "lead"), (joint.end(), list_end, "support")]
        for left, right, kind in ranges:
            block = re.sub("牵头$", "  ", text[left:right])
            listed, is_open = members(block, source[left:right])
            reading.open |= is_open
            names = [name for name in listed if not _DATE_LIKE.search(name.folded)]
            local = bool(names) and all(_LOCAL_GOVERNMENT.search(name.folded) for name in names)
            if kind in ("carry", "duty"):
                kind = "implement" if local else "responsible"
            elif kind == "responsible" and local and not (closing and closing["adverbs"]):
                kind = "implement" if any(role == "lead" for role, _ in pending) else kind
            elif kind == "help":
                kind = "support" if any(role for role, _ in pending) else "responsible"
            marked = {name: _MARKED.search(name.folded) if name.folded[-1] == ")" else None for name in names}
            for name, mark in marked.items():  # 市教育局(牵头)、市财政局(配合)
                if mark:
                    names.remove(name)
                    bare = Name(name.folded[: mark.start()], name.printed[: mark.start()])
                    pending.append(("lead" if "牵头" in mark[0] else "support", [bare]))
            if names or (kind and not any(marked.values())):
                pending.append((kind, names))
    own = {"responsible": "duty", "division": "responsible"}.get(label or "", label)
    seen_lead = False
    for index, (role, names) in enumerate(pending):
        if role is None:
            later = next((kind for kind, _ in pending[index + 1 :] if kind), None)
            if own:
                role = own if not seen_lead or own in ("lead", "support", "implement") else "support"
            elif later and (later != "support" or seen_lead):
                role = later
            elif later:
                role = "lead"
            else:
                role = "support" if seen_lead else "responsible"
        seen_lead |= role == "lead"
        if names:
            reading.groups.append(Group(role, names))
    return reading


def read(text: str, source: str, *, label: str | None = None) -> Reading:
    """Read responsibility text without its outer bracket. `text` is folded, `source` printed, of one length.

    `label` is the kind of label that stands before the text (a table's column, a line's label).
    """
    whole = Reading()
    if " " in text:  # 县农业农村局 牵头  县委宣传部 配合
        text = _LOOSE_VERB.sub(lambda match: match[2] + "," * len(match[1]), text)
    if "牵头" in text:
        text = _FIRST_LEADS_PHRASE.sub(lambda match: "。" * len(match[0]), text)
    default = _DEFAULTS.search(text)
    if default:
        left, right = default.span("units")
        if done := _CARRIED_OUT.search(text, left, right):  # 各县政府落实,…另有负责的,不再列出
            right = done.start()
        cut = default.start()
        if text[cut - 1 : cut] == "(":  # 各县区政府(以下都涉及县区政府责任): the name before the bracket
            word = max(text.rfind(stop, 0, cut) for stop in "、,;。:") + 1
            if text[word : cut - 1].endswith(text[left:right]):
                left, right, cut = word, cut - 1, word
        whole.defaults = list(members(text[left:right], source[left:right])[0])
        text = text[:cut] + "。" * (default.end() - cut) + text[default.end() :]
    else:
        tail = _DEFAULT_TAIL.search(text)
        if tail:
            head = text[: tail.start()]
            start = max(head.rfind(","), head.rfind(";"), head.rfind("。"), head.rfind(":")) + 1
            inner = _read_groups(head[start:], source[start : tail.start()], None)
            whole.defaults = [name for group in inner.groups for name in group.names]
            text = text[:start] + "。" * (tail.end() - start) + text[tail.end() :]
    marks: list[tuple[int, int, str | None]] = [(0, 0, label)]
    if ":" in text:
        marks += [(match.start(), match.end(), _kind(match)) for match in LABEL.finditer(text)]
    for start, _ in list(_pieces(text, _STOPS)):
        first = LABEL_START.match(text, start)
        if first and _kind(first) not in ("people", "time") and all(first.end() != mark[1] for mark in marks):
            marks.append((first.start(), first.end(), _kind(first)))
    marks.sort(key=lambda mark: mark[:2])
    for index, (_, start, kind) in enumerate(marks):
        end = marks[index + 1][0] if index + 1 < len(marks) else len(text)
        if not text[start:end].strip(_TRIM):
            continue
        if kind == "people":
            printed = source[slice(*marks[index][:2])].strip(" :\uff1a,;、\uff0c\uff1b")
            people = [
                source[start + left : start + right].strip(" 。\uff1b;,\uff0c\u3000\n")
                for left, right in _pieces(text[start:end], _PEOPLE_STOPS)
            ]
            whole.people += [Person(printed, person) for person in people if person and person not in NOBODY]
        elif kind == "note":
            continue
        elif kind == "time":
            whole.times.append((start, end))
        else:
            part = _read_groups(text[start:end], source[start:end], kind)
            whole.groups += part.groups
            whole.open |= part.open
            whole.times += [(left + start, right + start) for left, right in part.times]
    for group in whole.groups:
        for index, name in enumerate(group.names):
            named = _NAMED.search(name.folded) if name.folded[-1:] == ")" else None
            if named and not is_unit(named[1]) and UNIT_STRONG.search(name.folded[: named.start()]):
                group.names[index] = Name(name.folded[: named.start()], name.printed[: named.start()])
                whole.people.append(Person("责任人", name.printed[named.start(1) : named.end(1)]))
        for name in [name for name in group.names if _is_post(name.folded)]:
            group.names.remove(name)
            whole.people.append(Person("负责", name.printed))
    whole.groups = [group for group in whole.groups if group.names]
    return whole


def _is_post(name: str) -> bool:
    return name[-1:] in "长任记席导" and _POSTS.search(name) is not None


def _kind(match: re.Match[str]) -> str:
    return next(kind for kind in LABEL_KINDS if match[kind] is not None)


@lru_cache(maxsize=4096)
def names_units(content: str, *, closing: bool) -> bool:
    """Whether a bracket's folded content says who is responsible. `closing`: it ends its sentence."""
    content = _FIRST_LEADS_PHRASE.sub("", content).strip()
    if LABEL.match(content) or (
        LABEL_START.match(content) and re.match(r" *(?:牵头|责任|配合|主责)(?:单位|部门)", content)
    ):
        return True
    if _NOT_UNITS.match(content):
        return False
    if _DEFAULTS.search(content) or _DEFAULT_TAIL.search(content):
        return True
    parts = [content[start:end].strip(_TRIM) for start, end in _pieces(content, _STOPS)]
    for part in parts:
        found = CLOSING.match(part) if part and part[-1] in CLOSING_ENDS else None
        if found and found["list"] and found["help"] is None and found["duty"] is None:
            names, _ = members(found["list"], found["list"])
            if any(is_unit(re.sub(r"(?:牵头|配合)$", "", name.folded)) for name in names) or re.search(
                "牵头", part
            ):
                return True
            if re.search(r"(?:长|领导|书记|主任)$", found["list"]):
                return True
    if not closing:
        return False
    listed, is_open = members(content, content)
    names = tuple(name for name in listed if not _DATE_LIKE.search(name.folded))
    return (
        bool(names)
        and any(UNIT_SURE.search(name.folded) and not _GENERIC.match(name.folded) for name in names)
        and all(is_unit(name.folded) for name in names)
        and (is_open or all(UNIT_STRONG.search(name.folded) for name in names))
    )


def names_one(title: str) -> bool:
    """Whether a folded title is nothing but the name of one unit."""
    title = title.strip(_TRIM)
    return (
        2 < len(title) <= 16
        and "、" not in title
        and UNIT_STRONG.search(title) is not None
        and bool(_OWN_NAME.match(title))
    )


@lru_cache(maxsize=4096)
def is_unit_list(content: str) -> bool:
    """Whether a table cell or a line holds nothing but units (with or without their verbs)."""
    content = content.strip(_TRIM)
    if not content or len(content) > 400 or "。" in content:
        return False
    if content in NOBODY:
        return True
    found = _read_groups(content, content, None)
    names = [name for group in found.groups for name in group.names]
    return bool(names) and not found.times and all(is_unit(name.folded) for name in names)


def first_leads(text: str) -> Role | None:
    """Whether the document says that the first in a list leads: then the role of the others."""
    said = FIRST_LEADS.search(text) if "第一" in text or "首" in text or _FRONT.search(text) else None
    if not said:
        return None
    return "support" if OTHERS_HELP.search(text, said.end(), said.end() + 30) else "implement"


def resolve(readings: Iterable[Reading], *, first_leads: Role | None = None) -> list[Unit]:
    """Units with final roles for readings that belong together, each name once with its strongest role."""
    groups = [group for reading in readings for group in reading.groups]
    has_lead = any(group.role == "lead" for group in groups)
    order: dict[str, Role] = {}
    strength = {"lead": 2, "implement": 1, "support": 0}
    first = True
    for group in groups:
        for name in group.names:
            role: Role
            if group.role in ("responsible", "duty"):
                other: Role = "support" if group.role == "responsible" else "implement"
                if first_leads == "support" and not has_lead:
                    other = "support"
                role = "lead" if not has_lead and (first or not first_leads) else other
                first = False
            else:
                role = group.role  # type: ignore[assignment]
            if name.printed not in order or strength[role] > strength[order[name.printed]]:
                order[name.printed] = role
    return [Unit(name, role) for name, role in order.items()]


@lru_cache(maxsize=4096)
def _traits(name: str) -> tuple[str, bool, bool]:
    """The prefix of a folded name, and whether it can take that of a county or city, or of a town."""
    own = _PREFIX.match(name)
    if own or _NO_PREFIX.search(name):
        return own[1] if own else "", False, False
    return "", _LOCAL_ORGAN.search(name) is not None, _TOWN_ORGAN.search(name) is not None


def inherit_prefix(readings: Iterable[Reading]) -> None:
    """Give the members of a list the prefix its first member has: 市发改委、工信局 -> 市发改委, 市工信局."""
    groups = [group for reading in readings for group in reading.groups]
    given: tuple[str, str] | None = None  # folded and as printed, of the last name that has one
    committee = ""  # 市委, as printed
    for group in groups:
        traits = [_traits(name.folded) for name in group.names]
        prefixed = sum(1 for own, _, _ in traits if own)
        bare = [name for name, (_, local, _) in zip(group.names, traits, strict=True) if local]
        town = [name for name, (_, _, small) in zip(group.names, traits, strict=True) if small]
        for index, name in enumerate(group.names):
            if own := traits[index][0]:
                if given is None or not name.folded.endswith("分局"):
                    given = own, name.printed[: len(own)]
                continue
            if party := _COMMITTEE.match(name.folded):
                committee = name.printed[: party.end()]
                given = given or (name.folded[0], name.printed[0])
                continue
            if committee and _PARTY_ORGAN.match(name.folded):
                group.names[index] = Name(
                    given[0] + "委" + name.folded if given else name.folded, committee + name.printed
                )
            elif given is not None:
                takers = bare if len(given[0]) == 1 and given[0] not in "镇乡" else town
                if (name in takers and len(takers) >= prefixed) or (
                    given[0] == "市" and _MARKET.match(name.folded)
                ):
                    group.names[index] = Name(given[0] + name.folded, given[1] + name.printed)


def _may_be_unit(name: str) -> bool:
    """公安, 工商 in 公安、工商、安监部门配合 are short for their departments."""
    return is_unit(name) or (len(name) < 5 and re.fullmatch("[\u4e00-\u9fff]+", name) is not None)


def by_whom(text: str, source: str) -> Reading:
    """由X牵头(,Y配合) in running prose: the one form of a sentence that names a lead."""
    reading = Reading()
    for match in _BY.finditer(text):
        for group, words in match.groupdict().items():
            if words is None:
                continue
            role = "lead" if group.startswith("units") else "support"
            begin = match.start(group)
            for part in re.finditer(r"(?:(?!会同)[^\0])+", words):
                left, right = begin + part.start() + 2 * (part.start() > 0), begin + part.end()
                names, is_open = members(text[left:right], source[left:right])
                if names and is_unit(names[-1].folded) and all(_may_be_unit(name.folded) for name in names):
                    reading.groups.append(Group("support" if part.start() else role, list(names)))
                    reading.open |= is_open
    return reading


__all__ = [
    "BRACKET",
    "FIRST_LEADS",
    "UNIT_END",
    "Group",
    "Reading",
    "by_whom",
    "inherit_prefix",
    "is_unit",
    "is_unit_list",
    "members",
    "names_units",
    "read",
    "resolve",
]
