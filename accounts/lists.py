"""The lists of people, units and the audit: what is found, and their tables to take away."""

from datetime import date

from django.http import QueryDict

from accounts.forms import AuditFilter, DepartmentFilter, PeopleFilter
from accounts.models import AuditEvent, AuditEventQuerySet, DepartmentQuerySet, User, UserQuerySet
from accounts.permissions import kept_departments, require_keeper, visible_audit, visible_people
from accounts.tables import Coded, Column, Kind, Table, index, listed, rows_of


def people_found(form: PeopleFilter, people: UserQuerySet) -> UserQuerySet:
    """The people asked for; nobody where the question makes no sense, never everybody."""
    if not form.is_valid():
        return people.none()
    asked = form.cleaned_data
    if asked["q"]:
        people = people.matching(asked["q"].strip())
    if asked.get("region"):
        people = people.in_region(asked["region"].pk)
    if asked["role"]:
        people = people.of_role(asked["role"])
    if asked["state"]:
        people = {"active": people.active, "new": people.new, "disabled": people.disabled}[asked["state"]]()
    return people


def departments_found(form: DepartmentFilter, departments: DepartmentQuerySet) -> DepartmentQuerySet:
    """The units asked for; none where the question makes no sense."""
    if not form.is_valid():
        return departments.none()
    asked = form.cleaned_data
    if asked["q"]:
        departments = departments.matching(asked["q"].strip())
    if asked.get("region"):
        departments = departments.in_region(asked["region"])
    if asked["kind"]:
        departments = departments.of_kind(asked["kind"])
    return departments


def audit_found(form: AuditFilter, events: AuditEventQuerySet) -> AuditEventQuerySet:
    """The events asked for; none where the question makes no sense."""
    if not form.is_valid():
        return events.none()
    if form.cleaned_data["kind"]:
        events = events.of_kind(form.cleaned_data["kind"])
    if form.cleaned_data["person"]:
        events = events.about(form.cleaned_data["person"])
    return events


def _person_state(person: User) -> str:
    if not person.is_active:
        return "已停用"
    return "待首次登录" if person.must_change_password else "在用"


_PEOPLE = (
    index(),
    Column("full_name", "姓名", lambda row: row.full_name, width=12),
    Column("username", "用户名", lambda row: row.username, width=16),
    Column("role", "角色", lambda row: Coded(row.role, row.get_role_display()), Kind.CODED, width=12),
    Column("region", "地区", lambda row: row.region.name if row.region else "", width=12),
    Column("department", "单位", lambda row: row.department.name if row.department else "", width=26),
    Column("email", "邮箱", lambda row: row.email, width=28),
    Column(
        "is_email_refused", "邮箱被拒收", lambda row: row.email_refused_at is not None, Kind.FLAG, width=8
    ),
    Column("state", "状态", _person_state, width=12),
    Column("last_login", "上次登录", lambda row: row.last_login, Kind.MOMENT, width=17),
)


@listed("people")
def people_table(user: User, asked: QueryDict, pk: int | None, today: date) -> Table:
    """人员, as the page lists them. No passwords, of course."""
    require_keeper(user)
    people = people_found(PeopleFilter(asked, by=user), visible_people(user))
    return Table("人员", "people", _PEOPLE, rows_of(people.for_list()), people.count())


_DEPARTMENTS = (
    index(),
    Column("region", "地区", lambda row: row.region.name, width=12),
    Column("name", "单位", lambda row: row.name, width=30),
    Column("short_name", "简称", lambda row: row.short_name, width=18),
    Column("kind", "类别", lambda row: Coded(row.kind, row.get_kind_display()), Kind.CODED, width=8),
    Column("aliases", "别名", lambda row: "、".join(alias.alias for alias in row.aliases.all()), width=30),
    Column("members", "成员单位", lambda row: "、".join(unit.name for unit in row.members.all()), width=30),
    Column("mailbox", "单位邮箱", lambda row: row.mailbox, width=26),
    Column("people", "在用账号", lambda row: row.people, Kind.NUMBER, width=8),
    Column("is_active", "在用", lambda row: row.is_active, Kind.FLAG, width=6),
)


@listed("departments")
def departments_table(user: User, asked: QueryDict, pk: int | None, today: date) -> Table:
    """单位, as the page lists them."""
    require_keeper(user)
    units: DepartmentQuerySet = departments_found(DepartmentFilter(asked, by=user), kept_departments(user))
    return Table("单位", "departments", _DEPARTMENTS, rows_of(units.for_list()), units.count())


def _detail(event: AuditEvent) -> str:
    return "；".join(
        f"{label}：{before} → {after}" if before else f"{label}：{after}"
        for label, before, after in event.lines
    )


_AUDIT = (
    index(),
    Column("created_at", "时间", lambda row: row.created_at, Kind.MOMENT, width=18),
    Column("kind", "事项", lambda row: Coded(row.kind, row.get_kind_display()), Kind.CODED, width=14),
    Column("subject", "涉及账号", lambda row: str(row.subject) if row.subject else "", width=12),
    Column("username", "用户名", lambda row: row.subject.username if row.subject else "", width=16),
    Column("detail", "内容", _detail, width=60),
    Column("actor", "操作人", lambda row: str(row.actor) if row.actor else "", width=12),
    Column("address", "来源地址", lambda row: row.address, width=16),
)


@listed("audit")
def audit_table(user: User, asked: QueryDict, pk: int | None, today: date) -> Table:
    """账号审计, as the page lists it."""
    require_keeper(user)
    events = audit_found(AuditFilter(asked, by=user), visible_audit(user))
    return Table("账号审计", "audit", _AUDIT, rows_of(events.latest_first()), events.count())
