"""The rules of reminding: who reads and keeps them, what the form refuses, what is shown before saving."""

from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse

from accounts.actions import Origin
from accounts.models import AuditEvent, User
from notifications import permissions
from notifications.actions.planning import plan_reminders
from notifications.actions.rules import RuleRefused, StaleRule, drop_policy, keep_policy
from notifications.effects import effect_of
from notifications.forms.policies import PolicyForm, fingerprint
from notifications.models import Message, Reminder, ReminderPolicy
from notifications.policy import DEFAULT_POLICY, POLICY_13710, PRESETS, Policy
from tests.factories import NOW, TODAY, Cast, make_assignment, make_plan
from tracker.models import Assignment

TIGHT = replace(DEFAULT_POLICY, before=(60, 1))


@pytest.fixture(autouse=True)
def demo_date(settings: Any) -> None:
    settings.DUBAN_TODAY = TODAY


@pytest.fixture
def origin(cast: Cast) -> Origin:
    return Origin(by=cast.coordinator, now=NOW)


def typed(policy: Policy = TIGHT, **changes: str) -> dict[str, str]:
    """The form as a person fills it in for this policy, its effect seen."""
    data = {
        name: "、".join(map(str, value)) if isinstance(value, tuple) else str(value or "")
        for name, value in asdict(policy).items()
    }
    return data | {"do": "save", "previewed": fingerprint(policy), "version": "0"} | changes


def region_url(cast: Cast) -> str:
    return reverse("notifications:region_policy", args=[cast.city.pk])


def plan_url(cast: Cast) -> str:
    return reverse("notifications:plan_policy", args=[cast.plan.pk])


def signed_in(client: Client, user: User) -> Client:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


READS = {"coordinator", "administrator"}
KEEPS = {"coordinator"}


def test_who_reads_and_keeps_the_rules_of_a_region(cast: Cast) -> None:
    draft = make_plan(cast.city, "草稿", status="DRAFT", confirmed_at=None)
    people = {name: value for name, value in vars(cast).items() if isinstance(value, User)}
    for name, user in people.items():
        assert permissions.can_set_policy(user, cast.city) is (name in KEEPS), name
        assert permissions.can_see_policies(user) is (user.is_coordinator or user.is_administrator), name
        assert (cast.plan in permissions.policy_plans(user)) is (name in READS), name
        assert draft not in permissions.policy_plans(user)
        for load, key in (
            (permissions.get_policy_region_for, cast.city.pk),
            (permissions.get_policy_plan_for, cast.plan.pk),
        ):
            if name in READS:
                assert load(user, key).pk == key
            else:
                with pytest.raises(Http404):
                    load(user, key)


def test_only_what_was_shown_is_saved(client: Client, cast: Cast) -> None:
    share = make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY + timedelta(days=45))
    signed_in(client, cast.coordinator)

    unseen = client.post(region_url(cast), typed(previewed="")).content.decode()
    assert "还没有保存" in unseen
    assert "将有 <strong>1</strong> 项提醒（原 0 项）" in unseen
    assert (share.task.number in unseen, "到期前60天" in unseen) == (True, True)
    assert not ReminderPolicy.objects.exists()

    other = replace(TIGHT, overdue_repeat=3)
    client.post(region_url(cast), typed(other, previewed=fingerprint(TIGHT)))
    assert not ReminderPolicy.objects.exists()

    assert client.post(region_url(cast), typed()).status_code == 302
    kept = ReminderPolicy.objects.get()
    assert (kept.policy, kept.region, kept.plan, kept.updated_by) == (
        TIGHT,
        cast.city,
        None,
        cast.coordinator,
    )
    told = AuditEvent.objects.get(kind="RULE_CHANGED")
    assert told.detail == {
        "到期前（天）": ["30、15、7、3、1、0", "60、1"],
    }
    plan_reminders(today=TODAY, now=NOW)
    assert Message.objects.count() == 3


