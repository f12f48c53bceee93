"""plan_reminders against a database: who gets what, once, and with how many queries."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Department, Region, User
from notifications.actions import planning
from notifications.dashboards import unreachable_departments
from notifications.models import CalendarDay, Message, Reminder, ReminderPolicy, Run
from notifications.policy import POLICY_13710, Policies, Policy
from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast, make_plan, make_task
from tracker.actions.extensions import ask_extension, refuse_extension
from tracker.actions.orders import instruct, nudge
from tracker.actions.work import report_progress
from tracker.models import Assignment, ExtensionRequest, Node
from tracker.workflow import Status

LONG_AGO = datetime(2024, 7, 1, 2, 0, tzinfo=UTC)


def plan(today: date = TODAY, **options: Any) -> planning.PlanResult:
    return planning.plan_reminders(today=today, now=NOW + (today - TODAY), **options)


def old(cast: Cast, due_date: date | None, **fields: Any) -> Assignment:
    """Given out to the bureau in July and signed."""
    task = make_task(cast.plan, due_date=due_date)
    return make_assignment(cast.bureau, task=task, created_at=LONG_AGO, **fields)


def mails() -> list[tuple[str, str]]:
    return [(mail.recipient.full_name, mail.subject) for mail in Message.objects.order_by("recipient_id")]


def counts() -> tuple[int, int, int]:
    return Reminder.objects.count(), Message.objects.count(), Run.objects.count()


def test_everyone_of_the_unit_gets_one_digest(cast: Cast) -> None:
    old(cast, date(2024, 10, 18))
    old(cast, date(2024, 10, 17))
    old(cast, date(2024, 10, 24))
    result = plan()
    assert mails() == [
        ("王芳", "【督办】逾期2项，7日内到期1项"),
        ("李娜", "【督办】逾期2项，7日内到期1项"),
        ("张伟", "【督办】逾期2项，7日内到期1项"),
    ]
    assert result.message_ids == tuple(Message.objects.order_by("recipient_id").values_list("pk", flat=True))
    assert Run.objects.values_list("kind", "planned", "is_finished").get() == ("PLAN", 3, True)


def test_the_mail_says_what_how_late_and_where(cast: Cast) -> None:
    late = old(cast, date(2024, 10, 18))
    plan()
    mail = Message.objects.get(recipient=cast.reporter)
    for body in (mail.text, mail.html):
        assert "逾期（1项）" in body
        assert late.task.number in body
        assert "2024-10-18（周五）" in body
        assert "逾期3天" in body
        assert f"https://duban.example.cn/tasks/{late.task_id}/" in body
        assert "https://duban.example.cn/notifications/" in body
        assert "截至2024-10-21（周一），您有1项工作需要处理。" in body


def test_planning_twice_adds_nothing(cast: Cast) -> None:
    old(cast, date(2024, 10, 18))
    plan()
    reminders, messages, _ = counts()
    assert plan().message_ids == ()
    assert counts() == (reminders, messages, 2)


def test_nothing_to_say_is_no_mail(cast: Cast) -> None:
    old(cast, date(2025, 6, 30))
    assert plan().digests == ()
    assert mails() == []


def test_what_comes_after_the_digest_of_the_day_goes_tomorrow(cast: Cast) -> None:
    old(cast, date(2024, 10, 18))
    plan()
    returned = old(cast, None, returned_at=NOW + timedelta(hours=2))
    assert plan().digests == ()
    plan(TODAY + timedelta(days=1))
    assert Reminder.objects.filter(assignment=returned).values_list("stage", "planned_on").first() == (
        "RETURNED_0",
        date(2024, 10, 22),
    )


def test_a_confirmed_plan_is_one_summary_each(cast: Cast) -> None:
    for number in range(30):
        task = make_task(cast.plan, due_date=date(2024, 9, 30) if number < 4 else date(2024, 10, 25))
        make_assignment(cast.bureau, task=task, status=Status.PENDING)
    plan()
    assert mails()[0] == ("王芳", "【督办】新下达任务30项")
    assert len(mails()) == 3, "the unit's three people; nobody above them on the first day"
    text = Message.objects.get(recipient=cast.reporter).text
    assert "其中4项下达时已过期限" in text
    assert "其中26项7日内到期" in text
    assert "另有10项" in text
    [tomorrow, *_] = plan(TODAY + timedelta(days=1)).digests
    assert tomorrow.digest.subject_line == "【督办】逾期4项，7日内到期26项"
    assert all("尚未签收" in item.reasons for section in tomorrow.digest.sections for item in section.items)


def test_overdue_work_climbs(cast: Cast) -> None:
    old(cast, date(2024, 9, 20))
    old(cast, None, status=Status.SUBMITTED, handed_in_on=date(2024, 10, 14))
    plan()
    assert mails()[-2:] == [
        ("周敏", "【督办】下级逾期1项，待审核1项"),
        ("孙建国", "【督办】下级逾期1项"),
    ]
    assert "市生态环境局" in Message.objects.get(recipient=cast.leader).text


def test_a_nudge_and_an_instruction_reach_the_units_people_once(cast: Cast) -> None:
    nudged, instructed = old(cast, date(2025, 6, 30)), old(cast, None, last_reported_at=NOW)
    nudge(nudged.pk, note="抓紧", form_key=uuid4(), by=cast.coordinator, now=NOW + timedelta(minutes=1))
    instruct(
        instructed.task_id, text="抓紧", form_key=uuid4(), by=cast.leader, now=NOW + timedelta(minutes=1)
    )
    plan()
    subject = "【督办】领导批示1项，催办1项"
    assert mails() == [(name, subject) for name in ("王芳", "李娜", "张伟")]
    text = Message.objects.get(recipient=cast.reporter).text
    assert "2024-10-21（周一）催办，请尽快办理并填报" in text
    assert "2024-10-21（周一）领导批示，请查看并落实" in text
    reminders = Reminder.objects.count()
    plan()
    plan(TODAY + timedelta(days=1))
    assert Reminder.objects.count() == reminders
    nudge(nudged.pk, form_key=uuid4(), by=cast.coordinator, now=NOW + timedelta(days=3))
    plan(TODAY + timedelta(days=3))
    again = Message.objects.filter(day=TODAY + timedelta(days=3))
    assert list(again.values_list("subject", flat=True)) == ["【督办】催办1项"] * 3


def test_nothing_is_told_of_an_order_once_it_is_answered_or_the_share_closed(cast: Cast) -> None:
    answered, closed = old(cast, date(2025, 6, 30)), old(cast, date(2025, 6, 30))
    for share in (answered, closed):
        nudge(share.pk, form_key=uuid4(), by=cast.coordinator, now=NOW)
        instruct(share.task_id, text="抓紧", form_key=uuid4(), by=cast.leader, now=NOW)
    report = {"note": "进展", "form_key": uuid4(), "by": cast.reporter, "now": NOW + timedelta(minutes=5)}
    report_progress(answered.pk, percent=60, **report)  # type: ignore[arg-type]
    Assignment.objects.filter(pk=closed.pk).update(status=Status.CLOSED, closed_at=NOW)
    assert plan().digests == ()


def test_a_request_for_more_time_waits_for_the_coordinator(cast: Cast) -> None:
    asking = old(cast, date(2025, 6, 30))
    suspended = old(cast, date(2025, 6, 30))
    for share in (asking, suspended):
        ask_extension(
            share.pk, new_date=date(2025, 9, 30), reason="雨季", form_key=uuid4(), by=cast.reporter, now=NOW
        )
    Assignment.objects.filter(pk=suspended.pk).update(status=Status.SUSPENDED)
    plan()
    assert mails() == [("周敏", "【督办】延期待审批2项")]
    plan(TODAY + timedelta(days=1))
    assert len(mails()) == 1
    refuse_extension(
        ExtensionRequest.objects.get(assignment=suspended).pk, answer="不同意", by=cast.coordinator, now=NOW
    )
    plan(TODAY + timedelta(days=3))
    assert mails()[1:] == [("周敏", "【督办】延期待审批1项")]
    assert "申请延期，待审批3个工作日" in Message.objects.latest("pk").text


def test_an_overdue_share_that_was_nudged_stands_once_with_both_reasons(cast: Cast) -> None:
    late = old(cast, date(2024, 10, 18))
    nudge(late.pk, form_key=uuid4(), by=cast.coordinator, now=NOW)
    digest = plan().digests[0].digest
    assert digest.subject_line == "【督办】催办1项（含逾期1项）"
    [item] = digest.sections[0].items
    assert item.reasons == "2024-10-21（周一）催办，请尽快办理并填报；逾期3天"


def test_foreign_people_are_told_nothing(cast: Cast) -> None:
    old(cast, date(2024, 9, 20))
    plan()
    told = set(Message.objects.values_list("recipient_id", flat=True))
    strangers = {cast.outsider, cast.foreigner, cast.foreign_coordinator, cast.county_coordinator}
    assert told.isdisjoint(person.pk for person in strangers)


def test_unit_nobody_can_reach_is_reported(cast: Cast) -> None:
    User.objects.filter(department=cast.bureau).update(email="")
    User.objects.filter(pk=cast.head.pk).update(email="head@example.cn", is_active=False)
    old(cast, date(2024, 10, 10))
    result = plan()
    assert [str(line) for line in result.unreachable] == ["市生态环境局（涉及1项）"]
    assert "无法送达：市生态环境局（涉及1项）" in Run.objects.get().note
    assert mails() == [
        ("王芳", "【督办】逾期1项"),
        ("李娜", "【督办】逾期1项"),
        ("周敏", "【督办】下级逾期1项"),
    ]
    mailed = Message.objects.exclude(state="INBOX").get()
    assert result.message_ids == (mailed.pk,)
    assert "市生态环境局（涉及1项）" in mailed.text


def test_the_units_mailbox_stands_in_for_people_without_an_address(cast: Cast) -> None:
    User.objects.filter(department=cast.bureau).update(email="")
    Department.objects.filter(pk=cast.bureau.pk).update(mailbox="sthjj@example.cn")
    old(cast, date(2024, 10, 18))
    regions = Region.objects.filter(pk=cast.city.pk)
    assert plan().unreachable == ()
    by_mail = Message.objects.exclude(state=Message.State.INBOX)
    assert by_mail.values_list("recipient", "address").get() == (cast.head.pk, "sthjj@example.cn")
    assert set(Message.objects.values_list("address", flat=True)) == {"", "sthjj@example.cn"}
    assert list(unreachable_departments(regions)) == []
    User.objects.filter(department=cast.bureau).update(is_active=False)
    assert list(unreachable_departments(regions)) == [cast.bureau]
    Message.objects.update(day=TODAY - timedelta(days=1))
    assert [line.name for line in plan(TODAY + timedelta(days=7)).unreachable] == ["市生态环境局"]


def test_moved_date_is_reminded_again(cast: Cast) -> None:
    late = old(cast, date(2024, 10, 21))
    plan()
    Assignment.objects.filter(pk=late.pk).update(due_date=date(2024, 11, 20))
    plan(TODAY + timedelta(days=1))
    assert list(
        Reminder.objects.filter(recipient=cast.reporter, state="PLANNED")
        .order_by("pk")
        .values_list("stage", "occasion_date")
    ) == [("BEFORE_0", date(2024, 10, 21)), ("BEFORE_30", date(2024, 11, 20))]


def test_superseded_stages_are_in_the_ledger(cast: Cast) -> None:
    old(cast, date(2024, 10, 24))
    plan()
    rows = Reminder.objects.filter(recipient=cast.reporter)
    assert dict(rows.values_list("stage", "state")) == {
        "BEFORE_30": "SUPERSEDED",
        "BEFORE_15": "SUPERSEDED",
        "BEFORE_7": "SUPERSEDED",
        "BEFORE_3": "PLANNED",
    }
    assert set(rows.values_list("message__recipient", flat=True)) == {cast.reporter.pk}


def test_new_colleague_is_told_where_things_stand(cast: Cast) -> None:
    old(cast, date(2024, 10, 18))
    User.objects.filter(pk=cast.colleague.pk).update(is_active=False)
    plan()
    User.objects.filter(pk=cast.colleague.pk).update(is_active=True)
    assert [planned.recipient.name for planned in plan().digests] == ["李娜"]


def test_days_are_local_days(cast: Cast) -> None:
    """Given out at 00:30 in Xinxiang, which is still yesterday in UTC."""
    made_at = datetime(2024, 10, 20, 16, 30, tzinfo=UTC)
    make_assignment(cast.bureau, plan=cast.plan, status=Status.PENDING, created_at=made_at)
    plan()
    assert set(Reminder.objects.values_list("stage", "occasion_date")) == {("NEW_0", TODAY)}


def test_local_calendar_days_count(cast: Cast) -> None:
    CalendarDay.objects.create(date=date(2024, 10, 25), is_workday=False, name="本地放假")
    old(cast, date(2024, 10, 25))
    plan(date(2024, 10, 24))
    assert Reminder.objects.filter(state="PLANNED").first().stage == "BEFORE_0"  # type: ignore[union-attr]


def test_only_one_region(cast: Cast) -> None:
    old(cast, date(2024, 10, 18))
    make_assignment(cast.foreign_bureau, plan=cast.foreign_plan, due_date=date(2024, 10, 18))
    plan(region=cast.foreign)
    assert set(Message.objects.values_list("recipient", flat=True)) == {cast.foreigner.pk}


def test_run_over_the_limit_is_held(cast: Cast) -> None:
    old(cast, date(2024, 10, 18))
    assert plan(limit=2).is_held
    assert (Message.objects.count(), Reminder.objects.count()) == (0, 0)
    assert "已暂停" in Run.objects.get().note
    assert len(plan(limit=None).message_ids) == 3


def test_run_that_breaks_off_is_seen_and_taken_up(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    old(cast, date(2024, 10, 18))
    monkeypatch.setattr(planning, "RECIPIENT_BATCH", 1)
    really_write = planning._write_digests
    written: list[Any] = []

    def write_once(**arguments: Any) -> Any:
        if written:
            raise ConnectionError
        written.append(really_write(**arguments))
        return written[0]

    monkeypatch.setattr(planning, "_write_digests", write_once)
    with pytest.raises(ConnectionError):
        plan()
    assert not Run.objects.get().is_finished
    monkeypatch.setattr(planning, "_write_digests", really_write)
    assert [planned.recipient.name for planned in plan().digests] == ["李娜", "张伟"]
    assert Message.objects.count() == 3


def test_a_run_is_named_by_its_local_time() -> None:
    run = Run(kind=Run.Kind.PLAN, started_at=datetime(2024, 10, 20, 23, 5, tzinfo=UTC))
    assert str(run) == "生成提醒 2024-10-21 07:05"


def test_provisional_year_is_said(cast: Cast) -> None:
    assert plan(date(2031, 1, 6)).is_provisional
    assert "按周末推算" in Run.objects.get().note


def test_another_policy(cast: Cast) -> None:
    old(cast, date(2024, 10, 31))
    assert plan(policies=Policies(default=Policy(before=(2,)))).digests == ()
    told, *_ = plan(policies=Policies(default=Policy(before=(10,)))).digests
    assert told.digest.subject_line == "【督办】近期到期1项"


def keep_policy(cast: Cast, policy: Policy, **place: Any) -> None:
    kept = ReminderPolicy(region=cast.city, updated_at=NOW, **place)
    kept.take(policy)
    kept.save()


def test_the_nearest_policy_applies(cast: Cast) -> None:
    """The plan's, else the region's, else the default; a region below does not inherit."""
    other = make_plan(cast.city, "扬尘治理方案")
    due_date = TODAY + timedelta(days=20)
    old(cast, due_date)
    make_assignment(cast.bureau, task=make_task(other, due_date=due_date), created_at=LONG_AGO)
    make_assignment(cast.county_bureau, due_date=due_date, created_at=LONG_AGO)

    def told() -> dict[str, str]:
        return {one.recipient.name: one.digest.subject_line for one in plan(dry_run=True).digests}

    assert told()["王芳"] == "【督办】近期到期2项"
    assert told()["陈静"] == "【督办】近期到期1项"
    keep_policy(cast, Policy(before=(3,)))
    assert told() == {"陈静": "【督办】近期到期1项"}
    keep_policy(cast, Policy(before=(25,)), plan=other)
    assert told()["王芳"] == "【督办】近期到期1项"


def test_first_report_is_asked_for_where_the_policy_says_so(cast: Cast) -> None:
    given = datetime(2024, 10, 16, 2, 0, tzinfo=UTC)
    task = make_task(cast.plan, due_date=date(2025, 6, 30))
    share = make_assignment(cast.bureau, task=task, created_at=given, signed_at=given)
    assert plan().digests == ()
    keep_policy(cast, POLICY_13710)
    [first, *_] = plan(dry_run=True).digests
    assert first.digest.subject_line == "【督办】未填报1项"
    assert first.digest.sections[0].items[0].reasons == "2024-10-16（周三）下达，尚未填报进展"
    report_progress(share.pk, percent=10, note="进展", form_key=uuid4(), by=cast.reporter, now=NOW)
    assert plan().digests == ()


def test_a_node_is_reminded_until_it_is_reached(cast: Cast) -> None:
    share = old(cast, date(2025, 6, 30), percent=20)
    for due_date, percent in ((date(2024, 10, 10), 30), (date(2024, 10, 23), 60), (date(2025, 3, 31), 90)):
        Node.objects.create(task=share.task, due_date=due_date, percent=percent)
    [first, *_] = plan().digests
    assert first.digest.subject_line == "【督办】节点1项"
    assert first.digest.sections[0].items[0].reasons == (
        "节点已过：2024-10-10（周四）应完成30%，现为20%；节点临近：2024-10-23（周三）应完成60%，现为20%"
    )
    ledger = Reminder.objects.filter(recipient=cast.reporter).values_list("stage", "occasion_date", "state")
    assert set(ledger) == {
        ("NODE_3", date(2024, 10, 10), "SUPERSEDED"),
        ("NODE_0", date(2024, 10, 10), "SUPERSEDED"),
        ("NODE_LATE_1", date(2024, 10, 10), "PLANNED"),
        ("NODE_3", date(2024, 10, 23), "PLANNED"),
    }
    assert plan(date(2024, 10, 22)).digests == ()
    assert len(plan(date(2024, 10, 23)).digests) == 3
    report_progress(share.pk, percent=60, note="完成", form_key=uuid4(), by=cast.reporter, now=NOW)
    assert plan(date(2024, 10, 24)).digests == ()


def test_digest_of_another_planner_takes_the_place_of_ours(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other planner comes between our look at the day's digests and our writing."""
    first = old(cast, date(2024, 10, 18))
    really_gather = planning._gather

    def gather_then_lose_the_race(*args: Any) -> Any:
        gathered = really_gather(*args)
        monkeypatch.setattr(planning, "_gather", really_gather)
        plan()
        Reminder.objects.filter(recipient=cast.head).delete()  # it told the head of something else
        return gathered

    monkeypatch.setattr(planning, "_gather", gather_then_lose_the_race)
    assert plan().message_ids == ()
    assert Message.objects.count() == 3
    assert not Reminder.objects.filter(recipient=cast.head).exists(), "given back, to be told tomorrow"
    assert set(Reminder.objects.filter(assignment=first).values_list("recipient", flat=True)) == {
        cast.reporter.pk,
        cast.colleague.pk,
    }


