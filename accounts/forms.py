"""Forms about accounts: those of the keepers, and those of each person for the own account."""

from typing import Any, cast

from django import forms
from django.contrib.auth import authenticate, password_validation
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent, Department, Region, User
from accounts.permissions import kept_departments, kept_regions, roles_to_give, visible_people

ANY = _("全部")


class DepartmentsByRegion(forms.models.ModelChoiceIterator):
    """Units under the name of their region, where there is more than one region to choose from."""

    def __iter__(self) -> Any:
        yield ("", self.field.empty_label)
        groups: dict[str, list[tuple[Any, str]]] = {}
        for department in self.queryset.select_related("region").order_by("region__code", "short_name", "pk"):
            groups.setdefault(department.region.name, []).append(self.choice(department))
        yield from groups.items() if len(groups) > 1 else [c for group in groups.values() for c in group]


class DepartmentField(forms.ModelChoiceField):
    iterator = DepartmentsByRegion


class PersonForm(forms.ModelForm):
    """An account as its keeper writes it; offers only roles, units and regions that the keeper may give."""

    department = DepartmentField(
        label=_("单位"),
        queryset=Department.objects.none(),
        required=False,
        empty_label=_("（不属于单位）"),
        help_text=_("填报员和单位负责人必选。"),
    )
    region = forms.ModelChoiceField(
        label=_("地区"),
        queryset=Region.objects.none(),
        required=False,
        empty_label=_("（随单位）"),
        help_text=_("督办员和领导必选；填报员和单位负责人随单位，不用选。"),
    )

    class Meta:
        model = User
        fields = ["username", "full_name", "role", "region", "department", "email"]
        labels = {"username": _("用户名"), "email": _("邮箱")}
        help_texts = {
            "username": _("登录时输入，例如姓名拼音。字母、数字和 @ . + - _，建好后不能改。"),
            "email": _("提醒邮件发到这里。"),
        }
        error_messages = {
            "username": {"required": _("请填写用户名。"), "unique": _("这个用户名已被占用，请换一个。")},
            "full_name": {"required": _("请填写姓名。")},
            "role": {"required": _("请选择角色。")},
            "email": {"invalid": _("邮箱格式不对，请写成 name@example.cn。")},
        }

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        fields = cast(dict[str, Any], self.fields)
        fields["full_name"].required = True
        fields["role"].choices = [
            ("", _("请选择")),
            *((role.value, role.label) for role in roles_to_give(by)),
        ]
        fields["department"].queryset = kept_departments(by).answerable()
        fields["region"].queryset = kept_regions(by).order_by("code")
        if self.instance.pk:
            del fields["username"]
            if self.instance.department_id:
                # A unit that is no longer in use may be kept, not chosen.
                fields["department"].queryset |= kept_departments(by).filter(pk=self.instance.department_id)
        if not by.is_administrator:
            del fields["region"]

    def clean_username(self) -> str:
        username = str(self.cleaned_data["username"])
        # Two accounts that differ by case only would be taken for one another.
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError(_("这个用户名已被占用，请换一个。"), code="unique")
        return username

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        role, department = data.get("role"), data.get("department")
        if role in (User.Role.REPORTER, User.Role.HEAD):
            if not department:
                self.add_error("department", _("填报员和单位负责人要属于一个单位，请选择单位。"))
            else:
                data["region"] = department.region
        else:
            data["department"] = None
            if role in (User.Role.COORDINATOR, User.Role.LEADER) and not data.get("region"):
                self.add_error("region" if "region" in self.fields else None, _("请选择地区。"))
            elif role == User.Role.ADMINISTRATOR:
                data["region"] = None
        if "region" not in self.fields and department:
            self.instance.region = department.region
        return data


class DepartmentForm(forms.ModelForm):
    """A unit as its keeper writes it; the region is set beforehand."""

    class Meta:
        model = Department
        fields = ["name", "short_name", "kind", "mailbox", "is_active"]
        error_messages = {
            "name": {"max_length": _("全称最多 %(limit_value)d 字，现有 %(show_value)d 字。")},
            "short_name": {"max_length": _("简称最多 %(limit_value)d 字，现有 %(show_value)d 字。")},
            "mailbox": {"invalid": _("邮箱格式不对，请写成 name@example.cn。")},
        }

    def _get_validation_exclusions(self) -> set[str]:
        """The region counts when the name is looked for: names are unique in their region."""
        exclusions: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return exclusions - {"region"}


