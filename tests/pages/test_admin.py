"""The back office: administrators only, history for reading, status through the one door."""

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import DepartmentAlias, User
from tests.factories import TODAY, Cast, make_assignment, make_department
from tracker.actions.work import move_assignment
from tracker.models import Assignment, Measure, ProgressReport, Task, TaskEvent
from tracker.workflow import Move, Status


@pytest.fixture
def root(cast: Cast, browser):
    person = cast.administrator
    person.is_staff = person.is_superuser = True
    person.save(update_fields=["is_staff", "is_superuser"])
    return browser(person)


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model.__name__)
def test_every_list_and_row_opens(cast, root, model) -> None:
    assignment = make_assignment(cast.bureau, status=Status.PENDING, due_date=TODAY)
    move_assignment(assignment.pk, Move.SIGN, by=cast.reporter, now=assignment.created_at)
    name = f"{model._meta.app_label}_{model._meta.model_name}"

    listed = root.get(reverse(f"admin:{name}_changelist"), {"q": "x"} if model is User else {})
    row = model._default_manager.first()

    assert listed.status_code == 200
    if row is not None:
        assert root.get(reverse(f"admin:{name}_change", args=[row.pk])).status_code == 200


@pytest.mark.parametrize("model", [Assignment, Measure, ProgressReport, Task, TaskEvent])
def test_records_are_for_reading_only(cast, root, model) -> None:
    assignment = make_assignment(cast.bureau, status=Status.PENDING)
    move_assignment(assignment.pk, Move.SIGN, by=cast.reporter, now=assignment.created_at)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    row = model._default_manager.first()

    answers = [root.get(reverse(f"{name}_add")).status_code]
    if row is not None:
        answers.append(root.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code)
        answers.append(root.post(reverse(f"{name}_change", args=[row.pk]), {"status": "CLOSED"}).status_code)

    assert set(answers) == {403}


@pytest.mark.parametrize("person", ["reporter", "coordinator", "leader"])
def test_back_office_is_closed_to_others(cast, browser, person) -> None:
    assert browser(getattr(cast, person)).get(reverse("admin:index")).status_code == 302


def _department_form(unit, alias: str) -> dict[str, str]:
    return {
        "region": unit.region_id,
        "name": unit.name,
        "short_name": unit.short_name,
        "kind": unit.kind,
        "mailbox": "",
        "is_active": "on",
        "aliases-TOTAL_FORMS": "1",
        "aliases-INITIAL_FORMS": "0",
        "aliases-0-alias": alias,
        "aliases-0-department": unit.pk,
    }


def test_alias_is_stored_folded_in_the_region_of_its_unit(cast, root) -> None:
    url = reverse("admin:accounts_department_change", args=[cast.bureau.pk])

    root.post(url, _department_form(cast.bureau, "市環保局 "))

    assert list(DepartmentAlias.objects.values_list("alias", "region")) == [("市环保局", cast.city.pk)]


def test_alias_of_another_unit_is_refused_with_words(cast, root) -> None:
    DepartmentAlias.objects.create(department=cast.other_bureau, region=cast.city, alias="市环保局")
    url = reverse("admin:accounts_department_change", args=[cast.bureau.pk])

    response = root.post(url, _department_form(cast.bureau, "市環保局"))

    assert "本地区已有单位使用此别名" in response.content.decode()
    assert DepartmentAlias.objects.count() == 1


def test_alias_written_twice_is_refused_with_words(cast, root) -> None:
    url = reverse("admin:accounts_department_change", args=[cast.bureau.pk])
    twice = {
        "aliases-TOTAL_FORMS": "2",
        "aliases-1-alias": "市環保局",
        "aliases-1-department": cast.bureau.pk,
    }

    response = root.post(url, _department_form(cast.bureau, "市环保局") | twice)

    assert "这个别名写了两次" in response.content.decode()
    assert not DepartmentAlias.objects.exists()


def test_members_of_a_collective_are_units_of_its_own_region(cast, root) -> None:
    every = make_department(cast.city, "各有关单位", kind="COLLECTIVE")
    other = make_department(cast.city, "市直各部门", kind="COLLECTIVE")
    url = reverse("admin:accounts_department_change", args=[every.pk])
    none = {"aliases-TOTAL_FORMS": "0"}

    for member, said in [(cast.foreign_bureau, "同一地区"), (other, "不能再作成员")]:
        response = root.post(url, _department_form(every, "") | none | {"members": member.pk})
        assert said in response.content.decode()
        assert not every.members.exists()
    root.post(url, _department_form(every, "") | none | {"members": cast.bureau.pk})
    assert every.members.get() == cast.bureau


def test_a_unit_stays_in_its_region(cast, root) -> None:
    url = reverse("admin:accounts_department_change", args=[cast.other_bureau.pk])

    root.post(url, _department_form(cast.other_bureau, "工信局") | {"region": cast.foreign.pk})

    cast.other_bureau.refresh_from_db()
    assert cast.other_bureau.region == cast.city


def test_a_person_belongs_to_a_unit_of_the_own_region(cast, root) -> None:
    url = reverse("admin:accounts_user_change", args=[cast.reporter.pk])
    answers = {
        "username": "wangfang",
        "full_name": "王芳",
        "email": "",
        "role": "REPORTER",
        "is_active": "on",
    }

    foreign = answers | {"region": cast.city.pk, "department": cast.foreign_bureau.pk}
    assert "不属于所选的地区" in root.post(url, foreign).content.decode()
    root.post(url, answers | {"region": cast.city.pk, "department": cast.other_bureau.pk})

    cast.reporter.refresh_from_db()
    assert cast.reporter.department == cast.other_bureau
