"""Who is told of what: active people with a mail address, by unit and by region."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from notifications.candidates import Candidate
from notifications.policy import Audience


@dataclass(frozen=True)
class Recipient:
    """A person who can be written to."""

    id: int
    name: str
    address: str
    coordinates: int | None  # the region of a coordinator, who is also told which units cannot be reached


class Directory:
    """Everybody who can be written to. One query."""

    def __init__(self) -> None:
        self._people: dict[tuple[Audience, int], list[Recipient]] = defaultdict(list)
        for user in User.objects.filter(is_active=True).exclude(email="").order_by("pk"):
            recipient = Recipient(
                user.pk, str(user), user.email, user.region_id if user.is_coordinator else None
            )
            if user.is_unit_person and user.department_id:
                self._people[Audience.UNIT, user.department_id].append(recipient)
            elif user.region_id and user.is_coordinator:
                self._people[Audience.COORDINATOR, user.region_id].append(recipient)
            elif user.region_id and user.is_leader:
                self._people[Audience.LEADER, user.region_id].append(recipient)

    def of(self, audience: Audience, candidate: Candidate) -> Sequence[Recipient]:
        place = candidate.department_id if audience is Audience.UNIT else candidate.region_id
        return self._people.get((audience, place), ())
