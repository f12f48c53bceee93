"""The words plans use, as data: labels, closing verbs, unit endings, headings. All in folded form (see folding)."""

from __future__ import annotations

import re

CN_DIGITS = {char: value for value, char in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "○": 0}
CN_NUM = "[〇零一二两三四五六七八九十百]"


def to_int(text: str) -> int:
    """An integer in Arabic or Chinese numerals (12, 十二, 二〇二五, 一百零五). Raises ValueError for other text."""
    text = text.strip()
    if text.isdecimal():
        return int(text)
    if not text or any(char not in CN_DIGITS and char not in "十百" for char in text):
        raise ValueError(text)
    if "十" not in text and "百" not in text:
        return int("".join(str(CN_DIGITS[char]) for char in text))
    total = 0
    digit = -1
    for char in text:
        if char == "百":
            total += (digit if digit >= 0 else 1) * 100
            digit = -1
        elif char == "十":
            total += (digit if digit > 0 else 1) * 10
            digit = -1
        else:
            digit = CN_DIGITS[char]
    return total + max(digit, 0)


# Labels before a colon, by what they name. Longest first inside each group: the alternation is ordered.
LABELS: dict[str, str] = {
    "lead": (
        "牵头组织实施单位|牵头负责单位|牵头责任(?:单位|部门|处室)|责任牵头(?:单位|部门)|总牵头(?:单位|部门)"
        "|牵头(?:实施)?(?:单位|部门|机关|处室|科室|机构)(?:及责任单位)?|第一责任(?:单位|部门)"
        "|主要责任(?:单位|部门)|主责(?:单位|部门)|主办(?:单位|部门|机关)|牵头市直(?:单位|部门)|牵头"
    ),
    "support": (
        "协同配合(?:单位|部门)|责任配合(?:单位|部门)|配合责任(?:单位|部门)|主要配合(?:单位|部门)"
        "|(?:配合|协办|协同|参与|参加|协助|支持|协作|会办|协调)(?:单位|部门|机关|处室|科室|机构)|配合|参与|协同"
    ),
    "implement": "责任主体[与和及、]协同单位|责任主体|实施主体|落实主体|属地责任单位|落实单位",
    "responsible": (
        "责任(?:单位|部门|机关|处室|科室|机构|分工单位)|(?:负责|承办|实施|执行|主管|完成)(?:单位|部门|处室|科室)|负责处室"
    ),
    "division": "部门分工|责任分工|职责分工|任务分工|工作分工|分工|责任单位及分工",
    "people": (
        "(?:牵头|分管|主管|责任|包联|包保|包抓|挂钩|联系|督办|市级|县级|区级|省级|挂帅|主抓|协管)(?:[省市县区州]级?)?"
        "(?:委|政府)?领导|分管(?:副)?(?:省|市|县|区|州|秘书)长|(?:主要|第一|直接|具体|牵头|分管|项目)?(?:责任人|负责人)"
        "|(?:市|县|区|省)领导"
    ),
    "time": (
        "(?:计划|预计|要求|目标|最迟|整改|工作|办结|任务|实施)?(?:完成|整改|办结|工作|推进)?(?:时限|期限|时间节点|时间要求|时间安排)"
        "|(?:计划|预计|整改|目标)?(?:完成|整改|办结|推进|实施)时间|时间节点|时间"
    ),
}
LABEL_KINDS = tuple(LABELS)
_LABEL_ALTERNATION = "|".join(f"(?P<{kind}>{words})" for kind, words in LABELS.items())
LABEL = re.compile(rf"(?<![\u4e00-\u9fff])(?:{_LABEL_ALTERNATION})(?:\([^()]{{1,12}}\))? *:")
# A label line may leave its colon out inside a bracket: (牵头单位市发改委).
LABEL_START = re.compile(rf" *(?:{_LABEL_ALTERNATION})(?:\([^()]{{1,12}}\))?(?: *[:为]| +|(?=[市县区省各]))")