def test_a_preview_writes_nothing(client: Client, cast: Cast, django_assert_num_queries: Any) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY)
    signed_in(client, cast.coordinator)
    assert client.post(region_url(cast), typed(do="preview")).status_code == 200
    assert not ReminderPolicy.objects.exists()
    assert not Reminder.objects.exists()
    assert not AuditEvent.objects.filter(kind="RULE_CHANGED").exists()


def test_the_same_form_twice_does_one_thing(client: Client, cast: Cast) -> None:
    signed_in(client, cast.coordinator)
    for _ in range(2):
        assert client.post(plan_url(cast), typed()).status_code == 302
    assert ReminderPolicy.objects.get().version == 1
    assert AuditEvent.objects.filter(kind="RULE_CHANGED").count() == 1


def test_a_stale_page_is_told_and_keeps_what_was_typed(client: Client, cast: Cast, origin: Origin) -> None:
    keep_policy(cast.city, None, POLICY_13710, version=0, origin=origin)
    signed_in(client, cast.coordinator)
    page = client.post(region_url(cast), typed()).content.decode()
    assert "您打开页面之后，规则已被修改" in page
    assert "到期前（天）：您填写的是 60、1，现在是 30、7、3、1、0" in page
    assert 'value="60、1"' in page
    assert ReminderPolicy.objects.get().policy == POLICY_13710
    assert client.post(region_url(cast), typed(version="1")).status_code == 302
    assert ReminderPolicy.objects.get().policy == TIGHT


def test_back_to_what_holds_above(client: Client, cast: Cast, origin: Origin) -> None:
    keep_policy(cast.city, None, POLICY_13710, version=0, origin=origin)
    keep_policy(cast.city, cast.plan, TIGHT, version=0, origin=origin)
    signed_in(client, cast.coordinator)
    shown = client.post(plan_url(cast), {"do": "reset", "version": "1"}).content.decode()
    assert "确定恢复" in shown
    assert ReminderPolicy.objects.count() == 2
    data = {"do": "reset", "version": "1", "previewed": fingerprint(POLICY_13710)}
    assert client.post(plan_url(cast), data).status_code == 302
    assert ReminderPolicy.objects.get().plan is None
    assert client.post(plan_url(cast), data).status_code == 302, "nothing to drop is normal"
    assert ReminderPolicy.objects.policies().of(cast.plan.pk, cast.city.pk) == POLICY_13710


def test_presets_fill_the_form_and_save_nothing(client: Client, cast: Cast) -> None:
    signed_in(client, cast.coordinator)
    page = client.get(region_url(cast), {"preset": "13710"}).content.decode()
    assert "已填入预设" in page
    assert 'value="30、7、3、1、0"' in page
    assert client.get(region_url(cast), {"preset": "nonsense"}).status_code == 200
    assert not ReminderPolicy.objects.exists()


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_valid(name: str) -> None:
    form = PolicyForm(typed(PRESETS[name]))
    assert form.is_valid(), form.errors
    assert form.policy == PRESETS[name]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("before", "30、-1", "“-1”不是天数"),
        ("before", "三十", "“三十”不是天数"),
        ("before", "²", "“²”不是天数"),
        ("before", "366", "每个天数要在 0 到 365 之间"),
        ("before", "9999999999999999999", "不是天数"),
        ("before", " ".join(map(str, range(11))), "最多 10 个，现有 11 个"),
        ("before", "1" * 500, "最多 200 字"),
        ("node_before", "1\x00", "Null characters"),
        ("overdue_repeat", "0", "最少填 1"),
        ("overdue_repeat", "366", "最多填 365"),
        ("overdue_repeat", "", "请填写"),
        ("unsigned_after", "1.5", "请填写整数"),
        ("unsigned_after", "9" * 5000, "请填写整数"),
        ("first_report_after", "0", "最少填 1"),
        ("escalate_leader_after", "2", "报领导不能早于报督办员"),
        ("silent_months", "99", "最多填 60"),
    ],
)
def test_what_the_form_refuses(client: Client, cast: Cast, field: str, value: str, said: str) -> None:
    signed_in(client, cast.coordinator)
    response = client.post(region_url(cast), typed() | {field: value})
    assert response.status_code == 200
    assert said.replace("Null characters", "没有保存") in response.content.decode()
    assert not ReminderPolicy.objects.exists()


