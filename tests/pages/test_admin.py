"""The back office: administrators only, history for reading, status through the one door."""

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import DepartmentAlias, User
from tests.factories import TODAY, Cast, make_assignment
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