class MembersForm(forms.Form):
    """The units that a collective stands for, of its own region; those of one kind stand together."""

    members = forms.TypedMultipleChoiceField(
        label=_("成员单位"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("成员要是本地区在用的具体单位，请重新选择。")},
    )
    # The members that the page was shown with, so that a change in between is noticed.
    shown = forms.CharField(required=False, max_length=20_000, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, collective: Department) -> None:
        present = sorted(collective.members.values_list("pk", flat=True))
        super().__init__(data, initial={"members": present, "shown": ",".join(map(str, present))})
        # A member that is no longer in use may stay, not be chosen anew.
        self.units = (
            Department.objects.answerable().filter(region=collective.region_id)
            | Department.objects.filter(pk__in=present)
        ).order_by("short_name", "pk")
        groups: dict[str, list[tuple[int, str]]] = {}
        for unit in self.units:
            groups.setdefault(unit.kind, []).append((unit.pk, str(unit)))
        kinds = [Department.Kind.GOVERNMENT, Department.Kind.BUREAU, Department.Kind.ENTERPRISE]
        order = [kind.value for kind in kinds] + [Department.Kind.COLLECTIVE.value]
        cast(Any, self.fields["members"]).choices = [
            (Department.Kind(kind).label, groups[kind]) for kind in order if kind in groups
        ]

    def clean_shown(self) -> list[int]:
        parts = [part for part in str(self.cleaned_data["shown"]).split(",") if part]
        if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
            raise ValidationError(_("页面已过期，请重新打开。"), code="invalid")
        return [int(part) for part in parts]

    @property
    def chosen(self) -> list[Department]:
        return [unit for unit in self.units if unit.pk in self.cleaned_data["members"]]


class DisableForm(forms.Form):
    """Whom the work goes to when an account is disabled."""

    successor = forms.ModelChoiceField(
        label=_("接手人"),
        queryset=User.objects.all().none(),
        required=False,
        empty_label=_("不指定"),
        help_text=_("尚未发出的提醒邮件改发给接手人。填报和办理记录仍在原账号名下，不会改动。"),
        error_messages={"invalid_choice": _("接手人要是同单位（或同地区同角色）的在用账号，请重新选择。")},
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.all().could_succeed(person).order_by("full_name", "pk")
        cast(Any, self.fields["successor"]).queryset = people


class PeopleFilter(forms.Form):
    """What the list of people may be narrowed by; it lives in the address."""

    q = forms.CharField(label=_("姓名、用户名或单位"), required=False)
    region = forms.ModelChoiceField(
        label=_("地区"), queryset=Region.objects.none(), required=False, empty_label=ANY
    )
    role = forms.ChoiceField(label=_("角色"), choices=[("", ANY), *User.Role.choices], required=False)
    state = forms.ChoiceField(
        label=_("状态"),
        choices=[("", ANY), ("active", _("在用")), ("new", _("未首次登录")), ("disabled", _("已停用"))],
        required=False,
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if by.is_administrator:
            cast(Any, self.fields["region"]).queryset = Region.objects.order_by("code")
        else:
            del self.fields["region"]


class DepartmentFilter(forms.Form):
    q = forms.CharField(label=_("名称或别名"), required=False)
    region = forms.ModelChoiceField(
        label=_("地区"), queryset=Region.objects.none(), required=False, empty_label=ANY
    )
    kind = forms.ChoiceField(label=_("类别"), choices=[("", ANY), *Department.Kind.choices], required=False)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if by.is_administrator:
            cast(Any, self.fields["region"]).queryset = Region.objects.order_by("code")
        else:
            del self.fields["region"]


class AuditFilter(forms.Form):
    kind = forms.ChoiceField(label=_("事项"), choices=[("", ANY), *AuditEvent.Kind.choices], required=False)
    person = forms.ModelChoiceField(
        label=_("人员"), queryset=User.objects.all().none(), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["person"]).queryset = visible_people(by)


class OwnPasswordForm(forms.Form):
    """Asks for the present password. A wrong one counts like a failed sign-in, and locks in the end."""

    password = forms.CharField(
        label=_("现在的密码"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("请输入现在的密码。")},
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.user = cast(User, request.user)

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        if authenticate(self.request, username=self.user.username, password=password) is None:
            raise ValidationError(_("现在的密码不对，请重新输入。"), code="wrong")
        return password


class ChangePasswordForm(OwnPasswordForm):
    new = forms.CharField(
        label=_("新密码"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("请输入新密码。")},
        help_text=_("至少 10 个字符，不能全是数字，不要用常见密码，也不要与姓名、用户名相近。"),
    )
    again = forms.CharField(
        label=_("再输入一遍新密码"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("请再输入一遍新密码。")},
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        new, again = data.get("new"), data.get("again")
        if new and again and new != again:
            self.add_error("again", _("两次输入的新密码不一样。"))
        if new and new == data.get("password"):
            self.add_error("new", _("新密码要与现在的密码不同。"))
        elif new:
            try:
                password_validation.validate_password(new, self.user)
            except ValidationError as error:
                self.add_error("new", error)
        return data


class ChangeEmailForm(OwnPasswordForm):
    email = forms.EmailField(
        label=_("新的邮箱"),
        help_text=_("提醒邮件发到这里。"),
        error_messages={
            "required": _("请填写邮箱。"),
            "invalid": _("邮箱格式不对，请写成 name@example.cn。"),
        },
    )
    field_order = ["email", "password"]


class UploadForm(forms.Form):
    """An Excel file to look at before anything is written."""

    file = forms.FileField(
        label=_("Excel 文件"),
        help_text=_("xlsx 格式，第一行是表头，不超过 1 MB。先下载模板填写最省事。"),
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
        error_messages={"required": _("请选择文件。"), "empty": _("文件是空的。")},
    )