def test_what_a_planner_of_yesterday_enters_meanwhile_is_left_out(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that began before midnight writes after we looked: all for the reporter, a part for the head."""
    first, second = old(cast, date(2024, 10, 18)), old(cast, date(2024, 10, 17))
    really_gather = planning._gather

    def gather_then_lose_the_race(*args: Any) -> Any:
        gathered = really_gather(*args)
        run = Run.objects.create(kind=Run.Kind.PLAN, started_at=NOW)
        for share, person in ((first, cast.reporter), (second, cast.reporter), (first, cast.head)):
            Reminder.objects.create(
                run=run,
                assignment=share,
                recipient=person,
                stage="OVERDUE_1",
                occasion_date=share.due_date or TODAY,
                planned_on=TODAY,
            )
        return gathered

    monkeypatch.setattr(planning, "_gather", gather_then_lose_the_race)
    assert len(plan().message_ids) == 2
    assert mails() == [("李娜", "【督办】逾期2项"), ("张伟", "【督办】逾期1项")]
    text = Message.objects.get(recipient=cast.head).text
    assert second.task.number in text
    assert "2024-10-17" in text
    assert "2024-10-18" not in text


def test_the_database_allows_one_digest_a_day(cast: Cast) -> None:
    old(cast, date(2024, 10, 18))
    plan()
    again = Message.objects.get(recipient=cast.reporter)
    again.pk, again.message_id = None, "<another@example.cn>"
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save()


def test_the_number_of_queries_does_not_grow(cast: Cast) -> None:
    def queries_for(number: int) -> tuple[int, int]:
        for _ in range(number - Assignment.objects.count()):
            old(cast, date(2024, 10, 18))
        today = TODAY + timedelta(days=number)  # another day, so that another overdue stage has come
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert len(plan(today).message_ids) == 5
        inserts = [query for query in captured if query["sql"].startswith("INSERT")]
        return len(captured) - len(inserts), len(inserts)

    few, few_inserts = queries_for(50)
    many, many_inserts = queries_for(500)
    assert few == many
    # SQLite takes 999 values in a statement, so its inserts are cut up; PostgreSQL has no such limit.
    assert many_inserts - few_inserts <= (
        Reminder.objects.count() * 9 // 999 + 1 if connection.vendor == "sqlite" else 0
    )


@pytest.mark.django_db(transaction=True)
def test_two_planners_at_once() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("threads share no SQLite in memory")
    cast = make_cast()
    for _ in range(40):
        old(cast, date(2024, 9, 20))
    start, results, errors = Barrier(2), [], []

    def planner() -> None:
        try:
            start.wait()
            results.append(plan())
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=planner) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sum(len(result.message_ids) for result in results) == Message.objects.count() == 5
    planned = Reminder.objects.filter(state="PLANNED")
    assert planned.count() == 40 * 5
    assert not planned.filter(message=None).exists()


def test_command_dry_run_shows_and_writes_nothing(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    late = old(cast, date(2024, 10, 18))
    call_command("remind", "--dry-run", "--today", "2024-10-21", "--region", "新乡市")
    shown = capsys.readouterr().out
    assert "王芳 <wangfang@example.cn> 【督办】逾期1项" in shown
    assert f"逾期 | {late.task.number} " in shown
    assert "2024-10-18（周五） | 逾期3天" in shown
    assert "2024-10-21 将发送3封。未写入，未发送。" in shown
    assert counts() == (0, 0, 0)


def test_command_plans_and_sends(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    old(cast, date(2024, 10, 18))
    call_command("remind", "--today", "2024-10-21")
    assert "生成3封，已发送3封，未成功0封" in capsys.readouterr().out
    call_command("remind", "--today", "2024-10-21")
    assert "生成0封" in capsys.readouterr().out


def test_command_claims_each_mail_at_its_own_moment(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the last of many mails would hold a claim that ended long ago, and a worker would send it too.

    Each of these takes twenty minutes, more than a batch has, so each is claimed by itself.
    """
    old(cast, date(2024, 10, 18))
    moments = (NOW + timedelta(minutes=20 * step) for step in count())
    monkeypatch.setattr("tracker.clock.now", lambda: next(moments))
    call_command("remind")
    sent = list(Message.objects.order_by("pk").values_list("sent_at", flat=True))
    assert None not in sent
    assert len(set(sent)) == 3


def test_command_refuses_what_it_does_not_know(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="没有名为“不存在市”的地区"):
        call_command("remind", "--region", "不存在市")
    monkeypatch.setattr("notifications.management.commands.remind.MESSAGE_LIMIT", 0)
    old(cast, date(2024, 10, 18))
    with pytest.raises(CommandError, match="--no-limit"):
        call_command("remind", "--today", "2024-10-21")
