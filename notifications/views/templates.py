"""邮件模板: the words of the mails, for administrators to change and to look at before they are saved."""

from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.models import Region
from accounts.requests import SignedInRequest, origin_of, posted
from notifications.actions.templates import TemplateChanged, reset_template, save_template
from notifications.channels import mail
from notifications.digest import Digest, sample_digest
from notifications.forms.wording import WordingForm
from notifications.models import MailTemplate
from notifications.permissions import get_worded_region_for, require_wording
from notifications.wording import PLACEHOLDERS, Wording
from tracker import clock


# The preview is a mail with its styles in attributes, as on the page of a mail.
@csp_update({"style-src-attr": ["'unsafe-inline'"]})  # type: ignore[arg-type]  # its hints forget arguments
def templates(request: SignedInRequest, pk: int | None = None) -> HttpResponse:
    """The words of one region's mails, of all regions without `pk`: preview, save, or back to the default."""
    require_wording(request.user)
    region = get_worded_region_for(request.user, pk) if pk is not None else None
    stored = _template_of(region)
    current = MailTemplate.objects.wordings().of(pk)
    form = WordingForm(posted(request)) if request.method == "POST" else WordingForm.showing(stored, current)
    action = request.POST.get("action", "preview")
    is_changed = False
    if form.is_valid() or (action == "reset" and "version" in form.cleaned_data):
        version, origin = form.cleaned_data["version"], origin_of(request)
        try:
            if action == "reset":
                reset_template(region, version=version, origin=origin)
                messages.success(request, _("已恢复默认，下一封提醒邮件起使用。"))
                return redirect(request.path)
            if action == "save":
                save_template(region, wording=form.wording, version=version, origin=origin)
                messages.success(request, _("已保存，下一封提醒邮件起使用。"))
                return redirect(request.path)
        except TemplateChanged:
            is_changed = True
            stored = _template_of(region)
            current = MailTemplate.objects.wordings().of(pk)
            form.against(stored.version if stored else 0)
    shown = form.wording if form.is_bound and form.is_valid() else current
    context = {
        "form": form,
        "region": region,
        "template": stored,
        "current": current,
        "is_changed": is_changed,
        "is_typed": form.is_bound and form.is_valid(),
        "preview": _preview(shown, region, sample_digest(clock.today())),
        "placeholders": [(f"{{{name}}}", meaning) for name, meaning in PLACEHOLDERS.items()],
        "regions": Region.objects.order_by("code"),
        "own": MailTemplate.objects.own_regions(),
    }
    return render(request, "notifications/templates.html", context)


def _template_of(region: Region | None) -> MailTemplate | None:
    return MailTemplate.objects.of_place(region).select_related("updated_by").first()


def _preview(wording: Wording, region: Region | None, digest: Digest) -> mail.Rendered:
    return mail.render(digest, name="王芳", region=region.name if region else "新乡市", wording=wording)
