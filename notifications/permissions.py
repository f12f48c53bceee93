"""Who may see which mails: everyone their own, coordinators those of their regions, administrators all."""

from django.http import Http404

from accounts.models import Region, User
from notifications.models import Message
from notifications.models.messages import MessageQuerySet
from tracker.permissions import visible_regions


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
    message = visible_messages(user).select_related("recipient").filter(pk=pk).first()
    if message is None:
        raise Http404
    return message
