"""One's own account: password and mail address."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import actions
from accounts.forms import ChangeEmailForm, ChangePasswordForm
from accounts.requests import SignedInRequest, origin_of, posted


def account(request: SignedInRequest) -> HttpResponse:
    """What the system knows about the person, and what of it the person may change."""
    return render(request, "accounts/account.html")


@sensitive_post_parameters()
@never_cache
def password(request: SignedInRequest) -> HttpResponse:
    """Choose a password. Other sessions of the person end, this one goes on."""
    is_first = request.user.must_change_password
    form = ChangePasswordForm(posted(request), request=request)
    if form.is_valid():
        actions.change_password(request.user, form.cleaned_data["new"], origin_of(request))
        update_session_auth_hash(request, request.user)
        messages.success(request, _("密码已修改，下次登录用新密码。"))
        return redirect("home" if is_first else "accounts:account")
    return render(request, "accounts/password.html", {"form": form, "is_first": is_first})


@sensitive_post_parameters("password")
@never_cache
def email(request: SignedInRequest) -> HttpResponse:
    """Change the address that reminders go to; the password shows that it is the person who asks."""
    form = ChangeEmailForm(posted(request), request=request, initial={"email": request.user.email})
    if form.is_valid():
        actions.change_email(request.user, form.cleaned_data["email"], origin_of(request))
        messages.success(request, _("邮箱已修改，提醒邮件今后发到新的邮箱。"))
        return redirect("accounts:account")
    return render(request, "accounts/email.html", {"form": form})
