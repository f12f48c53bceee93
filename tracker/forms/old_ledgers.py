"""Bringing an old ledger: the file, what its columns mean, whose the unknown names are, and the last word."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.directory import Directory
from accounts.models import Department, Region
from accounts.sheets import UnreadableSheet
from tracker.actions.old_ledgers import plan_named
from tracker.forms.keys import FormKeyField
from tracker.forms.widgets import PlainSelect
from tracker.ledger_columns import SEVERAL, UNIT_FIELDS, Field
from tracker.loose_sheets import refuse_kind
from tracker.models import Plan

PLANS_OFFERED = 200
NO_UNIT = "（不是单位）"


class LedgerFileForm(forms.Form):
    """The file of an old ledger."""

    file = forms.FileField(label=_("台账文件（xlsx 或 csv）"), max_length=200, allow_empty_file=False)
    form_key = FormKeyField()

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.LEDGER_UPLOAD_LIMIT:
            limit = settings.LEDGER_UPLOAD_LIMIT // 1024 // 1024
            raise ValidationError(
                _("文件超过 %(limit)d MB。请分成几个文件上传。") % {"limit": limit}, code="large"
            )
        start = file.read(8)
        file.seek(0)
        try:
            refuse_kind(start, file.name)
        except UnreadableSheet as refusal:
            raise ValidationError(str(refusal), code="kind") from refusal
        return file


class SheetChoiceForm(forms.Form):
    """Another worksheet of the file, or another row of heads."""

    sheet = forms.IntegerField(min_value=0, max_value=10_000)
    head_row = forms.IntegerField(required=False, min_value=1, max_value=1000)


class ColumnsForm(forms.Form):
    """What each column means, and where the tasks go."""

    plan = forms.TypedChoiceField(
        label=_("导入到方案"), required=False, coerce=int, empty_value=None, widget=PlainSelect
    )
    title = forms.CharField(
        label=_("新方案的标题"), max_length=300, required=False, help_text=_("选“新建方案”时填写。")
    )
    year = forms.IntegerField(
        label=_("台账年份"),
        min_value=2000,
        max_value=2100,
        help_text=_("“10月底前”这样没写年份的，按这一年算。"),
    )
    finished = forms.ChoiceField(
        label=_("原台账记为已完成的"),
        choices=[
            ("review", _("按 100% 导入，列入待审核，由督办员逐项销号")),
            ("active", _("按 100% 导入，列为推进中，由单位申请办结")),
            ("skip", _("不导入")),
        ],
    )
    takes = forms.BooleanField(
        label=_("已有任务换了责任单位的，办理转办（不勾选则以系统为准，只列出差别）"), required=False
    )
    save_as = forms.CharField(
        label=_("把这次的列对照保存为"),
        max_length=60,
        required=False,
        help_text=_("填一个名称，下次上传表头相同的台账自动套用；同名的覆盖。留空不保存。"),
    )

    def __init__(
        self, data: Any, *, region: Region, report: Mapping[str, Any], options: Mapping[str, Any]
    ) -> None:
        self.region, self.columns = region, report["columns"]
        said = options if "columns" in options else {}
        initial = {
            "plan": said.get("plan", report.get("plan")),
            "title": said.get("title") or report["title"],
            "year": said.get("year", report["year"]),
            "finished": said.get("finished", "review"),
            "takes": said.get("takes", False),
        }
        super().__init__(data, initial=initial)
        live = Plan.objects.live().filter(region=region).without_source().order_by("-created_at", "-pk")
        offered = [(plan.pk, plan.title) for plan in live[:PLANS_OFFERED]]
        self.fields["plan"].choices = [("", _("新建方案")), *offered]  # type: ignore[attr-defined]
        for number, column in enumerate(self.columns):
            meant = said["columns"][number] if said else column["field"]
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=column["head"], choices=Field.choices, required=False, initial=meant, widget=PlainSelect
            )

    def rows(self) -> list[dict[str, Any]]:
        """The columns with their boxes, for the page."""
        return [{**column, "box": self[f"column_{number}"]} for number, column in enumerate(self.columns)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if any(name.startswith("column_") for name in self.errors):
            return data
        meant = [data.pop(f"column_{number}") for number in range(len(self.columns))]
        data["columns"] = meant
        if Field.TEXT not in meant:
            self.add_error(None, gettext("请指定哪一列是“任务内容”。"))
        if not any(one in UNIT_FIELDS for one in meant):
            self.add_error(None, gettext("请指定哪一列是责任单位（牵头、责任或配合单位）。"))
        for one in Field:
            if one not in SEVERAL and meant.count(one.value) > 1:
                self.add_error(None, gettext("“%(field)s”指定了不止一列。") % {"field": one.label})
        self._clean_target(data)
        return data

    def _clean_target(self, data: dict[str, Any]) -> None:
        title = " ".join((data.get("title") or "").split())
        if "plan" in self.errors:
            return
        if data.get("plan"):
            data["title"] = dict(self.fields["plan"].choices)[data["plan"]]  # type: ignore[attr-defined]
        elif not title:
            self.add_error("title", gettext("请填写新方案的标题，或者选一份已有的方案。"))
        elif found := plan_named(self.region.pk, title):
            known = gettext("已经有方案《%(title)s》，请在“导入到方案”里选它，或者换一个标题。")
            draft = gettext("《%(title)s》还是草稿。请先下达它，或者换一个标题。")
            old = gettext("《%(title)s》已被新版本取代。请在“导入到方案”里选新版本，或者换一个标题。")
            told = draft if found.is_draft else old if found.is_superseded else known
            self.add_error("title", told % {"title": title})
        else:
            data["title"] = title


class UnknownUnitsForm(forms.Form):
    """Which unit each unknown name is: typed or picked from one list for all of them."""

    def __init__(self, *args: Any, region: Region, unknown: list[tuple[str, int]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unknown = unknown
        self._directory = Directory(region)
        self._units = {
            unit.name: unit
            for unit in [
                *Department.objects.answering_for(region),
                *Department.objects.in_region(region).filter(is_active=True),
            ]
        }
        for number, (name, _count) in enumerate(unknown):
            self.fields[f"unit_{number}"] = forms.CharField(
                label=name,
                required=False,
                max_length=120,
                widget=forms.TextInput(attrs={"list": "units", "autocomplete": "off"}),
            )

    @property
    def names(self) -> list[str]:
        return [NO_UNIT, *sorted(self._units)]

    def rows(self) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "count": count,
                "box": self[f"unit_{number}"],
                "near": [one.department.name for one in self._directory.suggest(name)],
            }
            for number, (name, count) in enumerate(self.unknown)
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        chosen: dict[str, int] = {}
        for number, (name, _count) in enumerate(self.unknown):
            said = (data.get(f"unit_{number}") or "").strip()
            if not said:
                continue
            unit = self._units.get(said) or self._directory.match(said)
            if said == NO_UNIT:
                chosen[name] = 0
            elif unit is None:
                told = gettext("没有单位“%(said)s”，请从列表里选。") % {"said": said[:40]}
                self.add_error(f"unit_{number}", told)
            else:
                chosen[name] = unit.pk
        if not chosen and not self.errors:
            self.add_error(None, gettext("还没有指定任何单位。"))
        return {"chosen": chosen}


class ConfirmForm(forms.Form):
    """The last word; the look is the one that the page showed."""

    look = forms.CharField(max_length=32)
    skips = forms.BooleanField(required=False)
