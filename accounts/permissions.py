"""Who looks after whose account: one-line predicates, and loading with permission or 404.

A coordinator keeps the reporters and heads of the own region's units; administrators keep everybody. Nobody
keeps the own account here: one's own password and address have their own page.
"""

from django.http import Http404

from accounts.models import (
    AuditEvent,
    AuditEventQuerySet,
    Department,
    DepartmentQuerySet,
    Region,
    RegionQuerySet,
    User,
    UserQuerySet,
)

UNIT_ROLES = (User.Role.REPORTER, User.Role.HEAD)


def keeps_people(user: User) -> bool:
    """Whether the pages about people, units and the audit are open to this person."""
    return user.is_administrator or (user.is_coordinator and user.region_id is not None)


def kept_regions(user: User) -> RegionQuerySet:
    """Regions whose people and units this person looks after: never those below, which have their own."""
    if user.is_administrator:
        return Region.objects.all()
    if user.region is None or not keeps_people(user):
        return Region.objects.none()
    return Region.objects.filter(pk=user.region.pk)


def keeps_unit(user: User, unit: Department) -> bool:
    """The same as kept_departments, for one row in hand."""
    return user.is_administrator or (keeps_people(user) and user.region_id == unit.region_id)


def kept_departments(user: User) -> DepartmentQuerySet:
    return Department.objects.in_regions(kept_regions(user))


def roles_to_give(user: User) -> list[User.Role]:
    """Roles that this person may give to others."""
    if user.is_administrator:
        return list(User.Role)
    return list(UNIT_ROLES) if keeps_people(user) else []


def visible_people(user: User) -> UserQuerySet:
    """Accounts this person may read: a coordinator those of the own region, whatever their role."""
    if user.is_administrator:
        return User.objects.all()
    return User.objects.all().in_region(user.region_id) if keeps_people(user) else User.objects.all().none()


def can_keep(user: User, person: User) -> bool:
    """Whether `user` may change, reset, disable or enable the account of `person`."""
    if user.pk == person.pk:
        return False
    return user.is_administrator or _keeps_as_coordinator(user, person)


def _keeps_as_coordinator(user: User, person: User) -> bool:
    own = keeps_people(user) and person.region_id == user.region_id and person.is_unit_person
    return own and not (person.is_staff or person.is_superuser)


def visible_audit(user: User) -> AuditEventQuerySet:
    """What happened to accounts: administrators read all, coordinators the own region's."""
    if user.is_administrator:
        return AuditEvent.objects.all()
    return AuditEvent.objects.in_region(user.region_id) if keeps_people(user) else AuditEvent.objects.none()


def require_keeper(user: User) -> None:
    """Raises Http404 for everyone but coordinators and administrators."""
    if not keeps_people(user):
        raise Http404


def get_person_for(user: User, pk: int) -> User:
    """The person if this one may keep the account. Raises Http404 otherwise."""
    person = visible_people(user).select_related("region", "department", "successor").filter(pk=pk).first()
    if person is None or not can_keep(user, person):
        raise Http404
    return person


def get_collective_for(user: User, pk: int) -> Department:
    """The collective if this person may change its members. Raises Http404 otherwise."""
    found = kept_departments(user).of_kind(Department.Kind.COLLECTIVE).select_related("region").filter(pk=pk)
    collective = found.first()
    if collective is None:
        raise Http404
    return collective
