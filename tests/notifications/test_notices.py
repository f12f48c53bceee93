"""Reading notices: the State Council's own wording, lines as people type them, and what is refused."""

from datetime import date, timedelta

import chinese_calendar
import pytest

from notifications.notices import LINE_LIMIT, days_said, read_notice, year_said
from notifications.workdays import SATURDAY

NOTICE_2024 = """国务院办公厅关于2024年
部分节假日安排的通知
国办发明电〔2023〕7号

各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
经国务院批准，现将2024年元旦、春节、清明节、劳动节、端午节、中秋节和国庆节放假调休日期的具体安排通知如下。
一、元旦：1月1日放假，与周末连休。
二、春节：2月10日至17日放假调休，共8天。2月4日（星期日）、2月18日（星期日）上班。鼓励各单位结合带薪年休假等制度落实，安排职工在除夕（2月9日）休息。
三、清明节：4月4日至6日放假调休，共3天。4月7日（星期日）上班。
四、劳动节：5月1日至5日放假调休，共5天。4月28日（星期日）、5月11日（星期六）上班。
五、端午节：6月10日放假，与周末连休。
六、中秋节：9月15日至17日放假调休，共3天。9月14日（星期六）上班。
七、国庆节：10月1日至7日放假调休，共7天。9月29日（星期日）、10月12日（星期六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫、疫情防控等工作，遇有重大突发事件，要按规定及时报告并妥善处置，确保人民群众祥和平安度过节日假期。
国务院办公厅
2023年10月25日
"""
NOTICE_2025 = """一、元旦：1月1日（周三）放假1天，不调休。
二、春节：1月28日（农历除夕、周二）至2月4日（农历正月初七、周二）放假调休，共8天。1月26日（周日）、2月8日（周六）上班。
三、清明节：4月4日（周五）至6日（周日）放假，共3天。
四、劳动节：5月1日（周四）至5日（周一）放假调休，共5天。4月27日（周日）上班。
五、端午节：5月31日（周六）至6月2日（周一）放假，共3天。
六、国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。9月28日（周日）、10月11日（周六）上班。
"""
NOTICE_2026 = """国务院办公厅关于2026年部分节假日安排的通知
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
"""
# It begins in the year before.
NOTICE_2023 = """一、元旦：2022年12月31日至2023年1月2日放假调休，共3天。
二、春节：1月21日至27日放假调休，共7天。1月28日（星期六）、1月29日（星期日）上班。
三、清明节：4月5日放假，共1天。
四、劳动节：4月29日至5月3日放假调休，共5天。4月23日（星期日）、5月6日（星期六）上班。
五、端午节：6月22日至24日放假调休，共3天。6月25日（星期日）上班。
六、中秋节、国庆节：9月29日至10月6日放假调休，共8天。10月7日（星期六）、10月8日（星期日）上班。
"""


@pytest.mark.parametrize(
    ("year", "notice"),
    [(2023, NOTICE_2023), (2024, NOTICE_2024), (2025, NOTICE_2025), (2026, NOTICE_2026)],
)
def test_notices_of_the_state_council_agree_with_the_package(year: int, notice: str) -> None:
    lines = read_notice(notice, year)
    assert [line.refusal for line in lines if line.refusal] == []
    said = days_said(lines)
    first = date(year, 1, 1)
    for day in (first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days)):
        known = said[day].is_workday if day in said else day.weekday() < SATURDAY
        assert known is chinese_calendar.is_workday(day), day