# What closes a group of units. Adverbs first, then the verb; the verb decides the role.
ADVERBS = (
    "(?:[、,]?(?:按照?|根据|依据)?(?:各自|部门|工作|有关)*(?:职责|职能|责任|任务)?(?:任务)?分工(?:分别|共同)?"
    "|(?:按照?|根据|依据)(?:各自)?(?:职责|职能|责任|任务)(?:范围|权限)?|各司其职|共同|联合|分别|具体|总体|统筹|协同|配合|组织|主要|全力|积极)*"
)
VERBS: dict[str, str] = {
    "lead": "牵头(?:负责(?:落实)?|组织实施|组织|实施|落实|抓总|推进|制定|开展|办理)?|主办|主责|主抓",
    "carry": "负责(?:组织)?(?:落实|实施|推进|执行)|(?:抓好|组织|具体)?(?:落实|实施|执行)",
    "responsible": "分?工?负责|承担|承办",
    "support": "配合(?:落实|实施|做好)?|参与|参加|协助|协同(?:配合|推进)?|协办|指导|督导|督办|支持|密切配合",
}
_VERB_ALTERNATION = "|".join(f"(?P<{role}>{words})" for role, words in VERBS.items())
CLOSING = re.compile(rf"(?P<list>.*?)(?P<open>等)?(?P<adverbs>{ADVERBS})(?:{_VERB_ALTERNATION})$", re.DOTALL)
CLOSING_ENDS = frozenset("头责合与施实导助办担抓加同持行进总定展理好")
CHOP = re.compile(
    r"牵头(?:负责|组织实施|组织|实施|落实|抓总)?(?:[,、;]|(?=会同|[市县区省]\S))|(?:负责落实|负责|配合|参与)(?:[、]|(?=[市县区省各]\S))"
)

UNIT_END = (
    "(?:局|委|办|厅|部|署|院|中心|会|府|公司|集团|社|行|站|队|处|所|校|大学|学院|海关|单位|部门|机构|街道|乡镇|镇|乡|区|县|市"
    "|台|馆|段|党委|企业|组|专班|科|股|州|盟|旗|师|团|妇联|残联|工商联|科协|文联|侨联|军区|委办局|办公室|园区|开发区|高校|学校"
    "|地方|各地|省|自治区|直辖市|村|社区|总厂|厂|场|基地|联盟|电网|电力|银行|分行|支行|医院|工会|团市委|团省委|团县委"
    "|移动|联通|电信|铁塔|邮政|烟草|消防|海事|气象|税务|公安|法院|检察院|广东分署|分署|平台|基金|报社|日报|运营商|业主)"
)
UNIT = re.compile(rf"^(?:[^,。;:]*){UNIT_END}(?:\([^()]*\))*(?:\([^()]*\))?$")
UNIT_STRONG = re.compile(
    r"(?:局|委|委员会|办|厅|部|署|院|中心|政府|公司|集团|社|银行|分行|海关|单位|部门|管委会|办公室|街道|队|站|处|协会|总会|联合会"
    r"|妇联|残联|工商联|团市委|科协|大学|学院|区|县|乡镇|医院|法院|各地)(?:\([^()]*\))?$"
)
OPEN_TAIL = re.compile(
    r"(?<![高平中初对])等(?:\d+个|[一二三四五六七八九十]+个|多个|各)?(?:[省市县区乡镇]?[直级]?)?(?:各|有关|相关|其他|成员|职能|责任)*"
    r"(?:部门|单位|机构|成员单位|企业|委办局|处室|部委)*(?:和单位|、单位)?(?=$|[和及与、,;])"
)
NOBODY = frozenset({"无", "-", "/", "--", "暂无", "无。", "—", "下同"})

# Headings under which nothing is ordered; and those whose numbers are the plan's goals.
_HEAD = "(?:总体|主要|工作|行动|发展|阶段性?|年度|具体|预期|任务|整治|治理|建设|改革|创建|基本|攻坚|战略|规划|近期|远期|预期性|量化)"
GOAL_HEADING = re.compile(
    rf"^{_HEAD}*(?:目标|指标|目标指标|任务目标|目标任务|目标要求)(?:[和与及、](?:任务|指标|要求|步骤|主要指标))?(?:\([^()]*\))?$"
)
IDLE_HEADING = re.compile(
    rf"^(?:{_HEAD}*(?:要求|思路|思想|原则|方针|意义|依据|背景|现状|形势|概况|情况|基础|范围|对象|定义|术语|内容概述)"
    r"|指导思想|基本原则|总体要求|总体思路|工作思路|编制依据|适用范围|适用对象|重要意义|充分认识.{0,20}意义|指导思想[和与及、].{1,12}"
    r"|总体要求[和与及、].{1,12}|基本情况|主要依据|面临形势|政策依据|名词解释|组织机构|附则|有关说明)$"
)
FURNITURE = re.compile(
    r"^(?:附件?\s*[\d一二三四五六七八九十]*\s*(?::.*)?$|附表|附录|版权|关闭(?:本页|窗口)|【?打印|上一[篇页条]|下一[篇页条]|主办单位|承办单位|网站标识|备案序号"
    r"|[^。]{0,4}ICP备|相关(?:政策)?(?:解读|链接|阅读)|政策解读|解读链接|\(?此件|抄送|分享到|扫一扫|责任编辑|编辑:|来源:|信息来源|返回顶部|联系电话|主题词|纪检监察举报)"
)
ORDERS_NOTHING = re.compile(r"^(?:特此通知|附:|现将|为(?:深入|认真|全面|进一步|切实|有效)?(?:贯彻|落实))")
