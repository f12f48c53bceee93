"""Export from the back office, by django-import-export, in columns with Chinese heads.

Only out: the library's admin import would write rows around the actions, and with them around history and
audit. What may come in has its own door: people and units on their pages (accounts/resources.py), aliases
with their units, days of the calendar on 工作日历, tasks with their shares on 导入任务表.
"""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from operator import itemgetter
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from import_export.admin import ExportMixin
from import_export.fields import Field
from import_export.formats import base_formats
from import_export.forms import ExportForm
from import_export.resources import ModelResource
from import_export.widgets import Widget

from accounts import clock
from accounts.actions import printed
from accounts.clock import SHANGHAI
from accounts.models import Department, DepartmentAlias, NationalAlias, User
from accounts.table_files import write_table
from accounts.tables import Column, Stamp, Table

ROW_LIMIT = 20_000  # the library holds all rows in memory
WIDTHS = {"任务内容": 48, "进展说明": 48, "标题": 40, "方案": 30, "单位": 24, "全称": 24, "别名": 24}


class _Native(Widget):
    """The value itself: what writes the file knows dates from words."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return value


def out(attribute: str, head: str) -> Field:
    """A column that shows an attribute of the row, or of what it points to."""
    return Field(attribute, head, widget=_Native())


class Outgoing(ModelResource):
    """A resource that only exports; `related` is read together with the rows."""

    related: ClassVar[Sequence[str]] = ()
    prefetched: ClassVar[Sequence[str]] = ()
    deferred: ClassVar[Sequence[str]] = ()

    def filter_export(self, queryset: QuerySet[Any], **kwargs: Any) -> QuerySet[Any]:
        rows = queryset.select_related(*self.related) if self.related else queryset
        return rows.prefetch_related(*self.prefetched).defer(*self.deferred)


class _Xlsx(base_formats.XLSX):
    kind = "xlsx"


class _Csv(base_formats.CSV):
    kind = "csv"


def _value(value: Any) -> Any:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    return value


class OutgoingMixin(ExportMixin):
    """For an admin of the back office: an export of the rows that are listed, no text in it live."""

    export_form_class = ExportForm

    def get_export_formats(self) -> list[type[base_formats.Format]]:
        return [_Xlsx, _Csv]

    def export_action(self, request: HttpRequest) -> HttpResponse:
        """Refuse what would not fit into memory; the page of the list has the background for that."""
        if self.get_export_queryset(request).count() > ROW_LIMIT:
            words = _("超过 %(limit)d 行，请先筛选，或者在相应清单的页面上导出。") % {"limit": ROW_LIMIT}
            messages.error(request, words)
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        answer: HttpResponse = super().export_action(request)
        return answer

    def get_export_data(self, file_format: Any, request: Any, queryset: Any, **kwargs: Any) -> bytes:
        with printed():
            data = self.get_data_for_export(request, queryset, **kwargs)
            columns = [
                Column(head, head, self._getter(at), width=WIDTHS.get(head, 14))
                for at, head in enumerate(data.headers or [])
            ]
            title = str(self.opts.verbose_name)
        now = clock.now()
        table = Table(title, "export", columns, list(data), len(data))
        stream = BytesIO()
        write_table(table, file_format.kind, stream, Stamp(now.date(), str(request.user), now))
        return stream.getvalue()

    @staticmethod
    def _getter(at: int) -> Any:
        get = itemgetter(at)
        return lambda row: _value(get(row))


class DepartmentExport(Outgoing):
    """单位, with aliases and members."""

    region = out("region__name", "地区")
    name = out("name", "全称")
    short_name = out("short_name", "简称")
    kind = out("get_kind_display", "类别")
    mailbox = out("mailbox", "单位邮箱")
    aliases = Field(column_name="别名")
    members = Field(column_name="成员单位")
    is_active = out("is_active", "在用")

    related, prefetched = ("region",), ("aliases", "members")

    class Meta:
        model = Department
        fields = ("region", "name", "short_name", "kind", "mailbox", "aliases", "members", "is_active")

    def dehydrate_aliases(self, row: Department) -> str:
        return "、".join(sorted(alias.alias for alias in row.aliases.all()))

    def dehydrate_members(self, row: Department) -> str:
        return "、".join(sorted(member.name for member in row.members.all()))


class DepartmentAliasExport(Outgoing):
    """单位别名."""

    region = out("region__name", "地区")
    department = out("department__name", "单位")
    alias = out("alias", "别名")

    related = ("region", "department")

    class Meta:
        model = DepartmentAlias
        fields = ("region", "department", "alias")


class NationalAliasExport(Outgoing):
    """全国通用简称."""

    alias = out("alias", "简称")
    name = out("name", "规范名称")

    class Meta:
        model = NationalAlias
        fields = ("alias", "name")


class UserExport(Outgoing):
    """人员: no password, not even its hash."""

    username = out("username", "用户名")
    full_name = out("full_name", "姓名")
    role = out("get_role_display", "角色")
    region = out("region__name", "地区")
    department = out("department__name", "单位")
    email = out("email", "邮箱")
    is_active = out("is_active", "在用")
    last_login = out("last_login", "上次登录")

    related = ("region", "department")

    class Meta:
        model = User
        fields = ("username", "full_name", "role", "region", "department", "email", "is_active", "last_login")
