"""The demo shows a little of everything, made through the actions on days that have passed."""

from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import Department
from tracker.management.commands import load_demo
from tracker.models import Assignment, TaskEvent
from tracker.workflow import EventKind, Status

TODAY = date(2024, 10, 21)
SHOWN = {
    EventKind.INSTRUCT: 1,
    EventKind.NUDGE: 1,
    EventKind.ASK_EXTENSION: 1,
    EventKind.WAIVE: 1,
    EventKind.REASSIGN: 1,
    EventKind.NODES: 1,
    EventKind.READING: 4,
    EventKind.ASK_FILING: 1,
    EventKind.FILE: 5,
    EventKind.ADD_SHARE: 2,
}


@pytest.mark.slow
@pytest.mark.django_db
def test_demo_shows_a_little_of_everything(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DUBAN_TODAY = TODAY
    monkeypatch.setattr(load_demo, "PLANS", load_demo.PLANS[:1])

    call_command("load_demo", stdout=StringIO(), stderr=StringIO())

    made = {kind: TaskEvent.objects.filter(kind=kind).count() for kind in SHOWN}
    assert made == SHOWN
    assert Assignment.objects.filter(status=Status.WAIVED).get().department.short_name == "卫滨区政府"
    assert Department.objects.get(region__code="410700", short_name="管委会").members.count() == 4
    assert not TaskEvent.objects.filter(created_at__date__gt=TODAY).exists()
    found = StringIO()
    call_command("verify_history", stdout=found)
    assert found.getvalue().startswith("核对无误")
