"""Writing regions, departments, aliases and people, each change to an account with its audit event."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axes.utils import reset as lift_lock
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, Department, DepartmentAlias, NationalAlias, Region, User
from accounts.names import fold_name
from accounts.passwords import one_time_password

# What the audit tells of an account's change, and under which kind.
_AUDITED = {
    "username": AuditEvent.Kind.CHANGED,
    "full_name": AuditEvent.Kind.CHANGED,
    "role": AuditEvent.Kind.ROLE_CHANGED,
    "region": AuditEvent.Kind.MOVED,
    "department": AuditEvent.Kind.MOVED,
    "email": AuditEvent.Kind.EMAIL_CHANGED,
}
REFUSAL_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Origin:
    """Who does something, when, and from which address: what every audit event tells."""

    by: User | None
    now: datetime
    address: str = ""


def printed() -> translation.override:
    """Within it labels are those of files and records: Chinese, whatever language the reader chose."""
    return translation.override(settings.LANGUAGE_CODE)


class PersonRefused(Exception):
    """A change to an account that cannot be made; its text tells the reader why."""


def record(
    kind: str,
    origin: Origin,
    *,
    subject: User | None = None,
    region: Region | None = None,
    detail: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write one audit event; its region is that of the person it is about, unless one is given."""
    return AuditEvent.objects.create(
        kind=kind,
        created_at=origin.now,
        actor=origin.by,
        subject=subject,
        region_id=region.pk if region else (subject.region_id if subject else None),
        address=origin.address,
        detail=dict(detail or {}),
    )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An account before a change: in the words that people read, and the region it belonged to."""

    words: dict[str, str]
    region: Region | None


def snapshot(person: User) -> Snapshot:
    return Snapshot(words_of(person), person.region)


def words_of(person: User) -> dict[str, str]:
    """An account in the words that people read, by the fields that the audit tells of."""
    with printed():
        role = str(person.get_role_display()) if person.role else ""
    return {
        "username": person.username,
        "full_name": person.full_name,
        "role": role,
        "region": person.region.name if person.region else "",
        "department": person.department.name if person.department else "",
        "email": person.email,
    }


def record_changes(person: User, before: Snapshot, origin: Origin) -> None:
    """One event for each kind of change, none where nothing changed.

    A person who leaves a region shows in the audit of both.
    """
    after = words_of(person)
    changes: dict[AuditEvent.Kind, dict[str, list[str]]] = {}
    for field, kind in _AUDITED.items():
        if before.words[field] != after[field]:
            changes.setdefault(kind, {})[field] = [before.words[field], after[field]]
    for kind, told in changes.items():
        record(kind, origin, subject=person, detail=told)
    if before.region and before.region.pk != person.region_id:
        detail = changes[AuditEvent.Kind.MOVED]
        record(AuditEvent.Kind.MOVED, origin, subject=person, region=before.region, detail=detail)


@transaction.atomic
def create_person(person: User, origin: Origin) -> str:
    """Save a new account with a one-time password, which is returned and kept nowhere.

    Raises PersonRefused where the account's name was taken a moment ago.
    """
    word = one_time_password()
    settle(person)
    person.set_password(word)
    person.must_change_password = True
    try:
        with transaction.atomic():
            person.save(force_insert=True)
    except IntegrityError:
        raise PersonRefused(_("用户名“%(name)s”刚被占用，请换一个。") % {"name": person.username}) from None
    record(AuditEvent.Kind.CREATED, origin, subject=person, detail=_told(words_of(person)))
    return word


def _told(words: Mapping[str, str]) -> dict[str, str]:
    return {field: value for field, value in words.items() if value}


def settle(person: User) -> None:
    """What follows from the role: where a person belongs, and who may enter the back office."""
    if person.is_unit_person:
        person.region = person.department.region if person.department else None
    else:
        person.department = None
    if person.is_administrator:
        person.region = None
    person.is_staff = person.is_superuser = person.is_administrator


@transaction.atomic
def change_person(person: User, before: Snapshot, origin: Origin) -> None:
    """Save an account that a keeper changed."""
    settle(person)
    fields = ["full_name", "email", "role", "region", "department", "is_staff", "is_superuser"]
    person.save(update_fields=fields)
    record_changes(person, before, origin)
    if person.email != before.words["email"]:
        trust_email(person, origin)


@transaction.atomic
def reset_password(person: User, origin: Origin) -> str:
    """Give a new one-time password, which is returned and kept nowhere; lifts a lock after failed sign-ins.

    Sessions of the person end: they are bound to the password.
    """
    word = one_time_password()
    person.set_password(word)
    person.must_change_password = True
    person.save(update_fields=["password", "must_change_password"])
    lift_lock(username=person.username)
    record(AuditEvent.Kind.PASSWORD_RESET, origin, subject=person)
    return word


@transaction.atomic
def change_password(person: User, password: str, origin: Origin) -> None:
    """Let a person have a password of the own choice."""
    person.set_password(password)
    person.must_change_password = False
    person.save(update_fields=["password", "must_change_password"])
    record(AuditEvent.Kind.PASSWORD_CHANGED, origin, subject=person)


@transaction.atomic
def change_email(person: User, email: str, origin: Origin) -> None:
    before = snapshot(person)
    person.email = email
    person.save(update_fields=["email"])
    record_changes(person, before, origin)
    trust_email(person, origin)


@transaction.atomic
def refuse_email(person_id: int, *, address: str, reason: str, now: datetime) -> bool:
    """Mark that the mail server refuses this person's address for good; nothing is sent there any more.

    Does nothing, and returns False, where the person has another address by now or is marked already.
    """
    found = User.objects.filter(pk=person_id, email=address, email_refused_at__isnull=True)
    if not found.update(email_refused_at=now, email_refusal=reason[:REFUSAL_LENGTH]):
        return False
    person = User.objects.get(pk=person_id)
    detail = {"email": address, "email_refusal": person.email_refusal}
    record(AuditEvent.Kind.EMAIL_REFUSED, Origin(None, now), subject=person, detail=detail)
    return True


@transaction.atomic
def trust_email(person: User, origin: Origin) -> None:
    """Take the mark of a refused address away: somebody corrected the address, or says that it is right."""
    marked = User.objects.filter(pk=person.pk, email_refused_at__isnull=False)
    if marked.update(email_refused_at=None, email_refusal=""):
        record(AuditEvent.Kind.EMAIL_TRUSTED, origin, subject=person, detail={"email": person.email})
    person.email_refused_at, person.email_refusal = None, ""


@transaction.atomic
def refuse_mailbox(department_id: int, *, address: str, reason: str, now: datetime) -> bool:
    """The same of a unit's own mailbox as refuse_email of a person's address."""
    found = Department.objects.filter(pk=department_id, mailbox=address, mailbox_refused_at__isnull=True)
    if not found.update(mailbox_refused_at=now, mailbox_refusal=reason[:REFUSAL_LENGTH]):
        return False
    department = Department.objects.select_related("region").get(pk=department_id)
    detail = {"unit": department.name, "mailbox": address, "mailbox_refusal": department.mailbox_refusal}
    record(AuditEvent.Kind.EMAIL_REFUSED, Origin(None, now), region=department.region, detail=detail)
    return True


@transaction.atomic
def trust_mailbox(department: Department, origin: Origin) -> None:
    """Take the mark of a refused mailbox away, as trust_email does."""
    marked = Department.objects.filter(pk=department.pk, mailbox_refused_at__isnull=False)
    if marked.update(mailbox_refused_at=None, mailbox_refusal=""):
        detail = {"unit": department.name, "mailbox": department.mailbox}
        record(AuditEvent.Kind.EMAIL_TRUSTED, origin, region=department.region, detail=detail)
    department.mailbox_refused_at, department.mailbox_refusal = None, ""


@transaction.atomic
def disable_person(person: User, *, successor: User | None, origin: Origin) -> None:
    """End an account and name who takes over; reports and history stay with the person who wrote them.

    Raises PersonRefused where somebody else was quicker. Mail that is still to go out goes to the successor.
    """
    if successor is not None:
        # Both rows, in one order for everyone, so that two people cannot be made each other's successors.
        list(User.objects.select_for_update().filter(pk__in=[person.pk, successor.pk]).order_by("pk"))
        if not User.objects.all().could_succeed(person).filter(pk=successor.pk).exists():
            raise PersonRefused(_("接手人要是同单位（或同地区同角色）的在用账号，请重新选择。"))
    changed = User.objects.filter(pk=person.pk, is_active=True)
    if not changed.update(is_active=False, successor=successor):
        raise PersonRefused(_("这个账号已经停用。"))
    person.is_active, person.successor = False, successor
    detail = {"successor": str(successor)} if successor else {}
    record(AuditEvent.Kind.DISABLED, origin, subject=person, detail=detail)


@transaction.atomic
def enable_person(person: User, origin: Origin) -> None:
    """Open a disabled account again, with the password it had; nobody stands in for it any more."""
    if not User.objects.filter(pk=person.pk, is_active=False).update(is_active=True, successor=None):
        raise PersonRefused(_("这个账号已经启用。"))
    person.is_active, person.successor = True, None
    record(AuditEvent.Kind.ENABLED, origin, subject=person)


class AliasTaken(Exception):
    """Another department of the region already goes by this name."""


def add_alias(department: Department, name: str) -> None:
    """Let `department` go by `name` too. Raises AliasTaken when another department of the region does."""
    alias, _made = DepartmentAlias.objects.get_or_create(
        region=department.region, alias=fold_name(name), defaults={"department": department}
    )
    if alias.department_id != department.pk:
        raise AliasTaken(name)


def words_of_department(
    department: Department, *, aliases: Iterable[str] = (), members: Iterable[Department] = ()
) -> dict[str, str]:
    """A unit in the words that people read; with the aliases and members that it is about to get."""
    names = {alias.alias for alias in department.aliases.all()} if department.pk else set()
    own = {fold_name(department.name), fold_name(department.short_name)}
    present = {member.name for member in department.members.all()} if department.pk else set()
    with printed():
        kind = str(department.get_kind_display())
    return {
        "short_name": department.short_name,
        "kind": kind,
        "mailbox": department.mailbox,
        "is_active": "是" if department.is_active else "否",
        "aliases": "、".join(sorted(names | ({fold_name(name) for name in aliases} - own))),
        "members": "、".join(sorted({member.name for member in members} or present)),
    }


@transaction.atomic
def save_department(
    department: Department,
    *,
    before: Mapping[str, str] | None,
    aliases: Iterable[str],
    members: list[Department],
    origin: Origin,
) -> None:
    """Save a unit, new where `before` is None; adds aliases, sets members where some are given.

    Raises AliasTaken.
    """
    department.save()
    own = {fold_name(department.name), fold_name(department.short_name)}
    for name in aliases:
        if fold_name(name) not in own:
            add_alias(department, name)
    if members:
        department.members.set(members)
    after = words_of_department(department)
    unit = {"unit": department.name}
    if before is None:
        detail: dict[str, Any] = unit | _told(after)
        record(AuditEvent.Kind.UNIT_CREATED, origin, region=department.region, detail=detail)
    elif changes := {name: [before[name], after[name]] for name in after if before[name] != after[name]}:
        record(AuditEvent.Kind.UNIT_CHANGED, origin, region=department.region, detail=unit | changes)
        if "mailbox" in changes:
            trust_mailbox(department, origin)


class MembersChanged(Exception):
    """Somebody else changed the members after this person's page was shown."""


