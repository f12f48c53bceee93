"""Late members of a collective: what they lack, who gives it to them, and once only."""

from datetime import timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import Department
from tests.factories import NOW, TODAY, Cast, make_assignment, make_cast, make_department, make_task
from tracker import audit
from tracker.actions.collectives import add_shares
from tracker.actions.extensions import ask_extension, grant_extension
from tracker.actions.work import MoveRefused, move_assignment, report_progress
from tracker.collectives import OFFERS_AT_ONCE, lacking_in, lacks, member_lines, offers
from tracker.models import Assignment, Task, TaskEvent
from tracker.permissions import visible_assignments
from tracker.workflow import Light, Move, Role, Status

pytestmark = pytest.mark.django_db
DUE = TODAY + timedelta(days=20)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def collective(cast: Cast) -> Department:
    """Stands for the two bureaus of the city; the third unit came later."""
    collective = make_department(cast.city, "各有关部门", kind=Department.Kind.COLLECTIVE)
    collective.members.set([cast.bureau, cast.other_bureau])
    return collective


@pytest.fixture
def late(cast: Cast, collective: Department) -> Department:
    late = make_department(cast.city, "市林业局")
    collective.members.add(late)
    return late


def _task(cast: Cast, collective: Department, *, role: str = Role.IMPLEMENT, **fields) -> Task:
    """Given to the two members through the collective."""
    task = make_task(cast.plan, due_date=DUE, **fields)
    for unit in (cast.bureau, cast.other_bureau):
        make_assignment(unit, task=task, via=collective, role=role, status=Status.PENDING)
    return task


def test_late_member_gets_its_share_as_the_others_have_it(cast, collective, late) -> None:
    task = _task(cast, collective)
    made = add_shares(collective.pk, [(task.pk, late.pk)], by=cast.coordinator, now=NOW)

    share = Assignment.objects.get(department=late)
    assert made == 1
    assert (share.task, share.region, share.plan, share.via) == (task, cast.city, cast.plan, collective)
    assert (share.status, share.role, share.version, share.created_at) == ("PENDING", "IMPLEMENT", 1, NOW)
    assert (share.due_date, share.first_due_date, share.judged_date) == (DUE, DUE, DUE)
    event = TaskEvent.objects.get(assignment=share)
    assert (event.kind, event.actor, event.task) == ("ADD_SHARE", cast.coordinator, task)
    assert event.data == {"via": collective.pk, "role": "IMPLEMENT", "due_date": DUE.isoformat()}


def test_history_of_an_added_share_replays(cast, collective, late) -> None:
    task = _task(cast, collective)
    add_shares(collective.pk, [(task.pk, late.pk)], by=cast.coordinator, now=NOW)
    share = Assignment.objects.get(department=late)
    move_assignment(share.pk, Move.SUSPEND, by=cast.coordinator, now=NOW, note="等文件")

    assert list(audit.verify([task.pk])) == []
    share.refresh_from_db()
    assert share.version == 2


def test_strongest_role_through_the_collective_is_taken(cast, collective, late) -> None:
    task = make_task(cast.plan)
    make_assignment(cast.bureau, task=task, via=collective, role=Role.SUPPORT)
    make_assignment(cast.other_bureau, task=task, via=collective, role=Role.IMPLEMENT)
    make_assignment(make_department(cast.city, "市水利局"), task=task, role=Role.LEAD)
    add_shares(collective.pk, [(task.pk, late.pk)], by=cast.coordinator, now=NOW)

    share = Assignment.objects.get(department=late)
    assert (share.role, share.due_date) == (Role.IMPLEMENT, None)


def test_date_is_that_of_the_task_not_an_extended_one(cast, collective, late) -> None:
    task = _task(cast, collective)
    share = Assignment.objects.get(task=task, department=cast.bureau)
    asked = ask_extension(
        share.pk, new_date=DUE + timedelta(days=9), reason="雨", form_key=uuid4(), by=cast.reporter, now=NOW
    )
    grant_extension(asked.pk, due_date=DUE + timedelta(days=9), by=cast.coordinator, now=NOW)
    add_shares(collective.pk, [(task.pk, late.pk)], by=cast.coordinator, now=NOW)

    assert Assignment.objects.get(department=late).due_date == DUE


def test_the_same_twice_makes_one_share(cast, collective, late) -> None:
    task = _task(cast, collective)
    pairs = [(task.pk, late.pk), (task.pk, late.pk)]
    made = [add_shares(collective.pk, pairs, by=cast.coordinator, now=NOW) for _ in range(2)]

    assert made == [1, 0]
    assert TaskEvent.objects.filter(kind="ADD_SHARE").count() == 1


@pytest.mark.parametrize(
    "name", ["reporter", "head", "leader", "administrator", "county_coordinator", "foreign_coordinator"]
)
def test_nobody_else_adds(cast, collective, late, name) -> None:
    task = _task(cast, collective)
    with pytest.raises(MoveRefused, match="没有权限"):
        add_shares(collective.pk, [(task.pk, late.pk)], by=getattr(cast, name), now=NOW)
    assert not Assignment.objects.filter(department=late).exists()


