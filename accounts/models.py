"""Who there is: regions, their departments, and the people who sign in."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class RegionQuerySet(models.QuerySet["Region"]):
    def within(self, region: "Region") -> Self:
        """The region itself and those below it: province, city and county are at most three levels."""
        return self.filter(Q(pk=region.pk) | Q(parent=region) | Q(parent__parent=region))


class Region(models.Model):
    """An administrative area (地区). Everything belongs to one; a county's parent is its city."""

    class Level(models.TextChoices):
        PROVINCE = "PROVINCE", _("省")
        CITY = "CITY", _("市")
        COUNTY = "COUNTY", _("县（市、区）")

    code = models.CharField(_("区划代码"), max_length=12, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    level = models.CharField(_("级别"), max_length=10, choices=Level.choices)
    parent = models.ForeignKey(
        "self",
        verbose_name=_("上级地区"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
    )

    objects = RegionQuerySet.as_manager()

    class Meta:
        verbose_name = _("地区")
        verbose_name_plural = _("地区")

    def __str__(self) -> str:
        return self.name


class DepartmentQuerySet(models.QuerySet["Department"]):
    def in_region(self, region: Region) -> Self:
        return self.filter(region=region)

    def in_regions(self, regions: models.QuerySet[Region]) -> Self:
        return self.filter(region__in=regions)

    def by_name(self) -> Self:
        return self.order_by("short_name", "pk")

    def choosable_in(self, region: Region) -> Self:
        """What a printed name of the region's plans can be said to mean, collectives included."""
        return self.in_region(region).filter(is_active=True).order_by("name", "pk")

    def answerable(self) -> Self:
        """Units that can carry a task themselves; a collective only stands for its members."""
        return self.filter(is_active=True).exclude(kind=Department.Kind.COLLECTIVE)

    def without_reporter(self) -> Self:
        """Units for which nobody can report."""
        return self.exclude(users__in=User.objects.filter(role=User.Role.REPORTER, is_active=True))


class Department(models.Model):
    """A unit (单位) that answers for tasks: bureau, local government, enterprise; or a collective."""

    class Kind(models.TextChoices):
        BUREAU = "BUREAU", _("部门")
        GOVERNMENT = "GOVERNMENT", _("属地")
        ENTERPRISE = "ENTERPRISE", _("企业")
        COLLECTIVE = "COLLECTIVE", _("统称")

    region = models.ForeignKey(
        Region, verbose_name=_("地区"), on_delete=models.PROTECT, related_name="departments"
    )
    name = models.CharField(_("全称"), max_length=120)
    short_name = models.CharField(_("简称"), max_length=60)
    kind = models.CharField(_("类别"), max_length=12, choices=Kind.choices, default=Kind.BUREAU)
    members = models.ManyToManyField(
        "self", verbose_name=_("成员单位"), symmetrical=False, blank=True, related_name="collectives"
    )
    mailbox = models.EmailField(_("单位邮箱"), blank=True)
    is_active = models.BooleanField(_("在用"), default=True)

    objects = DepartmentQuerySet.as_manager()

    if TYPE_CHECKING:
        region_id: int

    class Meta:
        verbose_name = _("单位")
        verbose_name_plural = _("单位")
        constraints = [
            models.UniqueConstraint(
                fields=["region", "name"],
                name="department_name_unique_in_region",
                violation_error_message=_("本地区已有同名单位。"),
            )
        ]

    def __str__(self) -> str:
        return self.short_name


class DepartmentAliasQuerySet(models.QuerySet["DepartmentAlias"]):
    def of_others(self, alias: "DepartmentAlias") -> Self:
        """Rows that write another unit of the same region in the same way."""
        return self.filter(region=alias.region, alias=alias.alias).exclude(pk=alias.pk)


class DepartmentAlias(models.Model):
    """One way of writing a unit's name in its region, stored folded (accounts.names.fold_name)."""

    department = models.ForeignKey(
        Department, verbose_name=_("单位"), on_delete=models.CASCADE, related_name="aliases"
    )
    region = models.ForeignKey(Region, verbose_name=_("地区"), on_delete=models.PROTECT, related_name="+")
    alias = models.CharField(_("别名"), max_length=120)

    objects = DepartmentAliasQuerySet.as_manager()

    if TYPE_CHECKING:
        department_id: int

    class Meta:
        verbose_name = _("单位别名")
        verbose_name_plural = _("单位别名")
        constraints = [
            models.UniqueConstraint(
                fields=["region", "alias"],
                name="alias_unique_in_region",
                violation_error_message=_("本地区已有单位使用此别名。"),
            )
        ]

    def __str__(self) -> str:
        return self.alias


class NationalAlias(models.Model):
    """A short form used all over the country, without administrative prefix: 发改委 = 发展和改革委员会."""

    alias = models.CharField(_("简称"), max_length=60)
    name = models.CharField(_("规范名称"), max_length=60)

    class Meta:
        verbose_name = _("全国通用简称")
        verbose_name_plural = _("全国通用简称")
        constraints = [models.UniqueConstraint(fields=["alias", "name"], name="national_alias_unique")]

    def __str__(self) -> str:
        return f"{self.alias} = {self.name}"


class DubanUserManager(UserManager["User"]):
    def reporters_of(self, departments: Iterable[int]) -> models.QuerySet["User"]:
        """Active people of these departments who report or answer for them."""
        return self.filter(
            department__in=departments, is_active=True, role__in=(User.Role.REPORTER, User.Role.HEAD)
        )


class User(AbstractUser):
    """A person. A reporter or head belongs to a department; a coordinator or leader to a region."""

    class Role(models.TextChoices):
        REPORTER = "REPORTER", _("填报员")
        HEAD = "HEAD", _("单位负责人")
        COORDINATOR = "COORDINATOR", _("督办员")
        LEADER = "LEADER", _("领导")
        ADMINISTRATOR = "ADMINISTRATOR", _("管理员")

    full_name = models.CharField(_("姓名"), max_length=40)
    role = models.CharField(_("角色"), max_length=14, choices=Role.choices)
    region = models.ForeignKey(
        Region, verbose_name=_("地区"), null=True, blank=True, on_delete=models.PROTECT, related_name="users"
    )
    department = models.ForeignKey(
        Department,
        verbose_name=_("单位"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="users",
    )
    is_demo = models.BooleanField(_("演示账号"), default=False, editable=False)

    objects = DubanUserManager()  # type: ignore[misc]
    REQUIRED_FIELDS = ["email", "full_name", "role"]

    class Meta:
        verbose_name = _("用户")
        verbose_name_plural = _("用户")
        constraints = [
            models.CheckConstraint(
                condition=Q(role="ADMINISTRATOR") | Q(region__isnull=False),
                name="user_has_region",
                violation_error_message=_("除管理员外，每个用户都要属于一个地区。"),
            ),
            models.CheckConstraint(
                condition=~Q(role__in=["REPORTER", "HEAD"]) | Q(department__isnull=False),
                name="reporter_has_department",
                violation_error_message=_("填报员和单位负责人要属于一个单位。"),
            ),
        ]

    if TYPE_CHECKING:
        region_id: int | None
        department_id: int | None

    def __str__(self) -> str:
        return self.full_name or self.username

    def clean(self) -> None:
        """A person of one region with a unit of another would read that unit's work from outside."""
        super().clean()
        if self.department is not None and self.department.region_id != self.region_id:
            raise ValidationError({"department": _("这个单位不属于所选的地区。")})

    @property
    def is_unit_person(self) -> bool:
        return self.role in (self.Role.REPORTER, self.Role.HEAD)

    @property
    def is_coordinator(self) -> bool:
        return self.role == self.Role.COORDINATOR

    @property
    def is_leader(self) -> bool:
        return self.role == self.Role.LEADER

    @property
    def is_administrator(self) -> bool:
        return self.role == self.Role.ADMINISTRATOR