def test_what_frames_the_days_is_passed_over_and_names_are_kept() -> None:
    lines = read_notice(NOTICE_2024, 2024)
    assert [line.number for line in lines if not line.statements] == [1, 2, 3, 5, 6, 14, 15, 16]
    said = days_said(lines)
    assert (said[date(2024, 2, 18)].name, said[date(2024, 2, 18)].is_workday) == ("春节", True)
    assert date(2024, 2, 9) not in said, "advice is no holiday"
    assert days_said(read_notice(NOTICE_2025, 2025))[date(2025, 10, 1)].name == "国庆节、中秋节"


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("2027-01-01 至 2027-01-03 放假", "2027-01-01（周五）至2027-01-03（周日） 放假"),
        ("2027-02-20 上班", "2027-02-20（周六） 上班"),
        ("2027/5/1 放假", "2027-05-01（周六） 放假"),
        ("2027.1.1-2027.1.3 放假", "2027-01-01（周五）至2027-01-03（周日） 放假"),
        ("１月１日～３日放假", "2027-01-01（周五）至2027-01-03（周日） 放假"),
        ("1. 1月1日到3日休息，共3天", "2027-01-01（周五）至2027-01-03（周日） 放假"),
        (
            "1月1日至3日放假，1月9日上班",
            "2027-01-01（周五）至2027-01-03（周日） 放假；2027-01-09（周六） 上班",
        ),
        ("1月1日、9日 周六 调休上班", "2027-01-01（周五） 上班；2027-01-09（周六） 上班"),
        ("1月1日不放假", "2027-01-01（周五） 上班"),
        ("2027-10-01至2027-10-07恢复", "2027-10-01（周五）至2027-10-07（周四） 恢复公布的安排"),
        ("2026年12月31日至2027年1月3日放假", "2026-12-31（周四）至2027-01-03（周日） 放假"),
    ],
)
def test_lines_as_people_type_them(text: str, understood: str) -> None:
    (line,) = read_notice(text, 2027)
    assert ("；".join(map(str, line.statements)), line.refusal) == (understood, "")


def test_a_local_holiday_has_its_name() -> None:
    said = days_said(read_notice("自治州成立纪念日：5月20日放假", 2027))
    assert said[date(2027, 5, 20)].name == "自治州成立纪念日"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-05-01 放假", "不在2027年"),
        ("2028-01-01 放假", "不在2027年"),
        ("2027年1月1日至2028年1月2日放假", "不在2027年"),
        ("2月30日放假", "没有“2月30日”这一天"),
        ("0000-00-00 放假", "没有“0000-00-00”这一天"),
        ("99999999999999999999月1日放假", "没有“99月1日”这一天"),
        ("111月1日放假", "看不懂“1”"),
        ("1月4日（周日）上班", "2027-01-04（周一），不是周日"),
        ("1月1日至3日放假，共2天", "写的是2天，所列日期是3天"),
        ("1月5日至1月2日放假", "跨年的请写明年份"),
        ("1月1日至3月1日放假", "一段最多31天"),
        ("2027-02-20", "没有写明2027-02-20（周六）是放假还是上班"),
        ("2027-02-20 调休", "没有写明"),
        ("2027-02-20 上斑", "没有写明"),
        ("1月1日放假又1月2日", "没有写明2027-01-02"),
        ("放假：1月1日", "请先写日期"),
        ("元旦放假三天", "“放假”前面没有日期"),
        ("1月1日至放假", "“至”后面没有日期"),
        ("至1月1日放假", "“至”前面没有日期"),
        ("1.1-1.3 放假", "“-”前面没有日期"),
        ("3日放假", "“3日”没有写月份"),
        ("1月1日放假半天", "看不懂“半天”"),
        ("1月1日前后放假", "看不懂“前后”"),
        ("除1月1日外放假", "看不懂"),
        ("1月1日取消放假", "看不懂“取消”"),
        ("各单位1月1日放假", "看不懂"),
        ("据通知，1月1日放假", "看不懂"),
        ("asdf", "看不懂“asdf”"),
        ("1月1日\0放假", "看不懂"),
        ("1月2日放假。1月2日上班", "2027-01-02（周六）与第1行说的“放假”不一致"),
    ],
)
def test_lines_that_are_refused(text: str, reason: str) -> None:
    (line,) = read_notice(text, 2027)
    assert (reason in line.refusal, line.statements) == (True, ()), line


def test_a_later_line_may_not_contradict() -> None:
    first, second, third = read_notice("1月1日至3日放假\n1月1日放假\n\n2027-01-03 上班", 2027)
    assert (first.refusal, second.refusal) == ("", "")
    assert third.refusal == "2027-01-03（周日）与第1行说的“放假”不一致。"


def test_lines_are_counted() -> None:
    lines = read_notice("2027-02-20 上班\n" * (LINE_LIMIT + 50), 2027)
    assert (len(lines), lines[-1].refusal) == (LINE_LIMIT + 1, "最多200行。")


@pytest.mark.parametrize(
    ("text", "year"),
    [(NOTICE_2024, 2024), (NOTICE_2026, 2026), ("2027-02-20 上班", 2027), ("2月20日上班", None)],
)
def test_year_of_a_notice(text: str, year: int | None) -> None:
    assert year_said(text) == year
