"""文书模板: the Word templates of papers, for administrators to bring and to try before they are used."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.models import Region
from accounts.requests import SignedInRequest, origin_of, posted
from tracker.actions.paper_templates import TemplateChanged, reset_paper_template, save_paper_template
from tracker.filetypes import clean_name
from tracker.forms.paper_templates import PaperTemplateForm
from tracker.models import PaperTemplate
from tracker.papers.kinds import Paper
from tracker.papers.sample import sample_data
from tracker.papers.templates import TemplateBroken, check_template, default_template, make_default
from tracker.permissions import can_keep_paper_templates
from tracker.views.files import hand_out_made


@dataclass(frozen=True, slots=True)
class Place:
    """Whose template of which paper a page is about; no region stands for all."""

    region: Region | None
    paper: Paper

    @property
    def stored(self) -> PaperTemplate | None:
        return PaperTemplate.objects.of_place(self.region, self.paper).first()

    @property
    def holding(self) -> bytes:
        """What the papers are made with now: the own template, that of all regions, ours."""
        found = self.stored or PaperTemplate.objects.of_place(None, self.paper).first()
        return bytes(found.content) if found else default_template(self.paper)


def _place(request: SignedInRequest, paper: str, region_pk: int) -> Place:
    """Raises Http404 for whoever keeps no templates, and for a paper or region that does not exist."""
    if not can_keep_paper_templates(request.user) or paper.upper() not in Paper.values:
        raise Http404
    region = get_object_or_404(Region, pk=region_pk) if region_pk else None
    return Place(region, Paper(paper.upper()))


def papers(request: SignedInRequest) -> HttpResponse:
    """The kinds of paper, and where somebody brought a template of their own."""
    if not can_keep_paper_templates(request.user):
        raise Http404
    own = PaperTemplate.objects.for_list().order_by("paper", "region__code", "pk")
    context = {"papers": list(Paper), "own": own, "regions": Region.objects.order_by("code")}
    return render(request, "tracker/papers.html", context)


def paper(request: SignedInRequest, paper: str, pk: int) -> HttpResponse:
    """Try, save or drop the template of one paper, of one region or of all (0)."""
    place = _place(request, paper, pk)
    stored, is_changed = place.stored, False
    form = PaperTemplateForm(posted(request), request.FILES or None, initial={"version": _version(stored)})
    if form.is_valid():
        version, origin = form.cleaned_data["version"], origin_of(request)
        try:
            match request.POST.get("do"):
                case "reset":
                    reset_paper_template(place.region, place.paper, version=version, origin=origin)
                    messages.success(request, _("已恢复默认模板。"))
                    return redirect(request.path)
                case "try" | "save" if form.cleaned_data["file"] is None:
                    form.add_error("file", _("请选择文件。"))
                case "try" | "save" as do:
                    upload = form.cleaned_data["file"]
                    content = upload.read()
                    sample = check_template(content, place.paper)
                    if do == "try":
                        return hand_out_made(sample, _("样例：%(paper)s") % {"paper": place.paper.label})
                    name = clean_name(upload.name or "")
                    save_paper_template(
                        place.region, place.paper, name=name, content=content, version=version, origin=origin
                    )
                    messages.success(request, _("已保存，下一份文书起使用。"))
                    return redirect(request.path)
                case _other:
                    raise BadRequest
        except TemplateBroken as broken:
            form.add_error("file", str(broken))
        except TemplateChanged:
            is_changed, stored = True, place.stored
            form = PaperTemplateForm(initial={"version": _version(stored)})
    context = {
        "place": place,
        "template": stored,
        "form": form,
        "is_changed": is_changed,
        "names": sorted(sample_data(place.paper)),
    }
    return render(request, "tracker/paper_template.html", context)


def paper_file(request: SignedInRequest, paper: str, pk: int, what: str) -> HttpResponse:
    """The template that holds now, to be changed in Word; a sample made with it; or our own."""
    place = _place(request, paper, pk)
    label = place.paper.label
    match what:
        case "template":
            return hand_out_made(place.holding, _("模板：%(paper)s") % {"paper": label})
        case "default":
            return hand_out_made(default_template(place.paper), _("默认模板：%(paper)s") % {"paper": label})
        case "sample":
            try:
                sample = check_template(place.holding, place.paper)
            except TemplateBroken as broken:
                messages.error(request, str(broken))
                sample = make_default(place.paper, sample_data(place.paper))
            return hand_out_made(sample, _("样例：%(paper)s") % {"paper": label})
    raise Http404


def _version(template: PaperTemplate | None) -> int:
    return template.version if template else 0
