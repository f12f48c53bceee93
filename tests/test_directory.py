"""Matching printed names with departments."""

import pytest

from accounts.actions import AliasTaken, add_alias, load_aliases
from accounts.directory import Directory
from accounts.models import Region
from tests.factories import make_department, make_region

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> Region:
    load_aliases(
        [
            {"name": "发展和改革委员会", "aliases": ["发改委", "发展改革委"]},
            {"name": "自然资源和规划局", "aliases": ["资源规划局"]},
        ]
    )
    return make_region("新乡市")


@pytest.mark.parametrize(
    "printed", ["市发改委", "市發改委", "市发展改革委", "新乡市发展和改革委员会", "发改委", "市 发改委"]
)
def test_national_short_forms_and_scripts_mean_one_department(city: Region, printed: str) -> None:
    department = make_department(city, "新乡市发展和改革委员会")
    assert Directory(city).match(printed) == department


@pytest.mark.parametrize("printed", ["市发改局", "省发展改革委员会处", "市财政局", "改革"])
def test_a_name_that_is_only_similar_is_not_a_match(city: Region, printed: str) -> None:
    make_department(city, "新乡市发展和改革委员会")
    assert Directory(city).match(printed) is None


def test_brackets_of_every_style_are_one(city: Region) -> None:
    department = make_department(city, "各县（市、区）政府")
    assert Directory(city).match("各縣〔市、區〕政府") == department


def test_suggestions_are_similar_departments_best_first(city: Region) -> None:
    bureau = make_department(city, "新乡市生态环境局")
    make_department(city, "新乡市财政局")
    suggestions = Directory(city).suggest("市生态环境和保护局")
    assert suggestions[0].department == bureau
    assert suggestions[0].score >= 50


def test_departments_of_another_region_are_never_found(city: Region) -> None:
    make_department(make_region("郑州市"), "市财政局")
    assert Directory(city).match("市财政局") is None
    assert Directory(city).suggest("市财政局") == []


def test_an_alias_belongs_to_one_department(city: Region) -> None:
    add_alias(make_department(city, "市城管局"), "城管委")
    with pytest.raises(AliasTaken):
        add_alias(make_department(city, "市城建局"), "城管委")


def test_a_short_name_of_two_departments_is_left_to_a_person(city: Region) -> None:
    bureau, station = make_department(city, "新乡市环境执法支队"), make_department(city, "新乡市环境监测站")
    for department in (bureau, station):
        department.short_name = "环境队站"
        department.save(update_fields=["short_name"])
    directory = Directory(city)
    assert directory.match("环境队站") is None
    assert directory.match("新乡市环境监测站") == station
    assert {found.department for found in directory.suggest("环境监测站")} >= {station}
