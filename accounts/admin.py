"""The back office for regions, departments and people."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, DepartmentAlias, NationalAlias, Region, User
from accounts.names import fold_name

admin.site.unregister(Group)  # what a person may do follows from the role
admin.site.site_header = _("督办台账后台")
admin.site.site_title = _("督办台账后台")
admin.site.index_title = _("基础数据")


@admin.register(Region)
class RegionAdmin(admin.ModelAdmin):
    list_display = ["code", "name", "level", "parent"]
    list_filter = ["level"]
    list_select_related = ["parent"]
    search_fields = ["code", "name"]
    ordering = ["code"]


class AliasFormSet(BaseInlineFormSet):
    """Aliases are stored folded and belong to their department's region, which nobody types twice."""

    def clean(self) -> None:
        super().clean()
        department = self.instance
        if department.region_id is None:
            return
        seen: set[str] = set()
        for form in self.forms:
            alias = form.cleaned_data.get("alias") if form.is_valid() else None
            if not alias or form.cleaned_data.get("DELETE"):
                continue
            form.instance.alias = fold_name(alias)
            form.instance.region = department.region
            if DepartmentAlias.objects.of_others(form.instance).exists():
                form.add_error("alias", _("本地区已有单位使用此别名。"))
            elif form.instance.alias in seen:
                form.add_error("alias", _("这个别名写了两次。"))
            seen.add(form.instance.alias)


class AliasInline(admin.TabularInline):
    model = DepartmentAlias
    formset = AliasFormSet
    fields = ["alias"]
    extra = 1


class DepartmentForm(ModelForm):
    """A collective's members get its tasks: they are units of the same region that can answer for them."""

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        region = self.instance.region_id or getattr(data.get("region"), "pk", None)
        members = data.get("members") or []
        if any(member.region_id != region for member in members):
            self.add_error("members", _("成员单位要属于同一地区。"))
        if any(member.kind == Department.Kind.COLLECTIVE for member in members):
            self.add_error("members", _("统称不能再作成员，请选具体单位。"))
        return data


@admin.register(Department)
class DepartmentAdmin(admin.ModelAdmin):
    form = DepartmentForm
    list_display = ["short_name", "name", "region", "kind", "is_active"]
    list_filter = ["kind", "is_active", "region"]
    list_select_related = ["region"]
    search_fields = ["name", "short_name", "aliases__alias"]
    filter_horizontal = ["members"]
    ordering = ["region", "name"]
    inlines = [AliasInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """A unit with its tasks, aliases and people stays in the region it was made in."""
        return ["region"] if obj else []


@admin.register(NationalAlias)
class NationalAliasAdmin(admin.ModelAdmin):
    list_display = ["alias", "name"]
    search_fields = ["alias", "name"]
    ordering = ["alias"]


@admin.register(User)
class DubanUserAdmin(UserAdmin):
    list_display = ["username", "full_name", "role", "region", "department", "is_active"]
    list_filter = ["role", "is_active", "region"]
    list_select_related = ["region", "department"]
    search_fields = ["username", "full_name", "email"]
    ordering = ["username"]
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("身份"), {"fields": ("full_name", "email", "role", "region", "department")}),
        (_("权限"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("时间"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2")}),
        (_("身份"), {"fields": ("full_name", "email", "role", "region", "department")}),
    )
