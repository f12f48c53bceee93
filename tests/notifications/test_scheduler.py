"""Is it at work: the banner, the figures of the day, workers, and a held run that a person lets go."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from notifications import workers
from notifications.actions import planning
from notifications.context import STANDSTILL_KEY
from notifications.dashboards import is_planning_late, planning_expected_since
from notifications.models import Message, Run
from tests.factories import NOW, TODAY, Cast, make_assignment, make_task
from tests.services import free_port
from tracker.clock import SHANGHAI
from tracker.workflow import Status


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2024, 10, day, hour, minute, tzinfo=SHANGHAI)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the clock of the pages."""

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr("tracker.clock.now", lambda: moment)

    set_to(NOW.astimezone(SHANGHAI))
    return set_to


@pytest.mark.parametrize(
    ("now", "since"),
    [
        (at(21, 13, 5), at(21, 11, 5)),
        (at(21, 9, 5), at(21, 7, 5)),  # the first run of the day is due by now
        (at(21, 9, 4), at(20, 18, 5)),  # not yet: the last one of yesterday will do
        (at(21, 3), at(20, 18, 5)),
        (at(21, 20, 5), at(21, 18, 5)),
        (at(21, 23, 59), at(21, 18, 5)),
    ],
)
def test_nights_do_not_count(now: datetime, since: datetime) -> None:
    assert planning_expected_since(now) == since


@pytest.mark.parametrize(
    ("run", "now", "is_late"),
    [
        (None, at(21, 10), True),
        (at(20, 20, 5), at(21, 9, 4), False),
        (at(20, 20, 5), at(21, 9, 6), True),
        (at(20, 17, 5), at(21, 1), True),  # stopped yesterday afternoon, still stopped at night
        (at(21, 7, 5), at(21, 9, 5), False),
        (at(21, 7, 5), at(21, 9, 6), True),
        (at(21, 20, 5), at(21, 23, 50), False),
    ],
)
def test_planning_is_late_after_two_hours_of_the_day(
    db: None, run: datetime | None, now: datetime, is_late: bool
) -> None:
    Run.objects.create(kind=Run.Kind.SWEEP, started_at=now)
    if run:
        Run.objects.create(kind=Run.Kind.PLAN, started_at=run)
    assert is_planning_late(now) is is_late


BANNER = "自动提醒已停"


def open_page(client: Client, user: User, name: str = "ledger") -> str:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return str(client.get(reverse(name)).content.decode())


def test_banner_is_for_those_who_can_act(client: Client, cast: Cast, clock: Any) -> None:
    cache.delete(STANDSTILL_KEY)
    assert BANNER not in open_page(client, cast.reporter)
    assert cache.get(STANDSTILL_KEY) is None, "not even asked for a unit's people"
    assert BANNER not in open_page(client, cast.leader)
    assert BANNER in open_page(client, cast.coordinator)
    assert BANNER in open_page(client, cast.administrator)
    Run.objects.create(kind=Run.Kind.PLAN, started_at=NOW)
    assert BANNER in open_page(client, cast.coordinator), "known for a minute"
    cache.delete(STANDSTILL_KEY)
    assert BANNER not in open_page(client, cast.coordinator)


def test_banner_asks_once_a_minute(
    client: Client, cast: Cast, clock: Any, django_assert_num_queries: Any
) -> None:
    client.force_login(cast.coordinator, backend="django.contrib.auth.backends.ModelBackend")
    address = reverse("accounts:account")
    client.get(address)
    with django_assert_num_queries(3):  # session, user, region
        client.get(address)
    cache.delete(STANDSTILL_KEY)
    with django_assert_num_queries(4):
        client.get(address)
    with django_assert_num_queries(3):
        client.get(address)


def test_figures_of_the_day(client: Client, cast: Cast, clock: Any) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY)
    planning.plan_reminders(today=TODAY, now=NOW)
    Message.objects.filter(recipient=cast.reporter).update(state="SENT", sent_at=NOW)
    Message.objects.filter(recipient=cast.colleague).update(state="DEAD", error="550")
    text = open_page(client, cast.coordinator, "notifications:mail")
    for figure in ("今日列入</dt><dd>3<", "今日已发</dt><dd>1<", '今日失败</dt><dd class="bad">1<'):
        assert figure in text
    assert "2024-10-21 09:30 张伟</a>" in text, "the oldest unsent"
    clock(at(22, 10))
    assert "今日列入</dt><dd>0<" in open_page(client, cast.coordinator, "notifications:mail")
    assert "今日列入" not in open_page(client, cast.reporter, "notifications:mail")