def test_what_is_not_lacking_is_passed_over(cast, collective, late) -> None:
    open_task = _task(cast, collective)
    closed = _task(cast, collective, closed_at=NOW)
    elsewhere = make_task(cast.plan)
    make_assignment(cast.bureau, task=elsewhere)
    foreign = make_task(cast.foreign_plan)
    make_assignment(cast.foreign_bureau, task=foreign, via=collective)
    idle = make_department(cast.city, "已撤销的局", is_active=False)
    collective.members.add(idle, cast.county_bureau)
    outside = make_department(cast.city, "市水利局")
    pairs = [
        (closed.pk, late.pk),
        (elsewhere.pk, late.pk),
        (foreign.pk, late.pk),
        (open_task.pk, cast.bureau.pk),
        (open_task.pk, idle.pk),
        (open_task.pk, outside.pk),
        (open_task.pk, cast.county_bureau.pk),
        (open_task.pk, 10**17),
        (10**17, late.pk),
    ]
    before = Assignment.objects.count()

    assert add_shares(collective.pk, pairs, by=cast.coordinator, now=NOW) == 0
    assert Assignment.objects.count() == before
    assert {offer.member: offer.count for offer in offers(collective)} == {late: 1}


def test_too_many_at_once_are_refused(cast, collective, late) -> None:
    pairs = [(number, late.pk) for number in range(OFFERS_AT_ONCE + 1)]
    with pytest.raises(MoveRefused, match="一次最多补派"):
        add_shares(collective.pk, pairs, by=cast.coordinator, now=NOW)


def test_lacking_is_counted_by_member_and_listed_by_date(cast, collective, late) -> None:
    later = _task(cast, collective)
    sooner = make_task(cast.plan, due_date=TODAY)
    make_assignment(cast.bureau, task=sooner, via=collective)
    _task(cast, collective, closed_at=NOW)

    assert lacks([collective.pk]) == {collective.pk: {late.pk: 2, cast.other_bureau.pk: 1}}
    found = {offer.member: list(offer.tasks) for offer in offers(collective)}
    assert found == {late: [sooner, later], cast.other_bureau: [sooner]}
    assert lacking_in(cast.city.pk) == 3
    assert lacking_in(cast.foreign.pk) == 0
    assert lacking_in(None) == 0


def test_share_by_another_way_is_no_lack(cast, collective, late) -> None:
    """Named itself in the plan, or reached through another collective."""
    task = _task(cast, collective)
    make_assignment(late, task=task)
    assert lacks([collective.pk]) == {}
    assert offers(collective) == []


def test_page_offers_no_more_than_one_press_takes(cast, collective, late, monkeypatch) -> None:
    monkeypatch.setattr("tracker.collectives.OFFERS_AT_ONCE", 3)
    for _ in range(5):
        _task(cast, collective)
    [offer] = offers(collective)
    assert (len(offer.tasks), offer.count) == (3, 5)


def test_unit_that_left_keeps_its_shares(cast, collective, late) -> None:
    task = _task(cast, collective)
    collective.members.remove(cast.other_bureau)
    lines = member_lines(collective, visible_assignments(cast.coordinator), TODAY)
    assert {line.department: line.is_member for line in lines} == {
        cast.bureau: True,
        cast.other_bureau: False,
        late: True,
    }
    assert task.assignments.filter(department=cast.other_bureau).exists()


@pytest.mark.parametrize(
    ("rows", "light"),
    [
        ([], Light.GREY),
        ([(None, Status.ACTIVE)], Light.GREY),
        ([(None, Status.ACTIVE), (60, Status.ACTIVE)], Light.GREEN),
        ([(60, Status.ACTIVE), (3, Status.ACTIVE)], Light.YELLOW),
        ([(3, Status.ACTIVE), (-1, Status.PENDING)], Light.RED),
        ([(-1, Status.SUSPENDED)], Light.GREEN),
    ],
)
def test_light_of_a_member_is_its_worst(cast, collective, rows, light) -> None:
    for days, status in rows:
        due = None if days is None else TODAY + timedelta(days=days)
        make_assignment(cast.bureau, plan=cast.plan, via=collective, due_date=due, status=status)
    lines = member_lines(collective, visible_assignments(cast.coordinator), TODAY)
    assert next(line.figures.light for line in lines if line.department == cast.bureau) == light


def test_new_share_holds_the_task_open(cast, collective, late) -> None:
    task = _task(cast, collective)
    add_shares(collective.pk, [(task.pk, late.pk)], by=cast.coordinator, now=NOW)
    for unit, person in ((cast.bureau, cast.reporter), (cast.other_bureau, cast.outsider)):
        share = Assignment.objects.get(task=task, department=unit)
        report_progress(share.pk, percent=100, note="完", form_key=uuid4(), by=person, now=NOW)
        move_assignment(share.pk, Move.SUBMIT, by=person, now=NOW)
        move_assignment(share.pk, Move.APPROVE, by=cast.coordinator, now=NOW)
    task.refresh_from_db()
    assert task.closed_at is None


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_make_one_share(cast, collective, late) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("threads do not share an SQLite in memory: DUBAN_TEST_DB=postgres")
    task = _task(cast, collective)
    start, made = Barrier(2), []

    def add() -> None:
        try:
            start.wait(10)
            made.append(add_shares(collective.pk, [(task.pk, late.pk)], by=cast.coordinator, now=NOW))
        finally:
            connection.close()

    threads = [Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(made) == [0, 1]
    assert Assignment.objects.filter(department=late).count() == 1
