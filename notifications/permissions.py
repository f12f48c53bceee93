"""Who may see which mails: everyone their own, coordinators those of their regions, administrators all.

And who may have which calendar feed.

The rules of reminding are kept by the coordinators of the region itself, and read by administrators.
"""

from django.http import Http404

from accounts.models import Region, User, UserQuerySet
from notifications.models import CalendarChange, CalendarFeed, Message, Reminder
from notifications.models.calendar_changes import CalendarMoveQuerySet
from notifications.models.messages import MessageQuerySet
from notifications.models.reminders import ReminderQuerySet
from tracker.models import Assignment, Plan, Task
from tracker.models.assignments import AssignmentQuerySet
from tracker.models.plans import PlanQuerySet
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
    has_address = recipient.email != "" or (
        recipient.department is not None and recipient.department.mailbox != ""
    )
    return own_region and message.state == Message.State.DEAD and has_address


def visible_reminders(user: User, task: Task) -> ReminderQuerySet:
    """Lines of the ledger of a task: all of them, or for a unit what its own people were told of its work."""
    rows = Reminder.objects.of_task(task)
    return rows.about_unit(user.department_id).told_to_units() if user.is_unit_person else rows


def visible_recipients(user: User) -> UserQuerySet:
    """Whose coming mails a person may ask for: those of the own unit; outside units, of the regions."""
    people = User.objects.all().active().filter(region__in=visible_regions(user))
    return people.filter(department=user.department_id) if user.is_unit_person else people


def can_release(user: User) -> bool:
    """A held run is for everybody: an administrator lets it go, or a coordinator over them all."""
    if not user.is_coordinator:
        return user.is_administrator
    people = User.objects.all().active().exclude(role=User.Role.ADMINISTRATOR)
    return not people.exclude(region__in=visible_regions(user)).exists()


def can_word_mails(user: User) -> bool:
    """How mails begin and end is set by administrators."""
    return user.is_administrator


def require_wording(user: User) -> None:
    """Raises Http404 for everyone but those who may word mails."""
    if not can_word_mails(user):
        raise Http404


def get_worded_region_for(user: User, pk: int) -> Region:
    """The region if this person may word its mails. Raises Http404 otherwise."""
    require_wording(user)
    region = Region.objects.filter(pk=pk).first()
    if region is None:
        raise Http404
    return region


def get_message_for(user: User, pk: int) -> Message:
    """The digest if this person may read it. Raises Http404 otherwise."""
    message = visible_messages(user).select_related("recipient__department").filter(pk=pk).first()
    if message is None:
        raise Http404
    return message


def can_see_policies(user: User) -> bool:
    return user.is_administrator or user.is_coordinator


def can_set_policy(user: User, region: Region) -> bool:
    return user.is_coordinator and user.region_id == region.pk


def policy_plans(user: User) -> PlanQuerySet:
    """Live plans whose rules this person may read: a coordinator those of the own region alone."""
    live = Plan.objects.in_use(Assignment.objects.in_force()).without_source()
    if user.is_administrator:
        return live
    return live.filter(region=user.region_id) if user.is_coordinator else live.none()


def get_policy_region_for(user: User, pk: int) -> Region:
    """The region if this person may read its rule. Raises Http404 otherwise."""
    region = Region.objects.filter(pk=pk).first()
    if region is None or not (user.is_administrator or can_set_policy(user, region)):
        raise Http404
    return region


def get_policy_plan_for(user: User, pk: int) -> Plan:
    """The live plan if this person may read its rule. Raises Http404 otherwise."""
    plan = policy_plans(user).select_related("region").filter(pk=pk).first()
    if plan is None:
        raise Http404
    return plan


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


def can_see_calendar(user: User) -> bool:
    return user.is_administrator or user.is_coordinator


def can_set_calendar(user: User) -> bool:
    """The working calendar is that of the whole installation, so administrators keep it."""
    return user.is_administrator


def require_calendar(user: User) -> None:
    """Raises Http404 for everyone but those who may read the calendar and its changes."""
    if not can_see_calendar(user):
        raise Http404


def get_calendar_change_for(user: User, pk: int) -> CalendarChange:
    """The change if this person may read the calendar. Raises Http404 otherwise."""
    require_calendar(user)
    change = CalendarChange.objects.select_related("changed_by").filter(pk=pk).first()
    if change is None:
        raise Http404
    return change


def visible_moves(user: User, change: CalendarChange) -> CalendarMoveQuerySet:
    """What a change moved, of the work that this person may see."""
    return change.moves.of_work(visible_assignments(user))