def test_a_broker_that_does_not_answer_leaves_workers_unknown(client: Client, cast: Cast, clock: Any) -> None:
    from tracker.celery import app

    url = app.conf.broker_url
    app.conf.update(broker_url=f"redis://127.0.0.1:{free_port()}/0")
    try:
        assert workers.workers_alive() is None
        assert not workers.queue_answers()
        assert "不详（消息队列没有应答）" in open_page(client, cast.coordinator, "notifications:mail")
    finally:
        app.conf.update(broker_url=url)


def test_workers_are_counted(celery_worker: None) -> None:
    assert workers.queue_answers()
    assert workers.workers_alive() == 1


# A held run


@pytest.fixture
def held(cast: Cast, clock: Any) -> Run:
    make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY)
    assert planning.plan_reminders(today=TODAY, now=NOW, limit=2).is_held
    return Run.objects.get()


def press(client: Client, user: User, run: Run) -> int:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return int(client.post(reverse("notifications:release", args=[run.pk])).status_code)


def keep_one_city(cast: Cast) -> None:
    """Nobody is left outside the coordinator's regions."""
    User.objects.filter(region=cast.foreign).update(is_active=False)


def test_a_held_run_is_let_go_and_noted(client: Client, cast: Cast, held: Run) -> None:
    keep_one_city(cast)
    text = open_page(client, cast.coordinator, "notifications:mail")
    assert "本次将发送3封，超过上限2封，已暂停。" in text
    assert "确定放行" in text
    assert press(client, cast.coordinator, held) == 302
    held.refresh_from_db()
    assert (held.released_by, held.released_at) == (cast.coordinator, NOW)
    assert "2024-10-21（周一）由周敏放行。" in held.note
    assert "确定放行" not in open_page(client, cast.coordinator, "notifications:mail")
    assert len(planning.plan_reminders(today=TODAY, now=NOW + timedelta(hours=1), limit=2).message_ids) == 3


def test_pressed_twice_it_is_let_go_once(client: Client, cast: Cast, held: Run) -> None:
    assert press(client, cast.administrator, held) == 302
    again = client.post(reverse("notifications:release", args=[held.pk]), follow=True)
    assert "可能已由他人放行" in again.content.decode()
    held.refresh_from_db()
    assert held.note.count("放行") == 1


def test_only_who_stands_above_all_lets_it_go(client: Client, cast: Cast, held: Run) -> None:
    for person in (cast.reporter, cast.leader, cast.county_coordinator, cast.coordinator):
        assert press(client, person, held) == 404, person
    assert "由管理员放行" in open_page(client, cast.coordinator, "notifications:mail")
    held.refresh_from_db()
    assert held.released_at is None
    keep_one_city(cast)
    assert press(client, cast.county_coordinator, held) == 404
    assert press(client, cast.coordinator, held) == 302


def test_a_release_is_for_one_run_and_one_day(cast: Cast, held: Run) -> None:
    def plan(after: timedelta) -> bool:
        now = NOW + after
        return planning.plan_reminders(today=(now.astimezone(SHANGHAI)).date(), now=now, limit=2).is_held

    assert not planning.release_run(run_id=held.pk, by=cast.administrator, now=NOW + timedelta(days=2))
    assert planning.release_run(run_id=held.pk, by=cast.administrator, now=NOW + timedelta(hours=11))
    assert not plan(timedelta(hours=22)), "let go after the last run of the day, it goes in the morning"
    make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY + timedelta(days=2))
    Message.objects.all().update(day=TODAY - timedelta(days=9))
    assert plan(timedelta(hours=23)), "used up"


def test_an_unused_release_ends(cast: Cast, held: Run) -> None:
    assert planning.release_run(run_id=held.pk, by=cast.administrator, now=NOW)
    later = NOW + timedelta(days=1, hours=1)
    assert planning.plan_reminders(today=TODAY + timedelta(days=1), now=later, limit=2).is_held


def test_only_held_runs_can_be_let_go(cast: Cast) -> None:
    run = Run.objects.create(kind=Run.Kind.PLAN, started_at=NOW, is_finished=True)
    assert not planning.release_run(run_id=run.pk, by=cast.administrator, now=NOW)
    assert not planning.release_run(run_id=run.pk + 1, by=cast.administrator, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(pk=run.pk).update(released_at=NOW, released_by=cast.administrator)


def test_a_confirmed_plan_of_a_hundred_tasks_is_one_mail(cast: Cast) -> None:
    User.objects.filter(pk__in=[cast.colleague.pk, cast.head.pk]).update(is_active=False)
    for number in range(100):
        task = make_task(cast.plan, due_date=TODAY + timedelta(days=number - 20))
        make_assignment(cast.bureau, task=task, status=Status.PENDING)
    assert len(planning.plan_reminders(today=TODAY, now=NOW).message_ids) == 1
    assert Message.objects.get().subject == "【督办】新下达任务100项"
    assert Message.objects.get().reminders.filter(stage="NEW_0").count() == 100
