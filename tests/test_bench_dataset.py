"""The rows that bench/pages.py measures: as many as asked for, and true to their own history."""

import pytest
from django.test import Client

from bench.dataset import TODAY, make_city
from tracker import audit
from tracker.models import Assignment, Plan, Task


@pytest.mark.django_db
def test_a_small_city_is_what_the_measured_one_is(client: Client, settings):
    settings.DUBAN_TODAY = TODAY
    cast = make_city(200, password="not-for-anybody-else")
    assignments = Assignment.objects.all()
    assert (assignments.count(), Plan.objects.count()) == (200, 30)
    assert assignments.overdue(TODAY).exists()
    assert list(audit.verify(Task.objects.values_list("pk", flat=True))) == []
    client.force_login(cast.coordinator)
    assert client.get("/ledger/").context["page"].paginator.count == 200
    assert client.get(f"/tasks/{cast.task}/").context["events"]
    client.force_login(cast.reporter)
    own = assignments.filter(department=cast.reporter.department)
    assert client.get("/my-work/").context["work"].numbers.total == own.count() > 0
