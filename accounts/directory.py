"""Finding the department that a printed name means, inside one region."""

from dataclasses import dataclass

from rapidfuzz import fuzz, process

from accounts.models import Department, DepartmentAlias, NationalAlias, Region
from accounts.names import fold_name

_PREFIXES = "省市区县"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A department that a name may mean, with likeness from 0 to 100. A person decides."""

    department: Department
    score: int


class Directory:
    """The departments of one region by every name they go by. Three queries, made at once."""

    def __init__(self, region: Region) -> None:
        self._region = fold_name(region.name)
        departments = {d.pk: d for d in Department.objects.in_region(region).filter(is_active=True)}
        self._by_name = {fold_name(department.name): department for department in departments.values()}
        short_names: dict[str, list[Department]] = {}
        for department in departments.values():
            short_names.setdefault(fold_name(department.short_name), []).append(department)
        for short_name, found in short_names.items():
            if len(found) == 1:  # one that several go by tells nobody apart
                self._by_name.setdefault(short_name, found[0])
        for alias in DepartmentAlias.objects.filter(region=region, department__in=departments):
            self._by_name.setdefault(alias.alias, departments[alias.department_id])
        self._national: dict[str, set[str]] = {}
        for pair in NationalAlias.objects.all():
            self._national.setdefault(fold_name(pair.alias), set()).add(fold_name(pair.name))
            self._national.setdefault(fold_name(pair.name), set()).add(fold_name(pair.alias))

    def match(self, name: str) -> Department | None:
        """The department of exactly this name, or of a national short form of it; None when unsure."""
        key = fold_name(name)
        if found := self._by_name.get(key):
            return found
        candidates = {
            department
            for form in self._forms(self._bare(key))
            for prefix in (self._region, self._region[-1:], "")
            if (department := self._by_name.get(prefix + form))
        }
        return candidates.pop() if len(candidates) == 1 else None

    def suggest(self, name: str, *, limit: int = 3) -> list[Suggestion]:
        """The most similar departments, best first; none that is less than half alike."""
        found = process.extract(
            self._bare(fold_name(name)),
            {key: self._bare(key) for key in self._by_name},
            scorer=fuzz.WRatio,
            score_cutoff=50,
            limit=limit * 3,
        )
        best: dict[int, Suggestion] = {}
        for _text, score, key in found:
            department = self._by_name[key]
            best.setdefault(department.pk, Suggestion(department, round(score)))
        return list(best.values())[:limit]

    def _bare(self, key: str) -> str:
        """The name without the region's name or the one-character prefix of its level."""
        bare = key.removeprefix(self._region)
        if bare == key and len(key) > 2 and key[0] in _PREFIXES:
            bare = key[1:]
        return bare

    def _forms(self, bare: str) -> set[str]:
        """The bare name, its official name, and that name's other short forms."""
        near = self._national.get(bare, set())
        return {bare} | near | {form for name in near for form in self._national.get(name, set())}