@pytest.mark.parametrize(
    "text", ["30，15,7; 1  0", "0、1、7、15、30", "30、30、15、7、1、0", "３０ １５ ７ １ ０"]
)
def test_days_as_people_write_them(text: str) -> None:
    form = PolicyForm(typed(before=text))
    assert form.is_valid()
    assert form.policy.before == (30, 15, 7, 1, 0)


@pytest.mark.parametrize("data", [{}, {"do": "save"}, {"do": "reset"}, {"do": "reset", "version": "x" * 99}])
def test_crafted_posts_change_nothing(
    client: Client, cast: Cast, origin: Origin, data: dict[str, str]
) -> None:
    keep_policy(cast.city, None, TIGHT, version=0, origin=origin)
    signed_in(client, cast.coordinator)
    assert client.post(region_url(cast), data).status_code == 200
    reset = {"do": "reset", "previewed": fingerprint(DEFAULT_POLICY), "version": "7"}
    assert "规则已被修改" in client.post(region_url(cast), reset).content.decode()
    assert ReminderPolicy.objects.get().policy == TIGHT


def test_the_list_says_what_the_default_does(client: Client, cast: Cast) -> None:
    signed_in(client, cast.coordinator)
    page = client.get(reverse("notifications:policies")).content.decode()
    assert "到期前30、15、7、3、1、0天；逾期1天起每7天" in page


def test_administrators_read_and_do_not_write(client: Client, cast: Cast, origin: Origin) -> None:
    keep_policy(cast.city, cast.plan, TIGHT, version=0, origin=origin)
    signed_in(client, cast.administrator)
    assert cast.plan.title in client.get(reverse("notifications:policies")).content.decode()
    page = client.get(plan_url(cast)).content.decode()
    assert ("60、1" in page, "查看影响" in page) == (True, False)
    assert client.post(plan_url(cast), typed(version="1")).status_code == 404


def test_the_writer_asks_who_it_is(cast: Cast) -> None:
    for user in (cast.administrator, cast.county_coordinator, cast.leader, cast.reporter):
        stranger = Origin(by=user, now=NOW)
        with pytest.raises(RuleRefused):
            keep_policy(cast.city, None, TIGHT, version=0, origin=stranger)
        with pytest.raises(RuleRefused):
            drop_policy(cast.city, None, version=0, origin=stranger)


def test_writer_refuses_what_is_stale(cast: Cast, origin: Origin) -> None:
    keep_policy(cast.city, None, TIGHT, version=0, origin=origin)
    with pytest.raises(StaleRule):
        drop_policy(cast.city, None, version=0, origin=origin)


def test_the_database_counts_from_one(cast: Cast) -> None:
    for changes in ({"overdue_repeat": 0}, {"silent_months": 0}, {"first_report_after": 0}):
        rule = ReminderPolicy(region=cast.city, updated_at=NOW)
        rule.take(replace(DEFAULT_POLICY, **changes))  # type: ignore[arg-type]
        with pytest.raises(IntegrityError), transaction.atomic():
            rule.save()


def test_effect_leaves_out_plans_with_a_rule_of_their_own(client: Client, cast: Cast, origin: Origin) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY + timedelta(days=45))
    keep_policy(cast.city, cast.plan, DEFAULT_POLICY, version=0, origin=origin)
    signed_in(client, cast.coordinator)
    page = client.post(region_url(cast), typed(do="preview")).content.decode()
    assert "将有 <strong>0</strong> 项提醒（原 0 项）" in page


