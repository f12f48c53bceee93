"""No report is asked for while a fresh one stands, whichever form it came with."""

from datetime import timedelta
from uuid import uuid4

from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from notifications.actions import planning
from notifications.policy import DEFAULT_POLICY, AssignmentFacts, Kind, stages_due
from notifications.workdays import WorkingCalendar
from tests.factories import NOW, TODAY, make_assignment
from tracker.actions.work import report_together
from tracker.workflow import SILENT_MONTHS, Status

LONG_AGO = NOW - timedelta(days=200)


@given(age=st.integers(0, 400), status=st.sampled_from(Status.with_unit))
def test_silence_is_never_called_while_a_fresh_report_stands(age: int, status: str) -> None:
    reported = TODAY - timedelta(days=age)
    facts = AssignmentFacts(
        id=1, status=status, due_date=None, created_on=TODAY - timedelta(days=500), last_reported_on=reported
    )

    kinds = {due.kind for due in stages_due(facts, DEFAULT_POLICY, WorkingCalendar(), TODAY, frozenset())}

    # On a rest day the quarter's mail comes earlier, by no more than a holiday of ten days.
    is_fresh = reported + relativedelta(months=SILENT_MONTHS) > TODAY + timedelta(days=10)
    assert not (is_fresh and Kind.SILENT in kinds)
    assert (Kind.SILENT in kinds) >= (reported + relativedelta(months=SILENT_MONTHS) <= TODAY)


def test_one_report_for_several_ends_the_silence_of_each(cast) -> None:
    shares = [
        make_assignment(cast.bureau, plan=cast.plan, created_at=LONG_AGO, signed_at=None) for _ in "一二三"
    ]

    def asked() -> list[str]:
        digests = planning.plan_reminders(today=TODAY, now=NOW, dry_run=True).digests
        return [planned.recipient.name for planned in digests]

    assert asked() == ["王芳", "李娜", "张伟"]
    answered = {share.pk: 1 for share in shares[:2]}
    report_together(answered, percent=50, note="过半", form_key=uuid4(), by=cast.reporter, now=NOW)
    assert asked() == ["王芳", "李娜", "张伟"]
    report_together({shares[2].pk: 1}, percent=50, note="过半", form_key=uuid4(), by=cast.reporter, now=NOW)
    assert asked() == []
