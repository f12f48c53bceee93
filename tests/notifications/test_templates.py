"""The words of the mails: what an administrator may write, and that no wording keeps a mail back."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.actions import Origin
from accounts.models import AuditEvent
from notifications.actions import planning
from notifications.actions.templates import TemplateChanged, reset_template, save_template
from notifications.channels import mail
from notifications.digest import SECTIONS, Digest, Section, sample_digest
from notifications.models import MailTemplate, Message
from notifications.wording import BUILT_IN, LIMITS, Wording, WordingBroken, problem_of
from tests.factories import NOW, TODAY, Cast, make_assignment

WORDS = {
    "subject_prefix": "【市督查室】",
    "greeting": "{name}同志：",
    "intro": "截至{date}，{region}有{count}项。",
    "closing": "联系人：老周\n电话：0373-1234567",
}
PAGE = "/notifications/templates/"


@pytest.fixture
def admin(client: Client, cast: Cast, settings: Any) -> Client:
    settings.DUBAN_TODAY = TODAY
    client.force_login(cast.administrator)
    return client


def post(client: Client, action: str, *, page: str = PAGE, version: object = 0, **changed: str) -> Any:
    return client.post(page, {"action": action, "version": version, **WORDS, **changed})


def planned_mail(cast: Cast) -> Message:
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    planning.plan_reminders(today=TODAY, now=NOW)
    return Message.objects.get(recipient=cast.reporter)


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("greeting", "{nam}您好", "不认识{nam}"),
        ("greeting", "{name.__class__}", "不认识{name.__class__}"),
        ("greeting", "{}", "不认识{}"),
        ("intro", "{name", "花括号要成对"),
        ("intro", "{{name}}", "花括号要成对"),
        ("intro", "   ", "不能为空"),
        ("intro", "长" * 301, "最多300字，现有301字"),
        ("greeting", "一\n二", "只能写一行"),
        ("subject_prefix", "督办\nBcc: all", "只能写一行"),
        ("subject_prefix", "{name}", "不能用花括号"),
        ("closing", "一\x00二", "控制字符"),
        ("closing", "一\n二", ""),
        ("intro", "{% now %} {{ x }}", "不认识"),
    ],
)
def test_what_a_wording_may_hold(field: str, text: str, said: str) -> None:
    found = problem_of(field, text)
    assert (said in found) if said else found == ""


def test_built_in_words_are_fit_to_print() -> None:
    assert all(problem_of(field, getattr(BUILT_IN, field)) == "" for field in LIMITS)


def test_what_is_filled_in_is_not_filled_again() -> None:
    values = {"name": "{date}", "region": "", "date": "今天", "count": "1"}
    assert BUILT_IN.filled(values).greeting == "{date}，您好："
    with pytest.raises(WordingBroken, match="greeting"):
        Wording(greeting="{who}").filled(values)


def test_mails_have_the_regions_words_else_the_common_else_the_built_in(admin: Client, cast: Cast) -> None:
    assert post(admin, "save", subject_prefix="【省督办】").status_code == 302
    own = reverse("notifications:region_template", args=[cast.city.pk])
    assert post(admin, "save", page=own).status_code == 302
    message = planned_mail(cast)
    assert message.subject == "【市督查室】逾期1项"
    for body in (message.text, message.html):
        assert "王芳同志：" in body
        assert "截至2024-10-21（周一），新乡市有1项。" in body
        assert "0373-1234567" in body
    assert "联系人：老周<br>电话" in message.html
    wordings = MailTemplate.objects.wordings()
    assert wordings.of(cast.county.pk).subject_prefix == "【省督办】"
    reset_template(None, version=1, origin=Origin(cast.administrator, NOW))
    assert MailTemplate.objects.wordings().of(cast.county.pk) == BUILT_IN


def test_words_are_text_and_not_html(admin: Client, cast: Cast) -> None:
    script = '"><script>alert(1)</script>'
    page = post(admin, "preview", closing=script).content.decode()
    assert "<script>alert" not in page
    assert 'srcdoc="&lt;!doctype html&gt;' in page
    post(admin, "save", closing="<script>alert(1)</script>")
    message = planned_mail(cast)
    assert "<script>" not in message.html
    assert "&lt;script&gt;" in message.html
    assert "<script>alert(1)</script>" in message.text


@pytest.mark.parametrize(
    "broken",
    [{"greeting": "{nobody}"}, {"intro": ""}, {"subject_prefix": "一\n二"}, {"closing": "长" * 5000}],
)
def test_broken_template_falls_back_and_is_logged(
    cast: Cast, caplog: pytest.LogCaptureFixture, broken: dict[str, str]
) -> None:
    """As somebody may put it into the database by hand."""
    MailTemplate.objects.create(
        region=cast.city, updated_at=NOW, updated_by=cast.administrator, **{**WORDS, **broken}
    )
    message = planned_mail(cast)
    assert message.subject == "【督办】逾期1项"
    assert "王芳，您好：" in message.text
    assert "mail template of 新乡市 not used" in caplog.text


def test_preview_shows_the_typed_words_and_saves_nothing(admin: Client) -> None:
    text = post(admin, "preview").content.decode()
    assert "预览（还没有保存）" in text
    assert "【市督查室】新下达任务1项，逾期1项，7日内到期1项" in text
    assert "王芳同志：" in text
    assert not MailTemplate.objects.exists()
    assert not AuditEvent.objects.filter(kind="WORDING_CHANGED").exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"greeting": "{nobody}"}, "不认识{nobody}。可以用的有：{name}、{region}、{date}、{count}。"),
        ({"intro": ""}, "不能为空"),
        ({"closing": "长" * 301}, "最多300字，现有301字。"),
        ({"closing": "长" * 100_000}, "最多300字"),
        ({"greeting": "一\x00"}, "error-summary"),
        ({"version": "x"}, "error-summary"),
        ({"version": "9" * 30}, "error-summary"),
        ({"version": ""}, "error-summary"),
    ],
)
@pytest.mark.parametrize("action", ["preview", "save"])
def test_mistakes_are_told_and_the_words_kept(
    admin: Client, action: str, changed: dict[str, str], said: str
) -> None:
    response = admin.post(PAGE, {"action": action, "version": "0", **WORDS, **changed})
    text = response.content.decode()
    assert response.status_code == 200
    assert said in text
    assert "联系人：老周" in text or "closing" in changed
    assert not MailTemplate.objects.exists()


def test_reset_needs_only_the_version(admin: Client) -> None:
    post(admin, "save")
    assert admin.post(PAGE, {"action": "reset", "version": "x"}).status_code == 200
    assert MailTemplate.objects.exists()
    assert admin.post(PAGE, {"action": "reset", "version": "1"}).status_code == 302
    assert not MailTemplate.objects.exists()
    assert admin.post(PAGE, {"action": "reset", "version": "1"}).status_code == 302


def test_empty_post_changes_nothing(admin: Client) -> None:
    assert admin.post(PAGE, {}).status_code == 200
    assert not MailTemplate.objects.exists()


def test_each_change_is_audited_with_both_wordings(admin: Client, cast: Cast) -> None:
    own = reverse("notifications:region_template", args=[cast.city.pk])
    post(admin, "save", page=own)
    post(admin, "save", page=own, version=1)  # the same words, from a page that was sent twice
    post(admin, "save", page=own, version=1, greeting="各位：")
    post(admin, "reset", page=own, version=2)
    events = list(AuditEvent.objects.filter(kind="WORDING_CHANGED").order_by("pk"))
    assert [event.detail["称呼"] for event in events] == [
        ["{name}，您好：", "{name}同志："],
        ["{name}同志：", "各位："],
        ["各位：", "{name}，您好："],
    ]
    assert {(event.actor, event.region) for event in events} == {(cast.administrator, cast.city)}
    assert "修改邮件模板" in admin.get(reverse("accounts:audit")).content.decode()


def test_stale_page_is_told_what_is_stored_and_keeps_what_was_typed(admin: Client) -> None:
    post(admin, "save")
    text = post(admin, "save", greeting="各位同事：").content.decode()
    assert "已经修改了这个模板" in text
    assert "各位同事：" in text
    assert "称呼：{name}同志：" in text
    assert MailTemplate.objects.get().greeting == "{name}同志："
    assert 'name="version" value="1"' in text
    assert post(admin, "save", version=1, greeting="各位同事：").status_code == 302
    assert "已经修改了这个模板" in post(admin, "reset", version=1).content.decode()
    assert post(admin, "reset", version=2).status_code == 302
    assert "恢复了默认" in post(admin, "save", version=2).content.decode()


def test_double_click_makes_one_change(admin: Client) -> None:
    assert [post(admin, "save").status_code for _ in range(2)] == [302, 302]
    assert MailTemplate.objects.get().version == 1
    assert AuditEvent.objects.filter(kind="WORDING_CHANGED").count() == 1


def test_one_template_for_each_place(cast: Cast) -> None:
    for region in (None, cast.city):
        MailTemplate.objects.create(region=region, updated_at=NOW, updated_by=cast.administrator)
        with pytest.raises(IntegrityError), transaction.atomic():
            MailTemplate.objects.create(region=region, updated_at=NOW, updated_by=cast.administrator)
    with pytest.raises(TemplateChanged):
        save_template(None, wording=Wording("新"), version=0, origin=Origin(cast.administrator, NOW))


def test_only_administrators_and_only_regions_that_are(admin: Client, cast: Cast) -> None:
    assert admin.get(f"{PAGE}999999/").status_code == 404
    assert "邮件模板" in admin.get("/notifications/").content.decode()
    for person in (cast.coordinator, cast.leader, cast.reporter):
        admin.force_login(person)
        assert admin.get(PAGE).status_code == 404
        assert post(admin, "save").status_code == 404
        assert PAGE not in admin.get("/notifications/").content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_page_takes_the_same_queries(
    admin: Client, cast: Cast, number: int, django_assert_num_queries: Any
) -> None:
    for region in (None, cast.city, cast.county)[:number]:
        MailTemplate.objects.create(region=region, updated_at=NOW, updated_by=cast.administrator)
    # Session, user; the template with who changed it, all wordings, which regions have one, the regions.
    with django_assert_num_queries(7):
        admin.get(PAGE)


def test_longest_subject_fits_its_column() -> None:
    late = next(s for s in sample_digest(TODAY).sections if s.title == "逾期").items[0]
    sections = tuple(Section(title, (late,) * 12_345) for title, _ in SECTIONS)
    subject = mail.render(Digest(sections, TODAY), name="王芳").subject
    assert subject.startswith("【督办】新下达任务12345项，领导批示12345项（含逾期12345项），")
    assert len(subject) == Message._meta.get_field("subject").max_length
    assert subject.endswith("…")
