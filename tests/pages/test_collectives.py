"""Collectives on the pages: each number opens its rows, late members are offered their shares, once."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Department
from tests.factories import TODAY, Cast, make_assignment, make_department, make_task
from tracker.models import Assignment, Task
from tracker.workflow import Status


@pytest.fixture
def collective(cast: Cast) -> Department:
    collective = make_department(cast.city, "各有关部门", kind=Department.Kind.COLLECTIVE)
    collective.members.set([cast.bureau, cast.other_bureau])
    return collective


@pytest.fixture
def mixed(cast: Cast, collective: Department) -> None:
    """Every status with every interesting date through the collective, and the same by another way."""
    for status in Status.values:
        for offset in (None, -40, 0, 8):
            due = None if offset is None else TODAY + timedelta(days=offset)
            task = make_task(cast.plan, due_date=due)
            make_assignment(cast.bureau, task=task, status=status, via=collective)
            make_assignment(cast.other_bureau, task=task, status=status, last_reported_at=None)


def _links(page: str) -> list[tuple[str, int]]:
    found = re.findall(r'<a[^>]*href="([^"]*/ledger/\?[^"]*)"[^>]*>\s*(\d+)\s*</a>', page)
    return [(href.replace("&amp;", "&"), int(number)) for href, number in found]


def _counted(client: Client, href: str) -> int:
    count: int = client.get(href).context["page"].paginator.count
    return count


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize("person", ["coordinator", "leader", "administrator"])
def test_every_number_opens_the_rows_it_counts(cast, browser, collective, person) -> None:
    client = browser(getattr(cast, person))
    for url in (reverse("collectives"), reverse("collective", args=[collective.pk])):
        found = _links(client.get(url).content.decode())
        assert len(found) == 5
        for href, number in found:
            assert (href, _counted(client, href)) == (href, number)


@pytest.mark.usefixtures("mixed")
def test_filters_of_the_ledger(cast, browser, collective) -> None:
    client, ledger = browser(cast.coordinator), reverse("ledger")
    total = (len(Status.values) - len(Status.out_of_force)) * 4
    assert _counted(client, f"{ledger}?via={collective.pk}") == total
    assert _counted(client, f"{ledger}?reported=never") == 2 * 4 * len(Status.open)
    for senseless in ("via=0", "via=x", f"via={cast.bureau.pk}", "reported=x", "via=" + "9" * 40):
        response = client.get(f"{ledger}?{senseless}")
        assert (response.status_code, response.context["page"].paginator.count) == (200, 0)
    assert _counted(browser(cast.foreign_coordinator), f"{ledger}?via={collective.pk}") == 0


def test_unit_has_no_filter_by_collective(cast, browser, collective) -> None:
    make_assignment(cast.bureau, plan=cast.plan, via=collective)
    client = browser(cast.reporter)
    assert _counted(client, f"{reverse('ledger')}?via={collective.pk + 1}") == 1
    assert "各有关部门" not in client.get(reverse("ledger")).content.decode()


@pytest.fixture
def task(cast: Cast, collective: Department) -> Task:
    task = make_task(cast.plan, due_date=TODAY - timedelta(days=2))
    make_assignment(cast.bureau, task=task, via=collective, status=Status.PENDING)
    make_assignment(cast.other_bureau, task=task, via=collective, status=Status.CLOSED)
    return task


def _group(response, key: str) -> list[str]:
    [summary] = response.context["collectives"]
    shares = next(group.shares for group in summary.groups if group.key == key)
    return [share.department.name for share in shares]


@pytest.mark.parametrize("person", ["coordinator", "leader", "reporter"])
def test_task_page_says_who_has_not_signed_or_reported(cast, browser, task, collective, person) -> None:
    collective.members.remove(cast.other_bureau)
    response = browser(getattr(cast, person)).get(reverse("task", args=[task.pk]))
    page = response.content.decode()

    for key in ("unsigned", "never_reported", "overdue"):
        assert _group(response, key) == ["市生态环境局"]
    for key in ("closed", "left"):
        assert _group(response, key) == ["市工业和信息化局"]
    for share in task.assignments.all():
        assert f'<a href="#share-{share.pk}">' in page
        assert f'<tr id="share-{share.pk}"' in page
    assert (reverse("collective", args=[collective.pk]) in page) == (person != "reporter")


def test_long_lists_of_names_are_folded(cast, browser, collective) -> None:
    task = make_task(cast.plan)
    for number in range(14):
        unit = make_department(cast.city, f"单位{number:02}")
        make_assignment(unit, task=task, via=collective, status=Status.PENDING)
    page = browser(cast.leader).get(reverse("task", args=[task.pk])).content.decode()
    assert page.count("还有 2 个单位") == 3  # not signed, never reported, no member any more


def test_task_without_a_collective_says_nothing_of_one(cast, browser) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan)
    assert browser(cast.leader).get(reverse("task", args=[share.task_id])).context["collectives"] == []


@pytest.fixture
def late(cast: Cast, collective: Department, task: Task) -> Department:
    late = make_department(cast.city, "市林业局")
    collective.members.add(late)
    return late


def test_coordinator_is_told_and_adds_the_shares(cast, browser, collective, task, late) -> None:
    client = browser(cast.coordinator)
    url, add = reverse("collective", args=[collective.pk]), reverse("collective_add", args=[collective.pk])

    overview = client.get(reverse("overview")).content.decode()
    listed = client.get(reverse("collectives")).content.decode()
    offered = client.get(url).content.decode()
    done = client.post(add, {"share": [f"{task.pk}-{late.pk}"]}, follow=True).content.decode()
    again = client.post(add, {"share": [f"{task.pk}-{late.pk}"]}, follow=True).content.decode()

    assert "统称的新成员还有 1 项任务未派" in overview
    assert "新成员 1 项未派" in listed
    assert "新成员 市林业局 还有 1 项任务未派" in offered
    assert f'value="{task.pk}-{late.pk}" checked' in offered
    assert "时限已过" in offered
    assert "已补派 1 项任务" in done
    assert "新成员 市林业局" not in done
    assert "没有重复补派" in again
    assert Assignment.objects.filter(department=late, via=collective).count() == 1
    assert "未派" not in client.get(reverse("overview")).content.decode()
    history = client.get(reverse("task", args=[task.pk])).content.decode()
    assert "补派任务" in history


@pytest.mark.parametrize("person", ["leader", "administrator", "province_coordinator"])
def test_others_see_no_offers(cast, browser, collective, late, person) -> None:
    people = {"province_coordinator": cast.foreign_coordinator}
    user = people.get(person) or getattr(cast, person)
    if person == "province_coordinator":
        cast.city.parent = cast.foreign
        cast.city.save()
    client = browser(user)

    page = client.get(reverse("collective", args=[collective.pk])).content.decode()

    assert "未派" not in page
    assert "未派" not in client.get(reverse("collectives")).content.decode()
    assert client.post(reverse("collective_add", args=[collective.pk])).status_code == 404


@pytest.mark.parametrize("share", ["x", "-", "1", "1-", "-1", "1-2-3", "9" * 30 + "-1", "1-\x00"])
def test_crafted_choices_are_refused(cast, browser, collective, late, share) -> None:
    add = reverse("collective_add", args=[collective.pk])
    assert browser(cast.coordinator).post(add, {"share": share}).status_code == 400
    assert not Assignment.objects.filter(department=late).exists()


def test_nothing_ticked_and_too_much_ticked_are_said(cast, browser, collective, late) -> None:
    client, add = browser(cast.coordinator), reverse("collective_add", args=[collective.pk])
    assert "没有勾选任务" in client.post(add, follow=True).content.decode()
    many = [f"{number}-{late.pk}" for number in range(501)]
    assert "一次最多补派 500 项" in client.post(add, {"share": many}, follow=True).content.decode()
    assert client.get(add)["Location"] == reverse("collective", args=[collective.pk])


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("coordinator", 200),
        ("leader", 200),
        ("administrator", 200),
        ("reporter", 404),
        ("head", 404),
        ("county_coordinator", 404),
        ("foreign_coordinator", 404),
        ("foreign_leader", 404),
    ],
)
def test_collective_is_for_those_who_read_its_region(cast, browser, collective, person, status) -> None:
    client = browser(getattr(cast, person))
    assert client.get(reverse("collective", args=[collective.pk])).status_code == status
    assert client.get(reverse("collective", args=[cast.bureau.pk])).status_code == 404


def test_lists_without_anything_say_what_would_be_here(cast, browser, collective) -> None:
    client = browser(cast.leader)
    assert "还没有派给统称的任务" in client.get(reverse("collectives")).content.decode()
    collective.members.clear()
    page = client.get(reverse("collective", args=[collective.pk])).content.decode()
    assert "这个统称还没有成员单位" in page


@pytest.mark.parametrize("count", [1, 3])
def test_number_of_queries_does_not_grow(cast, browser, count, django_assert_num_queries) -> None:
    for number in range(count):
        collective = make_department(cast.city, f"统称{number}", kind=Department.Kind.COLLECTIVE)
        for member in range(count):
            unit = make_department(cast.city, f"单位{number}{member}")
            collective.members.add(unit, make_department(cast.city, f"新单位{number}{member}"))
            for _ in range(count):
                make_assignment(unit, plan=cast.plan, via=collective)
    client = browser(cast.coordinator)

    with django_assert_num_queries(10):
        client.get(reverse("collectives"))
    with django_assert_num_queries(14):
        client.get(reverse("collective", args=[collective.pk]))


@pytest.mark.parametrize("count", [1, 3])
def test_task_page_with_collectives_asks_no_more(cast, browser, count, django_assert_num_queries) -> None:
    task = make_task(cast.plan)
    for number in range(count):
        collective = make_department(cast.city, f"统称{number}", kind=Department.Kind.COLLECTIVE)
        unit = make_department(cast.city, f"单位{number}")
        collective.members.add(unit)
        make_assignment(unit, task=task, via=collective)
    client = browser(cast.leader)

    with django_assert_num_queries(13):
        client.get(reverse("task", args=[task.pk]))
