"""Who is told of what: active people, by unit and by region, and what they asked for."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from accounts.models import User
from notifications.candidates import Candidate
from notifications.models import Preference
from notifications.policy import Audience, Due
from notifications.workdays import WorkingCalendar


@dataclass(frozen=True)
class Recipient:
    """A person who is told, by mail where there is an address, else in the application only."""

    id: int
    name: str
    address: str
    coordinates: int | None  # the region of a coordinator, who is also told whom no mail reaches
    region_id: int | None = None
    region_name: str = ""
    hour: int | None = None  # from which she wants to be told; None for the first run of the day


class Directory:
    """Everybody who is told. Two queries.

    In place of somebody on leave stands the deputy, as long as that is a colleague at work with an address;
    otherwise the mail goes where it always goes, so that nothing is lost. Who gets something both ways gets
    it once, at the own hour. Where no mail reaches anybody of a unit, its own mailbox stands in. On a rest
    day only those are told who asked for that.
    """

    def __init__(self, calendar: WorkingCalendar) -> None:
        self._calendar = calendar
        self._preferences: Mapping[int, Preference] = Preference.objects.by_person()
        self._people: dict[tuple[Audience, int], list[User]] = defaultdict(list)
        self._told: dict[tuple[Audience, int, date], Sequence[Recipient]] = {}
        for user in User.objects.filter(is_active=True).select_related("department", "region").order_by("pk"):
            if user.is_unit_person and user.department_id:
                self._people[Audience.UNIT, user.department_id].append(user)
            elif user.region_id and user.is_coordinator:
                self._people[Audience.COORDINATOR, user.region_id].append(user)
            elif user.region_id and user.is_leader:
                self._people[Audience.LEADER, user.region_id].append(user)

    def of(self, audience: Audience, candidate: Candidate, day: date) -> Sequence[Recipient]:
        """Whose it is to know on that day, whether or not they rest then."""
        place = candidate.department_id if audience is Audience.UNIT else candidate.region_id
        if (audience, place, day) not in self._told:
            self._told[audience, place, day] = self._told_on(day, self._people.get((audience, place), ()))
        return self._told[audience, place, day]

    def _told_on(self, day: date, users: Sequence[User]) -> Sequence[Recipient]:
        reachable = {user.pk: user for user in users if user.is_reachable}
        told = {self._stand_in(user, reachable, day) for user in users}
        mailboxes = {} if reachable else _mailbox_of(users)
        return [
            self._recipient(user, user.email if user.pk in reachable else mailboxes.get(user.pk, ""))
            for user in sorted(told, key=lambda user: user.pk)
        ]

    def _recipient(self, user: User, address: str) -> Recipient:
        preference = self._preferences.get(user.pk)
        return Recipient(
            user.pk,
            str(user),
            address,
            coordinates=user.region_id if user.is_coordinator else None,
            region_id=user.region_id,
            region_name=user.region.name if user.region else "",
            hour=preference.hour if preference else None,
        )

    def _stand_in(self, user: User, colleagues: Mapping[int, User], day: date) -> User:
        preference = self._preferences.get(user.pk)
        if preference is None or preference.deputy_id is None or not preference.is_paused(day):
            return user
        deputy = colleagues.get(preference.deputy_id)
        others = self._preferences.get(preference.deputy_id)
        is_away = others is not None and others.is_paused(day)
        return user if deputy is None or is_away else deputy

    def rests(self, person: Recipient, day: date) -> bool:
        """Whether the person is left in peace on that day."""
        preference = self._preferences.get(person.id)
        return not (preference is not None and preference.on_rest_days) and not self._calendar.is_working(day)

    def wants(self, person: Recipient, due: Due) -> bool:
        preference = self._preferences.get(person.id)
        return preference is None or not preference.mutes(due.stage, due.kind)


def _mailbox_of(users: Sequence[User]) -> dict[int, str]:
    """The unit's own mailbox, for one of its people: the head where there is one."""
    if not users or not users[0].is_unit_person:
        return {}
    first = min(users, key=lambda user: (user.role != User.Role.HEAD, user.pk))
    return {first.pk: first.department.reachable_mailbox} if first.department else {}
