"""One's own reminders: leave with a deputy, rest days, what to do without."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest
from notifications.actions.rules import RuleRefused, keep_preference
from notifications.forms.preferences import PreferenceForm
from notifications.models import Preference
from tracker import clock


def preferences(request: SignedInRequest) -> HttpResponse:
    """Each person's own, and nobody else's."""
    person, today = request.user, clock.today()
    present = Preference.objects.filter(user=person).select_related("deputy").first()
    if request.method == "POST":
        form = PreferenceForm(request.POST, person=person)
        if form.is_valid():
            try:
                keep_preference(person, **form.cleaned_data)
            except RuleRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("提醒设置已保存。"))
                return redirect("notifications:preferences")
    else:
        form = PreferenceForm.for_person(person, present)
    context = {"form": form, "present": present, "is_paused": bool(present and present.is_paused(today))}
    return render(request, "notifications/preferences.html", context)
