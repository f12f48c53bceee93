"""Plans that ask for evidence before handing in: who says so, and what it asks of the units."""

from io import BytesIO
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import AuditEvent
from tests import files
from tests.factories import NOW, Cast, make_assignment, make_plan
from tracker.actions.reports import withdraw_report
from tracker.actions.work import MoveRefused, move_assignment, report_progress
from tracker.filetypes import Upload, examine
from tracker.models import Assignment, Plan, ProgressReport
from tracker.workflow import Move, Status


@pytest.fixture
def share(cast: Cast) -> Assignment:
    Plan.objects.filter(pk=cast.plan.pk).update(asks_evidence=True)
    return make_assignment(cast.bureau, plan=cast.plan)


def _upload() -> Upload:
    return examine(BytesIO(files.PNG), name="现场.png", size=len(files.PNG))


def _report(share: Assignment, cast: Cast, *uploads: Upload) -> ProgressReport:
    return report_progress(
        share.pk, percent=100, note="完", form_key=uuid4(), by=cast.reporter, now=NOW, uploads=uploads
    )


def _submit(share: Assignment, cast: Cast) -> str:
    return move_assignment(share.pk, Move.SUBMIT, by=cast.reporter, now=NOW).status


def test_handing_in_waits_for_a_file_of_a_standing_report(cast, share) -> None:
    report = _report(share, cast, _upload())
    _report(share, cast)
    withdraw_report(report.pk, reason="发错了", by=cast.reporter, now=NOW)
    with pytest.raises(MoveRefused, match="须附佐证材料"):
        _submit(share, cast)

    _report(share, cast, _upload())

    assert _submit(share, cast) == Status.SUBMITTED


def test_another_units_file_does_not_count(cast, share) -> None:
    other = make_assignment(cast.other_bureau, task=share.task)
    report_progress(
        other.pk, percent=9, note="进展", form_key=uuid4(), by=cast.outsider, now=NOW, uploads=[_upload()]
    )
    _report(share, cast)
    with pytest.raises(MoveRefused, match="须附佐证材料"):
        _submit(share, cast)


def test_reporting_and_handing_in_together_is_both_or_neither(cast, share) -> None:
    def send(*uploads: Upload) -> None:
        report_progress(
            share.pk,
            hand_in=True,
            percent=100,
            note="完",
            form_key=uuid4(),
            by=cast.reporter,
            now=NOW,
            uploads=uploads,
        )

    with pytest.raises(MoveRefused, match="须附佐证材料"):
        send()
    assert ProgressReport.objects.count() == 0

    send(_upload())

    share.refresh_from_db()
    assert share.status == Status.SUBMITTED


def test_other_plans_ask_for_nothing(cast) -> None:
    share = make_assignment(cast.bureau, plan=make_plan(cast.city))
    _report(share, cast)
    assert _submit(share, cast) == Status.SUBMITTED


def _post(client, share: Assignment, *sent: bytes, **changed: str):
    answers = {
        "percent": "100",
        "note": "全部完成",
        "hand_in": "on",
        "version": "1",
        "form_key": str(UUID("6f1b6a34-8f0f-4f6e-9a5c-2f6f1f1f1f1f")),
    }
    uploads = [SimpleUploadedFile("现场.png", content) for content in sent]
    url = reverse("report", args=[share.pk])
    return client.post(url, {**answers, **changed, "evidence": uploads}, follow=True)


def test_report_form_says_so_and_the_error_leads_to_the_files(cast, browser, share) -> None:
    client = browser(cast.reporter)

    form = client.get(reverse("report", args=[share.pk])).content.decode()
    refused = _post(client, share).content.decode()
    bad_file = _post(client, share, files.SVG).content.decode()
    done = _post(client, share, files.PNG).content.decode()

    assert "本方案要求办结须附佐证材料" in form
    assert '<a href="#id_evidence">本方案要求办结须附佐证材料，请至少上传一个文件。' in refused
    assert "全部完成" in refused
    assert "请至少上传一个文件。</a>" not in bad_file
    assert "已申请办结" in done


def test_once_a_file_has_come_nothing_more_is_asked(cast, browser, share) -> None:
    client, task = browser(cast.reporter), reverse("task", args=[share.task_id])
    _report(share, cast)
    before = client.get(task).content.decode()
    _report(share, cast, _upload())

    after = client.get(task).content.decode()
    form = client.get(reverse("report", args=[share.pk])).content.decode()

    assert ['value="SUBMIT"' in page for page in (before, after)] == [False, True]
    assert "须附佐证材料" in before
    assert "本方案要求办结须附佐证材料" not in form
    assert "已申请办结" in _post(client, share, version="3").content.decode()


def test_pressing_the_button_too_early_is_answered_in_words(cast, browser, share) -> None:
    _report(share, cast)

    page = browser(cast.reporter).post(reverse("move", args=[share.pk]), {"move": "SUBMIT", "version": "2"})

    assert "请在填报时上传材料，再申请办结" in page.content.decode()


def test_coordinator_says_what_the_plan_asks_and_the_audit_keeps_it(cast, browser) -> None:
    client = browser(cast.coordinator)
    plan, rule = reverse("plan", args=[cast.plan.pk]), reverse("plan_evidence", args=[cast.plan.pk])

    offered = client.get(plan).content.decode()
    for asks in ("yes", "yes", "no", "yes"):
        page = client.post(rule, {"asks": asks}, follow=True).content.decode()

    assert f'action="{rule}"' in offered
    assert "办结须附佐证材料：是" in page
    assert Plan.objects.get(pk=cast.plan.pk).asks_evidence
    events = AuditEvent.objects.filter(kind="PLAN_CHANGED").order_by("pk")
    said = [event.detail["办结须附佐证材料"] for event in events]
    assert said == [["否", "是"], ["是", "否"], ["否", "是"]]
    assert {(event.actor, event.region) for event in events} == {(cast.coordinator, cast.city)}
    audit = client.get(reverse("accounts:audit")).content.decode()
    assert all(words in audit for words in ("修改方案", cast.plan.title, "办结须附佐证材料"))


def test_it_may_be_said_of_a_draft(cast, browser) -> None:
    draft = make_plan(cast.city, "草稿", status="DRAFT", confirmed_at=None)
    client = browser(cast.coordinator)

    response = client.post(reverse("plan_evidence", args=[draft.pk]), {"asks": "yes"}, follow=True)

    assert response.redirect_chain == [(reverse("draft", args=[draft.pk]), 302)]
    assert "办结须附佐证材料：是" in response.content.decode()


@pytest.mark.parametrize("answers", [{}, {"asks": ""}, {"asks": "true"}, {"asks": "\0"}])
def test_nonsense_changes_nothing(cast, browser, answers) -> None:
    response = browser(cast.coordinator).post(reverse("plan_evidence", args=[cast.plan.pk]), answers)

    assert response.status_code == 400
    assert not AuditEvent.objects.filter(kind="PLAN_CHANGED").exists()


def test_others_read_the_rule_and_change_nothing(cast, browser, share) -> None:
    for name in ("reporter", "leader"):
        page = browser(getattr(cast, name)).get(reverse("plan", args=[cast.plan.pk])).content.decode()
        assert "办结须附佐证材料" in page
        assert reverse("plan_evidence", args=[cast.plan.pk]) not in page
