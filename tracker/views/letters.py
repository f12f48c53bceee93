"""Letters to units: writing one in two steps, the register, reading, printing again, taking back."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest, posted
from tracker import clock, letters
from tracker.actions.letters import LetterChanged, issue_letter, withdraw_letter
from tracker.actions.work import MoveRefused
from tracker.forms.keys import keys_of
from tracker.forms.letters import ChooseLetterForm, LetterForm, WithdrawLetterForm
from tracker.models import Assignment
from tracker.papers.kinds import Paper
from tracker.permissions import (
    can_withdraw_letter,
    get_letter_for,
    get_letter_unit_for,
    get_own_letter_for,
    visible_letters,
)
from tracker.views.answers import carry_out
from tracker.views.files import hand_out

LETTERS_PER_PAGE = 50


def write(request: SignedInRequest, pk: int) -> HttpResponse:
    """Choose what goes in, look at the preview, then have it numbered and kept."""
    unit = get_letter_unit_for(request.user, pk)
    region, today = request.user.region, clock.today()
    assert region is not None
    paper, days = ChooseLetterForm.chosen(request.POST if request.method == "POST" else request.GET)
    own = Assignment.objects.in_region(region.pk).for_department(unit)
    found = letters.triggering(own, paper, today, days=days)
    form = LetterForm(posted(request))
    chosen = set(keys_of(request.POST.getlist("assignment")))
    preview = None
    if form.is_valid():
        rows = list(found.filter(pk__in=chosen)[: letters.ITEMS])
        words = letters.letter_data(
            paper, rows, region=region, unit=unit, by=request.user, today=today, **form.words
        )
        if request.POST.get("do") == "issue":
            try:
                letter = issue_letter(
                    unit,
                    paper=paper,
                    assignment_ids=chosen,
                    days=days,
                    **form.cleaned_data,
                    by=request.user,
                    now=clock.now(),
                )
            except MoveRefused as refusal:
                form.add_error(None, str(refusal))
                preview = words if rows and isinstance(refusal, LetterChanged) else None
            else:
                messages.success(request, _("已印发%(letter)s。") % {"letter": letter})
                return redirect("letter", pk=letter.pk)
        elif rows:
            preview = words
        else:
            form.add_error(None, _("请至少选择一项任务。"))
        form.showing(letters.fingerprint(words) if preview else "")
    items = list(found[: letters.ITEMS])
    context = {
        "today": today,
        "unit": unit,
        "region": region,
        "paper": Paper(paper),
        "papers": [Paper(value) for value in Paper.letters],
        "days": days,
        "days_to_choose": letters.NOTICE_DAYS,
        "form": form,
        "items": [(row, not form.is_bound or row.pk in chosen) for row in items],
        "hidden": found.count() - len(items),
        "preview": preview,
    }
    return render(request, "tracker/letter_write.html", context)


def register(request: SignedInRequest) -> HttpResponse:
    """All letters that the person may read, the newest first."""
    found = visible_letters(request.user).select_related("region", "issued_by").newest_first()
    page = Paginator(found.defer("data"), LETTERS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
    }
    return render(request, "tracker/letters.html", context)


def letter(request: SignedInRequest, pk: int) -> HttpResponse:
    """A letter as it was printed."""
    found = get_letter_for(request.user, pk)
    may_withdraw = can_withdraw_letter(request.user, found)
    return render(request, "tracker/letter.html", {"letter": found, "may_withdraw": may_withdraw})


def letter_file(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """The very Word file that was made when the letter was issued."""
    return hand_out(get_letter_for(request.user, pk))


def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take a letter back, with a reason."""
    found = get_own_letter_for(request.user, pk)
    form = WithdrawLetterForm(posted(request))
    if carry_out(form, withdraw_letter, pk, by=request.user, now=clock.now()):
        messages.success(request, _("已撤回，文号保留。"))
        return redirect("letter", pk=pk)
    if not form.is_bound and found.is_withdrawn:
        messages.info(request, _("这份文书已经撤回。"))
        return redirect("letter", pk=pk)
    return render(request, "tracker/letter_withdraw.html", {"letter": found, "form": form})
