"""Who may see which mails: everyone their own, coordinators those of their regions, administrators all.

And who may have which calendar feed.
"""

from django.http import Http404

from accounts.models import User
from notifications.models import CalendarFeed, Message
from notifications.models.messages import MessageQuerySet
from tracker.models import Assignment
from tracker.models.assignments import AssignmentQuerySet
from tracker.permissions import visible_assignments, visible_regions


def can_see_scheduler(user: User) -> bool:
    return user.is_coordinator or user.is_administrator


def visible_messages(user: User) -> MessageQuerySet:
    """Digests this person may read."""
    if user.is_administrator:
        return Message.objects.all()
    if user.is_coordinator:
        return Message.objects.to_people_in(visible_regions(user))
    return Message.objects.filter(recipient=user)


def can_resend(user: User, message: Message) -> bool:
    """A failed digest may be sent again by a coordinator of the region itself."""
    recipient = message.recipient
    own_region = user.is_coordinator and recipient.region_id == user.region_id
    return own_region and message.state == Message.State.DEAD and recipient.email != ""


def get_message_for(user: User, pk: int) -> Message:
    """The digest if this person may read it. Raises Http404 otherwise."""
    message = visible_messages(user).select_related("recipient").filter(pk=pk).first()
    if message is None:
        raise Http404
    return message


def can_subscribe(user: User) -> bool:
    """Who may have a calendar of deadlines: everybody who has any; administrators have none."""
    return user.is_active and not user.is_administrator


def can_share_calendar(user: User) -> bool:
    """Who makes and revokes the calendar of a unit: the unit's own people."""
    return user.is_active and user.is_unit_person and user.department_id is not None


def feed_holds(feed: CalendarFeed) -> bool:
    """Whether its maker may still read what the feed shows. That of a unit dies when its maker leaves."""
    if feed.department is None:
        return can_subscribe(feed.owner)
    stays = can_share_calendar(feed.owner) and feed.owner.department_id == feed.department_id
    return stays and feed.department.is_active


def feed_assignments(feed: CalendarFeed) -> AssignmentQuerySet:
    """What a feed that holds shows: the work of the unit; of coordinators and leaders, the own region's."""
    if feed.department_id:
        return Assignment.objects.for_department(feed.department_id)
    if feed.owner.is_unit_person:
        return visible_assignments(feed.owner)
    return Assignment.objects.in_region(feed.owner.region_id)


def get_feed_by_token(token: str) -> CalendarFeed:
    """The feed that this token opens. Raises Http404 for a token that never was or is no longer good."""
    feed = CalendarFeed.objects.with_token(token).first()
    if feed is None or not feed_holds(feed):
        raise Http404
    return feed