def test_a_new_edition_goes_by_the_rule_of_the_old_one_and_its_pages_say_so(
    client: Client, cast: Cast, origin: Origin
) -> None:
    due = TODAY + timedelta(days=60)
    edition = make_plan(cast.city, "印发稿", previous_edition=cast.plan)
    keep_policy(cast.city, cast.plan, TIGHT, version=0, origin=origin)
    make_assignment(cast.bureau, plan=edition, due_date=due)
    signed_in(client, cast.coordinator)
    address = reverse("notifications:plan_policy", args=[edition.pk])

    assert ReminderPolicy.objects.policies().of(edition.pk, cast.city.pk) == TIGHT
    assert "沿用原版本" in client.get(reverse("notifications:policies")).content.decode()
    page = client.get(address)
    assert "没有自己的规则，沿用原版本的规则" in page.content.decode()
    assert page.context["present"] == TIGHT
    # Who changes the rule of the old edition or of the region is told whose it is.
    default = typed(DEFAULT_POLICY, version="1", do="preview")
    assert client.post(plan_url(cast), default).context["effect"].changed == 1
    assert client.post(region_url(cast), typed(POLICY_13710, do="preview")).context["effect"].changed == 0

    keep_policy(cast.city, edition, DEFAULT_POLICY, version=0, origin=origin)
    assert client.post(plan_url(cast), default).context["effect"].changed == 0
    assert "恢复沿用原版本规则" in client.get(address).content.decode()
    drop_policy(cast.city, edition, version=1, origin=origin)
    told = AuditEvent.objects.filter(kind="RULE_CHANGED").latest("pk")
    assert told.detail["到期前（天）"] == ["30、15、7、3、1、0", "60、1"]


def test_effect_counts_what_was_not_told_yet_on_the_next_working_day(cast: Cast) -> None:
    make_assignment(cast.bureau, plan=cast.plan, due_date=date(2024, 10, 18))
    among = Assignment.objects.in_region(cast.city.pk)
    saturday = date(2024, 10, 19)
    effect = effect_of(among, DEFAULT_POLICY, TIGHT, saturday)
    assert (effect.day, effect.now, effect.then, effect.changed) == (TODAY, 1, 1, 0)
    plan_reminders(today=TODAY, now=NOW)
    assert effect_of(among, DEFAULT_POLICY, TIGHT, TODAY).now == 0
    other_stage = effect_of(among, DEFAULT_POLICY, replace(TIGHT, overdue_first=2), TODAY)
    assert (other_stage.now, other_stage.then, other_stage.shifts[0].then) == (0, 1, ["逾期第2天"])


def test_effect_is_bounded_and_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY + timedelta(days=45))
    monkeypatch.setattr("notifications.candidates.ASSIGNMENT_BATCH", 2)
    monkeypatch.setattr("notifications.effects.ASSIGNMENT_BATCH", 2)
    monkeypatch.setattr("notifications.effects.SHIFTS_SHOWN", 1)
    effect = effect_of(Assignment.objects.all(), DEFAULT_POLICY, TIGHT, TODAY)
    assert (effect.looked_at, effect.is_cut, effect.changed, len(effect.shifts)) == (2, True, 2, 1)


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize(("reader", "queries"), [("coordinator", 8), ("administrator", 5)])
def test_list_takes_the_same_queries(
    client: Client,
    cast: Cast,
    origin: Origin,
    number: int,
    reader: str,
    queries: int,
    django_assert_num_queries: Any,
) -> None:
    for position in range(number):
        plan = make_plan(cast.city, f"方案{position}")
        keep_policy(cast.city, plan, TIGHT, version=0, origin=origin)
    signed_in(client, getattr(cast, reader))
    # Session, user; the number of plans or rules, the page of them. A coordinator: the rules of the region,
    # which plans are new editions, and the header's region.
    with django_assert_num_queries(queries):
        client.get(reverse("notifications:policies"))


@pytest.mark.parametrize("number", [1, 3])
def test_preview_takes_the_same_queries(
    client: Client, cast: Cast, number: int, django_assert_num_queries: Any
) -> None:
    for _ in range(number):
        make_assignment(cast.bureau, plan=cast.plan, due_date=TODAY + timedelta(days=45))
    signed_in(client, cast.coordinator)
    # Session, user, region; its rule, all rules, those of its plans; calendar, assignments, their requests,
    # nodes and ledger; the header's region.
    with django_assert_num_queries(14):
        client.post(region_url(cast), typed(do="preview"))
