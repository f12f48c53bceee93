"""工作日历: who reads and keeps it, what is shown before saving, what moves, and that it really moves."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.http import Http404
from django.test import Client
from django.urls import reverse

from accounts.actions import Origin
from accounts.models import AuditEvent, User
from notifications import permissions
from notifications.actions.calendar import (
    CalendarRefused,
    StaleCalendar,
    Wanted,
    keep_days,
    look_ahead,
    own_days,
)
from notifications.actions.planning import plan_reminders
from notifications.calendar_year import Source, stretches
from notifications.candidates import load_calendar
from notifications.forms.workdays import fingerprint
from notifications.models import CalendarChange, CalendarDay, CalendarMove, Message, Reminder
from notifications.notices import NOTICE_LIMIT, Said, days_said, read_notice
from tests.factories import NOW, TODAY, Cast, make_assignment, make_plan
from tests.notifications.test_notices import NOTICE_2024, NOTICE_2026
from tracker.models import Assignment
from tracker.workflow import Status

PAGE = "notifications:workdays"
FRIDAY = date(2024, 10, 25)
LOCAL = "纪念日：2024-10-25 放假"


@pytest.fixture(autouse=True)
def demo_date(settings: Any) -> None:
    settings.DUBAN_TODAY = TODAY


@pytest.fixture
def origin(cast: Cast) -> Origin:
    return Origin(by=cast.administrator, now=NOW)


def said(text: str, year: int = 2024) -> Mapping[date, Said]:
    lines = read_notice(text, year)
    assert not any(line.refusal for line in lines)
    return days_said(lines)


def ahead(text: str, year: int = 2024) -> Wanted:
    return look_ahead(said(text, year), first=TODAY)


def keep(text: str, origin: Origin, year: int = 2024) -> CalendarChange | None:
    wanted = ahead(text, year)
    return keep_days(wanted, version=wanted.version, origin=origin)


def typed(text: str = LOCAL, **changes: str) -> dict[str, str]:
    """The form as a person sends it, its effect seen."""
    seen = fingerprint(ahead(text).lines)
    return {"do": "save", "version": "0", "previewed": seen, "text": text} | changes


def signed_in(client: Client, user: User) -> Client:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def active(cast: Cast, due_date: date | None, **fields: Any) -> Assignment:
    values: dict[str, Any] = {"status": Status.ACTIVE, "signed_at": NOW} | fields
    return make_assignment(cast.bureau, plan=cast.plan, due_date=due_date, **values)


def address_of(share: Assignment) -> str:
    """The link to its task, as a row has it."""
    return f'href="{reverse("task", args=[share.task_id])}"'


def test_who_reads_and_keeps_the_calendar(cast: Cast, origin: Origin) -> None:
    change = keep(LOCAL, origin)
    assert change is not None
    for name, user in vars(cast).items():
        if not isinstance(user, User):
            continue
        reads = user.is_coordinator or user.is_administrator
        assert permissions.can_see_calendar(user) is reads, name
        assert permissions.can_set_calendar(user) is (name == "administrator"), name
        if reads:
            permissions.require_calendar(user)
            assert permissions.get_calendar_change_for(user, change.pk) == change
        else:
            with pytest.raises(Http404):
                permissions.require_calendar(user)
            with pytest.raises(Http404):
                permissions.get_calendar_change_for(user, change.pk)


def test_moves_are_those_of_the_work_one_may_see(client: Client, cast: Cast, origin: Origin) -> None:
    share = active(cast, FRIDAY + timedelta(days=7))
    change = keep(LOCAL, origin)
    assert change is not None
    address = reverse("notifications:calendar_change", args=[change.pk])
    for name, sees in {"administrator": True, "coordinator": True, "foreign_coordinator": False}.items():
        user = getattr(cast, name)
        assert permissions.visible_moves(user, change).exists() is sees, name
        page = signed_in(client, user).get(address).content.decode()
        assert (address_of(share) in page) is sees, name
        assert ("没有提醒的日子变动" in page) is not sees, name


def test_a_year_as_the_page_prints_it(client: Client, cast: Cast) -> None:
    signed_in(client, cast.coordinator)
    page = client.get(reverse(PAGE), {"year": "2024"}).content.decode()
    assert ("已公布" in page, "暂按周末推算" in page, "查看影响" in page) == (True, False, False)
    found = [(one.first, one.last, one.is_workday, one.name) for one in stretches(2024, {})]
    assert (date(2024, 9, 29), date(2024, 9, 29), True, "国庆节") in found
    assert (date(2024, 10, 1), date(2024, 10, 7), False, "国庆节") in found
    assert {one.source for one in stretches(2024, {})} == {Source.ANNOUNCED}
    page = client.get(reverse(PAGE), {"year": "2031"}).content.decode()
    assert ("暂按周末推算" in page, "没有不同于周末的日期" in page) == (True, True)


def test_where_a_day_comes_from(cast: Cast, origin: Origin) -> None:
    own = {
        date(2024, 10, 12): Said(False, "补休"),
        date(2024, 10, 4): Said(False, "国庆节"),
        date(2031, 10, 1): Said(False, "国庆节"),
    }
    against, alike = (
        next(one for one in stretches(2024, own) if one.first == date(2024, 10, day)) for day in (12, 4)
    )
    assert (against.source, alike.source) == (Source.OWN_AGAINST, Source.OWN_ALIKE)
    (only,) = stretches(2031, own)
    assert (only.source, only.restoring) == (Source.OWN, "2031-10-01 恢复")


@pytest.mark.parametrize("year", ["2020", "2035", "9" * 25, "-1", "abc", "２０２４", "%00"])
def test_years_are_bounded(client: Client, cast: Cast, year: str) -> None:
    signed_in(client, cast.administrator)
    response = client.get(reverse(PAGE), {"year": year})
    assert response.status_code == (404 if year in ("2020", "2035") else 200)


def test_the_last_years_have_no_further_links(client: Client, cast: Cast) -> None:
    signed_in(client, cast.administrator)
    first = client.get(reverse(PAGE), {"year": "2021"}).content.decode()
    last = client.get(reverse(PAGE), {"year": "2034"}).content.decode()
    assert ('rel="prev"' in first, 'rel="next"' in first) == (False, True)
    assert ('rel="prev"' in last, 'rel="next"' in last) == (True, False)


def test_only_what_was_shown_is_saved(client: Client, cast: Cast) -> None:
    share = active(cast, FRIDAY + timedelta(days=7))
    signed_in(client, cast.administrator)
    unseen = client.post(reverse(PAGE), typed(previewed="")).content.decode()
    assert "还没有保存" in unseen
    assert "2024-10-25（周五） 纪念日：放假（原上班）" in unseen
    assert ("<strong>1</strong> 条提醒的日子变动" in unseen, address_of(share) in unseen) == (True, True)
    assert not CalendarDay.objects.exists()

    other = client.post(
        reverse(PAGE), typed(text="2024-10-24 放假", previewed=fingerprint(ahead(LOCAL).lines))
    )
    assert (other.status_code, CalendarDay.objects.exists()) == (200, False)

    assert client.post(reverse(PAGE), typed()).status_code == 302
    day = CalendarDay.objects.get()
    assert (day.date, day.is_workday, day.name) == (FRIDAY, False, "纪念日")
    change = CalendarChange.objects.get()
    assert (change.number, change.changed_by, change.move_count) == (1, cast.administrator, 1)
    told = AuditEvent.objects.get(kind="CALENDAR_CHANGED")
    assert (told.actor, told.region) == (cast.administrator, None)
    assert told.detail == {"日期": "2024-10-25（周五） 纪念日：放假（原上班）", "变动的提醒": "1"}
    page = client.get(reverse(PAGE)).content.decode()
    assert "自行录入，与公布的不同" in page
    assert reverse("notifications:calendar_change", args=[change.pk]) in page


def test_a_preview_writes_nothing(client: Client, cast: Cast) -> None:
    active(cast, FRIDAY)
    signed_in(client, cast.administrator)
    assert client.post(reverse(PAGE), typed(do="preview")).status_code == 200
    for model in (CalendarDay, CalendarChange, CalendarMove, Reminder):
        assert not model._default_manager.exists(), model
    assert not AuditEvent.objects.of_kind("CALENDAR_CHANGED").exists()


def test_the_same_form_twice_does_one_thing(client: Client, cast: Cast) -> None:
    signed_in(client, cast.administrator)
    form = typed()
    assert [client.post(reverse(PAGE), form).status_code for _ in range(2)] == [302, 302]
    assert (CalendarChange.objects.count(), CalendarDay.objects.count()) == (1, 1)
    assert AuditEvent.objects.filter(kind="CALENDAR_CHANGED").count() == 1


def test_the_second_of_two_is_told_and_keeps_what_was_typed(
    client: Client, cast: Cast, origin: Origin
) -> None:
    form = typed()
    keep("大会：2024-11-08 放假", origin)
    signed_in(client, cast.administrator)
    page = client.post(reverse(PAGE), form).content.decode()
    assert "您打开页面之后，工作日历已被修改" in page
    assert "2024-11-08（周五） 大会：放假（原上班）" in page
    assert (f">\n{LOCAL}</textarea>" in page, 'name="version" value="1"' in page) == (True, True)
    assert list(own_days()) == [date(2024, 11, 8)]
    assert client.post(reverse(PAGE), form | {"version": "1"}).status_code == 302
    assert sorted(own_days()) == [FRIDAY, date(2024, 11, 8)]


def test_the_effect_is_shown_anew_when_it_is_another(client: Client, cast: Cast, origin: Origin) -> None:
    """Another administrator said one of the days meanwhile: what was agreed to is not what would happen."""
    form = typed("2024-10-25 放假\n2024-10-24 放假")
    keep("2024-10-25 放假", origin)
    signed_in(client, cast.administrator)
    page = client.post(reverse(PAGE), form).content.decode()
    assert ("还没有保存" in page, "工作日历有这些修改" in page) == (True, True)
    assert list(own_days()) == [FRIDAY]


def test_two_at_the_very_same_moment_meet_at_the_number(cast: Cast, origin: Origin) -> None:
    mine, theirs = ahead(LOCAL), ahead("2024-11-08 放假")
    assert keep_days(theirs, version=0, origin=origin) is not None
    # Looked up before the other was saved, so the versions agree; the unique number does not.
    with pytest.raises(StaleCalendar):
        keep_days(mine, version=0, origin=origin)
    assert list(own_days()) == [date(2024, 11, 8)]


def test_the_writer_asks_who_it_is(cast: Cast) -> None:
    wanted = ahead(LOCAL)
    for user in (cast.coordinator, cast.leader, cast.reporter):
        with pytest.raises(CalendarRefused):
            keep_days(wanted, version=0, origin=Origin(by=user, now=NOW))
    assert not CalendarDay.objects.exists()


def test_what_is_announced_already_changes_nothing(cast: Cast, origin: Origin) -> None:
    assert ahead(NOTICE_2024).changes == ()
    assert ahead(NOTICE_2026, 2026).changes == ()
    assert keep(NOTICE_2024, origin) is None
    assert not CalendarChange.objects.exists()


def test_own_days_are_given_back(cast: Cast, origin: Origin) -> None:
    keep("2024-10-25 放假\n2024-10-26 上班", origin)
    assert ahead("2024-11-08 恢复").changes == (), "nothing of one's own there"
    keep("2024-10-25 恢复", origin)
    assert list(own_days()) == [date(2024, 10, 26)]
    keep("2024-10-26 放假", origin)
    assert own_days() == {}, "said as it is announced, it needs no saying"
    lines = CalendarChange.objects.order_by("number").values_list("days", flat=True)
    assert list(lines)[1] == ["2024-10-25（周五） 删去自行录入：上班（原放假）"]


def test_a_year_nobody_announced_is_loaded_whole(cast: Cast, origin: Origin) -> None:
    notice = "元旦：1月1日至3日放假。\n劳动节：5月1日至5日放假。\n国庆节：10月1日至7日放假。"
    assert load_calendar().is_provisional(2031)
    keep("纪念日：2031-07-01 放假", origin, 2031)
    assert load_calendar().is_provisional(2031), "one local day says nothing of the year"
    keep(notice, origin, 2031)
    assert not load_calendar().is_provisional(2031)
    assert CalendarDay.objects.count() == 1 + 3 + 5 + 7, "weekends too: they are only assumed"


def test_what_moves_is_what_the_planner_does(cast: Cast, origin: Origin) -> None:
    """Planned day by day under the old calendar and under the new one, each reminder comes as was listed."""
    plan = make_plan(cast.city, "另一方案")
    days = (date(2024, 10, 18), FRIDAY, FRIDAY + timedelta(days=1), date(2024, 11, 1), None)
    for due_date in days:
        make_assignment(cast.bureau, plan=plan, due_date=due_date, status=Status.ACTIVE, signed_at=NOW)
    make_assignment(cast.bureau, plan=plan, due_date=date(2024, 11, 8), created_at=NOW)
    make_assignment(
        cast.bureau, plan=plan, due_date=date(2024, 12, 8), status=Status.SUBMITTED, handed_in_on=TODAY
    )
    for fields in (
        {"returned_at": NOW, "last_reported_at": NOW - timedelta(days=2), "due_date": date(2024, 11, 15)},
        {"last_reported_at": NOW, "percent": 40, "due_date": date(2024, 11, 2)},
        {
            "last_reported_at": NOW - timedelta(days=88),
            "signed_at": NOW - timedelta(days=90),
            "due_date": None,
        },
    ):
        values: dict[str, Any] = {"status": Status.ACTIVE, "signed_at": NOW} | fields
        make_assignment(cast.bureau, plan=plan, **values)
    text = "2024-10-24 至 2024-10-25 放假\n2024-10-26 上班"
    wanted = ahead(text)
    assert wanted.moves.count == len(wanted.moves.listed) > 5
    assert wanted.moves.escalations > 0
    before = planned_days()
    keep_days(wanted, version=0, origin=origin)
    after = planned_days()
    until = wanted.moves.last
    foreseen = {
        (move.matter.assignment_id, move.stage): (move.from_day, move.to_day) for move in wanted.moves.listed
    }
    moved = {
        key: (before.get(key), after.get(key))
        for key in before | after
        if before.get(key) != after.get(key)
        and any(day is not None and day <= until for day in (before.get(key), after.get(key)))
    }
    assert moved == foreseen
    kept = CalendarMove.objects.values_list("assignment_id", "stage", "from_day", "to_day")
    assert {(pk, stage): (was, now) for pk, stage, was, now in kept} == foreseen


def planned_days() -> dict[tuple[int, str], date]:
    """When the planner would tell each stage in the coming weeks; taken back."""
    for offset in range(75):
        day = TODAY + timedelta(days=offset)
        plan_reminders(today=day, now=NOW + timedelta(days=offset))
    found: dict[tuple[int, str], date] = {}
    for pk, stage, day in Reminder.objects.planned().values_list("assignment_id", "stage", "planned_on"):
        found[pk, stage] = min(day, found.get((pk, stage), day))
    Reminder.objects.all().delete()
    Message.objects.all().delete()
    return found


def test_what_was_told_is_not_told_again(cast: Cast, origin: Origin) -> None:
    active(cast, TODAY + timedelta(days=7))
    plan_reminders(today=TODAY, now=NOW)
    assert Reminder.objects.filter(stage="BEFORE_7").count() == 3
    assert "BEFORE_7" not in {move.stage for move in ahead("2024-10-21 放假").moves.listed}
    keep("2024-10-21 放假", origin)
    plan_reminders(today=TODAY + timedelta(days=1), now=NOW + timedelta(days=1))
    assert Reminder.objects.filter(stage="BEFORE_7").count() == 3


def test_a_day_beyond_the_coming_weeks_moves_nothing_yet(cast: Cast) -> None:
    active(cast, date(2025, 6, 20))
    wanted = ahead("2025-06-18 放假", 2025)
    assert (len(wanted.changes), wanted.moves.count, wanted.moves.looked_at) == (1, 0, 0)


def test_the_look_ahead_is_bounded_and_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for days in range(3):
        active(cast, FRIDAY + timedelta(days=7 + days))
    monkeypatch.setattr("notifications.moves.CASES_LIMIT", 2)
    moves = ahead(LOCAL).moves
    assert (moves.looked_at, moves.is_cut) == (2, True)
    monkeypatch.setattr("notifications.moves.CASES_LIMIT", 10)
    monkeypatch.setattr("notifications.moves.ASSIGNMENTS_LIMIT", 1)
    monkeypatch.setattr("notifications.candidates.ASSIGNMENT_BATCH", 1)
    moves = ahead(LOCAL).moves
    assert (moves.looked_at, moves.is_cut) == (1, True)
    monkeypatch.undo()
    monkeypatch.setattr("notifications.moves.MOVES_LIMIT", 1)
    moves = ahead(LOCAL).moves
    assert (len(moves.listed), moves.count > 1, moves.is_cut) == (1, True, False)


def test_work_that_is_alike_is_asked_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        active(cast, FRIDAY + timedelta(days=7))
    monkeypatch.setattr("notifications.moves.CASES_LIMIT", 1)
    moves = ahead(LOCAL).moves
    assert (moves.looked_at, moves.count, moves.is_cut) == (3, 3, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "请写明哪几天放假、哪几天上班"),
        ("国务院办公厅", "没有看到日期"),
        ("2025-10-25 放假", "不在2024年"),
        ("2024-10-25 放假\nasdf", "有1行看不懂"),
        ("2024-10-25 放假\n2024-10-25 上班", "有1行看不懂"),
        ("2024-10-25\0 放假", "没有保存"),
        ("2024-10-25 放假\n" * 1000, f"最多 {NOTICE_LIMIT} 字"),
        ("<script>alert(1)</script>：2024-10-25 放假", "&lt;script&gt;"),
    ],
)
def test_all_or_nothing(client: Client, cast: Cast, text: str, said: str) -> None:
    signed_in(client, cast.administrator)
    response = client.post(reverse(PAGE), {"do": "save", "text": text, "version": "0"})
    assert response.status_code == 200
    page = response.content.decode()
    assert (said in page, "<script>alert" in page) == (True, False)
    assert not CalendarDay.objects.exists()


@pytest.mark.parametrize(
    "data", [{}, {"do": "save"}, {"version": "x" * 99}, {"version": "9" * 25}, {"version": "-1"}, {"do": "x"}]
)
def test_crafted_posts_change_nothing(client: Client, cast: Cast, data: dict[str, str]) -> None:
    signed_in(client, cast.administrator)
    sent = data if data in ({}, {"do": "save"}) else typed() | data
    assert client.post(reverse(PAGE), sent).status_code == 200
    assert not CalendarDay.objects.exists()
    assert client.post(reverse(PAGE) + "?year=1999", typed()).status_code == 404


def test_a_line_can_be_filled_in_by_a_link(client: Client, cast: Cast) -> None:
    signed_in(client, cast.administrator)
    page = client.get(reverse(PAGE), {"line": "2024-10-25 恢复</textarea>" + "长" * 900}).content.decode()
    assert ("2024-10-25 恢复&lt;/textarea&gt;" in page, "长" * 300 in page) == (True, False)


@pytest.mark.parametrize("number", [1, 3])
def test_pages_take_the_same_queries(
    client: Client, cast: Cast, origin: Origin, number: int, django_assert_num_queries: Any
) -> None:
    for position in range(number):
        active(cast, FRIDAY + timedelta(days=7 + position))
    for position in range(number):
        keep(f"2024-11-{4 + position} 放假", origin)
    change = CalendarChange.objects.latest_first()[0]
    signed_in(client, cast.administrator)
    # Session, user; version, own days, changes; the header's last run.
    with django_assert_num_queries(6):
        client.get(reverse(PAGE))
    # Session, user; version and own days, each twice; policies; shares, requests, answers, nodes, ledger,
    # and that there is no further batch; changes, the header's last run.
    form = typed(version=str(number), do="preview")
    with django_assert_num_queries(15):
        client.post(reverse(PAGE), form)
    # Session, user; the change, its moves counted and listed; the header's last run.
    with django_assert_num_queries(6):
        client.get(reverse("notifications:calendar_change", args=[change.pk]))


def notice_file(tmp_path: Path, text: str, encoding: str = "utf-8") -> str:
    path = tmp_path / "通知.txt"
    path.write_bytes(text.encode(encoding))
    return str(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_command_loads_a_file_and_lists_what_moves(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    share = active(cast, FRIDAY + timedelta(days=7))
    path = notice_file(tmp_path, LOCAL + "\r\n", encoding)
    call_command("load_calendar", path, dry_run=True)
    dry = capsys.readouterr().out
    assert ("未写入" in dry, CalendarDay.objects.exists()) == (True, False)
    call_command("load_calendar", path)
    told = capsys.readouterr().out
    assert "变化：2024-10-25（周五） 纪念日：放假（原上班）" in told
    assert f"{share.task.number} " in told
    assert "到期前7天 | 2024-10-25（周五） → 2024-10-24（周四）" in told
    assert "1条提醒的日子变动" in told
    assert CalendarChange.objects.get().changed_by is None
    call_command("load_calendar", path)
    assert "没有变化" in capsys.readouterr().out
    assert CalendarChange.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        ("2月20日上班", {}, "--year"),
        ("2月20日上班", {"year": 1999}, "--year"),
        ("2024-10-25 放假\nasdf", {}, "一行都没有录入"),
        ("2024-10-25 放假\n" * 1000, {}, "最多"),
        ("长" * 100_000, {}, "太大"),
        ("\1\2", {}, "不是文本文件"),
    ],
)
def test_command_refuses(cast: Cast, tmp_path: Path, text: str, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        call_command("load_calendar", notice_file(tmp_path, text), **options)
    with pytest.raises(CommandError, match="无法打开"):
        call_command("load_calendar", str(tmp_path / "没有"))
    assert not CalendarDay.objects.exists()
