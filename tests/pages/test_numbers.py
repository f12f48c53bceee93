"""Every number that opens a list is the total of that list, for the same person.

The pages are found by following their links and the numbers by reading them, so that a new page or figure is
covered by being there. A link may show one number only; others belong into its name (.tile-name) or its
hint (.tile-hint), and a rate may stand for the first number of the hint.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from random import Random
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.test import Client
from django.urls import resolve, reverse

from tests.factories import (
    NOW,
    TODAY,
    Cast,
    make_assignment,
    make_department,
    make_measure,
    make_plan,
    make_task,
)
from tracker.models import ExtensionRequest
from tracker.workflow import Role, Status

OFFSETS = (None, -400, -40, -8, -1, 0, 1, 7, 8, 60)
PAGES_OF_A_KIND = 4
NOT_FIGURES = re.compile(r"\d+日内|\d+%|/\d+")
TOTAL = re.compile(r"共 <strong>(\d+)</strong> 项")
TAB = re.compile(r'aria-current="page">[^<]+<span class="count">(\d+)</span>')
LISTS = {"ledger": TOTAL, "overdue": TOTAL, "review": TAB, "review_extensions": TAB}
# Pages that live by their numbers: each must be reached, and show some.
OF_UNITS = {"my_work", "plans", "plan", "unit"}
OF_READERS = {"overview", "overdue", "plans", "plan", "unit"}
PEOPLE = {
    "reporter": OF_UNITS,
    "outsider": OF_UNITS,
    "county_reporter": OF_UNITS,
    "coordinator": OF_READERS | {"review", "review_extensions"},
    "county_coordinator": OF_READERS | {"review", "review_extensions"},
    "leader": OF_READERS,
    "foreign_leader": OF_READERS,
    "administrator": OF_READERS,
}


class Links(HTMLParser):
    """The links of a page: address, text, and what of the text is name or hint."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self._inside: list[str] = []  # the classes of the elements open since the link began
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a":
            self.found.append((values.get("href") or "", "", ""))
        if tag == "a" or (self._inside and tag not in ("img", "br", "input")):
            self._inside.append(values.get("class") or tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside:
            self._inside.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens nothing."""

    def handle_data(self, data: str) -> None:
        if not self._inside or "tile-name" in self._inside:
            return
        address, text, hint = self.found.pop()
        is_hint = "tile-hint" in self._inside
        self.found.append((address, text + data * (not is_hint), hint + data * is_hint))


def _path(address: str) -> str:
    """The path of a link to one of our pages, or nothing."""
    parts = urlsplit(address)
    return "" if parts.scheme or parts.netloc else parts.path


def _name(path: str) -> str:
    return resolve(path).view_name


def _figures(links: Links) -> Iterator[tuple[str, int]]:
    """Each number that a list is behind, with the list's address."""
    for address, text, hint in links.found:
        path = _path(address)
        if not path or _name(path) not in LISTS:
            continue
        numbers = re.findall(r"\d+", NOT_FIGURES.sub("", text))
        assert len(numbers) <= 1, f"which number of “{text.strip()}” does {address} count?"
        numbers = numbers or re.findall(r"\d+", NOT_FIGURES.sub("", hint))
        if numbers:
            yield address, int(numbers[0])


def _walk(client: Client) -> Iterator[tuple[str, Links]]:
    """Every kind of page that links lead to from the first one, at most PAGES_OF_A_KIND of each."""
    waiting, seen = [reverse("home")], {reverse("home")}
    kinds: dict[str, int] = {}
    while waiting:
        response = client.get(waiting.pop(0), follow=True)
        assert response.status_code == 200, response.request["PATH_INFO"]
        if not response["Content-Type"].startswith("text/html"):
            continue
        links = Links(response.content.decode())
        yield _name(response.request["PATH_INFO"]), links
        for path in dict.fromkeys(_path(address) for address, *_ in links.found):
            kind = _name(path) if path else "admin:"
            if path in seen or kind.startswith("admin:") or kinds.get(kind, 0) >= PAGES_OF_A_KIND:
                continue
            seen.add(path)
            kinds[kind] = kinds.get(kind, 0) + 1
            waiting.append(path)


def _populate(cast: Cast, seed: int) -> None:
    """Shares of every status with every interesting date, of units and plans of three regions, by chance."""
    chance = Random(seed)
    units = [cast.bureau, cast.other_bureau, cast.county_bureau, make_department(cast.county, "卫辉市水利局")]
    plans = [
        make_plan(cast.city, "城市方案"),
        make_plan(cast.city, "次要方案"),
        make_plan(cast.county, "县方案"),
    ]
    measures = {plan.pk: [make_measure(plan) for _ in range(2)] for plan in plans}
    kinds = [(status, offset) for status in Status.values for offset in OFFSETS]
    for number, (status, offset) in enumerate(kinds):
        plan = plans[number % len(plans)]  # each has its part of every status
        measure = chance.choice(measures[plan.pk])
        due = None if offset is None else TODAY + timedelta(days=offset)
        task = make_task(plan, measure=measure, clause=measure.clauses.get(), due_date=due)
        for unit in chance.sample(units, chance.randint(1, 3)):
            share = make_assignment(
                unit,
                task=task,
                status=status,
                role=chance.choice(Role.values),
                percent=100 if status == Status.CLOSED else chance.randint(0, 100),
            )
            if status in Status.with_unit and due and chance.random() < 0.3:
                ExtensionRequest.objects.create(
                    assignment=share,
                    old_date=due,
                    new_date=due + timedelta(days=30),
                    is_late=due < TODAY,
                    reason="雨季",
                    created_at=NOW,
                    created_by=cast.reporter,
                    form_key=UUID(int=share.pk),
                )
        if number % 3 == 0:
            make_assignment(cast.foreign_bureau, plan=cast.foreign_plan, status=status, due_date=due)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "person"), list(enumerate(PEOPLE)))
def test_every_number_is_the_total_of_the_list_it_opens(cast, browser, person, seed) -> None:
    _populate(cast, seed)
    client = browser(getattr(cast, person))
    totals: dict[str, int] = {}
    with_figures, wrong = set(), []

    for page, links in _walk(client):
        for address, number in _figures(links):
            with_figures.add(page)
            if address not in totals:
                opened = client.get(address).content.decode()
                [total] = LISTS[_name(_path(address))].findall(opened)
                totals[address] = int(total)
            if totals[address] != number:
                wrong.append(f"{page}: {number}, but {address} lists {totals[address]}")

    assert wrong == []
    assert PEOPLE[person] - with_figures == set(), "pages without any number"
    assert any(totals.values())


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ('<a href="/ledger/?due=week"><i class="tile-name">7日内到期</i> <strong>3</strong></a>', [3]),
        ('<a href="/ledger/"><strong>20%</strong><i class="tile-hint">已办结 21 项，共 105 项</i></a>', [21]),
        ('<a href="/ledger/?status=CLOSED"><strong>4<i class="of">/9</i></strong></a> 5', [4]),
        ('<svg><a href="/ledger/?due=week"><title>7日内到期 6</title><rect x="1"/></a></svg>', [6]),
        ('<a href="/ledger/">在台账中查看</a> <a href="/tasks/7/">8</a> <a href="https://ledger/">9</a>', []),
    ],
)
def test_numbers_are_found_where_people_see_them(link: str, expected: list[int]) -> None:
    assert [number for _, number in _figures(Links(link))] == expected


def test_link_with_two_numbers_is_refused() -> None:
    with pytest.raises(AssertionError, match="which number"):
        list(_figures(Links('<a href="/ledger/">逾期 9 项，最长 14 天</a>')))
