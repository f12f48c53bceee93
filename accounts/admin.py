"""The back office for regions, departments and people."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import AuditEvent, Department, DepartmentAlias, NationalAlias, Region, User
from accounts.names import fold_name
from accounts.requests import SignedInRequest, origin_of
from accounts.takeaway import (
    DepartmentAliasExport,
    DepartmentExport,
    NationalAliasExport,
    OutgoingMixin,
    UserExport,
)

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
class DepartmentAdmin(OutgoingMixin, admin.ModelAdmin):
    resource_classes = [DepartmentExport]
    form = DepartmentForm
    list_display = ["short_name", "name", "region", "kind", "is_active"]
    list_filter = ["kind", "is_active", "region"]
    list_select_related = ["region"]
    search_fields = ["name", "short_name", "aliases__alias"]
    filter_horizontal = ["members"]
    ordering = ["region", "name"]
    inlines = [AliasInline]

    def save_model(self, request: HttpRequest, obj: Department, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "mailbox" in form.changed_data:
            actions.trust_mailbox(obj, origin_of(cast(SignedInRequest, request)))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """A unit with its tasks, aliases and people stays in the region it was made in."""
        return ["region"] if obj else []


@admin.register(DepartmentAlias)
class DepartmentAliasAdmin(OutgoingMixin, admin.ModelAdmin):
    """All of them to look at; each is changed with its unit."""

    resource_classes = [DepartmentAliasExport]
    list_display = ["alias", "department", "region"]
    list_filter = ["region"]
    list_select_related = ["department", "region"]
    search_fields = ["alias", "department__name"]
    ordering = ["region", "alias"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(NationalAlias)
class NationalAliasAdmin(OutgoingMixin, admin.ModelAdmin):
    resource_classes = [NationalAliasExport]
    list_display = ["alias", "name"]
    search_fields = ["alias", "name"]
    ordering = ["alias"]


@admin.register(User)
class DubanUserAdmin(OutgoingMixin, UserAdmin):
    resource_classes = [UserExport]
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
    # Disabling names a successor and enabling is an event: both have their page (人员).
    # The role decides who may enter here.
    readonly_fields = ("is_active", "is_staff", "is_superuser", "last_login", "date_joined")
    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2")}),
        (_("身份"), {"fields": ("full_name", "email", "role", "region", "department")}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """People are disabled, never deleted: what they did stays theirs."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        """Write the account and what changed in it, from the row as it was."""
        origin = origin_of(cast(SignedInRequest, request))
        actions.settle(obj)
        if change:
            before = actions.snapshot(User.objects.select_related("region", "department").get(pk=obj.pk))
            super().save_model(request, obj, form, change)
            actions.record_changes(obj, before, origin)
            if obj.email != before.words["email"]:
                actions.trust_email(obj, origin)
        else:
            obj.must_change_password = True  # somebody else knows it
            super().save_model(request, obj, form, change)
            actions.record(AuditEvent.Kind.CREATED, origin, subject=obj, detail=actions.words_of(obj))

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """A password that an administrator typed is a one-time password."""
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            person = User.objects.get(pk=id)
            person.must_change_password = person.pk != request.user.pk
            person.save(update_fields=["must_change_password"])
            origin = origin_of(cast(SignedInRequest, request))
            actions.record(AuditEvent.Kind.PASSWORD_RESET, origin, subject=person)
        return response


@admin.register(AuditEvent)
class AuditEventAdmin(admin.ModelAdmin):
    """To look at. Rows are written once; there is nothing to add, change or delete here."""

    list_display = ["created_at", "kind", "subject", "actor", "region", "address"]
    list_filter = ["kind", "region"]
    list_select_related = ["subject", "actor", "region"]
    search_fields = ["subject__username", "subject__full_name", "address"]
    date_hierarchy = "created_at"
    ordering = ["-created_at", "-pk"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
