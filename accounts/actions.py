"""Writing regions, departments, aliases and people from plain data (the files under fixtures/)."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.models import Department, DepartmentAlias, NationalAlias, Region, User
from accounts.names import fold_name


class AliasTaken(Exception):
    """Another department of the region already goes by this name."""


def add_alias(department: Department, name: str) -> None:
    """Let `department` go by `name` too. Raises AliasTaken when another department of the region does."""
    alias, _made = DepartmentAlias.objects.get_or_create(
        region=department.region, alias=fold_name(name), defaults={"department": department}
    )
    if alias.department_id != department.pk:
        raise AliasTaken(name)


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
