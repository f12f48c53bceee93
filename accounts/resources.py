"""People and units from Excel and back, by django-import-export: row by row, all or nothing.

A row names what it is about (a user name; a region and a full name). A cell left blank changes nothing. The
rules are those of the forms and the writes those of the actions; here are only the words of the columns.
"""

import logging
import re
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.results import RowResult
from tablib import Dataset

from accounts import actions
from accounts.actions import AliasTaken, Origin, PersonRefused, Snapshot, printed
from accounts.directory import Directory
from accounts.forms import DepartmentForm, PersonForm
from accounts.models import Department, Region, User
from accounts.permissions import can_keep, kept_regions
from accounts.sheets import Formula, Sheet, UnreadableSheet

logger = logging.getLogger(__name__)

ROW = "行"  # the row's number in Excel, beside its cells
_SEPARATORS = re.compile(r"[、;；,，\n]")
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one row."""

    NEW: ClassVar = "new"
    CHANGED: ClassVar = "changed"
    SAME: ClassVar = "same"
    REFUSED: ClassVar = "refused"

    number: int
    name: str
    kind: str
    reasons: tuple[str, ...] = ()
    changes: tuple[tuple[str, str, str], ...] = ()  # label, before, after

    @property
    def label(self) -> str:
        words = {
            self.NEW: pgettext("import", "新建"),
            self.CHANGED: pgettext("import", "修改"),
            self.SAME: _("无变化"),
            self.REFUSED: _("不能导入"),
        }
        return words[self.kind]


@dataclass(frozen=True, slots=True)
class Report:
    """What becomes, or became, of a file; `words` are the one-time passwords of the people made."""

    outcomes: tuple[Outcome, ...]
    words: tuple[tuple[User, str], ...] = field(default=())

    def count(self, kind: str) -> int:
        return sum(outcome.kind == kind for outcome in self.outcomes)

    @property
    def counts(self) -> list[tuple[str, str, int]]:
        kinds = (Outcome.REFUSED, Outcome.NEW, Outcome.CHANGED, Outcome.SAME)
        return [(kind, Outcome(0, "", kind).label, self.count(kind)) for kind in kinds]

    @property
    def refused(self) -> int:
        return self.count(Outcome.REFUSED)

    @property
    def can_go_on(self) -> bool:
        """Whether there is something to write, and nothing in the way."""
        return not self.refused and self.count(Outcome.SAME) < len(self.outcomes)


class KeeperResource(ModelResource):
    """What both lists share. `origin.by` is the keeper, who reaches the own regions only."""

    title: ClassVar[str]
    key: ClassVar[str]  # the column that names a row
    required: ClassVar[Sequence[str]]
    notes: ClassVar[Sequence[Any]]  # texts to be translated
    row_limit: ClassVar[int] = 500

    def __init__(self, origin: Origin) -> None:
        super().__init__()
        assert origin.by is not None
        self.origin, self.keeper = origin, origin.by
        self._regions = {name: r for r in kept_regions(origin.by) for name in (r.name, r.code)}
        self._directories: dict[int, Directory] = {}
        self._seen: dict[tuple[str, ...], str] = {}
        self.words: list[tuple[User, str]] = []

    @classmethod
    def heads(cls) -> list[str]:
        return [str(column.column_name) for column in cls.fields.values()]

    def dataset_of(self, sheet: Sheet) -> Dataset:
        """The sheet in our columns; a column that is not there is blank. Raises UnreadableSheet."""
        heads, known = sheet.heads, self.heads()
        if missing := [head for head in self.required if head not in heads]:
            raise UnreadableSheet(_("缺少列：%(heads)s。") % {"heads": "、".join(missing)})
        if unknown := [head for head in heads if head and head not in known]:
            raise UnreadableSheet(
                _("不认识的列：%(heads)s。请使用模板的表头。") % {"heads": "、".join(unknown)}
            )
        if len(set(filter(None, heads))) < len(list(filter(None, heads))):
            raise UnreadableSheet(_("表头有重复的列。"))
        dataset = Dataset(headers=[*known, ROW])
        for row in sheet.rows:
            cells = dict(zip(heads, row.cells, strict=False))
            dataset.append([*(cells.get(head, "") for head in known), str(row.number)])
        return dataset

    def run(self, dataset: Dataset, *, dry_run: bool) -> Report:
        """Try the rows, or write them; nothing is written where one of them is refused."""
        self._seen.clear()
        result = self.import_data(
            dataset, dry_run=dry_run, use_transactions=True, rollback_on_validation_errors=True
        )
        for error in result.base_errors:
            raise error.error
        outcomes = tuple(self._outcome(row) for row in result.rows)
        refused = any(outcome.kind == Outcome.REFUSED for outcome in outcomes)
        return Report(outcomes, () if refused or dry_run else tuple(self.words))

    def _outcome(self, result: Any) -> Outcome:
        row: Row = result.row_values
        number, name = int(row[ROW]), row[self.key]
        if result.errors:
            logger.error("row %s of %s", number, self.title, exc_info=result.errors[0].error)
            return Outcome(number, name, Outcome.REFUSED, (_("系统处理这一行时出错，请告诉管理员。"),))
        if result.import_type == RowResult.IMPORT_TYPE_INVALID:
            reasons = tuple(dict.fromkeys(result.validation_error.messages))
            return Outcome(number, name, Outcome.REFUSED, reasons)
        if result.import_type == RowResult.IMPORT_TYPE_SKIP:
            return Outcome(number, name, Outcome.SAME)
        if result.import_type == RowResult.IMPORT_TYPE_NEW:
            return Outcome(number, name, Outcome.NEW)
        return Outcome(number, name, Outcome.CHANGED, changes=tuple(result.changes))

    # What import-export calls, in this order.

    def before_import_row(self, row: Row, **kwargs: Any) -> None:
        live = [head for head, cell in row.items() if isinstance(cell, Formula)]
        if live:
            what = {"heads": "、".join(live)}
            raise ValidationError(_("“%(heads)s”是公式。请复制后“粘贴为数值”。") % what)
        if not row[self.key]:
            raise ValidationError(_("“%(head)s”没有填写。") % {"head": self.key})
        first = self._seen.setdefault(self.key_of(row), row[ROW])
        if first != row[ROW]:
            raise ValidationError(_("与第 %(row)s 行重复。") % {"row": first})

    @abstractmethod
    def key_of(self, row: Row) -> tuple[str, ...]:
        """By which a row is the same as another of the file."""

    def skip_row(self, instance: Any, original: Any, row: Row, import_validation_errors: Any = None) -> bool:
        return not import_validation_errors and original.pk is not None and not self.changes_of(instance, row)

    @abstractmethod
    def changes_of(self, instance: Any, row: Row) -> list[tuple[str, str, str]]:
        """What the row would change: head, value now, value in the row."""

    def after_import_row(self, row: Row, row_result: Any, **kwargs: Any) -> None:
        row_result.changes = self._changes

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        """The forms have looked at everything already (import_instance)."""
        if import_validation_errors:
            raise ValidationError(import_validation_errors)

    def save_m2m(self, instance: Any, row: Row, **kwargs: Any) -> None:
        """Written by the actions."""

    # Words to rows.

    def region_of(self, row: Row, instance: Any = None) -> Region | None:
        """The region a row names; a coordinator need not name the own one. Raises ValidationError."""
        name = row["地区"]
        if not name:
            if instance is not None and instance.region_id:
                return instance.region  # type: ignore[no-any-return]
            return None if self.keeper.is_administrator else self.keeper.region
        if name not in self._regions:
            raise ValidationError(_("地区“%(name)s”不在您的管理范围内。") % {"name": name})
        return self._regions[name]

    def directory(self, region: Region) -> Directory:
        if region.pk not in self._directories:
            self._directories[region.pk] = Directory(region)
        return self._directories[region.pk]

    def department_of(self, name: str, region: Region) -> Department:
        """The unit that goes by this name. Raises ValidationError, with what it may have meant."""
        directory = self.directory(region)
        if found := directory.match(name):
            return found
        near = "、".join(suggestion.department.name for suggestion in directory.suggest(name))
        text = _("%(region)s没有单位“%(name)s”。") % {"region": region.name, "name": name}
        raise ValidationError(text + (_("是不是：%(near)s？") % {"near": near} if near else ""))

    def value_of(self, word: str, choices: Iterable[tuple[str, Any]], head: str) -> str:
        """The stored value of a printed choice. Raises ValidationError."""
        with printed():
            labels = {str(label): value for value, label in choices}
        if word not in labels:
            what = {"head": head, "word": word, "labels": "、".join(labels)}
            raise ValidationError(_("%(head)s“%(word)s”不对，只能是：%(labels)s。") % what)
        return str(labels[word])


def _refuse(form: ModelForm) -> None:
    if not form.is_valid():
        raise ValidationError(dict(form.errors.as_data()))


class PersonResource(KeeperResource):
    """人员: a new user name makes an account with a one-time password, a known one is changed."""

    username = Field("username", column_name="用户名")
    full_name = Field("full_name", column_name="姓名")
    role = Field("get_role_display", column_name="角色")
    region = Field("region__name", column_name="地区")
    department = Field("department__name", column_name="单位")
    email = Field("email", column_name="邮箱")

    title = "人员"
    key = "用户名"
    required = ("用户名", "姓名", "角色")
    row_limit = 200  # each new account costs a slow hash on purpose; a file stays under the time-out
    notes = (
        gettext_lazy(
            "用户名：登录时输入，例如姓名拼音；字母、数字和 @ . + - _。已有的用户名表示修改该账号。"
        ),
        gettext_lazy("角色：填报员、单位负责人；管理员还可以建督办员、领导、管理员。"),
        gettext_lazy("地区：名称或区划代码。督办员可以不填，就是本地区。"),
        gettext_lazy("单位：全称、简称或别名。填报员和单位负责人必填。"),
        gettext_lazy("留空的格子不作修改。不能用公式。整个文件要么全部导入，要么一行也不导入。"),
    )

    class Meta:
        model = User
        import_id_fields = ["username"]
        fields = ["username", "full_name", "role", "region", "department", "email"]
        store_instance = store_row_values = report_skipped = skip_html_diff = True

    def key_of(self, row: Row) -> tuple[str, ...]:
        return (row["用户名"].lower(),)

    def get_instance(self, instance_loader: Any, row: Row) -> User | None:
        return User.objects.select_related("region", "department").filter(username=row["用户名"]).first()

    def import_instance(self, instance: User, row: Row, **kwargs: Any) -> None:
        if instance.pk and not can_keep(self.keeper, instance):
            raise ValidationError(_("这个用户名已被占用，请换一个。"))
        self._before = actions.snapshot(instance) if instance.pk else None
        region = self.region_of(row, instance)
        data: dict[str, Any] = {
            "username": row["用户名"],
            "full_name": row["姓名"] or instance.full_name,
            "email": row["邮箱"] or instance.email,
            "role": instance.role,
            "region": region and region.pk,
            "department": instance.department_id,
        }
        if row["角色"]:
            data["role"] = self.value_of(row["角色"], User.Role.choices, "角色")
        if row["单位"] and region is None:
            raise ValidationError(_("请填写地区。"))
        if row["单位"] and region:
            data["department"] = self.department_of(row["单位"], region).pk
        _refuse(PersonForm(data, instance=instance, by=self.keeper))
        self._changes = self.changes_of(instance, row)

    def changes_of(self, instance: User, row: Row) -> list[tuple[str, str, str]]:
        if self._before is None:
            return []
        after = actions.words_of(instance)
        return [
            (str(User._meta.get_field(name).verbose_name), was, after[name])  # type: ignore[union-attr]
            for name, was in self._before.words.items()
            if was != after[name]
        ]

    def save_instance(self, instance: User, is_create: bool, row: Row, **kwargs: Any) -> None:
        try:
            if self._before is not None:
                actions.change_person(instance, self._before, self.origin)
            elif kwargs["dry_run"]:
                instance.set_unusable_password()  # a hash takes long, and this row is taken back
                instance.save()
            else:
                self.words.append((instance, actions.create_person(instance, self.origin)))
        except PersonRefused as refusal:
            raise ValidationError(str(refusal)) from None

    _before: Snapshot | None


class DepartmentResource(KeeperResource):
    """单位: a full name that is new in its region makes a unit, a known one is changed; aliases are added."""

    region = Field("region__name", column_name="地区")
    name = Field("name", column_name="全称")
    short_name = Field("short_name", column_name="简称")
    kind = Field("get_kind_display", column_name="类别")
    mailbox = Field("mailbox", column_name="单位邮箱")
    aliases = Field(column_name="别名")
    members = Field(column_name="成员单位")
    is_active = Field(column_name="在用")

    title = "单位"
    key = "全称"
    required = ("全称",)
    notes = (
        gettext_lazy("全称：本地区内不能重复。已有的全称表示修改该单位。"),
        gettext_lazy("简称：不填就同全称。类别：部门、属地、企业、统称；不填就是部门。"),
        gettext_lazy("地区：名称或区划代码。督办员可以不填，就是本地区。"),
        gettext_lazy("别名：方案里对这个单位的其他写法，用顿号隔开；只添加，不删除。"),
        gettext_lazy("成员单位：类别是“统称”的才填，用顿号隔开；成员要已经建好，或排在前面的行里。"),
        gettext_lazy("在用：是或否。停用的单位不再分到任务，已有的任务和记录不变。"),
        gettext_lazy("留空的格子不作修改。不能用公式。整个文件要么全部导入，要么一行也不导入。"),
    )

    class Meta:
        model = Department
        import_id_fields = ["name"]
        fields = ["region", "name", "short_name", "kind", "mailbox", "aliases", "members", "is_active"]
        store_instance = store_row_values = report_skipped = skip_html_diff = True

    def dehydrate_aliases(self, department: Department) -> str:
        return "、".join(sorted(alias.alias for alias in department.aliases.all())) if department.pk else ""

    def dehydrate_members(self, department: Department) -> str:
        return "、".join(sorted(member.name for member in department.members.all())) if department.pk else ""

    def dehydrate_is_active(self, department: Department) -> str:
        return "是" if department.is_active else "否"

    def key_of(self, row: Row) -> tuple[str, ...]:
        region = self.region_of(row)
        return (region.code if region else "", row["全称"])

    def get_instance(self, instance_loader: Any, row: Row) -> Department | None:
        region = self.region_of(row)
        if region is None:
            raise ValidationError(_("请填写地区。"))
        return Department.objects.in_region(region).select_related("region").filter(name=row["全称"]).first()

    def import_instance(self, instance: Department, row: Row, **kwargs: Any) -> None:
        region = self.region_of(row)
        assert region is not None
        self._is_new = instance.pk is None
        self._before = actions.words_of_department(instance)
        instance.region = region
        data: dict[str, Any] = {
            "name": row["全称"],
            "short_name": row["简称"] or instance.short_name or row["全称"],
            "mailbox": row["单位邮箱"] or instance.mailbox,
            "kind": instance.kind,
            "is_active": instance.is_active,
        }
        if row["类别"]:
            data["kind"] = self.value_of(row["类别"], Department.Kind.choices, "类别")
        if row["在用"]:
            data["is_active"] = self.value_of(row["在用"], [("on", "是"), ("", "否")], "在用")
        self._aliases = _parts(row["别名"])
        self._members = [self.department_of(name, region) for name in _parts(row["成员单位"])]
        if self._members and data["kind"] != Department.Kind.COLLECTIVE:
            raise ValidationError(_("只有类别是“统称”的单位才有成员单位。"))
        if any(member.kind == Department.Kind.COLLECTIVE for member in self._members):
            raise ValidationError(_("统称不能再作成员，请选具体单位。"))
        _refuse(DepartmentForm(data, instance=instance))
        self._changes = self.changes_of(instance, row)

    def changes_of(self, instance: Department, row: Row) -> list[tuple[str, str, str]]:
        if self._is_new:
            return []
        after = actions.words_of_department(instance, aliases=self._aliases, members=self._members)
        labels = {"aliases": "别名", "members": "成员单位"}
        return [
            (labels.get(name) or str(Department._meta.get_field(name).verbose_name), was, after[name])  # type: ignore[union-attr]
            for name, was in self._before.items()
            if was != after[name]
        ]

    def save_instance(self, instance: Department, is_create: bool, row: Row, **kwargs: Any) -> None:
        try:
            actions.save_department(
                instance,
                before=None if self._is_new else self._before,
                aliases=self._aliases,
                members=self._members,
                origin=self.origin,
            )
        except AliasTaken as taken:
            raise ValidationError(_("别名“%(name)s”已属于本地区另一个单位。") % {"name": taken}) from None
        self._directories.pop(instance.region_id, None)  # rows below may name this unit


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
