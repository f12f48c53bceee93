"""Reading what a notice says of days: which are free, which are worked. Pure.

Written as officials have it, a line of one's own, "2027-02-20 上班", or a whole notice of the State Council:
"元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。" A word that is not understood refuses
its line, and days of the week and numbers of days that are printed are held against the dates.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.utils.translation import gettext as _

from notifications.workdays import ONE_DAY, WEEKDAYS_ZH, zh_date

NOTICE_LIMIT = 5000  # characters; that of 2026 has 700
LINE_LIMIT = 200
LONGEST_RANGE = timedelta(days=30)

_WEEKDAY = r"(?:周|星期|礼拜)"
# A day, in either way of writing it, and in brackets or behind it the day of the week that it is.
_DAY = (
    r"(?:(?P<iso>\d{4}[-/.]\d{1,2}[-/.]\d{1,2})日?|(?:(?P<year>\d{4})年)?(?:(?P<month>\d{1,2})月)?(?P<day>\d{1,2})日)"
    rf"(?:\s*\((?P<note>[^()]*?{_WEEKDAY}[一二三四五六日天][^()]*?)\)|\s*(?P<bare>{_WEEKDAY}[一二三四五六日天]))?"
)
_TOKEN = re.compile(
    rf"{_DAY}"
    r"|(?P<to>\s*(?:至|到|—+|–|-|~)\s*)"
    r"|(?P<count>共?\s*(?P<number>\d{1,2})\s*天)"
    r"|(?P<adjust>不调休)"
    r"|(?P<rest>不上班|不补班|放假调休|调休放假|放假|休息)"
    r"|(?P<work>不放假|不休息|调休上班|上班|补班)"
    r"|(?P<restore>恢复)"
)
_CHINESE = "[一二三四五六七八九十]{1,3}"
_CHINESE = "[一二三四五六七八九十]{1,3}"
_NUMBERING = re.compile(rf"^\s*(?:\d{{1,2}}[.、](?!\d)|{_CHINESE}、|\((?:{_CHINESE}|\d{{1,2}})\))\s*")
_LABEL = re.compile(r"^([^\d:;。]{1,30}):")
_STATUS = re.compile(r"放假|休|班|恢复|[不除]")
# What stands round the days in a notice: its title, number, addressees, opening, advice, signature.
_FRAME = re.compile(
    r"通知|\[\d{4}\]|〔\d{4}〕|各(?:省|地区|部门|单位|县|市)|办公[厅室]$|人民政府|国务院|鼓励|节假日期间|:$"
)
_HOLIDAYS = re.compile(r"(?:元旦|春节|除夕|清明|劳动|五一|端午|中秋|国庆|节|假期|[、和:\s])+")
_SIGNED = re.compile(r"\s*\d{4}年\d{1,2}月\d{1,2}日\s*")
_NOISE = re.compile(r"与周末连休|正常|照常|[\s、,:()和及]+")


@dataclass(frozen=True)
class Said:
    """What is said of one day: worked or free; None gives an own day back to the national calendar."""

    is_workday: bool | None
    name: str = ""


@dataclass(frozen=True)
class Statement:
    """Days in a row of which one thing is said."""

    first: date
    last: date
    said: Said

    @property
    def days(self) -> Iterator[date]:
        return (self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1))

    def __str__(self) -> str:
        days = zh_date(self.first)
        if self.last > self.first:
            days = _("%(first)s至%(last)s") % {"first": days, "last": zh_date(self.last)}
        return f"{days} {word_of(self.said.is_workday)}"


@dataclass(frozen=True)
class Line:
    """One line as it was understood; or refused with the reason; or, with neither, passed over."""

    number: int
    text: str
    statements: tuple[Statement, ...] = ()
    refusal: str = ""


class NoticeRefused(ValueError):
    """A line that cannot be understood, or that contradicts itself; its text tells the reader why."""


def word_of(is_workday: bool | None) -> str:
    """What a day is, in the word that a notice uses."""
    if is_workday is None:
        return _("恢复公布的安排")
    return _("上班") if is_workday else _("放假")


def read_notice(text: str, year: int) -> list[Line]:
    """The lines of a notice for the year, each understood, passed over or refused. Never raises."""
    lines: list[Line] = []
    known: dict[date, tuple[int, bool | None]] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        if not raw.strip():
            continue
        line = Line(number, raw.strip())
        if number > LINE_LIMIT:
            return [*lines, replace(line, refusal=_("最多%(most)d行。") % {"most": LINE_LIMIT})]
        try:
            plain = " ".join(unicodedata.normalize("NFKC", raw).split())
            statements = tuple(_statements(plain, year))
            for statement in statements:
                _check_agrees(statement, number, known)
        except NoticeRefused as refused:
            lines.append(replace(line, refusal=str(refused)))
        else:
            lines.append(replace(line, statements=statements))
    return lines


def days_said(lines: list[Line]) -> dict[date, Said]:
    """What the lines say of each day, the first name kept."""
    found: dict[date, Said] = {}
    for line in lines:
        for statement in line.statements:
            for day in statement.days:
                if day not in found or not found[day].name:
                    found[day] = statement.said
    return found


def year_said(text: str) -> int | None:
    """The year that a notice is for, if its title or its first date prints one."""
    printed = r"(\d{4})年\s*(?:部分)?(?:法定)?节假日|(\d{4})[-/.年]\d"
    found = re.search(printed, unicodedata.normalize("NFKC", text))
    return int(found[1] or found[2]) if found else None


def _check_agrees(statement: Statement, number: int, known: dict[date, tuple[int, bool | None]]) -> None:
    for day in statement.days:
        other, is_workday = known.setdefault(day, (number, statement.said.is_workday))
        if is_workday is not statement.said.is_workday:
            raise NoticeRefused(
                _("%(day)s与第%(number)d行说的“%(word)s”不一致。")
                % {"day": zh_date(day), "number": other, "word": word_of(is_workday)}
            )


def _statements(line: str, year: int) -> Iterator[Statement]:
    line = _NUMBERING.sub("", line)
    if _SIGNED.fullmatch(line) and str(year) not in line:
        return  # the day it was signed, which is in the year before
    label = _LABEL.match(line) or _HOLIDAYS.match(line)
    name = label[0].strip(": ") if label else ""
    if _STATUS.search(name):
        raise NoticeRefused(_("看不懂“%(words)s”。请先写日期，再写放假或上班。") % {"words": name})
    found = False
    for sentence in re.split(r"[。;]", line[label.end() :] if label else line):
        if not _FRAME.search(sentence):
            for statement in _sentence(sentence, year, name):
                found = True
                yield statement
        elif (
            _TOKEN.search(re.sub(r"\d{4}年(?!\d)|放假调休日期|节假日", "", sentence))
            and "鼓励" not in sentence
        ):
            raise _unclear(sentence.strip())
    if not found and not _FRAME.search(line) and not _HOLIDAYS.fullmatch(line):
        raise NoticeRefused(_("没有看到日期。请写成“%(year)d-01-01 放假”这样。") % {"year": year})


def _sentence(sentence: str, year: int, name: str) -> Iterator[Statement]:
    """The days of a sentence and the word that follows them, again and again to its end."""
    ranges: list[tuple[date, date]] = []
    told: list[
        tuple[date, date]
    ] = []  # the days that the last word was about, for a number of days behind it
    month: int | None = None
    is_open = False  # after a "至" that still wants its day
    statements: list[Statement] = []
    rest, end = "", 0  # what is no token
    for token in _TOKEN.finditer(sentence):
        between, end = sentence[end : token.start()], token.end()
        rest += between
        if is_open and between.strip():
            break
        if token["iso"] or token["day"]:
            day = _date_of(token, year, month)
            month = day.month
            if is_open:
                ranges[-1] = _range(ranges[-1][0], day)
            else:
                ranges.append((day, day))
            is_open = False
        elif is_open:
            break
        elif token["to"]:
            if not ranges or ranges[-1][0] != ranges[-1][1] or between.strip():
                raise NoticeRefused(_("“%(word)s”前面没有日期。") % {"word": token["to"].strip()})
            is_open = True
        elif token["count"]:
            _check_count(int(token["number"]), told or ranges)
        elif not token["adjust"]:
            if not ranges:
                raise NoticeRefused(
                    _("“%(word)s”前面没有日期。请先写日期，再写放假或上班。") % {"word": token[0]}
                )
            said = Said(None if token["restore"] else bool(token["work"]))
            statements += [Statement(first, last, said) for first, last in ranges]
            told, ranges = ranges, []
    if is_open:
        raise NoticeRefused(_("“至”后面没有日期。"))
    rest += sentence[end:]
    if ranges:
        raise NoticeRefused(_("没有写明%(day)s是放假还是上班。") % {"day": zh_date(ranges[0][0])})
    if words := _NOISE.sub("", rest):
        raise _unclear(words)
    for statement in statements:
        yield replace(statement, said=replace(statement.said, name=name))


def _date_of(token: re.Match[str], year: int, month: int | None) -> date:
    """The day that was written. Raises NoticeRefused where there is none such, or not in this year."""
    if token["iso"]:
        numbers = [int(number) for number in re.split(r"[-/.]", token["iso"])]
    else:
        if token["month"] is None and month is None:
            raise NoticeRefused(_("“%(words)s”没有写月份。") % {"words": token[0]})
        numbers = [int(token["year"] or year), int(token["month"] or month or 0), int(token["day"])]
    try:
        day = date(*numbers)
    except ValueError:
        raise NoticeRefused(_("没有“%(words)s”这一天。") % {"words": token[0][:20]}) from None
    # The first holiday of a year may begin in the last days of the one before.
    if day.year != year and (day.year, day.month) != (year - 1, 12):
        raise NoticeRefused(_("%(day)s不在%(year)d年。") % {"day": zh_date(day), "year": year})
    printed = re.search(rf"{_WEEKDAY}([一二三四五六日天])", token["note"] or token["bare"] or "")
    weekday = WEEKDAYS_ZH[day.weekday()]
    if printed and printed[1].replace("天", "日") != weekday:
        raise NoticeRefused(
            _("%(day)s，不是周%(printed)s。请核对年份和日期。") % {"day": zh_date(day), "printed": printed[1]}
        )
    return day


def _unclear(words: str) -> NoticeRefused:
    return NoticeRefused(_("看不懂“%(words)s”。请只写日期和放假或上班。") % {"words": words[:30]})


def _range(first: date, last: date) -> tuple[date, date]:
    if last < first:
        raise NoticeRefused(
            _("止于%(last)s，早于起始的%(first)s。跨年的请写明年份。")
            % {"first": zh_date(first), "last": zh_date(last)}
        )
    if last - first > LONGEST_RANGE:
        raise NoticeRefused(_("一段最多%(most)d天。") % {"most": LONGEST_RANGE.days + 1})
    return first, last


def _check_count(number: int, told: list[tuple[date, date]]) -> None:
    days = sum((last - first + ONE_DAY).days for first, last in told)
    if told and days != number:
        raise NoticeRefused(
            _("写的是%(printed)d天，所列日期是%(days)d天。") % {"printed": number, "days": days}
        )
