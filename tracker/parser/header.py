"""What a document says about itself: title, number, issuer, dates."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise

from .clauses import Text
from .folding import fold
from .lexicon import to_int
from .outline import AUTHORITY, SIGNED, Line, is_numbered
from .types import Header

_KIND = (
    "(?:实施方案|行动方案|工作方案|行动计划|实施计划|工作计划|工作要点|实施意见|指导意见|若干措施|若干意见|实施细则|管理办法|暂行办法|任务分工|分工方案"
    "|方案|计划|规划|意见|办法|要点|措施|清单|任务书|纲要|规定|细则|条例|安排|台账|分解表|责任表|一览表|预案|决定|部署|通知|公告|责任分解|任务分解|分工|通告|函|倡议书|通报"
    "|计画|作业要点|(?:任务|事项|计划|分工|项目|进度|安排|分解|指标)表|[一二三四五六七八九十百]+条(?:措施|举措|政策|意见)?)"
)
_TITLE = re.compile(
    rf"^[^。;!?:|]{{2,90}}{_KIND}(?:\((?:试行|暂行|征求意见稿|草案|修订稿|送审稿|\d{{4}}[^()]*|[^()]*版|[^()]*年[^()]*)\))*$"
)
_NOTICE = re.compile(r"(?:通知|公告|通告|函|批复)$")
_NUMBER = re.compile(
    r"(?:^|[ :])((?:[\u4e00-\u9fff]{1,12}\(?(?:字|函|办|发|政)?\)?\(\d{4}\)(?:第)? ?\d{1,5} ?号))(?=$| )"
)
_YEARS_BELOW = re.compile(r"\((?:(?:19|20)\d\d年?(?:-(?:19|20)\d\d)?年?(?:度)?|试行|暂行)\)")
_CN_YEAR = "[一二][〇零一二三四五六七八九]{3}"
_DATE = re.compile(
    rf"(?P<y>(?:19|20)\d\d|{_CN_YEAR}) ?(?:年|[-/.]) ?(?P<m>\d{{1,2}}|[一二三四五六七八九十]{{1,2}}) ?"
    r"(?:月|[-/.]) ?(?P<d>\d{1,2}|[一二三四五六七八九十]{1,3})(?: ?日|(?!\d))"
)
_PUBLISHED = re.compile(r"(?:发布|发文|公布|更新|刊登|上网|生成)?(?:日期|时间) ?:|字体|来源|浏览|阅读|点击")
_ISSUED = re.compile(r"(?:成文|印发|签发|制定)(?:日期|时间) ?: ?")
_ISSUING = re.compile(
    r"^(?P<who>[\u4e00-\u9fff()、 ]{2,40}?(?:人民政府|政府|办公室|办公厅|委员会|局|厅|部|院|委|署|管委会"
    r"|指挥部|领导小组|领导组))关于"
)
# 关于印发X的通知 names the plan where the plan does not show its own title.
_ISSUED_PLAN = re.compile(
    r"关于(?:印发|转发|发布|公布|下达|批转|实施)(?:《(?P<quoted>.+)》|(?P<bare>[^《]{4,80}?))的?(?:通知|公告|函)$"
)
_FIELD_ISSUER = re.compile(
    r"(?:发文|发布|印发|制发|制定|成文|公开)(?:机关|单位|机构|部门)[: |]+(?P<who>[\u4e00-\u9fff]{2,40})"
)
_FIELD_TITLE = re.compile(r"^(?:标 *题|名 *称|文件名称)[: |]+(?P<title>[^|]{4,80}?)(?= {2}| *\||$)")
_BELOW_TITLE = re.compile(
    r"^\((?P<who>[\u4e00-\u9fff]{4,30}?) *(?:(?:19|20)\d\d年\d{1,2}月\d{1,2}日) *(?:印发|发布|公布|制定)\)$"
)
_PASSED = re.compile("会议|通过|审议|批准|修订")
_RELEASES = re.compile(
    r"(?P<who>[\u4e00-\u9fff]{2,14}?(?:人民政府办公[室厅]|人民政府|办公[室厅]|委员会|局|厅))(?:发布|印发|出台|公布)(?:了)?《"
)
_QUOTED_TITLE = re.compile(
    r"(?:现将|印发|制定|制定了|制定本|发布|转发|公布|出台)(?:了|的)? *"
    rf"《([^《》]{{4,60}}?{_KIND}(?:\([^()]*\))?)》"
)


_AGREED_TITLE = re.compile(r"^《([^《》]{4,60})》(?:已|经)")


def parse_date(text: str) -> date | None:
    """The first full date in folded text, or None (also where it does not exist)."""
    match = _DATE.search(text)
    if not match:
        return None
    try:
        return date(to_int(match["y"]), to_int(match["m"]), to_int(match["d"]))
    except ValueError:
        return None


def _only_date(line: str) -> date | None:
    match = _DATE.fullmatch(line.strip(" ()")) if len(line) < 24 else None
    return parse_date(line) if match else None


def split(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """The lines in front of the plan's first number, and the last lines of the document.

    Where a notice with numbers of its own stands before the plan, the plan begins at its own title.
    """
    first = next((index for index, line in enumerate(lines) if is_numbered(line)), len(lines))
    end = first
    if any(SIGNED.match(line.text) for line in lines[first:]):
        for index in range(first + 1, len(lines) - 1):
            behind = any(SIGNED.match(line.text) for line in lines[max(first, index - 3) : index])
            if behind and _is_title(lines[index]) and not _NOTICE.search(lines[index].text):
                end = next((at for at in range(index + 1, len(lines)) if is_numbered(lines[at])), index + 1)
                break
    return lines[:end], lines[max(end, len(lines) - 8) :]


def _is_title(line: Line) -> bool:
    squeezed = line.text.replace(" ", "")
    return (
        bool(_TITLE.match(squeezed))
        and not squeezed.startswith(("附", "现将", "根据", "为", "按照", "("))
        and not re.match(r"《[^》]*》(?:已|经|印|$)|各.*(?:通知|函)$", squeezed)
    )


def read(text: Text, lines: list[Line]) -> Header:
    """The header, from the lines before the first number and the last lines of the document."""
    head, tail = split([_cleared(line) for line in lines])
    numbered = len(head) < len(lines)
    printed = text.source
    plan = _title_index(head, numbered)
    title = _joined(printed, head, plan) if plan is not None else _other_title(text, head)
    if title and (issued_plan := _ISSUED_PLAN.search(fold(title))):
        title = title[slice(*issued_plan.span(issued_plan.lastgroup or 0))]
    number = next(
        (
            printed[line.start + m.start(1) : line.start + m.end(1)]
            for line in head
            if len(line.text) < 90 and (m := _NUMBER.search(line.text))
        ),
        None,
    )
    issuer: str | None = None
    issued: date | None = None
    published: date | None = None
    for index, line in enumerate(head):
        day = _only_date(line.text)
        above = head[index - 1] if index else None
        if day and above and AUTHORITY.match(above.text) and not _NUMBER.search(above.text):
            later = head[index + 1].text if index + 1 < len(head) else ""
            if not _PUBLISHED.search(later) and not issued:
                issued, issuer = day, _clean(printed, above)
                continue
        if day and not issued and above and above.text[-1] in "。.!" and SIGNED.match(line.text):
            issued = day  # a signature that leaves the authority to the letterhead
        elif _ISSUED.search(line.text):
            issued = issued or parse_date(line.text)
        elif day is None and _PUBLISHED.search(line.text) and len(line.text) < 90:
            published = published or parse_date(line.text)
        elif day and line.text.startswith("("):
            issued = issued or day
        elif day and plan is not None and index < plan:
            published = published or day
        elif day and index == len(head) - 1:
            issued = issued or day
    for index, line in enumerate(tail):
        day = _only_date(line.text)
        if day and issued is None and SIGNED.match(line.text):
            issued = day
            if index and AUTHORITY.match(tail[index - 1].text):
                issuer = issuer or _clean(printed, tail[index - 1])
    for above, line in pairwise(lines):
        if (issuer and issued) or len(line.text) > 24 or not SIGNED.match(line.text):
            continue
        if AUTHORITY.match(above.text):  # a signature in the middle: the plan stands behind its notice
            issuer = issuer or _clean(printed, above)
            issued = issued or _only_date(line.text)
    if issuer is None:
        issuer = _named_issuer(text, head, plan)
    if plan is not None and issued is None:
        below = next(
            (
                line
                for line in head[plan + 1 : plan + 3]
                if line.text.startswith("(") and not _PASSED.search(line.text) and parse_date(line.text)
            ),
            None,
        )
        issued = parse_date(below.text) if below else None
    return Header(title, re.sub(r"\s+", "", number) if number else None, issuer, issued, published)


def _cleared(line: Line) -> Line:
    """A line without the question marks that a page leaves of its blanks."""
    text = line.text.lstrip("? ")
    return Line(line.end - len(text), line.end, text) if text else line


def _clean(source: str, line: Line) -> str:
    return re.sub(r"\s+", "", source[line.start : line.end])


def _title_index(head: list[Line], numbered: bool) -> int | None:
    """The line that is (or ends) the title of the plan: the last fitting line, a plan before its notice."""
    fitting = [index for index, line in enumerate(head) if not is_numbered(line) and _is_title(line)]
    plans = [
        index
        for index in fitting
        if not _NOTICE.search(re.sub(r"\([^()]*\)$", "", head[index].text.replace(" ", "")))
    ]
    if plans:
        return plans[-1]
    return fitting[-1] if fitting and numbered else (fitting[0] if fitting else None)


def _joined(source: str, head: list[Line], index: int) -> str:
    """The title with the lines that belong to it: an authority, an unfinished first half, (2024-2026年)."""
    title = _clean(source, head[index])
    below = head[index + 1].text.replace(" ", "") if index + 1 < len(head) else ""
    if _YEARS_BELOW.fullmatch(below):
        title += _clean(source, head[index + 1])
    whole_head = "".join("".join(_clean(source, line)) for line in head[: max(index - 1, 0)])
    for above in reversed(head[max(0, index - 3) : index]):
        text = above.text.replace(" ", "")
        printed = _clean(source, above)
        if title.startswith("关于") and AUTHORITY.match(text):
            return printed + title
        unfinished = title.count("》") > title.count("《") or re.search(
            r"[和与的、及省市县区]$|工作$|关于.{2,}(?<!通知)$", text
        )
        if (
            len(text + title) >= 70
            or re.search(r"[:。;]", text)
            or _NUMBER.search(text)
            or _only_date(text)
            or text.startswith("(")
        ):
            break
        if not unfinished and printed + title.split("(")[0] not in whole_head:
            break
        title = printed + title
    return title


def _other_title(text: Text, head: list[Line]) -> str | None:
    """The title as a field of the page, as quoted where the plan is issued, or as the first sentence."""
    for line in head:
        for pattern in (_FIELD_TITLE, _QUOTED_TITLE, _AGREED_TITLE):
            match = pattern.search(line.text)
            if match:
                return text.source[line.start + match.start(1) : line.start + match.end(1)]
    first = head[0].text.partition("。")[0] if head else ""
    if (
        first != (head[0].text if head else "")
        and _TITLE.match(first)
        and not first.startswith(("为", "根据", "按照"))
    ):
        return text.source[head[0].start : head[0].start + len(first)]
    return None


def _named_issuer(text: Text, head: list[Line], plan: int | None) -> str | None:
    """The issuer by the letterhead, by 某某关于印发…, or by a report that it released the plan."""
    for line, below in pairwise(head[: (plan or 0) + 1]):
        if AUTHORITY.match(line.text) and below.text.replace(" ", "").startswith("关于"):
            return _clean(text.source, line)
    for line in head[: (plan or 0) + 1] or head[:3]:
        squeezed = line.text.replace(" ", "")
        match = _ISSUING.match(squeezed)
        if match and len(squeezed) < 90:
            return _clean(text.source, line)[: match.end("who")]
    for line in head:
        found = _FIELD_ISSUER.search(line.text) or _BELOW_TITLE.match(line.text)
        if found:
            return text.source[line.start + found.start("who") : line.start + found.end("who")]
    for line in head:
        found = _RELEASES.search(line.text)
        if found:
            return text.source[line.start + found.start("who") : line.start + found.end("who")]
    return None
