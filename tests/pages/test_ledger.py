"""The ledger: filters in the address, order, pages, and a constant number of queries."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from tests.factories import TODAY, Cast, make_assignment, make_department, make_plan
from tracker.workflow import Role, Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def texts(cast, browser):
    """The texts of the rows that an address lists for the coordinator, in order."""
    client = browser(cast.coordinator)

    def ask(query: str = "") -> list[str]:
        response = client.get(f"{reverse('ledger')}?{query}")
        return [row.task.text for row in response.context["page"].object_list]

    return ask


@pytest.fixture
def rows(cast: Cast) -> None:
    def day(offset: int) -> date:
        return TODAY + timedelta(days=offset)

    other = make_plan(cast.city, "甲方案")
    plan = cast.plan
    make_assignment(cast.bureau, plan=plan, text="逾期一天", due_date=day(-1), percent=30)
    make_assignment(cast.bureau, plan=plan, text="今天到期", due_date=day(0), percent=80)
    make_assignment(cast.other_bureau, plan=other, text="七天后到期", due_date=day(7), role=Role.SUPPORT)
    make_assignment(cast.bureau, plan=plan, text="八天后到期", due_date=day(8), status=Status.PENDING)
    make_assignment(cast.bureau, plan=plan, text="没有期限")
    make_assignment(cast.bureau, plan=plan, text="迟交待审", due_date=day(-3), status=Status.SUBMITTED)
    make_assignment(cast.bureau, plan=plan, text="按时办结", due_date=day(1), status=Status.CLOSED)


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["迟交待审", "逾期一天", "今天到期", "按时办结", "七天后到期", "八天后到期", "没有期限"]),
        ("due=overdue", ["逾期一天"]),
        ("due=week", ["今天到期", "七天后到期"]),
        ("due=later", ["八天后到期"]),
        ("due=undated", ["没有期限"]),
        ("due=rest", ["迟交待审", "八天后到期", "没有期限"]),
        ("light=RED", ["逾期一天"]),
        ("light=YELLOW", ["迟交待审", "今天到期", "七天后到期"]),
        ("light=GREEN", ["按时办结", "八天后到期"]),
        ("light=GREY", ["没有期限"]),
        ("status=SUBMITTED", ["迟交待审"]),
        ("role=SUPPORT", ["七天后到期"]),
        ("month=2024-10&status=ACTIVE", ["逾期一天", "今天到期", "七天后到期"]),
        ("month=2024-11", []),
        ("month=9999-12", []),
        ("q=到期+天后", ["七天后到期", "八天后到期"]),
        ("q=%25", []),
        ("sort=-percent&status=ACTIVE", ["今天到期", "逾期一天", "七天后到期", "没有期限"]),
        ("sort=-due&status=ACTIVE", ["七天后到期", "今天到期", "逾期一天", "没有期限"]),
        ("sort=unit&due=week", ["七天后到期", "今天到期"]),
        ("status=PENDING&page=99", ["八天后到期"]),
    ],
)
def test_address_says_what_is_listed(texts, query: str, expected: list[str]) -> None:
    assert texts(query) == expected


@pytest.mark.usefixtures("rows")
def test_filters_by_plan_unit_and_measure(cast, texts) -> None:
    measure = cast.plan.measures.in_order().first()

    assert texts(f"unit={cast.other_bureau.pk}") == ["七天后到期"]
    assert texts(f"plan={cast.plan.pk}&measure={measure.pk}") == ["逾期一天"]
    assert texts(f"measure={measure.pk}") == ["逾期一天"]


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    "query",
    [
        "plan=99999",
        "plan=x",
        "unit=0",
        "month=2024-13",
        "month=x",
        "status=NO",
        "light=NO",
        "sort=DROP",
        "q=%00",
        "plan=" + "9" * 30,
        "plan=" + "9" * 5000,
        "q=" + "+".join(["甲"] * 1500),
    ],
)
def test_senseless_question_lists_nothing_and_says_so(texts, cast, browser, query: str) -> None:
    assert texts(query) == []

    page = browser(cast.coordinator).get(f"{reverse('ledger')}?{query}").content.decode()
    assert "error-summary" in page


def test_work_of_a_dissolved_unit_can_be_listed(cast, texts) -> None:
    """The overdue list counts it, and its number leads here."""
    make_assignment(cast.bureau, plan=cast.plan, text="留下的任务", due_date=TODAY - timedelta(days=1))
    cast.bureau.is_active = False
    cast.bureau.save()

    assert texts(f"due=overdue&unit={cast.bureau.pk}") == ["留下的任务"]


def test_unit_of_another_region_cannot_be_asked_for(cast, texts) -> None:
    make_assignment(cast.foreign_bureau)

    assert texts(f"unit={cast.foreign_bureau.pk}") == []
    assert texts(f"plan={cast.foreign_plan.pk}") == []


def test_pages_never_overlap_and_keep_the_filter(cast, texts, browser) -> None:
    for _ in range(27):
        make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY)
    client = browser(cast.coordinator)

    first = client.get(f"{reverse('ledger')}?due=week")
    second = client.get(f"{reverse('ledger')}?due=week&page=2")

    keys = [row.pk for answer in (first, second) for row in answer.context["page"]]
    assert (len(keys), len(set(keys))) == (27, 27)
    assert "?due=week&amp;page=2" in first.content.decode()
    assert "共 <strong>27</strong> 项" in second.content.decode()


def test_empty_ledger_says_what_would_be_here(cast, browser) -> None:
    page = browser(cast.coordinator).get(reverse("ledger")).content.decode()

    assert "台账还是空的" in page


def test_late_days_are_shown_by_whose_they_are(cast, browser) -> None:
    share = make_assignment(
        cast.bureau,
        due_date=TODAY - timedelta(days=5),
        status=Status.SUBMITTED,
        handed_in_on=TODAY - timedelta(days=3),
    )
    client = browser(cast.coordinator)

    for url in (reverse("ledger"), reverse("task", args=[share.task_id])):
        page = client.get(url).content.decode()
        assert "迟交2天" in page
        assert "单位占2天，审核占3天" in page


@pytest.mark.parametrize("count", [1, 3])
def test_number_of_queries_does_not_grow(cast, browser, count, django_assert_num_queries) -> None:
    for number in range(count):
        unit = make_department(cast.city, f"单位{number}")
        make_assignment(unit, due_date=TODAY)
    client = browser(cast.coordinator)

    with django_assert_num_queries(10):
        client.get(reverse("ledger"))