@transaction.atomic
def set_members(
    collective_id: int, members: Iterable[Department], *, shown: Iterable[int], origin: Origin
) -> Department:
    """Let a collective stand for exactly these units; `shown` are the members that the form was shown with.

    Work that was given out before stays with whoever has it. Raises MembersChanged.
    """
    collective = Department.objects.select_for_update(of=("self",)).get(pk=collective_id)
    if set(collective.members.values_list("pk", flat=True)) != set(shown):
        raise MembersChanged
    before = words_of_department(collective)["members"]
    collective.members.set(members)
    after = words_of_department(collective)["members"]
    if before != after:
        detail = {"unit": collective.name, "members": [before, after]}
        record(AuditEvent.Kind.UNIT_CHANGED, origin, region=collective.region, detail=detail)
    return collective


@transaction.atomic
def load_aliases(records: Iterable[dict[str, Any]]) -> None:
    """Add the national short forms: records of `name` and `aliases`. What is there already stays."""
    NationalAlias.objects.bulk_create(
        [NationalAlias(name=r["name"], alias=alias) for r in records for alias in r["aliases"]],
        ignore_conflicts=True,
    )


@transaction.atomic
def load_regions(records: Iterable[dict[str, Any]]) -> None:
    """Add regions (parents before children) with departments, aliases and the members of collectives."""
    for record in records:
        parent = Region.objects.get(code=record["parent"]) if record["parent"] else None
        region, _made = Region.objects.get_or_create(
            code=record["code"],
            defaults={"name": record["name"], "level": record["level"].upper(), "parent": parent},
        )
        _load_departments(region, record["departments"])


def _load_departments(region: Region, records: list[dict[str, Any]]) -> None:
    departments: dict[str, Department] = {}
    for record in records:
        departments[record["name"]], _made = Department.objects.get_or_create(
            region=region,
            name=record["name"],
            defaults={"short_name": record["short_name"], "kind": record["kind"].upper()},
        )
        for alias in record["aliases"]:
            add_alias(departments[record["name"]], alias)
    for record in records:
        if members := record.get("members"):
            departments[record["name"]].members.set([departments[name] for name in members])


@transaction.atomic
def load_demo_users(records: Iterable[dict[str, Any]], *, password: str) -> None:
    """Make the demo's people, all with one password and marked so that production refuses them."""
    hashed = make_password(password)
    for record in records:
        region = Region.objects.get(code=record["region"]) if record["region"] else None
        department = (
            Department.objects.get(region=region, name=record["department"]) if record["department"] else None
        )
        User.objects.update_or_create(
            username=record["username"],
            defaults={
                "full_name": record["full_name"],
                "email": f"{record['username']}@demo.invalid",
                "role": record["role"].upper(),
                "region": region,
                "department": department,
                "password": hashed,
                "is_demo": True,
                "is_staff": record["role"] == "administrator",
                "is_superuser": record["role"] == "administrator",
            },
        )
